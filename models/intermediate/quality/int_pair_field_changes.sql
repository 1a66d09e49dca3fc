{%- set checks = pair_checks() -%}
with pairs as (

    select * from {{ ref('int_model_pairs') }}

),

field_values as (

    select * from {{ ref('int_field_values') }}

),

records as {{ not_materialized() }} (

    -- Tasks and libraries as the marts read them.
    select
        parsed.*,
        coalesce(tasks.value, parsed.task) as task_value,
        coalesce(libraries.value, parsed.library) as library_value
    from {{ ref('int_records_parsed') }} as parsed
    left join field_values as tasks on tasks.field = 'task' and parsed.task = tasks.written_value
    left join field_values as libraries on libraries.field = 'library' and parsed.library = libraries.written_value

),

counted as (

    select
    {% for name, check in checks.items() %}
            count(*) filter (where {{ check.condition }}) as n_{{ name }},
            {{ first_texts('case when ' ~ check.condition ~ ' then pairs.model_id end', 5) }} as examples_{{ name }}
            {{- ',' if not loop.last }}
    {% endfor %}
    from pairs
    inner join records as previous on pairs.previous_record_id = previous.record_id
    inner join records as now on pairs.record_id = now.record_id

),

final as (

    {% for name, check in checks.items() %}
        select
            '{{ name }}' as measure,
            '{{ check.total }}' as total_measure,
            {{ "'" ~ check.column ~ "'" if check.column else 'cast(null as string)' }} as column_measure,
            n_{{ name }} as n,
            examples_{{ name }} as examples
        from counted
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
