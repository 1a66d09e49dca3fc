"""Text on a terminal: what was read is data, never markup, and its control characters are escaped."""

import sys
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text


def printable(text: str) -> str:
    """The text with everything that is not printable escaped, so that it cannot steer a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def console(file: object) -> Console:
    return Console(file=file, highlight=False)  # type: ignore[arg-type]  # rich wants IO[str], sys gives TextIO


def print_line(line: str) -> None:
    console(sys.stdout).print(Text(printable(line)), soft_wrap=True)


def fail(message: str, code: int) -> NoReturn:
    """End with a message of one line on standard error, and this exit code."""
    one_line = " ".join(message.split())
    console(sys.stderr).print(Text(printable(f"error: {one_line}")), soft_wrap=True)
    raise typer.Exit(code)
