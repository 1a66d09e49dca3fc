"""Papers that models link to: titles, abstracts and categories from arXiv, or categories from a CSV file."""

import csv
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

import duckdb
import pyarrow as pa

from phylohub.core.build_file import transaction, utc_now
from phylohub.core.errors import PhylohubError
from phylohub.ingest.cards import newest_snapshot
from phylohub.ingest.hub import Answer, ForeignAnswerError, GaveUpError, RetryableError, TooLargeError, Web

ENDPOINT = "https://export.arxiv.org"
SOURCE = "arxiv/api"
OUTCOMES = ("ok", "withdrawn", "malformed", "not found")
GAP_SECONDS = 3.0  # required by arXiv: https://info.arxiv.org/help/api/tou.html
BATCH_IDS = 100
MAX_FEED_BYTES = 64 * 1024 * 1024
# The id formats since and before April 2007, with or without a version.
ARXIV_ID = re.compile(r"([0-9]{4}\.[0-9]{4,5}|[a-z-]+(\.[A-Z]{2})?/[0-9]{7})(v[0-9]+)?")

# The forms in which tags name a paper, as macros/engine/tags.sql reads them: an id, or the address of its page.
_NAMED = re.compile(
    r"(?i:arxiv:|(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/)?"
    r"([0-9]{4}\.[0-9]{4,5}|[a-z-]+(?:\.[A-Z]{2})?/[0-9]{7})(?:[vV][0-9]+)?(?i:\.pdf)?/?"
)

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"


@dataclass(frozen=True)
class Paper:
    """The result of a paper lookup. `record` is the Atom entry or CSV row as received."""

    arxiv_id: str
    outcome: str
    title: str | None = None
    abstract: str | None = None
    categories: str | None = None
    record: str | None = None


@dataclass(frozen=True)
class PapersResult:
    """The number of papers of this run by outcome, and of papers left to fetch."""

    outcomes: dict[str, int]
    n_left: int


def fetch_papers(
    connection: duckdb.DuckDBPyConnection,
    web: Web,
    snapshot: str | None = None,
    *,
    limit: int | None = None,
    progress: Callable[[int, int], None] = lambda n_done, n_todo: None,
) -> PapersResult:
    """Fetch the papers that the models of a snapshot link to from arXiv; each paper is fetched once.

    The default snapshot is the one that the marts show. `limit` is the maximum number of papers for this run. Each
    batch lands in one transaction, so a killed run resumes where it stopped. `progress` receives the number done and
    the number to do. Raises PhylohubError if there is no complete snapshot, or arXiv does not answer for 24 hours.
    """
    linked = linked_papers(connection, snapshot or newest_snapshot(connection))
    todo = linked[:limit]
    n_done = 0
    outcomes: dict[str, int] = {}
    malformed = [Paper(arxiv_id, "malformed") for arxiv_id in todo if not ARXIV_ID.fullmatch(arxiv_id)]
    valid = iter([arxiv_id for arxiv_id in todo if ARXIV_ID.fullmatch(arxiv_id)])
    while papers := malformed or _fetch(web, list(islice(valid, BATCH_IDS))):
        _land(connection, papers, SOURCE)
        for paper in papers:
            outcomes[paper.outcome] = outcomes.get(paper.outcome, 0) + 1
        n_done += len(papers)
        progress(n_done, len(todo))
        malformed = []
    return PapersResult(outcomes, len(linked) - n_done)


def linked_papers(connection: duckdb.DuckDBPyConnection, snapshot: str) -> list[str]:
    """The papers in `arxiv:` tags of a snapshot that were never fetched from arXiv, sorted. Versions are one paper."""
    tagged = connection.execute(
        """
        select distinct tag[7:]
        from (
            select unnest(json_extract_string(record, '$.tags[*]')) as tag
            from raw.hub_listings inner join raw.hub_records using (record_id)
            where snapshot = ?
        ) as tags
        where starts_with(tag, 'arxiv:')
        """,
        [snapshot],
    ).fetchall()
    fetched = connection.execute("select distinct arxiv_id from raw.arxiv_papers where source = ?", [SOURCE]).fetchall()
    return sorted({paper_id(name) for (name,) in tagged} - {paper_id(arxiv_id) for (arxiv_id,) in fetched})


def paper_id(name: str) -> str:
    """The arXiv id without a version that a tag names; the name itself if it is no id."""
    match = _NAMED.fullmatch(name.strip())
    return match[1] if match else name


def load_table(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Land a CSV file with the columns arxiv_id and categories, optionally title and abstract; return the new rows.

    Raises PhylohubError if the file cannot be read or lacks these columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = _Lines(file)
            rows = csv.DictReader(lines, strict=True)
            if not {"arxiv_id", "categories"} <= set(rows.fieldnames or ()):
                raise PhylohubError(
                    f"{path} lacks the column arxiv_id or categories. Rename its columns and run the command again."
                )
            lines.taken()
            papers = [
                Paper(
                    arxiv_id=row["arxiv_id"] or "",
                    outcome="ok" if ARXIV_ID.fullmatch(row["arxiv_id"] or "") else "malformed",
                    title=row.get("title") or None,
                    abstract=row.get("abstract") or None,
                    categories=row["categories"] or None,
                    record=lines.taken(),
                )
                for row in rows
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PhylohubError(f"{path} cannot be read: {error}. Check the file and run the command again.") from error
    return _land(connection, papers, path.name)


class _Lines:
    """Iterates over lines and keeps those read since the last call to `taken`."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self._taken.append(line)
            yield line

    def taken(self) -> str:
        """The lines read since the last call."""
        text = "".join(self._taken).rstrip("\r\n")
        self._taken = []
        return text


def _fetch(web: Web, arxiv_ids: list[str]) -> list[Paper]:
    """Fetch papers. If arXiv rejects one id as malformed, it answers for none, so fetch the batch in halves."""
    if not arxiv_ids:
        return []
    query = urlencode({"id_list": ",".join(arxiv_ids), "max_results": len(arxiv_ids)}, safe=",/")
    try:
        answer = web.get(f"{web.endpoint}/api/query?{query}", max_bytes=MAX_FEED_BYTES, check=_is_feed)
    except (GaveUpError, TooLargeError) as error:
        raise PhylohubError(
            f"{web.endpoint} sent no papers: {error}. Papers that have landed are kept; "
            "run `phylohub ingest arxiv` again."
        ) from error
    entries = [] if answer.status == 400 else read_feed(answer.body)
    if answer.status == 400 or any(entry.outcome == "malformed" for entry in entries):
        if len(arxiv_ids) == 1:
            return [Paper(arxiv_ids[0], "malformed", record=answer.body.decode(errors="replace"))]
        half = len(arxiv_ids) // 2
        return _fetch(web, arxiv_ids[:half]) + _fetch(web, arxiv_ids[half:])
    if answer.status != 200:
        raise PhylohubError(
            f"{web.endpoint} refused the query for papers: {answer.reason}. Papers that have landed are kept; "
            "run `phylohub ingest arxiv` again."
        )
    # The answer names a version even if the request did not.
    found = {_unversioned(entry.arxiv_id): entry for entry in reversed(entries)}
    found |= {entry.arxiv_id: entry for entry in entries}
    papers = []
    for arxiv_id in arxiv_ids:
        entry = found.get(arxiv_id) or found.get(_unversioned(arxiv_id))
        papers.append(
            Paper(arxiv_id, "not found")
            if entry is None
            else Paper(arxiv_id, entry.outcome, entry.title, entry.abstract, entry.categories, entry.record)
        )
    return papers


def read_feed(body: bytes) -> list[Paper]:
    """Parse the papers of an Atom feed. Raises ValueError if it is not a complete feed."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise ValueError("a feed has no document type")
    try:
        feed = ET.fromstring(body)  # noqa: S314, entities need a document type, refused above
    except ET.ParseError as error:
        raise ValueError(str(error)) from error
    if feed.tag != f"{ATOM}feed":
        raise ValueError("not a feed")
    elements = feed.findall(f"{ATOM}entry")
    texts = [text.decode() for text in re.findall(rb"<entry(?:\s[^>]*)?>.*?</entry>", body, re.DOTALL)]
    if len(texts) != len(elements):
        texts = [ET.tostring(element, encoding="unicode") for element in elements]
    return [_paper(element, text) for element, text in zip(elements, texts, strict=True)]


def _paper(entry: ET.Element, record: str) -> Paper:
    def text(name: str) -> str:
        # arXiv wraps lines in the middle of sentences.
        return " ".join((entry.findtext(name) or "").split())

    where, title, abstract = text(f"{ATOM}id"), text(f"{ATOM}title"), text(f"{ATOM}summary")
    if "/api/errors" in where:
        return Paper(where, "malformed", record=record)
    categories = [category.get("term", "") for category in entry.findall(f"{ATOM}category")]
    withdrawn = re.search(r"\bwithdrawn\b", text(f"{ARXIV}comment"), re.IGNORECASE) or re.match(
        r"(this|the) (paper|article|manuscript|submission|work|preprint)\b.{0,40}\bwithdrawn\b",
        abstract,
        re.IGNORECASE,
    )
    return Paper(
        arxiv_id=where.partition("/abs/")[2],
        outcome="withdrawn" if withdrawn else "ok",
        title=title,
        abstract=abstract,
        categories=" ".join(categories),
        record=record,
    )


def _is_feed(answer: Answer) -> None:
    """Raise RetryableError if the answer is not a feed: arXiv reports rate limits as plain text with status 200.

    Raises ForeignAnswerError for a web page: a proxy's refusal must not be stored as the state of a paper.
    """
    if answer.status == 400 and b"incorrect id" not in answer.body and not _has_error_entry(answer.body):
        raise ForeignAnswerError("answered 400 without arXiv's message")
    if answer.status == 200 and answer.is_html:
        raise ForeignAnswerError("sent a web page instead of papers")
    if answer.status == 200:
        try:
            read_feed(answer.body)
        except ValueError as error:
            raise RetryableError(f"sent an invalid feed: {error}") from error


def _has_error_entry(body: bytes) -> bool:
    try:
        return any(entry.outcome == "malformed" for entry in read_feed(body))
    except ValueError:
        return False


def _unversioned(arxiv_id: str) -> str:
    return re.sub("v[0-9]+$", "", arxiv_id)


def _land(connection: duckdb.DuckDBPyConnection, papers: list[Paper], source: str) -> int:
    """Append papers unless the same source, outcome and record have landed; return the number of new rows."""
    fields = ("arxiv_id", "outcome", "title", "abstract", "categories", "record")
    rows = pa.table(
        {field: pa.array([getattr(paper, field) for paper in papers], pa.large_string()) for field in fields}
    )
    connection.register("batch", rows)
    with transaction(connection):
        new = connection.execute(
            """
            insert into raw.arxiv_papers by name
            select distinct on (arxiv_id, record) $1 as source, $2::timestamp as fetched_at, batch.*
            from batch
            where not exists (
                from raw.arxiv_papers as landed
                where
                    landed.arxiv_id = batch.arxiv_id
                    and landed.source = $1
                    and landed.outcome = batch.outcome
                    and landed.record is not distinct from batch.record
            )
            """,
            [source, utc_now()],
        ).fetchone()
    connection.unregister("batch")
    return int(new[0]) if new else 0
