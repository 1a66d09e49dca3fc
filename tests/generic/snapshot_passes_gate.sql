{# Stops the build with the findings for which the gate refuses the snapshot. #}
{% test snapshot_passes_gate(model) %}

{% if execute and flags.WHICH in ('build', 'test') %}
    {% set query %}
        select snapshot, coalesce(path || ': ', '') || finding
        from {{ model }}
        order by kind, path, value
    {% endset %}
    {% set reasons = run_query(query).rows %}
    {% if reasons %}
        {{ exceptions.raise_compiler_error(
            'Snapshot ' ~ reasons[0][0] ~ ' is refused, and the marts stay as they are. '
            ~ reasons | map(attribute=1) | join('. ')
            ~ '. All findings are in marts.api_drift. To accept them, see docs/api-drift.md; to build another '
            ~ 'snapshot: `dbt build --vars \'{snapshot: NAME}\'`.'
        ) }}
    {% endif %}
    {% do record_passed_snapshot(model) %}
{% endif %}

select * from {{ model }}

{% endtest %}
