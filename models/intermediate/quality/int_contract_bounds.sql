with contract as (

    select
        *,
        {{ bound_number('minimum') }} as minimum_number,
        {{ bound_number('maximum') }} as maximum_number
    from {{ ref('api_contract') }}
    where coalesce(minimum, maximum, vocabulary) is not null

),

contract_digest as (

    {{ digest_of_tables([ref('api_contract')]) }}

),

final as (

    select
        contract.path,
        contract.minimum,
        contract.minimum_number,
        contract.maximum,
        contract.maximum_number,
        contract.vocabulary,
        contract_digest.digest
    from contract
    cross join contract_digest

)

select * from final
