"""Structural virality of families: the mean distance between two members.

Source: the study's methods, "Cards, availability, structure, time"; Goel, Anderson, Hofman and Watts, "The structural
virality of online diffusion" (Management Science 62, 2016). Distances are undirected, and the mean is over ordered
pairs of distinct members. A star of n members has 2 - 2/n, a chain (n + 1) / 3.

A family consists of a core and trees that hang from it. The core is what remains after members with one neighbor are
removed repeatedly: the members on cycles and on the paths between cycles. A tree has no core. A tree edge that splits
n members into s and n - s lies on the paths of 2 s (n - s) ordered pairs, which is its exact contribution to the sum of
all distances. The rest are distances within the core, where each node is weighted by the number of members that hang
from it, itself included. They are measured from every core node if there are few, otherwise from a sample.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types
from scipy.sparse.csgraph import (  # type: ignore[import-untyped]  # same
    breadth_first_order,
    connected_components,
    dijkstra,
)

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

DISTANCES_AT_ONCE = 4_000_000  # 32 MB
MAX_LEVELS = 48  # with more levels, the search from one source at a time is faster
BITS_MISSING = 1.0 - np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little")  # (byte, bit)


class Virality(NamedTuple):
    """One entry per family, in ascending order of family id.

    `virality` is NaN for a family of one. `method` is "tree" (no cycle: exact), "exact" (cycles, all distances
    measured) or "sampled" (cycles, distances from sampled members). `standard_error` is 0 unless sampled.
    """

    family: Ints
    size: Ints
    virality: Floats
    method: NDArray[np.str_]
    standard_error: Floats


def structural_virality(
    family: NDArray[Any],
    first: NDArray[Any],
    second: NDArray[Any],
    exact_limit: int = 2_000,
    n_sources: int = 256,
    seed: int = 0,
) -> Virality:
    """The structural virality of every family.

    Trees take time proportional to n log(depth), cores to sources times edges. Sums of distances are float64, with
    relative errors below 1e-9.

    Args:
        family: family id of each node 0 to n - 1.
        first: one end of each edge; direction, order, duplicates and self-loops do not matter.
        second: the other end of each edge.
        exact_limit: cores of up to this many nodes are measured exactly.
        n_sources: members (2 or more) drawn with replacement from a family with a larger core.
        seed: seed of the draws.

    Raises:
        ValueError: if a node is out of range, an edge joins two families, or a family is not connected.
    """
    ids, root, family = np.unique(np.asarray(family), return_index=True, return_inverse=True)
    a, b = _distinct_edges(first, second, len(family))
    if (family[a] != family[b]).any():
        raise ValueError("an edge joins two families")
    n_nodes, size = len(family), np.bincount(family, minlength=len(ids))

    above = _parents(a, b, root, n_nodes)
    is_extra = (above[a] != b) & (above[b] != a)  # the edges beyond a tree: each closes a cycle
    extra_ends = np.bincount(np.concatenate((a[is_extra], b[is_extra])), minlength=n_nodes)
    n_below, ends_below = _subtree_sums(above, np.ones(n_nodes)), _subtree_sums(above, extra_ends)
    all_ends = np.bincount(family, extra_ends, minlength=len(ids))
    # The edge from a node to its parent is part of a hanging tree if one of its sides has no cycle.
    hangs = (above < n_nodes) & ((ends_below == 0) | (ends_below == all_ends[family]))
    node = np.flatnonzero(hangs)
    far, all_members = n_below[node], size[family[node]]
    distances = np.bincount(family[node], 2 * far * (all_members - far), minlength=len(ids))

    method = np.where(all_ends > 0, "exact", "tree").astype("<U7")
    error = np.zeros(len(ids))
    in_core = np.flatnonzero((above < n_nodes) & ~hangs)
    ends = np.concatenate((a[is_extra], in_core)), np.concatenate((b[is_extra], above[in_core]))
    for place, (core, weight) in _cores(family, (node, above[node]), ends, all_ends > 0):
        if len(weight) <= exact_limit:
            distances[place] += weight @ _distance_sums(core, weight, np.arange(len(weight)))
        else:
            method[place] = "sampled"
            rng = np.random.default_rng([seed, len(weight)])
            member = rng.integers(size[place], size=n_sources)
            sources, times = np.unique(np.searchsorted(weight.cumsum(), member, side="right"), return_inverse=True)
            sums = _distance_sums(core, weight, sources)[times]
            distances[place] += size[place] * sums.mean()
            error[place] = sums.std(ddof=1) / np.sqrt(n_sources) / (size[place] - 1)

    pairs = size * (size - 1.0)
    virality = np.divide(distances, pairs, out=np.full(len(ids), np.nan), where=pairs > 0)
    return Virality(ids, size, virality, method, error)


def _distinct_edges(first: NDArray[Any], second: NDArray[Any], n_nodes: int) -> tuple[Ints, Ints]:
    first, second = np.asarray(first, np.int64), np.asarray(second, np.int64)
    a, b = np.minimum(first, second), np.maximum(first, second)
    if len(a) and not 0 <= a.min() <= b.max() < n_nodes:
        raise ValueError(f"a node is not in 0 to {n_nodes - 1}")
    keys = np.sort((a * n_nodes + b)[a != b])  # sorting integers is faster than np.unique, which hashes them
    a, b = np.divmod(keys[np.diff(keys, prepend=-1) > 0], max(n_nodes, 1))
    return a, b


def _adjacency(a: Ints, b: Ints, n_nodes: int) -> sparse.csr_array:
    places = np.concatenate((a, b)), np.concatenate((b, a))
    return sparse.csr_array((np.ones(2 * len(a)), places), (n_nodes, n_nodes))


def _parents(a: Ints, b: Ints, root: Ints, n_nodes: int) -> Ints:
    """For each node the next one on a shortest path to its family's root; `n_nodes` for the roots.

    One breadth-first search covers all families. It starts at an extra node connected to every root.
    """
    extra = np.full(len(root), n_nodes)
    adjacency = _adjacency(np.concatenate((a, extra)), np.concatenate((b, root)), n_nodes + 1)
    reached, above = breadth_first_order(adjacency, n_nodes)
    if len(reached) <= n_nodes:
        raise ValueError("a family is not connected")
    return np.asarray(above[:n_nodes], np.int64)


def _subtree_sums(above: Ints, values: NDArray[Any]) -> Floats:
    """For each node the sum of `values` (integers) over it and all nodes below it.

    Before round k, each node holds the sum over the nodes less than 2^k edges below it. In round k it adds this sum to
    its ancestor 2^k edges up. A chain of a million nodes takes twenty rounds.
    """
    n_nodes = len(above)
    sums = values.astype(np.float64)
    ancestor = np.append(above, n_nodes)
    low = np.flatnonzero(above < n_nodes)
    while len(low):
        sums += np.bincount(ancestor[low], sums[low], minlength=n_nodes)
        ancestor[low] = ancestor[ancestor[low]]
        low = low[ancestor[low] < n_nodes]
    return sums


def _cores(
    family: Ints, hanging: tuple[Ints, Ints], edges: tuple[Ints, Ints], wanted: NDArray[np.bool_]
) -> Iterator[tuple[int, tuple[sparse.csr_array, Floats]]]:
    """For each wanted family its core, and the number of members each core node stands for, itself included."""
    if not wanted.any():
        return
    # Members connected by hanging edges form one core node. Number the core nodes family by family.
    n_cores, label = connected_components(_adjacency(*hanging, len(family)), directed=False)
    family_of = np.empty(n_cores, np.int64)
    family_of[label] = family
    order = np.argsort(family_of, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(n_cores)
    label = rank[label]
    weight = np.bincount(label, minlength=n_cores).astype(np.float64)
    joined = _adjacency(label[edges[0]], label[edges[1]], n_cores)
    begin = np.searchsorted(family_of[order], np.arange(len(wanted) + 1))
    for place in np.flatnonzero(wanted).tolist():
        some = slice(begin[place], begin[place + 1])
        yield place, (joined[some, some], weight[some])


def _distance_sums(core: sparse.csr_array, weight: Floats, sources: Ints) -> Floats:
    """For each source the weighted sum of its distances to all core nodes."""
    if len(sources) < len(weight) and (sums := _sums_by_levels(core, weight, sources)) is not None:
        return sums
    at_once = max(1, DISTANCES_AT_ONCE // len(weight))
    parts = [sources[begin : begin + at_once] for begin in range(0, len(sources), at_once)]
    return np.concatenate([dijkstra(core, unweighted=True, indices=part) @ weight for part in parts])


def _sums_by_levels(core: sparse.csr_array, weight: Floats, sources: Ints) -> Floats | None:
    """The same for all sources at once, with one bit per node and source for whether the source has reached the node.

    None if there are more than MAX_LEVELS levels, because each level takes the same time however few nodes it reaches.
    """
    reached = np.zeros((len(weight), -(-len(sources) // 64) * 8), np.uint8)
    column = np.arange(len(sources))
    np.bitwise_or.at(reached, (sources, column // 8), (1 << column % 8).astype(np.uint8))
    words = reached.view(np.uint64)
    sums = np.zeros(8 * reached.shape[1])
    for _ in range(MAX_LEVELS):
        # One count serves eight sources, the bits of a byte. Nodes not reached yet are at least one more edge away.
        by_byte = np.stack([np.bincount(byte, weight, minlength=256) for byte in reached.T])
        missing = (by_byte @ BITS_MISSING).ravel()
        if not missing[: len(sources)].any():
            return sums[: len(sources)]
        sums += missing
        # No row is empty, because a core is connected and has a cycle.
        words |= np.bitwise_or.reduceat(words[core.indices], core.indptr[:-1], axis=0)
    return None
