with changes as (

    select * from {{ ref('int_field_changes') }}

),

judged as (

    -- November 2026: below one record in a hundred a field comes and goes by chance, and below one in a thousand a new
    -- one is somebody's own. A tenth more without a value, or half of those that had one, is more than two real
    -- samples of the Hub differ by. A needed field may be missing in a tenth: of that, marts stay readable.
    select
        *,
        case
            when presence = 'required' and not is_there then 'field_gone'
            when presence = 'required' and share_with_value < 0.9 then 'null_share_jumped'
            when presence = 'optional' then null
            when not is_there and share_with_value_before >= 0.01 then 'field_gone'
            when
                is_there and share_with_value_before >= 0.01
                and (
                    share_with_value < share_with_value_before - 0.1
                    or share_with_value < share_with_value_before / 2
                )
                then 'null_share_jumped'
            when previous_snapshot is not null and not was_there and not is_named and share_of_records >= 0.001
                then 'field_new'
        end as kind
    from changes

),

worded as (

    select
        *,
        'No record has it' as gone,
        {{ percent('share_of_records') }} || ' of the records have a field that none had before' as new,
        'Only ' || {{ percent('share_with_value') }} || ' of the records have a value' as fewer,
        case
            when was_there then '; before, ' || {{ percent('share_with_value_before') }} || ' had'
            else ''
        end as compared,
        '. Either the Hub no longer sends it, or this source was not asked for it' as reasons
    from judged
    where kind is not null

),

final as (

    -- What holds for a field holds for its members: one finding is enough, and so is one line that accepts it.
    select
        worded.snapshot,
        worded.previous_snapshot,
        worded.kind,
        worded.path,
        cast(null as string) as value,
        case when worded.presence = 'required' then 'error' else 'warn' end as severity,
        worded.n_records,
        case worded.kind
            when 'field_gone' then worded.gone || worded.compared || worded.reasons
            when 'field_new' then worded.new
            else worded.fewer || worded.compared
        end as finding
    from worded
    left join changes as parents on worded.parent_path = parents.path
    left join worded as told on worded.parent_path = told.path and worded.kind = told.kind
    where
        told.path is null
        and (
            parents.path is null
            or (
                parents.presence <> 'optional'
                and parents.is_there
                and (parents.was_there or parents.previous_snapshot is null)
            )
        )

)

select * from final
