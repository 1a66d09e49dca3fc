{%- set fields = {'task': 'tasks', 'library': 'libraries'} -%}
with records as (

    select * from {{ ref('int_records_parsed') }}

),

vocabulary as (

    {%- for field, seed in fields.items() %}
        select
            '{{ field }}' as field,
            {{ field }} as value
        from {{ ref(seed) }}
        union all
    {% endfor %}
    -- A format of weights is the library of many models.
    select
        'library' as field,
        flag as value
    from {{ ref('tag_flags') }}
    where flag_group = 'format'

),

written as (

    {% for field in fields %}
        select distinct
            '{{ field }}' as field,
            {{ field }} as written_value
        from records
        where {{ field }} <> ''
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

unknown_values as (

    select
        field,
        written_value,
        {{ decoded('written_value') }} as decoded_value
    from written
    where (field, written_value) not in (
        select
            vocabulary.field,
            vocabulary.value
        from vocabulary
    )

),

folded_vocabulary as (

    -- Two libraries could differ in case alone. Such a word would have two readings, and none is taken.
    select
        field,
        lower(value) as folded_value,
        min(value) as value
    from vocabulary
    group by field, lower(value)
    having min(value) = max(value)

),

final as (

    -- Authors name libraries, and their names can hold underscores. The Hub names tasks, and none does.
    select
        unknown_values.field,
        unknown_values.written_value,
        folded_vocabulary.value
    from unknown_values
    inner join folded_vocabulary
        on
            unknown_values.field = folded_vocabulary.field
            and case
                when unknown_values.field = 'task' then {{ folded_word('unknown_values.decoded_value') }}
                else lower(unknown_values.decoded_value)
            end = folded_vocabulary.folded_value

)

select * from final
