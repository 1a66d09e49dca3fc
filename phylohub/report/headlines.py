"""The story of the study on one page: eight numbers and four small figures, each leading to its page."""

from collections.abc import Sequence

from phylohub.methods.family_means import MIN_DISTINCT_PAIRS
from phylohub.report.content import Headline, Page
from phylohub.report.marts import Marts
from phylohub.report.text import NO_VALUE, count_of, format_number, format_share, study_note

# Figures to show small, in order of preference; the first four that this snapshot has are shown.
FIGURES = (
    "tree-1",
    "order-license",
    "mutation-rates",
    "growth-months",
    "distribution-license",
    "similarity-metadata-tfidf",
    "virality",
)
N_FIGURES = 4


def small_figures(pages: Sequence[Page]) -> list[tuple[str, str]]:
    """The file and the name of each figure to show small on the first page."""
    of = {figure.name: page.file for page in pages for section in page.sections for figure in section.figures}
    return [(of[name], name) for name in FIGURES if name in of][:N_FIGURES]


def headlines(marts: Marts) -> list[Headline]:
    """The numbers of the first page, with their sizes and the study's values. Unknown numbers are left out."""
    found = (
        _families(marts),
        _largest(marts),
        _children(marts),
        _mutation(marts),
        _order(marts),
        _languages(marts),
        _similarity(marts),
        _cards(marts),
    )
    return [headline for headline in found if headline is not None]


def _families(marts: Marts) -> Headline | None:
    row = marts.row(
        "select count(*), coalesce(sum(n_models), 0), (select count(*) from marts.models) from marts.families where "
        "edge_set = 'no_merge'"
    )
    if row is None or not row[0]:
        return None
    n, members, n_models = row
    return Headline(
        format_share(float(members) / n_models),
        f"of {count_of(n_models, 'model')} have a parent or child here; they form {count_of(n, 'family', 'families')}",
        "families.html",
    )


def _largest(marts: Marts) -> Headline | None:
    row = marts.row(
        "select max(n_models), max(depth), count(*) filter (where structural_virality < 2) / count(*) from "
        "marts.families where edge_set = 'no_merge' having count(*) > 0"
    )
    if row is None:
        return None
    return Headline(
        f"{row[0]:,}",
        f"models are in the largest family; the deepest has {count_of(row[1], 'step')} from its root"
        f"{study_note(marts.study_text('depth_max'))}",
        "families.html#shapes",
    )


def _children(marts: Marts) -> Headline | None:
    row = marts.row(
        "select n_children_with_children / n_children, n_children from marts.relation_stats where relation = "
        "'finetune' and n_children > 0"
    )
    if row is None:
        return None
    return Headline(
        format_share(row[0]),
        f"of {count_of(row[1], 'fine-tune')} have children of their own",
        "families.html#relations",
    )


def _mutation(marts: Marts) -> Headline | None:
    row = marts.row(
        "select rate, rate_low, rate_high, n_edges from marts.mutation_rates where trait = 'license' and relation = "
        "'finetune' and n_edges > 0"
    )
    if row is None:
        return None
    rate, low, high, n = row
    between = f"95% interval {format_share(low)} to {format_share(high)}"
    if low is None:
        between = "too few families for an interval"
    return Headline(
        format_share(rate),
        f"of {count_of(n, 'fine-tune')} have another license than their parent ({between})"
        f"{study_note(marts.study_text('mutation_rate_license'))}",
        "inheritance.html#mutation",
    )


def _order(marts: Marts) -> Headline | None:
    row = marts.row(
        "select share_of_transitions_compatible, n_transitions, null_mean, q_value from marts.trait_ordering_fits "
        "where trait = 'license' and relation = 'finetune' and weighting = 'weighted' and n_transitions > 0"
    )
    if row is None or row[0] is None:
        return None
    part, n, by_chance, q_value = row
    chance = "" if by_chance is None else f"; chance gives {format_share(by_chance)}"
    verdict = "" if q_value is None else ", more than chance" if q_value < 0.05 else ", no more than chance can give"
    return Headline(
        format_share(part),
        f"of {count_of(n, 'license transition')} follow one order{verdict}{chance}",
        "inheritance.html#orders",
    )


def _languages(marts: Marts) -> Headline | None:
    row = marts.row(
        "select parent_mean, child_mean, n_edges from marts.language_drift where relation = 'all' and n_edges > 0"
    )
    if row is None or row[0] is None:
        return None
    return Headline(
        f"{format_number(row[0], 2)} → {format_number(row[1], 2)}",
        f"languages from parent to child, over {count_of(row[2], 'edge')} where both name some (study 6.60 → 1.81)",
        "inheritance.html#languages",
    )


def _similarity(marts: Marts) -> Headline | None:
    rows = {
        relation: (mean, n)
        for relation, mean, n in marts.rows(
            "select relation, mean, n_distinct_pairs from marts.similarity_estimates where artifact = 'metadata' and "
            "measure = 'tfidf' and shape in ('edge', 'two_models') and mean is not null"
        )
    }
    if "parent_child" not in rows:
        return None
    mean, n = rows["parent_child"]
    few = ", too few to compare" if n < MIN_DISTINCT_PAIRS else ""
    baseline = f"; any two models: {format_number(rows['random'][0], 2)}" if "random" in rows else ""
    return Headline(
        format_number(mean, 2),
        f"mean similarity (TF-IDF) of the records of parent and child, {count_of(n, 'distinct pair')}{few}{baseline}"
        f"{study_note(marts.study_text('similarity_tfidf_parent_child'))}",
        "similarity.html",
    )


def _cards(marts: Marts) -> Headline:
    row = marts.row("select share_with_card, n_known from marts.card_stats where share_with_card is not null")
    if row is None:
        return Headline(
            NO_VALUE,
            "of models have a model card: not known, since no cards were fetched"
            f"{study_note(marts.study_text('card_share'))}",
            "traits.html#cards",
        )
    return Headline(
        format_share(row[0]),
        f"of {count_of(row[1], 'model')} that are known to have a model card or none have one"
        f"{study_note(marts.study_text('card_share'))}",
        "traits.html#cards",
    )
