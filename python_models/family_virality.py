"""Structural virality of every family, for each edge set."""

import numpy as np
import pyarrow as pa

from methods.virality import structural_virality


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    members = dbt.ref("int_model_families").order("edge_set, model_key").fetchnumpy()
    edges = dbt.ref("int_edge_set_edges").order("edge_set, parent_key, child_key").fetchnumpy()
    tables = [SCHEMA.empty_table()]
    for edge_set in np.unique(members["edge_set"].astype(str)):
        models = members["model_key"][members["edge_set"] == edge_set]
        ends = (edges[side][edges["edge_set"] == edge_set] for side in ("parent_key", "child_key"))
        found = structural_virality(
            members["family_key"][members["edge_set"] == edge_set],
            *(np.searchsorted(models, end) for end in ends),
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
