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
    -- Required paths that no record has must be reported too.
    select
        path,
        cast(null as string) as parent_path
    from contract
    where presence = 'required'

),

final as (

    -- A path without its own line in the contract follows its parent's wildcard line, if there is one.
    select
        compared.snapshot,
        compared.previous_snapshot,
        paths.path,
        paths.parent_path,
        current_fields.path is not null as is_present,
        previous_fields.path is not null as was_present,
        coalesce(current_fields.n_records, 0) as n_records,
        coalesce(current_fields.share_of_records, 0) as share_of_records,
        coalesce(current_fields.share_with_value, 0) as share_with_value,
        coalesce(previous_fields.share_with_value, 0) as share_with_value_previous,
        previous_fields.json_types as json_types_previous,
        own_lines.types as contract_types,
        own_lines.path is not null as is_in_contract,
        own_lines.path is null and wildcard_lines.path is not null as has_wildcard_only,
        coalesce(own_lines.presence, wildcard_lines.presence, 'expected') as presence,
        coalesce('required' in (own_lines.presence, parent_lines.presence), false) as is_required
    from paths
    cross join compared
    left join fields as current_fields
        on paths.path = current_fields.path and compared.snapshot = current_fields.snapshot
    left join fields as previous_fields
        on paths.path = previous_fields.path and compared.previous_snapshot = previous_fields.snapshot
    left join contract as own_lines on paths.path = own_lines.path
    left join contract as parent_lines on paths.parent_path = parent_lines.path
    left join contract as wildcard_lines on paths.parent_path || '.*' = wildcard_lines.path

)

select * from final
