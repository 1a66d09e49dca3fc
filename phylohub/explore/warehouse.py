"""Opens the build file or a published copy for reading, and finds a model by its id or name."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from rapidfuzz.distance import OSA

from phylohub.core.build_file import connect, database_path, dict_rows
from phylohub.core.errors import NoSuchModelError, PhylohubError

PUBLISHED = Path("published", "current", "phylohub.duckdb")  # beside the build file
N_NEAR = 5
N_CANDIDATES = 300  # ids preselected by Jaro-Winkler similarity and then ranked by edit distance
MIN_SIMILARITY = 0.6  # below this an id is not suggested

Row = dict[str, Any]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Warehouse:
    """A file with marts, open for reading."""

    path: Path
    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str, **values: object) -> list[Row]:
        """The rows of a query as dictionaries by column. `$name` in the query is a parameter."""
        return dict_rows(self.connection, query, values)

    def has(self, schema: str, table: str) -> bool:
        """Whether the file has this table or view. A published copy has marts only."""
        query = "select 1 from information_schema.tables where table_schema = $schema and table_name = $table"
        return bool(self.rows(query, schema=schema, table=table))


@contextmanager
def open_warehouse(say: Say) -> Iterator[Warehouse]:
    """Open the build file, or the published copy beside it if the build file cannot be opened or has no marts.

    Raises PhylohubError about the build file if there is no published copy.
    """
    build = database_path()
    published = build.parent / PUBLISHED
    with ExitStack() as stack:
        try:
            warehouse = stack.enter_context(_open(build))
        except PhylohubError as error:
            if not published.exists():
                raise
            say(f"{error} Reading the published copy instead: {published}")
            warehouse = stack.enter_context(_open(published))
        yield warehouse


@contextmanager
def _open(path: Path) -> Iterator[Warehouse]:
    with connect(path, read_only=True) as connection:
        warehouse = Warehouse(path, connection)
        if not warehouse.has("marts", "model_ancestry"):
            raise PhylohubError(f"There are no marts in {path}. Run `dbt build`.")
        yield warehouse


def find_model(warehouse: Warehouse, wanted: str, say: Say) -> str:
    """Find a model by its exact id, else case-insensitively, else by its name without the author.

    Raises NoSuchModelError with likely candidates if no model or more than one model matches.
    """
    if warehouse.rows("select model_id from marts.models where model_id = $wanted", wanted=wanted):
        return wanted
    # One scan answers both questions: lowering the case of every id is the expensive part.
    matches = warehouse.rows(
        """
        select model_id, n_descendants, downloads, lower(model_id) = lower($wanted) as is_same_id
        from marts.models
        where
            lower(model_id) = lower($wanted)
            or (not contains($wanted, '/') and ends_with(lower(model_id), lower('/' || $wanted)))
        order by is_same_id desc, n_descendants desc, downloads desc nulls last, model_id
        """,
        wanted=wanted,
    )
    matches = [row for row in matches if row["is_same_id"]] or matches
    if len(matches) == 1:
        say(f"using {matches[0]['model_id']} for {wanted}")
        return str(matches[0]["model_id"])
    if matches:
        raise NoSuchModelError(f"{len(matches):,} models are named {wanted}. Give the full id:", _lines(matches))
    children = warehouse.rows(
        "select distinct child_id from marts.lineage_edges where parent_id = $wanted and not parent_in_hub",
        wanted=wanted,
    )
    if children:
        raise NoSuchModelError(
            f"{wanted} is not in the snapshot: it is deleted, private or renamed. Models that declare it as a parent "
            f"({len(children):,}):",
            sorted(row["child_id"] for row in children)[:N_NEAR],
        )
    near = _near(warehouse, wanted)
    raise NoSuchModelError(
        f"No model has the id or name {wanted}." + (" Did you mean one of these?" if near else " Check the spelling."),
        near,
    )


def _near(warehouse: Warehouse, wanted: str) -> list[str]:
    """Models whose id is similar to the given one; if it has no author, models whose name is similar.

    DuckDB's Jaro-Winkler similarity is fast but imprecise on long ids. It selects candidates, which are then ranked by
    optimal string alignment: the number of edits, where swapping two adjacent letters is one edit.
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
    near = [row for row in candidates if row["similarity"] >= MIN_SIMILARITY]
    near.sort(key=lambda row: (-row["similarity"], -row["n_descendants"], -(row["downloads"] or 0), row["model_id"]))
    return _lines(near)


def _lines(models: list[Row]) -> list[str]:
    return [
        f"{row['model_id']}  ({row['n_descendants']:,} descendants, {row['downloads'] or 0:,} downloads)"
        for row in models[:N_NEAR]
    ]
