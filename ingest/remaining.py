"""Estimates of the remaining work of ingestion, and of its duration at the observed rate limits."""

from collections.abc import Iterator
from datetime import timedelta

import duckdb

from phylohub.core.errors import PhylohubError
from phylohub.ingest.arxiv import BATCH_IDS, GAP_SECONDS, linked_papers
from phylohub.ingest.cards import newest_snapshot, plan
from phylohub.ingest.crawl import PAGE_ROWS, SOURCE

# Requests and seconds of the free tier, by is_api; used until the Hub reports its limits.
FREE_TIER = {True: (1_000, 300), False: (5_000, 300)}


def remaining(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield one line per unfinished crawl, and one each for cards and papers left to fetch."""
    for snapshot, n_landed in connection.execute(
        "select snapshot, n_landed from raw.loads where source = ? and completed_at is null order by snapshot",
        [SOURCE],
    ).fetchall():
        yield _crawl_line(connection, snapshot, n_landed)
    try:
        snapshot = newest_snapshot(connection)
    except PhylohubError:
        return
    n_cards = plan(connection, snapshot)
    if n_cards:
        n_requests, seconds, seen = _limit(connection, is_api=False)
        yield (
            f"cards: {n_cards:,} of snapshot {snapshot} left to fetch, "
            f"{_duration(n_cards / n_requests * seconds)} at {n_requests:,} requests in {seconds} s{seen}"
        )
    n_papers = len(linked_papers(connection, snapshot))
    if n_papers:
        duration = _duration(-(-n_papers // BATCH_IDS) * GAP_SECONDS)
        yield f"papers: {n_papers:,} of snapshot {snapshot} left to fetch, {duration} at arXiv's pace"


def _crawl_line(connection: duckdb.DuckDBPyConnection, snapshot: str, n_landed: int) -> str:
    """Estimate a crawl by an earlier one, since the Hub does not report the length of its list."""
    row = connection.execute(
        "select n_landed from raw.loads where source = ? and completed_at is not null "
        "order by completed_at desc limit 1",
        [SOURCE],
    ).fetchone()
    line = f"crawl {snapshot}: {n_landed:,} records so far"
    if row is None or row[0] <= n_landed:
        return f"{line}; how many there are is not known before the last page"
    n_requests, seconds, seen = _limit(connection, is_api=True)
    duration = _duration((row[0] - n_landed) / PAGE_ROWS / n_requests * seconds)
    return f"{line} of more than {row[0]:,}, {duration} at {n_requests:,} requests in {seconds} s{seen}"


def _limit(connection: duckdb.DuckDBPyConnection, *, is_api: bool) -> tuple[int, int, str]:
    row = connection.execute(
        "select requests, seconds from raw.rate_limits where (kind = 'api') = ? order by seen_at desc limit 1",
        [is_api],
    ).fetchone()
    if row is None:
        return *FREE_TIER[is_api], " (the free tier; none seen yet)"
    return row[0], row[1], " (the limit last seen)"


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(max(seconds, 1))))
