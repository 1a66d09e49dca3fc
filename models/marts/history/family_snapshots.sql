with presence as (

    select * from {{ ref('model_presence') }}

),

snapshots as (

    select * from {{ ref('snapshot_changes') }}

),

ancestry as (

    select * from {{ ref('model_ancestry') }}

),

final as (

    select
        ancestry.edge_set,
        ancestry.family_id,
        snapshots.snapshot,
        snapshots.taken_at,
        count(*) as n_models,
        count(*) filter (where presence.present_from = snapshots.taken_at) as n_appeared
    from ancestry
    inner join presence on ancestry.model_id = presence.model_id
    inner join snapshots
        on
            presence.present_from <= snapshots.taken_at
            and (presence.present_to is null or presence.present_to > snapshots.taken_at)
    group by ancestry.edge_set, ancestry.family_id, snapshots.snapshot, snapshots.taken_at

)

select * from final
