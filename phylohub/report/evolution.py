"""How traits change from parent to child: mutation, drift and its order, license categories, languages, cards."""

from typing import Any

from phylohub.report.charts import Dot, Move, dots, moves
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.graphs import Arc, arcs
from phylohub.report.marts import TRAITS, Marts, relation_order, relation_word
from phylohub.report.style import COUNT, DECIMAL, DOTS_KEY, MOVES_KEY, SHARE
from phylohub.report.text import counted, number, share, shown, studied

N_ARCS = 80
N_DRIFTS = 200
FEW = 30  # edges below which a mean of card lengths, which vary a hundredfold, says next to nothing
STUDY_LINE = "Last line: the study's whole Hub; the others: this snapshot."


def page(marts: Marts) -> Page:
    """Mutation rates, drift graphs, license categories, language and card drift."""
    return Page(
        "evolution.html",
        "From parent to child",
        "How often traits change, which way they drift, and how languages and cards change.",
        [_mutation(marts), _orders(marts), _categories(marts), _languages(marts), _cards(marts), _drifts(marts)],
    )


def _mutation(marts: Marts) -> Section:
    rows = marts.rows(
        "select trait, relation, n_edges, rate, rate_low, rate_high, n_edges_paper, rate_paper from "
        f"marts.mutation_rates where n_edges > 0 order by trait, {relation_order('relation')}"
    )
    main = [row for trait in TRAITS for row in rows if row[:2] == (trait, "finetune")]
    if not main:
        return Section(
            "mutation", "Mutation rates", missing="No fine-tune has a trait on both sides here, so nothing can change."
        )
    published = {row[0]: marts.published.get(f"mutation_rate_{row[0]}") for row in main}
    said = [
        f"{trait} {share(rate)} of {counted(n, 'edge')}"
        + studied(None if (other := published[trait]) is None else share(other))
        for trait, _, n, rate, *_ in main
    ]
    return Section(
        "mutation",
        "Mutation rates",
        [
            "How often a fine-tune differs from its parent, over edges where both have the trait. For languages, "
            "which a model may have several of, it is the part not shared."
        ],
        figures=[
            Figure(
                "mutation-rates",
                "Mutation rates along fine-tunes",
                "Of fine-tunes, these change the trait: " + "; ".join(said) + ".",
                dots([Dot(row[0], row[3], row[4], row[5], published[row[0]]) for row in main], "mutation rate"),
                key=DOTS_KEY,
                table=Table(
                    "Mutation rates by trait and relation",
                    [
                        Column("Trait"),
                        Column("Relation", "name"),
                        Column("Edges", "count"),
                        Column("Rate", "share"),
                        Column("From", "share"),
                        Column("To", "share"),
                        Column("Edges, study's count", "count"),
                        Column("Rate, study's count", "share"),
                    ],
                    rows,
                ),
            )
        ],
    )


def _orders(marts: Marts) -> Section:
    figures = []
    absent = []
    for trait in TRAITS:
        figure = _order(marts, trait)
        if figure is None:
            absent.append(trait)
        else:
            figures.append(figure)
    return Section(
        "orders",
        "Which way traits drift",
        [
            "Values from top to bottom in the order that the most drift along fine-tunes agrees with. Beside each "
            "stands its place in the study's order. Equally good orders can exist: the table tells how far a value "
            "can move."
        ]
        + [f"There is no drift of the trait {trait} here, so nothing to order." for trait in absent],
        missing="" if figures else "No trait drifts along fine-tunes in this snapshot.",
        figures=figures,
    )


def _order(marts: Marts, trait: str) -> Figure | None:
    where = "trait = $trait and relation = 'finetune'"
    places = marts.rows(
        "select place, value, earliest_place, latest_place, place_low, place_high from marts.trait_orderings "
        f"where {where} and weighting = 'weighted' and value is not null order by place",
        {"trait": trait},
    )
    fit = marts.row(
        "select proven, n_drifts, n_drifts_compatible, n_transitions, n_transitions_compatible, "
        f"share_of_transitions_compatible from marts.trait_ordering_fits where {where} and weighting = 'weighted'",
        {"trait": trait},
    )
    if not places or fit is None or not fit[1]:
        return None
    place = {row[1]: row[0] for row in places}
    names = [marts.word(trait, value) for value in place]
    drifts = [
        Arc(place[start], place[end], traffic)
        for start, end, traffic in marts.rows(
            f"select from_value, to_value, traffic from marts.trait_drifts where {where} and traffic > 0 "
            "order by traffic desc, from_value, to_value",
            {"trait": trait},
        )
        if start in place and end in place
    ]
    proven, n_drifts, n_along, n_transitions, n_transitions_along, part = fit
    study = marts.published_places.get(trait, {})
    both = [value for value in place if value in study]
    agree, pairs = _agreement([study[value] for value in both])
    published = [
        f"{marts.published[f'order_drifts_compatible_{trait}']:.0f} of "
        f"{marts.published[f'order_drifts_{trait}']:.0f} drifts"
    ]
    study_part = marts.published.get(f"order_share_transitions_compatible_{trait}")
    if study_part is None:
        study_part = (
            marts.published[f"order_transitions_compatible_{trait}"] / marts.published[f"order_transitions_{trait}"]
        )
    published.append(f"{share(study_part)} of transitions")
    return Figure(
        f"order-{trait}",
        f"Drift of the trait {trait}",
        f"From {shown(names[0], 40)} to {shown(names[-1], 40)}: {n_along} of {counted(n_drifts, 'drift')} and "
        f"{number(n_transitions_along)} of {counted(n_transitions, 'transition')} ({share(part)}) point forward along "
        "this order, "
        f"{'proven' if proven else 'not proven'} to be the best. In the study, {' and '.join(published)}. "
        f"Of {counted(pairs, 'pair')} of values in both orders, {agree} stand the same way round.",
        arcs(names, [study.get(value) for value in place], drifts[:N_ARCS]),
        key="Right, solid: drift down the order. Left, dashed: drift against it. The more, the thicker"
        + (f"; the {N_ARCS} strongest of {len(drifts)} drawn." if len(drifts) > N_ARCS else "."),
        table=Table(
            f"Order of {trait}",
            [
                Column("Place", "count"),
                Column("Value", "name"),
                Column("Study's place", "count"),
                Column("Earliest", "count"),
                Column("Latest", "count"),
                Column("Resampled from", "decimal"),
                Column("Resampled to", "decimal"),
            ],
            [(row[0], name, study.get(row[1]), *row[2:]) for name, row in zip(names, places, strict=True)],
        ),
    )


def _agreement(other: list[int]) -> tuple[int, int]:
    """Of all pairs of an order, how many stand the same way round in another one, and how many pairs there are."""
    pairs = [(a, b) for place, a in enumerate(other) for b in other[place + 1 :]]
    return sum(a < b for a, b in pairs), len(pairs)


def _categories(marts: Marts) -> Section:
    figures = []
    for taxonomy, title in (("ours", "our categories"), ("study", "the study's categories")):
        rows = marts.rows(
            "select category, mean_place, first_place, last_place, n_licenses from marts.license_category_places "
            "where taxonomy = $taxonomy and relation = 'finetune' and weighting = 'weighted' order by mean_place, "
            "category",
            {"taxonomy": taxonomy},
        )
        drifts = marts.rows(
            "select from_category, to_category, n_forward, n_backward, traffic from marts.license_category_drifts "
            "where taxonomy = $taxonomy and relation = 'finetune' and traffic > 0 order by traffic desc, "
            "from_category, to_category",
            {"taxonomy": taxonomy},
        )
        if not rows:
            continue
        strongest = (
            f" The strongest drift leads from {drifts[0][0]} to {drifts[0][1]} ({number(drifts[0][2])} that way, "
            f"{number(drifts[0][3])} back)."
            if drifts
            else ""
        )
        figures.append(
            Figure(
                f"license-categories-{taxonomy}",
                f"Places of licenses by category: {title}",
                f"On the order of licenses, {rows[0][0]} licenses lie earliest (mean place {rows[0][1]:.1f}) and "
                f"{rows[-1][0]} licenses latest ({rows[-1][1]:.1f}).{strongest}",
                dots([Dot(row[0], row[1], row[2], row[3]) for row in rows], "place on the order of licenses", DECIMAL),
                key="Dots: mean place. Lines: from the first place to the last.",
                table=Table(
                    f"Drift between {title}",
                    [
                        Column("From"),
                        Column("To"),
                        Column("Forward", "count"),
                        Column("Backward", "count"),
                        Column("Traffic", "count"),
                    ],
                    drifts,
                ),
            )
        )
    return Section(
        "categories",
        "Do licenses grow more permissive?",
        ["The two taxonomies differ on purpose; the study counts every cc-by license as copyleft, for one."],
        missing="" if figures else "No license changes along a fine-tune here, so categories have no places.",
        figures=figures,
    )


def _moved(rows: list[tuple[Any, ...]], study: Move) -> list[Move]:
    """Of rows of relation, edges, parents' and children's mean; the study's at the end."""
    return [*(Move(relation_word(row[0]), row[2], row[3]) for row in rows), study]


def _languages(marts: Marts) -> Section:
    rows = marts.rows(
        "select relation, n_edges, parent_mean, child_mean, change, change_low, change_high from marts.language_drift "
        f"where n_edges > 0 order by {relation_order('relation')}"
    )
    if not rows:
        return Section("languages", "Languages", missing="No parent and child both name a language here.")
    parent, child = marts.published["languages_parent_mean"], marts.published["languages_child_mean"]
    every = rows[0]
    return Section(
        "languages",
        "Languages",
        ["Where parent and child both name languages: how many each names."],
        figures=[
            Figure(
                "language-drift",
                "Number of languages, from parent to child",
                f"Over {relation_word(every[0])}, parents name {every[2]:.2f} languages and children {every[3]:.2f} "
                f"({counted(every[1], 'edge')}). In the study, {parent:.2f} and {child:.2f}.",
                moves(
                    _moved(rows, Move("study, all relations", parent, child)),
                    "mean number of languages",
                ),
                key=f"{MOVES_KEY} {STUDY_LINE}",
                table=Table(
                    "Languages by relation",
                    [
                        Column("Relation", "name"),
                        Column("Edges", "count"),
                        Column("Parents", "decimal"),
                        Column("Children", "decimal"),
                        Column("Change", "decimal"),
                        Column("From", "decimal"),
                        Column("To", "decimal"),
                    ],
                    rows,
                ),
            )
        ],
    )


def _cards(marts: Marts) -> Section:
    rows = marts.rows(
        "select relation, n_characters_edges, n_characters_parent_mean, n_characters_child_mean, "
        "n_characters_change_low, n_characters_change_high, is_auto_generated_parent_mean, "
        "is_auto_generated_child_mean from marts.card_drift "
        f"where n_characters_edges > 0 order by {relation_order('relation')}"
    )
    if not rows:
        return Section(
            "cards",
            "Model cards",
            missing="There is no edge here with the cards of both parent and child: `phylohub ingest cards` "
            "fetches cards.",
        )
    parent, child = marts.published["card_characters_parent_mean"], marts.published["card_characters_child_mean"]
    every = rows[0]
    change = every[7] - every[6]
    return Section(
        "cards",
        "Model cards",
        [
            f"Of {counted(every[1], 'edge')} both cards are at hand."
            + (" That is too few to speak for the snapshot." if every[1] < FEW else "")
        ],
        figures=[
            Figure(
                "card-drift",
                "Length of cards, from parent to child",
                f"Over {relation_word(every[0])}, parents' cards have {number(every[2])} characters and children's "
                f"{number(every[3])} on average; in the study, {number(parent)} and {number(child)}.",
                moves(
                    _moved(rows, Move("study, all relations", parent, child)),
                    "mean number of characters",
                    COUNT,
                ),
                key=f"{MOVES_KEY} {STUDY_LINE}",
                table=Table(
                    "Cards by relation",
                    [
                        Column("Relation", "name"),
                        Column("Edges", "count"),
                        Column("Parents' characters", "decimal"),
                        Column("Children's characters", "decimal"),
                        Column("Change from", "decimal"),
                        Column("Change to", "decimal"),
                        Column("Parents' by a program", "share"),
                        Column("Children's by a program", "share"),
                    ],
                    rows,
                ),
            ),
            Figure(
                "card-automation",
                "Cards written by a program, from parent to child",
                f"The share of cards written by a program goes from {share(every[6])} among parents to "
                f"{share(every[7])} among children, a change of {number(change, 3)}; in the study, "
                f"{number(marts.published['card_auto_generated_change'], 3)}.",
                moves([Move(relation_word(row[0]), row[6], row[7]) for row in rows], "share of cards", SHARE),
                key=MOVES_KEY,
            ),
        ],
    )


def _drifts(marts: Marts) -> Section:
    where = "relation = 'finetune' and traffic > 0"
    rows = marts.rows(
        "select trait, from_value, to_value, n_forward, n_backward, traffic, q_value from marts.trait_drifts "
        f"where {where} order by traffic desc, trait, from_value, to_value limit $limit",
        {"limit": N_DRIFTS},
    )
    if not rows:
        return Section("drifts", "All drifts", missing="No value drifts into another along fine-tunes here.")
    return Section(
        "drifts",
        "All drifts",
        ["q is the chance of so uneven a split if both ways were as likely, corrected for the number of pairs."],
        tables=[
            Table(
                "Drifts along fine-tunes, by traffic",
                [
                    Column("Trait"),
                    Column("From", "name"),
                    Column("To", "name"),
                    Column("Forward", "count"),
                    Column("Backward", "count"),
                    Column("Traffic", "count"),
                    Column("q", "decimal"),
                ],
                [(row[0], marts.word(row[0], row[1]), marts.word(row[0], row[2]), *row[3:]) for row in rows],
                marts.count(f"select count(*) from marts.trait_drifts where {where}"),
            )
        ],
    )
