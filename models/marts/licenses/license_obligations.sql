with licenses as (

    select * from {{ ref('int_model_licenses') }}

),

set_terms as (

    select * from {{ ref('int_license_set_terms') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        ---- keys
        models.model_id,
        terms.term,
        ancestor_models.model_id as ancestor_id,

        ---- origin
        ancestors.distance,
        terms.license as ancestor_license,
        terms.detail,
        terms.clause,
        terms.source,

        ---- the model's own license
        own_licenses.license as model_license,
        coalesce(own_terms.value, 'unknown') as model_value
    from {{ ref('int_license_ancestors') }} as ancestors
    inner join licenses on ancestors.ancestor_key = licenses.model_key
    inner join set_terms as terms on licenses.license = terms.license and terms.value = 'yes'
    inner join models on ancestors.descendant_key = models.model_key
    inner join models as ancestor_models on ancestors.ancestor_key = ancestor_models.model_key
    left join licenses as own_licenses on ancestors.descendant_key = own_licenses.model_key
    left join set_terms as own_terms on own_licenses.license = own_terms.license and terms.term = own_terms.term

)

select * from final
