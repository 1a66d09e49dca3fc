"""Queries about one model: trees, profiles and differences, on one small hub that is built once."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import networkx as nx
import pyarrow as pa
import pytest
from conftest import run_dbt, run_phylohub
from typer.testing import CliRunner, Result

from phylohub.cli.main import app
from phylohub.explore.diff import compare_records
from phylohub.explore.lineage import read_family, read_tree
from phylohub.explore.profile import inheritance
from phylohub.explore.warehouse import open_warehouse
from phylohub.trees.edges import EdgeSet
from phylohub.trees.forest import MAX_GUIDES

Run = Callable[..., Result]

HOSTILE = "evil/\x1b[31m[bold]<script>alert(1)</script>\u202e"
SHOWN = r"evil/\x1b[31m[bold]<script>alert(1)</script>\u202e"
CARD = "A card that is long enough for a Levenshtein similarity. " * 10


def record(model_id: str, *parents: str, **fields: Any) -> dict[str, Any]:
    tags = [f"base_model:{parent}" for parent in parents]
    tags += [f"license:{fields['license']}"] if "license" in fields else []
    found = {"id": model_id, "createdAt": fields.get("created", "2024-01-01T00:00:00.000Z"), "tags": tags}
    return found | {key: value for key, value in fields.items() if key not in ("license", "created")}


RECORDS = [
    record("lab/base", license="llama3", downloads=900, created="2023-01-01T00:00:00.000Z"),
    record("lab/base-it", "finetune:lab/base", license="llama3", downloads=500, created="2023-02-01T00:00:00.000Z"),
    record(
        "me/chat", "finetune:lab/base-it", "lab/base-it", license="mit", downloads=70, siblings=[{"rfilename": "a"}],
        cardData={"license": "mit"},
    ),
    record("me/chat-GGUF", "quantized:me/chat", downloads=1),
    record("me/chat-LoRA", "adapter:me/chat", license="mit", siblings=[{"rfilename": "b"}], likes=3, cardData={}),
    record("me/mix", "merge:me/chat", "merge:other/base", "merge:gone/model", license="mit"),
    record("me/mix-GGUF", "quantized:me/mix", "quantized:other/base"),
    record("other/base", license="apache-2.0", created="2023-01-02T00:00:00.000Z"),
    record(HOSTILE, "adapter:me/chat", license="[red]\x07"),
    record("c/one", "finetune:c/two", created="2024-01-02T00:00:00.000Z"),
    record("c/two", "finetune:c/one", created="2024-01-01T00:00:00.000Z"),
    record("c/self", "finetune:c/self", "finetune:c/two"),
    record("x/alone", tags=["region:us"]),
    *(record(f"k/kid-{n}", "quantized:lab/base", downloads=n) for n in range(9)),
]  # fmt: skip  # one model per line


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explore")
    database = folder / "phylohub.duckdb"
    records = folder / "hub.jsonl"
    records.write_text("".join(json.dumps(one) + "\n" for one in RECORDS))
    cards = folder / "cards.jsonl"
    texts = {"lab/base-it": CARD + "\nfirst\nsame\n", "me/chat": CARD + "\nsecond\x1b[31m\nsame\n"}
    cards.write_text("".join(json.dumps({"id": key, "card": text}) + "\n" for key, text in texts.items()))
    for arguments in (["dump", str(records)], ["cards", "--file", str(cards)]):
        done = run_phylohub(database, "ingest", *arguments)
        assert done.returncode == 0, done.stderr
    few = {"n_draws": 20, "n_resamples": 20, "n_order_resamples": 1}
    for command in (["seed"], ["run", "--vars", json.dumps(few)]):
        done = run_dbt(database, folder / "target", *command)
        assert done.returncode == 0, done.stdout
    return database


@pytest.fixture
def run(hub: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PHYLOHUB_DATABASE", str(hub))

    def invoke(*arguments: str, columns: int = 100) -> Result:
        result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": str(columns)})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert_harmless(result.output)
        return result

    return invoke


def assert_harmless(text: str) -> None:
    assert [char for char in text if not char.isprintable() and char != "\n"] == []


def lines(result: Result) -> list[str]:
    assert (result.exit_code, result.stderr) == (0, "")
    return [line.rstrip() for line in result.stdout.splitlines()]


# ---- tree ----------------------------------------------------------------------------------------------------


def test_tree_shows_the_path_from_the_root_and_descendants(run: Run) -> None:
    assert lines(run("tree", "me/chat")) == [
        "all relations: family of lab/base, 18 models, 2 roots; 2 steps from its nearest root",
        "lab/base  llama3, 10 children, 16 descendants, 900 downloads",
        "└── finetune lab/base-it  llama3, 1 child, 6 descendants, 500 downloads",
        "    └── finetune > me/chat <  mit, 4 children, 5 descendants, 70 downloads",
        rf"        ├── adapter 2 models: {SHOWN}, me/chat-LoRA",
        r"        │   [red]\x07 1, mit 1",
        "        ├── quantized me/chat-GGUF  1 download",
        "        └── merge me/mix  mit, 1 child",
        "            also from other/base (merge)",
        "            declared parent not in the snapshot: gone/model (merge)",
        "            └── quantized me/mix-GGUF",
        "                also from other/base (quantized)",
    ]
    assert run("tree", "lab/base", columns=200).stdout.splitlines()[2] == (
        "├── quantized 9 models: k/kid-8, k/kid-7, k/kid-6 and 6 more  no license"
    )


def test_depth_and_width_count_hidden_models(run: Run) -> None:
    assert lines(run("tree", "lab/base", "--depth", "1"))[1:] == [
        "> lab/base <  llama3, 10 children, 16 descendants, 900 downloads",
        "├── quantized 9 models: k/kid-8, k/kid-7, k/kid-6 and 6 more  no license",
        "└── finetune lab/base-it  llama3, 1 child, 6 descendants, 500 downloads ... and 6 more below",
        "show more with --depth and --width, or all with --html FILE",
    ]
    whole = lines(run("tree", "lab/base", "--depth", "9", "--width", "99"))
    assert not [line for line in whole if "more below" in line or "more branch" in line]


def test_edge_set_limits_the_relations(run: Run) -> None:
    shown = "\n".join(lines(run("tree", "me/chat", "--edge-set", "no_merge")))
    assert "me/chat-GGUF" in shown
    assert "me/mix" not in shown
    alone = lines(run("tree", "me/mix", "--edge-set", "finetune"))
    assert alone[0] == "fine-tunes only: no parent and no child in the snapshot; try --edge-set all"
    assert alone[1:] == ["> me/mix <  mit"]
    assert lines(run("tree", "x/alone"))[0] == "all relations: no parent and no child in the snapshot"


def test_cut_cycles_are_noted(run: Run) -> None:
    assert lines(run("tree", "c/one"))[1:] == [
        "c/two  2 children",
        "edge cut to break a cycle: c/one (finetune)",
        "└── finetune > c/one <",
    ]
    assert "    declares itself as its parent: c/self (finetune)" in lines(run("tree", "c/self"))


def replace_lineage(hub: Path, database: Path, graph: nx.DiGraph, root: str) -> None:
    """Copy the hub with another lineage: the descendants of `root` in `graph`, all by fine-tuning."""
    shutil.copy(hub, database)
    distances = dict(nx.all_pairs_shortest_path_length(graph))
    models = [
        (model, graph.in_degree(model), graph.out_degree(model), len(distances[model]) - 1, distances[root][model])
        for model in graph
    ]
    pairs = [(one, other, n) for one, below in distances.items() for other, n in below.items() if n]
    with duckdb.connect(str(database)) as connection:
        for mart in ("models", "lineage_edges", "lineage_closure", "model_ancestry", "families"):
            connection.execute(f"create table emptied as from marts.{mart} limit 0")
            connection.execute(f"drop view marts.{mart}")
            connection.execute(f"create table marts.{mart} as from emptied")
            connection.execute("drop table emptied")
        nodes = pa.table(
            dict(zip(("model_id", "n_parents", "n_children", "below", "away"), zip(*models, strict=True), strict=True))
        )
        closure = pa.table(dict(zip(("one", "other", "n"), zip(*pairs, strict=True), strict=True)))
        edges = pa.table(dict(zip(("parent", "child"), zip(*graph.edges, strict=True), strict=True)))
        connection.register("nodes", nodes)
        connection.register("closure", closure)
        connection.register("edges", edges)
        connection.execute(
            "insert into marts.models by name select model_id, false as is_synthetic, n_children, below as "
            "n_descendants from nodes"
        )
        connection.execute(
            "insert into marts.model_ancestry by name select model_id, 'all' as edge_set, $root as root_id, $root as "
            "family_id, n_children, below as n_descendants, away as generation, away as depth from nodes",
            {"root": root},
        )
        connection.execute(
            "insert into marts.families by name select 'all' as edge_set, $root as family_id, count(*) as n_models, 1 "
            "as n_roots from nodes",
            {"root": root},
        )
        connection.execute("insert into marts.lineage_closure select 'all', one, other, n from closure")
        connection.execute(
            "insert into marts.lineage_edges select parent, child, 'finetune', true, false, false, true, false, false, "
            "false from edges"
        )


def test_models_with_several_paths_are_shown_once(run: Run, tmp_path: Path, hub: Path) -> None:
    """A ladder of diamonds has exponentially many paths, but every model is shown once."""
    database = tmp_path / "phylohub.duckdb"
    rungs = 12
    graph = nx.DiGraph([(f"d/{n}{a}", f"d/{n + 1}{b}") for n in range(rungs) for a in "ab" for b in "ab"])
    graph.remove_node("d/0b")
    replace_lineage(hub, database, graph, "d/0a")
    os.environ["PHYLOHUB_DATABASE"] = str(database)  # the fixture `run` restores it
    with open_warehouse(print) as warehouse:
        forest = read_tree(warehouse, "d/0a", EdgeSet.ALL)
    assert sorted(forest.ids) == sorted(graph)
    above = [forest.ids[place] for place in forest.parent[1:]]
    assert all(graph.has_edge(parent, model) for parent, model in zip(above, forest.ids[1:], strict=True))
    shown = run("tree", "d/0a", "--depth", "99", columns=200).stdout
    assert shown.count("also from d/") == 2 * (rungs - 2)  # not in the last rung, whose two models are folded
    assert "finetune 2 models: d/12a, d/12b" in shown


def test_a_chain_of_1500_models_is_shown(run: Run, tmp_path: Path, hub: Path) -> None:
    database = tmp_path / "phylohub.duckdb"
    names = [f"c/{n:04}" for n in range(1500)]
    replace_lineage(hub, database, nx.path_graph(names, create_using=nx.DiGraph), names[0])
    os.environ["PHYLOHUB_DATABASE"] = str(database)
    shown = lines(run("tree", names[0], "--depth", "5000", columns=200))
    assert len(shown) == 1501
    assert shown[MAX_GUIDES + 2].strip().startswith(f"({MAX_GUIDES + 1})")
    assert "(1,498) finetune c/1498" in shown[-2]
    assert all(len(line) < 200 for line in shown)
    last = lines(run("tree", names[-1], columns=200))
    assert len(last) == 1501
    assert "> c/1499 <" in last[-1]
    path = tmp_path / "tree.html"
    assert lines(run("tree", names[700], "--html", str(path))) == [f"wrote {path} (1,500 models)"]


def test_trees_match_networkx(run: Run, hub: Path) -> None:
    """networkx finds the same descendants and shortest paths on the edges that are not cut."""
    cut = {EdgeSet.ALL: "not is_cut_all", EdgeSet.FINETUNE: "not is_cut_finetune and relation = 'finetune'"}
    for edge_set, condition in cut.items():
        with open_warehouse(print) as warehouse:
            graph = nx.DiGraph()
            edges = warehouse.rows(
                "select parent_id, child_id from marts.lineage_edges "
                f"where parent_in_hub and not is_self_loop and {condition}"
            )
            graph.add_edges_from((edge["parent_id"], edge["child_id"]) for edge in edges)
            roots = {node for node in graph if graph.in_degree(node) == 0}
            for model in graph:
                forest = read_tree(warehouse, model, edge_set)
                top = forest.ids.index(model)
                below = forest.ids[top : top + forest.size[top]]
                assert sorted(below) == sorted({model} | nx.descendants(graph, model))
                assert forest.level[top:].tolist() == [
                    forest.level[top] + nx.shortest_path_length(graph, model, other) for other in below
                ]
                path = [forest.ids[place] for place in forest.path(top)]
                assert path == forest.ids[: top + 1]
                assert path[0] in roots
                assert nx.is_path(graph, path)
                assert len(path) == min(
                    nx.shortest_path_length(graph, root, model) + 1 for root in roots if nx.has_path(graph, root, model)
                )
                family = read_family(warehouse, model, edge_set)
                (component,) = [nodes for nodes in nx.weakly_connected_components(graph) if model in nodes]
                assert sorted(family.ids) == sorted(component)
                for place, name in enumerate(family.ids):
                    above = family.path(place)
                    assert nx.is_path(graph, [family.ids[step] for step in above])
                    assert len(above) - 1 == min(
                        nx.shortest_path_length(graph, root, name) for root in roots if nx.has_path(graph, root, name)
                    )


class Page(HTMLParser):
    """The tags of a page, its text, and the attributes that could load something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.fetched: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        if tag not in ("meta", "input"):
            self.open.append(tag)
        self.fetched += [
            (name, value) for name, value in attrs if name in ("src", "href", "action") or name[:2] == "on"
        ]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_page_is_valid_and_loads_nothing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "tree.html"
    assert lines(run("tree", "me/chat", "--html", str(path))) == [f"wrote {path} (18 models)"]
    text = path.read_text()
    page = Page(text)
    assert page.open == []
    assert page.fetched == [("href", "#main")]
    assert page.opened.count("script") == 1
    assert "lab/base  [quantized 9]" in page.text, "the outline is there without a script"
    assert HOSTILE not in text
    assert "&lt;script&gt;" not in text, "names of models are data, not markup"
    assert_harmless(text)
    assert [left.name for left in tmp_path.iterdir()] == ["tree.html"]
    missing = run("tree", "me/chat", "--html", str(tmp_path / "no" / "tree.html"))
    assert missing.exit_code == 1
    assert re.fullmatch(r"error: .*No such file or directory.*\n", missing.stderr)


# ---- model ---------------------------------------------------------------------------------------------------


def test_profile_shows_the_inheritance_of_licenses(run: Run) -> None:
    shown = lines(run("model", "me/chat"))
    assert shown[-4:] == [
        "licenses from the root to this model",
        "          lab/base     llama3  root",
        "finetune  lab/base-it  llama3  inherited",
        "finetune  me/chat      mit     mutated",
    ]
    for line in (
        "licenses            mit",
        "children            4 (2 adapter, 1 merge, 1 quantized)",
        "lineage, all        root lab/base; 2 steps from its nearest root; family of lab/base",
        "card                ok",
    ):
        assert line in shown


@pytest.mark.parametrize(
    ("parent", "child", "word"),
    [
        (["a"], ["a"], "inherited"),
        (["a"], ["b"], "mutated"),
        (["a"], ["a", "b"], "mutated"),
        (["a"], [], "dropped"),
        ([], ["a"], "added"),
        ([], [], "none"),
    ],
)
def test_inheritance_of_a_license(parent: list[str], child: list[str], word: str) -> None:
    assert inheritance(parent, child) == word


def test_profile_as_json(run: Run) -> None:
    profile = json.loads(run("model", "me/mix", "--json").stdout)
    assert profile["parents"] == [
        {"parent_id": "gone/model", "relation": "merge", "state": "missing"},
        {"parent_id": "me/chat", "relation": "merge", "state": "parent"},
        {"parent_id": "other/base", "relation": "merge", "state": "parent"},
    ]
    assert profile["children_by_relation"] == {"quantized": 1}
    assert profile["ancestry"]["all"]["n_roots"] == 2
    assert profile["card_outcome"] is None
    assert json.loads(run("model", HOSTILE, "--json").stdout)["model_id"] == HOSTILE


# ---- diff ----------------------------------------------------------------------------------------------------


def test_diff_compares_a_model_with_its_parent(run: Run) -> None:
    shown = lines(run("diff", "me/chat"))
    assert shown[:22] == [
        "- lab/base-it",
        "+ me/chat",
        "",
        "record: 5 fields differ, 0 are equal",
        "cardData.license",
        "  + mit",
        "createdAt",
        "  - 2023-02-01T00:00:00.000Z",
        "  + 2024-01-01T00:00:00.000Z",
        "downloads",
        "  - 500",
        "  + 70",
        "siblings",
        "  + a",
        "tags",
        "  - base_model:finetune:lab/base",
        "  - license:llama3",
        "  + base_model:finetune:lab/base-it",
        "  + base_model:lab/base-it",
        "  + license:mit",
        "",
        "cards: different",
    ]
    assert "-first" in shown
    assert r"+second\x1b[31m" in shown
    assert "... and 2 more lines (--lines)" in lines(run("diff", "me/chat", "--lines", "5"))
    two = run("diff", "me/mix")
    assert two.stderr == "comparing with other/base; other parents: me/chat\n"
    orphan = run("diff", "x/alone")
    assert (orphan.exit_code, orphan.stdout) == (1, "")
    assert "x/alone has no parent in the snapshot" in orphan.stderr


def test_diff_compares_two_models(run: Run) -> None:
    shown = lines(run("diff", "me/chat", "me/chat-LoRA"))
    assert "record: 6 fields differ, 1 are equal" in shown
    assert "Cards are not compared: none has been fetched for me/chat-LoRA, or none exists." in shown
    assert [line for line in shown if line.startswith("  metadata, levenshtein: 0.")]
    same = lines(run("diff", "me/chat", "me/chat"))
    assert "record: 0 fields differ, 5 are equal" in same
    assert "cards: equal" in same


def test_records_are_compared_field_by_field() -> None:
    first = {"id": "a", "n": 1, "gone": None, "list": [1, {"x": 1, "y": 2}], "deep": {"a": {"b": "x"}}, "odd": ["a"]}
    second = {"id": "b", "n": 1, "list": [{"x": 1, "y": 2}, "1"], "deep": {"a": {"b": "y"}}, "odd": "a"}
    changes, n_same = compare_records(first, second)
    assert n_same == 2  # n and list: 1 and "1" have the same text
    assert [(change.name, change.before, change.after) for change in changes] == [
        ("deep.a.b", "x", "y"),
        ("gone", "null", None),
        ("odd", "a", "a"),
    ]


# ---- finding a model -----------------------------------------------------------------------------------------


def test_mistyped_id_lists_similar_ids(run: Run) -> None:
    result = run("tree", "me/chta")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "error: No model has the id or name me/chta. Did you mean one of these?",
        "  me/chat  (5 descendants, 70 downloads)",
    ]
    assert run("model", "chat-GUFF").stderr.splitlines()[1].startswith("  me/chat-GGUF ")
    nothing = run("diff", "me/chat", "zzzzzzzzzzzzzzzzzzzz")
    assert (nothing.exit_code, nothing.stderr) == (
        1,
        "error: No model has the id or name zzzzzzzzzzzzzzzzzzzz. Check the spelling.\n",
    )
    assert run("tree", "bad\x1b[31m\u202e").exit_code == 1
    assert run("tree", "\udcff").exit_code == 1


def test_case_and_author_are_optional(run: Run) -> None:
    result = run("tree", "ME/Chat")
    assert (result.exit_code, result.stderr) == (0, "using me/chat for ME/Chat\n")
    assert run("model", "CHAT-gguf").stderr == "using me/chat-GGUF for CHAT-gguf\n"
    several = run("model", "base")
    assert (several.exit_code, several.stdout) == (1, "")
    assert several.stderr.splitlines() == [
        "error: 2 models are named base. Give the full id:",
        "  lab/base  (16 descendants, 900 downloads)",
        "  other/base  (2 descendants, 0 downloads)",
    ]


def test_missing_parent_lists_its_children(run: Run) -> None:
    result = run("tree", "gone/model")
    assert result.exit_code == 1
    assert "gone/model is not in the snapshot: it is deleted, private or renamed" in result.stderr
    assert result.stderr.splitlines()[1:] == ["  me/mix"]


# ---- build file and published copy ----------------------------------------------------------------------------


def test_published_copy_is_the_fallback(run: Run, hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "phylohub.duckdb"
    published = tmp_path / "published" / "current" / "phylohub.duckdb"
    monkeypatch.setenv("PHYLOHUB_DATABASE", str(database))
    nothing = run("tree", "me/chat")
    assert nothing.exit_code == 1
    assert "There is no warehouse" in nothing.stderr
    published.parent.mkdir(parents=True)
    with duckdb.connect(str(published)) as connection:
        connection.execute(f"attach '{hub}' as hub (read_only)")
        connection.execute("create schema marts")
        for (mart,) in connection.execute(
            "select table_name from information_schema.tables where table_catalog = 'hub' and table_schema = 'marts'"
        ).fetchall():
            connection.execute(f"create table marts.{mart} as from hub.marts.{mart}")
    tree = run("tree", "me/chat")
    assert tree.exit_code == 0
    assert "Reading the published copy" in tree.stderr
    assert "finetune > me/chat <" in tree.stdout
    assert "card                unknown" in run("model", "me/chat").stdout
    difference = run("diff", "me/chat")
    assert "This file has marts only" in difference.stdout
    assert "record:" not in difference.stdout
    duckdb.connect(str(database)).close()  # a file without marts
    assert run("tree", "me/chat").exit_code == 0
    published.unlink()
    assert "There are no marts in" in run("tree", "me/chat").stderr


def test_installed_command(hub: Path) -> None:
    shown = run_phylohub(hub, "tree", "me/chat-GGUF")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "quantized > me/chat-GGUF <" in shown.stdout
    assert "model" in run_phylohub(hub, "--help").stdout
