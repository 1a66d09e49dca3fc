"""Landing keeps every byte, counts every reject, and gives the same result after any number of kills."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest import mock
from uuid import UUID

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from phylohub.core.errors import PhylohubError
from phylohub.ingest import landing, readers
from phylohub.ingest.landing import LoadResult, drop_snapshot, land_snapshot
from phylohub.ingest.raw_schema import RAW_SCHEMA, connect_raw
from phylohub.ingest.readers import Source, find_sources
from phylohub.ingest.shapes import json_format
from phylohub.synthetic.hub import write_hub

Connection = duckdb.DuckDBPyConnection
Rows = list[tuple[Any, ...]]

# Everything that landing stores, except times.
CONTENTS = {
    "snapshots": "select snapshot, completed_at is not null from raw.snapshots order by all",
    "loads": "select * exclude (started_at, completed_at), completed_at is not null from raw.loads order by all",
    # A failure can leave gaps in record ids, so compare the records themselves.
    "listings": "select * exclude (landed_at, record_id) from raw.hub_listings natural join raw.hub_records "
    "order by all",
    "hub_records": "select content_hash, record from raw.hub_records order by all",
    "hub_rejects": "select * exclude (landed_at) from raw.hub_rejects order by all",
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with connect_raw(tmp_path / "phylohub.duckdb", create=True) as opened:
        yield opened


def contents(connection: Connection) -> dict[str, Rows]:
    return {table: connection.execute(query).fetchall() for table, query in CONTENTS.items()}


def file_of(folder: Path, *lines: bytes, name: str = "models.jsonl") -> Source:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    return Source(path, name)


def landed(connection: Connection) -> list[tuple[int, bytes]]:
    return connection.execute(
        "select position, encode(record) from raw.hub_listings natural join raw.hub_records order by position"
    ).fetchall()


def rejected(connection: Connection) -> list[tuple[int, str, bytes]]:
    return connection.execute("select position, reason, record from raw.hub_rejects order by position").fetchall()


def is_complete(connection: Connection, snapshot: str = "s") -> bool:
    query = "select count(*) from raw.snapshots where snapshot = ? and completed_at is not null"
    return connection.execute(query, [snapshot]).fetchone() == (1,)


# ---- bytes ---------------------------------------------------------------------------------------------------

KEPT = {
    "unicode escapes": rb'{"id":"\u00e9\ud83d\ude00\/","t":"\u0022"}',
    "unicode": '{"id":"é😀\u2028","t":"\u200b\ufeff\ufffe"}'.encode(),
    "duplicate keys": b'{"id":"a","id":"b","likes":1,"likes":2}',
    "odd whitespace": b' \t{ "id"\t:  "a" ,\r "likes" :1 } \t',
    "NUL escape": rb'{"id":"a\u0000b","\u0000":"\u0000"}',
    "SQL": b"""{"id":"a","tags":["'); drop table raw.hub_models; --","$1","?","{{ x }}"]}""",
    "a path for an id": b'{"id":"../../x"}',
    "a template for an id": b'{"id":"[bold]%s {0} $HOME `id`"}',
    "numbers": b'{"id":"a","n":[%s,-%s,1.%s,1e400,-0,0.10,1E+2]}' % ((b"1234567890" * 4,) * 3),
    "deep": b'{"id":"a","x":' + b"[" * 200 + b"]" * 200 + b"}",
    "long string": b'{"id":"a","card":"' + b"0123456789" * 2_000_000 + b'"}',
    "many tags": b'{"id":"a","tags":[' + b",".join(b'"tag-%d"' % n for n in range(100_000)) + b"]}",
    "id last": b'{"x":{"id":1},"id":"a"}',
    "escaped name": rb'{"\u0069d":"a"}',
    "blank id": b'{"id":" "}',
    "not a number": b'{"id":"a","x":[NaN,Infinity],}',  # invalid JSON that DuckDB accepts
}


@pytest.mark.parametrize("name", KEPT)
def test_record_is_stored_byte_for_byte(connection: Connection, tmp_path: Path, name: str) -> None:
    record = KEPT[name]
    assert land_snapshot(connection, "s", [file_of(tmp_path, record)]) == [LoadResult("models.jsonl", 1, 0, 1)]
    same = landed(connection) == [(1, record)]
    assert same  # on its own line, since pytest would diff 20 MB
    (row,) = connection.execute(
        "select snapshot, source, content_hash from raw.hub_listings natural join raw.hub_records"
    ).fetchall()
    assert row == ("s", "models.jsonl", UUID(bytes=hashlib.sha256(record).digest()[:16]))
    assert connection.execute("select typeof(landed_at) from raw.hub_listings").fetchone() == ("TIMESTAMP",)


REJECTED = {
    b'{"id":"\xff"}': "not UTF-8",
    b"\x1f\x8b\x08\x00": "not UTF-8",
    b"not JSON": "not JSON",
    b'{"id":"a"': "not JSON",
    b'{"id":"a"} {"id":"b"}': "not JSON",
    b"{'id': 'a'}": "not JSON",
    b"__import__('os').abort()": "not JSON",
    b'{"id":"a\x00"}': "not JSON",
    b'{"id":"a\x1b[31m"}': "not JSON",
    b"\x00": "not JSON",
    b"[]": "not an object",
    b'[{"id":"a"}]': "not an object",
    b'"id"': "not an object",
    b"1": "not an object",
    b"null": "not an object",
    b"{}": "no id",
    b'{"ID":"a","modelID":"a"}': "no id",
    b'{"id":"a","tags":"[b"}': "tags are not a list",
    b'{"x":{"id":"a"}}': "no id",
    b'{"id":null}': "no id",
    b'{"id":1}': "id is not a string",
    b'{"id":true}': "id is not a string",
    b'{"id":["a"]}': "id is not a string",
    b'{"id":{"id":"a"}}': "id is not a string",
    b'{"id":""}': "id is empty",
    b'  {"id" : ""}  ': "id is empty",
}


def test_rejects_are_stored_with_reason_and_position(connection: Connection, tmp_path: Path) -> None:
    lines = [line for bad in REJECTED for line in (bad, b'{"id":"good"}', b"")]
    (result,) = land_snapshot(connection, "s", [file_of(tmp_path, *lines)])
    assert (result.n_landed, result.n_rejected) == (len(REJECTED), len(REJECTED))
    assert rejected(connection) == [
        (position, reason, record) for position, (record, reason) in zip(itertools.count(1, 3), REJECTED.items())
    ]
    assert [position for position, _ in landed(connection)] == list(range(2, 3 * len(REJECTED), 3))
    hashes = connection.execute("select content_hash from raw.hub_rejects order by position").fetchall()
    assert hashes == [(UUID(bytes=hashlib.sha256(record).digest()[:16]),) for record in REJECTED]


def test_staging_accepts_every_reject_reason() -> None:
    """stg_hub__rejects lists the accepted reasons."""
    staging = (Path(__file__).parents[2] / "models" / "staging" / "_staging.yml").read_text()
    assert [reason for reason in set(REJECTED.values()) if reason not in staging] == []


def test_lines_are_numbered_as_in_an_editor(connection: Connection, tmp_path: Path) -> None:
    text = b'\xef\xbb\xbf{"id":"a"}\r\n\r\n \t\n{"id":"b"}\n\nbad\r\n{"id":"c"}'
    (tmp_path / "models.jsonl").write_bytes(text)
    land_snapshot(connection, "s", find_sources(tmp_path)[0])
    assert landed(connection) == [(1, b'{"id":"a"}'), (4, b'{"id":"b"}'), (7, b'{"id":"c"}')]
    assert rejected(connection) == [(6, "not JSON", b"bad")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda child: st.lists(child, max_size=3) | st.dictionaries(st.text(max_size=3), child, max_size=3),
    max_leaves=8,
)
GOOD = st.builds(
    lambda fields, name, ascii_only: json.dumps({**fields, "id": name}, ensure_ascii=ascii_only).encode(),
    st.dictionaries(st.text(max_size=3), JSON, max_size=3),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.booleans(),
)
LINE = GOOD | st.sampled_from(list(REJECTED)) | st.sampled_from([b"", b" ", b"\r", b"\t\r"]) | st.binary(max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    lines=st.lists(LINE, min_size=1, max_size=12),
    ending=st.sampled_from([b"\n", b"\r\n"]),
    batch_bytes=st.sampled_from([1, 2, 5, 40, 1 << 25]),
    batch_rows=st.sampled_from([1, 3, 100_000]),
)
def test_every_line_lands_or_is_rejected_once(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    ending: bytes,
    batch_bytes: int,
    batch_rows: int,
) -> None:
    path = tmp_path_factory.getbasetemp() / "property.jsonl"
    text = ending.join(lines)
    assume(
        not text.lstrip().lower().startswith((b"[", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"<html"))
        and json_format(text, is_all=True) == "lines"
    )
    path.write_bytes(text)
    # The lines as an editor shows them, without the byte order mark.
    on_lines = [line.removesuffix(b"\r") for line in text.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    expected = [(position, line) for position, line in enumerate(on_lines, start=1) if line.strip()]
    with (
        duckdb.connect(config={"threads": 1}) as in_memory,
        mock.patch.object(readers, "BATCH_BYTES", batch_bytes),
        mock.patch.object(readers, "BATCH_ROWS", batch_rows),
    ):
        in_memory.execute(RAW_SCHEMA)
        try:
            (result,) = land_snapshot(in_memory, "s", [Source(path, "property.jsonl")])
        except PhylohubError:
            assert landed(in_memory) == []
        else:
            assert (result.n_landed, result.n_rejected) == (len(landed(in_memory)), len(rejected(in_memory)))
            assert is_complete(in_memory)
        good, bad = landed(in_memory), rejected(in_memory)
    assert sorted(good + [(position, record) for position, _, record in bad]) == expected
    assert [record for _, record in good if not has_id(record)] == []
    assert [record for _, _, record in bad if has_id(record)] == []


def has_id(record: bytes) -> bool:
    """Whether Python parses the record as an object with an id. LINE holds nothing that DuckDB parses differently."""
    try:
        fields = json.loads(record.decode())
        json.dumps(fields, ensure_ascii=False).encode()  # lone surrogates cannot be encoded
    except ValueError:
        return False
    if not isinstance(fields, dict) or fields.get("tags") == "[b":
        return False
    return isinstance(fields.get("id"), str) and fields["id"] != ""


# ---- repeated loads and several sources ----------------------------------------------------------------------


def test_repeated_load_lands_nothing(connection: Connection, tmp_path: Path) -> None:
    source = file_of(tmp_path, b'{"id":"a"}', b"bad", b'{"id":"b"}', name="models.jsonl.gz")
    assert land_snapshot(connection, "s", [source]) == [LoadResult(source.name, 2, 1, 2)]
    before = contents(connection)
    shares: list[float] = []
    again = land_snapshot(connection, "s", [source], lambda source, done: shares.append(done))
    assert again == [LoadResult(source.name, 2, 1, 0)]
    assert contents(connection) == before
    assert shares == [1.0]


def test_snapshot_that_landed_last_is_current_until_another_lands(connection: Connection, tmp_path: Path) -> None:
    old, new = (
        file_of(tmp_path, b'{"id":"a"}', name="old.jsonl"),
        file_of(tmp_path, b'{"id":"b"}', name="new.jsonl"),
    )
    current = "select arg_max(snapshot, completed_at) from raw.snapshots"
    # Landing a complete snapshot again adds nothing, so it keeps its time.
    for snapshot, source, expected in (("old", old, "old"), ("new", new, "new"), ("old", old, "new")):
        land_snapshot(connection, snapshot, [source])
        assert connection.execute(current).fetchone() == (expected,)


def test_changed_file_under_the_same_name_is_refused(connection: Connection, tmp_path: Path) -> None:
    land_snapshot(connection, "s", [file_of(tmp_path, b'{"id":"a"}', b"bad")])
    before = contents(connection)
    changed = file_of(tmp_path, b'{"id":"a"}', b"bad", b'{"id":"b"}')
    with pytest.raises(PhylohubError, match=r"already holds another models\.jsonl.*phylohub ingest drop s"):
        land_snapshot(connection, "s", [changed])
    assert contents(connection) == before
    land_snapshot(connection, "other", [changed])
    assert len(landed(connection)) == 3


@pytest.mark.parametrize("lines", [[], [b"", b" "], [b"bad", b"{}"]])
def test_source_without_records_does_not_complete_the_snapshot(
    connection: Connection, tmp_path: Path, lines: list[bytes]
) -> None:
    for _ in range(2):
        with pytest.raises(PhylohubError, match=r"No record in models\.jsonl \(\d rejected\).*not completed"):
            land_snapshot(connection, "s", [file_of(tmp_path, *lines)])
        assert not is_complete(connection)
        assert len(rejected(connection)) == len([line for line in lines if line.strip()])
    # After the file is fixed, the same command works.
    land_snapshot(connection, "s", [file_of(tmp_path, b'{"id":"a"}')])
    assert is_complete(connection)
    assert (landed(connection), rejected(connection)) == ([(1, b'{"id":"a"}')], [])


def test_empty_source_does_not_affect_a_snapshot(connection: Connection, tmp_path: Path) -> None:
    full, empty = file_of(tmp_path, b'{"id":"a"}', name="full.jsonl"), file_of(tmp_path, name="empty.jsonl")
    land_snapshot(connection, "s", [full])
    with pytest.raises(PhylohubError, match=r"No record in empty\.jsonl"):
        land_snapshot(connection, "s", [empty])
    assert is_complete(connection)
    assert [result.n_landed for result in land_snapshot(connection, "t", [empty, full])] == [0, 1]
    assert is_complete(connection, "t")


def test_two_sources_land_in_one_snapshot(connection: Connection, tmp_path: Path) -> None:
    first = file_of(tmp_path, b'{"id":"a"}', b'{"id":"b"}', name="a.jsonl")
    second = file_of(tmp_path, b'{"id":"a"}', b"bad", name="b/a.jsonl")
    shares: list[tuple[str, float]] = []
    results = land_snapshot(connection, "s", [first, second], lambda source, done: shares.append((source.name, done)))
    assert results == [LoadResult("a.jsonl", 2, 0, 2), LoadResult("b/a.jsonl", 1, 1, 1)]
    assert shares == [("a.jsonl", 1.0), ("a.jsonl", 1.0), ("b/a.jsonl", 1.0), ("b/a.jsonl", 1.0)]
    rows = connection.execute(
        "select source, position from raw.hub_listings natural join raw.hub_records order by all"
    ).fetchall()
    assert rows == [("a.jsonl", 1), ("a.jsonl", 2), ("b/a.jsonl", 1)]
    third = file_of(tmp_path, b'{"id":"c"}', name="c.jsonl")
    assert land_snapshot(connection, "s", [third]) == [LoadResult("c.jsonl", 1, 0, 1)]
    assert connection.execute("select count(*) from raw.hub_listings natural join raw.hub_records").fetchone() == (4,)


def test_snapshot_is_incomplete_while_another_source_lands(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No mart may read half a file."""
    monkeypatch.setattr(readers, "BATCH_BYTES", 1)
    land_snapshot(connection, "s", [file_of(tmp_path, b'{"id":"a"}', name="a.jsonl")])
    more = file_of(tmp_path, b'{"id":"b"}', b'{"id":"c"}', name="b.jsonl")
    seen: list[bool] = []

    def stop(source: Source, done: float) -> None:
        seen.append(is_complete(connection))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        land_snapshot(connection, "s", [more], stop)
    assert seen == [False]
    # Landing the first file again does not complete the snapshot either.
    other = file_of(tmp_path, b'{"id":"a"}', name="a.jsonl")
    with pytest.raises(PhylohubError, match=r"load of b\.jsonl started earlier and never finished.*ingest drop s"):
        land_snapshot(connection, "s", [other])
    assert not is_complete(connection)
    assert land_snapshot(connection, "s", [more]) == [LoadResult("b.jsonl", 2, 0, 1)]
    assert is_complete(connection)


@pytest.mark.parametrize("damage", ["later", "at once"])
def test_killed_load_that_turns_out_damaged_leaves_the_snapshot_complete(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(readers, "BATCH_BYTES", 1)
    land_snapshot(connection, "s", [file_of(tmp_path, b'{"id":"a"}', name="a.jsonl")])
    before = {name: connection.execute(query).fetchall() for name, query in CONTENTS.items()}
    (completed_at,) = connection.execute("select completed_at from raw.snapshots").fetchone() or (None,)
    more = file_of(tmp_path, b'{"id":"b"}', b'{"id":"c"}', name="b.jsonl")

    def stop(source: Source, done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        land_snapshot(connection, "s", [more], stop)
    assert not is_complete(connection)
    whole = gzip.compress(os.urandom(200_000) if damage == "later" else b'{"id":"b"}\n')
    more.path.write_bytes(whole[: len(whole) // 2])
    if damage == "later":
        monkeypatch.setattr(readers, "judged", lambda source: source)
        monkeypatch.setattr(landing, "judged", lambda source: source)
        with pytest.raises(PhylohubError, match="is complete as before"):
            land_snapshot(connection, "s", [more])
    else:
        with pytest.raises(PhylohubError, match="cannot be read"):
            land_snapshot(connection, "s", [more])
        assert landing.restore(connection, "s", ["b.jsonl"], [])
    assert {name: connection.execute(query).fetchall() for name, query in CONTENTS.items()} == before
    assert connection.execute("select completed_at, completed_before from raw.snapshots").fetchall() == [
        (completed_at, None)
    ]


def test_fixed_file_starts_over(connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "BATCH_BYTES", 100)
    lines = [b'{"id":"%s"}' % hashlib.sha256(b"%d" % n).hexdigest().encode() for n in range(100)]
    source = file_of(tmp_path, b"bad", *lines, name="models.jsonl.gz")
    whole = source.path.read_bytes()
    source.path.write_bytes(whole[: len(whole) // 2])
    for _ in range(2):
        with pytest.raises(PhylohubError, match=r"models\.jsonl\.gz.*run the same command again"):
            land_snapshot(connection, "s", [source])
        assert 10 < len(landed(connection)) < 90
        assert rejected(connection) == [(1, "not JSON", b"bad")]
        assert not is_complete(connection)
    source.path.write_bytes(whole)
    land_snapshot(connection, "s", [source])
    resumed = contents(connection)
    drop_snapshot(connection, "s")
    land_snapshot(connection, "s", [source])
    assert contents(connection) == resumed
    assert len(landed(connection)) == 100


def test_file_that_changes_while_it_is_read_is_not_complete(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "BATCH_BYTES", 1)
    source = file_of(tmp_path, b'{"id":"a"}', b'{"id":"b"}')

    def write(source: Source, done: float) -> None:
        if len(landed(connection)) == 1:
            with source.path.open("ab") as file:
                file.write(b'{"id":"c"}\n{"id":')

    with pytest.raises(PhylohubError, match=r"models\.jsonl has changed while it was read"):
        land_snapshot(connection, "s", [source], write)
    assert not is_complete(connection)
    source = file_of(tmp_path, b'{"id":"a"}', b'{"id":"b"}', b'{"id":"c"}')
    assert land_snapshot(connection, "s", [source]) == [LoadResult("models.jsonl", 3, 0, 3)]
    assert rejected(connection) == []


def test_drop_removes_one_complete_snapshot(connection: Connection, tmp_path: Path) -> None:
    land_snapshot(connection, "kept", [file_of(tmp_path, b'{"id":"a"}', b"bad", name="kept.jsonl")])
    before = contents(connection)
    land_snapshot(connection, "s'; drop table raw.loads; --", [file_of(tmp_path, b'{"id":"a"}', b"bad", b"{}")])
    assert drop_snapshot(connection, "s'; drop table raw.loads; --") == 1
    assert contents(connection) == before
    with pytest.raises(PhylohubError, match="There is no snapshot s"):
        drop_snapshot(connection, "s")


# ---- kills and failures --------------------------------------------------------------------------------------


class Counting:
    """A connection that calls back before the n-th attribute access, that is, the n-th statement."""

    def __init__(self, connection: Connection, n: int, reached: Callable[[], None]) -> None:
        self._connection = connection
        self._left = n
        self._reached = reached

    def __getattr__(self, name: str) -> Any:
        self._left -= 1
        if self._left == 0:
            self._reached()
        return getattr(self._connection, name)


def counting(connection: Connection, n: int, reached: Callable[[], None]) -> Connection:
    return cast(Connection, Counting(connection, n, reached))


def land_folder(connection: Connection, folder: Path) -> None:
    with mock.patch.object(readers, "BATCH_BYTES", 60):
        land_snapshot(connection, "s", find_sources(folder)[0])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def was_killed(action: Callable[[], None]) -> bool:
    """Run an action in a child process; return whether a signal killed it."""
    child = os.fork()
    if not child:
        try:
            action()
        finally:
            os._exit(0)  # also after a failure: the test compares the database
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def land_and_die(folder: Path, database: Path, n: int) -> None:
    with connect_raw(database, create=True) as connection:
        land_folder(counting(connection, n, die), folder)


def land_and_die_at(folder: Path, database: Path, seconds: float) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the signal ends the process immediately
    signal.setitimer(signal.ITIMER_REAL, seconds)
    with connect_raw(database, create=True) as connection:
        land_folder(connection, folder)
    signal.setitimer(signal.ITIMER_REAL, 0)


def kill_everywhere(folder: Path, databases: Path) -> None:
    """Write the database of a killed load for every statement and for a range of times.

    Runs in a process that has never opened DuckDB, so that it can fork.
    """
    for n in itertools.count(1):
        if not was_killed(partial(land_and_die, folder, databases / f"statement_{n}.duckdb", n)):
            break
    for tick in range(1, 41):
        was_killed(partial(land_and_die_at, folder, databases / f"tick_{tick}.duckdb", tick * 0.004))
    # Kill the same load repeatedly, each time a little later.
    for n in itertools.count(5, 3):
        if not was_killed(partial(land_and_die, folder, databases / "again_and_again.duckdb", n)):
            break


def test_load_killed_anywhere_resumes_to_the_same_result(tmp_path: Path) -> None:
    folder, databases = tmp_path / "folder", tmp_path / "databases"
    databases.mkdir()
    lines = [b'{"id":"org/model-%02d"}' % n if n % 4 else b"bad %02d" % n for n in range(1, 11)]
    file_of(folder, *lines, name="a.jsonl")
    file_of(folder, b"", *lines[:5], name="b.jsonl.gz")
    with connect_raw(tmp_path / "whole.duckdb", create=True) as connection:
        land_folder(connection, folder)
        expected = contents(connection)
    assert len(expected["listings"]) == 12
    program = "import sys, test_landing as t; t.kill_everywhere(*map(t.Path, sys.argv[1:]))"
    subprocess.run(
        [sys.executable, "-c", program, str(folder), str(databases)],
        cwd=Path(__file__).parent,
        check=True,
    )
    left = {path.name: path for path in databases.glob("*.duckdb")}
    n_partial = 0
    for name, database in left.items():
        with connect_raw(database, create=True) as connection:
            found = contents(connection)
            n_partial += 0 < len(found["listings"]) < 12
            # The database is consistent at any time: complete batches and correct counts.
            for load, n_landed, n_rejected in connection.execute(
                "select source, n_landed, n_rejected from raw.loads"
            ).fetchall():
                assert n_landed == len([row for row in found["listings"] if row[1] == load]), name
                assert n_rejected == len([row for row in found["hub_rejects"] if row[1] == load]), name
            if found["snapshots"] != expected["snapshots"]:
                assert [row for row in found["snapshots"] if row[1]] == [], name
            else:
                assert found == expected, name
            land_folder(connection, folder)
            assert contents(connection) == expected, name
    assert len(left) > 60
    assert n_partial > 30
    assert contents_of(left["again_and_again.duckdb"]) == expected


def contents_of(database: Path) -> dict[str, Rows]:
    with connect_raw(database) as connection:
        return contents(connection)


def test_interrupted_creation_of_a_warehouse_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "phylohub.duckdb"
    really_connect = duckdb.connect

    def n_partial(database: str, **_: object) -> None:
        Path(database).write_bytes(b"half a header")
        raise KeyboardInterrupt

    monkeypatch.setattr(duckdb, "connect", n_partial)
    with pytest.raises(KeyboardInterrupt), connect_raw(path, create=True):
        pass
    assert not path.exists()
    monkeypatch.setattr(duckdb, "connect", really_connect)
    path.with_name(f".{path.name}.{os.getpid()}").write_bytes(b"left by a process with the same id")
    with connect_raw(path, create=True) as connection:
        assert contents(connection)["snapshots"] == []
    assert [file.name for file in path.parent.iterdir()] == [path.name]


class Failure(BaseException):
    """Stands for Ctrl-C and any other failure."""


def test_load_that_fails_anywhere_rolls_back_and_resumes(connection: Connection, tmp_path: Path) -> None:
    """Fails after each statement on one open connection, also while dropping and starting over."""
    folder = tmp_path / "folder"
    source = file_of(folder, b"bad", *[b'{"id":"org/model-%02d","likes":1}' % n for n in range(9)])

    def fail() -> None:
        raise Failure

    def fail_until_done(action: Callable[[Connection], object], check: Callable[[], None]) -> int:
        for n in itertools.count(1):
            try:
                action(counting(connection, n, fail))
            except Failure:
                check()
            else:
                return n
        raise AssertionError

    land_folder(connection, folder)
    expected = contents(connection)

    def all_or_nothing() -> None:
        assert contents(connection) in (expected, {table: [] for table in CONTENTS})

    failures = fail_until_done(lambda failing: drop_snapshot(failing, "s"), all_or_nothing)
    assert failures > 6
    assert contents(connection) == {table: [] for table in CONTENTS}

    failures = fail_until_done(lambda failing: land_folder(failing, folder), lambda: None)
    assert failures > 20
    assert contents(connection) == expected

    # A file that changes after half of it has landed, with failures while it starts over.
    drop_snapshot(connection, "s")
    statements = itertools.count(1)
    while len(contents(connection)["listings"]) < 4:
        with pytest.raises(Failure):
            land_folder(counting(connection, next(statements), fail), folder)
    assert len(contents(connection)["listings"]) < 9
    source.path.write_bytes(source.path.read_bytes().replace(b"bad\n", b""))
    fail_until_done(lambda failing: land_folder(failing, folder), lambda: None)
    restarted = contents(connection)
    drop_snapshot(connection, "s")
    land_folder(connection, folder)
    assert contents(connection) == restarted
    assert restarted["hub_rejects"] == []


def test_original_error_is_raised_if_the_rollback_fails(connection: Connection, tmp_path: Path) -> None:
    """After an error such as a full disk, the rollback fails as well, with an uninformative message."""

    class FullDisk(Counting):
        def execute(self, query: str, *arguments: object) -> object:
            if query.strip().startswith("insert into raw.hub_records"):
                raise duckdb.IOException("No space left on device")
            if query == "rollback":
                raise duckdb.TransactionException("no transaction is active")
            return self._connection.execute(query, *arguments)

    with pytest.raises(duckdb.IOException, match="No space left on device"):
        land_snapshot(cast(Connection, FullDisk(connection, 0, die)), "s", [file_of(tmp_path, b'{"id":"a"}')])


def test_batch_of_rejects_lands(connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "BATCH_BYTES", 1)
    sizes: list[int] = []
    insert = landing.insert_rows

    def counted(connection: Connection, table: str, rows: Any, constants: list[object]) -> None:
        sizes.append(rows.num_rows)
        insert(connection, table, rows, constants)

    monkeypatch.setattr(landing, "insert_rows", counted)
    land_snapshot(connection, "s", [file_of(tmp_path, b"bad", b'{"id":"a"}', b"\xff")])
    assert sizes == [1, 0, 0, 0, 1, 0]  # rejects and originals of each batch
    assert [reason for _, reason, _ in rejected(connection)] == ["not JSON", "not UTF-8"]


def test_record_is_stored_once_however_often_it_is_listed(connection: Connection, tmp_path: Path) -> None:
    both, one = b'{"id":"both"}', b'{"id":"one"}'
    land_snapshot(connection, "first", [file_of(tmp_path, both, one, both)])
    land_snapshot(connection, "second", [file_of(tmp_path, b'{"id":"two"}', both, name="other.jsonl")])
    records = "select record from raw.hub_records order by all"
    assert connection.execute(records).fetchall() == [('{"id":"both"}',), ('{"id":"one"}',), ('{"id":"two"}',)]
    listed = "select snapshot, position, record from raw.hub_listings natural join raw.hub_records order by all"
    assert connection.execute(listed).fetchall() == [
        ("first", 1, '{"id":"both"}'),
        ("first", 2, '{"id":"one"}'),
        ("first", 3, '{"id":"both"}'),
        ("second", 1, '{"id":"two"}'),
        ("second", 2, '{"id":"both"}'),
    ]
    assert drop_snapshot(connection, "first") == 3
    assert connection.execute(records).fetchall() == [('{"id":"both"}',), ('{"id":"two"}',)]


def test_identical_snapshot_adds_at_most_a_tenth(tmp_path: Path) -> None:
    path = tmp_path / "hub.jsonl"
    write_hub(path, 60_000, seed=1)
    sizes = []
    for number in range(4):  # several, since a file grows by blocks of 256 kB
        with connect_raw(tmp_path / "phylohub.duckdb", create=True) as connection:
            land_snapshot(connection, f"snapshot-{number}", [Source(path, "hub.jsonl")])
        sizes.append((tmp_path / "phylohub.duckdb").stat().st_size)
    assert (sizes[3] - sizes[0]) / 3 <= sizes[0] / 10


def test_file_of_an_earlier_layout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "phylohub.duckdb"
    with duckdb.connect(str(path)) as old:
        old.execute("create schema raw; create table raw.hub_models (snapshot varchar, record varchar)")
    with pytest.raises(PhylohubError, match="earlier version"), connect_raw(path):
        pass
