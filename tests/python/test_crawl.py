"""Crawls of the fake hub: pages, rate limits, tokens, hostile records, and splitting a page."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live import Clock, is_complete, landed, memory, model, models, patient_web

from phylohub.core.errors import PhylohubError
from phylohub.ingest.api_records import without_lone_surrogates
from phylohub.ingest.crawl import EXPAND, SOURCE, _items_by_first_key, array_items, crawl
from phylohub.ingest.hub import hub_token
from phylohub.synthetic.fake_hub import API, EXPANDABLE, FakeHub, Limit, Reply

TOKEN = "hf_madeUpAndNeverToBeSeenAgain"  # noqa: S105, made up


def test_records_land_byte_for_byte_in_order_of_creation() -> None:
    records = [
        b'{ "id" :\t"a/%d", "createdAt":"2024-01-0%d", "n":1.50e+1, "s":"\\u00e9\xc3\xa9" }' % (i, i)
        for i in range(1, 9)
    ]
    with FakeHub(records[::-1], page_rows=3) as hub, memory() as connection:
        result = crawl(connection, patient_web(hub.url), "s")
        assert landed(connection) == records
        assert connection.execute(
            "select source, position from raw.hub_listings natural join raw.hub_records order by position"
        ).fetchall() == [(SOURCE, number) for number in range(1, 9)]
        assert (result.n_new, result.complete, is_complete(connection)) == (8, True, True)
        assert crawl(connection, patient_web(hub.url), "s") == replace(result, n_new=0)
        assert hub.n_requests == 4  # the last one asks for the newest model


def test_request_names_the_expanded_fields() -> None:
    with FakeHub(models(3)) as hub, memory() as connection:
        crawl(connection, patient_web(hub.url), "s")
        assert hub.requests[0].startswith("/api/models?limit=1000&sort=createdAt&direction=1&expand=author&")
        assert set(EXPAND) <= EXPANDABLE
        with pytest.raises(PhylohubError, match="does_not_exist"):
            crawl(connection, patient_web(hub.url), "other", expand=["does_not_exist"])
        with pytest.raises(PhylohubError, match="other fields"):
            crawl(connection, patient_web(hub.url), "s", expand=["sha"])


def test_limit_ends_the_run_and_the_next_run_resumes() -> None:
    records = models(23)
    with FakeHub(records, page_rows=4) as hub, memory() as connection:
        for limit, n_landed in ((1, 4), (4, 4), (5, 8), (13, 16)):
            result = crawl(connection, patient_web(hub.url), "s", limit=limit)
            assert (result.n_landed, result.complete) == (n_landed, False)
            assert landed(connection) == records[:n_landed]
            assert not is_complete(connection)
        assert hub.n_requests == 4  # no page is fetched without landing
        assert crawl(connection, patient_web(hub.url), "s", limit=1000).complete
        assert landed(connection) == records


def test_since_snapshot_fetches_only_newer_models() -> None:
    records = models(23)
    with FakeHub(records[:14], page_rows=4) as hub, memory() as connection:
        crawl(connection, patient_web(hub.url), "first")
        for record in records[14:]:
            hub.put(record)
        n_before = hub.n_requests
        result = crawl(connection, patient_web(hub.url), "second", since="first")
        assert landed(connection, "second") == records
        assert landed(connection, "first") == records[:14]
        assert (result.n_new, result.complete, hub.n_requests - n_before) == (9, True, 4)
        with pytest.raises(PhylohubError, match="not a complete crawl"):
            crawl(connection, patient_web(hub.url), "third", since="nowhere")
        with pytest.raises(PhylohubError, match="other fields"):
            crawl(connection, patient_web(hub.url), "fourth", since="first", expand=["sha"])
        assert connection.execute("select count(*) from raw.loads").fetchall() == [(2,)]


def test_empty_list_does_not_complete_the_snapshot() -> None:
    with FakeHub() as hub, memory() as connection:
        with pytest.raises(PhylohubError, match="lists no models"):
            crawl(connection, patient_web(hub.url), "s")
        assert not is_complete(connection)


def test_crawl_pauses_before_the_rate_limit_is_used_up() -> None:
    clock = Clock()
    messages: list[str] = []
    statuses: list[int] = []

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        statuses.append(reply.status)
        return reply

    hub = FakeHub(models(23), page_rows=4, limits={API: Limit(2)}, now=clock.now, alter_reply=alter_reply)
    with hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url, clock, say=messages.append), "s").complete
        assert statuses == [200] * 7
        assert clock.waits == [302.0, 302.0, 302.0]
        assert all("the rate limit is used up" in line and "UTC" in line for line in messages)
        assert connection.execute("select * exclude seen_at from raw.rate_limits").fetchall() == [("api", 2, 300)]


def test_crawl_retries_for_up_to_24_hours() -> None:
    clock = Clock()
    messages: list[str] = []
    ends_at = clock.time + 10 * 3600

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return reply if number < 3 or clock.time >= ends_at else Reply(503)

    with FakeHub(models(23), page_rows=4, alter_reply=alter_reply) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url, clock, say=messages.append), "s").complete
        assert landed(connection) == models(23)
        assert max(clock.waits) == 300
        assert "answered 503" in messages[-1]
        assert "waiting 300 s, until" in messages[-1]
        ends_at = clock.time + 100 * 3600
        hub.n_requests = 3
        with pytest.raises(PhylohubError, match=r"24 hours.*run the same command again"):
            crawl(connection, patient_web(hub.url, clock), "other")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1),
        ({"RateLimit": '"api";r=0;t=120'}, 121),
        ({}, 1),
    ],
)
def test_crawl_waits_after_429_as_long_as_the_hub_states(headers: dict[str, str], seconds: float) -> None:
    clock = Clock()

    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return Reply(429, b"", headers) if number == 1 else reply

    with FakeHub(models(3), alter_reply=alter_reply) as hub, memory() as connection:
        crawl(connection, patient_web(hub.url, clock), "s")
        assert clock.waits == [seconds]


def test_unreachable_hub_is_retried_until_the_deadline() -> None:
    with FakeHub(models(3)) as hub:
        url = hub.url
    with memory() as connection, pytest.raises(PhylohubError, match="has not sent a valid answer"):
        crawl(connection, patient_web(url), "s")


@pytest.mark.parametrize("link", ["http://127.0.0.1:1/api/models?cursor=x", "https://evil.example/", "//evil.example/"])
def test_next_page_on_another_host_is_not_followed(link: str) -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return replace(reply, headers={"Link": f'<{link}>; rel="next"'})

    with FakeHub(models(3), alter_reply=alter_reply) as hub, memory() as connection:
        with pytest.raises(PhylohubError, match="another host"):
            crawl(connection, patient_web(hub.url), "s")
        assert landed(connection) == []


def test_next_page_link_may_be_relative_or_name_the_hub_behind_a_mirror() -> None:
    records = models(9)
    for prefix in ("", "https://huggingface.co"):

        def alter_reply(number: int, path: str, reply: Reply, prefix: str = prefix) -> Reply:
            headers = {name: value.replace(hub.url, prefix) for name, value in reply.headers.items()}
            return replace(reply, headers=headers)

        with FakeHub(records, page_rows=2, alter_reply=alter_reply) as hub, memory() as connection:
            assert crawl(connection, patient_web(hub.url), "s").complete
            assert landed(connection) == records


def test_redirect_to_another_host_is_refused_without_sending_the_token() -> None:
    with FakeHub(models(3)) as other:

        def alter_reply(number: int, path: str, reply: Reply) -> Reply:
            return Reply(307, b"", {"Location": other.url + path})

        with FakeHub(models(3), alter_reply=alter_reply, token=TOKEN) as hub, memory() as connection:
            with pytest.raises(PhylohubError, match="redirects the crawl"):
                crawl(connection, patient_web(hub.url, token=TOKEN), "s")
            assert list(hub.authorizations) == [f"Bearer {TOKEN}"]
            assert list(other.authorizations) == [None]


def test_cyclic_pages_raise_an_error() -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        link = f'<{hub.url}/api/models?cursor={"ab"[number % 2]}>; rel="next"'
        return Reply(200, b"[" + model(number) + b"]", {"Link": link})

    with (
        FakeHub(alter_reply=alter_reply) as hub,
        memory() as connection,
        pytest.raises(PhylohubError, match="same page again"),
    ):
        crawl(connection, patient_web(hub.url), "s")


def test_refused_token_is_reported_without_printing_it() -> None:
    with FakeHub(models(3), token=TOKEN) as hub, memory() as connection:
        with pytest.raises(PhylohubError, match="Is HF_TOKEN a valid token") as caught:
            crawl(connection, patient_web(hub.url, token=TOKEN + "x"), "s")
        assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "token"),
    [(None, None), ("", None), (" hf_x\n", "hf_x"), ("hf\nx", PhylohubError), ("hf_é", PhylohubError)],
)
def test_token_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, value: str | None, token: str | type[Exception] | None
) -> None:
    if value is None:
        monkeypatch.delenv("HF_TOKEN", raising=False)
    else:
        monkeypatch.setenv("HF_TOKEN", value)
    if isinstance(token, type):
        with pytest.raises(token) as caught:
            hub_token()
        assert "hf" not in str(caught.value)
    else:
        assert hub_token() == token


HOSTILE = {
    "20 MB string": model(1, note="x" * 20_000_000),
    "200 deep": b'{"id":"org/model-1","deep":' + b"[" * 200 + b"]" * 200 + b"}",
    "100,000 deep": b'{"id":"org/model-1","deep":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    "100,000 tags": model(1, tags=[f"tag-{number}" for number in range(100_000)]),
    "an id with parent folders": model(1, id="../../x"),
    "control characters": model(1, id="a\x00\x1b[31m\u202e/b", note="\x00\x07"),
    "SQL in a tag": model(1, tags=["'; drop table raw.hub_models; --", '"); drop schema raw cascade; --']),
    "brackets and quotes in strings": model(1, note='},{"_id":"x"},{"id":"[[[{{{\\"\\\\"}, ]'),
    "a lone surrogate": b'{"id":"org/model-1","note":"\\ud83d"}',
    "not UTF-8": b'{"id":"org/model-1","note":"\xff"}',
    "no id": b'{"likes":3}',
    "an id that is a number": b'{"id":3}',
    "a null": b"null",
    "a string": b'"org/model-1"',
    "an array": b'["org/model-1"]',
    "a literal control character": b'{"id":"org/model-1","note":"\x01"}',
    "not JSON": b'{"id":"org/model-1",}x',
    "a huge number": model(1, gguf={"total": 10**40}),
    "the same key twice": b'{"id":"org/model-1","id":"org/model-2"}',
}


@pytest.mark.parametrize("record", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_record_lands_or_is_rejected(record: bytes) -> None:
    good = [model(number) for number in range(2, 8)]
    with FakeHub([*good, record], page_rows=3) as hub, memory() as connection:
        result = crawl(connection, patient_web(hub.url, read_seconds=60), "s")
        rejected = connection.execute("select record, reason from raw.hub_rejects").fetchall()
        originals = [text for (text,) in connection.execute("select record from raw.hub_originals").fetchall()]
        repaired = {without_lone_surrogates(text) for text in originals}
        kept = [text for text in landed(connection) if text not in repaired]
        assert sorted([*kept, *originals, *[text for text, _ in rejected]]) == sorted([*good, record])
        assert result.n_landed + result.n_rejected == 7
        assert is_complete(connection)
        assert crawl(connection, patient_web(hub.url), "s").n_new == 0


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(
    values=st.lists(JSON_VALUES, max_size=6),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, None, 1]),
    separators=st.sampled_from([(",", ":"), (" , ", " : ")]),
)
@settings(max_examples=300, deadline=None)
def test_array_items_splits_a_page_byte_for_byte(
    values: list[Any], ascii_only: bool, indent: int | None, separators: tuple[str, str]
) -> None:
    texts = [json.dumps(value, ensure_ascii=ascii_only, indent=indent) for value in values]
    body = ("[" + separators[0].join(texts) + "]").encode(errors="surrogatepass")
    assert array_items(b" \n" + body + b"\r\n") == [text.encode(errors="surrogatepass") for text in texts]


@given(
    values=st.lists(
        st.dictionaries(st.sampled_from(["_id", "id", "a", "}", '},{"_id":', '"']), JSON_VALUES, max_size=4)
        | st.builds(lambda inner: {"_id": 1, "baseModels": [{"_id": inner}, {"_id": 2}]}, JSON_VALUES),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=300, deadline=None)
def test_fast_split_returns_the_records_or_invalid_json_or_none(
    values: list[dict[str, Any]],
) -> None:
    texts = [json.dumps(value, separators=(",", ":")).encode() for value in values]
    items = _items_by_first_key(b"[" + b",".join(texts) + b"]")
    if items is None or items == texts:
        return
    assert not all(is_json(item) for item in items)


def is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@given(st.binary(max_size=40) | st.text(alphabet='[]{},:"\\ 1a').map(str.encode))
@settings(max_examples=300, deadline=None)
def test_array_items_of_any_bytes_raises_or_loses_nothing(body: bytes) -> None:
    try:
        items = array_items(body)
    except ValueError:
        assert not (is_json(body) and body.strip().startswith(b"["))
    else:
        assert body.translate(None, b" \t\r\n") == b"[" + b",".join(items).translate(None, b" \t\r\n") + b"]"
