{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{% if vocabularies_changed(this) %}truncate {{ this }}{% endif %}",
) }}

with tags as (

    select * from {{ ref('int_record_tags_classified') }}
    {{ unread_records() }}

),

base_models as (

    select
        record_id,
        tag_value,
        {{ base_model_relation('tag_value') }} as relation
    from tags
    -- Of a view over millions of tags this condition leaves few before anything is joined; one on `kind` would not.
    where prefix_kind = 'base_model'

),

split as (

    select
        record_id,
        coalesce(relation, 'unspecified') as relation,
        trim(case when relation is null then tag_value else substr(tag_value, length(relation) + 2) end) as parent_id
    from base_models

),

typed as (

    select distinct
        record_id,
        parent_id
    from split
    where relation <> 'unspecified'

),

final as (

    -- A bare tag repeats the typed one; only alone is it an edge of its own.
    select distinct
        split.record_id,
        split.parent_id,
        split.relation,
        vocabularies.version as vocabularies
    from split
    cross join {{ ref('int_vocabularies') }} as vocabularies
    left join typed on split.record_id = typed.record_id and split.parent_id = typed.parent_id
    where split.parent_id <> '' and (split.relation <> 'unspecified' or typed.record_id is null)

)

select * from final
