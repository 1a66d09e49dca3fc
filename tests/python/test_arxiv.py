"""Papers from the fake arXiv and from CSV files."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live import Clock, crawl_file, in_child, memory, model, papers_file, patient_web

from phylohub.core.errors import PhylohubError
from phylohub.ingest.arxiv import ARXIV_ID, PapersResult, fetch_papers, load_table, paper_id, read_feed
from phylohub.ingest.crawl import crawl
from phylohub.ingest.raw_schema import connect_raw
from phylohub.synthetic.fake_hub import FakeHub, Paper, Reply

PAPERS = {
    "2401.00001": Paper("On <small>\n  & large", "An abstract\n  in two lines with a ]]> and Zoë.", "cs.LG cs.CL"),
    "2401.00002": Paper("Wrong", "All of it.", "cs.AI", comment="This paper has been withdrawn by the authors"),
    "2401.00003": Paper("Wrong, too", "This paper has been withdrawn by the author.", "math.CO"),
    "hep-th/9901001": Paper("Old", "Before 2007.", "hep-th"),
    "2401.00004": Paper("Money", "Cash is withdrawn from machines.", "econ.GN"),
}
LINKED = [*PAPERS, "2401.00001v2", "2401.99999", "2401.1", "not-an-id", "../../x", "2401.00005'); --", ""]


def linking(*arxiv_ids: str) -> list[bytes]:
    return [model(number, tags=["x", f"arxiv:{arxiv_id}"]) for number, arxiv_id in enumerate(arxiv_ids)]


def test_versions_and_addresses_of_a_paper_are_one_request() -> None:
    names = ["2401.00001", "2401.00001v1", "2401.00001v12", "https://arxiv.org/pdf/2401.00001v3.pdf", " 2401.00001"]
    assert {paper_id(name) for name in names} == {"2401.00001"}
    assert [paper_id(name) for name in ("hep-th/9901001v2", "x", "")] == ["hep-th/9901001", "x", ""]
    with FakeHub(linking(*names), papers=PAPERS) as hub, crawled(hub) as connection:
        # Earlier versions stored a paper under the version that a tag named.
        assert fetch_papers(connection, patient_web(hub.url)) == PapersResult({"ok": 1}, 0)
        connection.execute("update raw.arxiv_papers set arxiv_id = '2401.00001v1'")
        assert fetch_papers(connection, patient_web(hub.url)) == PapersResult({}, 0)


@contextmanager
def crawled(hub: FakeHub) -> Iterator[duckdb.DuckDBPyConnection]:
    with memory() as connection:
        crawl(connection, patient_web(hub.url), "s")
        yield connection


def outcomes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("select arxiv_id, outcome from raw.arxiv_papers").fetchall())


def test_papers_land_with_their_outcome() -> None:
    with FakeHub(linking(*LINKED), papers=PAPERS) as hub, crawled(hub) as connection:
        result = fetch_papers(connection, patient_web(hub.url))
        assert outcomes(connection) == {
            **dict.fromkeys(["2401.00001", "2401.00004", "hep-th/9901001"], "ok"),
            **dict.fromkeys(["2401.00002", "2401.00003"], "withdrawn"),
            **dict.fromkeys(["2401.1", "not-an-id", "../../x", "2401.00005'); --", ""], "malformed"),
            "2401.99999": "not found",
        }
        assert result == PapersResult({"ok": 3, "withdrawn": 2, "malformed": 5, "not found": 1}, 0)
        (row,) = connection.execute(
            "select title, abstract, categories, record from raw.arxiv_papers where arxiv_id = '2401.00001'"
        ).fetchall()
        assert row[:3] == ("On <small> & large", "An abstract in two lines with a ]]> and Zoë.", "cs.LG cs.CL")
        assert row[3].startswith("<entry>\n    <id>http://arxiv.org/abs/2401.00001v1</id>\n")
        n_asked = hub.n_requests
        assert fetch_papers(connection, patient_web(hub.url)) == PapersResult({}, 0)
        assert hub.n_requests == n_asked


def test_requests_are_three_seconds_apart() -> None:
    clock = Clock()
    arxiv_ids = [f"2401.{number:05}" for number in range(250)]
    with (
        FakeHub(linking(*arxiv_ids), papers={"2401.00007": PAPERS["2401.00001"]}) as hub,
        crawled(hub) as connection,
    ):
        web = patient_web(hub.url, clock, gap=3.0)
        assert fetch_papers(connection, web, limit=120) == PapersResult({"ok": 1, "not found": 119}, 130)
        assert fetch_papers(connection, web) == PapersResult({"not found": 130}, 0)
        assert clock.waits == [3.0, 3.0, 3.0]
        assert len(outcomes(connection)) == 250


def test_malformed_id_does_not_affect_other_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        if "2401.00003" not in path:
            return reply
        entry = "<entry><id>http://arxiv.org/api/errors#incorrect_id_format_for_2401.00003</id></entry>"
        return Reply(200, f'<feed xmlns="http://www.w3.org/2005/Atom">{entry}</feed>'.encode())

    with FakeHub(linking(*PAPERS), papers=PAPERS, alter_reply=alter_reply) as hub, crawled(hub) as connection:
        fetch_papers(connection, patient_web(hub.url))
        assert outcomes(connection)["2401.00003"] == "malformed"
        assert sorted(outcomes(connection).values()) == ["malformed", "ok", "ok", "ok", "withdrawn"]


FAULTS: dict[str, Callable[[Reply], Reply]] = {
    "429": lambda reply: Reply(429),
    "503 with Retry-After": lambda reply: Reply(503, b"", {"Retry-After": "5"}),
    "rate limit as plain text": lambda reply: Reply(200, b"Rate exceeded."),
    "cut": lambda reply: Reply(200, reply.body[: len(reply.body) // 2]),
    "cut on the wire": lambda reply: Reply(200, reply.body, cut=10),
    "an entity bomb": lambda reply: Reply(
        200,
        b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><feed xmlns="http://www.w3.org/2005/Atom">&lol2;</feed>',
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_faults_are_retried(fault: Callable[[Reply], Reply]) -> None:
    def alter_reply(number: int, path: str, reply: Reply) -> Reply:
        return fault(reply) if number in (2, 3) else reply

    with FakeHub(linking(*PAPERS), papers=PAPERS, alter_reply=alter_reply) as hub, crawled(hub) as connection:
        assert fetch_papers(connection, patient_web(hub.url)).outcomes == {"ok": 3, "withdrawn": 2}


def test_sigkill_at_any_statement_loses_and_repeats_no_paper(tmp_path: Path) -> None:
    n_papers = len({paper_id(name) for name in LINKED})
    with FakeHub(linking(*LINKED), papers=PAPERS) as hub:
        for kill_at in range(1, 12):
            database = tmp_path / f"{kill_at}.duckdb"
            assert in_child(crawl_file, database, hub.url) == 0
            assert in_child(papers_file, database, hub.url, kill_at) in (0, -signal.SIGKILL)
            assert in_child(papers_file, database, hub.url) == 0
            with connect_raw(database) as connection:
                assert connection.execute("select count(*) from raw.arxiv_papers").fetchall() == [(n_papers,)]
                assert len(outcomes(connection)) == n_papers


@given(st.binary() | st.text(alphabet='<>/entryfd "=&;!').map(str.encode))
def test_read_feed_parses_or_raises_value_error(body: bytes) -> None:
    try:
        read_feed(body)
    except ValueError:
        return


def test_csv_rows_land_once_as_received(tmp_path: Path) -> None:
    path = tmp_path / "categories.csv"
    path.write_bytes(b'arxiv_id,categories\r\n2401.00001,cs.LG cs.CL\r\n"2401.00002",""\r\nnonsense,cs.AI\r\n')
    with memory() as connection:
        assert [load_table(connection, path), load_table(connection, path)] == [3, 0]
        assert connection.execute(
            "select arxiv_id, source, outcome, categories, record from raw.arxiv_papers order by arxiv_id"
        ).fetchall() == [
            ("2401.00001", "categories.csv", "ok", "cs.LG cs.CL", "2401.00001,cs.LG cs.CL"),
            ("2401.00002", "categories.csv", "ok", None, '"2401.00002",""'),
            ("nonsense", "categories.csv", "malformed", "cs.AI", "nonsense,cs.AI"),
        ]


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b'arxiv_id,categories\n"2401', b"arxiv_id,categories\n\xff,x\n"]
)
def test_invalid_csv_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "categories.csv"
    path.write_bytes(content)
    with memory() as connection, pytest.raises(PhylohubError, match=r"categories\.csv"):
        load_table(connection, path)


def test_published_table_loads(real_file: Callable[[str], Path]) -> None:
    with memory() as connection:
        assert load_table(connection, real_file("arxiv_categories.csv")) == 8789
        assert connection.execute("select count(*) from raw.arxiv_papers where outcome = 'ok'").fetchall() == [(8789,)]


def test_arxiv_id_matches_valid_ids_only() -> None:
    for arxiv_id in (
        "0704.0001",
        "1501.00001",
        "2401.00001v12",
        "math.GT/0309136",
        "hep-th/9901001v3",
        "cs/0112017",
    ):
        assert ARXIV_ID.fullmatch(arxiv_id)
    for arxiv_id in (
        "1501.1",
        "15010.00001",
        "1501.00001v",
        "Math/0309136",
        "2401.\N{ARABIC-INDIC DIGIT ONE}0001",
        "2401.00001\n",
    ):
        assert not ARXIV_ID.fullmatch(arxiv_id)
