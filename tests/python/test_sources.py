"""Sources by address: the real client against a fake hub with repositories, web addresses and filesystems."""

import io
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import BIN, run_phylohub
from fsspec.implementations.memory import MemoryFileSystem
from huggingface_hub import constants, parse_hf_uri
from live import Clock

from phylohub.core.errors import PhylohubError
from phylohub.ingest import hub_files
from phylohub.ingest.addresses import address_of, fetch_elsewhere, fetch_revision, hub_uri
from phylohub.ingest.hub import Web
from phylohub.ingest.hub_client import HubClient
from phylohub.ingest.hub_files import Revision, download, revisions
from phylohub.ingest.raw_schema import connect_raw
from phylohub.ingest.readers import find_sources, read_batches
from phylohub.synthetic.fake_hub import Reply
from phylohub.synthetic.fake_repositories import RepositoryHub

TOKEN = "hf_madeUpTokenThatMustNotLeak"  # noqa: S105, not a real token
STATS = "hf://datasets/cfahlgren1/hub-stats"


def table(*ids: int, **columns: list[Any]) -> bytes:
    """A parquet table of models."""
    names = [f"org/model-{number}" for number in ids]
    content = io.BytesIO()
    pq.write_table(pa.table({"id": names, "tags": [["license:mit"]] * len(ids), **columns}), content)
    return content.getvalue()


LARGE = table(*range(3_000), sha=[f"{hash(number):040x}" for number in range(3_000)])


def day(number: int) -> datetime:
    return datetime(2025, 1, number, 12, 30)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "sleep", clock.sleep)  # that of the client, too
    return clock


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RepositoryHub]:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path / "home" / "assets"))
    with RepositoryHub(token=TOKEN) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        stats = hub.add("dataset", "cfahlgren1/hub-stats", license="apache-2.0")
        stats.commit(day(1), {".gitattributes": b"*.parquet filter=lfs"})
        stats.commit(day(2), {"models.parquet": table(1), "datasets.parquet": b"not read"})
        stats.commit(day(3), {"README.md": b"# Stats"})
        stats.commit(day(4), {"models.parquet": table(1, 2)})
        stats.commit(day(5), {"models.parquet": LARGE, "old/part-1.jsonl": b'{"id":"a/b"}\n'})
        stats.commit(day(6), {"README.md": b"# More"})
        cards = hub.add("dataset", "librarian-bots/model_cards_with_metadata", license="cc0-1.0")
        parts = {f"data/train-{part}.parquet": table(part, card=[f"# {part}"]) for part in range(2)}
        cards.commit(day(7), parts)
        yield hub


def client(hub: RepositoryHub, clock: Clock, token: str | None = TOKEN) -> HubClient:
    return HubClient(Web(hub.url, token=token, now=clock.now, sleep=clock.sleep))


def found(hub: RepositoryHub, clock: Clock, address: str, count: int = 1) -> list[Revision]:
    return revisions(client(hub, clock), parse_hf_uri(address), count)


def run(database: Path, *arguments: str) -> str:
    done = run_phylohub(database, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- what an address names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/models.parquet", ["models.parquet"]),
        ("/old", ["old/part-1.jsonl"]),
        ("/**/*.jsonl", ["old/part-1.jsonl"]),
        ("/*.parquet", ["datasets.parquet", "models.parquet"]),
        ("", ["datasets.parquet", "models.parquet", "old/part-1.jsonl"]),
    ],
)
def test_file_folder_and_glob(hub: RepositoryHub, clock: Clock, path: str, names: list[str]) -> None:
    (revision,) = found(hub, clock, STATS + path)
    assert [file.path for file in revision.files] == names
    assert revision.committed_at == day(5)  # not of the later commit that changed another file
    assert revision.name.endswith(f"-2025-01-05-{revision.commit[:8]}")


@pytest.mark.parametrize("states_last_commit", [True, False])
def test_revisions_are_the_commits_that_changed_the_file(
    hub: RepositoryHub, clock: Clock, monkeypatch: pytest.MonkeyPatch, states_last_commit: bool
) -> None:
    if not states_last_commit:
        hub.alter_reply = lambda number, path, reply: replace(
            reply, body=reply.body.replace(b'"lastCommit"', b'"other"')
        )
    for count, days in ((9, [5, 4, 2]), (2, [5, 4]), (1, [5])):
        for path in ("models.parquet", "models.p*"):
            revisions_found = found(hub, clock, f"{STATS}/{path}", count)
            assert [revision.committed_at.day for revision in revisions_found] == days
    assert [revision.committed_at.day for revision in found(hub, clock, f"{STATS}/old", 9)] == [5]


def test_revision_of_a_branch_or_commit(hub: RepositoryHub, clock: Clock) -> None:
    newest, older, oldest = found(hub, clock, f"{STATS}/models.parquet", 9)
    for revision in (older, oldest):
        assert found(hub, clock, f"{STATS}@{revision.commit}/models.parquet")[0].commit == revision.commit
    hub.repository("dataset", "cfahlgren1/hub-stats").refs["v1"] = older.commit
    assert found(hub, clock, f"{STATS}@v1/models.parquet")[0].commit == older.commit
    assert found(hub, clock, f"{STATS}@main/models.parquet")[0].commit == newest.commit


def test_page_of_the_hub_is_an_address_too(hub: RepositoryHub, clock: Clock) -> None:
    web = client(hub, clock)
    for address in (
        f"{hub.url}/datasets/a/b/blob/main/x.parquet",
        "https://huggingface.co/datasets/a/b/resolve/main/x.parquet",
    ):
        uri = hub_uri(address, web)
        assert uri is not None
        assert (uri.id, uri.path_in_repo) == ("a/b", "x.parquet")
    assert hub_uri("https://example.org/x.parquet", web) is None
    with pytest.raises(PhylohubError, match="hf://datasets/OWNER"):
        hub_uri("hf://datasets/a", web)


def test_names_of_dumps_are_addresses_unless_a_file_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert address_of("hub-stats") == f"{STATS}/models.parquet"
    assert address_of("s3://bucket/x") == "s3://bucket/x"
    assert address_of("other") is None
    Path("hub-stats").mkdir()
    assert address_of("hub-stats") is None


# ---- downloads -----------------------------------------------------------------------------------------------


def test_token_goes_to_the_hub_and_not_to_its_storage(hub: RepositoryHub, clock: Clock) -> None:
    (revision,) = found(hub, clock, f"{STATS}/models.parquet")
    assert download(client(hub, clock), revision, revision.files[0]).read_bytes() == LARGE
    sent = set(zip([path.startswith("/lfs/") for path in hub.requests], hub.authorizations, strict=True))
    assert sent == {(False, f"Bearer {TOKEN}"), (True, None)}
    hub.requests.clear()
    assert download(client(hub, clock), revision, revision.files[0]).read_bytes() == LARGE
    assert not hub.requests  # it is in the cache


FAULTS: dict[str, Callable[[Reply], Reply]] = {
    "429": lambda reply: Reply(429, b"", {"RateLimit": '"api";r=0;t=120', "RateLimit-Policy": '"w";"api";q=5;w=300'}),
    "500": lambda reply: Reply(500, b"oops"),
    "503 with HTML": lambda reply: Reply(503, b"<html>"),
    "cut": lambda reply: replace(reply, cut=len(reply.body) // 2),
    "cut before it begins": lambda reply: replace(reply, cut=0),
    "a web page": lambda reply: Reply(200, b"<html>sign in</html>", {"Content-Type": "text/html"}),
    "other content": lambda reply: replace(reply, body=bytes(len(reply.body))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_at_every_request_ends_in_the_same_file(
    hub: RepositoryHub, clock: Clock, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    for number in range(1, 9):
        first = hub.n_requests

        def alter(request: int, path: str, reply: Reply, at: int = first + number) -> Reply:
            return FAULTS[fault](reply) if request == at else reply

        hub.alter_reply = alter
        (revision,) = found(hub, clock, f"{STATS}/models.parquet")
        path = download(client(hub, clock), revision, revision.files[0])
        assert path.read_bytes() == LARGE
        path.resolve().unlink()
        path.unlink()
    assert clock.waits


class Killed(BaseException):
    """Ends the process, as far as the code can tell."""


def test_killed_download_continues_where_it_stopped(
    hub: RepositoryHub, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1_000)
    (revision,) = found(hub, clock, f"{STATS}/models.parquet")
    answers: list[tuple[int, int]] = []
    n_before = 0

    def record(number: int, path: str, reply: Reply) -> Reply:
        if path.startswith("/lfs/"):
            answers.append((reply.status, len(reply.body)))
        return reply

    def kill(name: str, n_done: int, n_all: int | None) -> None:
        if n_done >= n_before + 5_000:
            raise Killed

    hub.alter_reply = record
    for start in (0, 5_000, 10_000):
        n_before = start
        with pytest.raises(Killed):
            download(client(hub, clock), revision, revision.files[0], kill)
    assert download(client(hub, clock), revision, revision.files[0]).read_bytes() == LARGE
    assert [status for status, _ in answers] == [200, 206, 206, 206]
    assert [n_bytes for _, n_bytes in answers[1:]] == [len(LARGE) - n for n in (4_000, 9_000, 14_000)]
    assert not list(Path(constants.HF_HUB_CACHE).glob("**/*.incomplete"))


@pytest.mark.parametrize("rest", [b"x" * 100, LARGE + b"more"])
def test_damaged_beginning_is_not_kept(hub: RepositoryHub, clock: Clock, rest: bytes) -> None:
    (revision,) = found(hub, clock, f"{STATS}/models.parquet")
    blobs = Path(constants.HF_HUB_CACHE, "datasets--cfahlgren1--hub-stats", "blobs")
    blobs.mkdir(parents=True)
    digest = hub_files._git_hash(_written(blobs / "x", LARGE), 64)
    (blobs / f"{digest}.phylohub.incomplete").write_bytes(rest)
    assert download(client(hub, clock), revision, revision.files[0]).read_bytes() == LARGE


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (f"{STATS}/nothing.parquet", "no such file"),
        (f"{STATS}/nothing/*.parquet", "no such file"),
        (f"{STATS}@v9/models.parquet", "no such revision"),
        ("hf://datasets/a/b/models.parquet", "does not exist or is private"),
    ],
)
def test_refusals_state_what_to_do(hub: RepositoryHub, clock: Clock, address: str, message: str) -> None:
    with pytest.raises(PhylohubError, match=message):
        found(hub, clock, address)
    assert not clock.waits


def test_gated_repository_and_refused_token(hub: RepositoryHub, clock: Clock) -> None:
    hub.add("dataset", "a/gated", is_gated=True).commit(day(1), {"x.parquet": table(1)})
    open_client = client(hub, clock, None)
    (revision,) = revisions(open_client, parse_hf_uri("hf://datasets/a/gated/x.parquet"))
    with pytest.raises(PhylohubError, match="access must be requested"):
        download(open_client, revision, revision.files[0])
    assert download(client(hub, clock), revision, revision.files[0]).exists()
    (revision,) = found(hub, clock, f"{STATS}/models.parquet")
    with pytest.raises(PhylohubError, match="Is HF_TOKEN a valid token") as error:  # it expired before the download
        download(client(hub, clock, "hf_expired"), revision, revision.files[0])
    assert "hf_expired" not in str(error.value)
    assert not clock.waits


def test_foreign_answers_are_not_retried_forever(hub: RepositoryHub, clock: Clock) -> None:
    hub.alter_reply = lambda number, path, reply: FAULTS["a web page"](reply)
    with pytest.raises(PhylohubError, match="does not send"):
        found(hub, clock, f"{STATS}/models.parquet")
    assert sum(clock.waits) < 300


# ---- other addresses -----------------------------------------------------------------------------------------


def test_web_address_is_downloaded_once_and_without_the_token(hub: RepositoryHub, clock: Clock) -> None:
    hub.repository("dataset", "cfahlgren1/hub-stats").commit(day(8), {"models_2025-01-08.jsonl": b'{"id":"a/b"}\n'})
    hub.files["/file/models_2025-01-08.jsonl"] = b'{"id":"a/b"}\n'
    address = f"{hub.url.replace('//', '//user:secretword@')}/file/models_2025-01-08.jsonl?signature=secret"
    for _ in range(2):
        fetched = fetch_elsewhere(client(hub, clock), address, lambda *_: None)
    assert fetched.snapshot == "models_2025-01-08"
    (source,) = fetched.sources
    assert source.name == f"{hub.url}/file/models_2025-01-08.jsonl"
    assert [batch.records for batch in read_batches(source)] == [[b'{"id":"a/b"}']]
    assert not any(TOKEN in (sent or "") for sent in hub.authorizations)
    with pytest.raises(PhylohubError, match=r"answered 40[14]") as error:
        fetch_elsewhere(client(hub, clock), address.replace("-08", "-09"), lambda *_: None)
    assert "secret" not in str(error.value)


def test_web_download_continues(hub: RepositoryHub, clock: Clock) -> None:
    hub.files["/file/models.parquet"] = LARGE
    n_cuts = 0

    def cut(number: int, path: str, reply: Reply) -> Reply:
        nonlocal n_cuts
        n_cuts += 1
        return replace(reply, cut=1000) if reply.body and n_cuts < 5 else reply

    hub.alter_reply = cut
    fetched = fetch_elsewhere(client(hub, clock), f"{hub.url}/file/models.parquet", lambda *_: None)
    assert fetched.sources[0].path.read_bytes() == LARGE


@pytest.fixture
def store() -> Iterator[MemoryFileSystem]:
    filesystem = fsspec.filesystem("memory")
    filesystem.pipe("/bucket/2025-01-02/models-1.parquet", table(1))
    filesystem.pipe("/bucket/2025-01-02/models-2.parquet", table(2))
    filesystem.pipe("/bucket/2025-01-02/notes.txt", b"x")
    yield filesystem
    filesystem.rm("/bucket", recursive=True)


@pytest.mark.parametrize(
    ("path", "n_files", "name"),
    [
        ("bucket/2025-01-02", 2, "2025-01-02"),
        ("bucket/2025-01-02/models-2.parquet", 1, "models-2"),
        ("bucket/*/models-*.parquet", 2, "bucket"),
    ],
)
def test_file_folder_and_glob_of_a_store(
    hub: RepositoryHub, clock: Clock, store: MemoryFileSystem, path: str, n_files: int, name: str
) -> None:
    fetched = fetch_elsewhere(client(hub, clock), f"memory://{path}", lambda *_: None)
    assert (len(fetched.sources), fetched.snapshot) == (n_files, name)
    assert fetched.sources[-1].name == "memory://bucket/2025-01-02/models-2.parquet"
    assert fetched.sources[-1].path.read_bytes() == table(2)


def test_missing_packages_and_files_of_a_store(hub: RepositoryHub, clock: Clock, store: MemoryFileSystem) -> None:
    for address, message in (
        ("memory://bucket/none", "no such file"),
        ("memory://bucket/2025-01-02/*.csv", "holds no file"),
        ("nosuchscheme://x", "scheme"),
    ):
        with pytest.raises(PhylohubError, match=message):
            fetch_elsewhere(client(hub, clock), address, lambda *_: None)


# ---- landing -------------------------------------------------------------------------------------------------


def test_commands_land_addresses_and_histories(
    hub: RepositoryHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    database = tmp_path / "w.duckdb"
    out = run(database, "ingest", "dump", "hub-stats")
    assert "3,000 records (3,000 new)" in out
    assert "taken at 2025-01-05 12:30 UTC (commit)" in out
    hub.requests.clear()
    assert "has landed before" in run(database, "ingest", "dump", f"{STATS}/models.parquet")
    assert not any("/resolve/" in path for path in hub.requests)
    out = run(database, "ingest", "dump", "hub-stats", "--all-revisions", "--max-revisions", "2")
    assert "older revisions than these 2 were not landed" in out
    run(database, "ingest", "dump", "hub-stats", "--all-revisions", "--scope", "hub")
    run(database, "ingest", "dump", "model-cards", "--snapshot", "cards")
    with connect_raw(database) as connection:
        rows = connection.execute(
            "select taken_at, taken_from, scope, series, snapshot from raw.snapshots where snapshot <> 'cards' "
            "order by completed_at"
        ).fetchall()
        assert [row[0].day for row in rows] == [2, 4, 5] or rows[-1][0].day == 5  # the newest one is shown
        assert {row[1:4] for row in rows} == {("commit", "hub", f"{STATS}/models.parquet")}
        assert sorted(row[0].day for row in rows) == [2, 4, 5]
        assert connection.execute(
            "select count(*), min(series) from raw.snapshots where snapshot = 'cards'"
        ).fetchall() == [(1, "hf://datasets/librarian-bots/model_cards_with_metadata")]
        assert connection.execute("select count(*) from raw.cards where outcome = 'ok'").fetchall() == [(2,)]
        tables = [name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()]
        for name in tables:
            assert TOKEN not in str(connection.execute(f'select * from raw."{name}"').fetchall())
    for path in (tmp_path / "home").rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()
    done = run_phylohub(database, "ingest", "dump", str(tmp_path), "--all-revisions")
    assert (done.returncode, "only files of repositories" in done.stderr) == (2, True)


def test_command_killed_at_any_request_lands_everything_once(
    hub: RepositoryHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "w.duckdb"
    reached = threading.Event()

    def stall(number: int, path: str, reply: Reply) -> Reply:
        if len(hub.requests) == n_requests:
            reached.set()
            return replace(reply, stall=True)
        return reply

    for n_requests in range(1, 6):  # noqa: B007, read by `stall`
        hub.requests.clear()
        reached.clear()
        hub.alter_reply = stall
        command = [str(BIN / "phylohub"), "ingest", "dump", "hub-stats", "--all-revisions"]
        process = subprocess.Popen(command, env={**os.environ, "PHYLOHUB_DATABASE": str(database)})
        assert reached.wait(60)
        process.kill()
        process.wait()
    hub.alter_reply = lambda number, path, reply: reply
    run(database, "ingest", "dump", "hub-stats", "--all-revisions")
    with connect_raw(database) as connection:
        counts = "select count(*) from raw.hub_listings group by snapshot order by 1"
        assert connection.execute(counts).fetchall() == [(1,), (2,), (3_000,)]


def test_command_lists_the_known_dumps(hub: RepositoryHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run_phylohub(tmp_path / "w.duckdb", "ingest", "sources")
    assert done.returncode == 0
    for text in ("2025-01-05", "apache-2.0", "cc0-1.0", "not known", f"hub-stats: {STATS}/models.parquet"):
        assert text in done.stdout
    assert "study" in done.stderr
    monkeypatch.setenv("HF_ENDPOINT", f"{hub.url}/nothing")
    assert run_phylohub(tmp_path / "w.duckdb", "ingest", "sources").returncode == 1


def test_columns_that_no_model_needs_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "models.parquet"
    path.write_bytes(table(1, 2, modelId=["a", "b"], widgetData=["x", "y"], likes=[1, 2], other=["kept"] * 2))
    (source,) = find_sources(path)[0]
    assert source.shape is not None
    assert source.shape.notes == ("columns not read, since no model needs them: modelId, widgetData",)
    ((records),) = [batch.records for batch in read_batches(source)]
    assert json.loads(records[0]) == {"id": "org/model-1", "tags": ["license:mit"], "likes": 1, "other": "kept"}


def test_revision_lands_as_the_file_does(hub: RepositoryHub, clock: Clock, tmp_path: Path) -> None:
    (revision,) = found(hub, clock, f"{STATS}/models.parquet")
    fetched = fetch_revision(client(hub, clock), revision, lambda *_: None)
    local = _written(tmp_path / "models.parquet", LARGE)
    records = [
        [r for batch in read_batches(source) for r in batch.records]
        for source in (fetched.sources[0], *find_sources(local)[0])
    ]
    assert records[0] == records[1]
