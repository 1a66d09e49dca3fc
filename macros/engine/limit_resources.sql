{#
    Sets the limits of the engine from the environment. PHYLOHUB_MEMORY_LIMIT defaults to half of the memory, so that
    a laptop stays usable; larger data spills to disk. PHYLOHUB_THREADS and PHYLOHUB_TEMP_DIRECTORY are optional.
#}
{% macro limit_resources() -%}
    {{ return(adapter.dispatch('limit_resources', 'phylohub')()) }}
{%- endmacro %}

{% macro duckdb__limit_resources() -%}
    set global memory_limit = '{{ dbt.escape_single_quotes(env_var('PHYLOHUB_MEMORY_LIMIT', '50%')) }}';
    {%- for setting in ['threads', 'temp_directory'] %}
        {%- set value = env_var('PHYLOHUB_' ~ setting | upper, '') %}
        {%- if value %}
    set global {{ setting }} = '{{ dbt.escape_single_quotes(value) }}';
        {%- endif %}
    {%- endfor %}
{%- endmacro %}
