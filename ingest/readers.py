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
from typing import Any, BinaryIO, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from phylohub.core.errors import PhylohubError
from phylohub.ingest.api_records import API_NAMES, ID_NAMES, JSON_FIELDS
from phylohub.ingest.card_rows import Card
from phylohub.ingest.documents import records_of
from phylohub.ingest.dumps import list_columns, row_reader
from phylohub.ingest.lists import notation
from phylohub.ingest.shapes import (
    Format,
    NotModelsError,
    Shape,
    json_format,
    judge_batch,
    judge_records,
    refuse_documents_without_ids,
    refuse_other_formats,
    writer_of,
)

# A batch lands in one transaction. It ends with the first chunk that reaches one of the two bounds: large batches land
# faster, and memory holds one batch and one chunk (or the longest record).
BATCH_BYTES = 32 * 1024 * 1024
BATCH_ROWS = 100_000
CHUNK_BYTES = 1024 * 1024
# No record or card of the Hub is as large. Without a bound, a file of one line (compressed files expand a thousandfold)
# or an unclosed quote would fill the memory.
MAX_RECORD_BYTES = 64 * 1024 * 1024
# What a file is gets decided by its first records: until one of the two bounds is reached.
SAMPLE_ROWS = 1_000
SAMPLE_BYTES = 4 * 1024 * 1024
HEAD_BYTES = 1024 * 1024
WORDS = {"lines": "line", "document": "record"}  # what the positions count; otherwise rows

# Fields of the API that no model reads. A parquet table keeps its columns apart, so these are not read from the disk.
UNREAD_FIELDS = frozenset(
    {
        "childrenModelCount",
        "evalResults",
        "inference",
        "inferenceProviderMapping",
        "mask_token",
        "model-index",
        "region",
    }
    | {
        "resourceGroup",
        "securityRepoStatus",
        "securityStatus",
        "spaces",
        "transformersInfo",
        "widgetData",
        "xetEnabled",
    }
)

JSON_LINES = (".jsonl", ".ndjson")
JSON_DOCUMENTS = (".json",)
CSV = (".csv",)
MAGIC: tuple[tuple[bytes, Literal["gzip", "zstd"]], ...] = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
COMPRESSIONS = (".gz", ".zst")


def _suffixes(kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(kind + packed for kind in kinds for packed in ("", *COMPRESSIONS))


SUFFIXES = (*_suffixes(JSON_LINES + CSV), ".parquet")
MAYBE_SUFFIXES = _suffixes(JSON_DOCUMENTS)  # in a folder, such files are often settings


@dataclass(frozen=True)
class Source:
    """A file to land. `name` is its name in the warehouse: its path relative to the given folder. `shape` is what the
    file is, once that was decided."""

    path: Path
    name: str
    shape: Shape | None = dataclass_field(default=None, compare=False)


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

    What a file is gets decided by its content: in a folder, tables of datasets, Spaces or anything else are skipped.
    Sources are sorted by name, so the order does not depend on the file system. Hidden files are in neither list.
    Raises PhylohubError if there is nothing to land, a file is not what it seems, or a folder cannot be searched.
    """
    try:
        kind = path.stat().st_mode
    except FileNotFoundError as error:
        raise PhylohubError(f"{path} does not exist. Check the path.") from error
    except OSError as error:
        raise PhylohubError(f"{path} cannot be read: {error.strerror}.") from error
    if not stat.S_ISDIR(kind):
        return [judged(Source(path, _text(path.name)))], []
    return sources_among([(_text(file.relative_to(path).as_posix()), file) for file in _files_below(path)], str(path))


def sources_among(files: Iterable[tuple[str, Path]], folder: str) -> tuple[list[Source], list[str]]:
    """The files of a folder, each with its name, that hold models; and the names of the others.

    Raises PhylohubError as `find_sources` does.
    """
    sources: list[Source] = []
    skipped: list[str] = []
    others: list[str] = []
    for name, file in sorted(files):
        if not name.endswith(SUFFIXES + MAYBE_SUFFIXES) or _is_unknown_table(file):
            skipped.append(name)
            continue
        try:
            sources.append(judged(Source(file, name)))
        except NotModelsError as error:
            skipped.append(name)
            others.append(str(error))
        except PhylohubError:
            if not name.endswith(MAYBE_SUFFIXES):
                raise
            skipped.append(name)
    if not sources:
        raise PhylohubError(others[0] if others else f"{folder} holds no file that ends in {', '.join(SUFFIXES)}.")
    return sources, skipped


def snapshot_name(path: Path) -> str:
    """The default name of a snapshot: the name of the file without its suffixes, or of the folder. A link counts by its
    own name: huggingface_hub's cache keeps files under their hashes."""
    name = _text(Path(os.path.abspath(path)).name)  # noqa: PTH100, resolve() would follow links
    suffix = max((end for end in SUFFIXES + MAYBE_SUFFIXES if name.endswith(end)), key=len, default="")
    return (name if path.is_dir() else name.removesuffix(suffix)) or "unnamed"


def judged(source: Source) -> Source:
    """The source with its shape, decided by its first records. Raises PhylohubError if it cannot land: then nothing of
    it has. Damage after the first records is left to the load."""
    if source.shape is not None:
        return source
    path = source.path
    if not path.is_file():
        raise PhylohubError(f"{path} is not a file, or no longer exists. Remove it or land another path.")
    positions: list[int] = []
    records: list[bytes] = []
    size = 0
    try:
        kind = _format(path)
        for chunk in _READERS[kind](path):
            positions += chunk.positions
            records += chunk.records
            size += sum(map(len, chunk.records))
            if len(records) >= SAMPLE_ROWS or size >= SAMPLE_BYTES:
                break
    except _DAMAGE as error:
        if not records:
            raise PhylohubError(
                f"{path} cannot be read: {str(error).rstrip('. ')}. Nothing of it has landed; fix the file and run the "
                "same command again."
            ) from error
    positions, records = positions[:SAMPLE_ROWS], records[:SAMPLE_ROWS]
    is_prefixed = judge_records(path, positions, records, WORDS.get(kind, "row"))
    # A document on one line is read as a line.
    if kind == "document" or any(suffix in JSON_DOCUMENTS for suffix in path.suffixes):
        refuse_documents_without_ids(path, records)
    words, notes = _described(path, kind)
    words += writer_of(records[0]) if records else ""
    return Source(path, source.name, Shape(kind, words, notes, is_prefixed))


def judge(source: Source, batch: Batch) -> None:
    """Raise PhylohubError if a batch of a judged source is not what its first records were."""
    if source.shape is not None:
        word = WORDS.get(source.shape.format, "row")
        judge_batch(source.path, batch.positions, batch.records, word, is_prefixed=source.shape.is_prefixed)


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
    positions: list[int] = []
    records: list[bytes] = []
    cards: list[Card | None] = []
    size = 0
    done = 0.0
    try:
        chunks = _READERS[source.shape.format if source.shape else _format(source.path)]
        for chunk in chunks(source.path):
            positions += chunk.positions
            records += chunk.records
            cards += chunk.cards
            size += sum(map(len, chunk.records)) + sum(len(card.text or b"") for card in chunk.cards if card)
            done = chunk.done
            if size >= BATCH_BYTES or len(records) >= BATCH_ROWS:
                yield Batch(positions, records, done, cards)
                positions, records, cards, size = [], [], [], 0
    except _DAMAGE as error:
        raise PhylohubError(
            f"{source.path} cannot be read completely: {str(error).rstrip('. ')}. All records before the error are "
            "kept; fix the file and run the same command again."
        ) from error
    if records:
        yield Batch(positions, records, done, cards)


def _format(path: Path) -> Format:
    """How to read a file, by its content; its name decides only between CSV and lines that are not JSON."""
    if path.name.endswith(".parquet"):
        with path.open("rb") as file:
            refuse_other_formats(path, file.read(64))
        return "parquet"
    with path.open("rb") as file:
        start = file.read(64)
        refuse_other_formats(path, start)
        if start.startswith(b"PAR1"):
            return "parquet"
        file.seek(0)
        try:
            head, is_all = _head(_decompressed(path, file))
        except _DAMAGE:
            head, is_all = b"", True  # the reader will report it
    refuse_other_formats(path, head)
    kind = json_format(head, is_all=is_all)
    is_json = head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))
    if path.name.endswith(_suffixes(CSV)):
        return kind if is_json else "csv"
    if is_json or path.name.endswith(_suffixes(JSON_LINES)):
        return kind
    if row_reader(next(csv.reader([head.partition(b"\n")[0].decode(errors="replace")]), [])) is not None:
        return "csv"
    raise PhylohubError(
        f"{path} does not end in {', '.join(SUFFIXES)}, and its content is none of them. Convert or rename it."
    )


def _head(stream: BinaryIO | pa.NativeFile) -> tuple[bytes, bool]:
    """The first bytes of a stream, and whether they are all."""
    head = b""
    while len(head) < HEAD_BYTES and (chunk := stream.read(HEAD_BYTES - len(head))):
        head += chunk
    return head, len(head) < HEAD_BYTES


def _decompressed(path: Path, file: BinaryIO) -> BinaryIO | pa.NativeFile:
    """A stream of the content of a file that is open at its start. Its first bytes tell whether it is compressed, since
    browsers unpack files and keep the name."""
    start = file.read(4)
    file.seek(0)
    compression = next((name for magic, name in MAGIC if start.startswith(magic)), None)
    if compression is None:
        return file
    return pa.CompressedInputStream(file, compression)  # type: ignore[arg-type]  # any binary file works


def _described(path: Path, kind: Format) -> tuple[str, tuple[str, ...]]:
    """A few words on a file, and notes on what does not land."""
    if kind == "parquet":
        return "parquet table of models", _unread_columns(path)
    if kind == "document":
        return "JSON document of models", ()
    if kind == "lines":
        return "JSON Lines of models", ()
    with path.open("rb") as file:
        rows = _csv_rows(path, file)
        header = next(rows, [])
        cells = [row for row, _ in zip(rows, range(100), strict=False) if len(row) == len(header)]
    texts = [row[header.index(name)] for name in list_columns(header) for row in cells]
    example = next((text for text in texts if text.strip(" ") and text.strip() not in ("[]", "{}")), None)
    return f"CSV table of models{f', lists {notation(example)}' if example else ''}", ()


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
        position = 0
        for lines in _read_lines(_decompressed(path, file)):
            if position == 0:
                lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")  # a byte order mark is not part of the record
            # Lines end in LF or CRLF. Blank lines hold no record but count as lines.
            done = min(file.tell() / size, 1.0)
            if all(line.endswith(b"}") for line in lines):
                yield _numbered(lines, position, done)
            else:
                numbered = [
                    (number, record)
                    for number, line in enumerate(lines, start=position + 1)
                    if (record := line.removesuffix(b"\r")).strip()
                ]
                yield Batch([number for number, _ in numbered], [record for _, record in numbered], done)
            position += len(lines)


def _read_document(path: Path) -> Iterator[Batch]:
    """Positions are the numbers of the records."""
    size = max(path.stat().st_size, 1)
    with path.open("rb") as file:
        stream = _decompressed(path, file)
        records: list[bytes] = []
        position = n_bytes = 0
        for record in records_of(stream.read, CHUNK_BYTES, MAX_RECORD_BYTES):
            records.append(record)
            n_bytes += len(record)
            if n_bytes >= CHUNK_BYTES:
                yield _numbered(records, position, min(file.tell() / size, 1.0))
                position, records, n_bytes = position + len(records), [], 0
        yield _numbered(records, position, 1.0)


def _numbered(records: list[bytes], position: int, done: float) -> Batch:
    return Batch(list(range(position + 1, position + len(records) + 1)), records, done)


class _BoundedLines(io.RawIOBase):
    """A stream that raises ValueError in a line that is too long to be a row."""

    def __init__(self, stream: BinaryIO | pa.NativeFile) -> None:
        self._stream, self._since_line_end, self._n_lines = stream, 0, 1

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._stream.read(len(buffer))
        self._n_lines += chunk.count(b"\n")
        end = chunk.rfind(b"\n")
        self._since_line_end = self._since_line_end + len(chunk) if end < 0 else len(chunk) - end - 1
        if self._since_line_end > MAX_RECORD_BYTES:
            raise ValueError(_too_long(self._n_lines))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _too_long(line: int) -> str:
    return f"line {line:,} is longer than {MAX_RECORD_BYTES / 2**20:,.0f} MiB, so it is no record of a model"


def _csv_rows(path: Path, file: BinaryIO) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_RECORD_BYTES)
    # surrogateescape keeps bytes that are not UTF-8. newline="" keeps line ends within cells, such as those of cards.
    stream = io.BufferedReader(_BoundedLines(_decompressed(path, file)), 1 << 16)
    text = io.TextIOWrapper(stream, "utf-8", errors="surrogateescape", newline="")
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
    size = max(path.stat().st_size, 1)
    with path.open("rb") as file:
        rows = _csv_rows(path, file)
        read = row_reader(next(rows, []))
        if read is None:
            raise PhylohubError(
                f"{path} is neither a table of models nor one of complete records: it lacks the columns `id` (or "
                "`model_id`) and `tags`, and the columns `modelId` and `fullJson`. Nothing of it has landed; rename "
                "its columns or land another file."
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
    n_lines = n_bytes = 0
    while chunk := stream.read(min(CHUNK_BYTES, BATCH_BYTES)):
        first, *others = chunk.split(b"\n")
        unfinished.append(first)
        n_bytes += len(first)
        if n_bytes > MAX_RECORD_BYTES:
            raise ValueError(_too_long(n_lines + 1))
        if others:
            last = others.pop()
            n_lines += 1 + len(others)
            yield [b"".join(unfinished), *others]
            unfinished, n_bytes = [last], len(last)
    yield [b"".join(unfinished)]


def _read_parquet(path: Path) -> Iterator[Batch]:
    with path.open("rb") as raw, pq.ParquetFile(raw) as file, duckdb.connect() as connection:
        schema = _readable(file.schema_arrow)
        if "id" not in _api_names(schema.names):
            raise PhylohubError(
                f"{path} has no column `id`, so it is not a table of Hub models (columns: {', '.join(schema.names)}). "
                "Rename the column of ids to `id`, or land another file."
            )
        taken = _taken(schema)
        schema = pa.schema([schema.field(place) for place in taken])
        names = _api_names(schema.names)
        card_column = names.index("card") if "card" in names else None
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set threads = 1")  # keep the order of the file
        kept = _convertible(connection, schema)
        # DuckDB ignores the case of names, but JSON does not: `BF16` and `bf16` are two fields. So columns and fields
        # get numbers in DuckDB, and their names appear only in the JSON that it writes.
        columns = [f"column_{number}" for number in range(len(schema.names))]
        numbered = pa.schema([pa.field(column, kind) for column, kind in zip(columns, schema.types, strict=True)])
        numbered_kept = pa.schema([numbered.field(place) for place in kept])
        n_rows = _chunk_rows(file.metadata)
        only = None if len(taken) == len(file.schema_arrow) else schema.names
        damage: list[Exception] = []

        def chunks() -> Iterator[pa.RecordBatch]:
            try:
                for rows in file.iter_batches(n_rows, columns=only):
                    cells = [
                        column if column.type == kind else column.cast(kind)
                        for column, kind in zip(rows.columns, numbered.types, strict=True)
                    ]
                    cells = [cells[place] for place in kept]
                    yield pa.record_batch(cells, schema=numbered_kept)
            except (OSError, ValueError, pa.ArrowException) as error:
                damage.append(error)  # raised below, since DuckDB would turn it into a traceback

        relation = connection.from_arrow(pa.RecordBatchReader.from_batches(numbered_kept, chunks()))
        fields = [
            (field.with_name(name), column)
            for place, (field, name, column) in enumerate(zip(schema, names, columns, strict=True))
            if place != card_column and place in kept
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


def _taken(schema: pa.Schema) -> list[int]:
    """The places of the columns that a record takes: all but those that no model reads, and a second id."""
    names = _api_names(schema.names)
    return [
        place
        for place, (column, name) in enumerate(zip(schema.names, names, strict=True))
        if name not in UNREAD_FIELDS and not (column in ID_NAMES and name != "id")
    ]


def _api_names(columns: list[str]) -> list[str]:
    """The API's names for the columns of a table. A name of the API that the table also has keeps its column."""
    known = set(columns)
    ids = [name for name in ID_NAMES if name in known and "id" not in known][:1]
    return [
        "id" if name in ids else API_NAMES[name] if name in API_NAMES and API_NAMES[name] not in known else name
        for name in columns
    ]


def _readable(schema: pa.Schema) -> pa.Schema:
    """The schema with single for half precision, which DuckDB does not read."""
    return pa.schema([field.with_type(_wider(field.type)) for field in schema])


def _wider(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_float16(kind):
        return pa.float32()
    if isinstance(kind, pa.ListType | pa.LargeListType):
        item = kind.value_field.with_type(_wider(kind.value_type))
        return pa.large_list(item) if isinstance(kind, pa.LargeListType) else pa.list_(item)
    if isinstance(kind, pa.StructType):
        return pa.struct([field.with_type(_wider(field.type)) for field in kind])
    return kind


def _convertible(connection: duckdb.DuckDBPyConnection, schema: pa.Schema) -> list[int]:
    """The places of the columns whose type DuckDB can read."""
    places = []
    for place, field in enumerate(schema):
        column = pa.record_batch([pa.nulls(1, field.type)], names=["value"])
        try:
            relation = connection.from_arrow(pa.RecordBatchReader.from_batches(column.schema, [column]))
            relation.project(_json_sql("value", field.type)).fetchall()
        except (duckdb.Error, pa.ArrowException, NotImplementedError):
            continue
        places.append(place)
    return places


def _unread_columns(path: Path) -> tuple[str, ...]:
    with path.open("rb") as raw, pq.ParquetFile(raw) as file, duckdb.connect() as connection:
        schema = _readable(file.schema_arrow)
        kept = _convertible(connection, schema)
        left = [f"{field.name} ({field.type})" for place, field in enumerate(schema) if place not in kept]
        taken = _taken(schema)
        unread = [field.name for place, field in enumerate(schema) if place not in taken]
    return (
        *([f"columns left out, since DuckDB cannot read their type: {', '.join(left)}"] if left else []),
        *([f"columns not read, since no model needs them: {', '.join(unread)}"] if unread else []),
    )


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


_DAMAGE = (OSError, ValueError, csv.Error, pa.ArrowException, duckdb.Error)
_READERS: dict[Format, Callable[[Path], Iterator[Batch]]] = {
    "parquet": _read_parquet,
    "csv": _read_csv,
    "lines": _read_json_lines,
    "document": _read_document,
}
