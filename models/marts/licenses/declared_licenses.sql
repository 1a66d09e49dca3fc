with spdx as (

    select distinct
        license,
        spdx_id
    from {{ ref('license_terms') }}

),

final as (

    select
        ---- keys
        models.model_id,
        declared.declared_license,

        ---- declaration
        declared.declared_in,
        declared.license_name,
        declared.license_link,

        ---- resolution
        declared.folded_license,
        resolutions.license,
        resolutions.resolved_by,
        spdx.spdx_id,
        disagreeing.model_key is not null as card_and_tag_disagree
    from {{ ref('int_declared_licenses') }} as declared
    inner join {{ ref('int_models_current') }} as models on declared.model_key = models.model_key
    inner join {{ ref('int_license_resolutions') }} as resolutions
        on
            declared.folded_license = resolutions.folded_license
            and coalesce(declared.license_name, '') = resolutions.license_name
            and coalesce(declared.license_link, '') = resolutions.license_link
    left join spdx on resolutions.license = spdx.license
    left join {{ ref('int_license_disagreements') }} as disagreeing on declared.model_key = disagreeing.model_key

)

select * from final
