"""`phylohub ingest`: the commands that land raw records, cards and papers in the build file.

Imports of the ingest modules are inside the commands: they load pyarrow, NumPy and huggingface_hub, which take longer
than a query about a model.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import duckdb
import typer

from phylohub.cli.errors import exit_on_errors
from phylohub.cli.groups import App
from phylohub.cli.tables import show_rows, show_table, table_names
from phylohub.core.build_file import connect, database_path, one_row
from phylohub.core.errors import PhylohubError
from phylohub.core.terminal import print_line, print_note

if TYPE_CHECKING:
    from phylohub.ingest.cards import Budget
    from phylohub.ingest.declared import Declared
    from phylohub.ingest.hub_client import HubClient
    from phylohub.ingest.readers import Source

app = App(no_args_is_help=True, help="Land raw records in the build file, and list or drop snapshots.")

LANDED_KEPT = "Everything that has landed is kept."

# For the help texts: copies of the constants of phylohub.ingest, since importing them is slow. A test compares them.
EXPAND = (
    "author,baseModels,cardData,config,createdAt,disabled,downloads,downloadsAllTime,gated,gguf,lastModified,library_name,"
    "likes,pipeline_tag,private,safetensors,sha,siblings,tags,trendingScore"
)
OUTCOMES = ("ok", "unchanged", "none", "gated", "gone", "disabled", "too large", "failed")
WORKERS = 8
MAX_REVISIONS = 52  # a year of weekly dumps

SnapshotOption = Annotated[
    str | None, typer.Option(help="Name of the snapshot. Default: the name of the file or folder.")
]
TakenAtOption = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z"],
        help="When the Hub was in this state, in UTC unless it has an offset. Default: the day in the name of the file "
        "or its folder, else when the file was modified.",
    ),
]
ScopeOption = Annotated[
    str | None,
    typer.Option(
        help="What the snapshot holds: hub (the whole Hub), sample (a part, another one each time), or a name for a "
        "part that is the same each time. Default: that of the last snapshot of the series, else unknown."
    ),
]
SeriesOption = Annotated[
    str | None,
    typer.Option(help="Snapshots of one series are compared. Default: the name of the file without its date."),
]
HubSizeOption = Annotated[
    int | None, typer.Option(min=1, help="The number of models on the Hub at that time, for the share that is covered.")
]
CurrentSnapshotOption = Annotated[
    str | None, typer.Option(help="Fetch for the models of this snapshot. Default: the last complete snapshot.")
]
BudgetOption = Annotated[
    str | None, typer.Option(help="Stop fetching after this many requests (20000) or this time (90m, 8h).")
]


@app.command()
@exit_on_errors(LANDED_KEPT)
def dump(
    source: Annotated[
        str,
        typer.Argument(
            help="A file of models: JSON Lines, a JSON array or answer of the API, or CSV, also with .gz or .zst; "
            ".parquet of hub-stats or of models with their cards; or a folder of such files. Its content decides. Also "
            "an address (hf://datasets/OWNER/NAME[@REVISION]/PATH, https://, s3:// ...; PATH may be a folder or glob), "
            "or a name that `phylohub ingest sources` lists."
        ),
    ],
    snapshot: SnapshotOption = None,
    taken_at: TakenAtOption = None,
    scope: ScopeOption = None,
    series: SeriesOption = None,
    hub_size: HubSizeOption = None,
    all_revisions: Annotated[
        bool, typer.Option("--all-revisions", help="Land a snapshot per commit that changed the hf:// file.")
    ] = False,
    max_revisions: Annotated[
        int, typer.Option(min=1, help="Land at most this many revisions with --all-revisions: the newest ones.")
    ] = MAX_REVISIONS,
) -> None:
    """Land the records of files that were fetched from the Hub before, or of the files at an address.

    Files of the Hub are downloaded to the cache of huggingface_hub; their commit names the snapshot and dates it.

    After an interruption the same command resumes, and never lands a record twice. Lines that are not JSON and records
    without an id are rejected and counted. Run it again with --taken-at, --scope, --series or --hub-size to change what
    is declared about a snapshot that has landed.
    """
    from phylohub.ingest.declared import Declared
    from phylohub.ingest.readers import find_sources, snapshot_name

    declared = Declared(_utc(taken_at), scope, series, hub_size)
    if (address := _address(source)) is not None:
        _dump_address(address, snapshot, declared, max_revisions if all_revisions else None)
        return
    if all_revisions:
        raise typer.BadParameter(
            "only files of repositories on the Hub (hf://) have revisions", param_hint="--all-revisions"
        )
    path = Path(source)
    name = snapshot or snapshot_name(path)
    try:
        sources, ignored = find_sources(path)
    except PhylohubError as error:
        if _restore(name, path):
            raise PhylohubError(f"{error} Snapshot {name} is complete as before the interrupted load.") from error
        raise
    _land(name, sources, declared)
    _show_read(sources, ignored)


@app.command()
@exit_on_errors()
def sources() -> None:
    """List the dumps that `phylohub ingest dump` knows by name, with size, date and license as the Hub states them."""
    from phylohub.cli.progress import downloading_progress
    from phylohub.ingest.addresses import KNOWN_DUMPS, describe

    rows: list[tuple[object, ...]] = []
    errors: list[str] = []
    with downloading_progress() as (_, say):
        client = _hub_client(say)
        for name, known in KNOWN_DUMPS.items():
            about: tuple[str, ...] = ("not known",) * 3
            try:
                found = describe(client, known, max_tries=3)
                about = (_megabytes(found.size), f"{found.changed_at:%Y-%m-%d}", found.license or "not stated")
            except PhylohubError as problem:
                errors.append(f"{name}: {problem}")
            rows.append((name, *about, known.content))
    show_table(["name", "size", "date", "license", "content"], rows)
    for name, known in KNOWN_DUMPS.items():
        print_line(f"{name}: {known.address}")
    for error in errors:
        print_note(f"note: {error}")
    if len(errors) == len(rows):
        raise PhylohubError(f"{client.web.endpoint} answered for none of them. Check the network and HF_ENDPOINT.")


@app.command()
@exit_on_errors(LANDED_KEPT)
def observations(
    path: Annotated[Path, typer.Argument(help="JSON Lines of records with `observed_at`, also with .gz or .zst.")],
    snapshot: SnapshotOption = None,
) -> None:
    """Land a time series of observed records as one snapshot per observation time.

    Each snapshot also lists the models that did not change. Its name is the name of the file (or --snapshot) followed
    by the time. Snapshots that have landed before are skipped.
    """
    from phylohub.ingest.observations import land_series
    from phylohub.ingest.raw_schema import connect_raw
    from phylohub.ingest.readers import Source, snapshot_name

    source = Source(path, path.name)
    with connect_raw(database_path(), create=True) as connection:
        results = land_series(connection, source, snapshot or snapshot_name(path))
    for result in results:
        print_line(
            f"snapshot {result.snapshot}: {result.n_models:,} models ({result.n_observed:,} observed, "
            f"{result.n_removed:,} removed)"
        )


@app.command()
@exit_on_errors(LANDED_KEPT)
def models(
    snapshot: Annotated[
        str | None,
        typer.Option(help="Name of the snapshot. Default: the unfinished crawl, or hub- and today's date."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop after the page that reaches this number of records.")
    ] = None,
    since_snapshot: Annotated[
        str | None,
        typer.Option(help="Copy the listings of this crawled snapshot, and fetch only models created since."),
    ] = None,
    expand: Annotated[
        str | None, typer.Option(help=f"Fields to fetch, separated by commas. Default: {EXPAND}.")
    ] = None,
) -> None:
    """Crawl the list of all models from the Hub (HF_ENDPOINT), with the token in HF_TOKEN if it is set.

    After an interruption the same command resumes. The crawl respects the Hub's rate limits and retries for up to
    24 hours during an outage. The snapshot is complete, and visible to the marts, once the last page has landed.
    """
    from phylohub.cli.progress import counting_progress
    from phylohub.ingest.crawl import EXPAND as ALL_FIELDS
    from phylohub.ingest.crawl import crawl, unfinished_crawl
    from phylohub.ingest.hub import Web, hub_endpoint, hub_token
    from phylohub.ingest.raw_schema import connect_raw, latest_time

    with (
        connect_raw(database_path(), create=True) as connection,
        counting_progress("records") as (count, say),
    ):
        name = snapshot or unfinished_crawl(connection) or f"hub-{datetime.now(UTC):%Y-%m-%d}"
        web = Web(hub_endpoint(), token=hub_token(), say=say)
        if (latest := latest_time(connection)) and latest > datetime.now(UTC).replace(tzinfo=None):
            say(f"the clock is behind the last landing, {latest:%Y-%m-%d %H:%M:%S} UTC: new times count on from there")
        say(f"crawling {web.endpoint}{' with HF_TOKEN' if hub_token() else ''} into snapshot {name}")
        result = crawl(
            connection,
            web,
            name,
            expand=[field.strip() for field in expand.split(",")] if expand else ALL_FIELDS,
            limit=limit,
            since=since_snapshot,
            progress=lambda n_landed: count(n_landed, None),
        )
    print_line(
        f"snapshot {name}: {result.n_landed:,} records ({result.n_new:,} new), {result.n_rejected:,} rejected, "
        + ("complete" if result.complete else "not complete: run the same command without --limit to continue")
    )


@app.command()
@exit_on_errors(LANDED_KEPT)
def cards(
    snapshot: CurrentSnapshotOption = None,
    budget: BudgetOption = None,
    again: Annotated[
        str, typer.Option(help=f"Fetch again if the last outcome is one of these: {', '.join(OUTCOMES)}.")
    ] = "failed",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Number of concurrent requests.")] = WORKERS,
    file: Annotated[
        Path | None,
        typer.Option(help="Land the cards of this file (JSON Lines with id and card) instead of fetching them."),
    ] = None,
) -> None:
    """Fetch the model cards with one request each, and record the outcome of every request.

    A card is fetched again only if its model has changed. After an interruption the same command resumes.
    """
    from phylohub.cli.progress import counting_progress
    from phylohub.ingest.cards import fetch_cards, load_cards
    from phylohub.ingest.hub import Web, hub_endpoint, hub_token
    from phylohub.ingest.raw_schema import connect_raw

    with (
        connect_raw(database_path()) as connection,
        counting_progress("cards") as (count, say),
    ):
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
    print_line(f"cards: {_counted(result.outcomes)}; {result.n_left:,} left to fetch")


@app.command()
@exit_on_errors(LANDED_KEPT)
def configs(
    snapshot: CurrentSnapshotOption = None,
    budget: BudgetOption = None,
    again: Annotated[
        str, typer.Option(help="Fetch again if the last outcome is one of these (ok, none, gated, invalid ...).")
    ] = "failed",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Number of concurrent requests.")] = WORKERS,
) -> None:
    """Fetch the config.json of the models that matter most: those with the most children or downloads first.

    The marts read sizes of layers, heads and vocabulary from it. A configuration is fetched again only if its model has
    changed. After an interruption the same command resumes.
    """
    from phylohub.cli.progress import counting_progress
    from phylohub.ingest.configs import fetch_configs
    from phylohub.ingest.hub import Web, hub_endpoint, hub_token
    from phylohub.ingest.raw_schema import connect_raw

    with (
        connect_raw(database_path()) as connection,
        counting_progress("configurations") as (count, say),
    ):
        wanted = [outcome.strip() for outcome in again.split(",") if outcome.strip()]
        web = Web(hub_endpoint(), token=hub_token(), reserve=workers, say=say)
        result = fetch_configs(
            connection, web, snapshot, budget=_budget(budget), again=wanted, workers=workers, progress=count
        )
    print_line(f"configurations: {_counted(result.outcomes)}; {result.n_left:,} left to fetch")


@app.command()
@exit_on_errors(LANDED_KEPT)
def arxiv(
    snapshot: CurrentSnapshotOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Fetch at most this many papers.")] = None,
    table: Annotated[
        Path | None,
        typer.Option(help="Land a CSV table with the columns arxiv_id and categories instead of fetching from arXiv."),
    ] = None,
) -> None:
    """Fetch titles, abstracts and categories of the papers that models link to, at arXiv's rate limit."""
    from phylohub.cli.progress import counting_progress
    from phylohub.ingest.arxiv import ENDPOINT, GAP_SECONDS, fetch_papers, load_table
    from phylohub.ingest.hub import Web
    from phylohub.ingest.raw_schema import connect_raw

    with (
        connect_raw(database_path()) as connection,
        counting_progress("papers") as (count, say),
    ):
        if table is not None:
            print_line(f"{table.name}: {load_table(connection, table):,} new papers")
            return
        web = Web(os.environ.get("PHYLOHUB_ARXIV_ENDPOINT") or ENDPOINT, gap=GAP_SECONDS, say=say)
        result = fetch_papers(connection, web, snapshot, limit=limit, progress=count)
    print_line(f"papers: {_counted(result.outcomes)}; {result.n_left:,} left to fetch")


@app.command()
@exit_on_errors(LANDED_KEPT)
def synthetic(
    models: Annotated[int, typer.Option(min=1, help="Number of models to generate.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Random seed: another seed gives another hub.")] = 1,
    snapshot: SnapshotOption = None,
) -> None:
    """Generate a synthetic hub and land it: made-up models with known rates, marked as synthetic everywhere.

    The same number of models and seed give the same records, byte for byte. The file is kept beside the build file.
    """
    from phylohub.ingest.declared import WHOLE, Declared
    from phylohub.ingest.readers import Source
    from phylohub.synthetic.hub import write_hub

    name = f"synthetic-{models}-seed-{seed}"
    path = database_path().parent / "synthetic" / f"{name}.jsonl.gz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_hub(path, models, seed)
        print_line(f"generated {models:,} synthetic models: {path}")
    _land(snapshot or name, [Source(path, path.name)], Declared(scope=WHOLE))


@app.command()
@exit_on_errors()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Show snapshots, rejected records, and cards and papers by outcome, and how long fetching the rest will take."""
    with connect(database_path(), read_only=True) as connection:
        if "hub_rejects" not in table_names(connection, "raw"):
            raise PhylohubError("Nothing has landed yet. Run `phylohub ingest dump` or `phylohub ingest synthetic`.")
        if as_json:
            from phylohub.ingest.remaining import status_of

            # ASCII, so that no character of a name is lost on any terminal.
            typer.echo(json.dumps(status_of(connection), indent=1, default=lambda time: f"{time.isoformat()}Z"))
            return
        show_rows(
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
        show_rows(
            connection,
            """
            select
                snapshot, reason, count(*) as records, arg_min(source || ', line ' || position, position) as first
            from raw.hub_rejects
            group by snapshot, reason
            order by snapshot, reason
            """,
        )
        if "cards" in table_names(connection, "raw"):
            _show_outcomes(connection)


@app.command()
@exit_on_errors(LANDED_KEPT)
def drop(snapshot: Annotated[str, typer.Argument(help="The snapshot to remove.")]) -> None:
    """Remove a snapshot and everything landed under its name."""
    from phylohub.ingest.landing import drop_snapshot
    from phylohub.ingest.raw_schema import connect_raw

    with connect_raw(database_path()) as connection:
        removed = drop_snapshot(connection, snapshot)
        print_line(f"removed snapshot {snapshot}: {removed:,} records")


def is_remote(source: str) -> bool:
    """Whether a source is an address or a known dump, which name their snapshots themselves."""
    return _address(source) is not None


def _address(source: str) -> str | None:
    """The address that a source is or names, or None if it is a local path."""
    if "://" not in source and not re.fullmatch("[a-z-]+", source):
        return None  # without the imports below
    from phylohub.ingest.addresses import address_of

    return address_of(source)


def _hub_client(say: Callable[[str], None]) -> "HubClient":
    from phylohub.ingest.hub import Web, hub_endpoint, hub_token
    from phylohub.ingest.hub_client import HubClient

    return HubClient(Web(hub_endpoint(), token=hub_token(), say=say))


def _dump_address(address: str, snapshot: str | None, declared: "Declared", n_revisions: int | None) -> None:
    """Download and land what an address names. `n_revisions`: None lands one revision under its name or `snapshot`."""
    from phylohub.cli.progress import downloading_progress
    from phylohub.ingest.addresses import fetch_elsewhere, fetch_revision, hub_uri
    from phylohub.ingest.hub_files import revisions

    with downloading_progress() as (progress, say):
        client = _hub_client(say)
        uri = hub_uri(address, client)
        found = [] if uri is None else revisions(client, uri, n_revisions or 1)
    if uri is None and n_revisions is not None:
        raise typer.BadParameter(
            "only files of repositories on the Hub (hf://) have revisions", param_hint="--all-revisions"
        )
    if uri is None:
        with downloading_progress() as (progress, say):
            fetched = fetch_elsewhere(_hub_client(say), address, progress)
        _land(snapshot or fetched.snapshot, fetched.sources, replace(declared, found_series=fetched.series))
        _show_read(fetched.sources, fetched.ignored)
        return
    names = []
    for revision in reversed(found):
        name = revision.name if snapshot is None else snapshot
        if n_revisions is not None and snapshot is not None:
            name = f"{snapshot}-{revision.committed_at:%Y-%m-%d}-{revision.commit[:8]}"
        names.append(name)
        if (snapshot is None or n_revisions is not None) and declared == type(declared)() and _is_complete(name):
            print_line(f"snapshot {name} has landed before")
            continue
        with downloading_progress() as (progress, say):
            fetched = fetch_revision(_hub_client(say), revision, progress)
        found_at = revision.committed_at
        _land(name, fetched.sources, replace(declared, found_at=found_at, found_series=fetched.series))
        _show_read(fetched.sources, fetched.ignored)
    if n_revisions is not None:
        _show_newest(names)
        if len(found) == n_revisions:
            print_line(f"older revisions than these {n_revisions:,} were not landed; --max-revisions sets the number")


def _is_complete(snapshot: str) -> bool:
    if not database_path().exists():
        return False
    with connect(database_path(), read_only=True) as connection:
        return "snapshots" in table_names(connection, "raw") and bool(
            connection.execute(
                "select 1 from raw.snapshots where snapshot = ? and completed_at is not null", [snapshot]
            ).fetchone()
        )


def _show_newest(snapshots: list[str]) -> None:
    """Let the marts show the last of these snapshots, if earlier ones landed after it."""
    from phylohub.ingest.landing import complete_last
    from phylohub.ingest.raw_schema import connect_raw

    with connect_raw(database_path()) as connection:
        complete_last(connection, snapshots)


def _show_read(sources: "list[Source]", ignored: list[str]) -> None:
    """Print how the files were read, and which were not."""
    for source in sources:
        if source.shape is not None:
            print_line(f"read {source.name} as {'; '.join([source.shape.description, *source.shape.notes])}")
    if ignored:
        shown = ", ".join(ignored[:5]) + (", ..." if len(ignored) > 5 else "")
        print_line(f"ignored, not a file of records: {shown}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 10**6 else f"{size / 1e3:,.0f} kB"


def _restore(snapshot: str, path: Path) -> bool:
    """Remove the unfinished loads of a file, or of the files in a folder, that can no longer be read."""
    from phylohub.ingest.landing import restore, unfinished_loads
    from phylohub.ingest.raw_schema import connect_raw

    if not database_path().exists():
        return False
    with connect_raw(database_path()) as connection:
        unfinished = unfinished_loads(connection, snapshot)
        sources = [name for name in unfinished if name == path.name or (path / name).exists()]
        return bool(sources) and restore(connection, snapshot, sources, [])


def _land(snapshot: str, sources: "list[Source]", declared: "Declared") -> None:
    """Land sources and print one line per source."""
    from phylohub.cli.progress import landing_progress
    from phylohub.ingest.landing import land_snapshot
    from phylohub.ingest.raw_schema import connect_raw

    with connect_raw(database_path(), create=True) as connection, landing_progress(sources) as progress:
        results = land_snapshot(connection, snapshot, sources, progress, declared)
        taken_at, taken_from, scope, series = one_row(
            connection, "select taken_at, taken_from, scope, series from raw.snapshots where snapshot = ?", [snapshot]
        )
        names = [source.name for source in sources]
        n_repaired, others = one_row(
            connection,
            """
            select
                (select count(*) from raw.hub_originals where snapshot = $1 and list_contains($2, source)),
                list(source order by source)
            from raw.loads
            where snapshot = $1 and not list_contains($2, source)
            """,
            [snapshot, names],
        )
    for result in results:
        print_line(
            f"snapshot {snapshot}: {result.source}: {result.n_landed:,} records ({result.n_new:,} new), "
            f"{result.n_rejected:,} rejected"
        )
    print_line(
        f"snapshot {snapshot}: taken at {taken_at:%Y-%m-%d %H:%M} UTC ({taken_from}), scope {scope}, series {series}"
    )
    if others:
        print_line(
            f"snapshot {snapshot} already held {', '.join(others)}, and now holds both. If they are different states "
            f"of the Hub, run `phylohub ingest drop {snapshot}` and land each with its own --snapshot"
        )
    if n_repaired:
        print_line(
            f"{n_repaired:,} records had half of a surrogate pair, which was replaced; their bytes are kept in "
            "raw.hub_originals"
        )
    if any(result.n_rejected for result in results):
        print_line("rejected records are kept in raw.hub_rejects; `phylohub ingest status` counts them by reason")


def _utc(time: datetime | None) -> datetime | None:
    """A time as UTC without an offset, as the build file stores it."""
    return time.astimezone(UTC).replace(tzinfo=None) if time is not None and time.tzinfo else time


def _budget(text: str | None) -> "Budget":
    """Parse --budget: a number of requests, or minutes or hours."""
    from phylohub.ingest.cards import Budget

    if text is None:
        return Budget()
    match = re.fullmatch(r"([0-9]+)(m|min|h)?", text)
    if match is None:
        raise typer.BadParameter(
            "give a number of requests, such as 20000, or a time, such as 90m or 8h", param_hint="--budget"
        )
    amount = int(match[1])
    if match[2] is None:
        return Budget(requests=amount)
    return Budget(seconds=amount * (3600.0 if match[2] == "h" else 60.0))


def _counted(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items())) or "nothing to do"


def _show_outcomes(connection: duckdb.DuckDBPyConnection) -> None:
    """Print cards, configurations and papers by outcome, and how long fetching the rest will take."""
    from phylohub.ingest.remaining import remaining

    fetched = [("cards", "model_id"), ("configs", "model_id"), ("arxiv_papers", "arxiv_id")]
    for what, key in [each for each in fetched if each[0] in table_names(connection, "raw")]:
        show_rows(
            connection,
            f"""
            select outcome as {what}, count(*) as n
            from (select arg_max(outcome, fetched_at) as outcome from raw.{what} group by {key})
            group by outcome
            order by outcome
            """,
        )
    for work in remaining(connection):
        print_line(work.line)
