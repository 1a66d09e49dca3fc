"""What the report reads: marts of a build file or of a published copy, and the study's figures from the seeds."""

import csv
from importlib import resources
from typing import Any

import duckdb

from phylohub.core.errors import PhylohubError

SEEDS = resources.files("phylohub") / "seeds"  # a link in a checkout, files in a wheel

# In the order in which the study speaks of them; any other word comes after, in order of the alphabet.
RELATIONS = ("finetune", "adapter", "quantized", "merge", "unspecified")
TRAITS = ("license", "language", "task", "library")
RELATION_WORDS = {
    "finetune": "fine-tune",
    "adapter": "adapter",
    "quantized": "quantized",
    "merge": "merge",
    "unspecified": "unspecified",
    "all": "all relations",
}


class Marts:
    """Queries over the marts; published figures beside them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        found = {
            name
            for (name,) in self.rows("select table_name from information_schema.tables where table_schema = 'marts'")
        }
        if "snapshot_health" not in found:
            raise PhylohubError("No marts yet. Run `dbt build`, then the report.")
        with (SEEDS / "published_figures.csv").open(encoding="utf-8") as file:
            seed = list(csv.DictReader(file))
        self.published = {row["figure"]: float(row["published"]) for row in seed}
        self.units = {row["figure"]: row["unit"] for row in seed}
        self.published_places: dict[str, dict[str, int]] = {}
        with (SEEDS / "published_orders.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                self.published_places.setdefault(row["trait"], {})[row["value"]] = int(row["place"])

        self._languages: dict[str, str] = dict(
            self.rows(
                "select distinct language, language_name from marts.model_languages where language_name is not null"
            )
        )

    def word(self, trait: str, value: str) -> str:
        """A value as people call it: languages by their names."""
        return self._languages.get(value, value) if trait == "language" else value

    def rows(self, query: str, parameters: dict[str, object] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a result. Values go in as parameters ($name), never as text."""
        return self._connection.execute(query, parameters or {}).fetchall()

    def row(self, query: str, parameters: dict[str, object] | None = None) -> tuple[Any, ...] | None:
        """The first row, or none."""
        return self._connection.execute(query, parameters or {}).fetchone()

    def count(self, query: str) -> int:
        """The one number of a query that counts."""
        (n,) = self._connection.execute(query).fetchall()[0]
        return int(n)


def relation_order(column: str) -> str:
    """SQL that sorts by relation: all relations first, then those of the study, then other words."""
    return f"list_position(['all', {', '.join(map(repr, RELATIONS))}], {column}) nulls last, {column}"


def relation_word(relation: str) -> str:
    return RELATION_WORDS.get(relation, relation)
