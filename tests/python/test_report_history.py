"""The report's page on the history of snapshots, from small hand-made marts."""

from datetime import datetime
from typing import Any

import duckdb
import pytest

from phylohub.report import history
from phylohub.report.content import Section
from phylohub.report.marts import Marts

JUNE, JULY = datetime(2026, 6, 1), datetime(2026, 7, 1)
TABLES = {
    "snapshot_health": "n integer",
    "model_languages": "language varchar, language_name varchar",
    "snapshot_changes": "snapshot varchar, taken_at timestamp, previous_snapshot varchar, n_models bigint, n_appeared "
    "bigint, n_disappeared bigint, n_changed bigint, not_compared_because varchar",
    "model_trait_history": "model_id varchar, trait varchar, value varchar, valid_from timestamp, valid_to timestamp",
    "model_presence": "model_id varchar, present_from timestamp, present_to timestamp, n_versions bigint",
    "models": "model_id varchar, n_descendants bigint, downloads bigint",
    "lineage_edges": "parent_id varchar, child_id varchar, parent_in_hub boolean",
    "family_snapshots": "edge_set varchar, family_id varchar, snapshot varchar, n_models bigint",
}
ROWS: dict[str, list[tuple[Any, ...]]] = {
    "snapshot_changes": [("june", JUNE, None, 3, 3, 0, 0, None), ("july", JULY, "june", 3, 1, 1, 1, None)],
    "model_trait_history": [
        ("a", "license", "mit", JUNE, JULY),
        ("a", "license", "apache-2.0", JULY, None),
        ("b", "license", "mit", JUNE, None),
        ("c", "task", "fill-mask", JUNE, JULY),  # it vanished, so nothing replaced the value
    ],
    "model_presence": [("a", JUNE, None, 2), ("b", JUNE, None, 1), ("c", JUNE, JULY, 1), ("d", JULY, None, 1)],
    "models": [("a", 1, 5), ("b", 0, 6), ("d", 2, 7)],
    "lineage_edges": [("c", "b", False), ("a", "d", True)],
    "family_snapshots": [("no_merge", "a", "june", 1), ("no_merge", "a", "july", 4), ("all", "a", "july", 9)],
}


def sections(changes: list[tuple[Any, ...]]) -> dict[str, Section]:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        for mart, columns in TABLES.items():
            connection.execute(f"create table marts.{mart} ({columns})")
            rows = changes if mart == "snapshot_changes" else ROWS.get(mart, [])
            if rows:
                marks = ", ".join("?" for _ in rows[0])
                connection.executemany(f"insert into marts.{mart} values ({marks})", rows)
        return {section.id: section for section in history.page(Marts(connection)).sections}


def test_changes_between_comparable_snapshots() -> None:
    found = sections(ROWS["snapshot_changes"])
    assert [row[:6] for row in found["snapshots"].tables[0].rows] == [
        ("june", JUNE.date(), 3, 3, 0, 0),
        ("july", JULY.date(), 3, 1, 1, 1),
    ]
    assert found["traits"].tables[0].rows == [("license", "july", "mit", "apache-2.0", 1)]
    assert found["traits"].paragraphs == ["1 license and 0 other values were replaced by another one."]
    appeared, vanished = found["models"].tables
    assert appeared.rows == [("d", 2, 7)]
    assert vanished.rows == [("c", JUNE.date(), 1)]
    (figure,) = found["families-over-time"].figures
    assert figure.table is not None
    assert figure.table.rows == [("a", 1, 4)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([], "no snapshot before"),
        (ROWS["snapshot_changes"][:1], "no snapshot before"),
        (
            [ROWS["snapshot_changes"][0], ("july", JULY, None, 3, None, None, None, "They cover different parts")],
            "compared with none. They cover different parts.",
        ),
    ],
)
def test_nothing_is_claimed_of_snapshots_that_cannot_be_compared(changes: list[tuple[Any, ...]], reason: str) -> None:
    found = sections(changes)
    for id_ in ("traits", "models", "families-over-time"):
        assert reason in found[id_].missing
        assert not found[id_].tables + found[id_].figures
