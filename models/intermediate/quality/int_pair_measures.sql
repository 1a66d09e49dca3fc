with compared as (

    select * from {{ ref('int_snapshots_compared') }}

),

previous_measures as (

    select measures.*
    from {{ ref('int_snapshot_measures') }} as measures
    inner join compared on measures.snapshot = compared.previous_snapshot

),

current_measures as (

    select measures.*
    from {{ ref('int_snapshot_measures') }} as measures
    inner join compared on measures.snapshot = compared.snapshot

),

totals as (

    select * from {{ ref('int_pair_totals') }}

),

ranks as (

    select * from {{ ref('int_pair_ranks') }}

),

fields as (

    select
        changes.measure,
        changes.n,
        1e0 * changes.n / previous_measures.n as value,
        changes.examples
    from {{ ref('int_pair_field_changes') }} as changes
    inner join previous_measures on changes.total_measure = previous_measures.measure
    left join current_measures on changes.column_measure = current_measures.measure
    where previous_measures.n > 0 and (changes.column_measure is null or current_measures.n > 0)

),

tag_changes as (

    select
        changes.*,
        previous_measures.n as n_tags
    from {{ ref('int_pair_tag_changes') }} as changes
    inner join previous_measures on 'tags_' || changes.kind = previous_measures.measure
    where previous_measures.n > 0

),

final as (

    select
        measure,
        n,
        value,
        cast(null as double) as before,
        value as after,
        examples
    from fields
    union all
    {% for change in ['lost', 'gained'] %}
        select
            'tags_' || kind || '_{{ change }}' as measure,
            n_models_{{ change }} as n,
            1e0 * n_{{ change }} / n_tags as value,
            cast(null as double) as before,
            1e0 * n_{{ change }} / n_tags as after,
            examples_{{ change }} as examples
        from tag_changes
        union all
    {% endfor %}
    select * from {{ ref('int_pair_total_measures') }}
    union all
    -- Among few models with other numbers, ranks say little.
    select
        ranks.metric || '_reordered' as measure,
        ranks.n_pairs as n,
        1 - ranks.rank_correlation as value,
        1e0 as before,
        ranks.rank_correlation as after,
        cast(null as string) as examples
    from ranks
    cross join totals
    where ranks.n_pairs >= 50 and 10 * ranks.n_pairs >= totals.n_models_previous

)

select * from final
