with spells as (

    select * from {{ ref('int_model_trait_spells') }}

),

version_traits as (

    select * from {{ ref('int_version_traits') }}

),

final as (

    select
        model_id,
        trait,
        trait_value as value,
        valid_from,
        valid_to
    from spells
    union all
    -- A model with a single version has carried its values since then.
    select
        model_id,
        trait,
        trait_value as value,
        valid_from,
        valid_to
    from version_traits
    where not has_changed

)

select * from final
