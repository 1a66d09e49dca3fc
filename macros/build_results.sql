{# Stores the latest status of each node in main.build_results, from which `phylohub publish` decides whether the
   marts may be published. dbt's run_results.json does not serve: every command replaces it, even a `dbt test` of one
   model. #}

{# on-run-start: drops nodes that no longer exist and marks the selected ones as running. #}
{% macro record_build_start() %}
    {% if execute and flags.WHICH in ('build', 'run', 'test', 'seed', 'snapshot') %}
        {% set nodes = graph.nodes.keys() | list + graph.get('unit_tests', {}).keys() | list %}
        {% do run_query('create table if not exists main.build_results (node string, status string)') %}
        {% do run_query('delete from main.build_results where node not in (' ~ string_literals(nodes) ~ ')') %}
        {% do write_build_results(dict.fromkeys(selected_resources, 'running')) %}
    {% endif %}
{% endmacro %}


{# on-run-end: replaces the status of every node that ran. #}
{% macro record_build_results(results) %}
    {% if execute and flags.WHICH in ('build', 'run', 'test', 'seed', 'snapshot') %}
        {% set statuses = {} %}
        {% for result in results %}
            {% do statuses.update({result.node.unique_id: result.status | string}) %}
        {% endfor %}
        {% do write_build_results(statuses) %}
    {% endif %}
{% endmacro %}


{# Replaces the rows of the nodes in a dictionary of node and status. Commits, since dbt may roll back what a hook
   does. #}
{% macro write_build_results(statuses) %}
    {% set rows = [] %}
    {% for node, status in statuses.items() %}
        {% if node.split('.')[0] in ('model', 'seed', 'snapshot', 'test', 'unit_test') %}
            {% do rows.append('(' ~ string_literals([node, status]) ~ ')') %}
        {% endif %}
    {% endfor %}
    {% if rows %}
        {% do run_query('delete from main.build_results where node in (' ~ string_literals(statuses) ~ ')') %}
        {% do run_query('insert into main.build_results values ' ~ rows | join(', ')) %}
    {% endif %}
    {% do adapter.commit() %}
{% endmacro %}
