with edges as (

    select * from {{ ref('int_evolution_edges') }}

),

cards as (

    select * from {{ ref('int_card_measures') }}

),

edge_cards as (

    select
        edges.relation,
        edges.family_key,
        cast(parents.has_card as integer) as parent_has_card,
        cast(children.has_card as integer) as child_has_card,
        parents.n_characters as parent_characters,
        children.n_characters as child_characters,
        cast(parents.is_auto_generated as integer) as parent_is_auto_generated,
        cast(children.is_auto_generated as integer) as child_is_auto_generated
    from edges
    inner join cards as parents on edges.parent_key = parents.model_key
    inner join cards as children on edges.child_key = children.model_key

),

sums as (

    {% for measure, parent, child in [
        ('has_card', 'parent_has_card', 'child_has_card'),
        ('n_characters', 'parent_characters', 'child_characters'),
        ('is_auto_generated', 'parent_is_auto_generated', 'child_is_auto_generated'),
    ] %}
        select
            '{{ measure }}' as measure,
            relation,
            family_key,
            sum({{ parent }}) as parent_sum,
            sum({{ child }}) as child_sum,
            count(*) as n_edges
        from edge_cards
        -- has_card needs to know for both models whether they have a card; the other measures need both texts.
        where {{ parent }} is not null and {{ child }} is not null
        group by relation, family_key
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

final as (

    {% for side, total in [
        ('parent', 'parent_sum'), ('child', 'child_sum'), ('change', 'child_sum - parent_sum')
    ] %}
        select
            measure,
            'card' as trait,
            '{{ side }}' as side,
            relation,
            family_key,
            cast({{ total }} as double) as numerator,
            n_edges as denominator
        from sums
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
