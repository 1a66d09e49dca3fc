with records as (

    select
        record_id,
        record
    from {{ ref('stg_hub__records') }}
    {{ new_records_only() }}

),

parsed as (

    select
        record_id,
        {{ parse_record_files('record') }} as fields
    from records

),

named as (

    select
        parsed.record_id,
        {{ text_list('fields.config.architectures') }} as architectures,
        nullif(lower(trim(fields.config.model_type)), '') as model_type,
        nullif(lower(trim(fields.config.quantization_config.quant_method)), '') as method,
        case
            when fields.config.quantization_config.load_in_4bit = 'true' then '4'
            when fields.config.quantization_config.load_in_8bit = 'true' then '8'
            else fields.config.quantization_config.bits
        end as bits,
        {{ gguf_levels('fields.siblings') }} as gguf_levels,
        {{ main_dtype('fields.safetensors.parameters') }} as dtype,
        fields.safetensors.total as n_elements,
        fields.gguf.total as n_gguf_parameters
    from parsed
    where parsed.fields is not null

),

final as (

    -- Quantized weights are packed: several parameters in one element of an integer type. So neither the type nor the
    -- number of elements says anything about the model.
    select
        record_id,
        architectures,
        model_type,
        method || coalesce('-' || bits || 'bit', '') as method,
        gguf_levels,
        case when method is null and (dtype like 'F%' or dtype like 'BF%') then dtype end as dtype,
        coalesce(
            case when n_gguf_parameters > 0 then n_gguf_parameters end,
            case when method is null and (dtype is null or dtype like 'F%' or dtype like 'BF%') then n_elements end
        ) as n_parameters
    from named

)

select * from final
