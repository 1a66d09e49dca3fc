"""Places of nodes in a picture: a branch is a circle, with its model in it, childless children around it, and the
circles of its other children beside these. Families are circles in rings, the largest in the center."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phylohub.trees.forest import Forest

Floats = NDArray[np.float64]

GOLDEN = math.pi * (3 - math.sqrt(5))  # the angle between two childless siblings: a sunflower
SPACING = 1.0  # the unit of length: each childless child takes an area of pi
GAP = 0.6  # between circles


@dataclass(frozen=True)
class Picture:
    """For each node of a forest its place, and a circle with its branch in it: center and radius."""

    x: Floats
    y: Floats
    center_x: Floats
    center_y: Floats
    radius: Floats
    whole: float  # the radius of the picture, whose center is 0, 0


def pack(forest: Forest) -> Picture:
    """Place all nodes of a forest."""
    n = len(forest.ids)
    x, y, radius = np.zeros(n), np.zeros(n), np.full(n, SPACING / 2)
    # First relative to the node above: x, y of the node, and of the center of its circle relative to the node.
    shift_x, shift_y = np.zeros(n), np.zeros(n)
    leaves = _leaves(forest)
    n_branches = np.bincount(forest.parent[(forest.size > 1) & (forest.parent >= 0)], minlength=n)
    for head in np.flatnonzero(forest.size > 1)[::-1].tolist():
        if forest.parent[head] >= 0 and n_branches[forest.parent[head]] == 1:
            continue  # it is placed with the head of its chain
        # A chain of models with one branch each is coiled up in one circle. As circles in circles it would be a line.
        chain = [head]
        while n_branches[chain[-1]] == 1:
            chain.append(_branches(forest, chain[-1], int(leaves[chain[-1]]))[0])
        branches = _branches(forest, chain[-1], int(leaves[chain[-1]]))
        cores = [SPACING * math.sqrt(leaves[place] + 1) + GAP / 3 for place in chain]
        circles = pack_circles([*cores, *(radius[branch] + GAP for branch in branches)])
        center_x, center_y, around = enclose(circles, [*cores, *(radius[branch] for branch in branches)])
        for place, (at_x, at_y) in zip(chain, circles, strict=False):
            shift_x[place], shift_y[place], radius[place] = center_x - at_x, center_y - at_y, around
        for place, above, now in zip(chain[1:], circles, circles[1:], strict=False):
            x[place], y[place] = now[0] - above[0], now[1] - above[1]
        last_x, last_y = circles[len(chain) - 1]
        for branch, (at_x, at_y) in zip(branches, circles[len(chain) :], strict=True):
            x[branch] = at_x - last_x - shift_x[branch]
            y[branch] = at_y - last_y - shift_y[branch]
    _place_leaves(forest, leaves, x, y)
    whole = _place_families(forest, x, y, shift_x, shift_y, radius)
    for nodes in _by_level(forest)[1:]:
        x[nodes] += x[forest.parent[nodes]]
        y[nodes] += y[forest.parent[nodes]]
    return Picture(x, y, x + shift_x, y + shift_y, radius, whole)


def _leaves(forest: Forest) -> NDArray[np.int64]:
    """The number of childless children of each node."""
    is_leaf = (forest.size == 1) & (forest.parent >= 0)
    return np.bincount(forest.parent[is_leaf], minlength=len(forest.ids))


def _branches(forest: Forest, place: int, n_leaves: int) -> list[int]:
    """The children with children of a node: they follow the childless ones, the largest first."""
    found, at, end = [], place + 1 + n_leaves, place + int(forest.size[place])
    while at < end:
        found.append(at)
        at += int(forest.size[at])
    return found


def _by_level(forest: Forest) -> list[NDArray[np.int64]]:
    order = np.argsort(forest.level, kind="stable")
    return np.split(order, np.cumsum(np.bincount(forest.level))[:-1])


def _place_leaves(forest: Forest, leaves: NDArray[np.int64], x: Floats, y: Floats) -> None:
    """Childless children around their node, as the seeds of a sunflower: each relation is a band."""
    nodes = np.flatnonzero((forest.size == 1) & (forest.parent >= 0))
    number = nodes - forest.parent[nodes]  # 1, 2, 3 ..., since they follow their parent
    away = SPACING * np.sqrt(number + 0.25)
    x[nodes], y[nodes] = away * np.cos(number * GOLDEN), away * np.sin(number * GOLDEN)


def _place_families(forest: Forest, x: Floats, y: Floats, shift_x: Floats, shift_y: Floats, radius: Floats) -> float:
    """Roots of one family beside each other, and the families in rings; return the radius of the whole."""
    roots = np.flatnonzero(forest.parent < 0)
    families = np.split(roots, np.flatnonzero(np.diff(forest.group[roots])) + 1) if len(roots) else []
    around = np.zeros(len(families))
    for number, members in enumerate(families):
        if len(members) == 1:
            around[number] = radius[members[0]]
            x[members], y[members] = -shift_x[members], -shift_y[members]
            continue
        order = members[np.argsort(-radius[members], kind="stable")]
        if len(members) > MAX_FRONT:
            centers = rings(radius[order] + GAP)
            at_x, at_y, around[number] = 0.0, 0.0, float(np.max(np.hypot(*centers.T) + radius[order]))
            placed = [(float(a), float(b)) for a, b in centers]
        else:
            placed = pack_circles([float(radius[root]) + GAP for root in order])
            at_x, at_y, around[number] = enclose(placed, [float(radius[root]) for root in order])
        for root, (a, b) in zip(order, placed, strict=True):
            x[root], y[root] = a - at_x - shift_x[root], b - at_y - shift_y[root]
    if not families:
        return 1.0
    order = np.argsort(-around, kind="stable")
    centers = np.empty((len(families), 2))
    centers[order] = rings(around[order] + GAP)
    for axis, values in enumerate((x, y)):
        values[roots] += np.repeat(centers[:, axis], [len(members) for members in families])
    return float(np.max(np.hypot(*centers.T) + around))


MAX_FRONT = 4000  # circles; more are placed in rings, which takes time in proportion to their number


def rings(radii: Floats) -> NDArray[np.float64]:
    """Centers of circles, sorted by size, in rings around the first, so that none overlap."""
    centers = np.zeros((len(radii), 2))
    inner = float(radii[0]) if len(radii) else 0.0
    at = 1
    while at < len(radii):
        away = inner + float(radii[at])
        half = np.arcsin(np.minimum(1.0, radii[at : at + int(math.pi * away / float(radii[-1])) + 2] / away))
        ends = np.cumsum(2 * half)
        n = max(int(np.searchsorted(ends, 2 * math.pi, side="right")), 1)
        spare = max(2 * math.pi - float(ends[n - 1]), 0.0) / n
        angle = ends[:n] - half[:n] + spare * np.arange(n)
        centers[at : at + n, 0] = away * np.cos(angle)
        centers[at : at + n, 1] = away * np.sin(angle)
        inner = away + float(radii[at])
        at += n
    return centers


def enclose(centers: list[tuple[float, float]], radii: list[float]) -> tuple[float, float, float]:
    """A circle around circles: center and radius, at most a few percent larger than the smallest one."""
    if len(centers) == 1:
        return *centers[0], radii[0]
    at, r = np.array(centers), np.array(radii)
    if len(centers) == 2:
        apart = math.dist(*centers)
        if apart + min(radii) <= max(radii):
            bigger = int(np.argmax(r))
            return *centers[bigger], radii[bigger]
        around = (apart + radii[0] + radii[1]) / 2
        share = (around - radii[0]) / apart
        center = at[0] + (at[1] - at[0]) * share
        return float(center[0]), float(center[1]), around
    center = np.average(at, axis=0, weights=r**2)
    for step in range(1, 200):  # move towards the farthest circle, by less and less
        away = np.hypot(*(at - center).T) + r
        far = int(np.argmax(away))
        center = center + (at[far] - center) * (1 - r[far] / away[far]) / (step + 1)
    return float(center[0]), float(center[1]), float(np.max(np.hypot(*(at - center).T) + r))


def pack_circles(radii: list[float]) -> list[tuple[float, float]]:
    """Centers of circles that touch but do not overlap, by the front chain of Wang et al. (2006), as in d3-hierarchy.

    The first circles are in the middle. The chain of the outermost circles grows by one circle at a time, where it
    fits next to the circle of the chain that is nearest to the middle.
    """
    n = len(radii)
    x, y = [0.0] * n, [0.0] * n
    if n > 1:
        x[0], x[1] = -radii[1], radii[0]
    if n > 2:
        _beside(x, y, radii, 1, 0, 2)
    after, before = [1, 2, 0] + [0] * n, [2, 0, 1] + [0] * n
    a, b = 0, 1
    after[0], before[1], after[1], before[2], after[2], before[0] = 1, 0, 2, 1, 0, 2
    number = 3
    while number < n:
        _beside(x, y, radii, a, b, number)
        j, k = after[b], before[a]
        near_j, near_k = radii[b], radii[a]
        hit = -1
        while True:
            if near_j <= near_k:
                if _overlap(x, y, radii, j, number):
                    hit, b = j, j
                    break
                near_j += radii[j]
                j = after[j]
            else:
                if _overlap(x, y, radii, k, number):
                    hit, a = k, k
                    break
                near_k += radii[k]
                k = before[k]
            if j == after[k]:
                break
        if hit >= 0:
            after[a], before[b] = b, a
            continue
        before[number], after[number] = a, b
        after[a] = before[b] = number
        b = number
        best, at = _nearness(x, y, radii, after, a), number
        while (at := after[at]) != b:
            if (near := _nearness(x, y, radii, after, at)) < best:
                a, best = at, near
        b = after[a]
        number += 1
    return list(zip(x, y, strict=True))


def _beside(x: list[float], y: list[float], r: list[float], b: int, a: int, c: int) -> None:
    """Place circle c so that it touches a and b."""
    dx, dy = x[b] - x[a], y[b] - y[a]
    apart = dx * dx + dy * dy
    if not apart:
        x[c], y[c] = x[a] + r[c], y[a]
        return
    to_a, to_b = (r[a] + r[c]) ** 2, (r[b] + r[c]) ** 2
    if to_a > to_b:
        along = (apart + to_b - to_a) / (2 * apart)
        across = math.sqrt(max(0.0, to_b / apart - along * along))
        x[c], y[c] = x[b] - along * dx - across * dy, y[b] - along * dy + across * dx
    else:
        along = (apart + to_a - to_b) / (2 * apart)
        across = math.sqrt(max(0.0, to_a / apart - along * along))
        x[c], y[c] = x[a] + along * dx - across * dy, y[a] + along * dy + across * dx


def _overlap(x: list[float], y: list[float], r: list[float], a: int, b: int) -> bool:
    reach = r[a] + r[b] - 1e-6
    return reach > 0 and reach * reach > (x[b] - x[a]) ** 2 + (y[b] - y[a]) ** 2


def _nearness(x: list[float], y: list[float], r: list[float], after: list[int], a: int) -> float:
    b = after[a]
    both = r[a] + r[b]
    return ((x[a] * r[b] + x[b] * r[a]) / both) ** 2 + ((y[a] * r[b] + y[b] * r[a]) / both) ** 2
