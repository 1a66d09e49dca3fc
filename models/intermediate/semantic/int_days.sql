with models as (

    select * from {{ ref('int_models_current') }}

),

days as (

    {{ days_between(
        '(select min(cast(created_at as date)) from models)',
        '(select max(cast(created_at as date)) from models)'
    ) }}

),

final as (

    select day from days

)

select * from final
