"""Convert rows of the study's tables to records of the Hub's API.

The study stores lists and whole records as Python literals in CSV columns. They are parsed as literals and never
evaluated.
"""

import ast
import json
import re
from collections.abc import Callable
from typing import Any

from phylohub.ingest.card_rows import Card

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
COUNTS = frozenset({"likes", "downloads", "ratelimit_retries"})
EMPTY = frozenset({"", "None", "nan", "NaN", "False", "0"})

# A string without escapes, any other string, a constant, or a lone quote, which is an error.
_TOKEN = re.compile(
    r"""'([^'\\"\x00-\x1f]*+)'|'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|\bTrue\b|\bFalse\b|\bNone\b|['"]""", re.DOTALL
)
_CONSTANTS = {"True": "true", "False": "false", "None": "null"}
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)(?:\+00:?00|Z)?")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number")


_DECODER = json.JSONDecoder(parse_constant=_no_number)  # Infinity and NaN are neither JSON nor Python literals

Row = Callable[[list[str]], tuple[bytes, Card | None]]


def json_of_literal(text: str) -> tuple[str, Any]:
    """Convert a Python literal to JSON; return the JSON and the value.

    Raises ValueError if the string is not a literal or is nested too deeply.
    """
    # Replacing the tokens that differ is faster than literal_eval, which handles the other cases.
    try:
        as_json = _TOKEN.sub(_json_token, text)
        return as_json, _DECODER.decode(as_json)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        pass
    try:
        as_json = json.dumps(ast.literal_eval(text), allow_nan=False)
        return as_json, json.loads(as_json)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"not a Python literal: {error}") from error


def row_reader(header: list[str]) -> Row | None:
    """A function that converts a row with these columns to a record and an optional card; None if the header belongs to
    neither of the study's tables."""
    if {"modelId", "fullJson"} <= set(header):
        return _json_reader(header)
    if {"model_id", "tags"} <= set(header):
        return _columns_reader(header)
    return None


def _json_reader(header: list[str]) -> Row:
    id_column, json_column = header.index("modelId"), header.index("fullJson")

    def read(row: list[str]) -> tuple[bytes, None]:
        if len(row) != len(header):
            return _json(row), None  # rejected later as not an object
        try:
            text, fields = json_of_literal(row[json_column])
        except ValueError:
            return _encode(row[json_column]), None
        if isinstance(fields, dict) and "id" not in fields:
            return _json({"id": row[id_column], **fields}), None
        return _encode(text), None

    return read


def _columns_reader(header: list[str]) -> Row:
    def read(row: list[str]) -> tuple[bytes, Card | None]:
        if len(row) != len(header):
            return _json(row), None  # rejected later as not an object
        cells = dict(zip(header, row, strict=True))
        card_text, failure = cells.pop("modelCard", None), cells.get("exception_raised", "")
        record: dict[str, Any] = {"id": cells.pop("model_id")}
        record |= {name: _value(name, cell) for name, cell in cells.items() if cell != ""}
        record["tags"] = _all_tags(record)
        return _json(record), _card(record["id"], card_text, failure)

    return read


def _card(model_id: str, text: str | None, failure: str) -> Card | None:
    if text is None:
        return None
    if text:
        return Card(model_id, "ok", text=_encode(text))
    return Card(model_id, "none") if failure in EMPTY else Card(model_id, "failed", reason=failure[:500])


def _value(name: str, cell: str) -> Any:
    """Convert a cell to the API's type; a cell with an unexpected value stays a string."""
    if name in LISTS and cell.startswith(("[", "(")):
        try:
            return json_of_literal(cell)[1]
        except ValueError:
            return cell
    if name == "private" and cell in ("True", "False"):
        return cell == "True"
    if name == "createdAt" and (match := _TIME.fullmatch(cell)):
        return f"{match[1]}T{match[2]}{'' if '.' in match[2] else '.000'}Z"
    if name in COUNTS or name == "trendingScore":
        if not _NUMBER.fullmatch(cell):
            return cell
        number = float(cell)  # pandas writes integers as floats if a column has nulls
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return cell


def _all_tags(record: dict[str, Any]) -> list[str]:
    """All tags, including those that the study moved to separate columns."""
    tags: dict[str, None] = {}
    for name, prefix in LISTS.items():
        values = record.get(name, [])
        for value in [values] if isinstance(values, str) else values if isinstance(values, list) else []:
            if isinstance(value, str) and value not in EMPTY:
                tags[value if value.startswith(prefix) else prefix + value] = None
    return list(tags)


def _json_token(match: re.Match[str]) -> str:
    if match[1] is not None:
        return f'"{match[1]}"'
    token = match[0]
    if token in _CONSTANTS:
        return _CONSTANTS[token]
    if len(token) == 1:
        raise ValueError("unterminated string")
    return json.dumps(ast.literal_eval(token))


def _json(value: Any) -> bytes:
    try:
        return _encode(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except UnicodeEncodeError:  # a lone surrogate, which UTF-8 cannot encode
        return json.dumps(value, separators=(",", ":")).encode()


def _encode(text: str) -> bytes:
    """The original bytes of a string that was decoded with surrogateescape."""
    return text.encode(errors="surrogateescape")
