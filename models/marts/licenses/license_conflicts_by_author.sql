with lineages as (

    select * from {{ ref('int_license_consistency') }}

),

final as (

    select
        lineages.author,
        {{ lineage_counts() }}
    from lineages
    where lineages.author is not null
    group by lineages.author

)

select * from final
