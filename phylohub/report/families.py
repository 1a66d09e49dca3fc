"""Family trees: the largest families, and the depth, width and structural virality of all."""

from collections.abc import Sequence
from typing import Any

from phylohub.report.charts import Bar, Bubble, bars, bubbles
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.graphs import TreeNode, radial
from phylohub.report.marts import Marts, relation_label, relation_order
from phylohub.report.style import BARS_LEGEND, STUDY_COUNT_LEGEND
from phylohub.report.text import count_of, format_number, format_share, safe_text, study_note

N_TREES = 4
N_NODES = 1200  # a larger tree is unreadable and slow to draw
N_NUMBERED = 5
N_FAMILIES = 200
EDGE_SET = "no_merge"  # merges join most families into one
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
            "Merge edges are excluded, because they join most families into one. Each tree shows the members that "
            "descend from the family's main root, which is in the center. Each ring is one step farther from the root, "
            "by the shortest path; the rings of deep trees get closer together outward. The depth of a family is its "
            "longest path from a root, so it is often larger than the number of rings."
        ],
        missing="" if figures else "No model in this snapshot has its parent in it, so there are no families.",
        figures=figures,
    )


def tree_nodes(marts: Marts, family: str, limit: int = N_NODES) -> tuple[list[TreeNode], list[str], int]:
    """Return the nodes of a family's tree, their model ids (root first), and the number of the root's descendants.

    With more than `limit` nodes, only those with the most descendants are returned. A model has more descendants than
    any of its descendants, so the parents of returned nodes are returned too.
    """
    members = marts.rows(
        """
        with members as (

            select
                descendant_id as model_id,
                distance
            from marts.lineage_closure
            where edge_set = $edge_set and ancestor_id = $family

        )

        select
            members.model_id,
            members.distance,
            ancestry.n_descendants,
            count(*) over () as n_members
        from members
        inner join marts.model_ancestry as ancestry
            on members.model_id = ancestry.model_id and ancestry.edge_set = $edge_set
        qualify ancestry.n_descendants > 0 or n_members < $limit
        order by members.distance, ancestry.n_descendants desc, members.model_id
        """,
        {"edge_set": EDGE_SET, "family": family, "limit": limit},
    )
    n_members = members[0][3] if members else 0
    if not members:
        # Every member is a direct child without children, and there are more than `limit`: only the root is drawn.
        n_members = marts.rows(
            "select count(*) from marts.lineage_closure where edge_set = $edge_set and ancestor_id = $family",
            {"edge_set": EDGE_SET, "family": family},
        )[0][0]
    if len(members) >= limit:
        members = sorted(members, key=lambda row: (-row[2], row[1], row[0]))[: limit - 1]
        members.sort(key=lambda row: (row[1], -row[2], row[0]))
    place = {family: 0} | {row[0]: at for at, row in enumerate(members, start=1)}
    distance = {family: 0} | {row[0]: row[1] for row in members}
    weight = {family: n_members} | {row[0]: row[2] for row in members}
    best: dict[str, tuple[tuple[Any, ...], str, str]] = {}
    for parent, child, relation in marts.rows(
        "select parent_id, child_id, relation from marts.lineage_edges where parent_in_hub and not is_self_loop and "
        "not is_cut_no_merge and relation <> 'merge' and list_contains($ids, child_id)",
        {"ids": list(place)},
    ):
        if parent in place and distance[child] == distance[parent] + 1:
            # Of several parents, use the one with the most descendants.
            rank = (-weight[parent], parent, relation != "finetune", relation)
            if child not in best or rank < best[child][0]:
                best[child] = (rank, parent, relation)
    drawn = {family} | set(best)
    represented = {model: 1 + weight[model] for model in drawn}
    nodes = [TreeNode(None, 0, 1, "")]
    ids = [family]
    at = {family: 0}
    for model, _, _, _ in members:
        if model in best and best[model][1] in at:
            at[model] = len(nodes)
            nodes.append(TreeNode(at[best[model][1]], distance[model], represented[model], best[model][2]))
            ids.append(model)
    return nodes, ids, n_members


def _tree(marts: Marts, place: int, family: Sequence[Any]) -> Figure | None:
    family_id, n_models, depth, width, virality = family
    nodes, ids, n_members = tree_nodes(marts, family_id)
    if len(nodes) < 2:
        return None
    order = sorted(range(1, len(nodes)), key=lambda at: (-nodes[at].members, ids[at]))
    numbered = [at for at in order if nodes[at].members > 1][:N_NUMBERED]
    first_ring = marts.rows(
        "select count(*) from marts.lineage_closure where edge_set = $edge_set and ancestor_id = $family and "
        "distance = 1",
        {"edge_set": EDGE_SET, "family": family_id},
    )[0][0]
    left_out = n_members + 1 - len(nodes)
    rings = max(node.distance for node in nodes)
    return Figure(
        f"tree-{place}",
        f"{place}. {safe_text(family_id, 60)}",
        f"The family of {safe_text(family_id, 60)} has {count_of(n_models, 'member')}, {format_number(width)} of them "
        f"in its widest generation, and depth {depth}. "
        f"{count_of(n_members, 'member')} descend from its root, {format_share(first_ring / n_members)} of them "
        f"directly; those drawn are at most {count_of(rings, 'step')} away from it. "
        f"Structural virality {format_number(virality, 2)}: "
        + (
            "close to a broadcast, where all members descend directly from one model."
            if virality is not None and virality < 3
            else "many members descend through intermediate models."
        ),
        radial(nodes, numbered),
        legend="Square: the root. Rings: steps from the root by the shortest path. Lines: fine-tunes solid, adapters "
        "dashed, quantized dotted, others long-dashed. Larger dots have more descendants; the numbered ones are in the "
        "table."
        + (f" {left_out:,} members are not drawn, but the sizes of the dots include them." if left_out else ""),
        table=Table(
            "Members with the most descendants",
            [
                Column("Number", "count"),
                Column("Model", "name"),
                Column("Steps from the root (shortest path)", "count"),
                Column("Descendants", "count"),
            ],
            [(place, ids[at], nodes[at].distance, nodes[at].members - 1) for place, at in enumerate(numbered, start=1)],
        )
        if numbered
        else None,
    )


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
        figures.append(
            Figure(
                "depths",
                "Depth of fine-tune families",
                f"The deepest family of fine-tunes has depth {depths[-1][0]} (study "
                f"{marts.study_text('depth_max')}). {format_share(depths[0][1] / total)} of families "
                f"have depth {depths[0][0]}.",
                bars(
                    [Bar(str(depth), n / total, f"{format_share(n / total)}, {n:,}") for depth, n, _ in depths[:20]],
                    "share of families, by depth (steps of the longest path)",
                ),
                legend="The table also has the depths beyond the first 20." if len(depths) > 20 else "",
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
                    Column("Family", "name"),
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
