"""The largest components of a graph that grows step by step.

Source: the study, section 5, which asks whether the Hub's families merge into one. A component is weakly connected: a
set of nodes that edges join, whatever their direction. A node without edges is a component of its own.
"""

import heapq
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]  # same

Ints = NDArray[np.int64]


class Growth(NamedTuple):
    """The graph at the end of each step, as arrays of shape (n_steps,)."""

    n_nodes: Ints
    n_edges: Ints
    largest: Ints  # nodes of the largest component; 0 without nodes
    second: Ints  # nodes of the second largest, which can be as large; 0 if there is one component or none


def component_growth(node_step: ArrayLike, first: ArrayLike, second: ArrayLike, n_steps: int) -> Growth:
    """The sizes of the two largest components at the end of each of the steps 0 to n_steps - 1.

    Args:
        node_step: the step in which each node appears, shape (n,).
        first, second: the ends of each edge, in any order. An edge appears as soon as both ends have. It counts each
            time it is given.
        n_steps: number of steps.

    A union by size over the edges of one step at a time: each node points to a node of the same component, and the
    smaller component points to the larger. A step costs as much as its edges times the logarithm of the number of
    nodes, however many steps there are.

    Raises ValueError if a step or an end is out of range.
    """
    steps = np.asarray(node_step, np.int64)
    ends = np.stack([np.asarray(first, np.int64), np.asarray(second, np.int64)])
    for what, given, limit in (("step", steps, n_steps), ("end of an edge", ends, len(steps))):
        if given.size and not (0 <= given.min() <= given.max() < limit):
            raise ValueError(f"a {what} is not in 0 to {limit - 1}")
    edge_step = steps[ends].max(axis=0)
    ends = ends[:, np.argsort(edge_step, kind="stable")]
    n_nodes, n_edges = (np.bincount(some, minlength=n_steps).cumsum() for some in (steps, edge_step))

    pointer = np.arange(len(steps))
    size = np.ones(len(steps), np.int64)
    by_size: list[tuple[int, int]] = []  # a heap of (-size, root) of components with edges, some of them outdated
    n_joined = 0  # how many components fewer than nodes there are
    sizes = np.zeros((n_steps, 2), np.int64)
    for step, (begin, end) in enumerate(zip([0, *n_edges[:-1]], n_edges, strict=True)):
        if begin < end:
            joined, n_lost = _join(pointer, size, _roots(pointer, ends[:, begin:end]))
            n_joined += n_lost
            for root in joined.tolist():
                heapq.heappush(by_size, (-int(size[root]), root))
        n_components = int(n_nodes[step]) - n_joined
        sizes[step, : min(n_components, 2)] = _two_largest(pointer, size, by_size)[:n_components]
    return Growth(n_nodes, n_edges, *sizes.T)


def _roots(pointer: Ints, nodes: Ints) -> Ints:
    """The root of each node's component."""
    while not np.array_equal(above := pointer[nodes], nodes):
        nodes = above
    return nodes


def _join(pointer: Ints, size: Ints, ends: Ints) -> tuple[Ints, int]:
    """Join the components with these roots, shape (2, k). Returns the roots that remain, and how many do not."""
    roots, number = np.unique(ends, return_inverse=True)
    first, second = number.reshape(ends.shape)
    edges = sparse.coo_array((np.ones(len(first), np.int8), (first, second)), (len(roots), len(roots)))
    n_groups, group = connected_components(edges, directed=False)
    largest_last = np.lexsort((size[roots], group))
    last_of_group = np.cumsum(np.bincount(group, minlength=n_groups)) - 1
    kept = roots[largest_last[last_of_group]]
    total = np.bincount(group, weights=size[roots], minlength=n_groups).astype(np.int64)  # exact below 2^53
    has_grown = total > size[kept]
    pointer[roots] = kept[group]
    size[kept] = total
    return kept[has_grown], len(roots) - n_groups


def _two_largest(pointer: Ints, size: Ints, by_size: list[tuple[int, int]]) -> list[int]:
    """The sizes of the two largest components; 1 for those without edges."""
    found: list[tuple[int, int]] = []
    while by_size and len(found) < 2:
        negative, root = heapq.heappop(by_size)
        if pointer[root] == root and size[root] == -negative:
            found.append((negative, root))
    for entry in found:
        heapq.heappush(by_size, entry)
    return ([-negative for negative, _ in found] + [1, 1])[:2]
