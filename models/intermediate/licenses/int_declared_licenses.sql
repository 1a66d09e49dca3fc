with license_tags as (

    select
        tag_key,
        written_value as declared,
        lower(trim(written_value)) as folded
    from {{ ref('int_tag_prefixes') }}
    where prefix_kind = 'license' and has_exact_prefix and trim(written_value) <> ''

),

in_tags as (

    select
        models.model_key,
        license_tags.declared,
        license_tags.folded
    from {{ ref('int_record_tags') }} as record_tags
    inner join license_tags on record_tags.tag_key = license_tags.tag_key
    inner join {{ ref('int_models_current') }} as models on record_tags.record_id = models.record_id

),

exploded as (

    select
        model_key,
        {{ explode_distinct('licenses') }} as declared
    from {{ ref('int_model_card_fields') }}
    where not {{ list_is_empty('licenses') }}

),

in_cards as (

    select
        *,
        lower(trim(declared)) as folded
    from exploded

),

named as (

    select
        model_key,
        license_name,
        license_link
    from {{ ref('int_model_card_fields') }}
    where license_name is not null or license_link is not null

),

declared as (

    -- The same license in another case, or with blanks around it, is one license.
    select
        coalesce(in_tags.model_key, in_cards.model_key) as model_key,
        coalesce(in_tags.declared, in_cards.declared) as declared_license,
        coalesce(in_tags.folded, in_cards.folded) as folded_license,
        case when in_cards.model_key is null then 'tag' when in_tags.model_key is null then 'card' else 'both' end
            as declared_in
    from in_tags
    full outer join in_cards on in_tags.model_key = in_cards.model_key and in_tags.folded = in_cards.folded

),

final as (

    select
        declared.*,
        named.license_name,
        named.license_link
    from declared
    left join named on declared.model_key = named.model_key and declared.folded_license in ('other', 'unknown')

)

select * from final
