"""The most frequent words and word pairs of all records and of all cards, and the counts they come from."""

import numpy as np
import pyarrow as pa

from phylohub.methods import term_counts, tokens

N_TERMS = 512
N_SAMPLED = 4_096  # documents that propose candidates


def model(dbt, session):
    dbt.config(
        materialized="incremental",
        schema="intermediate",
        incremental_strategy="delete+insert",
        unique_key="artifact",
    )
    documents = dbt.ref("int_model_documents")
    previous = session.table(str(dbt.this)) if dbt.is_incremental else None
    version = f"{tokens.VERSION}, {N_TERMS} terms, {tokens.BUCKET_BITS} bits"
    n_characters = dbt.config.get("card_characters")
    records = documents.project("record_id as id, record as text")
    cards = documents.filter("card_id is not null").project("card_id as id, card as text")
    all_records = dbt.ref("stg_hub__records").project("record_id as id, record as text")
    all_cards = dbt.ref("int_compared_cards").project("card_id as id, card as text")
    rows = [
        _count(session, "metadata", records, all_records, previous, version),
        _count(session, "card", cards, all_cards, previous, f"{version}, {n_characters} characters"),
    ]
    return pa.table({field.name: [row[field.name] for row in rows] for field in SCHEMA}, SCHEMA)


COUNT_COLUMNS = ("candidates", "document_ids", "totals", "holding", "bounds")
SCHEMA = pa.schema(
    {
        "artifact": pa.string(),
        "n_documents": pa.int64(),
        "terms": pa.list_(pa.string()),
        "document_frequency": pa.list_(pa.int64()),
        "counted_by": pa.string(),
        "document_ids": pa.list_(pa.int64()),
        "candidates": pa.list_(pa.string()),
        "totals": pa.list_(pa.int64()),
        "holding": pa.list_(pa.int64()),
        "bounds": pa.list_(pa.int64()),
    }
)


def _count(session, artifact, current, stored, previous, counted_by):
    """The row of one artifact. Starts from the previous counts if possible and reads only the documents that changed.

    `current` are the documents of the current snapshot, `stored` those of all snapshots, both as (id, text). The text
    of an id never changes.
    """
    ids = np.sort(current.project("id").fetchnumpy()["id"])

    def read():
        return _batches(current)

    def sample():
        # Runs of 16 consecutive ids, so that DuckDB decompresses only few blocks.
        step = max(1, len(ids) // N_SAMPLED)
        return _batches(current.filter(f"id // 16 % {step} = 0"))

    counts = _updated_counts(session, artifact, stored, previous, ids, counted_by)
    if counts is None or counts.unproven(N_TERMS).any():
        counts = term_counts.count_terms(read, N_TERMS, sample)
    vocabulary = counts.vocabulary(read, N_TERMS)
    return {
        "artifact": artifact,
        "n_documents": vocabulary.n_documents,
        "terms": vocabulary.terms,
        "document_frequency": vocabulary.document_frequency,
        "counted_by": counted_by,
        "document_ids": ids,
        "candidates": counts.candidates,
        "totals": counts.totals,
        "holding": counts.holding,
        "bounds": counts.bounds,
    }


def _updated_counts(session, artifact, stored, previous, ids, counted_by):
    """The previous counts, updated for the documents that joined or left. None if they cannot be used."""
    row = previous and previous.filter(f"artifact = '{artifact}' and counted_by = '{counted_by}'").to_arrow_table()
    if not row:
        return None
    candidates, *numbers = (row[column].combine_chunks().flatten() for column in COUNT_COLUMNS)
    known, totals, holding, bounds = (column.to_numpy() for column in numbers)
    joined, left = ids[np.isin(ids, known, invert=True)], known[np.isin(known, ids, invert=True)]
    if len(joined) + len(left) > len(ids):
        return None
    counts = term_counts.TermCounts(tuple(candidates.to_pylist()), totals, holding, bounds, len(known))

    def read(some):
        if len(some):
            session.register("some_documents", pa.table({"some_id": some}))
            yield from _batches(stored.join(session.table("some_documents"), "id = some_id"))
            session.unregister("some_documents")

    counts = counts.changed(lambda: read(joined), lambda: read(left))
    # The number differs if a document is no longer stored: its counts cannot be subtracted.
    return counts if counts.n_documents == len(ids) else None


def _batches(documents):
    return (batch.column(0) for batch in documents.project("text").to_arrow_reader(10_000))
