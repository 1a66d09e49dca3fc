{# Lines of the contract with a range or words that nothing would look at: their paths are not read for that. #}
{% test bounds_are_checked(model) %}

select path
from {{ model }}
where
    coalesce(minimum, maximum, vocabulary) is not null
    and path not in ('{{ checked_paths() | join("', '") }}')
    and path not like 'RateLimit-Policy %'

{% endtest %}
