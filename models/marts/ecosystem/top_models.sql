with models as (

    select * from {{ ref('models') }}

),

-- One `limit` per metric finds the top rows without sorting all models.
tops as (

    {% for metric in ['downloads', 'downloads_all_time', 'likes', 'n_children', 'n_descendants'] %}
        (
            select
                model_id,
                '{{ metric.removeprefix("n_") }}' as metric,
                {{ metric }} as value
            from models
            where {{ metric }} > 0
            order by value desc, model_id asc
            limit {{ var('top_models') }}
        )
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

final as (

    select
        metric,
        row_number() over (partition by metric order by value desc, model_id asc) as place,
        model_id,
        value
    from tops

)

select * from final
