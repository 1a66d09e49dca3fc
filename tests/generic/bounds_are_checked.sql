{# Returns the paths of the contract that have bounds but are missing in checked_paths(), so that no value of theirs
   would be checked. #}
{% test bounds_are_checked(model) %}

select path
from {{ model }}
where
    coalesce(minimum, maximum, vocabulary) is not null
    and path not in ('{{ checked_paths() | join("', '") }}')
    and path not like 'RateLimit-Policy %'

{% endtest %}
