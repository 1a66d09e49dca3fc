with edges as (

    select * from {{ ref('int_lineage_edges') }}

),

trait_counts as (

    select * from {{ ref('int_trait_counts') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

tags as (

    select * from {{ ref('int_record_tags_classified') }}
    -- Prefixes that the seed tag_prefixes does not list.
    where prefix_kind is null and prefix is not null

),

read_values as (

    select * from {{ ref('int_read_values') }}

),

base_models as (

    select
        record_id,
        tag,
        tag_value,
        {{ base_model_relation('tag_value') }} as relation
    from {{ ref('int_record_tags_classified') }}
    where prefix_kind = 'base_model'

),

relations as (

    select * from {{ ref('relations') }}

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
        'prefix' as kind,
        tags.prefix as value,
        count(distinct models.model_key) as n_models
    from tags
    inner join models on tags.record_id = models.record_id
    group by tags.prefix
    union all
    select
        'parent_unclear' as kind,
        base_models.tag as value,
        count(distinct models.model_key) as n_models
    from base_models
    inner join models on base_models.record_id = models.record_id
    where {{ has_unclear_parent('base_models.tag_value', 'base_models.relation', 'relations') }}
    group by base_models.tag

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
