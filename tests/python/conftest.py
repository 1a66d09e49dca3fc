"""Shared by the tests: the project's folders, dbt and phylohub as subprocesses, and a warehouse in memory."""

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

# Every run tries the same examples, so a failure comes from a change and not from chance. No deadline, since the
# machine may be busy. `pytest --hypothesis-profile=search` tries new examples.
for profile, derandomize in (("search", False), ("same", True)):
    settings.register_profile(
        profile, derandomize=derandomize, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("same")

# Processes that a shell starts in the background ignore SIGINT, and so do their children. Some tests send SIGINT.
signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class CompiledModel:
    """A model as dbt compiled it: its relation, the folder of its file, its SQL, and whether its SQL reads the folder
    `quality`, itself or through other models. (Models that only run after the gate are not meant.)"""

    schema: str
    name: str
    folder: str
    sql: str
    needs_quality: bool


class MemoryWarehouse:
    """Runs the compiled SQL of the models in memory, so that property tests can build hundreds of hubs.

    The models run in the order of dbt, without tests and contracts.
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
        for bound in ("warns_above", "fails_above", "first_warns_above", "first_fails_above", "least"):
            self.connection.execute(f"alter table staging.snapshot_bounds alter {bound} type double")
        self.connection.execute(RAW_SCHEMA)
        self.connection.execute(
            "insert into raw.snapshots (snapshot, started_at, completed_at) values ('test', '2026-01-01', '2026-01-01')"
        )

    def build(self, records: Iterable[dict[str, Any]]) -> None:
        """Replace the landed records with these, in this order, and build every model."""
        self.connection.execute("delete from raw.hub_listings")
        self.connection.execute("delete from raw.hub_records")
        documents = [json.dumps(record) for record in records]
        landed = pa.table({"position": range(1, len(documents) + 1), "record": pa.array(documents, pa.string())})
        self.connection.register("landed", landed)
        self.connection.execute(
            "insert into raw.hub_records select position as record_id, uuid() as content_hash, record from landed"
        )
        self.connection.execute(
            "insert into raw.hub_listings select 'test', 'file', position, timestamp '2026-01-01', position from landed"
        )
        self.run_models()

    def run_models(self) -> None:
        """Build every model from the landed records."""
        for model in self._models:
            self.connection.execute(f"create or replace table {model.schema}.{model.name} as {model.sql}")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()


def run_dbt(database: Path, target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt as a user does, with its own database and target folder."""
    return subprocess.run(
        [str(BIN / "dbt"), *arguments, "--target-path", str(target), "--log-path", str(target)],
        cwd=ROOT,
        env={**os.environ, "PHYLOHUB_DATABASE": str(database), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def run_phylohub(database: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run phylohub as a user does, with its own database."""
    return subprocess.run(
        [str(BIN / "phylohub"), *arguments],
        cwd=ROOT,
        env={**os.environ, "PHYLOHUB_DATABASE": str(database)},
        capture_output=True,
        text=True,
        check=False,
    )


# Fewer draws than by default: most tests do not check the estimates themselves.
FEW_DRAWS = {"n_draws": 300, "n_resamples": 300, "n_order_resamples": 3}


class Build:
    """A database built from a file of records and, optionally, a file of cards, with fewer draws than by default.

    Unit tests are excluded by default, since they do not depend on the records. `data_tests=False` excludes data tests.
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
        excluded = [kind for kind, kept in (("unit_test", unit_tests), ("test", data_tests)) if not kept]
        exclude = ["--exclude-resource-types", *excluded] if excluded else []
        self.dbt = run_dbt(self.database, self.target, "build", *exclude, "--vars", self.variables)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """The sorted rows of each mart, without the columns that may differ between builds of the same records."""
        described = "snapshot, taken_at, taken_from, series, previous_snapshot, not_compared_because"
        excluded = {"models": "exclude (snapshot)", "snapshot_health": f"exclude ({described})"}
        excluded["api_field_profile"] = "exclude (snapshot)"
        excluded["api_drift"] = "exclude (snapshot, previous_snapshot)"
        excluded["trait_ordering_fits"] = "exclude (seconds)"
        excluded |= {"snapshot_changes": f"exclude ({described})", "family_snapshots": "exclude (snapshot, taken_at)"}
        excluded |= {"rate_changes": "exclude (snapshot, previous_snapshot)"}
        excluded |= {"model_presence": "exclude (present_from)"}
        excluded |= dict.fromkeys(("model_trait_history", "model_metric_history"), "exclude (valid_from)")
        marts = self.rows("select table_name from information_schema.tables where table_schema = 'marts'")
        return {
            mart: self.rows(f"select * {excluded.get(mart, '')} from marts.{mart} order by all") for (mart,) in marts
        }


@pytest.fixture(scope="session")
def compiled_models(tmp_path_factory: pytest.TempPathFactory) -> list[CompiledModel]:
    """All SQL models in order of their dependencies, without those that depend on a Python model."""
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

    def reads(node: dict[str, Any], parent: str) -> bool:
        queries = [line for line in node["compiled_code"].splitlines() if not line.startswith("-- depends_on")]
        return parent in nodes and nodes[parent]["relation_name"] in "\n".join(queries)

    def needs_quality(key: str) -> bool:
        node = nodes.get(key)
        return node is not None and (
            Path(node["original_file_path"]).parent.name == "quality"
            or any(needs_quality(parent) for parent in node["depends_on"]["nodes"] if reads(node, parent))
        )

    def visit(key: str) -> None:
        if key in nodes and key not in seen and not needs_python(key):
            seen.add(key)
            for parent in nodes[key]["depends_on"]["nodes"]:
                visit(parent)
            node = nodes[key]
            folder_name = Path(node["original_file_path"]).parent.name
            about = node["schema"], node["name"], folder_name, node["compiled_code"]
            ordered.append(CompiledModel(*about, needs_quality(key)))

    for key in sorted(nodes):
        visit(key)
    return ordered


@pytest.fixture(scope="session")
def warehouse(compiled_models: list[CompiledModel]) -> MemoryWarehouse:
    """A warehouse that all tests share: each build replaces the one before. It excludes the gate and its readers."""
    return MemoryWarehouse(ROOT / "seeds", [model for model in compiled_models if not model.needs_quality])


@pytest.fixture(scope="session")
def real_file() -> Callable[[str], Path]:
    """Find a file of real Hub records by name, or skip the test if it is missing."""

    def find(name: str) -> Path:
        path = REAL_DATA / name
        if not path.exists():
            pytest.skip(f"real records are missing: ../shared/data/{name}")
        return path

    return find
