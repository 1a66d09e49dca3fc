with changes as (

    select * from {{ ref('int_field_changes') }}

),

types as (

    select * from {{ ref('int_snapshot_fields') }}
    where json_type <> 'null'

),

allowed as (

    -- Without a line in the contract, the types of the snapshot before are those to expect.
    select
        *,
        coalesce(contract_types, json_types_before) as allowed_types
    from changes
    where not is_free

),

judged as (

    -- An integer is a number without a fraction.
    select
        types.json_type,
        types.n_records,
        1e0 * types.n_records / sum(types.n_records) over (partition by types.path) as share_of_values,
        allowed.snapshot,
        allowed.previous_snapshot,
        allowed.path,
        allowed.is_needed,
        allowed.allowed_types,
        {{ is_one_of('types.json_type', 'allowed.allowed_types') }}
        or (types.json_type = 'integer' and {{ is_one_of("'number'", 'allowed.allowed_types') }}) as is_allowed
    from types
    inner join allowed on types.snapshot = allowed.snapshot and types.path = allowed.path
    where allowed.allowed_types <> 'null'

),

final as (

    -- November 2026: one record in a thousand of another type is somebody's slip. A needed field, or the
    -- items of one, must not be of another type in more than a tenth.
    select
        snapshot,
        previous_snapshot,
        'type_changed' as kind,
        path,
        json_type as value,
        case when is_needed and share_of_values > 0.1 then 'error' else 'warn' end as severity,
        n_records,
        'It is ' || json_type || ' in ' || {{ percent('share_of_values') }} || ' of its values, and was '
        || replace(allowed_types, '|', ' or ') as finding
    from judged
    where not is_allowed and share_of_values >= 0.001

)

select * from final
