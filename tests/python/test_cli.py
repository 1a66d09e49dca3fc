"""The command line: help, exit codes, error messages, and output that cannot control a terminal."""

from __future__ import annotations

import gzip
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer
from conftest import ROOT, run_phylohub
from typer.testing import CliRunner, Result

from phylohub.cli import ingest as ingest_commands
from phylohub.cli.main import app
from phylohub.core.build_file import connect
from phylohub.ingest import cards, crawl, landing, readers

Run = Callable[..., Result]

# An escape sequence, markup, a bell, a carriage return, and a right-to-left override.
HOSTILE = "\x1b[31m[bold]x[/bold]\x07\r\u202e"
SHOWN = r"\x1b[31m[bold]x[/bold]\x07\r\u202e"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "build" / "phylohub.duckdb"
    monkeypatch.setenv("PHYLOHUB_DATABASE", str(path))
    return path


@pytest.fixture
def run(database: Path) -> Run:
    """Runs the command line in this process, so that unexpected exceptions reach the test."""

    def invoke(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "80"})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def write_lines(folder: Path, *lines: bytes, name: str = "models.jsonl") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def assert_fails(result: Result, *parts: str) -> None:
    """Exit code 1, one line on standard error that contains all parts, and nothing on standard output."""
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.fullmatch(r"error: [^\n]+\n", result.stderr)
    for part in parts:
        assert part in result.stderr


# ---- help and usage ------------------------------------------------------------------------------------------


def commands(group: Any, *names: str) -> list[tuple[tuple[str, ...], Any]]:
    children = getattr(group, "commands", {})
    return [(names, group)] + [found for name in children for found in commands(children[name], *names, name)]


COMMANDS = commands(typer.main.get_command(app))


@pytest.mark.parametrize("names", [names for names, _ in COMMANDS])
def test_every_command_and_group_has_help(run: Run, names: tuple[str, ...]) -> None:
    result = run(*names, "--help")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "bool" not in result.stdout, "a flag has no value"
    command = dict(COMMANDS)[names]
    assert len(command.help) > 30
    for parameter in command.params:
        assert getattr(parameter, "help", None), parameter.name
    if not getattr(command, "commands", None):
        assert inspect.getdoc(command.callback)


def test_help_names_the_exit_codes(run: Run) -> None:
    text = " ".join(run("--help").stdout.split())
    assert "Exit codes: 0 success, 1 error (the message states the reason), 2 wrong usage, 130" in text


def test_help_lists_commands_in_groups_and_the_version(run: Run) -> None:
    text = run("--help").stdout
    places = [text.index(f"─ {panel} ─") for panel in ("Build", "Look", "Share", "Maintain")]
    assert places == sorted(places)
    assert "─ Commands ─" not in text, "every command is in a group"
    assert places[1] < text.index("│ tree ") < places[2] < text.index("│ atlas ") < places[3] < text.index("│ doctor ")
    assert re.fullmatch(r"phylohub \d+\.\d+\.\d+\n", run("--version").stdout)


def test_help_texts_use_the_constants_of_ingest() -> None:
    """The CLI has its own copies, since importing them is slow."""
    assert ingest_commands.EXPAND.split(",") == list(crawl.EXPAND)
    assert (ingest_commands.OUTCOMES, ingest_commands.WORKERS) == (cards.OUTCOMES, cards.WORKERS)


SLOW_IMPORTS = {"altair", "huggingface_hub", "numpy", "pandas", "pyarrow", "scipy"}


@pytest.mark.parametrize("arguments", [["--help"], ["tree", "--help"], ["model", "x"], ["ingest", "cards", "--help"]])
def test_help_and_queries_load_no_slow_modules(database: Path, arguments: list[str]) -> None:
    program = (
        "import atexit, sys\n"
        "from phylohub.cli.main import main\n"
        "atexit.register(lambda: print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr))\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env={**os.environ, "PHYLOHUB_DATABASE": str(database)},
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = set(done.stderr.splitlines()[-1].split())
    assert {"phylohub", "typer", "rich", "duckdb"} <= loaded
    assert loaded & SLOW_IMPORTS == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["ingest", "nonsense"],
        ["ingest", "dump"],
        ["ingest", "dump", "a", "b"],
        ["ingest", "dump", "a", "--nonsense"],
        ["ingest", "dump", "a", "--snapshot"],
        ["ingest", "synthetic", "--models", "0"],
        ["ingest", "synthetic", "--models", "many"],
        ["ingest", "synthetic", "--seed", "-1"],
        ["ingest", "drop"],
        ["ingest", "status", "a"],
        ["summary", "a"],
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, database: Path, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Error" in result.stderr
    assert result.stdout == ""
    assert not database.exists()


def test_a_group_without_a_command_shows_its_help(run: Run) -> None:
    for group, panel in (([], "Maintain"), (["ingest"], "Commands")):
        result = run(*group)
        assert result.exit_code == 2
        assert panel in result.stdout


# ---- dump ----------------------------------------------------------------------------------------------------


def test_dump_prints_the_landed_records(run: Run, tmp_path: Path, database: Path) -> None:
    path = write_lines(tmp_path, *[b'{"id":"model-%d"}' % n for n in range(1_200)], b"bad", name="hub_2026.jsonl")
    first = run("ingest", "dump", path)
    assert (first.exit_code, first.stderr) == (0, "")
    lines = first.stdout.splitlines()
    assert re.fullmatch(
        r"snapshot hub_2026: taken at \S+ \S+ UTC \(file time\), scope unknown, series \S+", lines.pop(1)
    )
    assert lines == [
        "snapshot hub_2026: hub_2026.jsonl: 1,200 records (1,200 new), 1 rejected",
        "rejected records are kept in raw.hub_rejects; `phylohub ingest status` counts them by reason",
        "read hub_2026.jsonl as JSON Lines of models",
    ]
    again = run("ingest", "dump", path)
    assert (again.exit_code, again.stderr) == (0, "")
    assert "1,200 records (0 new), 1 rejected" in again.stdout
    named = run("ingest", "dump", path, "--snapshot", "mine")
    assert named.stdout.startswith("snapshot mine: hub_2026.jsonl: 1,200 records (1,200 new)")
    with connect(database, read_only=True) as connection:
        assert connection.execute("select count(*) from raw.hub_listings natural join raw.hub_records").fetchone() == (
            2_400,
        )


def test_dump_of_a_folder_lists_ignored_files(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "crawl"
    for name in ("b.jsonl", "a.jsonl"):
        write_lines(folder, b'{"id":"%s"}' % name.encode(), name=name)
    for number in range(7):
        write_lines(folder, name=f"note-{number}.txt")
    result = run("ingest", "dump", folder)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines.pop(2).startswith("snapshot crawl: taken at ")
    assert lines == [
        "snapshot crawl: a.jsonl: 1 records (1 new), 0 rejected",
        "snapshot crawl: b.jsonl: 1 records (1 new), 0 rejected",
        "read a.jsonl as JSON Lines of models",
        "read b.jsonl as JSON Lines of models",
        "ignored, not a file of records: note-0.txt, note-1.txt, note-2.txt, note-3.txt, note-4.txt, ...",
    ]


def test_dump_fails_with_exit_code_1_and_one_line(run: Run, tmp_path: Path) -> None:
    good = write_lines(tmp_path, b'{"id":"a"}')
    assert_fails(run("ingest", "dump", tmp_path / "missing.jsonl"), "missing.jsonl does not exist")
    assert_fails(run("ingest", "dump", write_lines(tmp_path, name="x.txt")), "x.txt", "onvert")
    assert_fails(run("ingest", "dump", write_lines(tmp_path, name="none.jsonl")), "No record in none.jsonl")
    assert_fails(run("ingest", "dump", write_lines(tmp_path, b"bad", name="bad.jsonl")), "1 rejected", "ingest status")
    assert_fails(run("ingest", "dump", write_lines(tmp_path, b"\x1f\x8bx", name="no.jsonl.gz")), "no.jsonl.gz", "again")
    assert_fails(run("ingest", "dump", write_lines(tmp_path, b"x", name="no.parquet")), "no.parquet", "again")
    (tmp_path / "folder.jsonl").mkdir()
    assert_fails(run("ingest", "dump", tmp_path / "folder.jsonl"), "folder.jsonl")
    assert run("ingest", "dump", good).exit_code == 0
    write_lines(tmp_path, b'{"id":"b"}')
    assert_fails(run("ingest", "dump", good), "models.jsonl", "phylohub ingest drop models")


def test_a_fixed_file_lands_with_the_same_command(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "models.jsonl.gz"
    whole = compressed_records(500)
    path.write_bytes(whole[:-20])
    assert_fails(run("ingest", "dump", path), "fix the file and run the same command again")
    path.write_bytes(whole)
    result = run("ingest", "dump", path)
    assert result.exit_code == 0
    assert "500 records (500 new), 0 rejected" in result.stdout


def compressed_records(n_records: int) -> bytes:
    return gzip.compress(b"".join(b'{"id":"model-%d"}\n' % n for n in range(n_records)))


# ---- the other commands --------------------------------------------------------------------------------------


def test_synthetic_hub_is_generated_and_landed_once(run: Run, database: Path) -> None:
    first = run("ingest", "synthetic", "--models", "50", "--seed", "3")
    assert (first.exit_code, first.stderr) == (0, "")
    assert "generated 50 synthetic models" in first.stdout
    assert "snapshot synthetic-50-seed-3: synthetic-50-seed-3.jsonl.gz: " in first.stdout
    again = run("ingest", "synthetic", "--models", "50", "--seed", "3")
    assert "(0 new)" in again.stdout
    assert (database.parent / "synthetic" / "synthetic-50-seed-3.jsonl.gz").exists()


def test_status_counts_rejected_records_by_reason(run: Run, tmp_path: Path) -> None:
    lines = [b'{"id":"a"}', b"{}", b"bad", b'{"id":"b"}', b"{}", b"\xff"]
    assert run("ingest", "dump", write_lines(tmp_path, *lines, name="first.jsonl")).exit_code == 0
    assert_fails(run("ingest", "dump", write_lines(tmp_path, b"1", name="second.jsonl")))
    result = run("ingest", "status")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = [[cell.strip() for cell in re.split("[│┃]", line)[1:-1]] for line in result.stdout.splitlines()]
    assert [row for row in rows if row] == [
        ["snapshot", "state", "sources", "landed", "rejected"],
        ["second", "incomplete", "1", "0", "1"],
        ["first", "complete", "1", "2", "4"],
        ["snapshot", "reason", "records", "first"],
        ["first", "no id", "2", "first.jsonl, line 2"],
        ["first", "not JSON", "1", "first.jsonl, line 3"],
        ["first", "not UTF-8", "1", "first.jsonl, line 6"],
        ["second", "not an object", "1", "second.jsonl, line 1"],
    ]


def test_drop_removes_a_snapshot(run: Run, tmp_path: Path) -> None:
    run("ingest", "dump", write_lines(tmp_path, b'{"id":"a"}', b'{"id":"b"}'))
    result = run("ingest", "drop", "models")
    assert (result.exit_code, result.stdout) == (0, "removed snapshot models: 2 records\n")
    assert_fails(run("ingest", "drop", "models"), "There is no snapshot models", "ingest status")
    assert "models" not in run("ingest", "status").stdout


def build_marts(database: Path, **health: object) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema marts")
        columns = ", ".join(f'? as "{name}"' for name in health)
        connection.execute(f"create table marts.snapshot_health as select {columns}", list(health.values()))
        connection.execute("create table marts.models as select true as is_synthetic from range(1234)")


def test_summary_shows_every_health_column_on_a_narrow_terminal(run: Run, tmp_path: Path, database: Path) -> None:
    run("ingest", "dump", write_lines(tmp_path, b'{"id":"a"}'))
    health = {"snapshot": "models", **{f"n_quite_long_name_of_a_column_{n}": 1_000_000 + n for n in range(9)}}
    build_marts(database, **health)
    result = run("summary")
    assert (result.exit_code, result.stderr) == (0, "")
    for name, value in health.items():
        shown = f"{value:,}" if isinstance(value, int) else str(value)
        assert re.search(rf"│ {name} +│ {shown} +│", result.stdout)
    assert re.search(r"│ models +│ +1,234 │", result.stdout)
    assert "SYNTHETIC" in result.stdout
    assert f"built: {database}" in result.stdout
    *_, head, one, two, three = result.stdout.splitlines()
    assert head == "next:"
    for line, command in zip((one, two, three), ("tree", "report", "publish"), strict=True):
        assert line.startswith(f"  phylohub {command}")
    found = json.loads(run("summary", "--json").stdout)
    assert found["snapshot_health"] == health
    assert found["n_rows"] == {"models": 1234, "snapshot_health": 1}
    assert found["next"] == ["phylohub tree MODEL", "phylohub report", "phylohub publish"]


def test_summary_rounds_fractions(run: Run, tmp_path: Path, database: Path) -> None:
    run("ingest", "dump", write_lines(tmp_path, b'{"id":"a"}'))
    build_marts(database, snapshot="models", share=2 / 3)
    assert re.search(r"│ share +│ 0\.6667 +│", run("summary").stdout)
    assert json.loads(run("summary", "--json").stdout)["snapshot_health"]["share"] == 2 / 3


def test_summary_fails_before_a_build(run: Run, tmp_path: Path, database: Path) -> None:
    run("ingest", "dump", write_lines(tmp_path, b'{"id":"a"}'))
    assert_fails(run("summary"), "There are no marts yet", "dbt build")
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.snapshot_health as select 1 as n")
    half_built = run("summary")
    assert half_built.exit_code == 1
    assert re.fullmatch(rf"error: {database}: Catalog Error: [^\n]+\n", half_built.stderr)
    assert "\\n" not in half_built.stderr  # line breaks in DuckDB's message are joined, not escaped


# ---- the build file ------------------------------------------------------------------------------------------


def test_reading_does_not_create_a_missing_build_file(run: Run, database: Path) -> None:
    for command in (["ingest", "status"], ["summary"], ["ingest", "drop", "models"]):
        assert_fails(run(*command), f"There is no warehouse at {database}", "make build")
    assert not database.parent.exists()


def test_an_empty_build_file_is_reported(run: Run, database: Path) -> None:
    database.parent.mkdir()
    duckdb.connect(str(database)).close()
    assert_fails(run("ingest", "status"), "Nothing has landed yet", "phylohub ingest dump")
    assert_fails(run("summary"), "There are no marts yet")


def test_a_file_that_is_not_duckdb_is_reported_and_unchanged(run: Run, tmp_path: Path, database: Path) -> None:
    write_lines(database.parent, b"no DuckDB file", name=database.name)
    path = write_lines(tmp_path, b'{"id":"a"}')
    for command in (["ingest", "status"], ["summary"], ["ingest", "dump", path], ["ingest", "drop", "models"]):
        assert_fails(run(*command), f"{database} is not a DuckDB file", "move it away", "`phylohub ingest`")
    assert database.read_bytes() == b"no DuckDB file\n"


def test_a_folder_that_cannot_be_created_is_reported(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_lines(tmp_path, b'{"id":"a"}')
    monkeypatch.setenv("PHYLOHUB_DATABASE", str(path / "phylohub.duckdb"))
    assert_fails(run("ingest", "dump", path), "models.jsonl/phylohub.duckdb cannot be opened")
    assert_fails(run("ingest", "synthetic", "--models", "5"), "Not a directory", "run the same command again")


def test_an_invalid_duckdb_setting_is_reported(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHYLOHUB_MEMORY_LIMIT", "plenty")
    assert_fails(run("ingest", "dump", write_lines(tmp_path, b'{"id":"a"}')), "cannot be opened")


def test_a_build_file_open_in_another_process_is_reported(run: Run, tmp_path: Path, database: Path) -> None:
    path = write_lines(tmp_path, b'{"id":"a"}')
    run("ingest", "dump", path)
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "open\n"
        for command in (["ingest", "dump", path], ["ingest", "status"], ["ingest", "drop", "models"], ["summary"]):
            assert_fails(run(*command), f"{database} is open in another process", "PHYLOHUB_DATABASE")
        other.communicate()
    assert run("ingest", "dump", path).exit_code == 0


# ---- failures while landing ----------------------------------------------------------------------------------


def test_a_full_disk_prints_one_line_and_the_next_run_resumes(tmp_path: Path, database: Path) -> None:
    """A limit on the size of a file simulates the full disk: writing fails inside DuckDB."""
    resource = pytest.importorskip("resource")
    noise = b"".join(b'{"id":"model-%d","card":"%s"}\n' % (n, os.urandom(600).hex().encode()) for n in range(4_000))
    path = tmp_path / "models.jsonl"
    path.write_bytes(noise)
    command = [sys.executable, "-m", "phylohub.cli.main", "ingest", "dump", str(path)]
    limited = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PHYLOHUB_DATABASE": str(database)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode == 1
    assert limited.stdout == ""
    assert re.fullmatch(r"error: .*phylohub\.duckdb.*File too large.*run the same command again\.\n", limited.stderr)
    whole = run_phylohub(database, "ingest", "dump", str(path))
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "4,000 records" in whole.stdout


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_ctrl_c_keeps_the_landed_batches(
    run: Run, tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch, interruption: BaseException
) -> None:
    """Interrupted within a batch, in Python code or (the RuntimeError) during a DuckDB statement."""
    monkeypatch.setattr(readers, "BATCH_BYTES", 1)
    path = write_lines(tmp_path, b'{"id":"a"}', b"bad", b'{"id":"b"}')
    insert = landing.insert_rows
    calls_left = [4]  # two per batch; interrupts the rejects of the third batch, after its record was inserted

    def interrupted(connection: Any, table: str, rows: Any, constants: list[object]) -> None:
        if not calls_left[0]:
            raise interruption
        calls_left[0] -= 1
        insert(connection, table, rows, constants)

    with monkeypatch.context() as patch:
        patch.setattr(landing, "insert_rows", interrupted)
        result = run("ingest", "dump", path)
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.startswith("error: stopped.")
    with connect(database, read_only=True) as connection:
        assert connection.execute("select last_position, n_landed, n_rejected from raw.loads").fetchall() == [(2, 1, 1)]
        assert connection.execute("select position from raw.hub_listings natural join raw.hub_records").fetchall() == [
            (1,)
        ]
    assert "2 records (1 new), 1 rejected" in run("ingest", "dump", path).stdout


def test_unexpected_errors_keep_their_traceback(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(landing, "land_snapshot", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run("ingest", "dump", write_lines(tmp_path, b'{"id":"a"}'))


# ---- terminals and hostile text ------------------------------------------------------------------------------


def run_on_terminal(database: Path, *arguments: str) -> tuple[int, str]:
    """The exit code of a command and its output on a terminal of 80 columns."""
    pty = pytest.importorskip("pty")
    terminal, command = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "phylohub.cli.main", *arguments],
        cwd=ROOT,
        env={**os.environ, "PHYLOHUB_DATABASE": str(database), "TERM": "xterm", "COLUMNS": "80"},
        stdin=command,
        stdout=command,
        stderr=command,
    ) as process:
        os.close(command)
        output = b""
        try:
            while piece := os.read(terminal, 10_000):
                output += piece
        except OSError:  # the command closed its end
            pass
    os.close(terminal)
    return process.returncode, output.decode()


def test_progress_is_a_bar_on_a_terminal_and_silent_elsewhere(tmp_path: Path, database: Path) -> None:
    path = write_lines(tmp_path, b'{"id":"a"}', name="models [x].jsonl")
    code, output = run_on_terminal(database, "ingest", "dump", str(path))
    assert code == 0
    assert "landing models [x].jsonl" in output
    assert "100%" in output
    assert "\x1b[" in output
    plain = run_phylohub(database, "ingest", "dump", str(path), "--snapshot", "again")
    assert (plain.returncode, plain.stderr) == (0, "")
    landed, declared, read = plain.stdout.splitlines()
    assert landed == "snapshot again: models [x].jsonl: 1 records (1 new), 0 rejected"
    time = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"
    about = rf"taken at {time} \(file time\), scope unknown, series models \[x\]\.jsonl"
    assert re.fullmatch(f"snapshot again: {about}", declared)
    assert read == "read models [x].jsonl as JSON Lines of models"


def assert_harmless(text: str) -> None:
    """Only printable characters and line ends remain after removing the escape sequences that rich writes."""
    own = re.sub(r"\x1b\[[0-9;]*[A-Za-z]|\x1b\[\?25[hl]|\r|\n", "", text)
    assert [char for char in own if not char.isprintable()] == []
    assert "\x1b[31m" not in text
    assert "\u202e" not in text
    assert "\x07" not in text


def test_hostile_names_are_escaped(run: Run, tmp_path: Path, database: Path) -> None:
    folder = tmp_path / "folder"
    write_lines(folder, b'{"id":"a"}', b"bad", name=f"a{HOSTILE}.jsonl")
    write_lines(folder, name=f"{HOSTILE}.txt")
    outputs = [
        run("ingest", "dump", folder, "--snapshot", HOSTILE),
        run("ingest", "status"),
        run("ingest", "dump", folder / f"{HOSTILE}.txt"),
        run("ingest", "dump", folder / f"missing{HOSTILE}"),
        run("ingest", "drop", f"missing{HOSTILE}"),
        run("ingest", "drop", HOSTILE),
        run("ingest", "dump", "one", f"extra{HOSTILE[:-1]}"),
        run("ingest", HOSTILE[:-1]),  # typer prints these two itself and does not escape the last character
    ]
    assert [result.exit_code for result in outputs] == [0, 0, 1, 1, 1, 0, 2, 2]
    for result in outputs:
        assert_harmless(result.output)
    assert SHOWN in outputs[0].stdout
    assert SHOWN in outputs[5].stdout
    assert "[bold]" in outputs[1].stdout
    code, output = run_on_terminal(database, "ingest", "dump", str(folder), "--snapshot", HOSTILE)
    assert code == 0
    assert_harmless(output)
    assert rf"landing a{SHOWN}.jsonl" in re.sub(r"\x1b\[[0-9;]*m", "", output)


def test_hostile_values_in_a_mart_are_escaped(run: Run, tmp_path: Path, database: Path) -> None:
    run("ingest", "dump", write_lines(tmp_path, b'{"id":"a"}'))
    build_marts(database, snapshot=HOSTILE)
    result = run("summary")
    assert result.exit_code == 0
    assert_harmless(result.output)
    assert SHOWN in result.stdout


def test_a_name_that_is_not_utf8_fails_with_one_line(run: Run, tmp_path: Path) -> None:
    path = write_lines(tmp_path, b'{"id":"a"}')
    assert_fails(run("ingest", "dump", path, "--snapshot", "\udcff"), "surrogate")
    assert_fails(run("ingest", "drop", "\udcff"), "surrogate")


def test_records_are_never_printed(run: Run, tmp_path: Path) -> None:
    record = json.dumps({"id": "a", "secret": "do not print"}).encode()
    path = write_lines(tmp_path, record, record[:-1])
    for command in (["ingest", "dump", path], ["ingest", "status"], ["ingest", "drop", "models"]):
        assert "do not print" not in run(*command).output


POSIX_ONLY = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty")


def test_all_modules_and_test_helpers_import_without_the_modules_of_posix() -> None:
    """Windows has none of these."""
    modules = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for folder in ("phylohub", "phylohub/ingest")
        for path in (ROOT / folder).rglob("*.py")
        if "__pycache__" not in path.parts
    )
    tests = sorted(path.stem for path in (ROOT / "tests" / "python").glob("*.py"))
    code = "import importlib, sys\n"
    # Other packages are imported first: some of them use these modules here and others on Windows.
    code += "import dbt.adapters.duckdb.plugins, filelock, huggingface_hub, pytest, rich.progress, typer.testing\n"
    code += f"sys.path.insert(0, {str(ROOT / 'tests' / 'python')!r})\n"
    code += f"for name in {POSIX_ONLY}: sys.modules[name] = None\n"
    code += f"for name in {modules + tests}: importlib.import_module(name)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
