"""Best orders of many small matrices at once, for null models and resamples.

`ordering` solves one matrix with a proof. Null models and resamples need thousands of orders, so speed counts here. Up
to MAX_EXACT items, a dynamic program over all subsets finds the optimum and each item's places over all optimal orders.
Above it, an iterated local search finds orders; docs/inference.md has the measured gap to the optimum.

Source: the study's methods, "Mutation, drift, ordering"; Held and Karp 1962 (subsets); Schiavinotto and Stützle 2004
(iterated local search).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MAX_EXACT = 10  # 2^10 sets per matrix
N_KICKS = 8  # rounds of the local search after the first
MOVES_PER_KICK = 3
CELLS = 300_000  # numbers in memory at once: they stay in a core's cache


def best_orders(weights: Integers) -> Integers:
    """Best orders of k matrices of weights >= 0, shape (k, n, n), with at most one direction of each pair positive.

    Orders have shape (k, n). They are optimal up to MAX_EXACT items, else the best that was found. The order of a
    matrix does not depend on the other matrices.
    """
    n = weights.shape[1]
    (orders,) = _in_blocks(weights, _by_subsets if n <= MAX_EXACT else _by_search)
    return orders


def place_ranges(weights: Integers) -> tuple[Integers, Integers]:
    """First and last place (from 1) of each item over the optimal orders of each matrix, shape (k, n).

    Above MAX_EXACT items, over the orders that moving a single item of the best order found reaches without loss.
    """
    n = weights.shape[1]
    earliest, latest = _in_blocks(weights, _ranges_by_subsets if n <= MAX_EXACT else _ranges_by_search)
    return earliest, latest


def _in_blocks(weights: Integers, solve: Callable[[Floats], tuple[Integers, ...]]) -> tuple[Integers, ...]:
    k, n = weights.shape[:2]
    size = max(1, CELLS // (2**n * max(n, 1) if n <= MAX_EXACT else 4 * n * n))
    parts = [solve(weights[start : start + size].astype(np.float64)) for start in range(0, max(k, 1), size)]
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))


def forward_sums(matrices: Integers, order: Integers) -> Integers:
    """The sum of each matrix (k, n, n) over the pairs that point forward in its order (k, n): shape (k,)."""
    return np.asarray(np.triu(_sorted_by(matrices, order), 1).sum(axis=(1, 2)))


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


def _tables(weights: Floats) -> tuple[Floats, Floats]:
    """The largest weight inside each set, (2^n, k), and the weight from each set to each item, (2^n, n, k)."""
    k, n = weights.shape[:2]
    into = np.zeros((1 << n, n, k))
    rows = np.ascontiguousarray(weights.transpose(1, 2, 0))
    for item in range(n):
        into[1 << item : 2 << item] = into[: 1 << item] + rows[item]
    best = np.zeros((1 << n, k))
    for sets, items, without in _layers(n):
        best[sets] = (best[without] + into[without, items]).max(axis=1)
    return best, into


def _by_subsets(weights: Floats) -> tuple[Integers]:
    k, n = weights.shape[:2]
    best, into = _tables(weights)
    order = np.empty((k, n), np.int64)
    items, matrix, left = np.arange(n), np.arange(k)[:, None], np.full((k, 1), (1 << n) - 1)
    for place in range(n - 1, -1, -1):
        before = left & ~(1 << items)  # the items in front of each that could stand last; without effect if it is gone
        last = (before != left) & (best[before, matrix] + into[before, items, matrix] == best[left, matrix])
        order[:, place] = last.argmax(axis=1)
        left = before[matrix, order[:, place, None]]
    return (order,)


def _ranges_by_subsets(weights: Floats) -> tuple[Integers, Integers]:
    """From the full set down: a set can stand first in an optimal order if a best step leads from it to such a set."""
    k, n = weights.shape[:2]
    best, into = _tables(weights)
    optimal = np.zeros((1 << n, k), dtype=bool)
    optimal[-1] = True
    earliest, latest = np.full((k, n), n), np.zeros((k, n), np.int64)
    for size, (sets, items, without) in reversed(list(enumerate(_layers(n), start=1))):
        step = optimal[sets][:, None] & (best[sets][:, None] == best[without] + into[without, items])
        np.logical_or.at(optimal, without, step)
        for item in range(n):
            found = step[items == item].any(axis=0)
            earliest[found, item] = size  # sizes descend
            latest[found, item] = np.maximum(latest[found, item], size)
    return earliest, latest


# ---- Local search


def _by_search(weights: Floats) -> tuple[Integers]:
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
    return (order,)


def _ranges_by_search(weights: Floats) -> tuple[Integers, Integers]:
    (order,) = _by_search(weights)
    n = order.shape[1]
    free, place = _gains(_sorted_by(weights - weights.transpose(0, 2, 1), order)) == 0, np.argsort(order, axis=1)
    first, last = free.argmax(axis=2) + 1, n - free[:, :, ::-1].argmax(axis=2)
    return np.take_along_axis(first, place, axis=1), np.take_along_axis(last, place, axis=1)


def _sorted_by(matrices: NDArray[np.generic], order: Integers) -> Any:
    """Each matrix with rows and columns in its order."""
    return matrices[np.arange(len(order))[:, None, None], order[:, :, None], order[:, None, :]]


def _gains(net: Floats) -> Floats:
    """What a move of the item at place i to place j gains, shape (k, n, n), from net weights sorted by the order."""
    n = net.shape[1]
    gain = np.cumsum(net, axis=2)  # [i, j]: what item i gains from standing before the first j + 1
    own = gain[:, np.arange(n), np.arange(n)][:, :, None]
    np.subtract(own, gain, out=gain)
    gain += net * np.tri(n, k=-1)  # to the left, j itself then stands behind
    return np.asarray(gain)


def _moved(order: Integers, start: Integers, end: Integers) -> Integers:
    """The orders with the item at place `start` moved to place `end`, one pair of places per order."""
    place, i, j = np.arange(order.shape[1]), start[:, None], end[:, None]
    shift = ((place >= i) & (place < j)).astype(np.int64) - ((place <= i) & (place > j))
    return np.take_along_axis(order, np.where(place == j, i, place + shift), axis=1)


def _improved(order: Integers, net: Floats) -> tuple[Integers, Floats]:
    """The orders that no move improves, and the forward minus the backward weight of each."""
    n = order.shape[1]
    order = order.copy()
    active = np.arange(len(order))
    while len(active):
        gain = _gains(_sorted_by(net[active], order[active])).reshape(len(active), -1)
        move = gain.argmax(axis=1)
        gains = gain[np.arange(len(active)), move] > 0
        active, move = active[gains], move[gains]
        order[active] = _moved(order[active], move // n, move % n)
    return order, np.triu(_sorted_by(net, order), 1).sum(axis=(1, 2))
