"""The overview page: the snapshot, its limitations, and a comparison with the study's published numbers."""

from phylohub.report.content import Column, Page, Section, Table
from phylohub.report.marts import Marts
from phylohub.report.similarity import RELATIVES
from phylohub.report.text import count_of, format_figure, format_share, join_words, safe_text

# Title of each published figure, and the query of this snapshot's value. Every published figure needs an entry.
_SINGLE = {
    "models": ("Models", "select count(*) from marts.models"),
    "edges": ("Edges (one per parent and child)", "select count(*) from marts.lineage_edges where is_paper_edge"),
    "depth_max": (
        "Depth of the deepest family (longest path of fine-tunes)",
        "select max(depth) from marts.families where edge_set = 'finetune'",
    ),
    "papers": ("Papers linked from models", "select count(distinct arxiv_id) from marts.model_papers"),
    "card_share": ("Share of models with a card", "select share_with_card_paper from marts.card_stats"),
    "card_characters_mean": ("Card characters, mean", "select mean_characters from marts.card_stats"),
    "card_characters_median": ("Card characters, median", "select median_characters from marts.card_stats"),
    "card_characters_min": ("Card characters, minimum", "select min_characters from marts.card_stats"),
    "card_characters_max": ("Card characters, maximum", "select max_characters from marts.card_stats"),
    "card_words_mean": ("Card words, mean", "select mean_words from marts.card_stats"),
    "card_words_median": ("Card words, median", "select median_words from marts.card_stats"),
    "card_characters_parent_mean": (
        "Card characters, mean of parents",
        "select n_characters_parent_mean from marts.card_drift where relation = 'all'",
    ),
    "card_characters_child_mean": (
        "Card characters, mean of children",
        "select n_characters_child_mean from marts.card_drift where relation = 'all'",
    ),
    "card_auto_generated_change": (
        "Share of auto-generated cards, child minus parent",
        "select is_auto_generated_change from marts.card_drift where relation = 'all'",
    ),
    "languages_parent_mean": (
        "Languages, mean of parents",
        "select parent_mean from marts.language_drift where relation = 'all'",
    ),
    "languages_child_mean": (
        "Languages, mean of children",
        "select child_mean from marts.language_drift where relation = 'all'",
    ),
    "availability_doi_download_ratio": (
        "Mean downloads with a DOI, as a multiple of those without",
        "select mean_downloads_with / nullif(mean_downloads_without, 0) from marts.availability where feature = 'doi'",
    ),
}

# Published figures whose name ends in a value of the data ($key): the prefix of the name, the title, and the query.
_KEYED = {
    "availability_": (
        "Share of models with {}",
        "select share_of_models from marts.availability where feature = $key",
    ),
    "children_with_children_": (
        "Children with children, {}",
        "select n_children_with_children from marts.relation_stats where relation = $key",
    ),
    "edges_": ("Edges, {}", "select n_edges from marts.relation_stats where relation = $key"),
    "mutation_edges_": (
        "Fine-tune edges with a {} of both parent and child (study's count)",
        "select n_edges_paper from marts.mutation_rates where relation = 'finetune' and trait = $key",
    ),
    "mutation_rate_": (
        "Mutation rate of {} along fine-tunes (study's count)",
        "select rate_paper from marts.mutation_rates where relation = 'finetune' and trait = $key",
    ),
    "occurrences_": (
        "Occurrences of the shape {}",
        "select n_occurrences from marts.subgraph_occurrences where shape = $key",
    ),
    "similarity_tfidf_": (
        "Similarity of {} (records, TF-IDF, smallest shape; the study's value is read off its figure)",
        "select arg_min(mean, shape_number) from marts.similarity_estimates inner join marts.subgraph_occurrences "
        "using (shape) where artifact = 'metadata' and measure = 'tfidf' and relation = $key",
    ),
    "subject_models_": (
        "Models with a linked paper in {}",
        "select n_models from marts.paper_subjects where category = $key",
    ),
}
_FITS = {
    "order_drifts_compatible_": ("Drifts compatible with the order of {}", "n_drifts_compatible"),
    "order_drifts_": ("Drifts between ordered values of {}", "n_drifts"),
    "order_transitions_compatible_": ("Transitions compatible with the order of {}", "n_transitions_compatible"),
    "order_transitions_": ("Transitions between ordered values of {}", "n_transitions"),
    "order_share_transitions_compatible_": (
        "Share of transitions compatible with the order of {}",
        "share_of_transitions_compatible",
    ),
}
_KEYED |= {
    start: (
        title,
        f"select {column} from marts.trait_ordering_fits "
        "where relation = 'finetune' and weighting = 'weighted' and trait = $key",
    )
    for start, (title, column) in _FITS.items()
}


def compare_figure(marts: Marts, figure: str) -> tuple[str, float | None]:
    """Return the title of a published figure, and this snapshot's value for it (None if there is none).

    Raises KeyError for a figure without an entry in _SINGLE or _KEYED.
    """
    if figure in _SINGLE:
        title, query = _SINGLE[figure]
        row = marts.row(query)
    else:
        start = max((start for start in _KEYED if figure.startswith(start)), key=len, default="")
        title, query = _KEYED[start]
        key = figure.removeprefix(start)
        if start == "occurrences_":
            shape = marts.row("select title from marts.subgraph_occurrences where shape = $key", {"key": key})
            title = title.format(shape[0] if shape else key)
        else:
            title = title.format(RELATIVES[key] if start == "similarity_tfidf_" else key)
        row = marts.row(query, {"key": key})
    return title, None if row is None or row[0] is None else float(row[0])


def caveats(marts: Marts) -> tuple[bool, list[str]]:
    """Return whether any model is synthetic, and the limitations of the snapshot as sentences."""
    snapshot, n_models, n_edges, n_without, n_rejected = marts.rows(
        "select snapshot, n_models, n_edges, n_edges_without_parent, n_rejected from marts.snapshot_health"
    )[0]
    n_synthetic = marts.count("select count(*) from marts.models where is_synthetic")
    newest = marts.row("select max(created_at) from marts.models")
    until = f", the newest created {newest[0]:%Y-%m-%d}" if newest and newest[0] else ""
    sentences = [f"Snapshot {safe_text(snapshot)}: {count_of(n_models, 'model')}{until}."]
    if n_synthetic:
        sentences.append(
            f"{n_synthetic:,} of {count_of(n_models, 'model')} are synthetic. No number in this report describes the "
            "real Hub. The synthetic data is generated to resemble the study."
        )
    published = marts.published["models"]
    if n_models < published:
        sentences.append(
            f"The snapshot has {format_share(n_models / published)} of the study's {published:,.0f} models. It is not "
            "a random sample, so every rate describes this snapshot only, and not the Hub."
        )
    else:
        sentences.append("Every rate describes this snapshot. The Hub has grown since the study and changes daily.")
    if n_without:
        sentences.append(
            f"{n_without:,} of {count_of(n_edges, 'declared edge')} ({format_share(n_without / n_edges)}) name a "
            "parent that is not in the snapshot. Families are split there, so they appear smaller and shallower than "
            "they are."
        )
    if n_rejected:
        sentences.append(
            f"{count_of(n_rejected, 'record')} could not be parsed and {'is' if n_rejected == 1 else 'are'} missing."
        )
    sentences.append(
        "Intervals come from resampling families or sampled pairs. They show the uncertainty for the models of this "
        "snapshot, not whether the snapshot represents the Hub."
    )
    sentences.append("Authors tag their models themselves: a tag can be missing, wrong, or copied from the parent.")
    return n_synthetic > 0, sentences


def page(marts: Marts, limitations: list[str], synthetic: bool) -> Page:
    """Build the page on the snapshot, its limitations, and the comparison with the study."""
    ours = {figure: compare_figure(marts, figure) for figure in sorted(marts.published)}
    rows: list[tuple[object, ...]] = [
        (title, format_figure(value, marts.units[figure]), format_figure(marts.published[figure], marts.units[figure]))
        for figure, (title, value) in sorted(ours.items(), key=lambda item: item[1][0])
    ]
    n_missing = sum(value is None for _, value in ours.values())
    traits = join_words(sorted(marts.published_places))
    return Page(
        "index.html",
        "Overview",
        "The snapshot, its limitations, and a comparison with the study.",
        [
            Section("limitations", "Limitations", limitations),
            Section(
                "study",
                "Comparison with the study",
                [
                    "The study is Anatomy of a Machine Learning Ecosystem: 2 Million Models on Hugging Face "
                    "(Laufer, Oderinwale, Kleinberg). Counts depend on the size of the snapshot; compare shares, "
                    "rates and orders instead.",
                    f"The study's orders of {traits} are on the page on inheritance and mutation.",
                ]
                + (
                    ["The models are synthetic, so the comparison only shows that the report works."]
                    if synthetic
                    else []
                )
                + (
                    [
                        f"A dash means that the snapshot has no such tags, edges, cards or papers ({n_missing} of "
                        f"{len(ours)} figures)."
                    ]
                    if n_missing
                    else []
                ),
                tables=[
                    Table(
                        "Published figures",
                        [Column("Figure"), Column("This snapshot", "decimal"), Column("Study (whole Hub)", "decimal")],
                        rows,
                    )
                ],
            ),
            Section(
                "glossary",
                "Glossary",
                [
                    "Edge: a link from a parent to a child that names it as its base model. Its relation is fine-tune, "
                    "adapter, quantized or merge, or unspecified if the child declares none.",
                    "Family: models joined by edges. Root: a member without a parent in the snapshot.",
                    "Generation: steps from the nearest root by the shortest path. Width: the number of members of the "
                    "largest generation.",
                    "Depth: steps from a root by the longest path. A model that is 2 steps from a root and, through "
                    "another parent, 5 steps, has generation 2 and depth 5. The depth of a family is that of its "
                    "deepest member. Depths and generations are not comparable.",
                    "Structural virality: the mean distance between two members of a family. It is just under 2 if all "
                    "members descend directly from one model (a broadcast), and larger if they descend through "
                    "intermediate models.",
                    "Mutation: a child's value differs from its parent's.",
                    "Transition: a parent's value and its child's, counted over edges. Drift: the net direction "
                    "between two values. Traffic: the net number of transitions between them.",
                    "Order: the values sorted so that as much drift as possible points forward.",
                    "Interval: the 95% percentile interval over resamples.",
                ],
            ),
        ],
    )
