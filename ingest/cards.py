"""Fetch model cards: one request per card, stored as served, with an outcome for every model."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar
from urllib.parse import quote

import duckdb

from phylohub.core.build_file import one_row, transaction, utc_now
from phylohub.core.errors import PhylohubError
from phylohub.ingest.card_rows import Card, blob_id, insert_cards
from phylohub.ingest.crawl import SOURCE as LIST_SOURCE
from phylohub.ingest.crawl import save_rate_limit
from phylohub.ingest.hub import (
    Answer,
    ForeignAnswerError,
    GaveUpError,
    RetryableError,
    TooLargeError,
    Web,
    is_refused_token,
)
from phylohub.ingest.readers import Source, read_batches

SOURCE = "resolve/main"
CARD = "README.md"
OUTCOMES = ("ok", "unchanged", "none", "gated", "gone", "disabled", "too large", "failed")
MAX_CARD_BYTES = 64 * 1024 * 1024
WORKERS = 8
MAX_TRIES = 5
# Cards in a row that something other than the Hub answered, after which a run stops.
MAX_UNANSWERED = 3
# Fetched cards land in batches of this size.
BATCH_CARDS, BATCH_BYTES = 200, 16 * 1024 * 1024
# Cards from files land in larger batches, since each batch is compared with all landed cards.
FILE_BATCH_CARDS, FILE_BATCH_BYTES = 20_000, 32 * 1024 * 1024

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Budget:
    """The maximum number of requests or seconds of a run; None for no limit."""

    requests: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class CardsResult:
    """The number of models checked in this run by outcome, and of models left to check."""

    outcomes: dict[str, int]
    n_left: int


@dataclass(frozen=True)
class Unanswered:
    """A card for which all answers came from something other than the Hub, so that there is no outcome to store."""

    model_id: str
    reason: str


@dataclass(frozen=True)
class CardRequest:
    """A card to fetch: the model, its commit as listed, and the ETag of the card that landed last."""

    model_id: str
    sha: str | None
    etag: str | None


def fetch_cards(
    connection: duckdb.DuckDBPyConnection,
    web: Web,
    snapshot: str | None = None,
    *,
    budget: Budget = Budget(),
    again: Collection[str] = ("failed",),
    workers: int = WORKERS,
    max_bytes: int = MAX_CARD_BYTES,
    progress: Callable[[int, int], None] = lambda n_done, n_todo: None,
) -> CardsResult:
    """Fetch the cards of a snapshot's models, within the budget.

    The default snapshot is the one that the marts show. A card is fetched if its model was never checked, if the model
    has changed since the last check (another sha in a newer listing), or if the last outcome is in `again`. If a
    record's list of files has no README.md, the outcome none is stored without a request. Cards land in batches, so a
    killed run resumes where it stopped. `progress` receives the number done and the number to do.

    Raises PhylohubError if the snapshot is not complete, the Hub refuses the token, or something other than the Hub
    answers: after several cards in a row, otherwise at the end of the run. Those cards get no outcome.
    """
    n_todo = plan(connection, snapshot or newest_snapshot(connection), again)
    with transaction(connection):
        connection.execute(
            "insert into raw.cards (model_id, source, outcome, revision, fetched_at) "
            "select model_id, ?, 'none', sha, ? from cards_none",
            [LIST_SOURCE, utc_now()],
        )
    outcomes: dict[str, int] = {}
    batch: list[Card] = []
    n_done = n_in_a_row = 0
    unanswered: list[Unanswered] = []
    for card in run_concurrently(
        lambda todo: fetch_file(web, todo, CARD, max_bytes),
        within_budget(budget, web, _read_requests(connection)),
        workers,
    ):
        if isinstance(card, Unanswered):
            unanswered.append(card)
            n_in_a_row += 1
            if n_in_a_row == MAX_UNANSWERED:
                break
            continue
        if card.http_status is not None:
            n_in_a_row = 0
        batch.append(card)
        if len(batch) >= BATCH_CARDS or sum(len(done.text or b"") for done in batch) >= BATCH_BYTES:
            _land(connection, web, batch)
            batch = []
        outcomes[card.outcome] = outcomes.get(card.outcome, 0) + 1
        n_done += 1
        progress(n_done, n_todo)
    _land(connection, web, batch)
    if unanswered:
        raise PhylohubError(
            f"{len(unanswered):,} cards have no outcome, because something other than {web.endpoint} answered, such as "
            f"a proxy or a sign-in page ({unanswered[-1].model_id}: {unanswered[-1].reason}). {n_done:,} cards have "
            "landed. Check the network and HF_TOKEN, then run `phylohub ingest cards` again."
        )
    return CardsResult(outcomes, n_todo - n_done)


def read_cards(path: Path) -> Iterator[Card]:
    """Read cards from a file: JSON Lines of objects with `id` and `card`, or a dump of models with their cards.

    Raises PhylohubError if the file is damaged or a line has another form.
    """
    for batch in read_batches(Source(path, path.name)):
        yield from [card for card in batch.cards if card is not None]
        for position, record in zip(batch.positions, batch.records if not batch.cards else [], strict=False):
            try:
                fields = json.loads(record)
                text = fields["card"]
                card = Card(fields["id"], "none") if text is None else Card(fields["id"], "ok", text=text.encode())
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                raise PhylohubError(
                    f"{path}, line {position} is not a JSON object with the strings `id` and `card`. "
                    "Fix the line and run the same command again."
                ) from error
            yield card


def load_cards(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Land the cards of a file, without records; return the number of new cards. Raises as read_cards does."""
    before: int
    after: int
    (before,) = one_row(connection, "select count(*) from raw.cards")
    for batch in _batches(read_cards(path)):
        with transaction(connection):
            insert_cards(connection, batch, path.name, utc_now(), skip_landed=True)
    (after,) = one_row(connection, "select count(*) from raw.cards")
    return after - before


def _batches(cards: Iterator[Card]) -> Iterator[list[Card]]:
    batch: list[Card] = []
    n_bytes = 0
    for card in cards:
        batch.append(card)
        n_bytes += len(card.text or b"")
        if len(batch) >= FILE_BATCH_CARDS or n_bytes >= FILE_BATCH_BYTES:
            yield batch
            batch, n_bytes = [], 0
    if batch:
        yield batch


def newest_snapshot(connection: duckdb.DuckDBPyConnection) -> str:
    """The snapshot that the marts show by default. Raises PhylohubError if none is complete."""
    row = connection.execute(
        "select snapshot from raw.snapshots where completed_at is not null "
        "order by completed_at desc, snapshot desc limit 1"
    ).fetchone()
    if row is None:
        raise PhylohubError("No snapshot is complete yet. Land one first: `phylohub ingest models`.")
    return str(row[0])


def plan(connection: duckdb.DuckDBPyConnection, snapshot: str, again: Collection[str] = ("failed",)) -> int:
    """Write the cards to fetch to the temporary table cards_todo, and return their number.

    Models whose list of files has no README.md go to the temporary table cards_none. Raises PhylohubError if the
    snapshot is not complete.
    """
    if (
        connection.execute(
            "select 1 from raw.snapshots where snapshot = ? and completed_at is not null", [snapshot]
        ).fetchone()
        is None
    ):
        raise PhylohubError(f"There is no complete snapshot {snapshot}. `phylohub ingest status` lists them.")
    connection.execute(
        """
        create or replace temp table cards_listed as
        with listed as (
            select
                json_extract_string(record, '$.id') as model_id,
                json_extract_string(record, '$.sha') as sha,
                try_cast(json_extract_string(record, '$.lastModified') as timestamp) as last_modified_at,
                json_extract_string(record, '$.siblings[*].rfilename') as files,
                try(json_array_length(record, '$.siblings')) as n_files,
                landed_at,
                source,
                position
            from raw.hub_listings inner join raw.hub_records using (record_id)
            where snapshot = $1
            qualify row_number() over (partition by model_id order by landed_at desc, source, position desc) = 1
        ),

        checked as (
            select
                model_id,
                max(fetched_at) filter (source in ($2, $3)) as checked_at,
                arg_max(outcome, fetched_at) filter (source in ($2, $3)) as outcome,
                arg_max(revision, fetched_at) filter (source in ($2, $3)) as revision,
                arg_max(etag, fetched_at) filter (content_hash is not null) as etag
            from raw.cards
            group by model_id
        )

        select
            row_number() over (order by landed_at, source, position) as number,
            model_id,
            sha,
            etag,
            outcome as last_outcome,
            len(files) = n_files and n_files > 0 and not list_contains(files, 'README.md') as has_no_card,
            checked_at is null
            or list_contains($4, outcome)
            or (
                checked_at < landed_at
                and case
                    when sha is not null then sha is distinct from revision
                    else coalesce(last_modified_at > checked_at, true)
                end
            ) as is_due
        from listed
        left join checked using (model_id)
        """,
        [snapshot, SOURCE, LIST_SOURCE, list(again)],
    )
    connection.execute(
        "create or replace temp table cards_none as select model_id, sha from cards_listed "
        "where has_no_card and is_due and last_outcome is distinct from 'none'"
    )
    connection.execute(
        "create or replace temp table cards_todo as "
        "select row_number() over (order by number) as number, model_id, sha, etag from cards_listed "
        "where is_due and has_no_card is not true"
    )
    connection.execute("drop table cards_listed")
    (n_todo,) = connection.execute("select count(*) from cards_todo").fetchall()[0]
    return int(n_todo)


def _land(connection: duckdb.DuckDBPyConnection, web: Web, cards: list[Card]) -> None:
    if cards:
        with transaction(connection):
            insert_cards(connection, cards, SOURCE, utc_now())
            save_rate_limit(connection, web)


def _read_requests(connection: duckdb.DuckDBPyConnection) -> Iterator[CardRequest]:
    """The rows of cards_todo, 1,000 at a time: holding all would take too much memory, and the inserts in between
    would invalidate an open result."""
    number = 0
    while rows := connection.execute(
        "select number, model_id, sha, etag from cards_todo where number > ? order by number limit 1000", [number]
    ).fetchall():
        for number, model_id, sha, etag in rows:  # noqa: B007, the next query starts after the last number
            yield CardRequest(model_id, sha, etag)


def within_budget(budget: Budget, web: Web, due: Iterator[CardRequest]) -> Iterator[CardRequest]:
    """The cards to fetch until the budget is used up."""
    n_before, started_at = web.n_requests, web.now()
    for n_submitted, todo in enumerate(due):
        # The web does not count cards that wait for a thread, and this loop does not count retries.
        if budget.requests is not None and max(n_submitted, web.n_requests - n_before) >= budget.requests:
            return
        if budget.seconds is not None and web.now() - started_at >= budget.seconds:
            return
        yield todo


def run_concurrently(work: Callable[[_Item], _Result], items: Iterator[_Item], workers: int) -> Iterator[_Result]:
    """Apply `work` to the items in `workers` threads, and yield the results as they complete.

    The first error is raised. The threads are daemons, so that stopping does not wait for a pending request.
    """
    todo: SimpleQueue[_Item | None] = SimpleQueue()
    done: SimpleQueue[tuple[_Result | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        while (item := todo.get()) is not None:
            try:
                done.put((work(item), None))
            except BaseException as error:
                done.put((None, error))

    def result() -> _Result:
        value, error = done.get()
        if error is not None:
            raise error
        return value  # type: ignore[return-value]  # there is a value if there is no error

    for _ in range(workers):
        Thread(target=run, daemon=True).start()
    n_running = 0
    try:
        for item in items:
            todo.put(item)
            n_running += 1
            if n_running == workers:
                yield result()
                n_running -= 1
        while n_running:
            yield result()
            n_running -= 1
    finally:
        for _ in range(workers):
            todo.put(None)


def fetch_file(web: Web, todo: CardRequest, name: str, max_bytes: int) -> Card | Unanswered:
    """Fetch a file of a model, such as its card.

    If all tries fail, wait until the server answers another request; if this file still fails then, its outcome is
    failed. If the Hub itself never answers, it has no outcome.
    """
    if not _is_repository_id(todo.model_id):
        return Card(todo.model_id, "failed", "not the id of a repository")
    url = f"{web.endpoint}/{quote(todo.model_id, safe='/')}/resolve/main/{name}"
    headers = {} if todo.etag is None else {"If-None-Match": f'"{todo.etag}"'}

    def ask(max_tries: int) -> Answer:
        return web.get(url, headers=headers, max_bytes=max_bytes, max_tries=max_tries, check=check)

    def check(answer: Answer) -> None:
        if is_refused_token(answer):
            raise PhylohubError(f"{web.endpoint} refused the request: {answer.reason}. Is HF_TOKEN a valid token?")
        _check_answer(answer, todo.etag)

    try:
        try:
            answer = ask(MAX_TRIES)
        except GaveUpError as error:
            if error.is_foreign:
                raise
            web.get(f"{web.endpoint}/api/models?limit=1", max_bytes=1 << 20, check=_check_list)
            answer = ask(1)
    except GaveUpError as error:
        if error.is_foreign:
            return Unanswered(todo.model_id, str(error)[:500])
        return Card(todo.model_id, "failed", str(error)[:500], revision=todo.sha)
    except TooLargeError as error:
        return Card(todo.model_id, "too large", str(error), revision=todo.sha)
    outcome = _outcome(answer)
    return Card(
        model_id=todo.model_id,
        outcome=outcome,
        reason=answer.reason if outcome == "failed" else None,
        http_status=answer.status,
        etag=todo.etag if outcome == "unchanged" else _etag(answer) if outcome == "ok" else None,
        # The answer's commit may be newer than the listed one, which is the fallback.
        revision=answer.first_headers.get("X-Repo-Commit") or answer.headers.get("X-Repo-Commit") or todo.sha,
        text=answer.body if outcome == "ok" else None,
    )


def _check_answer(answer: Answer, known_etag: str | None) -> None:
    """Raise ForeignAnswerError if the Hub did not give this answer, and RetryableError if the card is damaged.

    The Hub sends a card with an ETag, and an error with X-Error-Code; the two for a disabled model have a message only.
    A proxy's answer must not be stored as the state of a model.
    """
    etag = _etag(answer)
    if answer.status == 200:
        _check_card(answer)
    elif answer.status == 304:
        if known_etag is None or etag != known_etag:
            raise ForeignAnswerError("answered 304 for a card that has not landed")
    elif "X-Error-Code" not in answer.headers and (
        answer.status not in (403, 451) or "X-Error-Message" not in answer.headers
    ):
        raise ForeignAnswerError(f"answered {answer.reason} without X-Error-Code")


def _check_card(answer: Answer) -> None:
    """Check the text of a card against its ETag: the git blob id, or the SHA-256 of a file in large file storage."""
    linked, etag = _etag(answer, "X-Linked-Etag"), _etag(answer)
    for expected in (linked, etag):
        if expected and re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", expected):
            found = blob_id(answer.body) if len(expected) == 40 else hashlib.sha256(answer.body).hexdigest()
            if found != expected:
                raise RetryableError("sent a card that does not match its ETag")
            return
    if not etag:
        raise ForeignAnswerError("sent a page without an ETag instead of a card")
    if answer.is_html:
        raise ForeignAnswerError("sent a web page instead of a card")
    if not answer.is_measured:
        raise RetryableError("sent a card that may be cut: its ETag is no hash, and it has no length")


def _check_list(answer: Answer) -> None:
    """Raise ForeignAnswerError if this is not a list of models."""
    if answer.status != 200 and answer.message is None:
        raise ForeignAnswerError(f"answered {answer.status} without the Hub's message")
    if answer.status == 200 and not answer.body.lstrip().startswith(b"["):
        raise ForeignAnswerError("sent a web page instead of models")


def _outcome(answer: Answer) -> str:
    """The outcome of an answer that the Hub gave."""
    code, message = answer.headers.get("X-Error-Code"), answer.message or ""
    if answer.status == 200:
        return "ok"
    if answer.status == 304:
        return "unchanged"
    if code in ("EntryNotFound", "RevisionNotFound"):  # a repository without commits has no revision
        return "none"
    if code == "GatedRepo":
        return "gated"
    if code == "RepoNotFound":  # also for private models
        return "gone"
    if "disabled" in message or answer.status == 451:
        return "disabled"
    return "failed"


def _etag(answer: Answer, name: str = "ETag") -> str | None:
    etag = answer.first_headers.get(name) if name != "ETag" else answer.headers.get(name)
    return None if etag is None else etag.removeprefix("W/").strip('"')


def _is_repository_id(model_id: str) -> bool:
    """Whether the id is safe in a URL: it must not lead elsewhere on the host."""
    parts = model_id.split("/")
    return len(parts) <= 2 and all(re.fullmatch(r"[\w.\-]+", part) and part.strip(".") for part in parts)
