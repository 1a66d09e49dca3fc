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

current_tags as (

    select tags.*
    from tags
    inner join compared on tags.snapshot = compared.snapshot

),

previous_tags as (

    select tags.*
    from tags
    inner join compared on tags.snapshot = compared.previous_snapshot

),

new_tags as (

    -- November 2026: a prefix used by fewer than five owners is specific to them; so were three in four new prefixes
    -- between two samples of June and August 2026. Every new relation is reported, since edges depend on it.
    select
        current_tags.kind || '_new' as kind,
        current_tags.value,
        current_tags.n_models,
        cast(0 as bigint) as n_models_previous,
        cast(current_tags.n_models as string) || ' models of ' || cast(current_tags.n_owners as string)
        || ' owners use it; '
        || case current_tags.kind when 'parent_unclear' then 'it names no parent' else 'it is in no vocabulary' end
            as finding
    from current_tags
    cross join compared
    left join previous_tags on current_tags.kind = previous_tags.kind and current_tags.value = previous_tags.value
    left join vocabulary on current_tags.kind = vocabulary.kind and current_tags.value = vocabulary.value
    where
        vocabulary.value is null
        and previous_tags.value is null
        and (
            current_tags.kind in ('relation', 'parent_unclear')
            or (current_tags.kind = 'prefix' and current_tags.n_owners >= 5 and compared.previous_snapshot is not null)
        )

),

gone_flags as (

    -- A flag on 1 in 100 models does not disappear by chance.
    select
        'flag_gone' as kind,
        previous_tags.value,
        cast(0 as bigint) as n_models,
        previous_tags.n_models as n_models_previous,
        'No model carries it; before, ' || cast(previous_tags.n_models as string) || ' did' as finding
    from previous_tags
    cross join compared
    left join current_tags on previous_tags.kind = current_tags.kind and previous_tags.value = current_tags.value
    where
        previous_tags.kind = 'flag'
        and current_tags.value is null
        -- If no record has tags, another finding reports it, and not one per flag.
        and exists (select other_tags.value from current_tags as other_tags)
        and 100 * previous_tags.n_models >= compared.n_models_previous

),

findings as (

    select * from new_tags
    union all
    select * from gone_flags

),

final as (

    select
        compared.snapshot,
        compared.previous_snapshot,
        findings.kind,
        'tags' || {{ all_items() }} as path,
        findings.value,
        'warn' as severity,
        findings.n_models as n_records,
        findings.finding,
        'n_models' as measure,
        cast(findings.n_models_previous as double) as before,
        cast(findings.n_models as double) as after,
        cast(null as double) as bound,
        cast(null as string) as examples
    from findings
    cross join compared

)

select * from final
