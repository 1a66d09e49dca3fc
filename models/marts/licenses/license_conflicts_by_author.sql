with lineages as (

    select * from {{ ref('int_license_consistency') }}

),

models as (

    select * from {{ ref('int_model_facts') }}

),

final as (

    select
        models.author,
        {{ lineage_counts() }}
    from lineages
    inner join models on lineages.model_key = models.model_key
    where models.author is not null
    group by models.author

)

select * from final
