with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

pairs as (

    select * from {{ ref('int_model_pairs') }}

),

renamed as (

    select * from {{ ref('int_renamed_models') }}

),

records as (

    select
        pairs.model_id,
        pairs.previous_record_id,
        pairs.record_id,
        renamed.model_id is not null as is_renamed,
        {% for metric in pair_totals() %}
            previous.{{ metric }} as previous_{{ metric }},
            now.{{ metric }},
        {% endfor %}
        now.created_at,
        coalesce(now.author, split_part(now.model_id, '/', 1)) as owner
    from pairs
    left join {{ ref('int_records_parsed') }} as previous on pairs.previous_record_id = previous.record_id
    left join {{ ref('int_records_parsed') }} as now on pairs.record_id = now.record_id
    left join renamed on pairs.model_id = renamed.previous_model_id

),

new_by_owner as (

    select
        owner,
        count(*) as n_models
    from records
    where previous_record_id is null
    group by owner

),

previous_limits as (

    -- The newest and the 19 in 20 below which downloads are, in the previous snapshot.
    select
        max(previous.created_at) as newest_created_at,
        percentile_cont(0.95) within group (order by previous.downloads) as many_downloads,
        min(totals.n_models) as n_models
    from {{ ref('int_records_listed') }} as previous
    inner join compared on previous.snapshot = compared.previous_snapshot
    inner join {{ ref('int_snapshot_totals') }} as totals on previous.snapshot = totals.snapshot

),

marked as (

    select
        records.*,
        limits.n_models as n_models_previous,
        records.previous_record_id is not null and records.record_id is not null as is_pair,
        records.record_id is null and not records.is_renamed as is_gone,
        records.record_id is null and records.is_renamed as is_under_another_id,
        records.previous_record_id is null as is_new,
        records.previous_record_id is null and records.created_at < limits.newest_created_at as is_late,
        records.record_id is null and records.previous_downloads > limits.many_downloads as is_popular_gone
    from records
    cross join previous_limits as limits

),

final as (

    select
        any_value(n_models_previous) as n_models_previous,
        count(*) filter (where is_gone) as n_gone,
        count(*) filter (where is_under_another_id) as n_renamed,
        count(*) filter (where is_new) as n_new,
        count(*) filter (where is_late) as n_late,
        count(*) filter (where is_popular_gone) as n_popular_gone,
        count(*) filter (where is_pair) as n_pairs,
        {% for metric in pair_totals() %}
            cast(sum({{ metric }}) filter (where not is_new) as double)
            - cast(sum(previous_{{ metric }}) filter (where record_id is not null) as double) as {{ metric }}_change,
            cast(sum(previous_{{ metric }}) filter (where record_id is null) as double) as {{ metric }}_gone,
        {% endfor %}
        (select max(by_owner.n_models) from new_by_owner as by_owner) as n_new_of_one_owner,
        {{ first_texts('case when is_gone then model_id end', 5) }} as examples_gone,
        {{ first_texts('case when is_under_another_id then model_id end', 5) }} as examples_renamed,
        {{ first_texts('case when is_new then model_id end', 5) }} as examples_new,
        {{ first_texts('case when is_late then model_id end', 5) }} as examples_late,
        {{ first_texts('case when is_popular_gone then model_id end', 5) }} as examples_popular_gone
    from marked

)

select * from final
