"""The commands that fetch from the network, run against a fake hub in HF_ENDPOINT."""

import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import BIN, ROOT, run_phylohub
from huggingface_hub import HfApi
from live import is_complete, landed, model, models

from phylohub.ingest.raw_schema import connect_raw
from phylohub.synthetic.fake_hub import API, RESOLVE, FakeHub, Limit, Paper

TOKEN = "hf_madeUpTokenThatMustNotLeak"  # noqa: S105, not a real token
RECORDS = [*models(25), model(30, gated="auto", tags=["arxiv:2401.00001", "arxiv:nonsense"])]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    limits = {API: Limit(1000), RESOLVE: Limit(5000)}
    cards = {f"org/model-{number}": b"card %d" % number for number in range(31)}
    papers = {"2401.00001": Paper("Title", "Abstract", "cs.LG")}
    with FakeHub(RECORDS, cards, papers, page_rows=10, limits=limits, token=TOKEN) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("PHYLOHUB_ARXIV_ENDPOINT", hub.url)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield hub


def run(database: Path, *arguments: str) -> str:
    done = run_phylohub(database, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_models_cards_papers_and_status(hub: FakeHub, tmp_path: Path) -> None:
    database = tmp_path / "w.duckdb"
    assert "10 records (10 new), 0 rejected, not complete" in run(database, "ingest", "models", "--limit", "5")
    assert re.search(r"crawl hub-[0-9-]+: 10 records so far", run(database, "ingest", "status"))
    assert "26 records (16 new), 0 rejected, complete" in run(database, "ingest", "models")
    status = run(database, "ingest", "status")
    assert "cards: 26 of snapshot hub-" in status
    assert "5,000 requests in 300 s" in status
    assert "papers: 2 of snapshot hub-" in status
    out = run(database, "ingest", "cards", "--budget", "20", "--workers", "4")
    assert "cards: 20 ok; 6 left to fetch" in out
    assert "cards: 6 of snapshot hub-" in run(database, "ingest", "status")
    assert "cards: 1 gated, 5 ok; 0 left to fetch" in run(database, "ingest", "cards", "--budget", "9h")
    assert "papers: 1 malformed, 1 ok; 0 left to fetch" in run(database, "ingest", "arxiv")
    run(
        database,
        "ingest",
        "models",
        "--since-snapshot",
        re.findall("hub-[0-9-]+", status)[0],
        "--snapshot",
        "next",
    )
    status = run(database, "ingest", "status")
    for outcome, count in (("ok", 25), ("gated", 1), ("malformed", 1)):
        assert re.search(rf"{outcome} +│ +{count}\b", status)
    assert "of snapshot" not in status


def test_the_token_is_sent_and_never_stored(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", f" {TOKEN}\n")
    monkeypatch.setenv("HF_DEBUG", "1")
    database = tmp_path / "w.duckdb"
    out = run(database, "ingest", "models") + run(database, "ingest", "cards") + run(database, "ingest", "status")
    assert "with HF_TOKEN" in out
    assert "cards: 26 ok" in out
    assert set(hub.authorizations) == {f"Bearer {TOKEN}"}
    monkeypatch.setenv("HF_TOKEN", TOKEN + "x")
    refused = run_phylohub(database, "ingest", "models", "--snapshot", "other")
    assert (refused.returncode, "HF_TOKEN" in refused.stderr) == (1, True)
    monkeypatch.setenv("HF_TOKEN", TOKEN + "\N{SNOWMAN}")
    unusable = run_phylohub(database, "ingest", "models", "--snapshot", "other")
    assert (unusable.returncode, "HF_TOKEN" in unusable.stderr) == (1, True)
    assert TOKEN not in out + refused.stdout + refused.stderr + unusable.stdout + unusable.stderr
    with connect_raw(database) as connection:
        tables = [name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()]
        for table in tables:
            assert TOKEN not in str(connection.execute(f'select * from raw."{table}"').fetchall())
    for path in tmp_path.iterdir():
        assert TOKEN.encode() not in path.read_bytes()


def test_the_token_is_not_sent_to_arxiv(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path / "w.duckdb", "ingest", "models")
    hub.authorizations.clear()
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    run(tmp_path / "w.duckdb", "ingest", "arxiv")
    assert list(hub.authorizations) == [None]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ingest", "cards"], 1, "No snapshot is complete yet"),
        (["ingest", "cards", "--snapshot", "nowhere"], 1, "complete snapshot nowhere"),
        (["ingest", "cards", "--budget", "soon"], 2, "such as 20000"),
        (["ingest", "cards", "--again", "okay"], 2, "outcomes are"),
        (["ingest", "arxiv"], 1, "No snapshot is complete yet"),
        (["ingest", "models", "--expand", "does_not_exist"], 1, "must be one of"),
        (["ingest", "models", "--since-snapshot", "nowhere"], 1, "not a complete crawl"),
        (["ingest", "arxiv", "--table", "nowhere.csv"], 1, "nowhere.csv"),
        (["fakehub", "nowhere.jsonl"], 1, "nowhere.jsonl"),
    ],
)
def test_errors_have_an_exit_code_and_a_message(
    hub: FakeHub, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    database = tmp_path / "w.duckdb"
    with connect_raw(database, create=True):
        pass
    done = run_phylohub(database, *arguments)
    assert (done.returncode, message in " ".join(done.stderr.split())) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_cards_and_papers_land_from_files(hub: FakeHub, tmp_path: Path) -> None:
    database = tmp_path / "w.duckdb"
    with connect_raw(database, create=True):
        pass
    cards, table = tmp_path / "cards.jsonl", tmp_path / "papers.csv"
    cards.write_text('{"id":"a/b","card":"text"}\n{"id":"a/c","card":null}\n')
    table.write_text("arxiv_id,categories\n2401.00001,cs.LG\n")
    assert "cards.jsonl: 2 new cards" in run(database, "ingest", "cards", "--file", str(cards))
    assert "cards.jsonl: 0 new cards" in run(database, "ingest", "cards", "--file", str(cards))
    assert "papers.csv: 1 new papers" in run(database, "ingest", "arxiv", "--table", str(table))
    cards.write_text('{"id":"a/b"}\n')
    done = run_phylohub(database, "ingest", "cards", "--file", str(cards))
    assert (done.returncode, "line 1 is not a JSON object with the strings `id` and `card`" in done.stderr) == (1, True)


def test_fakehub_serves_a_file_that_another_command_crawls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records, cards = tmp_path / "records.jsonl", tmp_path / "cards.jsonl"
    records.write_bytes(b"\n".join(models(25)))
    cards.write_text(json.dumps({"id": "org/model-7", "card": "# Seven"}))
    command = [str(BIN / "phylohub"), "fakehub", str(records), "--port", "0", "--cards", str(cards)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as served:
        try:
            assert served.stdout is not None
            assert served.stdout.readline() == "serving 25 models and 1 cards until Ctrl-C; crawl them with:\n"
            endpoint = served.stdout.readline().split()[0].partition("=")[2]
            assert len(list(HfApi(endpoint=endpoint, token=False).list_models(sort="created_at"))) == 25
            monkeypatch.setenv("HF_ENDPOINT", endpoint)
            database = tmp_path / "w.duckdb"
            run(database, "ingest", "models", "--snapshot", "s")
            assert "24 none, 1 ok" in run(database, "ingest", "cards")
            with connect_raw(database) as connection:
                assert (landed(connection), is_complete(connection)) == (models(25), True)
        finally:
            served.send_signal(signal.SIGINT)
            try:
                code = served.wait(10)
            finally:
                served.kill()  # otherwise leaving `with` waits forever for a process that ignores the signal
        assert code == 130


def test_a_port_in_use_is_reported(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_bytes(model(1))
    port = hub.url.rpartition(":")[2]
    done = run_phylohub(tmp_path / "w.duckdb", "fakehub", str(tmp_path / "records.jsonl"), "--port", port)
    assert (done.returncode, "Choose another with --port" in done.stderr) == (1, True)


def test_real_records_survive_a_crawl_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, real_file: Callable[[str], Path]
) -> None:
    path = real_file("hub_models_2026-06-05.jsonl.gz")
    from phylohub.ingest.readers import Source, read_batches

    records = [record for batch in read_batches(Source(path, path.name)) for record in batch.records]
    with FakeHub(records) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        run(tmp_path / "w.duckdb", "ingest", "models", "--snapshot", "s")
    with connect_raw(tmp_path / "w.duckdb") as connection:
        assert sorted(landed(connection)) == sorted(records)
