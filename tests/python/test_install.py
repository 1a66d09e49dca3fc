"""The wheel outside the checkout, and the checkout as a package of another dbt project."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest
from conftest import BIN, FEW_DRAWS, ROOT

DBT_PROJECT = f"""
name: my_project
version: "1.0"
profile: my_profile
flags: {{send_anonymous_usage_stats: false}}
vars: {{phylohub: {json.dumps(FEW_DRAWS)}}}
"""

PROFILES = """
my_profile:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: "{{ env_var('PHYLOHUB_DATABASE') }}"
      threads: 2
      settings: {TimeZone: UTC}
      plugins: [{module: phylohub.operate.dbt_plugin, alias: publish}]
"""

MY_MODEL = "select family_id, n_models from {{ ref('phylohub', 'families') }} where edge_set = 'all'"

# -P keeps the working directory off the path, as for the installed script.
MAIN = [sys.executable, "-P", "-c", "from phylohub.cli.main import main; main()"]


class Installed:
    """A folder with the installed wheel, a dbt project that uses the package, and a build file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = folder / "site-packages"
        self.project = folder / "project"
        self.database = folder / "data" / "phylohub.duckdb"

    def run(self, *command: str, cwd: Path | None = None) -> str:
        """The output of a command that imports phylohub from the installed wheel only."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PHYLOHUB_"))}
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env={**environment, "PYTHONPATH": str(self.site), "PHYLOHUB_DATABASE": str(self.database), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def phylohub(self, *arguments: str) -> str:
        return self.run(*MAIN, *arguments)

    def dbt(self, *arguments: str) -> str:
        return self.run(str(BIN / "dbt"), *arguments, cwd=self.project)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since building leaves files in the source folder."""
    folder = tmp_path_factory.mktemp("wheel")
    checkout = folder / "checkout"
    checkout.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in ("phylohub", "ingest", "seeds", "benchmarks", "tests"):
        shutil.copytree(ROOT / name, checkout / name, symlinks=True, ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout / name)
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(checkout))
    (path,) = folder.glob("*.whl")
    return path


def pip(command: str, *arguments: str) -> None:
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    subprocess.run([sys.executable, "-m", "pip", command, *options, *arguments], env=environment, check=True)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    installed = Installed(tmp_path_factory.mktemp("installed"))
    pip("install", "--target", str(installed.site), str(wheel))
    return installed


@pytest.fixture(scope="module")
def built(installed: Installed) -> Installed:
    """The build file after `dbt deps` and `dbt build` in a project that has phylohub as a package."""
    installed.phylohub("ingest", "synthetic", "--models", "300")
    (installed.project / "models").mkdir(parents=True)
    (installed.project / "models" / "my_families.sql").write_text(MY_MODEL)
    (installed.project / "dbt_project.yml").write_text(DBT_PROJECT)
    (installed.project / "profiles.yml").write_text(PROFILES)
    (installed.project / "packages.yml").write_text(json.dumps({"packages": [{"local": str(ROOT)}]}))
    installed.dbt("deps")
    installed.dbt("build", "--exclude-resource-types", "test", "unit_test")
    return installed


def test_wheel_has_one_top_level_package_with_all_its_files(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (top_level,) = [name for name in names if name.endswith(".dist-info/top_level.txt")]
        assert archive.read(top_level).decode().split() == ["phylohub"]
    assert {name.partition("/")[0] for name in names} == {"phylohub", Path(top_level).parent.name}
    modules = {
        f"phylohub/{path.relative_to(ROOT / 'phylohub')}"
        for path in (ROOT / "phylohub").rglob("*")
        if path.suffix in (".py", ".j2", ".js", ".css") and "__pycache__" not in path.parts
    }
    modules |= {f"phylohub/ingest/{path.name}" for path in (ROOT / "ingest").glob("*.py")}
    modules |= {f"phylohub/seeds/{path.name}" for path in (ROOT / "seeds").glob("published_*.csv")}
    assert modules == {name for name in names if name.startswith("phylohub/")}


def test_installed_package_is_imported_outside_the_checkout(installed: Installed) -> None:
    program = "import phylohub, phylohub.ingest.crawl as c; print(phylohub.__file__, c.__file__, sep='\\n')"
    files = installed.run(sys.executable, "-P", "-c", program).splitlines()
    assert files == [str(installed.site / "phylohub" / name) for name in ("__init__.py", "ingest/crawl.py")]
    assert "Usage: phylohub" in installed.phylohub("--help")


def test_marts_are_built_as_a_dbt_package(built: Installed) -> None:
    marts = {path.stem for path in (ROOT / "models" / "marts").rglob("*.sql")}
    found = {name for (name,) in built.rows("select table_name from duckdb_tables() where schema_name = 'marts'")}
    views = {name for (name,) in built.rows("select view_name from duckdb_views() where schema_name = 'marts'")}
    assert found | views == marts
    assert built.rows("select count(*) from marts.models") == [(300,)]
    assert {name for (name,) in built.rows("select distinct schema_name from duckdb_tables() where not internal")} == {
        *("main", "raw", "staging", "intermediate", "marts")
    }
    # Models of the project itself keep dbt's own schema names.
    assert built.rows("select count(*) > 0 from main.my_families") == [(True,)]
    assert built.rows("select count(*) from main.build_results where status <> 'success'") == [(0,)]


def test_installed_commands_read_the_build(built: Installed, tmp_path: Path) -> None:
    ((model_id,),) = built.rows("select model_id from marts.models order by n_descendants desc, model_id limit 1")
    assert f"> {model_id} <" in built.phylohub("tree", str(model_id))
    assert json.loads(built.phylohub("model", str(model_id), "--json"))["model_id"] == model_id
    assert "index.html" in built.phylohub("report", "--to", str(tmp_path / "report"))
    assert (tmp_path / "report" / "index.html").exists()


def test_installed_package_publishes(built: Installed, tmp_path: Path) -> None:
    assert "published" in built.phylohub("publish", "--to", str(tmp_path))
    manifest = json.loads((tmp_path / "current" / "manifest.json").read_text())
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert manifest["phylohub_version"] == version[1]
    assert manifest["git_commit"] is None
    folder = tmp_path / "by_dbt"
    assert "published" in built.dbt("run-operation", "publish", "--args", json.dumps({"to": str(folder)}))
    assert (folder / "current" / "parquet" / "models.parquet").exists()
