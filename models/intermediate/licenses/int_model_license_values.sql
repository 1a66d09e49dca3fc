with declared as {{ not_materialized() }} (

    select * from {{ ref('int_declared_licenses') }}

),

resolutions as (

    select * from {{ ref('int_license_resolutions') }}

),

models_with_tags as (

    select distinct model_key from declared
    where declared_in <> 'card'

),

counted as (

    -- Where tag and card differ, the tag counts, which the Hub shows. A license of the card alone counts only if there
    -- is no tag.
    select * from declared
    where declared_in <> 'card'
    union all
    select * from declared
    where declared_in = 'card' and model_key not in (select models_with_tags.model_key from models_with_tags)

),

final as (

    -- The value unknown declares no license.
    select
        counted.model_key,
        coalesce(resolutions.license, counted.folded_license) as license,
        min(case resolutions.resolved_by when 'identifier' then 1 when 'name' then 2 when 'link' then 2 else 3 end)
            as uncertainty
    from counted
    inner join resolutions
        on
            counted.folded_license = resolutions.folded_license
            and coalesce(counted.license_name, '') = resolutions.license_name
            and coalesce(counted.license_link, '') = resolutions.license_link
    where counted.folded_license <> 'unknown' or resolutions.license is not null
    group by counted.model_key, coalesce(resolutions.license, counted.folded_license)

)

select * from final
