with upstream as (

    select * from {{ ref('int_upstream_licenses') }}
    where license <> ''

),

licenses as (

    select * from {{ ref('int_model_licenses') }}

),

edges as (

    select * from {{ ref('int_resolved_edges') }}

),

pairs as (

    select * from {{ ref('int_license_pair_findings') }}

),

own_terms as (

    select
        upstream.model_key,
        pairs.finding,
        upstream.license as upstream_license,
        '' as other_license,
        upstream.ancestor_key,
        cast(null as integer) as other_ancestor_key,
        upstream.distance,
        pairs.relations,
        edges.relation
    from upstream
    left join licenses on upstream.model_key = licenses.model_key
    inner join pairs
        on
            upstream.license = pairs.upstream_license
            and coalesce(licenses.license, '') = pairs.other_license
            and pairs.compared_with = 'own terms'
    left join edges on upstream.model_key = edges.child_key and upstream.ancestor_key = edges.parent_key

),

two_ancestors as (

    select
        one.model_key,
        pairs.finding,
        one.license as upstream_license,
        two.license as other_license,
        one.ancestor_key,
        two.ancestor_key as other_ancestor_key,
        one.distance
    from pairs
    inner join upstream as one on pairs.upstream_license = one.license
    inner join upstream as two on pairs.other_license = two.license and one.model_key = two.model_key
    where pairs.compared_with = 'two ancestors'

),

final as (

    -- A rule for some relations applies to the relation of the model's own edge to the ancestor; over several edges the
    -- first rule applies, since one of them may be any relation.
    select
        model_key,
        finding,
        upstream_license,
        other_license,
        ancestor_key,
        other_ancestor_key,
        distance
    from own_terms
    where
        relations is null
        or (relation = 'quantized') = (relations = 'quantized')
        or (relation is null and relations <> 'quantized')
    union all
    select * from two_ancestors
    union all
    select
        model_key,
        'card_and_tag_disagree' as finding,
        card_license as upstream_license,
        tag_license as other_license,
        cast(null as integer) as ancestor_key,
        cast(null as integer) as other_ancestor_key,
        0 as distance
    from {{ ref('int_license_disagreements') }}

)

select * from final
