"""The look that all figures share: size, colors, fonts, formats, and rendering to SVG and PNG.

No meaning depends on color alone: this snapshot is a filled dot or bar, the study an open diamond, and drift against an
order is dashed and on the other side.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

import altair as alt
import vl_convert

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


def inline_data(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=list(rows))


def sized(height: float, *layers: alt.Chart) -> alt.LayerChart:
    return alt.LayerChart(layer=list(layers)).properties(
        width=WIDTH, height=height, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"), padding=4
    )


def rows_axis(names: Sequence[str]) -> alt.Y:
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
