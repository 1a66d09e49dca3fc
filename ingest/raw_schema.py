"""The schema raw: the tables that ingestion writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from phylohub.core.build_file import connect, continue_clock
from phylohub.core.errors import PhylohubError

RAW_SCHEMA = """
create schema if not exists raw;
create table if not exists raw.snapshots (
    snapshot varchar primary key,
    started_at timestamp not null,
    completed_at timestamp
);
create table if not exists raw.loads (
    snapshot varchar not null,
    source varchar not null,
    source_hash varchar not null,
    last_position bigint not null,
    n_landed bigint not null,
    n_rejected bigint not null,
    started_at timestamp not null,
    completed_at timestamp,
    primary key (snapshot, source)
);
-- A record is stored once, however many snapshots list it, so a snapshot only adds the records that changed. Ids come
-- from a sequence and are never reused, so that results derived from a record stay valid.
create sequence if not exists raw.record_ids;
create table if not exists raw.hub_records (
    record_id bigint not null,
    content_hash uuid not null,
    record varchar using compression zstd not null
);
create table if not exists raw.hub_listings (
    snapshot varchar not null,
    source varchar not null,
    position bigint not null,
    landed_at timestamp not null,
    record_id bigint not null
);
-- Earlier versions had this view of listings and records.
drop view if exists raw.hub_models;
create table if not exists raw.hub_rejects (
    snapshot varchar not null,
    source varchar not null,
    position bigint not null,
    landed_at timestamp not null,
    content_hash uuid not null,
    reason varchar not null,
    record blob not null
);
-- The bytes, as received, of records that landed repaired.
create table if not exists raw.hub_originals (
    snapshot varchar not null,
    source varchar not null,
    position bigint not null,
    landed_at timestamp not null,
    content_hash uuid not null,
    record blob not null
);
-- The time at which the Hub was in this state, if it differs from the landing time.
alter table raw.snapshots add column if not exists taken_at timestamp;
-- When the snapshot was complete last, while another load into it is unfinished.
alter table raw.snapshots add column if not exists completed_before timestamp;
-- What says so, of what the snapshot is, its series, and the size of the Hub. Earlier versions had no such columns.
alter table raw.snapshots add column if not exists taken_from varchar;
alter table raw.snapshots add column if not exists scope varchar;
alter table raw.snapshots add column if not exists series varchar;
alter table raw.snapshots add column if not exists hub_size bigint;
-- The URL from which a crawl resumes. Earlier versions had no such column.
alter table raw.loads add column if not exists cursor varchar;
-- What was asked of whom, when and with which client, so that a gap in a crawl can be traced later.
create table if not exists raw.hub_pages (
    snapshot varchar not null,
    source varchar not null,
    page bigint not null,
    url varchar not null,
    status integer not null,
    etag varchar,
    n_bytes bigint not null,
    n_records bigint not null,
    client varchar not null,
    fetched_at timestamp not null
);
create table if not exists raw.rate_limits (
    kind varchar primary key,
    requests bigint not null,
    seconds bigint not null,
    seen_at timestamp not null
);
create sequence if not exists raw.card_ids;
create table if not exists raw.cards (
    model_id varchar not null,
    source varchar not null,
    outcome varchar not null,
    reason varchar,
    http_status integer,
    etag varchar,
    revision varchar,
    n_bytes bigint,
    fetched_at timestamp not null,
    content_hash uuid,
    card varchar using compression zstd,
    card_bytes blob,
    card_id bigint default nextval('raw.card_ids')
);
-- Earlier versions had no such column. Each row gets its own number.
alter table raw.cards add column if not exists card_id bigint default nextval('raw.card_ids');
create table if not exists raw.configs (
    model_id varchar not null,
    outcome varchar not null,
    reason varchar,
    http_status integer,
    etag varchar,
    revision varchar,
    fetched_at timestamp not null,
    content_hash uuid,
    config varchar using compression zstd
);
create table if not exists raw.arxiv_papers (
    arxiv_id varchar not null,
    source varchar not null,
    outcome varchar not null,
    fetched_at timestamp not null,
    title varchar,
    abstract varchar,
    categories varchar,
    record varchar using compression zstd
);
"""


@contextmanager
def connect_raw(path: Path, *, create: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the build file for ingestion, create missing raw tables, and close the file afterwards.

    Raises PhylohubError as `connect` does, and if an earlier version wrote the raw tables in another layout.
    """
    with connect(path, create=create) as connection:
        _prepare(connection, path)
        continue_clock(latest_time(connection))
        try:
            yield connection
        finally:
            continue_clock(None)


def latest_time(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """The last time that ingestion has stored. The clock of the machine may be behind it."""
    rows = connection.execute(
        """
        select greatest(
            (select max(greatest(started_at, completed_at)) from raw.snapshots),
            (select max(greatest(started_at, completed_at)) from raw.loads),
            (select max(landed_at) from raw.hub_listings),
            (select max(fetched_at) from raw.cards),
            (select max(fetched_at) from raw.configs),
            (select max(fetched_at) from raw.arxiv_papers)
        )
        """
    ).fetchall()
    return rows[0][0] if rows else None


def _prepare(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Create the missing parts of the raw schema."""
    if connection.execute(
        "select 1 from information_schema.tables "
        "where table_schema = 'raw' and table_name = 'hub_models' and table_type = 'BASE TABLE'"
    ).fetchone():
        raise PhylohubError(
            f"{path} was written by an earlier version with another layout of records. Move it away and land its files "
            "again with `phylohub ingest dump`, or set PHYLOHUB_DATABASE to another file."
        )
    connection.execute(RAW_SCHEMA)
