with tags as {{ not_materialized() }} (

    select
        *,
        -- A flag counts as one if it is also the task, library or language of the record.
        case when is_flag then 'flag' else kind end as tag_kind
    from {{ ref('int_record_tags_classified') }}

),

final as (

    -- A record has each tag once, but two tags can have one value (license:mit and license:MIT). Only those are
    -- deduplicated: there are few, and deduplicating every row would be the most expensive step.
    select
        record_id,
        tag_kind,
        tag_value,
        true as is_counted,
        not is_read as is_paper
    from tags
    where not has_shared_value
    union all
    select
        record_id,
        tag_kind,
        tag_value,
        true as is_counted,
        not min(is_read) as is_paper
    from tags
    where has_shared_value
    group by record_id, tag_kind, tag_value
    union all
    -- The study takes a value as it is written.
    select distinct
        record_id,
        tag_kind,
        written_value as tag_value,
        false as is_counted,
        true as is_paper
    from tags
    where written_value is not null

)

select * from final
