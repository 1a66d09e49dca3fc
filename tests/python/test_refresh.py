"""`phylohub refresh` as cron starts it: the build, the gate, and the lock."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, run_dbt, run_phylohub

from phylohub.core.errors import LockedError
from phylohub.operate.refresh import refresh_lock
from phylohub.synthetic.hub import write_hub

Rows = dict[str, list[tuple[object, ...]]]
REPORTS = {"api_drift", "api_field_profile"}  # built before the gate: they explain a refusal


class Refreshed:
    """A build file after a first refresh, and the output of that refresh."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "phylohub.duckdb"
        path = folder / "hub_2026-01-01.jsonl"
        write_hub(path, 400, 1)
        self.first = run_phylohub(self.database, "refresh", "--source", str(path))
        with duckdb.connect() as connection:
            rows = connection.execute("select json from read_ndjson_objects(?)", [str(path)]).fetchall()
        self.records = [json.loads(text) for (text,) in rows]

    def refresh(self, name: str, records: list[dict[str, object]]) -> subprocess.CompletedProcess[str]:
        path = self.folder / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return run_phylohub(self.database, "refresh", "--source", str(path), "--snapshot", name.partition(".")[0])

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def marts(self) -> Rows:
        names = self.rows("select table_name from information_schema.tables where table_schema = 'marts'")
        return {str(name): self.rows(f"from marts.{name} order by all") for (name,) in names}


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Refreshed:
    return Refreshed(tmp_path_factory.mktemp("refresh"))


def test_first_refresh_lands_and_builds(refreshed: Refreshed) -> None:
    done = refreshed.first
    assert done.returncode == 0, done.stdout + done.stderr
    assert "n_models: none -> 400" in done.stdout
    assert "no API changes" in done.stdout
    assert "┃" not in done.stdout  # no tables without a terminal
    assert len(done.stdout.splitlines()) < 24


def test_refused_snapshot_leaves_the_marts_unchanged(refreshed: Refreshed, tmp_path: Path) -> None:
    before = refreshed.marts()
    for record in refreshed.records:
        record.pop("tags", None)
    done = refreshed.refresh("hub_2026-02-01.jsonl", refreshed.records[:200])
    assert done.returncode == 4, done.stdout + done.stderr
    assert "error: the gate refused the snapshot" in done.stderr
    after = refreshed.marts()
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == REPORTS
    errors = "select kind, path from marts.api_drift where severity = 'error' order by kind"
    assert refreshed.rows(errors) == [("field_gone", "tags"), ("models_lost", "id"), ("records_without_tags", "tags[]")]

    proposed = run_phylohub(refreshed.database, "ingest", "contract", "propose")
    assert "tags,array,optional,,,," in proposed.stdout
    assert "accepted_snapshots" in proposed.stderr

    # accepted_snapshots accepts lost models, cards and tags. A missing field needs a line in the contract.
    accepted = run_dbt(
        refreshed.database, tmp_path, "build", "--select", "int_snapshots_compared+", "--exclude-resource-type",
        "unit_test", "--vars", "{accepted_snapshots: [hub_2026-02-01]}",
    )  # fmt: skip  # keeps options beside their values
    assert "Snapshot hub_2026-02-01 is refused" in accepted.stdout
    assert "models of the largest snapshot" not in accepted.stdout
    assert refreshed.rows("select kind from intermediate.int_snapshot_gate") == [("field_gone",)]


def test_only_one_refresh_runs_and_the_lock_is_always_released(tmp_path: Path) -> None:
    database = tmp_path / "phylohub.duckdb"
    with refresh_lock(database) as descriptor:
        done = run_phylohub(database, "refresh", "--source", str(tmp_path))
        assert done.returncode == 3
        assert "Another refresh" in done.stderr
        # A child that inherited the lock still holds it after its parent has closed it.
        child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, pass_fds=(descriptor,)
        )
    with pytest.raises(LockedError), refresh_lock(database):
        pass
    child.kill()
    child.communicate()
    with refresh_lock(database):
        pass


def test_refresh_stops_before_the_build_if_nothing_lands(tmp_path: Path) -> None:
    done = run_phylohub(tmp_path / "phylohub.duckdb", "refresh", "--source", str(tmp_path / "nowhere.jsonl"))
    assert done.returncode == 1
    assert "building" not in done.stdout


def test_refresh_outside_a_dbt_project_fails(tmp_path: Path) -> None:
    (tmp_path / "hub.jsonl").write_text('{"id": "a/b"}\n')
    done = subprocess.run(
        [str(Path(sys.executable).with_name("phylohub")), "refresh", "--source", "hub.jsonl"],
        cwd=tmp_path,
        env={**os.environ, "PHYLOHUB_DATABASE": "phylohub.duckdb"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no dbt_project.yml" in done.stderr
    assert not (ROOT / "phylohub.duckdb").exists()


def test_all_marts_except_the_reports_depend_on_the_gate(tmp_path: Path) -> None:
    assert run_dbt(tmp_path / "phylohub.duckdb", tmp_path, "parse").returncode == 0
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    children = manifest["child_map"]
    after = {"model.phylohub.int_snapshot_gate"}
    while new := {child for name in after for child in children.get(name, []) if child not in after}:
        after |= new
    marts = {key for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    marts = {key for key in marts if manifest["nodes"][key]["schema"] == "marts"}
    assert {key.rpartition(".")[2] for key in marts - after} == REPORTS
