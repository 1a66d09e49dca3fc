"""Time, scope and series of snapshots: what is declared, what files say, and what is said to be unknown."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import run_phylohub

from phylohub.core.errors import PhylohubError
from phylohub.ingest.declared import Declared, series_of
from phylohub.ingest.landing import land_snapshot
from phylohub.ingest.raw_schema import connect_raw
from phylohub.ingest.readers import Source

MODIFIED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
RECORD = '{"id": "a/b", "tags": []}\n'


def source(path: Path, text: str = RECORD) -> Source:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (MODIFIED.timestamp(), MODIFIED.timestamp()))
    return Source(path, path.name)


def landed(folder: Path, *snapshots: tuple[str, Source, Declared]) -> list[tuple[Any, ...]]:
    with connect_raw(folder / "phylohub.duckdb", create=True) as connection:
        for name, file, declared in snapshots:
            land_snapshot(connection, name, [file], declared=declared)
        return connection.execute(
            "select taken_at, taken_from, scope, series, hub_size from raw.snapshots order by completed_at"
        ).fetchall()


@pytest.mark.parametrize(
    ("name", "taken_at", "taken_from"),
    [
        ("models_2026-02-03.jsonl", datetime(2026, 2, 3), "file name"),
        ("models-20260203.jsonl", datetime(2026, 2, 3), "file name"),
        ("2026_02_03/models.jsonl", datetime(2026, 2, 3), "file name"),
        ("models-2026-02.jsonl", MODIFIED.replace(tzinfo=None), "file time"),
        ("models-2026-02-31.jsonl", MODIFIED.replace(tzinfo=None), "file time"),
        ("models-2099-01-01.jsonl", MODIFIED.replace(tzinfo=None), "file time"),
        ("models-120260203.jsonl", MODIFIED.replace(tzinfo=None), "file time"),
        ("models.jsonl", MODIFIED.replace(tzinfo=None), "file time"),
    ],
)
def test_time_is_that_of_the_file_and_never_that_of_landing(
    tmp_path: Path, name: str, taken_at: datetime, taken_from: str
) -> None:
    ((at, by, scope, _, _),) = landed(tmp_path, ("s", source(tmp_path / name), Declared()))
    assert (at, by, scope) == (taken_at, taken_from, "unknown")


def test_what_is_declared_wins_holds_for_the_series_and_can_be_changed(tmp_path: Path) -> None:
    first, second = source(tmp_path / "m_2026-01-01.jsonl"), source(tmp_path / "m_2026-01-02.jsonl")
    other = source(tmp_path / "n.jsonl")
    declared = Declared(datetime(2026, 1, 1, 12), "dutch models", hub_size=7)
    rows = landed(tmp_path, ("one", first, declared), ("two", second, Declared()), ("three", other, Declared()))
    assert rows == [
        (datetime(2026, 1, 1, 12), "option", "dutch models", "m_DATE.jsonl", 7),
        (datetime(2026, 1, 2), "file name", "dutch models", "m_DATE.jsonl", None),
        (MODIFIED.replace(tzinfo=None), "file time", "unknown", "n.jsonl", None),
    ]
    # Declaring something about a snapshot that has landed does not make it the latest one.
    again = landed(tmp_path, ("one", first, Declared(scope="hub", series="m")))
    assert again == [(datetime(2026, 1, 1, 12), "option", "hub", "m", 7), *rows[1:]]


@pytest.mark.parametrize(
    "options",
    [
        {"scope": ""},
        {"scope": " "},
        {"series": "a\x1bb"},
        {"series": "x" * 101},
        {"hub_size": 0},
        {"taken_at": datetime(2999, 1, 1)},
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(PhylohubError, match="--"):
        Declared(**options)


def test_command_declares_and_says_so(tmp_path: Path) -> None:
    file, database = source(tmp_path / "m.jsonl").path, tmp_path / "phylohub.duckdb"
    options = ("--taken-at", "2026-01-02T03:04:05+02:00", "--scope", "hub", "--series", "weekly", "--hub-size", "9")
    done = run_phylohub(database, "ingest", "dump", str(file), *options)
    assert done.returncode == 0, done.stderr
    assert "taken at 2026-01-02 01:04 UTC (option), scope hub, series weekly" in done.stdout
    with duckdb.connect(str(database), read_only=True) as connection:
        row = connection.execute("select taken_at, scope, series, hub_size from raw.snapshots").fetchone()
    assert row == (datetime(2026, 1, 2, 1, 4, 5), "hub", "weekly", 9)
    refused = run_phylohub(database, "refresh", "--scope", "hub")
    assert refused.returncode == 2
    assert "--source" in refused.stderr


def test_build_file_of_an_earlier_version_gets_the_columns(tmp_path: Path) -> None:
    database = tmp_path / "phylohub.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "create schema raw; create table raw.snapshots "
            "(snapshot varchar primary key, started_at timestamp not null, completed_at timestamp);"
            "insert into raw.snapshots values ('old', '2026-01-01', '2026-01-01')"
        )
    with connect_raw(database) as connection:
        row = connection.execute("select taken_at, taken_from, scope, series, hub_size from raw.snapshots").fetchone()
    assert row == (None,) * 5


@pytest.mark.parametrize(
    "name", ["m_2026-01-02.jsonl", "m20260102-20260203", "hub-2026-01", "api/models", "2019-01-01"]
)
def test_series_of_a_source_is_that_of_the_macro(name: str) -> None:
    macro = (Path(__file__).parents[2] / "macros" / "engine" / "source_series.sql").read_text()
    pattern = macro.split("source_name }}, '")[1].split("'")[0]
    ((expected,),) = duckdb.execute("select regexp_replace(?, ?, 'DATE', 'g')", [name, pattern]).fetchall()
    assert series_of(name) == expected
