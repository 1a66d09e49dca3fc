"""Forests as arrays: which parent a model stands below, the order of the nodes, and siblings folded into wedges.

Everything here works level by level on arrays, without recursion: a chain of 100,000 models is a forest like any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
# In the study's order; other relations follow alphabetically.
RELATION_ORDER = ("finetune", "adapter", "quantized", "merge", "unspecified")


@dataclass(frozen=True)
class Forest:
    """Nodes in preorder: a node is followed by its descendants, childless children first.

    `parent` is the place of a node's parent (-1 for a root) and `size` the number of nodes of its branch, itself
    included, so that its branch is `[place, place + size)`. `relation` is the relation to the parent, as a place in
    `relations` (-1 for a root). `group` numbers the family, in the order of the forest. `facts` hold one array per fact
    of a node.
    """

    ids: list[str]
    parent: Ints
    level: Ints
    size: Ints
    relation: Ints
    relations: list[str]
    group: Ints
    facts: dict[str, NDArray[Any]] = field(default_factory=dict)

    def children(self, place: int) -> list[int]:
        """The places of a node's children."""
        found, at, end = [], place + 1, place + int(self.size[place])
        while at < end:
            found.append(at)
            at += int(self.size[at])
        return found

    def path(self, place: int) -> list[int]:
        """The places from the root to a node, both included."""
        path = [place]
        while self.parent[path[-1]] >= 0:
            path.append(int(self.parent[path[-1]]))
        return path[::-1]

    def relation_of(self, place: int) -> str | None:
        """The relation of a node to its parent, None for a root."""
        code = int(self.relation[place])
        return None if code < 0 else self.relations[code]


def spanning_parents(
    parent: Ints, child: Ints, relation_rank: Ints, distance: Ints, weight: Ints, root: Ints | None = None
) -> tuple[Ints, Ints]:
    """For each node, its parent in the forest (-1 for none) and the edge to it (-1 for none).

    A node stands below a parent that is one step nearer to the root by the shortest path: of several, below the one
    with the most descendants (`weight`), then the first node. Nodes are numbered in the order of their ids. With
    `root`, parent and child have the same nearest root.
    """
    keep = distance[child] == distance[parent] + 1
    if root is not None:
        keep &= root[child] == root[parent]
    edges = np.flatnonzero(keep)
    order = np.lexsort((relation_rank[edges], parent[edges], -weight[parent[edges]], child[edges]))
    edges = edges[order]
    found, first = np.unique(child[edges], return_index=True)
    above = np.full(len(distance), -1, dtype=np.int64)
    used = np.full(len(distance), -1, dtype=np.int64)
    above[found] = parent[edges[first]]
    used[found] = edges[first]
    return above, used


def build_forest(
    ids: Sequence[str],
    parent: Ints,
    relation: Sequence[str | None],
    group: Ints,
    facts: dict[str, NDArray[Any]],
) -> Forest:
    """Put nodes in preorder. Nodes are numbered in the order of their ids.

    Groups come with the most nodes first. Of siblings, childless ones come first, by relation and then by `downloads`;
    those with children by `n_descendants`, then `downloads`. Ties go to the order of ids.
    """
    n = len(ids)
    names = [*RELATION_ORDER, *sorted({word for word in relation if word} - set(RELATION_ORDER))]
    code_of = {name: code for code, name in enumerate(names)}
    codes = np.array([-1 if word is None else code_of[word] for word in relation], dtype=np.int64)
    levels = _levels(parent)
    size = np.ones(n, dtype=np.int64)
    for nodes in reversed(levels[1:]):
        np.add.at(size, parent[nodes], size[nodes])
    _, family, members = np.unique(group, return_inverse=True, return_counts=True)
    is_leaf = (size == 1) & (parent >= 0)
    below = facts.get("n_descendants", size - 1)
    downloads = facts.get("downloads", np.zeros(n, dtype=np.int64))
    number = np.arange(n)
    keys = (number, -downloads, np.where(is_leaf, codes, -below), ~is_leaf)
    by_sibling = np.lexsort((*keys, family, -members[family], parent))
    place = _places(by_sibling, parent, size, levels)
    order = np.empty(n, dtype=np.int64)
    order[place] = number
    level = np.zeros(n, dtype=np.int64)
    for depth, nodes in enumerate(levels):
        level[nodes] = depth
    above = parent[order]
    families = family[order]
    return Forest(
        [ids[number] for number in order.tolist()],
        np.where(above < 0, -1, place[above]),
        level[order],
        size[order],
        codes[order],
        names,
        np.cumsum(np.r_[0, families[1:] != families[:-1]]) if n else families,
        {name: values[order] for name, values in facts.items()},
    )


def _levels(parent: Ints) -> list[Ints]:
    """The nodes of each level, roots first."""
    children = np.argsort(parent, kind="stable")
    starts = np.searchsorted(parent[children], np.arange(len(parent) + 1))
    levels = [np.flatnonzero(parent < 0)]
    while len(levels[-1]):
        nodes = levels[-1]
        counts = starts[nodes + 1] - starts[nodes]
        ends = np.cumsum(counts)
        at = np.arange(ends[-1]) - np.repeat(ends - counts, counts) + np.repeat(starts[nodes], counts)
        levels.append(children[at])
    return levels[:-1]


def _places(by_sibling: Ints, parent: Ints, size: Ints, levels: list[Ints]) -> Ints:
    """The place of each node in preorder, from the nodes sorted by parent and place among siblings."""
    ends = np.cumsum(size[by_sibling])
    above = parent[by_sibling]
    is_first = np.r_[True, above[1:] != above[:-1]] if len(above) else np.zeros(0, dtype=bool)
    before = ends - size[by_sibling]
    offset = np.empty(len(parent), dtype=np.int64)
    offset[by_sibling] = before - before[is_first][np.cumsum(is_first) - 1] if len(above) else before
    place = np.empty(len(parent), dtype=np.int64)
    for depth, nodes in enumerate(levels):
        place[nodes] = offset[nodes] + (place[parent[nodes]] + 1 if depth else 0)
    return place


@dataclass(frozen=True)
class Wedge:
    """Childless siblings of one relation, folded into one: their relation, and their places."""

    relation: str
    members: list[int]

    def __len__(self) -> int:
        return len(self.members)


@dataclass(frozen=True)
class Row:
    """A line of a folded tree: a node, its wedges, and what is hidden below it.

    `level` counts from the top of the tree that is shown. `is_last` says whether it is the last node below its parent.
    `hidden` are children with children that are left out, and `n_below` the models below the node if the tree ends
    there because of its depth.
    """

    place: int
    level: int
    is_last: bool
    wedges: list[Wedge] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    n_below: int = 0


def folded(forest: Forest, place: int) -> tuple[list[int], list[Wedge]]:
    """A node's children with children, and its childless ones, folded into one wedge per relation."""
    branches: list[int] = []
    wedges: dict[str, list[int]] = {}
    for child in forest.children(place):
        if forest.size[child] > 1:
            branches.append(child)
        else:
            wedges.setdefault(str(forest.relation_of(child)), []).append(child)
    return branches, [Wedge(relation, members) for relation, members in wedges.items()]


def rows(forest: Forest, top: int, depth: int | None, width: int | None) -> list[Row]:
    """The lines of the tree below a node, to a depth, and with at most `width` branches a node besides its wedges."""

    def keep(level: int, branches: list[int]) -> list[int]:
        return branches[:width]

    return _rows(forest, top, keep, depth)


def largest_rows(forest: Forest, top: int, limit: int) -> list[Row]:
    """At most `limit` lines of the tree below a node: those of the nodes with the largest branches.

    A branch is smaller than that of its parent, so the parents of the nodes shown are shown too.
    """
    places = np.arange(top, top + int(forest.size[top]))
    inner = places[(forest.size[places] > 1) | (places == top)]
    kept = set(inner[np.lexsort((inner, -forest.size[inner]))][:limit].tolist())
    return _rows(forest, top, lambda _, branches: [child for child in branches if child in kept], None)


def _rows(forest: Forest, top: int, keep: Callable[[int, list[int]], list[int]], depth: int | None) -> list[Row]:
    lines: list[Row] = []
    stack = [(top, 0, True)]
    while stack:
        place, level, is_last = stack.pop()
        if level == depth:
            lines.append(Row(place, level, is_last, n_below=int(forest.size[place]) - 1))
            continue
        branches, wedges = folded(forest, place)
        kept = keep(level, branches)
        lines.append(Row(place, level, is_last, wedges, [child for child in branches if child not in set(kept)]))
        stack += [(child, level + 1, child == kept[-1]) for child in reversed(kept)]
    return lines


MAX_GUIDES = 24  # levels that are indented; deeper ones print their level


def guides(levels: Sequence[tuple[int, bool]]) -> list[str]:
    """The lines in front of each row of a tree, from its level and whether it is the last one below its parent.

    Rows deeper than MAX_GUIDES are not indented further, and begin with their level instead.
    """
    made: list[str] = []
    above: list[bool] = []  # for each level above, whether more rows of it follow
    for level, is_last in levels:
        del above[max(level - 1, 0) :]
        if level > MAX_GUIDES:
            made.append("    " * MAX_GUIDES + f"({level:,}) ")
        else:
            branch = "└── " if is_last else "├── "
            made.append("".join("│   " if more else "    " for more in above) + (branch if level else ""))
        if level:
            above.append(not is_last)
    return made
