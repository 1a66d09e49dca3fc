{# Returns the values above a bound. The yml gives the reason and date of the bound. #}
{% test at_most(model, column_name, bound) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} > {{ bound }}

{% endtest %}
