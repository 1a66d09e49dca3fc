with tags as (

    select * from {{ ref('int_record_tags_classified') }}
    {{ new_records_only() }}

),

base_models as (

    select
        record_id,
        tag_value,
        {{ base_model_relation('tag_value') }} as relation
    from tags
    -- A filter on prefix_kind reaches the vocabulary below the view, before any join; a filter on `kind` would not.
    where prefix_kind = 'base_model'

),

parsed as (

    select
        record_id,
        coalesce(relation, 'unspecified') as relation,
        trim(case when relation is null then tag_value else substr(tag_value, length(relation) + 2) end) as parent_id
    from base_models

),

with_relation as (

    select distinct
        record_id,
        parent_id
    from parsed
    where relation <> 'unspecified'

),

bare as (

    select distinct
        record_id,
        parent_id
    from parsed
    where relation = 'unspecified'

),

final as (

    -- A tag without a relation repeats the tag with one. It is an edge of its own only if there is no such tag.
    select distinct
        parsed.record_id,
        parsed.parent_id,
        parsed.relation,
        bare.record_id is not null as has_bare_tag,
        vocabularies.digest as vocabulary_digest
    from parsed
    cross join {{ ref('int_vocabularies') }} as vocabularies
    left join with_relation on parsed.record_id = with_relation.record_id and parsed.parent_id = with_relation.parent_id
    left join bare on parsed.record_id = bare.record_id and parsed.parent_id = bare.parent_id
    where parsed.parent_id <> '' and (parsed.relation <> 'unspecified' or with_relation.record_id is null)

)

select * from final
