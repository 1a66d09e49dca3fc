{# on-run-start: adds the columns of raw.snapshots that a build file of an earlier version lacks, as ingest/raw_schema.py
   does, so that it builds without landing anything. #}
{% macro add_raw_columns() -%}
    {{ return(adapter.dispatch('add_raw_columns', 'phylohub')()) }}
{%- endmacro %}

{% macro duckdb__add_raw_columns() -%}
    {%- if execute and adapter.get_relation(target.database, 'raw', 'snapshots') -%}
        {%- for column, type in [
            ('taken_at', 'timestamp'), ('taken_from', 'varchar'), ('scope', 'varchar'), ('series', 'varchar'),
            ('hub_size', 'bigint'),
        ] %}
    alter table raw.snapshots add column if not exists {{ column }} {{ type }};
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
