"""Several snapshots: a series of observations, the history marts, and incremental builds against full refreshes."""

import gzip
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import FEW_DRAWS, Build, MemoryWarehouse, run_dbt, run_phylohub

from phylohub.core.errors import PhylohubError
from phylohub.ingest.declared import Declared
from phylohub.ingest.landing import drop_snapshot, land_snapshot
from phylohub.ingest.observations import land_series
from phylohub.ingest.raw_schema import connect_raw
from phylohub.ingest.readers import Source
from phylohub.synthetic.hub import records

SERIES = "hub_observations_2026-08.jsonl.gz"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def lines_of(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path) as file:
        return [json.loads(line) for line in file]


def written(path: Path, lines: list[dict[str, Any]]) -> Source:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Source(path, path.name)


def test_real_series_lists_the_models_present_at_each_time(tmp_path: Path, real_file: Callable[[str], Path]) -> None:
    path = real_file(SERIES)
    present: dict[str, dict[str, Any]] = {}
    expected = {}
    for time in sorted({line["observed_at"] for line in lines_of(path)}, key=utc):
        now = [line for line in lines_of(path) if line["observed_at"] == time]
        for line in now:
            if "id" not in line:
                slug = line["path"].removeprefix("data/").removesuffix(".json")
                present = {k: v for k, v in present.items() if k.lower().replace(".", "-") != slug}
        for line in now:
            if line.get("removed"):
                present.pop(line["id"], None)
            elif "id" in line:
                present[line["id"]] = line
        expected[utc(time)] = {model_id: line["likes"] for model_id, line in present.items()}
    assert len(expected) == 13

    database = tmp_path / "phylohub.duckdb"
    with connect_raw(database, create=True) as connection:
        results = land_series(connection, Source(path, path.name), "series")
        assert land_series(connection, Source(path, path.name), "series") == results
        found: dict[datetime, dict[str, Any]] = {}
        for taken_at, model_id, likes in connection.execute(
            "select taken_at, record ->> 'id', (record ->> 'likes')::int "
            "from raw.hub_listings natural join raw.hub_records inner join raw.snapshots using (snapshot)"
        ).fetchall():
            assert model_id not in found.setdefault(taken_at, {})
            found[taken_at][model_id] = likes
        assert found == expected
        # Each distinct record is stored once, so there are at most as many records as observations.
        (n_records,) = connection.execute("select count(*) from raw.hub_records").fetchone() or (0,)
        assert n_records <= sum("id" in line for line in lines_of(path))


def test_malformed_observations_are_rejected_and_the_rest_is_landed(tmp_path: Path) -> None:
    path = tmp_path / "series.jsonl"
    good = {"observed_at": "2026-01-01T00:00:00+02:00", "id": "a/b"}
    bad = [b"\xff", b"no JSON", b"[" * 100_000, b"1", b'{"id":"a/b"}', b'{"observed_at":3,"id":"a"}']
    bad += [b'{"observed_at":"2026-01-01","id":%s}' % value for value in (b"null", b"1", b'""')]
    path.write_bytes(b"\n".join([*bad, json.dumps(good).encode()]))
    with connect_raw(tmp_path / "phylohub.duckdb", create=True) as connection:
        (result,) = [r for r in land_series(connection, Source(path, path.name), "s") if r.n_models]
        assert result.snapshot == "s-2025-12-31T22:00:00Z"
        reasons = connection.execute(
            "select position, reason, record from raw.hub_rejects order by position"
        ).fetchall()
        assert [record for *_, record in reasons] == bad
        assert [reason for _, reason, _ in reasons] == [
            "not UTF-8", "not JSON", "not JSON", "not an object", "no time", "no time", "no id", "id is not a string",
            "id is empty",
        ]  # fmt: skip  # in the order of the nine malformed lines above
        path.write_bytes(json.dumps(good).encode())
        with pytest.raises(PhylohubError, match="another file"):
            land_series(connection, Source(path, path.name), "s")
        path.write_bytes(b"{}")
        with pytest.raises(PhylohubError, match="no observation"):
            land_series(connection, Source(path, path.name), "t")


def test_history_follows_values_that_change_disappear_and_return(warehouse: MemoryWarehouse) -> None:
    warehouse.build([])
    connection = warehouse.connection
    connection.execute("delete from raw.snapshots")
    states: list[list[dict[str, Any]]] = [
        [{"id": "a", "tags": ["license:mit"], "likes": 1}, {"id": "b", "pipeline_tag": "x", "tags": []}],
        [{"id": "a", "tags": ["license:mit", "base_model:finetune:b"], "likes": 2}],
        [{"id": "a", "tags": ["license:gemma"], "likes": 2}, {"id": "b", "pipeline_tag": "x", "tags": []}],
    ]
    try:
        for day, state in enumerate(states, start=1):
            connection.execute(
                "insert into raw.snapshots (snapshot, started_at, completed_at, scope) values (?, ?, ?, 'hub')",
                [f"day {day}", datetime(2026, 1, day), datetime(2026, 1, day)],
            )
            for position, record in enumerate(state):
                connection.execute(
                    "insert into raw.hub_records values (?, uuid(), ?)", [10 * day + position, json.dumps(record)]
                )
                connection.execute(
                    "insert into raw.hub_listings values (?, 'f', ?, '2026-01-01', ?)",
                    [f"day {day}", position, 10 * day + position],
                )
        warehouse.run_models()
        traits = (
            "select model_id, trait, value, day(valid_from), day(valid_to) from marts.model_trait_history order by all"
        )
        assert warehouse.rows(traits) == [
            ("a", "license", "gemma", 3, None),
            ("a", "license", "mit", 1, 3),
            ("a", "parent", "finetune:b", 2, 3),
            ("b", "task", "x", 1, 2),
            ("b", "task", "x", 3, None),
        ]
        present = "select model_id, day(present_from), day(present_to) from marts.model_presence order by all"
        assert warehouse.rows(present) == [("a", 1, None), ("b", 1, 2), ("b", 3, None)]
        metrics = "select day(valid_from), day(valid_to), likes from marts.model_metric_history where model_id = 'a'"
        assert warehouse.rows(f"{metrics} order by all") == [(1, 2, 1), (2, 3, 2), (3, None, 2)]
        changes = "select n_models, n_appeared, n_disappeared, n_changed from marts.snapshot_changes order by taken_at"
        assert warehouse.rows(changes) == [(2, None, None, None), (1, 0, 1, 1), (2, 1, 0, 1)]
    finally:
        connection.execute("delete from raw.snapshots")
        connection.execute(
            "insert into raw.snapshots (snapshot, started_at, completed_at) values ('test', '2026-01-01', '2026-01-01')"
        )


def changed(before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The hub a week later: 1 % of the models have other likes, some have new tags, 0.1 % are gone, five are new."""
    after = []
    for number, record in enumerate(before):
        if number % 1_000 == 7:
            continue
        if number % 100 == 3:
            record = record | {"likes": record["likes"] + 1}
        if number % 300 == 5:
            record = record | {
                "tags": [*record["tags"], "license:bsd", "never-seen", f"base_model:finetune:{before[0]['id']}"]
            }
        after.append(record)
    newest = before[-1]
    for number in range(5):
        after.append(
            newest
            | {
                "id": f"synthetic-new/model-{number}",
                "tags": ["license:mit", f"base_model:finetune:{before[number]['id']}", "phylohub:synthetic"],
            }
        )
    return after


def cards(path: Path, models: list[dict[str, Any]], word: str) -> Path:
    """Write a card for each model: a word and the model's record, so that words are as frequent as in records."""
    written(path, [{"id": model["id"], "card": f"{word} {json.dumps(model)} {'.' * 512}"} for model in models])
    return path


def modified_at(record: dict[str, Any]) -> str:
    return str(record["lastModified"])


def test_incremental_build_equals_full_refresh(tmp_path: Path) -> None:
    before = list(records(2_000, seed=3))
    first = tmp_path / "first.jsonl"
    written(first, before)
    grown = Build(tmp_path, first, cards=cards(tmp_path / "cards.jsonl", before, "old"))
    assert grown.dbt.returncode == 0, grown.dbt.stdout
    # The same file name, so that both snapshots belong to one series.
    second = tmp_path / "second" / "first.jsonl"
    second.parent.mkdir()
    written(second, changed(before))
    assert run_phylohub(grown.database, "ingest", "dump", str(first), "--scope", "hub").returncode == 0
    assert run_phylohub(grown.database, "ingest", "dump", str(second), "--snapshot", "second").returncode == 0
    again = cards(tmp_path / "second" / "cards.jsonl", before[::50], "new")
    assert run_phylohub(grown.database, "ingest", "cards", "--file", str(again)).returncode == 0
    counted = "select candidates, document_ids from intermediate.int_similarity_vocabulary order by artifact"
    vocabulary = "select artifact, n_documents, terms, document_frequency from intermediate.int_similarity_vocabulary"
    counted_before = grown.rows(counted)
    refreshed = tmp_path / "refreshed.duckdb"
    shutil.copy(grown.database, refreshed)
    variables = json.dumps(FEW_DRAWS)
    exclude = "--exclude-resource-types", "unit_test"
    done = run_dbt(grown.database, tmp_path / "target", "build", *exclude, "--vars", variables)
    assert done.returncode == 0, done.stdout
    done = run_dbt(refreshed, tmp_path / "target", "build", *exclude, "test", "--full-refresh", "--vars", variables)
    assert done.returncode == 0, done.stdout
    # Here the times must agree too (`tables` excludes them), since both builds read the same landed snapshots.
    timed = "model_presence", "model_trait_history", "model_metric_history", "family_snapshots"
    queries = [f"from marts.{mart} order by all" for mart in timed]
    tables, histories = grown.tables(), [grown.rows(query) for query in queries]
    assert grown.rows("select table_name from information_schema.tables where table_name like '%dbt_tmp%'") == []
    # The vocabulary was updated: it keeps most documents, has new ones, and no longer has those that left.
    counted_now = grown.rows(counted)
    for (_, ids), (_, ids_before) in zip(counted_now, counted_before, strict=True):
        assert 0 < len(set(ids_before) - set(ids)) < len(ids) / 10
        assert set(ids) - set(ids_before)
    # Candidate words of the records are kept. Those of the cards are chosen again, since the cards are few.
    assert counted_now[1][0] == counted_before[1][0]
    words = sorted(grown.rows(vocabulary))
    grown.database = refreshed
    expected = grown.tables()
    assert sorted(grown.rows(vocabulary)) == words
    assert [grown.rows(query) for query in queries] == histories
    assert tables.keys() == expected.keys()
    for mart, rows in expected.items():
        assert tables[mart] == rows, mart
    old, new = ({record["id"]: record for record in sorted(hub, key=modified_at)} for hub in (before, changed(before)))
    n_changed = sum(old[model_id] != new[model_id] for model_id in old.keys() & new.keys())
    assert n_changed > 20
    differences = len(new.keys() - old.keys()), len(old.keys() - new.keys()), n_changed
    assert set(tables["snapshot_changes"]) == {
        ("hub", 2_000, None, None, None, 2_000, 1.0),
        ("hub", len(new), *differences, len(new), 1.0),
    }


def test_history_is_rebuilt_after_a_snapshot_was_dropped(tmp_path: Path) -> None:
    path = tmp_path / "hub.jsonl"
    hub = [{"id": f"a/{number}", "tags": []} for number in range(3)]
    database = tmp_path / "phylohub.duckdb"
    select = ("--select", "+snapshot_changes", "--exclude", "test_type:unit", "resource_type:test")

    def counts() -> list[tuple[Any, ...]]:
        done = run_dbt(database, tmp_path / "target", "build", *select)
        assert done.returncode == 0, done.stdout
        with duckdb.connect(str(database), read_only=True) as connection:
            return connection.execute(
                "select snapshot, n_models, n_appeared, n_disappeared from marts.snapshot_changes order by taken_at"
            ).fetchall()

    with connect_raw(database, create=True) as connection:
        land_snapshot(connection, "one", [written(path, hub[:2])], declared=Declared(scope="hub"))
        # The scope of a series holds until another one is declared.
        land_snapshot(connection, "two", [written(path, hub[1:])])
    assert counts() == [("one", 2, None, None), ("two", 2, 1, 1)]
    with connect_raw(database) as connection:
        drop_snapshot(connection, "one")
        land_snapshot(connection, "three", [written(path, hub)])
    assert counts() == [("two", 2, None, None), ("three", 3, 1, 0)]
    with connect_raw(database) as connection:
        land_snapshot(connection, "three", [written(path, hub)], declared=Declared(scope="sample"))
    assert counts() == [("two", 2, None, None), ("three", 3, None, None)]


def test_build_file_of_an_older_version_needs_a_full_refresh(tmp_path: Path) -> None:
    database, target = tmp_path / "phylohub.duckdb", tmp_path / "target"
    select = ("--select", "+int_records_parsed", "--exclude", "test_type:unit", "resource_type:test")
    with connect_raw(database, create=True) as connection:
        land_snapshot(connection, "one", [written(tmp_path / "hub.jsonl", [{"id": "a/b", "tags": []}])])
    assert run_dbt(database, target, "build", *select).returncode == 0
    with duckdb.connect(str(database)) as connection:
        connection.execute("alter table intermediate.int_records_parsed add column removed_column integer")
    done = run_dbt(database, target, "build", *select)
    assert done.returncode != 0
    assert "removed_column" in done.stdout
    assert "full_refresh" in done.stdout
    assert run_dbt(database, target, "build", "--full-refresh", *select).returncode == 0


def test_records_are_read_again_after_a_vocabulary_changed(tmp_path: Path) -> None:
    path = tmp_path / "hub.jsonl"
    hub = [
        {"id": "a/parent", "tags": ["license:mit", "en"]},
        {"id": "a/child", "tags": ["base_model:finetune:a/parent"], "pipeline_tag": "text-generation"},
    ]
    database = tmp_path / "phylohub.duckdb"
    incremental = "int_record_languages", "int_record_traits", "int_record_parents"
    select = ("--select", *(f"+{model}" for model in incremental), "--exclude", "resource_type:test", "test_type:unit")

    def read() -> list[list[tuple[Any, ...]]]:
        done = run_dbt(database, tmp_path / "target", "build", *select)
        assert done.returncode == 0, done.stdout
        with duckdb.connect(str(database), read_only=True) as connection:
            return [connection.execute(f"from intermediate.{model} order by all").fetchall() for model in incremental]

    with connect_raw(database, create=True) as connection:
        land_snapshot(connection, "one", [written(path, hub)])
    expected = read()
    assert all(expected)
    assert read() == expected
    with duckdb.connect(str(database)) as connection:
        for model, column in zip(incremental, ("language", "trait_value", "parent_id"), strict=True):
            # Pretend that another vocabulary gave other values.
            connection.execute(f"update intermediate.{model} set {column} = 'stale', vocabulary_digest = 'another'")
    assert read() == expected
