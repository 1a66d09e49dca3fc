{#
    What is checked for each model that two snapshots have, by measure: `condition` holds for a pair that is counted
    (`previous` and `now` are its parsed records), and `total` is the measure of the previous snapshot whose count the
    pairs are a share of. With `column`, the measure applies only if the column has values now: marts show a column
    without any as null, which is not a wrong number.
#}
{% macro pair_checks() %}
    {% set checks = {} %}
    {% set shown = {
        'task': "nullif(RECORD.task_value, '')",
        'library': "nullif(RECORD.library_value, '')",
        'created': 'RECORD.created_at',
        'card_languages': 'cast(RECORD.card_languages as string)',
        'author': "coalesce(RECORD.author, split_part(RECORD.model_id, '/', 1))",
    } %}
    {% set nullable = {'parameters': 'n_parameters', 'gated': 'gated', 'private': 'is_private'} %}
    {% for name, value in shown.items() %}
        {% do checks.update({name ~ '_lost': {
            'condition': differs(value), 'total': 'n_records' if name == 'author' else 'with_' ~ name
        }}) %}
    {% endfor %}
    {% for name in ['task', 'library', 'card_languages'] %}
        {% do checks.update({name ~ '_gained': {
            'condition': is_gained(shown[name]), 'total': 'with_' ~ name
        }}) %}
    {% endfor %}
    {% for name, column in nullable.items() %}
        {% do checks.update({name ~ '_lost': {
            'condition': differs('RECORD.' ~ column), 'total': 'with_' ~ name, 'column': 'with_' ~ name
        }}) %}
    {% endfor %}
    {% for name, column in {'downloads': 'downloads', 'likes': 'likes'}.items() %}
        {% do checks.update({name ~ '_lost': {
            'condition': 'previous.' ~ column ~ ' is not null and now.' ~ column ~ ' is null', 'total': 'with_' ~ name
        }}) %}
    {% endfor %}
    {% for name, column in {
        'all_time_downloads': 'downloads_all_time',
        'storage': 'used_storage_bytes',
        'sha': 'sha',
        'modified': 'last_modified_at',
    }.items() %}
        {% do checks.update({name ~ '_lost': {
            'condition': 'previous.' ~ column ~ ' is not null and now.' ~ column ~ ' is null',
            'total': 'with_' ~ name, 'column': 'with_' ~ name
        }}) %}
    {% endfor %}
    {% for name, column in {
        'downloads': 'downloads', 'likes': 'likes', 'all_time_downloads': 'downloads_all_time',
        'storage': 'used_storage_bytes'
    }.items() %}
        {% do checks.update({name ~ '_collapsed': {
            'condition': 'previous.' ~ column ~ ' >= 20 and previous.' ~ column ~ ' > 10 * now.' ~ column,
            'total': 'with_' ~ name
        }}) %}
    {% endfor %}
    {% do checks.update({
        'gated_opened': {
            'condition': "previous.gated <> 'false' and now.gated = 'false'", 'total': 'gated', 'column': 'with_gated'
        },
        'likes_fell': {'condition': 'now.likes < previous.likes', 'total': 'with_likes'},
        'all_time_downloads_fell': {
            'condition': 'now.downloads_all_time < previous.downloads_all_time', 'total': 'with_all_time_downloads'
        },
        'modified_earlier': {
            'condition': 'now.last_modified_at < previous.last_modified_at', 'total': 'with_modified'
        },
        'sha_without_change': {
            'condition': 'now.last_modified_at = previous.last_modified_at and now.sha <> previous.sha',
            'total': 'with_sha'
        },
    }) %}
    {{ return(checks) }}
{% endmacro %}


{# A condition: the pair had a value, and has another or none. #}
{% macro differs(value) -%}
    {{ value | replace('RECORD', 'previous') }} is not null
    and coalesce({{ value | replace('RECORD', 'previous') }} <> {{ value | replace('RECORD', 'now') }}, true)
{%- endmacro %}


{# A condition: the pair had no value, and has one. #}
{% macro is_gained(value) -%}
    {{ value | replace('RECORD', 'previous') }} is null and {{ value | replace('RECORD', 'now') }} is not null
{%- endmacro %}
