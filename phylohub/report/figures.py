"""The report's figures, one column of a page wide, as SVG and PNG.

Nothing is told by colour alone: what is ours is a filled dot or bar, what the study published an open diamond, what
runs against an order lies on the other side and is dashed.
"""

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import altair as alt
import vl_convert

from phylohub.report.shapes import layout
from phylohub.report.text import labels

WIDTH = 420  # of every figure, so that one can stand in a paper's column and on a telephone
ROW = 19
PNG_SCALE = 3  # 1260 pixels: 360 to the inch in a column of 3.5 inches

# Colours on white, and what pages make of them in the dark. Of one darkness apart in grey.
INK, MUTED, GRID, BLUE, ORANGE, PALE = "#1b1b1b", "#595959", "#dcdcdc", "#0b5394", "#b45309", "#9fc5e8"
DARK = {INK: "#ececec", MUTED: "#b4b4b4", GRID: "#3d3d3d", BLUE: "#7db7f0", ORANGE: "#f0a35e", PALE: "#31597f"}

FONT = "Arial, Helvetica, sans-serif"
CONFIG: dict[str, Any] = {
    "aria": False,  # the finding in words stands for the whole figure; a label on each of its dots would not help
    "background": "white",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": GRID,
        "domainColor": MUTED,
        "tickColor": MUTED,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelLimit": 190,
    },
    "text": {"font": FONT, "fontSize": 10.5, "color": INK},
}
YEARS = alt.Axis(format="%Y", tickCount={"interval": "year", "step": 1})
SHARE, COUNT, DECIMAL = ".0%", "~s", ".4~f"


def draw(chart: alt.TopLevelMixin, finding: str) -> tuple[str, bytes]:
    """A figure as SVG, with its finding as the text that stands for it, and as PNG."""
    spec = chart.to_dict()
    spec["config"] = CONFIG
    svg = vl_convert.vegalite_to_svg(spec)
    named = f'<svg role="img" aria-label="{escape(finding)}" '
    return svg.replace("<svg ", named, 1), vl_convert.svg_to_png(svg, scale=PNG_SCALE)


def _data(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=list(rows))


def _sized(height: float, *layers: alt.Chart) -> alt.LayerChart:
    return alt.LayerChart(layer=list(layers)).properties(
        width=WIDTH, height=height, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"), padding=4
    )


def _rows_axis(names: Sequence[str]) -> alt.Y:
    axis = alt.Axis(title=None, ticks=False, domain=False, labelPadding=6)
    return alt.Y("name:N", sort=None, scale=alt.Scale(domain=list(names)), axis=axis)


# What the study published.
DIAMOND: dict[str, Any] = {
    "shape": "diamond",
    "size": 70,
    "filled": False,
    "color": ORANGE,
    "strokeWidth": 1.8,
    "opacity": 1,
}


BARS_KEY = "Bars: this snapshot. Open diamonds: the study's whole Hub."
DOTS_KEY = "Dots: this snapshot, with 95 % intervals. Open diamonds: the study's whole Hub."
MOVES_KEY = "From the open circle (parents) to the triangle (children)."


@dataclass(frozen=True)
class Bar:
    """A bar with the words at its end, and a published value on the same scale."""

    name: str
    value: float
    words: str
    published: float | None = None


def bars(rows: Sequence[Bar], title: str, form: str = SHARE) -> alt.LayerChart:
    """Bars that lie, longest words at the left."""
    names = labels(row.name for row in rows)
    data = _data(
        [
            {**vars(row), "name": name, "end": max(row.value, row.published or 0)}
            for name, row in zip(names, rows, strict=True)
        ]
    )
    most = max([row.value for row in rows] + [row.published or 0 for row in rows])
    axis = alt.Axis(format=form, tickCount=4)
    if form == SHARE:
        axis = alt.Axis(format=form, tickCount=4, labelExpr="datum.value > 1 ? '' : datum.label")  # no 120 %
    # Room for the words at the end of the longest bar.
    x = alt.X("value:Q", title=title, axis=axis, scale=alt.Scale(domain=[0, most * 1.22]))
    base = alt.Chart(data).encode(y=_rows_axis(names))
    return _sized(
        ROW * len(rows),
        base.mark_bar(color=PALE, stroke=BLUE, strokeWidth=0.8, height=12).encode(x=x),
        base.mark_text(align="left", dx=8).encode(x=alt.X("end:Q"), text="words:N"),
        base.transform_filter("datum.published != null").mark_point(**DIAMOND).encode(x=alt.X("published:Q")),
    )


@dataclass(frozen=True)
class Dot:
    """A mean or rate with its interval. Without a value it is a heading of the rows below it.

    `outlines` and `filled` are the paths of a glyph (report.shapes.glyph) beside its name.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    published: float | None = None
    outlines: str = ""
    filled: str = ""


GLYPH = 42  # pixels across that are kept free for the widest glyph


def dots(rows: Sequence[Dot], title: str, form: str = SHARE, top: float | None = None) -> alt.LayerChart:
    """Dots with intervals, from zero."""
    names = labels((row.name for row in rows), 44)
    data = _data([{**vars(row), "name": name} for name, row in zip(names, rows, strict=True)])
    most = max([row.high or row.value or 0 for row in rows] + [row.published or 0 for row in rows])
    x = alt.X(
        "value:Q", title=title, axis=alt.Axis(format=form, tickCount=5), scale=alt.Scale(domain=[0, top or most * 1.05])
    )
    y = _rows_axis(names)
    glyphs = any(row.filled for row in rows)
    if glyphs:
        heads = json.dumps([name for name, row in zip(names, rows, strict=True) if row.value is None])
        bold = {"condition": {"test": f"indexof({heads}, datum.value) >= 0", "value": "bold"}, "value": "normal"}
        y["axis"].labelFontWeight = bold
        y["axis"].labelPadding = GLYPH + 10
    base = alt.Chart(data).encode(y=y)
    layers = [
        base.transform_filter("datum.low != null")
        .mark_rule(color=BLUE, strokeWidth=2)
        .encode(x=alt.X("low:Q"), x2="high:Q"),
        base.transform_filter("datum.value != null")
        .mark_point(filled=True, color=BLUE, size=45, opacity=1)
        .encode(x=x),
        base.transform_filter("datum.published != null").mark_point(**DIAMOND).encode(x=alt.X("published:Q")),
    ]
    if glyphs:
        # A path's unit is half the root of the size: pixels.
        glyph = base.encode(x=alt.value(-6))
        layers += [
            glyph.transform_filter("datum.outlines != ''")
            .mark_point(size=4, color=MUTED, fill="white", strokeWidth=1, opacity=1)
            .encode(shape=alt.Shape("outlines:N", scale=None)),
            glyph.transform_filter("datum.filled != ''")
            .mark_point(size=4, filled=True, color=INK, opacity=1)
            .encode(shape=alt.Shape("filled:N", scale=None)),
        ]
    return _sized((ROW + 3 if glyphs else ROW) * len(rows), *layers)


def shapes(rows: Sequence[tuple[str, str]]) -> alt.LayerChart:
    """Shapes by title and edges, four beside each other, parents at the left, with the letters of their models."""
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
    node = alt.Chart(_data(nodes)).encode(x=x, y=y)
    return _sized(
        total,
        alt.Chart(_data(links)).mark_rule(color=MUTED, strokeWidth=1.2).encode(x=x, y=y, x2="x2:Q", y2="y2:Q"),
        node.mark_point(size=230, color=MUTED, fill="white", strokeWidth=1.2, opacity=1),
        node.mark_text(baseline="middle").encode(text="letter:N"),
        alt.Chart(_data(titles)).mark_text(align="left", fontWeight="bold").encode(x=x, y=y, text="title:N"),
    )


@dataclass(frozen=True)
class Move:
    """From the parents' mean to the children's."""

    name: str
    parent: float
    child: float


def moves(rows: Sequence[Move], title: str, form: str = DECIMAL) -> alt.LayerChart:
    """Arrows from parents (open circle) to children (filled triangle)."""
    names = labels((row.name for row in rows), 40)
    data = _data([{**vars(row), "name": name} for name, row in zip(names, rows, strict=True)])
    most = max(max(row.parent, row.child) for row in rows) or 1
    x = alt.X(
        "parent:Q", title=title, axis=alt.Axis(format=form, tickCount=5), scale=alt.Scale(domain=[0, most * 1.08])
    )
    y = _rows_axis(names)
    y["axis"].labelPadding = 10  # clear of a circle at zero
    base = alt.Chart(data).encode(y=y)
    return _sized(
        (ROW + 5) * len(rows),
        base.mark_rule(color=BLUE, strokeWidth=1.5).encode(x=x, x2="child:Q"),
        base.mark_point(shape="circle", size=60, color=BLUE, fill="white", strokeWidth=1.8, opacity=1).encode(x=x),
        base.transform_calculate(turn="datum.child < datum.parent ? 270 : 90")
        .mark_point(shape="triangle-up", size=60, filled=True, color=BLUE, opacity=1)
        .encode(x=alt.X("child:Q"), angle=alt.Angle("turn:Q", scale=None)),
    )


@dataclass(frozen=True)
class Arc:
    """A drift between two places of an order."""

    start: int
    end: int
    traffic: float


def arcs(values: Sequence[str], published: Sequence[int | None], drifts: Sequence[Arc]) -> alt.LayerChart:
    """An order from top to bottom; drift along it on the right, drift against it on the left and dashed.

    `values` in their order, `published` the study's place of each; the more traffic, the thicker the arc.
    """
    n = len(values)
    left, middle, right = 85.0, 195.0, WIDTH - 8 - 85.0 - 195.0
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
                }
            )
    names = [
        {"y": place, "name": f"{place}. {label}", "study": "" if other is None else str(other)}
        for place, (label, other) in enumerate(zip(labels(values, 26), published, strict=True), start=1)
    ]
    head = [{"y": 0.1, "name": "place and value", "study": "study"}]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-left, middle + right], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[n + 0.7, -0.3], nice=False))
    lines = alt.Chart(_data(points)).encode(
        x=x, y=y, detail="arc:N", strokeWidth=alt.StrokeWidth("width:Q", scale=None), order=alt.Order("y:Q")
    )
    text = alt.Chart(_data(names)).encode(y=y)
    header = alt.Chart(_data(head)).encode(y=y)
    return _sized(
        ROW * (n + 1),
        lines.transform_filter("datum.forward").mark_line(color=BLUE, opacity=0.6),
        lines.transform_filter("!datum.forward").mark_line(color=ORANGE, strokeDash=[4, 3], opacity=0.9),
        text.mark_text(align="left").encode(x=alt.XDatum(8), text="name:N"),
        text.mark_text(align="right", color=MUTED).encode(x=alt.XDatum(middle - 8), text="study:N"),
        text.mark_point(filled=True, size=14, color=INK, opacity=1).encode(x=alt.XDatum(0)),
        text.mark_point(filled=True, size=14, color=INK, opacity=1).encode(x=alt.XDatum(middle)),
        header.mark_text(align="left", color=MUTED).encode(x=alt.XDatum(8), text="name:N"),
        header.mark_text(align="right", color=MUTED).encode(x=alt.XDatum(middle - 8), text="study:N"),
    )


@dataclass(frozen=True)
class Leaf:
    """A node of a tree: its parent's number (none for the root), distance from the root, members it stands for."""

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


def radial(nodes: Sequence[Leaf], numbered: Sequence[int]) -> alt.LayerChart:
    """A tree around its root: a ring is a step by the shortest way, a dot's area tells how many members it stands for.

    `nodes` with every parent before its children, the root first; those in `numbered` get 1, 2, 3 ... beside them.
    """
    places = radial_layout(nodes)
    rings = max((node.distance for node in nodes), default=1) or 1
    bend = _bend(rings)
    most = max((node.members for node in nodes[1:]), default=1)  # the root stands for nobody but itself
    largest = 130 * min(1, 300 / len(nodes))  # square pixels of the largest dot: many large ones would be a blot
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
        if rings <= 12  # more would be a grey haze
    ]
    marked = [
        {"x": places[number][0], "y": places[number][1], "words": str(place)}
        for place, number in enumerate(numbered, start=1)
    ]
    scale = alt.Scale(domain=[-1.08, 1.08], nice=False)
    x, y = alt.X("x:Q", axis=None, scale=scale), alt.Y("y:Q", axis=None, scale=scale)
    link = alt.Chart(_data(links)).encode(x=x, y=y, x2="x2:Q", y2="y2:Q")
    layers = [
        alt.Chart(_data(circles))
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
        alt.Chart(_data(points))
        .mark_point(filled=True, color=BLUE, opacity=0.8)
        .encode(x=x, y=y, size=alt.Size("size:Q", scale=None)),
        alt.Chart(_data([{"x": places[0][0], "y": places[0][1]}]))
        .mark_point(shape="square", filled=True, color=ORANGE, size=60, opacity=1)
        .encode(x=x, y=y),
        alt.Chart(_data(marked))
        .mark_text(dx=9, dy=-7, fontWeight="bold", stroke="white", strokeWidth=3)
        .encode(x=x, y=y, text="words:N"),
        alt.Chart(_data(marked)).mark_text(dx=9, dy=-7, fontWeight="bold").encode(x=x, y=y, text="words:N"),
    ]
    return _sized(WIDTH - 8, *layers)


def _bend(rings: int) -> float:
    """Exponent of a ring's radius: below 1 with many rings, as near the root there are more members than far out."""
    return 1 if rings <= 6 else 0.6


def radial_layout(nodes: Sequence[Leaf]) -> list[tuple[float, float]]:
    """Places in the unit circle: the radius from the distance, the angle from the leaves; no two branches cross."""
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


LOGARITHM = alt.Scale(type="log", base=10, nice=False)


def _decades(values: Sequence[float]) -> alt.Axis:
    """An axis of logarithms with 1, 10, 100 ... marked, and 2 and 5 between where there are few of them."""
    low, high = min(values), max(values)
    steps = (1, 2, 5) if high < 200 * low else (1,)
    marks = [step * 10**power for power in range(10) for step in steps]
    return alt.Axis(format=COUNT, values=[mark for mark in marks if low <= mark <= high])


@dataclass(frozen=True)
class Bubble:
    """So many families in one cell of a plane."""

    x: float
    y: float
    n: int


def bubbles(cells: Sequence[Bubble], x_title: str, y_title: str) -> alt.LayerChart:
    """Cells of a plane, their area the logarithm of how many there are: one family can be seen beside a thousand."""
    most = max(cell.n for cell in cells)
    data = _data(
        [
            {"x": cell.x, "y": cell.y, "size": round(10 + 200 * math.log(cell.n) / max(math.log(most), 1), 2)}
            for cell in cells
        ]
    )
    chart = (
        alt.Chart(data)
        .mark_point(filled=True, color=PALE, stroke=BLUE, strokeWidth=0.8, opacity=1)
        .encode(
            x=alt.X("x:Q", title=x_title, scale=LOGARITHM, axis=_decades([cell.x for cell in cells])),
            y=alt.Y("y:Q", title=y_title, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=6, format=DECIMAL)),
            size=alt.Size("size:Q", scale=None),
        )
    )
    return _sized(230, chart)


def months(rows: Sequence[tuple[date, int, int]]) -> alt.LayerChart:
    """Models of each month, and those of them that have a parent, as a darker part."""
    data = _data([{"month": month.isoformat(), "n": n, "children": children} for month, n, children in rows])
    x = alt.X(
        "month:T",
        timeUnit="utcyearmonth",
        title=None,
        axis=YEARS,
    )
    y = alt.Y("n:Q", title="models created in the month", axis=alt.Axis(format=COUNT, tickCount=5))
    base = alt.Chart(data).encode(x=x)
    return _sized(
        200,
        base.mark_bar(color=PALE, stroke=BLUE, strokeWidth=0.4, binSpacing=0).encode(y=y),
        base.mark_bar(color=BLUE, binSpacing=0).encode(y=alt.Y("children:Q")),
    )


def lines(series: Sequence[tuple[str, Sequence[tuple[date, int]]]], title: str, *, log: bool = False) -> alt.LayerChart:
    """Lines over time, told apart by dashes and by a number at their ends."""
    dashes = [[1, 0], [6, 2], [2, 2], [8, 2, 2, 2], [1, 3], [12, 3]]
    data: list[dict[str, Any]] = []
    ends: list[dict[str, Any]] = []
    for number, (_, points) in enumerate(series):
        data += [{"line": number, "month": month.isoformat(), "n": n} for month, n in points]
        ends.append({"month": points[-1][0].isoformat(), "n": points[-1][1], "words": str(number + 1)})
    # Numbers that would lie on each other move apart.
    span = max(end["n"] for end in ends) / max(min(n for _, points in series for _, n in points), 1)
    for lower, upper in itertools.pairwise(sorted(ends, key=lambda end: (end["n"], end["words"]))):
        lower.setdefault("at", lower["n"])
        upper["at"] = max(upper["n"], lower["at"] * span**0.075)
    ends[0].setdefault("at", ends[0]["n"])
    x = alt.X(
        "month:T",
        timeUnit="utcyearmonth",
        title=None,
        axis=YEARS,
    )
    axis = _decades([n for _, points in series for _, n in points]) if log else alt.Axis(format=COUNT, tickCount=5)
    y = alt.Y("n:Q", title=title, scale=LOGARITHM if log else alt.Scale(), axis=axis)
    line = alt.Chart(_data(data)).encode(x=x, y=y)
    layers = [
        line.transform_filter(f"datum.line === {number}").mark_line(
            color=BLUE if number % 2 == 0 else MUTED,
            strokeWidth=1.6,
            strokeDash=dashes[number % len(dashes)],
        )
        for number in range(len(series))
    ]
    if len(series) > 1:
        end = alt.Chart(_data(ends)).encode(x=x)
        layers += [
            end.mark_point(filled=True, color=INK, size=16, opacity=1).encode(y=y),
            end.mark_text(align="left", dx=6, fontWeight="bold").encode(y=alt.Y("at:Q"), text="words:N"),
        ]
    return _sized(200, *layers)
