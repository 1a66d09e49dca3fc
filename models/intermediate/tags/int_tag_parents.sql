with tags as (

    select
        tag_key,
        prefix_kind,
        written_value,
        trimmed_value,
        decoded_value,
        lower({{ trimmed(tag_prefix('decoded_value')) }}) as first_word,
        {{ base_model_relation('decoded_value') }} as possible_relation,
        {{ trimmed(after_prefix('decoded_value')) }} as decoded_rest,
        coalesce({{ trimmed(after_prefix('trimmed_value')) }}, {{ trimmed(after_prefix('decoded_value')) }}) as rest
    from {{ ref('int_tag_prefixes') }}
    {{ new_records_only('tag_key', 'tag_key') }}

),

relations as (

    select * from {{ ref('relations') }}

),

parsed as (

    select
        tags.tag_key,
        tags.written_value,
        tags.trimmed_value,
        tags.rest,
        relations.relation is not null as is_known_relation,
        coalesce(relations.relation, tags.possible_relation) as relation,
        {{ repository_of('tags.trimmed_value', 'tags.decoded_value', 'models') }} as whole_id,
        {{ repository_of('tags.rest', 'tags.decoded_rest', 'models') }} as rest_id
    from tags
    left join relations on tags.first_word = relations.relation
    -- A relation without a parent (`base_model:finetune`) names nothing.
    where
        tags.prefix_kind = 'base_model'
        and lower(tags.decoded_value) not in (select known.relation from relations as known)

),

typed as (

    -- A word that the seed does not list is a relation if a repository's id follows (`distill:owner/name`): the Hub may
    -- add one. Otherwise it belongs to the parent's name (`llama3:8b`).
    select
        *,
        relation is not null
        and (is_known_relation or coalesce({{ is_repository_id('rest_id') }}, false)) as has_relation
    from parsed

),

final as (

    select
        tag_key,
        case when has_relation then relation else 'unspecified' end as relation,
        case when has_relation then rest_id else whole_id end as parent_id,
        written_value is not null
        and case
            when has_relation then rest_id = rest and {{ tag_prefix('written_value') }} = relation
            else whole_id = trimmed_value
        end as is_as_written,
        (select vocabularies.digest from {{ ref('int_vocabularies') }} as vocabularies) as vocabulary_digest
    from typed

)

select * from final
