"""Changes of rates from the previous snapshot to the current one, with intervals."""

import pyarrow as pa

from phylohub.methods import family_means, groups

KEYS = ("measure", "trait", "relation")


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    ratios = dbt.ref("int_compared_ratios").order("measure, trait, relation, is_current, family_key").fetchnumpy()
    none = family_means.Sums.of([], [], [])
    rows = []
    for key, found in groups.split(ratios, *KEYS).items():
        of = {
            name: family_means.Sums.of(part["family_key"], part["numerator"], part["denominator"])
            for (name,), part in groups.split(found, "is_current").items()
        }
        difference = family_means.ratio_difference(of.get(True, none), of.get(False, none))
        rows.append(dict(zip(KEYS, key, strict=True)) | difference)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


SCHEMA = pa.schema(
    [(name, pa.string()) for name in KEYS]
    + [("n_edges", pa.int64()), ("n_edges_compared", pa.int64())]
    + [(name, pa.float64()) for name in ("value", "value_compared", "difference", "low", "high")]
    + [(name, pa.float64()) for name in ("n_families_effective", "share_of_largest_family")]
    + [("interval_method", pa.string())]
)
