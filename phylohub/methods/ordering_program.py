"""The integer program of one strongly connected component: bounds, prices and good orders.

See `ordering` for the problem and how the parts fit together.
"""

import time
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pulp  # type: ignore[import-untyped]  # PuLP has annotations, but does not declare them
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Solver = Literal["highs", "cbc"]

N_SEARCHES = 1000  # under a second for 50 items
MIN_VIOLATION = 1e-4  # ignore smaller violations: solvers return about six digits


def order_score(order: Integers, weight: Integers) -> int:
    """The total weight of the edges that point forward in the order."""
    return int(np.triu(weight[np.ix_(order, order)]).sum())


@dataclass(frozen=True)
class Prices:
    """The cost of each violated pair or triangle, times the grid. An order's score is `upper` minus its costs."""

    upper: int
    pair: Integers  # (n, n): [a, b] is paid if a stands before b
    triangles: Integers  # (k, 3): the items of each triangle
    triangle: Integers  # (k,): [i] is paid if triangle i stands in the other of its two cyclic orders


class Program:
    """The integer program of a component, solved through PuLP, with one variable x[a, b] for each pair a < b.

    `order` is the best known order and `score` its score. No order scores more than `bound`. An order that scores
    `score` or more pays at most `gap`.
    """

    def __init__(self, weight: Integers, solver: Solver, deadline: float) -> None:
        n = len(weight)
        self.weight = weight
        self.order: Integers = np.arange(n)
        self.score = -1
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
        self.prices = self._compute_prices()

    @property
    def bound(self) -> int:
        return min(self._proven_bound, self.prices.upper // self._grid)

    @property
    def gap(self) -> int:
        return self.prices.upper - self._grid * self.score

    def relax(self) -> None:
        """Solve the linear relaxation. Updates prices and bound, and rounds its solutions to orders."""
        x = self._solution()
        while self._add_violated_triangles(x) and self._run(mip=False):
            self.prices = self._compute_prices()
            x = self._solution()
            self._try(_rounded(x))

    def search(self) -> None:
        """Iterated local search: move a few random items of the best order, then improve the result."""
        rng = np.random.default_rng(0)
        n = len(self.order)
        for _ in range(N_SEARCHES):
            order = self.order
            for i, j in rng.integers(n, size=(rng.integers(2, 9), 2)):
                order = np.insert(np.delete(order, i), j, order[i])
            self._try(order)

    def branch(self) -> None:
        """Solve the integer program by branch and bound. Finds one order and proves it optimal, if time allows."""
        while self.bound > self.score:
            solved = self._run(mip=True)
            x = np.rint(self._solution())
            self._try(_rounded(x))
            if not solved:
                return
            self._proven_bound = min(self._proven_bound, int((self.weight * x).sum()))
            self._add_violated_triangles(x)  # if there are none, x is an order and its score is the bound

    def _try(self, order: Integers) -> None:
        order = _improved(order, self.weight)
        score = order_score(order, self.weight)
        if score >= self.score:  # accepting ties lets the search move between equal orders
            self.order, self.score = order, score

    def _compute_prices(self) -> Prices:
        """Prices by Lagrangian relaxation of the triangles, with the rounded dual values as multipliers.

        They are valid for any non-negative multipliers, so rounding is safe.
        """
        multiplier = np.array([round(abs(c.pi or 0) * self._grid) for c in self._constraints], np.int64)
        triangles = np.array(self._triangles, np.int64).reshape(-1, 3)
        subtracted = np.zeros_like(self.weight)
        for a, b in ((0, 1), (1, 2), (2, 0)):
            np.add.at(subtracted, (triangles[:, a], triangles[:, b]), multiplier)
        reduced = self._grid * self.weight - subtracted
        upper = int(2 * multiplier.sum() + np.triu(np.maximum(reduced, reduced.T), 1).sum())
        return Prices(upper, np.maximum(reduced.T - reduced, 0), triangles, multiplier)

    def _solution(self) -> Floats:
        """x[a, b] for all a and b. Before the first triangle, all edges point forward."""
        # The solver never sees a pair without traffic or triangles: use its direction in the best order.
        place_of = np.argsort(self.order)
        in_order = place_of[:, None] < place_of[None, :]
        x = np.where(self.weight == self.weight.T, in_order, self.weight > self.weight.T).astype(np.float64)
        for (a, b), variable in self._x.items():
            if variable.varValue is not None:
                x[a, b], x[b, a] = variable.varValue, 1 - variable.varValue
        return x

    def _add_violated_triangles(self, x: Floats) -> bool:
        """Add a constraint for each triangle that x violates, and return whether there are any."""
        a, b, c = np.nonzero(x[:, :, None] + x[None, :, :] + x.T[:, None, :] > 2 + MIN_VIOLATION)
        once = (a < b) & (a < c)  # one of the three rotations
        triangles = [(p, q, r) for p, q, r in np.stack((a, b, c), axis=1)[once].tolist()]
        for p, q, r in triangles:
            sides = [(self._x[i, j], 1) if i < j else (self._x[j, i], -1) for i, j in ((p, q), (q, r), (r, p))]
            constraint = pulp.LpAffineExpression(sides) <= 2 - sum(sign < 0 for _, sign in sides)
            self._problem.addConstraint(constraint)
            self._constraints.append(constraint)
        self._triangles += triangles
        return bool(triangles)

    def _run(self, *, mip: bool) -> bool:
        """Run the solver, and return whether it proved its solution optimal in time."""
        left = self._deadline - time.perf_counter()
        if left <= 0:
            return False
        self._problem.solve(pulp_solver(self._solver, mip, left))
        # `status` is also "optimal" after a time limit; only `sol_status` tells the two apart.
        return bool(self._problem.sol_status == pulp.LpSolutionOptimal)


def pulp_solver(solver: Solver, mip: bool, seconds: float) -> Any:
    """The PuLP solver, on one thread, without a relative gap.

    The default gap of 0.01 % can exceed the weight of an edge.
    """
    options = {"mip": mip, "msg": False, "threads": 1, "timeLimit": seconds, "gapRel": 0.0}
    if solver == "highs":
        return pulp.HiGHS(**options)
    return pulp.COIN_CMD(path=pulp.PULP_CBC_CMD.pulp_cbc_path, **options)  # the CBC bundled with PuLP


def _rounded(x: Floats) -> Integers:
    """The items by how many others they precede."""
    return np.argsort(-x.sum(axis=1), kind="stable")


def _improved(order: Integers, weight: Integers) -> Integers:
    """Local search: move the single item that gains most, until no move gains."""
    n = len(order)
    place = np.arange(n)
    while True:
        net = (weight - weight.T)[np.ix_(order, order)]
        over_first = np.zeros((n, n + 1), np.int64)  # [i, j]: what item i gains from standing before the first j
        over_first[:, 1:] = net.cumsum(axis=1)
        own = over_first[place, place][:, None]
        gain = np.where(place[None, :] > place[:, None], own - over_first[:, 1:], own - over_first[:, :-1])
        i, j = np.unravel_index(gain.argmax(), gain.shape)
        if gain[i, j] <= 0:
            return order
        order = np.insert(np.delete(order, i), j, order[i])
