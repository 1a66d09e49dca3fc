"""How far apart two items can stand, over all optimal orders: the range of the difference of their places.

See `ordering` for the problem. An optimal order interleaves optimal orders of the blocks and respects the edges between
blocks. So it is a path through sets of items that can stand first, and every such path is an optimal order.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phylohub.methods.ordering_blocks import Block, distinct_sets, unpacked_sets

Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]

UNSET = np.iinfo(np.int32).max // 2  # larger than any place


@dataclass(frozen=True, eq=False)
class PlaceDifferences:
    """The range of place[b] - place[a] over all optimal orders, as arrays of shape (n, n) indexed [a, b]."""

    least: Integers
    greatest: Integers


def place_differences(blocks: list[Block], kept: Bools, max_work: int) -> PlaceDifferences | None:
    """The differences of all pairs; None if a block is not exact or there are too many sets.

    A dynamic program over the sets that can stand first, from small to large. For each set and each item in it, the
    first and last place of the item over the orders of the set are enough: when the next item takes its place, they
    give its smallest and largest distance from each earlier item. `max_work` limits sets times items, as in
    `linear_ordering`, so all orders of up to 20 items fit.
    """
    n = len(kept)
    if not all(block.exact for block in blocks):
        return None
    near, far = np.full((n, n), UNSET), np.full((n, n), -UNSET)  # [a, b]: distance of a from a later b
    block_of = np.empty(n, np.int64)
    next_row = {}  # per item: the row of its block's set with the item, for each row; -1 if it cannot follow
    for number, block in enumerate(blocks):
        block_of[block.members] = number
        for member in block.members.tolist():
            step = block.item == member
            next_row[member] = np.full(len(block.sets), -1)
            next_row[member][block.start[step]] = block.end[step]
    required = (kept & (block_of[:, None] != block_of[None, :])).astype(np.float32)
    bit = np.packbits(np.eye(n, -(-n // 64) * 64, dtype=bool), axis=1).view(np.uint64)

    keys, rows = np.zeros((1, bit.shape[1]), np.uint64), np.zeros((1, len(blocks)), np.int64)
    first, last = np.full((1, n), UNSET, np.int32), np.full((1, n), -UNSET, np.int32)
    n_sets = 1
    for place in range(1, n + 1):
        outside = ~unpacked_sets(keys, n)
        ready = outside & (outside.astype(np.float32) @ required == 0)
        steps = []
        for item in range(n):
            start = np.flatnonzero(ready[:, item])
            end_row = next_row[item][rows[start, block_of[item]]]
            steps.append((start[end_row >= 0], end_row[end_row >= 0]))
        counts = [len(start) for start, _ in steps]
        if sum(counts) > max_work // 8:  # bounds memory
            return None
        new_keys, end = distinct_sets(
            np.concatenate([keys[start] | bit[item] for item, (start, _) in enumerate(steps)])
        )
        n_sets += len(new_keys)
        if n_sets * n > max_work:
            return None
        new_rows = np.empty((len(new_keys), len(blocks)), np.int64)
        new_first = np.full((len(new_keys), n), UNSET, np.int32)
        new_last = np.full((len(new_keys), n), -UNSET, np.int32)
        for item, of_step in enumerate(np.split(end, np.cumsum(counts)[:-1])):
            start, end_row = steps[item]
            if not len(start):
                continue
            far[:, item] = np.maximum(far[:, item], place - first[start].min(axis=0))
            near[:, item] = np.minimum(near[:, item], place - last[start].max(axis=0))
            new_rows[of_step] = rows[start]
            new_rows[of_step, block_of[item]] = end_row
            # An item leads from different sets to different sets, so no set is named twice in one assignment.
            new_first[of_step] = np.minimum(new_first[of_step], first[start])
            new_last[of_step] = np.maximum(new_last[of_step], last[start])
            new_first[of_step, item] = np.minimum(new_first[of_step, item], place)
            new_last[of_step, item] = place
        keys, rows, first, last = new_keys, new_rows, new_first, new_last
    np.fill_diagonal(near, 0)
    np.fill_diagonal(far, 0)
    possible = far >= 0  # whether a can stand before b
    return PlaceDifferences(np.where(possible.T, -far.T, near), np.where(possible, far, -near.T))
