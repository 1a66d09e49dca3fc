"""`phylohub refresh` as cron starts it: the build, the gate, and the lock."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml
from conftest import BIN, ROOT, run_dbt, run_phylohub

from phylohub.cli.build import _show_refresh
from phylohub.core.errors import LockedError, PhylohubError
from phylohub.operate.accept import _Seed, accept
from phylohub.operate.refresh import COUNTS, State, read_state, refresh_lock
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
        self.first = run_phylohub(self.database, "refresh", "--source", str(path), "--hub-size", "1600")
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
    assert "share_of_hub: none -> 25.0% of 1,600 models" in done.stdout
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
    assert {("field_gone", "tags"), ("models_lost", "id"), ("records_without_tags", "tags[]")} <= {
        *refreshed.rows(errors)
    }

    # The refusal names the worst measures with their numbers, and the command that accepts them: both in dbt's words.
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "(models_lost: before 400, after 200, bound 0.1)" in line
    assert "Examples: synthetic-org-" in line
    command = line.partition("`phylohub accept ")[2].partition("`")[0]
    words = shlex.split(command)
    assert words == ["hub_2026-02-01", "--reason", "..."]  # no names if there are many: all of them
    built = run_dbt(refreshed.database, tmp_path, "build", "--select", "int_snapshot_gate", "--no-use-colors")
    assert line.removeprefix("error: the gate refused the snapshot. ") in " ".join(built.stdout.split())

    # The command as printed, with a reason: the next build shows the snapshot.
    project = tmp_path / "project"
    shutil.copytree(ROOT / "seeds", project / "seeds")
    for name in ("models", "python_models", "macros", "tests", "analyses", "dbt_project.yml", "profiles.yml"):
        (project / name).symlink_to(ROOT / name)
    environment = {**os.environ, "PHYLOHUB_DATABASE": str(refreshed.database)}
    accepted = subprocess.run(
        [str(BIN / "phylohub"), "accept", *words[:-1], "a reason"],
        cwd=project, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip  # keeps options beside their values
    assert accepted.returncode == 0, accepted.stderr
    assert "seeds/api_contract.csv: replaced: tags,array,optional,,,,20" in accepted.stdout
    assert "seeds/accepted_findings.csv: added: hub_2026-02-01,models_lost,20" in accepted.stdout
    done = run_dbt(
        refreshed.database, tmp_path, "build", "--project-dir", str(project), "--select",
        "api_contract", "accepted_findings", "+int_snapshot_gate", "--exclude-resource-type", "unit_test",
    )  # fmt: skip  # keeps options beside their values
    assert "is refused" not in done.stdout
    assert refreshed.rows("select kind from intermediate.int_snapshot_gate") == []


@pytest.mark.parametrize(
    ("columns", "shown", "numbers"),
    [
        ("8 as hub_size, 0.5 as share_of_hub", "share_of_hub: none -> 50.0% of 8 models\n", (8, 0.5)),
        ("null as hub_size, null as share_of_hub", "", (None, None)),
        ("1 as built_before_these_columns", "", (None, None)),
    ],
)
def test_refresh_shows_the_share_of_the_hub_if_it_is_known(
    capsys: pytest.CaptureFixture[str], columns: str, shown: str, numbers: tuple[int | None, float | None]
) -> None:
    nothing = State(None, {}, [], [])
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        counts = ", ".join(f"4 as {name}" for name in COUNTS)
        connection.execute(f"create table marts.snapshot_health as select 'now' as snapshot, {counts}, {columns}")
        now = read_state(connection)
    found = now.numbers()
    assert (found["snapshot"], found["n_models"], found["hub_size"], found["share_of_hub"]) == ("now", 4, *numbers)
    assert set(nothing.numbers().values()) == {None}
    _show_refresh(nothing, now)
    lines = capsys.readouterr().out.splitlines(keepends=True)
    assert "".join(line for line in lines if line.startswith("share_of_hub")) == shown
    if shown:
        _show_refresh(now, replace(now, hub_size=None, share_of_hub=None))
        assert "share_of_hub: 50.0% of 8 models -> unknown\n" in capsys.readouterr().out


def test_refresh_prints_one_json_object(refreshed: Refreshed) -> None:
    path = refreshed.folder / "nothing.jsonl"
    hub = refreshed.folder / "hub_2026-01-01.jsonl"
    # The second one builds the snapshot that landed last: alone this test has one, after others a refused one.
    for arguments, codes in (
        (["--source", str(path)], {1}),
        (["--source", str(hub), "--snapshot", "hub_2026-01-01"], {0, 4}),
    ):
        done = run_phylohub(refreshed.database, "refresh", "--json", *arguments)
        found = json.loads(done.stdout)
        assert done.returncode in codes, done.stderr
        assert found["exit_code"] == done.returncode
        assert found["outcome"] == {0: "built", 1: "not landed", 4: "refused"}[done.returncode]
        assert bool(found["message"]) == (done.returncode != 0)
        assert (found["after"] is None) == (done.returncode == 1)
        assert any(finding["severity"] == "error" for finding in found["findings"]) == (done.returncode == 4)
        assert found["after"] is None or {"snapshot", *COUNTS, "hub_size", "share_of_hub"} == set(found["after"])
        for finding in found["findings"]:
            assert set(finding) == {
                "severity", "kind", "path", "value", "finding", "measure", "before", "after", "bound", "examples"
            }  # fmt: skip  # one line


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


def test_example_workflow_is_valid_and_runs_known_commands() -> None:
    workflow = yaml.safe_load((ROOT / "docs" / "examples" / "refresh.yml").read_text(encoding="utf-8"))
    assert set(workflow[True]) == {"schedule", "workflow_dispatch"}  # YAML reads the key `on` as true
    (job,) = workflow["jobs"].values()
    assert all(("run" in step) != ("uses" in step) for step in job["steps"])
    (command,) = [step["run"] for step in job["steps"] if "phylohub" in step.get("run", "")]
    assert command == ".venv/bin/phylohub refresh --json > refresh.json"


def test_accept_refuses_what_it_does_not_know() -> None:
    connection = duckdb.connect()
    connection.execute("create schema raw")
    connection.execute("create schema marts")
    connection.execute("create table raw.snapshots as select unnest(['hub_2026-01-01', 'hub_2026-02-01']) as snapshot")
    connection.execute(
        "create table marts.api_drift as select 'hub_2026-02-01' as snapshot, 'warn' as severity, kind, "
        "null as path, null as value, kind as measure from (values ('models_added'), ('parents_outside')) as of (kind)"
    )
    for snapshot, names, reason, message in (
        ("hub_2026-02-01", ["models_added"], " ", "The reason is empty"),
        ("hub_2026-02-09", [], "x", "There is no snapshot hub_2026-02-09. Did you mean hub_2026-02-01 or hub_2026-01"),
        (
            "hub_2026-01-01",
            [],
            "x",
            "No finding is about snapshot hub_2026-01-01; marts.api_drift is about hub_2026-02",
        ),
        ("hub_2026-02-01", [], "x", "is not refused. To accept a warning, name it: models_added, parents_outside."),
        ("hub_2026-02-01", ["model_added"], "x", "has no finding model_added. Did you mean models_added? It has "),
    ):
        with pytest.raises(PhylohubError, match=re.escape(message)):
            accept(connection, ROOT / "seeds", snapshot, names, reason, date(2026, 1, 3), write=False)


def test_seed_keeps_what_people_wrote(tmp_path: Path) -> None:
    path = tmp_path / "api_contract.csv"
    text = '\ufeff"path","reason","since"\r\n"b","two\r\nlines, ""quoted""","2025-01-01"\r\na,  kept ,\r\n"c",é,x'
    path.write_bytes(text.encode() + b"\xff")
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    path.chmod(0o640)
    seed = _Seed(link)
    assert seed.put(("path",), {"path": "b", "reason": 'it\'s "so"', "since": "2026-01-01"})
    assert not seed.put(("path",), {"path": "d", "reason": "x", "since": "y"})
    seed.save()
    lines = path.read_bytes().split(b"\r\n")
    assert lines == [
        '\ufeff"path","reason","since"'.encode(),
        b'"b","it\'s ""so""","2026-01-01"',
        b"a,  kept ,",
        '"c",é,x'.encode() + b"\xff",
        b'"d","x","y"',
        b"",
    ]
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["api_contract.csv", "link.csv"]
