with names as (

    select * from {{ ref('int_parent_names') }}

),

models as (

    select * from {{ ref('int_models_current') }}

),

records as (

    select * from {{ ref('stg_hub__records') }}

),

exact as (

    select
        names.name_key,
        models.model_key
    from names
    inner join models on names.repository_name = models.model_id

),

others as (

    select names.*
    from names
    left join exact on names.name_key = exact.name_key
    where exact.name_key is null

),

other_case as (

    -- Ids differ in more than case on the Hub. If a snapshot has several that do not, none is taken.
    select
        others.name_key,
        min(models.model_key) as model_key,
        count(*) as n_models
    from others
    inner join models on lower(others.repository_name) = lower(models.model_id)
    group by others.name_key

),

former as (

    -- The name as an id of an earlier snapshot, with the database id that stays when a model is renamed.
    select distinct
        others.name_key,
        {{ record_object_id('records.record') }} as object_id
    from others
    inner join {{ ref('int_records_parsed') }} as parsed on others.repository_name = parsed.model_id
    inner join records on parsed.record_id = records.record_id

),

current_ids as (

    select
        models.model_key,
        {{ record_object_id('records.record') }} as object_id
    from models
    inner join records on models.record_id = records.record_id

),

renamed as (

    select
        former.name_key,
        min(current_ids.model_key) as model_key
    from former
    inner join current_ids on former.object_id = current_ids.object_id
    group by former.name_key
    having count(distinct current_ids.model_key) = 1

),

final as (

    select
        names.name_key,
        coalesce(
            exact.model_key, case when other_case.n_models = 1 then other_case.model_key end, renamed.model_key
        ) as parent_key,
        coalesce(other_case.n_models, 0) > 1 as is_ambiguous,
        names.name_key in (select former.name_key from former) as was_in_hub,
        case
            when exact.name_key is null and other_case.name_key is null and renamed.name_key is not null then 'renamed'
            when exact.name_key is null and coalesce(other_case.n_models, 2) > 1 then null
            when names.form <> 'plain' then names.form
            when exact.name_key is null then 'other case'
            else 'exact'
        end as resolution
    from names
    left join exact on names.name_key = exact.name_key
    left join other_case on names.name_key = other_case.name_key
    left join renamed on names.name_key = renamed.name_key

)

select * from final
