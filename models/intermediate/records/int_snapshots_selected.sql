with snapshots as (

    select * from {{ ref('stg_hub__snapshots') }}

),

final as (

    select snapshot
    from snapshots
    where
        completed_at is not null
    {%- if var('snapshot') %}
            and snapshot = {{ dbt.string_literal(dbt.escape_single_quotes(var('snapshot'))) }}
        {%- endif %}
    order by completed_at desc, snapshot desc
    limit 1

)

select * from final
