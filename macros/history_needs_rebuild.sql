{# Whether an incremental history has to be rebuilt from all snapshots. It can only be extended at its end, so it is
   rebuilt if one of its snapshots was dropped, completed again or belongs to another series now, or if a snapshot
   older than its last has been completed since. #}
{% macro history_needs_rebuild(history) -%}
    {% if not execute or not is_incremental() %}
        {{ return(false) }}
    {% endif %}
    {% set query %}
        with processed as (
            select distinct snapshot, completed_at, taken_at from {{ history }}
        ),
        complete as (
            select snapshot, completed_at, taken_at from {{ ref('int_history_snapshots') }}
        )
        select
            exists (select * from (select * from processed except select * from complete) as missing)
            or exists (
                select * from complete
                where
                    completed_at > (select max(processed.completed_at) from processed)
                    and taken_at <= (select max(processed.taken_at) from processed)
            ) as needs_rebuild
    {% endset %}
    {{ return(run_query(query).columns[0].values()[0]) }}
{%- endmacro %}
