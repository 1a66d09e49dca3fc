"""The synthetic hub has the planted shapes and rates, and the same bytes on every run."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import combinations, product
from math import sqrt
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest

from phylohub.synthetic import graph as synthetic_graph
from phylohub.synthetic import hub as synthetic
from phylohub.synthetic.cards import card_lengths
from phylohub.synthetic.graph import (
    ADAPTER,
    FINETUNE,
    MERGE,
    NO_CODE,
    PLANTED,
    QUANTIZED,
    RELATIONS,
    make_graph,
    make_traits,
    mutate_languages,
    mutate_license,
    mutate_word,
)
from phylohub.synthetic.hub import records, write_hub
from phylohub.synthetic.models import END, START
from phylohub.synthetic.words import (
    FLAG_SHARES,
    LANGUAGE_COUNTS,
    LANGUAGE_SIZES,
    LIBRARY_WEIGHTS,
    LICENSE_COUNTS,
    PLANTED_LICENSE_ORDER,
    STUDY_MODELS,
    TASK_WEIGHTS,
    THREE_LETTERS,
    WORDS,
)

Record = dict[str, Any]
Edge = tuple[str, str, str]  # parent, child, relation

SMALL, LARGE = 5_000, 20_000


@pytest.fixture(scope="module")
def lines() -> list[Record]:
    return list(records(SMALL, 1))


@pytest.fixture(scope="module")
def hub(lines: list[Record]) -> dict[str, Record]:
    return first_seen(lines)


@pytest.fixture(scope="module")
def large() -> dict[str, Record]:
    return first_seen(list(records(LARGE, 2)))


def first_seen(lines: list[Record]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for record in lines:
        found.setdefault(record["id"], record)
    return found


def edges(hub: dict[str, Record]) -> list[Edge]:
    """Typed edges, parsed from the tags."""
    found = (re.fullmatch(r"base_model:(\w+):(.+)", tag) for r in hub.values() for tag in r["tags"])
    owners = (r["id"] for r in hub.values() for _ in r["tags"])
    return [(m[2], child, m[1]) for m, child in zip(found, owners, strict=True) if m]


def graph(hub: dict[str, Record]) -> nx.DiGraph[str]:
    return nx.DiGraph((parent, child) for parent, child, _ in edges(hub) if parent in hub and parent != child)


def licenses(record: Record) -> set[str]:
    return {tag.removeprefix("license:") for tag in record["tags"] if tag.startswith("license:")}


def languages(record: Record) -> set[str]:
    two_letters: dict[str | bool, str] = {three: two for two, three in THREE_LETTERS.items()}
    found = record.get("cardData", {}).get("language")
    if found is None:
        return {tag for tag in record["tags"] if tag in LANGUAGE_COUNTS}
    codes: list[str | bool] = found if isinstance(found, list) else [found]
    return {two_letters.get(code, str(code)) if code else "no" for code in codes}


def task(record: Record) -> set[str]:
    return {record["pipeline_tag"]} if "pipeline_tag" in record else set()


def library(record: Record) -> set[str]:
    return {record["library_name"]} if "library_name" in record else set()


def epoch(stamp: str) -> int:
    return int(datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.000Z").replace(tzinfo=UTC).timestamp())


def close(share: float, planted: float, n: int, variance: float | None = None) -> bool:
    """Within four standard errors of the planted value."""
    assert n >= 100, "too few values for the test"
    return abs(share - planted) <= 4 * sqrt((planted * (1 - planted) if variance is None else variance) / n)


# The file


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.jsonl.gz", "other_name.jsonl.gz"):
        write_hub(tmp_path / name, 1_200, 3)
    write_hub(tmp_path / "seed.jsonl.gz", 1_200, 4)
    one, same, other = ((tmp_path / f).read_bytes() for f in ("one.jsonl.gz", "other_name.jsonl.gz", "seed.jsonl.gz"))
    assert one == same
    assert one != other
    assert one[3] == 0, "a flag of the gzip header is set: it names the file"
    assert one[4:8] == bytes(4), "the gzip header holds a time"


def test_bytes_do_not_depend_on_the_machine(tmp_path: Path) -> None:
    """The hashes change only if the generator changes."""
    write_hub(tmp_path / "hub.jsonl", 3_000, 1, cards=tmp_path / "cards.jsonl")
    found = [hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()[:16] for name in ("hub.jsonl", "cards.jsonl")]
    assert found == ["1482ef431b209f8c", "2d408a58fd75d284"]


@pytest.mark.parametrize(("hash_seed", "zone"), [("1", "Pacific/Auckland"), ("2", "America/Lima")])
def test_bytes_do_not_depend_on_the_environment(tmp_path: Path, hash_seed: str, zone: str) -> None:
    write_hub(tmp_path / "here.jsonl", 1_000, 5)
    code = "import sys, pathlib, phylohub.synthetic.hub as s; s.write_hub(pathlib.Path(sys.argv[1]), 1000, 5)"
    there = tmp_path / "there.jsonl"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone, "LC_ALL": "C", "PYTHONUTF8": "0"}
    project = Path(synthetic.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(there)], check=True, env=environment, cwd=project)
    assert there.read_bytes() == (tmp_path / "here.jsonl").read_bytes()


def test_plain_and_compressed_files_hold_one_record_per_line(tmp_path: Path, lines: list[Record]) -> None:
    plain, zipped, zstd = (tmp_path / f"hub.jsonl{suffix}" for suffix in ("", ".gz", ".zst"))
    for path in (plain, zipped, zstd):
        assert write_hub(path, SMALL, 1) == len(lines) == SMALL + SMALL // 1_000
    assert gzip.decompress(zipped.read_bytes()) == plain.read_bytes()
    assert pa.input_stream(zstd, compression="zstd").read() == plain.read_bytes()
    assert [json.loads(line) for line in plain.read_text(encoding="utf-8").splitlines()] == lines
    assert sorted(tmp_path.iterdir()) == [plain, zipped, zstd], "a temporary file is left"


@pytest.mark.parametrize("n", [0, 1, 2, 3, 999])
def test_tiny_hubs(tmp_path: Path, n: int) -> None:
    path = tmp_path / "hub.jsonl.gz"
    assert write_hub(path, n, 0) == n
    found = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert len({record["id"] for record in found}) == n


@pytest.mark.parametrize(("n", "seed"), [(-1, 0), (1, -1)])
def test_negative_arguments_raise_and_write_nothing(tmp_path: Path, n: int, seed: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        records(n, seed)
    with pytest.raises(ValueError, match="negative"):
        write_hub(tmp_path / "hub.jsonl", n, seed)
    assert list(tmp_path.iterdir()) == []


def test_crash_leaves_only_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hub.jsonl.gz"
    path.write_bytes(b"old")

    def broken(n_models: int, seed: int, *, with_cards: bool, drift: bool) -> Any:
        yield synthetic.Block(pa.array(["{}\n"]), iter([b"{}\n"]))
        raise RuntimeError("crash")

    monkeypatch.setattr(synthetic, "blocks", broken)
    with pytest.raises(RuntimeError, match="crash"):
        write_hub(path, 2, 0, cards=tmp_path / "cards.jsonl")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


# The records


def test_everything_is_labelled_synthetic(lines: list[Record]) -> None:
    parents = {parent for parent, _, _ in edges(first_seen(lines))}
    for record in lines:
        assert re.fullmatch(r"synthetic-org-\d{4,}/base-[\w.-]+", record["id"])
        assert "phylohub:synthetic" in record["tags"]
        assert "region:us" in record["tags"]
    assert all(re.match(r"synthetic-(org-\d{4,}|gone)/", parent) for parent in parents)
    outside = [t for r in lines for t in r["tags"] if t.startswith(("dataset:", "doi:", "arxiv:"))]
    assert all(re.match(r"dataset:synthetic-data/|doi:10\.5555/|arxiv:\d{4}\.9\d{4}$", tag) for tag in outside)
    assert {tag.split(":")[0] for tag in outside} == {"dataset", "doi", "arxiv"}


def test_fields_agree_with_each_other(lines: list[Record]) -> None:
    assert len({record["_id"] for record in lines}) == SMALL
    for record in lines:
        assert re.fullmatch(r"[0-9a-f]{24}", record["_id"])
        assert re.fullmatch(r"[0-9a-f]{40}", record["sha"])
        created = epoch(record["createdAt"])
        assert int(record["_id"][:8], 16) == created
        assert START <= created <= epoch(record["lastModified"]) <= END
        assert record["modelId"] == record["id"]
        assert record["author"] == record["id"].split("/")[0]
        assert len(set(record["tags"])) == len(record["tags"]) < 50
        assert task(record) | library(record) <= set(record["tags"])
        assert record["downloads"] >= 0
        assert record["likes"] >= 0
        assert all(set(file) == {"rfilename"} for file in record["siblings"])


def test_types_vary_as_on_the_hub(large: dict[str, Record]) -> None:
    def types(values: Any) -> set[type]:
        return {type(value) for value in values}

    cards = [record["cardData"] for record in large.values() if "cardData" in record]
    assert {record["gated"] for record in large.values()} == {False, "auto", "manual"}
    assert types(record["trendingScore"] for record in large.values()) == {int, float}
    for key in ("license", "base_model"):
        assert types(card[key] for card in cards if key in card) == {str, list}, key
    assert types(card["language"] for card in cards if "language" in card) >= {str, list, bool}
    assert any(card.get("datasets") == [None] for card in cards)
    assert any("eng" in record["tags"] for record in large.values())
    assert any(not tag.isascii() for record in large.values() for tag in record["tags"])
    assert any("cardData" not in record and licenses(record) for record in large.values()), "card left out"
    assert any("safetensors" in record for record in large.values())
    assert any(len(languages(record)) >= 4 for record in large.values())


def test_sizes_are_plausible(hub: dict[str, Record]) -> None:
    assert 10 <= sum(len(record["tags"]) for record in hub.values()) / SMALL <= 13
    downloads = sorted(record["downloads"] for record in hub.values())
    assert downloads[-SMALL // 100] > 50 * downloads[SMALL // 2], "the tail is not heavy"
    assert hub[next(iter(hub))]["tags"] != sorted(hub[next(iter(hub))]["tags"])


def test_records_ascend_by_creation_and_repeats_are_newer(lines: list[Record]) -> None:
    seen: dict[str, Record] = {}
    repeats = 0
    for record in lines:
        old = seen.setdefault(record["id"], record)
        if old is record:
            continue
        repeats += 1
        changed = {key for key in record if record[key] != old[key]}
        assert changed == {"lastModified", "downloads", "tags"}
        assert record["lastModified"] > old["lastModified"]
        assert set(record["tags"]) == set(old["tags"])
    assert repeats == SMALL // 1_000
    assert len(seen) == SMALL
    stamps = [record["createdAt"] for record in seen.values()]
    assert stamps == sorted(stamps)
    assert stamps.count(stamps[0]) > 10, "no model is dated to the first day"


# The graph


def cycles(of: nx.DiGraph[str]) -> Counter[int]:
    return Counter(len(part) for part in nx.strongly_connected_components(of) if len(part) > 1)


@pytest.mark.parametrize(("n", "each"), [(1_000, 1), (SMALL, 1), (2 * SMALL, 2)])
def test_planted_shapes_exist(n: int, each: int) -> None:
    hub = first_seen(list(records(n, 1)))
    found, in_hub = edges(hub), graph(hub)
    assert sum(parent == child for parent, child, _ in found) == each
    assert cycles(in_hub) == {2: each, 3: each}
    assert {len(cycle) for cycle in nx.simple_cycles(in_hub)} == {2, 3}
    assert [relation for _, _, relation in found].count("distill") == each
    pairs = Counter((parent, child) for parent, child, _ in found)
    assert sum(count == 2 for count in pairs.values()) == each

    finetunes = nx.DiGraph((p, c) for p, c, relation in found if relation == "finetune" and p in hub)
    tops = [
        (child, a, b)
        for child in finetunes
        for a, b in combinations(finetunes.pred[child], 2)
        if set(finetunes.pred[a]) & set(finetunes.pred[b]) - {a, b, child}
    ]
    assert len(tops) >= each, "no diamond of finetunes"


def test_common_shapes_exist(hub: dict[str, Record]) -> None:
    found, in_hub = edges(hub), graph(hub)
    assert any(parent not in hub for parent, _, _ in found)
    relations: dict[str, Counter[str]] = {}
    for _, child, relation in found:
        relations.setdefault(child, Counter())[relation] += 1
    named = Counter(c["merge"] for c in relations.values() if c["merge"])
    assert set(named) == {2, 3, 4}
    assert sum(c["finetune"] == 2 for c in relations.values()) > 2, "no second finetune parents"
    bare = {
        record["id"]
        for record in hub.values()
        if any(tag.startswith("base_model:") for tag in record["tags"]) and record["id"] not in relations
    }
    assert close(len(bare) / (len(bare) + len(relations)), PLANTED.bare_only, len(bare) + len(relations))
    for parent, child, _ in found:
        assert f"base_model:{parent}" in hub[child]["tags"], "a typed tag without the bare tag"

    loops = [node for part in nx.strongly_connected_components(in_hub) if len(part) > 1 for node in part]
    in_hub.remove_nodes_from(loops)
    assert nx.dag_longest_path_length(in_hub) >= 10
    assert max(degree for _, degree in in_hub.out_degree()) >= 50


def test_parents_are_older_except_in_planted_cycles(hub: dict[str, Record]) -> None:
    place = {name: number for number, name in enumerate(hub)}
    backwards = [(p, c) for p, c, _ in edges(hub) if p in hub and place[p] >= place[c]]
    assert len(backwards) == 3, "a self-loop, a cycle of two and one of three close backwards"


def test_shares_of_the_graph(large: dict[str, Record]) -> None:
    found = edges(large)
    children = sum(any(tag.startswith("base_model:") for tag in r["tags"]) for r in large.values())
    assert close(children / LARGE, PLANTED.parent_share, LARGE)
    gone = sum(parent not in large for parent, _, _ in found)
    assert close(gone / len(found), PLANTED.missing_parent, len(found))
    counts = Counter(relation for _, _, relation in found)
    for relation, share in zip(RELATIONS, PLANTED.relation_shares, strict=False):
        # A merge has three edges on average, which increases the variance.
        assert close(counts[relation] / len(found), share, len(found), 3 * share * (1 - share)), relation


# The traits


@pytest.mark.parametrize(
    ("trait", "planted", "variance"),
    [
        (licenses, PLANTED.license_mutation, None),
        (task, PLANTED.task_mutation, None),
        (library, PLANTED.library_mutation, None),
        # The Jaccard distance of a mutation is 1/2 or 1.
        (
            languages,
            PLANTED.language_mutation,
            PLANTED.language_change * (1 - 0.75 * PLANTED.language_partial) - PLANTED.language_mutation**2,
        ),
    ],
)
def test_mutation_rates_of_finetune_edges(
    large: dict[str, Record], trait: Callable[[Record], set[str]], planted: float, variance: float | None
) -> None:
    ends = [
        (trait(large[parent]), trait(large[child]))
        for parent, child, relation in edges(large)
        if relation == "finetune" and parent in large and parent != child
    ]
    distances = [1 - len(a & b) / len(a | b) for a, b in ends if a and b]
    assert close(sum(distances) / len(distances), planted, len(distances), variance)


def test_mutation_always_changes_the_value() -> None:
    chances = [k / 20 for k in range(20)]
    for words, mutate in (
        (LICENSE_COUNTS, mutate_license),
        (TASK_WEIGHTS, mutate_word(len(TASK_WEIGHTS))),
        (LIBRARY_WEIGHTS, mutate_word(len(LIBRARY_WEIGHTS))),
    ):
        old, fresh, u = (
            np.array(one) for one in zip(*product(range(len(words)), range(len(words)), chances), strict=True)
        )
        new = mutate(old, fresh, u)
        assert (new != old).all()
        assert set(new.tolist()) <= set(range(len(words)))


def test_mutated_languages_share_half_or_nothing() -> None:
    rng = np.random.default_rng(3)
    old = synthetic_graph._language_sets(rng, rng.random(20_000), rng.random(20_000))
    fresh = synthetic_graph._language_sets(rng, rng.random(20_000), rng.random(20_000))
    chances = rng.random(20_000)
    for before, after, u in zip(old.tolist(), mutate_languages(old, fresh, chances).tolist(), chances, strict=True):
        a, b = set(before) - {NO_CODE}, set(after) - {NO_CODE}
        assert len(a) in LANGUAGE_SIZES
        assert len(b) in LANGUAGE_SIZES
        assert 1 - len(a & b) / len(a | b) == (0.5 if u < PLANTED.language_partial else 1)


def test_license_mutations_follow_the_planted_order() -> None:
    # A larger hub, without records, since few mutations are between two ordered licenses.
    rng = np.random.default_rng(7)
    tree = make_graph(rng, 400_000)
    found = make_traits(rng, tree).license
    names = list(LICENSE_COUNTS)
    place = np.array([PLANTED_LICENSE_ORDER.index(x) if x in PLANTED_LICENSE_ORDER else -1 for x in names])
    child, parent = (np.concatenate(ends) for ends in zip(*tree.levels, strict=True))
    known = (found[child] >= 0) & (found[parent] >= 0)
    before, after = place[found[parent[known]]], place[found[child[known]]]
    moved = (before >= 0) & (after >= 0) & (before != after)
    forward = (after > before)[moved].mean()
    # A star passes its license to many children, so the variance is larger than binomial.
    assert moved.sum() > 1_000
    assert abs(forward - PLANTED.license_forward) < 0.06


def test_hub_of_the_studys_size_has_the_studys_shape() -> None:
    """The counts match the study's within the stated tolerances."""
    tree = make_graph(np.random.default_rng(1), STUDY_MODELS)
    assert tree.child.size == pytest.approx(573_653, rel=0.02)
    declared = np.bincount(tree.relation)
    published = {FINETUNE: 189_391, QUANTIZED: 101_921, ADAPTER: 241_417, MERGE: 573_653 - 189_391 - 101_921 - 241_417}
    for relation, count in published.items():
        assert declared[relation] == pytest.approx(count, rel=0.05), RELATIONS[relation]
    assert 36 <= len(tree.levels) + 1 <= 44, "depth"

    there = (tree.parent >= 0) & (tree.parent < tree.child)
    children = np.bincount(tree.parent[there], minlength=STUDY_MODELS)
    assert children.max() == pytest.approx(33_000, rel=0.1)
    with_children = {r: int((children[tree.kind == r] > 0).sum()) for r in (FINETUNE, QUANTIZED, ADAPTER)}
    for relation, count in {FINETUNE: 15_047, QUANTIZED: 970, ADAPTER: 458}.items():
        assert count / 2 < with_children[relation] < count * 2, RELATIONS[relation]

    finetune = there & (tree.relation == FINETUNE)
    u, v = tree.parent[finetune], tree.child[finetune]
    k, parents = np.bincount(u, minlength=STUDY_MODELS).astype(float), np.bincount(v, minlength=STUDY_MODELS)
    pairs = k * (k - 1) / 2
    for found, published_count in (
        (k.sum(), 191_072),
        (pairs.sum(), 119_795_843),
        (k[v].sum(), 40_922),
        ((pairs * (k - 2) / 3).sum(), 193_010_561_824),
        (pairs[v].sum(), 11_847_103),
        ((k[v] * (k[u] - 1)).sum(), 19_932_645),
        ((parents[u] * k[v]).sum(), 10_965),
    ):
        assert published_count / 3 < found < published_count * 3


def test_cards_have_the_published_lengths(tmp_path: Path) -> None:
    u = (np.arange(1_000_000) + 0.5) / 1_000_000
    lengths = np.concatenate([card_lengths(u, np.full(u.size, is_child)) for is_child in (True, False, False)])
    assert np.median(lengths) == pytest.approx(2_073, rel=0.05)
    assert lengths.mean() == pytest.approx(3_576, rel=0.1)
    assert lengths.max() > 10_000_000

    write_hub(tmp_path / "alone.jsonl", SMALL, 1)
    write_hub(tmp_path / "hub.jsonl", SMALL, 1, cards=tmp_path / "cards.jsonl")
    assert (tmp_path / "alone.jsonl").read_bytes() == (tmp_path / "hub.jsonl").read_bytes()
    cards = {card["id"]: card["card"] for card in map(json.loads, (tmp_path / "cards.jsonl").read_bytes().splitlines())}
    listed = first_seen([json.loads(line) for line in (tmp_path / "hub.jsonl").read_bytes().splitlines()])
    assert set(cards) == {name for name, record in listed.items() if {"rfilename": "README.md"} in record["siblings"]}
    assert close(len(cards) / SMALL, PLANTED.card_share, SMALL)
    assert all("phylohub:synthetic" in text for text in cards.values() if len(text) > 100)


def test_vocabularies_do_not_overlap() -> None:
    kinds = [
        LANGUAGE_COUNTS,
        THREE_LETTERS.values(),
        TASK_WEIGHTS,
        LIBRARY_WEIGHTS,
        WORDS,
        FLAG_SHARES,
    ]
    assert max(Counter(word for kind in kinds for word in kind).values()) == 1, "a record would have a tag twice"


def test_license_order_holds_the_most_frequent_licenses() -> None:
    assert len(set(PLANTED_LICENSE_ORDER)) == len(PLANTED_LICENSE_ORDER) == 20
    assert set(PLANTED_LICENSE_ORDER) == {word for word, _ in Counter(LICENSE_COUNTS).most_common(22)} - {
        "other",
        "unknown",
    }


@pytest.mark.parametrize(
    ("trait", "share"),
    [(licenses, 1 - sum(LICENSE_COUNTS.values()) / STUDY_MODELS), (languages, 0.80), (task, 0.51), (library, 0.24)],
)
def test_shares_of_models_without_a_trait(
    large: dict[str, Record], trait: Callable[[Record], set[str]], share: float
) -> None:
    without = sum(not trait(record) for record in large.values())
    assert abs(without / LARGE - share) < 0.04


def test_root_licenses_have_the_published_shares(large: dict[str, Record]) -> None:
    roots = [r for r in large.values() if not any(tag.startswith("base_model:") for tag in r["tags"])]
    counts = Counter(license_ for record in roots for license_ in licenses(record))
    total, published = sum(counts.values()), sum(LICENSE_COUNTS.values())
    for license_, count in LICENSE_COUNTS.items():
        assert close(counts[license_] / total, count / published, total), license_
    others = len(roots) - synthetic_graph.STARS * 4 // 5  # four of five stars are roots, and all stars have a license
    assert close((len(roots) - total) / others, PLANTED.no_license, others)
