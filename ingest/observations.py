"""A series of observations: at each moment the models that had changed since the moment before, or were gone.

Such a file is not a snapshot but many. Each moment becomes one: what the moment before listed, without what was
removed, with what was observed. Texts are kept once, so a moment costs what changed in it.
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
from phylohub.ingest.landing import insert_records, insert_rows, record_rows
from phylohub.ingest.readers import Source, content_hash, read_batches


@dataclass
class _Moment:
    observed: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # id: position and text of the last one
    removed: set[str] = field(default_factory=set)  # ids
    deleted: set[str] = field(default_factory=set)  # slugs of ids, see `_slug`


@dataclass(frozen=True)
class MomentResult:
    """A moment of the series: its snapshot, how many models it lists, and how many were observed or removed in it."""

    snapshot: str
    n_models: int
    n_observed: int
    n_removed: int


def land_series(connection: duckdb.DuckDBPyConnection, source: Source, name: str) -> list[MomentResult]:
    """Land a file of observations as one complete snapshot a moment, called after `name` and the moment in UTC.

    An observation is a record of the Hub's list with `observed_at` (ISO 8601 with an offset), and perhaps `removed`. A
    line with `observed_at`, `deleted` and `path` says that the model of that path is gone. What is none of them is
    rejected, with the first moment. Each moment is one transaction; those that are landed already are passed over. All
    observations are held in memory.

    Raises PhylohubError if there is no observation, the file cannot be read, or a moment is landed from another file.
    """
    file_hash = content_hash(source)
    moments, rejects = _read(source)
    if not moments:
        raise PhylohubError(f"{source.path} holds no observation: no line has an `id` and an `observed_at`.")
    results = []
    listed: dict[str, int] = {}
    before = ""
    for time, moment in sorted(moments.items()):
        snapshot = f"{name}-{time:%Y-%m-%dT%H:%M:%SZ}"
        gone = moment.removed | {model_id for model_id in listed if _slug(model_id) in moment.deleted}
        kept = {
            model_id: position
            for model_id, position in listed.items()
            if model_id not in gone and model_id not in moment.observed
        }
        n_removed = len(gone & listed.keys() - moment.observed.keys())
        listed = kept | {model_id: position for model_id, (position, _) in moment.observed.items()}
        if not _is_landed(connection, snapshot, source, file_hash):
            _land(connection, (snapshot, time, before), source, file_hash, kept, moment, rejects)
        results.append(MomentResult(snapshot, len(listed), len(moment.observed), n_removed))
        before, rejects = snapshot, []
    return results


def _land(
    connection: duckdb.DuckDBPyConnection,
    snapshots: tuple[str, datetime, str],
    source: Source,
    file_hash: str,
    kept: dict[str, int],
    moment: _Moment,
    rejects: list[tuple[int, bytes, str]],
) -> None:
    snapshot, time, before = snapshots
    observed = sorted(moment.observed.values())
    rows = record_rows([position for position, _ in observed], [record for _, record in observed])
    rows = rows.set_column(rows.num_columns - 1, "record", rows["record"].cast(pa.large_string()))
    bad = record_rows([position for position, _, _ in rejects], [record for _, record, _ in rejects])
    bad = bad.append_column("reason", pa.array([reason for *_, reason in rejects], pa.string()))
    now = utc_now()
    with transaction(connection):
        connection.register("kept_positions", pa.table({"position": pa.array(kept.values(), pa.int64())}))
        connection.execute(
            "insert into raw.hub_listings select ?, source, position, landed_at, record_id from raw.hub_listings "
            "where snapshot = ? and source = ? and position in (select position from kept_positions)",
            [snapshot, before, source.name],
        )
        connection.unregister("kept_positions")
        insert_records(connection, rows, [snapshot, source.name, now])
        insert_rows(connection, "hub_rejects", bad, [snapshot, source.name, now])
        connection.execute(
            "insert into raw.loads (snapshot, source, source_hash, last_position, n_landed, n_rejected, started_at, "
            "completed_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                snapshot,
                source.name,
                file_hash,
                observed[-1][0] if observed else 0,
                len(kept) + len(observed),
                len(rejects),
                now,
                now,
            ],
        )
        connection.execute(
            "insert into raw.snapshots (snapshot, started_at, completed_at, taken_at) values (?, ?, ?, ?)",
            [snapshot, now, utc_now(), time],
        )


def _is_landed(connection: duckdb.DuckDBPyConnection, snapshot: str, source: Source, file_hash: str) -> bool:
    known = connection.execute("select source, source_hash from raw.loads where snapshot = ?", [snapshot]).fetchall()
    if known and known != [(source.name, file_hash)]:
        raise PhylohubError(
            f"Snapshot {snapshot} is landed from another file. Give this series another name with --snapshot, or "
            "remove the old moments with `phylohub ingest drop`."
        )
    return bool(known)


def _read(source: Source) -> tuple[dict[datetime, _Moment], list[tuple[int, bytes, str]]]:
    """The moments of a file, and what is rejected: position, bytes and reason."""
    moments: dict[datetime, _Moment] = defaultdict(_Moment)
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
            reason = _add(moments, position, record, line)
            if reason is not None:
                rejects.append((position, record, reason))
    return moments, rejects


def _add(moments: dict[datetime, _Moment], position: int, record: bytes, line: Any) -> str | None:
    """Add a line to its moment, or say why it cannot be."""
    if not isinstance(line, dict):
        return "not an object"
    try:
        time = datetime.fromisoformat(line["observed_at"]).astimezone(UTC).replace(tzinfo=None)
    except (KeyError, TypeError, ValueError, OverflowError):
        return "no time"
    if line.get("deleted") is True and isinstance(line.get("path"), str):
        moments[time].deleted.add(line["path"])
        return None
    model_id = line.get("id")
    if model_id is None:
        return "no id"
    if not isinstance(model_id, str):
        return "id is not a string"
    if not model_id:
        return "id is empty"
    if line.get("removed") is True:
        moments[time].removed.add(model_id)
        moments[time].observed.pop(model_id, None)
    else:
        moments[time].removed.discard(model_id)
        moments[time].observed[model_id] = (position, record)
    return None


def _slug(model_id: str) -> str:
    """The path under which a series keeps a model: its id in lower case, without points."""
    return f"data/{model_id.lower().replace('.', '-')}.json"
