with lineages as (

    select * from {{ ref('int_license_consistency') }}

),

final as (

    select
        month,
        {{ lineage_counts() }}
    from lineages
    where month is not null
    group by month

)

select * from final
