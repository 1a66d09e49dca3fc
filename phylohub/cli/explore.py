"""The commands of `phylohub` for a person with a question about one model."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console, RenderableType
from rich.text import Text

from phylohub.core.build_file import database_path
from phylohub.core.errors import PhylohubError
from phylohub.core.terminal import console, fail, print_line, printable
from phylohub.explore.diff import read_difference
from phylohub.explore.lineage import EdgeSet, line_to_root, named, parents_of, read_tree, steps_from_root
from phylohub.explore.profile import read_profile
from phylohub.explore.show import difference_lines, profile_parts
from phylohub.explore.tree import html_tree, terminal_tree
from phylohub.explore.warehouse import NoSuchModelError, Warehouse, find_model, open_warehouse

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)

ModelArgument = Annotated[
    str, typer.Argument(help="Id on the Hub, author/name. The name alone will do if there is only one.")
]
EdgeSetOption = Annotated[
    EdgeSet, typer.Option(help="Which relations count: all, no_merge (all but merges), or finetune only.")
]


@app.command()
def tree(
    model: ModelArgument,
    depth: Annotated[int, typer.Option(min=0, help="Steps down from the model to show: 1 is its children.")] = 2,
    width: Annotated[int, typer.Option(min=1, help="Children to show of each model.")] = 6,
    edge_set: EdgeSetOption = EdgeSet.ALL,
    html: Annotated[
        Path | None, typer.Option(help="Write the tree to this file, as a page to unfold in a browser, instead.")
    ] = None,
) -> None:
    """Show where a model comes from and what was made of it, as a tree.

    At the top stands the root of its line, then the ancestors that lead to the model, then its descendants.
    """
    with _errors(), open_warehouse(_say) as warehouse:
        model_id = find_model(warehouse, model, _say)
        top = read_tree(warehouse, model_id, edge_set, depth, width)
        caption = _caption(warehouse, model_id, edge_set)
    if html is not None:
        with _errors():
            _write(html, html_tree(top, model_id, caption))
        print_line(f"wrote {html}")
        return
    print_line(caption)
    _show(terminal_tree(top, model_id))
    if any(branch.n_more or branch.n_below for branch in top.walk()):
        _show(Text("more: --depth, --width", "dim"))


@app.command()
def diff(
    model: Annotated[str, typer.Argument(help="Id of the first model; without a second one, of the child.")],
    other: Annotated[
        str | None, typer.Argument(help="Id of the second model. Without it, the first is compared with its parent.")
    ] = None,
    lines: Annotated[int, typer.Option(min=0, help="Lines of the cards' difference to show.")] = 60,
) -> None:
    """Show what differs between two models: the fields of their records, and their cards.

    With one model it shows what the model changed of its parent; of several, the parent on the line to the root.
    """
    with _errors(), open_warehouse(_say) as warehouse:
        first = find_model(warehouse, model, _say)
        if other is None:
            first, second = _parent(warehouse, first), first
        else:
            second = find_model(warehouse, other, _say)
        difference = read_difference(warehouse, first, second)
    for line in difference_lines(difference, first, second, lines):
        _show(line)


def _parent(warehouse: Warehouse, model_id: str) -> str:
    line = line_to_root(warehouse, model_id, EdgeSet.ALL)
    if len(line) == 1:
        raise PhylohubError(f"{model_id} has no parent in the snapshot. Name the model to compare it with.")
    others = [
        edge["parent_id"]
        for edge in parents_of(warehouse, [model_id], EdgeSet.ALL)[model_id]
        if edge["state"] == "parent" and edge["parent_id"] != line[-2].model_id
    ]
    if others:
        _say(f"comparing with {line[-2].model_id}; other parents: {named(others)}")
    return line[-2].model_id


@app.command("model")
def show_model(
    model: ModelArgument,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, under the marts' names, for scripts.")] = False,
) -> None:
    """Show what the warehouse knows of a model: traits, relatives, and how its license came down the line."""
    with _errors(), open_warehouse(_say) as warehouse:
        profile = read_profile(warehouse, find_model(warehouse, model, _say))
    if as_json:
        typer.echo(json.dumps(profile, indent=2))  # escapes whatever is not ASCII
        return
    for part in profile_parts(profile):
        _show(part)


def _caption(warehouse: Warehouse, model_id: str, edge_set: EdgeSet) -> str:
    """What the tree is a part of."""
    relations = {EdgeSet.ALL: "all relations", EdgeSet.NO_MERGE: "all relations but merges"}
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
    words = relations.get(edge_set, "fine-tunes only")
    if not families:
        other = "" if edge_set == EdgeSet.ALL else "; --edge-set all may show some"
        return f"{words}: no parent and no child in the snapshot{other}"
    (family,) = families
    roots = "1 root" if family["n_roots"] == 1 else f"{family['n_roots']:,} roots"
    return (
        f"{words}: family of {family['family_id']}, {family['n_models']:,} models, {roots}; {steps_from_root(family)}"
    )


def _write(path: Path, text: str) -> None:
    """Write a file so that it is there whole or as it was."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _show(what: RenderableType) -> None:
    """Print to fit a terminal; elsewhere, where grep and files want each model on one line, as wide as it is."""
    out = console(sys.stdout)
    if out.is_terminal or os.environ.get("COLUMNS"):
        out.print(what)
    else:
        text = StringIO()
        Console(file=text, highlight=False, width=10_000).print(what)
        sys.stdout.writelines(f"{line.rstrip()}\n" for line in text.getvalue().split("\n")[:-1])


def _say(line: str) -> None:
    """A word beside the answer, out of the way of who reads the answer by program."""
    console(sys.stderr).print(Text(printable(line), "dim"), soft_wrap=True)


@contextmanager
def _errors() -> Iterator[None]:
    """What the user can mend ends in a line on standard error and exit code 1, not in a traceback."""
    try:
        yield
    except NoSuchModelError as error:
        console(sys.stderr).print(Text(printable(f"error: {error}")), soft_wrap=True)
        for line in error.near:
            console(sys.stderr).print(Text(f"  {printable(line)}"), soft_wrap=True)
        raise typer.Exit(1) from None
    except (PhylohubError, OSError) as error:  # an OSError names the file itself
        fail(str(error), 1)
    except duckdb.Error as error:
        fail(f"{database_path()}: {error}", 1)
    except (KeyboardInterrupt, RuntimeError) as error:
        # Ctrl-C while DuckDB runs a statement arrives as a RuntimeError.
        if isinstance(error, RuntimeError) and str(error) != "Query interrupted":
            raise
        fail("stopped.", 130)
