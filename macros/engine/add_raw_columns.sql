{# on-run-start: adds the columns of raw.snapshots and the table raw.configs that a build file of an earlier version
   lacks, as ingest/raw_schema.py does, so that it builds without landing anything. #}
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
        {%- endfor %}
    create table if not exists raw.configs (
        model_id varchar not null, outcome varchar not null, reason varchar, http_status integer, etag varchar,
        revision varchar, fetched_at timestamp not null, content_hash uuid, config varchar using compression zstd
    );
    {%- endif -%}
{%- endmacro %}
