"""Blocks of items with all their optimal orders, and the orders of all items that interleave them.

See `ordering` for the problem and how the parts fit together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phylohub.methods.ordering_program import Prices

Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]

MAX_LABELS = 1000  # ways of interleaving blocks that are tracked for one place; a handful in practice


@dataclass(frozen=True)
class Block:
    """Items with their optimal orders, as a graph: sets of items that can stand first, and steps between them.

    An optimal order of the block is a path from the empty set (row 0) to the full set (the last row).
    """

    members: Integers
    sets: Bools  # (k, n), by size
    start: Integers  # of each step: a row of `sets`
    item: Integers  # of each step: the item that follows
    end: Integers  # of each step: the row of the set with this item
    exact: bool = True  # False: this is one optimal order, and there may be more

    @classmethod
    def of_one(cls, item: int, n: int, *, exact: bool) -> "Block":
        """The block of a single item, out of n."""
        sets = np.zeros((2, n), dtype=bool)
        sets[1, item] = True
        zero = np.zeros(1, np.int64)
        return cls(zero + item, sets, zero, zero + item, zero + 1, exact)

    def renumbered(self, numbers: Integers, n: int) -> "Block":
        """The same block with item i renamed to numbers[i], out of n items."""
        sets = np.zeros((len(self.sets), n), dtype=bool)
        sets[:, numbers] = self.sets
        return Block(numbers[self.members], sets, self.start, numbers[self.item], self.end, self.exact)

    def reversed(self) -> "Block":
        """The block with its orders reversed."""
        sets = (self.sets[-1] & ~self.sets)[::-1]
        last = len(sets) - 1
        return Block(self.members, sets, last - self.end, self.item, last - self.start, self.exact)


# ---- The dynamic program over prefixes


def optimal_prefixes(
    order: Integers, weight: Integers, prices: Prices, gap: int, max_work: int
) -> tuple[Block, int] | None:
    """The block of the items in this order, and the weight its best orders violate; None if it exceeds `max_work`.

    A dynamic program over the sets of members that can stand first. An order at least as good as the given one
    violates no more weight than it and pays no more than the gap. The same holds for each of its prefixes, so sets
    that need more are pruned. Each set keeps the minimum of both costs, possibly from different orders.
    """
    allowed = int(np.tril(weight[np.ix_(order, order)]).sum())
    members = np.sort(order)
    m = len(members)
    inside = np.ix_(members, members)
    lost = weight[inside].astype(np.float64)  # integers below 2^53: exact, with fast matrix products
    paid = prices.pair[inside].astype(np.float64)
    triangles_of = _triangles_by_second(prices, members)
    bit = np.packbits(np.eye(m, -(-m // 64) * 64, dtype=bool), axis=1).view(np.uint64)

    keys: Keys = np.zeros((1, bit.shape[1]), np.uint64)
    least_lost, least_paid = np.zeros(1), np.zeros(1)
    levels = [unpacked_sets(keys, m)]  # the sets by size; rows are numbered across all levels
    steps: list[tuple[Integers, Integers, Integers]] = []  # start, item, end of the best steps to each set
    first_row = 0
    for _ in range(m):
        outside = ~levels[-1]
        next_row = first_row + len(outside)
        if next_row * m > max_work or outside.size > max_work // 4:  # in total, and per level to bound memory
            return None
        now_paid = least_paid[:, None] + outside @ paid.T  # a step pays for all items that it leaves behind
        now_lost = least_lost[:, None] + outside @ lost
        start, item = np.nonzero(outside & (now_paid <= gap) & (now_lost <= allowed))
        step_lost, step_paid = now_lost[start, item], now_paid[start, item]
        for second, (first, third, price) in enumerate(triangles_of):
            chosen = np.flatnonzero(item == second)
            rows = start[chosen]
            step_paid[chosen] += (levels[-1][rows[:, None], first] & outside[rows[:, None], third]) @ price
        cheap = step_paid <= gap
        start, item, step_lost, step_paid = start[cheap], item[cheap], step_lost[cheap], step_paid[cheap]
        keys, end = distinct_sets(keys[start] | bit[item])
        least_lost = _minimum_by(end, step_lost, len(keys))
        least_paid = _minimum_by(end, step_paid, len(keys))
        best = step_lost == least_lost[end]
        steps.append((first_row + start[best], item[best], next_row + end[best]))
        levels.append(unpacked_sets(keys, m))
        first_row = next_row

    optimal = np.zeros(first_row + 1, dtype=bool)  # sets on a path of best steps to the full set
    optimal[-1] = True
    for start, _, end in reversed(steps):
        optimal[start[optimal[end]]] = True
    start, item, end = (np.concatenate(column) for column in zip(*steps, strict=True))
    used = optimal[end]
    row = np.cumsum(optimal) - 1
    sets = np.zeros((int(optimal.sum()), len(weight)), dtype=bool)
    sets[:, members] = np.concatenate(levels)[optimal]
    return Block(members, sets, row[start[used]], members[item[used]], row[end[used]]), int(least_lost[0])


def _triangles_by_second(prices: Prices, members: Integers) -> list[tuple[Integers, Integers, Floats]]:
    """For each member, the triangles that cost if it stands second: the first and third member, and the price."""
    number = np.full(len(prices.pair), -1)
    number[members] = np.arange(len(members))
    corners = number[prices.triangles]
    paid = (corners >= 0).all(axis=1) & (prices.triangle > 0)
    a, b, c = corners[paid].T
    # x[a,b] + x[b,c] + x[c,a] is 2 in the orders abc, bca and cab, and 1, which costs, in acb, bac and cba.
    first, second, third = np.concatenate((a, b, c)), np.concatenate((c, a, b)), np.concatenate((b, c, a))
    price = np.tile(prices.triangle[paid].astype(np.float64), 3)
    return [(first[at], third[at], price[at]) for at in (second == member for member in range(len(members)))]


def unpacked_sets(keys: Keys, m: int) -> Bools:
    return np.unpackbits(keys.view(np.uint8), axis=1, count=m).view(np.bool_)


def distinct_sets(keys: Keys) -> tuple[Keys, Integers]:
    """The distinct rows, and the number of each row among them."""
    by_key = np.lexsort(keys.T)
    ordered = keys[by_key]
    new = np.ones(len(keys), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    number = np.empty(len(keys), np.int64)
    number[by_key] = np.cumsum(new) - 1
    return ordered[new], number


def _minimum_by(group: Integers, values: Floats, n_groups: int) -> Floats:
    minimum = np.full(n_groups, np.inf)
    np.minimum.at(minimum, group, values)
    return minimum


# ---- Orders of all items


def first_order(blocks: list[Block], kept: Bools) -> Integers:
    """The first optimal order: each place takes the first item that its block and the edges between blocks allow.

    `kept` has shape (n, n). Every optimal order respects its edges between two blocks.
    """
    n = len(kept)
    block_of = np.empty(n, np.int64)
    allowed = np.zeros(n, dtype=bool)
    for number, block in enumerate(blocks):
        block_of[block.members] = number
        allowed[block.item[block.start == 0]] = True
    between = kept & (block_of[:, None] != block_of[None, :])
    n_before = between.sum(axis=0)  # edges from items that are not placed yet
    row = [0] * len(blocks)
    order = np.empty(n, np.int64)
    for place in range(n):
        item = int((allowed & (n_before == 0)).argmax())
        number = int(block_of[item])
        block = blocks[number]
        row[number] = int(block.end[(block.start == row[number]) & (block.item == item)][0])
        allowed[block.members] = False
        allowed[block.item[block.start == row[number]]] = True
        n_before -= between[item]
        order[place] = item
    return order


def earliest_places(blocks: list[Block], kept: Bools) -> list[int | None]:
    """Each item's first place over all optimal orders; None if it depends on a block that is not exact.

    `blocks` are in topological order. Up to the item stand a set of its own block and, of each earlier block, a set
    that contains what the later ones require. `sizes` maps what is still required of earlier blocks to the fewest
    items that require it.
    """
    places: list[int | None] = [None] * len(kept)
    tables = [_Requirements(block, kept) for block in blocks]
    for number, block in enumerate(blocks):
        for item in block.members.tolist():
            sizes = tables[number].smallest(block.end[block.item == item])
            exact = block.exact
            for table in reversed(tables[:number]):
                if not any(required & table.members for required in sizes):
                    continue
                exact = exact and table.exact and len(sizes) <= MAX_LABELS
                if not exact:
                    break
                merged: dict[int, int] = {}
                for required, size in sizes.items():
                    wanted = required & table.members
                    for added, added_size in table.containing(wanted).items() if wanted else ((0, 0),):
                        left = required & ~table.members | added
                        merged[left] = min(merged.get(left, size + added_size), size + added_size)
                sizes = merged
            if exact:
                places[item] = min(sizes.values())
    return places


class _Requirements:
    """The sets of a block, each with its size and the items of other blocks that it requires (edges into the set).

    Items are stored as bit masks.
    """

    def __init__(self, block: Block, kept: Bools) -> None:
        self.members = _mask(block.sets[-1])
        self.exact = block.exact
        self._sets = block.sets
        self._size = block.sets.sum(axis=1)
        required = block.sets.astype(np.float32) @ kept.T.astype(np.float32) > 0
        required[:, block.members] = False
        distinct, kind = np.unique(required, axis=0, return_inverse=True)
        self._required = [_mask(row) for row in distinct]
        self._kind = kind.reshape(-1)
        self._cache: dict[int, dict[int, int]] = {}

    def smallest(self, rows: Integers) -> dict[int, int]:
        """What the sets in these rows require, each with the size of the smallest set that requires it."""
        least = np.full(len(self._required), len(self._sets[0]) + 1)
        np.minimum.at(least, self._kind[rows], self._size[rows])
        return {self._required[kind]: int(least[kind]) for kind in np.unique(self._kind[rows])}

    def containing(self, wanted: int) -> dict[int, int]:
        """The same for the sets that contain the wanted items."""
        if wanted not in self._cache:
            items = [item for item in range(wanted.bit_length()) if wanted >> item & 1]
            rows = np.flatnonzero(self._sets[:, items].all(axis=1))
            if self._size[rows[0]] == len(items):
                rows = rows[:1]  # exactly the wanted items: every other set is larger and requires no less
            self._cache[wanted] = self.smallest(rows)
        return self._cache[wanted]


def _mask(row: Bools) -> int:
    return int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little")
