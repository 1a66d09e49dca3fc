with changes as (

    select * from {{ ref('int_field_changes') }}

),

classified as (

    -- November 2026: a field of fewer than 1 in 100 records comes and goes by chance, and a new field of fewer than
    -- 1 in 1,000 is specific to one author. Losing values in 10 % of all records, or in half of those that had one, is
    -- more than the difference between two real samples of the Hub. A required field may lack a value in 10 % of the
    -- records: the marts stay readable.
    select
        *,
        case
            when presence = 'required' and not is_present then 'field_gone'
            when presence = 'required' and share_with_value < 0.9 then 'null_share_jumped'
            when presence = 'optional' then null
            when not is_present and share_with_value_previous >= 0.01 then 'field_gone'
            when
                is_present and share_with_value_previous >= 0.01
                and (
                    share_with_value < share_with_value_previous - 1e-1
                    or share_with_value < share_with_value_previous / 2
                )
                then 'null_share_jumped'
            when previous_snapshot is not null and not was_present and not is_in_contract and share_of_records >= 0.001
                then 'field_new'
        end as kind
    from changes

),

phrased as (

    select
        *,
        'No record has it' as gone,
        {{ percent('share_of_records') }} || ' of the records have a field that none had before' as new,
        'Only ' || {{ percent('share_with_value') }} || ' of the records have a value' as fewer,
        case
            when was_present then '; before, ' || {{ percent('share_with_value_previous') }} || ' had'
            else ''
        end as compared,
        '. Either the Hub no longer sends it, or this source was not asked for it' as reasons
    from classified
    where kind is not null

),

final as (

    -- A finding about a field covers its members, and so does the line of the contract that accepts it.
    select
        phrased.snapshot,
        phrased.previous_snapshot,
        phrased.kind,
        phrased.path,
        cast(null as string) as value,
        case when phrased.presence = 'required' then 'error' else 'warn' end as severity,
        phrased.n_records,
        case phrased.kind
            when 'field_gone' then phrased.gone || phrased.compared || phrased.reasons
            when 'field_new' then phrased.new
            else phrased.fewer || phrased.compared
        end as finding,
        case when phrased.kind = 'field_new' then 'share_of_records' else 'share_with_value' end as measure,
        case when phrased.previous_snapshot is not null then phrased.share_with_value_previous end as before,
        case when phrased.kind = 'field_new' then phrased.share_of_records else phrased.share_with_value end as after,
        case
            when phrased.kind = 'field_new' then 0.001
            when phrased.presence = 'required' then 0.9
            else greatest(phrased.share_with_value_previous - 1e-1, phrased.share_with_value_previous / 2)
        end as bound,
        cast(null as string) as examples
    from phrased
    left join changes as parents on phrased.parent_path = parents.path
    left join phrased as parent_findings
        on phrased.parent_path = parent_findings.path and phrased.kind = parent_findings.kind
    where
        parent_findings.path is null
        and (
            parents.path is null
            or (
                parents.presence <> 'optional'
                and parents.is_present
                and (parents.was_present or parents.previous_snapshot is null)
            )
        )

)

select * from final
