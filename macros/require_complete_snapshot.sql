{# on-run-start: stops a run without a complete snapshot, or without the one that the variable `snapshot` names. The
   marts would be empty tables that look like a result. #}
{% macro require_complete_snapshot() %}
    {% if execute and flags.WHICH in ('build', 'run', 'test') %}
        {% set wanted = var('snapshot') %}
        {% set complete = [] %}
        {% if adapter.get_relation(target.database, 'raw', 'snapshots') %}
            {% set query = 'select snapshot from raw.snapshots where completed_at is not null order by snapshot' %}
            {% set complete = run_query(query).columns[0].values() | list %}
        {% endif %}
        {% if not complete %}
            {{ exceptions.raise_compiler_error(
                'No complete snapshot in ' ~ target.path ~ '. Land one first: `phylohub ingest synthetic`, or '
                ~ '`phylohub ingest dump path/to/records.jsonl.gz`.'
            ) }}
        {% elif wanted and wanted not in complete %}
            {{ exceptions.raise_compiler_error(
                'There is no complete snapshot "' ~ wanted ~ '". Complete snapshots: ' ~ complete | join(', ') ~ '.'
            ) }}
        {% endif %}
    {% endif %}
{% endmacro %}
