"""Read every supported file format as batches of positions and records."""

from __future__ import annotations  # pyarrow's classes take type parameters in its stubs only

import csv
import hashlib
import io
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import BinaryIO, Literal, cast

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from phylohub.core.errors import PhylohubError
from phylohub.ingest.card_rows import Card
from phylohub.ingest.dumps import row_reader

# A batch lands in one transaction. It ends with the first chunk that reaches one of the two bounds: large batches land
# faster, and memory holds one batch and one chunk (or the longest record).
BATCH_BYTES = 32 * 1024 * 1024
BATCH_ROWS = 100_000
CHUNK_BYTES = 1024 * 1024

JSON_LINES = (".jsonl", ".ndjson")
CSV = (".csv",)
COMPRESSIONS: dict[str, Literal["gzip", "zstd"]] = {".gz": "gzip", ".zst": "zstd"}


def _suffixes(kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(kind + packed for kind in kinds for packed in ("", *COMPRESSIONS))


SUFFIXES = (*_suffixes(JSON_LINES + CSV), ".parquet")
# Above the size of the largest card. Without a bound, an unclosed quote would make the rest of the file one field.
MAX_FIELD_CHARACTERS = 256 * 1024 * 1024

# Fields that the API sends as objects or lists; hub-stats stores some of them as JSON text in a string column. Only
# these are unwrapped: an id or a task that looks like JSON stays a string.
JSON_FIELDS = frozenset(
    {"baseModels", "cardData", "config", "evalResults", "gguf", "inferenceProviderMapping", "model-index"}
    | {"safetensors", "siblings", "tags", "transformersInfo", "widgetData"}
)

# The dump of models with their cards uses other names for some fields of the API.
API_NAMES = {"modelId": "id", "model_id": "id", "last_modified": "lastModified"}


@dataclass(frozen=True)
class Source:
    """A file to land. `name` is its name in the warehouse: its path relative to the given folder."""

    path: Path
    name: str


@dataclass(frozen=True)
class Batch:
    """Records in the order of the file. `positions` are line or row numbers from 1.

    `done` is the share of the file read so far, from 0 to 1, for a progress bar. If the file holds cards, `cards` has
    one item per record, None if the file states nothing about the card.
    """

    positions: list[int]
    records: list[bytes]
    done: float
    cards: list[Card | None] = dataclass_field(default_factory=list)


def find_sources(path: Path) -> tuple[list[Source], list[str]]:
    """The files to land at `path` (a file, or a folder searched recursively), and the names of skipped files.

    Sources are sorted by name, so the order does not depend on the file system. Hidden files are in neither list.
    Raises PhylohubError if there is nothing to land or a folder cannot be searched.
    """
    try:
        kind = path.stat().st_mode
    except FileNotFoundError as error:
        raise PhylohubError(f"{path} does not exist. Check the path.") from error
    except OSError as error:
        raise PhylohubError(f"{path} cannot be read: {error.strerror}.") from error
    if not stat.S_ISDIR(kind):
        if not path.name.endswith(SUFFIXES):
            raise PhylohubError(f"{path} does not end in {', '.join(SUFFIXES)}. Convert or rename it.")
        return [Source(path, _text(path.name))], []
    files = sorted((_text(file.relative_to(path).as_posix()), file) for file in _files_below(path))
    sources = [Source(file, name) for name, file in files if name.endswith(SUFFIXES) and not _is_unknown_table(file)]
    if not sources:
        raise PhylohubError(f"{path} holds no file that ends in {', '.join(SUFFIXES)}.")
    landed = {source.name for source in sources}
    return sources, [name for name, _ in files if name not in landed]


def snapshot_name(path: Path) -> str:
    """The default name of a snapshot: the name of the file without its suffixes, or of the folder."""
    name = _text(path.resolve().name)
    suffix = max((end for end in SUFFIXES if name.endswith(end)), key=len, default="")
    return (name if path.is_dir() else name.removesuffix(suffix)) or "unnamed"


def content_hash(source: Source) -> str:
    """SHA-256 of the file in hex. Raises PhylohubError if it is not a file or cannot be read."""
    try:
        if not source.path.is_file():  # a pipe can be read only once
            raise PhylohubError(f"{source.path} is not a file, or no longer exists. Remove it or land another path.")
        with source.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PhylohubError(f"{source.path} cannot be read: {error.strerror}.") from error


def read_batches(source: Source) -> Iterator[Batch]:
    """Read all records of a file. Raises PhylohubError if the file is damaged, after all valid batches."""
    chunks = _reader(source.path)
    positions: list[int] = []
    records: list[bytes] = []
    cards: list[Card | None] = []
    size = 0
    done = 0.0
    try:
        for chunk in chunks(source.path):
            positions += chunk.positions
            records += chunk.records
            cards += chunk.cards
            size += sum(map(len, chunk.records)) + sum(len(card.text or b"") for card in chunk.cards if card)
            done = chunk.done
            if size >= BATCH_BYTES or len(records) >= BATCH_ROWS:
                yield Batch(positions, records, done, cards)
                positions, records, cards, size = [], [], [], 0
    except (OSError, ValueError, csv.Error, pa.ArrowException, duckdb.Error) as error:
        raise PhylohubError(
            f"{source.path} cannot be read completely: {str(error).rstrip('. ')}. All records before the error are "
            "kept; fix the file and run the same command again."
        ) from error
    if records:
        yield Batch(positions, records, done, cards)


def _reader(path: Path) -> Callable[[Path], Iterator[Batch]]:
    if path.suffix == ".parquet":
        return _read_parquet
    return _read_csv if path.name.endswith(_suffixes(CSV)) else _read_json_lines


def _files_below(folder: Path) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        raise PhylohubError(f"{error.filename} cannot be searched: {error.strerror}.") from error

    for parent, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in files if not name.startswith("."))


def _text(name: str) -> str:
    """A file name as valid UTF-8; other bytes become backslash escapes."""
    return os.fsencode(name).decode(errors="backslashreplace")


def _read_json_lines(path: Path) -> Iterator[Batch]:
    size = max(path.stat().st_size, 1)
    with path.open("rb") as file:
        compression = COMPRESSIONS.get(path.suffix)
        stream = pa.CompressedInputStream(file, compression) if compression else file
        position = 0
        for lines in _read_lines(stream):
            if position == 0:
                lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")  # a byte order mark is not part of the record
            # Lines end in LF or CRLF. Blank lines hold no record but count as lines.
            numbered = [
                (number, record)
                for number, line in enumerate(lines, start=position + 1)
                if (record := line.removesuffix(b"\r")).strip()
            ]
            position += len(lines)
            yield Batch(
                positions=[number for number, _ in numbered],
                records=[record for _, record in numbered],
                done=min(file.tell() / size, 1.0),
            )


def _csv_rows(path: Path, file: BinaryIO) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    compression = COMPRESSIONS.get(path.suffix)
    stream = pa.CompressedInputStream(file, compression) if compression else file  # type: ignore[arg-type]  # any binary file works
    # surrogateescape keeps bytes that are not UTF-8. newline="" keeps line ends within cells, such as those of cards.
    text = io.TextIOWrapper(cast(BinaryIO, stream), "utf-8", errors="surrogateescape", newline="")
    for number, row in enumerate(csv.reader(text, strict=True)):
        yield row if number else [name.removeprefix("\ufeff") for name in row]


def _is_unknown_table(path: Path) -> bool:
    """Whether this is a CSV file other than the study's tables. Unreadable files count as sources, to be reported."""
    if not path.name.endswith(_suffixes(CSV)):
        return False
    try:
        with path.open("rb") as file:
            return row_reader(next(_csv_rows(path, file), [])) is None
    except (OSError, ValueError, csv.Error, pa.ArrowException):
        return False


def _read_csv(path: Path) -> Iterator[Batch]:
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    size = max(path.stat().st_size, 1)
    with path.open("rb") as file:
        rows = _csv_rows(path, file)
        read = row_reader(next(rows, []))
        if read is None:
            raise PhylohubError(
                f"{path} is neither of the study's tables: it lacks the columns `model_id` and `tags`, and the columns "
                "`modelId` and `fullJson`. Rename its columns or land another file."
            )
        positions: list[int] = []
        records: list[bytes] = []
        cards: list[Card | None] = []
        n_bytes = 0
        for position, row in enumerate(rows, start=1):
            record, card = read(row)
            positions.append(position)
            records.append(record)
            cards.append(card)
            n_bytes += sum(map(len, row))
            if n_bytes >= CHUNK_BYTES:
                yield Batch(positions, records, min(file.tell() / size, 1.0), cards)
                positions, records, cards, n_bytes = [], [], [], 0
        yield Batch(positions, records, 1.0, cards)


def _read_lines(stream: BinaryIO | pa.NativeFile) -> Iterator[list[bytes]]:
    """Yield the lines of a stream without their LF, in one non-empty list per chunk that ends a line."""
    unfinished: list[bytes] = []  # pieces of a line that continues in the next chunk
    while chunk := stream.read(min(CHUNK_BYTES, BATCH_BYTES)):
        first, *others = chunk.split(b"\n")
        unfinished.append(first)
        if others:
            last = others.pop()
            yield [b"".join(unfinished), *others]
            unfinished = [last]
    yield [b"".join(unfinished)]


def _read_parquet(path: Path) -> Iterator[Batch]:
    with path.open("rb") as raw, pq.ParquetFile(raw) as file, duckdb.connect() as connection:
        schema = file.schema_arrow
        names = list(schema.names)
        if "id" not in names:
            names = [API_NAMES.get(name, name) for name in names]
        if "id" not in names:
            raise PhylohubError(
                f"{path} has no column `id`, so it is not a table of Hub models (columns: {', '.join(schema.names)}). "
                "Rename the column of ids to `id`, or land another file."
            )
        card_column = names.index("card") if "card" in names else None
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set threads = 1")  # keep the order of the file
        # DuckDB ignores the case of names, but JSON does not: `BF16` and `bf16` are two fields. So columns and fields
        # get numbers in DuckDB, and their names appear only in the JSON that it writes.
        columns = [f"column_{number}" for number in range(len(schema.names))]
        numbered = pa.schema([pa.field(column, kind) for column, kind in zip(columns, schema.types, strict=True)])
        n_rows = _chunk_rows(file.metadata)
        damage: list[Exception] = []

        def chunks() -> Iterator[pa.RecordBatch]:
            try:
                for rows in file.iter_batches(n_rows):
                    yield pa.record_batch(rows.columns, schema=numbered)
            except (OSError, ValueError, pa.ArrowException) as error:
                damage.append(error)  # raised below, since DuckDB would turn it into a traceback

        relation = connection.from_arrow(pa.RecordBatchReader.from_batches(numbered, chunks()))
        fields = [
            (field.with_name(name), column)
            for place, (field, name, column) in enumerate(zip(schema, names, columns, strict=True))
            if place != card_column
        ]
        card_sql = "null" if card_column is None else f"{columns[card_column]}::varchar"
        records = relation.project(f"{_record_sql(fields)}, {columns[names.index('id')]}::varchar, {card_sql}")
        total = max(file.metadata.num_rows, 1)
        position = 0
        for chunk in records.to_arrow_reader(n_rows):
            texts = chunk.column(0).cast(pa.large_binary()).to_pylist()
            positions = list(range(position + 1, position + len(texts) + 1))
            position += len(texts)
            cards = [] if card_column is None else _cards(chunk)
            yield Batch(positions, texts, min(position / total, 1.0), cards)
        if damage:
            raise damage[0]


def _cards(chunk: pa.RecordBatch) -> list[Card | None]:
    ids, texts = chunk.column(1).to_pylist(), chunk.column(2).cast(pa.large_binary()).to_pylist()
    return [
        Card(str(model_id), "ok", text=text) if text else Card(str(model_id), "none")
        for model_id, text in zip(ids, texts, strict=True)
    ]


def _chunk_rows(metadata: pq.FileMetaData) -> int:
    """The number of rows per chunk, by the row group with the largest rows."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    row_bytes = max((group.total_byte_size // max(group.num_rows, 1) for group in groups), default=1)
    return max(1, min(BATCH_ROWS, CHUNK_BYTES // max(row_bytes, 1)))


def _record_sql(columns: Iterable[tuple[pa.Field[pa.DataType], str]]) -> str:
    """SQL that writes a row as the API writes a record: nulls omitted, times in ISO 8601 with Z."""
    members = []
    for field, column in columns:
        value = _without_nan(column, field.type)
        embedded = field.name in JSON_FIELDS and _is_text(field.type)
        members.append((field.name, value, _embedded_sql(value) if embedded else _json_sql(value, field.type)))
    return _object_sql(members)


def _json_sql(value: str, kind: pa.DataType, depth: int = 0) -> str:
    """SQL that writes an expression of the given type as JSON. `depth` numbers the items of nested lists."""
    if isinstance(kind, pa.StructType):
        members = []
        for number, field in enumerate(kind, start=1):
            member = _without_nan(f"struct_extract_at({value}, {number})", field.type)
            members.append((field.name, member, _json_sql(member, field.type, depth)))
        return _object_sql(members)
    if isinstance(kind, pa.ListType | pa.LargeListType | pa.FixedSizeListType):
        item = _without_nan(f"item_{depth}", kind.value_type)
        text = _json_sql(item, kind.value_type, depth + 1)
        return (
            f"'[' || array_to_string(list_transform({value}, "
            f"lambda item_{depth}: case when {item} is null then 'null' else {text} end), ',') || ']'"
        )
    if isinstance(kind, pa.TimestampType):
        # Milliseconds, as in the API; more digits only if the value has them.
        instant = value if kind.unit == "ns" else f"{value}::timestamp"
        digits = f"strftime({instant}, '%Y-%m-%dT%H:%M:%S.%n')"
        return f"to_json(regexp_replace({digits}, '(000){{1,2}}$', '') || 'Z')::varchar"
    return f"to_json({value})::varchar"


def _object_sql(members: list[tuple[str, str, str]]) -> str:
    """SQL that writes a JSON object of members (name, value, JSON of the value).

    Nulls are omitted, since parquet gives every row the union of all fields (safetensors.parameters: every dtype).
    """
    pairs = ", ".join(
        f"case when {value} is not null then {_literal(json.dumps(name, ensure_ascii=False) + ':')} || {text} end"
        for name, value, text in members
    )
    return f"'{{' || concat_ws(',', {pairs}) || '}}'"


def _embedded_sql(value: str) -> str:
    """SQL that embeds a string that holds a JSON object or array, and writes any other string as a JSON string."""
    return (
        f"case when json_valid({value}) and json_type({value}) in ('OBJECT', 'ARRAY') then {value} "
        f"else to_json({value})::varchar end"
    )


def _without_nan(value: str, kind: pa.DataType) -> str:
    """SQL that replaces NaN by null: pandas writes missing numbers as NaN, which is not JSON."""
    return f"nullif({value}, 'nan')" if pa.types.is_floating(kind) else value


def _is_text(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.DictionaryType):
        kind = kind.value_type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
