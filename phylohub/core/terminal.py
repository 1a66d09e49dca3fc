"""Output to a terminal. Data is never interpreted as markup, and its control characters are escaped."""

import io
import sys
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text


def printable(text: str) -> str:
    """Escape every character that is not printable, so that the text cannot control the terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def console(file: object) -> Console:
    """A rich console on a stream, without automatic highlighting. A character that the stream's encoding lacks (such as
    ASCII or Latin-1) is replaced."""
    if isinstance(file, io.TextIOWrapper) and file.errors not in ("replace", "backslashreplace"):
        file.reconfigure(errors="replace")
    return Console(file=file, highlight=False)  # type: ignore[arg-type]  # rich wants IO[str], sys gives TextIO


def print_line(line: str) -> None:
    """Print one line to standard output."""
    console(sys.stdout).print(Text(printable(line)), soft_wrap=True)


def print_note(line: str, style: str = "") -> None:
    """Print one line to standard error, where it does not mix with the result."""
    console(sys.stderr).print(Text(printable(line), style), soft_wrap=True)


class Failure(typer.Exit):
    """The end of a command that has printed why it failed."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(code)
        self.message = message


def fail(message: str, code: int) -> NoReturn:
    """Print the message as one line on standard error and exit with this code."""
    one_line = " ".join(message.split())
    print_note(f"error: {one_line}")
    raise Failure(one_line, code)
