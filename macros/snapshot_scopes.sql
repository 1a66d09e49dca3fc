{# The number of models on the Hub when the snapshot was taken: as declared, else its own number if it is the whole Hub;
   otherwise null. `snapshots` has the columns of int_snapshots. #}
{% macro hub_size(snapshots, n_models) -%}
    coalesce({{ snapshots }}.hub_size, case when {{ snapshots }}.scope = 'hub' then nullif({{ n_models }}, 0) end)
{%- endmacro %}


{# Why the snapshot is compared with no earlier one, in words; null if it is. `is_of_series` is whether it belongs to the
   series and scope that are compared. #}
{% macro not_compared_because(snapshots, previous_snapshot, is_of_series) -%}
    case
        when {{ previous_snapshot }} is not null then null
        when {{ snapshots }}.scope = 'unknown'
            then 'What the snapshot covers is unknown. Declare it: phylohub ingest dump PATH --scope hub'
        when {{ snapshots }}.scope = 'sample' then 'The snapshot is a sample, which holds other models each time'
        when {{ is_of_series }}
            then 'No earlier snapshot of the series ' || {{ snapshots }}.series || ' has the scope '
                || {{ snapshots }}.scope
        else 'The snapshot is of another series or scope than the one that the marts show'
    end
{%- endmacro %}
