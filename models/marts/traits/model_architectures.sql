with architectures as (

    select * from {{ ref('int_model_architectures') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    select
        ---- keys
        models.model_id,

        ---- text
        architectures.architecture,
        architectures.model_type,
        architectures.revision as config_revision,

        ---- numbers
        {% for number in architecture_numbers() %}
            architectures.{{ number }},
        {% endfor %}
        ---- timestamps
        architectures.fetched_at
    from architectures
    inner join models on architectures.model_key = models.model_key

)

select * from final
