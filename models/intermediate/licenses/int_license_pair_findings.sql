with set_terms as (

    select * from {{ ref('int_license_set_terms') }}

),

rules as (

    select * from {{ ref('license_rules') }}

),

compatible as (

    select * from {{ ref('license_compatibility') }}

),

own_pairs as (

    select distinct
        upstream.license as upstream_license,
        coalesce(licenses.license, '') as other_license
    from {{ ref('int_upstream_licenses') }} as upstream
    left join {{ ref('int_model_licenses') }} as licenses on upstream.model_key = licenses.model_key

),

own_terms as (

    select
        own_pairs.upstream_license,
        own_pairs.other_license,
        rules.*,
        coalesce(own.value, 'unknown') as own_value,
        compatible.license_upstream is not null as is_compatible
    from own_pairs
    inner join set_terms as upstream on own_pairs.upstream_license = upstream.license and upstream.value = 'yes'
    inner join rules on upstream.term = rules.term_upstream and rules.compared_with = 'own terms'
    left join set_terms as own
        on own_pairs.other_license = own.license and rules.term_downstream = own.term
    left join compatible
        on
            own_pairs.upstream_license = compatible.license_upstream
            and own_pairs.other_license = compatible.license_downstream

),

two_ancestors as (

    -- One asks for derivatives under its license, which has not the term of the other.
    select
        one.license as upstream_license,
        two.license as other_license,
        rules.finding,
        rules.compared_with,
        rules.relations
    from rules
    inner join set_terms as one on rules.term_upstream = one.term and one.value = 'yes'
    inner join set_terms as two on rules.term_downstream = two.term and two.value = 'yes' and one.license <> two.license
    inner join set_terms as same on one.license = same.license and rules.term_downstream = same.term
    left join compatible as forwards
        on one.license = forwards.license_upstream and two.license = forwards.license_downstream
    left join compatible as backwards
        on one.license = backwards.license_downstream and two.license = backwards.license_upstream
    where
        rules.compared_with = 'two ancestors'
        and forwards.license_upstream is null
        and backwards.license_upstream is null
        and (same.value = 'no' or (rules.term_upstream = rules.term_downstream and one.license < two.license))

),

final as (

    select
        upstream_license,
        other_license,
        finding,
        compared_with,
        relations
    from own_terms
    where
        downstream_value = 'any'
        or (downstream_value = own_value and not (own_value = 'no' and is_compatible))
        or (
            downstream_value = 'other license'
            and own_value = 'yes'
            and upstream_license <> other_license
            and not is_compatible
        )
    union all
    select * from two_ancestors

)

select * from final
