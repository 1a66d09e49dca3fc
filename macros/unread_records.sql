{#
    What a text says never changes, so an incremental model reads it once: a condition on the texts that have come since,
    by the largest key it holds (keys of texts only grow), or on none where the table is made anew. `key` is what the
    model calls the key of its last text, `text` what the texts themselves do.
#}
{% macro unread_records(key='record_id', text='record_id') -%}
    {%- if is_incremental() -%}
        where {{ text }} > (select coalesce(max(seen.{{ key }}), 0) from {{ this }} as seen)
    {%- endif -%}
{%- endmacro %}
