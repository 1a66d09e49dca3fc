"""Charts of values on axes: bars, dots with intervals, arrows, bubbles, months and lines."""

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import altair as alt

from phylohub.report.style import (
    BLUE,
    COUNT,
    DECIMAL,
    DIAMOND,
    INK,
    MUTED,
    ORANGE,
    PALE,
    ROW,
    SHARE,
    SQUARE,
    WIDTH,
    YEARS,
    inline_data,
    rows_axis,
    sized,
)
from phylohub.report.text import format_number, format_share, unique_labels


@dataclass(frozen=True)
class Bar:
    """A bar with the label at its end, the study's value, and another value of this snapshot to compare with it."""

    name: str
    value: float
    label: str
    published: float | None = None
    other: float | None = None

    def most(self) -> float:
        """The largest of the values."""
        return max(self.value, self.published or 0, self.other or 0)


def bars(rows: Sequence[Bar], axis_title: str, form: str = SHARE) -> alt.LayerChart:
    """Horizontal bars, one row per name. Each number stands at its own mark.

    Where the study's mark would be below the bar's label, both numbers stand beyond it, and the study's is named.
    """
    names = unique_labels(row.name for row in rows)
    most = max(row.most() for row in rows) or 1
    data = inline_data(
        [{**vars(row), "name": name, **_labels(row, most, form)} for name, row in zip(names, rows, strict=True)]
    )
    axis = alt.Axis(format=form, tickCount=4)
    if form == SHARE:
        # The axis ends beyond the longest bar, but no share exceeds 100%.
        axis = alt.Axis(format=form, tickCount=4, labelExpr="datum.value > 1 ? '' : datum.label")
    # Leave room for the label at the end of the longest bar.
    x = alt.X("value:Q", title=axis_title, axis=axis, scale=alt.Scale(domain=[0, most * 1.22]))
    base = alt.Chart(data).encode(y=rows_axis(names))
    return sized(
        ROW * len(rows),
        base.mark_bar(color=PALE, stroke=BLUE, strokeWidth=0.8, height=12).encode(x=x),
        base.transform_filter("datum.other != null").mark_point(**SQUARE).encode(x=alt.X("other:Q")),
        base.mark_text(align="left", dx=8).encode(x=alt.X("end:Q"), text="label:N"),
        base.transform_filter("datum.published != null").mark_point(**DIAMOND).encode(x=alt.X("published:Q")),
        base.transform_filter("datum.study !== ''")
        .mark_text(align="left", dx=8, color=ORANGE)
        .encode(x=alt.X("published:Q"), text="study:N"),
    )


def _labels(row: Bar, most: float, form: str) -> dict[str, object]:
    """The label of a bar and where it begins, and the label of the study's mark ('' if the bar's has it)."""
    if row.published is None:
        return {"end": max(row.value, row.other or 0), "label": row.label, "study": ""}
    study = format_share(row.published) if form.endswith("%") else format_number(row.published)
    room = 0.022 * most * (len(row.label) + 2)  # of the label, on the axis
    inner, outer = sorted((max(row.value, row.other or 0), row.published))
    if outer - inner < room:
        return {"end": outer, "label": f"{row.label} (study {study})", "study": ""}
    return {"end": max(row.value, row.other or 0), "label": row.label, "study": study}


@dataclass(frozen=True)
class Dot:
    """A mean or rate with its interval. A row without a value is a heading of the rows below it.

    `published` is the study's value, and `other` another value of this snapshot, drawn as an open square.
    `outlines` and `filled` are the paths of a glyph beside the name (see `shapes.glyph`). A value from too few families
    (`weak`) is drawn as an open circle, and one from too few pairs as a cross.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    published: float | None = None
    outlines: str = ""
    filled: str = ""
    other: float | None = None
    weak: Literal["", "families", "pairs"] = ""


GLYPH = 42  # pixels reserved for the widest glyph


def dots(
    rows: Sequence[Dot], axis_title: str, form: str = SHARE, top: float | None = None, bottom: float = 0
) -> alt.LayerChart:
    """Dots with intervals on an axis from `bottom` to `top`, or to the largest value."""
    names = unique_labels((row.name for row in rows), 44)
    data = inline_data([{**vars(row), "name": name} for name, row in zip(names, rows, strict=True)])
    most = max(max(row.high or row.value or 0, row.published or 0, row.other or 0) for row in rows) or 1
    x = alt.X(
        "value:Q",
        title=axis_title,
        axis=alt.Axis(format=form, tickCount=5),
        scale=alt.Scale(domain=[bottom, most * 1.05 if top is None else top]),
    )
    y = rows_axis(names)
    glyphs = any(row.filled for row in rows)
    if glyphs:
        headings = json.dumps([name for name, row in zip(names, rows, strict=True) if row.value is None])
        bold = {"condition": {"test": f"indexof({headings}, datum.value) >= 0", "value": "bold"}, "value": "normal"}
        y["axis"].labelFontWeight = bold
        y["axis"].labelPadding = GLYPH + 10
    base = alt.Chart(data).encode(y=y)
    layers = [
        base.transform_filter("datum.low != null")
        .mark_rule(color=BLUE, strokeWidth=2)
        .encode(x=alt.X("low:Q"), x2="high:Q"),
        base.transform_filter("datum.value != null && datum.weak == ''")
        .mark_point(filled=True, color=BLUE, size=45, opacity=1)
        .encode(x=x),
        base.transform_filter("datum.weak == 'families'")
        .mark_point(shape="circle", color=BLUE, fill="white", size=45, strokeWidth=1.2, opacity=1)
        .encode(x=x),
        base.transform_filter("datum.weak == 'pairs'").mark_text(text="\u00d7", color=BLUE, fontSize=14).encode(x=x),
        base.transform_filter("datum.other != null").mark_point(**SQUARE).encode(x=alt.X("other:Q")),
        base.transform_filter("datum.published != null").mark_point(**DIAMOND).encode(x=alt.X("published:Q")),
    ]
    if glyphs:
        # Vega scales a path by half the square root of its size: size 4 keeps pixels.
        glyph = base.encode(x=alt.value(-6))
        layers += [
            glyph.transform_filter("datum.outlines != ''")
            .mark_point(size=4, color=MUTED, fill="white", strokeWidth=1, opacity=1)
            .encode(shape=alt.Shape("outlines:N", scale=None)),
            glyph.transform_filter("datum.filled != ''")
            .mark_point(size=4, filled=True, color=INK, opacity=1)
            .encode(shape=alt.Shape("filled:N", scale=None)),
        ]
    return sized((ROW + 3 if glyphs else ROW) * len(rows), *layers)


@dataclass(frozen=True)
class Arrow:
    """The means of parents and of their children."""

    name: str
    parent: float
    child: float


def arrows(rows: Sequence[Arrow], axis_title: str, form: str = DECIMAL) -> alt.LayerChart:
    """Arrows from the parents' mean (open circle) to the children's (filled triangle)."""
    names = unique_labels((row.name for row in rows), 40)
    data = inline_data([{**vars(row), "name": name} for name, row in zip(names, rows, strict=True)])
    most = max(max(row.parent, row.child) for row in rows) or 1
    x = alt.X(
        "parent:Q", title=axis_title, axis=alt.Axis(format=form, tickCount=5), scale=alt.Scale(domain=[0, most * 1.08])
    )
    y = rows_axis(names)
    y["axis"].labelPadding = 10  # keeps labels clear of a circle at zero
    base = alt.Chart(data).encode(y=y)
    return sized(
        (ROW + 5) * len(rows),
        base.mark_rule(color=BLUE, strokeWidth=1.5).encode(x=x, x2="child:Q"),
        base.mark_point(shape="circle", size=60, color=BLUE, fill="white", strokeWidth=1.8, opacity=1).encode(x=x),
        base.transform_calculate(turn="datum.child < datum.parent ? 270 : 90")
        .mark_point(shape="triangle-up", size=60, filled=True, color=BLUE, opacity=1)
        .encode(x=alt.X("child:Q"), angle=alt.Angle("turn:Q", scale=None)),
    )


LOGARITHM = alt.Scale(type="log", base=10, nice=False)


def _decades(values: Sequence[float]) -> alt.Axis:
    """A logarithmic axis with ticks at powers of 10, and also at 2 and 5 times those over short ranges."""
    low, high = min(values), max(values)
    steps = (1, 2, 5) if high < 200 * low else (1,)
    marks = [step * 10**power for power in range(10) for step in steps]
    return alt.Axis(format=COUNT, values=[mark for mark in marks if low <= mark <= high])


@dataclass(frozen=True)
class Bubble:
    """A cell of the plane, and the number of families in it."""

    x: float
    y: float
    n: int


def bubbles(cells: Sequence[Bubble], x_title: str, y_title: str) -> alt.LayerChart:
    """Bubbles whose area grows with the logarithm of the count, so that one family is visible next to a thousand."""
    most = max(cell.n for cell in cells)
    data = inline_data(
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
    return sized(230, chart)


def months(rows: Sequence[tuple[date, int, int]]) -> alt.LayerChart:
    """Bars of models per month, with a darker bar inside for those with a parent."""
    data = inline_data([{"month": month.isoformat(), "n": n, "children": children} for month, n, children in rows])
    x = alt.X(
        "month:T",
        timeUnit="utcyearmonth",
        title=None,
        axis=YEARS,
    )
    y = alt.Y("n:Q", title="models created in the month", axis=alt.Axis(format=COUNT, tickCount=5))
    base = alt.Chart(data).encode(x=x)
    return sized(
        200,
        base.mark_bar(color=PALE, stroke=BLUE, strokeWidth=0.4, binSpacing=0).encode(y=y),
        base.mark_bar(color=BLUE, binSpacing=0).encode(y=alt.Y("children:Q")),
    )


def lines(
    series: Sequence[tuple[str, Sequence[tuple[date, float]]]], axis_title: str, form: str = COUNT, *, log: bool = False
) -> alt.LayerChart:
    """Steps over time, each up to the last month of all, with its name at the end. Dashes tell them apart, too."""
    dashes = [[1, 0], [6, 2], [2, 2], [8, 2, 2, 2], [1, 3], [12, 3]]
    data: list[dict[str, Any]] = []
    ends: list[dict[str, Any]] = []
    last = max(points[-1][0] for _, points in series)
    names = unique_labels((name for name, _ in series), 29)
    for number, ((_, points), name) in enumerate(zip(series, names, strict=True)):
        data += [{"line": number, "month": month.isoformat(), "n": n, "known": True} for month, n in points]
        if points[-1][0] < last:
            data.append({"line": number, "month": last.isoformat(), "n": points[-1][1], "known": False})
        ends.append({"month": last.isoformat(), "n": points[-1][1], "label": f"{number + 1} {name}"})
    # Names stand to the right of the last month. Move overlapping ones apart, from the top.
    first = min(points[0][0] for _, points in series)
    beside = last + (last - first) * 0.03
    top = max(n for _, points in series for _, n in points)
    step = (top / max(min(n for _, points in series for _, n in points), 1)) ** 0.075 if log else 0.075 * top
    ends.sort(key=lambda end: (-end["n"], end["label"]))
    for above, below in itertools.pairwise([{"at": math.inf}, *ends]):
        below["at"] = min(below["n"], above["at"] / step if log else above["at"] - step)
        below["beside"] = beside.isoformat()
    first_year = first.year + (first > date(first.year, 1, 1))
    years = [alt.DateTime(year=year, utc=True) for year in range(first_year, last.year + 1)]
    wide = 5.8 * max(map(len, names)) + 28  # pixels of the longest name
    room = (last - first) * (wide / (WIDTH - 60 - wide) if len(series) > 1 else 0)
    known = alt.Scale(domain=[_moment(first), _moment(last + room)])
    one = alt.X("month:T", timeUnit="utcyearmonth", title=None, axis=YEARS)
    x = (
        one
        if len(series) == 1 or first == last
        else alt.X(
            "month:T", timeUnit="utcyearmonth", title=None, axis=alt.Axis(format="%Y", values=years), scale=known
        )
    )
    axis = _decades([n for _, points in series for _, n in points]) if log else alt.Axis(format=form, tickCount=5)
    y = alt.Y("n:Q", title=axis_title, scale=LOGARITHM if log else alt.Scale(), axis=axis)
    line = alt.Chart(inline_data(data)).encode(x=x, y=y)
    layers = [
        line.transform_filter(f"datum.line === {number}").mark_line(
            color=BLUE if number % 2 == 0 else MUTED,
            strokeWidth=1.6,
            strokeDash=dashes[number % len(dashes)],
            interpolate="step-after",
        )
        for number in range(len(series))
    ]
    if len(data) <= 120:  # so few months that each can be seen
        layers.append(line.transform_filter("datum.known").mark_point(filled=True, size=10, color=INK, opacity=1))
    if len(series) > 1:
        end = alt.Chart(inline_data(ends)).encode(x=x)
        label = end.encode(x=alt.X("beside:T", timeUnit="utcyearmonthdate"), y=alt.Y("at:Q"))
        layers += [
            end.mark_point(filled=True, color=INK, size=16, opacity=1).encode(y=y),
            end.mark_rule(color=MUTED, strokeWidth=0.6).encode(
                y=y, y2="at:Q", x2=alt.X2("beside:T", timeUnit="utcyearmonthdate")
            ),
            label.mark_text(align="left", dx=3).encode(text="label:N"),
        ]
    return sized(200, *layers)


def _moment(day: date) -> int:
    """A date as Vega's time scales read it: milliseconds since 1970, UTC."""
    return (day - date(1970, 1, 1)).days * 86_400_000
