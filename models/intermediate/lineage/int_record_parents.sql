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

relations as (

    select * from {{ ref('relations') }}

),

typed as (

    -- A word that the seed does not list is a relation if a repository's id follows (`distill:owner/name`): the Hub may
    -- add one. Otherwise it belongs to the parent's name (`llama3:8b`).
    select
        base_models.record_id,
        base_models.tag_value,
        case
            when
                relations.relation is not null
                or {{ is_repository_id('substr(base_models.tag_value, length(base_models.relation) + 2)') }}
                then base_models.relation
        end as relation
    from base_models
    left join relations on base_models.relation = relations.relation
    -- A relation without a parent (`base_model:finetune`) names nothing.
    where base_models.tag_value not in (select known.relation from relations as known)

),

parsed as (

    select
        record_id,
        coalesce(relation, 'unspecified') as relation,
        trim(case when relation is null then tag_value else substr(tag_value, length(relation) + 2) end) as parent_id
    from typed

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
