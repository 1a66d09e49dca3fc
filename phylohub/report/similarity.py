"""How alike relatives are, shape by shape."""

from phylohub.report.charts import Dot, dots
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.graphs import shapes
from phylohub.report.marts import Marts
from phylohub.report.shapes import glyph
from phylohub.report.style import DECIMAL
from phylohub.report.text import number, studied

NO_BREAK = "\u2011"  # a hyphen that ends no line
Shapes = dict[str, tuple[str, str]]  # title and edges by shape, in the order of the study's table

ARTIFACTS = {"metadata": "records", "card": "model cards"}
MEASURES = {"tfidf": "TF-IDF", "bow": "term counts", "levenshtein": "Levenshtein"}
KIN = {
    "random": "any two models",
    "parent_child": "parent and child",
    "siblings": "siblings",
    "grandparent": "grandparent and grandchild",
    "great_grandparent": "great-grandparent and -child",
    "uncle_nephew": "uncle and nephew",
}
MEANT = {
    "random": "Two models of the snapshot by lot, related or not: what any two have in common.",
    "parent_child": "A model, and one fine-tuned from it.",
    "siblings": "Two models fine-tuned from the same parent.",
    "grandparent": "A model, and a fine-tune of a fine-tune of it.",
    "great_grandparent": "A model, and a fine-tune of a fine-tune of a fine-tune of it.",
    "uncle_nephew": "A model, and a fine-tune of its sibling.",
}


def page(marts: Marts) -> Page:
    """Similarity by artifact and measure; occurrences of shapes."""
    known = {
        shape: (title, edges)
        for shape, title, edges in marts.rows(
            "select shape, title, edges from marts.subgraph_occurrences order by shape_number"
        )
    }
    return Page(
        "similarity.html",
        "How alike relatives are",
        "Similarity of records and cards between parent and child, siblings, and others, in eight shapes.",
        [_shapes(marts, known), *(_similarity(marts, artifact, known) for artifact in ARTIFACTS), _occurrences(marts)],
    )


def _shapes(marts: Marts, known: Shapes) -> Section:
    pairs = marts.rows(
        "select relation, shape, string_agg(distinct pair, ', ' order by pair) from marts.similarity_estimates "
        "group by relation, shape"
    )
    if not known or not pairs:
        return Section("shapes", "Which models are compared", missing="There is no graph of fine-tunes here.")
    order = list(known)
    pairs = sorted((row for row in pairs if row[0] in KIN and row[1] in known), key=lambda row: order.index(row[1]))
    rows: list[tuple[object, ...]] = []
    for relation, word in KIN.items():
        where = [
            f"{known[shape][0]} {between.replace('-', NO_BREAK)}" for of, shape, between in pairs if of == relation
        ]
        rows.append((word, MEANT[relation], "; ".join(where)))
    return Section(
        "shapes",
        "Which models are compared",
        [
            "Models are not compared by family, but by small shapes that occur in the graph of fine-tunes. Letters "
            "stand for the models of a shape, and name the two that are compared: in a chain of four, t-w are a "
            "great-grandparent and its great-grandchild."
        ],
        figures=[
            Figure(
                "shapes",
                "The eight shapes",
                "Edges from parent to child: "
                + "; ".join(f"{title} {edges.replace(' ', ', ') or 'without one'}" for title, edges in known.values())
                + ".",
                shapes(list(known.values())),
                key="A circle is a model. Lines are fine-tunes, from the parent at the left to its child.",
            )
        ],
        tables=[
            Table("Relatives in plain words", [Column("Relatives"), Column("Who"), Column("In which shape")], rows)
        ],
    )


def _similarity(marts: Marts, artifact: str, known: Shapes) -> Section:
    title = f"Similarity of {ARTIFACTS[artifact]}"
    order, kin = list(known), list(KIN)
    rows = [
        row
        for row in marts.rows(
            "select measure, relation, shape, pair, n, n_missing, mean, mean_low, mean_high from "
            "marts.similarity_estimates where artifact = $artifact",
            {"artifact": artifact},
        )
        if row[6] is not None and row[0] in MEASURES and row[1] in KIN and row[2] in known
    ]
    rows.sort(key=lambda row: (list(MEASURES).index(row[0]), kin.index(row[1]), order.index(row[2]), row[3]))
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
        said: list[str] = []
        drawn: list[Dot] = []
        for relation, word in KIN.items():
            same = [row for row in of if row[1] == relation]
            if not same:
                continue
            published = _published(marts, artifact, measure, relation)
            said.append(
                f"{word} {_span([row[6] for row in same])}{studied(number(published, 2) if published else None)}"
            )
            drawn.append(Dot(word, None, published=published))
            for _, _, shape, pair, _, _, mean, low, high in same:
                name, edges = known[shape]
                drawn.append(Dot(f"{name} {pair}", mean, low, high, None, *glyph(edges, pair)))
        figures.append(
            Figure(
                f"similarity-{artifact}-{measure}",
                f"{title}, by {measure_word}",
                f"Mean similarity over the shapes: {'; '.join(said)}.",
                dots(drawn, "mean similarity", DECIMAL, top=1.0),
                key="Dots: this snapshot, with 95 % intervals (often narrower than the dot). Beside each stands the "
                "shape, parents at its left, with the two models that are compared filled in."
                + (
                    " Open diamonds beside the headings: the study's whole Hub, read off its figure."
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
                    [(KIN[row[1]], known[row[2]][0], *row[3:]) for row in of],
                ),
            )
        )
    return Section(
        artifact,
        title,
        [
            "Shapes are drawn by lot, evenly over all their occurrences in the graph of fine-tunes. A parent with "
            "many children is drawn often in shapes with many children, and weighs more there. 1 is the same text."
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
        "select shape, title, n_occurrences, n_occurrences_paper from marts.subgraph_occurrences order by shape_number"
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
                    Column("This snapshot", "count"),
                    Column("This snapshot, study's formula", "count"),
                    Column("Study's whole Hub", "count"),
                ],
                [(*row[1:], marts.published.get(f"occurrences_{row[0]}")) for row in rows],
            )
        ]
        if rows
        else [],
    )
