"""Formats profiles and differences of models for a terminal."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from phylohub.core.terminal import printable
from phylohub.explore.diff import Difference
from phylohub.explore.lineage import list_models, parent_notes, steps_from_root
from phylohub.explore.warehouse import Row

N_TAGS = 30
MAX_CHARACTERS = 200  # shown of a value


def profile_parts(profile: Row) -> Iterator[RenderableType]:
    """The parts of a profile (explore.profile.read_profile)."""
    title = Text(printable(profile["model_id"]), "bold")
    if profile["is_synthetic"]:
        title.append("  SYNTHETIC: not a real model", "dim")
    yield title
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(profile):
        facts.add_row(name, Text(printable(value)))
    yield facts
    line = profile["licenses_down_the_line"]
    if len(line) == 1:
        return
    yield Text("\nlicenses from the root to this model", "bold")
    licenses = Table.grid(padding=(0, 2))
    for column in ("relation", "model", "licenses", "inheritance"):
        licenses.add_column(column, overflow="fold")
    for step in line:
        words = {"mutated": "bold yellow", "dropped": "bold red", "added": "bold cyan"}
        how = step["inheritance"] or "root"
        licenses.add_row(
            Text(printable(step["relation"] or "")),
            Text(printable(step["model_id"])),
            Text(printable(", ".join(step["licenses"]) or "no license")),
            Text("" if how == "none" else how, words.get(how, "")),
        )
    yield licenses


def _facts(profile: Row) -> Iterator[tuple[str, str]]:
    words = {
        "created_at": "created",
        "last_modified_at": "last modified",
        "task": "task",
        "library": "library",
        "gated": "gated",
        "downloads": "downloads, 30 days",
        "downloads_all_time": "downloads, all time",
        "likes": "likes",
        "n_parameters": "parameters",
        "used_storage_bytes": "storage, bytes",
    }
    for name in ("snapshot", *words):
        if profile[name] is not None:
            yield words.get(name, name), _format(profile[name])
    for name in ("licenses", "languages", "datasets", "papers"):
        if profile[name]:
            yield name, ", ".join(profile[name])
    if profile["tags"]:
        more = len(profile["tags"]) - N_TAGS
        yield "tags", ", ".join(profile["tags"][:N_TAGS]) + (f", and {more:,} more" if more > 0 else "")
    parents = [edge for edge in profile["parents"] if edge["state"] == "parent"]
    yield (
        "parents",
        list_models([f"{edge['parent_id']} ({edge['relation']})" for edge in parents]) or "none in the snapshot",
    )
    for note in parent_notes([edge for edge in profile["parents"] if edge["state"] != "parent"]):
        yield "", note
    children = [f"{n:,} {relation}" for relation, n in profile["children_by_relation"].items()]
    yield "children", f"{profile['n_children']:,}" + (f" ({', '.join(children)})" if children else "")
    yield "descendants", _format(profile["n_descendants"])
    for edge_set, ancestry in profile["ancestry"].items():
        others = f" (one of {ancestry['n_roots']:,} roots)" if ancestry["n_roots"] > 1 else ""
        root = f"root {ancestry['root_id']}{others}; {steps_from_root(ancestry)}"
        yield f"lineage, {edge_set}", f"{root}; family of {ancestry['family_id']}"
    yield "card", profile["card_outcome"] or "unknown"


def _format(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def difference_lines(difference: Difference, first: str, second: str, n_lines: int) -> Iterator[RenderableType]:
    """The lines of a difference, with at most `n_lines` lines of the card diff."""
    yield _styled(f"- {first}", "red")
    yield _styled(f"+ {second}", "green")
    if difference.changes is not None:
        yield _styled(f"\nrecord: {len(difference.changes):,} fields differ, {difference.n_same:,} are equal", "bold")
    for change in difference.changes or []:
        yield _styled(change.name, "bold cyan")
        removed = change.removed if change.before is None else [change.before]
        added = change.added if change.after is None else [change.after]
        for sign, style, values in (("-", "red", removed), ("+", "green", added)):
            for value in values:
                yield _styled(f"  {sign} {_shorten(value)}", style)
    if difference.card is not None:
        yield _styled(f"\ncards: {'equal' if not difference.card else 'different'}", "bold")
        for line in difference.card[:n_lines]:
            yield _styled(_shorten(line), {"-": "red", "+": "green", "@": "cyan"}.get(line[:1], ""))
        if len(difference.card) > n_lines:
            yield _styled(f"... and {len(difference.card) - n_lines:,} more lines (--lines)", "dim")
    if difference.similarities:
        yield _styled("\nsimilarity, from 0 to 1 (in parentheses: mean over sampled parent and child pairs)", "bold")
    for row in difference.similarities:
        few = ", too few to compare" if row["interval_method"] == "too_few_pairs" else ""
        mean = "" if row["mean"] is None else f" ({row['mean']:.3f}; distinct pairs: {row['n_distinct_pairs']:,}{few})"
        yield _styled(f"  {row['artifact']}, {row['measure']}: {row['similarity']:.3f}{mean}", "")
    for note in difference.notes:
        yield _styled(note, "italic")


def _styled(line: str, style: str) -> Text:
    start = "\n" if line.startswith("\n") else ""
    return Text(start + printable(line.removeprefix("\n")), style)


def _shorten(value: str) -> str:
    return value if len(value) <= MAX_CHARACTERS else f"{value[:MAX_CHARACTERS]}... ({len(value):,} characters)"
