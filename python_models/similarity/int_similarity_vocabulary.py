"""The most frequent words and word pairs of all records and of all model cards, and what was counted to know them."""

import numpy as np
import pyarrow as pa

from phylohub.methods import terms

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
    before = session.table(str(dbt.this)) if dbt.is_incremental else None
    version = f"{terms.VERSION}, {N_TERMS} terms, {terms.BUCKET_BITS} bits"
    n_characters = dbt.config.get("card_characters")
    records = documents.project("record_id as id, record as text")
    cards = documents.filter("card_id is not null").project("card_id as id, card as text")
    contents = dbt.ref("stg_hub__records").project("record_id as id, record as text")
    compared = dbt.ref("int_compared_cards").project("card_id as id, card as text")
    rows = [
        _count(session, "metadata", records, contents, before, version),
        _count(session, "card", cards, compared, before, f"{version}, {n_characters} characters"),
    ]
    return pa.table({field.name: [row[field.name] for row in rows] for field in SCHEMA}, SCHEMA)


KEPT = ("candidates", "document_ids", "totals", "holding", "bounds")
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


def _count(session, artifact, documents, landed, before, counted_by):
    """The row of an artifact. What was counted before is kept, and only what has changed is read.

    `documents` are those of the snapshot, `landed` also those of others, both as (id, text); an id never comes to mean
    another text.
    """
    ids = np.sort(documents.project("id").fetchnumpy()["id"])

    def read():
        return _batches(documents)

    def sample():
        # A few neighbours at each of many places: what is not near one need not be unpacked.
        step = max(1, len(ids) // SAMPLED)
        return _batches(documents.filter(f"id // 16 % {step} = 0"))

    counts = _changed(session, artifact, landed, before, ids, counted_by)
    if counts is None or counts.unproven(N_TERMS).any():
        counts = terms.count_terms(read, N_TERMS, sample)
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


def _changed(session, artifact, landed, before, ids, counted_by):
    """The counts before, less the documents that left, and with those that joined. None if there are no such counts."""
    row = before and before.filter(f"artifact = '{artifact}' and counted_by = '{counted_by}'").to_arrow_table()
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
            session.register("some_documents", pa.table({"some_id": some}))
            yield from _batches(landed.join(session.table("some_documents"), "id = some_id"))
            session.unregister("some_documents")

    counts = counts.changed(lambda: read(joined), lambda: read(left))
    # A document of a snapshot that was dropped is gone: then nobody can tell what it counted for.
    return counts if counts.n_documents == len(ids) else None


def _batches(documents):
    return (batch.column(0) for batch in documents.project("text").to_arrow_reader(10_000))
