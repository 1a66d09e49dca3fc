"""The command line `phylohub`."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from phylohub.cli.explore import app as explore_app
from phylohub.core.build_file import connect, connect_to_copy, database_path
from phylohub.core.errors import PhylohubError
from phylohub.core.terminal import console, fail, print_line, printable
from phylohub.ingest.arxiv import ENDPOINT as ARXIV_ENDPOINT
from phylohub.ingest.arxiv import GAP_SECONDS, fetch_papers, load_table
from phylohub.ingest.cards import OUTCOMES, WORKERS, Budget, fetch_cards, load_cards, read_cards
from phylohub.ingest.crawl import EXPAND, crawl, unfinished_crawl
from phylohub.ingest.hub import Web, hub_endpoint, hub_token
from phylohub.ingest.landing import LoadResult, drop_snapshot, land_snapshot
from phylohub.ingest.observations import land_series
from phylohub.ingest.raw_schema import connect_raw
from phylohub.ingest.readers import Source, find_sources, read_batches, snapshot_name
from phylohub.ingest.remaining import remaining
from phylohub.operate.compact import compact as compact_file
from phylohub.operate.contract import propose
from phylohub.operate.publish import publish as publish_marts
from phylohub.operate.refresh import LockedError, State, only_one, read_state, run_build
from phylohub.synthetic.fake_hub import FakeHub
from phylohub.synthetic.hub import write_hub

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Family trees of the models on the Hugging Face Hub: land records, look at what was built.",
    epilog="Exit codes: 0 done, 1 could not be done (the message says why), 2 wrong usage, 130 Ctrl-C.",
)
ingest_app = typer.Typer(no_args_is_help=True, help="Land raw records in the warehouse, and look after them.")
app.add_typer(ingest_app, name="ingest")
contract_app = typer.Typer(no_args_is_help=True, help="What the warehouse relies on: the seed api_contract.")
ingest_app.add_typer(contract_app, name="contract")
app.add_typer(explore_app)

LOCKED, REFUSED, BUILD_FAILED = 3, 4, 5  # exit codes of `phylohub refresh`
SHOWN_FINDINGS = 12  # of a refresh: with the figures, one screen

TELL_SECONDS = 30.0  # between lines of progress where there is no terminal

SnapshotOption = Annotated[
    str | None, typer.Option(help="Name of the snapshot; by default the name of the file or folder.")
]


@ingest_app.command()
def dump(
    path: Annotated[
        Path,
        typer.Argument(
            help="JSON Lines (.jsonl, .ndjson) or a CSV table of the study, also .gz or .zst; .parquet of "
            "hub-stats or of models with their cards; or a folder."
        ),
    ],
    snapshot: SnapshotOption = None,
) -> None:
    """Land the records of files that somebody has already fetched from the Hub.

    Started again after a crash it goes on where it stopped; what is landed already is not landed twice. Records
    without an id, and what is not JSON, are set aside and counted.
    """
    with _errors():
        sources, ignored = find_sources(path)
        _land(snapshot or snapshot_name(path), sources)
        if ignored:
            shown = ", ".join(ignored[:5]) + (", ..." if len(ignored) > 5 else "")
            print_line(f"passed over, not a file of records: {shown}")


@ingest_app.command()
def observations(
    path: Annotated[Path, typer.Argument(help="JSON Lines of records with `observed_at`, also .gz or .zst.")],
    snapshot: SnapshotOption = None,
) -> None:
    """Land a series of observations: one snapshot a moment, which lists what has not changed as well.

    The snapshots are called after the file (or --snapshot) and the moment. Moments that are landed already are passed
    over.
    """
    with _errors():
        source = Source(path, path.name)
        with connect_raw(database_path(), create=True) as connection:
            results = land_series(connection, source, snapshot or snapshot_name(path))
        for result in results:
            print_line(
                f"snapshot {result.snapshot}: {result.n_models:,} models ({result.n_observed:,} observed, "
                f"{result.n_removed:,} removed)"
            )


@ingest_app.command("models")
def ingest_models(
    snapshot: Annotated[
        str | None,
        typer.Option(help="Name of the snapshot; by default that of the unfinished crawl, or hub- and the date."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop after the page that brings the records to this number.")
    ] = None,
    since_snapshot: Annotated[
        str | None,
        typer.Option(help="Carry over what this crawled snapshot holds, and ask only for models created since."),
    ] = None,
    expand: Annotated[
        str | None, typer.Option(help="Fields to ask for, separated by commas. Default: " + ",".join(EXPAND) + ".")
    ] = None,
) -> None:
    """Crawl the list of all models from the Hub: HF_ENDPOINT, with the token in HF_TOKEN if there is one.

    Started again after a crash it goes on where it stopped. It keeps to the Hub's rate limits and waits out
    outages of up to a day. The snapshot is complete, and marts read it, when the last page is in.
    """
    with _errors(), connect_raw(database_path(), create=True) as connection, _counting("records") as (count, say):
        name = snapshot or unfinished_crawl(connection) or f"hub-{datetime.now(UTC):%Y-%m-%d}"
        web = Web(hub_endpoint(), token=hub_token(), say=say)
        say(f"crawling {web.endpoint}{' with HF_TOKEN' if hub_token() else ''} into snapshot {name}")
        result = crawl(
            connection,
            web,
            name,
            expand=[field.strip() for field in expand.split(",")] if expand else EXPAND,
            limit=limit,
            since=since_snapshot,
            progress=lambda n_landed: count(n_landed, None),
        )
    print_line(
        f"snapshot {name}: {result.n_landed:,} records ({result.n_new:,} new), {result.n_rejected:,} rejected, "
        + ("complete" if result.complete else "not complete: the same command without --limit goes on")
    )


@ingest_app.command("cards")
def ingest_cards(
    snapshot: Annotated[
        str | None, typer.Option(help="Whose models' cards; by default those of the snapshot that the marts show.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="Stop after so many requests (20000) or so much time (90m, 8h).")
    ] = None,
    again: Annotated[
        str, typer.Option(help=f"Ask again where the last outcome is one of these: {', '.join(OUTCOMES)}.")
    ] = "failed",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Requests under way at the same time.")] = WORKERS,
    file: Annotated[
        Path | None,
        typer.Option(help="Land the cards of a file (JSON Lines with id and card) instead of asking the Hub."),
    ] = None,
) -> None:
    """Fetch the model cards, one request each, and keep what came of every one.

    A card is fetched again only when its model has changed. Started again, it goes on where it stopped.
    """
    with _errors(), connect_raw(database_path()) as connection, _counting("cards") as (count, say):
        if file is not None:
            print_line(f"{file.name}: {load_cards(connection, file):,} new cards")
            return
        wanted = [outcome.strip() for outcome in again.split(",") if outcome.strip()]
        if not set(wanted) <= set(OUTCOMES):
            raise typer.BadParameter(f"outcomes are {', '.join(OUTCOMES)}", param_hint="--again")
        web = Web(hub_endpoint(), token=hub_token(), reserve=workers, say=say)
        result = fetch_cards(
            connection, web, snapshot, budget=_budget(budget), again=wanted, workers=workers, progress=count
        )
    print_line(f"cards: {_counted(result.outcomes)}; {result.n_left:,} left to ask for")


@ingest_app.command("arxiv")
def ingest_arxiv(
    snapshot: Annotated[
        str | None,
        typer.Option(help="Whose models' papers; by default those of the snapshot that the marts show."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask for so many papers at most.")] = None,
    table: Annotated[
        Path | None,
        typer.Option(help="Land a CSV table with the columns arxiv_id and categories instead of asking arXiv."),
    ] = None,
) -> None:
    """Fetch titles, abstracts and categories of the papers that models link to, from arXiv, at its pace."""
    with _errors(), connect_raw(database_path()) as connection, _counting("papers") as (count, say):
        if table is not None:
            print_line(f"{table.name}: {load_table(connection, table):,} new papers")
            return
        web = Web(os.environ.get("PHYLOHUB_ARXIV_ENDPOINT") or ARXIV_ENDPOINT, gap=GAP_SECONDS, say=say)
        result = fetch_papers(connection, web, snapshot, limit=limit, progress=count)
    print_line(f"papers: {_counted(result.outcomes)}; {result.n_left:,} left to ask for")


@ingest_app.command()
def synthetic(
    models: Annotated[int, typer.Option(min=1, help="How many models to make.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes another hub.")] = 1,
    snapshot: SnapshotOption = None,
) -> None:
    """Make a synthetic hub and land it: made-up models with known rates, labelled synthetic everywhere.

    The same number and seed give the same records, byte for byte. They are kept beside the build file.
    """
    with _errors():
        name = f"synthetic-{models}-seed-{seed}"
        path = database_path().parent / "synthetic" / f"{name}.jsonl.gz"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_hub(path, models, seed)
            print_line(f"made {models:,} synthetic models: {path}")
        _land(snapshot or name, [Source(path, path.name)])


@ingest_app.command()
def status() -> None:
    """Show what has landed and what was rejected, cards and papers by outcome, and how long the rest takes."""
    with _errors(), connect(database_path(), read_only=True) as connection:
        if "hub_rejects" not in _tables(connection, "raw"):
            raise PhylohubError(
                "Nothing has been landed yet. Run `phylohub ingest dump` or `phylohub ingest synthetic`."
            )
        _show(
            connection,
            """
            select
                snapshot,
                case when snapshots.completed_at is null then 'incomplete' else 'complete' end as state,
                count(loads.source) as sources,
                coalesce(sum(n_landed), 0)::bigint as landed,
                coalesce(sum(n_rejected), 0)::bigint as rejected
            from raw.snapshots
            left join raw.loads using (snapshot)
            group by snapshot, snapshots.completed_at
            order by snapshots.completed_at nulls first, snapshot
            """,
        )
        rejects = """
            select
                snapshot, reason, count(*) as records, arg_min(source || ', line ' || position, position) as first
            from raw.hub_rejects
            group by snapshot, reason
            order by snapshot, reason
        """
        _show_rows(connection, rejects)
        if "cards" in _tables(connection, "raw"):
            _live_status(connection)


@ingest_app.command()
def drop(snapshot: Annotated[str, typer.Argument(help="The snapshot to remove.")]) -> None:
    """Remove a snapshot and everything landed under its name."""
    with _errors(), connect_raw(database_path()) as connection:
        removed = drop_snapshot(connection, snapshot)
        print_line(f"removed snapshot {snapshot}: {removed:,} records")


@app.command()
def hub(
    path: Annotated[Path, typer.Argument(help="The file to write: .jsonl, or compressed with .jsonl.gz, .jsonl.zst.")],
    models: Annotated[int, typer.Option(min=1, help="How many models to make.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes another hub.")] = 1,
    cards: Annotated[
        Path | None, typer.Option(help="A second file to write, with the models' cards: for `phylohub ingest cards`.")
    ] = None,
) -> None:
    """Write a synthetic hub to a file, to land, serve or measure: made-up models, labelled synthetic everywhere."""
    with _errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = write_hub(path, models, seed, cards)
        print_line(f"made {models:,} synthetic models, {lines:,} records: {path}")


@contract_app.command("propose")
def contract_propose() -> None:
    """Print the lines to add to the seeds so that what marts.api_drift has found is expected from now on.

    The lines go to standard output, what to do with each to standard error. Read every finding before you accept it.
    """
    with _errors(), connect(database_path(), read_only=True) as connection:
        proposals = propose(connection, datetime.now(UTC).date())
    seed = None
    for proposal in proposals:
        if proposal.line and proposal.seed != seed:
            seed = proposal.seed
            _note(f"seeds/{seed}.csv:")
        _note(f"# {proposal.advice}")
        if proposal.line:
            print_line(proposal.line)
    if not proposals:
        _note("nothing to accept: marts.api_drift is empty")


@app.command()
def refresh(
    source: Annotated[Path | None, typer.Option(help="Land this file or folder instead of crawling the Hub.")] = None,
    snapshot: Annotated[
        str | None, typer.Option(help="Name of the snapshot; by default that of the source and the date.")
    ] = None,
    cards: Annotated[bool, typer.Option("--cards", help="Fetch the model cards as well.")] = False,
    arxiv: Annotated[bool, typer.Option("--arxiv", help="Fetch the papers as well.")] = False,
    budget: Annotated[
        str | None, typer.Option(help="For the cards: so many requests (20000) or so much time (8h).")
    ] = None,
) -> None:
    """Crawl or land a new snapshot, run `dbt build`, and say what changed and what drifted: for cron.

    Exit codes: 0 the marts show the new snapshot; 1 nothing could be landed; 2 wrong usage; 3 another refresh is
    under way; 4 the snapshot is refused, and the marts stay as they were; 5 dbt build failed otherwise; 130 Ctrl-C.
    """
    with _errors():
        database = database_path()
        try:
            with only_one(database) as lock:
                before = _state()
                if source is None:
                    ingest_models(snapshot)
                else:
                    dump(source, snapshot or f"{snapshot_name(source)}-{datetime.now(UTC):%Y-%m-%d}")
                if cards:
                    ingest_cards(budget=budget)
                if arxiv:
                    ingest_arxiv()
                print_line("building")
                code, printed = run_build(database, lock)
                with suppress(PhylohubError):  # a reader may have it open: the next refresh does it
                    compact_file(database)
                after = _state()
        except LockedError as error:
            fail(str(error), LOCKED)
        _show_refresh(before, after)
        if code and after.refused:
            fail("the snapshot is refused; the marts stay as they were. docs/api-drift.md tells what to do", REFUSED)
        if code:
            for line in printed.splitlines():
                _note(line)
            fail("dbt build failed; logs/dbt.log has more", BUILD_FAILED)


def _state() -> State:
    if not database_path().exists():
        return State(None, {}, [], [])
    with connect(database_path(), read_only=True) as connection:
        return read_state(connection)


def _show_refresh(before: State, after: State) -> None:
    """What has changed and what drifted, on one screen: tables on a terminal, plain lines elsewhere."""
    out = console(sys.stdout)
    rows = [("snapshot", before.snapshot or "none", after.snapshot or "none", "")]
    for name, now in after.figures.items():
        was = before.figures.get(name)
        rows.append((name, "none" if was is None else f"{was:,}", f"{now:,}", "" if was is None else f"{now - was:+,}"))
    shown = after.findings[:SHOWN_FINDINGS]
    if out.is_terminal:
        figures, findings = Table("marts", "before", "now", "change"), Table("severity", "kind", "field", "finding")
        for row in rows:
            figures.add_row(*[Text(printable(cell)) for cell in row])
        for finding in shown:
            subject = " ".join(word for word in (finding.path, finding.value) if word)
            cells = (finding.severity, finding.kind, subject, finding.text)
            findings.add_row(*[Text(printable(cell)) for cell in cells])
        out.print(figures)
        if shown:
            out.print(findings)
    else:
        for name, was_text, now_text, change in rows:
            print_line(f"{name}: {was_text} -> {now_text}" + (f" ({change})" if change else ""))
        for finding in shown:
            subject = " ".join(word for word in (finding.path, finding.value) if word)
            print_line(f"{finding.severity}: {finding.kind}: {subject}: {finding.text}")
    n_more = len(after.findings) - len(shown)
    print_line(
        "no drift"
        if not after.findings
        else (f"{n_more} more findings in marts.api_drift; " if n_more else "")
        + "`phylohub ingest contract propose` prints the lines that accept them"
    )


@app.command()
def fakehub(
    records: Annotated[Path, typer.Argument(help="Records to serve: any file or folder that can be landed.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8765,
    cards: Annotated[Path | None, typer.Option(help="Cards to serve: JSON Lines with id and card.")] = None,
) -> None:
    """Serve records as the Hub would, on this machine only, to try things out without the Hub.

    It speaks the API of models and files: pages, cursors, cards with ETag, errors. Ctrl-C ends it.
    """
    with _errors():
        batches = [batch for source in find_sources(records)[0] for batch in read_batches(source)]
        served = [card for batch in batches for card in batch.cards if card] + list(read_cards(cards) if cards else [])
        try:
            hub = FakeHub(
                (record for batch in batches for record in batch.records),
                {card.model_id: card.text for card in served if card.text is not None},
                port=port,
            )
        except OSError as error:
            raise PhylohubError(f"Port {port} cannot be used: {error.strerror}. Choose another with --port.") from error
        with hub:
            print_line(f"serving {len(hub.listed()):,} models and {len(hub.cards):,} cards until Ctrl-C; elsewhere:")
            print_line(f"HF_ENDPOINT={hub.url} phylohub ingest models")
            sys.stdout.flush()
            hub.closing.wait()


@app.command()
def summary() -> None:
    """Say what was built and where, and what to look at next."""
    with _errors(), connect(database_path(), read_only=True) as connection:
        marts = _tables(connection, "marts")
        if "snapshot_health" not in marts:
            raise PhylohubError("No marts yet. Run `dbt build`.")
        _show_row(connection, "from marts.snapshot_health")
        counts = Table("mart", "rows", title="marts", title_justify="left")
        counts.columns[1].justify = "right"
        for mart in marts:
            rows = connection.execute(f'select count(*) from marts."{mart}"').fetchone()
            counts.add_row(Text(mart), f"{rows[0] if rows else 0:,}")
        console(sys.stdout).print(counts)
        if connection.execute("select bool_or(is_synthetic) from marts.models").fetchone() == (True,):
            print_line("These models are SYNTHETIC. For real ones: make build SOURCE=path/to/records.jsonl.gz")
        print_line(f"built: {database_path()}")
        query = "from marts.families where edge_set = 'finetune' order by n_models desc limit 10"
        print_line("next, with the environment active (. .venv/bin/activate):")
        print_line(
            f"python -c \"import duckdb; print(duckdb.connect('{database_path()}', read_only=True)"
            f'.sql(\\"{query}\\"))"'
        )


@app.command()
def compact() -> None:
    """Give back the free blocks of the build file, if they are more than a twentieth of those in use, or it is small.

    Nobody else may have it open. A kill leaves the file as it was, or the whole new one.
    """
    with _errors("The file is as it was."):
        before, after = compact_file(database_path())
    now = f" before, now {after / 1e6:,.0f} MB" if after != before else ", hardly a free block"
    print_line(f"{database_path()}: {before / 1e6:,.0f} MB{now}")


@app.command()
def report(
    to: Annotated[Path, typer.Option(help="The folder to write. One that holds a report is replaced.")] = Path(
        "build/report"
    ),
) -> None:
    """Write the figures and tables of the marts as a folder of HTML that opens from disk, without a network."""
    # Not at the top: the figures take half a second to import, which no other command should wait for.
    from phylohub.report.build import write_report

    with _errors("The report that was there is kept; mend that and run the same command again."):
        n_figures = write_report(database_path(), to)
    print_line(f"report: {to / 'index.html'} ({n_figures} figures, each as SVG and PNG in {to / 'figures'})")


@app.command()
def publish(
    to: Annotated[
        Path | None, typer.Option(help="Folder of published versions; by default `published` beside the build file.")
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="How many versions stay.")] = 3,
    force: Annotated[bool, typer.Option(help="Publish even after a dbt build that was not green.")] = False,
) -> None:
    """Publish a read-only copy of the marts for BI: a DuckDB file, parquet files and a manifest.

    Readers of the last version are not disturbed; whoever opens `current` afterwards gets the new one.
    """
    with _errors("What was published before is still current; mend that and run the same command again."):
        folder = to or database_path().parent / "published"
        with connect_to_copy(database_path()) as connection:
            done = publish_marts(connection, folder, keep=keep, force=force)
        print_line(
            f"published {done.n_marts} marts, {done.n_rows:,} rows, as version {done.version}: {folder / 'current'}"
        )


def _land(snapshot: str, sources: list[Source]) -> None:
    """Land sources, with a bar on a terminal, and say in a line a source what came of it."""
    with connect_raw(database_path(), create=True) as connection, _progress(sources) as progress:
        results = land_snapshot(connection, snapshot, sources, progress)
    for result in results:
        print_line(_line(snapshot, result))
    if any(result.n_rejected for result in results):
        print_line("rejected records are kept in raw.hub_rejects; `phylohub ingest status` counts them by reason")


@contextmanager
def _progress(sources: list[Source]) -> Iterator[Callable[[Source, float], None]]:
    """What to tell how far each source is: a bar on a terminal, nothing elsewhere."""
    out = console(sys.stderr)
    places = {source: place for place, source in enumerate(sources)}
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=out,
        disable=not out.is_terminal,
    ) as bars:
        task = bars.add_task("landing", total=len(sources))

        def tell(source: Source, done: float) -> None:
            description = printable(f"landing {source.name}")
            bars.update(task, description=description, completed=places[source] + done)

        yield tell


@contextmanager
def _counting(what: str) -> Iterator[tuple[Callable[[int, int | None], None], Callable[[str], None]]]:
    """What to tell how many are done of how many, if that is known, and what to say a line with: a bar on a
    terminal, a line every half minute elsewhere."""
    out = console(sys.stderr)
    told_at = time.monotonic()
    with Progress(
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=out,
        disable=not out.is_terminal,
    ) as bars:
        task = bars.add_task(what)

        def say(line: str) -> None:
            bars.console.print(Text(printable(line)), soft_wrap=True)

        def count(n_done: int, n_all: int | None) -> None:
            nonlocal told_at
            line = f"{n_done:,} {what}" if n_all is None else f"{n_done:,} of {n_all:,} {what}"
            bars.update(task, description=line)
            if not out.is_terminal and time.monotonic() - told_at >= TELL_SECONDS:
                told_at = time.monotonic()
                say(line)

        yield count, say


def _budget(text: str | None) -> Budget:
    match = re.fullmatch(r"([0-9]+)(m|min|h)?", text or "0")
    if match is None:
        raise typer.BadParameter(
            "so many requests, such as 20000, or so much time, such as 90m or 8h", param_hint="--budget"
        )
    if text is None:
        return Budget()
    amount = int(match[1])
    return (
        Budget(requests=amount) if match[2] is None else Budget(seconds=amount * (3600.0 if match[2] == "h" else 60.0))
    )


def _counted(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items())) or "nothing to do"


def _live_status(connection: duckdb.DuckDBPyConnection) -> None:
    """Cards and papers by outcome, and how long what remains will take."""
    for what, key in (("cards", "model_id"), ("arxiv_papers", "arxiv_id")):
        _show_rows(
            connection,
            f"""
            select outcome as {what}, count(*) as n
            from (select arg_max(outcome, fetched_at) as outcome from raw.{what} group by {key})
            group by outcome
            order by outcome
            """,
        )
    for line in remaining(connection):
        print_line(line)


def _line(snapshot: str, result: LoadResult) -> str:
    return (
        f"snapshot {snapshot}: {result.source}: {result.n_landed:,} records ({result.n_new:,} new), "
        f"{result.n_rejected:,} rejected"
    )


def _tables(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    rows = connection.execute(
        "select table_name from information_schema.tables where table_schema = ? order by table_name", [schema]
    ).fetchall()
    return [name for (name,) in rows]


def _show_rows(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Print the result of a query as a table, if it has a row."""
    if connection.execute(query).fetchone():
        _show(connection, query)


def _show(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Print the result of a query as a table."""
    result = connection.execute(query)
    table = Table(*[column[0] for column in result.description or []])
    for row in result.fetchall():
        table.add_row(*[_cell(value) for value in row])
    console(sys.stdout).print(table)


def _show_row(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Print the first row of a result, a line a column: it may have more columns than a terminal is wide."""
    result = connection.execute(query)
    table = Table("name", "value")
    for column, value in zip(result.description or [], result.fetchone() or (), strict=False):
        table.add_row(_cell(column[0]), _cell(value))
    console(sys.stdout).print(table)


def _cell(value: object) -> Text:
    """A value is data: never markup, its control characters escaped."""
    return Text(printable(f"{value:,}" if isinstance(value, int) else str(value)))


def _note(line: str) -> None:
    console(sys.stderr).print(Text(printable(line)), soft_wrap=True)


@contextmanager
def _errors(
    again: str = "What was landed before is kept; mend that and run the same command again.",
) -> Iterator[None]:
    """What the user can mend ends in one line on standard error and exit code 1, not in a traceback."""
    try:
        yield
    except PhylohubError as error:
        fail(str(error), 1)
    except duckdb.Error as error:
        fail(f"{database_path()}: {error}. {again}", 1)
    except OSError as error:  # names the file itself
        fail(f"{error}. {again}", 1)
    except (KeyboardInterrupt, RuntimeError) as error:
        # Ctrl-C while DuckDB runs a statement arrives as a RuntimeError.
        if isinstance(error, RuntimeError) and str(error) != "Query interrupted":
            raise
        fail("stopped. What was landed before is kept; the same command goes on from there.", 130)


if __name__ == "__main__":
    app()
