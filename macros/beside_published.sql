{# A select that puts the study's published values beside ours. `figures` is a CTE with the columns figure and ours. #}
{% macro beside_published(figures) -%}
select
    published.figure,
    figures.ours,
    published.published,
    published.unit,
    published.bound,
    published.source
from {{ ref('published_figures') }} as published
inner join {{ figures }} as figures on published.figure = figures.figure
order by published.figure, published.source
{%- endmacro %}
