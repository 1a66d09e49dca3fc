with edges as (

    select * from {{ ref('int_lineage_edges') }}

),

trait_counts as (

    select * from {{ ref('int_trait_counts') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

unknown_tags as (

    -- Relations are counted by edges.
    select * from {{ ref('int_unknown_tags') }}
    where kind <> 'relation'

),

read_values as (

    select * from {{ ref('int_read_values') }}

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

),

used_values as (

    select
        'relation' as kind,
        relation as value,
        count(distinct child_key) as n_models
    from edges
    group by relation
    union all
    select
        trait as kind,
        trait_value as value,
        n_models
    from trait_counts
    where trait in ('license', 'language', 'task', 'library') and n_models > 0
    union all
    select
        unknown_tags.kind,
        unknown_tags.value,
        count(distinct models.model_key) as n_models
    from unknown_tags
    inner join {{ ref('int_record_tags') }} as record_tags on unknown_tags.tag_key = record_tags.tag_key
    inner join models on record_tags.record_id = models.record_id
    group by unknown_tags.kind, unknown_tags.value

),

final as (

    select
        used_values.kind,
        used_values.value,
        cast(null as string) as read_as,
        cast(null as string) as form,
        used_values.n_models
    from used_values
    left join vocabulary on used_values.kind = vocabulary.kind and used_values.value = vocabulary.value
    where vocabulary.value is null
    union all
    select
        kind,
        value,
        read_as,
        form,
        n_models
    from read_values

)

select * from final
