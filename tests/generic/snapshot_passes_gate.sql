{# Stops the build with the findings for which the gate refuses the snapshot, and with the command that accepts them. #}
{% test snapshot_passes_gate(model) %}

{% if execute and flags.WHICH in ('build', 'test') %}
    {% set query %}
        select
            snapshot,
            coalesce(path || ': ', '') || finding as finding,
            case when kind = measure then kind else kind || coalesce(':' || path, '') || coalesce(':' || value, '') end
                as name,
            measure,
            before,
            after,
            bound,
            examples
        from {{ model }}
        order by abs(after - coalesce(before, 0)) / nullif(abs(bound), 0) desc nulls first, kind, path, value
    {% endset %}
    {% set findings = run_query(query).rows %}
    {% if findings %}
        {{ exceptions.raise_compiler_error(refusal(findings)) }}
    {% endif %}
{% endif %}

select * from {{ model }}

{% endtest %}
