{#
    A query of the complete snapshots, in an incremental run only those that the model does not hold yet, since each
    is counted once. A snapshot that was completed again is counted again.
#}
{% macro new_snapshots() %}
    select snapshot, completed_at
    from {{ ref('stg_hub__snapshots') }}
    where completed_at is not null
    {%- if is_incremental() %}
        and (snapshot, completed_at) not in (
            select existing.snapshot, existing.completed_at from {{ this }} as existing
        )
    {%- endif %}
{% endmacro %}
