{#
    The fields of a record that the warehouse reads, from its JSON text, as one struct: one parse a record,
    four times cheaper than one extraction a field. A value of an unexpected type becomes null; the text stays
    in raw. The card's language can be a string, a list or (YAML's `no`) false, so it stays JSON here.
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
            "cardData": {"language": "JSON"},
            "safetensors": {"total": "BIGINT"},
            "usedStorage": "BIGINT"
        }'
    )
{%- endmacro %}


{#
    The tags of a record, from its JSON text, as a list of text; empty where they are no list. Read on their own when they
    are numbered: kept beside the numbers they would be a twentieth of the file.
#}
{% macro record_tags(record) -%}
    {{ return(adapter.dispatch('record_tags', 'phylohub')(record)) }}
{%- endmacro %}

{% macro duckdb__record_tags(record) -%}
    json_extract_string({{ record }}, '$.tags[*]')
{%- endmacro %}
