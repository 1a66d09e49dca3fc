with tags as (

    select * from {{ ref('int_model_tags_classified') }}

),

base_models as (

    select
        model_key as child_key,
        tag_value,
        {{ base_model_relation('tag_value') }} as relation
    from tags
    -- Of a view over millions of tags this condition leaves few before anything is joined; one on `kind` would not.
    where prefix_kind = 'base_model'

),

split as (

    select
        child_key,
        coalesce(relation, 'unspecified') as relation,
        trim(case when relation is null then tag_value else substr(tag_value, length(relation) + 2) end) as parent_id
    from base_models

),

typed as (

    select distinct
        child_key,
        parent_id
    from split
    where relation <> 'unspecified'

),

final as (

    -- A bare tag repeats the typed one; only alone is it an edge of its own.
    select distinct
        split.child_key,
        split.parent_id,
        split.relation
    from split
    left join typed on split.child_key = typed.child_key and split.parent_id = typed.parent_id
    where split.parent_id <> '' and (split.relation <> 'unspecified' or typed.child_key is null)

)

select * from final
