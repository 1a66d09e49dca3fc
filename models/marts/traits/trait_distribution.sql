with counts as (

    select * from {{ ref('int_trait_counts') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

undecided_languages as (

    select
        record_languages.language,
        count(*) as n_models
    from {{ ref('int_record_languages') }} as record_languages
    inner join models on record_languages.record_id = models.record_id
    where record_languages.is_undecided
    group by record_languages.language

),

totals as (

    select count(*) as n_models from models

),

traits as (

    select
        trait,
        cast(power(2, row_number() over (order by trait) - 1) as bigint) as bit
    from {{ ref('traits') }}

),

record_bits as (

    -- The traits of a record as the bits of one integer, which is cheaper than counting distinct models per trait.
    select
        record_traits.record_id,
        bit_or(case when record_traits.is_counted then traits.bit else 0 end) as bits,
        bit_or(case when record_traits.is_paper then traits.bit else 0 end) as bits_paper
    from {{ ref('int_record_traits') }} as record_traits
    inner join traits on record_traits.trait = traits.trait
    group by record_traits.record_id

),

combinations as (

    select
        record_bits.bits,
        record_bits.bits_paper,
        count(*) as n_models
    from record_bits
    inner join models on record_bits.record_id = models.record_id
    group by record_bits.bits, record_bits.bits_paper

),

with_trait as (

    select
        traits.trait,
        sum(case when (combinations.bits & traits.bit) <> 0 then combinations.n_models end) as n_models,
        sum(case when (combinations.bits_paper & traits.bit) <> 0 then combinations.n_models end) as n_models_paper
    from traits
    cross join combinations
    group by traits.trait

),

final as (

    select
        counts.trait,
        counts.trait_value as value,
        counts.n_models,
        counts.n_models / cast(totals.n_models as double) as share_of_models,
        counts.n_models / cast(with_trait.n_models as double) as share_of_models_with_trait,
        counts.n_models_paper,
        counts.n_models_paper / cast(with_trait.n_models_paper as double) as share_of_models_with_trait_paper,
        coalesce(undecided_languages.n_models, 0) as n_models_undecided
    from counts
    cross join totals
    left join with_trait on counts.trait = with_trait.trait
    left join undecided_languages on counts.trait = 'language' and counts.trait_value = undecided_languages.language

)

select * from final
