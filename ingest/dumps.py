"""Convert rows of CSV tables to records of the Hub's API.

The study stores lists and whole records as Python literals in CSV columns. Other programs write lists in notations of
their own. Both are parsed and never evaluated.
"""

import re
from collections.abc import Callable
from typing import Any

from phylohub.ingest.api_records import ID_NAMES, api_time, encode, json_bytes
from phylohub.ingest.card_rows import Card
from phylohub.ingest.lists import list_of_text
from phylohub.ingest.literals import json_of_literal, plain_literal

# Columns that hold lists, and the prefix of their values in the tags of the Hub.
LISTS = {
    "tags": "",
    "regions": "region:",
    "licenses": "license:",
    "arxiv_papers": "arxiv:",
    "datasets": "dataset:",
    "languages": "",
    "parent_model": "base_model:",
    "finetune_parent": "base_model:finetune:",
    "quantized_parent": "base_model:quantized:",
    "adapter_parent": "base_model:adapter:",
    "merge_parent": "base_model:merge:",
}
COUNTS = frozenset({"likes", "downloads", "downloadsAllTime", "usedStorage", "ratelimit_retries"})
BOOLEANS = {"True": True, "true": True, "False": False, "false": False}
EMPTY = frozenset({"", "None", "nan", "NaN", "False", "0"})

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")

Row = Callable[[list[str]], tuple[bytes, Card | None]]


def row_reader(header: list[str]) -> Row | None:
    """A function that converts a row with these columns to a record and an optional card; None if the header is neither
    that of the study's table of records nor that of a table of models with ids and tags."""
    if {"modelId", "fullJson"} <= set(header):
        return _json_reader(header)
    id_name = next((name for name in ("id", *reversed(ID_NAMES)) if name in header), None)
    if id_name is not None and "tags" in header:
        return _columns_reader(header, id_name)
    return None


def list_columns(header: list[str]) -> list[str]:
    """The columns whose cells hold the tags."""
    return [name for name in header if name == "tags"][:1]


def _json_reader(header: list[str]) -> Row:
    id_column, json_column = header.index("modelId"), header.index("fullJson")

    def read(row: list[str]) -> tuple[bytes, None]:
        if len(row) != len(header):
            return json_bytes(row), None  # rejected later as not an object
        try:
            text, fields = json_of_literal(row[json_column])
        except ValueError:
            return encode(row[json_column]), None
        if isinstance(fields, dict) and "id" not in fields:
            return json_bytes({"id": row[id_column], **fields}), None
        return encode(text), None

    return read


def _columns_reader(header: list[str], id_name: str) -> Row:
    def read(row: list[str]) -> tuple[bytes, Card | None]:
        if len(row) != len(header):
            return json_bytes(row), None  # rejected later as not an object
        cells = dict(zip(header, row, strict=True))
        card_text, failure = cells.pop("modelCard", None), cells.get("exception_raised", "")
        record: dict[str, Any] = {"id": cells.pop(id_name)}
        # A column without a name is the index that pandas writes.
        record |= {name: _value(name, cell) for name, cell in cells.items() if cell != "" and name != ""}
        if not isinstance(record.get("tags"), str):  # a text that is no list is rejected later
            record["tags"] = _all_tags(record)
        return json_bytes(record), _card(record["id"], card_text, failure)

    return read


def _card(model_id: str, text: str | None, failure: str) -> Card | None:
    if text is None:
        return None
    if text:
        return Card(model_id, "ok", text=encode(text))
    return Card(model_id, "none") if failure in EMPTY else Card(model_id, "failed", reason=failure[:500])


def _value(name: str, cell: str) -> Any:
    """Convert a cell to the API's type; a cell with an unexpected value stays a string."""
    if name in LISTS:
        return _list(name, cell)
    if name in ("private", "gated", "disabled") and cell in BOOLEANS:
        return BOOLEANS[cell]
    if name in ("createdAt", "lastModified", "created_at", "last_modified"):
        return api_time(cell)
    if name in COUNTS or name == "trendingScore":
        if not _NUMBER.fullmatch(cell):
            return cell
        number = float(cell)  # pandas writes integers as floats if a column has nulls
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return cell


def _list(name: str, cell: str) -> Any:
    """The list in a cell. A single word stays one, except for tags; a text that is no list stays one too."""
    if cell.startswith("["):
        try:
            value = plain_literal(cell)[1]
        except ValueError:
            value = None
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
    items = list_of_text(cell)
    return cell if items is None or (items == [cell] and name != "tags") else items


def _all_tags(record: dict[str, Any]) -> list[str]:
    """All tags, including those that the study moved to separate columns."""
    tags: dict[str, None] = {}
    for name, prefix in LISTS.items():
        values = record.get(name, [])
        for value in [values] if isinstance(values, str) else values if isinstance(values, list) else []:
            if isinstance(value, str) and value not in EMPTY:
                tags[value if value.startswith(prefix) else prefix + value] = None
    return list(tags)
