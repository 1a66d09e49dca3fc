with declared as (

    select * from {{ ref('int_declared_licenses') }}

),

final as (

    select
        model_key,
        {{ sorted_concat("case when declared_in <> 'tag' then folded_license end", ' or ') }} as card_license,
        {{ sorted_concat("case when declared_in <> 'card' then folded_license end", ' or ') }} as tag_license
    from declared
    group by model_key
    having bool_or(declared_in = 'card') and bool_or(declared_in <> 'card')

)

select * from final
