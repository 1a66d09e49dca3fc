{# One line about the findings for which a snapshot is refused, worst first: the three worst with their numbers, five
   examples, and the command that accepts all. #}
{% macro refusal(findings) %}
    {% set names, examples, worst = [], [], [] %}
    {% for finding in findings %}
        {% do names.append(shell_quoted(finding['name'])) if finding['name'] %}
        {% for example in (finding['examples'] or '').split(',') %}
            {% do examples.append(example) if example and example not in examples %}
        {% endfor %}
    {% endfor %}
    {% for finding in findings[:3] %}
        {% set numbers = [] %}
        {% for name in ('before', 'after', 'bound') %}
            {% do numbers.append(name ~ ' ' ~ short_number(finding[name])) if finding[name] is not none %}
        {% endfor %}
        {% do worst.append(
            finding['finding'] ~ (' (' ~ finding['measure'] ~ ': ' ~ numbers | join(', ') ~ ')' if numbers else '')
        ) %}
    {% endfor %}
    {% set accepted = ' ' ~ names | join(' ') if names | length <= 8 else '' %}
    {{ return(
        'Snapshot ' ~ findings[0]['snapshot'] ~ ' is refused, and the marts stay as they are. ' ~ worst | join('. ')
        ~ ('. And ' ~ (findings | length - 3) ~ ' more' if findings | length > 3 else '')
        ~ ('. Examples: ' ~ examples[:5] | join(', ') if examples else '')
        ~ '. If the Hub did change so: `phylohub accept ' ~ shell_quoted(findings[0]['snapshot']) ~ accepted
        ~ ' --reason "..."`, then `dbt build`. All findings are in marts.api_drift; see docs/api-drift.md. To build '
        ~ 'another snapshot: `dbt build --vars \'{snapshot: NAME}\'`.'
    ) }}
{% endmacro %}


{# A text as one word of a POSIX shell. #}
{% macro shell_quoted(text) %}
    {% set is_plain = modules.re.fullmatch('[A-Za-z0-9_@%+=:,./-]+', text) %}
    {{ return(text if is_plain else "'" ~ text | replace("'", "'\\''") ~ "'") }}
{% endmacro %}


{# A number of four digits, or in full if it is a whole one. #}
{% macro short_number(number) %}
    {% set number = number | float %}
    {{ return('{:,}'.format(number | int) if number == number | int else '%.4g' % number) }}
{% endmacro %}
