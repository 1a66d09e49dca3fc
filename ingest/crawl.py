"""Crawl the Hub's list of models. A page and the address of the next one land in one transaction, so that a crawl
that was killed goes on where it stopped.

The list is read oldest first: in the order of creation nothing moves while the crawl goes on, and what is created
meanwhile comes at the end.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from queue import Queue
from threading import Thread
from urllib.parse import urlencode, urljoin

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from huggingface_hub.utils import fix_hf_endpoint_in_url  # type: ignore[attr-defined]  # no __all__ there

from phylohub.core.build_file import one_row, transaction, utc_now
from phylohub.core.errors import PhylohubError
from phylohub.ingest.hub import Answer, GaveUpError, TooLargeError, TryAgainError, Web, origin
from phylohub.ingest.landing import insert_records, insert_rows, record_rows, reject_reasons

SOURCE = "api/models"
PAGE_ROWS = 1000
MAX_PAGE_BYTES = 256 * 1024 * 1024
PAGES_AHEAD = 4  # fetched while those before are landed: enough that neither waits for the other for long
# What the list is asked for. The fields that the warehouse reads, and those that tell if a card has changed.
EXPAND = (
    *("author", "baseModels", "cardData", "createdAt", "disabled", "downloads", "downloadsAllTime", "gated"),
    *("gguf", "lastModified", "library_name", "likes", "pipeline_tag", "private", "safetensors", "sha"),
    *("siblings", "tags", "trendingScore"),
)

Progress = Callable[[int], None]


@dataclass(frozen=True)
class CrawlResult:
    """What a crawl has landed: in this run (`n_new`), and altogether. `complete` if the last page is in."""

    n_landed: int
    n_rejected: int
    n_new: int
    complete: bool


@dataclass(frozen=True)
class Page:
    """The records of a page as they were sent. `next_url` is None on the last page."""

    url: str
    next_url: str | None
    body: bytes
    records: list[bytes]


def crawl(
    connection: duckdb.DuckDBPyConnection,
    web: Web,
    snapshot: str,
    *,
    expand: Sequence[str] = EXPAND,
    limit: int | None = None,
    since: str | None = None,
    progress: Progress = lambda n_landed: None,
) -> CrawlResult:
    """Crawl into the snapshot, from where an earlier crawl into it stopped. It is complete with the last page.

    A record that this crawl has landed already, with the same content, is not landed again. One that has changed
    meanwhile is: marts take the latest. `limit` ends the run after the page that brings the records landed to that
    number. `since` is a complete snapshot that was crawled as well: what it holds is carried over as it stands,
    and only models created since then are asked for.

    Raises PhylohubError if the Hub refuses, the snapshot was begun with other settings, or the list is empty, and
    duckdb.Error if the warehouse cannot be written; every page before that is kept.
    """
    first_url = f"{web.endpoint}/api/models?" + urlencode(
        [("limit", PAGE_ROWS), ("sort", "createdAt"), ("direction", 1), *[("expand", name) for name in expand]]
    )
    url, n_before, complete = _begin(connection, snapshot, first_url, since)
    if not complete and (limit is None or n_before < limit):
        pages = _pages(web, first_url, url, None if limit is None else limit - n_before)
        for arrived in _ahead(pages):
            progress(_land_pages(connection, web, snapshot, arrived))
    n_landed, n_rejected, complete = one_row(
        connection,
        "select n_landed, n_rejected, completed_at is not null from raw.loads where snapshot = ? and source = ?",
        [snapshot, SOURCE],
    )
    return CrawlResult(n_landed, n_rejected, n_landed - n_before, complete)


def unfinished_crawl(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The snapshot of the crawl that was begun last and is not complete."""
    row = connection.execute(
        "select snapshot from raw.loads where source = ? and completed_at is null order by started_at desc limit 1",
        [SOURCE],
    ).fetchone()
    return row[0] if row else None


def _items_by_first_key(body: bytes) -> list[bytes] | None:
    """The items of an array of objects that all begin with the same key, byte for byte, or None if in doubt.

    Many times faster than array_items, and no proof by itself: braces in strings count as braces here. But items
    that are JSON, each of them, cannot be others than those of the array they make up; and that gets looked at.
    """
    first = re.match(rb'\[(\{"[^"\\]*":)', body)
    if first is None or not body.endswith(b"}]"):
        return None
    items = []
    begun: list[bytes] = []
    depth = 0
    # An object inside of an item may begin with that key, too: then the item goes on.
    for piece in body[1:-1].split(b"," + first[1]):
        begun.append(piece)
        depth += piece.count(b"{") - piece.count(b"}")
        if depth == 0:
            items.append((b"," + first[1]).join(begun))
            begun = []
        depth += 1
    return None if begun else [items[0], *[first[1] + item for item in items[1:]]]


def array_items(body: bytes) -> list[bytes]:
    """The items of a JSON array, byte for byte. What is inside of them is not looked at, however deep it is.

    Raises ValueError if this is not a whole array.
    """
    body = body.strip(b" \t\r\n")
    if not (body.startswith(b"[") and body.endswith(b"]")):
        raise ValueError("not a JSON array")
    # With escapes out of the way every quote begins or ends a string.
    plain = body.replace(rb"\\", b"..").replace(rb"\"", b"..") if b"\\" in body else body
    kinds = np.frombuffer(plain.translate(_KINDS), np.int8)
    places = np.flatnonzero(kinds)
    kinds = kinds[places]
    quotes = kinds == _QUOTE
    in_string = np.cumsum(quotes, dtype=np.int64) & 1
    if in_string[-1]:
        raise ValueError("a string does not end")
    structural = (in_string == 0) & ~quotes
    places, kinds = places[structural], kinds[structural]
    depth = np.cumsum(np.where(kinds == _COMMA, 0, kinds), dtype=np.int64)
    if depth[-1] != 0 or (depth[:-1] < 1).any():
        raise ValueError("brackets do not match")
    commas = places[(kinds == _COMMA) & (depth == 1)].tolist()
    edges = [0, *commas, len(body) - 1]
    items = [body[start + 1 : end].strip(b" \t\r\n") for start, end in pairwise(edges)]
    return [] if items == [b""] else items


_QUOTE, _COMMA = 3, 2
_KINDS = bytes(
    {"[": 1, "{": 1, "]": 255, "}": 255, ",": _COMMA, '"': _QUOTE}.get(chr(byte), 0) for byte in range(256)
)  # 255 is -1 in the signed type they are read as


def _pages(web: Web, first_url: str, url: str, limit: int | None) -> Iterator[Page]:
    """The pages from url on, until the last one, or the one that brings the records to the limit."""
    n_pages = n_pages_before = n_records = 0
    asked = {url}
    last_body = b""
    records: list[bytes] = []

    def check(answer: Answer) -> None:
        nonlocal records
        if answer.status != 200:
            return
        if origin(answer.url) != origin(web.endpoint):
            raise PhylohubError(f"{web.endpoint} sent the crawl on to {answer.url[:200]}. Set HF_ENDPOINT to that.")
        # Caches between here and the Hub have been known to give out a page twice.
        if _next_url(web, answer) in asked or (answer.body == last_body and len(last_body) > 2):
            raise TryAgainError("sent the same page again")
        try:
            records = _items_by_first_key(answer.body) or array_items(answer.body)
        except ValueError as error:
            raise TryAgainError(f"sent no page of models: {error}") from error

    while True:
        try:
            answer = web.get(url, max_bytes=MAX_PAGE_BYTES, check=check)
        except (GaveUpError, TooLargeError) as error:
            raise PhylohubError(f"{web.endpoint} gave no page of models: {error}.") from error
        if answer.status != 200:
            # A cursor can expire. All pages are read again, then; what has landed does not land twice.
            if answer.status in (400, 404, 410, 422) and url != first_url and (n_pages > n_pages_before or not n_pages):
                url, asked, last_body = first_url, {first_url}, b""
                n_pages, n_pages_before = 0, max(n_pages, 1)
                continue
            raise PhylohubError(_refusal(web, answer))
        page = Page(url, _next_url(web, answer), answer.body, records)
        n_pages += 1
        n_records += len(page.records)
        yield page
        if page.next_url is None or (limit is not None and n_records >= limit):
            return
        url, last_body = page.next_url, answer.body
        asked.add(url)


def _next_url(web: Web, answer: Answer) -> str | None:
    """Where the next page is. Raises PhylohubError if that is another host: the token must not go there."""
    link = answer.links.get("next", {}).get("url")
    if link is None:
        return None
    url = fix_hf_endpoint_in_url(urljoin(answer.url, link), web.endpoint)
    if origin(url) != origin(web.endpoint):
        raise PhylohubError(f"{web.endpoint} says that the next page is on another host, {url[:200]}. Not going there.")
    return url


def _refusal(web: Web, answer: Answer) -> str:
    if answer.status in (401, 403):
        return f"{web.endpoint} refuses: {answer.reason}. Is HF_TOKEN a valid token?"
    return f"{web.endpoint} does not list models as asked: {answer.reason}."


def _ahead(pages: Iterator[Page]) -> Iterator[list[Page]]:
    """The same pages, fetched while those before are landed; as many at a time as have come in."""
    queue: Queue[Page | BaseException | None] = Queue(maxsize=PAGES_AHEAD)

    def fetch() -> None:
        try:
            for page in pages:
                queue.put(page)
            queue.put(None)
        except BaseException as error:
            queue.put(error)

    # A daemon: whoever stops early must not wait for a thread that waits for the Hub.
    Thread(target=fetch, daemon=True).start()
    item: Page | BaseException | None
    while isinstance(item := queue.get(), Page):
        arrived = [item]
        while not queue.empty() and isinstance(queue.queue[0], Page):
            arrived.append(queue.get())  # type: ignore[arg-type]  # it has just been looked at
        yield arrived
    if item is not None:
        raise item


def _begin(
    connection: duckdb.DuckDBPyConnection, snapshot: str, first_url: str, since: str | None
) -> tuple[str, int, bool]:
    """Note the crawl, unless it is noted already. Return the address to go on from, how many records are landed,
    and if it is complete."""
    settings = hashlib.sha256(first_url.encode()).hexdigest()
    with transaction(connection):
        connection.execute(
            "insert or ignore into raw.snapshots (snapshot, started_at) values (?, ?)", [snapshot, utc_now()]
        )
        known = connection.execute(
            "select source_hash, cursor, n_landed, completed_at is not null from raw.loads "
            "where snapshot = ? and source = ?",
            [snapshot, SOURCE],
        ).fetchone()
        if known is not None:
            if known[0] != settings:
                raise PhylohubError(
                    f"Snapshot {snapshot} was begun with another HF_ENDPOINT or other fields. Give this crawl "
                    f"another name with --snapshot, or remove that one with `phylohub ingest drop {snapshot}`."
                )
            return known[1], known[2], known[3]
        connection.execute("update raw.snapshots set completed_at = null where snapshot = ?", [snapshot])
        if since is not None:
            return _carry_over(connection, since, snapshot, settings)
        connection.execute(
            "insert into raw.loads (snapshot, source, source_hash, last_position, n_landed, n_rejected, "
            "started_at, cursor) values (?, ?, ?, 0, 0, 0, ?, ?)",
            [snapshot, SOURCE, settings, utc_now(), first_url],
        )
    return first_url, 0, False


def _carry_over(
    connection: duckdb.DuckDBPyConnection, since: str, snapshot: str, settings: str
) -> tuple[str, int, bool]:
    """Begin as if this crawl had come to where that of `since` ended: on its last page, fuller by now."""
    old = connection.execute(
        "select source_hash, cursor, n_landed from raw.loads "
        "where snapshot = ? and source = ? and completed_at is not null",
        [since, SOURCE],
    ).fetchone()
    if old is None:
        raise PhylohubError(f"Snapshot {since} is not a complete crawl. `phylohub ingest status` lists them.")
    if old[0] != settings:
        raise PhylohubError(f"Snapshot {since} was crawled with another HF_ENDPOINT or other fields. Use the same.")
    for table, columns in (
        ("hub_listings", "source, position, landed_at, record_id"),
        ("hub_rejects", "source, position, landed_at, content_hash, reason, record"),
        ("loads", "source, source_hash, last_position, n_landed, n_rejected, started_at, cursor"),
    ):
        connection.execute(
            f"insert into raw.{table} (snapshot, {columns}) select ?, {columns} from raw.{table} "
            "where snapshot = ? and source = ?",
            [snapshot, since, SOURCE],
        )
    return old[1], old[2], False


def _land_pages(connection: duckdb.DuckDBPyConnection, web: Web, snapshot: str, pages: list[Page]) -> int:
    """Land what is new on the pages, and where the next one is, in one transaction; return the records landed so
    far. With the last page the crawl is complete."""
    load = [snapshot, SOURCE]
    next_url, last_url = pages[-1].next_url, pages[-1].url
    rows = _judged(connection, [record for page in pages for record in page.records])
    if rows["reason"].null_count < rows.num_rows:  # no good, or the page was not taken apart rightly
        rows = _judged(connection, [record for page in pages for record in array_items(page.body)])
    with transaction(connection):
        rows = _without_landed(connection, load, rows)
        position: int
        n_landed: int
        position, n_landed = one_row(
            connection, "select last_position, n_landed from raw.loads where snapshot = ? and source = ?", load
        )
        numbers = pa.array(range(position + 1, position + rows.num_rows + 1), pa.int64())
        rows = rows.set_column(0, "position", numbers)
        rejects = rows.filter(pc.is_valid(rows["reason"]))
        if rejects.num_rows:
            rows = rows.filter(pc.is_null(rows["reason"]))
        rows = rows.drop_columns("reason")
        rows = rows.set_column(rows.num_columns - 1, "record", rows["record"].cast(pa.large_string()))
        n_landed += rows.num_rows
        insert_records(connection, rows, [*load, utc_now()])
        insert_rows(connection, "hub_rejects", rejects, [*load, utc_now()])
        connection.execute(
            "update raw.loads set last_position = ?, n_landed = ?, n_rejected = n_rejected + ?, cursor = ? "
            "where snapshot = ? and source = ?",
            [position + len(numbers), n_landed, rejects.num_rows, next_url or last_url, *load],
        )
        note_limit(connection, web)
        if next_url is None and n_landed:
            _complete(connection, load)
    # An empty snapshot must never replace a good one.
    if next_url is None and not n_landed:
        raise PhylohubError(f"{web.endpoint} lists no models, so snapshot {snapshot} was not completed.")
    return n_landed


def _judged(connection: duckdb.DuckDBPyConnection, records: list[bytes]) -> pa.Table:
    """The records with their content hash, and why they cannot be landed, or null."""
    rows = record_rows(list(range(len(records))), records)
    return rows.append_column("reason", reject_reasons(connection, rows["record"]))


def _without_landed(connection: duckdb.DuckDBPyConnection, load: list[str], rows: pa.Table) -> pa.Table:
    """The rows whose content this crawl has not landed or rejected yet, each once."""
    connection.register("batch", rows)
    new = connection.execute(
        """
        select min(position)
        from batch
        anti join (
            select content_hash
            from raw.hub_listings inner join raw.hub_records using (record_id)
            where snapshot = $1 and source = $2
            union all
            select content_hash from raw.hub_rejects where snapshot = $1 and source = $2
        ) as landed using (content_hash)
        group by content_hash
        order by 1
        """,
        load,
    ).fetchall()
    connection.unregister("batch")
    return rows if len(new) == rows.num_rows else rows.take(pa.array([number for (number,) in new], pa.int64()))


def _complete(connection: duckdb.DuckDBPyConnection, load: list[str]) -> None:
    """The crawl is complete; so is its snapshot, unless there is something else that was never finished."""
    snapshot, _ = load
    connection.execute("update raw.loads set completed_at = ? where snapshot = ? and source = ?", [utc_now(), *load])
    connection.execute(
        "update raw.snapshots set completed_at = ? where snapshot = ? and not exists "
        "(select 1 from raw.loads where snapshot = ? and completed_at is null)",
        [utc_now(), snapshot, snapshot],
    )


def note_limit(connection: duckdb.DuckDBPyConnection, web: Web) -> None:
    """Keep the rate limit that the server has told of, to say later how long things will take."""
    if web.limit is not None:
        connection.execute(
            "insert or replace into raw.rate_limits values (?, ?, ?, ?)",
            [web.limit.kind, web.limit.requests, web.limit.seconds, utc_now()],
        )
