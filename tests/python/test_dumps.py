"""Dumps in other formats than API records: the study's tables, and parquet with cards."""

import ast
import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live import landed, memory

from phylohub.core.errors import PhylohubError
from phylohub.ingest import landing, readers
from phylohub.ingest.card_rows import Card, insert_cards
from phylohub.ingest.dumps import row_reader
from phylohub.ingest.landing import land_snapshot
from phylohub.ingest.literals import json_of_literal
from phylohub.ingest.readers import find_sources

HEADER = [
    *("model_id", "likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag", "library_name"),
    *("createdAt", "regions", "licenses", "arxiv_papers", "datasets", "parent_model", "finetune_parent"),
    *("quantized_parent", "adapter_parent", "merge_parent", "languages", "modelCard", "ratelimit_retries"),
    "exception_raised",
]


def row(**cells: str) -> list[str]:
    return [cells.get(name, "") for name in HEADER]


def read_row(header: list[str], cells: list[str]) -> tuple[bytes, Card | None]:
    read = row_reader(header)
    assert read is not None
    return read(cells)


def record_of(**cells: str) -> dict[str, Any]:
    fields = json.loads(read_row(HEADER, row(**cells))[0])
    assert isinstance(fields, dict)
    return fields


def test_row_of_the_studys_table_becomes_a_record_and_a_card() -> None:
    record, card = read_row(
        HEADER,
        row(
            model_id="org/model",
            likes="12",
            trendingScore="0.5",
            private="False",
            downloads="3.0",
            tags="['transformers', \"it's\", 'en']",
            pipeline_tag="text-generation",
            createdAt="2022-03-02 23:29:04+00:00",
            regions="['us']",
            licenses="['license:mit']",
            arxiv_papers="['2401.00001']",
            datasets="['org/data']",
            parent_model="['org/base']",
            finetune_parent="['org/base']",
            merge_parent="[]",
            languages="['en', 'fr']",
            modelCard="# Zoë\r\n",
            exception_raised="False",
        ),
    )
    assert json.loads(record) == {
        "id": "org/model",
        "likes": 12,
        "trendingScore": 0.5,
        "private": False,
        "downloads": 3,
        "tags": [
            *("transformers", "it's", "en", "region:us", "license:mit", "arxiv:2401.00001", "dataset:org/data"),
            *("fr", "base_model:org/base", "base_model:finetune:org/base"),
        ],
        "pipeline_tag": "text-generation",
        "createdAt": "2022-03-02T23:29:04.000Z",
        "regions": ["us"],
        "licenses": ["license:mit"],
        "arxiv_papers": ["2401.00001"],
        "datasets": ["org/data"],
        "parent_model": ["org/base"],
        "finetune_parent": ["org/base"],
        "merge_parent": [],
        "languages": ["en", "fr"],
        "exception_raised": "False",
    }
    assert card is not None
    assert (card.model_id, card.outcome, card.text) == ("org/model", "ok", "# Zoë\r\n".encode())


@pytest.mark.parametrize(
    ("cells", "outcome", "reason"),
    [
        ({"modelCard": "x"}, "ok", None),
        ({}, "none", None),
        ({"exception_raised": "False"}, "none", None),
        ({"exception_raised": "404 Client Error"}, "failed", "404 Client Error"),
    ],
)
def test_card_outcome_of_the_studys_rows(cells: dict[str, str], outcome: str, reason: str | None) -> None:
    card = read_row(HEADER, row(model_id="a", **cells))[1]
    assert card is not None
    assert (card.outcome, card.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("many", "many"),
        ("-0", 0),
        ("1e3", 1000),
        ("1_000", "1_000"),
        ("nan", "nan"),
        ("99999999999999999999", 1e20),
        ("0x10", "0x10"),
    ],
)
def test_counts_become_numbers_and_other_values_stay_strings(cell: str, value: object) -> None:
    assert record_of(model_id="a", likes=cell)["likes"] == value


@pytest.mark.parametrize("parents", ["org/base", "['org/base']", "('org/base',)", "['base_model:finetune:org/base']"])
def test_parent_is_a_string_a_list_or_a_tag(parents: str) -> None:
    assert record_of(model_id="a", finetune_parent=parents)["tags"] == ["base_model:finetune:org/base"]


@pytest.mark.parametrize(
    "cell",
    [
        "['open",
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        "['" + "\\'" * 200_000,
        "['a' 'b', ...]",
        "['a' ... 'b']",
        "{'a': 1}",
        "[['a'], ['b']]",
    ],
)
def test_text_that_is_no_list_stays_a_string(cell: str) -> None:
    """Landing rejects it with the reason `tags are not a list`."""
    assert record_of(model_id="a", tags=cell) == {"id": "a", "tags": cell}


def test_list_is_parsed_and_not_evaluated() -> None:
    assert record_of(model_id="a", tags="[__import__('os').system('false')]")["tags"] == [
        "__import__('os').system('false')"
    ]


LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@given(LITERALS)
@settings(max_examples=500, deadline=None)
def test_literal_keeps_its_value(value: Any) -> None:
    text, read = json_of_literal(repr(value))
    assert json.loads(text) == read == value
    assert type(read) is type(value)


@given(st.text(alphabet="[]{}'\"\\,: nTrueNoaF01xb#\n().-", max_size=25))
@settings(max_examples=500, deadline=None)
def test_literal_agrees_with_literal_eval(text: str) -> None:
    try:
        as_json, value = json_of_literal(text)
    except ValueError:
        return
    assert json.loads(as_json) == json.loads(json.dumps(value))
    try:
        expected = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        # JSON that is not Python, such as `true`.
        assert value == json.loads(as_json)
    else:
        assert json.loads(json.dumps(expected)) == json.loads(as_json)


def test_full_json_rows_become_records() -> None:
    header = ["modelId", "fullJson"]
    record = {"id": "a/b", "tags": ["it's", 'say "x"', "\\", "é"], "gated": False, "n": None, "s": {"x": 1.5}}
    assert json.loads(read_row(header, ["a/b", repr(record)])[0]) == record
    assert json.loads(read_row(header, ["a/b", "{'tags': []}"])[0]) == {"id": "a/b", "tags": []}
    assert read_row(header, ["a/b", "{'a': ModelInfo()}"])[0] == b"{'a': ModelInfo()}"
    assert json.loads(read_row(header, ["a/b"])[0]) == ["a/b"]


def test_unknown_header_has_no_row_reader() -> None:
    assert row_reader(["a", "b"]) is None


def write_csv(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        csv.writer(file).writerows([header, *rows])
    return path


STUDY_ROWS = [
    row(model_id="org/0", likes="3", tags="['en']", modelCard='line\nline\r\n"quoted", and\x00'),
    row(model_id="org/1", tags="[]"),
    row(model_id="", modelCard="nobody's"),
    row(model_id="org/3", modelCard="caf\udce9"),
    row(model_id="org/4", exception_raised="timed out"),
]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_studys_table_lands_as_records_and_cards(tmp_path: Path, suffix: str) -> None:
    path = write_csv(tmp_path / "study.csv", HEADER, STUDY_ROWS)
    if suffix == ".csv.gz":
        packed = tmp_path / "packed" / "study.csv.gz"
        packed.parent.mkdir()
        packed.write_bytes(gzip.compress(path.read_bytes()))
        path = packed
    with memory() as connection:
        for snapshot in ("first", "second"):
            (result,) = land_snapshot(connection, snapshot, find_sources(path)[0])
            assert (result.n_landed, result.n_rejected) == (4, 1)
            assert connection.execute(
                "select model_id, source, outcome, reason, coalesce(encode(card), card_bytes) from raw.cards order by 1"
            ).fetchall() == [
                ("org/0", path.name, "ok", None, b'line\nline\r\n"quoted", and\x00'),
                ("org/1", path.name, "none", None, None),
                ("org/3", path.name, "ok", None, b"caf\xe9"),
                ("org/4", path.name, "failed", "timed out", None),
            ]
            assert [json.loads(record)["id"] for record in landed(connection, snapshot)] == [
                *("org/0", "org/1", "org/3", "org/4")
            ]


def test_interrupted_load_of_the_studys_table_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(model_id=f"org/{number}", modelCard=f"card {number}") for number in range(50)]
    path = write_csv(tmp_path / "study.csv", HEADER, rows)
    monkeypatch.setattr(readers, "CHUNK_BYTES", 100)
    monkeypatch.setattr(readers, "BATCH_BYTES", 500)
    with memory() as connection:
        calls: list[int] = []

        def fails_once(*arguments: Any, **settings: Any) -> None:
            calls.append(1)
            if len(calls) == 3:
                raise KeyboardInterrupt
            insert_cards(*arguments, **settings)

        monkeypatch.setattr(landing, "insert_cards", fails_once)
        with pytest.raises(KeyboardInterrupt):
            land_snapshot(connection, "s", find_sources(path)[0])
        assert 0 < connection.execute("select count(*) from raw.cards").fetchall()[0][0] < 50
        land_snapshot(connection, "s", find_sources(path)[0])
        assert connection.execute("select card from raw.cards order by rowid").fetchall() == [
            (f"card {number}",) for number in range(50)
        ]
        assert len(landed(connection)) == 50


def test_parquet_with_cards_lands_as_records_and_cards(tmp_path: Path) -> None:
    path = tmp_path / "cards.parquet"
    table = {
        "modelId": ["org/0", "org/1", "org/2"],
        "author": ["org"] * 3,
        "last_modified": pa.array([datetime(2024, 1, 2, tzinfo=UTC)] * 3, pa.timestamp("us", "UTC")),
        "tags": [["en", "license:mit"], [], None],
        "card": ["# Zoë\r\n", "", None],
    }
    pq.write_table(pa.table(table), path)
    with memory() as connection:
        land_snapshot(connection, "s", find_sources(path)[0])
        assert [json.loads(record) for record in landed(connection)] == [
            {
                "id": "org/0",
                "author": "org",
                "lastModified": "2024-01-02T00:00:00.000Z",
                "tags": ["en", "license:mit"],
            },
            {"id": "org/1", "author": "org", "lastModified": "2024-01-02T00:00:00.000Z", "tags": []},
            {"id": "org/2", "author": "org", "lastModified": "2024-01-02T00:00:00.000Z"},
        ]
        assert connection.execute("select model_id, outcome, card from raw.cards order by 1").fetchall() == [
            ("org/0", "ok", "# Zoë\r\n"),
            ("org/1", "none", None),
            ("org/2", "none", None),
        ]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "neither"), (b"a,b\n1,2\n", "neither"), (b'modelId,fullJson\n"a","{', "cannot be read")],
)
def test_unknown_or_damaged_csv_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with memory() as connection, pytest.raises(PhylohubError, match=message):
        land_snapshot(connection, "s", find_sources(path)[0])


def test_other_tables_in_a_folder_are_skipped(tmp_path: Path) -> None:
    write_csv(tmp_path / "study.csv", HEADER, STUDY_ROWS)
    write_csv(tmp_path / "arxiv_categories.csv", ["arxiv_id", "categories"], [])
    sources, ignored = find_sources(tmp_path)
    assert ([source.name for source in sources], ignored) == (["study.csv"], ["arxiv_categories.csv"])
