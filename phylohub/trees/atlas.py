"""The atlas: all families of the snapshot as one page, with merges drawn between them."""

from collections.abc import Sequence

import duckdb

from phylohub.core.terminal import printable
from phylohub.trees.edges import EdgeSet
from phylohub.trees.read import read_families, read_merges
from phylohub.trees.viewer import HUB, page

MAX_MODELS = 250_000  # of a report; a larger page takes seconds to open
EDGE_SET = EdgeSet.NO_MERGE  # merges join most families into one


def atlas_page(
    connection: duckdb.DuckDBPyConnection,
    limit: int = MAX_MODELS,
    pages: Sequence[tuple[str, str]] = (),
    here: str = "",
    mark: str = "phylohub atlas",
    link: str = HUB,
) -> tuple[str, int]:
    """The page of all families, or of the largest ones with at most `limit` models in all; and its number of models."""
    forest = read_families(connection, EDGE_SET, limit=limit)
    ((snapshot, n_models, n_synthetic),) = connection.execute(
        "select any_value(snapshot), count(*), count(*) filter (where is_synthetic) from marts.models"
    ).fetchall()
    ((n_families, n_members),) = connection.execute(
        "select count(*), coalesce(sum(n_models), 0) from marts.families where edge_set = $edge_set",
        {"edge_set": EDGE_SET},
    ).fetchall()
    n_shown = int(forest.group[-1]) + 1 if forest.ids else 0
    name = f"Snapshot {printable(str(snapshot))}: " if snapshot else ""
    smaller = f", and the {n_families - n_shown:,} smallest families, with {n_members - len(forest.ids):,} models"
    caption = [
        f"{name}{len(forest.ids):,} of {n_models:,} models, in {n_shown:,} families, the largest in the center. Merges "
        "do not join families here, but are drawn between them.",
        f"Not drawn: {n_models - n_members:,} models without a parent or child in the snapshot"
        + (smaller if n_shown < n_families else "")
        + ".",
    ]
    html = page(
        forest,
        title="Atlas of families",
        heading="Families",
        caption=caption,
        merges=read_merges(connection, forest),
        synthetic=n_synthetic > 0,
        pages=pages,
        here=here,
        mark=mark,
        link=link,
    )
    return html, len(forest.ids)
