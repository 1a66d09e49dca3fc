{# The texts of a JSON string or list, trimmed, as a list; null if there are none. Other items are left out. #}
{% macro text_list(json) -%}
    {{ return(adapter.dispatch('text_list', 'phylohub')(json)) }}
{%- endmacro %}

{% macro duckdb__text_list(json) -%}
    nullif(
        list_filter(
            list_transform(
                case json_type({{ json }})
                    when 'ARRAY' then list_filter(
                        json_extract({{ json }}, '$[*]'), lambda item: json_type(item) = 'VARCHAR'
                    )
                    when 'VARCHAR' then [{{ json }}]
                end,
                lambda item: trim(item ->> '$')
            ),
            lambda item: item <> ''
        ),
        []
    )
{%- endmacro %}
