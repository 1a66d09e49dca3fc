"""Decide what a file is by its content, before anything of it lands: its format, and whether it lists models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from phylohub.core.errors import PhylohubError
from phylohub.ingest.api_records import API_NAMES, api_fields
from phylohub.ingest.documents import is_wrapper
from phylohub.ingest.lists import TAG_PREFIXES, is_several_tags

Format = Literal["parquet", "csv", "lines", "document"]

# November 2026: in real snapshots nearly every model has a tag with a prefix (region:, license:), and none has a tag in
# which several run together.
PREFIX_SAMPLE = 500
SHARE_RUN_TOGETHER = 0.1
SHARE_PREFIXED = 0.99
# What comes after the first records is judged by this many records of each batch, evenly spread, and by each stretch of
# them: a file may be models followed by datasets. Real batches hold tens of thousands of records, so this costs 1 %.
BATCH_SAMPLE = 200
STRETCH = 25
EARLIER_KEPT = "The load is not complete; batches that have landed are kept"

# First bytes of files that cannot land, what they are, and the command that helps ({path} is the file).
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself", "fetch the file with `git lfs pull`"),
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet", "unpack it with `unzip {path}`, or export a spreadsheet as CSV"),
    (b"BZh91AY&SY", "compressed with bzip2", "unpack it with `bunzip2 {path}`"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it with `unxz {path}`"),
    (b"ARROW1", "an Arrow file", "convert it with `pyarrow.parquet.write_table` to a .parquet file"),
    (b"SQLite format 3", "a SQLite database", "export its table of models as CSV or JSON Lines"),
    (b"\x93NUMPY", "a NumPy array", "export it as JSON Lines or parquet"),
    (b"\x80\x04\x95", "a pickle", "export it as JSON Lines or parquet"),
    (b"\x80\x05\x95", "a pickle", "export it as JSON Lines or parquet"),
)

# Fields that only models have, and fields and tag prefixes that only datasets or Spaces have.
_MODEL_FIELDS = {"baseModels", "base_models", "gguf", "library_name", "mask_token", "pipeline_tag", "safetensors"} | {
    *("transformersInfo", "transformers_info", "widgetData", "widget_data")
}
_DATASET_FIELDS = {"citation", "description", "paperswithcode_id", "mainSize"}
_DATASET_PREFIXES = ("task_categories:", "size_categories:", "task_ids:", "annotations_creators:", "modality:")
_SPACE_FIELDS = {"sdk", "runtime", "subdomain", "shortDescription"}


class NotModelsError(PhylohubError):
    """The file lists something else than models: in a folder it is passed over, on its own it is refused."""


@dataclass(frozen=True)
class Shape:
    """What a file is: how to read it, and a few words for the user. `notes` state what does not land, `is_prefixed`
    that nearly all of the first models had a tag with a prefix."""

    format: Format
    description: str
    notes: tuple[str, ...] = field(default=())
    is_prefixed: bool = False


def refuse_other_formats(path: Path, head: bytes) -> None:
    """Raise PhylohubError if the first bytes are those of a known format that cannot land."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, what, remedy in _OTHERS:
        if start.startswith(magic) or head.startswith(magic):
            raise PhylohubError(f"{path} is {what}. Nothing has landed; {remedy.format(path=path)}.")
    if start[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise PhylohubError(
            f"{path} is an HTML or XML page, probably a login or error page. Nothing has landed; download it again."
        )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\0" in head:
        raise PhylohubError(
            f"{path} is UTF-16 text. Nothing has landed; convert it: `iconv -f UTF-16 -t UTF-8 {path} > utf8.jsonl`."
        )
    if head[8:12] == b"DUCK":
        raise PhylohubError(
            f"{path} is a DuckDB database. Nothing has landed; export its table of models with "
            f"`duckdb {path} \"copy models to 'models.parquet'\"`."
        )


def json_format(head: bytes, *, is_all: bool) -> Format:
    """`lines` for one object per line, `document` for every other JSON. `head` is the start of the file."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    line, newline, rest = start.partition(b"\n")
    if start.startswith(b"["):
        return "document"
    if not start.startswith(b"{"):
        return "lines"
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        # An object printed over several lines breaks where a value or a member is due.
        is_broken_off = line.rstrip().endswith((b"{", b",", b":", b"[")) and bool(rest.strip())
        return "document" if is_broken_off or (not newline and not is_all) else "lines"
    return "document" if is_wrapper(value) else "lines"


def judge_records(path: Path, positions: Sequence[int], records: Iterable[bytes], word: str) -> bool:
    """Raise NotModelsError if the first records are not models, or PhylohubError if their tags are not split.

    `word` is what the positions count: line, row or record. Return whether nearly all models have a tag with a prefix.
    """
    parsed = _parsed(positions, records)
    rows = [fields for _, fields in parsed]
    if rows and (kind := _kind(rows)) != "models":
        raise NotModelsError(
            f"{path} lists {kind}, not models. Nothing of it has landed; land the table of models instead."
        )
    _refuse_tags(path, parsed, word, SHARE_RUN_TOGETHER, PREFIX_SAMPLE)
    return sum(_has_prefix(_tags(fields)) for fields in rows) >= SHARE_PREFIXED * max(len(rows), STRETCH)


def judge_batch(
    path: Path, positions: Sequence[int], records: Sequence[bytes], word: str, *, is_prefixed: bool
) -> None:
    """Raise PhylohubError if a batch, or a stretch of it, does not list models or has tags that are not split.

    `is_prefixed` says that nearly all of the first models had a tag with a prefix.
    """
    step = max(len(records) // BATCH_SAMPLE, 1)
    parsed = _parsed(positions[::step], records[::step])
    others = [(position, kind) for position, fields in parsed if (kind := _other_kind(fields))]
    for start in range(0, len(parsed), STRETCH):
        stretch = parsed[start : start + STRETCH]
        if len(stretch) < STRETCH:
            break
        kind = _kind([fields for _, fields in stretch])
        others += [(stretch[0][0], kind)] * STRETCH if kind != "models" else []
        _refuse_tags(path, stretch, word, 0.5, STRETCH if is_prefixed else BATCH_SAMPLE, EARLIER_KEPT)
    if others and len(others) > SHARE_RUN_TOGETHER * len(parsed):
        position, kind = others[0]
        raise PhylohubError(
            f"{path}: {kind} follow the models, from about {word} {position:,}. {EARLIER_KEPT}; put the models in a "
            "file of their own and land that."
        )
    _refuse_tags(path, parsed, word, SHARE_RUN_TOGETHER, BATCH_SAMPLE, EARLIER_KEPT)


def _parsed(positions: Sequence[int], records: Iterable[bytes]) -> list[tuple[int, dict[str, Any]]]:
    return [
        (position, fields)
        for position, record in zip(positions, records, strict=True)
        if (fields := _of(record)) is not None
    ]


def _refuse_tags(
    path: Path,
    parsed: Sequence[tuple[int, dict[str, Any]]],
    word: str,
    share: float,
    n_prefixed: int,
    landed: str = "Nothing has landed",
) -> None:
    """Raise PhylohubError if more than this share of the records has tags that run together, or if so many records
    have tags and none a prefix of the Hub."""
    tagged = [(position, tags) for position, fields in parsed if (tags := _tags(fields))]
    wrong = [(position, tag) for position, tags in tagged for tag in tags if is_several_tags(tag)]
    if wrong and len({position for position, _ in wrong}) > share * len(tagged):
        position, tag = wrong[0]
        raise PhylohubError(
            f"{path}, {word} {position:,}: several tags run together in one ({tag[:80]}). {landed}; write the tags as "
            "a JSON list, or as parquet: in pandas `df.to_parquet('models.parquet')`."
        )
    if len(tagged) >= n_prefixed and not any(_has_prefix(tags) for _, tags in tagged):
        raise PhylohubError(
            f"{path}: none of {len(tagged):,} models with tags, from {word} {tagged[0][0]:,} on, has one with a prefix "
            f"of the Hub (license:, region:, base_model: ...), so the tags are not those of the Hub. {landed}; land a "
            "file with the tags as the API sends them."
        )


def refuse_documents_without_ids(path: Path, records: Sequence[bytes]) -> None:
    """Raise PhylohubError if none of the first records of a document has an id."""
    fields = [_of(record) for record in records]
    if records and not any(isinstance(each.get("id"), str) for each in fields if each):
        names = ", ".join(list(next((each for each in fields if each), {}))[:8])
        raise PhylohubError(
            f"{path}, record 1: no id (its fields: {names or 'none'}), so this is no list of models. "
            "Nothing has landed; write one model per line, for an object of models "
            f"`jq -c '.[]' {path} > models.jsonl`."
        )


def _of(record: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(record)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    # Most records have the form of the API: conversion is slow, and only the names and the tags matter here.
    is_converted = not isinstance(fields.get("tags"), str) and API_NAMES.keys().isdisjoint(fields) and "id" in fields
    return fields if is_converted else api_fields(fields)


def _kind(rows: Sequence[dict[str, Any]]) -> str:
    if any(fields.get(name) is not None for fields in rows for name in _MODEL_FIELDS):
        return "models"
    half = len(rows) / 2
    if sum(_is_dataset(fields) for fields in rows) >= half:
        return "datasets"
    return "Spaces" if sum(not _SPACE_FIELDS.isdisjoint(fields) for fields in rows) >= half else "models"


def _other_kind(fields: dict[str, Any]) -> str | None:
    """What one record certainly is, if it is not a model: datasets have tags and Spaces an SDK that no model has."""
    if any(fields.get(name) is not None for name in _MODEL_FIELDS):
        return None
    if any(tag.startswith(_DATASET_PREFIXES) for tag in _tags(fields)):
        return "datasets"
    return "Spaces" if isinstance(fields.get("sdk"), str) else None


def _is_dataset(fields: dict[str, Any]) -> bool:
    return not _DATASET_FIELDS.isdisjoint(fields) or any(tag.startswith(_DATASET_PREFIXES) for tag in _tags(fields))


def _tags(fields: dict[str, Any]) -> list[str]:
    tags = fields.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def _has_prefix(tags: Iterable[str]) -> bool:
    return any(tag.partition(":")[0] in TAG_PREFIXES for tag in tags if ":" in tag)


def writer_of(record: bytes) -> str:
    """A few words on who wrote a record, if it was not the API."""
    try:
        fields = json.loads(record)
    except (ValueError, RecursionError):
        return ""
    names = set(fields) if isinstance(fields, dict) else set()
    return ", fields of ModelInfo renamed to those of the API" if names & set(API_NAMES) else ""
