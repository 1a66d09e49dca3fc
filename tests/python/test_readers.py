"""Every file format gives the same records at the same positions for all chunk and batch sizes."""

from __future__ import annotations  # pyarrow's classes take type parameters in its stubs only

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phylohub.core.errors import PhylohubError
from phylohub.ingest import readers
from phylohub.ingest.readers import Source, content_hash, find_sources, read_batches, snapshot_name

LINES = [b'{"id":"a"}', b"", b'{"id":"b","tags":["x"]}\r', b"   ", b'{"id":"\xc3\xa9"}', b"not JSON"]
TEXT = b"\n".join(LINES) + b"\n"
READ = [(1, b'{"id":"a"}'), (3, b'{"id":"b","tags":["x"]}'), (5, b'{"id":"\xc3\xa9"}'), (6, b"not JSON")]


def zstd(text: bytes) -> bytes:
    packed = pa.compress(text, codec="zstd", asbytes=True)
    assert isinstance(packed, bytes)
    return packed


def read(path: Path) -> list[tuple[int, bytes]]:
    batches = list(read_batches(Source(path, path.name)))
    return [row for batch in batches for row in zip(batch.positions, batch.records, strict=True)]


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# ---- JSON Lines ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_bytes", [1, 7, 1 << 25])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.jsonl", TEXT),
        ("plain.ndjson", TEXT),
        ("without_last_newline.jsonl", TEXT.removesuffix(b"\n")),
        ("byte_order_mark.jsonl", b"\xef\xbb\xbf" + TEXT),
        ("one.jsonl.gz", gzip.compress(TEXT, mtime=0)),
        ("one.ndjson.gz", gzip.compress(TEXT, mtime=0)),
        ("members.jsonl.gz", b"".join(gzip.compress(part, mtime=0) for part in (TEXT[:15], b"", TEXT[15:]))),
        ("one.jsonl.zst", zstd(TEXT)),
        ("frames.jsonl.zst", zstd(TEXT[:15]) + zstd(b"") + zstd(TEXT[15:])),
    ],
)
def test_json_lines_are_the_same_for_every_compression(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, batch_bytes: int
) -> None:
    monkeypatch.setattr(readers, "BATCH_BYTES", batch_bytes)
    assert read(written(tmp_path, name, content)) == READ


@pytest.mark.parametrize("name", ["empty.jsonl", "empty.jsonl.gz", "blank.jsonl", "mark.jsonl"])
def test_empty_file_has_no_record(tmp_path: Path, name: str) -> None:
    content = {"empty.jsonl": b"", "empty.jsonl.gz": gzip.compress(b""), "blank.jsonl": b"\n \r\n\t\n"}
    assert read(written(tmp_path, name, content.get(name, b"\xef\xbb\xbf"))) == []


@pytest.mark.parametrize("batch_bytes", [1, 1 << 25])
def test_only_the_line_ending_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_bytes: int) -> None:
    monkeypatch.setattr(readers, "BATCH_BYTES", batch_bytes)
    lines = [b'\t {"id": "a"} \x0b', b'{"id":"b"}\r\r', b"\xef\xbb\xbf{}", b"\r\xa0", b'a\rb"\xe2\x80\xa8\xc2\x85']
    path = written(tmp_path, "odd.jsonl", b"\n".join(lines))
    assert read(path) == [(1, lines[0]), (2, b'{"id":"b"}\r'), (3, lines[2]), (4, lines[3]), (5, lines[4])]


def test_batches_are_bounded_by_bytes_and_by_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "CHUNK_BYTES", 100)
    monkeypatch.setattr(readers, "BATCH_BYTES", 1_000)
    monkeypatch.setattr(readers, "BATCH_ROWS", 60)
    tiny, wide = b"1\n" * 1_000, (b"2" * 49 + b"\n") * 100
    batches = list(read_batches(Source(written(tmp_path, "rows.jsonl", tiny + wide), "rows.jsonl")))
    assert max(len(batch.records) for batch in batches) <= 60 + 100 / 2
    assert max(sum(map(len, batch.records)) for batch in batches) < 1_000 + 100
    assert len(batches) >= 1_000 / 110 + 5_000 / 1_100
    assert [position for batch in batches for position in batch.positions] == list(range(1, 1_101))


@pytest.mark.parametrize("name", ["plain.jsonl", "packed.jsonl.gz", "packed.jsonl.zst", "table.parquet"])
def test_share_read_increases_to_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(readers, "BATCH_BYTES", 100)
    monkeypatch.setattr(readers, "CHUNK_BYTES", 100)
    records = [{"id": f"model-{number}"} for number in range(100)]
    text = "".join(json.dumps(record) + "\n" for record in records).encode()
    path = written(
        tmp_path, name, {".gz": gzip.compress(text, mtime=0), ".zst": zstd(text)}.get(Path(name).suffix, text)
    )
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
    shares = [batch.done for batch in read_batches(Source(path, name))]
    assert len(shares) > 1
    assert shares == sorted(shares)
    assert 0 < shares[0] <= shares[-1] == 1


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_truncated_file_raises_after_the_records_before_the_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(readers, "BATCH_BYTES", 10)
    first, second = TEXT, b'{"id":"' + bytes(range(97, 123)) * 4 + b'"}\n'
    name = f"cut.jsonl.{'gz' if pack is gzip.compress else 'zst'}"
    path = written(tmp_path, name, pack(first) + pack(second)[:-5])
    batches = read_batches(Source(path, name))
    seen = []
    with pytest.raises(PhylohubError, match=name) as error:  # noqa: PT012, the test needs the batches before the error
        for batch in batches:
            seen += list(zip(batch.positions, batch.records, strict=True))
    assert seen
    assert seen == READ[: len(seen)]
    assert "run the same command again" in str(error.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("no.jsonl.gz", TEXT),
        ("no.jsonl.zst", TEXT),
        ("yes.jsonl", gzip.compress(TEXT, mtime=0)),
        ("gzip.jsonl.zst", zstd(TEXT)),
    ],
)
def test_content_and_not_the_name_tells_the_compression(tmp_path: Path, name: str, content: bytes) -> None:
    assert read(written(tmp_path, name, content)) == READ


def test_bytes_after_the_end_of_a_compressed_file_raise(tmp_path: Path) -> None:
    with pytest.raises(PhylohubError, match=r"tail\.jsonl\.gz cannot be read completely"):
        read(written(tmp_path, "tail.jsonl.gz", gzip.compress(TEXT, mtime=0) + b"x"))


def test_error_names_the_unreadable_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder.jsonl"
    folder.mkdir()
    loop = tmp_path / "loop.jsonl"
    loop.symlink_to(loop)
    failing = tmp_path / "failing.jsonl"
    failing.symlink_to("/proc/self/mem")  # opens, and fails when read
    for path in (folder, loop, failing, tmp_path / "missing.jsonl"):
        with pytest.raises(PhylohubError, match=path.name):
            content_hash(Source(path, path.name))
        with pytest.raises(PhylohubError, match=path.name):
            read(path)


# ---- parquet -------------------------------------------------------------------------------------------------


def test_parquet_rows_become_records_of_the_api(tmp_path: Path) -> None:
    """Covers nested structs and lists, nulls at every depth, and every kind of timestamp."""
    text = pa.string()
    models = pa.list_(pa.struct([("_id", text), ("id", text), ("seen", pa.timestamp("us"))]))
    stamp = datetime(2026, 8, 22, 10, 20, 30, 123_000)
    columns: dict[str, pa.Array[Any]] = {
        "id": pa.array(["a", "b", "c"]),
        "createdAt": pa.array([stamp, stamp.replace(microsecond=123_456), None], pa.timestamp("us")),
        "lastModified": pa.array([stamp.replace(tzinfo=UTC)] * 3, pa.timestamp("ms", "Asia/Tokyo")),
        "nanoseconds": pa.array([0, 1_000_000_001, -1], pa.timestamp("ns")),
        "zoned_nanoseconds": pa.array([0, 1_000, 1_001_000], pa.timestamp("ns", "UTC")),
        "seconds": pa.array([0, -1, 253_402_300_799], pa.timestamp("s")),
        "tags": pa.array([["x", None, 'q"\\\n\u2028'], [], None], pa.list_(text)),
        "safetensors": pa.array(
            [{"parameters": {"BF16": 2**62, "bf16": None}, "total": 1}, {"parameters": None, "total": None}, None],
            pa.struct([("parameters", pa.struct([("BF16", pa.int64()), ("bf16", pa.int64())])), ("total", pa.int64())]),
        ),
        "baseModels": pa.array(
            [
                {"relation": "merge", "models": [{"_id": "1", "id": "p", "seen": stamp}, None, {"_id": None}]},
                {"relation": None, "models": []},
                None,
            ],
            pa.struct([("relation", text), ("models", models)]),
        ),
        "cardData": pa.array(['{"license": "mit",\n "n": 1e3}', '"only text"', "{broken"]),
        "config": pa.array(["{}", "[1]", ""], pa.large_string()),
        "gguf": pa.array(['{"total":1}', None, "12"]).dictionary_encode(),
        "note": pa.array(['{"looks":"like JSON"}', "[]", "null"]),
        "trendingScore": pa.array([0.5, float("nan"), None]),
        "scores": pa.array([[1.5, float("nan"), None], None, []], pa.list_(pa.float64())),
        "grid": pa.array([[[1, None]], [None, []], None], pa.list_(pa.list_(pa.int8()))),
        "pair": pa.array([[{"at": stamp}] * 2] * 3, pa.list_(pa.struct([("at", pa.timestamp("ms"))]), 2)),
        "private": pa.array([True, False, None]),
        "big": pa.array([2**64 - 1, 0, None], pa.uint64()),
        "exact": pa.array([Decimal(10**37 + 1), None, None], pa.decimal128(38, 0)),
        "day": pa.array([date(2026, 1, 2), None, None]),
        "nothing": pa.nulls(3),
        'it\'s "quoted" {x} é': pa.array([1, 2, 3]),
        "ID": pa.array(["other", None, None]),
        "": pa.array([None, None, "no name"]),
    }
    common = {"lastModified": "2026-08-22T10:20:30.123Z", "pair": [{"at": "2026-08-22T10:20:30.123Z"}] * 2}
    first, second, third = (
        {
            "id": "a",
            "createdAt": "2026-08-22T10:20:30.123Z",
            "nanoseconds": "1970-01-01T00:00:00.000Z",
            "zoned_nanoseconds": "1970-01-01T00:00:00.000Z",
            "seconds": "1970-01-01T00:00:00.000Z",
            "tags": ["x", None, 'q"\\\n\u2028'],
            "safetensors": {"parameters": {"BF16": 2**62}, "total": 1},
            "baseModels": {
                "relation": "merge",
                "models": [{"_id": "1", "id": "p", "seen": "2026-08-22T10:20:30.123Z"}, None, {}],
            },
            "cardData": {"license": "mit", "n": 1000.0},
            "config": {},
            "gguf": {"total": 1},
            "note": '{"looks":"like JSON"}',
            "trendingScore": 0.5,
            "scores": [1.5, None, None],
            "grid": [[1, None]],
            "private": True,
            "big": 2**64 - 1,
            "exact": 10**37 + 1,
            "day": "2026-01-02",
            'it\'s "quoted" {x} é': 1,
            "ID": "other",
        },
        {
            "id": "b",
            "createdAt": "2026-08-22T10:20:30.123456Z",
            "nanoseconds": "1970-01-01T00:00:01.000000001Z",
            "zoned_nanoseconds": "1970-01-01T00:00:00.000001Z",
            "seconds": "1969-12-31T23:59:59.000Z",
            "tags": [],
            "safetensors": {},
            "baseModels": {"models": []},
            "cardData": '"only text"',  # a string that contains quotes
            "config": [1],
            "note": "[]",
            "grid": [None, []],
            "private": False,
            "big": 0,
            'it\'s "quoted" {x} é': 2,
        },
        {
            "id": "c",
            "nanoseconds": "1969-12-31T23:59:59.999999999Z",
            "zoned_nanoseconds": "1970-01-01T00:00:00.001001Z",
            "seconds": "9999-12-31T23:59:59.000Z",
            "cardData": "{broken",
            "config": "",
            "gguf": "12",
            "note": "null",
            "scores": [],
            'it\'s "quoted" {x} é': 3,
            "": "no name",
        },
    )
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table(columns), path)
    assert [(position, json.loads(record)) for position, record in read(path)] == [
        (1, first | common),
        (2, second | common),
        (3, third | common),
    ]


def test_parquet_equals_the_json_lines_that_it_was_written_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "CHUNK_BYTES", 1_000)
    monkeypatch.setattr(readers, "BATCH_BYTES", 2_000)
    records = [
        {"id": f"org/model-{number}", "likes": number, "tags": [f"tag-{n}" for n in range(number % 4)]}
        | ({"cardData": {"license": "mit", "language": ["en", number]}} if number % 3 else {})
        | ({"safetensors": {"parameters": {f"F{number % 5}": number}, "total": number}} if number % 2 else {})
        for number in range(1, 301)
    ]
    rows = [
        {**record, "cardData": json.dumps(record["cardData"]) if "cardData" in record else None} for record in records
    ]
    dtypes = pa.struct([(f"F{number}", pa.int64()) for number in range(5)])
    kinds: dict[str, pa.DataType] = {
        "id": pa.string(),
        "likes": pa.int32(),
        "tags": pa.list_(pa.string()),
        "cardData": pa.string(),
        "safetensors": pa.struct([("parameters", dtypes), ("total", pa.int64())]),
    }
    path = tmp_path / "models.parquet"
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(kinds)), path, row_group_size=70)
    assert len(list(read_batches(Source(path, path.name)))) > 10
    assert [(position, json.loads(record)) for position, record in read(path)] == list(enumerate(records, start=1))


def test_large_parquet_rows_are_read_in_small_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "CHUNK_BYTES", 40_000)
    monkeypatch.setattr(readers, "BATCH_BYTES", 40_000)
    rows = [{"id": str(number), "card": f"{number}-" * 3_000} for number in range(30)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "cards.parquet", compression="none", use_dictionary=False)
    batches = list(read_batches(Source(tmp_path / "cards.parquet", "cards.parquet")))
    assert max(sum(map(len, batch.records)) for batch in batches) <= 80_000


def test_hub_stats_parquet_equals_the_json_lines(real_file: Callable[[str], Path]) -> None:
    parquet = read(real_file("hub_stats_sample.parquet"))
    json_lines = read(real_file("hub_models_2026-06-05.jsonl.gz"))
    by_id: list[dict[str, Any]] = [
        {record["id"]: record for record in map(json.loads, (record for _, record in rows))}
        for rows in (parquet, json_lines)
    ]
    assert len(parquet) == len(json_lines) == len(by_id[0]) > 4_000
    assert by_id[0] == by_id[1]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 no parquet PAR1", b'{"id":"a"}\n'])
def test_error_names_the_invalid_parquet_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(PhylohubError, match=r"no\.parquet cannot be read completely: .+run the same command again"):
        read(written(tmp_path, "no.parquet", content))


def test_error_names_the_parquet_file_with_a_damaged_page(tmp_path: Path) -> None:
    path = tmp_path / "damaged.parquet"
    pq.write_table(pa.table({"id": [f"model-{number}" for number in range(5_000)]}), path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[200:2_000] = b"\xff" * 1_800
    path.write_bytes(content)
    with pytest.raises(PhylohubError, match=r"damaged\.parquet cannot be read completely") as error:
        read(path)
    assert "Traceback" not in str(error.value)


def test_invalid_utf8_affects_only_its_row(tmp_path: Path) -> None:
    buffers = [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xff\xfe")]
    path = tmp_path / "broken_text.parquet"
    pq.write_table(pa.table({"id": ["x", "y"], "author": pa.Array.from_buffers(pa.string(), 2, buffers)}), path)
    (_, good), (position, bad) = read(path)
    assert json.loads(good) == {"id": "x", "author": "a"}
    assert position == 2
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(bad)


def test_parquet_without_ids_or_rows(tmp_path: Path) -> None:
    pq.write_table(pa.table({"name": ["a"], "likes": [1]}), tmp_path / "other.parquet")
    with pytest.raises(PhylohubError, match=r"other\.parquet has no column `id`.*name, likes"):
        read(tmp_path / "other.parquet")
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), tmp_path / "empty.parquet")
    assert read(tmp_path / "empty.parquet") == []
    pq.write_table(pa.table({"id": pa.array([None, 1])}), tmp_path / "odd_ids.parquet")
    assert read(tmp_path / "odd_ids.parquet") == [(1, b"{}"), (2, b'{"id":1}')]


# ---- finding files -------------------------------------------------------------------------------------------


def test_folder_is_searched_recursively_and_sorted_by_name(tmp_path: Path) -> None:
    written(tmp_path, "a/2.parquet", b"")
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "a" / "2.parquet")
    for name in ("b.jsonl", "a/1.jsonl.gz", "a.ndjson.zst", ".hidden.jsonl", ".git/c.jsonl"):
        written(tmp_path, name, b"")
    for name in ("README.md", "a/notes.json", "c.jsonl.bz2", "jsonl"):
        written(tmp_path, name, b"")
    (tmp_path / "folder.jsonl").mkdir()
    written(tmp_path, "folder.jsonl/d.jsonl", b"")
    sources, ignored = find_sources(tmp_path)
    names = ["a.ndjson.zst", "a/1.jsonl.gz", "a/2.parquet", "b.jsonl", "folder.jsonl/d.jsonl"]
    assert sources == [Source(tmp_path / name, name) for name in names]
    assert ignored == ["README.md", "a/notes.json", "c.jsonl.bz2", "jsonl"]


def test_broken_link_in_a_folder_raises(tmp_path: Path) -> None:
    (tmp_path / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    with pytest.raises(PhylohubError, match=r"gone\.jsonl is not a file"):
        find_sources(tmp_path)
    with pytest.raises(PhylohubError, match=r"gone\.jsonl is not a file"):
        content_hash(Source(tmp_path / "gone.jsonl", "gone.jsonl"))


def test_file_names_that_are_not_utf8_can_be_stored(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = Path(str(folder) + "/\udcff.jsonl")
    try:
        path.write_bytes(TEXT)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert find_sources(folder)[0] == [Source(path, "\\xff.jsonl")]
    assert find_sources(path)[0] == [Source(path, "\\xff.jsonl")]
    assert snapshot_name(path) == "\\xff"
    assert read(path) == READ


def test_error_names_the_path_that_cannot_be_landed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PhylohubError, match="nowhere does not exist"):
        find_sources(tmp_path / "nowhere")
    with pytest.raises(
        PhylohubError, match=r"models\.txt does not end in \.jsonl, .*\.parquet, .*Convert or rename it"
    ):
        find_sources(written(tmp_path, "models.txt", b""))
    with pytest.raises(PhylohubError, match=r"holds no file that ends in \.jsonl"):
        find_sources(tmp_path)
    with pytest.raises(PhylohubError, match=r"models\.txt.* cannot be read: Not a directory"):
        find_sources(tmp_path / "models.txt" / "a.jsonl")

    def forbidden(self: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    source = Source(written(tmp_path, "secret.jsonl", TEXT), "secret.jsonl")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", forbidden)
        with pytest.raises(PhylohubError, match=r"secret\.jsonl cannot be read: Permission denied"):
            content_hash(source)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", forbidden)
        with pytest.raises(PhylohubError, match=r"secret\.jsonl cannot be read: Permission denied"):
            find_sources(source.path)
    with monkeypatch.context() as patch:
        patch.setattr("os.scandir", forbidden)
        with pytest.raises(PhylohubError, match="cannot be searched: Permission denied"):
            find_sources(tmp_path)


@pytest.mark.parametrize(
    ("name", "snapshot"),
    [
        ("hub_models_2026-06-05.jsonl.gz", "hub_models_2026-06-05"),
        ("x.ndjson", "x"),
        ("x.tar.parquet", "x.tar"),
        ("x.jsonl.jsonl.zst", "x.jsonl"),
        (".jsonl", "unnamed"),
        ("folder.jsonl/", "folder.jsonl"),
    ],
)
def test_snapshot_names(tmp_path: Path, name: str, snapshot: str) -> None:
    if name.endswith("/"):
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).touch()
    assert snapshot_name(tmp_path / name) == snapshot


def test_content_hash_is_the_sha256_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", b"abc")
    assert content_hash(Source(path, "a")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
