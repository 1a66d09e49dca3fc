with tags as (

    select * from {{ ref('int_tag_vocabulary') }}
    {{ new_records_only('tag_key', 'tag_key') }}

),

relations as (

    select * from {{ ref('relations') }}

),

licenses as (

    select * from {{ ref('licenses') }}

),

parents as (

    select * from {{ ref('int_tag_parents') }}

),

typed as (

    select
        parents.tag_key,
        parents.parent_id,
        case
            when parents.relation = 'unspecified' then 'bare'
            else coalesce(relations.relation, 'unknown')
        end as relation
    from parents
    left join relations on parents.relation = relations.relation

),

final as (

    select
        tags.tag_key,
        case
            when typed.relation is not null then typed.relation
            when tags.prefix_kind in ('license', 'dataset', 'arxiv', 'doi', 'region', 'flag') then tags.prefix_kind
            when tags.prefix is not null and tags.prefix_kind is null then 'prefix'
            when tags.is_flag then 'flag'
            when tags.is_two_letter_language then 'language'
            else 'other'
        end as kind,
        tags.tag_value,
        typed.parent_id,
        case tags.prefix_kind
            when 'base_model' then not ({{ is_model_id('typed.parent_id') }})
            when 'license' then licenses.license is null
            when 'arxiv' then not ({{ is_arxiv_id('tags.tag_value') }})
            else false
        end as is_malformed,
        coalesce(tags.prefix in ('task_categories', 'size_categories', 'task_ids', 'multilinguality'), false)
            as is_of_dataset,
        (select vocabularies.digest from {{ ref('int_vocabularies') }} as vocabularies) as vocabulary_digest
    from tags
    left join typed on tags.tag_key = typed.tag_key
    left join licenses on tags.tag_value = licenses.license and tags.prefix_kind = 'license'

)

select * from final
