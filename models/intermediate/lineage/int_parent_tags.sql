with tags as (

    select
        tag_key,
        written_value as tag_value,
        split_part(written_value, ':', 1) as first_word
    from {{ ref('int_tag_prefixes') }}
    where prefix_kind = 'base_model' and has_exact_prefix

),

relations as (

    select * from {{ ref('relations') }}

),

words as (

    -- Most tags begin with a relation of the seed or have no colon, and only the others are matched with a pattern.
    select
        tags.tag_key,
        tags.tag_value,
        relations.relation,
        case
            when relations.relation is null and tags.first_word <> tags.tag_value
                then {{ base_model_relation('tags.tag_value') }}
        end as word
    from tags
    left join relations on tags.first_word = relations.relation and tags.tag_value not like relations.relation || '://%'
    where tags.tag_value not in (select known.relation from relations as known)

),

typed as (

    -- As in int_record_parents: a word that the seed does not list is a relation only before a repository's id.
    select
        tag_key,
        tag_value,
        coalesce(
            relation, case when {{ is_repository_id('substr(tag_value, length(word) + 2)') }} then word end
        ) as relation
    from words

),

split as (

    select
        tag_key,
        relation,
        case when relation is null then tag_value else substr(tag_value, length(relation) + 2) end as written_name
    from typed

),

named as (

    -- Few names have blanks around them.
    select
        tag_key,
        coalesce(relation, 'unspecified') as relation,
        case
            when written_name like ' %' or written_name like '% ' then trim(written_name) else written_name
        end as declared_name
    from split

),

final as (

    select * from named
    where declared_name <> ''

)

select * from final
