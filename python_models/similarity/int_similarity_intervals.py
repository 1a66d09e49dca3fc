"""Means of the sampled similarities, with intervals."""

import pyarrow as pa

from phylohub.methods import family_means, groups, sampling, similarity


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    sampled = dbt.ref("int_similarity_draws").order("shape, pair, draw").fetchnumpy()
    no_draws = {name: column[:0] for name, column in sampled.items()}
    sampled = groups.split(sampled, "shape", "pair")
    rows = []
    for kind in sampling.PAIR_KINDS:
        draws = family_means.Draws.of_pairs(sampled.get((kind.shape, kind.pair), no_draws), similarity.MEASURES)
        for (artifact, measure), found in zip(similarity.MEASURES, family_means.means(draws).rows(), strict=True):
            rows.append({"artifact": artifact, "measure": measure, **kind._asdict(), **found})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("artifact", "measure", "shape", "pair", "relation")]
    + [("generation_gap", pa.int32()), ("distance", pa.int32())]
    + [(name, pa.int64()) for name in ("n", "n_missing", "n_distinct_pairs")]
    + [(name, pa.float64()) for name in ("mean", "sd", "design_effect", "n_families_effective")]
    + [(name, pa.float64()) for name in ("share_of_largest_family", "low", "high")]
    + [("interval_method", pa.string())]
)
