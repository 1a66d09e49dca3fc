"""The cost of the pipeline relative to the floor, and how the cost of each step grows with the number of models."""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from conftest import FEW_DRAWS

from benchmarks import report
from benchmarks.floor import floor
from benchmarks.process import ROOT, BenchmarkError, fingerprint, measure
from benchmarks.run import Bench
from benchmarks.stages import DBT, TESTS, stage_of
from phylohub.ingest.landing import land_snapshot
from phylohub.ingest.raw_schema import connect_raw
from phylohub.ingest.readers import Source
from phylohub.synthetic.hub import write_hub

SMALL, LARGE = 5_000, 20_000


@dataclass(frozen=True)
class Run:
    """CPU seconds at one size, from process-wide clocks: the floor, landing, and each dbt node."""

    floor: float
    land: float
    nodes: dict[str, float]


def grown(small: Run, large: Run) -> dict[str, str]:
    """The steps whose cost grows much faster than the number of models.

    With four times the models, a linear step costs 4 times as much and a quadratic one 16 times. Small costs are
    ignored as noise.
    """
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
    # The two sizes run close in time, so that the load on the machine is the same.
    folder = tmp_path_factory.mktemp("performance")
    sizes = {"small": SMALL, "large": LARGE}
    landed = {name: land(folder, name, models) for name, models in sizes.items()}
    nodes = {}
    for name in sizes:
        # Both use the same path and target, so that dbt parses the project only once.
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


def test_no_step_is_quadratic(runs: tuple[Run, Run]) -> None:
    small, large = runs
    assert len(large.nodes) > 80
    assert small.nodes.keys() == large.nodes.keys()
    assert not grown(small, large)


def test_quadratic_step_is_detected(runs: tuple[Run, Run]) -> None:
    """Measure a linear step and one that compares every model with every other, in the same way as dbt nodes."""
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


def test_cost_is_a_bounded_multiple_of_the_floor(runs: tuple[Run, Run]) -> None:
    small, large = runs
    costs = [sum(cost for name, cost in run.nodes.items() if name != DBT) for run in (small, large)]
    multiple = (large.land + small.nodes[DBT] + costs[1]) / large.floor
    added = (costs[1] - costs[0]) / (large.floor - small.floor)
    print(f"pipeline: {multiple:.0f} times the floor at {LARGE:,} models; per added model {added:.0f} times its floor")
    # 450 and 100 on an idle machine (2026-11); most of the cost is per build, not per model.
    assert multiple < 1_500
    assert added < 400


def test_stage_is_the_folder_of_the_file() -> None:
    assert stage_of("model", "models/intermediate/lineage/int_families.sql") == "lineage"
    assert stage_of("model", "models/marts/lineage/families.sql") == "lineage"
    assert stage_of("model", "python_models/lineage/int_family_virality.py") == "lineage"
    assert stage_of("seed", "seeds/traits.csv") == "seeds"
    assert stage_of("test", "models/marts/lineage/_lineage.yml") == TESTS


def test_inputs_of_measurements_exist() -> None:
    assert all(len(fingerprint(inputs)) == 16 for inputs, _ in Bench(0, again=False).parts().values())
    with pytest.raises(BenchmarkError, match=r"models/renamed does not exist"):
        fingerprint(["models/renamed"])


def test_stored_results_render_as_the_tables_in_the_docs() -> None:
    stored = json.loads((ROOT / "benchmarks" / "results.json").read_text())["results"]
    page = (ROOT / "docs" / "performance.md").read_text()
    for name in ("short", "stages", "growing", "notebook"):
        assert getattr(report, name)(stored) in page
    assert report.stage_names(stored)[-2:] == [TESTS, DBT]
