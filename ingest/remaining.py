"""Estimates of the remaining work of ingestion, and of its duration at the observed rate limits."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import duckdb

from phylohub.core.errors import PhylohubError
from phylohub.ingest.arxiv import BATCH_IDS, GAP_SECONDS, linked_papers
from phylohub.ingest.cards import newest_snapshot, plan
from phylohub.ingest.crawl import PAGE_ROWS, SOURCE

# Requests and seconds of the free tier, by is_api; used until the Hub reports its limits.
FREE_TIER = {True: (1_000, 300), False: (5_000, 300)}


@dataclass(frozen=True)
class Work:
    """Work that ingestion has left. `n_left` and `seconds` are None if they are not known before the end."""

    kind: str
    snapshot: str
    n_done: int | None
    n_left: int | None
    seconds: float | None
    line: str


def remaining(connection: duckdb.DuckDBPyConnection) -> Iterator[Work]:
    """Yield the work left: unfinished crawls, cards and papers."""
    for snapshot, n_landed in connection.execute(
        "select snapshot, n_landed from raw.loads where source = ? and completed_at is null order by snapshot",
        [SOURCE],
    ).fetchall():
        yield _crawl_work(connection, snapshot, n_landed)
    try:
        snapshot = newest_snapshot(connection)
    except PhylohubError:
        return
    n_cards = plan(connection, snapshot)
    if n_cards:
        n_requests, window, seen = _limit(connection, is_api=False)
        seconds = n_cards / n_requests * window
        line = (
            f"cards: {n_cards:,} of snapshot {snapshot} left to fetch, "
            f"{_duration(seconds)} at {n_requests:,} requests in {window} s{seen}"
        )
        yield Work("cards", snapshot, None, n_cards, seconds, line)
    n_papers = len(linked_papers(connection, snapshot))
    if n_papers:
        seconds = -(-n_papers // BATCH_IDS) * GAP_SECONDS
        line = f"papers: {n_papers:,} of snapshot {snapshot} left to fetch, {_duration(seconds)} at arXiv's pace"
        yield Work("papers", snapshot, None, n_papers, seconds, line)


def status_of(connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """What has landed and what is left, for programs."""

    def rows(query: str) -> list[dict[str, object]]:
        result = connection.execute(query)
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    return {
        "snapshots": rows(
            "select snapshot, completed_at is not null as is_complete, snapshots.started_at, snapshots.completed_at, "
            "count(loads.source) as n_sources, coalesce(sum(n_landed), 0)::bigint as n_landed, "
            "coalesce(sum(n_rejected), 0)::bigint as n_rejected "
            "from raw.snapshots left join (select * exclude (started_at, completed_at) from raw.loads) as loads "
            "using (snapshot) group by all order by completed_at nulls first, snapshot"
        ),
        "rejects": rows(
            "select snapshot, reason, count(*) as n_records from raw.hub_rejects group by all order by snapshot, reason"
        ),
        "cards": {row["outcome"]: row["n"] for row in rows(_OUTCOMES.format(table="cards", key="model_id"))},
        "papers": {row["outcome"]: row["n"] for row in rows(_OUTCOMES.format(table="arxiv_papers", key="arxiv_id"))},
        "rate_limits": rows("select kind, requests, seconds, seen_at from raw.rate_limits order by kind"),
        "left": [
            {
                "kind": work.kind,
                "snapshot": work.snapshot,
                "n_done": work.n_done,
                "n_left": work.n_left,
                "seconds": None if work.seconds is None else round(work.seconds),
            }
            for work in remaining(connection)
        ],
    }


_OUTCOMES = (
    "select outcome, count(*) as n from (select arg_max(outcome, fetched_at) as outcome from raw.{table} "
    "group by {key}) group by outcome order by outcome"
)


def _crawl_work(connection: duckdb.DuckDBPyConnection, snapshot: str, n_landed: int) -> Work:
    """Estimate a crawl by an earlier one, since the Hub does not report the length of its list."""
    row = connection.execute(
        "select n_landed from raw.loads where source = ? and completed_at is not null "
        "order by completed_at desc limit 1",
        [SOURCE],
    ).fetchone()
    line = f"crawl {snapshot}: {n_landed:,} records so far"
    if row is None or row[0] <= n_landed:
        line += "; how many there are is not known before the last page"
        return Work("crawl", snapshot, n_landed, None, None, line)
    n_requests, window, seen = _limit(connection, is_api=True)
    seconds = (row[0] - n_landed) / PAGE_ROWS / n_requests * window
    line += f" of more than {row[0]:,}, {_duration(seconds)} at {n_requests:,} requests in {window} s{seen}"
    return Work("crawl", snapshot, n_landed, row[0] - n_landed, seconds, line)


def _limit(connection: duckdb.DuckDBPyConnection, *, is_api: bool) -> tuple[int, int, str]:
    row = connection.execute(
        "select requests, seconds from raw.rate_limits where (kind = 'api') = ? order by seen_at desc limit 1",
        [is_api],
    ).fetchone()
    if row is None:
        return *FREE_TIER[is_api], " (the free tier; none seen yet)"
    return row[0], row[1], " (the limit last seen)"


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(min(max(seconds, 1), 1e12))))
