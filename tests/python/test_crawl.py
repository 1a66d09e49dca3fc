"""The crawl against the fake hub: pages, limits, tokens, hostile records, and taking a page apart."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live import Clock, is_complete, landed, memory, model, models, patient_web

from phylohub.core.errors import PhylohubError
from phylohub.ingest.crawl import EXPAND, SOURCE, _items_by_first_key, array_items, crawl
from phylohub.ingest.hub import hub_token
from phylohub.synthetic.fake_hub import API, EXPANDABLE, FakeHub, Limit, Reply

TOKEN = "hf_madeUpAndNeverToBeSeenAgain"  # noqa: S105, made up


def test_records_land_byte_for_byte_in_the_order_of_creation() -> None:
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
        assert hub.n_requests == 3


def test_what_is_asked_for() -> None:
    with FakeHub(models(3)) as hub, memory() as connection:
        crawl(connection, patient_web(hub.url), "s")
        assert hub.requests[0].startswith("/api/models?limit=1000&sort=createdAt&direction=1&expand=author&")
        assert set(EXPAND) <= EXPANDABLE
        with pytest.raises(PhylohubError, match="does_not_exist"):
            crawl(connection, patient_web(hub.url), "other", expand=["does_not_exist"])
        with pytest.raises(PhylohubError, match="other fields"):
            crawl(connection, patient_web(hub.url), "s", expand=["sha"])


def test_a_limit_ends_the_run_and_the_next_one_goes_on() -> None:
    records = models(23)
    with FakeHub(records, page_rows=4) as hub, memory() as connection:
        for limit, n_landed in ((1, 4), (4, 4), (5, 8), (13, 16)):
            result = crawl(connection, patient_web(hub.url), "s", limit=limit)
            assert (result.n_landed, result.complete) == (n_landed, False)
            assert landed(connection) == records[:n_landed]
            assert not is_complete(connection)
        assert hub.n_requests == 4  # nothing is fetched that does not land
        assert crawl(connection, patient_web(hub.url), "s", limit=1000).complete
        assert landed(connection) == records


def test_since_a_snapshot_only_what_was_created_since_is_asked_for() -> None:
    records = models(23)
    with FakeHub(records[:14], page_rows=4) as hub, memory() as connection:
        crawl(connection, patient_web(hub.url), "first")
        for record in records[14:]:
            hub.put(record)
        n_before = hub.n_requests
        result = crawl(connection, patient_web(hub.url), "second", since="first")
        assert landed(connection, "second") == records
        assert landed(connection, "first") == records[:14]
        assert (result.n_new, result.complete, hub.n_requests - n_before) == (9, True, 3)
        with pytest.raises(PhylohubError, match="not a complete crawl"):
            crawl(connection, patient_web(hub.url), "third", since="nowhere")
        with pytest.raises(PhylohubError, match="other fields"):
            crawl(connection, patient_web(hub.url), "fourth", since="first", expand=["sha"])
        assert connection.execute("select count(*) from raw.loads").fetchall() == [(2,)]


def test_an_empty_list_completes_nothing() -> None:
    with FakeHub() as hub, memory() as connection:
        with pytest.raises(PhylohubError, match="lists no models"):
            crawl(connection, patient_web(hub.url), "s")
        assert not is_complete(connection)


def test_the_rate_limit_is_kept_to_before_it_is_used_up() -> None:
    clock = Clock()
    said: list[str] = []
    statuses: list[int] = []

    def meddle(number: int, path: str, reply: Reply) -> Reply:
        statuses.append(reply.status)
        return reply

    hub = FakeHub(models(23), page_rows=4, limits={API: Limit(2)}, now=clock.now, meddle=meddle)
    with hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url, clock, say=said.append), "s").complete
        assert statuses == [200] * 6
        assert clock.waits == [302.0, 302.0]
        assert all("the rate limit is used up" in line and "UTC" in line for line in said)
        assert connection.execute("select * exclude seen_at from raw.rate_limits").fetchall() == [("api", 2, 300)]


def test_an_outage_of_hours_is_waited_out_and_one_of_days_ends_with_what_to_do() -> None:
    clock = Clock()
    said: list[str] = []
    ends_at = clock.time + 10 * 3600

    def meddle(number: int, path: str, reply: Reply) -> Reply:
        return reply if number < 3 or clock.time >= ends_at else Reply(503)

    with FakeHub(models(23), page_rows=4, meddle=meddle) as hub, memory() as connection:
        assert crawl(connection, patient_web(hub.url, clock, say=said.append), "s").complete
        assert landed(connection) == models(23)
        assert max(clock.waits) == 300
        assert "answered 503" in said[-1]
        assert "waiting 300 s, until" in said[-1]
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
def test_a_refusal_is_waited_out_for_as_long_as_the_hub_says(headers: dict[str, str], seconds: float) -> None:
    clock = Clock()

    def meddle(number: int, path: str, reply: Reply) -> Reply:
        return Reply(429, b"", headers) if number == 1 else reply

    with FakeHub(models(3), meddle=meddle) as hub, memory() as connection:
        crawl(connection, patient_web(hub.url, clock), "s")
        assert clock.waits == [seconds]


def test_a_hub_that_is_not_there_is_waited_for() -> None:
    with FakeHub(models(3)) as hub:
        url = hub.url
    with memory() as connection, pytest.raises(PhylohubError, match="has not given a good answer"):
        crawl(connection, patient_web(url), "s")


@pytest.mark.parametrize("link", ["http://127.0.0.1:1/api/models?cursor=x", "https://evil.example/", "//evil.example/"])
def test_a_next_page_on_another_host_is_not_followed(link: str) -> None:
    def meddle(number: int, path: str, reply: Reply) -> Reply:
        return replace(reply, headers={"Link": f'<{link}>; rel="next"'})

    with FakeHub(models(3), meddle=meddle) as hub, memory() as connection:
        with pytest.raises(PhylohubError, match="another host"):
            crawl(connection, patient_web(hub.url), "s")
        assert landed(connection) == []


def test_a_next_page_may_be_named_without_the_host_or_by_the_hub_behind_a_mirror() -> None:
    records = models(9)
    for prefix in ("", "https://huggingface.co"):

        def meddle(number: int, path: str, reply: Reply, prefix: str = prefix) -> Reply:
            headers = {name: value.replace(hub.url, prefix) for name, value in reply.headers.items()}
            return replace(reply, headers=headers)

        with FakeHub(records, page_rows=2, meddle=meddle) as hub, memory() as connection:
            assert crawl(connection, patient_web(hub.url), "s").complete
            assert landed(connection) == records


def test_a_list_that_is_sent_on_to_another_host_is_refused_and_the_token_stays() -> None:
    with FakeHub(models(3)) as other:

        def meddle(number: int, path: str, reply: Reply) -> Reply:
            return Reply(307, b"", {"Location": other.url + path})

        with FakeHub(models(3), meddle=meddle, token=TOKEN) as hub, memory() as connection:
            with pytest.raises(PhylohubError, match="sent the crawl on"):
                crawl(connection, patient_web(hub.url, token=TOKEN), "s")
            assert list(hub.authorizations) == [f"Bearer {TOKEN}"]
            assert list(other.authorizations) == [None]


def test_pages_that_go_round_in_circles_end() -> None:
    def meddle(number: int, path: str, reply: Reply) -> Reply:
        link = f'<{hub.url}/api/models?cursor={"ab"[number % 2]}>; rel="next"'
        return Reply(200, b"[" + model(number) + b"]", {"Link": link})

    with (
        FakeHub(meddle=meddle) as hub,
        memory() as connection,
        pytest.raises(PhylohubError, match="same page again"),
    ):
        crawl(connection, patient_web(hub.url), "s")


def test_a_token_that_is_refused_is_said_to_be() -> None:
    with FakeHub(models(3), token=TOKEN) as hub, memory() as connection:
        with pytest.raises(PhylohubError, match="Is HF_TOKEN a valid token") as caught:
            crawl(connection, patient_web(hub.url, token=TOKEN + "x"), "s")
        assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "token"),
    [(None, None), ("", None), (" hf_x\n", "hf_x"), ("hf\nx", PhylohubError), ("hf_é", PhylohubError)],
)
def test_the_token_comes_from_the_environment(
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
    "an id that climbs": model(1, id="../../x"),
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
    "a number beyond all bounds": model(1, gguf={"total": 10**40}),
    "the same key twice": b'{"id":"org/model-1","id":"org/model-2"}',
}


@pytest.mark.parametrize("record", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_record_lands_or_is_rejected_and_harms_nothing(record: bytes) -> None:
    good = [model(number) for number in range(2, 8)]
    with FakeHub([*good, record], page_rows=3) as hub, memory() as connection:
        result = crawl(connection, patient_web(hub.url, read_seconds=60), "s")
        rejected = connection.execute("select record, reason from raw.hub_rejects").fetchall()
        assert sorted([*landed(connection), *[text for text, _ in rejected]]) == sorted([*good, record])
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
def test_a_page_is_taken_apart_into_the_records_as_they_were_sent(
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
def test_the_quick_way_gives_the_records_or_pieces_that_are_no_json_or_nothing(
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
def test_whatever_is_taken_apart_is_an_error_or_comes_together_again(body: bytes) -> None:
    try:
        items = array_items(body)
    except ValueError:
        assert not (is_json(body) and body.strip().startswith(b"["))
    else:
        assert body.translate(None, b" \t\r\n") == b"[" + b",".join(items).translate(None, b" \t\r\n") + b"]"
