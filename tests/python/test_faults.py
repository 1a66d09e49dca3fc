"""Crawls with every known fault at every request land exactly the records of the hub."""

import multiprocessing
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live import (
    crawl_file,
    crawl_on_a_full_disk,
    in_child,
    is_complete,
    landed,
    memory,
    model,
    models,
    patient_web,
)

from phylohub.core.errors import PhylohubError
from phylohub.ingest.crawl import crawl
from phylohub.ingest.raw_schema import connect_raw
from phylohub.synthetic.fake_hub import FakeHub, Reply

RECORDS = models(23)
PAGE_ROWS = 4
N_PAGES = 6


def too_many(reply: Reply) -> Reply:
    return Reply(429, b"", {"RateLimit": '"api";r=0;t=120', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'})


FAULTS: dict[str, Callable[[Reply], Reply]] = {
    "429 with headers": too_many,
    "429 without headers": lambda reply: Reply(429),
    "429 with Retry-After": lambda reply: Reply(429, b"", {"Retry-After": "7"}),
    "500": lambda reply: Reply(500, b"oops"),
    "502 as a page of HTML": lambda reply: Reply(502, b"<html>bad gateway</html>"),
    "503": lambda reply: Reply(503),
    "a maintenance page with status 200": lambda reply: Reply(200, b"<html>back soon</html>"),
    "no body": lambda reply: replace(reply, body=b"", headers={}),
    "a body cut in the middle": lambda reply: replace(reply, cut=len(reply.body) // 2),
    "a body cut before it begins": lambda reply: replace(reply, cut=0),
    "a body cut in the middle, of the right length": lambda reply: replace(
        reply, body=reply.body[: len(reply.body) // 2]
    ),
    "a body cut after a closing bracket": lambda reply: replace(
        reply, body=reply.body[: reply.body.rindex(b"]", 0, -1) + 1]
    ),
    "no answer": lambda reply: replace(reply, stall=True),
    "invalid gzip": lambda reply: replace(reply, headers={**reply.headers, "Content-Encoding": "gzip"}),
}


class Faulty:
    """Applies a fault to the requests with the given numbers."""

    def __init__(self, faults: dict[int, str]) -> None:
        self._faults = faults
        self._previous = Reply(200, b"[]")

    def __call__(self, number: int, path: str, reply: Reply) -> Reply:
        name = self._faults.get(number)
        if name == "the previous page again":
            return self._previous
        if name == "the previous body with the next link":
            return replace(reply, body=self._previous.body)
        self._previous = reply
        return reply if name is None else FAULTS[name](reply)


REPEATED = ["the previous page again", "the previous body with the next link"]
NAMES = [*FAULTS, *REPEATED]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
def test_fault_at_any_request_loses_and_repeats_no_record(name: str, compress: bool) -> None:
    for number in range(1, N_PAGES + 1):
        if name in REPEATED and number == 1:
            continue
        if compress and name in ("invalid gzip", "a body cut after a closing bracket"):
            continue
        alter_reply = Faulty({number: name})
        with (
            FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply, compress=compress) as hub,
            memory() as connection,
        ):
            result = crawl(connection, patient_web(hub.url), "s")
            assert landed(connection) == RECORDS
            assert (result.n_landed, result.n_rejected, result.complete) == (23, 0, True)
            assert is_complete(connection)
            assert hub.n_requests == N_PAGES + 2  # the fault, and the request for the newest model


@given(faults=st.dictionaries(st.integers(2, 15), st.sampled_from([name for name in NAMES if name != "no answer"])))
@settings(max_examples=40, deadline=None)
def test_mixed_faults_lose_and_repeat_no_record(faults: dict[int, str]) -> None:
    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=Faulty(faults)) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert landed(connection) == RECORDS


@pytest.mark.parametrize("expires_at", range(2, N_PAGES + 1))
def test_expired_cursor_restarts_the_list_without_duplicates(expires_at: int) -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return Reply(400, b'{"error":"Invalid cursor"}') if number == expires_at else reply

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert landed(connection) == RECORDS


def test_cursor_that_expired_between_runs_restarts_the_list() -> None:
    expired: set[str] = set()

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return Reply(400, b'{"error":"Invalid cursor"}') if path in expired else reply

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        assert not crawl(connection, patient_web(hub.url), "s", limit=9).complete
        (cursor,) = connection.execute("select cursor from raw.loads").fetchall()[0]
        expired.add(cursor.removeprefix(hub.url))
        with pytest.raises(PhylohubError, match="Invalid cursor"):  # the restart reaches the same cursor
            crawl(connection, patient_web(hub.url), "s")
        expired.clear()
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert landed(connection) == RECORDS


def test_repeated_record_lands_once_and_changed_record_lands_again() -> None:
    moved, changed = model(3), model(5, likes=1000)

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        # Records of the first pages appear on the fifth page as well.
        return replace(reply, body=b"[" + moved + b"," + changed + b"," + reply.body[1:]) if number == 5 else reply

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert sorted(landed(connection)) == sorted([*RECORDS, changed])
        assert landed(connection).index(changed) > landed(connection).index(RECORDS[5])


def test_models_created_and_deleted_during_the_crawl() -> None:
    new = [model(number) for number in range(100, 106)]

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        if number == 3:
            hub.remove("org/model-1")  # has landed
            hub.remove("org/model-20")  # has not landed yet
            for record in new:
                hub.put(record)
        return reply

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert sorted(landed(connection)) == sorted([*RECORDS[:20], *RECORDS[21:], *new])


@pytest.fixture(scope="module")
def served() -> Iterator[FakeHub]:
    with FakeHub(RECORDS, page_rows=PAGE_ROWS) as hub:
        yield hub


def assert_exact(database: Path) -> None:
    with connect_raw(database) as connection:
        assert landed(connection) == RECORDS
        assert is_complete(connection)
        assert connection.execute("select n_landed, n_rejected, last_position from raw.loads").fetchall() == [
            (23, 0, 23)
        ]


def test_sigkill_at_any_statement_loses_and_repeats_no_record(served: FakeHub, tmp_path: Path) -> None:
    n_killed = 0
    for kill_at in range(1, 41):
        database = tmp_path / f"{kill_at}.duckdb"
        # The number of pages per transaction varies, so the last kills may come too late.
        exit_code = in_child(crawl_file, database, served.url, kill_at)
        assert exit_code in (0, -signal.SIGKILL)
        n_killed += exit_code != 0
        assert in_child(crawl_file, database, served.url) == 0
        assert_exact(database)
    assert n_killed > 20


def test_sigkill_at_any_request_loses_and_repeats_no_record(tmp_path: Path) -> None:
    for number in range(1, N_PAGES + 1):
        database = tmp_path / f"{number}.duckdb"

        def alter_reply(asked: int, path: str, reply: Reply, number: int = number) -> Reply:
            if asked == number:
                (child,) = multiprocessing.active_children()
                child.kill()
            return reply

        with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub:
            assert in_child(crawl_file, database, hub.url) == -signal.SIGKILL
            assert in_child(crawl_file, database, hub.url) == 0
        assert_exact(database)


@pytest.mark.parametrize("free_kilobytes", [300, 600, 900, 1200, 1600, 2100])
def test_full_disk_loses_and_repeats_no_record(tmp_path: Path, free_kilobytes: int) -> None:
    noise = random.Random(free_kilobytes)
    records = [model(number, noise=noise.randbytes(30_000).hex()) for number in range(40)]
    database = tmp_path / "full.duckdb"
    with FakeHub(records, page_rows=PAGE_ROWS) as hub:
        with connect_raw(database, create=True):
            pass
        assert in_child(crawl_on_a_full_disk, database, hub.url, free_kilobytes * 1024) == 1
        assert in_child(crawl_file, database, hub.url) == 0
        with connect_raw(database) as connection:
            assert landed(connection) == records
            assert is_complete(connection)
