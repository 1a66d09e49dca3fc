with lineages as (

    select * from {{ ref('int_license_consistency') }}

),

final as (

    select
        author,
        {{ lineage_counts() }}
    from lineages
    where author is not null
    group by author

)

select * from final
