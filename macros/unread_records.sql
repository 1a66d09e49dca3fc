{#
    What a text says never changes, so an incremental model reads it once: a condition on the texts that have come since,
    by the largest key it holds (keys of texts only grow), or on none where the table is made anew.
#}
{% macro unread_records(key='record_id') -%}
    {%- if is_incremental() -%}
        where record_id > (select coalesce(max(seen.{{ key }}), 0) from {{ this }} as seen)
    {%- endif -%}
{%- endmacro %}
