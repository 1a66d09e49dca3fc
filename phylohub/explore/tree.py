"""Renders a family tree in color on a terminal. Childless siblings are folded into one line per relation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from phylohub.core.terminal import printable
from phylohub.explore.lineage import N_NAMED

if TYPE_CHECKING:  # it imports numpy, which only trees need
    from phylohub.trees.forest import Forest, Row, Wedge

COLORS = {"finetune": "green", "adapter": "cyan", "quantized": "yellow", "merge": "magenta"}


@dataclass(frozen=True)
class Line:
    """A line of a tree: what stands in front of it, what in front of its further lines, and its text."""

    guide: str
    hanging: str
    text: Text

    def wrapped(self, console: Console) -> Iterator[Text]:
        """The line as lines of a console's width."""
        width = max(console.width - len(self.guide), 20)
        for number, part in enumerate(self.text.wrap(console, width)):
            part.rstrip()
            yield Text(self.guide if number == 0 else self.hanging, "dim") + part


def terminal_tree(forest: Forest, rows: list[Row], model_id: str, notes: dict[int, list[str]]) -> Iterator[Line]:
    """The rows of a tree as lines, with the requested model highlighted."""
    from phylohub.trees.forest import guides

    parts: list[tuple[int, bool, Text]] = []
    for row in rows:
        label = _label(forest, row.place, model_id, notes, row.n_below)
        parts.append((row.level, row.is_last, label))
        below = [_wedge(forest, wedge, model_id, notes) for wedge in row.wedges]
        if row.hidden:
            below.append(Text(_hidden(forest, row.hidden), "dim"))
        n_shown = len(folded_branches(forest, row))
        parts += [(row.level + 1, n_shown == 0 and text is below[-1], text) for text in below]
    for (_, _, text), guide in zip(parts, guides([part[:2] for part in parts]), strict=True):
        hanging = guide.replace("├── ", "│   ").replace("└── ", "    ")
        yield Line(guide, hanging if hanging != guide else " " * len(guide), text)


def folded_branches(forest: Forest, row: Row) -> list[int]:
    """The children of a row that have rows of their own."""
    if row.n_below:
        return []
    return [place for place in forest.children(row.place) if forest.size[place] > 1 and place not in set(row.hidden)]


def _label(forest: Forest, place: int, model_id: str, notes: dict[int, list[str]], n_hidden: int = 0) -> Text:
    label = Text()
    relation = forest.relation_of(place)
    if relation:
        label.append(f"{printable(relation)} ", COLORS.get(relation, "blue"))
    name = forest.ids[place]
    if name == model_id:
        label.append(f"> {printable(name)} <", "bold reverse")
    else:
        label.append(printable(name), "bold" if relation is None else "")
    if facts := _details(forest, place, n_hidden):
        label.append(f"  {printable(facts)}", "dim")
    for note in notes.get(place, []):
        label.append(f"\n{printable(note)}", "italic")
    return label


def _details(forest: Forest, place: int, n_hidden: int) -> str:
    license_, downloads = forest.facts["license"][place], int(forest.facts["downloads"][place])
    n_children, n_below = (int(forest.facts[name][place]) for name in ("n_children", "n_descendants"))
    facts = [license_] if license_ else []
    if n_children:
        facts.append(_counted(n_children, "child", "children"))
    if n_below > n_children:
        facts.append(_counted(n_below, "descendant", "descendants"))
    if downloads > 0:
        facts.append(_counted(downloads, "download", "downloads"))
    return ", ".join(facts) + (f" ... and {n_hidden:,} more below" if n_hidden else "")


def _wedge(forest: Forest, wedge: Wedge, model_id: str, notes: dict[int, list[str]]) -> Text:
    """`adapter 12 models: a, b, c and 9 more  mit 10, no license 2`, or the model itself if it is the only one."""
    if len(wedge) == 1:
        return _label(forest, wedge.members[0], model_id, notes)
    text = Text()
    text.append(f"{printable(wedge.relation)} ", COLORS.get(wedge.relation, "blue"))
    names = [printable(forest.ids[place]) for place in wedge.members[:N_NAMED]]
    more = f" and {len(wedge) - N_NAMED:,} more" if len(wedge) > N_NAMED else ""
    text.append(f"{len(wedge):,} models", "bold")
    text.append(f": {', '.join(names)}{more}")
    licenses = Counter(forest.facts["license"][place] or "no license" for place in wedge.members).most_common()
    licenses.sort(key=lambda found: (-found[1], found[0]))
    shown = [f"{name} {n:,}" if len(licenses) > 1 else name for name, n in licenses[:N_NAMED]]
    rest = sum(n for _, n in licenses[N_NAMED:])
    text.append(f"  {printable(', '.join(shown + ([f'{rest:,} more'] if rest else [])))}", "dim")
    return text


def _hidden(forest: Forest, hidden: list[int]) -> str:
    n_below = sum(int(forest.size[place]) - 1 for place in hidden)
    branches, models = _counted(len(hidden), "more branch", "more branches"), _counted(n_below, "model", "models")
    return f"... and {branches} with {models} below"


def _counted(n: int, one: str, several: str) -> str:
    return f"{n:,} {one if n == 1 else several}"
