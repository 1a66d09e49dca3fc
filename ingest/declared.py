"""What is known about a snapshot beside its records: when it was taken, of what, and to which series it belongs."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from phylohub.core.build_file import one_row
from phylohub.core.errors import PhylohubError
from phylohub.ingest.readers import Source

WHOLE, SAMPLE, UNKNOWN = "hub", "sample", "unknown"  # scopes with a meaning; any other word names a part of the Hub
MAX_WORD = 100  # characters of a scope or series

_DATE = re.compile(r"(?<![0-9])(20[0-9]{2})([-_.]?)(0[1-9]|1[0-2])\2([0-3][0-9])(?![0-9])")


@dataclass(frozen=True)
class Declared:
    """What the user states about a snapshot. None: not stated.

    `scope` is hub (the whole Hub), sample (a part, another one each time), unknown, or a name for a part that is the
    same in every snapshot of the series. `hub_size` is the number of models that the Hub had at the time. `found_at`
    and `found_series` are not stated but known from the source: the time of its commit, and its address.
    """

    taken_at: datetime | None = None
    scope: str | None = None
    series: str | None = None
    hub_size: int | None = None
    found_at: datetime | None = None
    found_series: str | None = None

    def __post_init__(self) -> None:
        """Raise PhylohubError for an empty or long word, a time in the future, or a size below 1."""
        for name, word in (("--scope", self.scope), ("--series", self.series)):
            if word is not None and not (0 < len(word.strip()) <= MAX_WORD and word.isprintable()):
                raise PhylohubError(f"{name} needs 1 to {MAX_WORD} printable characters.")
        if self.taken_at is not None and self.taken_at > datetime.now(UTC).replace(tzinfo=None):
            raise PhylohubError(f"--taken-at {self.taken_at.isoformat()}Z lies in the future.")
        if self.hub_size is not None and self.hub_size < 1:
            raise PhylohubError("--hub-size needs a number of models from 1.")


def declare(
    connection: duckdb.DuckDBPyConnection, snapshot: str, sources: Sequence[Source], declared: Declared
) -> None:
    """Store what is declared about a snapshot, in the current transaction. What was known before stays otherwise.

    A snapshot of which nothing is known gets its time from its commit or its files (`file_time`), and the scope of the
    last snapshot of its series.
    """
    known_at, known_from, known_scope, known_series = one_row(
        connection, "select taken_at, taken_from, scope, series from raw.snapshots where snapshot = ?", [snapshot]
    )
    found_series = declared.found_series or min(source.name for source in sources)
    series = declared.series or known_series or series_of(found_series)
    if declared.taken_at is not None:
        known_at, known_from = declared.taken_at, "option"
    elif known_from is None:
        known_at, known_from = (declared.found_at, "commit") if declared.found_at else file_time(sources)
    scope = declared.scope or known_scope or _scope_of_series(connection, series)
    connection.execute(
        "update raw.snapshots set taken_at = ?, taken_from = ?, scope = ?, series = ?, "
        "hub_size = coalesce(?, hub_size) where snapshot = ?",
        [known_at, known_from, scope, series, declared.hub_size, snapshot],
    )


def series_of(source_name: str) -> str:
    """The series of a source: its name with dates replaced by DATE, as the macro source_series does."""
    return re.sub(r"20[0-9]{2}[-_.]?(0[1-9]|1[0-2])([-_.]?[0-3][0-9])?", "DATE", source_name)


def file_time(sources: Sequence[Source]) -> tuple[datetime, str]:
    """When the files say that they were made, in UTC, and what says so.

    The latest day in the name of a file or of its folder (`file name`), else the latest modification (`file time`).
    """
    days = [day for source in sources for day in (_day(source.path.name) or _day(source.path.absolute().parent.name),)]
    named = [day for day in days if day is not None]
    if named and len(named) == len(days):
        return datetime(max(named).year, max(named).month, max(named).day), "file name"
    modified = max(Path(source.path).stat().st_mtime for source in sources)
    return datetime.fromtimestamp(min(modified, datetime.now(UTC).timestamp()), UTC).replace(tzinfo=None), "file time"


def _day(name: str) -> date | None:
    """The last valid day in a name (2026-08-22, 20260822), up to today."""
    found = None
    for year, _, month, day in _DATE.findall(name):
        with suppress(ValueError):
            given = date(int(year), int(month), int(day))
            found = given if given <= datetime.now(UTC).date() else found
    return found


def _scope_of_series(connection: duckdb.DuckDBPyConnection, series: str) -> str:
    row = connection.execute(
        "select scope from raw.snapshots where series = ? and scope is not null and completed_at is not null "
        "order by completed_at desc, snapshot desc limit 1",
        [series],
    ).fetchone()
    return str(row[0]) if row else UNKNOWN
