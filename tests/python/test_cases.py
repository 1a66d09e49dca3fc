"""Files as people have them: each lands with the right values, or is refused and changes nothing.

The inputs in ../shared/cases are tried where that folder is present. What every run checks is made here.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import BIN, ROOT, MemoryWarehouse
from live import memory

from phylohub.core.build_file import database_path
from phylohub.core.errors import PhylohubError
from phylohub.core.terminal import console
from phylohub.ingest.api_records import api_record, without_lone_surrogates
from phylohub.ingest.landing import land_snapshot
from phylohub.ingest.lists import TAG_PREFIXES, list_of_text
from phylohub.ingest.readers import SAMPLE_ROWS, find_sources, judged, read_batches, snapshot_name

CASES = ROOT.parent / "shared" / "cases"
BASE = {"id": "acme/base", "createdAt": "2024-01-01T00:00:00.000Z", "tags": ["transformers", "license:mit", "en"]}
TAGS = ["license:apache-2.0", "base_model:acme/base", "base_model:finetune:acme/base"]
CHILD = {"id": "acme/child", "createdAt": "2024-02-01T00:00:00.000Z", "tags": ["transformers", *TAGS]}
LINES = b"".join(json.dumps(record).encode() + b"\n" for record in (BASE, CHILD))


@pytest.fixture
def case() -> Callable[[str], Path]:
    """Find an input of ../shared/cases, or skip the test."""

    def find(name: str) -> Path:
        if not (CASES / name).exists():
            pytest.skip(f"the input is missing: ../shared/cases/{name}")
        return CASES / name

    return find


def written(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def land(path: Path) -> list[dict[str, Any]]:
    """The records that land from a path, in their order."""
    with memory() as connection:
        land_snapshot(connection, "s", find_sources(path)[0])
        rows = connection.execute(
            "select record from raw.hub_listings natural join raw.hub_records order by source, position"
        ).fetchall()
    return [json.loads(record) for (record,) in rows]


@pytest.fixture
def built(warehouse: MemoryWarehouse) -> Iterator[Callable[[Path], MemoryWarehouse]]:
    """Land a file and build all SQL models except those of the gate."""

    def build(path: Path) -> MemoryWarehouse:
        for table in ("hub_listings", "hub_records", "hub_rejects", "hub_originals", "loads"):
            warehouse.connection.execute(f"delete from raw.{table}")
        land_snapshot(warehouse.connection, "test", find_sources(path)[0])
        warehouse.run_models()
        return warehouse

    yield build
    for table in ("hub_listings", "hub_records", "hub_rejects", "hub_originals", "loads"):
        warehouse.connection.execute(f"delete from raw.{table}")
    warehouse.connection.execute(
        "update raw.snapshots set completed_at = '2026-01-01' where snapshot = 'test'",
    )


EDGES = "select parent_id, child_id, relation, parent_in_hub from marts.lineage_edges order by all"
LICENSES = "select model_id, license from marts.model_licenses order by all"


# ---- lists in tables -----------------------------------------------------------------------------------------

NOTATIONS = {
    "numpy": "['transformers' 'license:mit'\n 'en']",
    "python": "['transformers', 'license:mit', 'en']",
    "json": '["transformers", "license:mit", "en"]',
    "duckdb": "[transformers, 'license:mit', en]",
    "older duckdb": "[transformers, license:mit, en]",
    "postgres": '{transformers,"license:mit",en}',
    "tuple": "('transformers', 'license:mit', 'en')",
    "set": "{'transformers', 'license:mit', 'en'}",
    "array": "array(['transformers', 'license:mit', 'en'], dtype=object)",
    "R": 'c("transformers", "license:mit", "en")',
    "commas": "transformers, license:mit, en",
    "semicolons": "transformers;license:mit;en",
    "bars": "transformers|license:mit|en",
    "spaces": "transformers license:mit en",
    "nulls": "[transformers, NULL, 'license:mit', None, en]",
}


@pytest.mark.parametrize("name", NOTATIONS)
@pytest.mark.parametrize("as_json", [False, True])
def test_list_in_any_notation_is_split(tmp_path: Path, name: str, as_json: bool) -> None:
    text = NOTATIONS[name]
    if as_json:
        path = written(tmp_path, "models.jsonl", json.dumps({**BASE, "tags": text}))
    else:
        quoted = text.replace('"', '""')
        path = written(tmp_path, "models.csv", f'id,createdAt,tags\nacme/base,2024-01-01 00:00:00,"{quoted}"\n')
    assert land(path) == [BASE]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("[]", []),
        ("", []),
        ("None", []),
        ("['it\\'s', \"it's\", 'it''s']", ["it's"] * 3),
        ("[text generation, b]", ["text generation", "b"]),
        ("one", ["one"]),
        ("['a' 'b' ... 'y' 'z']", None),
        ("['a', [1]]", None),
        ("{'a': 1}", None),
        ("['a'", None),
        ("[" * 10_000, None),
    ],
)
def test_items_of_a_text(text: str, items: list[str] | None) -> None:
    assert list_of_text(text) == items


def test_prefixes_are_those_of_the_seed() -> None:
    seed = (ROOT / "seeds" / "tag_prefixes.csv").read_text().splitlines()[1:]
    assert set(TAG_PREFIXES) == {line.split(",")[0] for line in seed} - {"phylohub"}


@pytest.mark.parametrize("name", ["01-numpy-tags.csv", "02-comma-tags.csv", "03-duckdb-list-tags.csv"])
def test_case_of_tags_in_csv(case: Callable[[str], Path], built: Callable[[Path], MemoryWarehouse], name: str) -> None:
    hub = built(case(name))
    assert hub.rows(EDGES) == [("acme/base", "acme/child", "finetune", True)]
    assert hub.rows(LICENSES) == [("acme/base", "mit"), ("acme/child", "apache-2.0")]


@pytest.mark.parametrize(
    "tags",
    [
        ["transformerslicense:mitregion:us"],
        ["transformers/license:mit/region:us"],
        ["['transformers', 'license:mit']"],
    ],
)
def test_tags_that_run_together_are_refused(tmp_path: Path, tags: list[str]) -> None:
    path = written(tmp_path, "models.jsonl", json.dumps({"id": "a/b", "tags": tags}))
    with pytest.raises(PhylohubError, match=r"models\.jsonl, line 1: several tags run together.*Nothing has landed"):
        find_sources(path)


def test_tags_without_any_prefix_are_refused(tmp_path: Path) -> None:
    lines = [json.dumps({"id": f"a/{number}", "tags": ["x", "y"]}) for number in range(600)]
    path = written(tmp_path, "models.jsonl", "\n".join(lines))
    with pytest.raises(PhylohubError, match="not those of the Hub"):
        find_sources(path)
    lines[300] = json.dumps({"id": "a/300", "tags": ["region:us"]})
    assert len(land(written(tmp_path, "models.jsonl", "\n".join(lines)))) == 600


# ---- what a file is ------------------------------------------------------------------------------------------

PAGE = [BASE, CHILD]
DOCUMENTS: dict[str, Any] = {
    "array": PAGE,
    "wrapper": {"models": PAGE},
    "wrapper with more": {"total": 2, "data": PAGE, "next": None},
    "viewer": {"features": [{"name": "id"}], "rows": [{"row_idx": 0, "row": each} for each in PAGE]},
    "pages": [[BASE], [CHILD]],
    "answers": [{"models": [BASE]}, {"models": [CHILD]}],
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("file", ["models.json", "models.jsonl", "models.json.gz", "answer", "models.txt"])
def test_json_document_lands_record_by_record(tmp_path: Path, name: str, indent: int | None, file: str) -> None:
    content = json.dumps(DOCUMENTS[name], indent=indent).encode()
    path = written(tmp_path, file, gzip.compress(content) if file.endswith(".gz") else content)
    assert land(path) == PAGE


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_document_is_the_same_for_every_chunk_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """Also where a wrapper is larger than what is read at once."""
    monkeypatch.setattr("phylohub.ingest.readers.CHUNK_BYTES", chunk)
    monkeypatch.setattr("phylohub.ingest.documents.WHOLE_OBJECT_CHARACTERS", chunk)
    records = [{**BASE, "id": f"a/{number}", "note": "é\\u00e9\n" * number} for number in range(20)]
    path = written(tmp_path, "models.json", json.dumps({"n": 12345, "models": records, "after": [1.5]}))
    assert land(path) == records


def test_one_array_per_line_lands_completely(tmp_path: Path) -> None:
    lines = [json.dumps([{**BASE, "id": f"a/{line}-{number}"} for number in range(3)]) for line in range(40)]
    assert len(land(written(tmp_path, "pages.jsonl", "\n".join(lines)))) == 120


def test_record_of_a_document_keeps_its_bytes(tmp_path: Path) -> None:
    record = b'{"id" :"a\\u00e9",\n "n":1E2, "x":"\xc3\xa9"}'
    source = judged(find_sources(written(tmp_path, "models.json", b"[ " + record + b"\n]"))[0][0])
    assert [each for batch in read_batches(source) for each in batch.records] == [record]


def test_cut_document_names_the_record(tmp_path: Path) -> None:
    path = written(tmp_path, "models.json", json.dumps([BASE] * 3)[:-20])
    with memory() as connection, pytest.raises(PhylohubError, match=r"models\.json cannot be read.*record 3"):
        land_snapshot(connection, "s", find_sources(path)[0])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"<!DOCTYPE html><html>Sign in</html>", "HTML"),
        (b"PK\x03\x04rest", "unzip"),
        ('{"id":"a"}\n'.encode("utf-16"), "iconv"),
        (b'{"acme/base": {"tags": []}}'.replace(b"{", b"[{", 1) + b"]", "record 1: no id"),
    ],
)
@pytest.mark.parametrize("name", ["models.jsonl", "models.json"])
def test_other_files_are_refused_with_the_way_out(tmp_path: Path, content: bytes, reason: str, name: str) -> None:
    with pytest.raises(PhylohubError, match=reason):
        find_sources(written(tmp_path, name, content))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('{"acme/base": {"tags": []}, "acme/child": {}}', "acme/base, acme/child"),
        ('{"data": {"models": [{"id": "acme/base"}]}}', "data"),
        ('{"error": "Rate limited"}', "error"),
        ("{}", "none"),
    ],
)
def test_documents_of_one_line_without_models_leave_nothing(tmp_path: Path, text: str, fields: str) -> None:
    path = written(tmp_path, "models.json", text)
    with memory() as connection, pytest.raises(PhylohubError, match=rf"record 1: no id \(its fields: {fields}\)"):
        land_snapshot(connection, "s", find_sources(path)[0])


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("\n".join(map(json.dumps, rows)))


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path)


@pytest.mark.parametrize(("suffix", "write"), [(".jsonl", write_lines), (".parquet", write_parquet)])
def test_only_the_models_of_a_folder_land(
    tmp_path: Path, suffix: str, write: Callable[[Path, list[dict[str, Any]]], None]
) -> None:
    write(tmp_path / f"a{suffix}", [{"id": "acme/c", "tags": ["size_categories:1K<n<10K"], "description": "a set"}])
    write(tmp_path / f"b{suffix}", [{**BASE, "pipeline_tag": "text-generation"}, {**CHILD, "pipeline_tag": None}])
    write(tmp_path / f"c{suffix}", [{"id": "acme/space", "tags": ["gradio", "region:us"], "sdk": "gradio"}])
    sources, skipped = find_sources(tmp_path)
    assert [source.name for source in sources] == [f"b{suffix}"]
    assert skipped == [f"a{suffix}", f"c{suffix}"]
    with pytest.raises(PhylohubError, match="lists datasets, not models"):
        find_sources(tmp_path / f"a{suffix}")
    with pytest.raises(PhylohubError, match="lists Spaces, not models"):
        find_sources(tmp_path / f"c{suffix}")


def test_case_of_the_hub_stats_folder(case: Callable[[str], Path]) -> None:
    sources, skipped = find_sources(case("04-hub-stats-folder"))
    assert ([source.name for source in sources], skipped) == (
        ["models.parquet"],
        ["datasets.parquet", "spaces.parquet"],
    )


@pytest.mark.parametrize(
    ("kind", "values"),
    [(pa.float16(), [1.5, None]), (pa.list_(pa.float16()), [[1.5], []]), (pa.decimal256(60, 2), [1, None])],
)
def test_column_of_any_type_does_not_stop_a_table(tmp_path: Path, kind: pa.DataType, values: list[Any]) -> None:
    table = pa.table({"id": ["a", "b"], "extra": pa.array(values, kind)})
    pq.write_table(table, tmp_path / "models.parquet")
    (source,) = find_sources(tmp_path / "models.parquet")[0]
    assert source.shape is not None
    extra = [record.get("extra") for record in land(source.path)]
    assert extra == values or "extra" in source.shape.notes[0]


def test_case_of_the_half_float_column(case: Callable[[str], Path]) -> None:
    records = land(case("22-half-float-column.parquet"))
    assert (len(records), records[0]["f16"]) == (60, 1.5)


def test_link_names_the_snapshot(tmp_path: Path, case: Callable[[str], Path]) -> None:
    blob = written(tmp_path, "blobs/9f86d081", LINES)
    (tmp_path / "models.jsonl").symlink_to(blob)
    assert snapshot_name(tmp_path / "models.jsonl") == "models"
    assert len(land(tmp_path / "models.jsonl")) == len(land(blob)) == 2
    assert snapshot_name(case("21-hf-cache/snapshots/abc") / "models.parquet") == "models"


# ---- a refusal changes nothing -------------------------------------------------------------------------------


def state(connection: Any) -> list[Any]:
    tables = ("snapshots", "loads", "hub_listings", "hub_records", "hub_rejects", "hub_originals")
    return [connection.execute(f"select * from raw.{table} order by all").fetchall() for table in tables]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("models.csv", b"org,model,modelId\nacme,base,acme/base\n"),
        ("models.jsonl", b"bad\n{}\n"),
        ("models.jsonl", b""),
        ("models.jsonl.gz", gzip.compress(LINES * 2_000, mtime=0)[:-40]),
        ("models.json", b'[{"id": "a/c"}, {"id": '),
        ("models.ndjson", b'{"id": "a/d", "tags": ["alicense:mit"]}'),
        ("models.parquet", b"PAR1 cut"),
    ],
)
def test_refused_file_of_the_same_stem_leaves_a_complete_snapshot(tmp_path: Path, name: str, content: bytes) -> None:
    good = written(tmp_path, "good/models.jsonl.zst", LINES)
    bad = written(tmp_path, name, content)
    with memory() as connection:
        with pytest.raises(PhylohubError):
            land_snapshot(connection, "models", find_sources(bad)[0])
        connection.execute("delete from raw.snapshots; delete from raw.loads; delete from raw.hub_rejects")
        connection.execute("delete from raw.hub_listings; delete from raw.hub_records")
        land_snapshot(connection, "models", find_sources(good)[0])
        before = state(connection)
        with pytest.raises(PhylohubError, match=name.replace(".", r"\.")):
            land_snapshot(connection, "models", find_sources(bad)[0])
        assert state(connection) == before
        more = written(tmp_path, "more/models.ndjson", json.dumps({"id": "a/e"}))
        land_snapshot(connection, "models", find_sources(more)[0])
        assert connection.execute("select completed_at is not null from raw.snapshots").fetchall() == [(True,)]


def test_case_of_the_same_stem(case: Callable[[str], Path]) -> None:
    with memory() as connection:
        with pytest.raises(PhylohubError, match=r"models_2026-05-07\.csv is neither"):
            find_sources(case("20-same-stem/models_2026-05-07.csv"))
        land_snapshot(connection, "s", find_sources(case("20-same-stem/models_2026-05-07.parquet"))[0])
        assert connection.execute("select n_landed from raw.loads").fetchall() == [(60,)]


# ---- records of other writers --------------------------------------------------------------------------------


def test_fields_of_model_info_become_those_of_the_api() -> None:
    record = {
        "id": "a/b",
        "created_at": "2023-01-01 00:00:00+00:00",
        "last_modified": "2023-05-01 10:00:00+00:00",
        "lastModified": "2023-05-01 10:00:00+00:00",
        "card_data": "language: no\nlicense: mit\n",
        "safetensors": "SafeTensorsInfo(parameters={'BF16': 8}, total=8)",
        "tags": ["license:mit"],
    }
    converted = api_record(json.dumps(record).encode())
    assert converted is not None
    assert json.loads(converted) == {
        "id": "a/b",
        "createdAt": "2023-01-01T00:00:00.000Z",
        "lastModified": "2023-05-01T10:00:00.000Z",
        "cardData": {"language": False, "license": "mit"},
        "safetensors": {"parameters": {"BF16": 8}, "total": 8},
        "tags": ["license:mit"],
    }


@pytest.mark.parametrize("text", ['{"language": ["fr"]}', "{'language': ['fr']}", "language:\n- fr\n"])
def test_card_data_as_text_is_read(text: str) -> None:
    converted = api_record(json.dumps({"id": "a", "cardData": text}).encode())
    assert converted is not None
    assert json.loads(converted)["cardData"] == {"language": ["fr"]}


def test_yaml_with_aliases_stays_text() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(9))
    assert api_record(json.dumps({"id": "a", "cardData": bomb}).encode()) is None


@pytest.mark.parametrize("created", [1704067200, 1704067200000, 1704067200000000, 1704067200.0])
def test_time_as_a_number_is_read(created: float) -> None:
    converted = api_record(json.dumps({"id": "a", "createdAt": created}).encode())
    assert converted is not None
    assert json.loads(converted)["createdAt"] == "2024-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("record", "repaired"),
    [
        (rb'{"id":"a","x":"\ud83d"}', rb'{"id":"a","x":"\ufffd"}'),
        (rb'{"id":"a","x":"\uDE00\ud83d\ude00"}', rb'{"id":"a","x":"\ufffd\ud83d\ude00"}'),
        (b'{"id":"a","x":"\xed\xa0\xbd"}', '{"id":"a","x":"\ufffd"}'.encode()),
        (b'{"id":"a","x":"\xed\xa0\xbd\xed\xb8\x80"}', '{"id":"a","x":"😀"}'.encode()),
        (rb'{"id":"a","x":"\\ud83d"}', None),
        (b'{"id":"\xff"}', None),
    ],
)
def test_half_of_a_surrogate_pair_is_replaced(tmp_path: Path, record: bytes, repaired: bytes | None) -> None:
    assert without_lone_surrogates(record) == repaired
    if repaired is None:
        return
    with memory() as connection:
        (result,) = land_snapshot(connection, "s", find_sources(written(tmp_path, "m.jsonl", record))[0])
        assert (result.n_landed, result.n_rejected) == (1, 0)
        assert connection.execute("select encode(record) from raw.hub_records").fetchall() == [(repaired,)]
        assert connection.execute("select position, record from raw.hub_originals").fetchall() == [(1, record)]


@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        ("07-bare-tag-with-colon.jsonl", EDGES, [("llama3:8b", "acme/q", "quantized", False)]),
        (
            "09-created-infinity.jsonl",
            "select created_at from marts.models where model_id = 'acme/inf'",
            [(None,)],
        ),
        (
            "10-carddata-as-json-text.jsonl",
            "select distinct language, declared_in from marts.model_languages order by all",
            [("de", "card"), ("fr", "card")],
        ),
        (
            "11-modelinfo-vars.jsonl",
            "select strftime(created_at, '%Y-%m-%d'), language from marts.models inner join marts.model_languages "
            "using (model_id)",
            [("2023-01-01", "no")],
        ),
        ("12-api-answer-array.json", "select model_id from marts.models order by 1", [("acme/base",), ("acme/child",)]),
        ("13-modelid-only.jsonl", "select model_id from marts.models", [("acme/base",)]),
        (
            "14-language-list-as-text.jsonl",
            "select language from marts.model_languages order by 1",
            [("en",), ("fr",)],
        ),
        ("17-arxiv-versions.jsonl", "select arxiv_id from marts.model_papers", [("2106.09685",)]),
        (
            "18-language-dna.jsonl",
            "select language, is_known from marts.model_languages",
            [("dna", False)],
        ),
        ("19-lone-surrogate.jsonl", LICENSES, [("acme/s", "mit")]),
    ],
)
def test_case_has_the_right_value(
    case: Callable[[str], Path],
    built: Callable[[Path], MemoryWarehouse],
    name: str,
    query: str,
    expected: list[Any],
) -> None:
    assert built(case(name)).rows(query) == expected


@pytest.mark.parametrize("created", ["infinity", "-infinity", "0044-03-15 (BC)", "9999-12-31T00:00:00Z", "1601-01-01"])
def test_impossible_time_is_null_and_the_calendar_ends_at_the_snapshot(
    tmp_path: Path, built: Callable[[Path], MemoryWarehouse], created: str
) -> None:
    odd = {**CHILD, "createdAt": created}
    later = {**CHILD, "id": "acme/later", "createdAt": "2090-01-01T00:00:00.000Z"}
    path = written(tmp_path, "m.jsonl", "\n".join(map(json.dumps, (BASE, odd, later))))
    hub = built(path)
    assert hub.rows("select created_at from marts.models where model_id = 'acme/child'") == [(None,)]
    ((first, last),) = hub.rows("select min(day), max(day) from intermediate.int_days")
    assert str(first) == "2024-01-01"
    assert last.year < 2090


# ---- bombs ---------------------------------------------------------------------------------------------------

LAND = """
import resource, sys
from pathlib import Path
from phylohub.core.errors import PhylohubError
from phylohub.ingest.landing import land_snapshot
from phylohub.ingest.raw_schema import connect_raw
from phylohub.ingest.readers import find_sources
path = Path(sys.argv[1])
try:
    with connect_raw(path.parent / "b.duckdb", create=True) as connection:
        land_snapshot(connection, "s", find_sources(path)[0])
except PhylohubError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.parametrize("name", ["b.jsonl.gz", "b.csv.gz", "b.json.zst", "b.jsonl.zst"])
def test_bomb_is_refused_in_little_memory(tmp_path: Path, name: str) -> None:
    """600 MB of zeros in one line, after a start that looks right."""
    start = {"csv": b"id,tags\na,", "jso": b'[{"id":"'}.get(name[2:5], b'{"id":"a"}\n')
    start = b'{"id":"a"}\n' if ".jsonl" in name else start
    path = tmp_path / name
    if name.endswith(".gz"):
        with gzip.open(path, "wb", compresslevel=1) as packed:
            packed.write(start)
            for _ in range(600):
                packed.write(bytes(1 << 20))
    else:
        with pa.CompressedOutputStream(str(path), "zstd") as packed:
            packed.write(start)
            for _ in range(600):
                packed.write(bytes(1 << 20))
    done = subprocess.run([sys.executable, "-c", LAND, str(path)], capture_output=True, text=True, check=True)
    message, megabytes = done.stdout.strip().rsplit("\n", 1)
    assert "MiB" in message or "not JSON" in message, message
    assert name in message
    assert int(megabytes) < 700


# ---- the terminal and the build file -------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output_in_another_encoding_has_replaced_characters(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, "modèles-日本.jsonl", LINES)
    done = subprocess.run(
        [str(BIN / "phylohub"), "ingest", "dump", str(path)],
        cwd=ROOT,
        env={**os.environ, "PHYLOHUB_DATABASE": str(tmp_path / "b.duckdb"), "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"2 records" in done.stdout
    assert b"??" in done.stdout


def test_build_file_is_found_by_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PHYLOHUB_DATABASE", raising=False)
    written(tmp_path, "project/dbt_project.yml", "name: phylohub\n")
    inside = tmp_path / "project" / "docs" / "deep"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert database_path().resolve() == tmp_path / "project" / "build" / "phylohub.duckdb"
    monkeypatch.chdir(tmp_path / "project")
    assert database_path() == Path("build/phylohub.duckdb")
    # Elsewhere: that of the checkout from which the package is installed, or a question.
    monkeypatch.chdir(tmp_path)
    assert database_path() == ROOT / "build" / "phylohub.duckdb"
    monkeypatch.setattr("phylohub.core.build_file.__file__", str(tmp_path / "site" / "phylohub" / "core" / "x.py"))
    with pytest.raises(PhylohubError, match=r"not in a phylohub project.*PHYLOHUB_DATABASE"):
        database_path()


def test_relative_path_that_only_the_project_holds_is_a_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHYLOHUB_DATABASE", "build/x.duckdb")
    written(tmp_path, "project/dbt_project.yml", "name: phylohub\n")
    written(tmp_path, "project/build/x.duckdb", b"")
    inside = tmp_path / "project" / "docs"
    inside.mkdir()
    monkeypatch.chdir(inside)
    with pytest.raises(PhylohubError, match=r"export PHYLOHUB_DATABASE=.*project/build/x\.duckdb"):
        database_path()
    written(inside, "build/x.duckdb", b"")
    assert database_path() == Path("build/x.duckdb")
    monkeypatch.chdir(tmp_path / "project")
    assert database_path() == Path("build/x.duckdb")


def test_dbt_finds_the_build_file_from_another_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(BIN / "dbt"), "debug", "--project-dir", str(ROOT), "--profiles-dir", str(ROOT), "--log-path", "."],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PHYLOHUB_DATABASE"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"path: {ROOT}/build/phylohub.duckdb" in done.stdout
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("errors", ["strict", "surrogateescape", "surrogatepass"])
def test_console_replaces_what_the_encoding_lacks(errors: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors=errors)
    console(stream).print("modèle └─ 日本")
    stream.flush()
    assert b"mod?le" in stream.buffer.getvalue()


# ---- what comes after the first records --------------------------------------------------------------------------


def numbered(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"acme/m{number}", "pipeline_tag": "fill-mask", "tags": ["license:mit", "region:us"], **fields}


LATER: dict[str, tuple[Callable[[int], dict[str, Any]], str]] = {
    "datasets": (lambda n: {"id": f"a/d{n}", "tags": ["size_categories:n<1K", "region:us"]}, "datasets follow"),
    "datasets by fields": (lambda n: {"id": f"a/d{n}", "citation": "x", "tags": ["region:us"]}, "datasets follow"),
    "Spaces": (lambda n: {"id": f"a/s{n}", "sdk": "gradio", "tags": ["region:us"]}, "Spaces follow"),
    "Spaces by fields": (lambda n: {"id": f"a/s{n}", "runtime": {}, "tags": ["region:us"]}, "Spaces follow"),
    "tags run together": (lambda n: numbered(n, tags=["mit", "enlicense:mitregion:us"]), "run together"),
    "tags without prefixes": (lambda n: numbered(n, tags=["mit", "en"]), "none of 25 models"),
}


@pytest.mark.parametrize(("later", "message"), LATER.values(), ids=LATER.keys())
@pytest.mark.parametrize("n_later", [200, 5000])
def test_what_follows_the_first_records_is_judged_too(
    tmp_path: Path, later: Callable[[int], dict[str, Any]], message: str, n_later: int
) -> None:
    rows = [numbered(number) for number in range(SAMPLE_ROWS)] + [later(number) for number in range(n_later)]
    path = written(tmp_path, "x.jsonl", "\n".join(map(json.dumps, rows)))
    sources = find_sources(path)[0]  # the first records are models
    with memory() as connection:
        with pytest.raises(PhylohubError, match=message):
            land_snapshot(connection, "s", sources)
        assert connection.execute("select completed_at from raw.snapshots").fetchall() == [(None,)]
        # A snapshot that was complete stays so.
        land_snapshot(connection, "t", find_sources(written(tmp_path, "y.jsonl", LINES))[0])
        with pytest.raises(PhylohubError, match="Snapshot t is complete as before"):
            land_snapshot(connection, "t", sources)


def test_few_odd_models_do_not_refuse_a_batch(tmp_path: Path) -> None:
    odd = [numbered(0, tags=["x:license:mit", "mylicense:mit"]), {"id": "a/b", "tags": []}, {"id": "a/c", "sdk": "x"}]
    rows = [numbered(number) for number in range(SAMPLE_ROWS)] + odd * 3 + [numbered(n) for n in range(2000, 2300)]
    assert len(land(written(tmp_path, "x.jsonl", "\n".join(map(json.dumps, rows))))) == len(rows)
