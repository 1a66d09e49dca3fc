{#
    Loads a seed, instead of the adapter's macro of this name, which fails in a folder with a quote in its path.
#}
{% macro duckdb__load_csv_rows(model, agate_table) -%}
    {%- set path = dbt.escape_single_quotes(adapter.get_seed_file_path(model)) -%}
    {%- set sql -%}
        copy {{ this.render() }} from '{{ path }}' (format csv, header true, delimiter '{{ config.get('delimiter', ',') }}')
    {%- endset -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{- return(sql) -}}
{%- endmacro %}
