{# Whether a `base_model:` tag names no parent that the Hub could have: its value is empty, a relation alone (`finetune`,
   `finetune:`), or a name with a colon (`llama3:8b`). `known` is the relation of known relations. #}
{% macro has_unclear_parent(tag_value, relation, known) -%}
    {% set parent = 'substr(' ~ tag_value ~ ', length(' ~ relation ~ ') + 2)' -%}
    (
        trim({{ tag_value }}) = ''
        or trim({{ tag_value }}) in (select {{ known }}.relation from {{ known }})
        or trim({{ parent }}) = ''
        or (
            {{ relation }} not in (select {{ known }}.relation from {{ known }})
            and not {{ is_repository_id(parent) }}
        )
    )
{%- endmacro %}
