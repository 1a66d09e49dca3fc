with models as (

    select * from {{ ref('int_models_current') }}

),

edges as {{ not_materialized() }} (

    select * from {{ ref('int_edge_set_edges') }}
    where edge_set = 'all'

),

cards as (

    select * from {{ ref('int_card_measures') }}

),

relatives as (

    select parent_key as model_key from edges
    union
    select child_key as model_key from edges

),

-- Listed explicitly, so that both rows exist.
ties (has_relatives) as (

    values
    (true),
    (false)

),

measured as (

    select
        relatives.model_key is not null as has_relatives,
        count(*) as n_models,
        count(cards.model_key) as n_looked_for,
        count(cards.has_card) as n_known,
        count(*) filter (where not cards.has_card) as n_without_card,
        count(*) filter (where not cards.has_card_paper) as n_without_card_paper
    from models
    left join relatives on models.model_key = relatives.model_key
    left join cards on models.model_key = cards.model_key
    group by relatives.model_key is not null

),

final as (

    select
        ties.has_relatives,
        coalesce(measured.n_models, 0) as n_models,
        coalesce(measured.n_looked_for, 0) as n_looked_for,
        coalesce(measured.n_known, 0) as n_known,
        coalesce(measured.n_without_card, 0) as n_without_card,
        measured.n_without_card / cast(nullif(measured.n_known, 0) as double) as share_without_card,
        measured.n_without_card_paper / cast(nullif(measured.n_looked_for, 0) as double) as share_without_card_paper
    from ties
    left join measured on ties.has_relatives = measured.has_relatives

)

select * from final
