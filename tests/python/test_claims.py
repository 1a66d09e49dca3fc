"""Claims of the study that a mart of their own answers, each compared with a count in plain Python.

The claims: cards by family ties (4.2), formats of weights (9.2), directedness (4), Creative Commons licenses (4.1), and
similarity by generation gap and network distance (3).
"""

import csv
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean
from typing import Any

import family_loops
import networkx as nx
import pytest
from conftest import ROOT, Build, run_phylohub
from family_loops import Drawn
from hand_count import HandCount, read_records
from hand_weights import TRAITS as WEIGHT_TRAITS

from phylohub.methods.directedness import expected_traffic
from phylohub.methods.sampling import PAIR_KINDS, PAIR_KINDS_BY_DISTANCE


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def made_cards(models: Iterable[str]) -> dict[str, str | None]:
    """A card, a card that is too short for the study, or none, for two models of three."""
    rng = random.Random(5)
    texts = "# A card", "abc", None, "The quick brown fox jumps over the lazy model card. " * 12
    return {model: rng.choice(texts) for model in sorted(set(models)) if rng.random() < 0.67}


@pytest.fixture(
    scope="module",
    params=[
        "synthetic",
        pytest.param("hub_models_2026-06-05.jsonl.gz", marks=pytest.mark.full),
        pytest.param("hub_models_2026-08-22.jsonl.gz", marks=pytest.mark.full),
    ],
)
def build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("claims")
    if request.param == "synthetic":
        made = run_phylohub(folder / "made.duckdb", "ingest", "synthetic", "--models", "2000")
        assert made.returncode == 0, made.stderr
        (records,) = (folder / "synthetic").glob("*.jsonl.gz")
    else:
        real_file: Callable[[str], Path] = request.getfixturevalue("real_file")
        records = real_file(request.param)
    cards = made_cards(record["id"] for record in read_records(records))
    landed = write(folder / "cards.jsonl", [{"id": model, "card": card} for model, card in cards.items()])
    build = Build(folder, records, data_tests=False, cards=landed)
    assert build.dbt.returncode == 0, build.dbt.stdout
    return build


@pytest.fixture(scope="module")
def counted(build: Build) -> HandCount:
    return HandCount(read_records(build.records))


# ---- Cards by family ties


def test_card_coverage_by_family_ties(build: Build, counted: HandCount) -> None:
    cards = made_cards(counted.records)
    relatives = {
        model
        for parent, child, _, in_hub, loop, _ in counted.edges()
        if in_hub and not loop
        for model in (parent, child)
    }
    expected = []
    for has_relatives in (False, True):
        models = {model for model in counted.records if (model in relatives) == has_relatives}
        checked = [cards[model] for model in models if model in cards]
        without = sum(card is None for card in checked)
        short = sum(card is None or len(card) <= 3 for card in checked)
        shares = without / len(checked), short / len(checked)
        assert 0 < shares[0] < shares[1] < 1
        expected.append((has_relatives, len(models), len(checked), len(checked), without, *shares))
    found = build.rows("from marts.card_coverage_by_family_ties order by has_relatives")
    assert found == [pytest.approx(row) for row in expected]
    totals = build.rows("select n_models, n_looked_for, n_known, n_known - n_with_card from marts.card_stats")
    assert totals == [tuple(sum(row[i] for row in found) for i in range(1, 5))]


# ---- Formats of weights


def weight_tags() -> dict[str, str]:
    with (ROOT / "seeds" / "weight_tags.csv").open(newline="") as file:
        return {row["tag"]: row["format"] for row in csv.DictReader(file)}


def test_weight_formats(build: Build, counted: HandCount) -> None:
    formats = weight_tags()
    models: dict[str, set[str]] = defaultdict(set)
    for model, record in counted.records.items():
        for word in (*(record.get("tags") or []), record.get("library_name")):
            if word in formats:
                models[formats[word]].add(model)
    n_with_weights = len(set().union(*models.values()))
    assert 0 < n_with_weights < len(counted.records)
    expected = {
        name: (len(models[name]), n_with_weights, len(models[name]) / n_with_weights, "tags")
        for name in formats.values()
    }
    found = {name: tuple(rest) for name, *rest in build.rows("from marts.weight_formats")}
    assert found.keys() == expected.keys()
    for name, row in found.items():
        assert row == pytest.approx(expected[name]), name


def test_every_format_flag_but_logs_names_weights() -> None:
    with (ROOT / "seeds" / "tag_flags.csv").open(newline="") as file:
        flags = {row["flag"] for row in csv.DictReader(file) if row["flag_group"] == "format"}
    assert flags - weight_tags().keys() == {"tensorboard"}


# ---- Directedness


def mean_traffic(n: int) -> float:
    """The mean of |forward - backward| over all 2^n ways in which n transitions can go."""
    ways = sum(math.comb(n, forward) * abs(2 * forward - n) for forward in range(n + 1))
    return float(ways / 2**n)


def test_expected_traffic_matches_enumeration() -> None:
    n = [0, 1, 2, 3, 4, 5, 17, 100, 1023, 1024, 5000]
    assert expected_traffic(n) == pytest.approx([mean_traffic(one) for one in n], rel=1e-12)
    assert expected_traffic([]).shape == (0,)
    # For many transitions, the difference is nearly normal with variance n.
    assert expected_traffic([10**7])[0] == pytest.approx(math.sqrt(2 * 10**7 / math.pi), rel=1e-6)


def test_trait_directedness(build: Build, counted: HandCount) -> None:
    expected = {}
    for trait in ("license", "language", "task", "library", *WEIGHT_TRAITS):
        for relation in counted.evolution_edges():
            counts = {pair: n for pair, (n, _) in counted.transitions(trait, relation).items() if n}
            pairs = [
                (counts.get((a, b), 0), counts.get((b, a), 0)) for a, b in {tuple(sorted(pair)) for pair in counts}
            ]
            if not pairs:
                continue
            totals = [forward + backward for forward, backward in pairs]
            chance = {total: mean_traffic(total) for total in set(totals)}
            expected[trait, relation] = (
                len(pairs),
                sum(0 in pair for pair in pairs),
                sum(totals),
                fmean(abs(a - b) / (a + b) for a, b in pairs),
                sum(abs(a - b) for a, b in pairs) / sum(totals),
                fmean(chance[total] / total for total in totals),
                math.fsum(chance[total] for total in totals) / sum(totals),
            )
    found = build.rows(
        "select trait, relation, n_pairs, n_one_sided_pairs, n_transitions, mean_directedness, weighted_directedness, "
        "expected_directedness, expected_weighted_directedness from marts.trait_directedness"
    )
    assert len(found) == len(expected)
    for trait, relation, *row in found:
        assert row == pytest.approx(expected[trait, relation], rel=1e-9), (trait, relation)


# ---- Creative Commons


def creative_commons(license_id: str) -> str | None:
    """The category, from the name alone: all Creative Commons licenses but those with NC allow commercial use."""
    words = license_id.split("-")
    if words[0] not in ("cc", "cc0") or len(words) == 1:
        return None
    return "non-commercial" if "nc" in words else "commercial allowed"


def test_seed_sorts_every_creative_commons_license() -> None:
    with (ROOT / "seeds" / "licenses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["license"]: row["creative_commons"] or None for row in rows} == {
        row["license"]: creative_commons(row["license"]) for row in rows
    }
    assert Counter(row["creative_commons"] for row in rows)["non-commercial"] > 5


def test_creative_commons_drifts_and_places(build: Build, counted: HandCount) -> None:
    with (ROOT / "seeds" / "licenses.csv").open(newline="") as file:
        known = {row["license"] for row in csv.DictReader(file)}
    expected = set()
    for relation in counted.evolution_edges():
        counts: Counter[tuple[str, str]] = Counter()
        for pair, (n, _) in counted.transitions("license", relation).items():
            categories = [creative_commons(value) for value in pair if value in known]
            if len(categories) == 2 and categories[0] and categories[1] and categories[0] != categories[1]:
                counts[categories[0], categories[1]] += n
        ends = "commercial allowed", "non-commercial"
        forward, backward = counts[ends], counts[ends[::-1]]
        if forward or backward:
            if backward > forward:
                ends, forward, backward = ends[::-1], backward, forward
            expected.add((relation, *ends, forward, backward, forward - backward))
    query = (
        "select relation, from_category, to_category, n_forward, n_backward, traffic "
        "from marts.license_category_drifts where taxonomy = 'creative-commons'"
    )
    assert set(build.rows(query)) == expected

    places: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for relation, weighting, place, value in build.rows(
        "select relation, weighting, place, value from marts.trait_orderings where trait = 'license'"
    ):
        if value in known and (category := creative_commons(value)):
            places[relation, weighting, category].append(place)
    query = (
        "select relation, weighting, category, n_licenses, mean_place, first_place, last_place "
        "from marts.license_category_places where taxonomy = 'creative-commons'"
    )
    assert {tuple(row[:3]): tuple(row[3:]) for row in build.rows(query)} == {
        key: (len(found), pytest.approx(fmean(found)), min(found), max(found)) for key, found in places.items()
    }


# ---- Similarity by generation gap and distance


def ends_of_pair(edges: str, pair: str) -> tuple[int | None, int | None]:
    """Generation gap and distance of two nodes of a shape, by shortest paths in the shape."""
    graph: nx.DiGraph[str] = nx.DiGraph(edge.split(">") for edge in edges.split())
    if not graph:
        return None, None
    (root,) = (node for node in graph if graph.in_degree(node) == 0)
    generations = nx.single_source_shortest_path_length(graph, root)
    first, second = pair.split("-")
    distance = nx.shortest_path_length(graph.to_undirected(), first, second)
    return generations[second] - generations[first], distance


def drawn_pairs(build: Build, column: str) -> dict[tuple[str, str], list[Drawn]]:
    """The draws of each shape and pair whose value is known."""
    families = family_loops.families_without_merges(
        build.rows(
            "select parent_id, child_id, relation from marts.lineage_edges where parent_in_hub and not is_self_loop"
        )
    )
    found: dict[tuple[str, str], list[Drawn]] = defaultdict(list)
    for shape, pair, first, second, value in build.rows(
        f"select shape, pair, first_id, second_id, {column} from marts.similarity_pairs where {column} is not null"
    ):
        own = frozenset((families.get(first, first), families.get(second, second)))
        found[shape, pair].append(Drawn(own, frozenset((first, second)), value))
    return found


def check_estimate(row: tuple[Any, ...], samples: list[list[Drawn]]) -> None:
    """Compare mean, limits, distinct pairs, effective families and largest share with loops."""
    expected = family_loops.estimate(samples)
    assert row[:3] == pytest.approx((expected["mean"], expected["low"], expected["high"]), abs=1e-9)
    if all(samples):
        names = "n_distinct_pairs", "n_families_effective", "share_of_largest_family"
        assert row[3:6] == pytest.approx([expected[name] for name in names])


ESTIMATED = "low, high, n_distinct_pairs, n_families_effective, share_of_largest_family"
COLUMNS = [f"{artifact}_{measure}" for artifact in ("metadata", "card") for measure in ("bow", "tfidf", "levenshtein")]


@pytest.mark.parametrize("column", COLUMNS)
def test_similarity_by_distance(build: Build, column: str) -> None:
    edges = dict(build.rows("select shape, edges from marts.subgraph_occurrences"))
    drawn = drawn_pairs(build, column)
    found = build.rows(
        f"select generation_gap, distance, n_shapes, n, mean, {ESTIMATED} from marts.similarity_by_distance "
        f"where artifact || '_' || measure = '{column}'"
    )
    assert len(found) == 6
    for gap, distance, n_shapes, n, *row in found:
        ends = [kind for kind in drawn if ends_of_pair(edges[kind[0]], kind[1]) == (gap, distance)]
        pooled = [one for kind in ends for one in drawn[kind]]
        assert (n_shapes, n) == (len({shape for shape, _ in ends}), len(pooled))
        check_estimate(tuple(row), [pooled])


@pytest.mark.parametrize("column", COLUMNS)
def test_similarity_of_each_pair(build: Build, column: str) -> None:
    drawn = drawn_pairs(build, column)
    found = build.rows(
        "select shape, pair, n, n_missing, mean, mean_low, mean_high, n_distinct_pairs, n_families_effective, "
        "share_of_largest_family, interval_method from marts.similarity_estimates "
        f"where artifact || '_' || measure = '{column}'"
    )
    assert len(found) == 24
    for shape, pair, n, n_missing, *row, method in found:
        assert n == len(drawn[shape, pair])
        assert n + n_missing in (0, 300)
        check_estimate(tuple(row), [drawn[shape, pair]])
        assert (method == "weighted_jackknife") == (row[1] is not None)
        assert (method == "too_few_pairs") == (row[3] < 30)


def test_similarity_differences(build: Build) -> None:
    kinds = build.rows("select distinct shape, pair, relation from marts.similarity_estimates")
    for column in COLUMNS:
        drawn = drawn_pairs(build, column)
        found = build.rows(
            "select relation, relation_compared, shape, n, difference, difference_low, difference_high, "
            "n_distinct_pairs, n_families_effective, share_of_largest_family from marts.similarity_differences "
            f"where artifact || '_' || measure = '{column}'"
        )
        # All pairs of 6 relations in all shapes, and those that a shape has itself.
        assert len(found) == 15 + 15
        for relation, compared, shape, n, *row in found:
            both = [
                [one for kind in kinds if kind[2] == name and shape in ("all", kind[0]) for one in drawn[kind[:2]]]
                for name in (relation, compared)
            ]
            assert n == min(map(len, both))
            check_estimate(tuple(row), both)
    signs = build.rows(
        "select distinct relation, relation_compared from marts.similarity_differences where shape = 'two_children'"
    )
    assert signs == [("siblings", "parent_child")]


def test_rate_differences(build: Build) -> None:
    sums = build.rows(
        "select trait, relation, family_key, numerator, denominator from intermediate.int_family_ratios "
        "where measure = 'mutation'"
    )
    rates = {row[:2]: row[2] for row in build.rows("select trait, relation, rate from marts.mutation_rates")}
    found = build.rows(
        "select trait, relation, relation_compared, n_edges, n_edges_compared, rate, rate_compared, difference, "
        "difference_low, difference_high, n_families_effective, share_of_largest_family, interval_method "
        "from marts.rate_differences"
    )
    traits = {row[0] for row in sums}
    assert traits >= {"license", "language", "task", "library"}
    assert len(found) == len(traits) * 6
    assert {row[0] for row in found} == traits
    for trait, relation, compared, n, n_compared, rate, rate_compared, *row, method in found:
        both = [
            [
                Drawn(frozenset([family]), frozenset([family]), top / bottom, bottom)
                for of_trait, of_relation, family, top, bottom in sums
                if (of_trait, of_relation) == (trait, name)
            ]
            for name in (relation, compared)
        ]
        assert (n, n_compared) == tuple(sum(one.weight for one in sample) for sample in both)
        for name, value in ((relation, rate), (compared, rate_compared)):
            assert value == pytest.approx(rates.get((trait, name)))
        expected = family_loops.estimate(both, fewest_pairs=0)
        assert tuple(row[:3]) == pytest.approx((expected["mean"], expected["low"], expected["high"]), abs=1e-9)
        if all(both):
            names = "n_families_effective", "share_of_largest_family"
            assert row[3:] == pytest.approx([expected[name] for name in names])
        assert (method == "weighted_jackknife") == (row[1] is not None)


def test_pair_kinds_have_the_distances_of_their_shapes(build: Build) -> None:
    edges = dict(build.rows("select shape, edges from marts.subgraph_occurrences"))
    for ends, kinds in PAIR_KINDS_BY_DISTANCE.items():
        assert {ends_of_pair(edges[kind.shape], kind.pair) for kind in kinds} == {ends}
    assert Counter(kind for kinds in PAIR_KINDS_BY_DISTANCE.values() for kind in kinds) == Counter(PAIR_KINDS)


# ---- A hub in which nothing can be measured


def test_hub_of_one_edge_without_cards_weights_and_licenses(tmp_path: Path) -> None:
    records = [
        {"id": "a/root", "createdAt": "2024-01-01T00:00:00.000Z", "tags": ["tensorboard", "base_model:a/root"]},
        {"id": "a/child", "createdAt": "2024-01-02T00:00:00.000Z", "tags": ["base_model:finetune:a/root"]},
        # Neither a self-loop nor a missing parent makes a relative.
        {"id": "b/alone", "createdAt": "2024-01-03T00:00:00.000Z", "tags": ["base_model:b/alone", "base_model:b/gone"]},
    ]
    build = Build(tmp_path, write(tmp_path / "tiny.jsonl", records), data_tests=False)
    assert build.dbt.returncode == 0, build.dbt.stdout
    assert build.rows("select * exclude (n_known) from marts.card_coverage_by_family_ties order by 1") == [
        (False, 1, 0, 0, None, None),
        (True, 2, 0, 0, None, None),
    ]
    assert build.rows("select distinct n_models, n_models_with_weights, share_of_models_with_weights "
                      "from marts.weight_formats") == [(0, 0, None)]  # fmt: skip  # keeps the query in one place
    assert build.rows("from marts.trait_directedness") == []
    assert build.rows(
        "select generation_gap, distance, n_shapes, n, n_missing, mean is null from marts.similarity_by_distance "
        "where artifact = 'metadata' and measure = 'bow' order by all"
    ) == [
        (0, 2, 0, 0, 0, True),
        (1, 1, 1, 300, 0, False),
        (1, 3, 0, 0, 0, True),
        (2, 2, 0, 0, 0, True),
        (3, 3, 0, 0, 0, True),
        (None, None, 1, 300, 0, False),
    ]
