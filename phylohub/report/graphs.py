"""Drawings of graphs: the eight shapes, the drift graph of an order, and folded family trees."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from phylohub.report.shapes import layout
from phylohub.report.style import BLUE, INK, MUTED, ORANGE, PALE, ROW, WIDTH, inline_data, sized
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
class Branch:
    """A row of a folded tree: a model, its level below the root, and the row of its parent (None for the root).

    `counts` are numbers of models, one per column of the figure.
    """

    name: str
    level: int
    parent: int | None
    counts: Sequence[int]


INDENT, COLUMN = 11.0, 41.0  # pixels per level, and per column of counts


def folded_tree(rows: Sequence[Branch], columns: Sequence[str]) -> alt.LayerChart:
    """A tree from top to bottom, one row per model with children, and beside it the folded models as counted dots."""
    width = WIDTH - 8
    first = width - COLUMN * (len(columns) - 0.5)
    step = min(INDENT, 90 / max(max(row.level for row in rows), 1))
    labels = unique_labels((row.name for row in rows), 60)
    most = max(max(row.counts) for row in rows) or 1
    names, links, cells = [], [], []
    for at, (row, label) in enumerate(zip(rows, labels, strict=True)):
        left = 4 + step * row.level
        room = int((first - 26 - left - 6) / 5.7)
        names.append({"x": left, "y": at, "name": label if len(label) <= room else f"{label[: room - 1]}\u2026"})
        if row.parent is not None:
            above = 4 + step * rows[row.parent].level
            links += [
                {"x": above, "y": row.parent, "x2": above, "y2": at},
                {"x": above, "y": at, "x2": left, "y2": at},
            ]
        for column, count in enumerate(row.counts):
            if count:
                size = round(8 + 230 * math.log1p(count) / math.log1p(most), 1)
                cells.append({"x": first + COLUMN * column, "y": at, "size": size, "count": f"{count:,}"})
    heads = [{"x": first + COLUMN * column, "y": -1.1, "name": name} for column, name in enumerate(columns)]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[len(rows) - 0.4, -1.6], nice=False))
    name = alt.Chart(inline_data(names)).encode(x=x, y=y)
    cell = alt.Chart(inline_data(cells)).encode(x=x, y=y)
    return sized(
        ROW * (len(rows) + 1.2),
        alt.Chart(inline_data(links)).mark_rule(color=MUTED, strokeWidth=0.8).encode(x=x, y=y, x2="x2:Q", y2="y2:Q"),
        cell.mark_point(filled=True, color=PALE, opacity=1).encode(size=alt.Size("size:Q", scale=None)),
        cell.mark_text(baseline="middle", fontSize=10).encode(text="count:N"),
        name.mark_point(filled=True, size=16, color=BLUE, opacity=1),
        name.mark_text(align="left", baseline="middle", dx=6).encode(text="name:N"),
        alt.Chart(inline_data(heads)).mark_text(color=MUTED, fontSize=9.5).encode(x=x, y=y, text="name:N"),
    )
