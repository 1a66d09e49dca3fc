"""Proposes seed lines that accept the findings of `marts.api_drift`, for review."""

import csv
import io
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from phylohub.core.errors import PhylohubError

COLUMNS = ("path", "types", "presence", "minimum", "maximum", "vocabulary", "since", "reason")


@dataclass(frozen=True)
class Proposal:
    """A seed line and what to do with it. `line` is empty if no line can accept the finding."""

    seed: str
    line: str
    advice: str


def propose(connection: duckdb.DuckDBPyConnection, today: date) -> list[Proposal]:
    """The lines that accept all findings of marts.api_drift, sorted by seed and path.

    All findings about one path become one line. It replaces the path's line in the contract if there is one. Raises
    PhylohubError if the mart does not exist.
    """
    try:
        findings = connection.execute(
            "select snapshot, previous_snapshot, kind, path, value, severity from marts.api_drift "
            "order by path, kind, value"
        ).fetchall()
    except duckdb.CatalogException as error:
        raise PhylohubError("The mart api_drift does not exist. Run `dbt build`.") from error
    contract = {
        row[0]: dict(zip(COLUMNS, row, strict=True))
        for row in connection.execute(f"select {', '.join(COLUMNS)} from staging.api_contract").fetchall()
    }
    types = {
        (snapshot, path): {word for word in words.split("|") if word != "null"}
        for snapshot, path, words in connection.execute(
            "select snapshot, path, json_types from marts.api_field_profile"
        ).fetchall()
    }
    fields: dict[str, dict[str, Any]] = {}
    others: list[Proposal] = []
    for snapshot, previous, kind, path, value, _ in findings:
        words = {
            "relation_new": ("relations", [value, "", f"New in snapshot {snapshot}"]),
            "prefix_new": ("tag_prefixes", [value, "free", f"New in snapshot {snapshot}"]),
        }
        if kind in words:
            seed, cells = words[kind]
            others.append(Proposal(seed, _csv_line(cells), "add this line and describe the value"))
        elif kind in ("field_new", "field_gone", "null_share_jumped", "type_changed", "value_outside"):
            line = fields.setdefault(
                path,
                contract.get(path, dict.fromkeys(COLUMNS))
                | {"path": path, "since": today.isoformat(), "reason": f"Accepted as in snapshot {snapshot}"},
            )
            seen = types.get((snapshot, path), set()) | types.get((previous, path), set())
            _accept(line, kind, value, seen)
        elif kind == "flag_gone":
            others.append(
                Proposal("tag_flags", "", f"{value}: nothing to do; the next snapshot is compared with this one")
            )
        else:
            others.append(
                Proposal(
                    "dbt_project.yml",
                    "",
                    f"{kind}: add {snapshot} to the variable accepted_snapshots, or change the bound in "
                    "seeds/snapshot_bounds.csv",
                )
            )
    lines = [
        Proposal(
            "api_contract",
            _csv_line([line[name] for name in COLUMNS]),
            (f"replace the line of {path}" if path in contract else "add this line") + " and state the reason",
        )
        for path, line in sorted(fields.items())
    ]
    return lines + sorted(others, key=lambda proposal: (proposal.seed, proposal.line, proposal.advice))


def _accept(line: dict[str, Any], kind: str, value: str | None, seen: set[str]) -> None:
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


def _csv_line(cells: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(["" if cell is None else str(cell) for cell in cells])
    return text.getvalue()
