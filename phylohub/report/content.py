"""What a report is made of. Pages hold sections, sections hold sentences, figures and tables."""

from dataclasses import dataclass, field
from typing import Literal

import altair as alt

Kind = Literal["text", "name", "count", "share", "decimal"]


@dataclass(frozen=True)
class Column:
    """`name` is text of the Hub (may run right to left); the last three are numbers."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """Rows as queried; `total` says of how many rows they are the first, if there are more."""

    caption: str
    columns: list[Column]
    rows: list[tuple[object, ...]]
    total: int | None = None


@dataclass(frozen=True)
class Figure:
    """`name` is that of its files; `finding` says in words what it shows, for whoever does not see it; `key` explains
    its marks."""

    name: str
    title: str
    finding: str
    chart: alt.TopLevelMixin
    key: str = ""
    table: Table | None = None


@dataclass(frozen=True)
class Section:
    """A part of a page. `missing` says why there is nothing to see, if there is not."""

    id: str
    title: str
    words: list[str] = field(default_factory=list)
    missing: str = ""
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """One HTML file. `summary` stands in the table of contents."""

    file: str
    title: str
    summary: str
    sections: list[Section]
