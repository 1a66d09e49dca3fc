"""The linear ordering problem: the order of traits in which as much drift as possible points forward.

The input is a weighted digraph: an edge a -> b of weight w says that models drift from trait a to trait b w times
more often than back. An order is worth the weight of the edges that point forward in it; the others are a feedback
arc set. The integer program has x[a,b] + x[b,a] = 1 and x[a,b] + x[b,c] + x[c,a] <= 2 (the study's methods,
"Mutation, drift, ordering"; Grötschel, Jünger, Reinelt 1984, "A cutting plane algorithm for the linear ordering
problem").

It is solved here in four steps, each of which keeps every optimal order:

1. Strongly connected components: an optimal order violates no edge between two of them.
2. The linear relaxation of a component's program, with violated triangles added until there are none. Its dual
   multipliers, rounded to a grid, give an upper bound, and the price of each pair that stands the wrong way round
   (its reduced cost). An edge that costs more than the gap to the best order known is violated in every optimal
   order: it is taken out, and the component falls into smaller blocks.
3. Dynamic programming over the prefixes of a block's orders, without those that cost more than the gap. It proves
   the optimum and finds every optimal order. Like the bound it is in integers, so no proof rests on tolerances.
4. Only where a block has too many prefixes: a search for a better order, which narrows the gap; if that is not
   enough, branch and bound by the solver, which finds and proves one order.

The optimal orders of all traits are those that interleave optimal orders of the blocks and violate no edge between
blocks. The first of them and each trait's places are read off the blocks' prefixes.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pulp  # type: ignore[import-untyped]  # PuLP has annotations, but does not declare them
from numpy.typing import ArrayLike, NDArray

Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]
Solver = Literal["highs", "cbc"]

MAX_WORK = 20 * 2**20  # all sets of 20 traits: with as many or fewer everything is exact, whatever the solver does
_MAX_LABELS = 1000  # ways of interleaving blocks that are followed for one place; a handful are met in practice
_MAX_WEIGHT = 2**48  # of all edges, so that prices stay exact in double precision
_SEARCHES = 1000  # under a second for 50 traits
_VIOLATED = 1e-4  # a triangle violated by less is let be: solvers answer with some six digits


@dataclass(frozen=True)
class Ordering:
    """An order of the traits, and what is known about all optimal orders. Traits are numbers in canonical order.

    `earliest` and `latest` are each trait's first and last place, counted from 1, over all optimal orders (in
    canonical order; None where it could not be found). `places_proven` says that none is missing.
    """

    order: tuple[int, ...]
    optimum: int  # weight of the edges that point forward; if not proven, of the best order met
    bound: int  # no order is worth more
    proven: bool
    earliest: tuple[int | None, ...]
    latest: tuple[int | None, ...]
    places_proven: bool
    violated: tuple[tuple[int, int], ...]  # the edges (a, b) with b before a
    solver: str
    seconds: float


def linear_ordering(
    traits: Sequence[str],
    traffic: ArrayLike,
    *,
    solver: Solver = "highs",
    time_limit: float = 60.0,
    max_work: int = MAX_WORK,
) -> Ordering:
    """The best order of the traits, proven if time allows, and each trait's places over all optimal orders.

    Of all optimal orders it is the first in canonical order: at each place stands the first trait that can stand
    there in an optimal order. So it depends neither on the solver nor on the order of the rows that were counted.
    Only where a block of traits exceeds `max_work` it is the first order that violates the same edges as the
    solver's solution: still proven optimal, but another solver may find another one, and the places that depend on
    the component are None.

    Args:
        traits: names in canonical order (most models first), n of them.
        traffic: integers >= 0 of shape (n, n); traffic[a, b] is that of the oriented drift a -> b, so at most one
            of traffic[a, b] and traffic[b, a] is positive. For the unweighted form 0 and 1.
        solver: "highs" or "cbc", through PuLP, on one thread.
        time_limit: seconds for the solver; with 0 it is not asked.
        max_work: limit of the dynamic program in one block: prefixes times traits of the block. It bounds time and
            memory (usually 2 s and 250 MB) without a clock, so that a slow machine gives the same places.

    Raises:
        ValueError: traffic of another shape, not integer, negative, from a trait to itself, in both directions of
            a pair, or above 2^48 in all; a trait named twice; an unknown solver.
    """
    started = time.perf_counter()
    weight = _checked(traits, traffic)
    if solver not in ("highs", "cbc"):
        raise ValueError(f"unknown solver {solver!r}: highs or cbc")
    kept = weight > 0  # edges that are not violated in every optimal order
    bound = int(weight.sum())
    blocks = []
    for component in _components(kept):
        inside = np.ix_(component, component)
        part = _solve(weight[inside], solver, started + time_limit, max_work)
        kept[inside] &= part.kept
        bound -= int(weight[inside].sum()) - part.bound
        blocks += [block.renumbered(component, len(weight)) for block in part.blocks]
    n_ancestors = _reachable(kept).sum(axis=0)
    blocks.sort(key=lambda block: int(n_ancestors[block.members[0]]))  # a topological order

    order = _first_order(blocks, kept)
    optimum = _value(order, weight)
    earliest = _first_places(blocks, kept)
    from_the_end = _first_places([block.reversed() for block in reversed(blocks)], kept.T)
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


def _checked(traits: Sequence[str], traffic: ArrayLike) -> Integers:
    given = np.asarray(traffic) if len(traits) else np.zeros((0, 0), np.int64)
    if given.shape != (len(traits), len(traits)):
        raise ValueError(f"traffic has the shape {given.shape}, and there are {len(traits)} traits")
    if given.dtype.kind not in "biu":
        raise ValueError(f"traffic must be integers, not {given.dtype}")
    if len(set(traits)) < len(traits):
        raise ValueError("a trait is named twice")
    if (given < 0).any():
        raise ValueError("traffic is negative")
    if given.sum(dtype=np.float64) > _MAX_WEIGHT:
        raise ValueError("traffic exceeds 2^48 in all")
    weight: Integers = given.astype(np.int64)
    if ((weight > 0) & (weight.T > 0)).any():  # the diagonal as well
        raise ValueError("traffic in both directions of a pair, or from a trait to itself")
    return weight


def _value(order: Integers, weight: Integers) -> int:
    return int(np.triu(weight[np.ix_(order, order)]).sum())


def _reachable(edges: Bools) -> Bools:
    """Whether a path, possibly of no edge, leads from the row's trait to the column's."""
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
    return [np.flatnonzero(first == trait) for trait in np.unique(first)]


# ---- blocks and the prefixes of their optimal orders


@dataclass(frozen=True)
class _Block:
    """Traits with their optimal orders: the sets that can stand first, and the steps from one set to the next.

    An optimal order of the block is a path from the empty set (row 0) to the full one (the last row).
    """

    members: Integers
    sets: Bools  # (k, n), by size
    start: Integers  # of each step: a row of `sets`
    trait: Integers  # of each step: the trait that follows
    end: Integers  # of each step: the row of the set with it
    exact: bool = True  # False: this is one optimal order, and there may be more

    def renumbered(self, numbers: Integers, n: int) -> "_Block":
        """The block with trait i called numbers[i], of n traits."""
        sets = np.zeros((len(self.sets), n), dtype=bool)
        sets[:, numbers] = self.sets
        return _Block(numbers[self.members], sets, self.start, numbers[self.trait], self.end, self.exact)

    def reversed(self) -> "_Block":
        """The block with its orders read backwards."""
        sets = (self.sets[-1] & ~self.sets)[::-1]
        last = len(sets) - 1
        return _Block(self.members, sets, last - self.end, self.trait, last - self.start, self.exact)


def _single(trait: int, n: int, *, exact: bool) -> _Block:
    sets = np.zeros((2, n), dtype=bool)
    sets[1, trait] = True
    zero = np.zeros(1, np.int64)
    return _Block(zero + trait, sets, zero, zero + trait, zero + 1, exact)


def _optimal_prefixes(
    order: Integers, weight: Integers, prices: "_Prices", gap: int, max_work: int
) -> tuple[_Block, int] | None:
    """The block of the traits in this order, and the weight that its best orders violate; None if too much work.

    A dynamic program over the sets of members that can stand first. An order at least as good as the given one
    violates no more than that and pays no more than the gap, and neither does any of its prefixes: a set that needs
    more is left out. Each set has the least of both figures, maybe those of different orders.
    """
    allowed = int(np.tril(weight[np.ix_(order, order)]).sum())
    members = np.sort(order)
    m = len(members)
    inside = np.ix_(members, members)
    lost = weight[inside].astype(np.float64)  # integers below 2^53: exact, and multiplied fast
    paid = prices.pair[inside].astype(np.float64)
    triangles_of = _by_second(prices, members)
    bit = np.packbits(np.eye(m, -(-m // 64) * 64, dtype=bool), axis=1).view(np.uint64)

    keys: Keys = np.zeros((1, bit.shape[1]), np.uint64)
    least_lost, least_paid = np.zeros(1), np.zeros(1)
    levels = [_unpacked(keys, m)]  # the sets by size; rows are counted through all levels
    steps: list[tuple[Integers, Integers, Integers]] = []  # start, trait, end of the best steps to each set
    first_row = 0
    for _ in range(m):
        outside = ~levels[-1]
        next_row = first_row + len(outside)
        if next_row * m > max_work or outside.size > max_work // 4:  # in all; in a level, which bounds the memory
            return None
        now_paid = least_paid[:, None] + outside @ paid.T  # a step pays for all traits that it leaves behind
        now_lost = least_lost[:, None] + outside @ lost
        start, trait = np.nonzero(outside & (now_paid <= gap) & (now_lost <= allowed))
        step_lost, step_paid = now_lost[start, trait], now_paid[start, trait]
        for second, (first, third, price) in enumerate(triangles_of):
            chosen = np.flatnonzero(trait == second)
            rows = start[chosen]
            step_paid[chosen] += (levels[-1][rows[:, None], first] & outside[rows[:, None], third]) @ price
        cheap = step_paid <= gap
        start, trait, step_lost, step_paid = start[cheap], trait[cheap], step_lost[cheap], step_paid[cheap]
        keys, end = _distinct(keys[start] | bit[trait])
        least_lost = _least(step_lost, end, len(keys))
        least_paid = _least(step_paid, end, len(keys))
        best = step_lost == least_lost[end]
        steps.append((first_row + start[best], trait[best], next_row + end[best]))
        levels.append(_unpacked(keys, m))
        first_row = next_row

    optimal = np.zeros(first_row + 1, dtype=bool)  # on a path of best steps to the full set
    optimal[-1] = True
    for start, _, end in reversed(steps):
        optimal[start[optimal[end]]] = True
    start, trait, end = (np.concatenate(column) for column in zip(*steps, strict=True))
    used = optimal[end]
    row = np.cumsum(optimal) - 1
    sets = np.zeros((int(optimal.sum()), len(weight)), dtype=bool)
    sets[:, members] = np.concatenate(levels)[optimal]
    return _Block(members, sets, row[start[used]], members[trait[used]], row[end[used]]), int(least_lost[0])


def _by_second(prices: "_Prices", members: Integers) -> list[tuple[Integers, Integers, Floats]]:
    """For each member the triangles that cost if it comes second: the members first and third, and the price."""
    number = np.full(len(prices.pair), -1)
    number[members] = np.arange(len(members))
    corners = number[prices.triangles]
    paid = (corners >= 0).all(axis=1) & (prices.triangle > 0)
    a, b, c = corners[paid].T
    # x[a,b] + x[b,c] + x[c,a] is 2 in the orders abc, bca and cab, and 1, which costs, in acb, bac and cba.
    first, second, third = np.concatenate((a, b, c)), np.concatenate((c, a, b)), np.concatenate((b, c, a))
    price = np.tile(prices.triangle[paid].astype(np.float64), 3)
    return [(first[at], third[at], price[at]) for at in (second == member for member in range(len(members)))]


def _unpacked(keys: Keys, m: int) -> Bools:
    return np.unpackbits(keys.view(np.uint8), axis=1, count=m).view(np.bool_)


def _distinct(keys: Keys) -> tuple[Keys, Integers]:
    """The distinct rows, and the number of each row among them."""
    by_key = np.lexsort(keys.T)
    ordered = keys[by_key]
    new = np.ones(len(keys), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    number = np.empty(len(keys), np.int64)
    number[by_key] = np.cumsum(new) - 1
    return ordered[new], number


def _least(values: Floats, group: Integers, n_groups: int) -> Floats:
    least = np.full(n_groups, np.inf)
    np.minimum.at(least, group, values)
    return least


# ---- a strongly connected component


@dataclass(frozen=True)
class _Part:
    """What is known about the optimal orders of a component."""

    kept: Bools  # its edges, without those that are violated in every optimal order
    blocks: list[_Block]
    bound: int


def _solve(weight: Integers, solver: Solver, deadline: float, max_work: int) -> _Part:
    if len(weight) == 1:
        return _Part(weight > 0, [_single(0, 1, exact=True)], 0)
    program = _Program(weight, solver, deadline)
    value = -1
    for attempt in (program.relax, program.search, program.branch):
        attempt()
        if program.value > value:  # a smaller gap leaves fewer prefixes
            value = program.value
            part = _all_optima(program, max_work)
            if part is not None:
                return part
    place_of = np.argsort(program.order)
    kept = (weight > 0) & (place_of[:, None] < place_of[None, :])
    blocks = [_single(trait, len(weight), exact=False) for trait in range(len(weight))]
    return _Part(kept, blocks, program.bound)


def _all_optima(program: "_Program", max_work: int) -> _Part | None:
    """The blocks of a component with all optimal orders; None if one of them takes too much work."""
    kept = (program.weight > 0) & (program.prices.pair <= program.gap)
    weight = np.where(kept, program.weight, 0)
    bound = int(weight.sum())
    blocks = []
    for members in _components(kept):
        order = program.order[np.isin(program.order, members)]
        found = _optimal_prefixes(order, weight, program.prices, program.gap, max_work)
        if found is None:
            return None
        block, violated = found
        blocks.append(block)
        bound -= violated
    return _Part(kept, blocks, bound)


@dataclass(frozen=True)
class _Prices:
    """What an order pays, times the grid: what it is worth is `upper` less all that it pays."""

    upper: int
    pair: Integers  # (n, n): [a, b] is paid if a stands before b
    triangles: Integers  # (k, 3)
    triangle: Integers  # (k): [i] is paid if the three corners stand in the other of the two cyclic orders


class _Program:
    """The integer program of a component, through PuLP, with one variable x[a, b] for each pair a < b.

    `order` is the best one met, `value` its worth, and no order is worth more than `bound`. An order worth `value`
    or more pays at most `gap`.
    """

    def __init__(self, weight: Integers, solver: Solver, deadline: float) -> None:
        n = len(weight)
        self.weight = weight
        self.order: Integers = np.arange(n)
        self.value = -1
        self._try(self.order)
        self._solver: Solver = solver
        self._deadline = deadline
        self._grid = 1 << min(20, 50 - int(weight.sum()).bit_length())  # keeps prices below 2^53
        self._problem = pulp.LpProblem("linear_ordering", pulp.LpMaximize)
        self._x = {
            (a, b): self._problem.add_variable(f"x_{a}_{b}", 0, 1, pulp.LpInteger)
            for a in range(n)
            for b in range(a + 1, n)
        }
        net = weight - weight.T
        self._problem.setObjective(pulp.LpAffineExpression([(x, int(net[pair])) for pair, x in self._x.items()]))
        self._triangles: list[tuple[int, int, int]] = []
        self._constraints: list[Any] = []
        self._proven_bound = int(weight.sum())
        self.prices = self._priced()

    @property
    def bound(self) -> int:
        return min(self._proven_bound, self.prices.upper // self._grid)

    @property
    def gap(self) -> int:
        return self.prices.upper - self._grid * self.value

    def relax(self) -> None:
        """Solve the linear relaxation: for the prices, for a bound, and for orders rounded from its solutions."""
        x = self._solution()
        while self._cut(x) and self._run(mip=False):
            self.prices = self._priced()
            x = self._solution()
            self._try(_rounded(x))

    def search(self) -> None:
        """Iterated local search: for a better order, from the best one with a few traits moved at random."""
        rng = np.random.default_rng(0)
        n = len(self.order)
        for _ in range(_SEARCHES):
            order = self.order
            for i, j in rng.integers(n, size=(rng.integers(2, 9), 2)):
                order = np.insert(np.delete(order, i), j, order[i])
            self._try(order)

    def branch(self) -> None:
        """Solve the integer program by branch and bound: for an order, and the proof that it is optimal."""
        while self.bound > self.value:
            solved = self._run(mip=True)
            x = np.rint(self._solution())
            self._try(_rounded(x))
            if not solved:
                return
            self._proven_bound = min(self._proven_bound, int((self.weight * x).sum()))
            self._cut(x)  # if no triangle is violated, x is an order, and the bound its value

    def _try(self, order: Integers) -> None:
        order = _improved(order, self.weight)
        value = _value(order, self.weight)
        if value >= self.value:  # an equal one as well: that moves the search on
            self.order, self.value = order, value

    def _priced(self) -> _Prices:
        """Prices by Lagrangian relaxation of the triangles, with the duals as multipliers.

        They hold for any multipliers that are not negative, so it does no harm to round these.
        """
        multiplier = np.array([round(abs(c.pi or 0) * self._grid) for c in self._constraints], np.int64)
        triangles = np.array(self._triangles, np.int64).reshape(-1, 3)
        taken = np.zeros_like(self.weight)
        for a, b in ((0, 1), (1, 2), (2, 0)):
            np.add.at(taken, (triangles[:, a], triangles[:, b]), multiplier)
        worth = self._grid * self.weight - taken
        upper = int(2 * multiplier.sum() + np.triu(np.maximum(worth, worth.T), 1).sum())
        return _Prices(upper, np.maximum(worth.T - worth, 0), triangles, multiplier)

    def _solution(self) -> Floats:
        """x[a, b] for all a and b. Before the first triangle, all edges point forward."""
        # The solver does not see a pair without traffic and triangles: it stands as in the best order.
        place_of = np.argsort(self.order)
        in_order = place_of[:, None] < place_of[None, :]
        x = np.where(self.weight == self.weight.T, in_order, self.weight > self.weight.T).astype(np.float64)
        for (a, b), variable in self._x.items():
            if variable.varValue is not None:
                x[a, b], x[b, a] = variable.varValue, 1 - variable.varValue
        return x

    def _cut(self, x: Floats) -> bool:
        """Add the triangles that x violates; whether there are any."""
        a, b, c = np.nonzero(x[:, :, None] + x[None, :, :] + x.T[:, None, :] > 2 + _VIOLATED)
        once = (a < b) & (a < c)  # of its three rotations
        triangles = [(p, q, r) for p, q, r in np.stack((a, b, c), axis=1)[once].tolist()]
        for p, q, r in triangles:
            sides = [(self._x[i, j], 1) if i < j else (self._x[j, i], -1) for i, j in ((p, q), (q, r), (r, p))]
            constraint = pulp.LpAffineExpression(sides) <= 2 - sum(sign < 0 for _, sign in sides)
            self._problem.addConstraint(constraint)
            self._constraints.append(constraint)
        self._triangles += triangles
        return bool(triangles)

    def _run(self, *, mip: bool) -> bool:
        """Whether the solver has proved its solution optimal in time."""
        left = self._deadline - time.perf_counter()
        if left <= 0:
            return False
        self._problem.solve(_pulp_solver(self._solver, mip, left))
        # PuLP's `status` says optimal at a time limit as well; only `sol_status` tells.
        return bool(self._problem.sol_status == pulp.LpSolutionOptimal)


def _pulp_solver(solver: Solver, mip: bool, seconds: float) -> Any:
    # A relative gap must be forbidden: by default a solver stops within 0.01 %, which may be more than an edge.
    options = {"mip": mip, "msg": False, "threads": 1, "timeLimit": seconds, "gapRel": 0.0}
    if solver == "highs":
        return pulp.HiGHS(**options)
    return pulp.COIN_CMD(path=pulp.PULP_CBC_CMD.pulp_cbc_path, **options)  # the CBC that comes with PuLP


def _rounded(x: Floats) -> Integers:
    """The traits by how many others they precede."""
    return np.argsort(-x.sum(axis=1), kind="stable")


def _improved(order: Integers, weight: Integers) -> Integers:
    """Local search: move the trait that gains most by moving alone, until none gains."""
    n = len(order)
    place = np.arange(n)
    while True:
        net = (weight - weight.T)[np.ix_(order, order)]
        over_first = np.zeros((n, n + 1), np.int64)  # [i, j]: what the i-th has from standing before the first j
        over_first[:, 1:] = net.cumsum(axis=1)
        own = over_first[place, place][:, None]
        gain = np.where(place[None, :] > place[:, None], own - over_first[:, 1:], own - over_first[:, :-1])
        i, j = np.unravel_index(gain.argmax(), gain.shape)
        if gain[i, j] <= 0:
            return order
        order = np.insert(np.delete(order, i), j, order[i])


# ---- all blocks together


def _first_order(blocks: list[_Block], kept: Bools) -> Integers:
    """The first optimal order: at each place the first trait that its block allows and no other holds back."""
    n = len(kept)
    block_of = np.empty(n, np.int64)
    allowed = np.zeros(n, dtype=bool)
    for number, block in enumerate(blocks):
        block_of[block.members] = number
        allowed[block.trait[block.start == 0]] = True
    between = kept & (block_of[:, None] != block_of[None, :])
    held_back_by = between.sum(axis=0)
    row = [0] * len(blocks)
    order = np.empty(n, np.int64)
    for place in range(n):
        trait = int((allowed & (held_back_by == 0)).argmax())
        number = int(block_of[trait])
        block = blocks[number]
        row[number] = int(block.end[(block.start == row[number]) & (block.trait == trait)][0])
        allowed[block.members] = False
        allowed[block.trait[block.start == row[number]]] = True
        held_back_by -= between[trait]
        order[place] = trait
    return order


class _Sets:
    """The sets of a block, each with its size and its need: the traits of other blocks with an edge into it."""

    def __init__(self, block: _Block, kept: Bools) -> None:
        self.members = _mask(block.sets[-1])
        self.exact = block.exact
        self._sets = block.sets
        self._size = block.sets.sum(axis=1)
        needs = block.sets.astype(np.float32) @ kept.T.astype(np.float32) > 0
        needs[:, block.members] = False
        distinct, kind = np.unique(needs, axis=0, return_inverse=True)
        self._needs = [_mask(need) for need in distinct]
        self._kind = kind.reshape(-1)
        self._known: dict[int, dict[int, int]] = {}

    def smallest(self, rows: Integers) -> dict[int, int]:
        """The needs of the sets in these rows, each with the size of the smallest set that has it."""
        least = np.full(len(self._needs), len(self._sets[0]) + 1)
        np.minimum.at(least, self._kind[rows], self._size[rows])
        return {self._needs[kind]: int(least[kind]) for kind in np.unique(self._kind[rows])}

    def around(self, wanted: int) -> dict[int, int]:
        """The same for the sets that contain the wanted traits."""
        if wanted not in self._known:
            traits = [trait for trait in range(wanted.bit_length()) if wanted >> trait & 1]
            rows = np.flatnonzero(self._sets[:, traits].all(axis=1))
            if self._size[rows[0]] == len(traits):
                rows = rows[:1]  # just the wanted traits: every other set has more, and needs no less
            self._known[wanted] = self.smallest(rows)
        return self._known[wanted]


def _mask(row: Bools) -> int:
    return int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little")


def _first_places(blocks: list[_Block], kept: Bools) -> list[int | None]:
    """Each trait's first place over all optimal orders; None if it depends on a block that is not known exactly.

    Up to the trait stand a set of its own block, a set of each earlier block that contains what those behind need,
    and nothing else. `counts` holds what is still needed of earlier blocks, with the fewest traits that need it.
    """
    places: list[int | None] = [None] * len(kept)
    tables = [_Sets(block, kept) for block in blocks]
    for number, block in enumerate(blocks):
        for trait in block.members.tolist():
            counts = tables[number].smallest(block.end[block.trait == trait])
            exact = block.exact
            for table in reversed(tables[:number]):
                if not any(need & table.members for need in counts):
                    continue
                exact = exact and table.exact and len(counts) <= _MAX_LABELS
                if not exact:
                    break
                merged: dict[int, int] = {}
                for need, count in counts.items():
                    wanted = need & table.members
                    for more, size in table.around(wanted).items() if wanted else ((0, 0),):
                        left = need & ~table.members | more
                        merged[left] = min(merged.get(left, count + size), count + size)
                counts = merged
            if exact:
                places[trait] = min(counts.values())
    return places
