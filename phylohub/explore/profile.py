"""The profile of a model: everything that the marts hold about it."""

from collections.abc import Iterator

from phylohub.explore.lineage import Step, licenses_of, parents_of, path_from_root
from phylohub.explore.warehouse import Row, Warehouse
from phylohub.trees.edges import EdgeSet


def read_profile(warehouse: Warehouse, model_id: str) -> Row:
    """Read all facts about a model, under the column names of the marts, as values that JSON can represent.

    `licenses_down_the_line` has one row per model on the path from the root: its licenses, and what happened to the
    licenses of the model before it. `card_outcome` is None if no card has been fetched, or in a published copy.
    """
    (model,) = warehouse.rows("from marts.models where model_id = $id", id=model_id)
    profile: Row = {name: value if _is_json_scalar(value) else value.isoformat() for name, value in model.items()}
    for mart, column in (
        ("licenses", "license"),
        ("languages", "language"),
        ("datasets", "dataset"),
        ("papers", "arxiv_id"),
    ):
        found = warehouse.rows(
            f"select {column} as value from marts.model_{mart} where model_id = $id order by all", id=model_id
        )
        profile[mart] = [row["value"] for row in found]
    tags = warehouse.rows("select tag from marts.model_tags where model_id = $id order by all", id=model_id)
    profile["tags"] = [row["tag"] for row in tags]
    profile["parents"] = [
        {name: edge[name] for name in ("parent_id", "relation", "state")}
        for edge in parents_of(warehouse, [model_id], EdgeSet.ALL)[model_id]
    ]
    children = warehouse.rows(
        """
        select relation, count(*) as n_children
        from marts.lineage_edges
        where parent_id = $id and parent_in_hub and not is_self_loop and not is_cut_all
        group by relation
        order by all
        """,
        id=model_id,
    )
    profile["children_by_relation"] = {row["relation"]: row["n_children"] for row in children}
    ancestry = warehouse.rows(
        "select * exclude (model_id) from marts.model_ancestry where model_id = $id order by edge_set", id=model_id
    )
    profile["ancestry"] = {row.pop("edge_set"): row for row in ancestry}
    profile["licenses_down_the_line"] = list(_inheritance(warehouse, path_from_root(warehouse, model_id, EdgeSet.ALL)))
    profile["card_outcome"] = _card_outcome(warehouse, model_id)
    return profile


def _is_json_scalar(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _inheritance(warehouse: Warehouse, path: list[Step]) -> Iterator[Row]:
    licenses = licenses_of(warehouse, [step.model_id for step in path])
    before: list[str] | None = None
    for step in path:
        own = licenses[step.model_id]
        yield {
            "model_id": step.model_id,
            "relation": step.relation,
            "licenses": own,
            "inheritance": None if before is None else inheritance(before, own),
        }
        before = own


def inheritance(parent: list[str], child: list[str]) -> str:
    """What happened to a parent's licenses: inherited, mutated, dropped, added, or none if neither model has any."""
    if parent == child:
        return "inherited" if child else "none"
    if not child:
        return "dropped"
    return "mutated" if parent else "added"


def _card_outcome(warehouse: Warehouse, model_id: str) -> str | None:
    if not warehouse.has("staging", "stg_hub__cards"):
        return None
    found = warehouse.rows(
        "select arg_max(outcome, fetched_at) as outcome from staging.stg_hub__cards where model_id = $id", id=model_id
    )
    return found[0]["outcome"] if found else None
