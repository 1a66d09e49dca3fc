"""Cards from the fake hub: outcomes, repeated checks, budgets, and cards that are not UTF-8."""

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from live import Clock, cards_file, crawl_file, in_child, memory, model, patient_web

from phylohub.core.errors import PhylohubError
from phylohub.ingest.card_rows import blob_id
from phylohub.ingest.cards import Budget, CardsResult, fetch_cards
from phylohub.ingest.crawl import crawl
from phylohub.ingest.raw_schema import connect_raw
from phylohub.synthetic.fake_hub import RESOLVE, FakeHub, Limit, Reply

TOKEN = "hf_madeUp"  # noqa: S105, made up
CARD = "---\nlanguage: no\nversion: 1.10 # kept\n---\n\ufeff# Zoë's model\r\n\0".encode()


@contextmanager
def crawled(hub: FakeHub, snapshot: str = "s") -> Iterator[duckdb.DuckDBPyConnection]:
    with memory() as connection:
        crawl(connection, patient_web(hub.url), snapshot)
        yield connection


def outcomes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The newest outcome of each model."""
    rows = connection.execute("select model_id, arg_max(outcome, fetched_at) from raw.cards group by model_id")
    return dict(rows.fetchall())


def texts(connection: duckdb.DuckDBPyConnection) -> dict[str, bytes]:
    rows = connection.execute(
        "select model_id, arg_max(coalesce(encode(card), card_bytes), fetched_at) from raw.cards "
        "where content_hash is not null group by model_id"
    )
    return dict(rows.fetchall())


def card_requests(hub: FakeHub) -> list[str]:
    return [path for path in hub.requests if "/resolve/" in path]


def test_every_outcome_is_stored_and_cards_land_as_served() -> None:
    records = [
        model(1),
        model(2, siblings=[{"rfilename": "config.json"}]),
        model(3),
        model(4, gated="manual"),
        model(5),
        model(6, disabled=True),
        model(7),
        model(8),
    ]
    cards = {f"org/model-{number}": CARD + b"%d" % number for number in (1, 4, 5, 6, 7, 8)}
    cards["org/model-7"] = b"x" * 2000

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return Reply(500) if path.startswith("/org/model-8/") else reply

    with FakeHub(records, cards, alter_reply=alter_reply) as hub, crawled(hub) as connection:
        hub.remove("org/model-5")
        result = fetch_cards(connection, patient_web(hub.url), max_bytes=1000)
        assert outcomes(connection) == {
            "org/model-1": "ok",
            "org/model-2": "none",  # by its list of files
            "org/model-3": "none",
            "org/model-4": "gated",
            "org/model-5": "gone",
            "org/model-6": "disabled",
            "org/model-7": "too large",
            "org/model-8": "failed",
        }
        assert texts(connection) == {"org/model-1": CARD + b"1"}
        assert result == CardsResult(
            {"ok": 1, "none": 1, "gated": 1, "gone": 1, "disabled": 1, "too large": 1, "failed": 1}, 0
        )
        assert "/org/model-1/resolve/main/README.md" in hub.requests  # the slash is not escaped
        assert not any(path.startswith("/org/model-2/") for path in hub.requests)
        (row,) = connection.execute(
            "select http_status, etag, revision, n_bytes, reason from raw.cards where model_id = 'org/model-1'"
        ).fetchall()
        assert row == (200, blob_id(CARD + b"1"), f"{1:040x}", len(CARD) + 1, None)
        hub.alter_reply = lambda number, path, reply: reply
        assert fetch_cards(connection, patient_web(hub.url)).outcomes == {"ok": 1}  # failed cards are fetched again
        assert fetch_cards(connection, patient_web(hub.url), again=["too large"]).outcomes == {"ok": 1}
        assert fetch_cards(connection, patient_web(hub.url)) == CardsResult({}, 0)


def test_only_changed_models_are_fetched_again() -> None:
    records = [model(number) for number in range(6)]
    cards = {f"org/model-{number}": b"card %d" % number for number in range(6)}
    with FakeHub(records, cards) as hub, crawled(hub, "first") as connection:
        fetch_cards(connection, patient_web(hub.url))
        hub.requests.clear()
        for number in (1, 2, 3):
            hub.remove(f"org/model-{number}")
            hub.put(model(number, sha=f"{number + 100:040x}"))
        hub.cards["org/model-1"] = b"changed"
        del hub.cards["org/model-3"]
        crawl(connection, patient_web(hub.url), "second")
        assert fetch_cards(connection, patient_web(hub.url)).outcomes == {"ok": 1, "unchanged": 1, "none": 1}
        assert len(card_requests(hub)) == 3
        assert texts(connection) == {**cards, "org/model-1": b"changed"}
        assert outcomes(connection)["org/model-3"] == "none"
        # Neither the same list nor an older one causes another fetch.
        assert fetch_cards(connection, patient_web(hub.url)) == CardsResult({}, 0)
        assert fetch_cards(connection, patient_web(hub.url), "first") == CardsResult({}, 0)
        crawl(connection, patient_web(hub.url), "third")
        assert fetch_cards(connection, patient_web(hub.url)) == CardsResult({}, 0)


def test_large_cards_and_cards_that_are_not_utf8_land_without_loss() -> None:
    noise = random.Random(1)
    cards = {
        "org/model-0": b"# large\n" + noise.randbytes(9_000_000).hex().encode(),
        "org/model-1": b"\xff\xfe\x00latin \xe9",
        "org/model-2": b"",
        "org/model-3": "\ufeff# with a byte order mark".encode(),
        "org/model-4": bytes(range(256)),
    }
    with FakeHub([model(number) for number in range(5)], cards, compress=True) as hub, crawled(hub) as connection:
        fetch_cards(connection, patient_web(hub.url, read_seconds=60))
        assert texts(connection) == cards
        assert connection.execute(
            "select model_id from raw.cards where card_bytes is not null order by 1"
        ).fetchall() == [("org/model-1",), ("org/model-4",)]


def test_budget_spreads_the_cards_over_several_runs() -> None:
    records = [model(number) for number in range(25)]
    cards = {f"org/model-{number}": b"card %d" % number for number in range(25)}
    with FakeHub(records, cards) as hub, crawled(hub) as connection:
        for n_left in (15, 5, 0):
            assert fetch_cards(connection, patient_web(hub.url), budget=Budget(requests=10)).n_left == n_left
        assert texts(connection) == cards
        assert len(card_requests(hub)) == 25
    clock = Clock()
    with FakeHub(records, cards, limits={RESOLVE: Limit(10)}, now=clock.now) as hub, crawled(hub) as connection:
        web = patient_web(hub.url, clock, reserve=1)
        result = fetch_cards(connection, web, budget=Budget(seconds=600), workers=1)
        assert (result.n_left, len(clock.waits)) == (4, 2)  # one request was running when the time was up


def test_rate_limit_is_respected_and_stored() -> None:
    clock = Clock()
    records = [model(number) for number in range(60)]
    statuses: list[int] = []

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        statuses.append(reply.status)
        return reply

    with (
        FakeHub(records, limits={RESOLVE: Limit(20)}, now=clock.now, alter_reply=alter_reply) as hub,
        crawled(hub) as connection,
    ):
        web = patient_web(hub.url, clock, reserve=8)
        assert fetch_cards(connection, web, workers=8).outcomes == {"none": 60}
        assert 429 not in statuses
        assert connection.execute("select kind, requests, seconds from raw.rate_limits").fetchall() == [
            (RESOLVE, 20, 300)
        ]


def test_damaged_card_is_fetched_again() -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return replace(reply, body=reply.body[:-1] + b"?") if "/resolve/" in path and number == 2 else reply

    with FakeHub([model(1)], {"org/model-1": CARD}, alter_reply=alter_reply) as hub, crawled(hub) as connection:
        fetch_cards(connection, patient_web(hub.url))
        assert texts(connection) == {"org/model-1": CARD}


def test_outage_is_retried_and_fails_no_card() -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return Reply(503) if 5 <= number < 60 else reply

    records = [model(number) for number in range(20)]
    with FakeHub(records, alter_reply=alter_reply) as hub, crawled(hub) as connection:
        assert fetch_cards(connection, patient_web(hub.url)).outcomes == {"none": 20}


@pytest.mark.parametrize(
    "model_id",
    ["../../x", "a/../b", ".", "a/..", "a/b/c", "a\nb", "a b", "a?b", "a#b", "a%2Fb", "http://evil/x", ""],
)
def test_invalid_repository_id_is_never_requested(model_id: str) -> None:
    with FakeHub([model(1), model(2, id=model_id)]) as hub, crawled(hub) as connection:
        n_listed = len(hub.requests)
        fetch_cards(connection, patient_web(hub.url))
        assert list(hub.requests)[n_listed:] == ["/org/model-1/resolve/main/README.md"]
        if model_id:
            assert outcomes(connection)[model_id] == "failed"


def test_refused_token_stops_the_run_and_marks_no_card_as_gone() -> None:
    with FakeHub([model(1)], token=TOKEN) as hub, crawled(hub) as connection:
        with pytest.raises(PhylohubError, match="HF_TOKEN"):
            fetch_cards(connection, patient_web(hub.url, token=TOKEN + "x"))
        assert outcomes(connection) == {}


def test_redirect_to_another_host_fetches_the_card_without_the_token() -> None:
    with FakeHub([model(1)], {"org/model-1": CARD}) as storage:

        def alter_reply(number: int, path: str, reply: Reply) -> Reply:
            if "/resolve/" not in path:
                return reply
            return Reply(302, b"", {"Location": storage.url + path, "X-Repo-Commit": "c" * 40})

        with FakeHub([model(1)], alter_reply=alter_reply, token=TOKEN) as hub, crawled(hub) as connection:
            fetch_cards(connection, patient_web(hub.url, token=TOKEN))
            assert texts(connection) == {"org/model-1": CARD}
            assert connection.execute("select revision from raw.cards").fetchall() == [("c" * 40,)]
            assert hub.authorizations[-1] == f"Bearer {TOKEN}"
            assert list(storage.authorizations) == [None]


def test_redirect_loop_is_a_failed_card() -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return Reply(302, b"", {"Location": path}) if "/resolve/" in path else reply

    with FakeHub([model(1)], alter_reply=alter_reply) as hub, crawled(hub) as connection:
        assert fetch_cards(connection, patient_web(hub.url)).outcomes == {"failed": 1}


def test_sigkill_at_any_statement_loses_and_repeats_no_card(tmp_path: Path) -> None:
    records = [model(number) for number in range(5)]
    cards = {f"org/model-{number}": b"card %d" % number for number in range(5)}
    with FakeHub(records, cards) as hub:
        for kill_at in range(1, 16):
            database = tmp_path / f"{kill_at}.duckdb"
            assert in_child(crawl_file, database, hub.url) == 0
            assert in_child(cards_file, database, hub.url, kill_at) in (0, -signal.SIGKILL)
            assert in_child(cards_file, database, hub.url) == 0
            with connect_raw(database) as connection:
                assert texts(connection) == cards
                assert connection.execute("select count(*) from raw.cards").fetchall() == [(5,)]


def test_file_of_an_older_version_gets_card_ids(tmp_path: Path) -> None:
    file = tmp_path / "phylohub.duckdb"

    def check(connection: duckdb.DuckDBPyConnection, model_id: str) -> None:
        connection.execute(
            "insert into raw.cards by name "
            "select ? as model_id, 'hub' as source, 'none' as outcome, timestamp '2026-01-01' as fetched_at",
            [model_id],
        )

    with connect_raw(file, create=True) as connection:
        connection.execute("alter table raw.cards drop column card_id")
        connection.execute("drop sequence raw.card_ids")
        check(connection, "a")
        check(connection, "b")
    for more in ("c", "d"):
        with connect_raw(file, create=True) as connection:
            check(connection, more)
            rows = connection.execute("select model_id, card_id from raw.cards order by card_id").fetchall()
    assert rows == [("a", 1), ("b", 2), ("c", 3), ("d", 4)]
