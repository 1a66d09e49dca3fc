"""Similarity by kinship: generation gap against distance, and the parents of merges."""

from collections.abc import Iterable
from typing import Any

from phylohub.report.charts import Dot, dots
from phylohub.report.content import Column, Figure, Section, Table
from phylohub.report.marts import Marts
from phylohub.report.style import DECIMAL
from phylohub.report.text import format_number, safe_text

ARTIFACTS = {"metadata": "records", "card": "model cards"}
MEASURES = {"tfidf": "TF-IDF", "bow": "term counts", "levenshtein": "Levenshtein"}
MAIN_MEASURE = "tfidf"
INTERVALS = "Dots: this snapshot, with 95% intervals over families. In parentheses: distinct pairs."
WEAK = (
    " Open circles: too few families for an interval. Crosses: fewer than 30 distinct pairs. Both say little about "
    "other models."
)
REASONS = {
    "weighted_jackknife": "yes",
    "too_few_pairs": "too few pairs",
    "too_few_families": "too few families",
    "no_variation": "no variation",
}
MERGE_PAIRS = {
    "merge_child_parent": "merge, each parent",
    "child_nearest_parent": "merge, most similar parent",
    "child_farthest_parent": "merge, least similar parent",
    "parents_of_merge": "two parents of a merge",
    "finetune_child_parent": "fine-tune, parent",
}


ESTIMATE_COLUMNS = [
    Column("Distinct pairs", "count"),
    Column("Mean", "decimal"),
    Column("95% low", "decimal"),
    Column("95% high", "decimal"),
    Column("Design effect", "decimal"),
    Column("Effective families", "decimal"),
    Column("Interval"),
]


def _order(column: str, words: dict[str, str]) -> str:
    return f"list_position([{', '.join(map(repr, words))}], {column}) nulls last, {column}"


def _estimates(rows: list[tuple[Any, ...]], artifact: str) -> list[tuple[Any, ...]]:
    """The rows of an artifact in the main measure that have a mean, in the column before the last five."""
    return [row for row in rows if row[0] == artifact and row[1] == MAIN_MEASURE and row[-6] is not None]


def with_pairs(name: str, n_distinct_pairs: int, method: str) -> str:
    """The label of a row: its number of distinct pairs, and why it has no interval."""
    reason = "" if method == "weighted_jackknife" else f": {REASONS.get(method, method)}"
    return f"{name} ({n_distinct_pairs:,}{reason})"


def dot(name: str, value: float, low: float | None, high: float | None, method: str) -> Dot:
    """A mean or difference, marked if it has no interval."""
    return Dot(name, value, low, high, weak="" if low is not None else "pairs" if "pairs" in method else "families")


def legend(methods: Iterable[str]) -> str:
    """What the marks of a figure mean."""
    return INTERVALS + (WEAK if any(method != "weighted_jackknife" for method in methods) else "")


def distances(marts: Marts) -> Section:
    """Build the section that compares similarity by generation gap with similarity by distance."""
    id_, title = "distance", "Generation gap and distance"
    if not marts.has("similarity_by_distance"):
        return Section(id_, title, missing=marts.missing("similarity_by_distance"))
    rows = marts.rows(
        "select artifact, measure, generation_gap, distance, n_shapes, n, n_missing, n_distinct_pairs, mean, low, "
        "high, design_effect, n_families_effective, interval_method from "
        f"marts.similarity_by_distance order by {_order('artifact', ARTIFACTS)}, {_order('measure', MEASURES)}, "
        "distance nulls last, generation_gap"
    )
    figures = []
    for artifact, label in ARTIFACTS.items():
        of = _estimates(rows, artifact)
        if not of:
            continue
        figures.append(
            Figure(
                f"similarity-distance-{artifact}",
                f"Similarity of {label} by distance and generation gap",
                "Mean similarity by TF-IDF: "
                + "; ".join(f"{with_pairs(_kinship(row), row[7], row[13])} {format_number(row[8], 2)}" for row in of)
                + ".",
                dots(
                    [dot(with_pairs(_kinship(row), row[7], row[13]), row[8], row[9], row[10], row[13]) for row in of],
                    "mean similarity",
                    DECIMAL,
                    top=1.0,
                ),
                legend=legend(row[13] for row in of),
                paper="section 3",
                table=Table(
                    f"Similarity of {label} by distance and generation gap",
                    [
                        Column("Measure"),
                        Column("Generation gap", "count"),
                        Column("Distance", "count"),
                        Column("Shapes", "count"),
                        Column("Sampled pairs", "count"),
                        Column("Pairs without data", "count"),
                        *ESTIMATE_COLUMNS,
                    ],
                    [
                        (MEASURES.get(row[1], row[1]), *row[2:13], REASONS.get(row[13], row[13]))
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
            "If models inherit by descent, relatives differ more the more generations lie between them, or the more "
            "edges. The generation gap counts generations; the distance counts edges over the closest common ancestor. "
            "Siblings have gap 0 and distance 2."
        ],
        missing="" if figures else "This snapshot has no fine-tunes with comparable records, so there are no pairs.",
        figures=figures,
    )


def _kinship(row: tuple[Any, ...]) -> str:
    gap, distance = row[2], row[3]
    return "any two models" if distance is None else f"distance {distance}, gap {gap}"


def merges(marts: Marts) -> Section:
    """Build the section on merges, which have several parents, against fine-tunes."""
    id_, title = "merges", "Merges and their parents"
    if not marts.has("merge_similarity"):
        return Section(id_, title, missing=marts.missing("merge_similarity"))
    rows = marts.rows(
        "select artifact, measure, pair_kind, n, n_missing, n_distinct_pairs, mean, low, high, design_effect, "
        "n_families_effective, interval_method from marts.merge_similarity "
        f"order by {_order('artifact', ARTIFACTS)}, {_order('measure', MEASURES)}, {_order('pair_kind', MERGE_PAIRS)}"
    )
    figures = []
    for artifact, label in ARTIFACTS.items():
        of = _estimates(rows, artifact)
        if not of:
            continue
        names = [with_pairs(safe_text(_merge_pair(row[2]), 60), row[5], row[11]) for row in of]
        figures.append(
            Figure(
                f"similarity-merges-{artifact}",
                f"Similarity of {label} of merges and fine-tunes",
                "Mean similarity by TF-IDF: "
                + "; ".join(f"{name} {format_number(row[6], 2)}" for name, row in zip(names, of, strict=True))
                + ".",
                dots(
                    [dot(name, row[6], row[7], row[8], row[11]) for name, row in zip(names, of, strict=True)],
                    "mean similarity",
                    DECIMAL,
                    top=1.0,
                ),
                legend=legend(row[11] for row in of),
                paper="footnote 4",
                table=Table(
                    f"Similarity of {label} of merges and fine-tunes",
                    [
                        Column("Measure"),
                        Column("Pair", "name"),
                        Column("Sampled pairs", "count"),
                        Column("Pairs without data", "count"),
                        *ESTIMATE_COLUMNS,
                    ],
                    [
                        (MEASURES.get(row[1], row[1]), _merge_pair(row[2]), *row[3:11], REASONS.get(row[11], row[11]))
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
            "A merge has several parents, as in sexual reproduction, which the study leaves open. Compared are a merge "
            "and each of its parents, its most and its least similar parent, the parents with each other, and, for "
            "scale, a fine-tune and a parent."
        ],
        missing="" if figures else "This snapshot has no merge whose parents are in it with comparable records.",
        figures=figures,
    )


def _merge_pair(pair: str) -> str:
    return MERGE_PAIRS.get(pair, pair.replace("_", " "))
