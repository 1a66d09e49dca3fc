with declared as (

    select distinct
        folded_license,
        license_name,
        license_link
    from {{ ref('int_declared_licenses') }}

),

known as (

    select distinct license from {{ ref('license_terms') }}
    where license not in ('other', 'unknown')

),

names as (

    select
        pattern as name,
        license
    from {{ ref('license_aliases') }}
    where kind = 'name'
    union all
    select
        license as name,
        license
    from known

),

links as (

    select * from {{ ref('license_aliases') }}
    where kind = 'link'

),

linked as (

    -- If an address contains several of the known ones, the longest names the license.
    select
        license_link,
        license
    from (
        select
            addresses.license_link,
            links.license,
            row_number() over (
                partition by addresses.license_link order by length(links.pattern) desc, links.pattern
            ) as place
        from (select distinct license_link from declared) as addresses
        inner join links on lower(addresses.license_link) like '%' || links.pattern || '%'
    ) as ranked
    where place = 1

),

matched as (

    select
        declared.folded_license,
        declared.license_name,
        declared.license_link,
        known.license as listed_license,
        coalesce(by_name.license, by_identifier.license) as named_license,
        linked.license as linked_license
    from declared
    left join known on declared.folded_license = known.license
    left join names as by_name
        on replace(replace(lower(trim(declared.license_name)), ' ', '-'), '_', '-') = by_name.name
    left join names as by_identifier
        on replace(replace(declared.folded_license, ' ', '-'), '_', '-') = by_identifier.name
    left join linked on declared.license_link = linked.license_link

),

final as (

    select
        folded_license,
        coalesce(license_name, '') as license_name,
        coalesce(license_link, '') as license_link,
        coalesce(listed_license, named_license, linked_license) as license,
        case
            when listed_license is not null then 'identifier'
            when named_license is not null then 'name'
            when linked_license is not null then 'link'
        end as resolved_by
    from matched

)

select * from final
