"""What a refresh needs beside the ingest commands: one at a time, a build, and what has changed by it."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from phylohub.core.errors import PhylohubError

FIGURES = ("n_models", "n_edges", "n_edges_without_parent", "n_duplicate_records", "n_rejected")


class LockedError(PhylohubError):
    """Another refresh of the same build file is under way."""


@dataclass(frozen=True)
class Finding:
    """A row of marts.api_drift, as far as it is told."""

    severity: str
    kind: str
    path: str
    value: str
    text: str


@dataclass(frozen=True)
class State:
    """What the marts show: the snapshot, its figures (null before the first build) and the findings about the last
    snapshot that was looked at. `refused` are the findings for which that one is not shown."""

    snapshot: str | None
    figures: dict[str, int]
    findings: list[Finding]
    refused: list[Finding]


@contextmanager
def only_one(database: Path) -> Iterator[int]:
    """Hold the lock beside the build file; yield its descriptor, so that a child can hold it as well.

    The system frees it when the last of them ends, however it ends, so no lock is ever left behind. Raises LockedError
    if another process holds it.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    path = database.with_name(database.name + ".lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(f"Another refresh of {database} is under way ({path} is locked).") from error
        yield descriptor
    finally:
        os.close(descriptor)


def run_build(database: Path, lock: int) -> tuple[int, str]:
    """Run `dbt build` of the project in the working directory; return its exit code and what it printed.

    It holds the lock too, and goes on holding it if this process is killed.
    """
    dbt = Path(sys.executable).with_name("dbt")
    if not Path("dbt_project.yml").exists():
        raise PhylohubError("There is no dbt_project.yml here. Run phylohub refresh in the project's folder.")
    done = subprocess.run(  # noqa: S603, our own command with fixed arguments
        [str(dbt), "--log-level", "warn", "--no-use-colors", "build"],
        env={**os.environ, "PHYLOHUB_DATABASE": str(database.resolve())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=(lock,),
        check=False,
    )
    return done.returncode, done.stdout


def read_state(connection: duckdb.DuckDBPyConnection) -> State:
    """What the marts show now; everything empty before the first build."""
    tables = {
        tuple(row)
        for row in connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
    }
    snapshot, figures = None, {}
    if ("marts", "snapshot_health") in tables:
        row = connection.execute(f"select snapshot, {', '.join(FIGURES)} from marts.snapshot_health").fetchone()
        if row is not None:
            snapshot, figures = str(row[0]), dict(zip(FIGURES, row[1:], strict=True))
    findings = []
    if ("marts", "api_drift") in tables:
        findings = [
            Finding(*row)
            for row in connection.execute(
                "select severity, kind, coalesce(path, ''), coalesce(value, ''), finding from marts.api_drift "
                "order by severity, kind, path, value"
            ).fetchall()
        ]
    return State(snapshot, figures, findings, [finding for finding in findings if finding.severity == "error"])
