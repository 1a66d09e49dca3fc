{#
    The languages that a card declares, as a list of lower-case strings; null if it declares none. YAML reads
    Norwegian's `language: no` as false, so false becomes `no`. true, numbers, nulls and objects are left out. Numbers
    are recognized by their first character: a cast would also take `nan` (Min Nan Chinese) and `inf` for numbers.
    A list inside a string (`"['en', 'fr']"`, `"en, fr"`) counts as a list.
#}
{% macro declared_languages(language_json) -%}
    {{ return(adapter.dispatch('declared_languages', 'phylohub')(language_json)) }}
{%- endmacro %}

{% macro duckdb__declared_languages(language_json) -%}
    nullif(
        list_filter(
            list_transform(
                flatten(list_transform(
                    case json_type({{ language_json }})
                        when 'ARRAY' then from_json({{ language_json }}, '["VARCHAR"]')
                        when 'VARCHAR' then [{{ language_json }} ->> '$']
                        when 'BOOLEAN' then [{{ language_json }} ->> '$']
                    end,
                    lambda declared: case
                        when regexp_matches(declared, '^\s*[\[(].*[\])]\s*$|,')
                            then string_split_regex(regexp_replace(declared, '[\[\]()"'']', '', 'g'), '[,\s]+')
                        else [declared]
                    end
                )),
                lambda declared: case lower(trim(declared)) when 'false' then 'no' else lower(trim(declared)) end
            ),
            lambda declared: declared not in ('true', '') and regexp_matches(declared, '^[^-+.0-9{[]')
        ),
        []
    )
{%- endmacro %}
