with counted as (

    select
        coalesce(lineages.lineage_status, 'no parent') as lineage_status,
        count(*) as n_models,
        cast(sum(models.downloads) as bigint) as downloads
    from {{ ref('int_model_facts') }} as models
    left join {{ ref('int_license_consistency') }} as lineages on models.model_key = lineages.model_key
    group by coalesce(lineages.lineage_status, 'no parent')

),

final as (

    select
        *,
        n_models / cast(sum(n_models) over () as double) as share_of_models,
        case
            when lineage_status <> 'no parent'
                then
                    n_models / cast(
                        sum(case when lineage_status <> 'no parent' then n_models end) over () as double
                    )
        end as share_of_models_with_parent,
        downloads / cast(nullif(sum(downloads) over (), 0) as double) as share_of_downloads
    from counted

)

select * from final
