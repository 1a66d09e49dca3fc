"""Reads the marts of a build file or of a published copy, and the study's figures from the seeds."""

from typing import Any

import duckdb

from phylohub.core.errors import PhylohubError
from phylohub.report.published import find_comparison, published_text, read_published, read_published_places

# In the study's order; other relations follow alphabetically.
RELATIONS = ("finetune", "adapter", "quantized", "merge", "unspecified")
TRAITS = {"license": "licenses", "language": "languages", "task": "tasks", "library": "libraries"}  # those that evolve
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
        self.connection = connection
        self._names: set[str] = {
            name
            for (name,) in self.rows("select table_name from information_schema.tables where table_schema = 'marts'")
        }
        if "snapshot_health" not in self._names:
            raise PhylohubError("The database has no marts. Run `dbt build`, then `phylohub report`.")
        self.study = read_published()
        # Where sources differ, the value of the notebooks, whose rules the `_paper` columns follow.
        self.published = {figure: values[0].value for figure, values in self.study.items()}
        self.published_places = read_published_places()
        self._languages: dict[str, str] = dict(
            self.rows(
                "select distinct language, language_name from marts.model_languages where language_name is not null"
            )
        )

    def has(self, mart: str) -> bool:
        """Whether the database has a mart. Files built by older versions lack the newer ones."""
        return mart in self._names

    def missing(self, mart: str) -> str:
        """The reason of a section whose mart the database does not have."""
        return f"The database has no mart `{mart}`: it was built by an older version. Run `dbt build`."

    def study_text(self, figure: str) -> str | None:
        """All values that the study published for a figure, or None if there is none."""
        return published_text(self.study[figure]) if figure in self.study else None

    def by_study(self, figure: str) -> float | None:
        """This snapshot's value for a published figure, under the study's definition. None if there is none.

        Raises KeyError for a figure without an entry in COMPARISONS.
        """
        comparison, key = find_comparison(figure)
        if comparison.not_compared or not self.has(comparison.mart):
            return None
        row = self.row(comparison.query(), {"key": key} if "$key" in comparison.where else None)
        return None if row is None or row[0] is None else float(row[0])

    def display_name(self, trait: str, value: str) -> str:
        """The name of a language code; any other value as it is."""
        return self._languages.get(value, value) if trait == "language" else value

    def rows(self, query: str, parameters: dict[str, object] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query. Pass values as parameters ($name), never in the SQL text."""
        return self.connection.execute(query, parameters or {}).fetchall()

    def row(self, query: str, parameters: dict[str, object] | None = None) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        return self.connection.execute(query, parameters or {}).fetchone()

    def count(self, query: str) -> int:
        """The number that a `select count(*)` returns."""
        (n,) = self.connection.execute(query).fetchall()[0]
        return int(n)


def relation_order(column: str) -> str:
    """The SQL of an `order by`: `all` first, then the study's relations, then others alphabetically."""
    return f"list_position(['all', {', '.join(map(repr, RELATIONS))}], {column}) nulls last, {column}"


def relation_label(relation: str) -> str:
    return RELATION_LABELS.get(relation, relation)
