with tags as (

    select * from {{ ref('int_record_tags') }}
    {{ new_records_only() }}

),

tag_parents as (

    select * from {{ ref('int_tag_parents') }}
    where parent_id <> ''

),

declared as (

    -- Several tags can name one parent: in several forms, with a relation and without.
    select
        tags.record_id,
        tag_parents.parent_id,
        tag_parents.relation,
        bool_or(tag_parents.is_as_written) as is_as_written
    from tags
    inner join tag_parents on tags.tag_key = tag_parents.tag_key
    group by tags.record_id, tag_parents.parent_id, tag_parents.relation

),

with_relation as (

    select distinct
        record_id,
        parent_id
    from declared
    where relation <> 'unspecified'

),

bare as (

    select * from declared
    where relation = 'unspecified'

),

final as (

    -- A tag without a relation repeats the tag with one. It is an edge of its own only if there is no such tag.
    select
        declared.record_id,
        declared.parent_id,
        declared.relation,
        declared.is_as_written,
        coalesce(bare.is_as_written, false) as has_bare_tag,
        vocabularies.digest as vocabulary_digest
    from declared
    cross join {{ ref('int_vocabularies') }} as vocabularies
    left join with_relation
        on declared.record_id = with_relation.record_id and declared.parent_id = with_relation.parent_id
    left join bare on declared.record_id = bare.record_id and declared.parent_id = bare.parent_id
    where declared.relation <> 'unspecified' or with_relation.record_id is null

)

select * from final
