"""Means of the sampled similarities, with intervals."""

import numpy as np
import pyarrow as pa

from phylohub.methods import sampling, similarity


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    samples = dbt.ref("int_similarity_samples").order("shape, pair, draw").fetchnumpy()
    rows, values = [], []
    for kind in sampling.PAIR_KINDS:
        here = (samples["shape"] == kind.shape) & (samples["pair"] == kind.pair)
        for artifact in ("metadata", "card"):
            for measure in similarity.Similarities._fields:
                rows.append({"artifact": artifact, "measure": measure, **kind._asdict()})
                values.append(np.ma.filled(samples[f"{artifact}_{measure}"][here].astype(float), np.nan))
    estimates = similarity.estimates(values, dbt.config.get("n_similarity_resamples"), dbt.config.get("seed"))
    for row, estimate in zip(rows, estimates, strict=True):
        row.update({name: None if np.isnan(value) else value for name, value in estimate._asdict().items()})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("artifact", "measure", "shape", "pair", "relation")]
    + [("generation_gap", pa.int32()), ("distance", pa.int32()), ("n", pa.int64()), ("n_missing", pa.int64())]
    + [(name, pa.float64()) for name in ("mean", "sd", "low", "high")]
)
