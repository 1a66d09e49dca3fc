"""The largest components of the graph of models by month, for all edges and for all but merges."""

import numpy as np
import pyarrow as pa

from phylohub.methods.components import component_growth


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    models, edges = dbt.ref("int_models_current"), dbt.ref("int_edge_set_edges")
    # Keys follow age, with undated models last, so the dated models have the keys 1 to n.
    dated = models.filter("created_at is not null").order("model_key")
    created = dated.project("cast(date_trunc('month', created_at) as date) as month").fetchnumpy()["month"]
    months, step = np.unique(created.astype("datetime64[D]"), return_inverse=True)
    tables = []
    for edge_set in ("all", "no_merge"):
        chosen = f"edge_set = '{edge_set}' and greatest(parent_key, child_key) <= {len(step)}"
        ends = edges.filter(chosen).project("parent_key, child_key").fetchnumpy()
        growth = component_growth(step, ends["parent_key"] - 1, ends["child_key"] - 1, len(months))
        columns = [pa.array([edge_set] * len(months), pa.string()), pa.array(months, pa.date32()), *growth]
        tables.append(pa.table(columns, SCHEMA))
    return pa.concat_tables(tables)


SCHEMA = pa.schema(
    [("edge_set", pa.string()), ("month", pa.date32())]
    + [(name, pa.int64()) for name in ("n_models", "n_edges", "n_models_largest", "n_models_second")]
)
