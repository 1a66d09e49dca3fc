with configs as (

    select * from {{ ref('int_configs_current') }}

),

final as (

    select
        model_key,
        {% for number, members in architecture_numbers().items() %}
            {{ config_number('config', members) }} as {{ number }},
        {% endfor %}
        revision,
        fetched_at,
        nullif(lower(trim({{ json_text('config', 'model_type') }})), '') as model_type,
        nullif(trim({{ json_text('config', 'architectures[0]') }}), '') as architecture
    from configs

)

select * from final
