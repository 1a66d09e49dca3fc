"""Declared parents and license lineage: real lineages by hand, random hubs against networkx, and the seeds."""

import csv
import json
from typing import Any

import networkx as nx
import pytest
from conftest import ROOT, CompiledModel, MemoryWarehouse
from hypothesis import given, settings
from hypothesis import strategies as st

LINEAGES = [json.loads(line) for line in (ROOT / "tests/python/license_lineages.jsonl").read_text().splitlines()]
LICENSES = ["apache-2.0", "mit", "llama3", "gemma", "cc-by-nc-4.0", "gpl-3.0", "cc-by-sa-4.0", "other", None]
FOLDERS = {"staging", "records", "tags", "current", "cards", "lineage", "licenses"}


def seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


TERMS = {(row["license"], row["term"]): row["value"] for row in seed("license_terms")}


@pytest.fixture(scope="module")
def hub(compiled_models: list[CompiledModel]) -> MemoryWarehouse:
    """A warehouse with the models that the license marts need."""
    return MemoryWarehouse(ROOT / "seeds", [model for model in compiled_models if model.folder in FOLDERS])


def renamed(number: int, record: dict[str, Any]) -> dict[str, Any]:
    """A record whose own id and whose parents are apart from those of the other lineages."""
    text = json.dumps(record)
    for owner in {tag.rsplit(":", 1)[1] for tag in record["tags"] if tag.startswith("base_model:")} | {record["id"]}:
        text = text.replace(f'"{owner}"', f'"x{number}-{owner}"').replace(f':{owner}"', f':x{number}-{owner}"')
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def real(hub: MemoryWarehouse) -> list[tuple[Any, ...]]:
    """The findings of the real lineages, each apart from the others, as lineage, finding and both licenses."""
    hub.build(renamed(number, record) for number, one in enumerate(LINEAGES) for record in one["records"])
    return hub.rows(
        "select model_id, finding, upstream_license, other_license from marts.license_findings "
        "where severity <> 'info' order by all"
    )


@pytest.mark.parametrize("number", range(len(LINEAGES)), ids=[one["comment"] for one in LINEAGES])
def test_real_lineage(real: list[tuple[Any, ...]], number: int) -> None:
    lineage = LINEAGES[number]
    model_id = f"x{number}-{lineage['model']}"
    found = [list(finding) for found_id, *finding in real if found_id == model_id]
    assert sorted(map(str, found)) == sorted(map(str, lineage["findings"]))


def test_there_are_thirty_real_lineages() -> None:
    assert len({one["model"] for one in LINEAGES}) >= 30
    assert all(one["records"][-1]["id"] == one["model"] and one["comment"] for one in LINEAGES)


### Random hubs


def records_of(licenses: list[str | None], edges: set[tuple[int, int]]) -> list[dict[str, Any]]:
    tags: list[list[str]] = [[f"license:{one}"] if one else [] for one in licenses]
    for parent, child in sorted(edges):
        tags[child].append(f"base_model:merge:org/m{parent}")
    return [
        {"id": f"org/m{node}", "createdAt": f"2024-01-{node + 1:02}T00:00:00.000Z", "tags": of_model}
        for node, of_model in enumerate(tags)
    ]


def obligations(licenses: list[str | None], edges: set[tuple[int, int]]) -> set[tuple[str, str, str]]:
    """Model, term and ancestor by brute force: the terms of all ancestors, cycles included."""
    graph = nx.DiGraph(list(edges))
    return {
        (f"org/m{node}", term, f"org/m{ancestor}")
        for node in graph
        for ancestor in nx.ancestors(graph, node) - {node}
        for (license_id, term), value in TERMS.items()
        if license_id == licenses[ancestor] and value == "yes"
    }


def nearest(licenses: list[str | None], edges: set[tuple[int, int]]) -> set[tuple[str, str, int]]:
    """Model, nearest licensed ancestor and distance by brute force: paths through unlicensed models only."""
    found: set[tuple[str, str, int]] = set()
    for child in range(len(licenses)):
        level, seen, distance = {child}, {child}, 0
        while level:
            distance += 1
            above = {parent for parent, below in edges if below in level} - seen
            seen |= above
            found |= {(f"org/m{child}", f"org/m{parent}", distance) for parent in above if licenses[parent]}
            level = {parent for parent in above if not licenses[parent]}
    return found


def read_obligations(hub: MemoryWarehouse) -> set[tuple[Any, ...]]:
    return set(hub.rows("select model_id, term, ancestor_id from marts.license_obligations"))


@settings(max_examples=15)
@given(data=st.data())
def test_random_hubs_agree_with_brute_force(hub: MemoryWarehouse, data: st.DataObject) -> None:
    licenses = data.draw(st.lists(st.sampled_from(LICENSES), min_size=2, max_size=9))
    nodes = st.integers(0, len(licenses) - 1)
    pairs = st.tuples(nodes, nodes).filter(lambda pair: pair[0] != pair[1])
    edges = data.draw(st.sets(pairs, min_size=1, max_size=14))  # cycles are possible
    hub.build(records_of(licenses, edges))
    assert read_obligations(hub) == obligations(licenses, edges)
    found = set(hub.rows("select model_id, ancestor_id, distance from marts.license_inheritance"))
    assert found == nearest(licenses, edges)
    # Another ancestor never removes an obligation, also if it closes a cycle.
    before = read_obligations(hub)
    hub.build(records_of(licenses, edges | {data.draw(pairs)}))
    assert before <= read_obligations(hub)


def test_a_clean_chain_has_no_finding(hub: MemoryWarehouse) -> None:
    licenses: list[str | None] = ["apache-2.0", "apache-2.0", "mit", "apache-2.0"]
    hub.build(records_of(licenses, {(0, 1), (1, 2), (2, 3), (0, 3)}))
    assert hub.rows("from marts.license_findings") == []
    assert hub.rows("select n_models from marts.license_consistency where lineage_status = 'consistent'") == [(3,)]


def test_many_paths_through_unlicensed_models_end(hub: MemoryWarehouse) -> None:
    """A ladder of 30 diamonds has 2^30 paths."""
    licenses: list[str | None] = ["gemma"] + [None] * 91
    edges = set()
    for rung in range(30):
        top = 3 * rung
        edges |= {(top, top + 1), (top, top + 2), (top + 1, top + 3), (top + 2, top + 3)}
    records = records_of(licenses[:91], edges)
    for node, record in enumerate(records):
        record["createdAt"] = f"{2020 + node // 12}-{node % 12 + 1:02}-01T00:00:00.000Z"
    hub.build(records)
    (found,) = hub.rows("select distance, relations from marts.license_inheritance where model_id = 'org/m90'")
    assert found == (60, " > ".join(["merge"] * 60))


### Names of parents

BASE = {"id": "Acme/Base-7B", "createdAt": "2023-01-01T00:00:00.000Z", "tags": ["license:apache-2.0"], "_id": "0" * 24}


@pytest.mark.parametrize(
    ("name", "resolution"),
    [
        ("Acme/Base-7B", "exact"),
        ("acme/base-7b", "other case"),
        ("https://huggingface.co/Acme/Base-7B", "url"),
        ("http://www.huggingface.co/acme/base-7b/", "url"),
        ("hf.co/Acme/Base-7B/tree/main", "url"),
        ("hf://Acme/Base-7B", "url"),
        ("https://huggingface.co/models/Acme/Base-7B?library=x", "url"),
        ("Acme/Base-7B/", "url"),
        ("~/.cache/huggingface/hub/models--Acme--Base-7B/snapshots/abc", "cache path"),
        ("models--Acme--Base-7B", "cache path"),
        ("Acme/Base-7B@main", "revision"),
        ("Acme/Base-7B/tree/v1", "revision"),
    ],
)
@pytest.mark.parametrize("declared_in", ["tag", "card"])
def test_name_of_a_parent_leads_to_the_model(
    hub: MemoryWarehouse, name: str, resolution: str, declared_in: str
) -> None:
    child: dict[str, Any] = {"id": "kid/one", "createdAt": "2024-01-01T00:00:00.000Z", "tags": []}
    if declared_in == "tag":
        child["tags"] = [f"base_model:{name}", f"base_model:finetune:{name}"]
    else:
        child["cardData"] = {"base_model": [name]}
    hub.build([BASE, child])
    rows = hub.rows(
        "select child_id, declared_name, declared_in, resolved_id, resolution, why_unresolved "
        "from marts.declared_parents"
    )
    assert rows == [("kid/one", name, declared_in, "Acme/Base-7B", resolution, None)]
    assert hub.rows("select ancestor_id from marts.lineage_closure where edge_set = 'resolved'") == [("Acme/Base-7B",)]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("acme/other", "not in the snapshot"),
        ("base-7b", "no owner"),
        ("./output/checkpoint-100", "path or no id"),
        ("C:\\models\\base", "path or no id"),
        ("https://example.org/acme/base", "address outside the Hub"),
    ],
)
def test_name_of_a_parent_that_leads_to_no_model_has_a_reason(hub: MemoryWarehouse, name: str, why: str) -> None:
    child = {"id": "kid/one", "createdAt": "2024-01-01T00:00:00.000Z", "tags": [f"base_model:adapter:{name}"]}
    hub.build([BASE, child])
    assert hub.rows("select resolved_id, resolution, why_unresolved from marts.declared_parents") == [(None, None, why)]


def test_renamed_parent_leads_to_the_model_with_the_same_database_id(hub: MemoryWarehouse) -> None:
    child = {"id": "kid/one", "createdAt": "2024-01-01T00:00:00.000Z", "tags": ["base_model:finetune:old/name"]}
    hub.build([BASE, child, BASE | {"id": "old/name"}])
    hub.connection.execute(
        "update raw.hub_listings set snapshot = 'earlier' where record_id = 3"
    )  # the record of the old id is listed by an earlier snapshot only
    hub.run_models()
    assert hub.rows("select resolved_id, resolution from marts.declared_parents") == [("Acme/Base-7B", "renamed")]


def test_declarations_of_tag_and_card_are_compared(hub: MemoryWarehouse) -> None:
    record = {
        "id": "kid/one",
        "createdAt": "2024-01-01T00:00:00.000Z",
        "tags": ["license:MIT", "base_model:finetune:Acme/Base-7B"],
        "cardData": {"license": "apache-2.0", "base_model": ["Acme/Base-7B", "gone/model"]},
    }
    hub.build([BASE, record])
    assert hub.rows("select declared_name, relation, declared_in from marts.declared_parents order by all") == [
        ("Acme/Base-7B", "finetune", "both"),
        ("gone/model", "unspecified", "card"),
    ]
    assert hub.rows(
        "select declared_license, declared_in, license from marts.declared_licenses where model_id = 'kid/one' "
        "order by all"
    ) == [("MIT", "tag", "mit"), ("apache-2.0", "card", "apache-2.0")]
    findings = hub.rows("select finding, upstream_license, other_license from marts.license_findings")
    assert findings == [("card_and_tag_disagree", "apache-2.0", "mit")]


@pytest.mark.parametrize(
    ("name", "link", "license_id", "resolved_by"),
    [
        ("tongyi-qianwen", "https://example.org/LICENSE", "tongyi-qianwen", "name"),
        ("Llama 3.1 Community License", None, "llama3.1", "name"),
        ("my-license", "https://ai.google.dev/gemma/terms", "gemma", "link"),
        ("my-license", "LICENSE", None, None),
        (None, None, None, None),
    ],
)
def test_license_other_is_resolved_by_name_and_link(
    hub: MemoryWarehouse, name: str | None, link: str | None, license_id: str | None, resolved_by: str | None
) -> None:
    card = {"license": "other", "license_name": name, "license_link": link}
    record = {"id": "a/b", "createdAt": "2024-01-01T00:00:00.000Z", "tags": ["license:other"], "cardData": card}
    hub.build([record])
    assert hub.rows("select license_name, license_link, license, resolved_by from marts.declared_licenses") == [
        (name, link, license_id, resolved_by)
    ]


### Seeds


def test_every_license_of_the_hub_has_every_term() -> None:
    terms = {row["term"] for row in seed("license_terms")}
    listed = {row["license"] for row in seed("licenses")} | {row["license"] for row in seed("license_terms")}
    assert set(TERMS) == {(license_id, term) for license_id in listed for term in terms}
    for row in seed("license_terms"):
        assert (row["value"] == "unknown") == (row["clause"] == ""), row
        assert row["source"].startswith("https://"), row


def test_terms_agree_with_the_categories_of_the_seed_licenses() -> None:
    """The seed licenses was compiled apart from the terms."""
    for row in seed("licenses"):
        value = TERMS[row["license"], "non_commercial"]
        assert (value == "yes") == (row["category"] == "non-commercial"), row["license"]
        if row["category"] == "copyleft":
            assert TERMS[row["license"], "share_alike"] == "yes", row["license"]
        if row["category"] in ("permissive", "public domain"):
            assert TERMS[row["license"], "share_alike"] in ("no", "yes" if row["license"] == "ms-pl" else "no")
        if row["category"] == "use-restricted" and "rail" in row["license"]:
            assert TERMS[row["license"], "use_restrictions"] == "yes", row["license"]


def test_rules_name_known_terms_and_aliases_are_folded() -> None:
    terms = {row["term"] for row in seed("license_terms")}
    for row in seed("license_rules"):
        assert {row["term_upstream"], row["term_downstream"]} - {""} <= terms, row
    for row in seed("license_aliases"):
        assert row["pattern"] == row["pattern"].lower().replace(" ", "-")
