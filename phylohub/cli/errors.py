"""One error handler for all commands."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import typer

from phylohub.core.build_file import database_path
from phylohub.core.errors import LockedError, NoSuchModelError, PhylohubError
from phylohub.core.terminal import fail, print_note

FAILED, LOCKED, INTERRUPTED = 1, 3, 130


@contextmanager
def exit_on_errors(kept: str = "") -> Iterator[None]:
    """Turn errors that the user can fix into one line on standard error and an exit code, without a traceback.

    `kept` states what a failed command leaves in place, if running it again makes sense. A NoSuchModelError prints its
    candidates below that line.
    """
    retry = f". {kept} Fix this and run the same command again." if kept else ""
    try:
        yield
    except NoSuchModelError as error:
        print_note(f"error: {error}")
        for line in error.near:
            print_note(f"  {line}")
        raise typer.Exit(FAILED) from None
    except LockedError as error:
        fail(str(error), LOCKED)
    except PhylohubError as error:
        fail(str(error), FAILED)
    except duckdb.Error as error:
        if "Could not read enough bytes" in str(error) or "checksum" in str(error):
            fail(
                f"{database_path()} is damaged, so it cannot be read ({error}). Restore it from a copy; "
                "otherwise move it away and land the records again with `phylohub ingest`, then run `dbt build`.",
                FAILED,
            )
        fail(f"{database_path()}: {error}{retry}", FAILED)
    except OSError as error:  # its message names the file
        fail(f"{error}{retry}", FAILED)
    except (KeyboardInterrupt, RuntimeError) as error:
        # DuckDB turns Ctrl-C during a statement into a RuntimeError.
        if isinstance(error, RuntimeError) and str(error) != "Query interrupted":
            raise
        fail(f"stopped. {kept} Run the same command again to continue." if kept else "stopped.", INTERRUPTED)
