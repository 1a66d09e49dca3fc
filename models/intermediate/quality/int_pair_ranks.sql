{%- set metrics = ['downloads', 'likes'] -%}
with pairs as (

    select * from {{ ref('int_model_pairs') }}

),

records as {{ not_materialized() }} (

    select * from {{ ref('int_records_parsed') }}

),

compared as (

    select
        previous.downloads as previous_downloads,
        now.downloads,
        previous.likes as previous_likes,
        now.likes
    from pairs
    inner join records as previous on pairs.previous_record_id = previous.record_id
    inner join records as now on pairs.record_id = now.record_id

),

ranked as (

    -- Ties share their mean rank. Without a frame, the count includes all rows of equal value.
    {% for metric in metrics %}
        select
            '{{ metric }}' as metric,
            rank() over (order by previous_{{ metric }})
            + count(*) over (order by previous_{{ metric }}) as previous_rank,
            rank() over (order by {{ metric }}) + count(*) over (order by {{ metric }}) as now_rank
        from compared
        where previous_{{ metric }} is not null and {{ metric }} is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        metric,
        count(*) as n_pairs,
        {{ correlation('previous_rank', 'now_rank') }} as rank_correlation
    from ranked
    group by metric

)

select * from final
