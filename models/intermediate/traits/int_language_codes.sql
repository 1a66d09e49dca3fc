with languages as (

    select * from {{ ref('languages') }}

),

codes as (

    select
        language as code,
        language,
        1 as preference
    from languages
    union all
    select
        alpha_3 as code,
        language,
        2 as preference
    from languages
    where alpha_3 is not null
    union all
    select
        bibliographic as code,
        language,
        3 as preference
    from languages
    where bibliographic is not null
    union all
    select
        former as code,
        language,
        4 as preference
    from languages
    where former is not null
    union all
    -- Cards also spell out language names. Names of three letters or fewer are left out: they look like codes.
    select
        lower(name) as code,
        language,
        5 as preference
    from languages
    where length(name) > 3

),

ranked as (

    select
        code,
        language,
        row_number() over (partition by code order by preference, language) as code_rank
    from codes

),

final as (

    select
        code,
        language
    from ranked
    where code_rank = 1

)

select * from final
