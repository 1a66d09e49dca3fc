{# The grain: no two rows share these columns. Returns the combinations that stand more than once. Where all hashes
   differ all rows do, which takes half of the time that grouping texts does; only if some are equal are rows compared. #}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as n_rows
from {{ model }}
where (select count(*) > count(distinct {{ row_hash(columns) }}) from {{ model }})
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
