"""Significance of each drift: an exact test for all drifts, and an interval for those between ordered values."""

import numpy as np
import pyarrow as pa

from phylohub.methods import drift, groups, significance

OURS = "counting = 'ours'"


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    transitions = dbt.ref("int_ordered_transitions").filter(OURS).fetchnumpy()
    transitions = groups.split(transitions, "trait", "relation")
    ordered = groups.split(dbt.ref("int_ordered_values").filter(OURS).fetchnumpy(), "trait", "relation")
    drifts = dbt.ref("int_trait_drift_counts").filter(OURS)
    drifts = drifts.order("trait, relation, from_value, to_value").fetchnumpy()
    p_values = significance.binomial_p_values(drifts["n_forward"], drifts["n_backward"])
    q_values, low, high = np.full((3, len(p_values)), np.nan)
    pairs, number_of_pair = groups.numbered(drifts["trait"], drifts["relation"])
    for number, pair in enumerate(pairs):
        rows = np.flatnonzero(number_of_pair == number)
        q_values[rows] = significance.q_values(p_values[rows])
        if pair not in transitions:
            continue
        values = dict(zip(ordered[pair]["trait_value"], ordered[pair]["popularity"] - 1, strict=True))
        rows = np.array([row for row in rows if {drifts["from_value"][row], drifts["to_value"][row]} <= values.keys()])
        families = drift.FamilyTransitions.of(
            len(values),
            *(transitions[pair][column] for column in ("family_key", "from_number", "to_number", "n_transitions")),
        )
        ends = ([values[value] for value in drifts[side][rows]] for side in ("from_value", "to_value"))
        low[rows], high[rows] = families.forward_intervals(*ends, dbt.config.get("n_resamples"), dbt.config.get("seed"))
    return pa.table(
        {
            **{name: pa.array(drifts[name], pa.string()) for name in ("trait", "relation", "from_value", "to_value")},
            "p_value": p_values,
            "q_value": q_values,
            "share_forward_low": pa.array(low, from_pandas=True),
            "share_forward_high": pa.array(high, from_pandas=True),
        }
    )
