with presence as (

    select * from {{ ref('model_presence') }}

),

snapshots as (

    select * from {{ ref('int_history_snapshots') }}

),

members as (

    select * from {{ ref('int_model_families') }}

),

family_roots as (

    select * from {{ ref('int_family_roots') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

periods as (

    select
        models.model_key,
        presence.present_from,
        presence.present_to
    from models
    inner join presence on models.model_id = presence.model_id

),

-- Aggregating members by period first keeps the join with snapshots small, since most members share a period.
counted as (

    select
        members.edge_set,
        members.family_key,
        periods.present_from,
        periods.present_to,
        count(*) as n_models
    from members
    inner join periods on members.model_key = periods.model_key
    group by members.edge_set, members.family_key, periods.present_from, periods.present_to

),

in_snapshots as (

    select
        counted.edge_set,
        counted.family_key,
        snapshots.snapshot,
        snapshots.taken_at,
        cast(sum(counted.n_models) as bigint) as n_models,
        cast(
            sum(
                case
                    when snapshots.previous_snapshot is null then null
                    when counted.present_from = snapshots.taken_at then counted.n_models
                    else 0
                end
            ) as bigint
        ) as n_appeared
    from counted
    inner join snapshots
        on
            counted.present_from <= snapshots.taken_at
            and (counted.present_to is null or counted.present_to > snapshots.taken_at)
    group by counted.edge_set, counted.family_key, snapshots.snapshot, snapshots.taken_at

),

final as (

    select
        in_snapshots.edge_set,
        models.model_id as family_id,
        in_snapshots.snapshot,
        in_snapshots.taken_at,
        in_snapshots.n_models,
        in_snapshots.n_appeared
    from in_snapshots
    inner join family_roots
        on in_snapshots.edge_set = family_roots.edge_set and in_snapshots.family_key = family_roots.family_key
    inner join models on family_roots.main_root_key = models.model_key

)

select * from final
