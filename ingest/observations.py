"""Land a file of observations as a series of snapshots, one per observation time.

Each time lists the models that changed or were removed since the time before. Its snapshot lists the models of the
snapshot before, without the removed ones and with the observed ones. Records are stored once, so a snapshot only adds
the records that changed.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from phylohub.core.build_file import transaction, utc_now
from phylohub.core.errors import PhylohubError
from phylohub.ingest.landing import accept, insert_records, insert_rows, record_rows
from phylohub.ingest.readers import Source, content_hash, read_batches


@dataclass
class _Observations:
    """The observations of one time."""

    observed: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # id: position and bytes of the last record
    removed: set[str] = field(default_factory=set)  # ids
    deleted: set[str] = field(default_factory=set)  # paths, see `_path`


@dataclass(frozen=True)
class SeriesSnapshot:
    """A snapshot of the series: how many models it lists, and how many were observed or removed at its time."""

    snapshot: str
    n_models: int
    n_observed: int
    n_removed: int


def land_series(connection: duckdb.DuckDBPyConnection, source: Source, name: str) -> list[SeriesSnapshot]:
    """Land a file of observations as complete snapshots, one per time, named after `name` and the time in UTC.

    An observation is a record of the Hub's list with `observed_at` (ISO 8601 with an offset) and optionally `removed`.
    A line with `observed_at`, `deleted` and `path` states that the model at the path is deleted. Other lines are
    rejected, in the first snapshot. Each snapshot lands in one transaction; snapshots that have landed are skipped. All
    observations are held in memory.

    Raises PhylohubError if there is no observation, the file cannot be read, or a snapshot of the same name has landed
    from another file.
    """
    file_hash = content_hash(source)
    by_time, rejects = _read(source)
    if not by_time:
        raise PhylohubError(
            f"{source.path} holds no observation: no line has an `id` and an `observed_at`. "
            "To land a file of records, run `phylohub ingest dump`."
        )
    results = []
    listed: dict[str, int] = {}
    before = ""
    for time, observations in sorted(by_time.items()):
        snapshot = f"{name}-{time:%Y-%m-%dT%H:%M:%SZ}"
        removed = observations.removed | {model_id for model_id in listed if _path(model_id) in observations.deleted}
        kept = {
            model_id: position
            for model_id, position in listed.items()
            if model_id not in removed and model_id not in observations.observed
        }
        n_removed = len(removed & listed.keys() - observations.observed.keys())
        listed = kept | {model_id: position for model_id, (position, _) in observations.observed.items()}
        if not _is_landed(connection, snapshot, source, file_hash):
            _land(connection, (name, snapshot, time, before), source, file_hash, kept, observations, rejects)
        results.append(SeriesSnapshot(snapshot, len(listed), len(observations.observed), n_removed))
        before, rejects = snapshot, []
    return results


def _land(
    connection: duckdb.DuckDBPyConnection,
    snapshots: tuple[str, str, datetime, str],
    source: Source,
    file_hash: str,
    kept: dict[str, int],
    observations: _Observations,
    rejects: list[tuple[int, bytes, str]],
) -> None:
    name, snapshot, time, before = snapshots
    observed = sorted(observations.observed.values())
    accepted = accept(connection, [position for position, _ in observed], [record for _, record in observed])
    bad = record_rows([position for position, _, _ in rejects], [record for _, record, _ in rejects])
    bad = bad.append_column("reason", pa.array([reason for *_, reason in rejects], pa.string()))
    bad = pa.concat_tables([bad, accepted.rejects])
    now = utc_now()
    with transaction(connection):
        connection.register("kept_positions", pa.table({"position": pa.array(kept.values(), pa.int64())}))
        connection.execute(
            "insert into raw.hub_listings select ?, source, position, landed_at, record_id from raw.hub_listings "
            "where snapshot = ? and source = ? and position in (select position from kept_positions)",
            [snapshot, before, source.name],
        )
        connection.unregister("kept_positions")
        insert_records(connection, accepted.rows, [snapshot, source.name, now])
        insert_rows(connection, "hub_rejects", bad, [snapshot, source.name, now])
        insert_rows(connection, "hub_originals", accepted.originals, [snapshot, source.name, now])
        connection.execute(
            "insert into raw.loads (snapshot, source, source_hash, last_position, n_landed, n_rejected, started_at, "
            "completed_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                snapshot,
                source.name,
                file_hash,
                observed[-1][0] if observed else 0,
                len(kept) + accepted.rows.num_rows,
                bad.num_rows,
                now,
                now,
            ],
        )
        connection.execute(
            "insert into raw.snapshots (snapshot, started_at, completed_at, taken_at, taken_from, scope, series) "
            "values (?, ?, ?, ?, 'observation', ?, ?)",
            [snapshot, now, utc_now(), time, f"models of {name}", name],
        )


def _is_landed(connection: duckdb.DuckDBPyConnection, snapshot: str, source: Source, file_hash: str) -> bool:
    known = connection.execute("select source, source_hash from raw.loads where snapshot = ?", [snapshot]).fetchall()
    if known and known != [(source.name, file_hash)]:
        raise PhylohubError(
            f"Snapshot {snapshot} has landed from another file. Choose another name with --snapshot, or remove each "
            f"snapshot of the old series, first `phylohub ingest drop {snapshot}`."
        )
    return bool(known)


def _read(source: Source) -> tuple[dict[datetime, _Observations], list[tuple[int, bytes, str]]]:
    """The observations of a file by time, and the rejects as position, bytes and reason."""
    by_time: dict[datetime, _Observations] = defaultdict(_Observations)
    rejects = []
    for batch in read_batches(source):
        for position, record in zip(batch.positions, batch.records, strict=True):
            try:
                line = json.loads(record.decode())
            except UnicodeDecodeError:
                rejects.append((position, record, "not UTF-8"))
                continue
            except (ValueError, RecursionError):
                rejects.append((position, record, "not JSON"))
                continue
            reason = _add(by_time, position, record, line)
            if reason is not None:
                rejects.append((position, record, reason))
    return by_time, rejects


def _add(by_time: dict[datetime, _Observations], position: int, record: bytes, line: Any) -> str | None:
    """Add a line to the observations of its time, or return the reject reason."""
    if not isinstance(line, dict):
        return "not an object"
    try:
        time = datetime.fromisoformat(line["observed_at"]).astimezone(UTC).replace(tzinfo=None)
    except (KeyError, TypeError, ValueError, OverflowError):
        return "no time"
    if line.get("deleted") is True and isinstance(line.get("path"), str):
        by_time[time].deleted.add(line["path"])
        return None
    model_id = line.get("id")
    if model_id is None:
        return "no id"
    if not isinstance(model_id, str):
        return "id is not a string"
    if not model_id:
        return "id is empty"
    if line.get("removed") is True:
        by_time[time].removed.add(model_id)
        by_time[time].observed.pop(model_id, None)
    else:
        by_time[time].removed.discard(model_id)
        by_time[time].observed[model_id] = (position, record)
    return None


def _path(model_id: str) -> str:
    """The path of a model in the series: its id in lower case, with hyphens for dots."""
    return f"data/{model_id.lower().replace('.', '-')}.json"
