"""Drawings of graphs: the eight shapes, the drift graph of an order, and radial family trees."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from phylohub.report.shapes import layout
from phylohub.report.style import BLUE, GRID, INK, MUTED, ORANGE, ROW, WIDTH, inline_data, sized
from phylohub.report.text import unique_labels


def shapes(rows: Sequence[tuple[str, str]]) -> alt.LayerChart:
    """Shapes (title, edges) in rows of four, parents on the left, with the letter of each model."""
    width, height, across, down = WIDTH / 4, 96, 23, 21
    nodes, links, titles = [], [], []
    for number, (title, edges) in enumerate(rows):
        left, top = number % 4 * width + 14, number // 4 * height
        places, pairs = layout(edges)
        middle = max(y for _, y in places.values()) / 2
        at = {model: (left + x * across, top + 56 + (y - middle) * down) for model, (x, y) in places.items()}
        nodes += [{"x": x, "y": y, "letter": model} for model, (x, y) in at.items()]
        links += [
            {"x": at[parent][0], "y": at[parent][1], "x2": at[child][0], "y2": at[child][1]} for parent, child in pairs
        ]
        titles.append({"x": left - 10, "y": top + 10, "title": title})
    total = height * math.ceil(len(rows) / 4)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, WIDTH], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[total, 0], nice=False))
    node = alt.Chart(inline_data(nodes)).encode(x=x, y=y)
    return sized(
        total,
        alt.Chart(inline_data(links)).mark_rule(color=MUTED, strokeWidth=1.2).encode(x=x, y=y, x2="x2:Q", y2="y2:Q"),
        node.mark_point(size=230, color=MUTED, fill="white", strokeWidth=1.2, opacity=1),
        node.mark_text(baseline="middle").encode(text="letter:N"),
        alt.Chart(inline_data(titles)).mark_text(align="left", fontWeight="bold").encode(x=x, y=y, text="title:N"),
    )


@dataclass(frozen=True)
class Arc:
    """A drift from one place of an order to another. It is faded if it is no different from chance."""

    start: int
    end: int
    traffic: float
    faded: bool = False


@dataclass(frozen=True)
class PlaceRange:
    """Where a value can stand: over all optimal orders, and over resampled families. None if unknown."""

    earliest: float | None = None
    latest: float | None = None
    low: float | None = None
    high: float | None = None


def arcs(
    values: Sequence[str],
    by_study: Sequence[int | None],
    published: Sequence[int | None],
    drifts: Sequence[Arc],
    ranges: Sequence[PlaceRange] | None = None,
) -> alt.LayerChart:
    """An order from top to bottom, with drift along it on the right, and drift against it on the left and dashed.

    `by_study` and `published` hold the place of each value by the study's count and in the study. An arc is wider if it
    has more traffic. `ranges` are drawn beside the values, on a scale from the first place to the last.
    """
    n = len(values)
    left, middle, right = 70.0, 262.0, WIDTH - 8 - 70.0 - 262.0
    first, width = 143.0, 44.0  # the scale of places

    def across(place: float) -> float:
        return round(first + width * (place - 1) / max(n - 1, 1), 2)

    most = max((arc.traffic for arc in drifts), default=1)
    points = []
    for number, arc in enumerate(drifts):
        forward = arc.end > arc.start
        room = right if forward else -left
        reach = room * math.sqrt(abs(arc.end - arc.start) / max(n - 1, 1))
        for step in range(17):
            turn = math.pi * step / 16
            points.append(
                {
                    "arc": number,
                    "x": round((middle if forward else 0) + reach * math.sin(turn), 2),
                    "y": round((arc.start + arc.end) / 2 - (arc.end - arc.start) / 2 * math.cos(turn), 3),
                    "width": round(0.5 + 4 * math.sqrt(arc.traffic / most), 2),
                    "forward": forward,
                    "opacity": 0.2 if arc.faded else 0.75,
                }
            )
    names = [
        {"y": place, "name": f"{place}. {label}", "count": _or_empty(count), "study": _or_empty(other)}
        for place, (label, count, other) in enumerate(
            zip(unique_labels(values, 22), by_study, published, strict=True), start=1
        )
    ]
    head = [{"y": 0.1, "name": "place and value", "range": "range", "count": "count", "study": "study"}]
    bars = [
        {"y": place, "kind": kind, "x": across(start) - 1.5, "x2": across(end) + 1.5}
        for place, found in enumerate(ranges or (), start=1)
        for kind, start, end in (("ties", found.earliest, found.latest), ("interval", found.low, found.high))
        if start is not None and end is not None
    ]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-left, middle + right], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[n + 0.7, -0.3], nice=False))
    lines = alt.Chart(inline_data(points)).encode(
        x=x,
        y=y,
        detail="arc:N",
        strokeWidth=alt.StrokeWidth("width:Q", scale=None),
        opacity=alt.Opacity("opacity:Q", scale=None),
        order=alt.Order("y:Q"),
    )
    bar = alt.Chart(inline_data(bars)).encode(x=x, x2="x2:Q", y=y)
    text = alt.Chart(inline_data(names)).encode(y=y)
    header = alt.Chart(inline_data(head)).encode(y=y)
    return sized(
        ROW * (n + 1),
        lines.transform_filter("datum.forward").mark_line(color=BLUE),
        lines.transform_filter("!datum.forward").mark_line(color=ORANGE, strokeDash=[4, 3]),
        bar.transform_filter("datum.kind === 'interval'").mark_rule(color=MUTED, strokeWidth=1),
        bar.transform_filter("datum.kind === 'ties'").mark_rule(color=INK, strokeWidth=4, opacity=0.6),
        text.mark_text(align="left").encode(x=alt.XDatum(8), text="name:N"),
        text.mark_text(align="right", color=MUTED).encode(x=alt.XDatum(middle - 42), text="count:N"),
        text.mark_text(align="right", color=MUTED).encode(x=alt.XDatum(middle - 8), text="study:N"),
        text.mark_point(filled=True, size=14, color=INK, opacity=1).encode(x=alt.XDatum(0)),
        text.mark_point(filled=True, size=14, color=INK, opacity=1).encode(x=alt.XDatum(middle)),
        header.mark_text(align="left", color=MUTED).encode(x=alt.XDatum(8), text="name:N"),
        header.mark_text(align="center", color=MUTED).encode(x=alt.XDatum(first + width / 2), text="range:N"),
        header.mark_text(align="right", color=MUTED).encode(x=alt.XDatum(middle - 42), text="count:N"),
        header.mark_text(align="right", color=MUTED).encode(x=alt.XDatum(middle - 8), text="study:N"),
    )


def _or_empty(place: int | None) -> str:
    return "" if place is None else str(place)


@dataclass(frozen=True)
class TreeNode:
    """A node of a tree: the index of its parent (None for the root), its distance from the root, and the number of
    members it represents, itself included."""

    parent: int | None
    distance: int
    members: int
    relation: str


DASHES: dict[str, list[float]] = {
    "finetune": [1, 0],
    "adapter": [5, 2],
    "quantized": [1.5, 2],
    "unspecified": [8, 2, 1, 2],
}


def radial(nodes: Sequence[TreeNode], numbered: Sequence[int]) -> alt.LayerChart:
    """A tree around its root: rings are the shortest distance from it, and a dot's area the members it represents.

    `nodes` starts with the root, and parents precede their children. The nodes in `numbered` are labeled 1, 2, 3 ...
    """
    places = radial_layout(nodes)
    rings = max((node.distance for node in nodes), default=1) or 1
    bend = _bend(rings)
    most = max((node.members for node in nodes[1:]), default=1)  # the root represents itself only
    # Square pixels of the largest dot. Large dots would overlap in a large tree.
    largest = 130 * min(1, 300 / len(nodes))
    links = [
        {
            "x": places[node.parent][0],
            "y": places[node.parent][1],
            "x2": places[number][0],
            "y2": places[number][1],
            "relation": node.relation if node.relation in DASHES else "",
        }
        for number, node in enumerate(nodes)
        if node.parent is not None
    ]
    points = [
        {"x": x, "y": y, "size": round(5 + largest * (node.members - 1) / max(most - 1, 1), 2)}
        for (x, y), node in zip(places[1:], nodes[1:], strict=True)
    ]
    circles = [
        {
            "ring": ring,
            "step": step,
            "x": round((ring / rings) ** bend * math.cos(step * math.pi / 36), 4),
            "y": round((ring / rings) ** bend * math.sin(step * math.pi / 36), 4),
        }
        for ring in range(1, rings + 1)
        for step in range(73)
        if rings <= 12  # more rings would be too dense to tell apart
    ]
    marked = [
        {"x": places[number][0], "y": places[number][1], "label": str(place)}
        for place, number in enumerate(numbered, start=1)
    ]
    scale = alt.Scale(domain=[-1.08, 1.08], nice=False)
    x, y = alt.X("x:Q", axis=None, scale=scale), alt.Y("y:Q", axis=None, scale=scale)
    link = alt.Chart(inline_data(links)).encode(x=x, y=y, x2="x2:Q", y2="y2:Q")
    layers = [
        alt.Chart(inline_data(circles))
        .mark_line(color=GRID, strokeWidth=0.6)
        .encode(x=x, y=y, detail="ring:N", order="step:Q")
    ]
    layers += [
        link.transform_filter(f"datum.relation === '{relation}'").mark_rule(
            color=BLUE if relation == "finetune" else MUTED, strokeWidth=0.8, strokeDash=dash, opacity=0.75
        )
        for relation, dash in DASHES.items()
    ]
    layers += [
        link.transform_filter("datum.relation === ''").mark_rule(color=ORANGE, strokeWidth=0.8, strokeDash=[8, 2]),
        alt.Chart(inline_data(points))
        .mark_point(filled=True, color=BLUE, opacity=0.8)
        .encode(x=x, y=y, size=alt.Size("size:Q", scale=None)),
        alt.Chart(inline_data([{"x": places[0][0], "y": places[0][1]}]))
        .mark_point(shape="square", filled=True, color=ORANGE, size=60, opacity=1)
        .encode(x=x, y=y),
        alt.Chart(inline_data(marked))
        .mark_text(dx=9, dy=-7, fontWeight="bold", stroke="white", strokeWidth=3)
        .encode(x=x, y=y, text="label:N"),
        alt.Chart(inline_data(marked)).mark_text(dx=9, dy=-7, fontWeight="bold").encode(x=x, y=y, text="label:N"),
    ]
    return sized(WIDTH - 8, *layers)


def _bend(rings: int) -> float:
    """The exponent of a ring's radius: below 1 for deep trees, which have most members near the root."""
    return 1 if rings <= 6 else 0.6


def radial_layout(nodes: Sequence[TreeNode]) -> list[tuple[float, float]]:
    """Positions in the unit circle: the radius follows the distance, the angle the leaves, so branches never cross."""
    children: list[list[int]] = [[] for _ in nodes]
    for number, node in enumerate(nodes):
        if node.parent is not None:
            children[node.parent].append(number)
    leaves = [0] * len(nodes)
    for number in range(len(nodes) - 1, -1, -1):
        leaves[number] = sum(leaves[child] for child in children[number]) or 1
    start = [0.0] * len(nodes)
    rings = max((node.distance for node in nodes), default=1) or 1
    bend = _bend(rings)
    places = []
    for number, node in enumerate(nodes):
        at = start[number]
        for child in children[number]:
            start[child] = at
            at += leaves[child]
        turn = 2 * math.pi * (start[number] + leaves[number] / 2) / leaves[0]
        radius = (node.distance / rings) ** bend
        places.append((round(radius * math.cos(turn), 4), round(radius * math.sin(turn), 4)))
    return places
