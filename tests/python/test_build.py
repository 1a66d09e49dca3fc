"""Complete builds, and every mart compared with a count of the same records in plain Python."""

import gzip
import json
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import product
from operator import mul
from pathlib import Path
from statistics import fmean

import duckdb
import networkx as nx
import pytest
from conftest import Build, run_dbt, run_phylohub
from hand_count import HandCount, field_value, read_records
from hand_weights import TRAITS as WEIGHT_TRAITS
from scipy.stats import binomtest, false_discovery_control  # type: ignore[import-untyped]  # scipy ships no types


@pytest.fixture(scope="module")
def synthetic_build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("synthetic")
    made = run_phylohub(folder / "made.duckdb", "ingest", "synthetic", "--models", "3000")
    assert made.returncode == 0, made.stderr
    (records,) = (folder / "synthetic").glob("*.jsonl.gz")
    return Build(folder, records, unit_tests=True)


@pytest.fixture(
    scope="module", params=["synthetic", "hub_models_2026-06-05.jsonl.gz", "hub_models_2026-08-22.jsonl.gz"]
)
def build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    if request.param == "synthetic":
        yield request.getfixturevalue("synthetic_build")
    else:
        real_file: Callable[[str], Path] = request.getfixturevalue("real_file")
        yield Build(tmp_path_factory.mktemp("real"), real_file(request.param))


@pytest.fixture(scope="module")
def counted(build: Build) -> HandCount:
    return HandCount(read_records(build.records))


def test_build_passes_without_errors(build: Build) -> None:
    assert build.dbt.returncode == 0, build.dbt.stdout
    assert " ERROR=0 " in build.dbt.stdout
    assert "0 rejected" in build.landing.stdout


def test_models_and_duplicate_records(build: Build, counted: HandCount) -> None:
    created = "strftime(created_at, '%Y-%m-%dT%H:%M:%S')"
    assert set(build.rows(f"select model_id, downloads, likes, task, library, {created} from marts.models")) == {
        (
            model,
            record["downloads"],
            record["likes"],
            field_value("task", record["pipeline_tag"]) if "pipeline_tag" in record else None,
            field_value("library", record["library_name"]) if "library_name" in record else None,
            record["createdAt"][:19],
        )
        for model, record in counted.records.items()
    }
    assert build.rows("select n_records, n_rejected, n_models, n_duplicate_records from marts.snapshot_health") == [
        (counted.n_records, 0, len(counted.records), counted.n_records - len(counted.records))
    ]


def test_tags_and_traits(build: Build, counted: HandCount) -> None:
    assert set(
        build.rows("select model_id, tag, kind, lower(value) from marts.model_tags where kind = 'language'")
    ) == {row for row in counted.model_tags() if row[2] == "language"}
    assert set(build.rows("select model_id, tag, kind, value from marts.model_tags where kind <> 'language'")) == {
        row for row in counted.model_tags() if row[2] != "language"
    }
    readings = "select model_id, tag, is_task, is_library, is_language, is_undecided_language, is_flag"
    assert set(build.rows(f"{readings} from marts.model_tags")) == counted.readings()
    assert set(build.rows("select model_id, license from marts.model_licenses")) == counted.of_kind("license")
    assert set(build.rows("from marts.model_datasets")) == counted.of_kind("dataset")
    assert set(build.rows("select model_id, arxiv_id from marts.model_papers")) == counted.of_kind("arxiv")
    languages = "select model_id, language, declared_in, is_paper from marts.model_languages"
    assert set(build.rows(languages)) == counted.languages()


def test_trait_distribution(build: Build, counted: HandCount) -> None:
    rows = build.rows("select trait, value, n_models, n_models_paper, share_of_models from marts.trait_distribution")
    assert {(trait, value): (ours, paper) for trait, value, ours, paper, _ in rows} == counted.trait_distribution()
    for _, _, n_models, _, share in rows:
        assert share == pytest.approx(n_models / len(counted.records))
    undecided = "select value, n_models_undecided from marts.trait_distribution where n_models_undecided > 0"
    assert dict(build.rows(undecided)) == counted.undecided_languages()
    assert build.rows(f"{undecided} and trait <> 'language'") == []


def test_flags_count_every_model_that_carries_the_tag(build: Build, counted: HandCount) -> None:
    """By the plain list of tags of each record, whatever else a tag is on that model."""
    carriers = Counter(tag for record in counted.records.values() for tag in set(record.get("tags") or []))
    found = dict(
        build.rows(
            "select value, n_models from marts.trait_distribution "
            "where trait = 'flag' and value in (select flag from staging.tag_flags)"
        )
    )
    flags = [flag for (flag,) in build.rows("select flag from staging.tag_flags")]
    assert found == {flag: carriers[flag] for flag in flags if carriers[flag]}
    by_tag = "select tag, count(*) from marts.model_tags where is_flag group by tag"
    assert {flag: n for flag, n in build.rows(by_tag) if flag in found} == found


def test_edges_and_families(build: Build, counted: HandCount) -> None:
    edges = counted.edges()
    found = build.rows(
        "select parent_id, child_id, relation, parent_in_hub, is_self_loop, is_paper_edge from marts.lineage_edges"
    )
    assert set(found) == edges
    assert len(found) == len(edges)
    for edge_set, wanted in (
        ("all", lambda relation: True),
        ("no_merge", lambda relation: relation != "merge"),
        ("finetune", lambda relation: relation == "finetune"),
    ):
        graph: nx.Graph[str] = nx.Graph(
            (parent, child)
            for parent, child, relation, in_hub, loop, _ in edges
            if in_hub and not loop and wanted(relation)
        )
        sizes = sorted(len(members) for members in nx.connected_components(graph))
        query = f"select n_models from marts.families where edge_set = '{edge_set}' order by 1"
        assert [size for (size,) in build.rows(query)] == sizes


def test_top_models(build: Build, counted: HandCount) -> None:
    for metric in ("downloads", "likes"):
        query = f"select place, model_id, value from marts.top_models where metric = '{metric}' order by place"
        assert build.rows(query) == counted.top(metric, 100)
    children = "select model_id, n_children from marts.models order by n_children desc, model_id limit 5"
    top = "select model_id, value from marts.top_models where metric = 'children' order by place limit 5"
    assert build.rows(top) == build.rows(children)


def test_availability_growth_and_relations(build: Build, counted: HandCount) -> None:
    downloads = {model: record["downloads"] for model, record in counted.records.items()}
    available = build.rows(
        "select feature, n_models, mean_downloads_with, mean_downloads_without from marts.availability"
    )
    assert len(available) == 5
    for feature, n_models, mean_with, mean_without in available:
        having = {model for model, _ in counted.of_kind("doi")} if feature == "doi" else set()
        having |= {model for model, value in counted.of_kind("flag") if value == feature}
        rest = downloads.keys() - having
        assert n_models == len(having)
        assert mean_with == (pytest.approx(sum(downloads[model] for model in having) / len(having)) if having else None)
        assert mean_without == pytest.approx(sum(downloads[model] for model in rest) / len(rest))

    months = Counter(record["createdAt"][:7] for record in counted.records.values())
    growth = build.rows(
        "select strftime(month, '%Y-%m'), n_models, n_models_total from marts.growth_by_month order by 1"
    )
    assert [row[:2] for row in growth] == sorted(months.items())
    assert growth[-1][2] == len(counted.records)

    edges = counted.edges()
    counted_edges = [edge[:3] for edge in edges if edge[3] and not edge[4]]
    parents = {parent for parent, _, _ in counted_edges}
    assert set(build.rows("select relation, n_edges, n_children_with_children from marts.relation_stats")) == {
        (
            relation,
            sum(edge[2] == relation for edge in edges),
            len({child for _, child, word in counted_edges if word == relation} & parents),
        )
        for relation in {edge[2] for edge in edges}
    }


def test_mutation_rates_and_drifts(build: Build, counted: HandCount) -> None:
    methods: set[str | None] = set()
    for trait in ("license", "language", "task", "library", *WEIGHT_TRAITS):
        found = build.rows(
            "select relation, n_edges, rate, n_edges_paper, rate_paper, rate_low, rate_high, n_families_effective, "
            "share_of_largest_family, interval_method "
            f"from marts.mutation_rates where trait = '{trait}'"
        )
        expected = counted.mutation_rates(trait)
        assert {row[0] for row in found} == expected.keys()
        for relation, n_edges, rate, n_edges_paper, rate_paper, low, high, effective, largest, method in found:
            n, mean, n_paper, mean_paper = expected[relation]
            assert (n_edges, n_edges_paper) == (n, n_paper)
            assert rate == (mean if mean is None else pytest.approx(float(mean), abs=1e-12))
            assert rate_paper == (mean_paper if mean_paper is None else pytest.approx(float(mean_paper), abs=1e-12))
            shares = counted.family_shares(trait, relation)
            assert (effective, largest) == ((None, None) if shares is None else pytest.approx(shares))
            assert method == (
                None if shares is None else "jackknife_and_bootstrap" if shares[0] >= 20 else "too_few_families"
            )
            assert low <= rate <= high if method == "jackknife_and_bootstrap" else (low, high) == (None, None)
            methods.add(method)
        transitions = counted.transitions(trait, "finetune")
        drifts = build.rows(
            "select from_value, to_value, n_forward, n_backward, traffic, total from marts.trait_drifts "
            f"where trait = '{trait}' and relation = 'finetune'"
        )
        for origin, target, forward, backward, traffic, total in drifts:
            assert forward == transitions.get((origin, target), (0, 0))[0]
            assert backward == transitions.get((target, origin), (0, 0))[0]
            assert (traffic, total) == (forward - backward, forward + backward)
            assert traffic > 0 or (traffic == 0 and origin < target)
        assert {frozenset(row[:2]) for row in drifts} == {
            frozenset(pair) for pair, (n_transitions, _) in transitions.items() if n_transitions
        }
    assert methods >= {"jackknife_and_bootstrap", "too_few_families"}  # otherwise the hub cannot tell them apart


def test_language_drift(build: Build, counted: HandCount) -> None:
    sets = counted.trait_sets("language")
    expected = {}
    for relation, edges in counted.evolution_edges().items():
        sizes = [(len(sets[parent][0]), len(sets[child][0])) for parent, child in edges]
        both = [(parent, child) for parent, child in sizes if parent and child]
        if both:
            expected[relation] = (len(both), *(fmean(side) for side in zip(*both, strict=True)))
    found = build.rows(
        "select relation, n_edges, parent_mean, child_mean, change, change_low, change_high, n_families_effective, "
        "share_of_largest_family, interval_method from marts.language_drift where n_edges > 0"
    )
    assert {row[0] for row in found} == expected.keys()
    for relation, n_edges, parent_mean, child_mean, change, low, high, effective, largest, method in found:
        assert (n_edges, parent_mean, child_mean) == pytest.approx(expected[relation])
        assert change == pytest.approx(child_mean - parent_mean)
        assert (effective, largest) == pytest.approx(counted.family_shares("language", relation))
        assert method in (("jackknife_and_bootstrap", "no_variation") if effective >= 20 else ("too_few_families",))
        assert low <= change <= high if method == "jackknife_and_bootstrap" else (low, high) == (None, None)


def test_significance_of_drifts(build: Build) -> None:
    nets: dict[tuple[str, str, frozenset[str]], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for trait, relation, family, origin, target, n in build.rows(
        "select trait, relation, family_key, from_value, to_value, n_transitions "
        "from intermediate.int_family_transitions"
    ):
        nets[trait, relation, frozenset((origin, target))][family] += n if origin < target else -n
    families: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for trait, relation, origin, target, forward, backward, p, q, low, high, effective in build.rows(
        "select trait, relation, from_value, to_value, n_forward, n_backward, p_value, q_value, share_forward_low, "
        "share_forward_high, n_families_effective from marts.trait_drifts"
    ):
        net = nets[trait, relation, frozenset((origin, target))].values()
        if all(abs(n) <= 1 for n in net):
            assert p == pytest.approx(binomtest(sum(n > 0 for n in net), sum(n != 0 for n in net) or 1).pvalue)
        elif len(net) <= 12:
            sums = [abs(sum(map(mul, signs, net))) for signs in product((1, -1), repeat=len(net))]
            assert p == pytest.approx(fmean(total >= abs(forward - backward) for total in sums))
        families[trait, relation].append((p, q))
        if effective >= 20:
            assert 0 <= low <= forward / (forward + backward) <= high <= 1
        else:
            assert (low, high) == (None, None)
    for tests in families.values():
        p_values, q_values = zip(*tests, strict=True)
        assert false_discovery_control(p_values) == pytest.approx(q_values)


def test_orders_are_optimal_and_their_fits_match_the_drifts(build: Build) -> None:
    """Checks the fit of every order, and its optimality by dynamic programming if there are at most ten values."""
    drifts: dict[tuple[str, str], dict[tuple[str, str], tuple[int, int]]] = defaultdict(dict)
    for trait, relation, origin, target, forward, backward in build.rows(
        "select trait, relation, from_value, to_value, n_forward, n_backward from marts.trait_drifts"
    ):
        drifts[trait, relation][origin, target] = (forward, backward)
    orders = defaultdict(list)
    for trait, relation, weighting, value, *places in build.rows(
        "select trait, relation, weighting, value, earliest_place, latest_place, place_low, place_high "
        "from marts.trait_orderings order by trait, relation, weighting, place"
    ):
        orders[trait, relation, weighting].append((value, *places))
    fits = build.rows(
        "select trait, relation, weighting, n_values, optimum, proven, n_drifts, n_drifts_compatible, n_transitions, "
        "n_transitions_compatible, share_of_drifts_compatible, share_of_transitions_compatible, "
        "share_of_drifts_compatible_low, share_of_drifts_compatible_high, share_of_transitions_compatible_low, "
        "share_of_transitions_compatible_high, n_resamples from marts.trait_ordering_fits"
    )
    assert {row[:3] for row in fits} == orders.keys()
    for trait, relation, weighting, n_values, optimum, proven, *counts in fits:
        n_drifts, n_forward, n_transitions, n_transitions_forward, *shares, n_resamples = counts
        order = orders[trait, relation, weighting]
        place = {value: number for number, (value, *_) in enumerate(order)}
        inside = {pair: both for pair, both in drifts[trait, relation].items() if {*pair} <= place.keys()}
        transitions = {pair: n for pair, (n, _) in inside.items()}
        transitions |= {(b, a): n for (a, b), (_, n) in inside.items()}
        traffic = {pair: a - b if weighting == "weighted" else 1 for pair, (a, b) in inside.items() if a > b}
        forward = [pair for pair in traffic if place[pair[0]] < place[pair[1]]]
        assert (n_values, n_drifts, n_forward) == (len(order), len(traffic), len(forward))
        assert optimum == sum(traffic[pair] for pair in forward)
        assert proven
        total = sum(transitions.values())
        compatible = sum(n for (a, b), n in transitions.items() if place[a] < place[b])
        assert (n_transitions, n_transitions_forward) == (total, compatible)
        assert shares[:2] == pytest.approx(
            [n_forward / n_drifts if n_drifts else None, compatible / total if total else None]
        )
        if (relation, weighting) == ("finetune", "weighted"):
            assert n_resamples == 3
            assert all(1 <= low <= high <= n_values for *_, low, high in order)
            limits = [(shares[2], shares[3]), (shares[4], shares[5])]
            assert all(ends == (None, None) or 0 <= ends[0] <= ends[1] <= 1 for ends in limits)
        else:
            assert (n_resamples, shares[2:]) == (0, [None] * 4)
        if n_values <= 10:
            best, first, last = _best_orders(list(place), traffic)
            assert best == optimum
            assert [(row[1], row[2]) for row in order] == list(zip(first, last, strict=True))


def _best_orders(values: list[str], traffic: dict[tuple[str, str], int]) -> tuple[int, list[int], list[int]]:
    """The optimum, and each value's first and last place in any optimal order.

    A set of values is a bit mask. `best_before[s]` is the best weight of an order of the values in s, `best_after[s]`
    the best weight that the other values can add after them.
    """
    n = len(values)
    number = {value: i for i, value in enumerate(values)}
    weight = [[0] * n for _ in range(n)]
    for (a, b), traffic_of in traffic.items():
        weight[number[a]][number[b]] = traffic_of

    def gain(before: int, i: int) -> int:
        return sum(weight[other][i] for other in range(n) if before >> other & 1)

    full = (1 << n) - 1
    best_before, best_after = [0] * (full + 1), [0] * (full + 1)
    for s in range(1, full + 1):
        best_before[s] = max(best_before[s ^ 1 << i] + gain(s ^ 1 << i, i) for i in range(n) if s >> i & 1)
    for s in range(full - 1, -1, -1):
        best_after[s] = max(gain(s, i) + best_after[s | 1 << i] for i in range(n) if not s >> i & 1)
    optimum = best_before[full]
    places: list[list[int]] = [[] for _ in range(n)]
    for s in range(full):
        for i in range(n):
            if not s >> i & 1 and best_before[s] + gain(s, i) + best_after[s | 1 << i] == optimum:
                places[i].append(s.bit_count() + 1)
    return optimum, [min(found) for found in places], [max(found) for found in places]


def test_unknown_values_lists_relations_in_no_vocabulary(build: Build, counted: HandCount) -> None:
    relations = {relation for _, _, relation, *_ in counted.edges()}
    known = {"finetune", "adapter", "merge", "quantized", "unspecified"}
    assert {value for (value,) in build.rows("select value from marts.unknown_values where kind = 'relation'")} == (
        relations - known
    )


def test_order_of_records_and_number_of_threads_do_not_change_the_marts(
    synthetic_build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Keep one record per id: the order of repeated ids is part of the input, since it decides which one is current.
    records = [json.dumps(record) for record in read_records(synthetic_build.records)]
    last = {json.loads(record)["id"]: record for record in records}
    unique = list(last.values())
    ordered, shuffled = tmp_path / "ordered.jsonl.gz", tmp_path / "shuffled.jsonl.gz"
    ordered.write_bytes(gzip.compress("\n".join(unique).encode()))
    random.Random(7).shuffle(unique)
    shuffled.write_bytes(gzip.compress("\n".join(unique).encode()))
    first = Build(tmp_path / "a", ordered, data_tests=False)
    monkeypatch.setenv("PHYLOHUB_DBT_THREADS", "1")
    second = Build(tmp_path / "b", shuffled, data_tests=False)
    assert first.tables() == second.tables()


def test_unknown_snapshot_is_a_clear_error(synthetic_build: Build, tmp_path: Path) -> None:
    done = run_dbt(synthetic_build.database, tmp_path, "build", "--vars", "{snapshot: no-such}")
    assert done.returncode != 0
    assert 'There is no complete snapshot "no-such"' in done.stdout


def test_build_without_landed_records_is_a_clear_error(tmp_path: Path) -> None:
    done = run_dbt(tmp_path / "empty.duckdb", tmp_path / "target", "build")
    assert done.returncode != 0
    assert "Land one first" in done.stdout


def test_rows_that_failed_a_grain_test_are_tested_again(synthetic_build: Build, tmp_path: Path) -> None:
    database = tmp_path / "phylohub.duckdb"
    shutil.copy(synthetic_build.database, database)
    # Duplicate a row: in one table among the tested keys, in the other after them.
    with duckdb.connect(str(database)) as connection:
        tested = connection.execute("select * from main.tested_rows order by all").fetchall()
        connection.execute(
            "insert into intermediate.int_record_tags select * from intermediate.int_record_tags limit 1;"
            "insert into intermediate.int_record_traits select * exclude (number) replace (1000000 as record_id)"
            " from (from intermediate.int_record_traits limit 1), range(2) as copies (number)"
        )
    assert [table for table, *_ in tested] == [
        *("intermediate.int_record_tags", "intermediate.int_record_traits", "intermediate.int_record_weights"),
    ]
    for _ in range(2):
        done = run_dbt(
            database, tmp_path, "test", "--select", "int_record_tags,test_name:unique_combination",
            "int_record_traits,test_name:unique_combination",
        )  # fmt: skip  # keeps an option and its value on one line
        assert done.stdout.count("Got 1 result, configured to fail") == 2, done.stdout
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select * from main.tested_rows order by all").fetchall() == tested


def test_synthetic_models_are_labelled(synthetic_build: Build) -> None:
    assert synthetic_build.rows("select distinct is_synthetic from marts.models") == [(True,)]
    summary = run_phylohub(synthetic_build.database, "summary")
    assert summary.returncode == 0, summary.stderr
    assert "SYNTHETIC" in summary.stdout
