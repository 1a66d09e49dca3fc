"""Accepts findings of `marts.api_drift`: writes the lines that allow them into the seeds."""

import csv
import io
import os
import tempfile
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb

from phylohub.core.build_file import dict_rows, sync_to_disk
from phylohub.core.errors import PhylohubError

FIELD_KINDS = ("field_new", "field_gone", "null_share_jumped", "type_changed", "value_outside")
KEYS = {"accepted_findings": ("snapshot", "measure"), "api_contract": ("path",)} | {
    "relations": ("relation",),
    "tag_prefixes": ("prefix",),
}


@dataclass(frozen=True)
class Line:
    """A line of a seed, as it was written. `replaces` says that the seed had a line with its key."""

    seed: str
    text: str
    replaces: bool


def accept(
    connection: duckdb.DuckDBPyConnection,
    seeds: Path,
    snapshot: str,
    names: list[str],
    reason: str,
    today: date,
    *,
    write: bool = True,
) -> list[Line]:
    """Write the lines that accept these findings about the snapshot, by default all for which it is refused.

    A name is a kind (`models_lost`), or a kind with the path and value of one finding (`field_gone:tags`). Measures of
    the whole snapshot are accepted for this snapshot, fields and words of tags from now on. Seeds are replaced
    atomically, and all other lines stay as they are.

    Raises PhylohubError if the reason is empty, the snapshot or a name is not known, or no line can accept a finding.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise PhylohubError('The reason is empty. Say why the numbers are right: --reason "...".')
    findings = _chosen(_findings(connection, snapshot), snapshot, names)
    seeds_of = {name: _Seed(seeds / f"{name}.csv") for name in KEYS}
    written: dict[tuple[str, tuple[str, ...]], Line] = {}
    for finding in findings:
        name, cells = _cells(connection, seeds_of["api_contract"], finding, reason, today)
        key = tuple(cells[column] for column in KEYS[name])
        replaces = seeds_of[name].put(KEYS[name], cells)
        before = written.get((name, key))
        written[name, key] = Line(name, seeds_of[name].line(cells), before.replaces if before else replaces)
    if write:
        for name in sorted({line.seed for line in written.values()}):
            seeds_of[name].save()
    return list(written.values())


def name_of(finding: dict[str, Any]) -> str:
    """The name by which a finding is accepted, as the refusal prints it."""
    parts = [finding["kind"]] if finding["kind"] == finding["measure"] else [
        finding[column] for column in ("kind", "path", "value") if finding[column] is not None
    ]  # fmt: skip  # one condition
    return ":".join(parts)


def _findings(connection: duckdb.DuckDBPyConnection, snapshot: str) -> list[dict[str, Any]]:
    try:
        rows = dict_rows(connection, "select * from marts.api_drift order by severity, kind, path, value")
    except duckdb.CatalogException as error:
        raise PhylohubError("The mart api_drift does not exist. Run `dbt build`.") from error
    found = [row for row in rows if row["snapshot"] == snapshot]
    if not found:
        landed = [name for (name,) in connection.execute("select snapshot from raw.snapshots").fetchall()]
        about = sorted({row["snapshot"] for row in rows})
        if snapshot not in landed:
            raise PhylohubError(
                f"There is no snapshot {snapshot}.{_near(snapshot, landed)} `phylohub ingest status` lists them."
            )
        raise PhylohubError(
            f"No finding is about snapshot {snapshot}"
            + (f"; marts.api_drift is about {about[0]}" if about else "")
            + f". To check it: `dbt build --vars '{{snapshot: {snapshot}}}'`."
        )
    return found


def _chosen(findings: list[dict[str, Any]], snapshot: str, names: list[str]) -> list[dict[str, Any]]:
    if not names:
        errors = [finding for finding in findings if finding["severity"] == "error"]
        if not errors:
            raise PhylohubError(f"Snapshot {snapshot} is not refused. To accept a warning, name it: {_list(findings)}.")
        return errors
    chosen = []
    for name in names:
        found = [finding for finding in findings if name in (finding["kind"], name_of(finding))]
        if not found:
            known = sorted({name_of(finding) for finding in findings} | {finding["kind"] for finding in findings})
            raise PhylohubError(
                f"Snapshot {snapshot} has no finding {name}.{_near(name, known)} It has {_list(findings)}."
            )
        chosen += [finding for finding in found if finding not in chosen]
    return chosen


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 3)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def _list(findings: list[dict[str, Any]]) -> str:
    names = [name_of(finding) for finding in findings]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _cells(
    connection: duckdb.DuckDBPyConnection, contract: "_Seed", finding: dict[str, Any], reason: str, today: date
) -> tuple[str, dict[str, str]]:
    """The seed and the line that accept a finding."""
    kind, value = finding["kind"], finding["value"]
    if kind in FIELD_KINDS:
        line = contract.row(("path",), {"path": finding["path"]}) or {"path": finding["path"]}
        seen = {
            word
            for (words,) in connection.execute(
                "select json_types from marts.api_field_profile where path = ? and snapshot in (?, ?)",
                [finding["path"], finding["snapshot"], finding["previous_snapshot"]],
            ).fetchall()
            for word in words.split("|")
            if word != "null"
        }
        line |= {name: "" for name in contract.header if name not in line}
        _widen(line, kind, value, seen)
        return "api_contract", line | {"since": today.isoformat(), "reason": reason}
    if kind == "relation_new":
        return "relations", {"relation": value, "description": reason}
    if kind == "prefix_new":
        return "tag_prefixes", {"prefix": value, "kind": "free", "description": reason}
    if kind == finding["measure"]:
        return "accepted_findings", {
            "snapshot": finding["snapshot"],
            "measure": kind,
            "accepted_on": today.isoformat(),
            "reason": reason,
        }
    raise PhylohubError(
        f"{name_of(finding)} needs no line: it is a warning, and the next snapshot is compared with this one."
    )


class _Seed:
    """A seed file whose lines keep their bytes, except those that are put."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            text = path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise PhylohubError(f"{path} cannot be read: {error.strerror}. Run the command in the project.") from error
        self._records = _records(text)
        self._end = "\r\n" if self._records[0].endswith("\r\n") else "\n"
        first = self._records[0].removeprefix("\ufeff")
        self.header = _parsed(first)
        self._quotes_all = first.startswith('"')

    def row(self, keys: tuple[str, ...], cells: dict[str, str]) -> dict[str, str] | None:
        """The line with the same key."""
        place = self._place(keys, cells)
        return None if place is None else dict(zip(self.header, _parsed(self._records[place]), strict=True))

    def put(self, keys: tuple[str, ...], cells: dict[str, str]) -> bool:
        """Replace the line with the same key, or append one; return whether there was one."""
        line = self.line(cells) + self._end
        place = self._place(keys, cells)
        if place is None:
            if not self._records[-1].endswith("\n"):
                self._records[-1] += self._end
            self._records.append(line)
        else:
            self._records[place] = line
        return place is not None

    def line(self, cells: dict[str, str]) -> str:
        """The cells in the order of the header."""
        text = io.StringIO()
        row = [cells.get(name) or "" for name in self.header]
        if self._quotes_all:
            csv.writer(text, lineterminator="", quoting=csv.QUOTE_ALL).writerow(row)
        else:
            csv.writer(text, lineterminator="").writerow(row)
        return text.getvalue()

    def save(self) -> None:
        """Replace the file atomically. A link stays one."""
        path = self._path.resolve()
        descriptor, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write("".join(self._records).encode("utf-8", "surrogateescape"))
                file.flush()
                os.fsync(file.fileno())
            Path(part).chmod(path.stat().st_mode & 0o777)
            Path(part).replace(path)
            if os.name == "posix":
                sync_to_disk(path.parent)
        finally:
            Path(part).unlink(missing_ok=True)

    def _place(self, keys: tuple[str, ...], cells: dict[str, str]) -> int | None:
        wanted = [cells[name] for name in keys]
        for place, record in enumerate(self._records[1:], start=1):
            row = dict(zip(self.header, _parsed(record), strict=False))
            if [row.get(name) for name in keys] == wanted:
                return place
        return None


def _records(text: str) -> list[str]:
    """The lines of a CSV file with their ends; a quoted cell can hold line ends."""
    records: list[str] = []
    pending = ""
    for line in io.StringIO(text, newline=""):
        pending += line
        if pending.count('"') % 2 == 0:
            records.append(pending)
            pending = ""
    return [*records, pending] if pending or not records else records


def _parsed(record: str) -> list[str]:
    return next(csv.reader(io.StringIO(record, newline="")), [])


def _widen(line: dict[str, Any], kind: str, value: str | None, seen: set[str]) -> None:
    """Widen a line of the contract so that it accepts the finding."""
    known = set((line["types"] or "").split("|")) - {""}
    if not known or kind == "type_changed":
        line["types"] = "|".join(sorted(known | seen))
    if kind in ("field_new", "field_gone", "null_share_jumped"):
        line["presence"] = "optional"
    elif kind == "value_outside" and line["vocabulary"]:
        line["vocabulary"] += f"|{value}"
    elif kind == "value_outside":
        line["minimum" if _is_less(value, line["minimum"]) else "maximum"] = value
    line["presence"] = line["presence"] or "expected"


def _is_less(value: str | None, minimum: str | None) -> bool:
    if value is None or minimum is None:
        return False
    try:
        return float(value) < float(minimum)
    except ValueError:
        return value < minimum
