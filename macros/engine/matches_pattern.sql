{# Whether a text contains a match of a regular expression; false if the expression is null. The expressions of the
   seeds use only what RE2 and Java read alike: groups, classes, `|`, `?`, `+`, `^` and `$`. #}
{% macro matches_pattern(text, pattern) -%}
    {{ return(adapter.dispatch('matches_pattern', 'phylohub')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches_pattern(text, pattern) -%}
    coalesce(regexp_matches({{ text }}, {{ pattern }}), false)
{%- endmacro %}
