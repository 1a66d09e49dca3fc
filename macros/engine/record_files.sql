{#
    The fields of a record that say what its weights are, as one struct. Only records that mention one of them are
    parsed, since most have none and parsing is expensive.
#}
{% macro parse_record_files(record) -%}
    {{ return(adapter.dispatch('parse_record_files', 'phylohub')(record)) }}
{%- endmacro %}

{% macro duckdb__parse_record_files(record) -%}
    case
        when regexp_matches({{ record }}, '"config"|"gguf"|"safetensors"|\.(?i:gguf)"') then from_json(
            {{ record }},
            '{
                "config": {
                    "architectures": "JSON",
                    "model_type": "VARCHAR",
                    "quantization_config": {
                        "quant_method": "VARCHAR", "bits": "VARCHAR", "load_in_4bit": "VARCHAR", "load_in_8bit": "VARCHAR"
                    }
                },
                "siblings": [{"rfilename": "VARCHAR"}],
                "safetensors": {"parameters": "MAP(VARCHAR, BIGINT)", "total": "DOUBLE"},
                "gguf": {"total": "DOUBLE"}
            }'
        )
    end
{%- endmacro %}


{#
    The levels of quantization that the names of GGUF files state, in upper case: Q4_K_M, IQ2_XS, BF16. `siblings` is the
    list of files. FP16 and FP32 are written as F16 and F32.
#}
{% macro gguf_levels(siblings) -%}
    {{ return(adapter.dispatch('gguf_levels', 'phylohub')(siblings)) }}
{%- endmacro %}

{% macro duckdb__gguf_levels(siblings) -%}
    list_filter(
        list_transform(
            {{ siblings }},
            lambda file: replace(
                upper(
                    regexp_extract(
                        file.rfilename,
                        '(?i)(?:^|[-._/])((?:IQ[1-8]_(?:XXS|XS|S|M|NL|XL)|T?Q[1-9]_(?:K_(?:XXS|XS|S|M|L|XL)|K|[01](?:_[0-9]+)*)'
                        || '|MXFP4(?:_MOE)?|BF16|FP?16|FP?32))(?:[-._][^/]*)?\.gguf$',
                        1
                    )
                ),
                'FP',
                'F'
            )
        ),
        lambda level: level <> ''
    )
{%- endmacro %}


{# The type of most parameters, from the map of types and numbers; ties go to the last type in byte order. Null if there
   is none. #}
{% macro main_dtype(parameters) -%}
    {{ return(adapter.dispatch('main_dtype', 'phylohub')(parameters)) }}
{%- endmacro %}

{% macro duckdb__main_dtype(parameters) -%}
    list_max(
        list_transform(
            map_entries({{ parameters }}),
            lambda entry: case when entry.value > 0 then {'number': entry.value, 'dtype': upper(entry.key)} end
        )
    ).dtype
{%- endmacro %}
