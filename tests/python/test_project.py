"""The conventions that a reviewer would otherwise have to look for."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import FEW_DRAWS, ROOT, run_dbt, run_phylohub

ENGINE_FUNCTIONS = re.compile(
    r"\b(from_json|json_\w+|list_\w+|regexp_\w+|unnest|recursive|len)\s*\(|->|\[|\bwith recursive\b"
)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("parse")
    done = run_dbt(folder / "phylohub.duckdb", folder, "parse")
    assert done.returncode == 0, done.stdout
    parsed: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return parsed


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


def sql_files() -> list[Path]:
    return sorted((ROOT / "models").rglob("*.sql"))


def test_every_model_states_its_grain_and_every_mart_column_is_described(
    models: dict[str, dict[str, Any]],
) -> None:
    for name, model in models.items():
        assert model["description"].startswith("One row"), f"{name}: the description does not open with the grain"
        if model["schema"] == "marts":
            assert model["config"]["contract"]["enforced"], f"{name} has no contract"
            for column in model["columns"].values():
                assert column["description"], f"{name}.{column['name']} is not described"
                assert column["data_type"], f"{name}.{column['name']} has no type"


def test_every_mart_and_table_has_a_test_of_its_grain(
    manifest: dict[str, Any], models: dict[str, dict[str, Any]]
) -> None:
    tested = {
        manifest["nodes"][node["attached_node"]]["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("attached_node") or "").startswith("model.")
        and node["test_metadata"]["name"] in ("unique", "unique_combination")
    }
    tables = {name for name, model in models.items() if model["config"]["materialized"] in ("table", "incremental")}
    assert tables <= tested


def test_layers_are_kept(models: dict[str, dict[str, Any]]) -> None:
    for name, model in models.items():
        for parent in model["depends_on"]["nodes"]:
            kind, *_, parent_name = parent.split(".")
            if kind == "source":
                assert name.startswith("stg_"), f"{name} reads a source; only staging does"
            elif name.startswith("stg_"):
                pytest.fail(f"{name} reads {parent_name}; staging reads sources only")
            elif name.startswith("int_"):
                assert kind == "seed" or models[parent_name]["schema"] != "marts", f"{name} reads a mart"


def test_models_are_short_and_end_in_a_named_cte() -> None:
    lengths = []
    for path in sql_files():
        lines = [line for line in path.read_text().splitlines() if line.strip() and not line.strip().startswith("--")]
        lengths.append(len(lines))
        assert len(lines) <= 120, f"{path.name} has {len(lines)} lines"
        assert lines[-1] in ("select * from final", "select * from renamed"), path.name
    assert sorted(lengths)[len(lengths) // 2] < 30


def test_what_depends_on_the_engine_is_in_its_macros() -> None:
    for path in sql_files():
        code = re.sub(r"--.*", "", path.read_text())
        code = re.sub(r"{{.*?}}|{%.*?%}|{#.*?#}", "", code, flags=re.DOTALL)
        found = ENGINE_FUNCTIONS.search(code)
        assert found is None, f"{path.name} uses {found and found.group()}; put it into macros/engine"


def test_the_lock_has_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    packages = re.findall(r"^[a-z0-9_.-]+(?:\[[a-z,]+\])?==", lock, re.MULTILINE)
    assert len(packages) > 50
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in lock
    assert "index-url" not in lock


def test_every_dependency_says_why() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    for block in re.findall(r"^(?:dependencies|dev) = \[\n(.*?)^\]", project, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            assert re.search(r'",\s+# \w', line), line


def test_every_rule_left_out_says_why() -> None:
    for path in [*sql_files(), *(ROOT / "ingest").glob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        if path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if re.search(r"noqa|type: ignore", line):
                assert re.search(r"(noqa: \w+, .+|(noqa|type: ignore).*#.+\w)", line), (
                    f"{path.name}:{number} gives no reason"
                )


def readme_queries() -> list[str]:
    readme = (ROOT / "README.md").read_text()
    return re.findall(r"^\| `\w+` \| .*\| `(select .*)` \|$", readme, re.MULTILINE)


def test_readme_has_a_query_for_every_mart_and_each_answers(models: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    database = tmp_path / "phylohub.duckdb"
    assert run_phylohub(database, "ingest", "synthetic", "--models", "2000").returncode == 0
    without = "--exclude-resource-types", "test", "unit_test"
    assert run_dbt(database, tmp_path / "target", "build", *without, "--vars", json.dumps(FEW_DRAWS)).returncode == 0
    marts = {name for name, model in models.items() if model["schema"] == "marts"}
    queries = readme_queries()
    # What takes cards or papers to fill is empty here, and says so.
    empty = [query for query in queries if re.search(r"marts\.(card_drift|paper_subjects)\b", query)]
    with duckdb.connect(str(database), read_only=True) as connection:
        for query in queries:
            assert connection.execute(query).fetchall() or query in empty, query
    assert marts <= {mart for query in queries for mart in re.findall(r"marts\.(\w+)", query)}
