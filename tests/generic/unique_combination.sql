{# The grain: no two rows share these columns. Returns the combinations that stand more than once. Where all hashes
   differ all rows do, which takes half of the time that grouping texts does; only if some are equal are rows compared.

   A table that is only appended to, with ever larger values of the first column, is looked at as far as no build that
   passed has: rows up to there cannot equal later ones, and are those that passed if their number and the sum of their
   hashes are (made anew, or read anew, they differ, and all are looked at). #}
{% test unique_combination(model, columns, is_append_only=false) %}

{%- set untested = model ~ ' ' ~ ((tested_rows(model, columns) if is_append_only else '') or 'where true') %}

select
    {{ columns | join(', ') }},
    count(*) as n_rows
from {{ untested }}
    {#- Named twice, not a CTE: what two read is laid aside in between. #}
    and (select count(*) > count(distinct {{ row_hash(columns) }}) from {{ untested }})
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
