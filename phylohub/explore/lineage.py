"""The lineage of a model: the path from its root, and the tree of its descendants."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from phylohub.explore.warehouse import Row, Warehouse

N_NAMED = 3  # models listed by name before "and N more"


class EdgeSet(StrEnum):
    """Which relations form the lineage graph."""

    ALL = "all"
    NO_MERGE = "no_merge"
    FINETUNE = "finetune"


_RELATIONS = {EdgeSet.ALL: "true", EdgeSet.NO_MERGE: "relation <> 'merge'", EdgeSet.FINETUNE: "relation = 'finetune'"}


@dataclass
class Branch:
    """A model in a tree, with the branches below it.

    `relation` is the relation to the branch above (None at the top). `n_more` children are not shown because of the
    width, and `n_below` descendants because of the depth. `notes` describe what does not fit into a tree: further
    parents, parents that are not in the snapshot, and cycles that were cut.
    """

    model_id: str
    relation: str | None = None
    branches: list["Branch"] = field(default_factory=list)
    n_more: int = 0
    n_below: int = 0
    licenses: list[str] = field(default_factory=list)
    n_children: int = 0
    n_descendants: int = 0
    downloads: int | None = None
    notes: list[str] = field(default_factory=list)

    def walk(self) -> Iterator["Branch"]:
        """This branch and all branches below it, in display order."""
        yield self
        for branch in self.branches:
            yield from branch.walk()


@dataclass(frozen=True)
class Step:
    """A model on the path from a root, and its relation to the model before it (None for the root)."""

    model_id: str
    relation: str | None


def edges_condition(edge_set: EdgeSet) -> str:
    """A condition on lineage_edges that selects the acyclic edges of an edge set, which the marts count."""
    return f"{_RELATIONS[edge_set]} and parent_in_hub and not is_self_loop and not is_cut_{edge_set}"


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


def read_tree(warehouse: Warehouse, model_id: str, edge_set: EdgeSet, depth: int, width: int) -> Branch:
    """Read the path from the model's root and the tree of its descendants; return the root's branch.

    The tree has `depth` generations below the model, and at most `width` children per model: those with the most
    descendants, then the most downloads, then by id. A model with several parents in the tree has its children at the
    place nearest to the root, and a note at the others.
    """
    path = path_from_root(warehouse, model_id, edge_set)
    top = model = Branch(path[0].model_id)
    for step in path[1:]:
        model.branches.append(Branch(step.model_id, step.relation))
        model = model.branches[0]
    children = _children(warehouse, model_id, edge_set, depth, width)
    level, seen, repeated = [model], {model_id}, []
    for _ in range(depth):
        below: list[Branch] = []
        for branch in level:
            branch.branches = [Branch(row["child_id"], row["relation"]) for row in children[branch.model_id]]
            branch.n_more = max([row["n_more"] for row in children[branch.model_id]], default=0)
            repeated += [child for child in branch.branches if child.model_id in seen]
            below += [child for child in branch.branches if child.model_id not in seen]
            seen |= {child.model_id for child in branch.branches}
        level = below
    _describe(warehouse, top, edge_set)
    for branch in level:  # the deepest generation shown
        branch.n_below = branch.n_descendants
    for branch in repeated:
        if branch.n_children:
            branch.notes.append("its children are shown elsewhere in this tree")
    return top


def _children(
    warehouse: Warehouse, model_id: str, edge_set: EdgeSet, depth: int, width: int
) -> defaultdict[str, list[Row]]:
    """By parent: the first `width` children of the model and of its descendants nearer than `depth`."""
    rows = warehouse.rows(
        f"""
        with parents as (
            select descendant_id as model_id
            from marts.lineage_closure
            where edge_set = $edge_set and ancestor_id = $model_id and distance < $depth
            union all
            select $model_id
        ),

        edges as (
            select parent_id, child_id, string_agg(distinct relation, ', ' order by relation) as relation
            from marts.lineage_edges
            where {edges_condition(edge_set)} and parent_id in (from parents)
            group by parent_id, child_id
        )

        select
            edges.*,
            greatest(count(*) over (partition by edges.parent_id) - $width, 0) as n_more,
            row_number() over (
                partition by edges.parent_id
                order by models.n_descendants desc, models.downloads desc nulls last, edges.child_id
            ) as place
        from edges
        inner join ({_facts(edge_set)}) as models on edges.child_id = models.model_id
        qualify place <= $width
        order by edges.parent_id, place
        """,
        model_id=model_id,
        edge_set=edge_set,
        depth=depth,
        width=width,
    )
    children: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        children[row["parent_id"]].append(row)
    return children


def _facts(edge_set: EdgeSet) -> str:
    """A query for each model's downloads, children and descendants in an edge set.

    For all edges it reads marts.models, since model_ancestry also resolves the names of roots and families.
    """
    if edge_set is EdgeSet.ALL:
        return "select model_id, downloads, n_children, n_descendants from marts.models"
    return f"""
        select
            models.model_id,
            models.downloads,
            coalesce(ancestry.n_children, 0) as n_children,
            coalesce(ancestry.n_descendants, 0) as n_descendants
        from marts.models as models
        left join marts.model_ancestry as ancestry
            on models.model_id = ancestry.model_id and ancestry.edge_set = '{edge_set}'
    """


def _describe(warehouse: Warehouse, top: Branch, edge_set: EdgeSet) -> None:
    """Fill in the licenses, counts and notes of every model in a tree."""
    ids = sorted({branch.model_id for branch in top.walk()})
    facts = warehouse.rows(
        f"from ({_facts(edge_set)}) where model_id in (select unnest($ids))",
        ids=ids,
    )
    of_model = {row["model_id"]: row for row in facts}
    licenses = licenses_of(warehouse, ids)
    edges = parents_of(warehouse, ids, edge_set)

    def describe(branch: Branch, parent_id: str | None) -> None:
        row = of_model[branch.model_id]
        branch.downloads, branch.n_children = row["downloads"], row["n_children"]
        branch.n_descendants = row["n_descendants"]
        branch.licenses = licenses[branch.model_id]
        branch.notes = parent_notes([edge for edge in edges[branch.model_id] if edge["parent_id"] != parent_id])
        for child in branch.branches:
            describe(child, branch.model_id)

    describe(top, None)


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
        where {_RELATIONS[edge_set]} and child_id in (select unnest($ids))
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
