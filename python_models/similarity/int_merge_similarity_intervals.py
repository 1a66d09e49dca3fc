"""Means of the sampled similarities of merges and fine-tunes to their parents, with intervals."""

import numpy as np
import pyarrow as pa

from phylohub.methods import groups, parents, similarity

MEASURES = [(artifact, measure) for artifact in ("metadata", "card") for measure in similarity.Similarities._fields]
PAIR_KINDS = (
    "merge_child_parent",
    "child_nearest_parent",
    "child_farthest_parent",
    "parents_of_merge",
    "finetune_child_parent",
)


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    samples = dbt.ref("int_merge_similarity_samples").order("pair_kind, draw").fetchnumpy()
    no_samples = {name: column[:0] for name, column in samples.items()}
    samples = groups.split(samples, "pair_kind")
    rows = []
    for kind in PAIR_KINDS:
        sample = samples.get((kind,), no_samples)
        values = np.stack([_filled(sample[f"{artifact}_{measure}"], np.nan) for artifact, measure in MEASURES], axis=1)
        pairs = np.stack([_filled(sample[end], 0) for end in ("first_key", "second_key")])
        n_resamples, seed = dbt.config.get("n_similarity_resamples"), dbt.config.get("seed")
        estimates = parents.estimates(sample["child_key"], values, n_resamples, seed)
        for (artifact, measure), column, estimate in zip(MEASURES, values.T, estimates, strict=True):
            found = {name: None if np.isnan(value) else value for name, value in estimate._asdict().items()}
            compared = ~np.isnan(column)
            row = {
                "artifact": artifact,
                "measure": measure,
                "pair_kind": kind,
                "n_distinct_pairs": np.unique(pairs[:, compared], axis=1).shape[1],
                "n_distinct_children": len(np.unique(_filled(sample["child_key"], 0)[compared])),
            }
            rows.append(row | found)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _filled(column, missing):
    return np.ma.filled(column.astype(float), missing)


SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("artifact", "measure", "pair_kind")]
    + [(name, pa.int64()) for name in ("n", "n_missing", "n_distinct_pairs", "n_distinct_children")]
    + [(name, pa.float64()) for name in ("mean", "sd", "low", "high")]
)
