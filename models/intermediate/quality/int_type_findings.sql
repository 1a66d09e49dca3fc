with changes as (

    select * from {{ ref('int_field_changes') }}

),

types as (

    select * from {{ ref('int_snapshot_fields') }}
    where json_type <> 'null'

),

allowed as (

    -- Without a line in the contract, the types of the previous snapshot are expected.
    select
        *,
        coalesce(contract_types, json_types_previous) as allowed_types
    from changes
    where not has_wildcard_only

),

checked as (

    -- An integer is allowed where a number is.
    select
        types.json_type,
        types.n_records,
        1e0 * types.n_records / sum(types.n_records) over (partition by types.path) as share_of_values,
        allowed.snapshot,
        allowed.previous_snapshot,
        allowed.path,
        allowed.is_required,
        allowed.allowed_types,
        {{ is_one_of('types.json_type', 'allowed.allowed_types') }}
        or (types.json_type = 'integer' and {{ is_one_of("'number'", 'allowed.allowed_types') }}) as is_allowed
    from types
    inner join allowed on types.snapshot = allowed.snapshot and types.path = allowed.path
    where allowed.allowed_types <> 'null'

),

final as (

    -- November 2026: fewer than 1 in 1,000 values of another type are mistakes of single authors. A required field, or
    -- its items, may have another type in at most 10 % of the values.
    select
        snapshot,
        previous_snapshot,
        'type_changed' as kind,
        path,
        json_type as value,
        case when is_required and share_of_values > 0.1 then 'error' else 'warn' end as severity,
        n_records,
        'It is ' || json_type || ' in ' || {{ percent('share_of_values') }} || ' of its values, and was '
        || replace(allowed_types, '|', ' or ') as finding,
        'share_of_values' as measure,
        cast(null as double) as before,
        share_of_values as after,
        case when is_required and share_of_values > 0.1 then 0.1 else 0.001 end as bound,
        cast(null as string) as examples
    from checked
    where not is_allowed and share_of_values >= 0.001

)

select * from final
