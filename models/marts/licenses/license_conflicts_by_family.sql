with lineages as (

    select * from {{ ref('int_license_consistency') }}

),

families as (

    select * from {{ ref('int_license_families') }}

),

final as (

    select
        families.family_id,
        {{ lineage_counts() }}
    from lineages
    inner join families on lineages.model_key = families.model_key
    group by families.family_id

)

select * from final
