"""`make bench`: measure the whole pipeline and its two yardsticks, one process a measurement, and keep every result.

python -m benchmarks.run --sizes 20000 200000 2000000

Results lie in build/bench/results.json, written after each measurement. A measurement of the same code that is there
already is not taken again (--again takes it again), so a run that was stopped goes on.
"""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT, BenchmarkError, fingerprint, machine, measure

WORK = ROOT / "build" / "bench"
BIN = Path(sys.executable).parent
SEED = 1
NOTEBOOK_LIMIT = 200_000  # models; beyond, the notebook needs more memory than a laptop has
# The study's numbers of draws; the warehouse's own are larger.
STUDY_DRAWS = {"n_draws": 500, "n_similarity_resamples": 1000, "n_resamples": 1000}

HUB = [f"ingest/{name}.py" for name in ("synthetic", "synthetic_cards", "synthetic_graph", "synthetic_words")]
LANDING = [*HUB, "ingest", "benchmarks/run.py"]
PIPELINE = [
    *LANDING,
    *("dbt_project.yml", "profiles.yml", "requirements.lock", "models", "python_models", "macros", "methods", "seeds"),
    *("tests/generic", "benchmarks/stages.py"),
]
YARDSTICKS = {"floor": [*HUB, "benchmarks/floor.py"], "notebook": [*HUB, "benchmarks/notebook.py"]}

Result = dict[str, Any]


class Bench:
    """The measurements of one size, in a folder of their own."""

    def __init__(self, models: int, again: bool) -> None:
        self.models, self.again = models, again
        self.folder = WORK / str(models)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.hub = self.folder / "hub.jsonl"
        self.landed = self.folder / "landed.duckdb"
        self.database = self.folder / "phylohub.duckdb"

    def run(self, notebook: bool) -> None:
        # The file is needed by all that follows, so it is made again if it is gone or another generator's.
        if self._known("hub", HUB) is None or not self.hub.exists():
            self._take("hub", HUB, self._make_hub)
        self._measure("floor", YARDSTICKS["floor"], self._floor)
        if any(self._known(name, PIPELINE) is None for name in self._pipeline()) or self.again:
            self._take("land", LANDING, self._land)
        for name, build in self._pipeline().items():
            self._measure(name, PIPELINE, build)
        if notebook and self.models <= NOTEBOOK_LIMIT:
            self._measure("notebook", YARDSTICKS["notebook"], self._notebook)
        for file in (self.landed, self.database):
            file.unlink(missing_ok=True)

    def _pipeline(self) -> dict[str, Callable[[], Result]]:
        return {
            "build": self._build,
            "stages": lambda: self._stages("stages", {}),
            "study_draws": lambda: self._stages("study_draws", STUDY_DRAWS),
        }

    def _known(self, name: str, inputs: list[str]) -> Result | None:
        result = load_results().get(str(self.models), {}).get(name)
        return result if result and result["fingerprint"] == fingerprint(inputs) else None

    def _measure(self, name: str, inputs: list[str], take: Callable[[], Result]) -> None:
        if self.again or self._known(name, inputs) is None:
            self._take(name, inputs, take)

    def _take(self, name: str, inputs: list[str], take: Callable[[], Result]) -> None:
        load = round(os.getloadavg()[0], 1)
        result = take() | {
            "fingerprint": fingerprint(inputs),
            "taken_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
            "load_before": load,
        }
        results = load_results()
        results.setdefault(str(self.models), {})[name] = result
        save_results(results)
        cost = f"{result['wall']:9.1f} s wall {result['cpu']:9.1f} s CPU {result['peak_bytes'] / 1e6:8,.0f} MB"
        print(f"{datetime.now():%H:%M:%S} {self.models:>11,} {name:12} {cost}  (load {load})", flush=True)

    def _run(self, name: str, *command: str, database: Path | None = None) -> Result:
        environment = {"PHYLOHUB_DATABASE": str(database)} if database else None
        return measure([*command], self.folder / f"{name}.log", environment).as_dict()

    def _make_hub(self) -> Result:
        cost = self._run(
            "hub", str(BIN / "phylohub"), "hub", str(self.hub), "--models", str(self.models), "--seed", str(SEED)
        )
        return cost | {"bytes": self.hub.stat().st_size}

    def _floor(self) -> Result:
        cost = self._run("floor", sys.executable, "-m", "benchmarks.floor", str(self.hub))
        # The scan alone; of the process only its peak memory.
        return {**cost, **json.loads((self.folder / "floor.log").read_text())}

    def _land(self) -> Result:
        self.landed.unlink(missing_ok=True)
        cost = self._run("land", str(BIN / "phylohub"), "ingest", "dump", str(self.hub), database=self.landed)
        return cost | {"bytes": self.landed.stat().st_size}

    def _dbt(self, name: str) -> list[str]:
        folder = str(self.folder / name)
        return ["build", "--log-level", "warn", "--target-path", folder, "--log-path", folder]

    def _build(self) -> Result:
        shutil.copy(self.landed, self.database)
        cost = self._run("build", str(BIN / "dbt"), *self._dbt("build"), database=self.database)
        return cost | {"bytes": self.database.stat().st_size}

    def _stages(self, name: str, variables: dict[str, int]) -> Result:
        shutil.copy(self.landed, self.database)
        nodes = self.folder / f"{name}.json"
        command = [sys.executable, "-m", "benchmarks.stages", str(nodes), *self._dbt(name)]
        cost = self._run(name, *command, "--vars", json.dumps(variables), database=self.database)
        return cost | {"stages": stage_totals(json.loads(nodes.read_text()))}

    def _notebook(self) -> Result:
        steps = self.folder / "notebook.json"
        cost = self._run("notebook", sys.executable, "-m", "benchmarks.notebook", str(self.hub), str(steps))
        return cost | {"steps": json.loads(steps.read_text())}


def stage_totals(nodes: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """CPU and wall seconds and peak memory of each stage, from those of each node."""
    found: dict[str, dict[str, float]] = {}
    for node in nodes.values():
        stage = found.setdefault(node["stage"], {"cpu": 0.0, "wall": 0.0, "peak_bytes": 0})
        stage["cpu"] = round(stage["cpu"] + node["cpu"], 3)
        stage["wall"] = round(stage["wall"] + node["wall"], 3)
        stage["peak_bytes"] = max(stage["peak_bytes"], node["peak_bytes"])
    return found


def load_results() -> dict[str, dict[str, Result]]:
    path = WORK / "results.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def save_results(results: dict[str, dict[str, Result]]) -> None:
    part = WORK / ".results.json"
    part.write_text(json.dumps(results, indent=1) + "\n")
    part.replace(WORK / "results.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 200_000, 2_000_000])
    parser.add_argument("--again", action="store_true", help="take measurements again that are there already")
    parser.add_argument("--no-notebook", action="store_true", help="leave the notebook version out")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    print(machine())
    start = time.monotonic()
    try:
        for models in options.sizes:
            Bench(models, options.again).run(notebook=not options.no_notebook)
    except BenchmarkError as error:
        sys.exit(f"error: {error}")
    print(f"measured in {time.monotonic() - start:,.0f} s; results in {WORK / 'results.json'}")


if __name__ == "__main__":
    main()
