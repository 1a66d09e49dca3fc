with snapshots as (

    {{ new_snapshots() }}

),

kinds as (

    select * from {{ ref('int_tag_kinds') }}

),

tag_uses as (

    -- Counted by tag key, without texts: a snapshot has few tags and many uses of them.
    select
        snapshot,
        tag_key,
        n_records as n_uses
    from {{ ref('int_snapshot_tag_uses') }}
    where snapshot in (select snapshots.snapshot from snapshots)

),

parents as (

    select distinct
        parent_id,
        lower(parent_id) as lower_id
    from kinds
    where parent_id is not null

),

model_ids as (

    -- Only ids that some tag names are looked up, since most models are no parents.
    select distinct
        snapshot,
        model_id,
        lower(model_id) as lower_id
    from {{ ref('int_records_listed') }}
    where
        snapshot in (select snapshots.snapshot from snapshots)
        and lower(model_id) in (select parents.lower_id from parents)

),

lower_ids as (

    select distinct
        snapshot,
        lower_id
    from model_ids

),

uses as (

    select
        tag_uses.snapshot,
        tag_uses.n_uses,
        kinds.*,
        model_ids.model_id is not null as is_in_hub,
        model_ids.model_id is null and lower_ids.lower_id is not null as is_in_other_case
    from tag_uses
    inner join kinds on tag_uses.tag_key = kinds.tag_key
    left join model_ids on tag_uses.snapshot = model_ids.snapshot and kinds.parent_id = model_ids.model_id
    left join lower_ids on tag_uses.snapshot = lower_ids.snapshot and lower(kinds.parent_id) = lower_ids.lower_id

),

final as (

    select
        uses.snapshot,
        snapshots.completed_at,
        uses.kind,
        cast(sum(uses.n_uses) as bigint) as n_uses,
        count(distinct uses.tag_value) as n_distinct,
        cast(coalesce(sum(uses.n_uses) filter (where uses.parent_id is not null), 0) as bigint) as n_parents,
    {% for flag in ['in_hub', 'in_other_case', 'malformed', 'of_dataset'] %}
        cast(coalesce(sum(uses.n_uses) filter (where uses.is_{{ flag }}), 0) as bigint) as n_{{ flag }}
        {{- ',' if not loop.last }}
    {% endfor %}
    from uses
    inner join snapshots on uses.snapshot = snapshots.snapshot
    group by uses.snapshot, snapshots.completed_at, uses.kind

)

select * from final
