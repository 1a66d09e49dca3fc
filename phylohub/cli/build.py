"""The commands that make and maintain a build file: build, refresh, compact, doctor, `ingest contract propose`."""

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phylohub.cli import ingest
from phylohub.cli.errors import FAILED, exit_on_errors
from phylohub.cli.tables import show_table
from phylohub.core.build_file import connect, database_path
from phylohub.core.errors import PhylohubError
from phylohub.core.terminal import console, fail, print_line, print_note

if TYPE_CHECKING:
    from phylohub.operate.dbt_build import Outcome
    from phylohub.operate.refresh import State

app = typer.Typer()
contract_app = typer.Typer(no_args_is_help=True, help="The API contract: the seed api_contract.")

REFUSED, BUILD_FAILED = 4, 5  # exit codes of `phylohub refresh`
WARNED = 6  # exit code of `phylohub doctor`
SHOWN_FINDINGS = 12  # fits on one screen together with the counts


@app.command()
@exit_on_errors(ingest.LANDED_KEPT)
def refresh(
    source: Annotated[Path | None, typer.Option(help="Land this file or folder instead of crawling the Hub.")] = None,
    snapshot: Annotated[
        str | None, typer.Option(help="Name of the snapshot. Default: the name of the source and today's date.")
    ] = None,
    cards: Annotated[bool, typer.Option("--cards", help="Also fetch the model cards.")] = False,
    arxiv: Annotated[bool, typer.Option("--arxiv", help="Also fetch the papers.")] = False,
    budget: ingest.BudgetOption = None,
) -> None:
    """Crawl or land a new snapshot, run `dbt build`, and summarize what changed. Made for cron.

    Exit codes: 0 the marts show the new snapshot; 1 nothing was landed; 2 wrong usage; 3 another refresh is running;
    4 the gate refused the snapshot, and the marts are unchanged; 5 dbt build failed for another reason; 130 Ctrl-C.
    """
    from phylohub.ingest.readers import snapshot_name
    from phylohub.operate.compact import compact as compact_file
    from phylohub.operate.refresh import refresh_lock

    database = database_path()
    with refresh_lock(database) as lock:
        before = _state()
        if source is None:
            ingest.models(snapshot)
        else:
            ingest.dump(source, snapshot or f"{snapshot_name(source)}-{datetime.now(UTC):%Y-%m-%d}")
        if cards:
            ingest.cards(budget=budget)
        if arxiv:
            ingest.arxiv()
        outcome = _run_build(database, pass_fds=(lock,))
        with suppress(PhylohubError):  # a reader may have the file open; the next refresh compacts it
            compact_file(database)
        after = _state()
    _show_refresh(before, after)
    if outcome.code and after.refused:
        fail("the gate refused the snapshot, and the marts are unchanged. See docs/api-drift.md.", REFUSED)
    if outcome.code:
        _tell(outcome)


def _state() -> "State":
    from phylohub.operate.refresh import State, read_state

    if not database_path().exists():
        return State(None, {}, [], [])
    with connect(database_path(), read_only=True) as connection:
        return read_state(connection)


def _show_refresh(before: "State", after: "State") -> None:
    """Print the counts before and after, and the API changes: tables on a terminal, plain lines elsewhere."""
    counts = [("snapshot", before.snapshot or "none", after.snapshot or "none", "")]
    for name, now in after.counts.items():
        was = before.counts.get(name)
        counts.append(
            (name, "none" if was is None else f"{was:,}", f"{now:,}", "" if was is None else f"{now - was:+,}")
        )
    shown = after.findings[:SHOWN_FINDINGS]
    findings = [
        (finding.severity, finding.kind, f"{finding.path} {finding.value}".strip(), finding.text) for finding in shown
    ]
    if console(sys.stdout).is_terminal:
        show_table(["marts", "before", "now", "change"], [*counts])
        if findings:
            show_table(["severity", "kind", "field", "finding"], [*findings])
    else:
        for name, was_text, now_text, change in counts:
            print_line(f"{name}: {was_text} -> {now_text}" + (f" ({change})" if change else ""))
        for finding_cells in findings:
            print_line(": ".join(finding_cells))
    n_more = len(after.findings) - len(shown)
    if not after.findings:
        print_line("no API changes")
    else:
        more = f"{n_more} more findings in marts.api_drift; " if n_more else ""
        print_line(f"{more}`phylohub ingest contract propose` prints the lines that accept them")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
@exit_on_errors()
def build(context: typer.Context) -> None:
    """Run `dbt build` with its progress. Options that are not listed here are passed to dbt.

    Unit tests are left out, since they do not depend on the records; `dbt build` runs them too. Exit codes: 0 all
    models and tests are built; 5 `dbt build` failed.
    """
    database = database_path()
    if not database.exists():
        raise PhylohubError(f"{database} does not exist: no records have landed. Run `phylohub ingest dump FILE`.")
    started = time.monotonic()
    outcome = _run_build(database, context.args)
    _tell(outcome)
    n_warnings = outcome.count("test", "warn")
    print_line(
        f"built {outcome.count('model', 'success'):,} models in {time.monotonic() - started:,.0f} s; "
        f"{outcome.count('test', 'pass'):,} tests pass" + (f", {n_warnings:,} warn" if n_warnings else "")
    )
    print_line("next: phylohub summary, phylohub report, or phylohub tree MODEL")


def _run_build(database: Path, arguments: Sequence[str] = (), pass_fds: Sequence[int] = ()) -> "Outcome":
    from phylohub.cli.progress import building_progress
    from phylohub.operate.dbt_build import run_build

    with building_progress() as report:
        return run_build(database, report, arguments, pass_fds)


def _tell(outcome: "Outcome") -> None:
    """Print what dbt warned of, and exit if it failed."""
    for line in outcome.messages:
        print_note(line)
    if outcome.code:
        fail("dbt build failed. See logs/dbt.log for details.", BUILD_FAILED)


@app.command()
@exit_on_errors("The file is unchanged.")
def compact() -> None:
    """Reclaim free space in the build file if it exceeds 5 % of the used space, or if the file is small.

    No other process may have the file open. If the command is killed, the old file or the complete new one remains.
    """
    from phylohub.operate.compact import compact as compact_file

    before, after = compact_file(database_path())
    now = f" before, {after / 1e6:,.0f} MB now" if after != before else ", little or no free space"
    print_line(f"{database_path()}: {before / 1e6:,.0f} MB{now}")


@app.command()
@exit_on_errors()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Skip the requests to the Hub.")] = False,
) -> None:
    """Check Python, DuckDB, memory, disk, the build file, locks, the token and the Hub, and print what to do.

    Nothing is changed, and the token is never shown. Exit codes: 0 all is well; 6 there are warnings; 1 something must
    be fixed.
    """
    from phylohub.operate.doctor import Level, examine

    worst = Level.OK
    for check in examine(database_path(), offline=offline):
        worst = max(worst, check.level)
        found = check.found if check.found.endswith(".") or not check.advice else f"{check.found}."
        print_line(f"{check.level.name.lower():7}  {check.name}: {' '.join(f'{found} {check.advice}'.split())}")
    if worst is not Level.OK:
        raise typer.Exit(FAILED if worst is Level.ERROR else WARNED)


@contract_app.command("propose")
@exit_on_errors()
def contract_propose() -> None:
    """Print the seed lines that accept the findings of marts.api_drift.

    The lines go to standard output, and what to do with each line to standard error. Review every finding before you
    accept it.
    """
    from phylohub.operate.contract import propose

    with connect(database_path(), read_only=True) as connection:
        proposals = propose(connection, datetime.now(UTC).date())
    seed = None
    for proposal in proposals:
        if proposal.line and proposal.seed != seed:
            seed = proposal.seed
            print_note(f"seeds/{seed}.csv:")
        print_note(f"# {proposal.advice}")
        if proposal.line:
            print_line(proposal.line)
    if not proposals:
        print_note("nothing to accept: marts.api_drift is empty")
