"""Structural virality of every family, for each edge set."""

import numpy as np
import pyarrow as pa

from phylohub.methods.virality import structural_virality


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    members, edges = dbt.ref("int_model_families"), dbt.ref("int_edge_set_edges")
    tables = [SCHEMA.empty_table()]
    # Filter by edge set instead of fetching it: fetching a string column takes longer than the measurement.
    for (edge_set,) in members.project("edge_set").distinct().order("edge_set").fetchall():
        chosen = f"edge_set = '{edge_set}'"
        models = members.filter(chosen).order("model_key").project("model_key, family_key").fetchnumpy()
        ends = edges.filter(chosen).project("parent_key, child_key").fetchnumpy()
        found = structural_virality(
            models["family_key"],
            *(np.searchsorted(models["model_key"], ends[side]) for side in ("parent_key", "child_key")),
            exact_limit=dbt.config.get("virality_exact_limit"),
            seed=dbt.config.get("seed"),
        )
        columns = [
            pa.array([edge_set] * len(found.family), pa.string()),
            pa.array(found.family, pa.int32()),
            pa.array(found.virality),
            pa.array(found.method.astype(str), pa.string()),
            pa.array(found.standard_error),
        ]
        tables.append(pa.table(columns, schema=SCHEMA))
    return pa.concat_tables(tables)


SCHEMA = pa.schema(
    [
        ("edge_set", pa.string()),
        ("family_key", pa.int32()),
        ("structural_virality", pa.float64()),
        ("virality_method", pa.string()),
        ("virality_standard_error", pa.float64()),
    ]
)
