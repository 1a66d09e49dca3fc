{#
    What is counted of a snapshot is counted once: in an incremental model, those complete snapshots that it does not
    hold yet. One that was completed again, with another file or under the name of one that was dropped, counts anew.
#}
{% macro unseen_snapshots() %}
    select snapshot, completed_at
    from {{ ref('stg_hub__snapshots') }}
    where completed_at is not null
    {%- if is_incremental() %}
        and (snapshot, completed_at) not in (select seen.snapshot, seen.completed_at from {{ this }} as seen)
    {%- endif %}
{% endmacro %}
