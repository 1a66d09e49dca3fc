{#
    What the engine may use, from the environment: PHYLOHUB_MEMORY_LIMIT (by default half of the memory, so that a laptop
    stays usable; what does not fit goes to disk), PHYLOHUB_THREADS and PHYLOHUB_TEMP_DIRECTORY where they are given.
#}
{% macro limit_resources() -%}
    {{ return(adapter.dispatch('limit_resources', 'phylohub')()) }}
{%- endmacro %}

{% macro duckdb__limit_resources() -%}
    set global memory_limit = '{{ env_var('PHYLOHUB_MEMORY_LIMIT', '50%') | replace("'", "''") }}';
    {%- for setting in ['threads', 'temp_directory'] %}
        {%- set value = env_var('PHYLOHUB_' ~ setting | upper, '') %}
        {%- if value %}
    set global {{ setting }} = '{{ value | replace("'", "''") }}';
        {%- endif %}
    {%- endfor %}
{%- endmacro %}
