with names as (

    select * from {{ ref('int_parent_names') }}

),

parent_tags as (

    select
        tags.tag_key,
        tags.relation,
        names.name_key
    from {{ ref('int_parent_tags') }} as tags
    inner join names on tags.declared_name = names.declared_name

),

tagged as (

    select
        models.model_key as child_key,
        parent_tags.name_key,
        parent_tags.relation
    from {{ ref('int_record_tags') }} as record_tags
    inner join parent_tags on record_tags.tag_key = parent_tags.tag_key
    inner join {{ ref('int_models_current') }} as models on record_tags.record_id = models.record_id

),

typed as (

    select distinct
        child_key,
        name_key
    from tagged
    where relation <> 'unspecified'

),

in_tags as (

    -- A tag without a relation repeats the tag with one.
    select tagged.*
    from tagged
    left join typed on tagged.child_key = typed.child_key and tagged.name_key = typed.name_key
    where tagged.relation <> 'unspecified' or typed.child_key is null

),

in_cards as (

    select
        cards.child_key,
        names.name_key,
        cards.relation
    from {{ ref('int_card_parents') }} as cards
    inner join names on cards.declared_name = names.declared_name

),

final as (

    select
        in_tags.child_key,
        in_tags.name_key,
        in_tags.relation,
        case when in_cards.child_key is null then 'tag' else 'both' end as declared_in
    from in_tags
    left join in_cards on in_tags.child_key = in_cards.child_key and in_tags.name_key = in_cards.name_key
    union all
    select
        in_cards.child_key,
        in_cards.name_key,
        in_cards.relation,
        'card' as declared_in
    from in_cards
    left join in_tags on in_cards.child_key = in_tags.child_key and in_cards.name_key = in_tags.name_key
    where in_tags.child_key is null

)

select * from final
