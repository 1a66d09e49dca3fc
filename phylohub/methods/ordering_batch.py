"""Best orders of many small matrices at once, for null models and resamples.

`ordering` solves one matrix with a proof. Null models and resamples need thousands of orders, so speed counts here. Up
to MAX_EXACT items, a dynamic program over all subsets finds the optimum and each item's places over all optimal orders.
Above it, an iterated local search finds orders; docs/inference.md has the measured gap to the optimum.

Source: the study's methods, "Mutation, drift, ordering"; Held and Karp 1962 (subsets); Schiavinotto and Stützle 2004
(iterated local search).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MAX_EXACT = 10  # 2^10 sets per matrix
N_KICKS = 12  # rounds of the local search after the first
MOVES_PER_KICK = 3
CELLS = 300_000  # numbers in memory at once: they stay in a core's cache


@dataclass(frozen=True, eq=False)
class Orders:
    """An order of n items for each of k matrices: optimal up to MAX_EXACT items, else the best that was found."""

    order: Integers  # (k, n); ties go to the first in canonical order if the order is optimal
    earliest: Integers  # (k, n): first place (from 1) of each item over all optimal orders
    latest: Integers  # (k, n): last place, likewise


def best_orders(weights: Integers) -> Orders:
    """Best orders of k matrices of weights >= 0, shape (k, n, n), with at most one direction of each pair positive.

    Above MAX_EXACT items, `earliest` and `latest` cover the orders that moving a single item reaches without loss. The
    result of a matrix does not depend on the other matrices.
    """
    k, n = weights.shape[:2]
    solve = _by_subsets if n <= MAX_EXACT else _by_search
    size = max(1, CELLS // (2**n * max(n, 1) if n <= MAX_EXACT else 4 * n * n))
    parts = [solve(weights[start : start + size].astype(np.float64)) for start in range(0, max(k, 1), size)]
    return Orders(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def forward_sums(matrices: Integers, order: Integers) -> Integers:
    """The sum of each matrix (k, n, n) over the pairs that point forward in its order (k, n): shape (k,)."""
    k, n = order.shape
    sorted_by_order = matrices[np.arange(k)[:, None, None], order[:, :, None], order[:, None, :]]
    return np.asarray((sorted_by_order * np.triu(np.ones((n, n), np.int64), 1)).sum(axis=(1, 2)))


# ---- All subsets


@cache
def _layers(n: int) -> list[tuple[Integers, Integers, Integers]]:
    """The sets of each size from 1 as bit masks, shape (m,), their items, and the sets without each item, (m, size)."""
    sets = np.arange(1 << n)
    holds = (sets[:, None] >> np.arange(n) & 1) == 1
    layers = []
    for size in range(1, n + 1):
        chosen = sets[holds.sum(axis=1) == size]
        items = np.nonzero(holds[chosen])[1].reshape(len(chosen), size)
        layers.append((chosen, items, chosen[:, None] ^ (1 << items)))
    return layers


def _by_subsets(weights: Floats) -> tuple[Integers, Integers, Integers]:
    k, n = weights.shape[:2]
    into = np.zeros((1 << n, n, k))  # [s, i]: weight from the items of set s to item i
    rows = np.ascontiguousarray(weights.transpose(1, 2, 0))
    for item in range(n):
        into[1 << item : 2 << item] = into[: 1 << item] + rows[item]
    best = np.zeros((1 << n, k))  # [s]: largest weight inside set s
    for sets, items, without in _layers(n):
        best[sets] = (best[without] + into[without, items]).max(axis=1)
    # From the full set down: a set can stand first in an optimal order if a best step leads from it to such a set.
    optimal = np.zeros((1 << n, k), dtype=bool)
    optimal[-1] = True
    earliest, latest = np.full((k, n), n), np.ones((k, n), np.int64)
    steps = np.zeros((1 << n, n, k), dtype=bool)  # [s, i]: item i follows set s in an optimal order
    for size, (sets, items, without) in reversed(list(enumerate(_layers(n), start=1))):
        step = optimal[sets][:, None] & (best[sets][:, None] == best[without] + into[without, items])
        steps[without, items] = step
        for item in range(n):
            found = step[items == item].any(axis=0)
            earliest[found, item] = size  # sizes descend
            latest[found, item] = np.maximum(latest[found, item], size)
        smaller = np.unique(without)
        optimal[smaller] = steps[smaller].any(axis=1)
    order = np.empty((k, n), np.int64)
    first, matrix = np.zeros(k, np.int64), np.arange(k)
    for place in range(n):
        order[:, place] = steps[first, :, matrix].argmax(axis=1)
        first |= 1 << order[:, place]
    return order, earliest, latest


# ---- Local search


def _by_search(weights: Floats) -> tuple[Integers, Integers, Integers]:
    """Moves the item that gains most, until no move gains; then again after random moves, keeping the best order."""
    k, n = weights.shape[:2]
    net = weights - weights.transpose(0, 2, 1)
    order, score = _improved(np.argsort(-net.sum(axis=2), axis=1, kind="stable"), net)
    rng = np.random.Generator(np.random.PCG64(n))
    for kick in rng.integers(n, size=(N_KICKS, MOVES_PER_KICK, 2)):  # the same moves for every matrix
        kicked = order
        for start, end in kick:
            kicked = _moved(kicked, np.full(k, start), np.full(k, end))
        kicked, now = _improved(kicked, net)
        better = now > score
        order[better], score[better] = kicked[better], now[better]
    free, place = _gains(order, net) == 0, np.argsort(order, axis=1)
    first, last = free.argmax(axis=2) + 1, n - free[:, :, ::-1].argmax(axis=2)
    return order, np.take_along_axis(first, place, axis=1), np.take_along_axis(last, place, axis=1)


def _gains(order: Integers, net: Floats) -> Floats:
    """What a move of the item at place i to place j gains, shape (k, n, n)."""
    k, n = order.shape
    over_first = np.zeros((k, n, n + 1))  # [i, j]: what item i gains from standing before the first j
    np.cumsum(net[np.arange(k)[:, None, None], order[:, :, None], order[:, None, :]], axis=2, out=over_first[:, :, 1:])
    place = np.arange(n)
    own = over_first[:, place, place][:, :, None]
    return np.where(place[None, :] > place[:, None], own - over_first[:, :, 1:], own - over_first[:, :, :-1])


def _moved(order: Integers, start: Integers, end: Integers) -> Integers:
    """The orders with the item at place `start` moved to place `end`, one pair of places per order."""
    place, i, j = np.arange(order.shape[1]), start[:, None], end[:, None]
    shift = ((place >= i) & (place < j)).astype(np.int64) - ((place <= i) & (place > j))
    return np.take_along_axis(order, np.where(place == j, i, place + shift), axis=1)


def _improved(order: Integers, net: Floats) -> tuple[Integers, Floats]:
    """The orders that no move improves, and the forward minus the backward weight of each."""
    k, n = order.shape
    order = order.copy()
    active = np.arange(k)
    while len(active):
        gain = _gains(order[active], net[active]).reshape(len(active), -1)
        move = gain.argmax(axis=1)
        gains = gain[np.arange(len(active)), move] > 0
        active, move = active[gains], move[gains]
        order[active] = _moved(order[active], move // n, move % n)
    along = net[np.arange(k)[:, None, None], order[:, :, None], order[:, None, :]]
    return order, np.triu(along, 1).sum(axis=(1, 2))
