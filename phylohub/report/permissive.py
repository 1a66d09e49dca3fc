"""Do licenses grow more permissive? The transitions between license categories, and their uncertainty over families."""

import numpy as np

from phylohub.methods.inference import Ratios, intervals
from phylohub.report.charts import Dot, dots
from phylohub.report.content import Column, Figure, Section, Table
from phylohub.report.marts import Marts, relation_label, relation_order
from phylohub.report.style import SHARE
from phylohub.report.text import count_of, format_number, format_share

# What a license permits, from least to most. Between categories of one rank, neither is more permissive.
RANKS = {"non-commercial": 1, "commercial/custom": 1, "use-restricted": 1, "copyleft": 2, "permissive": 3}
RANKS["public domain"] = 4
N_RESAMPLES, SEED = 2000, 1

TRANSITIONS = """
    with licenses as (
        select model_id, license, category
        from marts.model_licenses
        where list_contains($categories, category)
        qualify count(*) over (partition by model_id) = 1
    )

    select
        edges.relation,
        coalesce(ancestry.family_id, edges.parent_id) as family_id,
        parents.category as from_category,
        children.category as to_category,
        count(distinct (edges.parent_id, edges.child_id)) as n
    from marts.lineage_edges as edges
    inner join licenses as parents on edges.parent_id = parents.model_id
    inner join licenses as children on edges.child_id = children.model_id
    left join marts.model_ancestry as ancestry on edges.child_id = ancestry.model_id and ancestry.edge_set = 'no_merge'
    where edges.parent_in_hub and not edges.is_self_loop and parents.category <> children.category
    group by all
    order by all
"""


def section(marts: Marts) -> Section:
    """Build the section that answers whether children have more permissive licenses than their parents."""
    id_, title = "permissive", "Do licenses grow more permissive?"
    moves: dict[str, dict[str, list[int]]] = {}
    pairs: dict[tuple[str, str, str], int] = {}
    for relation, family, before, after, n in marts.rows(TRANSITIONS, {"categories": list(RANKS)}):
        pairs[relation, before, after] = pairs.get((relation, before, after), 0) + n
        if RANKS[before] != RANKS[after]:
            up, both = moves.setdefault(relation, {}).setdefault(family, [0, 0])
            moves[relation][family] = [up + n * (RANKS[after] > RANKS[before]), both + n]
    relations = marts.rows(
        "select relation from (select distinct relation from marts.lineage_edges) "
        f"order by {relation_order('relation')}"
    )
    order = [relation for (relation,) in relations if relation in moves]
    if not order:
        return Section(id_, title, missing="No child in this snapshot has a license of another rank than its parent.")
    found = intervals(
        Ratios.of(
            np.repeat(np.arange(len(order)), [len(moves[relation]) for relation in order]),
            [number for relation in order for number, _ in enumerate(sorted(moves[relation]))],
            [moves[relation][family][0] for relation in order for family in sorted(moves[relation])],
            [moves[relation][family][1] for relation in order for family in sorted(moves[relation])],
        ),
        [True] * len(order),
        N_RESAMPLES,
        SEED,
    )
    rows: list[tuple[str, int, int, float, float | None, float | None, float]] = []
    for number, relation in enumerate(order):
        up, both = (sum(move[at] for move in moves[relation].values()) for at in (0, 1))
        low, high = (None if np.isnan(limit[number]) else float(limit[number]) for limit in (found.low, found.high))
        effective = float(found.n_families_effective[number])
        rows.append((relation_label(relation), up, both, up / both, low, high, effective))
    return Section(
        id_,
        title,
        [
            "Of the children whose license permits more or less than their parent's, the share whose license permits "
            "more. From least to most: restricted (non-commercial, use-restricted, commercial or custom), copyleft, "
            "permissive, public domain. Half would be no direction. Models with several licenses are left out.",
            _answer(rows),
        ],
        figures=[
            Figure(
                "permissive",
                "Transitions to more permissive licenses",
                "To more permissive: "
                + "; ".join(f"{row[0]} {format_share(row[3])} of {count_of(row[2], 'transition')}" for row in rows)
                + ".",
                dots(
                    [
                        Dot(f"{name} (n = {n:,})", share, low, high, weak="families" if low is None else "")
                        for name, _, n, share, low, high, _ in rows
                    ],
                    "share that permits more (50%: no direction)",
                    SHARE,
                    top=1.0,
                ),
                legend="Dots: this snapshot, with 95% intervals over families. Open circles: too few families for an "
                "interval.",
                paper="section 4.1",
                table=Table(
                    "Transitions between license categories",
                    [
                        Column("Relation"),
                        Column("From"),
                        Column("To"),
                        Column("Transitions", "count"),
                    ],
                    [
                        (relation_label(relation), before, after, n)
                        for (relation, before, after), n in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
                    ],
                ),
            )
        ],
    )


def _answer(rows: list[tuple[str, int, int, float, float | None, float | None, float]]) -> str:
    """The answer for fine-tunes, or for the first relation that has transitions."""
    relation, _, both, share, low, high, effective = rows[0]
    counted = (
        f"{format_share(share)} of {count_of(both, 'transition')} along {relation} edges lead to a license that "
        "permits more"
    )
    if low is None or high is None:
        return (
            f"Not known: {counted}, but with {format_number(effective, 1)} effective families they are too few for an "
            "interval."
        )
    between = f"{counted} (95% interval {format_share(low)} to {format_share(high)})"
    if low > 0.5:
        return f"Yes, in this snapshot: {between}."
    if high < 0.5:
        return f"No, they grow more restrictive in this snapshot: {between}."
    return f"Not known: {between}, which includes half."
