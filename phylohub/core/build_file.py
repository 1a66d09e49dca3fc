"""The build file: its path, connections to it, and helpers for transactions and durable writes."""

import os
import struct
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from phylohub.core.errors import PhylohubError


def database_path() -> Path:
    """The path of the build file: PHYLOHUB_DATABASE, or build/phylohub.duckdb of the project.

    The project is the folder with phylohub's dbt_project.yml: the working directory, a folder above it, or the checkout
    from which the package is installed. Raises PhylohubError if there is none and no build file in the working
    directory, or if PHYLOHUB_DATABASE is a relative path that leads to a build file in the project only: a second,
    empty build file would only hide the first.
    """
    default = Path("build/phylohub.duckdb")
    root = project_folder()
    if os.environ.get("PHYLOHUB_DATABASE"):
        path = Path(os.environ["PHYLOHUB_DATABASE"])
        if root is not None and not path.exists() and (root / path).exists():
            raise PhylohubError(
                f"PHYLOHUB_DATABASE is {path}, which {Path.cwd()} does not hold but {root} does. Run the command "
                f"there, or name the file in full: `export PHYLOHUB_DATABASE={(root / path).resolve()}`."
            )
        return path
    if root is not None:
        return root / default
    if default.exists():
        return default
    raise PhylohubError(
        f"{Path.cwd()} is not in a phylohub project, so there is no build file to use. Run the command in the project, "
        "or name a build file: `export PHYLOHUB_DATABASE=/path/to/phylohub.duckdb`."
    )


def project_folder() -> Path | None:
    """The folder with phylohub's dbt_project.yml: the working directory, a folder above it, or the checkout from which
    the package is installed; None if there is none."""
    here = Path.cwd()
    folders = (Path(), *here.parents, Path(__file__).resolve().parents[2])
    return next((folder for folder in folders if _is_project(folder)), None)


def _is_project(folder: Path) -> bool:
    try:
        text = (folder / "dbt_project.yml").read_text(errors="replace")
    except OSError:
        return False
    return any(line.split("#")[0].split() == ["name:", "phylohub"] for line in text.splitlines())


@contextmanager
def connect(path: Path, *, read_only: bool = False, create: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the build file and close it afterwards.

    Raises PhylohubError if the file does not exist (unless `create`), is open in another process, or is not a DuckDB
    file.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        setting: os.environ[f"PHYLOHUB_{setting.upper()}"]
        for setting in ("memory_limit", "threads", "temp_directory")
        if os.environ.get(f"PHYLOHUB_{setting.upper()}")
    }
    # A checkpoint compresses the rows since the last one, and recompresses row groups that were not full. At DuckDB's
    # default of 16 MB nearly every landed batch triggers one.
    config["wal_autocheckpoint"] = "256MB"
    # Otherwise DuckDB resolves the name of a missing table to a Python variable.
    config["python_enable_replacements"] = False
    with _opening(path):
        if create:
            _create(path)
        _require(path)
        connection = duckdb.connect(str(path), read_only=read_only, config=config)
    try:
        yield connection
    finally:
        connection.close()


def dict_rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, object] | None = None
) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries by column. `$name` in the query is a parameter. Raises duckdb.Error."""
    result = connection.execute(query, values or {})
    columns = [column[0] for column in result.description or []]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


@contextmanager
def connect_to_copy(path: Path, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """Attach the build file as `warehouse` to an in-memory connection, so that a statement can copy it to other files.

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


def damage(path: Path) -> str | None:
    """What is wrong with a build file by its size and header, or None. DuckDB opens some files that were cut.

    A good file can end before the last block that its header counts, if that is free, but then it ends with a block.
    """
    size = path.stat().st_size
    if not path.is_file():
        return "is not a file"
    if size == 0:
        return "is empty (0 bytes)"
    with path.open("rb") as file:
        start = file.read(3 * _HEADER_BYTES)
    if start[8:12] != b"DUCK":
        return "is not a DuckDB file"
    if len(start) < 3 * _HEADER_BYTES:
        return f"is cut: it has {size:,} bytes, fewer than its header"
    # Two headers take turns; the one with the higher iteration counts.
    headers = [struct.unpack_from("<6Q", start, number * _HEADER_BYTES) for number in (1, 2)]
    _, _, _, _, n_blocks, block_bytes = max(headers, key=lambda header: header[1])
    expected = 3 * _HEADER_BYTES + n_blocks * block_bytes
    if size < expected and (size - 3 * _HEADER_BYTES) % (block_bytes or 1):
        return f"is cut: it has {size:,} bytes of {expected:,}"
    return None


# The main header and two headers of the database come before the blocks.
_HEADER_BYTES = 4096


def _require(path: Path) -> None:
    if path.exists() and (problem := damage(path)) is not None:
        raise PhylohubError(
            f"{path} {problem}, so it cannot be read. Restore it from a copy if there is one; otherwise move it away "
            "and land the records again with `phylohub ingest`, then run `dbt build`."
        )
    if not path.exists():
        raise PhylohubError(
            f"There is no warehouse at {path}. Run `make build`, or land records with `phylohub ingest` and run "
            "`dbt build`."
        )


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    """Turn errors from opening the build file into a PhylohubError that says what to do."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        if "Could not set lock" in str(error):
            raise PhylohubError(
                f"{path} is open in another process. Close that process, or set PHYLOHUB_DATABASE to another file."
            ) from error
        raise PhylohubError(
            f"{path} cannot be opened as a DuckDB file ({error}). Restore it from a copy, or set PHYLOHUB_DATABASE to "
            "another file."
        ) from error


def _create(path: Path) -> None:
    """Create an empty build file unless one exists. It appears atomically: DuckDB cannot open a half-written file."""
    if path.exists():
        return
    if any(mark in path.name for mark in ("'", '"')):  # the name is an identifier and a literal in dbt's SQL
        raise PhylohubError(
            f"dbt cannot build a file with a quotation mark in its name, {path.name}. Set PHYLOHUB_DATABASE to another "
            "name; its folder may have any name."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    for left in path.parent.glob(f".{_escaped(path.name)}.*"):
        if left.name.rpartition(".")[2].isdecimal() and not _is_running(int(left.name.rpartition(".")[2])):
            left.unlink()  # left by a killed process
    part.unlink(missing_ok=True)  # or by one with the same id
    try:
        duckdb.connect(str(part)).close()
        with suppress(FileExistsError):  # another process created it first
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)


def _escaped(name: str) -> str:
    """The name as a pattern of `glob` that matches only itself."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)


def _is_running(process: int) -> bool:
    if sys.platform == "win32":  # there, signal 0 is Ctrl-C
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def one_row(connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[object] = ()) -> tuple[Any, ...]:
    """The only row of a result. Raises ValueError if there is not exactly one."""
    (row,) = connection.execute(query, parameters).fetchall()
    return tuple(row)


def sync_to_disk(path: Path) -> None:
    """Flush a file, or the entries of a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def utc_now() -> datetime:
    """The current time in UTC without a time zone, as the raw tables store it.

    It is always later than the time before and than `continue_clock` says, so that the order of times is the order of
    events even if the machine's clock is set back.
    """
    with _clock_lock:
        now = max(datetime.now(UTC).replace(tzinfo=None), _clock[0] + timedelta(microseconds=1))
        _clock[0] = now
    return now


def continue_clock(latest: datetime | None) -> None:
    """Let `utc_now` go on after this time, the last one in the build file; None if it holds none."""
    with _clock_lock:
        _clock[0] = latest or datetime.min


_clock = [datetime.min]
_clock_lock = threading.Lock()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit all statements of the block, or roll all of them back."""
    connection.execute("begin transaction")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        # After a full disk there may be no transaction to roll back. The first error is the one to report.
        with suppress(duckdb.Error):
            connection.execute("rollback")
        raise
