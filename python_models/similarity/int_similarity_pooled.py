"""Means of the sampled similarities of all pairs with the same generation gap and distance, with intervals."""

import numpy as np
import pyarrow as pa

from phylohub.methods import sampling, similarity


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    samples = dbt.ref("int_similarity_samples").order("shape, pair, draw").fetchnumpy()
    rows_of = {
        kind: np.flatnonzero((samples["shape"] == kind.shape) & (samples["pair"] == kind.pair))
        for kind in sampling.PAIR_KINDS
    }
    rows, values = [], []
    for (generation_gap, distance), kinds in sampling.PAIR_KINDS_BY_DISTANCE.items():
        for artifact in ("metadata", "card"):
            for measure in similarity.Similarities._fields:
                column = np.ma.filled(samples[f"{artifact}_{measure}"].astype(float), np.nan)
                some = [column[rows_of[kind]] for kind in kinds]
                shapes = {kind.shape for kind, found in zip(kinds, some, strict=True) if not np.isnan(found).all()}
                key = {"artifact": artifact, "measure": measure, "generation_gap": generation_gap, "distance": distance}
                rows.append({**key, "n_shapes": len(shapes)})
                values.append(some)
    estimates = similarity.pooled_estimates(values, dbt.config.get("n_similarity_resamples"), dbt.config.get("seed"))
    for row, estimate in zip(rows, estimates, strict=True):
        row.update({name: None if np.isnan(value) else value for name, value in estimate._asdict().items()})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


SCHEMA = pa.schema(
    [("artifact", pa.string()), ("measure", pa.string()), ("generation_gap", pa.int32()), ("distance", pa.int32())]
    + [(name, pa.int64()) for name in ("n_shapes", "n", "n_missing")]
    + [(name, pa.float64()) for name in ("mean", "low", "high")]
)
