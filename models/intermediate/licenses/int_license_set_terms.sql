with members as (

    select distinct
        licenses.license,
        license_values.license as member,
        case when licenses.license = license_values.license then '' else license_values.license || ', ' end as prefix
    from {{ ref('int_model_licenses') }} as licenses
    inner join {{ ref('int_model_license_values') }} as license_values
        on licenses.model_key = license_values.model_key

),

terms as (

    select * from {{ ref('license_terms') }}

),

sizes as (

    select
        license,
        count(*) as n_members
    from members
    group by license

),

final as (

    -- Of several licenses the user chooses one: a term binds only if each has it.
    select
        members.license,
        terms.term,
        case
            when count(*) filter (where terms.value = 'no') > 0 then 'no'
            when count(*) filter (where terms.value = 'yes') = min(sizes.n_members) then 'yes'
            else 'unknown'
        end as value,
        {{ sorted_concat('terms.detail', '; ') }} as detail,
        {{ sorted_concat('members.prefix || terms.clause', '; ') }} as clause,
        {{ sorted_concat('terms.source', '; ') }} as source
    from members
    inner join sizes on members.license = sizes.license
    inner join terms on members.member = terms.license
    group by members.license, terms.term

)

select * from final
