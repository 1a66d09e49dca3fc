"""Publishes the marts: a copy for BI that is whole, read-only and never written to again.

    published/versions/<id>/phylohub.duckdb            all marts, for every DuckDB since 1.0
    published/versions/<id>/parquet/<mart>.parquet     the same rows, for everything else
    published/versions/<id>/manifest.json              what is in it, with hashes
    published/current                                  a link to the version to read

A version is written beside the others and renamed into place, then the link is renamed over the old one. So a reader
sees one version or the other, and who has the old one open keeps it, even when it is deleted.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from phylohub.core.build_file import sync_to_disk
from phylohub.core.errors import PhylohubError

DATABASE = "phylohub.duckdb"
# DuckDB 1.0 and everything later can read it. Newer versions pack text tighter (a tenth of the file), but what DuckDB 2
# writes by default no 1.x client can open, and BI tools bring theirs.
STORAGE_VERSION = "v1.0.0"
# Types that a reader would get wrong, and what is published instead. Parquet has no 128 bit integer: DuckDB would
# write a double, which is exact to 2^53 only.
PUBLISHED_AS = {"HUGEINT": "decimal(38, 0)", "UHUGEINT": "decimal(38, 0)", "UUID": "varchar", "JSON": "varchar"}


@dataclass(frozen=True)
class Column:
    """A column of a mart: its name, the type it is published in, and its description."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Published:
    """A version that is in place: its id, its folder, and the number of marts and rows in it."""

    version: str
    folder: Path
    n_marts: int
    n_rows: int


def publish(
    connection: duckdb.DuckDBPyConnection,
    published: Path,
    *,
    keep: int = 3,
    force: bool = False,
    now: datetime | None = None,
) -> Published:
    """Write a version of the marts in the connection's current database below `published`, and make it the current one.

    The last `keep` versions stay. Parquet files are the same, byte for byte, for the same marts. (The DuckDB file has
    the same rows in the same order; DuckDB puts a random identifier into each file.)

    Raises PhylohubError when there are no marts, when the last build of any of them was not green (unless force), or
    when another process is publishing to the same folder. What was published before is then still current.
    """
    if keep < 1:
        raise PhylohubError("At least one version has to be kept.")
    problems = _problems(connection)
    if problems and not force:
        raise PhylohubError(
            f"Not published: {'; '.join(problems)}. Mend that and run `dbt build`; --force publishes all the same."
        )
    created_at = now or datetime.now(UTC)
    name = f"{created_at:%Y%m%dT%H%M%S-%fZ}"
    versions = published / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    with _alone(published):
        _clean(published)
        part = versions / f".part-{name}"
        (part / "parquet").mkdir(parents=True)
        try:
            manifest: dict[str, object] = {
                "version": name,
                "created_at": created_at.isoformat(timespec="seconds"),
                "phylohub_version": version("phylohub"),
                "git_commit": _commit(),
                "snapshot": _snapshot(connection),
                "is_synthetic": _is_synthetic(connection),
                "problems": problems,  # not empty only if published by force
            }
            marts = _write(connection, part, manifest)
            manifest["marts"] = marts
            manifest["files"] = {
                str(path.relative_to(part)): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
                for path in sorted(part.rglob("*"))
                if path.is_file()
            }
            text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
            (part / "manifest.json").write_text(text, encoding="utf-8")
            _seal(part)
            part.rename(versions / name)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        link = published / f".current-{name}"
        link.symlink_to(Path("versions") / name)
        link.rename(published / "current")
        sync_to_disk(published)
        _drop_old(versions, keep)
    n_rows = sum(mart["rows"] for mart in marts.values())
    return Published(name, versions / name, len(marts), n_rows)


def _problems(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Why the marts should not be published, in words; macros/build_results.sql keeps what this is read from.

    Raises PhylohubError when there are no marts at all.
    """
    marts = set(_marts(connection))
    if not marts >= {"models", "snapshot_health"}:
        raise PhylohubError(
            "There are no marts to publish. Run `make build` (or land records, then `dbt build`) first."
        )
    if not connection.execute(
        "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'main' "
        "and table_name = 'build_results'"
    ).fetchone():
        return ["it is not known whether the last dbt build succeeded"]
    results = connection.execute("select node, status from main.build_results order by node").fetchall()
    problems = []
    for words, statuses in (
        ("failed in its last run", {"error", "fail", "runtime error", "partial success"}),
        ("was skipped in its last run", {"skipped"}),
        ("was started by a dbt that did not finish", {"running"}),
    ):
        nodes = [node for node, status in results if status in statuses]
        if nodes:
            more = f" (and {len(nodes) - 3:,} more)" if len(nodes) > 3 else ""
            problems.append(f"{', '.join(nodes[:3])}{more} {words}")
    stale = marts - {node.split(".")[-1] for node, _ in results if node.startswith("model.")}
    if stale:
        problems.append(f"marts.{', marts.'.join(sorted(stale))}: no model builds it any more (drop the table)")
    return problems


def _write(connection: duckdb.DuckDBPyConnection, part: Path, about: dict[str, object]) -> dict[str, dict[str, Any]]:
    """Write the DuckDB file and the parquet files; return what the manifest says of each mart."""
    marts: dict[str, dict[str, Any]] = {}
    connection.execute(f"attach {_text(part / DATABASE)} as published (storage_version '{STORAGE_VERSION}')")
    try:
        # Rows are sorted, and a plain copy keeps their order whatever the number of threads only with this setting.
        connection.execute("set preserve_insertion_order = true")
        connection.execute("create schema published.marts")
        for mart in _marts(connection):
            columns = _columns(connection, mart)
            description = _description(connection, mart)
            target = f"published.marts.{_name(mart)}"
            selected = ", ".join(f"cast({_name(item.name)} as {item.type}) as {_name(item.name)}" for item in columns)
            connection.execute(f"create table {target} as select {selected} from marts.{_name(mart)} order by all")
            connection.execute(f"comment on table {target} is {_text(description)}")
            for column in columns:
                connection.execute(f"comment on column {target}.{_name(column.name)} is {_text(column.description)}")
            words = json.dumps({column.name: column.description for column in columns}, ensure_ascii=False)
            connection.execute(
                f"copy {target} to {_text(part / 'parquet' / f'{mart}.parquet')} (format parquet, compression zstd, "
                f"kv_metadata {{description: {_text(description)}, columns: {_text(words)}}})"
            )
            (rows,) = connection.execute(f"select count(*) from {target}").fetchall()[0]
            marts[mart] = {"rows": rows, "description": description, "columns": [asdict(column) for column in columns]}
        names = ("version", "created_at", "phylohub_version", "git_commit", "snapshot", "is_synthetic")
        connection.execute(
            "create table published.main.publication as select "
            + ", ".join(f"cast(? as {'boolean' if name == 'is_synthetic' else 'varchar'}) as {name}" for name in names),
            [about[name] for name in names],
        )
        connection.execute("comment on table published.main.publication is 'One row: what this file is a copy of.'")
        connection.execute("checkpoint published")
    finally:
        connection.execute("detach published")
    return marts


def _marts(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select table_name from information_schema.tables "
        "where table_catalog = current_database() and table_schema = 'marts' order by table_name"
    ).fetchall()
    return [name for (name,) in rows]


def _columns(connection: duckdb.DuckDBPyConnection, mart: str) -> list[Column]:
    rows = connection.execute(
        "select column_name, data_type, coalesce(comment, '') from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'marts' and table_name = ? order by column_index",
        [mart],
    ).fetchall()
    return [Column(name, PUBLISHED_AS.get(kind, kind.lower()), description) for name, kind, description in rows]


def _description(connection: duckdb.DuckDBPyConnection, mart: str) -> str:
    (row,) = connection.execute(
        "select coalesce(comment, '') from duckdb_tables() "
        "where database_name = current_database() and schema_name = 'marts' and table_name = $1 "
        "union all select coalesce(comment, '') from duckdb_views() "
        "where database_name = current_database() and schema_name = 'marts' and view_name = $1",
        [mart],
    ).fetchall()
    return str(row[0]).strip()


def _snapshot(connection: duckdb.DuckDBPyConnection) -> str | None:
    row = connection.execute("select snapshot from marts.snapshot_health").fetchone()
    return row[0] if row else None


def _is_synthetic(connection: duckdb.DuckDBPyConnection) -> bool:
    return connection.execute("select bool_or(is_synthetic) from marts.models").fetchone() == (True,)


def _commit() -> str | None:
    """The commit of this checkout, with -dirty behind it if files have changed; None outside of one."""
    git = shutil.which("git")
    root = Path(__file__).resolve().parents[1]
    if git is None or not (root / ".git").exists():
        return None
    command = [git, "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed arguments
    return done.stdout.strip() or None


@contextmanager
def _alone(published: Path) -> Iterator[None]:
    """Hold the folder's lock. The system gives it back when the process ends, however it ends."""
    with (published / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PhylohubError(
                f"Another process is publishing to {published}. Wait for it, then publish again."
            ) from error
        yield


def _clean(published: Path) -> None:
    """Remove what a killed publish left behind. Only with the lock held."""
    for link in published.glob(".current-*"):
        link.unlink()
    for part in (published / "versions").glob(".part-*"):
        shutil.rmtree(part)


def _drop_old(versions: Path, keep: int) -> None:
    """Delete all but the newest versions, each out of sight first: nobody meets half a version."""
    for old in sorted(path for path in versions.iterdir() if not path.name.startswith("."))[:-keep]:
        hidden = versions / f".part-{old.name}"
        old.rename(hidden)
        shutil.rmtree(hidden)


def _seal(folder: Path) -> None:
    """Make files read-only, and put them on the disk before anything points at them."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
        sync_to_disk(path)
    sync_to_disk(folder)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: object) -> str:
    """A SQL string; COPY, ATTACH and COMMENT take no parameters."""
    return "'" + str(text).replace("'", "''") + "'"
