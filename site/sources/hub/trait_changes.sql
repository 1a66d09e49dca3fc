-- Values that models changed between snapshots: the 50 most frequent pairs of values per trait.
with history as (
    from read_parquet('${parquet}/model_trait_history.parquet') where trait in ('license', 'task')
),

changes as (
    select before.trait, before.value as from_value, after.value as to_value, count(*) as n_changes
    from history as before
    inner join history as after
        on before.model_id = after.model_id and before.trait = after.trait and before.valid_to = after.valid_from
    group by all
)

from changes
qualify row_number() over (partition by trait order by n_changes desc, from_value, to_value) <= 50
order by trait, n_changes desc, from_value, to_value
