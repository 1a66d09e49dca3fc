with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

contract as (

    select * from {{ ref('api_contract') }}

),

fields as (

    select
        fields.snapshot,
        fields.path,
        min(fields.parent_path) as parent_path,
        cast(sum(fields.n_records) as bigint) as n_records,
        1e0 * sum(fields.n_records) / min(totals.n_records) as share_of_records,
        coalesce(1e0 * sum(fields.n_records) filter (where fields.json_type <> 'null') / min(totals.n_records), 0)
            as share_with_value,
        {{ sorted_concat('fields.json_type', '|') }} as json_types
    from {{ ref('int_snapshot_fields') }} as fields
    inner join {{ ref('int_snapshot_totals') }} as totals on fields.snapshot = totals.snapshot
    group by fields.snapshot, fields.path

),

paths as (

    select
        fields.path,
        fields.parent_path
    from fields
    inner join compared on fields.snapshot in (compared.snapshot, compared.previous_snapshot)
    union
    -- What no record has must be missed as well.
    select
        path,
        cast(null as string) as parent_path
    from contract
    where presence = 'required'

),

final as (

    -- A path that the contract does not name follows the line for all members of its parent, if there is one.
    select
        compared.snapshot,
        compared.previous_snapshot,
        paths.path,
        paths.parent_path,
        now_fields.path is not null as is_there,
        before_fields.path is not null as was_there,
        coalesce(now_fields.n_records, 0) as n_records,
        coalesce(now_fields.share_of_records, 0) as share_of_records,
        coalesce(now_fields.share_with_value, 0) as share_with_value,
        coalesce(before_fields.share_with_value, 0) as share_with_value_before,
        before_fields.json_types as json_types_before,
        named.types as contract_types,
        named.path is not null as is_named,
        named.path is null and anything.path is not null as is_free,
        coalesce(named.presence, anything.presence, 'expected') as presence,
        coalesce('required' in (named.presence, parents.presence), false) as is_needed
    from paths
    cross join compared
    left join fields as now_fields on paths.path = now_fields.path and compared.snapshot = now_fields.snapshot
    left join fields as before_fields
        on paths.path = before_fields.path and compared.previous_snapshot = before_fields.snapshot
    left join contract as named on paths.path = named.path
    left join contract as parents on paths.parent_path = parents.path
    left join contract as anything on paths.parent_path || '.*' = anything.path

)

select * from final
