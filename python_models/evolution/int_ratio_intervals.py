"""Intervals of every ratio measured over edges, by a bootstrap over families."""

import numpy as np
import pyarrow as pa

from phylohub.methods import bootstrap, groups

KEYS = ("measure", "trait", "side", "relation")


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    ratios = dbt.ref("int_family_ratios").fetchnumpy()
    # One column per ratio, so that all ratios share the drawn families.
    keys, columns = groups.numbered(*(ratios[key] for key in KEYS))
    families, rows = np.unique(ratios["family_key"], return_inverse=True)
    sums = np.zeros((2, len(families), len(keys)))
    sums[0, rows, columns] = ratios["numerator"]
    sums[1, rows, columns] = ratios["denominator"]
    low, high = bootstrap.ratio_intervals(*sums, dbt.config.get("n_resamples"), dbt.config.get("seed"))
    return pa.table(
        {
            **{name: pa.array([key[i] for key in keys], pa.string()) for i, name in enumerate(KEYS)},
            "value_low": pa.array(low, from_pandas=True),
            "value_high": pa.array(high, from_pandas=True),
        }
    )
