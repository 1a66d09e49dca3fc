"""The published copy read by several clients, the metrics, and the documentation of a complete build."""

import csv
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import adbc_driver_duckdb
import adbc_driver_manager.dbapi
import duckdb
import pandas as pd
import pytest
import sqlalchemy
from conftest import BIN, ROOT, Build, run_dbt, run_phylohub


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("bi")
    made = run_phylohub(folder / "made.duckdb", "ingest", "synthetic", "--models", "800")
    assert made.returncode == 0, made.stderr
    (records,) = (folder / "synthetic").glob("*.jsonl.gz")
    build = Build(folder, records)
    assert build.dbt.returncode == 0, build.dbt.stdout
    return build


@pytest.fixture(scope="module")
def copy(build: Build) -> Path:
    """The version that `dbt run-operation publish` wrote and made current."""
    done = run_dbt(build.database, build.target, "run-operation", "publish")
    assert done.returncode == 0, done.stdout
    assert "published" in done.stdout
    return (build.database.parent / "published" / "current").resolve()


@pytest.fixture(scope="module")
def manifest(build: Build) -> dict[str, Any]:
    return dict(json.loads((build.target / "manifest.json").read_text()))


QUERY = "select task, count(*) as n_models from marts.models group by task order by task nulls last"


@pytest.fixture(scope="module")
def tasks(build: Build) -> list[tuple[Any, ...]]:
    return build.rows(QUERY)


def test_copy_has_every_mart_and_row(build: Build, copy: Path) -> None:
    published = json.loads((copy / "manifest.json").read_text())["marts"]
    marts = {
        name for (name,) in build.rows("select table_name from information_schema.tables where table_schema = 'marts'")
    }
    assert published.keys() == marts
    with duckdb.connect(str(copy / "phylohub.duckdb"), read_only=True) as connection:
        for mart in marts:
            rows = build.rows(f"from marts.{mart} order by all")
            assert published[mart]["rows"] == len(rows)
            assert connection.execute(f"from marts.{mart} order by all").fetchall() == rows
            assert published[mart]["description"]
            parquet = str(copy / "parquet" / f"{mart}.parquet")
            assert connection.execute("from read_parquet(?)", [parquet]).fetchall() == rows
            assert all(column["description"] for column in published[mart]["columns"])
    # Only types that every client can read.
    kinds = {column["type"].split("(")[0] for mart in published.values() for column in mart["columns"]}
    assert kinds <= {"varchar", "bigint", "integer", "double", "boolean", "date", "timestamp", "decimal"}


def test_duckdb_1_reads_the_copy(copy: Path, tasks: list[tuple[Any, ...]]) -> None:
    # Storage version 64 is that of DuckDB 1.0, which every later version reads.
    header = (copy / "phylohub.duckdb").read_bytes()[:20]
    assert (header[8:12], *struct.unpack("<Q", header[12:])) == (b"DUCK", 64)
    library = Path(sys.prefix) / "duckdb1"
    assert library.exists(), "DuckDB 1 is not installed: run make test"
    code = (
        "import duckdb, json, sys; assert duckdb.__version__.startswith('1.'); "
        "copy = duckdb.connect(sys.argv[1], read_only=True); "
        "print(json.dumps([copy.execute(sys.argv[2]).fetchall(), "
        "copy.execute(\"select count(*) from duckdb_columns() where comment <> ''\").fetchall()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(copy / "phylohub.duckdb"), QUERY],
        env={**os.environ, "PYTHONPATH": str(library)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows, comments = json.loads(done.stdout)
    assert [tuple(row) for row in rows] == tasks
    assert comments[0][0] > 200


def test_sqlalchemy_reads_the_copy(copy: Path, tasks: list[tuple[Any, ...]]) -> None:
    engine = sqlalchemy.create_engine(f"duckdb:///{copy / 'phylohub.duckdb'}?access_mode=READ_ONLY")
    try:
        with engine.connect() as connection:
            assert [tuple(row) for row in connection.execute(sqlalchemy.text(QUERY))] == tasks
        found = sqlalchemy.inspect(engine)
        assert {"models", "families"} <= set(found.get_table_names(schema="marts"))
        columns = found.get_columns("models", schema="marts")
        # The workaround in docs/bi.md, and reflection with the locked version of SQLAlchemy.
        for models in (
            sqlalchemy.Table(
                "models",
                sqlalchemy.MetaData(),
                *(sqlalchemy.Column(column["name"], column["type"]) for column in columns),
                schema="marts",
            ),
            sqlalchemy.Table("models", sqlalchemy.MetaData(), schema="marts", autoload_with=engine),
        ):
            n_models = sqlalchemy.func.count(models.c.model_id)
            query = sqlalchemy.select(models.c.task, n_models).group_by(models.c.task)
            with engine.connect() as connection:
                assert {tuple(row) for row in connection.execute(query)} == set(tasks)
            assert isinstance(models.c.created_at.type, sqlalchemy.DateTime)
    finally:
        engine.dispose()


def test_adbc_reads_the_copy(copy: Path, tasks: list[tuple[Any, ...]]) -> None:
    with (
        adbc_driver_manager.dbapi.connect(
            driver=adbc_driver_duckdb.driver_path(),
            entrypoint="duckdb_adbc_init",
            db_kwargs={"path": str(copy / "phylohub.duckdb"), "access_mode": "READ_ONLY"},
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(QUERY)
        assert [tuple(row.values()) for row in cursor.fetch_arrow_table().to_pylist()] == tasks


def test_pandas_line_of_the_docs_runs_on_duckdb_1_and_2(copy: Path) -> None:
    """The connection must live as long as the result: DuckDB 1 closes one that nothing refers to."""
    (line,) = re.findall(r"or `(duckdb\.connect.*\.df\(\))`", (ROOT / "docs" / "bi.md").read_text(encoding="utf-8"))
    code = "import duckdb; print(len(" + line.replace("COPY", str(copy)) + "))"
    library = Path(sys.prefix) / "duckdb1"
    assert library.exists(), "DuckDB 1 is not installed: run make test"
    folders = ["", str(library)]
    for folder in folders:
        path = os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
        environment = {**os.environ, "PYTHONPATH": path}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) > 10


def test_pandas_reads_the_copy(copy: Path, tasks: list[tuple[Any, ...]]) -> None:
    models = pd.read_parquet(copy / "parquet" / "models.parquet")
    counts = models.groupby("task", dropna=False)["model_id"].count()
    assert {(None if pd.isna(task) else task, int(n)) for task, n in counts.items()} == set(tasks)
    assert str(models["created_at"].dtype).startswith("datetime64")


def test_queries_of_the_site_run_on_the_copy(copy: Path) -> None:
    """All sources, and the queries of all pages with the default of every input."""
    with duckdb.connect() as connection:
        connection.execute("create schema hub")
        for path in sorted((ROOT / "site" / "sources").rglob("*.sql")):
            query = path.read_text().replace("${parquet}", str(copy / "parquet")).replace("${models}", "500")
            connection.execute(f"create table hub.{path.stem} as {query}")
        rows = {}
        for path in [*(ROOT / "site" / "pages").glob("*.md"), *(ROOT / "site" / "partials").glob("*.md")]:
            text = path.read_text()
            defaults = dict(re.findall(r"<Dropdown [^>]*name=(\w+) [^>]*defaultValue=(\w+)", text))
            for name, query in re.findall(r"^```sql (\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
                for choice, value in defaults.items():
                    query = query.replace(f"${{inputs.{choice}.value}}", value)
                rows[path.stem, name] = connection.execute(re.sub(r"\$\{[^}]*\}", "", query)).fetchall()
    assert sum(row[1] for row in rows["licenses", "with_parent"]) == pytest.approx(1)
    assert sum(row[1] for row in rows["licenses", "consistency"]) == rows["about", "about"][0][3]
    assert all(rows["licenses", name] for name in ("dropped", "rules", "conflicts", "families", "findings"))


@pytest.fixture(scope="module")
def metricflow(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run `mf query` on the build. It reads target/semantic_manifest.json in its working directory."""
    folder = tmp_path_factory.mktemp("mf")
    (folder / "target").mkdir()
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, folder)
    shutil.copy(build.target / "semantic_manifest.json", folder / "target")

    def query(metrics: str, group_by: str) -> list[dict[str, str]]:
        out = folder / "out.csv"
        out.unlink(missing_ok=True)
        done = subprocess.run(
            [str(BIN / "mf"), "query", "--metrics", metrics, "--group-by", group_by, "--csv", str(out), "--quiet"],
            cwd=folder,
            env={**os.environ, "PHYLOHUB_DATABASE": str(build.database)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        with out.open() as file:
            return list(csv.DictReader(file))

    return query


def test_mutation_rate_metric_equals_the_mart(build: Build, metricflow: Any) -> None:
    rows = metricflow("mutation_rate,comparable_edges", "mutation__trait,mutation__relation")
    found = {(row["mutation__trait"], row["mutation__relation"]): row for row in rows}
    query = "select trait, relation, rate, n_edges from marts.mutation_rates where relation <> 'all' and n_edges > 0"
    marts = build.rows(query)
    assert found.keys() == {row[:2] for row in marts}
    for trait, relation, rate, n_edges in marts:
        assert float(found[trait, relation]["mutation_rate"]) == pytest.approx(rate, abs=1e-12)
        assert int(found[trait, relation]["comparable_edges"]) == n_edges


def test_metrics_of_models_edges_and_licenses_equal_the_marts(build: Build, metricflow: Any) -> None:
    rows = metricflow("models", "metric_time__month")
    growth = build.rows("select strftime(month, '%Y-%m'), n_models from marts.growth_by_month order by 1")
    assert sorted((row["metric_time__month"][:7], int(row["models"])) for row in rows) == growth
    rows = metricflow("edges,edges_without_parent,license_changes", "metric_time__year")
    query = "select count(*), count(*) filter (where not parent_in_hub) from marts.lineage_edges"
    assert [
        (sum(int(row["edges"]) for row in rows), sum(int(row["edges_without_parent"]) for row in rows))
    ] == build.rows(query)
    changed = "select count(*) from intermediate.int_dated_mutations where trait = 'license' and mutation > 0"
    assert [(sum(int(row["license_changes"] or 0) for row in rows),)] == build.rows(changed)


def test_exposures_depend_on_the_marts_they_read(manifest: dict[str, Any]) -> None:
    exposures = {exposure["name"]: exposure for exposure in manifest["exposures"].values()}
    assert {"published_copy", "report", "site"} <= exposures.keys()
    marts = {
        node["name"]: key
        for key, node in manifest["nodes"].items()
        if node["schema"] == "marts" and key.startswith("model.")
    }
    report = r"\bmarts\.(\w+)", [path.read_text() for path in (ROOT / "phylohub" / "report").glob("*.py")]
    site = r"/(\w+)\.parquet", [path.read_text() for path in (ROOT / "site" / "sources").rglob("*.sql")]
    for name, (pattern, files) in {"report": report, "site": site}.items():
        read = {marts[word] for file in files for word in re.findall(pattern, file) if word in marts}
        assert set(exposures[name]["depends_on"]["nodes"]) == read
    assert set(exposures["published_copy"]["depends_on"]["nodes"]) == set(marts.values())


def test_docs_list_every_mart_and_describe_every_column(build: Build, manifest: dict[str, Any]) -> None:
    overview = manifest["docs"]["doc.phylohub.__overview__"]["block_contents"]
    marts = {node["name"] for node in manifest["nodes"].values() if node["schema"] == "marts"}
    assert not [mart for mart in sorted(marts) if f"`{mart}`" not in overview]
    nodes = manifest["nodes"] | manifest["sources"]
    described = {
        (node["schema"], node.get("identifier") or node["name"], column.lower())
        for node in nodes.values()
        for column, properties in node["columns"].items()
        if properties["description"].strip()
    }
    tables = {(node["schema"], node.get("identifier") or node["name"]) for node in nodes.values()}
    columns = {
        row
        for row in build.rows("select schema_name, table_name, column_name from duckdb_columns()")
        if row[:2] in tables
    }
    assert not sorted(columns - described)
    built = {row[:2] for row in columns}
    assert not sorted({row for row in described if row[:2] in built} - columns)
    documented = [key for key, node in nodes.items() if key.split(".")[0] in ("model", "seed", "source")]
    assert not [key for key in documented if not nodes[key]["description"].strip()]
