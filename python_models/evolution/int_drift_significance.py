"""Significance of each drift and the interval of its share, with families as the unit of variation."""

import numpy as np
import pyarrow as pa

from phylohub.methods import groups, inference, significance

KEYS = ("trait", "relation", "from_value", "to_value")


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    families = dbt.ref("int_drift_families").fetchnumpy()
    drifts, number = groups.numbered(*(families[key] for key in KEYS))
    forward, backward = families["n_forward"], families["n_backward"]
    p_values = significance.family_p_values(number, forward - backward, len(drifts))
    q_values = np.full(len(drifts), np.nan)
    pairs, pair = groups.numbered(*(np.array([drift[place] for drift in drifts], object) for place in range(2)))
    for k in range(len(pairs)):
        q_values[pair == k] = significance.q_values(p_values[pair == k])
    shares = inference.Ratios.of(number, families["family_key"], forward, forward + backward)
    found = inference.intervals(
        shares, np.ones(len(drifts), bool), dbt.config.get("n_resamples"), dbt.config.get("seed")
    )
    return pa.table(
        {
            **{name: pa.array([drift[i] for drift in drifts], pa.string()) for i, name in enumerate(KEYS)},
            "p_value": p_values,
            "q_value": q_values,
            "share_forward_low": pa.array(found.low, pa.float64(), from_pandas=True),
            "share_forward_high": pa.array(found.high, pa.float64(), from_pandas=True),
            "n_families_effective": pa.array(found.n_families_effective, pa.float64(), from_pandas=True),
            "share_of_largest_family": pa.array(found.share_of_largest_family, pa.float64(), from_pandas=True),
            "interval_method": pa.array(found.method, pa.string()),
        }
    )
