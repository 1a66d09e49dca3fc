-- depends_on: {{ ref('int_snapshot_gate') }}
with selected as (

    select * from {{ ref('int_snapshots_selected') }}

),

final as (

    -- The gate stops the build before this model if the snapshot is refused, so every model that reads it stays as it was.
    select snapshot from selected

)

select * from final
