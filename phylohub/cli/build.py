"""The commands that make and maintain a build file: build, refresh, accept, compact and doctor."""

import json
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phylohub.cli import ingest
from phylohub.cli.errors import FAILED, exit_on_errors
from phylohub.cli.groups import BUILD, MAINTAIN, App
from phylohub.cli.tables import show_table
from phylohub.core.build_file import connect, database_path, project_folder
from phylohub.core.errors import PhylohubError
from phylohub.core.terminal import console, fail, print_line, print_note

if TYPE_CHECKING:
    from phylohub.operate.dbt_build import Outcome
    from phylohub.operate.refresh import State

app = App(BUILD)

REFUSED, BUILD_FAILED = 4, 5  # exit codes of `phylohub refresh`
WARNED = 6  # exit code of `phylohub doctor`
SHOWN_FINDINGS = 12  # fits on one screen together with the counts


OUTCOMES = {
    0: "built", 1: "not landed", 3: "locked", REFUSED: "refused", BUILD_FAILED: "build failed", 130: "interrupted"
}  # fmt: skip  # one line


@app.command()
def refresh(
    source: Annotated[
        str | None, typer.Option(help="Land this file, folder, address or known dump instead of crawling the Hub.")
    ] = None,
    snapshot: Annotated[
        str | None,
        typer.Option(help="Name of the snapshot. Default: the name of the source and today's date, or its commit."),
    ] = None,
    cards: Annotated[bool, typer.Option("--cards", help="Also fetch the model cards.")] = False,
    arxiv: Annotated[bool, typer.Option("--arxiv", help="Also fetch the papers.")] = False,
    budget: ingest.BudgetOption = None,
    taken_at: ingest.TakenAtOption = None,
    scope: ingest.ScopeOption = None,
    series: ingest.SeriesOption = None,
    hub_size: ingest.HubSizeOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object to standard output; messages go to standard error.")
    ] = False,
) -> None:
    """Crawl or land a new snapshot, run `dbt build`, and summarize what changed. Made for cron.

    Exit codes: 0 the marts show the new snapshot; 1 nothing was landed; 2 wrong usage; 3 another refresh is running;
    4 the gate refused the snapshot, and the marts are unchanged; 5 dbt build failed for another reason; 130 Ctrl-C.

    --taken-at, --scope, --series and --hub-size describe what --source holds. A crawl is always the whole Hub.
    """
    about = taken_at, scope, series, hub_size
    if source is None and any(option is not None for option in about):
        raise typer.BadParameter("--taken-at, --scope, --series and --hub-size need --source; a crawl is the whole Hub")
    if not as_json:
        _refresh(source, snapshot, about, cards, arxiv, budget, {})
        return
    report: dict[str, object] = {}
    code, message = 0, None
    with redirect_stdout(sys.stderr):
        try:
            _refresh(source, snapshot, about, cards, arxiv, budget, report)
        except typer.Exit as error:
            code, message = error.exit_code, getattr(error, "message", None)
    outcome = {"outcome": OUTCOMES.get(code, "failed"), "exit_code": code, "message": message}
    typer.echo(json.dumps(outcome | {"before": None, "after": None, "findings": []} | report, indent=1))
    raise typer.Exit(code)


@exit_on_errors(ingest.LANDED_KEPT)
def _refresh(
    source: str | None,
    snapshot: str | None,
    about: tuple[datetime | None, str | None, str | None, int | None],
    cards: bool,
    arxiv: bool,
    budget: str | None,
    report: dict[str, object],
) -> None:
    """Refresh, and fill the report for programs. `about` holds time, scope, series and size, as `ingest dump` does."""
    from phylohub.ingest.readers import snapshot_name
    from phylohub.operate.compact import compact as compact_file
    from phylohub.operate.refresh import refresh_lock, refusal

    database = database_path()
    with refresh_lock(database) as lock:
        before = _state()
        if source is None:
            ingest.models(snapshot)
        else:
            dated = None if ingest.is_remote(source) else f"{snapshot_name(Path(source))}-{datetime.now(UTC):%Y-%m-%d}"
            ingest.dump(source, snapshot or dated, *about)
        if cards:
            ingest.cards(budget=budget)
        if arxiv:
            ingest.arxiv()
        outcome = _run_build(database, pass_fds=(lock,))
        with suppress(PhylohubError):  # a reader may have the file open; the next refresh compacts it
            compact_file(database)
        after = _state()
    _show_refresh(before, after)
    report["before"], report["after"] = (state.numbers() for state in (before, after))
    report["findings"] = [
        {
            "severity": finding.severity,
            "kind": finding.kind,
            "path": finding.path or None,
            "value": finding.value or None,
            "finding": finding.text,
            "measure": finding.measure,
            "before": finding.before,
            "after": finding.after,
            "bound": finding.bound,
            "examples": list(finding.examples),
        }
        for finding in after.findings
    ]
    if outcome.code and (reason := refusal("\n".join(outcome.messages))) is not None:
        fail(f"the gate refused the snapshot. {reason}", REFUSED)
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
    if before.hub_size is not None or after.hub_size is not None:
        counts.append(("share_of_hub", _coverage(before), _coverage(after), ""))
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
        print_line(f"{more}`phylohub accept SNAPSHOT [MEASURE...] --reason TEXT` accepts them")


def _coverage(state: "State") -> str:
    """The share of the Hub's models that the marts cover."""
    from phylohub.report.text import format_share

    if state.hub_size is None:
        return "none" if state.snapshot is None else "unknown"
    return f"{format_share(state.share_of_hub)} of {state.hub_size:,} models"


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


@app.command(rich_help_panel=MAINTAIN)
@exit_on_errors("The file is unchanged.")
def compact() -> None:
    """Reclaim free space in the build file if it exceeds 5 % of the used space, or if the file is small.

    No other process may have the file open. If the command is killed, the old file or the complete new one remains.
    """
    from phylohub.operate.compact import compact as compact_file

    before, after = compact_file(database_path())
    now = f" before, {after / 1e6:,.0f} MB now" if after != before else ", little or no free space"
    print_line(f"{database_path()}: {before / 1e6:,.0f} MB{now}")


@app.command(rich_help_panel=MAINTAIN)
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


@app.command(rich_help_panel=MAINTAIN)
@exit_on_errors("No seed was changed.")
def accept(
    snapshot: Annotated[str, typer.Argument(help="The snapshot that is refused, or that has findings.")],
    measures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MEASURE]...",
            help="The findings to accept: a kind (models_lost), or a kind with its path (field_gone:tags). Default: "
            "all for which the snapshot is refused.",
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why the numbers are right. It is kept beside the line.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the lines, and write nothing.")] = False,
) -> None:
    """Accept reviewed findings: write the lines that allow them into the seeds. Then run `dbt build`.

    Measures of the whole snapshot are accepted for this snapshot (seed accepted_findings), fields and words of tags
    from now on (api_contract, relations, tag_prefixes). Review every finding first: an accepted one is not reported
    again.
    """
    from phylohub.operate.accept import accept as accept_findings

    project = project_folder()
    if project is None:
        raise PhylohubError("There is no dbt_project.yml here or above. Run `phylohub accept` in the dbt project.")
    with connect(database_path(), read_only=True) as connection:
        lines = accept_findings(
            connection,
            project / "seeds",
            snapshot,
            measures or [],
            reason,
            datetime.now(UTC).date(),
            write=not dry_run,
        )
    for line in lines:
        print_line(f"seeds/{line.seed}.csv: {'replaced' if line.replaces else 'added'}: {line.text}")
    print_line("nothing was written" if dry_run else "review the seeds with `git diff`, then run `dbt build`")
