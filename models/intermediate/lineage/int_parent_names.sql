with names as (

    select declared_name from {{ ref('int_parent_tags') }}
    union
    select declared_name from {{ ref('int_card_parents') }}

),

forms as (

    select
        declared_name,
        {{ parent_name_form('declared_name') }} as form
    from names

),

final as (

    select
        cast(row_number() over (order by declared_name) as integer) as name_key,
        declared_name,
        form,
        {{ repository_of_name('declared_name', 'form') }} as repository_name
    from forms

)

select * from final
