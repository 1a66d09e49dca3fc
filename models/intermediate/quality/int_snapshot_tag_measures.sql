{%- set kinds = tag_kinds() -%}
{%- set distinct_kinds = ['license', 'dataset', 'arxiv'] -%}
with snapshots as (

    {{ new_snapshots() }}

),

listings as (

    select
        listings.snapshot,
        listings.record_id
    from {{ ref('stg_hub__listings') }} as listings
    where listings.snapshot in (select snapshots.snapshot from snapshots)

),

record_tags as {{ not_materialized() }} (

    select * from {{ ref('int_record_tags') }}

),

kinds as (

    select * from {{ ref('int_tag_kinds') }}

),

tag_counts as (

    -- Counted by tag key, without texts: a snapshot has few tags and many uses of them.
    select
        listings.snapshot,
        record_tags.tag_key,
        count(*) as n_uses
    from record_tags
    inner join listings on record_tags.record_id = listings.record_id
    group by listings.snapshot, record_tags.tag_key

),

model_ids as (

    select distinct
        snapshot,
        model_id
    from {{ ref('int_records_listed') }}
    where snapshot in (select snapshots.snapshot from snapshots)

),

lower_ids as (

    select distinct
        snapshot,
        lower(model_id) as lower_id
    from model_ids

),

uses as (

    select
        tag_counts.snapshot,
        tag_counts.n_uses,
        kinds.*,
        model_ids.model_id is not null as is_in_hub,
        model_ids.model_id is null and lower_ids.lower_id is not null as is_in_other_case
    from tag_counts
    inner join kinds on tag_counts.tag_key = kinds.tag_key
    left join model_ids on tag_counts.snapshot = model_ids.snapshot and kinds.parent_id = model_ids.model_id
    left join lower_ids on tag_counts.snapshot = lower_ids.snapshot and lower(kinds.parent_id) = lower_ids.lower_id

),

listed as (

    select
        snapshot,
        count(*) as n_listed
    from listings
    group by snapshot

),

totals as (

    select
        listed.snapshot,
        {% for kind in kinds %}
            coalesce(sum(n_uses) filter (where kind = '{{ kind }}'), 0) as n_{{ kind }},
        {% endfor %}
        {% for kind in distinct_kinds %}
            count(distinct case when kind = '{{ kind }}' then tag_value end) as n_distinct_{{ kind }},
        {% endfor %}
        coalesce(sum(n_uses) filter (where parent_id is not null), 0) as n_parents,
        coalesce(sum(n_uses) filter (where is_in_hub), 0) as n_parents_in_hub,
        coalesce(sum(n_uses) filter (where is_in_other_case), 0) as n_parents_in_other_case,
        coalesce(sum(n_uses) filter (where is_malformed and parent_id is not null), 0) as n_parents_malformed,
        coalesce(sum(n_uses) filter (where is_malformed and kind = 'license'), 0) as n_licenses_unknown,
        coalesce(sum(n_uses) filter (where is_malformed and kind = 'arxiv'), 0) as n_papers_malformed,
        coalesce(sum(n_uses) filter (where is_of_dataset), 0) as n_dataset_tags,
        coalesce(sum(n_uses), 0) as n_tags,
        max(listed.n_listed) as n_listed
    from listed
    left join uses on listed.snapshot = uses.snapshot
    group by listed.snapshot

),

measures as (

    {% for kind in kinds %}
        {{ snapshot_measure('tags_' ~ kind, 'n_' ~ kind, '1') }}
        union all
    {% endfor %}
    {% for kind in distinct_kinds %}
        {{ snapshot_measure('distinct_' ~ kind, 'n_distinct_' ~ kind, '1') }}
        union all
    {% endfor %}
    {{ snapshot_measure('parents_in_hub', 'n_parents_in_hub', 'n_parents') }}
    union all
    {{ snapshot_measure('parents_outside', '(n_parents - n_parents_in_hub)', 'n_parents') }}
    union all
    {{ snapshot_measure('without_license', 'greatest(n_listed - n_license, 0)', 'n_listed') }}
    union all
    {{ snapshot_measure('without_parents', 'greatest(n_listed - n_parents, 0)', 'n_listed') }}
    union all
    {{ snapshot_measure('parents_in_other_case', 'n_parents_in_other_case', 'n_parents') }}
    union all
    {{ snapshot_measure('parents_malformed', 'n_parents_malformed', 'n_parents') }}
    union all
    {{ snapshot_measure('relations_unknown', 'n_unknown', 'n_parents') }}
    union all
    {{ snapshot_measure('licenses_unknown', 'n_licenses_unknown', 'n_license') }}
    union all
    {{ snapshot_measure('papers_malformed', 'n_papers_malformed', 'n_arxiv') }}
    union all
    {{ snapshot_measure('prefixes_unknown', 'n_prefix', 'n_tags') }}
    union all
    {{ snapshot_measure('dataset_tags', 'n_dataset_tags', 'n_listed') }}

),

final as (

    select
        measures.*,
        snapshots.completed_at
    from measures
    inner join snapshots on measures.snapshot = snapshots.snapshot

)

select * from final
