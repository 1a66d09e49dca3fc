"""Compares two models: their records field by field, and their cards line by line."""

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.distance import Levenshtein

from phylohub.core.errors import PhylohubError
from phylohub.explore.warehouse import Row, Warehouse
from phylohub.methods.cards import card_text

ID_FIELDS = {"_id", "id", "modelId"}  # always differ
MAX_CARD_LINES = 2_000  # compared lines of a card: the time grows with the square
MAX_CHARACTERS = 100_000  # of a record or card whose Levenshtein similarity is computed, for the same reason


@dataclass
class Change:
    """A field of the record that differs.

    Lists are compared as sets (`removed` and `added`), other values as `before` and `after`. None means that the record
    does not have the field; a JSON null is the text "null".
    """

    name: str
    before: str | None = None
    after: str | None = None
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """The differences between two models, and their similarities.

    `changes` is None without records to compare, and `card` (the lines of a unified diff) is None without two cards.
    `similarities` has one row per artifact and measure.
    """

    changes: list[Change] | None
    n_same: int
    card: list[str] | None
    similarities: list[Row]
    notes: list[str]


def read_difference(warehouse: Warehouse, first: str, second: str) -> Difference:
    """Compare two models. Raises PhylohubError if a record cannot be parsed as JSON."""
    notes: list[str] = []
    changes, n_same, records = None, 0, None
    if warehouse.has("staging", "stg_hub__records") and warehouse.has("intermediate", "int_models_current"):
        records = [_record(warehouse, model_id) for model_id in (first, second)]
        changes, n_same = compare_records(*(_parse(*pair) for pair in zip((first, second), records, strict=True)))
    else:
        notes.append("This file has marts only, so records and cards cannot be compared.")
    cards = [_card(warehouse, model_id) for model_id in (first, second)] if records else [None, None]
    missing = [model_id for model_id, card in zip((first, second), cards, strict=True) if card is None]
    if records and missing:
        notes.append(f"Cards are not compared: none has been fetched for {' and '.join(missing)}, or none exists.")
    card = None
    if cards[0] is not None and cards[1] is not None:
        lines = [card.splitlines() for card in (cards[0], cards[1])]
        if max(map(len, lines)) > MAX_CARD_LINES:
            notes.append(f"Only the first {MAX_CARD_LINES:,} lines of each card are compared.")
        before, after = (some[:MAX_CARD_LINES] for some in lines)
        card = list(difflib.unified_diff(before, after, first, second, lineterm="", n=1))
    return Difference(changes, n_same, card, _similarities(warehouse, first, second, records, cards), notes)


def _record(warehouse: Warehouse, model_id: str) -> str:
    """The model's record in the current snapshot."""
    # Two queries instead of a join, so that DuckDB reads one record by its key instead of scanning all of them.
    (key,) = warehouse.rows("select record_id from intermediate.int_models_current where model_id = $id", id=model_id)
    (row,) = warehouse.rows("select record from staging.stg_hub__records where record_id = $record_id", **key)
    return str(row["record"])


def _card(warehouse: Warehouse, model_id: str) -> str | None:
    if not warehouse.has("intermediate", "int_cards_current"):
        return None
    # Two queries for the same reason as in _record.
    keys = warehouse.rows(
        """
        select card_id from intermediate.int_cards_current
        where has_card and model_key in (
            select model_key from intermediate.int_models_current where model_id = $id
        )
        """,
        id=model_id,
    )
    found = [
        row
        for key in keys
        for row in warehouse.rows("select card from staging.stg_hub__cards where card_id = $card_id", **key)
    ]
    return found[0]["card"] if found else None


def _parse(model_id: str, record: str) -> dict[str, Any]:
    try:
        parsed = json.loads(record)
    except (ValueError, RecursionError) as error:
        raise PhylohubError(f"The record of {model_id} cannot be parsed as JSON: {error}") from error
    return parsed if isinstance(parsed, dict) else {}


def compare_records(first: dict[str, Any], second: dict[str, Any]) -> tuple[list[Change], int]:
    """The fields that differ, sorted by path (`cardData.license`), and the number of equal fields.

    Objects are compared field by field, lists as sets. The fields with the model's own id are left out.
    """
    left, right = (dict(_flatten(record, "")) for record in (first, second))
    names = sorted((left.keys() | right.keys()) - ID_FIELDS)
    changes, n_same = [], 0
    for name in names:
        before, after = left.get(name), right.get(name)
        if before == after:
            n_same += 1
        elif isinstance(before, frozenset | None) and isinstance(after, frozenset | None):
            old, new = before or frozenset(), after or frozenset()
            changes.append(Change(name, removed=sorted(old - new), added=sorted(new - old)))
        else:
            changes.append(Change(name, _joined(before), _joined(after)))
    return changes, n_same


def _flatten(value: dict[str, Any], path: str) -> Iterator[tuple[str, str | frozenset[str]]]:
    for name, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield from _flatten(inner, f"{path}{name}.")
        elif isinstance(inner, list):
            yield path + name, frozenset(_as_text(item) for item in inner)
        else:
            yield path + name, _as_text(inner)


def _as_text(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1:  # siblings: [{"rfilename": "config.json"}, ...]
        value = next(iter(value.values()))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _joined(value: str | frozenset[str] | None) -> str | None:
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else value


def _similarities(
    warehouse: Warehouse, first: str, second: str, records: list[str] | None, cards: list[str | None]
) -> list[Row]:
    """The similarities of metadata and cards, each with its mean over the sampled parent and child pairs.

    A pair that the build sampled has all measures. For other pairs only the Levenshtein similarity is computed: the
    cosine similarities need the most frequent terms of all documents, which are expensive to count.
    """
    found: dict[tuple[str, str], float] = {}
    sampled = warehouse.rows(
        """
        from marts.similarity_pairs
        where (first_id = $first and second_id = $second) or (first_id = $second and second_id = $first)
        limit 1
        """,
        first=first,
        second=second,
    )
    for artifact in ("metadata", "card"):
        for measure in ("bow", "tfidf", "levenshtein"):
            value = sampled[0][f"{artifact}_{measure}"] if sampled else None
            if value is not None:
                found[artifact, measure] = value
    texts: dict[str, Sequence[str | None]] = {
        "metadata": records or [None, None],
        "card": [card_text(card) for card in cards],
    }
    for artifact, (one, two) in texts.items():
        if one is not None and two is not None and max(len(one), len(two)) <= MAX_CHARACTERS:
            found.setdefault((artifact, "levenshtein"), Levenshtein.normalized_similarity(one, two))
    means = {
        (row["artifact"], row["measure"]): row
        for row in warehouse.rows(
            "select artifact, measure, mean, n_distinct_pairs, interval_method from marts.similarity_estimates "
            "where shape = 'edge' and mean is not null"
        )
    }
    none = {"mean": None, "n_distinct_pairs": 0, "interval_method": None}
    return [
        {"artifact": artifact, "measure": measure, "similarity": value}
        | {name: means.get((artifact, measure), none)[name] for name in none}
        for (artifact, measure), value in found.items()
    ]
