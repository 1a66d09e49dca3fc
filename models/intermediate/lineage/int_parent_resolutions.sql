with names as (

    select * from {{ ref('int_parent_names') }}

),

models as {{ not_materialized() }} (

    select * from {{ ref('int_models_current') }}

),

records as {{ not_materialized() }} (

    select * from {{ ref('int_records_parsed') }}

),

matches as (

    -- Records of this id: the current one, and those of earlier snapshots.
    select
        names.name_key,
        models.model_key,
        records.object_hash
    from names
    inner join records on names.repository_name = records.model_id
    left join models on records.record_id = models.record_id

),

by_name as (

    select
        name_key,
        max(model_key) as model_key
    from matches
    group by name_key

),

others as (

    select names.*
    from names
    left join by_name on names.name_key = by_name.name_key
    where by_name.model_key is null

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

renamed as (

    -- A model of the snapshot with the database id that an earlier snapshot has under the name.
    select
        matches.name_key,
        min(models.model_key) as model_key
    from others
    inner join matches on others.name_key = matches.name_key
    inner join records on matches.object_hash = records.object_hash
    inner join models on records.record_id = models.record_id
    group by matches.name_key
    having count(distinct models.model_key) = 1

),

final as (

    select
        names.name_key,
        coalesce(
            by_name.model_key, case when other_case.n_models = 1 then other_case.model_key end, renamed.model_key
        ) as parent_key,
        coalesce(other_case.n_models, 0) > 1 as is_ambiguous,
        by_name.name_key is not null and by_name.model_key is null as was_in_hub,
        case
            when by_name.model_key is null and coalesce(other_case.n_models, 0) <> 1
                then case when renamed.name_key is not null then 'renamed' end
            when names.form <> 'plain' then names.form
            when by_name.model_key is null then 'other case'
            else 'exact'
        end as resolution
    from names
    left join by_name on names.name_key = by_name.name_key
    left join other_case on names.name_key = other_case.name_key
    left join renamed on names.name_key = renamed.name_key

)

select * from final
