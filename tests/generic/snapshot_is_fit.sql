{# Fails in plain words on the findings for which the marts must not be built. #}
{% test snapshot_is_fit(model) %}

{% if execute and flags.WHICH in ('build', 'test') %}
    {% set query = "select snapshot, coalesce(path || ': ', '') || finding from " ~ model ~ " order by kind, path, value" %}
    {% set reasons = run_query(query).rows %}
    {% if reasons %}
        {{ exceptions.raise_compiler_error(
            'Snapshot ' ~ reasons[0][0] ~ ' is refused, and the marts stay as they are. ' ~ reasons | map(attribute=1) | join('. ')
            ~ '. marts.api_drift has the findings; docs/api-drift.md tells how to accept them, or go back to another '
            ~ 'snapshot with --vars \'{snapshot: NAME}\'.'
        ) }}
    {% endif %}
{% endif %}

select * from {{ model }}

{% endtest %}
