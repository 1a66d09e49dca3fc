with edges as (

    select * from {{ ref('int_paper_edges') }}

),

cards as (

    select * from {{ ref('int_card_measures') }}

),

by_relation as (

    select * from edges
    union all
    select
        parent_key,
        child_key,
        'all' as relation
    from edges

),

edge_cards as (

    -- To the study a model without a text has no card and none that a program wrote.
    select
        by_relation.relation,
        cast(parents.has_card_paper as integer) as parent_has_card,
        cast(children.has_card_paper as integer) as child_has_card,
        cast(coalesce(parents.is_auto_generated, false) as integer) as parent_is_auto_generated,
        cast(coalesce(children.is_auto_generated, false) as integer) as child_is_auto_generated,
        case when parents.has_card_paper and children.has_card_paper then parents.n_characters end as parent_characters,
        case when parents.has_card_paper and children.has_card_paper then children.n_characters end as child_characters
    from by_relation
    inner join cards as parents on by_relation.parent_key = parents.model_key
    inner join cards as children on by_relation.child_key = children.model_key

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
