"""Tests of the report: complete pages that open from disk, escaped names, and figures that match the marts."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn
from xml.parsers import expat

import duckdb
import networkx as nx
import pytest
from conftest import BIN, Build, run_dbt
from typer.testing import CliRunner

from phylohub.cli.main import app
from phylohub.core.build_file import connect, connect_to_copy
from phylohub.core.errors import PhylohubError
from phylohub.methods.sampling import PAIR_KINDS, SHAPES
from phylohub.operate.publish import publish
from phylohub.report import build as report_build
from phylohub.report import charts, permissive
from phylohub.report.build import write_report
from phylohub.report.charts import Bar
from phylohub.report.families import EDGE_SET, folded_branches
from phylohub.report.marts import Marts
from phylohub.report.overview import figure_title
from phylohub.report.published import COMPARISONS, Comparison, find_comparison, read_published
from phylohub.report.shapes import glyph, layout
from phylohub.report.style import BLUE, DARK, INK, MUTED, ORANGE
from phylohub.report.text import NO_VALUE, format_number, format_share, safe_text, unique_labels
from phylohub.synthetic.hub import records
from phylohub.trees.forest import largest_rows
from phylohub.trees.read import read_families
from phylohub.trees.viewer import source_hash

HOSTILE = [
    "<script>alert(1)</script>/x",
    '"><img src=x onerror=alert(1)>/y',
    "esc\x1b[31m\x07/\u202egpj.exe",
    "{{ 7 * 7 }}/{% raw %}",
    "datum['n']/`${1}`\u2066",
    "]]>--><style>*{display:none}</style>/é\ud83d\ude00",
]
N_CHILDREN = 70


def hostile_records() -> Iterator[dict[str, Any]]:
    """Families with hostile names that are larger than all others; half of their children have a hostile license."""
    for place, root in enumerate(HOSTILE):
        tags = ["license:mit", "task:<b>", f"language:{'en' if place % 2 else 'de'}"]
        yield {
            "id": root,
            "tags": tags,
            "library_name": "<u>lib</u>",
            "pipeline_tag": "</svg><script>alert(2)</script>",
            "downloads": 10_000_000 + place,
            "likes": 9,
            "createdAt": "2025-01-01T00:00:00Z",
        }
        for child in range(N_CHILDREN - 5 * place):
            yield {
                "id": f"{root}-{child}",
                "tags": [
                    f"base_model:finetune:{root}",
                    f"base_model:{root}",
                    "license:<i>mine</i>" if child % 2 else "license:mit",
                ],
                "library_name": "peft",
                "downloads": 20_000_000 - child,
                "createdAt": f"2025-{1 + child % 9:02}-03T00:00:00Z",
            }
    # In the tree, `child` is below the parent closer to the root, not below the one with more descendants.
    edges = [("near", "root"), ("q", "root"), ("far", "q"), ("child", "near"), ("child", "far")]
    edges += [(f"other-{n}", "far") for n in range(5)]
    for model in sorted({name for edge in edges for name in edge}):
        tags = [f"base_model:finetune:diamond/{parent}" for child, parent in edges if child == model]
        yield {"id": f"diamond/{model}", "tags": tags, "createdAt": "2025-02-01T00:00:00Z"}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("report")
    path = folder / "hub.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for record in [*records(1500, seed=3), *hostile_records()]:
            # json.dumps escapes surrogate pairs, so the file is valid UTF-8.
            file.write(json.dumps(record) + "\n")
    build = Build(folder, path, data_tests=False)
    assert build.dbt.returncode == 0, build.dbt.stdout
    return build


@pytest.fixture(scope="module")
def report(build: Build) -> Path:
    to = build.database.parent / "report"
    assert write_report(build.database, to) > 20
    return to


@pytest.fixture(scope="module")
def empty(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of marts that are empty except for `models`."""
    folder = tmp_path_factory.mktemp("empty")
    database = folder / "empty.duckdb"
    shutil.copy(build.database, database)
    with duckdb.connect(str(database)) as connection:
        for mart, kind in connection.execute(
            "select table_name, table_type from information_schema.tables where table_schema = 'marts'"
        ).fetchall():
            if kind == "VIEW":
                limit = "" if mart == "models" else "limit 0"
                connection.execute(f"create table marts.emptied as from marts.{mart} {limit}")
                connection.execute(f"drop view marts.{mart}")
                connection.execute(f"alter table marts.emptied rename to {mart}")
            elif mart != "snapshot_health":
                connection.execute(f"delete from marts.{mart}")
        connection.execute("update marts.snapshot_health set n_edges = 0, n_edges_without_parent = 0")
        connection.execute("update marts.models set created_at = null, is_synthetic = false")
    write_report(database, folder / "report")
    return folder / "report"


class ParsedPage(HTMLParser):
    """The elements, ids and scripts of one page. Fails on tags that do not match."""

    VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == [], f"{path.name}: elements are not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{self.path.name}: </{tag}> does not match the open element"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.elements if "id" in attributes]


def pages(folder: Path) -> list[ParsedPage]:
    found = [ParsedPage(path) for path in sorted(folder.glob("*.html"))]
    assert len(found) == 11
    return found


def test_pages_are_valid_and_accessible(report: Path, empty: Path) -> None:
    for page in pages(report) + pages(empty):
        assert page.of("html") == [{"lang": "en"}]
        assert len(page.of("h1")) == len(page.of("main")) == len(page.of("title")) == 1
        assert len(page.ids()) == len(set(page.ids())), "duplicate ids"
        assert page.of("a")[0] == {"class": "skip", "href": "#main"}
        assert all(image.get("alt") for image in page.of("img"))
        assert all(svg["role"] == "img" and len(svg["aria-label"] or "") > 20 for svg in page.of("svg"))
        assert len(page.of("svg")) == len(page.of("figure"))
        assert all(cell["scope"] == "col" for cell in page.of("th"))
        assert len(page.of("table")) == len(page.of("caption"))


def test_links_resolve_and_no_resource_is_loaded(report: Path, empty: Path) -> None:
    for folder in (report, empty):
        found = {page.path.name: page for page in pages(folder)}
        for page in found.values():
            for _, attributes in page.elements:
                assert not {"src", "srcset", "action", "poster", "data", "background"} & set(attributes)
                assert not [key for key in attributes if key.startswith("on") or key == "style"]
            for link in page.of("a"):
                file, _, anchor = str(link["href"]).partition("#")
                assert (folder / (file or page.path.name)).is_file(), link
                assert not anchor or anchor in found[file or page.path.name].ids(), link
            assert not page.of("link") + page.of("iframe") + page.of("object") + page.of("base")
            text = page.path.read_text(encoding="utf-8")
            # XML namespaces look like URLs, but browsers never fetch them.
            rest = re.sub(r' xmlns(:xlink)?="http://www\.w3\.org/(2000/svg|1999/xlink)"', "", text)
            assert "http://" not in rest
            assert "https://" not in rest
            assert "url(" not in rest
            assert "@import" not in rest


def test_content_security_policy_allows_only_the_report_script(report: Path) -> None:
    for page in pages(report):
        (policy,) = [str(meta["content"]) for meta in page.of("meta") if "http-equiv" in meta]
        assert "default-src 'none'" in policy
        assert len(page.of("script")) == 1
        assert f"script-src '{source_hash(''.join(page.scripts))}'" in policy
        assert "unsafe" not in policy


def test_every_figure_has_svg_and_png(report: Path) -> None:
    names = {
        name
        for page in pages(report)
        for name in [str(figure["id"]).removeprefix("figure-") for figure in page.of("figure")]
    }
    files = {path.name for path in (report / "figures").iterdir()}
    assert files == {f"{name}.{suffix}" for name in names for suffix in ("svg", "png")}
    assert {f"tree-{n}" for n in (1, 2, 3, 4)} | {
        "mutation-rates",
        "order-license",
        "virality",
        "growth-months",
    } <= names
    for name in names:
        svg = (report / "figures" / f"{name}.svg").read_bytes()
        expat.ParserCreate().Parse(svg, True)
        assert b'role="img" aria-label="' in svg
        png = (report / "figures" / f"{name}.png").read_bytes()
        assert png.startswith(b"\x89PNG")
        assert int.from_bytes(png[16:20]) == 1260  # pixels across


def test_hostile_names_are_escaped(report: Path) -> None:
    everything = {
        path.name: path.read_text(encoding="utf-8") for path in report.rglob("*") if path.suffix in {".html", ".svg"}
    }
    for name, text in everything.items():
        assert text.count("<script") == (1 if name.endswith(".html") else 0), name
        for hostile in ("<img", "<i>mine", "<u>lib", "<b>", "<style>*", "\x1b", "\x07", "\u202e", "\u2066"):
            assert hostile not in text, name
    together = "".join(everything.values())
    for escaped in (
        "&lt;script&gt;alert(1)&lt;/script&gt;/x",
        r"esc\x1b[31m\x07/\u202egpj.exe",
        "{{ 7 * 7 }}/{% raw %}",
        "&lt;i&gt;mine&lt;/i&gt;",
        "&lt;/svg&gt;&lt;script&gt;alert(2)",
    ):
        assert escaped in together
    families = everything["families.html"]
    assert families.index("&lt;script&gt;alert(1)") < families.index("onerror=alert(1)"), "the largest family is first"


def test_report_is_reproducible_byte_for_byte(build: Build, report: Path, tmp_path: Path) -> None:
    """The second report comes from a published copy, in another process with one thread and another time zone."""
    with connect_to_copy(build.database) as connection:
        published = publish(connection, tmp_path / "published", force=True)
    done = subprocess.run(
        [str(BIN / "phylohub"), "report", "--to", str(tmp_path / "again")],
        env={
            **os.environ,
            "PHYLOHUB_DATABASE": str(published.folder / "phylohub.duckdb"),
            "PHYLOHUB_THREADS": "1",
            "PYTHONHASHSEED": "7",
            "TZ": "Asia/Tokyo",
            "LC_ALL": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert "index.html" in done.stdout
    assert (tmp_path / "again" / "index.html").stat().st_mode & 0o044 == 0o044

    def content(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    first = content(report)
    assert len(first) > 50
    second = content(tmp_path / "again")
    assert list(set(first) ^ set(second)) == []
    assert [name for name in first if first[name] != second[name]] == []


def test_old_report_stays_until_the_new_one_is_complete(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "report"
    to.mkdir()
    (to / "index.html").write_text(f'<meta name="generator" content="{report_build.MARK}">an old one')

    def fail(*_: object) -> NoReturn:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(report_build, "draw", fail)
        with pytest.raises(OSError, match="No space left"):
            write_report(build.database, to)
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert "an old one" in (to / "index.html").read_text()

    # The rename of the new folder fails: the old report is restored.
    rename = Path.rename

    def fail_for_new(self: Path, target: Path) -> Path:
        return rename(self, target) if self.name in {"report", ".report.old"} else fail()

    with monkeypatch.context() as patch:
        patch.setattr(report_build, "_write", lambda *_: 0)
        patch.setattr(Path, "rename", fail_for_new)
        with pytest.raises(OSError, match="No space left"):
            write_report(build.database, to)
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert "an old one" in (to / "index.html").read_text()

    # Killed between the two renames: the next run restores the old report, even if it fails itself.
    to.rename(tmp_path / ".report.old")
    with monkeypatch.context() as patch:
        patch.setattr(report_build, "draw", fail)
        with pytest.raises(OSError, match="No space left"):
            write_report(build.database, to)
    assert "an old one" in (to / "index.html").read_text()

    def write(_: object, folder: Path) -> int:
        return (folder / "index.html").write_text("a new one")

    monkeypatch.setattr(report_build, "_write", write)
    write_report(build.database, to)
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert (to / "index.html").read_text() == "a new one"


def test_folder_without_a_report_is_never_replaced(build: Build, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("a thesis")
    with pytest.raises(PhylohubError, match="other than a report"):
        write_report(build.database, tmp_path)
    with pytest.raises(PhylohubError, match="is a file"):
        write_report(build.database, tmp_path / "thesis.tex")
    assert (tmp_path / "thesis.tex").read_text() == "a thesis"


def test_report_without_marts_fails_with_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "bare.duckdb"
    duckdb.connect(str(bare)).close()
    monkeypatch.setenv("PHYLOHUB_DATABASE", str(bare))
    done = CliRunner().invoke(app, ["report", "--to", str(tmp_path / "r2")])
    assert done.exit_code == 1
    assert "dbt build" in done.output
    assert not (tmp_path / "r2").exists()


def drawn_texts(svg: str) -> list[tuple[float, str]]:
    """The texts of a figure with their y coordinates, from top to bottom."""
    found = re.findall(r'<text [^>]*transform="translate\(([^)]*)\)[^"]*"[^>]*>([^<]*)</text>', svg)
    return sorted((float(at.split(",")[1]), unescape(text)) for at, text in found)


@pytest.mark.parametrize("trait", ["license", "task", "library"])
def test_drawn_order_matches_the_mart(build: Build, report: Path, trait: str) -> None:
    values = build.rows(
        f"select value from marts.trait_orderings where trait = '{trait}' and relation = 'finetune' "
        "and weighting = 'weighted' order by place"
    )
    assert len(values) >= 3
    svg = (report / "figures" / f"order-{trait}.svg").read_text(encoding="utf-8")
    drawn = [text for _, text in drawn_texts(svg) if re.match(r"[0-9]+\. ", text)]
    assert drawn == [
        f"{place}. {label}" for place, label in enumerate(unique_labels((value for (value,) in values), 22), start=1)
    ]
    # Arcs along the order are solid, arcs against it dashed; there is one per drift of the mart.
    ((n_drifts, n_along),) = build.rows(
        f"select n_drifts, n_drifts_compatible from marts.trait_ordering_fits where trait = '{trait}' "
        "and relation = 'finetune' and weighting = 'weighted'"
    )
    paths = re.findall(r'<path d="M[^"]*C?L[^"]*"[^>]*stroke="(?:#0b5394|#b45309)"[^>]*>', svg)
    assert len(paths) == n_drifts
    assert sum("stroke-dasharray" in path for path in paths) == n_drifts - n_along


def test_drawn_shapes_match_the_sampled_shapes(build: Build, report: Path) -> None:
    """Each pair kind has a glyph of its shape, with the compared pair filled in."""
    known = dict(build.rows("select shape, edges from marts.subgraph_occurrences"))
    assert {shape: "".join(sorted(layout(edges)[0])) for shape, edges in known.items()} == {
        shape: "".join(sorted(nodes)) for shape, nodes in SHAPES.items()
    }
    for kind in PAIR_KINDS:
        graph = nx.DiGraph(layout(known[kind.shape])[1])
        ancestor, descendant = kind.pair.split("-")
        if kind.distance is not None:
            assert nx.shortest_path_length(graph.to_undirected(), ancestor, descendant) == kind.distance
            places, _ = layout(known[kind.shape])
            assert places[descendant][0] - places[ancestor][0] == kind.generation_gap
        outlines, filled = glyph(known[kind.shape], kind.pair)
        assert filled.count("a") == 2 * 2, "a circle is two arcs"
        assert outlines.count("a") == 2 * (len(SHAPES[kind.shape]) - 2)
        assert outlines.count("L") == graph.number_of_edges()
    svg = (report / "figures" / "similarity-metadata-tfidf.svg").read_text(encoding="utf-8")
    assert len(re.findall(rf'<path [^>]*fill="{INK}"', svg)) == len(PAIR_KINDS)
    drawn = [text for _, text in drawn_texts(svg)]
    # Each pair is named with its number of distinct pairs.
    assert re.fullmatch(r"two children v-w \(\d+\)", drawn[drawn.index("siblings") + 1])
    assert "great-grandparent and -child" in drawn, "the label is not truncated"
    letters = [text for _, text in drawn_texts((report / "figures" / "shapes.svg").read_text(encoding="utf-8"))]
    assert Counter(text for text in letters if len(text) == 1) == Counter("".join(SHAPES.values()))


def test_bars_and_findings_match_the_marts(build: Build, report: Path) -> None:
    traits = (report / "traits.html").read_text(encoding="utf-8")
    svg = (report / "figures" / "distribution-license.svg").read_text(encoding="utf-8")
    for value, part in build.rows(
        "select value, share_of_models_with_trait from marts.trait_distribution where trait = 'license' "
        "order by n_models desc, value limit 3"
    ):
        assert f"{safe_text(value)} ({format_share(part)} of the models with a license)" in unescape(traits)
        assert format_share(part) in [text for _, text in drawn_texts(svg)]
    inheritance = unescape((report / "inheritance.html").read_text(encoding="utf-8"))
    ((n_edges, rate),) = build.rows(
        "select n_edges, rate from marts.mutation_rates where trait = 'license' and relation = 'finetune'"
    )
    assert f"license {format_share(rate)} of {n_edges:,} edges" in inheritance


def columns_of(build: Build, mart: str) -> set[str]:
    rows = build.rows(
        f"select column_name from information_schema.columns where table_schema = 'marts' and table_name = '{mart}'"
    )
    return {column for (column,) in rows}


def definition_problems(comparison: Comparison, columns: set[str]) -> list[str]:
    """Why a comparison is not under the study's definition. `columns` are those of its mart."""
    if comparison.not_compared:
        return ["it is compared anyway"] if comparison.column else []
    problems = []
    if comparison.column not in columns:
        problems.append("no such column")
    if "{column}" not in comparison.expression:
        problems.append("the query does not read the column")
    others = columns & set(re.findall(r"\w+", comparison.expression.replace("{column}", "")))
    if others and comparison.is_of_the_study():
        problems.append("the query reads another column, too")
    if comparison.is_of_the_study() != (comparison.same_definition == ""):
        problems.append("a column needs either the study's name, or a reason why the study counts alike")
    if not comparison.is_of_the_study() and f"{comparison.column}_paper" in columns:
        problems.append("the mart has a column of the study")
    return problems


def test_terms_dropped_most_match_the_obligations(build: Build, report: Path) -> None:
    """Counted from the terms that reach each model, instead of from the findings."""
    counted = build.rows(
        "select replace(reached.term, '_', ' ') as term, count(distinct reached.model_id) as n from "
        "marts.license_obligations as reached left join staging.license_compatibility as compatible on "
        "reached.ancestor_license = compatible.license_upstream and reached.model_license = "
        "compatible.license_downstream where reached.model_value = 'no' and reached.term <> 'no_derivatives' and "
        "compatible.reason is null group by reached.term order by n desc, term"
    )
    ((n_children,),) = build.rows("select count(distinct child_id) from marts.declared_parents")
    assert len(counted) > 3
    page = unescape((report / "licenses.html").read_text(encoding="utf-8"))
    svg = (report / "figures" / "dropped-terms.svg").read_text(encoding="utf-8")
    drawn = [text for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg) if text in {term for term, _ in counted}]
    assert drawn == [term for term, _ in counted]
    for term, n in counted:
        assert f">{format_share(n / n_children)}</text>" in svg
        assert re.search(rf"{term}</td>\s*<td[^>]*>{n:,}</td>", page), term


def test_published_figures_are_compared_with_columns_of_the_studys_definition(build: Build) -> None:
    used = set()
    for figure in read_published():
        comparison, key = find_comparison(figure)
        used.add(figure.removesuffix(key))
        assert definition_problems(comparison, columns_of(build, comparison.mart)) == [], figure
    assert used == set(COMPARISONS), "comparisons without a published figure"


@pytest.mark.parametrize(
    ("comparison", "problem"),
    [
        (Comparison("t", "relation_stats", "n_edges"), "either the study's name"),
        (
            Comparison("t", "relation_stats", "n_edges", same_definition="Both count edges."),
            "has a column of the study",
        ),
        (Comparison("t", "relation_stats", "n_edges_paper", same_definition="Both."), "either the study's name"),
        (Comparison("t", "relation_stats", "n_paper"), "no such column"),
        (Comparison("t", "relation_stats", "n_edges_paper", "max(n_edges)"), "does not read the column"),
        (Comparison("t", "relation_stats", "n_edges_paper", "{column} / n_edges"), "reads another column"),
        (Comparison("t", "relation_stats", "n_edges_paper", not_compared="Unknown."), "compared anyway"),
    ],
)
def test_comparison_under_another_definition_is_found(comparison: Comparison, problem: str) -> None:
    columns = {"relation", "n_edges", "n_edges_paper"}
    assert problem in " ".join(definition_problems(comparison, columns))
    assert definition_problems(Comparison("t", "relation_stats", "n_edges_paper"), columns) == []


def test_published_figure_without_a_comparison_fails() -> None:
    with pytest.raises(KeyError):
        find_comparison("an_unknown_figure")


def test_overview_compares_every_published_value(build: Build, report: Path) -> None:
    index = unescape((report / "index.html").read_text(encoding="utf-8"))
    with connect(build.database, read_only=True) as connection:
        marts = Marts(connection)
        ours = {figure: marts.by_study(figure) for figure in marts.study}
        titles = [figure_title(marts, figure) for figure in marts.study]
        assert len(set(titles)) == len(titles)
        assert all(title in index for title in titles)
        values = [value for figure in marts.study.values() for value in figure]
        for value in values:
            assert f">{value.text()}</td><td>{value.source}</td><td>{value.section or NO_VALUE}</td>" in index
    ((n_models,),) = build.rows("select count(*) from marts.models")
    assert ours["models"] == n_models
    assert ours["occurrences_two_models"] == n_models * (n_models - 1)
    assert "3,470,193,356,870" in index
    assert "Not compared: Licenses; Licenses that the study calls standard." in index
    assert "SYNTHETIC" in index
    ((edge,),) = build.rows(
        "select mean from marts.similarity_estimates where artifact = 'metadata' and measure = 'tfidf' and shape "
        "= 'edge'"
    )
    assert ours["similarity_tfidf_parent_child"] == edge
    ((edges, n_paper),) = build.rows(
        "select count(*), (select sum(n_edges_paper) from marts.relation_stats) from marts.lineage_edges "
        "where is_paper_edge"
    )
    assert ours["edges"] == edges == n_paper


def test_pages_show_the_studys_value_beside_ours_by_its_count(build: Build, report: Path) -> None:
    inheritance = unescape((report / "inheritance.html").read_text(encoding="utf-8"))
    ((n_edges, rate),) = build.rows(
        "select n_edges_paper, rate_paper from marts.mutation_rates where trait = 'task' and relation = 'finetune'"
    )
    study = "(study 41.1% in its notebooks, 23.0% in its text)"
    assert "By the study's count: license" in inheritance
    assert f"task {format_share(rate)} of {n_edges:,} edges {study}" in inheritance
    ((n_drifts, n_along, part),) = build.rows(
        "select n_drifts_paper, n_drifts_compatible_paper, share_of_transitions_compatible_paper from "
        "marts.trait_ordering_fits where trait = 'license' and relation = 'finetune' and weighting = 'weighted'"
    )
    assert (
        f"By the study's count, {n_along} of {n_drifts} drifts and {format_share(part)} of transitions" in inheritance
    )
    assert "113 compatible drifts, of 121 in its notebooks, 140 in its text" in inheritance
    ((parent, child),) = build.rows(
        "select parent_mean_paper, child_mean_paper from marts.language_drift where relation = 'all'"
    )
    assert f"By the study's count: {parent:.2f} and {child:.2f} (study 6.60 and 1.81)" in inheritance
    families = unescape((report / "families.html").read_text(encoding="utf-8"))
    ((n_children, n_parents),) = build.rows(
        "select n_edges_paper, n_children_with_children_paper from marts.relation_stats where relation = 'finetune'"
    )
    by_study = format_share(n_parents / n_children)
    assert f"By the study's count: fine-tune {by_study} (study {format_share(15047 / 189391)})" in families
    traits = unescape((report / "traits.html").read_text(encoding="utf-8"))
    ((english,),) = build.rows(
        "select share_of_models_with_trait_paper from marts.trait_distribution where trait = 'language' "
        "and value = 'en'"
    )
    assert f"English {format_share(english)} (study at least 75.0%)" in traits
    assert "publishes no numbers" not in traits


def test_analyses_read_the_same_columns_as_the_report(build: Build) -> None:
    """Every published figure that can be compared is in one analysis, with the value of the report."""
    assert run_dbt(build.database, build.target, "compile", "--vars", build.variables).returncode == 0
    found: dict[str, set[float | None]] = {}
    for analysis in sorted((build.target / "compiled" / "phylohub" / "analyses").glob("study_*.sql")):
        with connect(build.database, read_only=True) as connection:
            result = connection.execute(analysis.read_text())
            names = [column[0] for column in result.description or []]
            rows = result.fetchall()
        if "figure" in names:
            for row in rows:
                of = dict(zip(names, row, strict=True))
                found.setdefault(of["figure"], set()).add(None if of["ours"] is None else float(of["ours"]))
    with connect(build.database, read_only=True) as connection:
        marts = Marts(connection)
        expected = {
            figure: value
            for figure in marts.study
            if (value := marts.by_study(figure)) is not None and not figure.startswith("similarity_")
        }
    assert len(expected) > 30
    assert {figure: found[figure] for figure in expected} == {figure: {value} for figure, value in expected.items()}


def test_sections_without_data_explain_why(empty: Path) -> None:
    assert not list((empty / "figures").iterdir())
    for page in pages(empty):
        text = page.path.read_text(encoding="utf-8")
        assert "SYNTHETIC" not in text
        if page.path.name != "index.html":
            assert text.count('<p class="missing">') == text.count("<section"), page.path.name


def test_tree_figures_count_every_member_once(build: Build) -> None:
    """Rows, dots and further branches add up to the members below the root, and relations are those of the edges."""
    families = build.rows(
        f"select family_id from marts.families where edge_set = '{EDGE_SET}' order by n_models desc, family_id limit 12"
    )
    with connect(build.database, read_only=True) as connection:
        for (family,) in families:
            forest = read_families(connection, EDGE_SET, family)
            top = forest.ids.index(family)
            for limit in (1, 4, 14):
                branches, _ = folded_branches(forest, largest_rows(forest, top, limit))
                assert len(branches) <= limit
                assert branches[0].parent is None
                assert len(branches) + sum(sum(branch.counts) for branch in branches) == forest.size[top]
                assert all(
                    branches[branch.parent].level == branch.level - 1
                    for branch in branches
                    if branch.parent is not None
                )


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_meets_wcag_in_light_and_dark_mode() -> None:
    css = (report_build.TEMPLATES / "report.css.j2").read_text(encoding="utf-8")
    themes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6}|#fff)\b", line)) for line in css.splitlines() if ":root" in line
    ]
    for theme in themes[:2]:
        colors = {name: "#ffffff" if color == "#fff" else color for name, color in theme.items()}
        for name in ("ink", "soft", "link"):
            assert contrast(colors[name], colors["paper"]) >= 4.5
            assert contrast(colors[name], colors["band"]) >= 4.5
        assert contrast(colors["warn"], colors["warn-paper"]) >= 4.5
        assert contrast(colors["line"], colors["paper"]) >= 3
    for color in (INK, MUTED, BLUE, ORANGE):
        assert contrast(color, "#ffffff") >= 4.5
        assert contrast(DARK[color], "#161616") >= 4.5


def test_formats_of_text_and_numbers() -> None:
    assert safe_text("a\nb\u202e\x00") == r"a\nb\u202e\x00"
    assert safe_text(None) == "\N{EN DASH}"
    assert safe_text("  ") == "(empty)"
    assert safe_text("x" * 400, 10) == "x" * 9 + "…"
    assert safe_text("\x00" * 9, 10) == r"\x00\x00\…"
    assert unique_labels(["a" * 40, "a" * 41, "a" * 42], 10) == ["aaaaaaaaa…", "aaaaa… (2)", "aaaaa… (3)"]
    assert [format_share(value) for value in (0.1234, 0, 0.00001, None, float("nan"))] == [
        "12.3%",
        "0.0%",
        "0.0010%",
        safe_text(None),
        safe_text(None),
    ]
    assert format_number(-1234.5, 1) == "\N{MINUS SIGN}1,234.5"


def test_tables_sort_and_search_in_a_browser(report: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("Chromium is not installed")
    text = (report / "top-models.html").read_text(encoding="utf-8")
    # The content security policy would block the injected script that clicks and types.
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    script = (
        "<script>const box = document.querySelector('[data-sortable]');"
        "const press = (at) => box.querySelectorAll('th button')[at].click();"
        "press(2); press(2);"
        "const input = box.querySelector('input'); input.value = 'GPJ'; input.dispatchEvent(new Event('input'));"
        "</script>"
    )
    page = tmp_path / "page.html"
    page.write_text(text.replace("</body>", script + "</body>"), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run([browser, *flags, page.as_uri()], capture_output=True, text=True, check=True, timeout=120)
    (table,) = re.findall(r"<table>.*?</table>", done.stdout, re.DOTALL)[:1]
    assert 'aria-sort="ascending"' in table
    rows = re.findall(r"<tr( hidden=\"\")?>(<td.*?)</tr>", table)
    downloads = [int(re.findall(r"<td[^>]*>(.*?)</td>", row)[2].replace(",", "")) for _, row in rows]
    assert len(downloads) == 100
    assert all(before <= after for before, after in pairwise(downloads))
    assert downloads[0] < downloads[-1]
    assert 0 < sum(not hidden for hidden, _ in rows) < 100
    assert all(("gpj" in row) == (not hidden) for hidden, row in rows)


def test_first_page_has_eight_numbers_and_four_figures(build: Build, report: Path) -> None:
    index = unescape((report / "index.html").read_text(encoding="utf-8"))
    (numbers,) = re.findall(r'<ul class="headlines">(.*?)</ul>', index, re.DOTALL)
    assert numbers.count("<li>") == 8
    assert index.count("<figure ") == 4
    ((rate, n_edges),) = build.rows(
        "select rate, n_edges from marts.mutation_rates where trait = 'license' and relation = 'finetune'"
    )
    assert f"<strong>{format_share(rate)}</strong> of {n_edges:,} fine-tunes" in numbers
    assert "not known, since no cards were fetched" in numbers


def test_answer_on_licenses_counts_transitions_by_hand(build: Build) -> None:
    licenses: dict[str, list[str]] = {}
    for model, category in build.rows(
        "select model_id, category from marts.model_licenses where category in (select "
        f"unnest({list(permissive.RANKS)!r}))"
    ):
        licenses.setdefault(model, []).append(category)
    edges = set(
        build.rows(
            "select parent_id, child_id from marts.lineage_edges where relation = 'finetune' and parent_in_hub and not "
            "is_self_loop"
        )
    )
    steps = [
        permissive.RANKS[licenses[child][0]] - permissive.RANKS[licenses[parent][0]]
        for parent, child in edges
        if len(licenses.get(parent, [])) == len(licenses.get(child, [])) == 1
    ]
    up, both = sum(step > 0 for step in steps), sum(step != 0 for step in steps)
    with connect(build.database, read_only=True) as connection:
        section = permissive.section(Marts(connection))
    assert both > 0
    assert f"{format_share(up / both)} of {both:,} transitions along fine-tune edges" in section.paragraphs[1]
    assert section.paragraphs[1].startswith(("Yes", "No", "Not known"))


@pytest.mark.parametrize(
    ("limits", "answer"),
    [((0.6, 0.9), "Yes"), ((0.1, 0.4), "No,"), ((0.4, 0.6), "Not known"), ((None, None), "Not known")],
)
def test_answer_on_licenses_follows_the_interval(limits: tuple[float | None, float | None], answer: str) -> None:
    assert permissive._answer([("fine-tune", 5, 9, 5 / 9, *limits, 12.0)]).startswith(answer)


def test_model_names_link_to_the_hub() -> None:
    assert report_build.hub_address('a/b"><i>?#') == "https://huggingface.co/a/b%22%3E%3Ci%3E%3F%23"


@pytest.mark.parametrize(
    ("bar", "label"),
    [
        (Bar("a", 0.1, "10.0%", 0.9), {"end": 0.1, "label": "10.0%", "study": "90.0%"}),
        (Bar("a", 0.1, "10.0%", 0.12), {"end": 0.12, "label": "10.0% (study 12.0%)", "study": ""}),
        (Bar("a", 0.9, "90.0%", 0.1), {"end": 0.9, "label": "90.0%", "study": "10.0%"}),
        (Bar("a", 0.5, "50.0%"), {"end": 0.5, "label": "50.0%", "study": ""}),
    ],
)
def test_each_number_stands_at_its_own_mark(bar: Bar, label: dict[str, object]) -> None:
    assert charts._labels(bar, 1.0, ".0%") == label


def test_atlas_draws_all_families_and_finds_a_model_in_a_browser(build: Build, report: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("Chromium is not installed")
    ((n_members,),) = build.rows(f"select sum(n_models) from marts.families where edge_set = '{EDGE_SET}'")
    address = (report / "atlas.html").as_uri() + "#diamond/child"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"]
    flags += ["--virtual-time-budget=20000", "--dump-dom"]
    done = subprocess.run([browser, *flags, address], capture_output=True, text=True, check=True, timeout=120)
    (canvas,) = re.findall(r"<canvas[^>]*>", done.stdout)
    assert f'data-nodes="{n_members}"' in canvas
    assert 'data-selected="diamond/child"' in canvas
    assert re.search(r'data-drawn="[1-9]', canvas), "nothing is drawn"
    assert "<strong>diamond/child</strong>" in done.stdout or ">diamond/child</a>" in done.stdout
    assert re.search(r'aria-selected="true"[^>]*>.*?diamond/child', done.stdout)
    assert "<img" not in done.stdout
    assert "<i>mine" not in done.stdout
