"""Reads forests from the marts: a family, all families, or the descendants of one model."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phylohub.trees.edges import EdgeSet, edges_condition
from phylohub.trees.forest import RELATION_ORDER, Forest, Ints, build_forest, spanning_parents


def read_families(
    connection: duckdb.DuckDBPyConnection, edge_set: EdgeSet, family_id: str | None = None, limit: int | None = None
) -> Forest:
    """All families of an edge set as one forest, or one of them.

    Each model stands below one parent on a shortest path from its nearest root (`model_ancestry.root_id`). With
    `limit`, only the largest families with at most that many models in all.
    """
    families = "select family_id from marts.families where edge_set = $edge_set"
    if family_id is not None:
        families += " and family_id = $family_id"
    if limit is not None:
        families += (
            " qualify sum(n_models) over (order by n_models desc, family_id rows unbounded preceding) <= $limit "
            "or row_number() over (order by n_models desc, family_id) = 1"
        )
    values = {"edge_set": edge_set, "family_id": family_id, "limit": limit}
    members = _table(
        connection,
        f"""
        select ancestry.model_id, ancestry.family_id, ancestry.root_id, ancestry.generation as distance,
            ancestry.n_children, ancestry.n_descendants
        from marts.model_ancestry as ancestry
        where ancestry.edge_set = $edge_set and ancestry.family_id in ({families})
        order by ancestry.model_id
        """,
        values,
    )
    return _forest(connection, members, edge_set)


def read_descendants(connection: duckdb.DuckDBPyConnection, edge_set: EdgeSet, path: list[str]) -> Forest:
    """A path of models and all descendants of the last one, as a tree.

    Each descendant stands below one parent on a shortest path from the model.
    """
    members = _table(
        connection,
        """
        with below as (
            select descendant_id as model_id, distance + len($path) - 1 as distance
            from marts.lineage_closure
            where edge_set = $edge_set and ancestor_id = $path[-1]
            union all
            select unnest($path), unnest(range(len($path)))
        )

        select below.model_id, $path[1] as family_id, $path[1] as root_id, below.distance,
            coalesce(ancestry.n_children, 0) as n_children, coalesce(ancestry.n_descendants, 0) as n_descendants
        from below
        left join (
            select model_id, n_children, n_descendants from marts.model_ancestry where edge_set = $edge_set
        ) as ancestry
            on below.model_id = ancestry.model_id
        order by below.model_id
        """,
        {"edge_set": edge_set, "path": path},
    )
    return _forest(connection, members, edge_set)


MANY = 100_000  # of fewer nodes, marts are read by a filter on their ids, which is faster than to read them whole


def _forest(connection: duckdb.DuckDBPyConnection, members: pa.Table, edge_set: EdgeSet) -> Forest:
    ids = members["model_id"].combine_chunks()

    def of_nodes(column: str) -> str:
        return "true" if len(ids) > MANY else f"{column} in (select unnest($ids))"

    values = {"ids": ids.to_pylist()}
    facts = _table(
        connection,
        f"""
        with licenses as (
            select model_id, string_agg(license, ', ' order by license) as license
            from marts.model_licenses
            where {of_nodes("model_id")}
            group by model_id
        )

        select
            models.model_id,
            models.task,
            coalesce(cast(models.downloads as bigint), -1) as downloads,
            coalesce(12 * year(models.created_at) + month(models.created_at) - 1, -1) as month,
            licenses.license
        from marts.models as models
        left join licenses on models.model_id = licenses.model_id
        where {of_nodes("models.model_id")}
        """,
        values,
    )
    facts = facts.take(pc.index_in(ids, value_set=facts["model_id"].combine_chunks()))
    edges = _table(
        connection,
        f"""
        select parent_id, child_id, string_agg(distinct relation, ', ' order by relation) as relation
        from marts.lineage_edges
        where {edges_condition(edge_set)} and {of_nodes("child_id")}
        group by parent_id, child_id
        order by parent_id, child_id
        """,
        values,
    )
    parent, child = (_index(edges[name], ids) for name in ("parent_id", "child_id"))
    inside = (parent >= 0) & (child >= 0)
    words = np.array(edges["relation"].to_pylist(), dtype=object)[inside]
    rank = {name: place for place, name in enumerate(RELATION_ORDER)}
    above, used = spanning_parents(
        parent[inside],
        child[inside],
        np.array([rank.get(word, len(rank)) for word in words], dtype=np.int64),
        _ints(members["distance"]),
        _ints(members["n_descendants"]),
        _index(members["root_id"], ids),
    )
    return build_forest(
        [str(name) for name in ids.to_pylist()],
        above,
        [None if edge < 0 else str(words[edge]) for edge in used.tolist()],
        _index(members["family_id"], ids),
        {name: _ints(members[name]) for name in ("n_children", "n_descendants")}
        | {name: _ints(facts[name]) for name in ("downloads", "month")}
        | {name: np.array(facts[name].to_pylist(), dtype=object) for name in ("task", "license")},
    )


def read_merges(connection: duckdb.DuckDBPyConnection, forest: Forest) -> tuple[Ints, Ints]:
    """The merge edges between nodes of a forest: places of parents and of children."""
    edges = _table(
        connection,
        "select distinct parent_id, child_id from marts.lineage_edges where relation = 'merge' and parent_in_hub and "
        "not is_self_loop order by parent_id, child_id",
        {},
    )
    ids = pa.array(forest.ids, pa.string())
    parent, child = (_index(edges[name], ids) for name in ("parent_id", "child_id"))
    inside = (parent >= 0) & (child >= 0)
    return parent[inside], child[inside]


def _table(connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any]) -> pa.Table:
    used = {name: value for name, value in values.items() if f"${name}" in query}
    with connection.cursor() as cursor:
        table: pa.Table = cursor.sql(query, params=used).to_arrow_table()
    return table


def _index(values: pa.ChunkedArray[Any], ids: pa.Array[Any]) -> Ints:
    """The place of each value among the ids, -1 if it is not there."""
    found = pc.index_in(values.combine_chunks(), value_set=ids)
    if not len(found):
        return np.zeros(0, dtype=np.int64)
    buffer: Any = found.buffers()[1]
    places = np.frombuffer(buffer, dtype=np.int32)[found.offset :][: len(found)]
    return np.where(_ints(found.is_valid().cast(pa.int8())) == 1, places, -1).astype(np.int64)


def _ints(values: pa.ChunkedArray[Any] | pa.Array[Any]) -> Ints:
    """Integers without nulls as an array. pyarrow's own conversion would import pandas, if it is there."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return np.from_dlpack(array).astype(np.int64) if len(array) else np.zeros(0, dtype=np.int64)
