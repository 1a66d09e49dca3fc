"""Helpers for the tests of live ingestion: records, a simulated clock, and child processes."""

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import duckdb

from phylohub.ingest import readers
from phylohub.ingest.arxiv import fetch_papers
from phylohub.ingest.cards import fetch_cards
from phylohub.ingest.crawl import CrawlResult, crawl
from phylohub.ingest.hub import Web
from phylohub.ingest.landing import land_snapshot
from phylohub.ingest.observations import land_series
from phylohub.ingest.raw_schema import RAW_SCHEMA, connect_raw
from phylohub.ingest.readers import Source

# Fork children from a process without threads: a fork of this one could inherit a held lock.
_CHILDREN: Any = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
_CHILDREN.set_forkserver_preload(["phylohub.ingest.arxiv"])


class Clock:
    """A simulated clock that advances only by `sleep`, without waiting."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.time += seconds
            self.waits.append(seconds)


def model(number: int, **fields: Any) -> bytes:
    """The record of a model as the Hub sends it. Older models have smaller numbers."""
    created = f"2024-{1 + number // 28 // 60 % 12:02}-{1 + number // 60 % 28:02}T00:00:{number % 60:02}.000Z"
    record = {
        "_id": f"{number:024x}",
        "id": f"org/model-{number}",
        "likes": number % 7,
        "private": False,
        "tags": ["transformers", "license:mit", f"base_model:finetune:org/model-{number // 2}"],
        "createdAt": created,
        "sha": f"{number:040x}",
        "siblings": [{"rfilename": ".gitattributes"}, {"rfilename": "README.md"}],
    }
    return json.dumps(record | fields, separators=(",", ":"), ensure_ascii=False).encode()


def models(count: int) -> list[bytes]:
    return [model(number) for number in range(count)]


@contextmanager
def memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory warehouse with the raw schema."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(RAW_SCHEMA)
        yield connection


def landed(connection: duckdb.DuckDBPyConnection, snapshot: str = "s") -> list[bytes]:
    """The records of a snapshot byte for byte, in the order of landing."""
    rows = connection.execute(
        "select record from raw.hub_listings natural join raw.hub_records where snapshot = ? order by source, position",
        [snapshot],
    ).fetchall()
    return [text.encode() for (text,) in rows]


def is_complete(connection: duckdb.DuckDBPyConnection, snapshot: str = "s") -> bool:
    return connection.execute(
        "select completed_at is not null from raw.snapshots where snapshot = ?", [snapshot]
    ).fetchall() == [(True,)]


def patient_web(url: str, clock: Clock | None = None, **settings: Any) -> Web:
    """A Web that waits on a simulated clock, with a short read timeout."""
    clock = clock or Clock()
    return Web(url, now=clock.now, sleep=clock.sleep, **{"read_seconds": 0.2, **settings})


class KillingConnection:
    """A connection that kills its process before the statement with the given number."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, at: int) -> None:
        self._connection = connection
        self._left = at

    def execute(self, *arguments: Any) -> Any:
        self._count()
        return self._connection.execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        self._count()
        return self._connection.executemany(*arguments)

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._stop()

    def _stop(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class FailingConnection(KillingConnection):
    """A connection that raises an error before the statement with the given number."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, at: int, error: BaseException) -> None:
        super().__init__(connection, at)
        self._error = error

    def _stop(self) -> None:
        raise self._error


def _killing(connection: duckdb.DuckDBPyConnection, at: int) -> duckdb.DuckDBPyConnection:
    return cast(duckdb.DuckDBPyConnection, KillingConnection(connection, at))


def crawl_file(database: Path, url: str, kill_at: int = 0) -> CrawlResult:
    """Crawl into a file. With kill_at, the process is killed before the statement with that number."""
    with connect_raw(database, create=True) as connection:
        return crawl(_killing(connection, kill_at), patient_web(url), "s", expand=["tags"])


def crawl_file_from_the_start(database: Path, url: str, kill_at: int) -> None:
    """As crawl_file, but the statements that open and prepare the build file count too."""
    connect = duckdb.connect

    def killing(*arguments: Any, **settings: Any) -> duckdb.DuckDBPyConnection:
        return _killing(connect(*arguments, **settings), kill_at)

    duckdb.connect = killing
    crawl_file(database, url)


def cards_file(database: Path, url: str, kill_at: int = 0) -> None:
    """Fetch the cards of the models in a file; kill_at as in crawl_file."""
    with connect_raw(database) as connection:
        fetch_cards(_killing(connection, kill_at), patient_web(url))


def papers_file(database: Path, url: str, kill_at: int = 0) -> None:
    """Fetch the papers that the models in a file link to; kill_at as in crawl_file."""
    with connect_raw(database) as connection:
        fetch_papers(_killing(connection, kill_at), patient_web(url))


def in_child(work: Callable[..., object], *arguments: object) -> int:
    """Run a function of this module in a child process; return its exit code, negative for a signal."""
    process = _CHILDREN.Process(target=work, args=arguments)
    process.start()
    process.join(120)
    assert process.exitcode is not None, "the child did not end"
    return int(process.exitcode)


def crawl_on_a_full_disk(database: Path, url: str, free_bytes: int) -> None:
    """Crawl into a file whose size is limited, to simulate a full disk."""
    import resource  # Windows has none

    resource.setrlimit(resource.RLIMIT_FSIZE, (free_bytes, resource.RLIM_INFINITY))
    crawl_file(database, url)


def land_file(database: Path, path: Path, kill_at: int = 0, batch_rows: int = readers.BATCH_ROWS) -> None:
    """Land a file of records in batches of about so many; kill_at as in crawl_file."""
    readers.CHUNK_BYTES, readers.BATCH_ROWS = (
        (1 if batch_rows < readers.BATCH_ROWS else readers.CHUNK_BYTES),
        batch_rows,
    )
    with connect_raw(database, create=True) as connection:
        land_snapshot(_killing(connection, kill_at), "s", [Source(path, path.name)])


def crawl_again(database: Path, url: str, kill_at: int = 0) -> None:
    """Copy the crawl of a file and fetch what is new; kill_at as in crawl_file."""
    with connect_raw(database) as connection:
        crawl(_killing(connection, kill_at), patient_web(url), "t", expand=["tags"], since="s")


def land_series_file(database: Path, path: Path, kill_at: int = 0) -> None:
    """Land a file of observations; kill_at as in crawl_file."""
    with connect_raw(database, create=True) as connection:
        land_series(_killing(connection, kill_at), Source(path, path.name), "s")


def _measure(
    pipe: Connection, memory_limit: str | None, work: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    if memory_limit is not None:
        os.environ["PHYLOHUB_MEMORY_LIMIT"] = memory_limit
    import resource  # Windows has none

    start = time.perf_counter()
    work(*arguments)
    seconds = time.perf_counter() - start
    pipe.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000))


def measured(work: Callable[..., object], *arguments: object, memory_limit: str | None = None) -> tuple[float, float]:
    """Run a function of this module in a child process; return its seconds and peak memory in MB."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    assert in_child(_measure, theirs, memory_limit, work, arguments) == 0
    result: tuple[float, float] = ours.recv()
    return result
