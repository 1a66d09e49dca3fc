"""Differences: of similarity between kinds of relatives, of mutation rates between relations and between snapshots."""

from typing import Any

from phylohub.report.charts import dots
from phylohub.report.content import Column, Figure, Section, Table
from phylohub.report.marts import TRAITS, Marts, relation_label, relation_order
from phylohub.report.relatedness import ARTIFACTS, MAIN_MEASURE, MEASURES, REASONS, dot
from phylohub.report.style import DECIMAL, SHARE
from phylohub.report.text import format_number, format_share, safe_text

LEGEND = (
    "Dots: difference in this snapshot, with 95% intervals over families. An interval without 0 shows a difference. "
    "Open circles: too few families for an interval. Crosses: fewer than 30 distinct pairs."
)
INTERVAL_COLUMNS = [Column("Effective families", "decimal"), Column("Interval")]


def _verdict(name: str, text: str, low: float | None, high: float | None, method: str) -> str:
    """A difference in words, and whether it can be told from 0."""
    if low is None or high is None:
        return f"{name} {text} ({REASONS.get(method, method)})"
    return f"{name} {text}{'' if low > 0 or high < 0 else ', not clearly different from 0'}"


def _drawn(rows: list[tuple[str, float, float | None, float | None, str]], axis: str, form: str) -> Any:
    """Dots around 0."""
    most = max(max(abs(x) for x in row[1:4] if x is not None) for row in rows) or 1
    return dots([dot(*row) for row in rows], axis, form, top=1.05 * most, bottom=-1.05 * most)


def similarities(marts: Marts) -> Section:
    """Build the section that compares siblings with parent and child."""
    id_, title = "differences", "Siblings against parent and child"
    if not marts.has("similarity_differences"):
        return Section(id_, title, missing=marts.missing("similarity_differences"))
    shapes = dict(marts.rows("select shape, title from marts.subgraph_occurrences"))
    rows = marts.rows(
        "select artifact, measure, relation, relation_compared, shape, n_distinct_pairs, difference, difference_low, "
        "difference_high, n_families_effective, interval_method from marts.similarity_differences "
        "where difference is not null order by artifact, measure, relation, relation_compared, shape <> 'all', shape"
    )
    figures = []
    for artifact, label in ARTIFACTS.items():
        of = [
            (shapes.get(row[4], "all shapes"), *row[6:9], row[10])
            for row in rows
            if row[:4] == (artifact, MAIN_MEASURE, "siblings", "parent_child")
        ]
        if not of:
            continue
        found = "; ".join(_verdict(row[0], format_number(row[1], 2), *row[2:]) for row in of)
        figures.append(
            Figure(
                f"similarity-differences-{artifact}",
                f"Similarity of {label}: siblings minus parent and child",
                f"Mean similarity of siblings minus that of parent and child in the same shape, by TF-IDF: {found}.",
                _drawn(of, "difference of mean similarity", DECIMAL),
                legend=LEGEND,
                paper="section 3",
                table=Table(
                    f"Differences of similarity of {label}",
                    [
                        Column("Measure"),
                        Column("Relatives"),
                        Column("Minus"),
                        Column("Shape"),
                        Column("Distinct pairs", "count"),
                        Column("Difference", "decimal"),
                        Column("95% low", "decimal"),
                        Column("95% high", "decimal"),
                        *INTERVAL_COLUMNS,
                    ],
                    [
                        (
                            MEASURES.get(row[1], row[1]),
                            row[2].replace("_", " "),
                            row[3].replace("_", " "),
                            shapes.get(row[4], "all shapes"),
                            *row[5:10],
                            REASONS.get(row[10], row[10]),
                        )
                        for row in rows
                        if row[0] == artifact
                    ],
                ),
            )
        )
    return Section(
        id_,
        title,
        [
            "Both means are taken over the same families, so what a family adds to both cancels. Overlapping intervals "
            "of two means do not show that they are equal; the interval of their difference does the comparison."
        ],
        missing="" if figures else "This snapshot has no siblings with comparable records.",
        figures=figures,
    )


def rates(marts: Marts) -> Section:
    """Build the section that compares the mutation rates of fine-tunes with those of quantized models."""
    id_, title = "rate-differences", "Mutation rates of fine-tunes and quantized models"
    if not marts.has("rate_differences"):
        return Section(id_, title, missing=marts.missing("rate_differences"))
    rows = marts.rows(
        "select trait, relation, relation_compared, n_edges, n_edges_compared, rate, rate_compared, difference, "
        "difference_low, difference_high, n_families_effective, interval_method from marts.rate_differences "
        f"where difference is not null order by trait, {relation_order('relation')}, "
        f"{relation_order('relation_compared')}"
    )
    of = [(row[0], *row[7:10], row[11]) for row in rows if row[1:3] == ("finetune", "quantized")]
    of = [row for trait in TRAITS for row in of if row[0] == trait]
    if not of:
        return Section(id_, title, missing="This snapshot has no trait along both fine-tunes and quantized models.")
    found = "; ".join(_verdict(row[0], format_share(row[1]), *row[2:]) for row in of)
    return Section(
        id_,
        title,
        figures=[
            Figure(
                "rate-differences",
                "Mutation rates: fine-tunes minus quantized models",
                f"Mutation rate of fine-tunes minus that of quantized models: {found}.",
                _drawn(of, "difference of mutation rates", SHARE),
                legend=LEGEND,
                paper="section 4",
                table=Table(
                    "Differences of mutation rates by trait and relation",
                    [
                        Column("Trait"),
                        Column("Relation", "name"),
                        Column("Minus", "name"),
                        Column("Edges", "count"),
                        Column("Edges (minus)", "count"),
                        Column("Rate", "share"),
                        Column("Rate (minus)", "share"),
                        Column("Difference", "share"),
                        Column("95% low", "share"),
                        Column("95% high", "share"),
                        *INTERVAL_COLUMNS,
                    ],
                    [
                        (
                            row[0],
                            relation_label(row[1]),
                            relation_label(row[2]),
                            *row[3:11],
                            REASONS.get(row[11], row[11]),
                        )
                        for row in rows
                    ],
                ),
            )
        ],
    )


def changes(marts: Marts) -> Section:
    """Build the section that compares mutation rates with those of the previous snapshot."""
    id_, title = "rate-changes", "Mutation rates since the previous snapshot"
    if not marts.has("rate_changes"):
        return Section(id_, title, missing=marts.missing("rate_changes"))
    rows = marts.rows(
        "select trait, relation, n_edges_previous, n_edges, value_previous, value, change, change_low, change_high, "
        "n_families_effective, interval_method, previous_snapshot from marts.rate_changes "
        f"where measure = 'mutation' and change is not null order by trait, {relation_order('relation')}"
    )
    of = [(row[0], *row[6:9], row[10]) for row in rows if row[1] == "finetune"]
    of = [row for trait in TRAITS for row in of if row[0] == trait]
    if not of:
        return Section(id_, title, missing="There is no previous snapshot of this series with fine-tunes to compare.")
    found = "; ".join(_verdict(row[0], format_share(row[1]), *row[2:]) for row in of)
    return Section(
        id_,
        title,
        [
            "If the snapshots are samples, or their sources record other fields, a change of the sample or the source "
            "shows as a change of the rates, too."
        ],
        figures=[
            Figure(
                "rate-changes",
                "Mutation rates along fine-tunes since the previous snapshot",
                f"Change of the mutation rate along fine-tunes since {safe_text(rows[0][11], 60)}: {found}.",
                _drawn(of, "change of the mutation rate", SHARE),
                legend=LEGEND,
                table=Table(
                    "Changes of mutation rates by trait and relation",
                    [
                        Column("Trait"),
                        Column("Relation", "name"),
                        Column("Edges before", "count"),
                        Column("Edges", "count"),
                        Column("Rate before", "share"),
                        Column("Rate", "share"),
                        Column("Change", "share"),
                        Column("95% low", "share"),
                        Column("95% high", "share"),
                        *INTERVAL_COLUMNS,
                    ],
                    [(row[0], relation_label(row[1]), *row[2:10], REASONS.get(row[10], row[10])) for row in rows],
                ),
            )
        ],
    )
