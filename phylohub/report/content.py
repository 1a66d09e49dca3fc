"""The parts of a report: pages hold sections, and sections hold paragraphs, figures and tables."""

from dataclasses import dataclass, field
from typing import Literal

import altair as alt

Kind = Literal["text", "name", "model", "count", "share", "decimal"]


@dataclass(frozen=True)
class Column:
    """`name` is text of the Hub, which may run right to left, and `model` a model id, which links to the Hub. `count`,
    `share` and `decimal` are numbers."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """Rows as queried. `total` is the number of all rows, if `rows` holds only the first."""

    caption: str
    columns: list[Column]
    rows: list[tuple[object, ...]]
    total: int | None = None


@dataclass(frozen=True)
class Figure:
    """`name` is the stem of its files. `finding` says what it shows, and is its text alternative; `legend` explains the
    marks. `paper` is the section or figure of the paper that it reproduces."""

    name: str
    title: str
    finding: str
    chart: alt.TopLevelMixin
    legend: str = ""
    table: Table | None = None
    paper: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a page. `missing` is the reason why it is empty, if it is."""

    id: str
    title: str
    paragraphs: list[str] = field(default_factory=list)
    missing: str = ""
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


@dataclass(frozen=True)
class Headline:
    """A number of the first page, what it is, and the page that it leads to."""

    value: str
    text: str
    link: str


@dataclass(frozen=True)
class Page:
    """One HTML file. `summary` describes it in the list of pages. The first page has headlines."""

    file: str
    title: str
    summary: str
    sections: list[Section]
    headlines: list[Headline] = field(default_factory=list)
