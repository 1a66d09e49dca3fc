{#
    In an incremental run, a `where` clause that keeps the records added since the last one; in a full refresh,
    nothing. Records never change and their keys only grow, so each is processed once. `key` is the key's column in
    the input, `last_key` the column of the model that holds the largest key processed.
#}
{% macro new_records_only(last_key='record_id', key='record_id') -%}
    {%- if is_incremental() -%}
        where {{ key }} > (select coalesce(max(existing.{{ last_key }}), 0) from {{ this }} as existing)
    {%- endif -%}
{%- endmacro %}
