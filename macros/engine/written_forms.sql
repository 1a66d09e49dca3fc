{#
    Values that are written in another form than the Hub's: with white space around, HTML escapes, percent-encoding, or
    as an address. They are read as what they mean. Nothing is guessed: a text that does not become a value of a
    vocabulary, or an id in the Hub's form, stays as it is.
#}

{# A text without white space at its ends, of whatever kind. #}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__trimmed(text) -%}
    regexp_replace({{ text }}, '^[\s\p{Z}\x{feff}]+|[\s\p{Z}\x{feff}]+$', '', 'g')
{%- endmacro %}


{#
    A text without white space around, HTML escapes and percent-encoding. Only the characters that ids and names hold are
    decoded: others could be damaged UTF-8.
#}
{% macro decoded(text) -%}
    {{ return(adapter.dispatch('decoded', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__decoded(text) -%}
    {%- set escapes = [
        ('#0*(?:9|10|13|32|160)|#x0*(?:9|a|d|20|a0)|nbsp|tab|newline', '(?:09|0a|0d|20|c2%a0)', ' '),
        ('#0*34|#x0*22|quot', '22', '"'),
        ('#0*35|#x0*23|num', '23', '#'), ('#0*39|#x0*27|apos', '27', "''"),
        ('#0*43|#x0*2b|plus', '2b', '+'), ('#0*45|#x0*2d', '2d', '-'),
        ('#0*46|#x0*2e|period', '2e', '.'), ('#0*47|#x0*2f|sol', '2f', '/'), ('#0*58|#x0*3a|colon', '3a', ':'),
        ('#0*60|#x0*3c|lt', '3c', '<'), ('#0*61|#x0*3d|equals', '3d', '='), ('#0*62|#x0*3e|gt', '3e', '>'),
        ('#0*63|#x0*3f|quest', '3f', '?'), ('#0*64|#x0*40|commat', '40', '@'), ('#0*95|#x0*5f|lowbar', '5f', '_'),
        ('#0*37|#x0*25|percnt', '25', '%'), ('#0*38|#x0*26|amp', '26', '&'),
    ] -%}
    {%- set plain = namespace(text=text) -%}
    {%- for names, code, character in escapes -%}
        {%- set plain.text
            = 'regexp_replace(' ~ plain.text ~ ", '(?i)&(?:" ~ names ~ ');|%' ~ code ~ "', '" ~ character ~ "', 'g')" -%}
    {%- endfor -%}
    {%- set has_escapes = 'contains(' ~ text ~ ", '&') or contains(" ~ text ~ ", '%')" -%}
    {{ trimmed('case when ' ~ has_escapes ~ ' then ' ~ plain.text ~ ' else ' ~ text ~ ' end') }}
{%- endmacro %}


{# A word in one spelling for all: lower case, with hyphens for underscores and blanks. #}
{% macro folded_word(text) -%}
    {{ return(adapter.dispatch('folded_word', 'phylohub')(text)) }}
{%- endmacro %}

{% macro duckdb__folded_word(text) -%}
    regexp_replace(lower({{ text }}), '[\s_-]+', '-', 'g')
{%- endmacro %}


{# In which form a value is written that is read as another: the first that applies. #}
{% macro written_form(written, value) -%}
    {{ return(adapter.dispatch('written_form', 'phylohub')(written, value)) }}
{%- endmacro %}

{% macro duckdb__written_form(written, value) -%}
    case
        when {{ written }} = {{ value }} then null
        when regexp_matches({{ written }}, '(?i)://|(?:^|:)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/[^/]') then 'address'
        when regexp_matches({{ written }}, '&#?[A-Za-z0-9]+;') then 'HTML escape'
        when regexp_matches({{ written }}, '%[0-9A-Fa-f]{2}') then 'percent-encoding'
        when contains({{ written }}, '@') then 'revision'
        when regexp_matches({{ written }}, '[\s\p{Z}]') then 'white space'
        when right(lower({{ written }}), length({{ value }})) = lower({{ value }}) then 'case'
        when regexp_matches({{ written }}, '[vV][0-9]+(?i:\.pdf)?$') then 'version'
        else 'spelling'
    end
{%- endmacro %}
