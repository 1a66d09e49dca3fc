with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

tags as (

    select * from {{ ref('int_snapshot_tags') }}

),

vocabulary as (

    select
        'relation' as kind,
        relation as value
    from {{ ref('relations') }}
    union all
    select
        'prefix' as kind,
        prefix as value
    from {{ ref('tag_prefixes') }}

),

now_tags as (

    select tags.*
    from tags
    inner join compared on tags.snapshot = compared.snapshot

),

before_tags as (

    select tags.*
    from tags
    inner join compared on tags.snapshot = compared.previous_snapshot

),

new_tags as (

    -- November 2026: a prefix that fewer than five owners use is their own, as three in four were between two samples
    -- of June and August 2026. Of a relation every word counts: edges carry it.
    select
        now_tags.kind || '_new' as kind,
        now_tags.value,
        now_tags.n_models,
        cast(now_tags.n_models as string) || ' models of ' || cast(now_tags.n_owners as string)
        || ' owners use it; it is in no vocabulary' as finding
    from now_tags
    cross join compared
    left join before_tags on now_tags.kind = before_tags.kind and now_tags.value = before_tags.value
    left join vocabulary on now_tags.kind = vocabulary.kind and now_tags.value = vocabulary.value
    where
        vocabulary.value is null
        and before_tags.value is null
        and (
            now_tags.kind = 'relation'
            or (now_tags.kind = 'prefix' and now_tags.n_owners >= 5 and compared.previous_snapshot is not null)
        )

),

gone_flags as (

    -- A flag of one model in a hundred does not vanish by chance.
    select
        'flag_gone' as kind,
        before_tags.value,
        cast(0 as bigint) as n_models,
        'No model carries it; before, ' || cast(before_tags.n_models as string) || ' did' as finding
    from before_tags
    cross join compared
    left join now_tags on before_tags.kind = now_tags.kind and before_tags.value = now_tags.value
    where
        before_tags.kind = 'flag'
        and now_tags.value is null
        -- Without any tags that is the finding, not each of them.
        and exists (select other_tags.value from now_tags as other_tags)
        and before_tags.n_models >= 0.01 * compared.n_models_previous

),

seen as (

    select * from new_tags
    union all
    select * from gone_flags

),

final as (

    select
        compared.snapshot,
        compared.previous_snapshot,
        seen.kind,
        'tags' || {{ all_items() }} as path,
        seen.value,
        'warn' as severity,
        seen.n_models as n_records,
        seen.finding
    from seen
    cross join compared

)

select * from final
