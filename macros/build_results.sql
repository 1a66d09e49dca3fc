{# What became of each node when dbt ran it last, in main.build_results: a publish looks there whether the marts are
   fit to show. dbt's run_results.json would not do, for every command replaces it, a `dbt test` of one model as well.
   dbt may roll back what a hook does, so it is committed here. #}
{% macro remember_start() %}
    {% if execute and flags.WHICH in ('build', 'run', 'test', 'seed', 'snapshot') %}
        {% set nodes = graph.nodes.keys() | list + graph.get('unit_tests', {}).keys() | list %}
        {% do run_query('create table if not exists main.build_results (node varchar, status varchar)') %}
        {% do run_query("delete from main.build_results where node not in ('" ~ nodes | join("', '") ~ "')") %}
        {% do replace_results(dict.fromkeys(selected_resources, 'running')) %}
    {% endif %}
{% endmacro %}

{% macro remember_results(results) %}
    {% if execute and flags.WHICH in ('build', 'run', 'test', 'seed', 'snapshot') %}
        {% set statuses = {} %}
        {% for result in results %}
            {% do statuses.update({result.node.unique_id: result.status | string}) %}
        {% endfor %}
        {% do replace_results(statuses) %}
    {% endif %}
{% endmacro %}

{% macro replace_results(statuses) %}
    {% set rows = [] %}
    {% for node, status in statuses.items() %}
        {% if node.split('.')[0] in ('model', 'seed', 'snapshot', 'test', 'unit_test') %}
            {% do rows.append("('" ~ node ~ "', '" ~ status ~ "')") %}
        {% endif %}
    {% endfor %}
    {% if rows %}
        {% do run_query("delete from main.build_results where node in ('" ~ statuses | join("', '") ~ "')") %}
        {% do run_query('insert into main.build_results values ' ~ rows | join(', ')) %}
    {% endif %}
    {% do adapter.commit() %}
{% endmacro %}
