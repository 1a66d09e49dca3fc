{#
    The grain: returns the combinations of values that occur more than once. Rows are compared by hash first, which
    is faster than grouping by text; they are grouped only if two hashes are equal.

    `is_append_only` limits the test to rows that no passing test has covered (untested_rows). The first column must
    grow from build to build.
#}
{% test unique_combination(model, columns, is_append_only=false) %}

{%- set untested = model ~ ' ' ~ ((untested_rows(model, columns) if is_append_only else '') or 'where true') %}

select
    {{ columns | join(', ') }},
    count(*) as n_rows
from {{ untested }}
    {#- Repeated instead of a CTE, which the engine would materialize. #}
    and (select count(*) > count(distinct {{ row_hash(columns) }}) from {{ untested }})
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
