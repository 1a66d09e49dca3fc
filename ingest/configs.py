"""Fetch the config.json of models: sizes of their layers, heads and vocabulary. One request per file, as for cards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from phylohub.core.build_file import one_row, transaction, utc_now
from phylohub.core.errors import PhylohubError
from phylohub.ingest.card_rows import Card
from phylohub.ingest.cards import (
    MAX_UNANSWERED,
    WORKERS,
    Budget,
    CardRequest,
    CardsResult,
    Unanswered,
    fetch_file,
    newest_snapshot,
    run_concurrently,
    within_budget,
)
from phylohub.ingest.crawl import save_rate_limit
from phylohub.ingest.hub import Web

FILE = "config.json"
MAX_CONFIG_BYTES = 4 * 1024 * 1024
BATCH_CONFIGS = 200


@dataclass(frozen=True)
class _Landed:
    """What a check of a configuration stores: the outcome, and the text if it is a JSON object."""

    checked: Card
    text: str | None


def fetch_configs(
    connection: duckdb.DuckDBPyConnection,
    web: Web,
    snapshot: str | None = None,
    *,
    budget: Budget = Budget(),  # noqa: B008, frozen
    again: Collection[str] = ("failed",),
    workers: int = WORKERS,
    progress: Callable[[int, int], None] = lambda n_done, n_todo: None,
) -> CardsResult:
    """Fetch the configurations of a snapshot's models, within the budget: those that matter most first.

    The order alternates between the models with the most children and those with the most downloads. A model whose list
    of files has no config.json is left out. Otherwise as `fetch_cards`: a configuration is fetched again if its model
    has changed, batches land as they complete, and a killed run resumes.
    """
    n_todo = plan(connection, snapshot or newest_snapshot(connection), again)
    outcomes: dict[str, int] = {}
    batch: list[_Landed] = []
    n_done = n_in_a_row = 0
    unanswered: list[Unanswered] = []
    for fetched in run_concurrently(
        lambda todo: fetch_file(web, todo, FILE, MAX_CONFIG_BYTES),
        within_budget(budget, web, _read_requests(connection)),
        workers,
    ):
        if isinstance(fetched, Unanswered):
            unanswered.append(fetched)
            n_in_a_row += 1
            if n_in_a_row == MAX_UNANSWERED:
                break
            continue
        n_in_a_row = 0
        judged = _judged(fetched)
        batch.append(judged)
        if len(batch) >= BATCH_CONFIGS:
            _land(connection, web, batch)
            batch = []
        outcomes[judged.checked.outcome] = outcomes.get(judged.checked.outcome, 0) + 1
        n_done += 1
        progress(n_done, n_todo)
    _land(connection, web, batch)
    if unanswered:
        raise PhylohubError(
            f"{len(unanswered):,} configurations have no outcome, because something other than {web.endpoint} answered "
            f"({unanswered[-1].model_id}: {unanswered[-1].reason}). {n_done:,} have landed. Check the network and "
            "HF_TOKEN, then run `phylohub ingest configs` again."
        )
    return CardsResult(outcomes, n_todo - n_done)


def plan(connection: duckdb.DuckDBPyConnection, snapshot: str, again: Collection[str] = ("failed",)) -> int:
    """Write the configurations to fetch to the temporary table configs_todo, in order, and return their number.

    Raises PhylohubError if the snapshot is not complete.
    """
    if not connection.execute(
        "select 1 from raw.snapshots where snapshot = ? and completed_at is not null", [snapshot]
    ).fetchone():
        raise PhylohubError(f"There is no complete snapshot {snapshot}. `phylohub ingest status` lists them.")
    connection.execute(
        """
        create or replace temp table configs_todo as
        with listed as (
            select
                json_extract_string(record, '$.id') as model_id,
                json_extract_string(record, '$.sha') as sha,
                try_cast(json_extract_string(record, '$.downloads') as bigint) as downloads,
                json_extract_string(record, '$.siblings[*].rfilename') as files,
                json_extract_string(record, '$.tags[*]') as tags,
                landed_at
            from raw.hub_listings inner join raw.hub_records using (record_id)
            where snapshot = $1
            qualify row_number() over (partition by model_id order by landed_at desc, source, position desc) = 1
        ),

        parents as (
            select parent_id, count(*) as n_children
            from (
                select distinct model_id, regexp_extract(unnest(tags), '^base_model:(?:[a-z]+:)?(.+)$', 1) as parent_id
                from listed
            )
            where parent_id <> ''
            group by parent_id
        ),

        checked as (
            select
                model_id,
                max(fetched_at) as checked_at,
                arg_max(outcome, fetched_at) as outcome,
                arg_max(revision, fetched_at) as revision,
                arg_max(etag, fetched_at) filter (content_hash is not null) as etag
            from raw.configs
            group by model_id
        ),

        due as (
            select
                listed.model_id,
                sha,
                etag,
                coalesce(downloads, 0) as downloads,
                coalesce(n_children, 0) as n_children
            from listed
            left join checked using (model_id)
            left join parents on listed.model_id = parents.parent_id
            where
                listed.model_id is not null
                and coalesce(len(files) = 0 or list_contains(files, 'config.json'), true)
                and (
                    checked_at is null
                    or list_contains($2, outcome)
                    or (checked_at < landed_at and sha is distinct from revision)
                )
        ),

        ranked as (
            select
                *,
                row_number() over (order by n_children desc, downloads desc, model_id) as place_by_children,
                row_number() over (order by downloads desc, n_children desc, model_id) as place_by_downloads
            from due
        )

        select
            row_number() over (
                order by
                    least(case when n_children > 0 then place_by_children end, place_by_downloads),
                    n_children desc, model_id
            ) as number,
            model_id, sha, etag
        from ranked
        """,
        [snapshot, list(again)],
    )
    (n_todo,) = one_row(connection, "select count(*) from configs_todo")
    return int(n_todo)


def _read_requests(connection: duckdb.DuckDBPyConnection) -> Iterator[CardRequest]:
    number = 0
    while rows := connection.execute(
        "select number, model_id, sha, etag from configs_todo where number > ? order by number limit 1000", [number]
    ).fetchall():
        for number, model_id, sha, etag in rows:  # noqa: B007, the next query starts after the last number
            yield CardRequest(model_id, sha, etag)


def _judged(fetched: Card) -> _Landed:
    """The check with its text; failed if the file is no JSON object in UTF-8."""
    if fetched.text is None:
        return _Landed(fetched, None)
    try:
        text = fetched.text.decode("utf-8-sig")
        is_object = isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        is_object = False
    if is_object:
        return _Landed(fetched, text)
    reason = "not a JSON object"
    return _Landed(Card(fetched.model_id, "invalid", reason, fetched.http_status, fetched.etag, fetched.revision), None)


def _land(connection: duckdb.DuckDBPyConnection, web: Web, batch: list[_Landed]) -> None:
    if not batch:
        return
    checked = [landed.checked for landed in batch]
    hashes = [None if each.text is None else hashlib.sha256(each.text).digest()[:16] for each in checked]
    rows = {
        "model_id": pa.array([each.model_id for each in checked], pa.string()),
        "outcome": pa.array([each.outcome for each in checked], pa.string()),
        "reason": pa.array([each.reason for each in checked], pa.string()),
        "http_status": pa.array([each.http_status for each in checked], pa.int32()),
        "etag": pa.array([each.etag for each in checked], pa.string()),
        "revision": pa.array([each.revision for each in checked], pa.string()),
        "content_hash": pa.ExtensionArray.from_storage(pa.uuid(), pa.array(hashes, pa.binary(16))),
        "config": pa.array([landed.text for landed in batch], pa.large_string()),
    }
    with transaction(connection):
        connection.register("batch", pa.table(rows))
        connection.execute("insert into raw.configs by name select ? as fetched_at, batch.* from batch", [utc_now()])
        connection.unregister("batch")
        save_rate_limit(connection, web)
