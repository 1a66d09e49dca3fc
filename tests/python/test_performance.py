"""What the pipeline costs against the floor and against its own size: a step that grows with the square is caught."""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from conftest import FEW_DRAWS

from benchmarks.floor import floor
from benchmarks.process import measure
from benchmarks.stages import DBT
from phylohub.ingest.landing import land_snapshot
from phylohub.ingest.raw_schema import connect_raw
from phylohub.ingest.readers import Source
from phylohub.synthetic.hub import write_hub

SMALL, LARGE = 5_000, 20_000


@dataclass(frozen=True)
class Run:
    """CPU seconds of one size, all from process-wide clocks: the floor, landing, and each node of dbt."""

    floor: float
    land: float
    nodes: dict[str, float]


def grown(small: Run, large: Run) -> dict[str, str]:
    """The steps that cost far more than in proportion. Four times the models: 4 for a step that is linear, 16 for one
    that is quadratic. What is small is noise."""
    return {
        name: f"{small.nodes[name]:.2f} to {cost:.2f} CPU seconds"
        for name, cost in large.nodes.items()
        if cost > 6 * small.nodes[name] + 20 * large.floor
    }


def land(folder: Path, name: str, models: int) -> tuple[float, float]:
    hub = folder / f"{name}.jsonl"
    write_hub(hub, models, seed=1)
    with connect_raw(folder / f"{name}.duckdb", create=True) as connection:
        before = time.process_time()
        land_snapshot(connection, name, [Source(hub, hub.name)])
        cost = time.process_time() - before
    return floor(hub, runs=5)["cpu"], cost


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    # Close to each other in time, so that both meet the same machine.
    folder = tmp_path_factory.mktemp("performance")
    sizes = {"small": SMALL, "large": LARGE}
    landed = {name: land(folder, name, models) for name, models in sizes.items()}
    nodes = {}
    for name in sizes:
        # The same path and target for both: dbt then parses the project once.
        database = (folder / f"{name}.duckdb").replace(folder / "phylohub.duckdb")
        command = [sys.executable, "-m", "benchmarks.stages", str(folder / "nodes.json"), "build", "--quiet"]
        command += ["--log-level-file", "none", "--vars", json.dumps(FEW_DRAWS), "--target-path", str(folder)]
        command += ["--log-path", str(folder), "--exclude-resource-type", "test", "unit_test"]
        measure(command, folder / "dbt.log", {"PHYLOHUB_DATABASE": str(database)})
        nodes[name] = json.loads((folder / "nodes.json").read_text())
        with duckdb.connect(str(database), read_only=True) as connection:
            assert connection.execute("select count(*) from marts.models").fetchone() == (sizes[name],)
    small, large = (Run(*landed[name], {node: cost["cpu"] for node, cost in nodes[name].items()}) for name in sizes)
    return small, large


def test_no_step_grows_with_the_square_of_the_models(runs: tuple[Run, Run]) -> None:
    small, large = runs
    assert len(large.nodes) > 80
    assert small.nodes.keys() == large.nodes.keys()
    assert not grown(small, large)


def test_a_step_that_grows_with_the_square_would_be_seen(runs: tuple[Run, Run]) -> None:
    """Planted: a linear step and one that compares every model with every other, measured as dbt's nodes are."""
    planted: list[Run] = []
    with duckdb.connect() as connection:
        for models, run in zip((SMALL, LARGE), runs, strict=True):
            connection.execute(f"create or replace table models as select range as age from range({models})")
            nodes = {}
            for name, query in (
                ("linear", "select count(distinct hash(age)) from models"),
                ("quadratic", "select count(*) from models as a cross join models as b where (a.age * b.age) % 7 = 3"),
            ):
                before = time.process_time()
                connection.execute(query).fetchall()
                nodes[name] = time.process_time() - before
            planted.append(Run(run.floor, run.land, nodes))
    assert list(grown(*planted)) == ["quadratic"]


def test_the_pipeline_costs_a_bounded_multiple_of_the_floor(runs: tuple[Run, Run]) -> None:
    small, large = runs
    costs = [sum(cost for name, cost in run.nodes.items() if name != DBT) for run in (small, large)]
    multiple = (large.land + small.nodes[DBT] + costs[1]) / large.floor
    added = (costs[1] - costs[0]) / (large.floor - small.floor)
    print(f"pipeline: {multiple:.0f} times the floor at {LARGE:,} models; each more costs {added:.0f} times its floor")
    # On a quiet machine 450 and 100 (November 2026): most of it is per build, not per model.
    assert multiple < 1_500
    assert added < 400
