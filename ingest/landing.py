"""Land raw records in the warehouse in batches, so that a load can be killed at any time without loss.

A batch and its last position are committed together. A restarted load skips what has landed, and a complete load does
nothing.
"""

from __future__ import annotations  # pyarrow's classes take type parameters in its stubs only

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phylohub.core.build_file import one_row, transaction, utc_now
from phylohub.core.errors import PhylohubError
from phylohub.ingest.api_records import CHECKED, IS_ODD, api_record, without_lone_surrogates
from phylohub.ingest.card_rows import insert_cards
from phylohub.ingest.declared import Declared, declare
from phylohub.ingest.readers import Batch, Source, content_hash, judge, judged, read_batches

Progress = Callable[[Source, float], None]

_CHECKED_PATHS = str([f"$.{name}" for name in CHECKED])


@dataclass(frozen=True)
class LoadResult:
    """The records that a source has landed in this run (`n_new`) and in total."""

    source: str
    n_landed: int
    n_rejected: int
    n_new: int


def land_snapshot(
    connection: duckdb.DuckDBPyConnection,
    snapshot: str,
    sources: Iterable[Source],
    progress: Progress = lambda source, done: None,
    declared: Declared = Declared(),  # noqa: B008, frozen
) -> list[LoadResult]:
    """Land all sources in the snapshot, then mark the snapshot as complete. `progress` receives the share read.

    Records are stored byte for byte as received (methods, section 4, measures their text). Anything but a JSON object
    with an id goes to raw.hub_rejects with a reason. Marts read the snapshot that was completed last. A snapshot that
    gets another source is incomplete until that source has landed. `declared` is what the user states about the
    snapshot; it may also be stated later, of a snapshot that has landed.

    A load that is unfinished or found no record starts over if its file has changed. All sources are judged by their
    first records before any of them is noted, so a refused one changes nothing. If a source fails later, a snapshot
    that was complete before, even if the load was killed since then, loses what was added and is complete again.

    Raises PhylohubError if a source is refused, differs from the one that the snapshot holds under its name, cannot be
    read completely or changes while it is read, if no source holds a record, or if the snapshot has another unfinished
    load. Raises duckdb.Error if the warehouse cannot be written. Unless the snapshot was complete before, all earlier
    batches are kept.
    """
    sources = [judged(source) for source in sources]
    with transaction(connection):
        connection.execute(
            "insert or ignore into raw.snapshots (snapshot, started_at) values (?, ?)", [snapshot, utc_now()]
        )
        known = connection.execute("select source from raw.loads where snapshot = ?", [snapshot]).fetchall()
        declare(connection, snapshot, sources, declared)
    try:
        return _land_sources(connection, snapshot, sources, progress)
    except PhylohubError as error:
        names = [source.name for source in sources]
        if not restore(connection, snapshot, names, [name for name in names if (name,) not in known]):
            raise
        raise PhylohubError(f"{error} Snapshot {snapshot} is complete as before; nothing was added to it.") from error


def _land_sources(
    connection: duckdb.DuckDBPyConnection, snapshot: str, sources: list[Source], progress: Progress
) -> list[LoadResult]:
    results = [_land_source(connection, snapshot, source, progress) for source in sources]
    # An empty snapshot must never replace a good one. One empty file among several is allowed.
    if not any(result.n_landed for result in results):
        rejected = sum(result.n_rejected for result in results)
        raise PhylohubError(
            f"No record in {_join_names([result.source for result in results])} ({rejected:,} rejected), so snapshot "
            f"{snapshot} was not completed and no mart will read it. `phylohub ingest status` shows the reasons."
        )
    with transaction(connection):
        if unfinished := unfinished_loads(connection, snapshot):
            raise PhylohubError(
                f"Snapshot {snapshot} was not completed: its load of {_join_names(unfinished)} "
                "started earlier and never finished. Run that load again, or remove the snapshot with "
                f"`phylohub ingest drop {snapshot}`."
            )
        # A snapshot that lacked nothing keeps its time: only what is declared about it may have changed.
        connection.execute(
            "update raw.snapshots set completed_at = ?, completed_before = null "
            "where snapshot = ? and completed_at is null",
            [utc_now(), snapshot],
        )
    return results


def restore(connection: duckdb.DuckDBPyConnection, snapshot: str, sources: list[str], added: list[str]) -> bool:
    """Make a snapshot complete again that was complete without these sources: remove those that are unfinished, and
    those that were `added`.

    Return whether it is complete. Nothing changes if it never was, or if a load of another source is unfinished.
    """
    with transaction(connection):
        row = connection.execute(
            "select coalesce(completed_at, completed_before) from raw.snapshots where snapshot = ?", [snapshot]
        ).fetchone()
        unfinished = connection.execute(
            "select source, cursor is null from raw.loads where snapshot = ? and completed_at is null", [snapshot]
        ).fetchall()
        if row is None or row[0] is None or not all(is_file and name in sources for name, is_file in unfinished):
            return False
        for source in {*added, *(name for name, _ in unfinished)}:
            for table in ("hub_listings", "hub_rejects", "hub_originals", "loads"):
                connection.execute(f"delete from raw.{table} where snapshot = ? and source = ?", [snapshot, source])
        _delete_unlisted_records(connection)
        connection.execute(
            "update raw.snapshots set completed_before = null, completed_at = "
            "(select greatest(max(completed_at), $1) from raw.loads where snapshot = $2) where snapshot = $2",
            [row[0], snapshot],
        )
    return True


def unfinished_loads(connection: duckdb.DuckDBPyConnection, snapshot: str) -> list[str]:
    """The sources of the snapshot whose load is unfinished, sorted."""
    rows = connection.execute(
        "select source from raw.loads where snapshot = ? and completed_at is null order by source", [snapshot]
    ).fetchall()
    return [source for (source,) in rows]


def mark_incomplete(connection: duckdb.DuckDBPyConnection, snapshot: str) -> None:
    """Hide a snapshot from the marts while a load into it is unfinished, in the current transaction."""
    connection.execute(
        "update raw.snapshots set completed_at = null, completed_before = coalesce(completed_at, completed_before) "
        "where snapshot = ?",
        [snapshot],
    )


def complete_last(connection: duckdb.DuckDBPyConnection, snapshots: Sequence[str]) -> None:
    """Let the last of these complete snapshots count as the one completed last of them: that is what the marts show."""
    with transaction(connection):
        (latest,) = one_row(
            connection,
            "select max(completed_at) from raw.snapshots where list_contains(?, snapshot)",
            [list(snapshots)],
        )
        connection.execute(
            "update raw.snapshots set completed_at = ? where snapshot = ? and completed_at < ?",
            [utc_now(), snapshots[-1], latest],
        )


def drop_snapshot(connection: duckdb.DuckDBPyConnection, snapshot: str) -> int:
    """Delete a snapshot with its listings and rejects in one transaction; return the number of listings deleted.

    Raises PhylohubError if there is no such snapshot.
    """
    with transaction(connection):
        if not connection.execute("select 1 from raw.snapshots where snapshot = ?", [snapshot]).fetchone():
            raise PhylohubError(f"There is no snapshot {snapshot}. `phylohub ingest status` lists them.")
        removed = connection.execute("delete from raw.hub_listings where snapshot = ?", [snapshot]).fetchone()
        _delete_unlisted_records(connection)
        for table in ("hub_rejects", "hub_originals", "hub_pages", "loads", "snapshots"):
            connection.execute(f"delete from raw.{table} where snapshot = ?", [snapshot])
    return int(removed[0]) if removed else 0


def _land_source(
    connection: duckdb.DuckDBPyConnection, snapshot: str, source: Source, progress: Progress
) -> LoadResult:
    file_hash = content_hash(source)
    last_position, complete = _start_load(connection, snapshot, source, file_hash)
    n_new = 0
    if not complete:
        for batch in read_batches(source):
            if batch.positions[-1] > last_position:
                judge(source, batch)
                n_new += _land_batch(connection, snapshot, source, batch, last_position)
            progress(source, batch.done)
        if content_hash(source) != file_hash:
            raise PhylohubError(
                f"{source.path} has changed while it was read, so its load is not complete. Run the same command "
                "again when no process writes to the file."
            )
        with transaction(connection):
            connection.execute(
                "update raw.loads set completed_at = ? where snapshot = ? and source = ?",
                [utc_now(), snapshot, source.name],
            )
    progress(source, 1.0)
    n_landed, n_rejected = one_row(
        connection,
        "select n_landed, n_rejected from raw.loads where snapshot = ? and source = ?",
        [snapshot, source.name],
    )
    return LoadResult(source.name, n_landed, n_rejected, n_new)


def _start_load(
    connection: duckdb.DuckDBPyConnection, snapshot: str, source: Source, file_hash: str
) -> tuple[int, bool]:
    """Register the load if it is new. Return its last position and whether it is complete."""
    key = [snapshot, source.name]
    with transaction(connection):
        connection.execute(
            "insert or ignore into raw.loads values (?, ?, ?, 0, 0, 0, ?, null, null)",
            [*key, file_hash, utc_now()],
        )
        known_hash, last_position, n_landed, complete = one_row(
            connection,
            "select source_hash, last_position, n_landed, completed_at is not null from raw.loads "
            "where snapshot = ? and source = ?",
            key,
        )
        if known_hash == file_hash:
            return last_position, complete
        if complete and n_landed:
            raise PhylohubError(
                f"Snapshot {snapshot} already holds another {source.name}: the file has changed. Choose another name "
                f"with --snapshot, or remove the snapshot with `phylohub ingest drop {snapshot}`."
            )
        # The file was damaged, unfinished or without records, and has changed since: start over.
        for table in ("hub_listings", "hub_rejects", "hub_originals"):
            connection.execute(f"delete from raw.{table} where snapshot = ? and source = ?", key)
        _delete_unlisted_records(connection)
        connection.execute(
            "update raw.loads set source_hash = ?, last_position = 0, n_landed = 0, n_rejected = 0, "
            "started_at = ?, completed_at = null where snapshot = ? and source = ?",
            [file_hash, utc_now(), *key],
        )
    return 0, False


def _land_batch(
    connection: duckdb.DuckDBPyConnection, snapshot: str, source: Source, batch: Batch, last_position: int
) -> int:
    """Land the rows after last_position and the new position in one transaction; return the records landed."""
    start = bisect_right(batch.positions, last_position)
    batch_rows = accept(connection, batch.positions[start:], batch.records[start:])
    rows, rejects = batch_rows.rows, batch_rows.rejects
    cards = [
        card
        for card, reason in zip(batch.cards[start:], batch_rows.reasons, strict=False)
        if card is not None and reason is None
    ]
    constants = [snapshot, source.name, utc_now()]
    with transaction(connection):
        # The snapshot is incomplete until this load is complete: no mart may read half a file.
        mark_incomplete(connection, snapshot)
        insert_records(connection, rows, constants)
        insert_rows(connection, "hub_rejects", rejects, constants)
        insert_rows(connection, "hub_originals", batch_rows.originals, constants)
        insert_cards(connection, cards, source.name, utc_now(), skip_landed=True)
        connection.execute(
            "update raw.loads set last_position = ?, n_landed = n_landed + ?, n_rejected = n_rejected + ? "
            "where snapshot = ? and source = ?",
            [batch.positions[-1], rows.num_rows, rejects.num_rows, snapshot, source.name],
        )
    return rows.num_rows


def record_rows(positions: list[int], records: list[bytes]) -> pa.Table:
    """Columns position, content_hash and record (bytes) for insert_records and raw.hub_rejects."""
    # 128 bits of SHA-256: short enough for millions of rows, and collisions cannot be forged.
    hashes = [hashlib.sha256(record).digest()[:16] for record in records]
    return pa.table(
        {
            "position": pa.array(positions, pa.int64()),
            "content_hash": pa.ExtensionArray.from_storage(pa.uuid(), pa.array(hashes, pa.binary(16))),
            "record": pa.array(records, pa.large_binary()),
        }
    )


def insert_records(connection: duckdb.DuckDBPyConnection, rows: pa.Table, constants: list[object]) -> None:
    """Insert listings for the rows, and the records that have not landed yet, in the current transaction.

    `constants` are snapshot, source and landed_at. Positions are unique within rows.
    """
    if not rows.num_rows:
        return
    connection.register("batch", rows)
    connection.execute(
        """
        insert into raw.hub_records
        with unknown as (
            select min(position) as position
            from batch
            anti join raw.hub_records using (content_hash)
            group by content_hash
            order by position
        ),

        numbered as (
            select position, nextval('raw.record_ids') as record_id from unknown
        )

        select record_id, content_hash, record from batch inner join numbered using (position)
        """
    )
    connection.execute(
        """
        insert into raw.hub_listings
        select ?, ?, position, ?, record_id from batch inner join raw.hub_records using (content_hash)
        """,
        constants,
    )
    connection.unregister("batch")


def _delete_unlisted_records(connection: duckdb.DuckDBPyConnection) -> None:
    """Delete records that no snapshot lists."""
    connection.execute("delete from raw.hub_records where record_id not in (select record_id from raw.hub_listings)")


def insert_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table, constants: list[object]) -> None:
    """Append rows with the constants snapshot, source and landed_at in the current transaction."""
    if not rows.num_rows:
        return
    connection.register("batch", rows)
    connection.execute(
        f"insert into raw.{table} by name select ? as snapshot, ? as source, ? as landed_at, batch.* from batch",
        constants,
    )
    connection.unregister("batch")


@dataclass(frozen=True)
class Accepted:
    """The rows of a batch, which can land; those that cannot, with a `reason`; and the bytes of repaired records."""

    rows: pa.Table
    rejects: pa.Table
    originals: pa.Table
    reasons: list[str | None]


def accept(connection: duckdb.DuckDBPyConnection, positions: list[int], records: list[bytes]) -> Accepted:
    """Convert the records that do not have the form of the API, repair halves of surrogate pairs, and reject the rest.

    A converted record holds what the received one held. A repaired one does not, so its bytes are kept.
    """
    rows = record_rows(positions, records)
    texts, reasons, odd = _judged(connection, rows["record"])
    originals: list[tuple[int, bytes]] = []
    if odd:
        changed: dict[int, bytes] = {}
        for number in odd:
            repaired = without_lone_surrogates(records[number])
            converted = api_record(records[number] if repaired is None else repaired)
            if repaired is not None or converted is not None:
                changed[number] = converted or repaired or records[number]
            if repaired is not None:
                originals.append((number, records[number]))
        _, still, _ = _judged(connection, pa.chunked_array([pa.array(changed.values(), pa.large_binary())]))
        new_reasons = dict(zip(changed, still.to_pylist(), strict=True))
        # A record that cannot land even so is rejected as received.
        records = [
            changed[number] if number in changed and new_reasons[number] is None else record
            for number, record in enumerate(records)
        ]
        reasons = pa.array(
            [new_reasons.get(number, reason) for number, reason in enumerate(reasons.to_pylist())], pa.string()
        )
        originals = [row for row in originals if new_reasons[row[0]] is None]
        rows = record_rows(positions, records)
        texts = None
    kept = record_rows([positions[number] for number, _ in originals], [record for _, record in originals])
    rejects = rows.append_column("reason", reasons).filter(pc.is_valid(reasons))
    if rejects.num_rows:
        rows, texts = rows.filter(pc.is_null(reasons)), None
    if texts is None:
        texts = rows["record"].cast(pa.large_string())
    rows = rows.set_column(rows.num_columns - 1, "record", texts)
    return Accepted(rows, rejects, kept, reasons.to_pylist() if odd else [None] * len(positions))


def _judged(
    connection: duckdb.DuckDBPyConnection, records: pa.ChunkedArray[Any]
) -> tuple[Any, pa.Array[Any], list[int]]:
    """The records as text (null where they are not UTF-8), their reject reasons, and the numbers of those that are
    rejected or do not have the form of the API.

    DuckDB decides, since it parses the records later. It accepts NaN, Infinity and trailing commas, which some writers
    produce.
    """
    reasons: list[str | None] = [None] * len(records)
    try:
        texts: pa.ChunkedArray[Any] | pa.Array[Any] = records.cast(pa.large_string())
    except pa.ArrowInvalid:  # at least one record is not UTF-8
        decoded = [_decode(record) for record in records.to_pylist()]
        reasons = [None if text is not None else "not UTF-8" for text in decoded]
        texts = pa.array(decoded, pa.large_string())
    rows = pa.table({"number": np.arange(len(records)), "record": texts})
    connection.register("batch", rows)
    # `try` returns null for invalid JSON. Parsing takes most of the time, so one pass reads all types, and a search of
    # the text finds the few records whose id may be empty.
    found = connection.execute(
        f"""
        with typed as materialized (
            select
                number,
                regexp_matches(record, '"id"\\s*:\\s*""') as may_be_empty,
                try(json_type(record, {_CHECKED_PATHS})) as types
            from batch
        )

        select number from typed where may_be_empty or {IS_ODD} order by number
        """
    ).fetchall()
    connection.unregister("batch")
    odd = [number for (number,) in found]
    for number, reason in _odd_reasons(connection, rows.take(odd)) if odd else ():
        reasons[number] = reasons[number] or reason
    return texts, pa.array(reasons, pa.string()), odd


def _odd_reasons(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> list[tuple[int, str | None]]:
    """The reject reasons of records that may not have the form of the API, by number."""
    connection.register("batch", rows)
    reasons = connection.execute(
        """
        with typed as materialized (
            select
                number,
                record,
                try(json_extract(record, '$.id'))::varchar as id,
                try(json_type(record, '$.tags')) as tags_type
            from batch
        )

        select
            number,
            case
                when record is null then null
                when not json_valid(record) then 'not JSON'
                when json_type(record) <> 'OBJECT' then 'not an object'
                when id is null or id = 'null' then 'no id'
                when id = '""' then 'id is empty'
                when not starts_with(id, '"') then 'id is not a string'
                when tags_type = 'VARCHAR' then 'tags are not a list'
            end
        from typed
        """
    ).fetchall()
    connection.unregister("batch")
    return reasons


def _decode(record: Any) -> str | None:
    try:
        return str(record, encoding="utf-8")
    except UnicodeDecodeError:
        return None


def _join_names(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
