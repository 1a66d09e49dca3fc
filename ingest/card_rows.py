"""Rows of raw.cards: what came of a card, from the Hub or from a dump."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa


@dataclass(frozen=True)
class Card:
    """What came of a model's card. `text` is the file as it is, in whatever encoding, or None if there is none to
    land. `etag` is its git blob id, `revision` the commit of the repository."""

    model_id: str
    outcome: str
    reason: str | None = None
    http_status: int | None = None
    etag: str | None = None
    revision: str | None = None
    text: bytes | None = None


def blob_id(text: bytes) -> str:
    """The id that git gives a file; the Hub's ETag of a plain README."""
    return hashlib.sha1(b"blob %d\0" % len(text) + text).hexdigest()  # noqa: S324, git's hash, no secret


def insert_cards(
    connection: duckdb.DuckDBPyConnection,
    cards: Sequence[Card],
    source: str,
    fetched_at: datetime,
    *,
    once: bool = False,
) -> None:
    """Append the cards, in the transaction that is under way. With `once` what is there already, from the same
    source with the same outcome and text, is left out: a file says nothing new when it is landed again."""
    if not cards:
        return
    texts = [card.text for card in cards]
    decoded = [None if text is None else _decoded(text) for text in texts]
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
        # Bytes only where they are no text.
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
        [source, fetched_at, once],
    )
    connection.unregister("batch")


def _decoded(text: bytes) -> str | None:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None
