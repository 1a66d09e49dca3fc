{#
    Whether a table that reads records once was read with other vocabularies (or another contract) than those of now: then
    all of it has to be read anew.
#}
{% macro vocabularies_changed(read_once, vocabularies=none) -%}
    {% if not execute or not is_incremental() %}
        {{ return(false) }}
    {% endif %}
    {% set query %}
        select coalesce(
            (select vocabularies from {{ read_once }} limit 1) <> (select max(version) from {{ vocabularies or ref('int_vocabularies') }}),
            false
        )
    {% endset %}
    {{ return(run_query(query).columns[0].values()[0]) }}
{%- endmacro %}
