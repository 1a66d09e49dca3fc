with snapshots as (

    {{ unseen_snapshots() }}

),

models as (

    select * from {{ ref('stg_hub__models') }}
    where snapshot in (select snapshots.snapshot from snapshots)

),

vocabulary as (

    select * from {{ ref('tag_prefixes') }}

),

relations as (

    select * from {{ ref('relations') }}

),

flags as (

    select * from {{ ref('tag_flags') }}

),

tags as (

    select
        snapshot,
        model_id,
        {{ explode_distinct('tags') }} as tag
    from models

),

prefixes as (

    select
        snapshot,
        model_id,
        {{ tag_prefix('tag') }} as prefix,
        {{ base_model_relation("substr(tag, length('base_model:') + 1)") }} as relation
    from tags
    where tag like '%:%'

),

-- Known words are on every model and are never news: leaving them out is most of the work saved.
words as (

    select
        prefixes.snapshot,
        prefixes.model_id,
        'prefix' as kind,
        prefixes.prefix as value
    from prefixes
    left join vocabulary on prefixes.prefix = vocabulary.prefix
    where vocabulary.prefix is null
    union all
    select
        prefixes.snapshot,
        prefixes.model_id,
        'relation' as kind,
        prefixes.relation as value
    from prefixes
    left join relations on prefixes.relation = relations.relation
    where prefixes.prefix = 'base_model' and prefixes.relation is not null and relations.relation is null

),

counted as (

    select
        snapshot,
        kind,
        value,
        count(distinct model_id) as n_models,
        count(distinct split_part(model_id, '/', 1)) as n_owners
    from words
    group by snapshot, kind, value
    union all
    select
        tags.snapshot,
        'flag' as kind,
        tags.tag as value,
        count(*) as n_models,
        cast(null as bigint) as n_owners
    from tags
    inner join flags on tags.tag = flags.flag
    group by tags.snapshot, tags.tag

),

final as (

    select
        counted.*,
        snapshots.completed_at
    from counted
    inner join snapshots on counted.snapshot = snapshots.snapshot

)

select * from final
