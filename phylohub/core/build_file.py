"""The build file and its raw schema: where it lies, how it is opened, what ingestion keeps in it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from phylohub.core.errors import PhylohubError


def database_path() -> Path:
    """The build file: PHYLOHUB_DATABASE, or build/phylohub.duckdb below the working directory."""
    return Path(os.environ.get("PHYLOHUB_DATABASE") or "build/phylohub.duckdb")


@contextmanager
def connect(path: Path, *, read_only: bool = False, create: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the build file, with its raw schema unless read_only; close it afterwards.

    Raises PhylohubError when the file is missing (unless create), held by another process, or cannot be opened as a
    DuckDB file.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        setting: os.environ[f"PHYLOHUB_{setting.upper()}"]
        for setting in ("memory_limit", "threads", "temp_directory")
        if os.environ.get(f"PHYLOHUB_{setting.upper()}")
    }
    # A checkpoint packs the rows since the last one, and packs again those that did not fill a row group. At
    # DuckDB's own 16 MB that is after nearly every batch, and landing two million records takes a third longer.
    config["wal_autocheckpoint"] = "256MB"
    # Otherwise a table that is missing is looked for among the variables of Python, and one of those is read.
    config["python_enable_replacements"] = False
    with _opening(path):
        if create:
            _create(path)
        else:
            _require(path)
        connection = duckdb.connect(str(path), read_only=read_only, config=config)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def connect_to_copy(path: Path, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the build file as `warehouse` in a connection that can write other files; close it afterwards.

    Raises PhylohubError as `connect` does.
    """
    with duckdb.connect(config={"python_enable_replacements": False, "temp_directory": f"{path}.tmp"}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for setting in ("memory_limit", "threads"):
            if value := os.environ.get(f"PHYLOHUB_{setting.upper()}"):
                connection.execute(f"set {setting} = ?", [value])
        with _opening(path):
            _require(path)
            escaped = str(path).replace("'", "''")
            connection.execute(f"attach '{escaped}' as warehouse (read_only {read_only})")
        connection.execute("use warehouse")
        yield connection


def _require(path: Path) -> None:
    if not path.exists():
        raise PhylohubError(f"There is no warehouse at {path} yet. Run `make build` first.")


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    """Say what to do where the block cannot open the build file."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        if "Could not set lock" in str(error):
            raise PhylohubError(
                f"{path} is open in another process. Close that one, or set PHYLOHUB_DATABASE to another file."
            ) from error
        raise PhylohubError(
            f"{path} cannot be opened as a DuckDB file ({error}). Mend that, or set PHYLOHUB_DATABASE to another file."
        ) from error


def _create(path: Path) -> None:
    """Make an empty build file unless there is one. It appears whole: nobody can open a half made one again."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)  # of a process with the same number that was killed
    try:
        duckdb.connect(str(part)).close()
        with suppress(FileExistsError):  # another process was faster
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)


def one_row(connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
    """The only row of a result. Raises ValueError if there are more or none."""
    (row,) = connection.execute(query, parameters).fetchall()
    return tuple(row)


def sync_to_disk(path: Path) -> None:
    """Return once a file, or what a folder lists, is on the disk: before anything points at it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def utc_now() -> datetime:
    """The time in UTC, without a time zone, as the raw tables keep it."""
    return datetime.now(UTC).replace(tzinfo=None)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit the statements of the block together, or none of them."""
    connection.execute("begin transaction")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        # After an error as bad as a full disk there may be nothing to roll back: that error is the one to show.
        with suppress(duckdb.Error):
            connection.execute("rollback")
        raise
