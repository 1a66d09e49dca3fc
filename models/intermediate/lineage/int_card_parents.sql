with cards as (

    select * from {{ ref('int_model_card_fields') }}
    where not {{ list_is_empty('parents') }}

),

exploded as (

    select
        model_key as child_key,
        relation,
        {{ explode_distinct('parents') }} as declared_name
    from cards

),

final as (

    select
        child_key,
        declared_name,
        coalesce(nullif(trim(relation), ''), 'unspecified') as relation
    from exploded

)

select * from final
