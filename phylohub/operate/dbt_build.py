"""Runs `dbt build` in a process of its own, and reports each node that it finishes."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phylohub.core.build_file import project_folder
from phylohub.core.errors import PhylohubError

# dbt recommends unit tests for development and continuous integration: they do not depend on the records.
ARGUMENTS = ("build", "--exclude-resource-types", "unit_test")
FINISHED = {"LogModelResult", "LogTestResult", "LogSeedResult", "SkippingDetails"}
TOLD_LEVELS = {"warn", "error"}
N_KEPT_LINES = 50  # of output that is not dbt's own log, for the message after a failure


@dataclass(frozen=True)
class Node:
    """A node that dbt finished: its place among all nodes of the build, and the step that it belongs to."""

    index: int
    total: int
    step: str  # `seeds`, `tests`, or the folder of the model
    kind: str  # dbt's resource type
    status: str


@dataclass
class Outcome:
    """The result of a build: dbt's exit code, nodes by (resource type, status), and dbt's warnings and errors."""

    code: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)

    def count(self, kind: str, *statuses: str) -> int:
        """How many nodes of a resource type ended with one of these statuses."""
        return sum(self.counts[kind, status] for status in statuses)


def run_build(
    database: Path,
    report: Callable[[Node], None],
    arguments: Sequence[str] = (),
    pass_fds: Sequence[int] = (),
) -> Outcome:
    """Run `dbt build` in the project without unit tests, and call `report` after each node.

    `arguments` are added to those of dbt. The dbt process keeps the descriptors `pass_fds`, and with them a lock, if
    this process is killed. Raises PhylohubError if there is no project.
    """
    project = project_folder()
    if project is None:
        raise PhylohubError("There is no dbt_project.yml here or above. Run this command in the dbt project.")
    outcome = Outcome()
    other: list[str] = []
    dbt = Path(sys.executable).with_name("dbt")
    with subprocess.Popen(  # noqa: S603, our own command; the arguments are those of the user's own dbt
        [str(dbt), "--log-format", "json", "--no-use-colors", *ARGUMENTS, *arguments],
        cwd=project,
        env={**os.environ, "PHYLOHUB_DATABASE": str(database.resolve())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=() if sys.platform == "win32" else tuple(pass_fds),
    ) as process:
        try:
            for line in process.stdout or ():
                _read(line, outcome, other, report)
        except KeyboardInterrupt:
            process.wait()  # Ctrl-C reaches dbt too: it ends its statements first
            raise
    outcome.code = process.returncode
    if outcome.code and not outcome.messages:
        outcome.messages = other
    return outcome


def _read(line: str, outcome: Outcome, other: list[str], report: Callable[[Node], None]) -> None:
    """Take one line of dbt's log into the outcome. Lines that are not events of dbt are kept in `other`."""
    try:
        event = json.loads(line)
        info, data = event["info"], event["data"]
    except (ValueError, TypeError, KeyError):
        if line.strip():
            other.append(line.rstrip())
            del other[:-N_KEPT_LINES]
        return
    if info["name"] in FINISHED:
        node = _node(data)
        outcome.counts[node.kind, node.status] += 1
        report(node)
    elif info["level"] in TOLD_LEVELS and info["msg"].strip():
        outcome.messages += [part.strip() for part in info["msg"].splitlines() if part.strip()]


def _node(data: dict[str, Any]) -> Node:
    about = data["node_info"]
    kind = about["resource_type"]
    step = {"test": "tests", "seed": "seeds"}.get(kind, Path(about["node_path"]).parent.name)
    total = data["total"] if "total" in data else data["num_models"]  # dbt names it differently for tests
    return Node(int(data["index"]), int(total), step, kind, str(about["node_status"]))
