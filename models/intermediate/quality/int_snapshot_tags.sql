with snapshots as (

    {{ unseen_snapshots() }}

),

listings as (

    select * from {{ ref('int_records_listed') }}
    where snapshot in (select snapshots.snapshot from snapshots)

),

record_tags as (

    select * from {{ ref('int_record_tags') }}

),

tags as (

    select * from {{ ref('int_tag_vocabulary') }}

),

relations as (

    select * from {{ ref('relations') }}

),

base_models as (

    select
        tag_key,
        {{ base_model_relation('tag_value') }} as relation
    from tags
    where prefix_kind = 'base_model'

),

-- Known words are on every model and are never news: leaving them out is most of the work saved.
words as (

    select
        tag_key,
        'prefix' as kind,
        prefix as value
    from tags
    where prefix is not null and prefix_kind is null
    union all
    select
        base_models.tag_key,
        'relation' as kind,
        base_models.relation as value
    from base_models
    left join relations on base_models.relation = relations.relation
    where base_models.relation is not null and relations.relation is null
    union all
    select
        tag_key,
        'flag' as kind,
        tag as value
    from tags
    where is_flag

),

final as (

    select
        listings.snapshot,
        words.kind,
        words.value,
        case words.kind when 'flag' then count(*) else count(distinct listings.model_id) end as n_models,
        case words.kind
            when 'flag' then null
            else count(distinct split_part(listings.model_id, '/', 1))
        end as n_owners,
        min(snapshots.completed_at) as completed_at
    from words
    inner join record_tags on words.tag_key = record_tags.tag_key
    inner join listings on record_tags.record_id = listings.record_id
    inner join snapshots on listings.snapshot = snapshots.snapshot
    group by listings.snapshot, words.kind, words.value

)

select * from final
