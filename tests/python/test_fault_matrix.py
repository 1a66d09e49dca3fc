"""The fault matrix: one line per fault of the network, the clock, the disk, files and processes.

Every crawl and every run for cards must end with exactly the hub's records and cards, or with an error of one line that
leaves everything as it was. tests/python/test_faults.py holds the faults of single answers and kills by the system.
"""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import BIN, ROOT, run_dbt, run_phylohub
from live import (
    Clock,
    FailingConnection,
    cards_file,
    crawl_again,
    crawl_file,
    crawl_file_from_the_start,
    in_child,
    is_complete,
    land_file,
    land_series_file,
    landed,
    memory,
    model,
    models,
    papers_file,
    patient_web,
)
from typer.testing import CliRunner

from phylohub.cli.main import app
from phylohub.core import build_file
from phylohub.core.build_file import connect_to_copy
from phylohub.core.errors import PhylohubError
from phylohub.core.locks import BusyError, held_lock
from phylohub.ingest.cards import fetch_cards, newest_snapshot
from phylohub.ingest.crawl import crawl
from phylohub.ingest.landing import drop_snapshot
from phylohub.ingest.links import next_link
from phylohub.ingest.raw_schema import RAW_SCHEMA, connect_raw
from phylohub.operate.compact import compact
from phylohub.operate.publish import publish
from phylohub.operate.refresh import refresh_lock
from phylohub.report import build as report_build
from phylohub.synthetic.fake_hub import API, RESOLVE, FakeHub, Limit, Paper, Reply

RECORDS = models(23)
PAGE_ROWS = 4
CARDS = {f"org/model-{number}": b"# Card %d\n" % number * 20 for number in range(8)}
PAPERS = {f"2401.{number:05}": Paper(f"Title {number}", "Abstract.", "cs.LG") for number in range(0, 8, 2)}
HTML = {"Content-Type": "text/html; charset=utf-8"}
SIGN_IN = b"<!DOCTYPE html><html><body>Please sign in</body></html>"
PASSWORD = "s3cret-and-made-up"  # noqa: S105, made up
TOKEN = "hf_madeUpTokenOfTheMatrix"  # noqa: S105, made up


# Answers to a request for a card that the Hub did not give. None of them says anything about the model.
FOREIGN_CARDS: dict[str, Callable[[Reply], Reply]] = {
    "401 without headers": lambda reply: Reply(401),
    "401 with JSON only": lambda reply: Reply(401, b'{"error":"Unauthorized"}', {"Content-Type": "application/json"}),
    "403 as a web page": lambda reply: Reply(403, SIGN_IN, HTML),
    "404 of a proxy": lambda reply: Reply(404, b"<html>no such page</html>", HTML),
    "404 without a body": lambda reply: Reply(404),
    "407": lambda reply: Reply(407, b"proxy authentication required"),
    "410": lambda reply: Reply(410),
    "451": lambda reply: Reply(451, SIGN_IN, HTML),
    "sign-in page without ETag": lambda reply: Reply(200, SIGN_IN, HTML),
    "sign-in page with an ETag": lambda reply: Reply(200, SIGN_IN, {**HTML, "ETag": '"5f-61"'}),
    "sign-in page as text with an ETag": lambda reply: Reply(200, SIGN_IN, {"ETag": '"5f-61"'}),
    "redirect to a sign-in page": lambda reply: Reply(302, b"", {"Location": "/login"}),
    "card without ETag": lambda reply: Reply(200, reply.body),
    "cut card without length and ETag": lambda reply: Reply(200, reply.body[:9], {}, has_length=False),
    "no content": lambda reply: Reply(204),
    "304 that was not asked for": lambda reply: Reply(304, b"", reply.headers),
    "redirect to a bad port": lambda reply: Reply(302, b"", {"Location": "http://127.0.0.1:99999/x"}),
    "redirect to a bracket": lambda reply: Reply(307, b"", {"Location": "http://[127.0.0.1/x"}),
    "redirect to a file": lambda reply: Reply(302, b"", {"Location": "file:///etc/passwd"}),
}


def card_rows(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, bytes | None]]:
    rows = connection.execute("select model_id, outcome, coalesce(encode(card), card_bytes) from raw.cards").fetchall()
    found = {model_id: (outcome, text) for model_id, outcome, text in rows}
    assert len(found) == len(rows)
    return found


ALL_CARDS = {model_id: ("ok", text) for model_id, text in CARDS.items()}


@pytest.mark.parametrize("fault", FOREIGN_CARDS.values(), ids=FOREIGN_CARDS.keys())
def test_answer_that_the_hub_did_not_give_is_never_the_outcome_of_a_card(fault: Callable[[Reply], Reply]) -> None:
    faulty = range(0)

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return fault(reply) if "/resolve/" in path and number in faulty else reply

    with FakeHub(models(8), CARDS, alter_reply=alter_reply) as hub, memory() as connection:
        crawl(connection, patient_web(hub.url), "s")
        # Half-way: what landed before stays, the rest gets no outcome, and the run ends with an error.
        faulty = range(hub.n_requests + 4, 10**9)
        with pytest.raises(PhylohubError, match="something other than http://127") as caught:
            fetch_cards(connection, patient_web(hub.url), workers=1)
        assert "\n" not in str(caught.value)
        assert card_rows(connection) == {model_id: ALL_CARDS[model_id] for model_id in list(CARDS)[:3]}
        # For a moment: fetched again.
        faulty = range(hub.n_requests + 1, hub.n_requests + 4)
        fetch_cards(connection, patient_web(hub.url), workers=2)
        assert card_rows(connection) == ALL_CARDS


def test_one_card_that_the_hub_never_answers_does_not_hold_up_the_others() -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return Reply(404) if path.startswith("/org/model-2/") else reply

    with FakeHub(models(8), CARDS, alter_reply=alter_reply) as hub, memory() as connection:
        crawl(connection, patient_web(hub.url), "s")
        with pytest.raises(PhylohubError, match=r"1 cards have no outcome.*org/model-2"):
            fetch_cards(connection, patient_web(hub.url))
        assert card_rows(connection) == {key: row for key, row in ALL_CARDS.items() if key != "org/model-2"}


@pytest.mark.parametrize(
    "refusal",
    [
        Reply(401, b'{"error":"Invalid credentials in Authorization header"}'),
        Reply(
            401, b"", {"X-Error-Message": "Invalid credentials in Authorization header", "X-Error-Code": "RepoNotFound"}
        ),
        Reply(401, b'{"error":"User Access Token \\"x\\" is expired"}'),
        Reply(403, b"", {"X-Error-Message": "This token was revoked"}),
    ],
)
def test_token_that_expires_half_way_stops_the_run(refusal: Reply) -> None:
    expired_at = 10**9

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return refusal if number >= expired_at else reply

    with FakeHub(models(8), CARDS, alter_reply=alter_reply) as hub, memory() as connection:
        crawl(connection, patient_web(hub.url), "s")
        expired_at = hub.n_requests + 4
        with pytest.raises(PhylohubError, match="HF_TOKEN"):
            fetch_cards(connection, patient_web(hub.url, token=TOKEN), workers=1)
        assert set(card_rows(connection).values()) <= set(ALL_CARDS.values())
        expired_at = 10**9
        fetch_cards(connection, patient_web(hub.url))
        assert card_rows(connection) == ALL_CARDS


@pytest.mark.parametrize(("etag", "has_length", "cut", "lands"), [
    ('"of-a-mirror"', True, False, True),
    ('"of-a-mirror"', False, False, False),
    ('"of-a-mirror"', False, True, False),
    (None, True, False, False),
    ("hash", False, False, True),
    ("hash", False, True, False),
])  # fmt: skip  # one line per case
def test_card_lands_only_if_its_text_is_known_to_be_complete(
    etag: str | None, has_length: bool, cut: bool, lands: bool
) -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        if "/resolve/" not in path:
            return reply
        headers = {name: value for name, value in reply.headers.items() if name != "ETag" or etag == "hash"}
        body = reply.body[:30] if cut else reply.body
        more = {"ETag": etag} if etag not in (None, "hash") else {}
        return Reply(200, body, {**headers, **cast(dict[str, str], more)}, has_length=has_length)

    with FakeHub(models(1), CARDS, alter_reply=alter_reply) as hub, memory() as connection:
        crawl(connection, patient_web(hub.url), "s")
        if etag is None:
            with pytest.raises(PhylohubError):
                fetch_cards(connection, patient_web(hub.url))
        else:
            fetch_cards(connection, patient_web(hub.url))
        texts = [text for _, text in card_rows(connection).values() if text is not None]
        assert texts == ([CARDS["org/model-0"]] if lands else [])


# Forms of the header Link of RFC 8288. {} is the address of the next page.
LINKS = {
    "plain": '<{}>; rel="next"',
    "not quoted": "<{}>; rel=next",
    "two relations": '<{}>; rel="last next"',
    "two relations, other order": '<{}>; rel="next last"',
    "upper case": '<{}>; REL="NEXT"',
    "no space": '<{}>;rel="next"',
    "many spaces": '  <{}>  ;  rel  =  "next"  ',
    "after another link": '<http://x/?a=1,2;b>; rel="prev"; title="a, b; <c>", <{}>; rel="next"',
    "before another link": '<{}>; rel="next", <http://x/>; rel="first"',
    "after other parameters": '<{}>; title="say \\"next\\", <x>"; type=text/html; rel="next"',
    "a flag": '<{}>; crossorigin; rel="next"',
    "empty elements": ', ,<{}>; rel="next",',
    "the first rel counts": '<http://x/>; rel="prev"; rel="next", <{}>; rel="next"',
    "a title that lies": '<http://x/>; title="rel=next"; rel=prev, <{}>; rel=\'x\'; rel="y", <{}>; rel="next"',
    "next inside a word": '<http://x/>; rel="nextish", <{}>; rel="next"',
    "about another document": '<http://x/>; rel="next"; anchor="#x", <{}>; rel="next"',
}


@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
@pytest.mark.parametrize("form", LINKS.values(), ids=LINKS.keys())
def test_link_to_the_next_page_in_any_form(form: str, relative: bool) -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        if "Link" not in reply.headers:
            return reply
        url = reply.headers["Link"].partition("<")[2].partition(">")[0]
        return replace(reply, headers={"Link": form.replace("{}", url.removeprefix(hub.url) if relative else url)})

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert landed(connection) == RECORDS


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        ["nonsense"],
        ["<x>"],
        ['<x>; rel="prev"'],
        ['<x>; rev="next"'],
        ["<x; rel=next"],
        ['<x>; rel="next'],
        [";;;"],
    ],
)
def test_header_without_a_next_link(headers: list[str]) -> None:
    assert next_link(headers) is None


def test_several_link_headers() -> None:
    assert next_link(['<a>; rel="prev"', '<b>; rel="next"']) == "b"


@pytest.mark.parametrize("number", range(1, 7))
def test_lost_next_link_loses_no_record(number: int) -> None:
    def alter_reply(asked: int, path: str, reply: Reply) -> Reply:
        return Reply(200, reply.body) if asked == number else reply

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert landed(connection) == RECORDS


def test_proxy_that_drops_every_next_link_does_not_complete_the_crawl() -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return Reply(200, reply.body)

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        with pytest.raises(PhylohubError, match="lists more models"):
            crawl(connection, patient_web(hub.url), "s")
        assert not is_complete(connection)
        hub.alter_reply = lambda number, path, reply: reply
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert landed(connection) == RECORDS


def unsorted(path: str, reply: Reply) -> Reply:
    """The answer of a server that ignores `direction`."""
    return Reply(200, b"[" + RECORDS[0] + b"]", reply.headers) if "direction=-1" in path else reply


@pytest.mark.parametrize("ignores_limit", [False, True])
def test_dropped_links_are_found_before_a_server_that_ignores_the_order(ignores_limit: bool) -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        reply = unsorted(path, reply)
        if ignores_limit and "limit=1&" in path and "direction=-1" not in path:
            reply = replace(reply, body=b"[" + b",".join(RECORDS[:PAGE_ROWS]) + b"]")
        return Reply(200, reply.body)

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        with pytest.raises(PhylohubError, match="nothing shows" if ignores_limit else "lists more models"):
            crawl(connection, patient_web(hub.url), "s")
        assert not is_complete(connection)
        assert landed(connection) == []
        hub.alter_reply = lambda number, path, reply: unsorted(path, reply)
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert landed(connection) == RECORDS


@pytest.mark.parametrize("count", [1, 3, 4, 8, 24])
@pytest.mark.parametrize("answer", ["sorted", "not sorted", "refused", "nothing", "deleted"])
def test_full_last_page_is_the_end_if_a_further_request_says_so(count: int, answer: str) -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        if "direction=-1" not in path or answer == "sorted":
            return reply
        if answer == "not sorted":
            return Reply(200, b"[" + records[0] + b"]")
        return {"refused": Reply(400, b'{"error":"no"}'), "nothing": Reply(200, b"[]")}.get(
            answer, Reply(200, b"[" + model(0, createdAt="2023-01-01T00:00:00.000Z", id="x/y") + b"]")
        )

    records = models(count)
    with FakeHub(records, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert landed(connection) == records


def test_models_created_while_the_last_page_is_read_land() -> None:
    new = [model(number) for number in range(100, 110)]

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        if number in (6, 7, 9):
            for record in new[number - 6 :][:3]:
                if record not in hub.listed():
                    hub.put(record)
        return reply

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert landed(connection) == hub.listed()
        assert len(hub.listed()) > 23


BAD_ADDRESSES = [
    "http://127.0.0.1:99999/api/models",
    "http://127.0.0.1:port/api/models",
    "http://[127.0.0.1/api/models",
    "http://[::zz]/x",
    "//[bad/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "ftp://127.0.0.1/x",
    "http://",
    "https:///api/models",
    "http://a b/x",
    "http://\u2024.example:1/\udce4",
]


@pytest.mark.parametrize("redirects", [False, True], ids=["next link", "redirect"])
@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_bad_address_ends_the_crawl_with_one_line(address: str, redirects: bool) -> None:
    raw = address.encode("utf-8", "surrogateescape").decode("latin-1")

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        if number < 3:
            return reply
        return (
            Reply(302, b"", {"Location": raw})
            if redirects
            else Reply(200, reply.body, {"Link": f'<{raw}>; rel="next"'})
        )

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        with pytest.raises(PhylohubError) as caught:
            crawl(connection, patient_web(hub.url), "s")
        assert "\n" not in str(caught.value)
        assert not is_complete(connection)
        hub.alter_reply = lambda number, path, reply: reply
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert landed(connection) == RECORDS


HUGE = "9" * 5000
LIMITS: dict[str, dict[str, str]] = {
    "t of 10^12": {"RateLimit": '"api";r=0;t=1000000000000'},
    "t of 5,000 digits": {"RateLimit": f'"api";r=0;t={HUGE}'},
    "r of 5,000 digits": {"RateLimit": f'"api";r={HUGE};t=1'},
    "q and w of 10^30": {
        "RateLimit": '"api";r=5;t=1',
        "RateLimit-Policy": f'"fixed window";"api";q={10**30};w={10**30}',
    },
    "q and w of 0": {"RateLimit": '"api";r=5;t=1', "RateLimit-Policy": '"fixed window";"api";q=0;w=0'},
    "negative": {"RateLimit": '"api";r=-1;t=-5'},
    "text": {"RateLimit": "soon"},
    "Retry-After of 10^12": {"Retry-After": "1000000000000"},
    "Retry-After of 5,000 digits": {"Retry-After": HUGE},
    "Retry-After below zero": {"Retry-After": "-1"},
}


@pytest.mark.parametrize("status", [200, 429, 503])
@pytest.mark.parametrize("headers", LIMITS.values(), ids=LIMITS.keys())
def test_wait_that_no_server_can_mean_is_bounded_and_announced(headers: dict[str, str], status: int) -> None:
    clock = Clock()
    messages: list[str] = []

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        if status == 200:
            return replace(reply, headers={**reply.headers, **headers})
        return Reply(status, b"", headers) if number % 2 else reply

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url, clock, say=messages.append), "s").complete
        assert landed(connection) == RECORDS
    assert max(clock.waits, default=0) <= 3600
    assert len([line for line in messages if line.startswith("waiting")]) == len(clock.waits)


@pytest.mark.parametrize("status", [401, 403, 404, 407, 511])
def test_refusal_of_a_proxy_is_retried_and_then_ends_the_crawl(status: int) -> None:
    faulty = range(3, 6)

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return Reply(status, SIGN_IN, HTML) if number in faulty else reply

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url), "s").complete
        assert landed(connection) == RECORDS
        faulty = range(hub.n_requests + 3, 10**9)
        with pytest.raises(PhylohubError, match=f"{status}"):
            crawl(connection, patient_web(hub.url), "t")
        assert not is_complete(connection, "t")


def n_statements(url: str) -> int:
    """The number of statements of the small crawl."""
    with memory() as connection:
        counted = FailingConnection(connection, 10**9, KeyboardInterrupt())
        crawl(cast(Any, counted), patient_web(url), "s", expand=["tags"])
        return 10**9 - counted._left


ERRORS = {
    "Ctrl-C": KeyboardInterrupt(),
    "a full disk": duckdb.IOException("Could not write file: No space left on device"),
    "no memory": MemoryError(),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS.keys())
def test_stop_at_any_statement_loses_nothing_and_the_next_run_resumes(error: BaseException) -> None:
    with FakeHub(RECORDS[:9], page_rows=PAGE_ROWS) as hub, FakeHub(RECORDS[:9], page_rows=PAGE_ROWS) as moved:
        for at in range(1, n_statements(hub.url) + 1):
            with memory() as connection:
                failing = FailingConnection(connection, at, error)
                try:
                    crawl(cast(Any, failing), patient_web(hub.url), "s", expand=["tags"])
                except type(error):
                    pass
                # Before the first page nothing depends on the address, so another one is accepted.
                url = hub.url if landed(connection) else moved.url
                assert crawl(connection, patient_web(url), "s", expand=["tags"]).complete
                assert landed(connection) == RECORDS[:9]
                assert connection.execute("select page, n_records from raw.hub_pages order by page").fetchall() == [
                    (1, 4), (2, 4), (3, 1)
                ]  # fmt: skip  # one page each


def test_kill_at_any_statement_from_the_first_moment_on(tmp_path: Path) -> None:
    with FakeHub(RECORDS[:5], page_rows=PAGE_ROWS) as hub:
        at, code = 0, -signal.SIGKILL
        while code == -signal.SIGKILL:
            at += 1
            database = tmp_path / f"{at}.duckdb"
            code = in_child(crawl_file_from_the_start, database, hub.url, at)
            with connect_raw(database, create=True) as connection:
                assert crawl(connection, patient_web(hub.url), "s", expand=["tags"]).complete
                assert landed(connection) == RECORDS[:5]
                assert len(connection.execute("from raw.hub_pages").fetchall()) == 2
            assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
        assert code == 0
        assert at > 10


TABLES = {
    "snapshots": "snapshot, completed_at is not null, completed_before",
    "loads": "* exclude (started_at, completed_at), completed_at is not null",
    "hub_listings": "snapshot, source, position, record",
    "hub_rejects": "* exclude (landed_at)",
    "hub_originals": "* exclude (landed_at)",
    "hub_pages": "snapshot, page, n_records, n_bytes",
    "cards": "model_id, source, outcome, card",
    "arxiv_papers": "* exclude (fetched_at)",
}


def contents(database: Path) -> dict[str, list[Any]]:
    """Everything that has landed, without times and surrogate keys."""
    with connect_raw(database) as connection:
        return {
            table: connection.execute(
                f"select {columns} from raw.{table} "
                f"{'natural join raw.hub_records' if table == 'hub_listings' else ''} order by all"
            ).fetchall()
            for table, columns in TABLES.items()
        }


def shapes(folder: Path) -> dict[str, Path]:
    """One file per way of reading: with rejects, a repaired record, cards, and a snapshot in several batches."""
    odd = [b'{"id": 3}', b'{"id":"org/half","note":"\\ud83d"}', b"not JSON", b""]
    table = [json.loads(record) | {"card": f"# {number}"} for number, record in enumerate(RECORDS[:7])]
    observed = [
        json.dumps(json.loads(record) | {"observed_at": f"2026-08-0{1 + number % 3}T00:00:00Z"}).encode()
        for number, record in enumerate(RECORDS[:9])
    ]
    files = {
        "lines": ("x.jsonl", b"\n".join([*RECORDS[:7], *odd])),
        "array": ("x.json", b"[" + b",".join([*RECORDS[:7], odd[1]]) + b"]"),
        "gzip": ("x.jsonl.gz", gzip.compress(b"\n".join([*odd, *RECORDS[:7]]), mtime=0)),
        "csv": ("x.csv", b'id,tags,modelCard\na/b,"[\'license:mit\']",# A\na/c,[],\na/d,x\na/e,"a, b",# E\n'),
        "observations": ("series.jsonl", b"\n".join([*observed, *odd])),
    }
    for name, content in files.values():
        (folder / name).write_bytes(content)
    pq.write_table(pa.Table.from_pylist(table), folder / "x.parquet", row_group_size=2)
    return {kind: folder / name for kind, (name, _) in files.items()} | {"parquet": folder / "x.parquet"}


@pytest.mark.parametrize(
    "kind",
    [
        "papers",
        *(
            pytest.param(kind, marks=pytest.mark.full)
            for kind in ("lines", "array", "gzip", "csv", "parquet", "observations", "crawl", "crawl since", "cards")
        ),
    ],
)
def test_kill_at_every_statement_of_every_load(tmp_path: Path, kind: str) -> None:
    """What has landed in the end is what lands without a kill."""
    linking = [model(number, tags=[f"arxiv:2401.{number:05}"]) for number in range(8)]
    with FakeHub(linking, CARDS, PAPERS, page_rows=3) as hub:

        def work(database: Path, at: int) -> int:
            if kind in ("crawl since", "cards", "papers"):
                if not database.exists():
                    assert in_child(crawl_file, database, hub.url) == 0
                return in_child(
                    {"crawl since": crawl_again, "cards": cards_file, "papers": papers_file}[kind],
                    database, hub.url, at,
                )  # fmt: skip  # one call
            if kind == "crawl":
                return in_child(crawl_file_from_the_start, database, hub.url, at)
            path = shapes(tmp_path)[kind]
            if kind == "observations":
                return in_child(land_series_file, database, path, at)
            return in_child(land_file, database, path, at, 2)

        assert work(tmp_path / "whole.duckdb", 10**9) == 0
        whole = contents(tmp_path / "whole.duckdb")
        at, code = 0, -signal.SIGKILL
        while code == -signal.SIGKILL:
            at += 1
            code = work(tmp_path / f"{at}.duckdb", at)
            assert work(tmp_path / f"{at}.duckdb", 10**9) == 0
            assert contents(tmp_path / f"{at}.duckdb") == whole, at
        assert code == 0
        assert at > 6


@pytest.mark.full
@pytest.mark.parametrize("seed", range(40))
def test_random_faults_lose_nothing(seed: int) -> None:
    """Several faults of answers and stops at statements in one crawl, as in a bad night."""
    noise = random.Random(seed)
    page_faults = [
        lambda reply: Reply(503),
        lambda reply: Reply(200, reply.body[: noise.randrange(1 + len(reply.body))], reply.headers),
        lambda reply: Reply(200, reply.body),
        lambda reply: Reply(401, SIGN_IN, HTML),
        lambda reply: Reply(200, SIGN_IN, HTML),
        lambda reply: Reply(429, b"", {"Retry-After": str(noise.randrange(10**6))}),
    ]

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return noise.choice(page_faults)(reply) if noise.random() < 0.3 else reply

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        for _ in range(200):
            failing = FailingConnection(connection, noise.randrange(1, 60), KeyboardInterrupt())
            with suppress(KeyboardInterrupt, PhylohubError):
                if crawl(cast(Any, failing), patient_web(hub.url), "s", expand=["tags"]).complete:
                    break
        assert is_complete(connection)
        assert landed(connection) == RECORDS
        assert connection.execute("select sum(n_records) >= 23 from raw.hub_pages").fetchall() == [(True,)]


def test_kill_between_any_two_parts_of_the_schema(tmp_path: Path) -> None:
    parts = RAW_SCHEMA.split(";")
    for n_parts in range(len(parts)):
        with duckdb.connect() as connection:
            connection.execute(";".join(parts[:n_parts]))
            connection.execute(RAW_SCHEMA)
            connection.execute(RAW_SCHEMA)


class SlowClock(datetime):
    """A clock that was set back."""

    behind = timedelta(0)

    @classmethod
    def now(cls, tz: Any = None) -> "SlowClock":
        return cast("SlowClock", datetime.now(tz) - cls.behind)


@pytest.mark.parametrize("days", [0, 1, 400])
def test_clock_that_goes_back_does_not_change_the_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    monkeypatch.setattr(build_file, "datetime", SlowClock)
    records, cards = models(8), dict(CARDS)
    with FakeHub(records, cards, page_rows=PAGE_ROWS) as hub:
        for number, name in enumerate(["z-first", "a-second", "m-third"]):
            monkeypatch.setattr(SlowClock, "behind", timedelta(days=days * number))
            with connect_raw(tmp_path / "w.duckdb", create=True) as connection:
                hub.remove("org/model-1")
                hub.put(model(1, sha=f"{number + 100:040x}"))
                hub.cards["org/model-1"] = b"version %d" % number
                crawl(connection, patient_web(hub.url), name)
                assert newest_snapshot(connection) == name
                assert fetch_cards(connection, patient_web(hub.url)).n_left == 0
                card = "select arg_max(card, fetched_at) from raw.cards where model_id = 'org/model-1'"
                assert connection.execute(card).fetchall() == [(f"version {number}",)]
                times = "select completed_at from raw.snapshots order by completed_at"
                moments = [moment for (moment,) in connection.execute(times).fetchall()]
                assert len(set(moments)) == number + 1


def test_pages_are_traced_without_secrets() -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return replace(reply, headers={**reply.headers, "ETag": f'W/"{number}"'})

    with FakeHub(RECORDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub, memory() as connection:
        before = datetime.now(UTC).replace(tzinfo=None)
        web = patient_web(hub.url.replace("//", f"//user:{PASSWORD}@"))
        crawl(connection, web, "s")
        rows = connection.execute("from raw.hub_pages order by page").fetchall()
        assert [row[:3] for row in rows] == [("s", "api/models", number) for number in range(1, 7)]
        assert [row[3].removeprefix(hub.url) for row in rows] == list(hub.requests)[:6]
        assert [row[4:6] for row in rows] == [(200, f'W/"{number}"') for number in range(1, 7)]
        assert [row[7] for row in rows] == [4, 4, 4, 4, 4, 3]
        assert sum(row[6] for row in rows) == sum(len(record) + 1 for record in RECORDS) + len(rows)
        assert all("phylohub/" in row[8] and "hf_hub/" in row[8] for row in rows)
        assert all(before < row[9] for row in rows)
        hub.put(model(30))
        crawl(connection, web, "t", since="s")
        assert connection.execute("select count(*) from raw.hub_pages where snapshot = 't'").fetchall() == [(7,)]
        for table in ("loads", "hub_pages", "hub_listings", "snapshots", "rate_limits"):
            assert PASSWORD not in str(connection.execute(f"from raw.{table}").fetchall())
        drop_snapshot(connection, "t")
        assert connection.execute("select distinct snapshot from raw.hub_pages").fetchall() == [("s",)]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    limits = {API: Limit(1000), RESOLVE: Limit(5000)}
    with FakeHub(models(8), CARDS, page_rows=PAGE_ROWS, limits=limits, token=TOKEN) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield hub


def test_password_in_the_endpoint_is_sent_and_never_shown_or_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ""

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        if number == 2:  # a server that repeats what it was sent
            return Reply(503, b"", {"X-Error-Message": f"user:{PASSWORD} {hub.authorizations[-1]}"})
        return reply

    database = tmp_path / "w.duckdb"
    with FakeHub(models(8), CARDS, page_rows=PAGE_ROWS, alter_reply=alter_reply) as hub:
        monkeypatch.setenv("HF_DEBUG", "1")
        monkeypatch.setenv("HF_ENDPOINT", hub.url.replace("//", f"//user:{PASSWORD}@"))
        for command in (["ingest", "models"], ["ingest", "cards"], ["ingest", "status"], ["doctor"]):
            done = run_phylohub(database, *command)
            assert done.returncode == 0, done.stderr
            said += done.stdout + done.stderr
        assert "answered 503" in said
        basic = str(hub.authorizations[-1])
        assert basic.startswith("Basic ")
        assert set(hub.authorizations) == {basic}
    monkeypatch.setenv("HF_ENDPOINT", f"http://user:{PASSWORD}@127.0.0.1:port")
    done = run_phylohub(database, "ingest", "models", "--snapshot", "t")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    said += done.stdout + done.stderr
    for secret in (PASSWORD, basic.removeprefix("Basic ")):
        assert secret not in said
        for path in tmp_path.rglob("*"):
            assert path.is_dir() or secret.encode() not in path.read_bytes()


COMMANDS = [
    ["compact"],
    ["summary"],
    ["tree", "x"],
    ["model", "x"],
    ["diff", "x"],
    ["publish"],
    ["report"],
    ["ingest", "status"],
    ["ingest", "status", "--json"],
    ["ingest", "drop", "s"],
    ["ingest", "cards"],
    ["ingest", "arxiv"],
    ["ingest", "models"],
    ["accept", "s", "--reason", "x"],
    ["ingest", "synthetic", "--models", "10"],
    ["doctor", "--offline"],
]
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in half": lambda whole: whole[: len(whole) // 2],
    "cut by a byte": lambda whole: whole[:-1],
    "cut in the header": lambda whole: whole[:5000],
    "empty": lambda whole: b"",
    "text": lambda whole: b"hello\n" * 5000,
    "zeros": lambda whole: bytes(len(whole)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_build_file_is_named_in_one_line_by_every_command(
    tmp_path: Path, served: FakeHub, monkeypatch: pytest.MonkeyPatch, damage: Callable[[bytes], bytes]
) -> None:
    database = tmp_path / "w.duckdb"
    with connect_raw(database, create=True) as connection:
        crawl(connection, patient_web(served.url), "s")
    broken = damage(database.read_bytes())
    monkeypatch.setenv("PHYLOHUB_DATABASE", str(database))
    monkeypatch.chdir(tmp_path)
    for command in COMMANDS:
        database.write_bytes(broken)
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 1, (command, done.output)
        assert isinstance(done.exception, SystemExit)
        lines = [line for line in done.output.splitlines() if "w.duckdb" in line]
        assert len(lines) == 1, (command, done.output)
        assert "Restore it from a copy" in lines[0]
        assert "cannot be read" in lines[0] or command[0] == "doctor"
        assert database.read_bytes() == broken


@pytest.fixture
def marts(tmp_path: Path) -> Path:
    """A build file with two small marts."""
    path = tmp_path / "phylohub.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema marts; create table marts.models as select 'a/b' as model_id, false as is_synthetic; "
            "create table marts.snapshot_health as select 's' as snapshot; "
            "create table main.build_results as from (values ('model.phylohub.models', 'success'), "
            "('model.phylohub.snapshot_health', 'success')) as results (node, status)"
        )
    return path


def publish_to(database: Path, to: Path, keep: int = 1) -> Path:
    with connect_to_copy(database) as connection:
        return publish(connection, to, keep=keep).folder


def tree_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_publish_deletes_only_what_a_manifest_of_ours_names(marts: Path, tmp_path: Path) -> None:
    to, outside = tmp_path / "published", tmp_path / "outside"
    outside.mkdir()
    (outside / "x.parquet").write_text("mine")
    first = publish_to(marts, to)
    versions = to / "versions"
    theirs = [
        "0000/notes.txt",  # sorts before every version
        "20200101T000000-000000Z/thesis.tex",  # named like a version
        ".part-mine/data.csv",
        ".part-20200101T000000-000000Z/data.csv",
        "20200102T000000-000000Z/keep.me",
    ]
    for name in theirs:
        (versions / name).parent.mkdir()
        (versions / name).write_text("mine")
    # Manifests that name files outside of their folder.
    for number, name in enumerate(["../../mine.txt", str(outside / "x.parquet"), "parquet/x.parquet", "parquet/.."]):
        folder = versions / f"2020020{number + 1}T000000-000000Z"
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps({"version": folder.name, "files": {name: None}}))
        (folder / "parquet").symlink_to(outside, target_is_directory=True)
    (versions / "file").write_text("mine")
    (tmp_path / "mine.txt").write_text("mine")
    (to / ".current-mine").symlink_to(outside)
    (first / "my notes.txt").write_text("mine")
    before = {**tree_of(versions), **tree_of(outside)}
    publish_to(marts, to)
    last = publish_to(marts, to)
    after = {**tree_of(versions), **tree_of(outside)}
    assert {name: text for name, text in after.items() if not name.startswith(last.name)} == before
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert (to / ".current-mine").is_symlink()
    # Ours are still deleted, except the one with notes.
    ours = [path.name for path in versions.iterdir() if (path / "parquet" / "models.parquet").exists()]
    assert sorted(ours) == sorted([first.name, last.name])


@pytest.mark.parametrize("kind", ["folder", "file", "link elsewhere", "broken link elsewhere"])
def test_publish_does_not_replace_a_current_that_is_not_ours(marts: Path, tmp_path: Path, kind: str) -> None:
    to = tmp_path / "published"
    to.mkdir()
    current = to / "current"
    if kind == "folder":
        current.mkdir()
    elif kind == "file":
        current.write_text("mine")
    else:
        current.symlink_to(tmp_path if kind == "link elsewhere" else tmp_path / "nowhere")
    with pytest.raises(PhylohubError, match="not a link to a published version"):
        publish_to(marts, to)
    assert current.is_symlink() == ("link" in kind)
    assert list((to / "versions").iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "hard link", "broken link", "folder", "pipe"])
@pytest.mark.parametrize("command", ["publish", "refresh"])
def test_lock_does_not_touch_the_file_to_which_it_leads(marts: Path, tmp_path: Path, command: str, kind: str) -> None:
    target = tmp_path / "thesis.tex"
    target.write_text("mine")
    to = tmp_path / "published"
    to.mkdir()
    lock = to / ".lock" if command == "publish" else tmp_path / "phylohub.duckdb.lock"
    make: dict[str, Callable[[], object]] = {
        "link": lambda: lock.symlink_to(target),
        "hard link": lambda: os.link(target, lock),
        "broken link": lambda: lock.symlink_to(tmp_path / "new"),
        "folder": lock.mkdir,
        "pipe": lambda: os.mkfifo(lock),
    }
    make[kind]()

    def run() -> None:
        if command == "publish":
            publish_to(marts, to)
        else:
            with refresh_lock(marts):
                pass

    if kind == "hard link":
        run()
    else:
        with pytest.raises(PhylohubError, match="lock file"):
            run()
    assert target.read_text() == "mine"
    assert not (tmp_path / "new").exists()


def test_lock_excludes_and_is_released(tmp_path: Path) -> None:
    with held_lock(tmp_path / "x.lock"), pytest.raises(BusyError), held_lock(tmp_path / "x.lock"):
        pass
    with held_lock(tmp_path / "x.lock"):
        pass


def test_compact_replaces_the_file_to_which_a_link_leads(marts: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(marts)) as connection:
        connection.execute("create table large as select hash(i) as h from range(1000000) as numbers (i)")
        connection.execute("checkpoint")
        connection.execute("create table kept as select hash(i) as h from range(1000) as numbers (i)")
        connection.execute("checkpoint")
        connection.execute("drop table large")
    link = tmp_path / "elsewhere" / "link.duckdb"
    link.parent.mkdir()
    link.symlink_to(marts)
    (tmp_path / ".phylohub.duckdb.compact.wal").write_bytes(b"of a copy that was killed")
    before, after = compact(link)
    assert after < before
    assert link.is_symlink()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_killed_report_is_cleaned_up_and_nothing_else(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hidden folder of a killed run goes; folders of a running one, of others and of the user stay."""
    to = tmp_path / "out" / "report"
    to.parent.mkdir()
    write = "import os, signal, sys; from pathlib import Path; import phylohub.report.build as b\n"
    write += "b._write = lambda marts, folder: ((folder / 'x').write_text('x'), os.kill(os.getpid(), signal.SIGKILL))\n"
    write += "b.Marts = lambda connection: None\nb.write_report(Path(sys.argv[1]), Path(sys.argv[2]))"
    done = subprocess.run([sys.executable, "-c", write, str(marts), str(to)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = to.parent.iterdir()
    assert left.name.startswith(".report.")
    stay = {".report.mine", ".report.abcdefgh", ".report.running0"}
    for name in stay:
        (to.parent / name).mkdir()
        (to.parent / name / "notes").write_text("mine")
    (to.parent / ".report.emptyone").mkdir()
    monkeypatch.setattr(report_build, "Marts", lambda connection: None)
    monkeypatch.setattr(report_build, "_write", lambda marts, folder: (folder / "index.html").write_text("new"))
    with held_lock(to.parent / ".report.running0" / report_build.LOCK):
        report_build.write_report(marts, to)
    assert {path.name for path in to.parent.iterdir()} == {"report", *stay}
    assert sorted(path.name for path in to.iterdir()) == ["index.html", "manifest.json"]


def test_new_report_keeps_the_files_of_others(marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that an interrupted run left in the backup."""
    to, outside = tmp_path / "report", tmp_path / "outside"
    written = ["index.html", "old.html", "figures/a.svg"]
    page = f'<meta name="generator" content="{report_build.MARK}">'

    def write(opened: object, folder: Path) -> int:
        for name in written:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(page)
        return 0

    monkeypatch.setattr(report_build, "Marts", lambda connection: None)
    monkeypatch.setattr(report_build, "_write", write)
    report_build.write_report(marts, to)
    outside.mkdir()
    (outside / "x").write_text("mine")
    theirs = ["notes.txt", "figures/mine.svg", "deep/er/data.csv", ".hidden"]
    for name in theirs:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_text("mine")
    (to / "link").symlink_to(outside, target_is_directory=True)
    (to / "empty").mkdir()
    written[1:] = ["new.html"]
    for _ in range(2):
        report_build.write_report(marts, to)
        assert set(tree_of(to)) == {"index.html", "new.html", "manifest.json", *theirs}
        assert {(to / name).read_text() for name in theirs} == {"mine"}
        assert (to / "link" / "x").read_text() == "mine"
        assert (to / "empty").is_dir()
        assert sorted(path.name for path in tmp_path.iterdir() if "report" in path.name) == ["report"]
        # As after a kill between the two renames and the deletion.
        shutil.copytree(to, tmp_path / ".report.old", symlinks=True)
        for name in theirs:
            (to / name).unlink()
        for name in ("link", "empty", "deep"):
            path = to / name
            path.unlink() if path.is_symlink() else shutil.rmtree(path)
    (to / "notes.txt").unlink(missing_ok=True)
    (to / "later.html").write_text("mine")
    written.append("later.html")
    with pytest.raises(PhylohubError, match=r"later\.html is not of the report"):
        report_build.write_report(marts, to)
    assert (to / "later.html").read_text() == "mine"


def test_report_of_an_earlier_version_is_replaced(marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no manifest, so only files that the new report has too are replaced."""
    to = tmp_path / "report"
    to.mkdir()
    page = f'<meta name="generator" content="{report_build.MARK}">'
    for name in ("index.html", "thesis.tex"):
        (to / name).write_text(page)
    monkeypatch.setattr(report_build, "Marts", lambda connection: None)
    monkeypatch.setattr(report_build, "_write", lambda opened, folder: (folder / "index.html").write_text("new"))
    report_build.write_report(marts, to)
    assert {name: text for name, text in tree_of(to).items() if name != "manifest.json"} == {
        "index.html": b"new",
        "thesis.tex": page.encode(),
    }


def test_failed_crawl_prints_one_line_and_nothing_about_leaks(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    noisy = [model(number, note=f"x{number}y" * 5000) for number in range(200)]
    with FakeHub(noisy, page_rows=20) as hub:
        done = subprocess.run(
            [str(BIN / "phylohub"), "ingest", "models"],
            env={**os.environ, "HF_ENDPOINT": hub.url, "PHYLOHUB_DATABASE": str(tmp_path / "w.duckdb")},
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, resource.RLIM_INFINITY)),
        )
    assert done.returncode == 1
    assert [line.partition(":")[0].partition(" ")[0] for line in done.stderr.splitlines()] == ["crawling", "error"]


def test_backup_that_is_no_report_is_not_deleted(marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to = tmp_path / "report"
    monkeypatch.setattr(report_build, "Marts", lambda connection: None)
    page = f'<meta name="generator" content="{report_build.MARK}">'
    monkeypatch.setattr(report_build, "_write", lambda marts, folder: (folder / "index.html").write_text(page))
    report_build.write_report(marts, to)
    (tmp_path / ".report.old").mkdir()
    (tmp_path / ".report.old" / "thesis.tex").write_text("mine")
    with pytest.raises(PhylohubError, match="other than a report"):
        report_build.write_report(marts, to)
    assert (tmp_path / ".report.old" / "thesis.tex").read_text() == "mine"
    assert (to / "index.html").read_text() == page


def test_paths_with_a_quote_work(tmp_path: Path, served: FakeHub) -> None:
    folder = tmp_path / "it's here"
    folder.mkdir()
    refused = run_phylohub(folder / "it's.duckdb", "ingest", "models")
    assert (refused.returncode, "quotation mark in its name" in refused.stderr) == (1, True)
    database = folder / "w.duckdb"
    for command in (["ingest", "models"], ["ingest", "cards"], ["compact"], ["ingest", "status"]):
        done = run_phylohub(database, *command)
        assert done.returncode == 0, done.stderr
    # The path of a seed is a literal in SQL.
    project = folder / "project"
    project.mkdir()
    for name in ("models", "python_models", "macros", "seeds", "tests", "analyses", "dbt_project.yml", "profiles.yml"):
        if (ROOT / name).exists():
            (project / name).symlink_to(ROOT / name)
    done = run_dbt(
        database, folder / "target", "seed", "--project-dir", str(project), "--select", "traits", "relations"
    )
    assert done.returncode == 0, done.stdout
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select count(*) > 2 from staging.traits").fetchall() == [(True,)]


def doctor(database: Path, *arguments: str) -> tuple[int, str]:
    done = run_phylohub(database, "doctor", *arguments)
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return done.returncode, done.stdout


def test_doctor_finds_what_is_wrong(tmp_path: Path, served: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "w.duckdb"
    code, out = doctor(database)
    assert (code, "none yet" in out, "1,000 requests in 300 s" in out) == (0, True, True), out
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert "ok       token: present and valid, tier: free account" in doctor(database)[1]
    with connect_raw(database, create=True) as connection:
        crawl(connection, patient_web(served.url), "it's", limit=4)
    code, out = doctor(database)
    assert (code, "warning  loads: snapshot it's: the load of api/models stopped after 4 records" in out) == (6, True)
    monkeypatch.setenv("HF_TOKEN", TOKEN + "x")
    code, out = doctor(database)
    assert (code, "error    token: the Hub refuses the token" in out) == (1, True), out
    monkeypatch.delenv("HF_TOKEN")
    served.alter_reply = lambda number, path, reply: Reply(200, SIGN_IN, HTML)
    code, out = doctor(database)
    assert (code, "sent a web page" in out) == (1, True), out
    monkeypatch.setenv("PHYLOHUB_MEMORY_LIMIT", "much")
    with refresh_lock(database), duckdb.connect() as other:
        (tmp_path / ".w.duckdb.compact").touch()
        code, out = doctor(database, "--offline")
        assert other
    assert code == 1
    assert "a refresh is running" in out
    assert "was left by a killed process" in out
    assert "error    memory" in out


def test_status_as_json(tmp_path: Path, served: FakeHub) -> None:
    database = tmp_path / "w.duckdb"
    with connect_raw(database, create=True) as connection:
        crawl(connection, patient_web(served.url), "s")
        fetch_cards(connection, patient_web(served.url))
        crawl(connection, patient_web(served.url), "t", limit=4)
    done = run_phylohub(database, "ingest", "status", "--json")
    found = json.loads(done.stdout)
    snapshots = {row["snapshot"]: (row["is_complete"], row["n_landed"]) for row in found["snapshots"]}
    assert snapshots == {"s": (True, 8), "t": (False, 4)}
    assert found["cards"] == {"ok": 8}
    assert found["left"] == [{"kind": "crawl", "snapshot": "t", "n_done": 4, "n_left": 4, "seconds": 0}]
    assert datetime.fromisoformat(found["snapshots"][0]["started_at"]).tzinfo is not None
