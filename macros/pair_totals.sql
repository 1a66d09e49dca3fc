{# The columns whose sums over the models of two snapshots are compared. #}
{% macro pair_totals() %}
    {{ return(['downloads', 'likes', 'downloads_all_time', 'used_storage_bytes']) }}
{% endmacro %}
