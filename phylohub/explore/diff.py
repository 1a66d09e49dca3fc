"""What differs between two models: their records, field by field, and their cards, line by line."""

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.distance import Levenshtein

from phylohub.core.errors import PhylohubError
from phylohub.explore.warehouse import Row, Warehouse
from phylohub.methods.cards import card_text

NAMES = {"_id", "id", "modelId"}  # say which model it is, so always differ
CARD_LINES = 2_000  # lines of a card that are compared; the time grows with the square
LONGEST = 100_000  # characters up to which records are compared letter by letter, for the same reason


@dataclass
class Change:
    """A field of the record that differs. A list is a set: `added` and `removed`; anything else `before`, `after`.

    None is a field that the record does not have (JSON's null is the text null).
    """

    name: str
    before: str | None = None
    after: str | None = None
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """What differs between two models, and how alike they are.

    `changes` is None where there are no records to compare, `card` where a card is missing; `similarities` holds a row
    an artifact and measure.
    """

    changes: list[Change] | None
    n_same: int
    card: list[str] | None
    similarities: list[Row]
    notes: list[str]


def read_difference(warehouse: Warehouse, first: str, second: str) -> Difference:
    """Compare two models. Raises PhylohubError if a record cannot be read as JSON."""
    notes: list[str] = []
    changes, n_same, records = None, 0, None
    if warehouse.has("staging", "stg_hub__records") and warehouse.has("intermediate", "int_models_current"):
        records = [_record(warehouse, model_id) for model_id in (first, second)]
        changes, n_same = compare_records(*(_parsed(*pair) for pair in zip((first, second), records, strict=True)))
    else:
        notes.append("This file holds the marts only, without the records and cards they were made of.")
    cards = [_card(warehouse, model_id) for model_id in (first, second)] if records else [None, None]
    missing = [model_id for model_id, card in zip((first, second), cards, strict=True) if card is None]
    if records and missing:
        notes.append(f"No card to compare: none has been fetched, or there is none, of {' and '.join(missing)}.")
    card = None
    if cards[0] is not None and cards[1] is not None:
        lines = [card.splitlines() for card in (cards[0], cards[1])]
        if max(map(len, lines)) > CARD_LINES:
            notes.append(f"Of the cards, the first {CARD_LINES:,} lines are compared.")
        before, after = (some[:CARD_LINES] for some in lines)
        card = list(difflib.unified_diff(before, after, first, second, lineterm="", n=1))
    return Difference(changes, n_same, card, _similarities(warehouse, first, second, records, cards), notes)


def _record(warehouse: Warehouse, model_id: str) -> str:
    """The record that the marts show, as it came."""
    # In two steps: the first finds a row of the current snapshot by id, the second fetches one row by its key.
    (key,) = warehouse.rows("select record_id from intermediate.int_models_current where model_id = $id", id=model_id)
    (row,) = warehouse.rows("select record from staging.stg_hub__records where record_id = $record_id", **key)
    return str(row["record"])


def _card(warehouse: Warehouse, model_id: str) -> str | None:
    if not warehouse.has("intermediate", "int_cards_current"):
        return None
    # In two steps, as the record.
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


def _parsed(model_id: str, record: str) -> dict[str, Any]:
    try:
        parsed = json.loads(record)
    except (ValueError, RecursionError) as error:
        raise PhylohubError(f"The record of {model_id} cannot be read as JSON: {error}") from error
    return parsed if isinstance(parsed, dict) else {}


def compare_records(first: dict[str, Any], second: dict[str, Any]) -> tuple[list[Change], int]:
    """The fields that differ, by path (`cardData.license`), sorted; and how many are the same.

    Objects are compared field by field, lists as sets. Left out are the ids that say which model it is.
    """
    left, right = (dict(_fields(record, "")) for record in (first, second))
    names = sorted((left.keys() | right.keys()) - NAMES)
    changes, n_same = [], 0
    for name in names:
        before, after = left.get(name), right.get(name)
        if before == after:
            n_same += 1
        elif isinstance(before, frozenset | None) and isinstance(after, frozenset | None):
            old, new = before or frozenset(), after or frozenset()
            changes.append(Change(name, removed=sorted(old - new), added=sorted(new - old)))
        else:
            changes.append(Change(name, _shown(before), _shown(after)))
    return changes, n_same


def _fields(value: dict[str, Any], path: str) -> Iterator[tuple[str, str | frozenset[str]]]:
    for name, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield from _fields(inner, f"{path}{name}.")
        elif isinstance(inner, list):
            yield path + name, frozenset(_word(item) for item in inner)
        else:
            yield path + name, _word(inner)


def _word(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1:  # siblings: [{"rfilename": "config.json"}, ...]
        value = next(iter(value.values()))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shown(value: str | frozenset[str] | None) -> str | None:
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else value


def _similarities(
    warehouse: Warehouse, first: str, second: str, records: list[str] | None, cards: list[str | None]
) -> list[Row]:
    """Levenshtein similarity of both artifacts; the cosines only of a pair that the build sampled.

    Those need the most frequent terms of all documents, which takes minutes to count. Beside each stands the mean over
    the sampled parents and children.
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
        if one is not None and two is not None and max(len(one), len(two)) <= LONGEST:
            found.setdefault((artifact, "levenshtein"), Levenshtein.normalized_similarity(one, two))
    means = {
        (row["artifact"], row["measure"]): row["mean"]
        for row in warehouse.rows(
            "select artifact, measure, mean from marts.similarity_estimates where shape = 'edge' and mean is not null"
        )
    }
    return [
        {"artifact": artifact, "measure": measure, "similarity": value, "mean": means.get((artifact, measure))}
        for (artifact, measure), value in found.items()
    ]
