{#
    The numbers of an architecture and the members of config.json that hold them, in the order in which they are tried.
    Models of several modalities keep those of their language model in text_config.
#}
{% macro architecture_numbers() %}
    {{ return({
        'vocabulary_size': ['vocab_size', 'n_vocab'],
        'hidden_size': ['hidden_size', 'n_embd', 'd_model', 'dim', 'hidden_dim'],
        'n_layers': ['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers'],
        'n_heads': ['num_attention_heads', 'n_head', 'n_heads', 'num_heads'],
        'n_key_value_heads': ['num_key_value_heads', 'n_head_kv', 'multi_query_group_num'],
        'context_length': ['max_position_embeddings', 'n_positions', 'max_sequence_length', 'seq_length', 'n_ctx',
            'max_seq_len'],
    }) }}
{% endmacro %}


{# The first member of a JSON object, or of its text_config, that is a positive integer. #}
{% macro config_number(config, members) -%}
    {{ return(adapter.dispatch('config_number', 'phylohub')(config, members)) }}
{%- endmacro %}

{% macro duckdb__config_number(config, members) -%}
    list_filter(
        list_transform(
            json_extract({{ config }}, ['$.{{ members | join("', '$.") }}', '$.text_config.{{ members | join("', '$.text_config.") }}']),
            lambda value: case when json_type(value) in ('UBIGINT', 'BIGINT') then try_cast(value as bigint) end
        ),
        lambda value: value > 0
    )[1]
{%- endmacro %}
