"""Model cards: one request each, the text as it was served, and what came of it for every model."""

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
from phylohub.ingest.crawl import note_limit
from phylohub.ingest.hub import Answer, GaveUpError, TooLargeError, TryAgainError, Web
from phylohub.ingest.readers import Source, read_batches

SOURCE = "resolve/main"
OUTCOMES = ("ok", "unchanged", "none", "gated", "gone", "disabled", "too large", "failed")
MAX_CARD_BYTES = 64 * 1024 * 1024
WORKERS = 8
MAX_TRIES = 5
# What has been fetched lands together, when it is that much.
BATCH_CARDS, BATCH_BYTES = 200, 16 * 1024 * 1024
# Of a file, larger ones: what lands is looked up among all that is there, once a batch.
FILE_BATCH_CARDS, FILE_BATCH_BYTES = 20_000, 32 * 1024 * 1024

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Budget:
    """How much a run may take: so many requests, or so many seconds, or None for all there is to do."""

    requests: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class CardsResult:
    """The models checked in this run by outcome, and how many are left to check."""

    outcomes: dict[str, int]
    n_left: int


@dataclass(frozen=True)
class Todo:
    """A model whose card is to be fetched: its revision as listed, and the ETag of the text that landed last."""

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
    """Fetch the cards of a snapshot's models (by default of the one the marts show), as far as the budget goes.

    A card is asked for when its model was never asked, when it has changed since (another sha in a list that is
    newer than the last check), or when the last outcome is one of `again`. Where the list of files shows that
    there is none, that is noted without a request. What has been fetched lands in batches; a run that was killed
    goes on where it stopped. `progress` hears how many of how many are done.

    Raises PhylohubError if there is no such complete snapshot, or the Hub refuses the token.
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
    n_done = 0
    for card in _concurrently(
        lambda todo: _check(web, todo, max_bytes), _within(budget, web, _todos(connection)), workers
    ):
        batch.append(card)
        if len(batch) >= BATCH_CARDS or sum(len(done.text or b"") for done in batch) >= BATCH_BYTES:
            _land(connection, web, batch)
            batch = []
        outcomes[card.outcome] = outcomes.get(card.outcome, 0) + 1
        n_done += 1
        progress(n_done, n_todo)
    _land(connection, web, batch)
    return CardsResult(outcomes, n_todo - n_done)


def read_cards(path: Path) -> Iterator[Card]:
    """The cards in a file: JSON Lines of objects with `id` and `card`, or a dump of models with their cards.

    Raises PhylohubError if the file is damaged, or a line is something else.
    """
    for batch in read_batches(Source(path, path.name)):
        yield from [card for card in batch.cards if card is not None]
        for position, record in zip(batch.positions, batch.records if not batch.cards else [], strict=False):
            try:
                fields = json.loads(record)
                text = fields["card"]
                card = Card(fields["id"], "none") if text is None else Card(fields["id"], "ok", text=text.encode())
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                raise PhylohubError(f"{path}, line {position}, is no object with the texts id and card.") from error
            yield card


def load_cards(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Land the cards in a file, and no records; return how many are new. Raises PhylohubError like read_cards."""
    before: int
    after: int
    (before,) = one_row(connection, "select count(*) from raw.cards")
    for batch in _batches(read_cards(path)):
        with transaction(connection):
            insert_cards(connection, batch, path.name, utc_now(), once=True)
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
    """The snapshot that the marts show unless told otherwise. Raises PhylohubError if none is complete."""
    row = connection.execute(
        "select snapshot from raw.snapshots where completed_at is not null "
        "order by completed_at desc, snapshot desc limit 1"
    ).fetchone()
    if row is None:
        raise PhylohubError("No snapshot is complete yet. Land one first: `phylohub ingest models`.")
    return str(row[0])


def plan(connection: duckdb.DuckDBPyConnection, snapshot: str, again: Collection[str] = ("failed",)) -> int:
    """Put the models whose card is to be asked for into the temporary table cards_todo; return how many they are.
    Those that have none by the list of their files are in cards_none.

    Raises PhylohubError if the snapshot is not complete.
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
            note_limit(connection, web)


def _todos(connection: duckdb.DuckDBPyConnection) -> Iterator[Todo]:
    """What is to be done, a thousand at a time: a million models would be too many to hold, and a result that is
    read bit by bit would not outlive the inserts in between."""
    number = 0
    while rows := connection.execute(
        "select number, model_id, sha, etag from cards_todo where number > ? order by number limit 1000", [number]
    ).fetchall():
        for number, model_id, sha, etag in rows:  # noqa: B007, the last number is where the next rows begin
            yield Todo(model_id, sha, etag)


def _within(budget: Budget, web: Web, todos: Iterator[Todo]) -> Iterator[Todo]:
    n_before, begun_at = web.n_requests, web.now()
    for n_asked, todo in enumerate(todos):
        # Those that wait for a thread are not counted by the web yet, and those tried again not here.
        if budget.requests is not None and max(n_asked, web.n_requests - n_before) >= budget.requests:
            return
        if budget.seconds is not None and web.now() - begun_at >= budget.seconds:
            return
        yield todo


def _concurrently(work: Callable[[_Item], _Result], items: Iterator[_Item], workers: int) -> Iterator[_Result]:
    """The results of work on the items, in the order they are done, with at most so many under way. An error of
    one ends all. The threads are daemons: who stops must not wait for one that waits for the Hub."""
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
        return value  # type: ignore[return-value]  # without an error there is a value

    for _ in range(workers):
        Thread(target=run, daemon=True).start()
    under_way = 0
    try:
        for item in items:
            todo.put(item)
            under_way += 1
            if under_way == workers:
                yield result()
                under_way -= 1
        while under_way:
            yield result()
            under_way -= 1
    finally:
        for _ in range(workers):
            todo.put(None)


def _check(web: Web, todo: Todo, max_bytes: int) -> Card:
    """Ask for a card. A server that fails again and again is waited for if it fails for all; if it is only this
    card, the card has failed."""
    if not _is_repository(todo.model_id):
        return Card(todo.model_id, "failed", "not the id of a repository")
    url = f"{web.endpoint}/{quote(todo.model_id, safe='/')}/resolve/main/README.md"
    headers = {} if todo.etag is None else {"If-None-Match": f'"{todo.etag}"'}

    def ask(max_tries: int) -> Answer:
        return web.get(url, headers=headers, max_bytes=max_bytes, max_tries=max_tries, check=_is_whole)

    try:
        try:
            answer = ask(MAX_TRIES)
        except GaveUpError:
            web.get(f"{web.endpoint}/api/models?limit=1", max_bytes=1 << 20)
            answer = ask(1)
    except GaveUpError as error:
        return Card(todo.model_id, "failed", str(error)[:500], revision=todo.sha)
    except TooLargeError as error:
        return Card(todo.model_id, "too large", str(error), revision=todo.sha)
    outcome = _outcome(answer)
    if outcome is None:
        raise PhylohubError(f"{web.endpoint} refuses: {answer.reason}. Is HF_TOKEN a valid token?")
    return Card(
        model_id=todo.model_id,
        outcome=outcome,
        reason=answer.reason if outcome == "failed" else None,
        http_status=answer.status,
        etag=todo.etag if outcome == "unchanged" else _etag(answer) if outcome == "ok" else None,
        # The list may be older than the card; where neither is told, what was listed is what was asked for.
        revision=answer.first_headers.get("X-Repo-Commit") or answer.headers.get("X-Repo-Commit") or todo.sha,
        text=answer.body if outcome == "ok" else None,
    )


def _outcome(answer: Answer) -> str | None:
    """What an answer means, or None if it is the token that is refused."""
    code, message = answer.headers.get("X-Error-Code"), answer.headers.get("X-Error-Message", "")
    if answer.status == 200:
        return "ok"
    if answer.status == 304:
        return "unchanged"
    if message.startswith("Invalid credentials"):
        return None
    if code in ("EntryNotFound", "RevisionNotFound"):  # a repository without a commit has no revision
        return "none"
    if code == "GatedRepo":
        return "gated"
    if "disabled" in message or answer.status == 451:
        return "disabled"
    # 401 is what the Hub says of a repository that is private or not there, so as not to tell which.
    if code == "RepoNotFound" or answer.status in (401, 404, 410):
        return "gone"
    return "failed"


def _is_whole(answer: Answer) -> None:
    """Raise TryAgainError if the text is not the one that the ETag names."""
    etag = _etag(answer)
    if answer.status == 200 and etag and re.fullmatch("[0-9a-f]{40}", etag) and blob_id(answer.body) != etag:
        raise TryAgainError("sent a card that is not what its ETag says")


def _etag(answer: Answer) -> str | None:
    etag = answer.headers.get("ETag")
    return None if etag is None else etag.removeprefix("W/").strip('"')


def _is_repository(model_id: str) -> bool:
    """Whether this can stand in an address without leading elsewhere on the host."""
    parts = model_id.split("/")
    return len(parts) <= 2 and all(re.fullmatch(r"[\w.\-]+", part) and part.strip(".") for part in parts)
