"""Intervals of every ratio measured over edges, and the number of families that they rest on."""

import pyarrow as pa

from phylohub.methods import groups, inference

KEYS = ("measure", "trait", "side", "relation")
RATES = ("mutation",)  # the share of an edge lies between 0 and 1; a change can have any sign and size


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    # Marts show intervals of rates and changes, not of the means on either side of a change.
    families = dbt.ref("int_family_ratios").filter("side in ('edge', 'change')").fetchnumpy()
    keys, number = groups.numbered(*(families[key] for key in KEYS))
    ratios = inference.Ratios.of(number, families["family_key"], families["numerator"], families["denominator"])
    is_rate = [measure in RATES for measure, *_ in keys]
    found = inference.intervals(ratios, is_rate, dbt.config.get("n_resamples"), dbt.config.get("seed"))
    return pa.table(
        {
            **{name: pa.array([key[i] for key in keys], pa.string()) for i, name in enumerate(KEYS)},
            "value_low": pa.array(found.low, pa.float64(), from_pandas=True),
            "value_high": pa.array(found.high, pa.float64(), from_pandas=True),
            "n_families_effective": pa.array(found.n_families_effective, pa.float64(), from_pandas=True),
            "share_of_largest_family": pa.array(found.share_of_largest_family, pa.float64(), from_pandas=True),
            "interval_method": pa.array(found.method, pa.string()),
        }
    )
