"""Progress of long commands: bars on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from phylohub.core.terminal import console, print_note, printable

if TYPE_CHECKING:
    from phylohub.ingest.readers import Source
    from phylohub.operate.dbt_build import Node

LINE_SECONDS = 30.0  # between progress lines without a terminal


def _bars(*columns: ProgressColumn) -> Progress:
    """A description, these columns and the time, on standard error; nothing without a terminal."""
    out = console(sys.stderr)
    description = TextColumn("{task.description}", markup=False)
    return Progress(description, *columns, TimeElapsedColumn(), console=out, disable=not out.is_terminal)


def _is_due() -> Callable[[], bool]:
    """A function that is true once every `LINE_SECONDS`, and never on a terminal, where bars show the progress."""
    is_terminal = console(sys.stderr).is_terminal
    last_line_at = time.monotonic()

    def is_due() -> bool:
        nonlocal last_line_at
        if is_terminal or time.monotonic() - last_line_at < LINE_SECONDS:
            return False
        last_line_at = time.monotonic()
        return True

    return is_due


@contextmanager
def landing_progress(sources: "list[Source]") -> Iterator["Callable[[Source, float], None]"]:
    """Yields a function that reports how much of a source has landed (0 to 1). Prints nothing without a terminal."""
    places = {source: place for place, source in enumerate(sources)}
    with _bars(BarColumn(), TaskProgressColumn()) as bars:
        task = bars.add_task("landing", total=len(sources))

        def report(source: "Source", done: float) -> None:
            description = printable(f"landing {source.name}")
            bars.update(task, description=description, completed=places[source] + done)

        yield report


@contextmanager
def building_progress() -> Iterator["Callable[[Node], None]"]:
    """Yields a function that reports a finished node of dbt: its step, and how many of how many nodes are done.

    Without a terminal a line is printed every `LINE_SECONDS`.
    """
    is_due = _is_due()
    with _bars(BarColumn(), TextColumn("{task.completed:,.0f} of {task.total:,.0f} models and tests")) as bars:
        task = bars.add_task("building", total=0)
        n_done = 0

        def report(node: "Node") -> None:
            nonlocal n_done
            n_done += 1  # nodes end in another order than they are numbered
            bars.update(task, description=f"building {node.step}", completed=n_done, total=node.total)
            if is_due():
                print_note(f"building {node.step}: {n_done:,} of {node.total:,} models and tests")

        yield report


@contextmanager
def counting_progress(what: str) -> Iterator[tuple[Callable[[int, int | None], None], Callable[[str], None]]]:
    """Yields two functions: one reports a count and its total (None if unknown), the other prints a message.

    Without a terminal the count is printed every `LINE_SECONDS`.
    """
    is_due = _is_due()
    with _bars() as bars:
        task = bars.add_task(what)

        def say(line: str) -> None:
            bars.console.print(Text(printable(line)), soft_wrap=True)

        def count(n_done: int, n_all: int | None) -> None:
            line = f"{n_done:,} {what}" if n_all is None else f"{n_done:,} of {n_all:,} {what}"
            bars.update(task, description=line)
            if is_due():
                say(line)

        yield count, say


@contextmanager
def downloading_progress() -> Iterator[tuple["Callable[[str, int, int | None], None]", Callable[[str], None]]]:
    """Yields two functions: one reports how many bytes of a file have arrived and its size, if it is known; the other
    prints a message.

    Without a terminal a line is printed every `LINE_SECONDS`.
    """
    is_due = _is_due()
    with _bars(BarColumn(), DownloadColumn(), TransferSpeedColumn()) as bars:
        tasks: dict[str, TaskID] = {}

        def say(line: str) -> None:
            bars.console.print(Text(printable(line)), soft_wrap=True)

        def report(name: str, n_done: int, n_all: int | None) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(printable(f"downloading {name}"))
            bars.update(tasks[name], completed=n_done, total=n_all)
            if is_due():
                size = "" if n_all is None else f" of {n_all / 1e6:,.0f}"
                say(f"downloading {name}: {n_done / 1e6:,.0f}{size} MB")

        yield report, say
