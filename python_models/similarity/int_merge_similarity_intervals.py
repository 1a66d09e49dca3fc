"""Means of the sampled similarities of merges and fine-tunes to their parents, with intervals."""

import numpy as np
import pyarrow as pa

from phylohub.methods import family_means, groups, similarity

PAIR_KINDS = (
    "merge_child_parent",
    "child_nearest_parent",
    "child_farthest_parent",
    "parents_of_merge",
    "finetune_child_parent",
)


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    sampled = dbt.ref("int_merge_similarity_draws").order("pair_kind, draw").fetchnumpy()
    no_draws = {name: column[:0] for name, column in sampled.items()}
    sampled = groups.split(sampled, "pair_kind")
    rows = []
    for kind in PAIR_KINDS:
        sample = sampled.get((kind,), no_draws)
        families = [sample[f"{end}_family_key"] for end in ("child", "parent", "other_parent")]
        children, first = sample["child_key"], np.ma.filled(sample["first_key"], 0)
        values = [sample[f"{artifact}_{measure}"] for artifact, measure in similarity.MEASURES]
        draws = family_means.Draws.of(families, [first, sample["second_key"]], values)
        # Pairs of one child are not independent, so children decide whether there are enough.
        by_child = family_means.Draws.of(families, [children, children], values)
        n_distinct_pairs, estimates = draws.n_distinct_pairs.tolist(), family_means.means(by_child).rows()
        for (artifact, measure), n_pairs, found in zip(similarity.MEASURES, n_distinct_pairs, estimates, strict=True):
            key = {"artifact": artifact, "measure": measure, "pair_kind": kind}
            n_children = found["n_distinct_pairs"]
            rows.append({**key, **found, "n_distinct_pairs": n_pairs, "n_distinct_children": n_children})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("artifact", "measure", "pair_kind")]
    + [(name, pa.int64()) for name in ("n", "n_missing", "n_distinct_pairs", "n_distinct_children")]
    + [(name, pa.float64()) for name in ("mean", "sd", "design_effect", "n_families_effective")]
    + [(name, pa.float64()) for name in ("share_of_largest_family", "low", "high")]
    + [("interval_method", pa.string())]
)
