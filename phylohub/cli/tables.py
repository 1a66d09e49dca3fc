"""Query results as tables on a terminal."""

import sys

import duckdb
from rich.table import Table
from rich.text import Text

from phylohub.core.terminal import console, printable


def table_names(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """The names of the tables and views of a schema, sorted."""
    rows = connection.execute(
        "select table_name from information_schema.tables where table_schema = ? order by table_name", [schema]
    ).fetchall()
    return [name for (name,) in rows]


def show_rows(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Print the result of a query as a table, unless it is empty."""
    result = connection.execute(query)
    rows = result.fetchall()
    if rows:
        show_table([column[0] for column in result.description or []], rows)


def show_table(header: list[str], rows: list[tuple[object, ...]]) -> None:
    """Print rows as a table."""
    table = Table(*header)
    for row in rows:
        table.add_row(*[cell(value) for value in row])
    console(sys.stdout).print(table)


def cell(value: object) -> Text:
    """A value as plain text: never markup, with control characters escaped, and with four digits of a fraction."""
    if isinstance(value, float):
        return Text(f"{value:.4g}")
    return Text(printable(f"{value:,}" if isinstance(value, int) else str(value)))
