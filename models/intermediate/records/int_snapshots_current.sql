with snapshots as (

    select * from {{ ref('stg_hub__snapshots') }}

),

final as (

    select snapshot
    from snapshots
    where
        completed_at is not null
    {%- if var('snapshot') %}
            and snapshot = '{{ var("snapshot") | replace("'", "''") }}'
        {%- endif %}
    order by completed_at desc, snapshot desc
    limit 1

)

select * from final
