"""Genetic similarity: the similarity of relatives in the eight shapes."""

from dataclasses import replace

from phylohub.report import differences, relatedness
from phylohub.report.charts import Dot, dots
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.graphs import shapes
from phylohub.report.marts import Marts
from phylohub.report.relatedness import ARTIFACTS, MEASURES
from phylohub.report.shapes import glyph
from phylohub.report.style import DECIMAL
from phylohub.report.text import count_of, format_number, study_note

NO_BREAK = "\u2011"  # keeps a pair on one line
Shapes = dict[str, tuple[str, str]]  # title and edges by shape, in the study's order

RELATIVES = {
    "random": "any two models",
    "parent_child": "parent and child",
    "siblings": "siblings",
    "grandparent": "grandparent and grandchild",
    "great_grandparent": "great-grandparent and -child",
    "uncle_nephew": "uncle and nephew",
}
DESCRIPTIONS = {
    "random": "Two random models of the snapshot, related or not: the baseline.",
    "parent_child": "A model and its fine-tune.",
    "siblings": "Two models fine-tuned from the same parent.",
    "grandparent": "A model and a fine-tune of its fine-tune.",
    "great_grandparent": "A model and a model three fine-tunes below it.",
    "uncle_nephew": "A model and a fine-tune of its sibling.",
}


def page(marts: Marts) -> Page:
    """Build the page on the eight shapes, similarity by artifact and measure, and occurrences of shapes."""
    known = {
        shape: (title, edges)
        for shape, title, edges in marts.rows(
            "select shape, title, edges from marts.subgraph_occurrences order by shape_number"
        )
    }
    return Page(
        "similarity.html",
        "Genetic similarity",
        "Similarity of the records and cards of parent and child, siblings, other relatives, and merged models.",
        [
            _shapes(marts, known),
            *(_similarity(marts, artifact, known) for artifact in ARTIFACTS),
            differences.similarities(marts),
            relatedness.distances(marts),
            relatedness.merges(marts),
            _occurrences(marts),
        ],
    )


def _shapes(marts: Marts, known: Shapes) -> Section:
    pairs = marts.rows(
        "select relation, shape, string_agg(distinct pair, ', ' order by pair) from marts.similarity_estimates "
        "group by relation, shape"
    )
    if not known or not pairs:
        return Section("shapes", "Compared pairs", missing="This snapshot has no graph of fine-tunes.")
    order = list(known)
    pairs = sorted(
        (row for row in pairs if row[0] in RELATIVES and row[1] in known), key=lambda row: order.index(row[1])
    )
    rows: list[tuple[object, ...]] = []
    for relation, label in RELATIVES.items():
        where = [
            f"{known[shape][0]} {between.replace('-', NO_BREAK)}" for of, shape, between in pairs if of == relation
        ]
        rows.append((label, DESCRIPTIONS[relation], "; ".join(where)))
    return Section(
        "shapes",
        "Compared pairs",
        [
            "Models are compared within small shapes that occur in the graph of fine-tunes. Letters name the models of "
            "a shape, and the pair that is compared: in a chain of four, t-w is a great-grandparent and its "
            "great-grandchild."
        ],
        figures=[
            Figure(
                "shapes",
                "The eight shapes",
                "Edges from parent to child: "
                + "; ".join(f"{title} {edges.replace(' ', ', ') or 'no edge'}" for title, edges in known.values())
                + ".",
                shapes(list(known.values())),
                legend="Circles are models. Lines are fine-tunes, from the parent on the left to the child.",
                paper="section 3",
            )
        ],
        tables=[
            Table("Pairs of relatives", [Column("Relatives"), Column("Description"), Column("Shapes and pairs")], rows)
        ],
    )


def _similarity(marts: Marts, artifact: str, known: Shapes) -> Section:
    title = f"Similarity of {ARTIFACTS[artifact]}"
    order, kin = list(known), list(RELATIVES)
    rows = [
        row
        for row in marts.rows(
            "select measure, relation, shape, pair, n, n_missing, n_distinct_pairs, mean, mean_low, mean_high, "
            "design_effect, n_families_effective, interval_method from marts.similarity_estimates "
            "where artifact = $artifact",
            {"artifact": artifact},
        )
        if row[7] is not None and row[0] in MEASURES and row[1] in RELATIVES and row[2] in known
    ]
    rows.sort(key=lambda row: (list(MEASURES).index(row[0]), kin.index(row[1]), order.index(row[2]), row[3]))
    if not rows:
        return Section(
            artifact,
            title,
            missing=f"This snapshot has no pairs with {ARTIFACTS[artifact]} to compare. "
            + (
                "Run `phylohub ingest cards`, then `dbt build`."
                if artifact == "card"
                else "It has no fine-tune whose parent is in it."
            ),
        )
    figures = []
    for measure, measure_label in MEASURES.items():
        of = [row for row in rows if row[0] == measure]
        if not of:
            continue
        means: list[str] = []
        drawn: list[Dot] = []
        for relation, label in RELATIVES.items():
            same = [row for row in of if row[1] == relation]
            if not same:
                continue
            published = _published(marts, artifact, measure, relation)
            enough = [row[7] for row in same if row[12] != "too_few_pairs"]
            means.append(
                f"{label} {_span(enough) if enough else 'too few pairs'}"
                f"{study_note(format_number(published, 2) if published else None)}"
            )
            drawn.append(Dot(label, None, published=published))
            for _, _, shape, pair, _, _, n_pairs, mean, low, high, _, _, method in same:
                name, edges = known[shape]
                row = relatedness.dot(f"{name} {pair} ({n_pairs:,})", mean, low, high, method)
                outlines, filled = glyph(edges, pair)
                drawn.append(replace(row, outlines=outlines, filled=filled))
        figures.append(
            Figure(
                f"similarity-{artifact}-{measure}",
                f"{title}, by {measure_label}",
                f"Mean similarity, lowest to highest over the shapes: {'; '.join(means)}. "
                f"{sum(row[8] is not None for row in of)} of {count_of(len(of), 'mean')} have an interval.",
                dots(drawn, "mean similarity", DECIMAL, top=1.0),
                legend=f"{relatedness.legend(row[12] for row in of)} Next to each label is its shape, parents on the "
                "left, with the compared pair filled in."
                + (
                    " Open diamonds in the rows of the headings: the study (whole Hub), read off its figure."
                    if any(dot.published is not None for dot in drawn)
                    else ""
                ),
                paper="section 3",
                table=Table(
                    f"{title}, by {measure_label}",
                    [
                        Column("Relatives"),
                        Column("Shape"),
                        Column("Pair"),
                        Column("Sampled pairs", "count"),
                        Column("Pairs without data", "count"),
                        *relatedness.ESTIMATE_COLUMNS,
                    ],
                    [
                        (RELATIVES[row[1]], known[row[2]][0], *row[3:12], relatedness.REASONS.get(row[12], row[12]))
                        for row in of
                    ],
                ),
            )
        )
    return Section(
        artifact,
        title,
        [
            "Shapes are sampled uniformly from all their occurrences in the graph of fine-tunes, so parents with many "
            f"children have more weight in shapes with several children. The similarity of "
            f"identical {ARTIFACTS[artifact]} is 1. The same pair can be sampled many times, and pairs share models "
            "and families, so the intervals are over families."
        ],
        figures=figures,
    )


def _span(means: list[float]) -> str:
    low, high = format_number(min(means), 2), format_number(max(means), 2)
    return low if low == high else f"{low} to {high}"


def _published(marts: Marts, artifact: str, measure: str, relation: str) -> float | None:
    return marts.published.get(f"similarity_{measure}_{relation}") if artifact == "metadata" else None


def _occurrences(marts: Marts) -> Section:
    rows = marts.rows(
        "select shape, title, n_occurrences, n_occurrences_paper from marts.subgraph_occurrences order by shape_number"
    )
    return Section(
        "occurrences",
        "Occurrences of shapes",
        missing="" if rows else "This snapshot has no graph of fine-tunes.",
        tables=[
            Table(
                "Occurrences in the graph of fine-tunes",
                [
                    Column("Shape"),
                    Column("This snapshot", "count"),
                    Column("This snapshot (study's formula)", "count"),
                    Column("Study (whole Hub)", "count"),
                ],
                [(*row[1:], marts.published.get(f"occurrences_{row[0]}")) for row in rows],
            )
        ]
        if rows
        else [],
    )
