with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

previous_snapshots as (

    select snapshots.completed_at
    from {{ ref('stg_hub__snapshots') }} as snapshots
    inner join compared on snapshots.snapshot = compared.previous_snapshot

),

checks as (

    -- Checks that found the card unchanged, or failed, are no changes.
    select
        cards.model_id,
        cards.card_id,
        cards.n_bytes,
        cards.content_hash,
        cards.outcome = 'none' as is_missing,
        row_number() over (
            partition by cards.model_id order by cards.fetched_at desc, cards.source_name desc, cards.card_id desc
        ) as recency,
        coalesce(cards.fetched_at > previous_snapshots.completed_at, true) as is_new
    from {{ ref('stg_hub__cards') }} as cards
    left join previous_snapshots on true
    where cards.n_bytes is not null or cards.outcome = 'none'

),

final as (

    -- Cards that were checked since the previous snapshot, beside what the check before found.
    select
        now.model_id,
        now.is_new and previous.card_id is not null as is_compared,
        coalesce(previous.n_bytes, now.n_bytes) is not null as had_text,
        now.is_missing,
        coalesce(forms.form, case when now.n_bytes = 0 then 'empty' end) as form,
        coalesce(previous_forms.form, case when previous.n_bytes = 0 then 'empty' end) as previous_form,
        forms.n_characters,
        previous_forms.n_characters as n_characters_previous,
        now.content_hash,
        previous.content_hash as content_hash_previous
    from checks as now
    left join checks as previous on now.model_id = previous.model_id and previous.recency = 2
    left join {{ ref('int_card_forms') }} as forms on now.card_id = forms.card_id
    left join {{ ref('int_card_forms') }} as previous_forms on previous.card_id = previous_forms.card_id
    where now.recency = 1

)

select * from final
