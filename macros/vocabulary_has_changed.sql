{#
    Whether an incremental table was built with another vocabulary, or another contract, than the current one. Then
    its pre-hook empties it, so that all records are processed again. `digests` is the relation with the current
    digest.
#}
{% macro vocabulary_has_changed(table, digests=none) -%}
    {% if not execute or not is_incremental() %}
        {{ return(false) }}
    {% endif %}
    {% set query %}
        select coalesce(
            (select vocabulary_digest from {{ table }} limit 1)
            <> (select max(digest) from {{ digests or ref('int_vocabularies') }}),
            false
        )
    {% endset %}
    {{ return(run_query(query).columns[0].values()[0]) }}
{%- endmacro %}
