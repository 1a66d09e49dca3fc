"""The report's sections on single claims of the study, from small hand-made marts."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import duckdb
import pytest

from phylohub.report import coverage, differences, direction, growth, relatedness, traits
from phylohub.report.charts import Bar, bars
from phylohub.report.content import Figure, Section
from phylohub.report.marts import Marts
from phylohub.report.style import draw

# Columns of the marts that the sections read, with their types.
COLUMNS = {
    "card_coverage_by_family_ties": "has_relatives boolean, n_models bigint, n_looked_for bigint, n_known bigint, "
    "n_without_card bigint, share_without_card double, share_without_card_paper double",
    "largest_component_by_month": "edge_set varchar, month date, n_models_total bigint, n_models_largest bigint, "
    "n_models_second bigint, share_of_models_largest double, n_edges_total bigint",
    "merge_similarity": "artifact varchar, measure varchar, pair_kind varchar, n bigint, n_missing bigint, "
    "n_distinct_pairs bigint, mean double, low double, high double, design_effect double, "
    "n_families_effective double, interval_method varchar",
    "rate_changes": "measure varchar, trait varchar, relation varchar, previous_snapshot varchar, "
    "n_edges_previous bigint, n_edges bigint, value_previous double, value double, change double, "
    "change_low double, change_high double, n_families_effective double, interval_method varchar",
    "rate_differences": "trait varchar, relation varchar, relation_compared varchar, n_edges bigint, "
    "n_edges_compared bigint, rate double, rate_compared double, difference double, difference_low double, "
    "difference_high double, n_families_effective double, interval_method varchar",
    "similarity_by_distance": "artifact varchar, measure varchar, generation_gap integer, distance integer, "
    "n_shapes bigint, n bigint, n_missing bigint, n_distinct_pairs bigint, mean double, low double, high double, "
    "design_effect double, n_families_effective double, interval_method varchar",
    "similarity_differences": "artifact varchar, measure varchar, relation varchar, relation_compared varchar, "
    "shape varchar, n_distinct_pairs bigint, difference double, difference_low double, difference_high double, "
    "n_families_effective double, interval_method varchar",
    "task_group_places": "task_group varchar, relation varchar, weighting varchar, n_tasks bigint, mean_place double, "
    "first_place integer, last_place integer",
    "trait_directedness": "trait varchar, relation varchar, n_pairs bigint, n_one_sided_pairs bigint, "
    "n_transitions bigint, mean_directedness double, expected_directedness double, weighted_directedness double, "
    "expected_weighted_directedness double",
    "trait_place_differences": "trait varchar, relation varchar, weighting varchar, value_a varchar, value_b varchar, "
    "place_a integer, place_b integer, difference_min integer, difference_max integer, is_always_before boolean, "
    "is_always_after boolean",
    "weight_formats": "format varchar, n_models bigint, share_of_models_with_weights double, "
    "n_models_with_weights bigint, source varchar",
}
SECTIONS: dict[str, Callable[[Marts], Section]] = {
    "card_coverage_by_family_ties": coverage.cards_by_family_ties,
    "largest_component_by_month": growth._components,
    "merge_similarity": relatedness.merges,
    "rate_changes": differences.changes,
    "rate_differences": differences.rates,
    "similarity_by_distance": relatedness.distances,
    "similarity_differences": differences.similarities,
    "task_group_places": direction.task_groups,
    "trait_directedness": direction.directedness,
    "trait_place_differences": direction.place_differences,
    "weight_formats": coverage.weight_formats,
}


@contextmanager
def marts_with(mart: str, rows: list[tuple[Any, ...]] | None) -> Iterator[Marts]:
    """A database with one mart of these rows (without the mart if None), and the marts that every report reads."""
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.snapshot_health (snapshot varchar)")
        connection.execute("create table marts.model_languages (language varchar, language_name varchar)")
        connection.execute("create table marts.subgraph_occurrences (shape varchar, title varchar)")
        connection.execute("insert into marts.subgraph_occurrences values ('two_children', 'two children')")
        if rows is not None:
            connection.execute(f"create table marts.{mart} ({COLUMNS[mart]})")
            for row in rows:
                connection.execute(f"insert into marts.{mart} values ({', '.join('?' * len(row))})", list(row))
        yield Marts(connection)


def section_of(mart: str, rows: list[tuple[Any, ...]] | None) -> Section:
    """The section on a mart, after drawing its figures."""
    with marts_with(mart, rows) as marts:
        section = SECTIONS[mart](marts)
    for figure in section.figures:
        svg, _ = draw(figure.chart, figure.finding)
        assert svg.startswith('<svg role="img"')
        # The study has a single snapshot.
        assert figure.paper or mart == "rate_changes", "the reader of the paper must find the figure"
        for row in figure.table.rows if figure.table else []:
            assert figure.table is not None
            assert len(row) == len(figure.table.columns)
    return section


def weak_marks(figure: Figure) -> dict[str, str]:
    """The marks of the rows of a chart: empty for a dot with an interval."""
    (data,) = (dataset for dataset in json.loads(figure.chart.to_json())["datasets"].values() if dataset)
    return {row["name"]: row["weak"] for row in data}


@pytest.mark.parametrize("mart", SECTIONS)
def test_section_without_its_mart_or_without_rows_says_why(mart: str) -> None:
    absent = section_of(mart, None)
    assert f"no mart `{mart}`" in absent.missing
    assert "dbt build" in absent.missing
    empty = section_of(mart, [])
    assert empty.missing
    assert "no mart" not in empty.missing
    assert not empty.figures


def test_cards_by_family_ties_names_shares_and_few_cards() -> None:
    rows = [(True, 10, 4, 4, 1, 0.25, 0.5), (False, 30, 30, 20, 13, 0.65, 0.9)]
    section = section_of("card_coverage_by_family_ties", rows)
    (figure,) = section.figures
    assert figure.finding == "Without a card: with relatives 25.0% of 4 models; without relatives 65.0% of 20 models."
    assert "less than half" in section.paragraphs[0]
    assert "less than half" not in section_of("card_coverage_by_family_ties", rows[1:]).paragraphs[0]
    unknown = [(True, 10, 0, 0, 0, None, None), (False, 30, 0, 0, 0, None, None)]
    assert "phylohub ingest cards" in section_of("card_coverage_by_family_ties", unknown).missing


def test_bars_of_zero_start_at_the_axis() -> None:
    chart = bars([Bar("a", 0.0, "0.0%", other=0.0)], "share").to_dict()
    assert chart["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 1.22]


def test_weight_formats_compare_safetensors_with_the_study() -> None:
    rows = [("gguf", 1, 0.25, 4, "tags"), ("safetensors", 3, 0.75, 4, "tags"), ("onnx", 0, 0.0, 4, "tags")]
    section = section_of("weight_formats", rows)
    (figure,) = section.figures
    assert figure.finding == "Share of models with weights: safetensors 75.0% (study 6.6%); gguf 25.0%."
    assert section.paragraphs[0].startswith("4 models of this snapshot are known to have weights, from tags.")
    with marts_with("weight_formats", rows) as marts:
        assert marts.by_study("weight_format_safetensors") == 0.75


def test_directedness_stands_beside_chance() -> None:
    rows = [
        ("license", "finetune", 3, 1, 9, 0.5, 0.58, 0.33, 0.44),
        ("license", "all", 9, 9, 99, 1.0, 1.0, 1.0, 1.0),
        ("task", "finetune", 1, 1, 1, 1.0, 1.0, 1.0, 1.0),
    ]
    (figure,) = section_of("trait_directedness", rows).figures
    assert figure.finding == (
        "Mean over pairs, weighted by transitions in parentheses: license 0.50 (0.33), by chance 0.58 (0.44), 3 pairs; "
        "task 1.00 (1.00), by chance 1.00 (1.00), 1 pair."
    )


def test_task_groups_are_sorted_by_mean_place() -> None:
    rows = [
        ("nlp", "finetune", "weighted", 2, 6.5, 3, 10),
        ("cv", "finetune", "weighted", 1, 2.0, 2, 2),
        ("nlp", "all", "weighted", 2, 1.5, 1, 2),
        ("nlp", "finetune", "unweighted", 2, 1.5, 1, 2),
    ]
    (figure,) = section_of("task_group_places", rows).figures
    assert figure.finding == (
        "Mean place in the order of tasks: computer vision 2.0 (1 task); natural language processing 6.5 (2 tasks)."
    )
    assert figure.paper == "figure 11, section 4.4"


def pair(a: str, b: str, places: tuple[int, int], bounds: tuple[int, int] | None) -> tuple[Any, ...]:
    least, most = bounds or (None, None)
    before = None if least is None else least > 0
    after = None if most is None else most < 0
    return ("task", "finetune", "weighted", a, b, *places, least, most, before, after)


@pytest.mark.parametrize(
    ("bounds", "claim"),
    [
        ((-4, -1), "upstream of it in every optimal order, too"),
        ((1, 3), "downstream of it in every optimal order"),
        ((-2, 3), "some optimal orders and downstream in others"),
        (None, "ran out of time"),
    ],
)
def test_translation_is_upstream_only_if_every_order_says_so(bounds: tuple[int, int] | None, claim: str) -> None:
    # The mart lists text-generation first, so translation is upstream if the difference is negative.
    rows = [pair("text-generation", "translation", (5, 2), bounds), pair("a", "text-generation", (1, 5), (2, 6))]
    section = section_of("trait_place_differences", rows)
    assert claim in section.paragraphs[1]
    (figure,) = section.figures
    assert figure.finding.startswith("In every optimal order, upstream of text-generation: a")
    assert (" and translation" in figure.finding) == (bounds == (-4, -1))
    assert figure.finding.endswith("downstream: translation." if bounds == (1, 3) else "downstream: none.")


def test_tasks_that_are_not_ordered_are_named() -> None:
    section = section_of("trait_place_differences", [pair("a", "text-generation", (1, 5), (2, 6))])
    assert "not among the ordered tasks" in section.paragraphs[1]
    assert "task 1 of 1 pair." in section.paragraphs[0]
    (table,) = section.tables
    assert table.rows == [("task", "a", "text-generation", 1, 5, 2, 6, "before")]


def test_similarity_by_distance_keeps_random_pairs_last() -> None:
    rows = [
        ("metadata", "tfidf", None, None, 1, 500, 0, 400, 0.1, 0.05, 0.15, 2.0, 99.0, "weighted_jackknife"),
        ("metadata", "tfidf", 1, 1, 7, 500, 1, 80, 0.7, None, None, 70.0, 3.0, "too_few_families"),
        ("metadata", "tfidf", 0, 2, 3, 300, 1, 2, 0.8, None, None, 150.0, 2.0, "too_few_pairs"),
        ("metadata", "bow", 0, 2, 3, 300, 1, 2, 0.9, None, None, 150.0, 2.0, "too_few_pairs"),
        ("card", "tfidf", 0, 2, 3, 0, 30, 0, None, None, None, None, None, "too_few_pairs"),
    ]
    (figure,) = section_of("similarity_by_distance", rows).figures
    assert figure.finding == (
        "Mean similarity by TF-IDF: distance 1, gap 1 (80: too few families) 0.70; distance 2, gap 0 (2: too few "
        "pairs) 0.80; any two models (400) 0.10."
    )
    assert "Crosses: fewer than 30 distinct pairs" in figure.legend
    assert weak_marks(figure) == {
        "distance 1, gap 1 (80: too few families)": "families",
        "distance 2, gap 0 (2: too few pairs)": "pairs",
        "any two models (400)": "",
    }
    assert figure.table is not None
    assert [row[0] for row in figure.table.rows] == ["TF-IDF", "TF-IDF", "TF-IDF", "term counts"]


def test_merges_with_few_pairs_are_marked() -> None:
    rows = [
        ("metadata", "tfidf", "finetune_child_parent", 300, 0, 290, 0.6, 0.55, 0.65, 2.0, 40.0, "weighted_jackknife"),
        ("metadata", "tfidf", "merge_child_parent", 300, 0, 4, 0.4, None, None, 75.0, 2.0, "too_few_pairs"),
    ]
    (figure,) = section_of("merge_similarity", rows).figures
    assert figure.finding == (
        "Mean similarity by TF-IDF: merge, each parent (4: too few pairs) 0.40; fine-tune, parent (290) 0.60."
    )
    assert weak_marks(figure) == {"merge, each parent (4: too few pairs)": "pairs", "fine-tune, parent (290)": ""}
    assert "little" in figure.legend
    assert "little" not in section_of("merge_similarity", rows[:1]).figures[0].legend


def test_differences_say_what_they_show() -> None:
    row: tuple[Any, ...] = ("finetune", "quantized", 800, 90, 0.5, 0.3)
    rows: list[tuple[Any, ...]] = [
        ("license", *row, 0.2, 0.1, 0.3, 40.0, "weighted_jackknife"),
        ("task", *row, 0.2, -0.1, 0.5, 40.0, "weighted_jackknife"),
        ("library", *row, 0.2, None, None, 4.0, "too_few_families"),
        ("license", "finetune", "adapter", 800, 0, 0.5, None, None, None, None, None, "too_few_families"),
    ]
    (figure,) = section_of("rate_differences", rows).figures
    assert figure.finding == (
        "Mutation rate of fine-tunes minus that of quantized models: license 20.0%; task 20.0%, not clearly different "
        "from 0; library 20.0% (too few families)."
    )
    assert weak_marks(figure) == {"license": "", "task": "", "library": "families"}
    rows = [
        ("mutation", trait, "finetune", "<b>before", 90, 99, 0.3, 0.2, change, low, high, 30.0, "weighted_jackknife")
        for trait, change, low, high in (("task", -0.1, -0.2, -0.05), ("license", 0.0, -0.1, 0.1))
    ]
    (figure,) = section_of("rate_changes", rows).figures
    assert figure.finding == (
        "Change of the mutation rate along fine-tunes since <b>before: license 0.0%, not clearly different from 0; "
        "task \u221210.0%."
    )
    row = ("metadata", "tfidf", "siblings", "parent_child")
    rows = [(*row, "two_children", 90, -0.1, -0.2, -0.05, 30.0, "weighted_jackknife"),
            (*row, "all", 2, 0.3, None, None, 2.0, "too_few_pairs")]  # fmt: skip  # keeps rows in lines
    (figure,) = section_of("similarity_differences", rows).figures
    assert figure.finding.endswith("by TF-IDF: all shapes 0.30 (too few pairs); two children \u22120.10.")
    assert weak_marks(figure) == {"all shapes": "pairs", "two children": ""}


def test_largest_component_names_its_steepest_month() -> None:
    months = [date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)]
    rows = [
        ("all", month, total, largest, 2, largest / total, total)
        for month, total, largest in zip(months, (10, 20, 40), (1, 8, 18), strict=True)
    ] + [("no_merge", month, 40, 4, 4, 0.1, 9) for month in months]
    (figure,) = section_of("largest_component_by_month", rows).figures
    assert figure.finding == (
        "1: with merges, the largest component has 45.0% of all models (18; the second largest 2). Its largest rise in "
        "a month is 30.0 percentage points (2024-02). 2: without merges, the largest component has 10.0% of all models "
        "(4; the second largest 4). Its share never rises."
    )
    only_single = [("all", month, 10, 1, 1, 0.1, 0) for month in months]
    assert section_of("largest_component_by_month", only_single).missing


def test_datasets_stand_beside_the_studys_counts() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.snapshot_health as select 's' as snapshot")
        connection.execute("create table marts.model_languages (language varchar, language_name varchar)")
        connection.execute(
            "create table marts.trait_distribution as from (values ('dataset', 'imagefolder', 3, 3e-1, 75e-2, 3), "
            "('dataset', '<b>/mine', 1, 1e-1, 25e-2, 1), ('license', 'mit', 9, 9e-1, 1e0, 9)) as t (trait, value, "
            "n_models, share_of_models, share_of_models_with_trait, n_models_paper)"
        )
        connection.execute("create table marts.model_datasets as select unnest(['a', 'a', 'b', 'c', 'd']) as model_id")
        marts = Marts(connection)
        section = traits._datasets(marts)
        assert marts.by_study("dataset_models_imagefolder") == 3
    (figure,) = section.figures
    assert section.paragraphs[0].startswith("4 models name a training dataset")
    assert "imagefolder 30.0% of all models (study 0.3%)" in figure.finding
    assert "<b>/mine 10.0% of all models." in figure.finding
    assert "&lt;b&gt;/mine" in draw(figure.chart, figure.finding)[0]
    assert figure.paper == "figure 2"
