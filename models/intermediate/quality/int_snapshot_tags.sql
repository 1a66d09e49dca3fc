with snapshots as (

    {{ unseen_snapshots() }}

),

models as (

    select * from {{ ref('stg_hub__models') }}
    where snapshot in (select snapshots.snapshot from snapshots)

),

flags as (

    select * from {{ ref('tag_flags') }}

),

exploded as (

    select
        snapshot,
        model_id,
        {{ explode_distinct('tags') }} as tag
    from models

),

split as (

    select
        *,
        {{ tag_prefix('tag') }} as prefix
    from exploded
    where tag is not null

),

seen as (

    select
        snapshot,
        model_id,
        'prefix' as kind,
        prefix as value
    from split
    where prefix is not null
    union all
    select
        snapshot,
        model_id,
        'relation' as kind,
        {{ base_model_relation("substr(tag, length('base_model:') + 1)") }} as value
    from split
    where prefix = 'base_model'
    union all
    select
        split.snapshot,
        split.model_id,
        'flag' as kind,
        split.tag as value
    from split
    inner join flags on split.tag = flags.flag

),

final as (

    select
        seen.snapshot,
        snapshots.completed_at,
        seen.kind,
        seen.value,
        count(distinct seen.model_id) as n_models,
        count(distinct split_part(seen.model_id, '/', 1)) as n_owners
    from seen
    inner join snapshots on seen.snapshot = snapshots.snapshot
    where seen.value is not null
    group by seen.snapshot, snapshots.completed_at, seen.kind, seen.value

)

select * from final
