"""`phylohub doctor`: checks what a crawl and a build need, and says what to do."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from importlib.metadata import version
from pathlib import Path

import duckdb

from phylohub.core.build_file import connect, damage
from phylohub.core.errors import PhylohubError
from phylohub.core.locks import is_held
from phylohub.ingest.crawl import SOURCE
from phylohub.ingest.hub import Answer, GaveUpError, RateLimit, TooLargeError, Web, hub_endpoint, hub_token
from phylohub.ingest.raw_schema import latest_time
from phylohub.operate.refresh import lock_path

GIGABYTE = 10**9
MIN_FREE_BYTES = GIGABYTE // 10
REACH_SECONDS = 10.0
# The requests to the API that each tier of accounts may send in five minutes.
TIERS = {500: "anonymous", 1_000: "free account", 2_500: "PRO", 3_000: "Team", 6_000: "Enterprise"}


class Level(IntEnum):
    """How a check ended; the worst one decides the exit code."""

    OK = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True)
class Check:
    """What was checked, how it ended, what was found, and what to do about it (empty if nothing)."""

    name: str
    level: Level
    found: str
    advice: str = ""


def examine(database: Path, *, offline: bool = False) -> Iterator[Check]:
    """Yield one check after another. `offline` skips the requests to the Hub. No check changes anything."""
    yield _python()
    yield _engine()
    yield _memory()
    yield _disk(database)
    file = _build_file(database)
    yield file
    if file.level == Level.OK and database.exists():
        yield from _contents(database)
    yield from _locks(database)
    yield from _hub(offline=offline)


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036, this may run where the installation did not check
        return Check("Python", Level.ERROR, found, "Install Python 3.11 or later, then run `make setup`.")
    return Check("Python", Level.OK, found)


def _engine() -> Check:
    found = f"{duckdb.__version__}, dbt-duckdb {version('dbt-duckdb')}, huggingface_hub {version('huggingface-hub')}"
    if not duckdb.__version__.startswith("2."):
        return Check("DuckDB", Level.ERROR, found, "Install the locked versions: `make clean setup`.")
    return Check("DuckDB", Level.OK, found)


def _memory() -> Check:
    wanted = os.environ.get("PHYLOHUB_MEMORY_LIMIT")
    present = _memory_bytes()
    has = f"of {present / GIGABYTE:,.1f} GB" if present else "of an unknown amount"
    if not wanted:
        return Check("memory", Level.OK, f"no limit set: half {has} for builds, 80 % for ingestion")
    try:
        with duckdb.connect() as connection:
            connection.execute("set memory_limit = ?", [wanted])
            (text,) = connection.execute("select current_setting('memory_limit')").fetchall()[0]
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        return Check("memory", Level.ERROR, reason, "Run `export PHYLOHUB_MEMORY_LIMIT=4GB`, or unset it.")
    n_bytes = _size(str(text))
    if present and n_bytes and n_bytes > present:
        advice = f"Set PHYLOHUB_MEMORY_LIMIT to at most {0.8 * present / GIGABYTE:,.0f}GB: beyond, the system ends dbt."
        return Check("memory", Level.WARNING, f"limit {wanted} {has}", advice)
    if n_bytes and n_bytes < GIGABYTE // 4:
        advice = "Set PHYLOHUB_MEMORY_LIMIT to 500MB or more; a build needs that much."
        return Check("memory", Level.WARNING, f"limit {wanted} {has}", advice)
    return Check("memory", Level.OK, f"limit {wanted} {has}")


def _size(text: str) -> float | None:
    """Bytes of a size as DuckDB prints it, such as `1.8 GiB`."""
    units = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50}
    number, _, unit = text.partition(" ")
    try:
        return float(number) * units[unit]
    except (ValueError, KeyError):
        return None


def _memory_bytes() -> int | None:
    """The memory of the machine, or of the container if that has less."""
    sizes = []
    with suppress(AttributeError, ValueError, OSError):  # Windows has no sysconf
        sizes.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            sizes.append(int(Path(path).read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return min(sizes, default=None)


def _disk(database: Path) -> Check:
    folder = database.resolve().parent
    while not folder.exists():
        folder = folder.parent
    size = database.stat().st_size if database.exists() else 0
    free = shutil.disk_usage(folder).free
    found = f"{free / GIGABYTE:,.1f} GB free in {folder}"
    advice = "Free some space, or set PHYLOHUB_DATABASE to a file on another disk."
    if free < MIN_FREE_BYTES:
        return Check("disk", Level.ERROR, found, advice)
    if free < max(2 * size, GIGABYTE):
        used = f"{found}; the build file has {size / GIGABYTE:,.1f} GB, and a build may need as much again twice"
        return Check("disk", Level.WARNING, used, advice)
    if not os.access(folder, os.W_OK):
        return Check("disk", Level.ERROR, f"{folder} is not writable", "Set PHYLOHUB_DATABASE to another file.")
    return Check("disk", Level.OK, found)


def _build_file(database: Path) -> Check:
    if not database.exists():
        return Check("build file", Level.OK, f"none yet at {database}", "Run `make build`, or `phylohub ingest`.")
    if (problem := damage(database)) is not None:
        advice = "Restore it from a copy; otherwise move it away, land the records again and run `dbt build`."
        return Check("build file", Level.ERROR, f"{database} {problem}", advice)
    try:
        with connect(database, read_only=True) as connection:
            connection.execute("select count(*) from duckdb_tables()").fetchall()
    except PhylohubError as error:
        is_open = "open in another process" in str(error)
        return Check("build file", Level.WARNING if is_open else Level.ERROR, str(error))
    except duckdb.Error as error:
        return Check("build file", Level.ERROR, f"{database}: {error}", "Restore it from a copy.")
    return Check("build file", Level.OK, f"{database}, {database.stat().st_size / 1e6:,.0f} MB")


def _contents(database: Path) -> Iterator[Check]:
    """What has landed: unfinished loads, and times that the clock has not reached."""
    with connect(database, read_only=True) as connection:
        if not connection.execute("select 1 from duckdb_tables() where schema_name = 'raw' limit 1").fetchone():
            yield Check("loads", Level.OK, "nothing has landed", "Run `phylohub ingest --help`.")
            return
        unfinished = connection.execute(
            "select snapshot, source, n_landed from raw.loads where completed_at is null order by snapshot, source"
        ).fetchall()
        (n_complete,) = connection.execute(
            "select count(*) from raw.snapshots where completed_at is not null"
        ).fetchall()[0]
        latest = latest_time(connection)
    for snapshot, source, n_landed in unfinished:
        command = f"ingest models --snapshot '{snapshot}'" if source == SOURCE else f"ingest dump on {source}"
        yield Check(
            "loads",
            Level.WARNING,
            f"snapshot {snapshot}: the load of {source} stopped after {n_landed:,} records",
            f"Run `phylohub {command}` to continue, or `phylohub ingest drop '{snapshot}'`.",
        )
    if not unfinished:
        yield Check("loads", Level.OK, f"{n_complete:,} complete snapshots, none unfinished")
    now = datetime.now(UTC).replace(tzinfo=None)
    if latest is not None and latest > now:
        found = f"the clock says {now:%Y-%m-%d %H:%M:%S} UTC, but records landed until {latest:%Y-%m-%d %H:%M:%S}"
        yield Check("clock", Level.WARNING, found, "Set the clock. Until then, new times count on from the last one.")
    else:
        yield Check("clock", Level.OK, f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _locks(database: Path) -> Iterator[Check]:
    """Locks that are held, and files that killed processes have left."""
    n_checks = 0
    for path, what in ((lock_path(database), "refresh"), (database.parent / "published" / ".lock", "publish")):
        if not os.path.lexists(path):
            continue
        try:
            held = is_held(path)
        except PhylohubError as error:
            n_checks += 1
            yield Check("locks", Level.ERROR, str(error))
            continue
        if held:
            n_checks += 1
            yield Check("locks", Level.WARNING, f"a {what} is running ({path} is locked)", "Wait until it ends.")
    left = database.with_name(f".{database.name}.compact")
    if left.exists():
        n_checks += 1
        yield Check("locks", Level.WARNING, f"{left} was left by a killed process", "Run `phylohub compact`.")
    if not n_checks:
        yield Check("locks", Level.OK, "no process holds a lock, and none was left")


def _hub(*, offline: bool) -> Iterator[Check]:
    """The token, and whether the Hub answers."""
    try:
        token = hub_token()
        web = Web(hub_endpoint(), token=token, sleep=_refuse_to_wait, read_seconds=REACH_SECONDS)
    except PhylohubError as error:
        yield Check("Hub", Level.ERROR, str(error))
        return
    if offline:
        yield Check("token", Level.OK, "present, not checked" if token else "none: the limits of anonymous users")
        yield Check("Hub", Level.OK, f"{web.endpoint}, not asked")
        return
    try:
        answer = _ask(web, "/api/models?limit=1")
    except (GaveUpError, TooLargeError, PhylohubError) as error:
        if token:
            yield Check("token", Level.WARNING, "present, but could not be checked")
        advice = "Check the network, the proxy and HF_ENDPOINT, then run `phylohub doctor` again."
        yield Check("Hub", Level.ERROR, f"{web.endpoint} does not answer: {error}", advice)
        return
    is_list = answer.status == 200 and answer.body.lstrip().startswith(b"[")
    yield _token(web, answer, token)
    if is_list or (token and answer.status in (401, 403)):
        yield Check("Hub", Level.OK, f"{web.endpoint} answers{_limit(web.limit)}")
    else:
        found = "sent a web page" if answer.status == 200 else f"answered {answer.reason}"
        advice = "A proxy or a sign-in page may answer instead of the Hub. Check the network and HF_ENDPOINT."
        yield Check("Hub", Level.ERROR, f"{web.endpoint} {found}", advice)


def _token(web: Web, listed: Answer, token: str | None) -> Check:
    if token is None:
        found = "none: the limits of anonymous users, and no gated models"
        return Check("token", Level.OK, found, "Optional: `export HF_TOKEN=...` with a token of your account.")
    invalid = Check(
        "token",
        Level.ERROR,
        "the Hub refuses the token in HF_TOKEN",
        "Create a token at https://huggingface.co/settings/tokens and run `export HF_TOKEN=...`, or unset it.",
    )
    if listed.status in (401, 403):
        return invalid
    try:
        status = _ask(web, "/api/whoami-v2").status
    except (GaveUpError, TooLargeError, PhylohubError):
        status = 0
    if status in (401, 403):
        return invalid
    tier = TIERS.get(web.limit.requests) if web.limit and web.limit.kind == "api" else None
    sure = "valid" if status == 200 else "accepted"
    return Check("token", Level.OK, f"present and {sure}, {f'tier: {tier}' if tier else 'tier not reported'}")


def _limit(limit: RateLimit | None) -> str:
    return f": {limit.requests:,} requests in {limit.seconds:,} s" if limit else ""


def _ask(web: Web, path: str) -> Answer:
    return web.get(web.endpoint + path, max_bytes=16 * 1024 * 1024, max_tries=1)


def _refuse_to_wait(seconds: float) -> None:
    raise GaveUpError(f"the rate limit is used up for {seconds:,.0f} s")
