with ancestors as (

    select * from {{ ref('int_license_ancestors') }}

),

licenses as (

    select * from {{ ref('int_model_licenses') }}

),

grouped as (

    -- Distance and key of the nearest ancestor as one number; ties go to the oldest.
    select
        ancestors.descendant_key as model_key,
        coalesce(licenses.license, '') as license,
        min(ancestors.distance * cast(4294967296 as bigint) + ancestors.ancestor_key) as nearest,
        count(*) as n_ancestors
    from ancestors
    left join licenses on ancestors.ancestor_key = licenses.model_key
    group by ancestors.descendant_key, coalesce(licenses.license, '')

),

final as (

    select
        model_key,
        license,
        cast(nearest % 4294967296 as integer) as ancestor_key,
        cast(floor(nearest / 4294967296) as integer) as distance,
        n_ancestors
    from grouped

)

select * from final
