"""Intervals of every ratio that is measured over edges, by a bootstrap over families."""

import numpy as np
import pyarrow as pa

from methods import bootstrap, groups


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    ratios = dbt.ref("int_family_ratios").fetchnumpy()
    # One column for each measure and relation, so that all of them share the families drawn.
    pairs, columns = groups.numbered(ratios["measure"], ratios["relation"])
    families, rows = np.unique(ratios["family_key"], return_inverse=True)
    sums = np.zeros((2, len(families), len(pairs)))
    sums[0, rows, columns] = ratios["numerator"]
    sums[1, rows, columns] = ratios["denominator"]
    low, high = bootstrap.ratio_intervals(*sums, dbt.config.get("n_resamples"), dbt.config.get("seed"))
    return pa.table(
        {
            "measure": pa.array([measure for measure, _ in pairs], pa.string()),
            "relation": pa.array([relation for _, relation in pairs], pa.string()),
            "value_low": pa.array(low, from_pandas=True),
            "value_high": pa.array(high, from_pandas=True),
        }
    )
