"""Whether each drift could be chance: an exact test of all, and intervals of those between ordered values."""

import numpy as np
import pyarrow as pa

from methods import drift, significance


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    transitions = dbt.ref("int_ordered_transitions").fetchnumpy()
    ordered = dbt.ref("int_ordered_values").fetchnumpy()
    drifts = dbt.ref("int_trait_drift_counts").order("trait, relation, from_value, to_value").fetchnumpy()
    p_values = significance.binomial_p_values(drifts["n_forward"], drifts["n_backward"])
    q_values, low, high = np.empty((3, len(p_values)))
    low[:] = high[:] = np.nan
    for trait, relation in sorted({*zip(drifts["trait"], drifts["relation"], strict=True)}):
        rows = np.flatnonzero((drifts["trait"] == trait) & (drifts["relation"] == relation))
        q_values[rows] = significance.q_values(p_values[rows])
        here = (ordered["trait"] == trait) & (ordered["relation"] == relation)
        number = dict(zip(ordered["trait_value"][here], ordered["popularity"][here] - 1, strict=True))
        moved = (transitions["trait"] == trait) & (transitions["relation"] == relation)
        families = drift.FamilyTransitions.of(
            len(number),
            *(transitions[column][moved] for column in ("family_key", "from_number", "to_number", "n_transitions")),
        )
        lows, highs = families.forward_intervals(dbt.config.get("n_resamples"), dbt.config.get("seed"))
        for row in rows:
            pair = number.get(drifts["from_value"][row]), number.get(drifts["to_value"][row])
            if None not in pair:
                low[row], high[row] = lows[pair], highs[pair]
    return pa.table(
        {
            **{name: pa.array(drifts[name], pa.string()) for name in ("trait", "relation", "from_value", "to_value")},
            "p_value": p_values,
            "q_value": q_values,
            "share_forward_low": pa.array(low, from_pandas=True),
            "share_forward_high": pa.array(high, from_pandas=True),
        }
    )
