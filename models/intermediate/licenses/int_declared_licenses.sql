with license_tags as (

    select
        tags.tag_key,
        substr(tags.tag, length(prefixes.prefix) + 2) as declared
    from {{ ref('int_tags') }} as tags
    inner join {{ ref('tag_prefixes') }} as prefixes
        on {{ tag_prefix('tags.tag') }} = prefixes.prefix and prefixes.kind = 'license'

),

in_tags as (

    select
        models.model_key,
        license_tags.declared
    from {{ ref('int_record_tags') }} as record_tags
    inner join license_tags on record_tags.tag_key = license_tags.tag_key
    inner join {{ ref('int_models_current') }} as models on record_tags.record_id = models.record_id
    where trim(license_tags.declared) <> ''

),

cards as (

    select * from {{ ref('int_model_card_fields') }}

),

in_cards as (

    select
        model_key,
        {{ explode_distinct('licenses') }} as declared
    from cards

),

declared as (

    -- The same license in another case, or with blanks around it, is one license.
    select
        coalesce(in_tags.model_key, in_cards.model_key) as model_key,
        coalesce(in_tags.declared, in_cards.declared) as declared_license,
        lower(trim(coalesce(in_tags.declared, in_cards.declared))) as folded_license,
        case when in_cards.model_key is null then 'tag' when in_tags.model_key is null then 'card' else 'both' end
            as declared_in
    from in_tags
    full outer join in_cards
        on
            in_tags.model_key = in_cards.model_key
            and lower(trim(in_tags.declared)) = lower(trim(in_cards.declared))

),

final as (

    select
        declared.*,
        case when declared.folded_license in ('other', 'unknown') then cards.license_name end as license_name,
        case when declared.folded_license in ('other', 'unknown') then cards.license_link end as license_link
    from declared
    left join cards on declared.model_key = cards.model_key

)

select * from final
