"""The entry point of `phylohub`: collects the commands of all groups."""

import os
import sys
import threading
from contextlib import suppress
from importlib.metadata import version
from typing import Annotated

import typer

from phylohub.cli import build, ingest, licenses, look, share, synthetic
from phylohub.cli.groups import BUILD, App

app = App(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    epilog="Exit codes: 0 success, 1 error (the message states the reason), 2 wrong usage, 130 interrupted by Ctrl-C.",
)
app.add_typer(ingest.app, name="ingest", rich_help_panel=BUILD)
for group in (build, look, licenses, share, synthetic):
    app.add_typer(group.app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"phylohub {version('phylohub')}")
        raise typer.Exit


@app.callback()
def phylohub(
    version_: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Family trees of the models on the Hugging Face Hub: land records, explore and publish the results."""


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="phylohub")
    finally:
        _leave_threads_behind()


def _leave_threads_behind() -> None:
    """End the process now if a thread still waits for the network: while it lives, the interpreter cannot free DuckDB's
    module at exit, and nanobind prints a page about leaks below the error. All files are closed by then."""
    error = sys.exception()
    if threading.active_count() > 1 and isinstance(error, SystemExit):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(error.code if isinstance(error.code, int) else int(error.code is not None))


if __name__ == "__main__":
    main()
