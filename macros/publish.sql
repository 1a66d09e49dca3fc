{# The operation behind `phylohub publish`. It writes the published copy through the connection that dbt has open:
   dbt run-operation publish --args '{to: folder, keep: 3, force: false}' #}
{% macro publish(to=none, keep=3, force=false) %}
    {% set folder = to or (target.path.split('/')[:-1] + ['published']) | join('/') %}
    {% set mart = api.Relation.create(database=target.database, schema='marts', identifier='models') %}
    {% do adapter.store_relation('publish', mart, [], folder, 'duckdb', {'keep': keep, 'force': force}) %}
{% endmacro %}
