with tags as (

    select
        tag_key,
        tag,
        {{ tag_prefix('tag') }} as prefix
    from {{ ref('int_tags') }}

),

prefixes as (

    select * from {{ ref('tag_prefixes') }}
    where kind = 'base_model'

),

relations as (

    select * from {{ ref('relations') }}

),

split as (

    select
        tags.tag_key,
        substr(tags.tag, length(tags.prefix) + 2) as tag_value
    from tags
    inner join prefixes on tags.prefix = prefixes.prefix

),

words as (

    select
        *,
        {{ base_model_relation('tag_value') }} as word
    from split

),

typed as (

    -- As in int_record_parents: a word that the seed does not list is a relation only before a repository's id.
    select
        words.tag_key,
        words.tag_value,
        case
            when
                relations.relation is not null
                or {{ is_repository_id('substr(words.tag_value, length(words.word) + 2)') }}
                then words.word
        end as relation
    from words
    left join relations on words.word = relations.relation
    where words.tag_value not in (select known.relation from relations as known)

),

named as (

    select
        tag_key,
        coalesce(relation, 'unspecified') as relation,
        trim(
            case when relation is null then tag_value else substr(tag_value, length(relation) + 2) end
        ) as declared_name
    from typed

),

final as (

    select * from named
    where declared_name <> ''

)

select * from final
