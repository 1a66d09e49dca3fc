{#- SPDX calls GPL-3.0 now GPL-3.0-only. The addresses of opensource.org have hyphens for points. -#}
{%- set spellings = [
    'license',
    'lower(spdx_id)',
    "case when spdx_id like '%GPL-%' then lower(spdx_id) || '-only' end",
    "replace(license, '.', '-')",
] -%}
with spellings as (

    {% for spelling in spellings %}
        select
            {{ spelling }} as spelling,
            license,
            {{ loop.index }} as preference
        from {{ ref('licenses') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        spelling,
        {{ first_value_by('license', 'preference') }} as license
    from spellings
    where spelling is not null
    group by spelling

)

select * from final
