"""What the tests share: the project's folders, dbt in a process, and a warehouse in memory."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings

from phylohub.ingest.raw_schema import RAW_SCHEMA

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
REAL_DATA = ROOT.parent / "shared" / "data"

# The same examples in every run, so that it passes or fails for what was changed and not by chance; and no clock,
# since the machine may be busy. `pytest --hypothesis-profile=search` tries new examples.
for profile, derandomize in (("search", False), ("same", True)):
    settings.register_profile(
        profile, derandomize=derandomize, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("same")

# A shell has what it starts in the background ignore Ctrl-C, and so would every process that a test starts in turn.
signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class CompiledModel:
    """A model as dbt compiles it. Its schema and name are those of the build; its folder says what it is about."""

    schema: str
    name: str
    folder: str
    sql: str


class MemoryWarehouse:
    """The compiled SQL of the models, run in memory: a whole build in a fraction of a second.

    It runs what dbt would run, in the same order, without tests and contracts; so a property can be tried
    on hundreds of hubs.
    """

    def __init__(self, seeds: Path, models: list[CompiledModel]) -> None:
        self._models = models
        self.connection = duckdb.connect(config={"threads": 2})
        self.connection.execute("set TimeZone = 'UTC'")
        self.connection.execute("attach ':memory:' as phylohub")
        self.connection.execute("use phylohub")
        for schema in ("staging", "intermediate", "marts"):
            self.connection.execute(f"create schema {schema}")
        for seed in sorted(seeds.glob("*.csv")):
            self.connection.execute(
                f"create table staging.{seed.stem} as from read_csv(?, header = true, all_varchar = true)",
                [str(seed)],
            )
        self.connection.execute("alter table staging.relations alter paper_rank type integer")
        for bound in ("warns_above", "fails_above"):
            self.connection.execute(f"alter table staging.snapshot_bounds alter {bound} type double")
        self.connection.execute(RAW_SCHEMA)
        self.connection.execute(
            "insert into raw.snapshots (snapshot, started_at, completed_at) values ('test', '2026-01-01', '2026-01-01')"
        )

    def build(self, records: Iterable[dict[str, Any]]) -> None:
        """Replace what is landed by these records, in this order, and build every model from it."""
        self.connection.execute("delete from raw.hub_listings")
        self.connection.execute("delete from raw.hub_records")
        texts = [json.dumps(record) for record in records]
        landed = pa.table({"position": range(1, len(texts) + 1), "record": pa.array(texts, pa.string())})
        self.connection.register("landed", landed)
        self.connection.execute(
            "insert into raw.hub_records select position as record_id, uuid() as content_hash, record from landed"
        )
        self.connection.execute(
            "insert into raw.hub_listings select 'test', 'file', position, timestamp '2026-01-01', position from landed"
        )
        self.run_models()

    def run_models(self) -> None:
        """Build every model from what is landed."""
        for model in self._models:
            self.connection.execute(f"create or replace table {model.schema}.{model.name} as {model.sql}")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()


def run_dbt(database: Path, target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """dbt as a user starts it, on a database and target folder of its own."""
    return subprocess.run(
        [str(BIN / "dbt"), *arguments, "--target-path", str(target), "--log-path", str(target)],
        cwd=ROOT,
        env={**os.environ, "PHYLOHUB_DATABASE": str(database), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def run_phylohub(database: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line as a user starts it, on a database of its own."""
    return subprocess.run(
        [str(BIN / "phylohub"), *arguments],
        cwd=ROOT,
        env={**os.environ, "PHYLOHUB_DATABASE": str(database)},
        capture_output=True,
        text=True,
        check=False,
    )


# Enough draws to try everything; what they estimate is not what most builds test.
FEW_DRAWS = {"n_draws": 300, "n_similarity_resamples": 300, "n_resamples": 300, "n_order_resamples": 3}


class Build:
    """A database built from one file of records (and one of cards), with fewer draws than by default.

    Unit tests are the same on any records: most builds leave them out. Data tests are for whom they are about.
    """

    def __init__(
        self,
        folder: Path,
        records: Path,
        variables: dict[str, Any] | None = None,
        *,
        unit_tests: bool = False,
        data_tests: bool = True,
        cards: Path | None = None,
    ) -> None:
        self.records = records
        self.database = folder / "phylohub.duckdb"
        self.landing = run_phylohub(self.database, "ingest", "dump", str(records))
        assert self.landing.returncode == 0, self.landing.stderr
        if cards:
            landing = run_phylohub(self.database, "ingest", "cards", "--file", str(cards))
            assert landing.returncode == 0, landing.stderr
        self.target = folder / "target"
        self.variables = json.dumps(FEW_DRAWS | (variables or {}))
        left_out = [kind for kind, kept in (("unit_test", unit_tests), ("test", data_tests)) if not kept]
        without = ["--exclude-resource-types", *left_out] if left_out else []
        self.dbt = run_dbt(self.database, self.target, "build", *without, "--vars", self.variables)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """All marts, their rows in one order, without the columns that are free to differ from build to build."""
        free = {"models": "exclude (snapshot)", "snapshot_health": "exclude (snapshot)"}
        free["api_field_profile"] = "exclude (snapshot)"
        free["api_drift"] = "exclude (snapshot, previous_snapshot)"
        free["trait_ordering_fits"] = "exclude (seconds)"
        free |= {"snapshot_changes": "exclude (snapshot, taken_at)", "family_snapshots": "exclude (snapshot, taken_at)"}
        free |= {"model_presence": "exclude (present_from)"}
        free |= dict.fromkeys(("model_trait_history", "model_metric_history"), "exclude (valid_from)")
        marts = self.rows("select table_name from information_schema.tables where table_schema = 'marts'")
        return {mart: self.rows(f"select * {free.get(mart, '')} from marts.{mart} order by all") for (mart,) in marts}


@pytest.fixture(scope="session")
def compiled_models(tmp_path_factory: pytest.TempPathFactory) -> list[CompiledModel]:
    """All SQL models in the order in which they depend on each other; those built on Python models are left out."""
    folder = tmp_path_factory.mktemp("compiled")
    done = run_dbt(folder / "phylohub.duckdb", folder / "target", "compile")
    assert done.returncode == 0, done.stdout
    manifest = json.loads((folder / "target" / "manifest.json").read_text())
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    ordered: list[CompiledModel] = []
    seen: set[str] = set()

    def needs_python(key: str) -> bool:
        node = nodes.get(key)
        return node is not None and (
            node["language"] == "python" or any(needs_python(parent) for parent in node["depends_on"]["nodes"])
        )

    def visit(key: str) -> None:
        if key in nodes and key not in seen and not needs_python(key):
            seen.add(key)
            for parent in nodes[key]["depends_on"]["nodes"]:
                visit(parent)
            node = nodes[key]
            folder_name = Path(node["original_file_path"]).parent.name
            ordered.append(CompiledModel(node["schema"], node["name"], folder_name, node["compiled_code"]))

    for key in sorted(nodes):
        visit(key)
    return ordered


@pytest.fixture(scope="session")
def warehouse(compiled_models: list[CompiledModel]) -> MemoryWarehouse:
    """One warehouse for all examples of a property: each build replaces the one before. What only says whether the
    snapshot is fit is left out, a third of the time that a build takes."""
    return MemoryWarehouse(ROOT / "seeds", [model for model in compiled_models if model.folder != "quality"])


@pytest.fixture(scope="session")
def real_file() -> Callable[[str], Path]:
    """A file of real Hub records, or a skip that says what is missing."""

    def find(name: str) -> Path:
        path = REAL_DATA / name
        if not path.exists():
            pytest.skip(f"real records are not here: no {name} in ../shared/data")
        return path

    return find
