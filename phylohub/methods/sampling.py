"""Counts and uniform samples of the small family shapes between whose members similarity is measured.

Source: the study's methods, "Genetic similarity". An occurrence of a shape is a copy of it in the graph with distinct
nodes. Children of one parent are interchangeable if the shape does not distinguish them. In a directed acyclic graph
without duplicate edges, where u has k(u) children and p(u) parents, the number of occurrences is exactly:

| shape | nodes | drawn | occurrences |
|---|---|---|---|
| two_models | u, v | any two models, ordered | N (N - 1) |
| edge | u, v | u>v | E |
| two_children | u, v, w | u>{v,w} | sum over u of C(k(u), 2) |
| path_of_two | u, v, w | u>v>w | sum over v of p(v) k(v) |
| three_children | u, v, w, x | u>{v,w,x} | sum over u of C(k(u), 3) |
| two_grandchildren | u, v, w, x | u>v>{w,x} | sum over v of p(v) C(k(v), 2) |
| uncle | u, v, w, x | u>{v,x}, v>w | sum over edges u>v of k(v) (k(u) - 1), less T, the triples u>v, v>w, u>w |
| path_of_three | t, u, v, w | t>u>v>w | sum over edges u>v of p(u) k(v) |

A sum over v of p(v) f(v) equals the sum over edges u>v of f(v). Only in `uncle` can two nodes of a shape coincide (x
and w, if u>w is an edge); in every other shape that would close a cycle. On a tree T is 0. The study's own numbers
("paper") do not subtract T, and count path_of_three as the sum of k(v) over edges u>v where u has a parent.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]  # same

Ints: TypeAlias = NDArray[np.int64]

SHAPES: dict[str, str] = {
    "two_models": "uv",
    "edge": "uv",
    "two_children": "uvw",
    "path_of_two": "uvw",
    "three_children": "uvwx",
    "two_grandchildren": "uvwx",
    "uncle": "uvwx",
    "path_of_three": "tuvw",
}
"""The nodes of each shape, in the order of the columns of a sample."""


class PairKind(NamedTuple):
    """Two nodes of a shape whose similarity is measured.

    `first` and `second` are columns of the shape's sample, the older model first. Generation gap and distance count
    edges of the shape; both are None for two arbitrary models.
    """

    shape: str
    pair: str
    first: int
    second: int
    relation: str
    generation_gap: int | None
    distance: int | None


_RELATIONS: dict[str, tuple[int | None, int | None]] = {
    "random": (None, None),
    "parent_child": (1, 1),
    "siblings": (0, 2),
    "grandparent": (2, 2),
    "great_grandparent": (3, 3),
    "uncle_nephew": (1, 3),
}
_MEASURED = {
    "two_models": {"uv": "random"},
    "edge": {"uv": "parent_child"},
    "two_children": {"uv": "parent_child", "vw": "siblings"},
    "path_of_two": {"uw": "grandparent", "vw": "parent_child", "uv": "parent_child"},
    "three_children": {"uv": "parent_child", "vw": "siblings"},
    "two_grandchildren": {"uw": "grandparent", "vw": "parent_child", "uv": "parent_child", "wx": "siblings"},
    "uncle": {
        "uw": "grandparent",
        "xw": "uncle_nephew",
        "vw": "parent_child",
        "uv": "parent_child",
        "vx": "siblings",
    },
    "path_of_three": {
        "tw": "great_grandparent",
        "uw": "grandparent",
        "tv": "grandparent",
        "vw": "parent_child",
        "uv": "parent_child",
        "tu": "parent_child",
    },
}
PAIR_KINDS: tuple[PairKind, ...] = tuple(
    PairKind(shape, "-".join(ends), nodes.index(ends[0]), nodes.index(ends[1]), relation, *_RELATIONS[relation])
    for shape, nodes in SHAPES.items()
    for ends, relation in _MEASURED[shape].items()
)
"""The 24 pair kinds, shape by shape."""

PAIR_KINDS_BY_DISTANCE: dict[tuple[int | None, int | None], tuple[PairKind, ...]] = {
    ends: tuple(kind for kind in PAIR_KINDS if (kind.generation_gap, kind.distance) == ends)
    for ends in dict.fromkeys(_RELATIONS.values())
}
"""The pair kinds by generation gap and distance; both are None for two arbitrary models."""


@dataclass(frozen=True, eq=False)
class Graph:
    """A directed acyclic graph, its edges sorted by parent and child. Build it with `acyclic_graph`.

    The children of u are `child[first_child[u] : first_child[u + 1]]`, its parents
    `parent[into[first_parent[u] : first_parent[u + 1]]]`.
    """

    n_nodes: int
    parent: Ints
    child: Ints
    first_child: Ints
    into: Ints
    first_parent: Ints

    @property
    def n_children(self) -> Ints:
        """Per node."""
        return np.diff(self.first_child)

    @property
    def n_parents(self) -> Ints:
        """Per node."""
        return np.diff(self.first_parent)


def acyclic_graph(parent: NDArray[Any], child: NDArray[Any], n_nodes: int) -> Graph:
    """The graph of these edges (in any order) over the nodes 0 to n_nodes - 1; duplicate edges count once.

    Raises ValueError if a node is out of range, or if there is a cycle or self-loop.
    """
    parent, child = np.asarray(parent, np.int64), np.asarray(child, np.int64)
    if len(parent) and not (0 <= min(parent.min(), child.min()) <= max(parent.max(), child.max()) < n_nodes):
        raise ValueError(f"a node is not in 0 to {n_nodes - 1}")
    parent, child = np.divmod(np.unique(parent * n_nodes + child), max(n_nodes, 1))
    adjacency = sparse.csr_array((np.ones(len(parent), np.int8), (parent, child)), (n_nodes, n_nodes))
    if (parent == child).any() or connected_components(adjacency, connection="strong")[0] < n_nodes:
        raise ValueError("the graph has a cycle")
    nodes = np.arange(n_nodes + 1)
    into = np.argsort(child, kind="stable")
    return Graph(n_nodes, parent, child, np.searchsorted(parent, nodes), into, np.searchsorted(child[into], nodes))


def occurrences(graph: Graph) -> dict[str, int]:
    """The exact number of occurrences of each shape.

    Raises OverflowError if a shape has more than 1.5e18 (`three_children`: a node with more than two million
    children), 4.5e18 (`two_children`, `two_grandchildren`) or 9e18 (all others except `two_models`) occurrences.
    """
    weights = {shape: _weights(graph, shape) for shape in SHAPES if shape != "two_models"}
    return {"two_models": graph.n_nodes * (graph.n_nodes - 1)} | {s: int(w.sum()) for s, w in weights.items()}


def sample(graph: Graph, shape: str, n_draws: int, seed: int) -> Ints:
    """Draw occurrences of a shape, uniformly and independently (with replacement).

    Returns an array of shape (n_draws, nodes of the shape), with columns in the order of `SHAPES`; (0, nodes) if the
    shape does not occur. The draws depend only on the edges and the arguments. Interchangeable children come in random
    order. Raises OverflowError like `occurrences`.
    """
    rng = np.random.default_rng([seed, list(SHAPES).index(shape)])
    if shape == "two_models":
        if graph.n_nodes > 1:
            return np.stack(draw_distinct(rng, np.full(n_draws, graph.n_nodes), 2), axis=1)
    elif total := int((weights := _weights(graph, shape)).sum()):
        anchor = np.searchsorted(weights.cumsum(), rng.integers(total, size=n_draws), side="right")
        return np.stack(_draw(graph, shape, rng, anchor), axis=1)
    return np.zeros((0, len(SHAPES[shape])), np.int64)


# Every shape except two_models has an anchor: the node u or the edge u>v. An anchor's weight is its number of
# occurrences. A draw chooses an anchor by weight, and then the other nodes uniformly among those the anchor allows.


def _weights(graph: Graph, shape: str) -> Ints:
    """Occurrences per anchor: per node u for two and three children, per edge u>v for the others."""
    k, p = graph.n_children, graph.n_parents
    of_u, of_v = k[graph.parent], k[graph.child]
    match shape:
        case "edge":
            return np.ones(len(graph.parent), np.int64)
        case "two_children":
            return _product(k, k - 1, divided_by=2)
        case "path_of_two":
            return of_v
        case "three_children":
            return _product(k, k - 1, k - 2, divided_by=6)
        case "two_grandchildren":
            return _product(of_v, of_v - 1, divided_by=2)
        case "uncle":
            return _product(of_v, of_u - 1) - _common_children(graph)
        case "path_of_three":
            return _product(p[graph.parent], of_v)
    raise ValueError(f"no shape {shape}")


def _product(*factors: Ints, divided_by: int = 1) -> Ints:
    """The exact elementwise product. Raises OverflowError if the sum of the products exceeds 9e18."""
    size = np.ones(len(factors[0]))
    product = np.ones(len(factors[0]), np.int64)
    for factor in factors:
        size *= factor
        product *= factor
    if size.sum() > 9e18:
        raise OverflowError("a shape has more occurrences than 64 bits can count")
    return product // divided_by


def _common_children(graph: Graph, n_at_once: int = 1 << 22) -> Ints:
    """Per edge u>v, the number of nodes w with u>w and v>w.

    For each edge v>w, scan the parents of whichever end has fewer, and keep those that are parents of both. In a sparse
    graph the total is a small multiple of the number of edges, however many children or parents a single node has.
    """
    p = graph.n_parents
    use_v = p[graph.parent] <= p[graph.child]
    listed = np.where(use_v, graph.parent, graph.child)  # the end whose parents are scanned
    other = np.where(use_v, graph.child, graph.parent)
    keys = graph.parent * graph.n_nodes + graph.child  # ascending
    closed = np.zeros(len(keys), np.int64)
    steps = np.cumsum(p[listed])
    begin = 0
    while begin < len(keys):
        reached = steps[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(steps, reached + n_at_once, side="right")))
        some = np.arange(begin, end)
        edge = np.repeat(some, p[listed[some]])  # v>w, once for each u
        up = graph.into[_ranges(graph.first_parent[listed[some]], p[listed[some]])]  # u>v, or u>w
        wanted = graph.parent[up] * graph.n_nodes + other[edge]
        found = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
        both = keys[found] == wanted
        closed += np.bincount(np.where(use_v[edge], up, found)[both], minlength=len(keys))
        begin = end
    return closed


def _ranges(begin: Ints, length: Ints) -> Ints:
    """begin[0], begin[0] + 1, ... (length[0] numbers), begin[1], ..."""
    return np.arange(length.sum()) + np.repeat(begin - (length.cumsum() - length), length)


def draw_distinct(rng: np.random.Generator, below: Ints, n: int) -> list[Ints]:
    """For each entry of `below`, n distinct numbers from 0 to below - 1; every order is equally likely."""
    drawn: list[Ints] = []
    for i in range(n):
        new = rng.integers(0, below - i)
        for taken in np.sort(np.array(drawn), axis=0) if drawn else ():  # ascending: skip each number taken
            new += new >= taken
        drawn.append(new)
    return drawn


def _children(graph: Graph, rng: np.random.Generator, node: Ints, n: int) -> list[Ints]:
    """n distinct children of each node."""
    begin = graph.first_child[node]
    return [graph.child[begin + i] for i in draw_distinct(rng, graph.first_child[node + 1] - begin, n)]


def _draw(graph: Graph, shape: str, rng: np.random.Generator, anchor: Ints) -> list[Ints]:
    """One occurrence for each anchor, as one array per node of the shape."""
    if shape == "two_children":
        return [anchor, *_children(graph, rng, anchor, 2)]
    if shape == "three_children":
        return [anchor, *_children(graph, rng, anchor, 3)]
    u, v = graph.parent[anchor], graph.child[anchor]
    match shape:
        case "path_of_two":
            return [u, v, *_children(graph, rng, v, 1)]
        case "two_grandchildren":
            return [u, v, *_children(graph, rng, v, 2)]
        case "uncle":
            return [u, v, *_nephew_and_uncle(graph, rng, anchor)]
        case "path_of_three":
            begin = graph.first_parent[u]
            above = begin + rng.integers(0, graph.first_parent[u + 1] - begin)
            return [graph.parent[graph.into[above]], u, v, *_children(graph, rng, v, 1)]
    return [u, v]


def _nephew_and_uncle(graph: Graph, rng: np.random.Generator, edge: Ints) -> list[Ints]:
    """For each edge u>v a child w of v and a child x of u, distinct from each other and from v.

    A pair with w = x is rejected and redrawn, so all other pairs are equally likely. The loop terminates: an edge
    without other pairs has weight 0 and is never drawn, and any other edge rejects at most half of the draws. (Of the
    a * b pairs of a children of v and b other children of u, at most min(a, b) are rejected; if a = b = 1, none.)
    """
    u, v = graph.parent[edge], graph.child[edge]
    w, x = np.empty_like(u), np.empty_like(u)
    begin, n_others = graph.first_child[u], graph.n_children[u] - 1
    open_ = np.arange(len(edge))
    while len(open_):
        (w[open_],) = _children(graph, rng, v[open_], 1)
        place = begin[open_] + rng.integers(0, n_others[open_])
        place += place >= edge[open_]  # skip v
        x[open_] = graph.child[place]
        open_ = open_[w[open_] == x[open_]]
    return [w, x]
