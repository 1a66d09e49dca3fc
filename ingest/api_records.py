"""Give records that other programs wrote the form of the Hub's API: its names, JSON instead of text, ISO times.

Landing calls this only for records that need it; a record as the API sends it lands byte for byte.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import yaml

from phylohub.ingest.lists import list_of_text
from phylohub.ingest.literals import json_of_literal

# Fields that the API sends as objects or lists; tables store some of them as text. Only these are unwrapped: an id or a
# task that looks like JSON stays a string.
JSON_FIELDS = frozenset(
    {"baseModels", "cardData", "config", "evalResults", "gguf", "inferenceProviderMapping", "model-index"}
    | {"safetensors", "siblings", "tags", "transformersInfo", "widgetData"}
)

# Names that huggingface_hub's ModelInfo and dumps with cards use for fields of the API.
API_NAMES = {
    "base_models": "baseModels",
    "card_data": "cardData",
    "created_at": "createdAt",
    "downloads_all_time": "downloadsAllTime",
    "eval_results": "evalResults",
    "inference_provider_mapping": "inferenceProviderMapping",
    "last_modified": "lastModified",
    "model_index": "model-index",
    "transformers_info": "transformersInfo",
    "trending_score": "trendingScore",
    "used_storage": "usedStorage",
    "widget_data": "widgetData",
}
ID_NAMES = ("modelId", "model_id")
TIMES = ("createdAt", "lastModified")

# The fields whose JSON types tell whether a record needs `api_record`. Each costs time for every record, so these are
# the id, what the warehouse reads, and the names of ModelInfo that every such record has.
CHECKED = ("id", *TIMES, "cardData", "safetensors", "tags", "gguf", "created_at", "last_modified", "card_data")
# SQL on `types`, the list of these types as DuckDB names them (null if a field is missing, or all if the record is not
# JSON).
IS_ODD = """(
    types[1] is distinct from 'VARCHAR'
    or types[2] <> 'VARCHAR'
    or types[3] <> 'VARCHAR'
    or types[4] = 'VARCHAR'
    or types[5] = 'VARCHAR'
    or types[6] = 'VARCHAR'
    or types[7] = 'VARCHAR'
    or types[8] is not null
    or types[9] is not null
    or types[10] is not null
)"""

MAX_YAML_CHARACTERS = 1_000_000
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)(?:[+-]00(?::?00)?|Z| UTC)?"
)
_SAFETENSORS = re.compile(r"SafeTensorsInfo\(parameters=(\{.*\}), total=([0-9]+).*\)", re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)")


class _Yaml(yaml.SafeLoader):
    """Refuses aliases, with which a short text can stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


def api_record(record: bytes) -> bytes | None:
    """The record in the form of the API; None if it is in that form, or is not a JSON object."""
    try:
        fields = json.loads(record)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    converted = api_fields(fields)
    return None if converted == fields else json_bytes(converted)


def api_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a record under the names and in the types of the API."""
    named: dict[str, Any] = {}
    if fields.get("id") is None:
        model_id = next((fields[name] for name in ID_NAMES if isinstance(fields.get(name), str)), None)
        named = {} if model_id is None else {"id": model_id}
        fields = {name: value for name, value in fields.items() if name not in (("id", *ID_NAMES) if named else ())}
    for name, value in fields.items():
        known = API_NAMES.get(name)
        if known is None:
            named[name] = value
        elif fields.get(known) is None:  # ModelInfo holds some fields under both names
            named[known] = value
    return {name: _api_value(name, value) for name, value in named.items()}


def without_lone_surrogates(record: bytes) -> bytes | None:
    """The record with U+FFFD for every half of a surrogate pair; None if it has none, or is not UTF-8 otherwise."""
    try:
        record.decode()
        whole = record
    except UnicodeDecodeError:
        try:  # surrogates as bytes: pairs are joined, and halves replaced
            text = record.decode(errors="surrogatepass")
        except UnicodeDecodeError:
            return None
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    repaired = _ESCAPE.sub(lambda match: rb"\ufffd" if _is_half(match[0]) else match[0], whole)
    return None if repaired == record else repaired


def api_time(value: Any) -> Any:
    """A time as the API writes it, from text or from a number of seconds, milliseconds, micro- or nanoseconds since
    1970; any other value as it is."""
    if isinstance(value, str):
        match = _TIME.fullmatch(value.strip())
        return f"{match[1]}T{match[2]}{'' if '.' in match[2] else '.000'}Z" if match else value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 10**8 <= value < 10**20:
        return value
    unit = next(unit for unit in (1, 10**3, 10**6, 10**9) if value / unit < 10**11)
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(value * 10**6) // unit)
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03}Z"


def json_bytes(value: Any) -> bytes:
    """The value as compact JSON. Bytes that surrogateescape kept become bytes again."""
    try:
        return encode(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_default))
    except UnicodeEncodeError:  # a lone surrogate, which UTF-8 cannot encode
        return json.dumps(value, separators=(",", ":"), default=_default).encode()


def encode(text: str) -> bytes:
    """The original bytes of a string that was decoded with surrogateescape."""
    return text.encode(errors="surrogateescape")


def _api_value(name: str, value: Any) -> Any:
    if name in TIMES:
        return api_time(value)
    if name not in JSON_FIELDS or not isinstance(value, str):
        return value
    if name == "tags":
        items = list_of_text(value)
        return value if items is None else items
    return _unwrapped(name, value)


def _unwrapped(name: str, text: str) -> Any:
    """The object or list that a text holds as JSON, as a Python literal, or (a card's metadata) as YAML; otherwise the
    text."""
    try:
        value = json_of_literal(text)[1]
    except ValueError:
        value = None
        if name == "cardData" and len(text) <= MAX_YAML_CHARACTERS:
            value = _of_yaml(text)
        elif name == "safetensors" and (match := _SAFETENSORS.fullmatch(text)):
            value = {"parameters": _unwrapped("", match[1]), "total": int(match[2])}
    return value if isinstance(value, dict | list) else text


def _of_yaml(text: str) -> Any:
    try:
        return json.loads(json.dumps(yaml.load(text, _Yaml), default=_default))  # noqa: S506, a safe loader
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return None


def _default(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _is_half(escape: bytes) -> bool:
    return len(escape) == 6
