"""`phylohub build`: what it tells of dbt's progress and end."""

from pathlib import Path

import pytest
from conftest import ROOT, run_phylohub

from phylohub.cli import progress
from phylohub.core.errors import PhylohubError
from phylohub.operate import dbt_build
from phylohub.operate.dbt_build import Node, run_build


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build file with records and no marts."""
    database = tmp_path_factory.mktemp("build") / "phylohub.duckdb"
    done = run_phylohub(database, "ingest", "synthetic", "--models", "50")
    assert done.returncode == 0, done.stderr
    return database


def test_every_node_is_reported_once(landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    nodes: list[Node] = []
    outcome = run_build(
        landed, nodes.append, ["-s", "relations", "stg_hub__cards", "--target-path", str(landed.parent)]
    )
    assert outcome.code == 0
    assert outcome.messages == []
    assert {node.total for node in nodes} == {len(nodes)}
    assert sorted(node.index for node in nodes) == list(range(1, len(nodes) + 1))
    assert {node.step for node in nodes} == {"seeds", "staging", "tests"}
    assert outcome.count("seed", "success") == 1
    assert outcome.count("model", "success") == 1
    assert outcome.count("test", "pass") == len(nodes) - 2 > 0


def test_unit_tests_are_left_out(landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    nodes: list[Node] = []
    run_build(landed, nodes.append, ["-s", "int_card_measures", "--target-path", str(landed.parent)])
    assert {node.total for node in nodes} == {len(nodes)}  # its unit tests are not among them
    assert "unit_test" not in {node.kind for node in nodes}


def test_without_a_terminal_the_output_is_plain(landed: Path) -> None:
    done = run_phylohub(landed, "build", "-s", "relations", "--target-path", str(landed.parent))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("built 0 models in ")
    assert done.stdout.splitlines()[-1].startswith("next: phylohub summary")
    assert "\x1b" not in done.stdout + done.stderr


def test_progress_without_a_terminal_counts_what_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    with progress.building_progress() as report:
        report(Node(2, 2, "lineage", "model", "success"))  # nodes end in another order than they are numbered
        report(Node(1, 2, "tests", "test", "pass"))
    lines = ["building lineage: 1 of 2 models and tests", "building tests: 2 of 2 models and tests"]
    assert capsys.readouterr().err.splitlines() == lines


def test_failed_build_says_what_dbt_said(landed: Path) -> None:
    done = run_phylohub(landed, "build", "-s", "relations", "--no-such-option")
    assert done.returncode == 5
    assert "No such option '--no-such-option'" in done.stderr
    assert done.stderr.splitlines()[-1] == "error: dbt build failed. See logs/dbt.log for details."

    # The model reads tables that are not there.
    done = run_phylohub(landed, "build", "-s", "int_lineage_edges", "--target-path", str(landed.parent))
    assert done.returncode == 5
    assert "int_lineage_edges" in done.stderr


def test_build_needs_records(tmp_path: Path) -> None:
    missing = tmp_path / "none.duckdb"
    done = run_phylohub(missing, "build")
    assert done.returncode == 1
    assert f"{missing} does not exist" in "".join(done.stderr.split("\n"))
    assert not missing.exists()


def test_build_needs_a_project(landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_build, "project_folder", lambda: None)
    with pytest.raises(PhylohubError, match=r"dbt_project\.yml"):
        run_build(landed, lambda node: None)
