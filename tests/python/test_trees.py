"""Forests and their pictures, compared with networkx and with geometry."""

from __future__ import annotations

import base64
import json
import math
import zlib
from itertools import pairwise

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree  # type: ignore[import-untyped]  # scipy ships no types

from phylohub.trees.forest import (
    MAX_GUIDES,
    Forest,
    build_forest,
    folded,
    guides,
    largest_rows,
    rows,
    spanning_parents,
)
from phylohub.trees.pack import enclose, pack, pack_circles, rings
from phylohub.trees.viewer import page

DOT = 0.84  # the diameter of a dot in viewer.js


def forest_of(parents: list[int], relations: list[str] | None = None, groups: list[int] | None = None) -> Forest:
    """A forest from the parent of each node (-1 for roots)."""
    n = len(parents)
    numbers = np.arange(n)
    return build_forest(
        [f"m/{number:06}" for number in range(n)],
        np.array(parents, dtype=np.int64),
        [None if above < 0 else (relations or ["finetune"] * n)[number] for number, above in enumerate(parents)],
        np.array(groups if groups is not None else _roots(parents), dtype=np.int64),
        {
            "downloads": numbers * 7 % 11,
            "month": numbers % 24 + 24000,
            "n_children": np.bincount([above for above in parents if above >= 0], minlength=n).astype(np.int64),
            "n_descendants": np.zeros(n, dtype=np.int64),
            "license": np.array(["mit" if number % 3 else None for number in range(n)], dtype=object),
            "task": np.array([None] * n, dtype=object),
        },
    )


def _roots(parents: list[int]) -> list[int]:
    roots: list[int] = []
    for number, above in enumerate(parents):
        roots.append(number if above < 0 else roots[above])
    return roots


@st.composite
def forests(draw: st.DrawFn) -> Forest:
    n = draw(st.integers(0, 120))
    parents = [draw(st.integers(-1, number - 1)) if number else -1 for number in range(n)]
    relations = [draw(st.sampled_from(["finetune", "adapter", "quantized", "a new word"])) for _ in range(n)]
    return forest_of(parents, relations)


@settings(max_examples=60, deadline=None)
@given(forests())
def test_nodes_are_in_preorder(forest: Forest) -> None:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(forest.ids)))
    graph.add_edges_from((int(above), place) for place, above in enumerate(forest.parent) if above >= 0)
    for place in graph:
        branch = set(range(place, place + int(forest.size[place])))
        assert branch == {place} | nx.descendants(graph, place)
        assert forest.children(place) == sorted(graph.successors(place))
        assert forest.path(place) == sorted({place} | nx.ancestors(graph, place))
        assert forest.level[place] == len(forest.path(place)) - 1
        sizes = [forest.size[child] > 1 for child in forest.children(place)]
        assert sizes == sorted(sizes), "childless children come first"


@settings(max_examples=60, deadline=None)
@given(forests(), st.integers(1, 9))
def test_folded_trees_count_every_node_once(forest: Forest, limit: int) -> None:
    for top in np.flatnonzero(forest.parent < 0).tolist():
        for lines in (rows(forest, top, limit, 2), rows(forest, top, None, None), largest_rows(forest, top, limit)):
            shown = [line.place for line in lines]
            wedged = [place for line in lines for wedge in line.wedges for place in wedge.members]
            hidden = sum(int(forest.size[place]) for line in lines for place in line.hidden)
            hidden += sum(line.n_below for line in lines)
            assert len({*shown, *wedged}) == len(shown) + len(wedged)
            assert len(shown) + len(wedged) + hidden == forest.size[top]
            assert [line.level for line in lines] == [int(forest.level[place]) for place in shown]
        assert len(lines) <= limit
        assert not any(line.hidden or line.n_below for line in rows(forest, top, None, None))


def test_siblings_without_children_fold_by_relation() -> None:
    forest = forest_of([-1, 0, 0, 0, 0, 1], ["", "finetune", "adapter", "quantized", "adapter", "finetune"])
    branches, wedges = folded(forest, 0)
    assert [forest.ids[place] for place in branches] == ["m/000001"]
    assert [(wedge.relation, len(wedge)) for wedge in wedges] == [("adapter", 2), ("quantized", 1)]
    assert [forest.facts["downloads"][place] for place in wedges[0].members] == [6, 3], "most downloads first"


def test_parents_are_one_step_nearer_and_have_the_most_descendants() -> None:
    # 0 and 1 are roots; 2 has both as parents, 3 has 0 and 2, 4 has 1 twice.
    parent, child = np.array([0, 1, 0, 2, 1, 1]), np.array([2, 2, 3, 3, 4, 4])
    distance, weight = np.array([0, 0, 1, 1, 1]), np.array([2, 3, 1, 0, 0])
    above, used = spanning_parents(parent, child, np.array([0, 0, 0, 0, 1, 0]), distance, weight)
    assert above.tolist() == [-1, -1, 1, 0, 1]
    assert used.tolist() == [-1, -1, 1, 2, 5]
    above, _ = spanning_parents(parent, child, np.zeros(6, dtype=int), distance, weight, np.array([0, 1, 0, 0, 1]))
    assert above.tolist() == [-1, -1, 0, 0, 1], "the nearest root decides first"


def test_guides_join_siblings_and_stop_at_a_depth() -> None:
    assert guides([(0, True), (1, False), (2, True), (1, True)]) == ["", "├── ", "│   └── ", "└── "]
    deep = guides([(level, True) for level in range(3000)])
    assert deep[MAX_GUIDES] == "    " * (MAX_GUIDES - 1) + "└── "
    assert deep[-1].strip() == "(2,999)"
    assert sum(map(len, deep)) < 3000 * 110


@settings(max_examples=60, deadline=None)
@given(forests())
def test_dots_do_not_overlap_and_stay_in_their_circles(forest: Forest) -> None:
    check_picture(forest)


def check_picture(forest: Forest) -> None:
    picture = pack(forest)
    n = len(forest.ids)
    places = np.c_[picture.x, picture.y]
    if n > 1:
        nearest, _ = cKDTree(places).query(places, k=2)
        assert nearest[:, 1].min() >= DOT
    for place in range(n):
        inside = slice(place, place + int(forest.size[place]))
        away = np.hypot(picture.x[inside] - picture.center_x[place], picture.y[inside] - picture.center_y[place])
        assert away.max() <= picture.radius[place] + 1e-6
    assert np.hypot(picture.center_x, picture.center_y).max(initial=0) <= picture.whole + 1e-6
    roots = np.flatnonzero(forest.parent < 0)
    for one, other in pairwise(roots):
        apart = math.hypot(
            picture.center_x[one] - picture.center_x[other], picture.center_y[one] - picture.center_y[other]
        )
        assert apart >= picture.radius[one] + picture.radius[other] - 1e-6


def test_pictures_of_stars_chains_and_combs_are_compact() -> None:
    star = [-1, *[0] * 3000]
    chain = [-1, *range(2999)]
    comb = [-1]
    for at in range(0, 2000, 2):  # a chain whose models have one childless child each
        comb += [max(at - 1, 0), max(at - 1, 0)]
    for parents in (star, chain, comb):
        forest = forest_of(parents)
        check_picture(forest)
        assert pack(forest).whole < 4 * math.sqrt(len(parents))


def test_families_with_several_roots_stay_together() -> None:
    forest = forest_of([-1, -1, 0, 1, -1, 4], groups=[0, 0, 0, 0, 1, 1])
    check_picture(forest)
    assert forest.group.tolist() == [0, 0, 0, 0, 1, 1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.5, 40), min_size=1, max_size=60))
def test_circles_touch_but_do_not_overlap(radii: list[float]) -> None:
    radii = sorted(radii, reverse=True)
    for centers in (pack_circles(radii), [tuple(center) for center in rings(np.array(radii)).tolist()]):
        for i in range(len(radii)):
            for j in range(i):
                assert math.dist(centers[i], centers[j]) >= radii[i] + radii[j] - 1e-4
        x, y, around = enclose(centers, radii)
        assert all(math.dist((x, y), at) + r <= around + 1e-6 for at, r in zip(centers, radii, strict=True))


def test_page_holds_the_whole_forest() -> None:
    """The page is decoded as viewer.js does it."""
    forest = forest_of([-1, 0, 0, 1, -1, 4], ["", "finetune", "adapter", "merge", "", "finetune"])
    html = page(forest, "Title <b>", "Families", ["Caption <b>"], merges=(np.array([0]), np.array([4])), marked=3)
    assert "<b>" not in html
    assert page(forest, "T", "F", []) == page(forest, "T", "F", []), "same input, same bytes"
    data = zlib.decompress(base64.b64decode(html.split('<template id="data">')[1].split("</template>")[0]))
    length = int.from_bytes(data[:4], "little")
    head = json.loads(data[4 : 4 + length])
    assert length % 4 == 0
    assert head["ids"].split("\n") == forest.ids
    assert head["marked"] == 3
    arrays, at = {}, 4 + length
    for name, kind, count in head["arrays"]:
        arrays[name] = np.frombuffer(data, dtype=f"<{kind}", count=count, offset=at)
        at += 4 * count
    assert at == len(data)
    assert (np.arange(6) - arrays["above"])[forest.parent >= 0].tolist() == forest.parent[forest.parent >= 0].tolist()
    for name in ("size", "relation"):
        assert arrays[name].tolist() == getattr(forest, name).tolist()
    assert [head["licenses"][code] if code >= 0 else None for code in arrays["license"]] == forest.facts[
        "license"
    ].tolist()
    assert arrays["merges"].tolist() == [0, 4]
    # Only nodes with children and roots have circles; viewer.js places the others.
    assert len(arrays["circles"]) == 5 * int(((forest.size > 1) | (forest.parent < 0)).sum())


def test_deep_chains_and_empty_snapshots_have_pages() -> None:
    chain = forest_of([-1, *range(19_999)])
    assert "(19,999)" not in page(chain, "T", "F", []), "the outline is short"
    assert len(rows(chain, 0, None, None)) == 19_999
    assert "No model has its parent" in page(forest_of([]), "T", "F", [])
