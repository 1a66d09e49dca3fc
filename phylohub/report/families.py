"""Families: the largest as trees, and the depth, width and structural virality of all."""

from collections.abc import Sequence
from typing import Any

from phylohub.report.charts import Bar, Bubble, bars, bubbles
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.graphs import Leaf, radial
from phylohub.report.marts import Marts, relation_order, relation_word
from phylohub.report.style import BARS_KEY
from phylohub.report.text import counted, number, share, shown, studied

N_TREES = 4
N_NODES = 1200  # a tree with more cannot be read, and takes long to draw
N_NUMBERED = 5
N_FAMILIES = 200
EDGE_SET = "no_merge"  # merges tie most families into one


def page(marts: Marts) -> Page:
    """Trees, shapes of families, relations, the largest families."""
    return Page(
        "families.html",
        "Families",
        "The largest family trees; depth, width and structural virality; which relations lead on.",
        [_trees(marts), _shapes(marts), _relations(marts), _largest(marts)],
    )


def _trees(marts: Marts) -> Section:
    largest = marts.rows(
        "select family_id, n_models, depth, width, structural_virality from marts.families where edge_set = "
        "$edge_set order by n_models desc, family_id limit $limit",
        {"edge_set": EDGE_SET, "limit": N_TREES},
    )
    figures = [
        figure
        for number_, family in enumerate(largest, start=1)
        if (figure := _tree(marts, number_, family)) is not None
    ]
    return Section(
        "trees",
        "The largest families",
        [
            "Merges are left out here: they tie most families into one. Each tree shows the members that descend "
            "from the family's main root, in the middle. A ring outwards is one step further from it by the shortest "
            "way; rings lie closer together outwards where there are many. The depth of a family counts the steps of "
            "its longest line of descent, so a family is often deeper than its tree has rings: do not compare the two."
        ],
        missing="" if figures else "No model of this snapshot has a parent in it, so there are no families.",
        figures=figures,
    )


def tree_nodes(marts: Marts, family: str, limit: int = N_NODES) -> tuple[list[Leaf], list[str], int]:
    """The nodes to draw of a family's main tree with their ids, root first, and how many members descend from the root.

    All of them if they are no more than `limit`; otherwise those with the most descendants. A member has more of them
    than any that descends from it, so parents are always among them.
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
        # Everybody is a direct child without children, and there are more than the limit: the root stands for all.
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
            # Of several parents, the one that most descend from.
            rank = (-weight[parent], parent, relation != "finetune", relation)
            if child not in best or rank < best[child][0]:
                best[child] = (rank, parent, relation)
    drawn = {family} | set(best)
    held = dict.fromkeys(drawn, 1)
    for model in drawn:
        held[model] += weight[model]
    nodes = [Leaf(None, 0, 1, "")]
    ids = [family]
    at = {family: 0}
    for model, _, _, _ in members:
        if model in best and best[model][1] in at:
            at[model] = len(nodes)
            nodes.append(Leaf(at[best[model][1]], distance[model], held[model], best[model][2]))
            ids.append(model)
    return nodes, ids, n_members


def _tree(marts: Marts, number_: int, family: Sequence[Any]) -> Figure | None:
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
        f"tree-{number_}",
        f"{number_}. {shown(family_id, 60)}",
        f"The family of {shown(family_id, 60)} has {counted(n_models, 'member')}, {number(width)} of them in its "
        f"widest generation, and depth {depth}: its longest line of descent has {counted(depth, 'step')}. "
        f"{counted(n_members, 'member')} descend from its root, {share(first_ring / n_members)} of them directly; "
        f"those drawn are {counted(rings, 'step')} from it at most by the shortest way. "
        f"Structural virality {number(virality, 2)}: "
        + ("close to a broadcast." if virality is not None and virality < 3 else "descent passes through many hands."),
        radial(nodes, numbered),
        key="Square: the root. Rings: steps from it by the shortest way. Lines: fine-tune solid, adapter dashed, "
        "quantized dotted, others long dashes. The larger a dot, the more members descend from it; the numbered ones "
        "are in the table" + (f". {left_out:,} members are not drawn, only counted in the dots." if left_out else "."),
        table=Table(
            "Members that most descend from",
            [
                Column("Number", "count"),
                Column("Model", "name"),
                Column("Steps from the root (shortest way)", "count"),
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
        return Section("shapes", "Depth, width and structural virality", missing="There are no families here.")
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
            f"{share(n_broadcast / n_families)} of {counted(n_families, 'family', 'families')} have a structural "
            "virality under 2, "
            f"as a broadcast has; the median is {number(median, 2)}. The study finds it low in most families too.",
            bubbles([Bubble(*cell) for cell in cells], "members of the family", "structural virality"),
            key="Each bubble stands for the families of a cell; its area grows with the logarithm of their number.",
            table=Table(
                "Families by size and structural virality",
                [
                    Column("Members from", "decimal"),
                    Column("Virality about", "decimal"),
                    Column("Families", "count"),
                ],
                cells,
            ),
        ),
        Figure(
            "depth-width",
            "Depth and width",
            "The longest line of descent in families without merges has "
            f"{counted(max(row[1] for row in wide), 'step')}; in "
            f"{share(sum(row[2] for row in wide if row[1] <= 1) / n_families)} of them nobody's child has children.",
            bubbles(
                [Bubble(*row) for row in wide if row[0] > 0],
                "members of the widest generation",
                "depth: steps of the longest line of descent",
            ),
            key="Each bubble stands for the families of a cell; its area grows with the logarithm of their number.",
            table=Table(
                "Families by width and depth",
                [
                    Column("Widest generation from", "decimal"),
                    Column("Depth (longest line)", "count"),
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
                "Depth of families of fine-tunes",
                f"The longest line of fine-tunes has {counted(depths[-1][0], 'step')}, in the study nearly "
                f"{number(marts.published['depth_max'])}. {share(depths[0][1] / total)} of families have depth "
                f"{depths[0][0]}.",
                bars(
                    [Bar(str(depth), n / total, f"{share(n / total)}, {n:,}") for depth, n, _ in depths[:20]],
                    "share of families, by depth (steps of the longest line)",
                ),
                key="Depths above the first twenty are in the table." if len(depths) > 20 else "",
                table=Table(
                    "Families of fine-tunes by depth",
                    [Column("Depth (longest line)", "count"), Column("Families", "count"), Column("Members", "count")],
                    depths,
                ),
            )
        )
    return Section(
        "shapes",
        "Depth, width and structural virality",
        [
            "Depth counts the steps of the longest line of descent from a root, width the members of the largest "
            "generation (those equally far from a root by the shortest way). Torn families look smaller and shallower; "
            "see the overview."
        ],
        figures=figures,
    )


def _relations(marts: Marts) -> Section:
    rows = marts.rows(
        "select relation, n_edges, n_edges_without_parent, n_children, n_children_with_children, "
        f"share_of_edges_to_parents from marts.relation_stats order by {relation_order('relation')}"
    )
    drawn = [row for row in rows if row[3]]
    if not drawn:
        return Section("relations", "Which relations lead on", missing="No edge has its parent in this snapshot.")

    def published(relation: str) -> float | None:
        children = marts.published.get(f"children_with_children_{relation}")
        edges = marts.published.get(f"edges_{relation}")
        return children / edges if children is not None and edges else None

    bars_of = [Bar(relation_word(row[0]), row[4] / row[3], share(row[4] / row[3]), published(row[0])) for row in drawn]
    return Section(
        "relations",
        "Which relations lead on",
        ["How many of the models made in a way have models made from them in turn."],
        figures=[
            Figure(
                "relations",
                "Children that have children",
                "Of models made from another, these have children of their own: "
                + "; ".join(
                    f"{shown(bar.name, 40)} {bar.words}"
                    + studied(None if bar.published is None else share(bar.published))
                    for bar in bars_of
                )
                + ".",
                bars(bars_of, "share of children that have children"),
                key=f"{BARS_KEY[:-1]}, children over its edges.",
                table=Table(
                    "Edges and children by relation",
                    [
                        Column("Relation", "name"),
                        Column("Edges", "count"),
                        Column("Parent not here", "count"),
                        Column("Children", "count"),
                        Column("With children", "count"),
                        Column("Share of edges to them", "share"),
                    ],
                    rows,
                ),
            )
        ],
    )


def _largest(marts: Marts) -> Section:
    rows = marts.rows(
        "select family_id, n_models, n_roots, depth, width, structural_virality, cast(first_created_at as date) "
        "from marts.families where edge_set = $edge_set order by n_models desc, family_id limit $limit",
        {"edge_set": EDGE_SET, "limit": N_FAMILIES},
    )
    if not rows:
        return Section("largest", "Table of families", missing="There are no families here.")
    return Section(
        "largest",
        "Table of families",
        ["Families without merges, called after their main root."],
        tables=[
            Table(
                "Families by size",
                [
                    Column("Family", "name"),
                    Column("Members", "count"),
                    Column("Roots", "count"),
                    Column("Depth (longest line)", "count"),
                    Column("Widest generation", "count"),
                    Column("Virality", "decimal"),
                    Column("First created"),
                ],
                rows,
                marts.rows("select count(*) from marts.families where edge_set = $edge_set", {"edge_set": EDGE_SET})[0][
                    0
                ],
            )
        ],
    )
