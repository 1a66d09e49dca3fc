{%- set checks = {
    'cards_emptied': "is_compared and previous_has_text and (is_missing or form in ('empty', 'front matter'))",
    'cards_replaced': "is_compared and previous_form = 'text' and form in ('page', 'pointer', 'data')",
    'cards_shortened': 'is_compared and 2 * n_characters < n_characters_previous',
    'cards_changed': 'is_compared and content_hash <> content_hash_previous',
    'cards_repeated': 'is_compared and is_repeated and not was_repeated',
    'cards_of_no_text': "form in ('page', 'pointer', 'data')",
} -%}
with pairs as (

    select * from {{ ref('int_card_pairs') }}

),

flagged as (

    select
        *,
        had_text and coalesce(previous_form, 'text') not in ('empty', 'front matter') as previous_has_text,
        content_hash is not null and count(*) over (partition by content_hash) > 1 as is_repeated,
        content_hash_previous is not null and count(*) over (partition by content_hash_previous) > 1 as was_repeated
    from pairs

),

counted as (

    select
        count(*) filter (where had_text) as n_cards,
    {% for measure, condition in checks.items() %}
        count(*) filter (where {{ condition }}) as n_{{ measure }},
        {{ first_texts('case when ' ~ condition ~ ' then model_id end', 5) }} as examples_{{ measure }}
        {{- ',' if not loop.last }}
    {% endfor %}
    from flagged

),

final as (

    {% for measure in checks %}
        select
            '{{ measure }}' as measure,
            n_{{ measure }} as n,
            1e0 * n_{{ measure }} / n_cards as value,
            cast(null as double) as before,
            1e0 * n_{{ measure }} / n_cards as after,
            examples_{{ measure }} as examples
        from counted
        where n_cards > 0
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
