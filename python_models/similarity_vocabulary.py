"""The most frequent words and word pairs of all records and of all model cards, and what was counted to know them."""

import numpy as np
import pyarrow as pa

from methods import terms
from methods.cards import card_text

N_TERMS = 512
SAMPLED = 4_096  # documents that propose candidates


def model(dbt, session):
    dbt.config(
        materialized="incremental",
        schema="intermediate",
        incremental_strategy="delete+insert",
        unique_key="artifact",
    )
    documents = dbt.ref("int_model_documents")
    contents = dbt.ref("stg_hub__contents")
    before = session.table(str(dbt.this)) if dbt.is_incremental else None
    rows = [
        _records(session, documents, contents, before),
        _cards(documents, dbt.config.get("card_characters") or None),
    ]
    return pa.table({field.name: [row.get(field.name) for row in rows] for field in SCHEMA}, SCHEMA)


KEPT = ("candidates", "record_ids", "totals", "holding", "bounds")
SCHEMA = pa.schema(
    {
        "artifact": pa.string(),
        "n_documents": pa.int64(),
        "terms": pa.list_(pa.string()),
        "document_frequency": pa.list_(pa.int64()),
        "counted_by": pa.string(),
        "record_ids": pa.list_(pa.int64()),
        "candidates": pa.list_(pa.string()),
        "totals": pa.list_(pa.int64()),
        "holding": pa.list_(pa.int64()),
        "bounds": pa.list_(pa.int64()),
    }
)


def _records(session, documents, contents, before):
    """The row of the records. What was counted before is kept, and only what has changed is read."""
    ids = np.sort(documents.project("record_id").fetchnumpy()["record_id"])
    counted_by = f"{terms.VERSION}, {N_TERMS} terms, {terms.BUCKET_BITS} bits"

    def read():
        return _batches(documents.project("record"))

    def sample():
        # A few neighbours at each of many places: what is not near one need not be unpacked.
        step = max(1, len(ids) // SAMPLED)
        return _batches(documents.filter(f"record_id // 16 % {step} = 0").project("record"))

    counts = _changed(session, contents, before, ids, counted_by)
    if counts is None or counts.unproven(N_TERMS).any():
        counts = terms.count_terms(read, N_TERMS, sample)
    return _row("metadata", counts.vocabulary(read, N_TERMS)) | {
        "counted_by": counted_by,
        "record_ids": ids,
        "candidates": counts.candidates,
        "totals": counts.totals,
        "holding": counts.holding,
        "bounds": counts.bounds,
    }


def _changed(session, contents, before, ids, counted_by):
    """The counts before, less the records that left, and with those that joined. None if there are no such counts."""
    row = before and before.filter(f"artifact = 'metadata' and counted_by = '{counted_by}'").to_arrow_table()
    if not row:
        return None
    candidates, *numbers = (row[column].combine_chunks().flatten() for column in KEPT)
    known, totals, holding, bounds = (column.to_numpy() for column in numbers)
    joined, left = ids[np.isin(ids, known, invert=True)], known[np.isin(known, ids, invert=True)]
    if len(joined) + len(left) > len(ids):
        return None
    counts = terms.TermCounts(tuple(candidates.to_pylist()), totals, holding, bounds, len(known))

    def read(some):
        if len(some):
            session.register("some_records", pa.table({"some_id": some}))
            yield from _batches(contents.join(session.table("some_records"), "record_id = some_id").project("record"))
            session.unregister("some_records")

    counts = counts.changed(lambda: read(joined), lambda: read(left))
    # A record of a snapshot that was dropped is gone: then nobody can tell what it counted for.
    return counts if counts.n_documents == len(ids) else None


def _cards(documents, n_characters):
    """The row of the cards, which are counted anew: of a card that has changed, the text before is not kept."""
    cards = documents.filter("card is not null")

    def read(some=cards):
        for batch in _batches(some.project("card")):
            yield pa.array([card_text(card, n_characters) for card in batch.to_pylist()], pa.large_string())

    def sample():
        ((n_cards,),) = cards.aggregate("count(*)").fetchall()
        step = max(1, n_cards // SAMPLED)
        return read(cards.filter(f"model_key % {step} = 0"))

    return _row("card", terms.fit_terms(read, N_TERMS, sample))


def _batches(texts):
    return (batch.column(0) for batch in texts.to_arrow_reader(10_000))


def _row(artifact, vocabulary):
    return {
        "artifact": artifact,
        "n_documents": vocabulary.n_documents,
        "terms": vocabulary.terms,
        "document_frequency": vocabulary.document_frequency,
    }
