"""The commands that read a build: tree, diff and model for one model, and a summary of all marts."""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from duckdb import DuckDBPyConnection
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from phylohub.cli.errors import exit_on_errors
from phylohub.cli.groups import LOOK, App
from phylohub.cli.tables import cell, show_table, table_names
from phylohub.core.build_file import connect, database_path, dict_rows
from phylohub.core.errors import PhylohubError
from phylohub.core.files import write_file
from phylohub.core.terminal import console, print_line, print_note, printable
from phylohub.explore.diff import read_difference
from phylohub.explore.lineage import (
    list_models,
    parents_of,
    path_from_root,
    read_family,
    read_notes,
    read_tree,
    steps_from_root,
)
from phylohub.explore.profile import read_profile
from phylohub.explore.show import difference_lines, profile_parts
from phylohub.explore.tree import Line, terminal_tree
from phylohub.explore.warehouse import Warehouse, find_model, open_warehouse
from phylohub.trees.edges import EdgeSet

app = App(LOOK)

ModelArgument = Annotated[
    str, typer.Argument(help="Id on the Hub: author/name. The name alone is enough if only one model has it.")
]
EdgeSetOption = Annotated[
    EdgeSet, typer.Option(help="Relations to follow: all, no_merge (all except merges), or finetune only.")
]


@app.command()
@exit_on_errors()
def tree(
    model: ModelArgument,
    depth: Annotated[int, typer.Option(min=0, help="Generations to show below the model: 1 shows its children.")] = 2,
    width: Annotated[int, typer.Option(min=1, help="Branches to show per model: children with children.")] = 6,
    edge_set: EdgeSetOption = EdgeSet.ALL,
    html: Annotated[
        Path | None,
        typer.Option(help="Write the whole family to this file instead, as an HTML page that opens from disk."),
    ] = None,
) -> None:
    """Show the ancestors and descendants of a model as a tree.

    The tree starts at the model's nearest root, follows the path to the model, and continues with its descendants.
    Children without children of their own are folded into one line per relation.
    """
    from phylohub.trees.forest import rows as folded_rows
    from phylohub.trees.viewer import family_page

    with open_warehouse(note) as warehouse:
        model_id = find_model(warehouse, model, note)
        caption = _caption(warehouse, model_id, edge_set)
        if html is not None:
            forest = read_family(warehouse, model_id, edge_set)
            notes = read_notes(warehouse, forest, list(range(len(forest.ids))), edge_set)
            synthetic = bool(warehouse.rows("select 1 from marts.models where is_synthetic limit 1"))
            write_file(html, family_page(forest, model_id, caption, notes, synthetic))
            print_line(f"wrote {html} ({len(forest.ids):,} models)")
            return
        forest = read_tree(warehouse, model_id, edge_set)
        top = forest.ids.index(model_id)
        rows = folded_rows(forest, 0, int(forest.level[top]) + depth, width)
        single = [wedge.members[0] for row in rows for wedge in row.wedges if len(wedge) == 1]
        notes = read_notes(warehouse, forest, [*(row.place for row in rows), *single], edge_set)
    print_line(caption)
    for line in terminal_tree(forest, rows, model_id, notes):
        show(line)
    if any(row.hidden or row.n_below for row in rows):
        show(Text("show more with --depth and --width, or all with --html FILE", "dim"))


@app.command()
@exit_on_errors()
def diff(
    model: Annotated[str, typer.Argument(help="Id of the first model, or of the child if no second model is given.")],
    other: Annotated[
        str | None, typer.Argument(help="Id of the second model. Default: compare the first model with its parent.")
    ] = None,
    lines: Annotated[int, typer.Option(min=0, help="Lines of the card diff to show.")] = 60,
) -> None:
    """Show the differences between two models: the fields of their records, and their cards.

    With one model, it is compared with its parent. If it has several, the one on the path from its nearest root is
    taken.
    """
    with open_warehouse(note) as warehouse:
        first = find_model(warehouse, model, note)
        if other is None:
            first, second = _parent(warehouse, first), first
        else:
            second = find_model(warehouse, other, note)
        difference = read_difference(warehouse, first, second)
    for line in difference_lines(difference, first, second, lines):
        show(line)


def _parent(warehouse: Warehouse, model_id: str) -> str:
    path = path_from_root(warehouse, model_id, EdgeSet.ALL)
    if len(path) == 1:
        raise PhylohubError(
            f"{model_id} has no parent in the snapshot. Name the other model: phylohub diff {model_id} OTHER"
        )
    parent_id = path[-2].model_id
    others = [
        edge["parent_id"]
        for edge in parents_of(warehouse, [model_id], EdgeSet.ALL)[model_id]
        if edge["state"] == "parent" and edge["parent_id"] != parent_id
    ]
    if others:
        note(f"comparing with {parent_id}; other parents: {list_models(others)}")
    return parent_id


@app.command("model")
@exit_on_errors()
def show_model(
    model: ModelArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON with the column names of the marts.")] = False,
) -> None:
    """Show the profile of a model: its traits and relatives, and its licenses along the path from its root."""
    with open_warehouse(note) as warehouse:
        profile = read_profile(warehouse, find_model(warehouse, model, note))
    if as_json:
        typer.echo(json.dumps(profile, indent=2))  # escapes all characters outside ASCII
        return
    for part in profile_parts(profile):
        show(part)


@app.command()
@exit_on_errors()
def summary(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON with the column names of the marts.")] = False,
) -> None:
    """Summarize the last build: the snapshot, the rows of every mart, what orders show, and what to do next."""
    with connect(database_path(), read_only=True) as connection:
        marts = table_names(connection, "marts")
        if "snapshot_health" not in marts:
            raise PhylohubError("There are no marts yet. Run `dbt build`.")
        (health, *_) = dict_rows(connection, "from marts.snapshot_health", {})
        counts = {mart: _count(connection, f'marts."{mart}"') for mart in marts}
        orders = dict_rows(connection, ORDERS, {}) if "trait_ordering_fits" in marts else []
        synthetic = connection.execute("select bool_or(is_synthetic) from marts.models").fetchone() == (True,)
        following = _next_commands(connection, marts)
        intervals = _intervals(connection, marts)
    if as_json:
        found = {"database": str(database_path()), "is_synthetic": synthetic, "snapshot_health": health}
        found |= {"n_rows": counts, "orders": orders, "next": [command for command, _ in following]}
        typer.echo(json.dumps(found, indent=2, default=str))
        return
    show_table(["name", "value"], list(health.items()))
    table = Table("mart", "rows", title="marts", title_justify="left")
    table.columns[1].justify = "right"
    for mart, n_rows in counts.items():
        table.add_row(Text(mart), cell(n_rows))
    console(sys.stdout).print(table)
    _show_orders(orders)
    print_line(intervals)
    if synthetic:
        print_line("These models are SYNTHETIC. For real ones: make build SOURCE=path/to/records.jsonl.gz")
    print_line(f"built: {database_path()}")
    print_line("next:")
    for command, why in following:
        print_line(f"  {command}  {why}")


ORDERS = """
    select trait, share_of_transitions_compatible, null_mean, null_high, q_value
    from marts.trait_ordering_fits
    where relation = 'finetune' and weighting = 'weighted' and q_value is not null
    order by trait
"""


def _count(connection: DuckDBPyConnection, table: str) -> int:
    (n_rows,) = connection.execute(f"select count(*) from {table}").fetchall()[0]
    return int(n_rows)


def _next_commands(connection: DuckDBPyConnection, marts: Sequence[str]) -> list[tuple[str, str]]:
    """Three commands to go on with, and what they do. The first names the model with the largest family."""
    largest = None
    if "families" in marts:
        largest = connection.execute(
            "select family_id from marts.families where edge_set = 'no_merge' order by n_models desc, family_id limit 1"
        ).fetchone()
    model = shlex.quote(printable(largest[0])) if largest else "MODEL"
    return [
        (f"phylohub tree {model}", "draws the largest family" if largest else "draws the family tree of a model"),
        ("phylohub report", "writes figures, tables and an atlas as HTML pages"),
        ("phylohub publish", "copies the marts for BI tools and the site"),
    ]


def _show_orders(orders: Sequence[dict[str, Any]]) -> None:
    """Print whether the orders of fine-tunes show more than chance."""
    table = Table("order of", "transitions", "by chance", "97.5 %", "q", "shows", title="orders", title_justify="left")
    for order in orders:
        trait, *shares = order.values()
        shows = "more than chance" if shares[-1] < 0.05 else "no more than chance can give"
        table.add_row(Text(trait), *(f"{share:.3f}" for share in shares), shows)
    if orders:
        console(sys.stdout).print(table)


def _intervals(connection: duckdb.DuckDBPyConnection, marts: Sequence[str]) -> str:
    """How many mean similarities have an interval, and why the others have none."""
    if "similarity_differences" not in marts:
        return "The build is older than the intervals of mean similarities over families. Run `dbt build`."
    counts = dict(
        connection.execute(
            "select interval_method, count(*) from marts.similarity_estimates where mean is not null group by 1"
        ).fetchall()
    )
    shown = counts.pop("weighted_jackknife", 0)
    reasons = [f"{counts[method]:,} {method.replace('_', ' ')}" for method in sorted(counts)]
    others = f" The others: {', '.join(reasons)}." if reasons else ""
    return f"{shown:,} of {shown + sum(counts.values()):,} mean similarities have an interval.{others}"


def _caption(warehouse: Warehouse, model_id: str, edge_set: EdgeSet) -> str:
    """The edge set, the model's family and its distance from the root."""
    relations = {
        EdgeSet.ALL: "all relations",
        EdgeSet.NO_MERGE: "all relations except merges",
        EdgeSet.FINETUNE: "fine-tunes only",
    }[edge_set]
    families = warehouse.rows(
        """
        select ancestry.family_id, ancestry.generation, ancestry.depth, families.n_models, families.n_roots
        from marts.model_ancestry as ancestry
        inner join marts.families as families
            on ancestry.edge_set = families.edge_set and ancestry.family_id = families.family_id
        where ancestry.edge_set = $edge_set and ancestry.model_id = $model_id
        """,
        edge_set=edge_set,
        model_id=model_id,
    )
    if not families:
        hint = "" if edge_set == EdgeSet.ALL else "; try --edge-set all"
        return f"{relations}: no parent and no child in the snapshot{hint}"
    (family,) = families
    roots = "1 root" if family["n_roots"] == 1 else f"{family['n_roots']:,} roots"
    size = f"{family['n_models']:,} models, {roots}"
    return f"{relations}: family of {family['family_id']}, {size}; {steps_from_root(family)}"


def show(what: RenderableType | Line) -> None:
    """Print wrapped to the width of a terminal. In files and pipes each model stays on one line."""
    out = console(sys.stdout)
    if isinstance(what, Line):
        wide = out if out.is_terminal or os.environ.get("COLUMNS") else Console(width=10_000)
        for part in what.wrapped(wide):
            out.print(part, soft_wrap=True)
        return
    if out.is_terminal or os.environ.get("COLUMNS"):
        out.print(what)
    else:
        text = StringIO()
        Console(file=text, highlight=False, width=10_000).print(what)
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in text.getvalue().split("\n")[:-1])


def note(line: str) -> None:
    print_note(line, "dim")
