"""The parts of a refresh besides ingestion and the build: a lock, and the state of the marts before and after."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from phylohub.core.build_file import dict_rows
from phylohub.core.errors import LockedError
from phylohub.core.locks import BusyError, held_lock

COUNTS = ("n_models", "n_edges", "n_edges_without_parent", "n_duplicate_records", "n_rejected")


@dataclass(frozen=True)
class Finding:
    """A row of marts.api_drift, with the columns that a refresh prints."""

    severity: str
    kind: str
    path: str
    value: str
    text: str
    measure: str | None = None
    before: float | None = None
    after: float | None = None
    bound: float | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """The state of the marts: the snapshot, its counts, and the findings about the last snapshot that was compared.

    Everything is None or empty before the first build. `refused` holds the findings for which the gate refuses that
    snapshot. `hub_size` and `share_of_hub` are None if the size of the Hub is not known.
    """

    snapshot: str | None
    counts: dict[str, int]
    findings: list[Finding]
    refused: list[Finding]
    hub_size: int | None = None
    share_of_hub: float | None = None

    def numbers(self) -> dict[str, str | int | float | None]:
        """The snapshot that the marts show and its numbers, for programs."""
        return {
            "snapshot": self.snapshot, **self.counts, "hub_size": self.hub_size, "share_of_hub": self.share_of_hub
        }  # fmt: skip  # one line


@contextmanager
def refresh_lock(database: Path) -> Iterator[int]:
    """Hold the lock file beside the build file. Yields its descriptor, so that a child process can hold it too.

    The operating system releases the lock when the last holder ends, even if it is killed. Raises LockedError if
    another process holds it.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    path = lock_path(database)
    with ExitStack() as stack:
        try:
            descriptor = stack.enter_context(held_lock(path))
        except BusyError as error:
            raise LockedError(
                f"Another refresh of {database} is running ({path} is locked). Wait until it ends."
            ) from error
        yield descriptor


def lock_path(database: Path) -> Path:
    """The lock file of a build file."""
    return database.with_name(database.name + ".lock")


def read_state(connection: duckdb.DuckDBPyConnection) -> State:
    """Read the current state of the marts."""
    tables = {
        tuple(row)
        for row in connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
    }
    health: dict[str, Any] = {}
    if ("marts", "snapshot_health") in tables:
        health = next(iter(dict_rows(connection, "select * from marts.snapshot_health")), {})
    findings = []
    if ("marts", "api_drift") in tables:
        rows = dict_rows(connection, "select * from marts.api_drift order by severity, kind, path, value")
        findings = [_finding(row) for row in rows]
    return State(
        health.get("snapshot"),
        {name: health[name] for name in COUNTS} if health else {},
        findings,
        [finding for finding in findings if finding.severity == "error"],
        # A build of an earlier version lacks these columns.
        health.get("hub_size"),
        health.get("share_of_hub"),
    )


def _finding(row: dict[str, Any]) -> Finding:
    """A row of marts.api_drift. A build of an earlier version lacks some columns."""
    return Finding(
        row["severity"],
        row["kind"],
        row["path"] or "",
        row["value"] or "",
        row["finding"],
        row.get("measure"),
        row.get("before"),
        row.get("after"),
        row.get("bound"),
        tuple((row.get("examples") or "").split(",")) if row.get("examples") else (),
    )


def refusal(output: str) -> str | None:
    """The line in the output of dbt that says why the gate refused a snapshot, and how to accept it."""
    match = re.search(r"^\s*(Snapshot .* is refused, .*)$", output, re.MULTILINE)
    return match[1].strip() if match else None
