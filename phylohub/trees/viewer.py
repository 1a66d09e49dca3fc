"""Pages that show a forest: a zoomable picture, a tree that unfolds lazily, and an outline as text.

A page is one file that opens from disk and loads nothing.
"""

import base64
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from phylohub.core.terminal import printable
from phylohub.trees.forest import Forest, Ints, Row, guides, largest_rows
from phylohub.trees.pack import pack

TEMPLATES = Path(__file__).parent / "templates"
HUB = "https://huggingface.co/"
N_ROWS = 40  # of the outline


def family_page(
    forest: Forest, model_id: str, caption: str, notes: dict[int, list[str]], synthetic: bool = False
) -> str:
    """The page of one family, with a model marked."""
    return page(
        forest,
        title=f"Family tree of {printable(model_id)}",
        heading="Family tree",
        caption=[f"{printable(caption)}."],
        notes=notes,
        marked=forest.ids.index(model_id),
        synthetic=synthetic,
    )


def page(
    forest: Forest,
    title: str,
    heading: str,
    caption: list[str],
    notes: dict[int, list[str]] | None = None,
    merges: tuple[Ints, Ints] | None = None,
    marked: int = -1,
    synthetic: bool = False,
    pages: Sequence[tuple[str, str]] = (),
    here: str = "",
    mark: str = "phylohub tree",
    link: str = HUB,
) -> str:
    """A page that shows a forest.

    `merges` are places of parents and children, drawn between families. `pages` are links to other pages (file, name).
    A model's link is `link` and its id; synthetic models have none.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("viewer.css", "viewer.js"))
    n_families = int(forest.group[-1]) + 1 if forest.ids else 0
    return environment.get_template("viewer.html.j2").render(
        title=title,
        heading=heading,
        caption=caption,
        synthetic=synthetic,
        pages=pages,
        here=here,
        mark=mark,
        style=style,
        script=script,
        style_hash=source_hash(style),
        script_hash=source_hash(script),
        summary=f"{len(forest.ids):,} models in {n_families:,} {'family' if n_families == 1 else 'families'}.",
        outline=outline(forest, max(marked, 0)),
        data=encode(forest, notes or {}, merges, marked, "" if synthetic else link),
    )


def source_hash(text: str) -> str:
    """The source hash for a content security policy that allows only this script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def outline(forest: Forest, place: int) -> str:
    """The largest branches of a node's tree as text, with the counts of folded siblings."""
    if not forest.ids:
        return "No model has its parent in the snapshot."
    top = forest.path(place)[0]
    rows = largest_rows(forest, top, N_ROWS)
    starts = guides([(row.level, row.is_last) for row in rows])
    return "\n".join(start + _outline_row(forest, row) for start, row in zip(starts, rows, strict=True))


def _outline_row(forest: Forest, row: Row) -> str:
    relation = forest.relation_of(row.place)
    name = printable(forest.ids[row.place])
    parts = [f"{printable(wedge.relation)} {len(wedge):,}" for wedge in row.wedges]
    if row.hidden:
        n_below = sum(int(forest.size[place]) for place in row.hidden)
        parts.append(f"{n_below:,} in further branches")
    return (f"{printable(relation)} " if relation else "") + name + (f"  [{', '.join(parts)}]" if parts else "")


def encode(
    forest: Forest, notes: dict[int, list[str]], merges: tuple[Ints, Ints] | None, marked: int, link: str
) -> str:
    """A forest and its picture as base64 of compressed bytes: a header in JSON, then arrays."""
    picture = pack(forest)
    n = len(forest.ids)
    placed = np.flatnonzero((forest.size > 1) | (forest.parent < 0))
    circles = np.stack([values[placed] for values in (picture.x, picture.y, picture.center_x, picture.center_y)])
    circles = np.vstack([circles, picture.radius[placed]]).T.ravel()
    licenses, license_codes = _codes(forest.facts["license"])
    tasks, task_codes = _codes(forest.facts["task"])
    pairs = np.stack(merges).T.ravel() if merges is not None else np.zeros(0)
    arrays: dict[str, NDArray[Any]] = {
        "above": np.where(forest.parent < 0, 0, np.arange(n) - forest.parent),
        "size": forest.size,
        "license": license_codes,
        "task": task_codes,
        "month": forest.facts["month"],
        "downloads": np.minimum(forest.facts["downloads"], 2**31 - 1),
        "n_children": forest.facts["n_children"],
        "n_descendants": forest.facts["n_descendants"],
        "merges": pairs,
    }
    packed = {name: values.astype("<i4") for name, values in arrays.items()}
    packed |= {"circles": circles.astype("<f4"), "relation": forest.relation.astype("<i4")}
    head = {
        "ids": "\n".join(printable(name) for name in forest.ids),
        "relations": [printable(name) for name in forest.relations],
        "licenses": licenses,
        "tasks": tasks,
        "whole": round(picture.whole, 3),
        "marked": marked,
        "link": link,
        "notes": {place: [printable(note) for note in lines] for place, lines in notes.items()},
        "arrays": [(name, values.dtype.str[1:], len(values)) for name, values in packed.items()],
    }
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    text += b" " * (-len(text) % 4)
    whole = len(text).to_bytes(4, "little") + text + b"".join(values.tobytes() for values in packed.values())
    return base64.b64encode(zlib.compress(whole, 6)).decode()


def _codes(values: NDArray[Any]) -> tuple[list[str], Ints]:
    """The distinct values, the most frequent first, and each value's place among them (-1 for none)."""
    counts = Counter(value for value in values.tolist() if value is not None)
    names = sorted(counts, key=lambda name: (-counts[name], name))
    code = {name: place for place, name in enumerate(names)}
    codes = np.array([code.get(value, -1) for value in values.tolist()], dtype=np.int64)
    return [printable(name) for name in names], codes
