with current_snapshot as (

    select * from {{ ref('int_snapshots_compared') }}

),

snapshots as (

    select * from {{ ref('int_snapshots') }}

),

records as (

    select
        snapshot,
        count(*) as n_records
    from {{ ref('stg_hub__listings') }}
    group by snapshot

),

rejects as (

    select
        snapshot,
        count(*) as n_rejected
    from {{ ref('stg_hub__rejects') }}
    group by snapshot

),

models as (

    select count(*) as n_models from {{ ref('int_models_current') }}

),

tagged_models as (

    select count(*) as n_models from {{ ref('int_models_current') }}
    where record_id in (select record_tags.record_id from {{ ref('int_record_tags') }} as record_tags)

),

edges as (

    select
        count(*) as n_edges,
        count(*) filter (where not parent_in_hub) as n_edges_without_parent
    from {{ ref('int_lineage_edges') }}

),

final as (

    select
        current_snapshot.snapshot,
        coalesce(records.n_records, 0) as n_records,
        coalesce(rejects.n_rejected, 0) as n_rejected,
        models.n_models,
        coalesce(records.n_records, 0) - models.n_models as n_duplicate_records,
        models.n_models - tagged_models.n_models as n_models_without_tags,
        edges.n_edges,
        edges.n_edges_without_parent,
        current_snapshot.previous_snapshot,
        current_snapshot.n_models_previous,
        case when snapshots.has_known_scope then 1e0 * models.n_models / current_snapshot.n_models_previous end
            as ratio_to_previous,
        1e0 * (models.n_models - tagged_models.n_models) / models.n_models as share_of_models_without_tags,
        1e0 * edges.n_edges_without_parent / nullif(edges.n_edges, 0) as share_of_edges_without_parent,
        1e0 - 1e0 * models.n_models / records.n_records as share_of_records_repeated,
        1e0 * coalesce(rejects.n_rejected, 0) / (records.n_records + coalesce(rejects.n_rejected, 0))
            as share_of_records_rejected,
        snapshots.taken_at,
        snapshots.taken_from,
        snapshots.scope,
        snapshots.series,
        {{ hub_size('snapshots', 'models.n_models') }} as hub_size,
        1e0 * models.n_models / {{ hub_size('snapshots', 'models.n_models') }} as share_of_hub,
        {{ not_compared_because(
            'snapshots', 'case when snapshots.has_known_scope then current_snapshot.previous_snapshot end', 'true'
        ) }} as not_compared_because
    from current_snapshot
    inner join snapshots on current_snapshot.snapshot = snapshots.snapshot
    cross join models
    cross join tagged_models
    cross join edges
    left join records on current_snapshot.snapshot = records.snapshot
    left join rejects on current_snapshot.snapshot = rejects.snapshot

)

select * from final
