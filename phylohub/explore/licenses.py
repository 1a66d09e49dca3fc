"""The license lineage of a model: what reaches it from whom, and what its own license does not carry."""

from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from phylohub.core.errors import PhylohubError
from phylohub.core.terminal import printable
from phylohub.explore.lineage import list_models
from phylohub.explore.warehouse import Row, Warehouse

NOTICE = "Facts as tags and cards declare them, never legal advice."


class Severity(StrEnum):
    """How severe a finding is, the most severe first. A ranking for review."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


RANKS = {severity.value: rank for rank, severity in enumerate(Severity)}
STYLES = {"high": "bold red", "medium": "bold yellow", "low": "cyan", "info": "dim"}


def read_licenses(warehouse: Warehouse, model_id: str) -> Row:
    """Read the license lineage of a model, under the column names of the marts, as values that JSON can represent.

    `ancestors` has every ancestor with its license, the nearest first; `obligations` one row per term, license and
    detail, with the nearest ancestor and the number of ancestors; `findings` the most severe first.
    """
    if not warehouse.has("marts", "license_findings"):
        raise PhylohubError(f"There are no license marts in {warehouse.path}. Run `dbt build`.")
    return {
        "model_id": model_id,
        "notice": NOTICE,
        "licenses": declared_licenses(warehouse, [model_id])[model_id],
        "parents": declared_parents(warehouse, model_id),
        "ancestors": _ancestors(warehouse, model_id),
        "inheritance": warehouse.rows(
            """
            select * exclude (model_id)
            from marts.license_inheritance
            where model_id = $id
            order by distance, ancestor_id
            """,
            id=model_id,
        ),
        "obligations": _obligations(warehouse, model_id),
        "findings": _findings(warehouse, model_id),
    }


def declared_licenses(warehouse: Warehouse, ids: list[str]) -> defaultdict[str, list[Row]]:
    """The licenses that each model declares, sorted."""
    licenses: defaultdict[str, list[Row]] = defaultdict(list)
    for row in warehouse.rows(
        "from marts.declared_licenses where model_id in (select unnest($ids)) order by all", ids=ids
    ):
        licenses[row.pop("model_id")].append(row)
    return licenses


def declared_parents(warehouse: Warehouse, model_id: str) -> list[Row]:
    """The parents that tags and card of a model declare, and the models that they lead to."""
    return warehouse.rows(
        "select * exclude (child_id) from marts.declared_parents where child_id = $id order by all", id=model_id
    )


def _ancestors(warehouse: Warehouse, model_id: str) -> list[Row]:
    ancestors = warehouse.rows(
        """
        select ancestor_id, min(distance) as distance
        from (
            select ancestor_id, distance
            from marts.lineage_closure
            where edge_set = 'resolved' and descendant_id = $id
            union all
            -- The marts of licenses also follow the edges that the closure cuts to break cycles.
            select ancestor_id, distance from marts.license_obligations where model_id = $id
        )
        group by ancestor_id
        order by distance, ancestor_id
        """,
        id=model_id,
    )
    licenses = declared_licenses(warehouse, [row["ancestor_id"] for row in ancestors])
    for row in ancestors:
        row["licenses"] = [license_text(one) for one in licenses[row["ancestor_id"]]]
    return ancestors


def license_text(license_row: Row) -> str:
    """The known license, else the declared one with its own name."""
    known, declared, name = (license_row[key] for key in ("license", "folded_license", "license_name"))
    return str(known or (f"{declared} ({name})" if name else declared))


def _obligations(warehouse: Warehouse, model_id: str) -> list[Row]:
    return warehouse.rows(
        """
        select
            term,
            ancestor_license,
            detail,
            clause,
            source,
            model_value,
            min_by(ancestor_id, (distance, ancestor_id)) as ancestor_id,
            min(distance) as distance,
            count(*) as n_ancestors
        from marts.license_obligations
        where model_id = $id
        group by all
        order by term, distance, ancestor_license
        """,
        id=model_id,
    )


def _findings(warehouse: Warehouse, model_id: str) -> list[Row]:
    findings = warehouse.rows(
        """
        select * exclude (model_id, created_at)
        from marts.license_findings
        where model_id = $id
        order by finding, upstream_license, other_license
        """,
        id=model_id,
    )
    for row in findings:
        row.update({name: value.isoformat() for name, value in row.items() if hasattr(value, "isoformat")})
    return sorted(findings, key=lambda row: RANKS[row["severity"]])


def has_finding(profile: Row, severity: Severity) -> bool:
    """Whether a finding is of this severity or worse."""
    return any(RANKS[row["severity"]] <= RANKS[severity.value] for row in profile["findings"])


def license_parts(profile: Row, width: int) -> Iterator[RenderableType]:
    """The parts of a license lineage (read_licenses), with at most `width` ancestors."""
    own = ", ".join(license_text(one) for one in profile["licenses"]) or "no license"
    yield _line(profile["model_id"], "bold").append(f"  {printable(own)}", "")
    yield _line(NOTICE, "italic")
    unresolved = [
        f"{row['declared_name']} ({row['why_unresolved']})" for row in profile["parents"] if row["why_unresolved"]
    ]
    if unresolved:
        yield _line(f"declared parents that lead to no model: {list_models(unresolved)}", "italic")
    ancestors = profile["ancestors"]
    yield _line(f"\nancestors: {len(ancestors):,}", "bold")
    if ancestors:
        yield _grid(
            ([str(row["distance"]), row["ancestor_id"], ", ".join(row["licenses"]) or "no license"], "")
            for row in ancestors[:width]
        )
    if len(ancestors) > width:
        yield _line(f"... and {len(ancestors) - width:,} more (--width)", "dim")
    nearest = profile["inheritance"]
    if nearest:
        yield _line("\nnearest licensed ancestors", "bold")
        yield _grid(
            ([row["inheritance"], row["ancestor_license"], f"{row['path']} ({row['relations']})"], "")
            for row in nearest[:width]
        )
    yield _line(f"\nterms that reach the model: {len(profile['obligations']):,}", "bold")
    if profile["obligations"]:
        yield _grid(
            (
                [
                    row["term"],
                    f"{row['ancestor_license']} of {row['ancestor_id']}"
                    + (f" and {row['n_ancestors'] - 1:,} more" if row["n_ancestors"] > 1 else ""),
                    "; ".join(filter(None, [row["detail"], f"clause {row['clause']}" if row["clause"] else None])),
                    {"yes": "carried", "no": "not carried", "unknown": "unknown"}[row["model_value"]],
                ],
                "",
            )
            for row in profile["obligations"]
        )
    yield _line(f"\nfindings: {len(profile['findings']):,}", "bold")
    for row in profile["findings"]:
        yield _line(f"{row['severity']}, {row['certainty']}: {row['finding']}", STYLES[row["severity"]])
        yield _line(f"  {row['words']}", "")
        yield _line(f"  {_evidence(row)}", "dim")


def _evidence(row: Row) -> str:
    if row["ancestor_id"] is None:
        return f"card {row['upstream_license']}, tag {row['other_license']}"
    parts = [f"{row['upstream_license']} of {row['ancestor_id']}, {row['distance']:,} up"]
    if row["other_ancestor_id"]:
        parts.append(f"{row['other_license']} of {row['other_ancestor_id']}")
    else:
        parts.append(f"own license {row['model_license'] or 'none'}")
    parts += [row[key] for key in ("detail", "clause", "source") if row[key]]
    return "; ".join(parts)


def _grid(rows: Iterator[tuple[list[str], str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for number, (cells, style) in enumerate(rows):
        if number == 0:
            for _ in cells:
                table.add_column(overflow="fold")
        table.add_row(*[Text(printable(cell), style) for cell in cells])
    return table


def _line(text: str, style: str) -> Text:
    start = "\n" if text.startswith("\n") else ""
    return Text(start + printable(text.removeprefix("\n")), style)
