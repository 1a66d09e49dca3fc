"""Intervals of every ratio that is measured over edges, by a bootstrap over families."""

import numpy as np
import pyarrow as pa

from methods import bootstrap


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    ratios = dbt.ref("int_family_ratios").order("measure, relation, family_key").fetchnumpy()
    # One column for each measure and relation, so that all of them share the families drawn.
    pairs, columns = np.unique(
        np.array([ratios["measure"].astype(str), ratios["relation"].astype(str)]), axis=1, return_inverse=True
    )
    families, rows = np.unique(ratios["family_key"], return_inverse=True)
    sums = np.zeros((2, len(families), pairs.shape[1]))
    sums[0, rows, columns.ravel()] = ratios["numerator"]
    sums[1, rows, columns.ravel()] = ratios["denominator"]
    low, high = bootstrap.ratio_intervals(*sums, dbt.config.get("n_resamples"), dbt.config.get("seed"))
    return pa.table(
        {
            "measure": pa.array(pairs[0], pa.string()),
            "relation": pa.array(pairs[1], pa.string()),
            "value_low": pa.array(low, from_pandas=True),
            "value_high": pa.array(high, from_pandas=True),
        }
    )
