with edges as (

    select * from {{ ref('int_paper_edges_by_relation') }}

),

cards as (

    select * from {{ ref('int_card_measures') }}

),

edge_cards as (

    -- To the study a model without a text has no card and none that a program wrote.
    select
        edges.relation,
        cast(parents.has_card_paper as integer) as parent_has_card,
        cast(children.has_card_paper as integer) as child_has_card,
        cast(coalesce(parents.is_auto_generated, false) as integer) as parent_is_auto_generated,
        cast(coalesce(children.is_auto_generated, false) as integer) as child_is_auto_generated,
        case when parents.has_card_paper and children.has_card_paper then parents.n_characters end as parent_characters,
        case when parents.has_card_paper and children.has_card_paper then children.n_characters end as child_characters
    from edges
    inner join cards as parents on edges.parent_key = parents.model_key
    inner join cards as children on edges.child_key = children.model_key

),

final as (

    {% for measure, parent, child in [
        ('has_card', 'parent_has_card', 'child_has_card'),
        ('n_characters', 'parent_characters', 'child_characters'),
        ('is_auto_generated', 'parent_is_auto_generated', 'child_is_auto_generated'),
    ] %}
        select
            '{{ measure }}' as measure,
            relation,
            count({{ parent }}) as n_edges,
            sum({{ parent }}) / cast(count({{ parent }}) as double) as parent_mean,
            sum({{ child }}) / cast(count({{ parent }}) as double) as child_mean
        from edge_cards
        where {{ parent }} is not null
        group by relation
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from final
