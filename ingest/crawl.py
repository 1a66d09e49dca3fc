"""Crawl the Hub's list of models.

A page and the URL of the next page land in one transaction, so a killed crawl resumes where it stopped. The list is
read oldest first: the order of creation does not shift during the crawl, and new models appear at the end.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from queue import Queue
from threading import Thread
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phylohub.core.build_file import one_row, transaction, utc_now
from phylohub.core.errors import PhylohubError
from phylohub.ingest.hub import (
    Answer,
    ForeignAnswerError,
    GaveUpError,
    RetryableError,
    TooLargeError,
    Web,
    address_problem,
    endpoint_in_url,
    origin,
    shown_url,
    split_login,
)
from phylohub.ingest.landing import Accepted, accept, insert_records, insert_rows, mark_incomplete

SOURCE = "api/models"
PAGE_ROWS = 1000
MAX_PAGE_BYTES = 256 * 1024 * 1024
PAGES_AHEAD = 4  # pages fetched while earlier ones land
MAX_END_CHECKS = 5  # times that the last page is compared with the newest model
# The fields to request: those that the warehouse reads, and those that show whether a card has changed.
EXPAND = (
    *("author", "baseModels", "cardData", "config", "createdAt", "disabled", "downloads", "downloadsAllTime", "gated"),
    *("gguf", "lastModified", "library_name", "likes", "pipeline_tag", "private", "safetensors", "sha"),
    *("siblings", "tags", "trendingScore"),
)

Progress = Callable[[int], None]


@dataclass(frozen=True)
class CrawlResult:
    """The records that a crawl has landed in this run (`n_new`) and in total, and whether the last page has landed."""

    n_landed: int
    n_rejected: int
    n_new: int
    complete: bool


@dataclass(frozen=True)
class Page:
    """A page with its records byte for byte, and when and how it was answered. `next_url` is None on the last page."""

    url: str
    next_url: str | None
    body: bytes
    records: list[bytes]
    status: int
    etag: str | None
    fetched_at: datetime


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
    """Crawl into the snapshot, or resume a crawl into it. The last page completes the snapshot.

    Identical records land once per crawl. A record that changes during the crawl lands again, and marts read the latest
    one. `limit` ends the run after the page that brings the number of landed records to the limit. `since` names a
    complete crawl: its listings are copied unchanged, and only models created since then are fetched. `progress`
    receives the number of records landed.

    Raises PhylohubError if the Hub refuses the request, the crawl was started with other settings, or the list is
    empty, and duckdb.Error if the warehouse cannot be written. All earlier pages are kept.
    """
    first_url = f"{web.endpoint}/api/models?" + urlencode(
        [("limit", PAGE_ROWS), ("sort", "createdAt"), ("direction", 1), *[("expand", name) for name in expand]]
    )
    url, n_before, complete = _start_crawl(connection, snapshot, first_url, since)
    if not complete and (limit is None or n_before < limit):
        pages = _Pages(web, first_url, url).read(None if limit is None else limit - n_before)
        for arrived in _prefetch(pages):
            progress(_land_pages(connection, web, snapshot, arrived))
    n_landed, n_rejected, complete = one_row(
        connection,
        "select n_landed, n_rejected, completed_at is not null from raw.loads where snapshot = ? and source = ?",
        [snapshot, SOURCE],
    )
    return CrawlResult(n_landed, n_rejected, n_landed - n_before, complete)


def unfinished_crawl(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The snapshot of the incomplete crawl that was started last."""
    row = connection.execute(
        "select snapshot from raw.loads where source = ? and completed_at is null order by started_at desc limit 1",
        [SOURCE],
    ).fetchone()
    return row[0] if row else None


def _items_by_first_key(body: bytes) -> list[bytes] | None:
    """Split an array of objects that all begin with the same key into its items, byte for byte; None if in doubt.

    This is much faster than array_items but can split wrongly, since it counts braces in strings as well. If every item
    is valid JSON, the split is right; the caller must check that.
    """
    first = re.match(rb'\[(\{"[^"\\]*":)', body)
    if first is None or not body.endswith(b"}]"):
        return None
    items = []
    pending: list[bytes] = []
    depth = 0
    # A nested object may begin with the same key: then the item continues.
    for piece in body[1:-1].split(b"," + first[1]):
        pending.append(piece)
        depth += piece.count(b"{") - piece.count(b"}")
        if depth == 0:
            items.append((b"," + first[1]).join(pending))
            pending = []
        depth += 1
    return None if pending else [items[0], *[first[1] + item for item in items[1:]]]


def array_items(body: bytes) -> list[bytes]:
    """Split a JSON array into its items, byte for byte, without parsing the items.

    Raises ValueError if the array is not complete.
    """
    body = body.strip(b" \t\r\n")
    if not (body.startswith(b"[") and body.endswith(b"]")):
        raise ValueError("not a JSON array")
    # Without escapes, every quote begins or ends a string.
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
)  # 255 is -1 as int8


class _Pages:
    """Fetches the pages of a list, each with the address of the next one."""

    def __init__(self, web: Web, first_url: str, url: str) -> None:
        self._web = web
        self._first_url = first_url
        self._url = url
        self._asked = {url}
        self._last_body = b""
        self._last_records: list[bytes] = []

    def read(self, limit: int | None) -> Iterator[Page]:
        """Fetch pages up to the last one, or up to the one that reaches the limit of records."""
        n_pages = n_pages_before = n_records = 0
        while True:
            page = self._fetch(self._url)
            if page is None:
                # A cursor can expire. Then read all pages again; landed records are skipped.
                if self._url != self._first_url and (n_pages > n_pages_before or not n_pages):
                    self._url, self._asked, self._last_body = self._first_url, {self._first_url}, b""
                    n_pages, n_pages_before = 0, max(n_pages, 1)
                    continue
                raise PhylohubError(self._refusal)
            if page.next_url is None:
                page = self._confirm_end(page)
            n_pages += 1
            n_records += len(page.records)
            yield page
            if page.next_url is None or (limit is not None and n_records >= limit):
                return
            self._url, self._last_body = page.next_url, page.body
            self._last_records = page.records
            self._asked.add(page.next_url)

    def _fetch(self, url: str, *, again: bool = False) -> Page | None:
        """Fetch a page, or None if the Hub no longer knows its cursor. `again` permits the last page again."""
        web = self._web
        records: list[bytes] = []

        def check(answer: Answer) -> None:
            nonlocal records
            if origin(answer.url) != origin(web.endpoint):
                raise PhylohubError(
                    f"{web.endpoint} redirects the crawl to {shown_url(answer.url)}. Set HF_ENDPOINT to that host."
                )
            if answer.status != 200:
                if answer.message is None:
                    raise ForeignAnswerError(f"answered {answer.status} without the Hub's message")
                return
            if answer.is_html:
                raise ForeignAnswerError("sent a web page instead of models; is there a proxy or a sign-in page?")
            # A cache between this machine and the Hub may serve a page twice.
            is_known = _next_url(web, answer) in self._asked or answer.body == self._last_body
            if is_known and len(answer.body) > 2 and not again:
                raise RetryableError("sent the same page again")
            try:
                records = _items_by_first_key(answer.body) or array_items(answer.body)
            except ValueError as error:
                raise RetryableError(f"sent an invalid page of models: {error}") from error

        headers = {"Cache-Control": "no-cache"} if again else {}
        try:
            answer = web.get(url, headers=headers, max_bytes=MAX_PAGE_BYTES, check=check)
        except (GaveUpError, TooLargeError) as error:
            raise PhylohubError(
                f"{web.endpoint} sent no page of models: {error}. Pages that have landed are kept; "
                "run `phylohub ingest models` again."
            ) from error
        if answer.status != 200:
            self._refusal = _refusal_message(web, answer)
            if answer.status in (400, 404, 410, 422):
                return None
            raise PhylohubError(self._refusal)
        etag = answer.headers.get("ETag")
        return Page(url, _next_url(web, answer), answer.body, records, answer.status, etag, utc_now())

    def _confirm_end(self, page: Page) -> Page:
        """The page, or a newer version of it, once nothing shows that the list goes on after it.

        A proxy that drops the Link header makes any page look like the last one. So the newest model of the list must
        be on the page; if it is not, the page is fetched again, since models are created during the crawl.
        """
        for number in range(MAX_END_CHECKS):
            is_end = self._has_newest(page)
            if is_end:
                return page
            if number:
                self._web.wait(2.0**number, "lists newer models than its last page")
            again = self._fetch(page.url, again=True)
            if again is None:
                raise PhylohubError(self._refusal)
            if again.next_url is not None:
                return again
            if is_end is None and again.body == page.body:
                self._require_links(again)
                return again
            page = again
        raise PhylohubError(self._dropped_links)

    def _require_links(self, page: Page) -> None:
        """Raise PhylohubError unless the server is known to send links to next pages: then one without is the last.

        The same page with a limit of one record has a next page, and so must have a link.
        """
        if len(page.records) <= 1:
            return
        parts = urlsplit(page.url)
        query = [(name, value) for name, value in parse_qsl(parts.query, True) if name != "limit"]
        with suppress(GaveUpError, TooLargeError):
            url = urlunsplit(parts._replace(query=urlencode([("limit", 1), *query])))
            answer = self._web.get(url, headers={"Cache-Control": "no-cache"}, max_bytes=MAX_PAGE_BYTES, max_tries=5)
            if answer.status == 200 and answer.next_link is not None:
                return
            with suppress(ValueError):
                if answer.status == 200 and len(array_items(answer.body)) < len(page.records):
                    raise PhylohubError(self._dropped_links)
        if len(self._asked) == 1:  # no link in this run
            raise PhylohubError(
                f"{self._web.endpoint} sent one page of models without a link to a next page, and nothing shows that "
                "it is the last one. The page has not landed; set HF_ENDPOINT to a host that pages as the Hub does, or "
                "save the list to a file and run `phylohub ingest dump FILE`."
            )

    @property
    def _dropped_links(self) -> str:
        return (
            f"{self._web.endpoint} sent a page of models without a link to the next page, but lists more models. A "
            "proxy may drop the Link header. Pages that have landed are kept; run `phylohub ingest models` again, or "
            "set HF_ENDPOINT to a host that sends the header."
        )

    def _has_newest(self, page: Page) -> bool | None:
        """Whether the newest model of the list is on the page; None if the answer does not tell."""
        query = urlencode([("limit", 1), ("sort", "createdAt"), ("direction", -1), ("expand", "createdAt")])
        try:
            answer = self._web.get(f"{self._web.endpoint}/api/models?{query}", max_bytes=MAX_PAGE_BYTES, max_tries=5)
        except (GaveUpError, TooLargeError):
            return None
        newest = _id_and_time(answer.body, first=True) if answer.status == 200 else None
        if newest is None:
            return None
        read = [_id_and_time(record) for record in page.records or self._last_records]
        known = dict(pair for pair in read if pair is not None)
        if newest[0] in known:
            # A server that ignores the order answers with the oldest model, which is on the first page.
            last = read[-1]
            is_last = last is not None and last[0] == newest[0]
            return True if is_last or min(known.values()) < newest[1] == max(known.values()) else None
        # An older model than the last one: the newest was deleted, or the server ignores the order.
        return None if not known or newest[1] <= max(known.values()) else False


def _id_and_time(body: bytes, *, first: bool = False) -> tuple[str, str] | None:
    """The id and createdAt of a record, or of the first record of a list; None if the text has no such fields."""
    with suppress(ValueError, RecursionError, LookupError, TypeError):
        record = json.loads(body)
        record = record[0] if first else record
        return str(record["id"]), str(record.get("createdAt") or "")
    return None


def _next_url(web: Web, answer: Answer) -> str | None:
    """The URL of the next page. Raises PhylohubError if it is on another host, which must not get the token."""
    if answer.next_link is None:
        return None
    try:
        url, _login = split_login(endpoint_in_url(urljoin(answer.url, answer.next_link), web.endpoint))
        problem = address_problem(url)
    except ValueError as error:
        problem = f"the address is not valid ({error})"
    if problem is not None:
        raise PhylohubError(
            f"{web.endpoint} links to a next page that cannot be requested, {shown_url(answer.next_link)}: {problem}. "
            "Pages that have landed are kept; check HF_ENDPOINT, then run `phylohub ingest models` again."
        )
    if origin(url) != origin(web.endpoint):
        raise PhylohubError(
            f"{web.endpoint} links to a next page on another host, {shown_url(url)}. The crawl does not follow it; "
            "check HF_ENDPOINT."
        )
    return url


def _refusal_message(web: Web, answer: Answer) -> str:
    if answer.status in (401, 403):
        return f"{web.endpoint} refused the request: {answer.reason}. Is HF_TOKEN a valid token?"
    return f"{web.endpoint} refused to list models: {answer.reason}. Check --expand and HF_ENDPOINT."


def _prefetch(pages: Iterator[Page]) -> Iterator[list[Page]]:
    """Fetch pages in a background thread, and yield all that have arrived at a time."""
    queue: Queue[Page | BaseException | None] = Queue(maxsize=PAGES_AHEAD)

    def fetch() -> None:
        try:
            for page in pages:
                queue.put(page)
            queue.put(None)
        except BaseException as error:
            queue.put(error)

    # A daemon thread, so that stopping does not wait for a pending request.
    Thread(target=fetch, daemon=True).start()
    item: Page | BaseException | None
    while isinstance(item := queue.get(), Page):
        arrived = [item]
        while not queue.empty() and isinstance(queue.queue[0], Page):
            arrived.append(queue.get())  # type: ignore[arg-type]  # checked above
        yield arrived
    if item is not None:
        raise item


def _start_crawl(
    connection: duckdb.DuckDBPyConnection, snapshot: str, first_url: str, since: str | None
) -> tuple[str, int, bool]:
    """Register the crawl if it is new. Return the URL to continue from, the number of records landed, and whether the
    crawl is complete."""
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
            if known[0] != settings and _has_landed(connection, snapshot):
                raise PhylohubError(
                    f"The crawl of snapshot {snapshot} was started with another HF_ENDPOINT or other fields. Choose "
                    f"another name with --snapshot, or remove the snapshot with `phylohub ingest drop {snapshot}`."
                )
            if known[0] == settings:
                return known[1], known[2], known[3]
            # Interrupted before its first page: nothing depends on the earlier settings.
            connection.execute("delete from raw.loads where snapshot = ? and source = ?", [snapshot, SOURCE])
        mark_incomplete(connection, snapshot)
        if since is not None:
            return _copy_crawl(connection, since, snapshot, settings)
        connection.execute(
            "insert into raw.loads (snapshot, source, source_hash, last_position, n_landed, n_rejected, "
            "started_at, cursor) values (?, ?, ?, 0, 0, 0, ?, ?)",
            [snapshot, SOURCE, settings, utc_now(), first_url],
        )
    return first_url, 0, False


def _has_landed(connection: duckdb.DuckDBPyConnection, snapshot: str) -> bool:
    """Whether a page of the crawl has landed."""
    (last_position,) = one_row(
        connection, "select last_position from raw.loads where snapshot = ? and source = ?", [snapshot, SOURCE]
    )
    return bool(last_position)


def _copy_crawl(
    connection: duckdb.DuckDBPyConnection, since: str, snapshot: str, settings: str
) -> tuple[str, int, bool]:
    """Copy the state of the complete crawl `since`, so that this crawl resumes on its last page."""
    old = connection.execute(
        "select source_hash, cursor, n_landed from raw.loads "
        "where snapshot = ? and source = ? and completed_at is not null",
        [since, SOURCE],
    ).fetchone()
    if old is None:
        raise PhylohubError(f"Snapshot {since} is not a complete crawl. `phylohub ingest status` lists them.")
    if old[0] != settings:
        raise PhylohubError(
            f"Snapshot {since} was crawled with another HF_ENDPOINT or other fields. Use the same settings, "
            "or crawl without --since-snapshot."
        )
    for table, columns in (
        ("hub_listings", "source, position, landed_at, record_id"),
        ("hub_rejects", "source, position, landed_at, content_hash, reason, record"),
        ("hub_originals", "source, position, landed_at, content_hash, record"),
        ("hub_pages", "source, page, url, status, etag, n_bytes, n_records, client, fetched_at"),
        ("loads", "source, source_hash, last_position, n_landed, n_rejected, started_at, cursor"),
    ):
        connection.execute(
            f"insert into raw.{table} (snapshot, {columns}) select ?, {columns} from raw.{table} "
            "where snapshot = ? and source = ?",
            [snapshot, since, SOURCE],
        )
    return old[1], old[2], False


def _land_pages(connection: duckdb.DuckDBPyConnection, web: Web, snapshot: str, pages: list[Page]) -> int:
    """Land the new records of the pages and the URL of the next page in one transaction. The last page completes the
    crawl. Return the number of records landed so far."""
    load = [snapshot, SOURCE]
    next_url, last_url = pages[-1].next_url, pages[-1].url
    accepted = _accept(connection, [record for page in pages for record in page.records])
    if accepted.rejects.num_rows:  # invalid records, or a wrong split
        accepted = _accept(connection, [record for page in pages for record in array_items(page.body)])
    with transaction(connection):
        position: int
        n_landed: int
        position, n_landed = one_row(
            connection, "select last_position, n_landed from raw.loads where snapshot = ? and source = ?", load
        )
        new = _without_landed(connection, load, accepted)
        n_landed += new.rows.num_rows
        landed = [*new.rows["position"].to_pylist(), *new.rejects["position"].to_pylist()]
        places = sorted(place for place in landed if place is not None)  # none is; the type of the column allows it
        numbers = {place: number for number, place in enumerate(places, start=position + 1)}
        constants = [*load, utc_now()]
        insert_records(connection, _numbered(new.rows, numbers), constants)
        insert_rows(connection, "hub_rejects", _numbered(new.rejects, numbers), constants)
        insert_rows(connection, "hub_originals", _numbered(new.originals, numbers), constants)
        _insert_pages(connection, web, load, pages)
        connection.execute(
            "update raw.loads set last_position = ?, n_landed = ?, n_rejected = n_rejected + ?, cursor = ? "
            "where snapshot = ? and source = ?",
            [position + len(numbers), n_landed, new.rejects.num_rows, next_url or last_url, *load],
        )
        save_rate_limit(connection, web)
        if next_url is None and n_landed:
            _complete_crawl(connection, load)
    # An empty snapshot must never replace a good one.
    if next_url is None and not n_landed:
        raise PhylohubError(
            f"{web.endpoint} lists no models, so snapshot {snapshot} was not completed. Check HF_ENDPOINT, then run "
            "`phylohub ingest models` again."
        )
    return n_landed


def _insert_pages(connection: duckdb.DuckDBPyConnection, web: Web, load: list[str], pages: list[Page]) -> None:
    """Note what was asked, of whom, when and with which client, in the current transaction."""
    connection.executemany(
        "insert into raw.hub_pages select $1, $2, coalesce(max(page), 0) + 1, $3, $4, $5, $6, $7, $8, $9 "
        "from raw.hub_pages where snapshot = $1 and source = $2",
        [
            [
                *load,
                web.mask(shown_url(page.url, 10_000)),
                page.status,
                None if page.etag is None else web.mask(page.etag[:1000]),
                len(page.body),
                len(page.records),
                web.client,
                page.fetched_at,
            ]
            for page in pages
        ],
    )


def _accept(connection: duckdb.DuckDBPyConnection, records: list[bytes]) -> Accepted:
    """The records as they land, with their place in the list as position."""
    return accept(connection, list(range(len(records))), records)


def _without_landed(connection: duckdb.DuckDBPyConnection, load: list[str], accepted: Accepted) -> Accepted:
    """The distinct rows that this crawl has neither landed nor rejected."""
    keys = ["position", "content_hash"]
    connection.register("batch", pa.concat_tables([accepted.rows.select(keys), accepted.rejects.select(keys)]))
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
        """,
        load,
    ).fetchall()
    connection.unregister("batch")
    places = pa.array([place for (place,) in new], pa.int64())

    def only_new(rows: pa.Table) -> pa.Table:
        return rows.filter(pc.is_in(rows["position"], places))

    return Accepted(only_new(accepted.rows), only_new(accepted.rejects), only_new(accepted.originals), [])


def _numbered(rows: pa.Table, numbers: dict[int, int]) -> pa.Table:
    """The rows with the positions to which the numbers map theirs."""
    positions = pa.array([numbers[place] for place in rows["position"].to_pylist() if place is not None], pa.int64())
    return rows.set_column(0, "position", positions)


def _complete_crawl(connection: duckdb.DuckDBPyConnection, load: list[str]) -> None:
    """Mark the crawl as complete, and its snapshot too unless another load into it is unfinished."""
    snapshot, _ = load
    connection.execute("update raw.loads set completed_at = ? where snapshot = ? and source = ?", [utc_now(), *load])
    connection.execute(
        "update raw.snapshots set completed_at = ?, completed_before = null where snapshot = ? and not exists "
        "(select 1 from raw.loads where snapshot = ? and completed_at is null)",
        [utc_now(), snapshot, snapshot],
    )


def save_rate_limit(connection: duckdb.DuckDBPyConnection, web: Web) -> None:
    """Store the rate limit that the server reports, for estimates of the remaining time."""
    if web.limit is not None:
        connection.execute(
            "insert or replace into raw.rate_limits values (?, ?, ?, ?)",
            [web.limit.kind, web.limit.requests, web.limit.seconds, utc_now()],
        )
