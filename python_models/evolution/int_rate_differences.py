"""Differences between the mutation rates of two relations, with intervals."""

import itertools

import pyarrow as pa

from phylohub.methods import family_means, groups

RELATIONS = ("finetune", "quantized", "adapter", "merge")


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    names = ", ".join(f"'{relation}'" for relation in RELATIONS)
    ratios = dbt.ref("int_family_ratios").filter(f"measure = 'mutation' and relation in ({names})")
    ratios = ratios.order("trait, relation, family_key").fetchnumpy()
    none = family_means.Sums.of([], [], [])
    rows = []
    for (trait,), found in groups.split(ratios, "trait").items():
        of = {
            relation: family_means.Sums.of(part["family_key"], part["numerator"], part["denominator"])
            for (relation,), part in groups.split(found, "relation").items()
        }
        for relation, compared in itertools.combinations(RELATIONS, 2):
            key = {"trait": trait, "relation": relation, "relation_compared": compared}
            rows.append(key | family_means.ratio_difference(of.get(relation, none), of.get(compared, none)))
    return pa.Table.from_pylist(rows, schema=SCHEMA)


SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("trait", "relation", "relation_compared")]
    + [("n_edges", pa.int64()), ("n_edges_compared", pa.int64())]
    + [(name, pa.float64()) for name in ("value", "value_compared", "difference", "low", "high")]
    + [(name, pa.float64()) for name in ("n_families_effective", "share_of_largest_family")]
    + [("interval_method", pa.string())]
)
