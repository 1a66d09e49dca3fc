"""Opens what there is to read, and finds the model that somebody means."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from rapidfuzz.distance import OSA

from phylohub.core.build_file import connect, database_path
from phylohub.core.errors import PhylohubError

PUBLISHED = Path("published", "current", "phylohub.duckdb")  # beside the build file
N_NEAR = 5
N_CANDIDATES = 300  # ids that DuckDB's quick measure leaves to the better one
NEAR = 0.6  # similarity from which an id may be a mistyped one

Row = dict[str, Any]
Say = Callable[[str], None]


class NoSuchModelError(PhylohubError):
    """No model has this id, or several may be meant: `near`, a line each, the likeliest first."""

    def __init__(self, message: str, near: list[str]) -> None:
        super().__init__(message)
        self.near = near


@dataclass(frozen=True)
class Warehouse:
    """A file that is open for reading, with the marts in it."""

    path: Path
    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str, **values: object) -> list[Row]:
        """The rows of a query, where `$name` stands for a value, each as column to value."""
        result = self.connection.execute(query, values)
        columns = [column[0] for column in result.description or []]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]

    def has(self, schema: str, table: str) -> bool:
        """Whether there is such a table or view. A published copy holds nothing but marts."""
        query = "select 1 from information_schema.tables where table_schema = $schema and table_name = $table"
        return bool(self.rows(query, schema=schema, table=table))


@contextmanager
def open_warehouse(say: Say) -> Iterator[Warehouse]:
    """Open the build file, or the published copy beside it if the build file cannot be read or has no marts.

    Raises PhylohubError, about the build file, if there is no copy either.
    """
    build = database_path()
    published = build.parent / PUBLISHED
    with ExitStack() as stack:
        try:
            warehouse = stack.enter_context(_open(build))
        except PhylohubError as error:
            if not published.exists():
                raise
            say(f"{error} Reading the published copy meanwhile: {published}")
            warehouse = stack.enter_context(_open(published))
        yield warehouse


@contextmanager
def _open(path: Path) -> Iterator[Warehouse]:
    with connect(path, read_only=True) as connection:
        warehouse = Warehouse(path, connection)
        if not warehouse.has("marts", "model_ancestry"):
            raise PhylohubError(f"No marts in {path} yet. Run `dbt build`.")
        yield warehouse


def find_model(warehouse: Warehouse, wanted: str, say: Say) -> str:
    """The id of the model that is meant: as written, else in other case, else by its name without the author.

    Raises NoSuchModelError if there is none or several, with those that may be meant.
    """
    if warehouse.rows("select model_id from marts.models where model_id = $wanted", wanted=wanted):
        return wanted
    # A scan of two million ids that turns each to lower case takes a tenth of a second: both questions in one.
    matches = warehouse.rows(
        """
        select model_id, n_descendants, downloads, lower(model_id) = lower($wanted) as in_other_case
        from marts.models
        where
            lower(model_id) = lower($wanted)
            or (not contains($wanted, '/') and ends_with(lower(model_id), lower('/' || $wanted)))
        order by in_other_case desc, n_descendants desc, downloads desc nulls last, model_id
        """,
        wanted=wanted,
    )
    matches = [row for row in matches if row["in_other_case"]] or matches
    if len(matches) == 1:
        say(f"taking {matches[0]['model_id']} for {wanted}")
        return str(matches[0]["model_id"])
    if matches:
        raise NoSuchModelError(f"{len(matches):,} models are called {wanted}. Say which, such as:", _lines(matches))
    children = warehouse.rows(
        "select distinct child_id from marts.lineage_edges where parent_id = $wanted and not parent_in_hub",
        wanted=wanted,
    )
    if children:
        raise NoSuchModelError(
            f"{wanted} is not in the snapshot: deleted, private or renamed. Models that name it as their parent: "
            f"{len(children):,}, such as:",
            sorted(row["child_id"] for row in children)[:N_NEAR],
        )
    near = _near(warehouse, wanted)
    raise NoSuchModelError(f"There is no model {wanted}." + (" Did you mean one of these?" if near else ""), near)


def _near(warehouse: Warehouse, wanted: str) -> list[str]:
    """Models whose id, or name without the author if that is what was given, is nearly this one.

    DuckDB's Jaro-Winkler similarity is quick, but blunt on long ids; of the best by that measure, those come first
    that take the fewest letters to mend (two letters that changed places count as one).
    """
    name = "lower(model_id)" if "/" in wanted else "lower(split_part(model_id, '/', -1))"
    candidates = warehouse.rows(
        f"""
        select model_id, {name} as name, n_descendants, downloads
        from marts.models
        order by jaro_winkler_similarity({name}, lower($wanted)) desc, model_id
        limit {N_CANDIDATES}
        """,
        wanted=wanted,
    )
    for row in candidates:
        row["similarity"] = OSA.normalized_similarity(row["name"], wanted.lower())
    near = [row for row in candidates if row["similarity"] >= NEAR]
    near.sort(key=lambda row: (-row["similarity"], -row["n_descendants"], -(row["downloads"] or 0), row["model_id"]))
    return _lines(near)


def _lines(models: list[Row]) -> list[str]:
    return [
        f"{row['model_id']}  ({row['n_descendants']:,} descendants, {row['downloads'] or 0:,} downloads)"
        for row in models[:N_NEAR]
    ]
