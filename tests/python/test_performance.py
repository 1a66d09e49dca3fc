"""What the pipeline costs against the floor and against its own size: a step that grows with the square is caught."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import BIN, FEW_DRAWS

from benchmarks.floor import floor
from benchmarks.process import measure
from ingest.synthetic import write_hub

SMALL, LARGE = 5_000, 20_000


@dataclass(frozen=True)
class Run:
    """CPU seconds of one build without its tests, from the same process-wide clock throughout."""

    floor: float
    land: float
    nodes: dict[str, float]


def build(folder: Path, models: int) -> Run:
    hub, database, nodes = folder / "hub.jsonl", folder / "phylohub.duckdb", folder / "nodes.json"
    write_hub(hub, models, seed=1)
    where = {"PHYLOHUB_DATABASE": str(database)}
    land = measure([str(BIN / "phylohub"), "ingest", "dump", str(hub)], folder / "land.log", where)
    command = [
        sys.executable,
        "-m",
        "benchmarks.stages",
        str(nodes),
        "build",
        "--quiet",
        "--vars",
        json.dumps(FEW_DRAWS),
    ]
    command += ["--exclude-resource-type", "test", "unit_test", "--target-path", str(folder), "--log-path", str(folder)]
    measure(command, folder / "dbt.log", where)
    costs = {name: node["cpu"] for name, node in json.loads(nodes.read_text()).items()}
    return Run(floor(hub, runs=5)["cpu"], land.cpu, costs)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    # Close to each other in time, so that both meet the same machine.
    small, large = (build(tmp_path_factory.mktemp(str(models)), models) for models in (SMALL, LARGE))
    return small, large


def test_no_step_grows_with_the_square_of_the_models(runs: tuple[Run, Run]) -> None:
    small, large = runs
    assert len(large.nodes) > 80
    assert small.nodes.keys() == large.nodes.keys()
    # Four times the models: 4 for a step that is linear, 16 for one that is quadratic. What is small is noise.
    grown = {
        name: f"{small.nodes[name]:.2f} to {cost:.2f} CPU seconds"
        for name, cost in large.nodes.items()
        if cost > 8 * small.nodes[name] + 8 * large.floor
    }
    assert not grown


def test_the_pipeline_costs_a_bounded_multiple_of_the_floor(runs: tuple[Run, Run]) -> None:
    small, large = runs
    multiple = (large.land + sum(large.nodes.values())) / large.floor
    added = (sum(large.nodes.values()) - sum(small.nodes.values())) / (large.floor - small.floor)
    print(f"pipeline: {multiple:.0f} times the floor at {LARGE:,} models; each more costs {added:.0f} times its floor")
    # On a quiet machine 450 and 100 (November 2026): most of it is per build, not per model.
    assert multiple < 1_500
    assert added < 400
