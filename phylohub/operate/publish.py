"""Publishes the marts as immutable, read-only copies for BI tools.

    published/versions/<id>/phylohub.duckdb            all marts, readable by DuckDB 1.0 and later
    published/versions/<id>/parquet/<mart>.parquet     the same rows, for other tools
    published/versions/<id>/manifest.json              contents, columns and file hashes
    published/current                                  a link to the latest version

A version is written to a hidden folder and renamed into place, then the link is replaced atomically. A reader therefore
always sees a complete version, and keeps reading an old version that it has open, even after it is deleted.

Only what a manifest names is ever deleted. The hidden folder gets its manifest first, with the names of the files to
come, so that the next publish can delete what a killed one left.
"""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from phylohub.core.build_file import sync_to_disk
from phylohub.core.errors import PhylohubError
from phylohub.core.locks import BusyError, held_lock

MANIFEST = "manifest.json"
VERSION = re.compile("[0-9]{8}T[0-9]{6}-[0-9]{6}Z")
DATABASE = "phylohub.duckdb"
# BI tools ship their own DuckDB, often 1.x, which cannot open the default storage format of DuckDB 2. This format is
# larger, since newer ones compress strings better.
STORAGE_VERSION = "v1.0.0"
# Replacements for types that other readers misread. Parquet has no 128-bit integer: DuckDB would write a double, which
# is exact only up to 2^53.
PUBLISHED_AS = {"HUGEINT": "decimal(38, 0)", "UHUGEINT": "decimal(38, 0)", "UUID": "varchar", "JSON": "varchar"}


@dataclass(frozen=True)
class Column:
    """A column of a mart: its name, published type and description."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Published:
    """A published version: its id, its folder, and its numbers of marts and rows."""

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
    """Publish the marts of the connection's current database as a new version in `published`, and make it current.

    The last `keep` versions are kept. The same marts give the same Parquet files, byte for byte. The DuckDB file has
    the same rows in the same order, but DuckDB writes a random identifier into each file.

    Raises PhylohubError if there are no marts, if the last dbt run of any node failed (unless `force`), if another
    process is publishing to the same folder, or if `current` there is not a link to a version. The version published
    before then stays current.
    """
    if keep < 1:
        raise PhylohubError("At least one version must be kept: set keep to 1 or more.")
    problems = _problems(connection)
    if problems and not force:
        raise PhylohubError(
            f"Not published: {'; '.join(problems)}. Fix this and run `dbt build`, or publish anyway with --force."
        )
    created_at = now or datetime.now(UTC)
    name = f"{created_at:%Y%m%dT%H%M%S-%fZ}"
    versions = published / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    with _locked(published):
        _check_current(published)
        _delete_leftovers(published)
        part = versions / f".part-{name}"
        part.mkdir()
        try:
            planned = [DATABASE, f"{DATABASE}.wal", *[f"parquet/{mart}.parquet" for mart in _marts(connection)]]
            _write_manifest(part, {"version": name, "is_complete": False, "files": dict.fromkeys(planned)})
            (part / "parquet").mkdir()
            manifest: dict[str, object] = {
                "version": name,
                "created_at": created_at.isoformat(timespec="seconds"),
                "phylohub_version": version("phylohub"),
                "git_commit": _commit(),
                "snapshot": _snapshot(connection),
                "is_synthetic": _is_synthetic(connection),
                "problems": problems,  # empty unless published with force
            }
            marts = _write(connection, part, manifest)
            manifest["marts"] = marts
            manifest["files"] = {
                str(path.relative_to(part)): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
                for path in sorted(part.rglob("*"))
                if path.is_file() and path.name != MANIFEST
            }
            _write_manifest(part, manifest)
            _make_durable(part)
            part.rename(versions / name)
        except BaseException:
            with suppress(OSError):
                _delete_version(part)
            raise
        link = published / f".current-{name}"
        link.symlink_to(Path("versions") / name)
        link.rename(published / "current")
        sync_to_disk(published)
        _delete_old_versions(versions, keep)
    n_rows = sum(mart["rows"] for mart in marts.values())
    return Published(name, versions / name, len(marts), n_rows)


def _problems(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The reasons not to publish the marts, read from the table that macros/build_results.sql writes.

    Raises PhylohubError if there are no marts.
    """
    marts = set(_marts(connection))
    if not marts >= {"models", "snapshot_health"}:
        raise PhylohubError("There are no marts to publish. Run `make build`, or land records and run `dbt build`.")
    if not connection.execute(
        "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'main' "
        "and table_name = 'build_results'"
    ).fetchone():
        return ["the status of the last dbt build is unknown"]
    results = connection.execute("select node, status from main.build_results order by node").fetchall()
    problems = []
    for words, statuses in (
        ("failed in its last run", {"error", "fail", "runtime error", "partial success"}),
        ("was skipped in its last run", {"skipped"}),
        ("was running when dbt stopped", {"running"}),
    ):
        nodes = [node for node, status in results if status in statuses]
        if nodes:
            more = f" (and {len(nodes) - 3:,} more)" if len(nodes) > 3 else ""
            problems.append(f"{', '.join(nodes[:3])}{more} {words}")
    stale = marts - {node.split(".")[-1] for node, _ in results if node.startswith("model.")}
    if stale:
        problems.append(f"marts.{', marts.'.join(sorted(stale))}: no model builds this table (drop it)")
    return problems


def _write(connection: duckdb.DuckDBPyConnection, part: Path, about: dict[str, object]) -> dict[str, dict[str, Any]]:
    """Write the DuckDB file and the Parquet files; return the manifest's entry for each mart."""
    marts: dict[str, dict[str, Any]] = {}
    connection.execute(f"attach {_literal(part / DATABASE)} as published (storage_version '{STORAGE_VERSION}')")
    try:
        # With several threads a copy keeps the order of the sorted rows only with this setting.
        connection.execute("set preserve_insertion_order = true")
        connection.execute("create schema published.marts")
        for mart in _marts(connection):
            columns = _columns(connection, mart)
            description = _description(connection, mart)
            target = f"published.marts.{_quoted(mart)}"
            selected = ", ".join(
                f"cast({_quoted(item.name)} as {item.type}) as {_quoted(item.name)}" for item in columns
            )
            connection.execute(f"create table {target} as select {selected} from marts.{_quoted(mart)} order by all")
            connection.execute(f"comment on table {target} is {_literal(description)}")
            for column in columns:
                connection.execute(
                    f"comment on column {target}.{_quoted(column.name)} is {_literal(column.description)}"
                )
            words = json.dumps({column.name: column.description for column in columns}, ensure_ascii=False)
            connection.execute(
                f"copy {target} to {_literal(part / 'parquet' / f'{mart}.parquet')} (format parquet, compression zstd, "
                f"kv_metadata {{description: {_literal(description)}, columns: {_literal(words)}}})"
            )
            (rows,) = connection.execute(f"select count(*) from {target}").fetchall()[0]
            marts[mart] = {"rows": rows, "description": description, "columns": [asdict(column) for column in columns]}
        names = ("version", "created_at", "phylohub_version", "git_commit", "snapshot", "is_synthetic")
        connection.execute(
            "create table published.main.publication as select "
            + ", ".join(f"cast(? as {'boolean' if name == 'is_synthetic' else 'varchar'}) as {name}" for name in names),
            [about[name] for name in names],
        )
        connection.execute("comment on table published.main.publication is 'One row that describes this version.'")
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
    """The git commit of this checkout, with the suffix -dirty if files are modified; None outside a checkout."""
    git = shutil.which("git")
    root = Path(__file__).resolve().parents[2]
    if git is None or not (root / ".git").exists():
        return None
    command = [git, "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed arguments
    return done.stdout.strip() or None


@contextmanager
def _locked(published: Path) -> Iterator[None]:
    """Hold the folder's lock, which the operating system releases whenever the process ends."""
    with ExitStack() as stack:
        try:
            stack.enter_context(held_lock(published / ".lock"))
        except BusyError as error:
            raise PhylohubError(
                f"Another process is publishing to {published}. Wait until it ends, then publish again."
            ) from error
        yield


def _check_current(published: Path) -> None:
    """Refuse to replace anything but a link to a version."""
    current = published / "current"
    if current.is_symlink():
        target = current.readlink()
        if target.parent == Path("versions") and VERSION.fullmatch(target.name):
            return
    elif not current.exists():
        return
    raise PhylohubError(
        f"{current} is not a link to a published version, and is not replaced. Move it away, or publish to another "
        "folder with --to."
    )


def _delete_leftovers(published: Path) -> None:
    """Delete what a killed publish left behind. The caller must hold the lock."""
    for link in published.glob(".current-*"):
        if link.is_symlink() and VERSION.fullmatch(link.name.removeprefix(".current-")):
            link.unlink()
    for part in (published / "versions").glob(".part-*"):
        _delete_version(part)


def _delete_old_versions(versions: Path, keep: int) -> None:
    """Delete all but the newest versions. Each is hidden first, so that no reader finds a partial one."""
    ours = [path for path in versions.iterdir() if VERSION.fullmatch(path.name) and _files(path) is not None]
    for old in sorted(ours)[:-keep]:
        hidden = versions / f".part-{old.name}"
        if not hidden.exists() and not _has_other_files(old):
            old.rename(hidden)
            _delete_version(hidden)


def _delete_version(folder: Path) -> None:
    """Delete a hidden folder if its manifest names all that it holds. The manifest goes last, so that the next publish
    completes a deletion that was interrupted."""
    if not VERSION.fullmatch(folder.name.removeprefix(".part-")) or folder.is_symlink() or _has_other_files(folder):
        return
    for name in _files(folder) or ():
        (folder / name).unlink(missing_ok=True)
    (folder / f"{MANIFEST}.part").unlink(missing_ok=True)
    if (folder / "parquet").is_dir():
        (folder / "parquet").rmdir()
    (folder / MANIFEST).unlink(missing_ok=True)
    folder.rmdir()


def _has_other_files(folder: Path) -> bool:
    """Whether a folder holds anything that its manifest does not name."""
    if not folder.is_dir():
        return True
    ours = {*(_files(folder) or ()), MANIFEST, f"{MANIFEST}.part"}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        # A link could lead to files outside of the folder.
        if path.is_symlink() or (name != "parquet" if path.is_dir() else name not in ours):
            return True
    return False


def _files(folder: Path) -> list[str] | None:
    """The files that the manifest of a version names, as paths within its folder; None if it is no manifest of ours."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        names = list(manifest["files"])
        is_ours = manifest["version"] == folder.name.removeprefix(".part-") and not folder.is_symlink()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not is_ours or not all(isinstance(name, str) for name in names):
        return None
    return [name for name in names if re.fullmatch(r"(parquet/)?[^/\\]+", name) and name not in (".", "..")]


def _write_manifest(folder: Path, manifest: dict[str, object]) -> None:
    """Write the manifest of a folder, or replace it atomically."""
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    part = folder / f"{MANIFEST}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / MANIFEST)


def _make_durable(folder: Path) -> None:
    """Make all files read-only and flush them to disk, before a link points to them."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
        sync_to_disk(path)
    sync_to_disk(folder)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: object) -> str:
    """A SQL string literal, since COPY, ATTACH and COMMENT take no parameters."""
    return "'" + str(text).replace("'", "''") + "'"
