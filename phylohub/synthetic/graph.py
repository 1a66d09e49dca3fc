"""The family graph of a synthetic hub and the traits that models inherit, as arrays.

Models are numbered in the order of creation. The code uses only operations that IEEE 754 rounds correctly (no
logarithm, no power, no float sum whose order NumPy chooses), so the arrays are the same on every machine.
"""

from __future__ import annotations  # NumPy's arrays take type parameters in its stubs only

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from phylohub.synthetic.words import (
    LANGUAGE_COUNTS,
    LANGUAGE_SIZES,
    LIBRARY_WEIGHTS,
    LICENSE_COUNTS,
    PLANTED_LICENSE_ORDER,
    TASK_WEIGHTS,
)

Rng = np.random.Generator
Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Planted:
    """The rates planted in every synthetic hub. Shares and probabilities lie in [0, 1].

    Mutation is defined as in the study's methods ("Mutation, drift, ordering"): over edges whose ends both have the
    trait. A child inherits from the first earlier model that it names. The few second parents and the edges that close
    a cycle pass nothing on.
    """

    parent_share: float = 0.293  # models that name a parent
    relation_shares: tuple[float, ...] = (0.330, 0.421, 0.178, 0.071)  # of edges, in the order of RELATIONS
    missing_parent: float = 0.06  # edges whose parent is not in the hub
    bare_only: float = 0.02  # children that name their parents without a relation
    two_finetune_parents: float = 0.01  # finetune children that name a second parent
    chain_link: float = 0.05  # finetune edges that extend the current chain
    # Edges whose parent is one of the stars; the largest has a tenth of all adapters and a twentieth of all finetunes.
    star_share: tuple[float, ...] = (0.72, 0.66, 0.25, 0.30)
    # Share of models that can become parents, by the relation to their own parent. Roots always can.
    open_to_children: tuple[float, ...] = (0.3, 0.015, 0.07, 1, 1)
    license_mutation: float = 0.20
    license_forward: float = 0.90  # of mutations between two licenses of PLANTED_LICENSE_ORDER
    task_mutation: float = 0.41
    library_mutation: float = 0.10
    language_change: float = 0.30  # the set of languages differs
    language_partial: float = 0.40  # of the changes: half the set is shared (distance 1/2, otherwise 1)
    mutation_scale: tuple[float, ...] = (1, 1, 0.25, 1, 1)  # factor on the four above, in the order of RELATIONS
    gain: float = 0.25  # a child has a trait that its parent lacks
    loss: float = 0.10  # a child lacks a trait that its parent has
    no_license: float = 0.76  # of models that have no parent in the hub and are not stars; also the next three
    no_language: float = 0.87
    no_task: float = 0.60
    no_library: float = 0.25
    card_share: float = 0.67  # models with a README.md
    generated_cards: tuple[float, float] = (0.15, 0.40)  # of the cards of roots and of children

    @property
    def language_mutation(self) -> float:
        """Mean Jaccard distance between the languages of parent and child over finetune edges."""
        return self.language_change * (1 - self.language_partial / 2)


PLANTED = Planted()
RELATIONS = ("finetune", "adapter", "quantized", "merge", "distill")  # the Hub does not know distill
FINETUNE, ADAPTER, QUANTIZED, MERGE, DISTILL = range(5)
ROOT = -1
STARS = 360  # models with many children, in a hub of 18,000 models or more
NO_CODE = 255  # pads the rows of languages

# Unusual shapes as edges (child, relation, parent). Each occurrence uses its own models.
SHAPES = (
    ((0, FINETUNE, 0),),  # a self-loop
    ((1, FINETUNE, 0), (0, FINETUNE, 1)),  # a cycle of two
    ((1, FINETUNE, 0), (2, FINETUNE, 1), (0, FINETUNE, 2)),  # a cycle of three
    ((1, FINETUNE, 0), (2, FINETUNE, 0), (3, FINETUNE, 1), (3, FINETUNE, 2)),  # a diamond
    ((1, FINETUNE, 0), (1, ADAPTER, 0)),  # a pair with two relations
    ((1, DISTILL, 0),),  # an unknown relation
)


@dataclass(frozen=True)
class Graph:
    """Edges sorted by child, and one item per model in the other arrays.

    A negative parent -1-k is the k-th model that is no longer in the hub. `kind` is the relation of a model's first
    edge, or ROOT. `stem` is the model at the top of the line from which it inherits.
    """

    child: Array
    parent: Array
    relation: Array
    kind: Array
    is_planted: Array
    is_star: Array
    levels: list[tuple[Array, Array]]  # (children, parents from which they inherit), parents before their children
    stem: Array
    n_children: Array


def choose(weights: Mapping[str, float] | Iterable[float], u: Array) -> Array:
    """Draw a place in `weights` for each uniform number in [0, 1), with probability proportional to its weight."""
    steps = np.cumsum(np.array(list(weights.values() if isinstance(weights, Mapping) else weights), dtype=np.float64))
    return np.searchsorted(steps[:-1] / steps[-1], u, side="right")


def make_graph(rng: Rng, n: int) -> Graph:
    """Draw the parents of n models. Every parent is an earlier model, except in the planted cycles."""
    planted, members = _plant_shapes(rng, n)
    odd = planted[np.unique(planted[:, 0], return_index=True)[1]]  # the first edge of each child
    kind = np.full(n, ROOT, dtype=np.int8)
    # PLANTED has shares of edges, but children are drawn here: divide by the mean number of parents per child.
    named = (1 + PLANTED.two_finetune_parents, 1, 1, 3)
    kinds = choose(
        [share / n_parents for share, n_parents in zip(PLANTED.relation_shares, named, strict=True)], rng.random(n)
    )
    has_parent = rng.random(n) < PLANTED.parent_share
    stars = _stars(rng, n, members)
    has_parent[stars], kinds[stars] = np.arange(stars.size) % 5 == 3, FINETUNE
    has_parent[:1] = False  # no model is older
    has_parent[odd[:, 0]] = False
    kind[has_parent] = kinds[has_parent]
    kind[odd[:, 0]] = odd[:, 1]
    is_open = (kind == ROOT) | (rng.random(n) < np.array(PLANTED.open_to_children)[kind])
    is_open[:1] = True
    is_open[stars] = True
    child, slot, parent = _ordinary_edges(rng, n, kind, np.flatnonzero(has_parent), is_open, stars)

    child = np.concatenate([child, planted[:, 0]])
    order = np.argsort(child, kind="stable")
    parent = np.concatenate([parent, planted[:, 2]])[order]
    relation = np.concatenate([kind[child[: slot.size]], planted[:, 1]])[order].astype(np.int8)
    child = child[order]
    is_planted, is_star = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    is_planted[odd[:, 0]], is_star[stars] = True, True

    earlier = np.flatnonzero((parent >= 0) & (parent < child))
    heirs, first = np.unique(child[earlier], return_index=True)
    above = parent[earlier[first]]
    depth, stem = _trace_lines(n, heirs, above)
    n_children = np.bincount(above, minlength=n).astype(np.int32)
    order = np.argsort(depth[heirs], kind="stable")
    cuts = np.searchsorted(depth[heirs][order], np.arange(2, int(depth.max(initial=0)) + 1))
    levels = list(zip(np.split(heirs[order], cuts), np.split(above[order], cuts), strict=True))
    return Graph(child, parent, relation, kind, is_planted, is_star, levels, stem, n_children)


def _plant_shapes(rng: Rng, n: int) -> tuple[Array, Array]:
    """The edges (child, relation, parent) of the unusual shapes, and the models that they use.

    From 1,000 models on, each shape occurs once per 5,000 models, and at least once.
    """
    edges: list[tuple[int, int, int]] = []
    members: list[int] = []
    free = iter(rng.permutation(n).tolist())
    for shape in SHAPES * (max(1, n // 5_000) if n >= 1_000 else 0):
        models = sorted(islice(free, 1 + max(child for child, _, _ in shape)))
        members += models
        edges += [(models[child], relation, models[parent]) for child, relation, parent in shape]
    return np.array(edges, dtype=np.int64).reshape(-1, 3), np.array(members, dtype=np.int64)


def _stars(rng: Rng, n: int, members: Array) -> Array:
    """The models with the most children, the largest first. They are early models, since parents precede children."""
    free = np.ones(n, dtype=bool)
    free[members] = False
    free[:1] = False
    candidates = np.flatnonzero(free)
    count = min(STARS, n // 50)
    late = rng.random(count)
    born = np.where(np.arange(count) < 8, 0.02 * late, 0.02 + 0.5 * late * late)
    stars, first = np.unique(candidates[(born * candidates.size).astype(np.int64)], return_index=True)
    return stars[np.argsort(first)]


def _star_weights(relation: int, count: int) -> Array:
    """Weights by the rank of a star: 1 / rank for adapters, rank ** -0.75 for the other relations."""
    rank = np.arange(1, count + 1, dtype=np.float64)
    root = np.sqrt(rank)
    return 1 / rank if relation == ADAPTER else 1 / (root * np.sqrt(root))


def _ordinary_edges(
    rng: Rng, n: int, kind: Array, children: Array, is_open: Array, stars: Array
) -> tuple[Array, Array, Array]:
    """Child, number among the child's edges, and parent of all edges outside the planted shapes."""
    before = np.cumsum(is_open) - is_open  # number of open models before each model
    open_models = np.flatnonzero(is_open)
    u = rng.random(children.size)
    size = np.where(kind[children] == MERGE, 2 + (3 * u).astype(np.int64), 1)
    size += (kind[children] == FINETUNE) & (u < PLANTED.two_finetune_parents)
    size = np.minimum(size, before[children])
    child = np.repeat(children, size)
    slot = np.arange(child.size) - np.repeat(np.cumsum(size) - size, size)
    missing, mode, pick = rng.random((3, child.size))
    count, relation = before[child], kind[child]
    # Most children derive from recent models.
    parent = open_models[count - 1 - (pick * pick * count).astype(np.int64)] if child.size else child

    for number, share in enumerate(PLANTED.star_share):
        mine = np.flatnonzero((relation == number) & (mode < share)) if stars.size else np.zeros(0, dtype=np.int64)
        chosen = stars[choose(_star_weights(number, stars.size), pick[mine])] if mine.size else mine
        parent[mine] = np.where(chosen < child[mine], chosen, parent[mine])

    is_missing = missing < PLANTED.missing_parent
    links = np.flatnonzero((relation == FINETUNE) & (slot == 0) & ~is_missing & (mode >= 1 - PLANTED.chain_link))
    starts = np.cumsum(8 + (rng.random(links.size // 8 + 1) * 31).astype(np.int64))
    linked = np.flatnonzero(~np.isin(np.arange(links.size), starts))[1:]
    parent[links[linked]] = child[links[linked - 1]]
    parent[is_missing] = -1 - (pick * pick * n / 20).astype(np.int64)[is_missing]

    for number in range(1, 4):  # if a child names a parent twice, take the next model instead
        mine = np.flatnonzero(slot == number)
        while mine.size:
            mine = mine[np.any([parent[mine] == parent[mine - back] for back in range(1, number + 1)], axis=0)]
            rank = (before[np.maximum(parent[mine], 0)] + 1) % count[mine]
            parent[mine] = np.where(parent[mine] < 0, parent[mine] - 1, open_models[rank])
    return child, slot, parent


def _trace_lines(n: int, heirs: Array, above: Array) -> tuple[Array, Array]:
    """Number of inheritance steps above each model, and the model at the top, by pointer doubling."""
    up = np.arange(n)
    up[heirs] = above
    depth = (up != np.arange(n)).astype(np.int32)
    while True:
        further = up[up]
        if np.array_equal(further, up):
            return depth, up
        depth += depth[up]
        up = further


@dataclass(frozen=True)
class Traits:
    """Traits as places in the vocabularies, one item per model.

    License, task and library are -1 if the model has none. Languages are one row per model, padded with NO_CODE.
    """

    license: Array
    task: Array
    library: Array
    languages: Array


def make_traits(rng: Rng, graph: Graph, *, drift: bool = True) -> Traits:
    """Draw traits, and mutate them from parent to child.

    Without drift, a mutation is a fresh draw like that of a root, whatever the parent has: transitions from a to b are
    then as likely as those from b to a, for all traits. Rates of mutation are lower, since a draw can repeat the value.
    """
    n, p = graph.kind.size, PLANTED
    draws = rng.random((5, n))
    # Stars dominate the counts over edges, so spread their values evenly instead of drawing them. All of them have a
    # license and a task.
    # Without drift they are drawn, since the same values in every hub would be a drift away from them.
    stars = np.flatnonzero(graph.is_star & drift)
    stars = stars[np.argsort(-graph.n_children[stars], kind="stable")]
    draws[:, stars] = np.arange(stars.size) * 0.6180339887 % 1
    languages = _language_sets(rng, draws[0], draws[1])

    def inherit(fresh: Array, without: float, mutation: float, mutate: Callable[..., Array], stars_have: bool) -> Array:
        have = _inherit(rng, graph, fresh, without, mutation, mutate if drift else _fresh, stars_have)
        fresh[~have] = NO_CODE if fresh.ndim > 1 else -1
        return fresh

    words = [
        choose(w, draws[2 + k]).astype(np.int8) for k, w in enumerate((LICENSE_COUNTS, TASK_WEIGHTS, LIBRARY_WEIGHTS))
    ]
    return Traits(
        license=inherit(words[0], p.no_license, p.license_mutation, mutate_license, True),
        languages=inherit(languages, p.no_language, p.language_change, mutate_languages, False),
        task=inherit(words[1], p.no_task, p.task_mutation, mutate_word(len(TASK_WEIGHTS)), True),
        library=inherit(words[2], p.no_library, p.library_mutation, mutate_word(len(LIBRARY_WEIGHTS)), True),
    )


def _language_sets(rng: Rng, first: Array, length: Array) -> Array:
    """Draw language sets by the study's counts. Sets of several languages start with English."""
    sizes = np.array(list(LANGUAGE_SIZES))[choose(LANGUAGE_SIZES, length)]
    languages = np.full((first.size, max(LANGUAGE_SIZES)), NO_CODE, dtype=np.uint8)
    languages[:, 0] = choose(LANGUAGE_COUNTS, first)
    several = np.flatnonzero(sizes > 1)
    others, counts = len(LANGUAGE_COUNTS) - 1, list(LANGUAGE_COUNTS.values())[1:]
    languages[several, 0] = 0
    found = 1 + choose(counts, rng.random((several.size, languages.shape[1] - 1)))
    for number in range(1, found.shape[1]):  # if a language repeats, take the next one instead
        while (again := (found[:, :number] == found[:, number, None]).any(axis=1)).any():
            found[again, number] = found[again, number] % others + 1
    languages[several, 1:] = np.where(np.arange(1, languages.shape[1]) < sizes[several, None], found, NO_CODE)
    return languages


def _inherit(
    rng: Rng,
    graph: Graph,
    values: Array,
    without: float,
    mutation: float,
    mutate: Callable[[Array, Array, Array], Array],
    stars_have: bool,
) -> Array:
    """Pass a trait down the graph in place, and return which models have it.

    `values` holds the value that each model would have without a parent. Roots keep it or have none; children take
    their parent's value unless it mutates. `mutate(old, fresh, uniform)` returns the new values.
    """
    draw, change, u = rng.random((3, values.shape[0]))
    have = (draw >= without) | (graph.is_star & stars_have)
    for child, parent in graph.levels:
        inherits = have[parent]
        have[child] = np.where(inherits, draw[child] >= PLANTED.loss, draw[child] < PLANTED.gain)
        child, parent = child[inherits], parent[inherits]
        changes = change[child] < mutation * np.array(PLANTED.mutation_scale)[graph.kind[child]]
        fresh = values[child]
        values[child] = values[parent]
        child, parent = child[changes], parent[changes]
        values[child] = mutate(values[parent], fresh[changes], u[child])
    return np.asarray(have)


def _fresh(_old: Array, fresh: Array, _u: Array) -> Array:
    return fresh


def mutate_license(old: Array, fresh: Array, u: Array) -> Array:
    """Propose a license by its share, and replace refused proposals by `other`.

    A proposal equal to the old license is refused. A proposal against PLANTED_LICENSE_ORDER is accepted with the odds
    (1 - PLANTED.license_forward) / PLANTED.license_forward. The transitions from a to b and from b to a are then both
    proportional to the product of their shares, so every pair of licenses has the planted ratio.
    """
    names = list(LICENSE_COUNTS)
    other, unknown = names.index("other"), names.index("unknown")
    place = np.array([PLANTED_LICENSE_ORDER.index(x) if x in PLANTED_LICENSE_ORDER else -1 for x in names])
    backwards = (place[old] >= 0) & (place[fresh] >= 0) & (place[fresh] < place[old])
    refused = (fresh == old) | (backwards & (u >= (1 - PLANTED.license_forward) / PLANTED.license_forward))
    return np.asarray(np.where(refused, np.where(old == other, unknown, other), fresh))


def mutate_languages(old: Array, fresh: Array, u: Array) -> Array:
    """Halve the set or add a language to a single one (Jaccard distance 1/2), or replace the set (distance 1)."""
    count = len(LANGUAGE_COUNTS)
    size = (old != NO_CODE).sum(axis=1)
    partial = u < PLANTED.language_partial
    added, step = fresh[:, 0].astype(np.int64), 1 + (u * 8).astype(np.int64)
    # The loop ends, since steps of 1 to 8 reach at least 23 of the 184 languages.
    while (again := (old == added[:, None]).any(axis=1)).any():
        added[again] = (added[again] + step[again]) % count
    new = np.full_like(old, NO_CODE)
    new[:, 0] = np.where(partial, old[:, 0], added)
    new[:, 1] = np.where(partial & (size == 1), added, NO_CODE)
    halved = np.where(np.arange(old.shape[1]) < (size // 2)[:, None], old, NO_CODE)
    return np.where((partial & (size > 1))[:, None], halved, new)


def mutate_word(count: int) -> Callable[[Array, Array, Array], Array]:
    """A mutation for a trait with `count` values: the fresh value, or another one if it equals the old value."""

    def mutate(old: Array, fresh: Array, u: Array) -> Array:
        elsewhere = (old.astype(np.int64) + 1 + (u * (count - 1)).astype(np.int64)) % count
        return np.where(fresh != old, fresh, elsewhere)

    return mutate
