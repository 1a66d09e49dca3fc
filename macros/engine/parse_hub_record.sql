{#
    The fields of a record that the warehouse reads, as one struct: one parse is cheaper than one extraction per
    field. A value of an unexpected type becomes null. Fields of cardData that can be a string or a list stay JSON.
#}
{% macro parse_hub_record(record) -%}
    {{ return(adapter.dispatch('parse_hub_record', 'phylohub')(record)) }}
{%- endmacro %}

{% macro duckdb__parse_hub_record(record) -%}
    from_json(
        {{ record }},
        '{
            "_id": "VARCHAR",
            "id": "VARCHAR",
            "author": "VARCHAR",
            "sha": "VARCHAR",
            "createdAt": "VARCHAR",
            "lastModified": "VARCHAR",
            "downloads": "BIGINT",
            "downloadsAllTime": "BIGINT",
            "likes": "BIGINT",
            "trendingScore": "DOUBLE",
            "private": "BOOLEAN",
            "gated": "VARCHAR",
            "pipeline_tag": "VARCHAR",
            "library_name": "VARCHAR",
            "tags": ["VARCHAR"],
            "cardData": {
                "language": "JSON",
                "base_model": "JSON",
                "base_model_relation": "VARCHAR",
                "license": "JSON",
                "license_name": "VARCHAR",
                "license_link": "VARCHAR"
            },
            "safetensors": {"total": "BIGINT"},
            "usedStorage": "BIGINT"
        }'
    )
{%- endmacro %}
