"""Publishing two small marts: complete copies, undisturbed readers, and a kill at every step."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, run_phylohub

from phylohub.core.build_file import connect_to_copy
from phylohub.core.errors import PhylohubError
from phylohub.core.locks import held_lock
from phylohub.operate.publish import publish

BIG = 10**37 + 1  # not exact as a double
HOSTILE = 'it\'s "quoted"; drop table marts.models --'


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "phylohub.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"""
            create schema marts;
            create schema raw;
            create table raw.hub_models as select 'secret' as record;
            create table marts.models as
            select 'author/' || hash(i) as model_id, false as is_synthetic, {BIG}::hugeint as n_paths,
                uuid() as content_hash, timestamp '2026-01-01 00:00:00' as created_at
            from range(1000) as numbers (i);
            create table marts.snapshot_health as select 'test' as snapshot;
            create table main.build_results as
            from (values ('model.phylohub.models', 'success'), ('model.phylohub.snapshot_health', 'success'),
                ('test.phylohub.some_test', 'warn')) as results (node, status);
        """)
        connection.execute("comment on table marts.models is '" + HOSTILE.replace("'", "''") + "'")
        connection.execute("comment on column marts.models.n_paths is 'Paths, counted exactly.'")
    return path


def run(database: Path, **options: Any) -> Path:
    with connect_to_copy(database) as connection:
        return publish(connection, database.parent / "published", **options).folder


def published_rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "phylohub.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def assert_complete(folder: Path) -> None:
    """Every file matches its hash in the manifest, and there is no other file."""
    manifest = json.loads((folder / "manifest.json").read_text())
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    assert files.keys() == manifest["files"].keys() | {"manifest.json"}
    for name, facts in manifest["files"].items():
        assert facts["sha256"] == hashlib.sha256(files[name].read_bytes()).hexdigest()
    assert published_rows(folder, "select version from main.publication") == [(manifest["version"],)]


def test_version_has_all_marts_with_descriptions_and_exact_numbers(database: Path) -> None:
    folder = run(database)
    assert_complete(folder)
    assert (folder.parents[1] / "current").resolve() == folder.resolve()
    schemas = "select distinct schema_name from duckdb_tables() order by all"
    assert published_rows(folder, schemas) == [("main",), ("marts",)]

    columns = dict(
        published_rows(folder, "select column_name, data_type from duckdb_columns() where table_name = 'models'")
    )
    assert columns["n_paths"] == "DECIMAL(38,0)"
    assert columns["content_hash"] == "VARCHAR"
    assert published_rows(folder, "select distinct cast(n_paths as varchar) from marts.models") == [(str(BIG),)]
    parquet = pq.read_table(folder / "parquet" / "models.parquet")
    assert set(parquet["n_paths"].to_pylist()) == {BIG}
    ids = [str(model_id) for model_id in parquet["model_id"].to_pylist()]
    assert ids == sorted(ids)

    comments = "select comment from duckdb_tables() where table_name = 'models'"
    assert published_rows(folder, comments) == [(HOSTILE,)]
    words = pq.read_metadata(folder / "parquet" / "models.parquet").metadata or {}
    assert words[b"description"].decode() == HOSTILE
    assert json.loads(words[b"columns"])["n_paths"] == "Paths, counted exactly."
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["snapshot"] == "test"
    assert manifest["marts"]["models"]["rows"] == 1000
    assert manifest["problems"] == []
    if (ROOT / ".git").exists():
        assert re.fullmatch("[0-9a-f]{40}(-dirty)?", manifest["git_commit"])


def test_parquet_is_deterministic_and_old_versions_are_deleted(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = []
    for threads in ("1", "2", "2", "1"):
        monkeypatch.setenv("PHYLOHUB_THREADS", threads)
        folders.append(run(database, keep=3))
    kept = {path.name for path in folders[0].parent.iterdir()}
    assert kept == {folder.name for folder in folders[1:]}
    texts = {(folder / "parquet" / "models.parquet").read_bytes() for folder in folders[1:]}
    assert len(texts) == 1


READER = """
import json, sys
from pathlib import Path
import duckdb
published, stop = Path(sys.argv[1]), Path(sys.argv[2])
seen, n = set(), 0
held = duckdb.connect(str(published / "current" / "phylohub.duckdb"), read_only=True)
first = held.execute("select version, (select count(*) from marts.models) from main.publication").fetchall()
print("reading", flush=True)
while not (stop.exists() and n):
    folder = (published / "current").resolve()
    with duckdb.connect(str(folder / "phylohub.duckdb"), read_only=True) as copy:
        (row,) = copy.execute("select version, (select count(*) from marts.models) from main.publication").fetchall()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert row == (manifest["version"], manifest["marts"]["models"]["rows"]) and folder.name == row[0]
    seen.add(row[0])
    n += 1
    # A version that is open keeps its rows after it was replaced and deleted.
    again = held.execute("select version, (select count(*) from marts.models) from main.publication").fetchall()
    assert again == first
print(len(seen))
"""


def test_readers_are_not_disturbed(database: Path, tmp_path: Path) -> None:
    folder = run(database)
    stop = tmp_path / "stop"
    command = [sys.executable, "-c", READER, str(folder.parents[1]), str(stop)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
    for _ in range(6):
        run(database, keep=3)
    assert not folder.exists()
    stop.touch()
    for reader in readers:
        out, _ = reader.communicate()
        assert reader.returncode == 0
        assert int(out) >= 1


KILLED = """
import os, signal, sys
from pathlib import Path
from phylohub.core.build_file import connect_to_copy
from phylohub.operate.publish import publish
database, last = Path(sys.argv[1]), int(sys.argv[2])
steps = 0

def count(event, arguments):
    global steps
    named = " ".join(str(argument) for argument in arguments[:2])
    if event in ("os.mkdir", "os.rename", "os.symlink", "os.remove", "os.rmdir") and "published" in named:
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

with connect_to_copy(database) as connection:
    sys.addaudithook(count)
    publish(connection, database.parent / "published", keep=1)
"""


def test_a_kill_at_any_step_leaves_a_complete_version(database: Path) -> None:
    run(database, keep=1)
    current = database.parent / "published" / "current"
    step, killed = 0, True
    while killed:
        step += 1
        before = current.resolve()
        done = subprocess.run([sys.executable, "-c", KILLED, str(database), str(step)], check=False)
        killed = done.returncode == -9
        assert killed or done.returncode == 0
        assert_complete(current.resolve())
        assert current.resolve() == before or current.resolve().name > before.name
    assert step > 12  # mkdirs, renames, links and removals
    left = {path.name for path in current.parent.iterdir()}
    assert left == {".lock", "versions", "current"}
    assert [path.name for path in (current.parent / "versions").iterdir()] == [current.resolve().name]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("update main.build_results set status = 'fail' where node like 'test.%'", "some_test failed in its last run"),
        ("update main.build_results set status = 'skipped' where node like '%health'", "was skipped"),
        (
            "update main.build_results set status = 'running' where node like '%models'",
            "was running when dbt stopped",
        ),
        ("create table marts.forgotten as select 1 as n", "marts.forgotten: no model builds this table"),
        ("drop table main.build_results", "status of the last dbt build is unknown"),
    ],
)
def test_a_failed_build_is_published_only_with_force(database: Path, change: str, words: str) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute(change)
    with pytest.raises(PhylohubError, match=words):
        run(database)
    assert not (database.parent / "published").exists()
    manifest = json.loads((run(database, force=True) / "manifest.json").read_text())
    assert words in manifest["problems"][0]


def test_errors_state_the_next_step(database: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute("drop table marts.models")
        held = run_phylohub(database, "publish")
    assert "is open in another process" in held.stderr
    nothing = run_phylohub(database, "publish", "--force")
    assert nothing.returncode == 1
    assert "make build" in nothing.stderr
    assert "There is no warehouse" in run_phylohub(tmp_path / "none.duckdb", "publish").stderr


def test_only_one_publish_runs(database: Path) -> None:
    folder = run(database)
    with (
        held_lock(folder.parents[1] / ".lock"),
        pytest.raises(PhylohubError, match="Another process is publishing"),
    ):
        run(database)
    assert (folder.parents[1] / "current").readlink() == Path("versions") / folder.name
