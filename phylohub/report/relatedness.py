"""Similarity by kinship: generation gap against distance, and the parents of merges."""

from typing import Any

from phylohub.report.charts import Dot, dots
from phylohub.report.content import Column, Figure, Section, Table
from phylohub.report.marts import Marts
from phylohub.report.style import DECIMAL
from phylohub.report.text import count_of, format_number, safe_text

ARTIFACTS = {"metadata": "records", "card": "model cards"}
MEASURES = {"tfidf": "TF-IDF", "bow": "term counts", "levenshtein": "Levenshtein"}
MAIN_MEASURE = "tfidf"
INTERVALS = "Dots: this snapshot, with 95% intervals (often narrower than the dot)."
MERGE_PAIRS = {
    "merge_child_parent": "merge, each parent",
    "child_nearest_parent": "merge, most similar parent",
    "child_farthest_parent": "merge, least similar parent",
    "parents_of_merge": "two parents of a merge",
    "finetune_child_parent": "fine-tune, parent",
}


def _order(column: str, words: dict[str, str]) -> str:
    return f"list_position([{', '.join(map(repr, words))}], {column}) nulls last, {column}"


def _estimates(rows: list[tuple[Any, ...]], artifact: str) -> list[tuple[Any, ...]]:
    """The rows of an artifact in the main measure that have a mean."""
    return [row for row in rows if row[0] == artifact and row[1] == MAIN_MEASURE and row[-3] is not None]


def distances(marts: Marts) -> Section:
    """Build the section that compares similarity by generation gap with similarity by distance."""
    id_, title = "distance", "Generation gap and distance"
    if not marts.has("similarity_by_distance"):
        return Section(id_, title, missing=marts.missing("similarity_by_distance"))
    rows = marts.rows(
        "select artifact, measure, generation_gap, distance, n_shapes, n, n_missing, mean, low, high from "
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
                + "; ".join(f"{_kinship(row)}: {format_number(row[7], 2)}" for row in of)
                + ".",
                dots([Dot(_kinship(row), *row[7:]) for row in of], "mean similarity", DECIMAL, top=1.0),
                legend=INTERVALS,
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
                        Column("Mean", "decimal"),
                        Column("95% low", "decimal"),
                        Column("95% high", "decimal"),
                    ],
                    [(MEASURES.get(row[1], row[1]), *row[2:]) for row in rows if row[0] == artifact],
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
        "select artifact, measure, pair_kind, n_distinct_pairs, has_few_pairs, n, n_missing, mean, low, high from "
        f"marts.merge_similarity order by {_order('artifact', ARTIFACTS)}, {_order('measure', MEASURES)}, "
        f"{_order('pair_kind', MERGE_PAIRS)}"
    )
    figures = []
    for artifact, label in ARTIFACTS.items():
        of = _estimates(rows, artifact)
        if not of:
            continue
        names = [f"{_merge_pair(row[2])}{' (few pairs)' if row[4] else ''}" for row in of]
        few = any(row[4] for row in of)
        figures.append(
            Figure(
                f"similarity-merges-{artifact}",
                f"Similarity of {label} of merges and fine-tunes",
                "Mean similarity by TF-IDF: "
                + "; ".join(
                    f"{safe_text(name, 60)} {format_number(row[7], 2)} ({count_of(row[3], 'distinct pair')})"
                    for name, row in zip(names, of, strict=True)
                )
                + ".",
                dots(
                    [Dot(name, *row[7:]) for name, row in zip(names, of, strict=True)],
                    "mean similarity",
                    DECIMAL,
                    top=1.0,
                ),
                legend=INTERVALS + (" Means over few pairs say little." if few else ""),
                paper="footnote 4",
                table=Table(
                    f"Similarity of {label} of merges and fine-tunes",
                    [
                        Column("Measure"),
                        Column("Pair", "name"),
                        Column("Distinct pairs", "count"),
                        Column("Few pairs"),
                        Column("Sampled pairs", "count"),
                        Column("Pairs without data", "count"),
                        Column("Mean", "decimal"),
                        Column("95% low", "decimal"),
                        Column("95% high", "decimal"),
                    ],
                    [
                        (MEASURES.get(row[1], row[1]), _merge_pair(row[2]), row[3], "yes" if row[4] else "no", *row[5:])
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
