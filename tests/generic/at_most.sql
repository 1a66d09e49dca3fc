{# Values above a bound. The reason for the bound, and its date, stand beside it in the yml. #}
{% test at_most(model, column_name, bound) %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} > {{ bound }}

{% endtest %}
