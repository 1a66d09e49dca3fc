with models as (

    select * from {{ ref('int_models_current') }}

),

records as (

    select * from {{ ref('int_records_parsed') }}

),

read_tags as (

    select
        tag_key,
        case prefix_kind
            when 'base_model' then 'parent'
            when 'arxiv' then 'paper'
            when 'flag' then 'prefix'
            else coalesce(prefix_kind, 'tag')
        end as kind,
        coalesce(written_value, tag) as value,
        tag_value as read_as
    from {{ ref('int_tag_vocabulary') }}
    where is_read

),

tag_values as (

    select
        models.model_key,
        read_tags.kind,
        read_tags.value,
        read_tags.read_as
    from {{ ref('int_record_tags') }} as record_tags
    inner join read_tags on record_tags.tag_key = read_tags.tag_key
    inner join models on record_tags.record_id = models.record_id

),

field_values as (

    {% for field in ['task', 'library'] %}
        select
            models.model_key,
            field_values.field as kind,
            field_values.written_value as value,
            field_values.value as read_as
        from models
        inner join records on models.record_id = records.record_id
        inner join {{ ref('int_field_values') }} as field_values
            on field_values.field = '{{ field }}' and records.{{ field }} = field_values.written_value
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

parents_in_other_case as (

    select
        models.model_key,
        'parent' as kind,
        record_parents.parent_id as value,
        edges.parent_id as read_as
    from {{ ref('int_lineage_edges') }} as edges
    inner join models on edges.child_key = models.model_key
    inner join {{ ref('int_record_parents') }} as record_parents
        on models.record_id = record_parents.record_id and edges.relation = record_parents.relation
    where
        not edges.is_as_written
        and edges.parent_id <> record_parents.parent_id
        and lower(edges.parent_id) = lower(record_parents.parent_id)

),

read_values as (

    select * from tag_values
    union all
    select * from field_values
    union all
    select * from parents_in_other_case

),

final as (

    select
        kind,
        value,
        read_as,
        {{ written_form('value', 'read_as') }} as form,
        count(distinct model_key) as n_models
    from read_values
    group by kind, value, read_as

)

select * from final
