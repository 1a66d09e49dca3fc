{#
    Whether a history that grows by what is new has to be told anew: a snapshot in it was dropped or completed again, or
    one has been completed since that is older than the last it tells of.
#}
{% macro history_is_stale(history) -%}
    {% if not execute or not is_incremental() %}
        {{ return(false) }}
    {% endif %}
    {% set query %}
        with told as (
            select distinct snapshot, completed_at, taken_at from {{ history }}
        ),
        complete as (
            select snapshot, completed_at, taken_at from {{ ref('stg_hub__snapshots') }} where completed_at is not null
        )
        select
            exists (select * from (select * from told except select * from complete) as gone)
            or exists (
                select * from complete
                where
                    completed_at > (select max(told.completed_at) from told)
                    and taken_at <= (select max(told.taken_at) from told)
            ) as is_stale
    {% endset %}
    {{ return(run_query(query).columns[0].values()[0]) }}
{%- endmacro %}
