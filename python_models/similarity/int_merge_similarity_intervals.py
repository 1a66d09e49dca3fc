"""Means of the sampled similarities of merges and fine-tunes to their parents, with intervals."""

import numpy as np
import pyarrow as pa

from phylohub.methods import similarity

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
    pairs = np.stack([np.ma.filled(samples[end], 0) for end in ("first_key", "second_key")])
    rows, values = [], []
    for kind in PAIR_KINDS:
        here = samples["pair_kind"] == kind
        for artifact in ("metadata", "card"):
            for measure in similarity.Similarities._fields:
                found = np.ma.filled(samples[f"{artifact}_{measure}"][here].astype(float), np.nan)
                compared = np.unique(pairs[:, here][:, ~np.isnan(found)], axis=1)
                rows.append({"artifact": artifact, "measure": measure, "pair_kind": kind})
                rows[-1]["n_distinct_pairs"] = compared.shape[1]
                values.append(found)
    estimates = similarity.estimates(values, dbt.config.get("n_similarity_resamples"), dbt.config.get("seed"))
    for row, estimate in zip(rows, estimates, strict=True):
        row.update({name: None if np.isnan(value) else value for name, value in estimate._asdict().items()})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("artifact", "measure", "pair_kind")]
    + [(name, pa.int64()) for name in ("n", "n_missing", "n_distinct_pairs")]
    + [(name, pa.float64()) for name in ("mean", "sd", "low", "high")]
)
