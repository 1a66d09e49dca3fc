with declared as (

    select * from {{ ref('int_declared_licenses') }}

),

resolutions as (

    select * from {{ ref('int_license_resolutions') }}

),

models_with_tags as (

    select distinct model_key from declared
    where declared_in <> 'card'

),

final as (

    -- Where tag and card differ, the tag counts, which the Hub shows. A license of the card alone counts only if there
    -- is no tag. The value unknown declares no license.
    select
        declared.model_key,
        coalesce(resolutions.license, declared.folded_license) as license,
        min(case resolutions.resolved_by when 'identifier' then 1 when 'name' then 2 when 'link' then 2 else 3 end)
            as uncertainty
    from declared
    inner join resolutions
        on
            declared.folded_license = resolutions.folded_license
            and coalesce(declared.license_name, '') = resolutions.license_name
            and coalesce(declared.license_link, '') = resolutions.license_link
    left join models_with_tags on declared.model_key = models_with_tags.model_key
    where
        (declared.declared_in <> 'card' or models_with_tags.model_key is null)
        and (declared.folded_license <> 'unknown' or resolutions.license is not null)
    group by declared.model_key, coalesce(resolutions.license, declared.folded_license)

)

select * from final
