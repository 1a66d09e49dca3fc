with lineages as (

    select * from {{ ref('int_license_consistency') }}

),

final as (

    select
        lineages.month,
        {{ lineage_counts() }}
    from lineages
    where lineages.month is not null
    group by lineages.month

)

select * from final
