"""Rows of raw.cards: the outcome of a card check, from the Hub or from a dump."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa


@dataclass(frozen=True)
class Card:
    """The outcome of a card check. `text` holds the bytes of the file in any encoding, or None if nothing lands. `etag`
    is the git blob id of the file, and `revision` the commit of the repository."""

    model_id: str
    outcome: str
    reason: str | None = None
    http_status: int | None = None
    etag: str | None = None
    revision: str | None = None
    text: bytes | None = None


def blob_id(text: bytes) -> str:
    """The git blob id of a file, which is the Hub's ETag of a README.md."""
    return hashlib.sha1(b"blob %d\0" % len(text) + text).hexdigest()  # noqa: S324, git's hash, not for security


def insert_cards(
    connection: duckdb.DuckDBPyConnection,
    cards: Sequence[Card],
    source: str,
    fetched_at: datetime,
    *,
    skip_landed: bool = False,
) -> None:
    """Append cards in the current transaction. With `skip_landed`, skip cards that have landed with the same source,
    outcome and text, so that landing a file again adds nothing."""
    if not cards:
        return
    texts = [card.text for card in cards]
    decoded = [None if text is None else _decode(text) for text in texts]
    hashes = [None if text is None else hashlib.sha256(text).digest()[:16] for text in texts]
    rows = {
        "model_id": pa.array([card.model_id for card in cards], pa.string()),
        "outcome": pa.array([card.outcome for card in cards], pa.string()),
        "reason": pa.array([card.reason for card in cards], pa.string()),
        "http_status": pa.array([card.http_status for card in cards], pa.int32()),
        "etag": pa.array([card.etag for card in cards], pa.string()),
        "revision": pa.array([card.revision for card in cards], pa.string()),
        "n_bytes": pa.array([None if text is None else len(text) for text in texts], pa.int64()),
        "content_hash": pa.ExtensionArray.from_storage(pa.uuid(), pa.array(hashes, pa.binary(16))),
        "card": pa.array(decoded, pa.large_string()),
        # Only for cards that are not UTF-8.
        "card_bytes": pa.array(
            [raw if text is None else None for raw, text in zip(texts, decoded, strict=True)], pa.large_binary()
        ),
    }
    connection.register("batch", pa.table(rows))
    connection.execute(
        """
        insert into raw.cards by name
        select $1 as source, $2 as fetched_at, batch.*
        from batch
        where
            not $3
            or not exists (
                from raw.cards as landed
                where
                    landed.model_id = batch.model_id
                    and landed.source = $1
                    and landed.outcome = batch.outcome
                    and landed.content_hash is not distinct from batch.content_hash
            )
        """,
        [source, fetched_at, skip_landed],
    )
    connection.unregister("batch")


def _decode(text: bytes) -> str | None:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None
