{# A select of one measure from the CTE `totals` (one row per snapshot): a count, and its quotient by another. #}
{% macro snapshot_measure(name, count, total) -%}
select
    snapshot,
    '{{ name }}' as measure,
    cast({{ count }} as bigint) as n,
    1e0 * {{ count }} / nullif({{ total }}, 0) as value
from totals
{%- endmacro %}
