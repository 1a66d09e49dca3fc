"""`phylohub compact`: the same contents in fewer blocks, also after a kill."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import run_phylohub

from phylohub.core.errors import PhylohubError
from phylohub.ingest.landing import land_snapshot
from phylohub.ingest.raw_schema import connect_raw
from phylohub.ingest.readers import Source
from phylohub.operate.compact import compact
from phylohub.synthetic.hub import write_hub


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file with landed records, tables and views as dbt creates them, and the free blocks of a dropped table."""
    hub, path = tmp_path / "hub.jsonl", tmp_path / "it's phylo hub.duckdb"
    write_hub(hub, 2_000, seed=1)
    duckdb.connect(str(path)).close()  # ingestion refuses the name, since dbt cannot build such a file
    with connect_raw(path, create=True) as connection:
        connection.execute("create table large as select i, hash(i) as h from range(1000000) as numbers(i)")
        land_snapshot(connection, "s", [Source(hub, hub.name)])
        connection.execute("create schema marts")
        connection.execute("create table marts.models (model_id varchar not null, n integer)")
        connection.execute("insert into marts.models select record_id, -record_id from raw.hub_records order by 2")
        connection.execute("comment on table marts.models is 'A model''s row'")
        connection.execute("comment on column marts.models.n is 'A number'")
        # dbt writes the name of the database into every view.
        connection.execute('create view marts.seen as select * from "it\'s phylo hub"."marts"."models"')
        connection.execute("checkpoint")
        connection.execute("drop table large")
    return path


def contents(path: Path) -> list[Any]:
    """All rows in order, and the definitions of tables, views, sequences and comments."""
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables order by all"
        ).fetchall()
        rows = [connection.execute(f'from "{schema}"."{name}"').fetchall() for schema, name in names]
        declared = [
            connection.execute(f"select * from ({query}) order by all").fetchall()
            for query in (
                "select schema_name, table_name, sql, comment from duckdb_tables() where not internal",
                "select schema_name, view_name, sql, comment from duckdb_views() where not internal",
                "select table_name, column_name, data_type, is_nullable, comment from duckdb_columns() "
                "where not internal",
                "select sequence_name, last_value from duckdb_sequences()",
                "select table_name, constraint_text from duckdb_constraints()",
            )
        ]
    return [names, rows, declared]


def test_compact_removes_free_blocks_and_keeps_the_contents(database: Path) -> None:
    held = contents(database)
    mode = database.stat().st_mode
    done = run_phylohub(database, "compact")
    assert done.returncode == 0, done.stderr
    assert " MB before, " in done.stdout
    assert contents(database) == held
    assert database.stat().st_mode == mode
    assert [path.name for path in database.parent.iterdir() if "duckdb" in path.name] == [database.name]
    with duckdb.connect(str(database)) as connection:
        size = connection.execute("select free_blocks, total_blocks from pragma_database_size()").fetchall()
        assert size[0][0] == 0 < size[0][1]
        # Sequences continue, and records are still compressed.
        assert connection.execute("select nextval('raw.record_ids')").fetchall() == [(2_003,)]
        compressed = "select count(*) from pragma_storage_info('raw.hub_records') where compression = 'ZSTD'"
        assert connection.execute(compressed).fetchall() != [(0,)]

    before = database.stat()
    assert compact(database)[0] == before.st_size
    assert database.stat().st_ino == before.st_ino  # no free block: not replaced


def test_a_large_file_with_little_free_space_is_not_copied(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phylohub.operate.compact.SMALL_FILE_BLOCKS", 0)
    with duckdb.connect(str(database)) as connection:
        total, free = connection.execute("select total_blocks, free_blocks from pragma_database_size()").fetchall()[0]
    monkeypatch.setattr("phylohub.operate.compact.MIN_FREE_SHARE", free / (total - free))
    before = database.stat()
    assert compact(database) == (before.st_size, before.st_size)
    assert database.stat().st_ino == before.st_ino
    monkeypatch.setattr("phylohub.operate.compact.MIN_FREE_SHARE", (free - 1) / (total - free))
    assert compact(database)[1] < before.st_size


KILLED = """
import os, signal, sys
from pathlib import Path
import phylohub.operate.compact

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

moment, path = sys.argv[1], Path(sys.argv[2])
if moment == "copied":
    phylohub.operate.compact.sync_to_disk = die
elif moment == "synced":
    Path.replace = die
else:
    replace = Path.replace
    Path.replace = lambda self, target: (replace(self, target), die())
phylohub.operate.compact.compact(path)
"""


@pytest.mark.parametrize("moment", ["copied", "synced", "replaced"])
def test_a_kill_leaves_the_old_or_the_complete_new_file(database: Path, moment: str) -> None:
    held, old = contents(database), database.stat()
    done = subprocess.run([sys.executable, "-c", KILLED, moment, str(database)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (database.stat().st_ino == old.st_ino) == (moment != "replaced")
    assert contents(database) == held
    # The next run succeeds despite leftovers.
    compact(database)
    assert database.stat().st_size < old.st_size
    assert contents(database) == held


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_open_in_another_process_is_unchanged(database: Path, *, read_only: bool) -> None:
    before = database.read_bytes()
    script = f"import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only={read_only}); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(PhylohubError, match="open in another process"):
            compact(database)
        other.communicate(b"\n")
    assert database.read_bytes() == before


def test_a_missing_file_is_an_error_and_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(PhylohubError, match="no warehouse"):
        compact(tmp_path / "phylohub.duckdb")
    assert not list(tmp_path.iterdir())


def test_a_copy_that_cannot_be_written_leaves_the_file_unchanged(database: Path) -> None:
    held = contents(database)
    blocker = database.with_name(f".{database.name}.compact")
    blocker.mkdir()
    with pytest.raises(OSError, match="compact"):
        compact(database)
    assert contents(database) == held
