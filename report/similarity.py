"""How alike relatives are, shape by shape."""

from report.content import Column, Figure, Page, Section, Table
from report.figures import DECIMAL, Dot, dots
from report.marts import Marts
from report.text import number

ARTIFACTS = {"metadata": "records", "card": "model cards"}
MEASURES = {"tfidf": "TF-IDF", "bow": "term counts", "levenshtein": "Levenshtein"}
KIN = {
    "random": "random",
    "parent_child": "parent, child",
    "siblings": "siblings",
    "grandparent": "grandparent",
    "great_grandparent": "great-grandparent",
    "uncle_nephew": "uncle, nephew",
}
SHAPES = {
    "two_models": "two models",
    "edge": "one edge",
    "two_children": "two children",
    "path_of_two": "chain of 2",
    "three_children": "three children",
    "two_grandchildren": "two grandchildren",
    "uncle": "uncle",
    "path_of_three": "chain of 3",
}


def page(marts: Marts) -> Page:
    """Similarity by artifact and measure; occurrences of shapes."""
    return Page(
        "similarity.html",
        "How alike relatives are",
        "Similarity of records and cards between parent and child, siblings, and others, in eight shapes.",
        [*(_similarity(marts, artifact) for artifact in ARTIFACTS), _occurrences(marts)],
    )


def _similarity(marts: Marts, artifact: str) -> Section:
    title = f"Similarity of {ARTIFACTS[artifact]}"
    shapes, kin = list(SHAPES), list(KIN)
    rows = [
        row
        for row in marts.rows(
            "select measure, relation, shape, pair, n, n_missing, mean, mean_low, mean_high from "
            "marts.similarity_estimates "
            "where artifact = $artifact",
            {"artifact": artifact},
        )
        if row[6] is not None and row[0] in MEASURES and row[1] in KIN and row[2] in SHAPES
    ]
    rows.sort(key=lambda row: (list(MEASURES).index(row[0]), kin.index(row[1]), shapes.index(row[2]), row[3]))
    if not rows:
        return Section(
            artifact,
            title,
            missing=f"There are no pairs whose {ARTIFACTS[artifact]} could be compared here"
            + (": `phylohub ingest cards` fetches cards." if artifact == "card" else ": there is no fine-tune edge."),
        )
    figures = []
    for measure, measure_word in MEASURES.items():
        of = [row for row in rows if row[0] == measure]
        if not of:
            continue
        means = [
            f"{word} {_span(known)}"
            + (
                ""
                if (other := _published(marts, artifact, measure, relation)) is None
                else f" (study {number(other, 2)})"
            )
            for relation, word in KIN.items()
            if (known := [row[6] for row in of if row[1] == relation])
        ]
        seen: set[str] = set()
        drawn = []
        for _, relation, shape, pair, _, _, mean, low, high in of:
            published = None if relation in seen else _published(marts, artifact, measure, relation)
            seen.add(relation)
            drawn.append(Dot(f"{KIN[relation]} · {SHAPES[shape]} {pair}", mean, low, high, published))
        figures.append(
            Figure(
                f"similarity-{artifact}-{measure}",
                f"{title}, by {measure_word}",
                f"Mean similarity over the shapes: {'; '.join(means)}.",
                dots(drawn, "mean similarity", DECIMAL, top=1.0),
                key="Dots: here, with 95 % intervals (often narrower than the dot). "
                "Letters name the two models of the shape."
                + (
                    " Open diamonds: the study, read off its figure, once for each kind of relatives."
                    if any(dot.published is not None for dot in drawn)
                    else ""
                ),
                table=Table(
                    f"{title}, by {measure_word}",
                    [
                        Column("Relatives"),
                        Column("Shape"),
                        Column("Pair"),
                        Column("Pairs drawn", "count"),
                        Column("Left out", "count"),
                        Column("Mean", "decimal"),
                        Column("From", "decimal"),
                        Column("To", "decimal"),
                    ],
                    [(KIN[row[1]], SHAPES[row[2]], *row[3:]) for row in of],
                ),
            )
        )
    return Section(
        artifact,
        title,
        [
            "Shapes are drawn evenly over all their occurrences in the graph of fine-tunes. Chains lead down "
            "from t or u; "
            "a parent with many children is drawn often in shapes with many children, and weighs more there."
        ],
        figures=figures,
    )


def _span(means: list[float]) -> str:
    low, high = number(min(means), 2), number(max(means), 2)
    return low if low == high else f"{low} to {high}"


def _published(marts: Marts, artifact: str, measure: str, relation: str) -> float | None:
    return marts.published.get(f"similarity_{measure}_{relation}") if artifact == "metadata" else None


def _occurrences(marts: Marts) -> Section:
    rows = marts.rows(
        "select shape, n_occurrences, n_occurrences_paper from marts.subgraph_occurrences order by shape_number"
    )
    return Section(
        "occurrences",
        "How often each shape occurs",
        missing="" if rows else "There is no graph of fine-tunes here.",
        tables=[
            Table(
                "Occurrences in the graph of fine-tunes",
                [
                    Column("Shape"),
                    Column("Here", "count"),
                    Column("Here, study's formula", "count"),
                    Column("Study", "count"),
                ],
                [
                    (SHAPES.get(row[0], row[0]), row[1], row[2], marts.published.get(f"occurrences_{row[0]}"))
                    for row in rows
                ],
            )
        ]
        if rows
        else [],
    )
