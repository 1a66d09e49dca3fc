{# The names of the snapshots that passed the gate and are still as they were then, as literals separated by commas; empty
   if none did yet. The test snapshot_passes_gate keeps them in main.passed_snapshots, since a model cannot read what is
   built behind it. #}
{% macro passed_snapshots() -%}
    {%- if not execute or not adapter.get_relation(target.database, 'main', 'passed_snapshots') -%}
        {{ return('') }}
    {%- endif -%}
    {%- set query -%}
        select passed.snapshot
        from main.passed_snapshots as passed
        inner join raw.snapshots
            on passed.snapshot = snapshots.snapshot and passed.completed_at = snapshots.completed_at
        order by passed.snapshot
    {%- endset -%}
    {{ return(string_literals(run_query(query).columns[0].values())) }}
{%- endmacro %}


{# Records that the selected snapshot passed the gate. Commits, since dbt may roll back what a test does. #}
{% macro record_passed_snapshot(gate) %}
    {% set compared = api.Relation.create(gate.database, gate.schema, 'int_snapshots_compared') %}
    {% do run_query(
        'create table if not exists main.passed_snapshots (snapshot string, completed_at timestamp)'
    ) %}
    {% do run_query('delete from main.passed_snapshots where snapshot in (select snapshot from ' ~ compared ~ ')') %}
    {% do run_query('insert into main.passed_snapshots select snapshot, completed_at from ' ~ compared) %}
    {% do adapter.commit() %}
{% endmacro %}
