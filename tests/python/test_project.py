"""Conventions of the repository: the dbt project, its SQL, the dependencies, the linters and the prose."""

import fnmatch
import graphlib
import io
import itertools
import json
import os
import re
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from conftest import FEW_DRAWS, ROOT, run_dbt, run_phylohub

# Engine-specific SQL, which belongs in a macro of macros/engine.
TYPE_NAME = "type name of one engine"
ENGINE_SQL = {
    "`::` cast": r"::",
    "`//` division": r"//",
    "`->` operator or lambda": r"->",
    "list, index or struct syntax": r"\[",
    "double-quoted identifier": '"',
    "backslash in a string literal": r"\\",
    "decimal literal in arithmetic": r"(?<![\w.])\d+\.\d+\s*[-+*/%]|[-+*/%]\s*\d+\.\d+",
    "qualify": r"\bqualify\b",
    "group by all, order by all": r"\b(?:group|order)\s+by\s+all\b",
    "select * exclude, replace or rename": r"\*\s*(?:exclude|except|replace|rename)\b",
    TYPE_NAME: r"\b(?:varchar|u?hugeint)\b|\bas\s+text\b",
    "function of one engine": (
        r"\b(?:starts_with|ends_with|startswith|endswith|contains|strpos|instr|arg_max|arg_min|max_by|min_by|unnest"
        r"|generate_series|string_agg|group_concat|len|from_json|to_json"
        r"|(?:array|epoch|json|list|map|regexp|struct)_\w+)\s*\("
    ),
    "extract(epoch ...)": r"\bextract\s*\(\s*epoch\b",
    "aggregate with order by": (
        r"\b(?:any_value|array_agg|avg|count|first|last|list|listagg|max|min|string_agg|sum)\s*"
        r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\border\s+by\b"
    ),
    "comparison of rows": (
        r"(?:\b(?:on|where|and|or|not|when|having|select|then|else)\s*|[,(]\s*)"
        r"\((?:[^()]|\([^()]*\))*,(?:[^()]|\([^()]*\))*\)\s*(?:<|>|=|!=)"
    ),
    "as [not] materialized": r"\bas\s+(?:not\s+)?materialized\b",
    "with recursive": r"\brecursive\b",
    "using key": r"\busing\s+key\b",
}

# Phrases that the project does not use, and what to write instead.
REPLACED_PHRASES = {
    r"one row an?\b": "one row per",
    r"laid aside": "materialized, or spills to disk",
    r"(?:is|are|was|were) set aside": "is rejected",
    r"mend(?:s|ed|ing)?": "fix",
    r"(?:is|are) told of": "is processed, is recorded",
    r"come to more often": "gained more often",
    r"whoever": "the user, or an active sentence",
    r"dear(?:er|est)?": "expensive",
    r"somebody's own": "specific to one author",
    r"waited out": "retries",
    r"none to be had": "null if",
    r"say where": "print the path, or set the path",
    r"put in order": "ordered, sorted",
    r"tag drift": "unknown values",
}
PROSE = {".cff", ".css", ".js", ".j2", ".md", ".py", ".sql", ".svelte", ".toml", ".yaml", ".yml", ""}


def project_files() -> Iterator[Path]:
    """Yield the files of the checkout, without those that .gitignore names. Links to folders are not followed."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()]
    ignored.append(".git")

    def is_kept(name: str) -> bool:
        return not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)

    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = sorted(filter(is_kept, subfolders))
        yield from (Path(folder, name) for name in sorted(filter(is_kept, names)) if not Path(folder, name).is_dir())


def model_files() -> list[Path]:
    return sorted((ROOT / "models").rglob("*.sql"))


### The dbt project


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("parse")
    done = run_dbt(folder / "phylohub.duckdb", folder, "parse")
    assert done.returncode == 0, done.stdout
    parsed: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return parsed


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Models by unique id."""
    return {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def folder_of(model: dict[str, Any]) -> str:
    """Return staging, the step of an intermediate or Python model, or marts/<subject>."""
    top, *folders, _ = Path(model["original_file_path"]).parts
    if top == "python_models":
        return folders[0]
    layer = folders[0]
    return {"staging": layer, "intermediate": folders[-1], "marts": f"marts/{folders[-1]}"}[layer]


def folder_graph(models: dict[str, dict[str, Any]]) -> dict[str, dict[str, list[str]]]:
    """Return, for each folder, the folders it reads and the references between their models."""
    graph: dict[str, dict[str, list[str]]] = {folder_of(model): {} for model in models.values()}
    for model in models.values():
        for parent in (models[key] for key in model["depends_on"]["nodes"] if key in models):
            if folder_of(parent) != folder_of(model):
                reads = graph[folder_of(model)].setdefault(folder_of(parent), [])
                reads.append(f"{model['name']} reads {parent['name']}")
    return graph


def test_model_folders_read_in_one_direction(models: dict[str, dict[str, Any]]) -> None:
    graph = folder_graph(models)
    shown = "\n".join(f"{folder} reads {', '.join(sorted(reads)) or 'sources'}" for folder, reads in graph.items())
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        cycle = error.args[1][::-1]  # each folder reads the next
        references = [graph[folder][read] for folder, read in itertools.pairwise(cycle)]
        pytest.fail(f"Model folders read each other: {' -> '.join(cycle)}\n{references}\n\nAll folders:\n{shown}")
    for folder, reads in graph.items():
        marts = [read for read in reads if read.startswith("marts/")]
        assert folder.startswith("marts/") or not marts, f"{folder} reads {marts}: {[reads[mart] for mart in marts]}"


def test_folders_that_read_each_other_are_found() -> None:
    def model(name: str, folder: str, *parents: str) -> dict[str, Any]:
        path = f"models/intermediate/{folder}/{name}.sql"
        return {"name": name, "original_file_path": path, "depends_on": {"nodes": parents}}

    models = {"a": model("a", "tags", "b"), "b": model("b", "traits", "c"), "c": model("c", "tags")}
    with pytest.raises(pytest.fail.Exception, match=r"tags -> traits -> tags|traits -> tags -> traits"):
        test_model_folders_read_in_one_direction(models)


def test_python_models_are_described_in_their_own_folder(models: dict[str, dict[str, Any]]) -> None:
    for model in models.values():
        if model["language"] == "python":
            described = model["patch_path"].partition("://")[2]
            assert Path(described).parent == Path(model["original_file_path"]).parent, model["name"]


def test_exceptions_to_dbt_conventions_exist(manifest: dict[str, Any]) -> None:
    checks = yaml.safe_load((ROOT / "dbt-bouncer.yml").read_text())["manifest_checks"]
    kinds = "nodes", "exposures", "sources"
    paths = {node["original_file_path"] for kind in kinds for node in manifest[kind].values()}
    for check in checks:
        excluded = check.get("exclude", [])
        for pattern in [excluded] if isinstance(excluded, str) else excluded:
            assert any(re.match(pattern, path) for path in paths), f"{check['name']}: {pattern} matches no file"

    # A selector lists the sources that are checked, so the description must name the others.
    sources = {source["name"] for source in manifest["sources"].values()}
    for check in checks:
        if "selector" in check:
            named = set(re.findall(r"\w+", f"{check['selector']} {check['description']}"))
            assert sources <= named, f"{check['name']} neither checks nor excepts {sources - named}"


### SQL


def test_models_are_short_and_end_in_a_named_cte() -> None:
    lengths = []
    for path in model_files():
        lines = [line for line in path.read_text().splitlines() if line.strip() and not line.strip().startswith("--")]
        lengths.append(len(lines))
        assert len(lines) <= 120, f"{path.name} has {len(lines)} lines of code; 120 are allowed"
        assert lines[-1] in ("select * from final", "select * from renamed"), path.name
    assert sorted(lengths)[len(lengths) // 2] < 30


def engine_sql(sql: str) -> list[str]:
    """Return the engine-specific expressions in the text of a SQL file, with their line numbers.

    Comments, Jinja and string literals are blanked out first. Backslashes stay, since engines read them differently.
    Type names are searched in Jinja as well, where macros build statements from strings.
    """

    def blank(found: re.Match[str]) -> str:
        kept = "'\\\\" if found.group().startswith("'") else ""
        return re.sub(rf"[^\n{kept}]", " ", found.group())

    def matches(name: str, text: str) -> list[str]:
        return [
            f"line {text.count(chr(10), 0, found.start()) + 1}: {name}: {' '.join(found.group().split())}"
            for found in re.finditer(ENGINE_SQL[name], text, re.IGNORECASE)
        ]

    comment = r"--[^\n]*|/\*.*?\*/"
    sql = re.sub(r"{#.*?#}", blank, sql, flags=re.DOTALL)
    types = matches(TYPE_NAME, re.sub(comment, blank, sql, flags=re.DOTALL))
    # Jinja goes first, since it may be inside a literal. An expression leaves a name, so `{{ a }}[1]` is found.
    sql = re.sub(r"{{(?:{{.*?}}|(?!{{).)*?}}", lambda found: "_" + blank(found)[1:], sql, flags=re.DOTALL)
    sql = re.sub(r"{%.*?%}", blank, sql, flags=re.DOTALL)
    sql = re.sub(rf"{comment}|'(?:[^']|'')*'", blank, sql, flags=re.DOTALL)
    others = [line for name in ENGINE_SQL if name != TYPE_NAME for line in matches(name, sql)]
    return list(dict.fromkeys(types + others))


def test_engine_specific_sql_is_in_engine_macros() -> None:
    paths = [
        *model_files(),
        *(ROOT / "macros").glob("*.sql"),
        *(ROOT / "tests").rglob("*.sql"),
        *(ROOT / "analyses").glob("*.sql"),
    ]
    found = [f"{path.relative_to(ROOT)} {line}" for path in sorted(paths) for line in engine_sql(path.read_text())]
    assert not found, "Move these into macros/engine:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "sql",
    [
        "select a::int",
        "select a // b",
        "select a -> b",
        "select list_transform(a, x -> x)",
        "select a[1]",
        'select "a"',
        r"select '\d'",
        "select 1.0 * a",
        "select a / 2.0",
        "select a qualify row_number() over () = 1",
        "select a, count(*) from b group by all",
        "select * exclude (a) from b",
        "select * replace (a as b) from b",
        "select cast(a as varchar)",
        "select cast(a as hugeint)",
        "select starts_with(a, 'b')",
        "select ends_with(a, 'b')",
        "select contains(a, 'b')",
        "select strpos(a, 'b')",
        "select arg_max(a, b)",
        "select list_sort(a)",
        "select json_extract(a, 'b')",
        "select regexp_matches(a, 'b')",
        "select unnest(a)",
        "select string_agg(a, ',')",
        "select generate_series(1, 2)",
        "select extract(epoch from a)",
        "select sum(a order by b)",
        "select sum(coalesce(a, abs(b)) order by b)",
        "select a from b where (a, c) < (d, e)",
        "select a from b join c on (b.x, coalesce(b.y, 0)) >= (c.x, c.y)",
        "with a as materialized (select 1)",
        "with a as not materialized (select 1)",
        "with recursive a as (select 1)",
        "with a(b) using key (b) as (select 1)",
        "select 'it''s', a::int -- {{ macro() }}",
        "{% set a = 1 %}\nselect {{ macro(a) }}::int",
        "{% do run_query('create table a (b varchar)') %}",
    ],
)
def test_engine_specific_sql_is_found(sql: str) -> None:
    assert engine_sql(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select a from b -- a::int, a[1]",
        "select a /* a::int */ from b",
        "{# a::int #} select a",
        "select {{ list_has('a[1]', \"'b'\") }} as a from {{ ref('b') }}",
        "select 'a::int -> b[1] \"c\" --', a",
        "select sum(a) over (partition by b order by c)",
        "select count(*) filter (where a > 0.5)",
        "select a from b where a in (1, 2) and coalesce(a, 1) < abs(b)",
        "select a from b where (a, c) in (select d, e from f)",
        "select n_materialized as materialized_rows, length, contains_a from b",
        "select cast(a as double) / b",
    ],
)
def test_portable_sql_is_accepted(sql: str) -> None:
    assert engine_sql(sql) == []


### Dependencies and linters


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_file_has_hashes_and_no_addresses(name: str) -> None:
    lock = (ROOT / name).read_text()
    packages = re.findall(r"^[a-z0-9_.-]+(?:\[[a-z,]+\])?==", lock, re.MULTILINE)
    assert len(packages) > 50
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in lock
    assert "index-url" not in lock


def test_both_lock_files_hold_the_same_versions() -> None:
    # Extras and conditions differ: a package for developers may ask for an extra of one that a build needs.
    build, dev = (
        set(re.findall(r"^([a-z0-9_.-]+)(?:\[.*\])?==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert build < dev


def test_every_dependency_has_a_reason() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    for block in re.findall(r"^(?:dependencies|install|dev) = \[\n(.*?)^\]", project, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            assert re.search(r'",\s+# \w', line), line


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line number and text of each comment in a Python or SQL file."""
    if path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    else:
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if "--" in line:
                yield number, line[line.index("--") :]


def test_every_suppressed_lint_rule_has_a_reason() -> None:
    paths = [path for path in project_files() if path.suffix in (".py", ".sql")]
    folders = {path.relative_to(ROOT).parts[0] for path in paths}
    assert {"phylohub", "ingest", "benchmarks", "python_models", "models", "macros", "tests"} <= folders
    for path in paths:
        for number, comment in comments(path):
            if re.search(r"\bnoqa\b|\btype: ignore\b|\bfmt: skip\b", comment):
                place = f"{path.relative_to(ROOT)}:{number}"
                assert re.search(
                    r"noqa: [A-Z]+\d*(?:, |  # | \().+|type: ignore\[[\w, -]+\]  # \w|fmt: skip  # \w", comment
                ), f"{place} needs a rule and a reason: {comment}"


def test_pre_commit_runs_the_commands_of_make_lint() -> None:
    makefile = (ROOT / "Makefile").read_text()
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    commands = [line.strip() for line in recipe.group(1).splitlines()]
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = [hook for repository in repositories for hook in repository["hooks"]]
    assert [hook["entry"] for hook in hooks] == commands
    assert {repository["repo"] for repository in repositories} == {"local"}
    assert {hook["language"] for hook in hooks} == {"system"}
    assert not any(hook["pass_filenames"] for hook in hooks)


def test_citation_names_the_version_and_license_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["title"] == project["name"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]


### Prose


def test_texts_are_in_plain_english() -> None:
    phrases = {re.compile(rf"\b{phrase}\b", re.IGNORECASE): better for phrase, better in REPLACED_PHRASES.items()}
    found = [
        f"{path.relative_to(ROOT)}:{number}: '{match.group()}' (write: {better})"
        for path in project_files()
        if path.suffix in PROSE and path != Path(__file__) and path.name != "LICENSE"
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        for phrase, better in phrases.items()
        for match in phrase.finditer(line)
    ]
    assert not found, "\n".join(found)


### A small warehouse

# The keys of the views that dbt-bouncer.yml excepts from a key test. None: a log without a key.
VIEW_KEYS: dict[str, tuple[str, ...] | None] = {
    "declared_licenses": ("model_id", "declared_license"),
    "declared_parents": ("child_id", "declared_name", "relation"),
    "int_card_parents": ("child_key", "declared_name"),
    "int_compared_cards": ("card_id",),
    "int_dated_mutations": ("parent_id", "child_id", "relation", "trait"),
    "int_evolving_traits": ("model_key", "trait", "trait_value"),
    "int_model_documents": ("model_key",),
    "int_license_ancestors": ("ancestor_key", "descendant_key"),
    "int_license_families": ("model_key",),
    "int_model_card_fields": ("model_key",),
    "int_model_facts": ("model_key",),
    "int_model_families": ("edge_set", "model_key"),
    "int_model_relatives": ("edge_set", "model_key"),
    "int_model_traits": ("model_key", "trait", "trait_value"),
    "int_model_versions": ("model_id", "valid_from"),
    "int_record_tag_lists": ("record_id",),
    "int_record_tag_values": ("record_id", "tag_kind", "tag_value", "is_counted"),
    "int_record_tags_classified": ("record_id", "tag"),
    "int_record_weight_traits": ("record_id", "source", "trait_value"),
    "int_records_listed": ("snapshot", "source_name", "source_position"),
    "int_version_traits": ("model_id", "trait", "trait_value", "valid_from"),
    "license_findings": ("model_id", "finding", "upstream_license", "coalesce(other_license, '')"),
    "license_inheritance": ("model_id", "ancestor_id", "ancestor_license"),
    "license_obligations": ("model_id", "term", "ancestor_id"),
    "lineage_closure": ("edge_set", "ancestor_id", "descendant_id"),
    "lineage_edges": ("parent_id", "child_id", "relation"),
    "model_ancestry": ("edge_set", "model_id"),
    "model_datasets": ("model_id", "dataset"),
    "model_languages": ("model_id", "language"),
    "model_licenses": ("model_id", "license"),
    "model_metric_history": ("model_id", "valid_from"),
    "model_papers": ("model_id", "arxiv_id"),
    "model_presence": ("model_id", "present_from"),
    "model_tags": ("model_id", "tag"),
    "model_trait_history": ("model_id", "trait", "value", "valid_from"),
    "models": ("model_id",),
    "similarity_pairs": ("shape", "pair", "draw"),
    "stg_arxiv__papers": None,
    "stg_hub__cards": ("card_id",),
    "stg_hub__configs": None,
    "stg_hub__listings": ("snapshot", "source_name", "source_position"),
    "stg_hub__records": ("record_id",),
    "stg_hub__rejects": ("snapshot", "source_name", "source_position"),
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of 2,000 synthetic models, without cards and papers."""
    folder = tmp_path_factory.mktemp("warehouse")
    database = folder / "phylohub.duckdb"
    assert run_phylohub(database, "ingest", "synthetic", "--models", "2000").returncode == 0
    without = "--exclude-resource-types", "test", "unit_test"
    built = run_dbt(database, folder / "target", "build", *without, "--vars", json.dumps(FEW_DRAWS))
    assert built.returncode == 0, built.stdout
    with duckdb.connect(str(database), read_only=True) as connection:
        yield connection


def test_views_without_a_key_test_have_unique_keys(
    warehouse: duckdb.DuckDBPyConnection, models: dict[str, dict[str, Any]]
) -> None:
    checks = yaml.safe_load((ROOT / "dbt-bouncer.yml").read_text())["manifest_checks"]
    excepted = [check.get("exclude", []) for check in checks if check["name"] == "check_model_has_unique_test"]
    named = {Path(pattern.replace("\\", "")).stem for pattern in itertools.chain(*excepted)}
    assert named == VIEW_KEYS.keys()
    schemas = {model["name"]: model["schema"] for model in models.values()}
    for name, key in VIEW_KEYS.items():
        if key is not None:
            grain = f"({', '.join(key)})" if key else "1"
            query = f"select count(*) = count(distinct {grain}) from {schemas[name]}.{name}"
            assert warehouse.execute(query).fetchall() == [(True,)], f"{name} is not unique by {key}"


def readme_queries() -> list[str]:
    readme = (ROOT / "README.md").read_text()
    return re.findall(r"^\| `\w+` \| .*\| `(select .*)` \|$", readme, re.MULTILINE)


def test_readme_has_a_working_query_for_every_mart(
    warehouse: duckdb.DuckDBPyConnection, models: dict[str, dict[str, Any]]
) -> None:
    marts = {model["name"] for model in models.values() if model["schema"] == "marts"}
    queries = readme_queries()
    # These marts are empty without cards, papers and configurations.
    pattern = r"marts\.(card_drift|paper_subjects|model_architectures|architecture_\w+)\b"
    empty = [query for query in queries if re.search(pattern, query)]
    for query in queries:
        assert warehouse.execute(query).fetchall() or query in empty, query
    assert marts <= {mart for query in queries for mart in re.findall(r"marts\.(\w+)", query)}
