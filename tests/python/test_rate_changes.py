"""Rates of one snapshot against the previous one, compared with counts in plain Python over the records of both."""

import json
import random
from pathlib import Path
from typing import Any

import family_loops
import networkx as nx
import pytest
from conftest import FEW_DRAWS, Build, run_dbt, run_phylohub
from family_loops import Drawn
from hand_count import HandCount
from hand_weights import TRAITS as WEIGHT_TRAITS

from phylohub.methods import family_means
from phylohub.synthetic.hub import records

MARTS = ("rate_changes", "mutation_rates", "language_drift")
TRAITS = ("license", "language", "task", "library", *WEIGHT_TRAITS)


def write(folder: Path, hub: list[dict[str, Any]]) -> Path:
    """The same file name in every folder, so that all snapshots belong to one series."""
    folder.mkdir()
    path = folder / "hub.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in hub))
    return path


def later(hub: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The hub after parents have left, licenses, tasks and languages have changed, and children were added."""
    rng = random.Random(6)
    found = []
    for record in hub:
        if rng.random() < 0.05:
            continue
        tags = record["tags"]
        if rng.random() < 0.2 and any(tag.startswith("base_model:") for tag in tags):
            tags = [tag for tag in tags if not tag.startswith("license:")] + ["license:mit", "fr"]
        changed = record | {"tags": tags}
        if rng.random() < 0.1:
            changed["pipeline_tag"] = "fill-mask"
        found.append(changed)
    for number, parent in enumerate(rng.choices(found, k=150)):
        tags = ["license:apache-2.0", "en", f"base_model:finetune:{parent['id']}"]
        found.append(found[-1] | {"id": f"new/model-{number}", "tags": tags})
    return found


class Hub:
    """A warehouse of two snapshots, and the records of both."""

    def __init__(self, folder: Path, n_models: int, scope: str = "hub") -> None:
        self.hubs = [list(records(n_models, seed=8)), []]
        self.hubs[1] = later(self.hubs[0])
        self.database, self.target = folder / "phylohub.duckdb", folder / "target"
        self.tables = []
        for name, hub in zip(("first", "second"), self.hubs, strict=True):
            path = str(write(folder / name, hub))
            landed = run_phylohub(self.database, "ingest", "dump", path, "--snapshot", name, "--scope", scope)
            assert landed.returncode == 0, landed.stderr
            self.tables.append(self.build())

    def build(self, *options: str) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of the marts after a build without tests."""
        select = ["--select", *(f"+{mart}" for mart in MARTS), "--exclude-resource-types", "unit_test", "test"]
        done = run_dbt(self.database, self.target, "build", *select, *options, "--vars", json.dumps(FEW_DRAWS))
        assert done.returncode == 0, done.stdout
        return {mart: Build.rows(self, f"from marts.{mart} order by all") for mart in MARTS}  # type: ignore[arg-type]  # only reads `database`


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    return Hub(tmp_path_factory.mktemp("changes"), 2_000)


def test_first_snapshot_has_no_changes(hub: Hub) -> None:
    assert hub.tables[0]["rate_changes"] == []


def test_snapshots_of_unknown_scope_are_not_compared(tmp_path: Path) -> None:
    assert Hub(tmp_path, 200, scope="unknown").tables[1]["rate_changes"] == []


def test_full_refresh_gives_the_same_changes(hub: Hub) -> None:
    assert hub.tables[1]["rate_changes"]
    assert hub.build("--full-refresh") == hub.tables[1]


def test_changes_match_counts_over_the_records_of_both_snapshots(hub: Hub) -> None:
    counted = [HandCount(records) for records in hub.hubs]
    edges = [one.evolution_edges() for one in counted]
    graph: nx.Graph[str] = nx.Graph(
        pair for one in edges for relation, pairs in one.items() if relation not in ("merge", "all") for pair in pairs
    )
    family = {model: min(members) for members in nx.connected_components(graph) for model in members}
    expected: dict[tuple[str, str, str], list[dict[str, list[float]]]] = {}
    for number, (one, of_relation) in enumerate(zip(counted, edges, strict=True)):
        for trait in TRAITS:
            sets = {model: ours for model, (ours, _) in one.trait_sets(trait).items()}
            for relation, pairs in of_relation.items():
                for parent, child in pairs:
                    a, b = sets.get(parent, set()), sets.get(child, set())
                    if not a or not b:
                        continue
                    measures = {"mutation": 1 - len(a & b) / len(a | b)}
                    if trait == "language":
                        measures["n_languages"] = len(b) - len(a)
                    for measure, value in measures.items():
                        sums = expected.setdefault((measure, trait, relation), [{}, {}])[number]
                        total = sums.setdefault(family.get(parent, parent), [0, 0])
                        total[0] += value
                        total[1] += 1
    found = hub.tables[1]["rate_changes"]
    assert {row[:3] for row in found} == set(expected)
    n_shown = 0
    for row in found:
        assert row[3:5] == ("first", "second")
        both = expected[row[:3]]
        before, now = (
            [Drawn(frozenset([name]), frozenset([name]), total / n, n) for name, (total, n) in of_family.items()]
            for of_family in both
        )
        assert row[5:7] == (sum(one.weight for one in before), sum(one.weight for one in now))
        loops = family_loops.estimate([now, before], fewest_pairs=0)
        assert row[9:12] == pytest.approx((loops["mean"], loops["low"], loops["high"]), abs=1e-9), row
        if before and now:
            assert row[12:14] == pytest.approx((loops["n_families_effective"], loops["share_of_largest_family"]))
        assert (row[14] == "weighted_jackknife") == (row[10] is not None)
        n_shown += row[10] is not None
    assert n_shown > 1


def test_levels_are_those_that_each_build_published(hub: Hub) -> None:
    for number, column in ((0, 7), (1, 8)):
        rates = {(trait, relation): (n, rate) for trait, relation, n, rate, *_ in hub.tables[number]["mutation_rates"]}
        for row in hub.tables[1]["rate_changes"]:
            if row[0] == "mutation" and row[5 + number]:
                assert (row[5 + number], row[column]) == pytest.approx(rates[row[1:3]])


def test_a_family_in_both_snapshots_is_paired() -> None:
    """If every family gains the same, the change is certain although the levels are not."""
    families = list(range(40))
    before = family_means.Sums.of(families, [2 * (family % 5) for family in families], [10] * 40)
    now = family_means.Sums.of(families, [2 * (family % 5) + 1 for family in families], [10] * 40)
    row = family_means.ratio_difference(now, before)
    assert row["difference"] == pytest.approx(0.1)
    assert row["interval_method"] == "no_variation"
