"""What the Hub's API has changed so far, each change applied to a small hub: the finding that it must lead to."""

import copy
import csv
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import pyarrow as pa
import pytest
from conftest import REAL_DATA, ROOT, CompiledModel, MemoryWarehouse

from phylohub.operate.contract import propose

Record = dict[str, Any]
Change = Callable[[list[Record]], list[Record]]
Findings = set[tuple[str, str | None, str | None, str]]  # kind, path, value, severity
N_MODELS = 300


def made_record(number: int) -> Record:
    """A record with every field that the changes are about."""
    second = 1_710_000_000 + 1000 * number
    return {
        "id": f"owner-{number % 40}/model-{number}",
        "modelId": f"owner-{number % 40}/model-{number}",
        "author": f"owner-{number % 40}",
        "createdAt": f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.000Z",
        "lastModified": "2025-01-01T00:00:00.000Z",
        "private": False,
        "gated": ("manual", "auto", False)[min(number % 20, 2)],
        "downloads": number,
        "downloadsAllTime": 10 * number,
        "likes": number % 7,
        "tags": ["transformers", "license:mit", f"base_model:finetune:owner-0/model-{number // 2}"],
        "pipeline_tag": "text-generation",
        "library_name": "transformers",
        "cardData": {"license": "mit", "language": "en", "base_model": "owner-0/model-0", f"key {number}": 1},
        "safetensors": {"parameters": {"BF16": 7_000_000_000}, "total": 7_000_000_000},
        "gguf": {"total": 7_000_000_000, "architecture": "llama"},
        "baseModels": {"relation": "finetune", "models": [{"_id": "0", "id": "owner-0/model-0"}]},
        "siblings": [
            {"rfilename": "README.md", "size": 10, "blobId": "a"},
            {"rfilename": "b", "size": 2, "blobId": "c"},
        ],
        "securityStatus": {"status": "ok", "scansDone": True},
        "inferenceProviderMapping": [{"provider": "x", "status": "live"}],
        "usedStorage": 1000 + number,
        "config": {"model_type": "llama"},
        "model-index": None,
    }


def small_hub() -> list[Record]:
    """Real records where there are some, with what the sample leaves out added; else made ones. Oldest first."""
    path = REAL_DATA / "hub_models_2026-06-05.jsonl.gz"
    real: list[Record] = []
    if path.exists():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            real = [json.loads(line) for line in islice(lines, N_MODELS)]
    records = [made_record(number) | (real[number] if real else {}) for number in range(N_MODELS)]
    records.sort(key=lambda record: str(record["createdAt"]))
    for number, record in enumerate(records):
        record["trendingScore"] = number % 3
        record["_id"] = object_id(record["createdAt"], number)
        record["tags"] = [*record["tags"], "autotrain_compatible"]
    return records


def object_id(created_at: str, number: int) -> str:
    return f"{int(datetime.fromisoformat(created_at).timestamp()):08x}{number:016x}"


HUB = small_hub()


def everywhere(change: Callable[[Record], object], every: int = 1) -> Change:
    """The change of a record, done to every (or every n-th) record."""

    def changed(records: list[Record]) -> list[Record]:
        for record in records[::every]:
            change(record)
        return records

    return changed


def without(*names: str) -> Change:
    return everywhere(lambda record: [record.pop(name, None) for name in names])


def with_value(name: str, value: object, every: int = 1) -> Change:
    return everywhere(lambda record: record.update({name: value}), every)


def with_tag(tag: str, every: int = 1) -> Change:
    return everywhere(lambda record: record["tags"].append(tag), every)


def created(time: str) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        record.update({"createdAt": time, "_id": object_id(time, 1)})

    return change


def renamed(record: Record) -> None:
    status = record.pop("securityStatus")
    record["securityRepoStatus"] = {"scans": {"done": status["scansDone"]}}


def card_in_lists(record: Record) -> None:
    for name in ("license", "language", "base_model"):
        record["cardData"][name] = ["a", "b"]


def only_names(record: Record) -> None:
    record["siblings"] = [{"rfilename": file["rfilename"]} for file in record["siblings"]]


@dataclass(frozen=True)
class Case:
    """A change, and exactly the findings that it leads to (`others`: at least these). `before` is what the hub was like
    before, `types` what the contract said then, `rate` the limit that the Hub tells."""

    change: Change
    findings: Findings
    before: Change = lambda records: records
    types: dict[str, str] = field(default_factory=dict)
    others: bool = False
    rate: int = 1000
    source: str = "api/models"


NO_CHANGE: Change = lambda records: records  # noqa: E731, shorter than a function that says nothing more
KEYS = {"api_contract": "path", "relations": "relation", "tag_prefixes": "prefix"}
CASES = {
    "nothing": Case(NO_CHANGE, set()),
    "another order of keys and tags": Case(
        everywhere(lambda record: record.update({"tags": record["tags"][::-1], "likes": record.pop("likes")})), set()
    ),
    "modelId dropped under expand": Case(without("modelId"), {("field_gone", "modelId", None, "warn")}),
    "10,000 -> 1,000 a page": Case(
        lambda records: records[: N_MODELS // 10], {("models_lost", "id", None, "error")}, others=True
    ),
    "safetensors gained sharded": Case(
        everywhere(lambda record: record["safetensors"].update(sharded=True)),
        {("field_new", "safetensors.sharded", None, "warn")},
    ),
    "securityStatus renamed and nested anew": Case(
        everywhere(renamed),
        {("field_gone", "securityStatus", None, "warn"), ("field_new", "securityRepoStatus", None, "warn")},
    ),
    "baseModels refused on the list": Case(without("baseModels"), {("field_gone", "baseModels", None, "warn")}),
    "baseModels accepted later": Case(
        NO_CHANGE, {("field_new", "baseModels", None, "warn")}, before=without("baseModels")
    ),
    "inferenceProviderMapping became an object": Case(
        with_value("inferenceProviderMapping", {"x": {"status": "live"}}),
        {("type_changed", "inferenceProviderMapping", "object", "warn")},
        others=True,
    ),
    "trendingScore became fractional": Case(
        with_value("trendingScore", 0.5, every=9),
        {("type_changed", "trendingScore", "number", "warn")},
        types={"trendingScore": "integer"},
    ),
    "trendingScore is fractional, as the contract knows": Case(with_value("trendingScore", 0.5, every=9), set()),
    "usedStorage went": Case(without("usedStorage"), {("field_gone", "usedStorage", None, "warn")}),
    "xetEnabled came": Case(with_value("xetEnabled", True), {("field_new", "xetEnabled", None, "warn")}),
    "xetEnabled went": Case(
        NO_CHANGE, {("field_gone", "xetEnabled", None, "warn")}, before=with_value("xetEnabled", True)
    ),
    "base_model, license and language as lists": Case(
        everywhere(card_in_lists),
        {("type_changed", f"cardData.{name}", "array", "warn") for name in ("license", "language", "base_model")},
        before=everywhere(
            lambda record: record["cardData"].update({"license": "a", "language": "b", "base_model": "c"})
        ),
        types={f"cardData.{name}": "string" for name in ("license", "language", "base_model")},
    ),
    "base_model, license and language as lists, as the contract knows": Case(everywhere(card_in_lists), set()),
    "siblings reduced to rfilename": Case(
        everywhere(only_names),
        {("field_gone", "siblings[].size", None, "warn"), ("field_gone", "siblings[].blobId", None, "warn")},
    ),
    "direction dropped": Case(lambda records: records[::-1], {("order_reversed", "createdAt", None, "warn")}),
    "gguf beyond 63 bits": Case(
        with_value("gguf", {"total": 2**63, "architecture": "llama"}, every=50),
        {("value_outside", "gguf.total", str(2**63), "warn")},
    ),
    "gguf beyond 64 bits": Case(
        with_value("gguf", {"total": 2**64, "architecture": "llama"}, every=50),
        {
            ("value_outside", "gguf.total", str(2**64), "warn"),
            ("type_changed", "gguf.total", "number", "warn"),
        },
    ),
    "rate-limit tiers": Case(NO_CHANGE, {("value_outside", "RateLimit-Policy api", "700", "warn")}, rate=700),
    "automatic tags retired": Case(
        everywhere(lambda record: record["tags"].remove("autotrain_compatible")),
        {("flag_gone", "tags[]", "autotrain_compatible", "warn")},
    ),
    "createdAt below its floor": Case(
        everywhere(created("2022-03-01T00:00:00.000Z"), every=100),
        {("value_outside", "createdAt", "2022-03-01T00:00:00.000Z", "warn")},
    ),
    "createdAt a second above its floor": Case(everywhere(created("2022-03-02T23:29:05.000Z"), every=100), set()),
    "_id of another moment than createdAt": Case(
        everywhere(lambda record: record.update(_id="64" * 12)), {("id_time_mismatches", "_id", None, "warn")}
    ),
    "a new relation": Case(
        with_tag("base_model:distilled:a/b", every=100), {("relation_new", "tags[]", "distilled", "warn")}
    ),
    "a new prefix of many owners": Case(with_tag("hardware:gpu"), {("prefix_new", "tags[]", "hardware", "warn")}),
    "a new prefix of one owner": Case(with_tag("mine:x", every=N_MODELS), set()),
    "an unknown word": Case(with_value("gated", "staff", every=50), {("value_outside", "gated", "staff", "warn")}),
    "most tasks gone": Case(
        lambda records: without("pipeline_tag")(records[30:]) and records,
        {("null_share_jumped", "pipeline_tag", None, "warn")},
    ),
    "no tags": Case(
        without("tags"),
        {("field_gone", "tags", None, "error"), ("records_without_tags", "tags[]", None, "error")},
        others=True,
    ),
    "a fifth without tags": Case(
        with_value("tags", None, every=5),
        {("null_share_jumped", "tags", None, "error"), ("records_without_tags", "tags[]", None, "warn")},
        others=True,
    ),
    "tags became objects": Case(
        everywhere(lambda record: record.update(tags=[{"name": tag} for tag in record["tags"]])),
        {("type_changed", "tags[]", "object", "error")},
        others=True,
    ),
    "createdAt in seconds": Case(
        with_value("createdAt", 1_710_000_000),
        {("type_changed", "createdAt", "integer", "error"), ("records_without_time", "createdAt", None, "error")},
        others=True,
    ),
    "a tenth of the models": Case(lambda records: records[: N_MODELS - N_MODELS // 10], set(), others=True),
    "more than a tenth of the models": Case(
        lambda records: records[: N_MODELS - N_MODELS // 10 - 1], {("models_lost", "id", None, "error")}, others=True
    ),
    "a field that another source never had": Case(without("safetensors", "sha"), set(), source="dump.parquet"),
}


class DriftWarehouse(MemoryWarehouse):
    """Two snapshots of one series and what is said about the second."""

    def __init__(self, models: list[CompiledModel]) -> None:
        wanted = ("staging", "quality", "records")
        tags = ("int_tags", "int_record_tags", "int_tag_vocabulary")
        unwanted = ("int_models_current", "snapshot_health", "unknown_values")
        super().__init__(
            ROOT / "seeds",
            [
                model
                for model in models
                if (model.folder in wanted or model.name in tags) and model.name not in unwanted
            ],
        )

    def land(self, snapshot: str, records: list[Record], day: int, source: str = "api/models") -> None:
        landed = pa.table(
            {
                "position": range(1, len(records) + 1),
                "record": pa.array([json.dumps(record) for record in records], pa.string()),
            }
        )
        self.connection.register("landed", landed)
        self.connection.execute(
            "insert into raw.hub_records select nextval('raw.record_ids'), md5(record)::uuid, record from landed "
            "where md5(record)::uuid not in (select content_hash from raw.hub_records) group by record"
        )
        self.connection.execute(
            "insert into raw.hub_listings select ?, ?, position, timestamp '2026-01-01', record_id "
            "from landed inner join raw.hub_records using (record)",
            [snapshot, source],
        )
        time = datetime(2026, 1, day)
        self.connection.execute(
            "insert into raw.snapshots (snapshot, started_at, completed_at) values (?, ?, ?)", [snapshot, time, time]
        )

    def clear(self) -> None:
        for table in ("snapshots", "hub_listings", "hub_records", "hub_rejects", "cards", "rate_limits"):
            self.connection.execute(f"delete from raw.{table}")

    def findings(self) -> Findings:
        self.run_models()
        assert self.rows("select count(*) from marts.api_drift where finding is null") == [(0,)]
        return set(self.rows("select kind, path, value, severity from marts.api_drift"))

    def errors(self) -> list[str]:
        return [kind for (kind,) in self.rows("select kind from intermediate.int_snapshot_gate order by kind")]


@pytest.fixture(scope="module")
def whole(compiled_models: list[CompiledModel]) -> DriftWarehouse:
    return DriftWarehouse(compiled_models)


@pytest.fixture
def drift(whole: DriftWarehouse) -> Iterator[DriftWarehouse]:
    whole.clear()
    for seed in KEYS:
        whole.connection.execute(f"create or replace temp table kept_{seed} as from staging.{seed}")
    yield whole
    for seed in KEYS:
        whole.connection.execute(f"create or replace table staging.{seed} as from kept_{seed}")


@pytest.mark.parametrize("name", CASES)
def test_each_change_leads_to_its_findings(drift: DriftWarehouse, name: str) -> None:
    case = CASES[name]
    for path, types in case.types.items():
        drift.connection.execute("update staging.api_contract set types = ? where path = ?", [types, path])
    drift.connection.execute("insert into raw.rate_limits values ('api', ?, 300, '2026-01-01')", [case.rate])
    drift.land("before", case.before(copy.deepcopy(HUB)), 1)
    drift.land("now", case.change(copy.deepcopy(HUB)), 2, case.source)
    found = drift.findings()
    assert case.findings <= found
    if not case.others:
        assert found == case.findings
    if case.findings:
        assert bool(drift.errors()) == any(severity == "error" for *_, severity in case.findings)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.findings])
def test_the_proposed_lines_accept_what_was_found(drift: DriftWarehouse, name: str) -> None:
    case = CASES[name]
    for path, types in case.types.items():
        drift.connection.execute("update staging.api_contract set types = ? where path = ?", [types, path])
    drift.connection.execute("insert into raw.rate_limits values ('api', ?, 300, '2026-01-01')", [case.rate])
    drift.land("before", case.before(copy.deepcopy(HUB)), 1)
    drift.land("now", case.change(copy.deepcopy(HUB)), 2, case.source)
    drift.run_models()
    for proposal in propose(drift.connection, date(2026, 1, 3)):
        if proposal.line:
            (cells,) = csv.reader([proposal.line])
            drift.connection.execute(f"delete from staging.{proposal.seed} where {KEYS[proposal.seed]} = ?", [cells[0]])
            marks = ", ".join(["nullif(?, '')"] * len(cells))
            drift.connection.execute(f"insert into staging.{proposal.seed} values ({marks})", cells)
    measures = {measure for (measure,) in drift.rows("select measure from staging.snapshot_bounds")}
    # No line of a seed brings models or tags back: what a snapshot lost is accepted by its name.
    assert {kind for kind, *_ in drift.findings()} <= measures | {"flag_gone"}


def test_a_first_snapshot_as_the_contract_has_it_has_no_finding(drift: DriftWarehouse) -> None:
    drift.land("first", copy.deepcopy(HUB), 1)
    assert drift.findings() == set()


def test_the_second_of_two_that_lost_models_is_measured_by_the_largest(drift: DriftWarehouse) -> None:
    for day, n_models in enumerate((300, 250, 245), start=1):
        drift.land(f"day {day}", copy.deepcopy(HUB[:n_models]), day)
    drift.run_models()
    assert drift.errors() == ["models_lost"]


def test_cards_that_came_back_without_text_refuse_the_snapshot(drift: DriftWarehouse) -> None:
    drift.land("now", copy.deepcopy(HUB), 1)

    def check(day: int, outcome: str, n_bytes: int | None, models: int) -> None:
        drift.connection.execute(
            "insert into raw.cards by name select 'model ' || i as model_id, 'hub' as source, ? as outcome, "
            "?::bigint as n_bytes, make_timestamp(2026, 1, ?, 0, 0, 0) as fetched_at from range(?) as models (i)",
            [outcome, n_bytes, day, models],
        )

    check(1, "ok", 100, 200)
    check(2, "unchanged", None, 200)
    assert drift.findings() == set()
    check(3, "ok", 0, 10)
    assert drift.findings() == {("cards_emptied", "card", None, "warn")}
    check(4, "none", None, 30)
    assert drift.findings() == {("cards_emptied", "card", None, "error")}
    assert drift.errors() == ["cards_emptied"]


def brute_force_profile(records: list[Record]) -> dict[str, dict[str, int]]:
    """Records that have each path, by type, as a plain walk over the parsed JSON finds them."""
    names = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", list: "array"}

    def types(values: list[Any]) -> str:
        found = {"null" if value is None else names[type(value)] for value in values}
        found = found - {"null"} or found
        return found.pop() if len(found) == 1 else "mixed"

    def walk(values: list[Any], path: str, levels: int, paths: dict[str, list[Any]]) -> None:
        paths.setdefault(path, []).extend(values)
        items = [item for value in values if isinstance(value, list) for item in value]
        if items and levels == 1 and any(item is not None for item in items):
            walk(items, path + "[]", levels, paths)
        if levels < 2:
            for value in values:
                for key, member in value.items() if isinstance(value, dict) else ():
                    plain = key.isascii() and key.replace("_", "a").replace("-", "a").isalnum()
                    walk([member], f"{path}.{key if plain else json.dumps(key, ensure_ascii=False)}", levels + 1, paths)

    counts: dict[str, dict[str, int]] = {}
    for record in records:
        paths: dict[str, list[Any]] = {}
        walk([record], "$", 0, paths)
        for path, values in paths.items():
            if path != "$":
                of_path = counts.setdefault(path.removeprefix("$."), {})
                of_path[types(values)] = of_path.get(types(values), 0) + 1
    return counts


def test_profile_equals_a_plain_walk_over_the_records(drift: DriftWarehouse) -> None:
    hostile: list[Record] = [
        {
            "id": "h/1",
            "a.b": 1,
            'q"uote': {"x.y": None, "": 2},
            "line\nbreak": [1, 2],
            "tags": [f"t{i}" for i in range(100_000)],
        },
        {"id": "h/2", "tags": ["x", 1, None], "a.b": "s", "rows": [{"c": 1}, {"c": "x", "d": None}, {}]},
        {
            "id": "h/3",
            "tags": [],
            "rows": [],
            "nothing": None,
            "empty": {},
            "\u202eleft": -1,
            "big": 10**30,
            "half": 0.5,
        },
    ]
    drift.land("now", copy.deepcopy(HUB) + hostile, 1)
    drift.run_models()
    expected = brute_force_profile(HUB + hostile)
    columns = "string", "integer", "number", "boolean", "object", "array", "mixed", "null"
    names = ", ".join(f"n_{column}" for column in columns)
    found = {
        path: {column: count for column, count in zip(columns, counts, strict=True) if count}
        for path, *counts in drift.rows(f"select path, {names} from marts.api_field_profile")
    }
    # Whole numbers beyond 64 bits are read as other numbers.
    expected["big"] = {"number": 1}
    assert found == expected
    values = "select n_distinct_in_sample from marts.api_field_profile where path = 'gated'"
    assert drift.rows(values) == [(len({str(record["gated"]) for record in HUB}),)]
    assert drift.rows("select example from marts.api_field_profile where path = 'half'") == [("0.5",)]


def test_profile_ends_at_the_first_level_of_what_is_nested_beyond_reason(drift: DriftWarehouse) -> None:
    drift.land("now", copy.deepcopy(HUB), 1)
    deep = '{"id": "h/1", "id": "h/2", "deep": ' + "[" * 100_000 + "]" * 100_000 + ', "also": 1}'
    drift.connection.execute(
        "insert into raw.hub_records select 1 + max(record_id), uuid(), ? from raw.hub_records", [deep]
    )
    drift.connection.execute(
        "insert into raw.hub_listings "
        "select 'now', 'api/models', 999, '2026-01-01', max(record_id) from raw.hub_records"
    )
    drift.run_models()
    paths = "select path, n_records, json_types from marts.api_field_profile where path in ('deep', 'also', 'id')"
    assert set(drift.rows(paths)) == {("deep", 1, "array"), ("also", 1, "integer"), ("id", N_MODELS + 1, "string")}
