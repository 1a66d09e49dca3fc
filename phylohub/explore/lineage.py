"""The lineage of a model: the path from its root, and the tree of its descendants."""

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from phylohub.explore.warehouse import Row, Warehouse
from phylohub.trees.edges import RELATIONS, EdgeSet, edges_condition

if TYPE_CHECKING:  # it imports numpy, which only trees need
    from phylohub.trees.forest import Forest

N_NAMED = 3  # models listed by name before "and N more"


@dataclass(frozen=True)
class Step:
    """A model on the path from a root, and its relation to the model before it (None for the root)."""

    model_id: str
    relation: str | None


def path_from_root(warehouse: Warehouse, model_id: str, edge_set: EdgeSet) -> list[Step]:
    """The shortest path from the model's nearest root (model_ancestry.root_id) to the model, both included.

    Ties go to the parent with the most descendants, then to the first by id. A model without a parent in the snapshot
    is a path of length one.
    """
    above = warehouse.rows(
        """
        select ancestor_id as model_id
        from marts.lineage_closure
        where edge_set = $edge_set and descendant_id = $model_id
        """,
        model_id=model_id,
        edge_set=edge_set,
    )
    if not above:
        return [Step(model_id, None)]
    ids = [model_id, *(row["model_id"] for row in above)]
    # A filter on a few ids is faster than a join, for which the view would resolve the names of all models.
    ancestry = {
        row["model_id"]: row
        for row in warehouse.rows(
            """
            select model_id, root_id, generation, n_descendants
            from marts.model_ancestry
            where edge_set = $edge_set and model_id in (select unnest($ids))
            """,
            ids=ids,
            edge_set=edge_set,
        )
    }
    edges = warehouse.rows(
        f"""
        select parent_id, child_id, string_agg(distinct relation, ', ' order by relation) as relation
        from marts.lineage_edges
        where {edges_condition(edge_set)} and child_id in (select unnest($ids))
        group by parent_id, child_id
        """,
        ids=ids,
    )

    def preference(edge: Row) -> tuple[int, int, str]:
        parent = ancestry[edge["parent_id"]]
        return parent["generation"], -parent["n_descendants"], edge["parent_id"]

    root_id = ancestry[model_id]["root_id"]
    parents: defaultdict[str, list[Row]] = defaultdict(list)
    for edge in sorted(edges, key=preference):
        parents[edge["child_id"]].append(edge)
    path: list[Step] = []
    child = model_id
    while parents[child]:
        # A generation is the distance from the nearest root, so the first parent with that root is on a shortest path.
        edge = next(edge for edge in parents[child] if ancestry[edge["parent_id"]]["root_id"] == root_id)
        path.append(Step(child, edge["relation"]))
        child = edge["parent_id"]
    path.append(Step(child, None))
    return path[::-1]


def read_tree(warehouse: Warehouse, model_id: str, edge_set: EdgeSet) -> "Forest":
    """The path from the model's nearest root, and all its descendants, as a tree."""
    from phylohub.trees.read import read_descendants

    path = path_from_root(warehouse, model_id, edge_set)
    return read_descendants(warehouse.connection, edge_set, [step.model_id for step in path])


def read_family(warehouse: Warehouse, model_id: str, edge_set: EdgeSet) -> "Forest":
    """The whole family of a model: one tree per root."""
    from phylohub.trees.read import read_descendants, read_families

    family = warehouse.rows(
        "select family_id from marts.model_ancestry where edge_set = $edge_set and model_id = $model_id",
        edge_set=edge_set,
        model_id=model_id,
    )
    if not family:
        return read_descendants(warehouse.connection, edge_set, [model_id])
    return read_families(warehouse.connection, edge_set, family[0]["family_id"])


def read_notes(warehouse: Warehouse, forest: "Forest", places: list[int], edge_set: EdgeSet) -> dict[int, list[str]]:
    """What does not fit into a tree, by place: further parents, parents that are not in the snapshot, and cycles that
    were cut."""
    edges = parents_of(warehouse, [forest.ids[place] for place in places], edge_set)
    notes = {}
    for place in places:
        above = int(forest.parent[place])
        parent_id = forest.ids[above] if above >= 0 else None
        if found := parent_notes([edge for edge in edges[forest.ids[place]] if edge["parent_id"] != parent_id]):
            notes[place] = found
    return notes


def licenses_of(warehouse: Warehouse, ids: list[str]) -> defaultdict[str, list[str]]:
    """The licenses of each model, sorted."""
    licenses: defaultdict[str, list[str]] = defaultdict(list)
    for row in warehouse.rows(
        "select model_id, license from marts.model_licenses where model_id in (select unnest($ids)) order by all",
        ids=ids,
    ):
        licenses[row["model_id"]].append(row["license"])
    return licenses


def parents_of(warehouse: Warehouse, ids: list[str], edge_set: EdgeSet) -> defaultdict[str, list[Row]]:
    """The declared parents of each model in an edge set, by child.

    `state` is `parent` for an edge that counts, `missing` if the parent is not in the snapshot, `itself` for a model
    that declares itself as its parent, and `cut` for an edge that was removed to break a cycle.
    """
    edges: defaultdict[str, list[Row]] = defaultdict(list)
    for row in warehouse.rows(
        f"""
        select
            child_id,
            parent_id,
            string_agg(distinct relation, ', ' order by relation) as relation,
            case
                when bool_or(is_self_loop) then 'itself'
                when not bool_or(parent_in_hub) then 'missing'
                when bool_and(is_cut_{edge_set}) then 'cut'
                else 'parent'
            end as state
        from marts.lineage_edges
        where {RELATIONS[edge_set]} and child_id in (select unnest($ids))
        group by child_id, parent_id
        order by child_id, parent_id
        """,
        ids=ids,
    ):
        edges[row["child_id"]].append(row)
    return edges


def parent_notes(edges: list[Row]) -> list[str]:
    """Notes on parents that a tree shows elsewhere or not at all, one note per state."""
    words = {
        "parent": "also from {}",
        "missing": "declared parent not in the snapshot: {}",
        "cut": "edge cut to break a cycle: {}",
        "itself": "declares itself as its parent: {}",
    }
    notes = []
    for state, text in words.items():
        found = [f"{edge['parent_id']} ({edge['relation']})" for edge in edges if edge["state"] == state]
        if found:
            notes.append(text.replace("{}", list_models(found)))
    return notes


def steps_from_root(ancestry: Row) -> str:
    """A model's generation and depth (from marts.model_ancestry) in words."""
    shortest, longest = ancestry["generation"], ancestry["depth"]
    if shortest == 0:
        return "this model is a root"
    steps = "1 step" if shortest == 1 else f"{shortest:,} steps"
    return f"{steps} from its nearest root" + ("" if longest == shortest else f", {longest:,} on the longest path")


def list_models(models: list[str]) -> str:
    """The first few models of a list, and the number of the others."""
    more = [f"and {len(models) - N_NAMED:,} more"] if len(models) > N_NAMED else []
    return ", ".join(models[:N_NAMED] + more)
