{# Measures of a snapshot's records: the condition under which a record counts, on int_records_listed with the columns
   has_known_task and has_known_library. #}
{% macro record_conditions() %}
    {{ return({
        'with_task': "task <> ''",
        'with_library': "library <> ''",
        'with_card_languages': 'card_languages is not null',
        'with_parameters': 'n_parameters is not null',
        'with_downloads': 'downloads is not null',
        'with_likes': 'likes is not null',
        'with_all_time_downloads': 'downloads_all_time is not null',
        'with_storage': 'used_storage_bytes is not null',
        'with_sha': 'sha is not null',
        'with_gated': 'gated is not null',
        'with_private': 'is_private is not null',
        'with_modified': 'last_modified_at is not null',
        'with_created': 'created_at is not null',
        'gated': "gated <> 'false'",
        'records_without_tags': 'is_without_tags',
        'records_without_time': 'created_at is null',
        'without_task': "coalesce(task, '') = ''",
        'without_library': "coalesce(library, '') = ''",
        'without_downloads': 'downloads is null',
        'without_likes': 'likes is null',
        'ids_without_owner': "model_id not like '%/%'",
        'ids_malformed': 'not (' ~ is_model_id('model_id') ~ ')',
        'tasks_unknown': "task <> '' and not has_known_task",
        'libraries_unknown': "library <> '' and not has_known_library",
        'created_as_modified': 'created_at = last_modified_at',
        'zero_downloads': 'downloads = 0',
        'zero_likes': 'likes = 0',
        'all_time_below_downloads': 'downloads_all_time < downloads',
    }) }}
{% endmacro %}


{# Measures of a snapshot's records that are no shares: the aggregate of each. #}
{% macro record_aggregates() %}
    {% set aggregates = {
        'n_records': 'count(*)',
        'n_tasks': 'count(distinct task)',
        'largest_downloads': 'max(downloads)',
        'third_downloads': nth_largest('downloads', 3),
        'third_likes': nth_largest('likes', 3),
        'largest_likes': 'max(likes)',
    } %}
    {% for name in pair_totals() + ['n_parameters'] %}
        {% do aggregates.update({'total_' ~ name: 'sum(' ~ name ~ ')'}) %}
    {% endfor %}
    {% for name in ['downloads', 'likes'] %}
        {% for percent in [50, 90, 99] %}
            {% do aggregates.update({
                'p' ~ percent ~ '_' ~ name:
                'percentile_cont(' ~ percent / 100 ~ ') within group (order by ' ~ name ~ ')'
            }) %}
        {% endfor %}
    {% endfor %}
    {{ return(aggregates) }}
{% endmacro %}
