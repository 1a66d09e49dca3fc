with weights as (

    select * from {{ ref('int_record_weights') }}

),

values_read as (

    select
        record_id,
        'architectures' as source,
        {{ explode_distinct('architectures') }} as trait_value
    from weights
    union all
    select
        record_id,
        'quantization' as source,
        {{ explode_distinct('gguf_levels') }} as trait_value
    from weights
    union all
    select
        record_id,
        'quantization' as source,
        method as trait_value
    from weights
    union all
    select
        record_id,
        'quantization' as source,
        dtype as trait_value
    from weights
    union all
    select
        record_id,
        'model_type' as source,
        model_type as trait_value
    from weights
    union all
    select
        record_id,
        'parameters' as source,
        {{ parameter_class('n_parameters') }} as trait_value
    from weights

),

final as (

    -- A repository may hold the same type twice, as safetensors and as GGUF.
    select distinct
        record_id,
        source,
        trait_value
    from values_read
    where trait_value <> ''

)

select * from final
