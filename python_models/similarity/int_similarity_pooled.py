"""Means of the sampled similarities of all pairs with the same generation gap and distance, with intervals."""

import numpy as np
import pyarrow as pa

from phylohub.methods import family_means, groups, sampling, similarity


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    sampled = dbt.ref("int_similarity_draws").order("shape, pair, draw").fetchnumpy()
    no_draws = {name: column[:0] for name, column in sampled.items()}
    sampled = groups.split(sampled, "shape", "pair")
    rows = []
    for (generation_gap, distance), kinds in sampling.PAIR_KINDS_BY_DISTANCE.items():
        draws = {
            kind: family_means.Draws.of_pairs(sampled.get((kind.shape, kind.pair), no_draws), similarity.MEASURES)
            for kind in kinds
        }
        estimates = family_means.means(family_means.Draws.together(list(draws.values()))).rows()
        for number, (artifact, measure) in enumerate(similarity.MEASURES):
            key = {"artifact": artifact, "measure": measure, "generation_gap": generation_gap, "distance": distance}
            shapes = {kind.shape for kind, found in draws.items() if not np.isnan(found.values[:, number]).all()}
            rows.append({**key, "n_shapes": len(shapes), **estimates[number]})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


SCHEMA = pa.schema(
    [("artifact", pa.string()), ("measure", pa.string()), ("generation_gap", pa.int32()), ("distance", pa.int32())]
    + [(name, pa.int64()) for name in ("n_shapes", "n", "n_missing", "n_distinct_pairs")]
    + [(name, pa.float64()) for name in ("mean", "design_effect", "n_families_effective")]
    + [(name, pa.float64()) for name in ("share_of_largest_family", "low", "high")]
    + [("interval_method", pa.string())]
)
