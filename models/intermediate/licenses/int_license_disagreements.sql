with declared as (

    select * from {{ ref('int_declared_licenses') }}

),

only_in_card as (

    select distinct model_key from declared
    where declared_in = 'card'

),

candidates as (

    select
        declared.model_key,
        case when declared.declared_in <> 'tag' then declared.folded_license end as in_card,
        case when declared.declared_in <> 'card' then declared.folded_license end as in_tag
    from declared
    inner join only_in_card on declared.model_key = only_in_card.model_key

),

final as (

    select
        model_key,
        {{ sorted_concat('in_card', ' or ') }} as card_license,
        {{ sorted_concat('in_tag', ' or ') }} as tag_license
    from candidates
    group by model_key
    having count(in_tag) > 0

)

select * from final
