with tags as (

    select * from {{ ref('int_tag_vocabulary') }}

),

relations as (

    select * from {{ ref('relations') }}

),

base_models as (

    select
        tag_key,
        tag,
        tag_value,
        {{ base_model_relation('tag_value') }} as relation
    from tags
    where prefix_kind = 'base_model'

),

with_parent as (

    select
        base_models.*,
        {{ has_unclear_parent('base_models.tag_value', 'base_models.relation', 'relations') }} as is_unclear
    from base_models

),

final as (

    select
        tag_key,
        'prefix' as kind,
        prefix as value
    from tags
    where prefix is not null and prefix_kind is null
    union all
    select
        with_parent.tag_key,
        case when with_parent.is_unclear then 'parent_unclear' else 'relation' end as kind,
        case when with_parent.is_unclear then with_parent.tag else with_parent.relation end as value
    from with_parent
    where
        with_parent.is_unclear
        or with_parent.relation not in (select relations.relation from relations)

)

select * from final
