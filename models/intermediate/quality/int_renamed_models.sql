with pairs as (

    select * from {{ ref('int_model_pairs') }}
    where previous_record_id is null or record_id is null

),

keyed as (

    -- A renamed model keeps its internal id and time of creation. Only models without a counterpart are read.
    select
        pairs.model_id,
        pairs.record_id is null as is_gone,
        parsed.object_hash,
        cast(parsed.created_at as string) as created_at
    from pairs
    inner join {{ ref('int_records_parsed') }} as parsed
        on coalesce(pairs.record_id, pairs.previous_record_id) = parsed.record_id

),

keys as (

    select
        model_id,
        is_gone,
        'object id ' || cast(object_hash as string) as identity
    from keyed
    where object_hash is not null
    union all
    select
        model_id,
        is_gone,
        'created at ' || created_at as identity
    from keyed
    where created_at is not null
    union all
    select
        model_id,
        is_gone,
        'letters ' || lower(model_id) as identity
    from keyed

),

matches as (

    -- An identity that several models share identifies none.
    select
        identity,
        min(case when is_gone then model_id end) as previous_model_id,
        min(case when not is_gone then model_id end) as model_id
    from keys
    group by identity
    having count(*) = 2 and count(distinct is_gone) = 2

),

final as (

    select
        previous_model_id,
        min(model_id) as model_id
    from matches
    group by previous_model_id

)

select * from final
