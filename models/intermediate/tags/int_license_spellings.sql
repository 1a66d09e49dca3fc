with licenses as (

    select * from {{ ref('licenses') }}

),

spellings as (

    select
        license as spelling,
        license,
        1 as preference
    from licenses
    union all
    select
        lower(spdx_id) as spelling,
        license,
        2 as preference
    from licenses
    where spdx_id is not null
    union all
    -- SPDX calls GPL-3.0 now GPL-3.0-only.
    select
        lower(spdx_id) || '-only' as spelling,
        license,
        3 as preference
    from licenses
    where spdx_id like '%GPL-%'
    union all
    -- The addresses of opensource.org have hyphens for points.
    select
        replace(license, '.', '-') as spelling,
        license,
        4 as preference
    from licenses

),

ranked as (

    select
        spelling,
        license,
        row_number() over (partition by spelling order by preference, license) as place
    from spellings

),

final as (

    select
        spelling,
        license
    from ranked
    where place = 1

)

select * from final
