with declared as (

    select * from {{ ref('int_declared_licenses') }}

),

resolutions as (

    select * from {{ ref('int_license_resolutions') }}

),

spdx as (

    select distinct
        license,
        spdx_id
    from {{ ref('license_terms') }}

),

disagreeing as (

    select * from {{ ref('int_license_disagreements') }}

),

models as (

    select * from {{ ref('int_models_current') }}

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
    from declared
    inner join models on declared.model_key = models.model_key
    inner join resolutions
        on
            declared.folded_license = resolutions.folded_license
            and coalesce(declared.license_name, '') = resolutions.license_name
            and coalesce(declared.license_link, '') = resolutions.license_link
    left join spdx on resolutions.license = spdx.license
    left join disagreeing on declared.model_key = disagreeing.model_key

)

select * from final
