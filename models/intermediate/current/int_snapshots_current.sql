-- depends_on: {{ ref('int_snapshot_gate') }}
with selected as (

    select * from {{ ref('int_snapshots_selected') }}

),

final as (

    -- If the gate refuses the snapshot, the build stops before this model and everything downstream keeps its rows.
    select snapshot from selected

)

select * from final
