with edges as (

    select * from {{ ref('int_lineage_edges') }}

),

traits as (

    select * from {{ ref('int_model_traits') }}

),

tags as (

    select * from {{ ref('int_model_tags_classified') }}

),

vocabulary as (

    select
        'relation' as kind,
        relation as value
    from {{ ref('relations') }}
    union all
    select
        'license' as kind,
        license as value
    from {{ ref('licenses') }}
    union all
    select
        'language' as kind,
        language as value
    from {{ ref('languages') }}
    union all
    select
        'task' as kind,
        task as value
    from {{ ref('tasks') }}
    union all
    select
        'library' as kind,
        library as value
    from {{ ref('libraries') }}
    union all
    select
        'library' as kind,
        flag as value
    from {{ ref('tag_flags') }}
    where flag_group = 'format'
    union all
    select
        'prefix' as kind,
        prefix as value
    from {{ ref('tag_prefixes') }}

),

seen as (

    select
        'relation' as kind,
        relation as value,
        child_key as model_key
    from edges
    union all
    select
        trait as kind,
        trait_value as value,
        model_key
    from traits
    where is_counted
    union all
    select
        'prefix' as kind,
        prefix as value,
        model_key
    from tags
    where prefix is not null

),

final as (

    select
        seen.kind,
        seen.value,
        count(distinct seen.model_key) as n_models
    from seen
    left join vocabulary on seen.kind = vocabulary.kind and seen.value = vocabulary.value
    where
        vocabulary.value is null
        and seen.kind in ('relation', 'license', 'language', 'task', 'library', 'prefix')
    group by seen.kind, seen.value

)

select * from final
