"""Family trees: the largest families, and the depth, width and structural virality of all."""

from collections.abc import Sequence
from typing import Any

from phylohub.report.charts import Bar, Bubble, bars, bubbles
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.graphs import Branch, folded_tree
from phylohub.report.marts import Marts, relation_label, relation_order
from phylohub.report.style import BARS_LEGEND, STUDY_COUNT_LEGEND
from phylohub.report.text import count_of, format_number, format_share, safe_text, study_note
from phylohub.trees.edges import EdgeSet
from phylohub.trees.forest import Forest, Row, largest_rows
from phylohub.trees.read import read_families

N_TREES = 4
N_DEPTHS = 20
N_BRANCHES = 14  # rows of a tree
N_FAMILIES = 200
EDGE_SET = EdgeSet.NO_MERGE  # merges join most families into one
COLUMN_RELATIONS = ("finetune", "adapter", "quantized")
COLUMNS = (*(relation_label(relation) for relation in COLUMN_RELATIONS), "other", "further")
BUBBLES_LEGEND = "Each bubble is a group of families. Its area grows with the logarithm of their number."


def page(marts: Marts) -> Page:
    """Build the page on family trees."""
    return Page(
        "families.html",
        "Family trees",
        "The largest families as trees; depth, width and structural virality; children by relation.",
        [_trees(marts), _shapes(marts), _relations(marts), _largest(marts)],
    )


def _trees(marts: Marts) -> Section:
    largest = marts.rows(
        "select family_id, n_models, depth, width, structural_virality from marts.families where edge_set = "
        "$edge_set order by n_models desc, family_id limit $limit",
        {"edge_set": EDGE_SET, "limit": N_TREES},
    )
    figures = [
        figure for place, family in enumerate(largest, start=1) if (figure := _tree(marts, place, family)) is not None
    ]
    return Section(
        "trees",
        "The largest families",
        [
            "Merge edges are excluded, because they join most families into one. Each tree begins with the family's "
            "main root; a model with several parents stands below one that is nearest to a root. Children without "
            "children are folded into one dot per relation. The depth of a family is its longest path from a root, so "
            "it can be larger than the number of levels. The atlas has all members of all families."
        ],
        missing="" if figures else "No model in this snapshot has its parent in it, so there are no families.",
        figures=figures,
    )


def _tree(marts: Marts, place: int, family: Sequence[Any]) -> Figure | None:
    family_id, n_models, depth, width, virality = family
    forest = read_families(marts.connection, EDGE_SET, family_id)
    top = forest.ids.index(family_id)
    rows = largest_rows(forest, top, N_BRANCHES)
    n_below = int(forest.size[top]) - 1
    if not n_below:
        return None
    first_ring = len(forest.children(top))
    branches, table = folded_branches(forest, rows)
    return Figure(
        f"tree-{place}",
        f"{place}. {safe_text(family_id, 60)}",
        f"The family of {safe_text(family_id, 60)} has {count_of(n_models, 'member')}, {format_number(width)} of them "
        f"in its widest generation, and depth {depth}. "
        f"{count_of(n_below, 'member')} stand below its main root, {format_share(first_ring / n_below)} of them "
        f"directly. Structural virality {format_number(virality, 2)}: "
        + (
            "close to a broadcast, where all members descend directly from one model."
            if virality is not None and virality < 3
            else "many members descend through intermediate models."
        ),
        folded_tree(branches, COLUMNS),
        legend=f"Rows: the {len(rows)} models with the largest branches. Dots: the number of their children without "
        "children, by relation; their area grows with its logarithm. Further: models in branches that have no row.",
        table=Table(
            "Rows of the tree",
            [
                Column("Model", "model"),
                Column("Relation to the model above", "name"),
                Column("Steps from the root (shortest path)", "count"),
                Column("Models below", "count"),
                *(Column(f"Childless: {column}", "count") for column in COLUMNS[:-1]),
                Column("In further branches", "count"),
            ],
            table,
        ),
    )


def folded_branches(forest: Forest, rows: Sequence[Row]) -> tuple[list[Branch], list[tuple[object, ...]]]:
    """The rows of a folded tree for the figure and for its table."""
    at = {row.place: number for number, row in enumerate(rows)}
    branches: list[Branch] = []
    table: list[tuple[object, ...]] = []
    for row in rows:
        counts = dict.fromkeys(COLUMNS, 0)
        for wedge in row.wedges:
            counts[relation_label(wedge.relation) if wedge.relation in COLUMN_RELATIONS else "other"] += len(wedge)
        counts["further"] = sum(int(forest.size[place]) for place in row.hidden)
        name, relation = forest.ids[row.place], forest.relation_of(row.place)
        branches.append(Branch(name, row.level, at.get(int(forest.parent[row.place])), list(counts.values())))
        n_below = int(forest.size[row.place]) - 1
        table.append((name, relation and relation_label(relation), row.level, n_below, *counts.values()))
    return branches, table


def _shapes(marts: Marts) -> Section:
    cells = marts.rows(
        "select power(2, floor(log2(n_models) * 2) / 2), round(structural_virality * 2) / 2, count(*) from "
        "marts.families where edge_set = $edge_set and structural_virality is not null group by all order by all",
        {"edge_set": EDGE_SET},
    )
    if not cells:
        return Section("shapes", "Depth, width and structural virality", missing="This snapshot has no families.")
    wide = marts.rows(
        "select power(2, floor(log2(greatest(width, 1)) * 2) / 2), depth, count(*) from marts.families where "
        "edge_set = $edge_set group by all order by all",
        {"edge_set": EDGE_SET},
    )
    depths = marts.rows(
        "select depth, count(*), sum(n_models) from marts.families where edge_set = 'finetune' group by depth order "
        "by depth"
    )
    n_families, n_broadcast, median = marts.rows(
        "select count(*), count(*) filter (where structural_virality < 2), median(structural_virality) from "
        "marts.families where edge_set = $edge_set",
        {"edge_set": EDGE_SET},
    )[0]
    figures = [
        Figure(
            "virality",
            "Structural virality and size",
            f"{format_share(n_broadcast / n_families)} of {count_of(n_families, 'family', 'families')} have a "
            "structural virality below 2, as in a broadcast, where all members descend directly from one model. The "
            f"median is {format_number(median, 2)}. In the study, most families also have a low structural virality.",
            bubbles([Bubble(*cell) for cell in cells], "members", "structural virality"),
            legend=BUBBLES_LEGEND,
            table=Table(
                "Families by size and structural virality",
                [
                    Column("Members (at least)", "decimal"),
                    Column("Structural virality (rounded)", "decimal"),
                    Column("Families", "count"),
                ],
                cells,
            ),
        ),
        Figure(
            "depth-width",
            "Depth and width",
            f"The deepest family has depth {max(row[1] for row in wide)}. "
            f"{format_share(sum(row[2] for row in wide if row[1] <= 1) / n_families)} of families have depth 1 at "
            "most: no child has children.",
            bubbles(
                [Bubble(*row) for row in wide if row[0] > 0],
                "members of the widest generation",
                "depth (steps of the longest path)",
            ),
            legend=BUBBLES_LEGEND,
            table=Table(
                "Families by width and depth",
                [
                    Column("Width (at least)", "decimal"),
                    Column("Depth", "count"),
                    Column("Families", "count"),
                ],
                wide,
            ),
        ),
    ]
    if depths:
        total = sum(row[1] for row in depths)
        of_depth = {depth: n for depth, n, _ in depths}
        figures.append(
            Figure(
                "depths",
                "Depth of fine-tune families",
                f"The deepest family of fine-tunes has depth {depths[-1][0]} (study "
                f"{marts.study_text('depth_max')}). {format_share(depths[0][1] / total)} of families "
                f"have depth {depths[0][0]}.",
                bars(
                    [
                        Bar(str(depth), n / total, f"{format_share(n / total)}, {n:,}")
                        for depth in range(1, min(depths[-1][0], N_DEPTHS) + 1)
                        for n in [of_depth.get(depth, 0)]
                    ],
                    "share of families, by depth (steps of the longest path)",
                ),
                legend=f"The table also has the depths beyond {N_DEPTHS}." if depths[-1][0] > N_DEPTHS else "",
                table=Table(
                    "Fine-tune families by depth",
                    [Column("Depth", "count"), Column("Families", "count"), Column("Members", "count")],
                    depths,
                ),
            )
        )
    return Section(
        "shapes",
        "Depth, width and structural virality",
        [
            "Depth is the number of steps of the longest path from a root. Width is the number of members of the "
            "largest generation; a generation has the same shortest distance from a root. Families with missing "
            "parents appear smaller and shallower than they are (see the overview)."
        ],
        figures=figures,
    )


def _relations(marts: Marts) -> Section:
    rows = marts.rows(
        "select relation, n_edges, n_edges_without_parent, n_children, n_children_with_children, "
        "share_of_edges_to_parents, n_edges_paper, n_children_with_children_paper "
        f"from marts.relation_stats order by {relation_order('relation')}"
    )
    drawn = [row for row in rows if row[3]]
    if not drawn:
        return Section("relations", "Children by relation", missing="No edge in this snapshot has its parent in it.")

    bars_of = [
        Bar(
            relation_label(row[0]),
            row[4] / row[3],
            format_share(row[4] / row[3]),
            published,
            row[7] / row[6] if row[6] and published is not None else None,
        )
        for row in drawn
        for published in [_published_share(marts, row[0])]
    ]
    return Section(
        "relations",
        "Children by relation",
        ["The share of children with children of their own, by the relation to their parent."],
        figures=[
            Figure(
                "relations",
                "Children with children",
                "Share of children with children: "
                + "; ".join(f"{safe_text(bar.name, 40)} {bar.label}" for bar in bars_of)
                + ". By the study's count: "
                + "; ".join(
                    f"{safe_text(bar.name, 40)} {format_share(bar.other)}"
                    + study_note(None if bar.published is None else format_share(bar.published))
                    for bar in bars_of
                    if bar.other is not None
                )
                + ".",
                bars(bars_of, "share of children with children"),
                legend=f"{BARS_LEGEND} {STUDY_COUNT_LEGEND} The study counts edges, also several of one child, and "
                "children in the graph without merges.",
                table=Table(
                    "Edges and children by relation",
                    [
                        Column("Relation", "name"),
                        Column("Edges", "count"),
                        Column("Parent not in snapshot", "count"),
                        Column("Children", "count"),
                        Column("Children with children", "count"),
                        Column("Share of edges to children with children", "share"),
                        Column("Edges (study's count)", "count"),
                        Column("To children with children (study's count)", "count"),
                    ],
                    rows,
                ),
            )
        ],
    )


def _published_share(marts: Marts, relation: str) -> float | None:
    children = marts.published.get(f"children_with_children_{relation}")
    edges = marts.published.get(f"edges_{relation}")
    return children / edges if children is not None and edges else None


def _largest(marts: Marts) -> Section:
    rows = marts.rows(
        "select family_id, n_models, n_roots, depth, width, structural_virality, cast(first_created_at as date) "
        "from marts.families where edge_set = $edge_set order by n_models desc, family_id limit $limit",
        {"edge_set": EDGE_SET, "limit": N_FAMILIES},
    )
    if not rows:
        return Section("largest", "Table of families", missing="This snapshot has no families.")
    return Section(
        "largest",
        "Table of families",
        ["Merge edges are excluded. A family is named after its main root, the member with the most descendants."],
        tables=[
            Table(
                "Families by size",
                [
                    Column("Family", "model"),
                    Column("Members", "count"),
                    Column("Roots", "count"),
                    Column("Depth", "count"),
                    Column("Width", "count"),
                    Column("Structural virality", "decimal"),
                    Column("First created"),
                ],
                rows,
                marts.rows("select count(*) from marts.families where edge_set = $edge_set", {"edge_set": EDGE_SET})[0][
                    0
                ],
            )
        ],
    )
