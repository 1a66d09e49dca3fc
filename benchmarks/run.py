"""Measure the pipeline, the floor and the notebook, each in its own process (`make bench`).

python -m benchmarks.run --sizes 20000 200000 2000000 [--parts build stages]

Results are saved in build/bench/results.json after each measurement. A result of the same code is reused unless --again
is given, so an interrupted run resumes.
"""

import argparse
import io
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from benchmarks.process import ROOT, BenchmarkError, fingerprint, machine, measure

WORK = ROOT / "build" / "bench"
BIN = Path(sys.executable).parent
SEED = 1
# The largest size at which a part runs by default. Beyond it, the notebook needs more memory than a laptop has, ten
# builds take half an hour, and the cards of 20,000,000 models take 45 GB.
LIMITS = {"notebook": 200_000, "rebuilds": 200_000, "cards": 2_000_000, "changed": 2_000_000, "study_draws": 2_000_000}
COMPRESSED_FROM = 5_000_000  # models; larger hubs are written as zstd to save disk
N_REBUILDS = 10
# The study's draws. The warehouse's defaults are larger.
STUDY_DRAWS = {"n_draws": 500, "n_resamples": 1000}

# The files that each measurement depends on. A result is measured again if one of them changes.
HUB = [f"phylohub/synthetic/{name}.py" for name in ("cards", "graph", "hub", "words")]
LANDING = [*HUB, "ingest", "phylohub/core", "benchmarks/run.py"]
PIPELINE = [
    *LANDING,
    *("dbt_project.yml", "profiles.yml", "requirements.lock", "models", "python_models", "macros", "seeds"),
    *("phylohub/methods", "phylohub/operate", "tests/generic", "benchmarks/stages.py"),
]
WITHOUT_TESTS = ["--exclude-resource-type", "test", "unit_test"]

Result = dict[str, Any]


class Bench:
    """The measurements of one size, in their own folder."""

    def __init__(self, models: int, again: bool) -> None:
        self.models, self.again = models, again
        self.folder = WORK / str(models)
        self.hub = self.folder / ("hub.jsonl.zst" if models >= COMPRESSED_FROM else "hub.jsonl")
        self.landed = self.folder / "landed.duckdb"
        self.database = self.folder / "phylohub.duckdb"

    def parts(self) -> dict[str, tuple[list[str], Callable[[], Result]]]:
        """The parts by name: the files that each depends on, and how to measure it."""
        return {
            "floor": ([*HUB, "benchmarks/floor.py"], self._floor),
            "build": (PIPELINE, self._build),
            "stages": (PIPELINE, lambda: self._stages("stages", {})),
            "study_draws": (PIPELINE, lambda: self._stages("study_draws", STUDY_DRAWS)),
            "changed": (PIPELINE, self._changed),
            "rebuilds": (PIPELINE, self._rebuilds),
            "cards": (PIPELINE, self._cards),
            "notebook": ([*HUB, "benchmarks/notebook.py"], self._notebook),
        }

    def run(self, wanted: list[str] | None) -> None:
        """Measure the wanted parts that have no current result; by default all parts that run at this size."""
        self.folder.mkdir(parents=True, exist_ok=True)
        parts = self.parts()
        todo = [
            part
            for part in parts
            if (part in wanted if wanted else self.models <= LIMITS.get(part, self.models))
            and (self.again or self._known(part, parts[part][0]) is None)
        ]
        if not todo:
            return
        # All parts need these files, so they are written again if they are missing or the code changed.
        if self._known("hub", HUB) is None or not self.hub.exists():
            self._measure("hub", HUB, self._make_hub)
        if PIPELINE in (parts[part][0] for part in todo) and (
            self.again or self._known("land", LANDING) is None or not self.landed.exists()
        ):
            self._measure("land", LANDING, self._land)
        for part in todo:
            self._measure(part, *parts[part])
        for file in (self.landed, self.database):
            file.unlink(missing_ok=True)

    def _known(self, name: str, inputs: list[str]) -> Result | None:
        result = load_results().get(str(self.models), {}).get(name)
        return result if result and result["fingerprint"] == fingerprint(inputs) else None

    def _measure(self, name: str, inputs: list[str], take: Callable[[], Result]) -> None:
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

    def _phylohub(self, name: str, *arguments: str, database: Path | None = None) -> Result:
        return self._run(name, str(BIN / "phylohub"), *arguments, database=database)

    def _dbt(self, name: str, *arguments: str) -> Result:
        """Run dbt build on the database, with additional arguments."""
        return self._run(name, str(BIN / "dbt"), *self._arguments(name), *arguments, database=self.database)

    def _arguments(self, name: str) -> list[str]:
        folder = str(self.folder / name)
        return ["build", "--log-level", "warn", "--target-path", folder, "--log-path", folder]

    def _make_hub(self) -> Result:
        cost = self._phylohub("hub", "hub", str(self.hub), "--models", str(self.models), "--seed", str(SEED))
        return cost | {"bytes": unpacked_bytes(self.hub)}

    def _floor(self) -> Result:
        cost = self._run("floor", sys.executable, "-m", "benchmarks.floor", str(self.hub))
        # Times are those of the scan alone; peak memory is that of the process.
        return {**cost, **json.loads((self.folder / "floor.log").read_text())}

    def _land(self) -> Result:
        self.landed.unlink(missing_ok=True)
        cost = self._phylohub("land", "ingest", "dump", str(self.hub), database=self.landed)
        return cost | {"bytes": self.landed.stat().st_size}

    def _build(self) -> Result:
        shutil.copy(self.landed, self.database)
        return self._dbt("build") | {"bytes": self.database.stat().st_size}

    def _stages(self, name: str, variables: dict[str, int]) -> Result:
        shutil.copy(self.landed, self.database)
        nodes = self.folder / f"{name}.json"
        command = [sys.executable, "-m", "benchmarks.stages", str(nodes), *self._arguments(name)]
        cost = self._run(name, *command, "--vars", json.dumps(variables), database=self.database)
        stages = stage_totals(json.loads(nodes.read_text()))
        # The peak is reset at the start of each node, so the process's own peak covers only the last node.
        return cost | {"stages": stages, "peak_bytes": max(stage["peak_bytes"] for stage in stages.values())}

    def _changed(self) -> Result:
        """The build after a second snapshot in which 1 % of the records changed, and the same with --full-refresh."""
        shutil.copy(self.landed, self.database)
        self._dbt("before_change")
        changed = self.folder / ("changed.jsonl.zst" if self.hub.suffix == ".zst" else "changed.jsonl")
        change(self.hub, changed)
        land = self._phylohub("land_change", "ingest", "dump", str(changed), database=self.database)
        changed.unlink()
        cost = self._dbt("changed")
        size = self.database.stat().st_size
        return cost | {"bytes": size, "land": land, "full": self._dbt("changed_full", "--full-refresh")}

    def _rebuilds(self) -> Result:
        """Ten builds in place, each followed by `phylohub compact`: the mean cost, and the file size after each."""
        shutil.copy(self.landed, self.database)
        costs, built, compacted = [], [], []
        for _ in range(N_REBUILDS):
            costs.append(self._dbt("rebuilds", *WITHOUT_TESTS, "--vars", json.dumps(STUDY_DRAWS)))
            built.append(self.database.stat().st_size)
            costs.append(self._phylohub("compact", "compact", database=self.database))
            compacted.append(self.database.stat().st_size)
        mean = {key: round(sum(cost[key] for cost in costs) / N_REBUILDS, 3) for key in ("wall", "cpu")}
        return mean | {"peak_bytes": max(cost["peak_bytes"] for cost in costs), "built": built, "compacted": compacted}

    def _cards(self) -> Result:
        """Landing the cards of the same hub, and the build with them."""
        hub, cards = self.folder / "hub-with-cards.jsonl.zst", self.folder / "cards.jsonl"
        self._phylohub(
            "hub_cards", "hub", str(hub), "--models", str(self.models), "--seed", str(SEED), "--cards", str(cards)
        )
        hub.unlink()  # the same records as without cards
        shutil.copy(self.landed, self.database)
        cost = self._phylohub("cards", "ingest", "cards", "--file", str(cards), database=self.database)
        size = cards.stat().st_size
        cards.unlink()
        return cost | {"bytes": size, "build": self._dbt("cards_build")}

    def _notebook(self) -> Result:
        steps = self.folder / "notebook.json"
        cost = self._run("notebook", sys.executable, "-m", "benchmarks.notebook", str(self.hub), str(steps))
        return cost | {"steps": json.loads(steps.read_text())}


def change(source: Path, target: Path) -> None:
    """Copy a file of records with changes: 1 % get one more like, a third of these a new tag, and 0.1 % are removed."""
    with open_file(source, "rb") as records, open_file(target, "wb") as out:
        for number, line in enumerate(records):
            if number % 1_000 == 7:
                continue
            if number % 100 == 3:
                record = json.loads(line)
                record["likes"] += 1
                record["tags"] += ["changed"] if number % 300 == 3 else []
                line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            out.write(line)


def unpacked_bytes(path: Path) -> int:
    with open_file(path, "rb") as file:
        return sum(len(chunk) for chunk in iter(lambda: file.read(1 << 24), b""))


def open_file(path: Path, mode: str) -> BinaryIO:
    if path.suffix != ".zst":
        return cast(BinaryIO, path.open(mode))
    import pyarrow as pa  # imported only here, because its memory would count in later measurements

    if mode == "wb":
        return cast(BinaryIO, pa.CompressedOutputStream(str(path), "zstd"))
    return io.BufferedReader(cast(Any, pa.CompressedInputStream(str(path), "zstd")))


def stage_totals(nodes: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """CPU seconds, wall seconds and peak memory of each stage, from those of its nodes."""
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
    parser.add_argument("--again", action="store_true", help="measure again even if there is a current result")
    parser.add_argument(
        "--parts", nargs="+", choices=list(Bench(0, again=False).parts()), help="default: all that run at a size"
    )
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    print(machine())
    start = time.monotonic()
    try:
        for models in options.sizes:
            Bench(models, options.again).run(options.parts)
    except BenchmarkError as error:
        sys.exit(f"error: {error}")
    print(f"measured in {time.monotonic() - start:,.0f} s; results are in {WORK / 'results.json'}")


if __name__ == "__main__":
    main()
