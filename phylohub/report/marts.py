"""Reads the marts of a build file or of a published copy, and the study's figures from the seeds."""

import csv
from importlib import resources
from typing import Any

import duckdb

from phylohub.core.errors import PhylohubError

SEEDS = resources.files("phylohub") / "seeds"  # a link in a checkout, files in a wheel

# In the study's order; other relations follow alphabetically.
RELATIONS = ("finetune", "adapter", "quantized", "merge", "unspecified")
TRAITS = {"license": "licenses", "language": "languages", "task": "tasks", "library": "libraries"}  # with plurals
RELATION_LABELS = {
    "finetune": "fine-tune",
    "adapter": "adapter",
    "quantized": "quantized",
    "merge": "merge",
    "unspecified": "unspecified",
    "all": "all relations",
}


class Marts:
    """Queries over the marts, and the study's published figures and orders.

    Raises PhylohubError if the database has no marts.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        found = {
            name
            for (name,) in self.rows("select table_name from information_schema.tables where table_schema = 'marts'")
        }
        if "snapshot_health" not in found:
            raise PhylohubError("The database has no marts. Run `dbt build`, then `phylohub report`.")
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

    def display_name(self, trait: str, value: str) -> str:
        """The name of a language code; any other value as it is."""
        return self._languages.get(value, value) if trait == "language" else value

    def rows(self, query: str, parameters: dict[str, object] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query. Pass values as parameters ($name), never in the SQL text."""
        return self._connection.execute(query, parameters or {}).fetchall()

    def row(self, query: str, parameters: dict[str, object] | None = None) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        return self._connection.execute(query, parameters or {}).fetchone()

    def count(self, query: str) -> int:
        """The number that a `select count(*)` returns."""
        (n,) = self._connection.execute(query).fetchall()[0]
        return int(n)


def relation_order(column: str) -> str:
    """The SQL of an `order by`: `all` first, then the study's relations, then others alphabetically."""
    return f"list_position(['all', {', '.join(map(repr, RELATIONS))}], {column}) nulls last, {column}"


def relation_label(relation: str) -> str:
    return RELATION_LABELS.get(relation, relation)
