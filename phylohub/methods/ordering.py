"""The linear ordering problem: the order of a trait's values in which as much drift as possible points forward.

The input is a weighted digraph over n items, the values of a trait. An edge a -> b of weight w says that models drift
from a to b w times more often than back. The score of an order is the total weight of its forward edges; the backward
edges form a feedback arc set. The integer program has x[a,b] + x[b,a] = 1 and x[a,b] + x[b,c] + x[c,a] <= 2.

Source: the study's methods, "Mutation, drift, ordering"; Grötschel, Jünger and Reinelt 1984, "A cutting plane
algorithm for the linear ordering problem".

The solver works in four steps. Each step keeps every optimal order:

1. Split the graph into strongly connected components. No optimal order violates an edge between two components.
2. Solve the linear relaxation of each component (`ordering_program`), adding violated triangle constraints until none
   is left. The dual values, rounded to a grid, give an upper bound and a reduced cost for each backward pair. An edge
   whose reduced cost exceeds the gap to the best known order is violated in every optimal order. Removing these edges
   splits the component into smaller blocks.
3. Run a dynamic program over the prefixes of each block's orders (`ordering_blocks`), pruning prefixes that cost more
   than the gap. It proves the optimum and finds every optimal order. Bounds and prices are integers, so no proof
   depends on a floating-point tolerance.
4. If a block has too many prefixes, run a local search to narrow the gap. If that is not enough, run branch and bound,
   which finds and proves a single order.

An optimal order of all items interleaves optimal orders of the blocks and violates no edge between blocks. The first
such order and the range of each item's places follow from the blocks' prefixes.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phylohub.methods.ordering_blocks import Block, earliest_places, first_order, optimal_prefixes
from phylohub.methods.ordering_differences import PlaceDifferences, place_differences
from phylohub.methods.ordering_program import Program, Solver, order_score

Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]

MAX_WORK = 20 * 2**20  # all subsets of 20 items: up to that size the result is exact whatever the solver does
MAX_TOTAL_WEIGHT = 2**48  # keeps prices exact in double precision


@dataclass(frozen=True)
class Ordering:
    """An order of n items, and what is known about all optimal orders. Items are numbered in canonical order."""

    order: tuple[int, ...]
    optimum: int  # total weight of the forward edges; if not proven, that of the best known order
    bound: int  # upper bound on the score of any order
    proven: bool
    earliest: tuple[int | None, ...]  # first place (from 1) of each item over all optimal orders; None if unknown
    latest: tuple[int | None, ...]  # last place of each item, likewise
    places_proven: bool  # no earliest or latest place is None
    violated: tuple[tuple[int, int], ...]  # the backward edges: (a, b) with b before a
    solver: str
    seconds: float


def linear_ordering(
    items: Sequence[str],
    traffic: ArrayLike,
    *,
    solver: Solver = "highs",
    time_limit: float = 60.0,
    max_work: int = MAX_WORK,
) -> Ordering:
    """Find the best order of the items, proven optimal if time allows, and each item's places over all optimal orders.

    Ties between optimal orders go to the first in canonical order: each place takes the first item that can stand
    there in an optimal order. The result therefore depends neither on the solver nor on the order of the input rows.
    The exception is a component with a block that exceeds `max_work`. Its order is still proven optimal, but it
    violates the same edges as the solver's solution, so it can differ between solvers, and the places that depend on
    this component are None.

    Args:
        items: n names in canonical order (most models first).
        traffic: integers >= 0 of shape (n, n); traffic[a, b] is the net number of transitions a -> b, so at most one
            of traffic[a, b] and traffic[b, a] is positive. Use 0 and 1 for the unweighted form.
        solver: "highs" or "cbc", called through PuLP on one thread.
        time_limit: seconds for the solver; 0 skips the solver.
        max_work: limit on prefixes times items of one block in the dynamic program. It bounds time and memory (usually
            2 s and 250 MB) without a clock, so that a slow machine gives the same places.

    Raises:
        ValueError: if traffic has the wrong shape or is not integer, is negative, is positive on the diagonal or in
            both directions of a pair, or sums to more than 2^48; if an item is repeated; if the solver is unknown.
    """
    started = time.perf_counter()
    weight = _checked_weights(items, traffic)
    blocks, kept, bound = _optimal_blocks(weight, solver, started + time_limit, max_work)
    return _ordering(weight, blocks, kept, bound, solver, started)


def linear_ordering_with_differences(
    items: Sequence[str],
    traffic: ArrayLike,
    *,
    solver: Solver = "highs",
    time_limit: float = 60.0,
    max_work: int = MAX_WORK,
) -> tuple[Ordering, PlaceDifferences | None]:
    """The same as `linear_ordering`, with the range of place[b] - place[a] over all optimal orders for all items a, b.

    The differences are None if a component's orders exceed `max_work`, or if all orders together do.
    """
    started = time.perf_counter()
    weight = _checked_weights(items, traffic)
    blocks, kept, bound = _optimal_blocks(weight, solver, started + time_limit, max_work)
    found = _ordering(weight, blocks, kept, bound, solver, started)
    return found, place_differences(blocks, kept, max_work)


def _optimal_blocks(weight: Integers, solver: Solver, deadline: float, max_work: int) -> tuple[list[Block], Bools, int]:
    """The blocks in a topological order, the edges that some optimal order may respect, and the upper bound."""
    if solver not in ("highs", "cbc"):
        raise ValueError(f"unknown solver {solver!r}: use 'highs' or 'cbc'")
    kept = weight > 0  # edges that some optimal order may respect
    bound = int(weight.sum())
    blocks = []
    for component in _components(kept):
        inside = np.ix_(component, component)
        solution = _solve_component(weight[inside], solver, deadline, max_work)
        kept[inside] &= solution.kept
        bound -= int(weight[inside].sum()) - solution.bound
        blocks += [block.renumbered(component, len(weight)) for block in solution.blocks]
    n_ancestors = _reachable(kept).sum(axis=0)
    blocks.sort(key=lambda block: int(n_ancestors[block.members[0]]))
    return blocks, kept, bound


def _ordering(weight: Integers, blocks: list[Block], kept: Bools, bound: int, solver: str, started: float) -> Ordering:
    order = first_order(blocks, kept)
    optimum = order_score(order, weight)
    earliest = earliest_places(blocks, kept)
    from_the_end = earliest_places([block.reversed() for block in reversed(blocks)], kept.T)
    latest = [None if place is None else len(order) + 1 - place for place in from_the_end]
    place_of = np.argsort(order)
    violated = np.argwhere((weight > 0) & (place_of[:, None] > place_of[None, :]))
    return Ordering(
        order=tuple(order.tolist()),
        optimum=optimum,
        bound=bound,
        proven=bound == optimum,
        earliest=tuple(earliest),
        latest=tuple(latest),
        places_proven=None not in earliest and None not in latest,
        violated=tuple((a, b) for a, b in violated.tolist()),
        solver=solver,
        seconds=time.perf_counter() - started,
    )


def _checked_weights(items: Sequence[str], traffic: ArrayLike) -> Integers:
    given = np.asarray(traffic) if len(items) else np.zeros((0, 0), np.int64)
    if given.shape != (len(items), len(items)):
        raise ValueError(f"traffic has shape {given.shape}, expected {(len(items), len(items))}")
    if given.dtype.kind not in "biu":
        raise ValueError(f"traffic must be integers, not {given.dtype}")
    if len(set(items)) < len(items):
        raise ValueError("an item is listed twice")
    if (given < 0).any():
        raise ValueError("traffic is negative")
    if given.sum(dtype=np.float64) > MAX_TOTAL_WEIGHT:
        raise ValueError("total traffic exceeds 2^48")
    weight: Integers = given.astype(np.int64)
    if ((weight > 0) & (weight.T > 0)).any():  # includes the diagonal
        raise ValueError("traffic is positive in both directions of a pair, or from an item to itself")
    return weight


def _reachable(edges: Bools) -> Bools:
    """Whether a path (possibly empty) leads from the row's item to the column's item."""
    reach: Bools = edges | np.eye(len(edges), dtype=bool)
    for _ in range(len(edges).bit_length()):
        reach = reach.astype(np.float32) @ reach.astype(np.float32) > 0
    return reach


def _components(edges: Bools) -> list[Integers]:
    """The strongly connected components, each in ascending order."""
    if not len(edges):
        return []
    reach = _reachable(edges)
    first = (reach & reach.T).argmax(axis=1)
    return [np.flatnonzero(first == item) for item in np.unique(first)]


@dataclass(frozen=True)
class _Solution:
    """What is known about the optimal orders of one component."""

    kept: Bools  # its edges, without those that every optimal order violates
    blocks: list[Block]
    bound: int


def _solve_component(weight: Integers, solver: Solver, deadline: float, max_work: int) -> _Solution:
    if len(weight) == 1:
        return _Solution(weight > 0, [Block.of_one(0, 1, exact=True)], 0)
    program = Program(weight, solver, deadline)
    score = -1
    for attempt in (program.relax, program.search, program.branch):
        attempt()
        if program.score > score:  # a smaller gap leaves fewer prefixes
            score = program.score
            solution = _all_optima(program, max_work)
            if solution is not None:
                return solution
    place_of = np.argsort(program.order)
    kept = (weight > 0) & (place_of[:, None] < place_of[None, :])
    blocks = [Block.of_one(item, len(weight), exact=False) for item in range(len(weight))]
    return _Solution(kept, blocks, program.bound)


def _all_optima(program: Program, max_work: int) -> _Solution | None:
    """All optimal orders of a component, as blocks; None if a block exceeds `max_work`."""
    kept = (program.weight > 0) & (program.prices.pair <= program.gap)
    weight = np.where(kept, program.weight, 0)
    bound = int(weight.sum())
    blocks = []
    for members in _components(kept):
        order = program.order[np.isin(program.order, members)]
        found = optimal_prefixes(order, weight, program.prices, program.gap, max_work)
        if found is None:
            return None
        block, violated = found
        blocks.append(block)
        bound -= violated
    return _Solution(kept, blocks, bound)
