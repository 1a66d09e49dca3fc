"""The linear ordering problem compared with all permutations, plain dynamic programming, and known answers."""

import itertools
from functools import cache
from math import factorial
from typing import Any

import numpy as np
import pulp  # type: ignore[import-untyped]  # PuLP has annotations, but does not declare them
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from phylohub.methods import ordering_blocks, ordering_program
from phylohub.methods.ordering import Ordering, linear_ordering
from phylohub.methods.ordering_program import Program, Solver, pulp_solver

Traffic = NDArray[np.int64]
SOLVERS: tuple[Solver, ...] = ("highs", "cbc")


def solve(traffic: Traffic, **settings: Any) -> Ordering:
    return linear_ordering([f"item {number}" for number in range(len(traffic))], traffic, **settings)


def edges(n: int, *weighted: tuple[int, int, int]) -> Traffic:
    traffic = np.zeros((n, n), np.int64)
    for a, b, weight in weighted:
        traffic[a, b] = weight
    return traffic


def ring(n: int, *, of: int | None = None, first: int = 0) -> Traffic:
    return edges(of or n, *((first + i, first + (i + 1) % n, 1) for i in range(n)))


def noisy(n: int, noise: float, density: float, seed: int, *, weighted: bool = True) -> Traffic:
    """Traffic along a random order of n items; a share of the edges points backward, a share is missing."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    traffic = np.zeros((n, n), np.int64)
    for a, b in itertools.combinations(order, 2):
        weight = int(np.ceil(rng.lognormal(2, 1.5))) if weighted else 1
        if rng.random() < density:
            traffic[(b, a) if rng.random() < noise else (a, b)] = weight
    return traffic


@cache
def permutations(n: int) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """All orders of n items in lexicographic order, and the place of each item in each of them (from 0)."""
    orders = np.array(list(itertools.permutations(range(n))), np.int8).reshape(factorial(n), n)
    return orders, np.argsort(orders, axis=1).astype(np.int8)


def check(found: Ordering, traffic: Traffic) -> None:
    """Compare a result with all permutations."""
    orders, places = permutations(len(traffic))
    value = np.zeros(len(orders), np.int64)
    for a, b in np.argwhere(traffic):
        value += traffic[a, b] * (places[:, a] < places[:, b])
    optimal = value == value.max()
    assert (found.optimum, found.bound, found.proven) == (value.max(), value.max(), True)
    assert found.order == tuple(orders[optimal][0])
    assert found.earliest == tuple(places[optimal].min(axis=0) + 1)
    assert found.latest == tuple(places[optimal].max(axis=0) + 1)
    assert found.places_proven
    check_order(found, traffic)


def check_order(found: Ordering, traffic: Traffic) -> None:
    """Check properties that hold for any order, optimal or not."""
    assert sorted(found.order) == list(range(len(traffic)))
    place = {item: number for number, item in enumerate(found.order)}
    backward = [(a, b) for a, b in np.argwhere(traffic).tolist() if place[a] > place[b]]
    assert list(found.violated) == backward
    assert found.optimum == traffic.sum() - sum(traffic[edge] for edge in backward)
    assert found.optimum <= found.bound
    assert found.proven == (found.optimum == found.bound)
    for item, (first, last) in enumerate(zip(found.earliest, found.latest, strict=True)):
        if found.proven:
            assert (first or 1) <= place[item] + 1 <= (last or len(traffic))


@st.composite
def traffics(draw: st.DrawFn, max_items: int = 7) -> Traffic:
    """Any oriented graph: empty or complete, unit weights (many ties), few or many weights, one or several parts."""
    n = draw(st.integers(0, max_items))
    top = draw(st.sampled_from([1, 2, 30, 10**12]))
    weights = st.integers(-top, top)
    if draw(st.booleans()):
        weights = st.just(0) | weights
    net = np.zeros((n, n), np.int64)
    cut = draw(st.sampled_from([0, n // 2]))  # no edge between the parts
    for a, b in itertools.combinations(range(n), 2):
        if (a < cut) == (b < cut):
            net[a, b] = draw(weights)
    for start in (0, cut):
        if n - start > 2 and draw(st.booleans()):  # a cycle through a whole part
            part = range(start, n)
            for a, b in zip(part, [*part[1:], start], strict=True):
                net[a, b], net[b, a] = abs(net[a, b] + net[b, a]) or 1, 0
    renamed = draw(st.permutations(range(n)))
    traffic: Traffic = np.maximum(net - net.T, 0)[np.ix_(renamed, renamed)]
    return traffic


# ---- Compared with all permutations


@settings(max_examples=300, deadline=None)
@given(traffics())
@example(edges(6, (0, 1, 1), (1, 2, 1), (2, 0, 1), (3, 4, 1), (4, 5, 1), (5, 3, 1), (1, 4, 1)))
def test_matches_all_permutations(traffic: Traffic) -> None:
    check(solve(traffic), traffic)


@settings(max_examples=40, deadline=None)
@given(traffics())
def test_cbc_matches_all_permutations(traffic: Traffic) -> None:
    check(solve(traffic, solver="cbc"), traffic)


@settings(max_examples=200, deadline=None)
@given(traffics())
def test_without_solver_matches_all_permutations(traffic: Traffic) -> None:
    check(solve(traffic, time_limit=0), traffic)


@pytest.mark.parametrize("costly", [1, 3])
def test_larger_set_can_require_fewer_items_of_other_blocks(costly: int) -> None:
    # 0 and 2 of the ring 0, 1, 2, 3 come before 4, and with them 1 or 3; 5 and 6 come before one of these.
    traffic = ring(4, of=7) + edges(7, (0, 4, 1), (2, 4, 1), (5, costly, 1), (6, costly, 1))
    found = solve(traffic)
    check(found, traffic)
    assert found.earliest[4] == 4


@pytest.mark.parametrize("seed", range(12))
def test_eight_items_match_all_permutations(seed: int) -> None:
    traffic = noisy(8, 0.5, (0.3, 0.6, 1)[seed % 3], seed, weighted=seed % 2 == 0)
    check(solve(traffic), traffic)


# ---- Larger problems


def by_subsets(traffic: Traffic) -> tuple[int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Optimum, first optimal order, earliest and latest places, by dynamic programming over all sets of items."""
    n = len(traffic)
    full = 2**n - 1
    into = [[0] * (full + 1) for _ in range(n)]  # what t adds if it stands right after a set
    for t in range(n):
        for chosen in range(1, full + 1):
            low = chosen & -chosen
            into[t][chosen] = into[t][chosen ^ low] + int(traffic[low.bit_length() - 1, t])
    front, back = [0] * (full + 1), [0] * (full + 1)
    for chosen in range(1, full + 1):
        members = [t for t in range(n) if chosen >> t & 1]
        front[chosen] = max(front[chosen ^ 1 << t] + into[t][chosen ^ 1 << t] for t in members)
    for chosen in range(full - 1, -1, -1):
        others = [t for t in range(n) if not chosen >> t & 1]
        back[chosen] = max(back[chosen | 1 << t] + into[t][chosen] for t in others)
    places: list[set[int]] = [set() for _ in range(n)]
    for chosen in range(full + 1):
        for t in range(n):
            if not chosen >> t & 1 and front[chosen] + into[t][chosen] + back[chosen | 1 << t] == front[full]:
                places[t].add(chosen.bit_count() + 1)
    order: list[int] = []
    chosen = 0
    while chosen < full:
        t = next(t for t in range(n) if not chosen >> t & 1 and into[t][chosen] + back[chosen | 1 << t] == back[chosen])
        order.append(t)
        chosen |= 1 << t
    return front[full], tuple(order), tuple(min(p) for p in places), tuple(max(p) for p in places)


@pytest.mark.parametrize(
    ("n", "noise", "density", "weighted"),
    [(10, 0.5, 0.5, True), (11, 0.3, 1, False), (12, 0.5, 0.3, False), (12, 0.5, 1, True), (13, 0.2, 0.6, False)],
)
@pytest.mark.parametrize("solver", SOLVERS)
def test_matches_dynamic_programming(n: int, noise: float, density: float, weighted: bool, solver: Solver) -> None:
    traffic = noisy(n, noise, density, n, weighted=weighted)
    found = solve(traffic, solver=solver)
    assert (found.optimum, found.order, found.earliest, found.latest) == by_subsets(traffic)
    check_order(found, traffic)


def test_sixteen_items_match_dynamic_programming() -> None:
    traffic = noisy(16, 0.5, 1, 22, weighted=False)  # relaxation 86, optimum 85
    found = solve(traffic)
    assert (found.optimum, found.order, found.earliest, found.latest) == by_subsets(traffic)


@pytest.mark.parametrize(
    ("n", "noise", "density", "weighted"),
    [(20, 0.5, 0.6, False), (20, 0.3, 1, True), (30, 0.1, 0.5, False), (50, 0.05, 1, True), (50, 0.05, 1, False)],
)
def test_solvers_give_identical_results(n: int, noise: float, density: float, weighted: bool) -> None:
    traffic = noisy(n, noise, density, 1, weighted=weighted)
    one, other, third = (solve(traffic, solver=solver) for solver in (*SOLVERS, SOLVERS[0]))
    assert one.proven
    assert one.places_proven
    for found in (other, third):
        assert (found.order, found.optimum, found.bound) == (one.order, one.optimum, one.bound)
        assert (found.earliest, found.latest, found.violated) == (one.earliest, one.latest, one.violated)
    assert (one.solver, other.solver) == SOLVERS
    check_order(one, traffic)


def test_order_without_noise_is_recovered() -> None:
    traffic = noisy(50, 0, 1, 3)
    order = tuple(np.argsort(-(traffic > 0).sum(axis=1)).tolist())
    found = solve(traffic)
    assert found.order == order
    assert found.violated == ()
    assert found.earliest == found.latest == tuple(np.argsort(order) + 1)


@pytest.mark.parametrize("n", [3, 20, 70])
def test_ring_has_every_rotation_as_optimal_order(n: int) -> None:
    found = solve(ring(n), time_limit=0 if n > 64 else 60)  # more members than bits in a word
    assert found.proven
    assert found.optimum == n - 1
    assert found.order == tuple(range(n))
    assert found.violated == ((n - 1, 0),)
    assert (set(found.earliest), set(found.latest)) == ({1}, {n})


def test_many_rings() -> None:
    traffic = sum((ring(3, of=60, first=first) for first in range(0, 60, 3)), start=np.zeros((60, 60), np.int64))
    separate = solve(traffic)
    assert separate.optimum == 40
    assert separate.order == tuple(range(60))
    assert (set(separate.earliest), set(separate.latest)) == ({1}, {60})
    traffic[np.arange(60)[:, None] // 3 < np.arange(60)[None, :] // 3] = 1
    in_sequence = solve(traffic)
    assert in_sequence.optimum == 40 + 9 * 190
    assert in_sequence.order == tuple(range(60))
    assert in_sequence.earliest == tuple(item // 3 * 3 + 1 for item in range(60))
    assert in_sequence.latest == tuple(item // 3 * 3 + 3 for item in range(60))


def test_large_weights_stay_exact() -> None:
    large = 10**13
    found = solve(edges(3, (0, 1, large), (1, 2, large - 1), (2, 0, large)))
    assert found.violated == ((1, 2),)
    assert found.optimum == found.bound == 2 * large
    assert found.earliest == found.latest == (2, 3, 1)


# ---- Edge cases


def test_no_items() -> None:
    found = linear_ordering([], [])
    assert (found.order, found.earliest, found.latest, found.violated) == ((), (), (), ())
    assert (found.optimum, found.bound, found.proven, found.places_proven) == (0, 0, True, True)


def test_one_item() -> None:
    found = linear_ordering(["mit"], [[0]])
    assert (found.order, found.earliest, found.latest, found.proven) == ((0,), (1,), (1,), True)


def test_without_edges_the_order_is_canonical_and_every_place_possible() -> None:
    found = solve(edges(40))
    assert found.order == tuple(range(40))
    assert found.earliest == (1,) * 40
    assert found.latest == (40,) * 40
    assert (found.optimum, found.proven) == (0, True)


def test_item_without_edges_can_take_any_place() -> None:
    found = solve(edges(4, (3, 2, 5), (2, 0, 5)))
    assert found.order == (1, 3, 2, 0)  # item 0 cannot stand first; item 1 is the first that can
    assert found.earliest == (3, 1, 2, 1)
    assert found.latest == (4, 4, 3, 2)


@pytest.mark.parametrize(
    ("items", "traffic", "message"),
    [
        (["a"], [[0, 0], [0, 0]], "shape"),
        (["a", "b"], [[0, 1]], "shape"),
        (["a", "b"], [[0, 1.0], [0, 0]], "integers"),
        (["a", "a"], [[0, 1], [0, 0]], "twice"),
        (["a", "b"], [[0, -1], [0, 0]], "negative"),
        (["a", "b"], [[0, 1], [1, 0]], "both directions"),
        (["a", "b"], [[1, 0], [0, 0]], "itself"),
        (["a", "b"], [[0, 2**48 + 1], [0, 0]], "exceeds"),
    ],
)
def test_invalid_traffic_raises(items: list[str], traffic: list[list[int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        linear_ordering(items, traffic)


def test_unknown_solver_raises() -> None:
    with pytest.raises(ValueError, match="gurobi"):
        solve(ring(3), solver="gurobi")


# ---- Limits of work and time


@pytest.fixture
def few_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering_program, "N_SEARCHES", 3)


@settings(max_examples=60, deadline=None)
@given(traffics(), st.sampled_from(["highs", "highs", "highs", "cbc"]))
def test_branch_and_bound_finds_the_optimum_and_leaves_unknown_places_none(traffic: Traffic, solver: Solver) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering_program, "N_SEARCHES", 3)
        found = solve(traffic, solver=solver, max_work=1)
    exact = solve(traffic)
    assert found.proven
    assert found.optimum == found.bound == exact.optimum
    for known, true in zip(found.earliest + found.latest, exact.earliest + exact.latest, strict=True):
        assert known in (None, true)
    assert found.places_proven == (None not in found.earliest + found.latest)
    check_order(found, traffic)


@pytest.mark.parametrize("solver", SOLVERS)
def test_branch_and_bound_repeats_until_no_triangle_is_violated(solver: Solver) -> None:
    traffic = noisy(12, 0.5, 1, 5)
    program = Program(traffic, solver, deadline=float("inf"))
    program.branch()  # starts without any triangle
    assert program.bound == program.score == solve(traffic).optimum


@pytest.mark.usefixtures("few_searches")
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("seed", [22, 3])
def test_branch_and_bound_closes_the_gap_of_the_relaxation(solver: Solver, seed: int) -> None:
    traffic = noisy(16, 0.5, 1, seed, weighted=False)
    found = solve(traffic, solver=solver, max_work=1)
    assert found.proven
    assert found.optimum == solve(traffic).optimum
    assert not found.places_proven


def test_places_are_none_only_if_they_depend_on_an_inexact_component() -> None:
    # 0 -> 1, then a ring of 2, 3, 4, then 5; 6 stands alone.
    traffic = ring(3, of=7, first=2) + edges(7, (0, 1, 1), (1, 2, 1), (4, 5, 1))
    assert solve(traffic).earliest == (1, 2, 3, 1, 1, 2, 1)
    found = solve(traffic, max_work=1)
    assert found.proven
    assert found.earliest == (1, 2, None, None, None, None, 1)
    assert found.latest == (None, None, None, None, None, 7, 7)
    assert not found.places_proven


def test_too_many_interleavings_leave_places_none(monkeypatch: pytest.MonkeyPatch) -> None:
    traffic = ring(3, of=6) + ring(3, of=6, first=3) + edges(6, (1, 4, 1))
    exact = solve(traffic)
    monkeypatch.setattr(ordering_blocks, "MAX_LABELS", 0)
    found = solve(traffic)
    assert found.order == exact.order
    assert found.earliest[:3] == exact.earliest[:3]
    assert set(found.earliest[3:]) == {None}
    assert found.latest[3:] == exact.latest[3:]
    assert not found.places_proven


@settings(max_examples=60, deadline=None)
@given(traffics())
def test_bound_is_valid_without_time_or_work(traffic: Traffic) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering_program, "N_SEARCHES", 3)
        found = solve(traffic, time_limit=0, max_work=1)
    assert found.optimum <= solve(traffic).optimum <= found.bound
    check_order(found, traffic)


def test_only_trivial_cases_are_proven_without_time_or_work() -> None:
    found = solve(ring(3), time_limit=0, max_work=1)
    assert (found.optimum, found.bound, found.proven) == (2, 3, False)
    assert found.earliest == found.latest == (None,) * 3
    acyclic = solve(noisy(20, 0, 1, 0), time_limit=0, max_work=1)
    assert acyclic.proven
    assert acyclic.places_proven


def stopped(solver: Any, lp: Any) -> int:
    """What PuLP reports if HiGHS hits a time limit: the status is optimal, and only the solution status differs."""
    lp.assignStatus(pulp.LpStatusOptimal, pulp.LpSolutionIntegerFeasible)
    return int(pulp.LpStatusOptimal)


@pytest.mark.usefixtures("few_searches")
def test_solver_stopped_by_the_time_limit_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    traffic = noisy(16, 0.5, 1, 22, weighted=False)
    solve_all = pulp.HiGHS.actualSolve

    def solve_relaxations(solver: Any, lp: Any) -> int:
        status = int(solve_all(solver, lp))
        return stopped(solver, lp) if solver.mip else status

    monkeypatch.setattr(pulp.HiGHS, "actualSolve", solve_relaxations)
    found = solve(traffic, max_work=1)
    assert (found.proven, found.bound) == (False, 86)  # the bound of the relaxation; the optimum is 85
    check_order(found, traffic)
    monkeypatch.setattr(pulp.HiGHS, "actualSolve", stopped)
    found = solve(traffic, max_work=1)
    assert (found.proven, found.bound) == (False, traffic.sum())
    monkeypatch.undo()
    assert solve(traffic, max_work=1).bound == 85


@pytest.mark.parametrize("name", SOLVERS)
def test_solvers_run_without_a_relative_gap(name: Solver) -> None:
    solver = pulp_solver(name, True, 7.0)
    assert (solver.gapRel if name == "highs" else solver.optionsDict["gapRel"]) == 0
    assert solver.timeLimit == 7
    assert solver.available()
