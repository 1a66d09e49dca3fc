with declared as (

    select * from {{ ref('int_declared_licenses') }}

),

final as (

    select
        model_key,
        {{ sorted_concat("case when declared_in <> 'tag' then folded_license end", ' or ') }} as card_license,
        {{ sorted_concat("case when declared_in <> 'card' then folded_license end", ' or ') }} as tag_license
    from declared
    where model_key in (select only_card.model_key from declared as only_card where only_card.declared_in = 'card')
    group by model_key
    having count(*) filter (where declared_in <> 'card') > 0

)

select * from final
