"""Inheritance and mutation: mutation rates, drift and orders of traits, license categories, languages and cards."""

from typing import Any

from phylohub.report import differences, direction, permissive
from phylohub.report.charts import Arrow, Dot, arrows, dots
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.graphs import Arc, PlaceRange, arcs
from phylohub.report.marts import TRAITS, Marts, relation_label, relation_order
from phylohub.report.style import ARROWS_LEGEND, COUNT, DECIMAL, DOTS_LEGEND, SHARE, STUDY_COUNT_LEGEND
from phylohub.report.text import count_of, format_number, format_share, safe_text, study_note

N_ARCS = 80
N_DRIFTS = 200
MIN_CARD_EDGES = 30  # card lengths vary by a factor of 100, so a mean over fewer edges is not meaningful
STUDY_LEGEND = (
    "Last row: the study (whole Hub). The row above it: this snapshot by the study's count. Other rows: this snapshot."
)
TOO_FEW = (
    "Families are the unit of variation. An interval is left out if fewer than 20 equally large families would vary as "
    "much as these do, since it would then contain the truth too rarely."
)
SIGNIFICANT = 0.05  # level of the q-values
TAXONOMIES = {
    "ours": "phylohub's categories",
    "study": "the study's categories",
    "creative-commons": "Creative Commons licenses",
}
PAPER_SECTIONS = {"license": "section 4.1", "task": "section 4.4"}  # other traits: section 4


def page(marts: Marts) -> Page:
    """Build the page on mutation rates, drift, license categories, languages and cards."""
    return Page(
        "inheritance.html",
        "Inheritance and mutation",
        "Mutation rates, drift and orders of traits; license categories and task groups; languages and model cards.",
        [
            _mutation(marts),
            differences.rates(marts),
            differences.changes(marts),
            _orders(marts),
            direction.directedness(marts),
            permissive.section(marts),
            _categories(marts),
            direction.task_groups(marts),
            direction.place_differences(marts),
            _languages(marts),
            _cards(marts),
            _drifts(marts),
        ],
    )


def _mutation(marts: Marts) -> Section:
    rows = marts.rows(
        "select trait, relation, n_edges, rate, rate_low, rate_high, n_edges_paper, rate_paper, n_families_effective, "
        "share_of_largest_family from "
        f"marts.mutation_rates where n_edges > 0 order by trait, {relation_order('relation')}"
    )
    main = [row for trait in TRAITS for row in rows if row[:2] == (trait, "finetune")]
    if not main:
        return Section(
            "mutation",
            "Mutation rates",
            missing="No fine-tune in this snapshot has a trait that its parent also has.",
        )
    published = {row[0]: marts.published.get(f"mutation_rate_{row[0]}") for row in main}
    rates = [f"{trait} {format_share(rate)} of {count_of(n, 'edge')}" for trait, _, n, rate, *_ in main]
    by_study = [
        f"{row[0]} {format_share(row[7])} of {count_of(row[6], 'edge')}"
        + study_note(marts.study_text(f"mutation_rate_{row[0]}"))
        for row in main
        if published[row[0]] is not None
    ]
    return Section(
        "mutation",
        "Mutation rates",
        [
            "The share of fine-tunes whose value differs from their parent's, over edges where both have the trait. A "
            "model can have several languages; its mutation is the share of languages that parent and child do not "
            "have in common.",
            TOO_FEW,
        ],
        figures=[
            Figure(
                "mutation-rates",
                "Mutation rates along fine-tunes",
                f"Share of fine-tunes with a mutation: {'; '.join(rates)}."
                + (f" By the study's count: {'; '.join(by_study)}." if by_study else ""),
                dots(
                    [
                        Dot(row[0], row[3], row[4], row[5], study, other=None if study is None else row[7])
                        for row in main
                        for study in [published[row[0]]]
                    ],
                    "mutation rate",
                ),
                legend=f"{DOTS_LEGEND} {STUDY_COUNT_LEGEND}",
                paper="section 4",
                table=Table(
                    "Mutation rates by trait and relation",
                    [
                        Column("Trait"),
                        Column("Relation", "name"),
                        Column("Edges", "count"),
                        Column("Rate", "share"),
                        Column("95% low", "share"),
                        Column("95% high", "share"),
                        Column("Edges (study's count)", "count"),
                        Column("Rate (study's count)", "share"),
                        Column("Effective families", "decimal"),
                        Column("Largest family", "share"),
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
        "Drift and orders",
        [
            "The values are sorted from top to bottom so that as much drift along fine-tunes as possible points "
            "down. Several orders can be equally good; the table lists the earliest and latest place of each value. "
            "The order by the study's count is the one to compare with the study's.",
            "The best order of transitions without any direction also explains most of them. Each order is therefore "
            "compared with the best orders of the same families, each with its directions reversed or not by chance.",
        ]
        + [f"The trait {trait} does not drift in this snapshot, so it has no order." for trait in absent],
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
        "share_of_transitions_compatible, null_mean, null_high, p_value, q_value, share_of_transitions_held_out, "
        "share_of_transitions_compatible_low, share_of_transitions_compatible_high, null_mean_of_drifts, "
        f"n_families_effective from marts.trait_ordering_fits where {where} and weighting = 'weighted'",
        {"trait": trait},
    )
    if not places or fit is None or not fit[1]:
        return None
    place = {row[1]: row[0] for row in places}
    names = [marts.display_name(trait, value) for value in place]
    drifts = [
        Arc(place[start], place[end], traffic, faded=q_value >= SIGNIFICANT)
        for start, end, traffic, q_value in marts.rows(
            f"select from_value, to_value, traffic, q_value from marts.trait_drifts where {where} and traffic > 0 "
            "order by traffic desc, from_value, to_value",
            {"trait": trait},
        )
        if start in place and end in place
    ]
    proven, n_drifts, n_along, n_transitions, n_transitions_along, part, *chance = fit
    study = marts.published_places.get(trait, {})
    places_paper = dict(
        marts.rows(
            "select value, place from marts.trait_orderings_paper where trait = $trait and weighting = 'weighted' and "
            "value is not null order by place",
            {"trait": trait},
        )
    )
    return Figure(
        f"order-{trait}",
        f"Order and drift of {TRAITS[trait]}",
        f"From {safe_text(names[0], 40)} to {safe_text(names[-1], 40)}: {n_along} of {count_of(n_drifts, 'drift')} and "
        f"{format_number(n_transitions_along)} of {count_of(n_transitions, 'transition')} ({format_share(part)}) are "
        f"compatible with this order; {'no order has more' if proven else 'another order may have more'}. "
        f"{_beside_chance(*chance)} {_by_study(marts, trait, places_paper)}",
        arcs(
            names,
            [places_paper.get(value) for value in place],
            [study.get(value) for value in place],
            drifts[:N_ARCS],
            [PlaceRange(*row[2:]) for row in places],
        ),
        legend="Columns: place by the study's count (count), and in the study (study). "
        "Range, from the first place to the last: thick, places over all optimal orders; thin, 95 % of resampled "
        "families. Right, solid: drift along the order. Left, dashed: drift against it. Wider arcs have more traffic; "
        "faded ones are no different from chance."
        + (f" Only the {N_ARCS} strongest of {len(drifts):,} drifts are drawn." if len(drifts) > N_ARCS else ""),
        paper=PAPER_SECTIONS.get(trait, "section 4"),
        table=Table(
            f"Order of {TRAITS[trait]}",
            [
                Column("Place", "count"),
                Column("Value", "name"),
                Column("Place by the study's count", "count"),
                Column("Place in the study", "count"),
                Column("Earliest place", "count"),
                Column("Latest place", "count"),
                Column("Resampled, 95% low", "decimal"),
                Column("Resampled, 95% high", "decimal"),
            ],
            [
                (row[0], name, places_paper.get(row[1]), study.get(row[1]), *row[2:])
                for name, row in zip(names, places, strict=True)
            ],
        ),
    )


def _beside_chance(
    mean: float | None,
    high: float | None,
    p_value: float | None,
    q_value: float | None,
    held_out: float | None,
    low: float | None,
    top: float | None,
    of_drifts: float | None,
    n_families: float | None,
) -> str:
    """Whether an order shows more than chance, and what it explains of families that it was not fitted to."""
    if mean is None or high is None or p_value is None or q_value is None:
        return "What chance would give is not known."
    verdict = "more than chance" if q_value < SIGNIFICANT else "no more than chance can give"
    found = (
        f"By chance, the best order has {format_share(mean)} of the transitions on average, up to {format_share(high)} "
        f"(97.5th percentile), and {format_share(of_drifts)} of the drifts. So the order shows {verdict} "
        f"(p = {format_number(p_value, 3)}, q = {format_number(q_value, 3)})."
    )
    if held_out is not None:
        found += f" Of families that it was not fitted to, an order has {format_share(held_out)} of the transitions"
        if low is None or top is None:
            found += f"; {format_number(n_families, 1)} effective families are too few for an interval."
        else:
            found += f" (95 % interval {format_share(low)} to {format_share(top)}; 50.0% without drift)."
    return found


def _by_study(marts: Marts, trait: str, places: dict[str, int]) -> str:
    """Sentences that compare the order by the study's count, given as places by value, with the study's."""
    if not places:
        return "By the study's count, there is no drift to order."
    ours = {name: marts.by_study(f"order_{name}_{trait}") for name in ("drifts", "drifts_compatible")}
    part = marts.by_study(f"order_share_transitions_compatible_{trait}")
    share = f"order_share_transitions_compatible_{trait}"
    transitions = (
        marts.study_text(share)
        if share in marts.study
        else format_share(
            marts.published[f"order_transitions_compatible_{trait}"] / marts.published[f"order_transitions_{trait}"]
        )
    )
    study = marts.published_places.get(trait, {})
    agree, pairs = _agreement([study[value] for value in places if value in study])
    return (
        f"By the study's count, {format_number(ours['drifts_compatible'])} of {format_number(ours['drifts'])} drifts "
        f"and {format_share(part)} of transitions are compatible with its order. The study has "
        f"{marts.study_text(f'order_drifts_compatible_{trait}')} compatible drifts, of "
        f"{marts.study_text(f'order_drifts_{trait}')}, and of transitions {transitions}. The two orders contain "
        f"{count_of(pairs, 'pair')} of the same values and sort {agree:,} of them the same way."
    )


def _agreement(other: list[int]) -> tuple[int, int]:
    """Count the pairs of an order that another one sorts the same way, and all pairs."""
    pairs = [(a, b) for place, a in enumerate(other) for b in other[place + 1 :]]
    return sum(a < b for a, b in pairs), len(pairs)


def _categories(marts: Marts) -> Section:
    figures = []
    for taxonomy, title in TAXONOMIES.items():
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
            f" The strongest drift is from {drifts[0][0]} to {drifts[0][1]} ({format_number(drifts[0][2])} forward, "
            f"{format_number(drifts[0][3])} backward)."
            if drifts
            else ""
        )
        figures.append(
            Figure(
                f"license-categories-{taxonomy}",
                f"Places of licenses: {title}",
                f"In the order of licenses, {rows[0][0]} licenses come first (mean place {rows[0][1]:.1f}) and "
                f"{rows[-1][0]} licenses last ({rows[-1][1]:.1f}).{strongest}",
                dots([Dot(row[0], row[1], row[2], row[3]) for row in rows], "place in the order of licenses", DECIMAL),
                legend="Dots: mean place. Lines: first to last place.",
                paper="section 4.1",
                table=Table(
                    f"Drift between license categories: {title}",
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
        "License categories",
        [
            "The first two taxonomies differ on purpose: the study counts every cc-by license as copyleft, for "
            "example. The third splits the Creative Commons licenses by whether they allow commercial use."
        ]
        if len(figures) > 2
        else ["The two taxonomies differ on purpose. For example, the study counts every cc-by license as copyleft."],
        missing="" if figures else "No license drifts along fine-tunes in this snapshot, so categories have no places.",
        figures=figures,
    )


def _arrows(marts: Marts, rows: list[tuple[Any, ...]], parent: str, child: str) -> list[Arrow]:
    """Arrows of rows (relation, edges, parents' mean, children's mean), with those by the study's count and of the
    study last. `parent` and `child` name the published figures."""
    arrows_of = [Arrow(relation_label(row[0]), row[2], row[3]) for row in rows]
    parent_mean, child_mean = marts.by_study(parent), marts.by_study(child)
    if parent_mean is not None and child_mean is not None:
        arrows_of.append(Arrow("all relations, study's count", parent_mean, child_mean))
    return [*arrows_of, Arrow("study, all relations", marts.published[parent], marts.published[child])]


def _languages(marts: Marts) -> Section:
    rows = marts.rows(
        "select relation, n_edges, parent_mean, child_mean, change, change_low, change_high from marts.language_drift "
        f"where n_edges > 0 order by {relation_order('relation')}"
    )
    if not rows:
        return Section(
            "languages", "Languages", missing="No edge in this snapshot has languages for both parent and child."
        )
    parent, child = "languages_parent_mean", "languages_child_mean"
    every = rows[0]
    return Section(
        "languages",
        "Languages",
        ["The mean number of languages, over edges where both parent and child have one."],
        figures=[
            Figure(
                "language-drift",
                "Number of languages of parents and children",
                f"Mean over {relation_label(every[0])}: {every[2]:.2f} languages for parents and {every[3]:.2f} for "
                f"children ({count_of(every[1], 'edge')}). By the study's count: "
                f"{format_number(marts.by_study(parent), 2)} and {format_number(marts.by_study(child), 2)} (study "
                f"{marts.study_text(parent)} and {marts.study_text(child)}).",
                arrows(_arrows(marts, rows, parent, child), "mean number of languages"),
                legend=f"{ARROWS_LEGEND} {STUDY_LEGEND}",
                paper="section 4",
                table=Table(
                    "Languages by relation",
                    [
                        Column("Relation", "name"),
                        Column("Edges", "count"),
                        Column("Parents", "decimal"),
                        Column("Children", "decimal"),
                        Column("Child minus parent", "decimal"),
                        Column("95% low", "decimal"),
                        Column("95% high", "decimal"),
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
            missing="No edge in this snapshot has the cards of both parent and child. Run `phylohub ingest cards`, "
            "then `dbt build`.",
        )
    parent, child = "card_characters_parent_mean", "card_characters_child_mean"
    every = rows[0]
    difference = every[7] - every[6]
    return Section(
        "cards",
        "Model cards",
        [
            f"{count_of(every[1], 'edge')} {'has' if every[1] == 1 else 'have'} the cards of both parent and child."
            + (" These are too few to be representative." if every[1] < MIN_CARD_EDGES else "")
        ],
        figures=[
            Figure(
                "card-drift",
                "Length of cards of parents and children",
                f"Mean over {relation_label(every[0])}: {format_number(every[2])} characters for parents and "
                f"{format_number(every[3])} for children. By the study's count: "
                f"{format_number(marts.by_study(parent))} and {format_number(marts.by_study(child))} (study "
                f"{marts.study_text(parent)} and {marts.study_text(child)}).",
                arrows(_arrows(marts, rows, parent, child), "mean number of characters", COUNT),
                legend=f"{ARROWS_LEGEND} {STUDY_LEGEND}",
                paper="section 4.2",
                table=Table(
                    "Cards by relation",
                    [
                        Column("Relation", "name"),
                        Column("Edges", "count"),
                        Column("Parents' characters", "decimal"),
                        Column("Children's characters", "decimal"),
                        Column("Child minus parent, 95% low", "decimal"),
                        Column("Child minus parent, 95% high", "decimal"),
                        Column("Parents' auto-generated", "share"),
                        Column("Children's auto-generated", "share"),
                    ],
                    rows,
                ),
            ),
            Figure(
                "card-automation",
                "Auto-generated cards of parents and children",
                f"{format_share(every[6])} of the parents' cards and {format_share(every[7])} of the children's are "
                f"auto-generated, a difference of {format_number(difference, 3)}. By the study's count: "
                f"{format_number(marts.by_study('card_auto_generated_change'), 3)} (study "
                f"{marts.study_text('card_auto_generated_change')}).",
                arrows([Arrow(relation_label(row[0]), row[6], row[7]) for row in rows], "share of cards", SHARE),
                legend=ARROWS_LEGEND,
                paper="section 4.2",
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
        return Section("drifts", "All drifts", missing="No trait drifts along fine-tunes in this snapshot.")
    return Section(
        "drifts",
        "All drifts",
        [
            "p is the probability of at least so uneven transitions if each family could as well have drifted the "
            "other way. q is p corrected for the number of pairs (Benjamini-Hochberg)."
        ],
        tables=[
            Table(
                "Drifts along fine-tunes by traffic",
                [
                    Column("Trait"),
                    Column("From", "name"),
                    Column("To", "name"),
                    Column("Forward", "count"),
                    Column("Backward", "count"),
                    Column("Traffic", "count"),
                    Column("q", "decimal"),
                ],
                [
                    (row[0], marts.display_name(row[0], row[1]), marts.display_name(row[0], row[2]), *row[3:])
                    for row in rows
                ],
                marts.count(f"select count(*) from marts.trait_drifts where {where}"),
            )
        ],
    )
