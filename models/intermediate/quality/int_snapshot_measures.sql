with final as (

    select
        snapshot,
        completed_at,
        measure,
        n,
        value
    from {{ ref('int_snapshot_record_measures') }}
    union all
    select
        snapshot,
        completed_at,
        measure,
        n,
        value
    from {{ ref('int_snapshot_tag_measures') }}

)

select * from final
