with pairs as (

    select * from {{ ref('int_model_pairs') }}
    where previous_record_id is not null and record_id is not null

),

tag_hashes as {{ not_materialized() }} (

    select * from {{ ref('int_record_tag_hashes') }}

),

tag_kinds as (

    select * from {{ ref('int_tag_kinds') }}

),

with_other_tags as (

    -- Few models have other tags than before, and only their tags are compared.
    select pairs.*
    from pairs
    left join tag_hashes as previous on pairs.previous_record_id = previous.record_id
    left join tag_hashes as now on pairs.record_id = now.record_id
    where coalesce(previous.tags_hash, 0) <> coalesce(now.tags_hash, 0)

),

sides as (

    select
        model_id,
        previous_record_id as record_id,
        true as is_previous
    from with_other_tags
    union all
    select
        model_id,
        record_id,
        false as is_previous
    from with_other_tags

),

tag_sides as (

    select
        sides.model_id,
        tag_kinds.kind,
        tag_kinds.tag_value,
        bool_or(sides.is_previous) as was_there,
        bool_or(not sides.is_previous) as is_there
    from sides
    inner join {{ ref('int_record_tags') }} as record_tags on sides.record_id = record_tags.record_id
    inner join tag_kinds on record_tags.tag_key = tag_kinds.tag_key
    group by sides.model_id, tag_kinds.kind, tag_kinds.tag_value

),

final as (

    select
        kind,
        count(*) filter (where not is_there) as n_lost,
        count(*) filter (where not was_there) as n_gained,
        count(distinct case when not is_there then model_id end) as n_models_lost,
        count(distinct case when not was_there then model_id end) as n_models_gained,
        {{ first_texts('case when not is_there then model_id end', 5) }} as examples_lost,
        {{ first_texts('case when not was_there then model_id end', 5) }} as examples_gained
    from tag_sides
    group by kind

)

select * from final
