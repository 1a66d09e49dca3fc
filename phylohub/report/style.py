"""The look that all figures share: size, colors, fonts and number formats, and rendering to SVG and PNG.

No meaning depends on color alone: this snapshot is a filled dot or bar, or an open circle or a cross where too few
models carry the value; the study is an open diamond, another value of this snapshot an open square, and drift against
an order is dashed and on the other side.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import altair as alt
import vl_convert

WIDTH = 420  # pixels of every figure: fits a paper's column and a phone
ROW = 19  # pixels per row of a chart with one row per value
PNG_SCALE = 3  # 1260 pixels: 360 dpi in a column of 3.5 inches

# Colors on white, and their replacements in dark mode. They differ in lightness, so they stay distinct in grayscale.
INK, MUTED, GRID, BLUE, ORANGE, PALE = "#1b1b1b", "#595959", "#dcdcdc", "#0b5394", "#b45309", "#9fc5e8"
DARK = {INK: "#ececec", MUTED: "#b4b4b4", GRID: "#3d3d3d", BLUE: "#7db7f0", ORANGE: "#f0a35e", PALE: "#31597f"}

FONT = "Arial, Helvetica, sans-serif"
CONFIG: dict[str, Any] = {
    "aria": False,  # `draw` describes the whole figure; a label on every dot would only be noise to a screen reader
    "background": "white",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": GRID,
        "domainColor": MUTED,
        "tickColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 190,
    },
    "text": {"font": FONT, "fontSize": 11.5, "color": INK},
}
YEARS = alt.Axis(format="%Y", tickCount={"interval": "year", "step": 1})
SHARE, COUNT, DECIMAL = ".0%", "~s", ".4~f"

# The mark of a value that the study published.
DIAMOND: dict[str, Any] = {
    "shape": "diamond",
    "size": 70,
    "filled": False,
    "color": ORANGE,
    "strokeWidth": 1.8,
    "opacity": 1,
}

# The mark of another value of this snapshot, such as its value by the study's count.
SQUARE: dict[str, Any] = {
    "shape": "square",
    "size": 34,
    "filled": False,
    "color": INK,
    "strokeWidth": 1.4,
    "opacity": 1,
}

STUDY_COUNT_LEGEND = "Open squares: this snapshot by the study's count, which the diamonds compare with."
BARS_LEGEND = "Bars: this snapshot. Open diamonds: the study (whole Hub)."
DOTS_LEGEND = "Dots: this snapshot, with 95% intervals. Open diamonds: the study (whole Hub)."
ARROWS_LEGEND = "Open circle: mean of the parents. Triangle: mean of the children."


def draw(chart: alt.TopLevelMixin, finding: str) -> tuple[str, bytes]:
    """Render a chart as SVG, with `finding` as its text alternative, and as PNG."""
    spec = chart.to_dict()
    spec["config"] = CONFIG
    svg = vl_convert.vegalite_to_svg(spec)
    # Parts of the drawing need no roles of their own: the whole has one.
    svg = re.sub(r' role="graphics-[a-z]+" aria-roledescription="[^"]*"', "", svg)
    opening = f'<svg role="img" aria-label="{escape(finding)}" '
    return svg.replace("<svg ", opening, 1), vl_convert.svg_to_png(svg, scale=PNG_SCALE)


def inline_data(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=list(rows))


def sized(height: float, *layers: alt.Chart) -> alt.LayerChart:
    """Layers as one chart of `height` pixels and the width of every figure."""
    return alt.LayerChart(layer=list(layers)).properties(
        width=WIDTH, height=height, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"), padding=4
    )


def rows_axis(names: Sequence[str]) -> alt.Y:
    """A vertical axis with one row per name, in the given order."""
    axis = alt.Axis(title=None, ticks=False, domain=False, labelPadding=6)
    return alt.Y("name:N", sort=None, scale=alt.Scale(domain=list(names)), axis=axis)
