"""The first page: what the snapshot is, what it cannot say, and its numbers beside the study's."""

from phylohub.report.content import Column, Page, Section, Table
from phylohub.report.marts import Marts
from phylohub.report.similarity import KIN
from phylohub.report.text import counted, listed, measured, share, shown

# What each published figure is called, and the query of ours. Published figures without a line here are an error.
_SINGLE = {
    "models": ("Models", "select count(*) from marts.models"),
    "edges": ("Edges (one a pair)", "select count(*) from marts.lineage_edges where is_paper_edge"),
    "depth_max": (
        "Depth of the deepest family (steps of its longest line, fine-tunes)",
        "select max(depth) from marts.families where edge_set = 'finetune'",
    ),
    "papers": ("Papers that models link to", "select count(distinct arxiv_id) from marts.model_papers"),
    "card_share": ("Share of models with a card", "select share_with_card_paper from marts.card_stats"),
    "card_characters_mean": ("Characters of a card, mean", "select mean_characters from marts.card_stats"),
    "card_characters_median": ("Characters of a card, median", "select median_characters from marts.card_stats"),
    "card_characters_min": ("Characters of the shortest card", "select min_characters from marts.card_stats"),
    "card_characters_max": ("Characters of the longest card", "select max_characters from marts.card_stats"),
    "card_words_mean": ("Words of a card, mean", "select mean_words from marts.card_stats"),
    "card_words_median": ("Words of a card, median", "select median_words from marts.card_stats"),
    "card_characters_parent_mean": (
        "Characters of the parent's card",
        "select n_characters_parent_mean from marts.card_drift where relation = 'all'",
    ),
    "card_characters_child_mean": (
        "Characters of the child's card",
        "select n_characters_child_mean from marts.card_drift where relation = 'all'",
    ),
    "card_auto_generated_change": (
        "Share of cards written by a program, child minus parent",
        "select is_auto_generated_change from marts.card_drift where relation = 'all'",
    ),
    "languages_parent_mean": (
        "Languages of the parent",
        "select parent_mean from marts.language_drift where relation = 'all'",
    ),
    "languages_child_mean": (
        "Languages of the child",
        "select child_mean from marts.language_drift where relation = 'all'",
    ),
    "availability_doi_download_ratio": (
        "Downloads of models with a DOI, as a multiple of the others'",
        "select mean_downloads_with / nullif(mean_downloads_without, 0) from marts.availability where feature = 'doi'",
    ),
}

# Published figures with a word of the data in their name: the beginning of it, what it is called, the query.
_KEYED = {
    "availability_": (
        "Share of models tagged {}",
        "select share_of_models from marts.availability where feature = $key",
    ),
    "children_with_children_": (
        "Children with children, {}",
        "select n_children_with_children from marts.relation_stats where relation = $key",
    ),
    "edges_": ("Edges, {}", "select n_edges from marts.relation_stats where relation = $key"),
    "mutation_edges_": (
        "Edges with a {} on both sides (study's count)",
        "select n_edges_paper from marts.mutation_rates where relation = 'finetune' and trait = $key",
    ),
    "mutation_rate_": (
        "Mutation rate of {} (study's count)",
        "select rate_paper from marts.mutation_rates where relation = 'finetune' and trait = $key",
    ),
    "occurrences_": (
        "Occurrences of the shape: {}",
        "select n_occurrences from marts.subgraph_occurrences where shape = $key",
    ),
    "similarity_tfidf_": (
        "Similarity of {} (records, TF-IDF, in their smallest shape; study: read off its figure)",
        "select arg_min(mean, shape_number) from marts.similarity_estimates inner join marts.subgraph_occurrences "
        "using (shape) where artifact = 'metadata' and measure = 'tfidf' and relation = $key",
    ),
    "subject_models_": (
        "Models that link to a paper of {}",
        "select n_models from marts.paper_subjects where category = $key",
    ),
}
_FITS = {
    "order_drifts_compatible_": ("Drifts along the order of {}", "n_drifts_compatible"),
    "order_drifts_": ("Drifts between ordered values of {}", "n_drifts"),
    "order_transitions_compatible_": ("Transitions along the order of {}", "n_transitions_compatible"),
    "order_transitions_": ("Transitions between ordered values of {}", "n_transitions"),
    "order_share_transitions_compatible_": (
        "Share of transitions along the order of {}",
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


def beside(marts: Marts, figure: str) -> tuple[str, float | None]:
    """What a published figure is called, and ours of the same.

    Raises KeyError for a figure that nobody has taught this page.
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
            title = title.format(KIN[key] if start == "similarity_tfidf_" else key)
        row = marts.row(query, {"key": key})
    return title, None if row is None or row[0] is None else float(row[0])


def caveats(marts: Marts) -> tuple[bool, list[str]]:
    """Whether models are made up, and what the snapshot cannot say, in words."""
    snapshot, n_models, n_edges, n_without, n_rejected = marts.rows(
        "select snapshot, n_models, n_edges, n_edges_without_parent, n_rejected from marts.snapshot_health"
    )[0]
    n_synthetic = marts.count("select count(*) from marts.models where is_synthetic")
    youngest = marts.row("select max(created_at) from marts.models")
    until = f"; the youngest model is of {youngest[0]:%d %B %Y}" if youngest and youngest[0] else ""
    said = [f"Snapshot {shown(snapshot)}: {counted(n_models, 'model')}{until}."]
    if n_synthetic:
        said.append(
            f"{n_synthetic:,} of {counted(n_models, 'model')} are made up by a program, to try things out. "
            "No figure here says anything about the Hub, and a likeness to the study was planted."
        )
    published = marts.published["models"]
    if n_models < published:
        said.append(
            f"A sample of the Hub is not the Hub. These are {share(n_models / published)} as many models as the "
            f"study's {published:,.0f}, and nobody drew them by lot: every rate describes this snapshot only."
        )
    else:
        said.append("Every rate describes this snapshot; the Hub has changed since the study, and changes daily.")
    if n_without:
        said.append(
            f"{n_without:,} of {counted(n_edges, 'declared edge')} ({share(n_without / n_edges)}) name a parent "
            "that is not in the snapshot: families are torn there, so they look smaller and shallower than they are."
        )
    if n_rejected:
        said.append(
            f"{counted(n_rejected, 'record')} could not be read and {'is' if n_rejected == 1 else 'are'} left out."
        )
    said.append(
        "Intervals are over resampled families or draws. They tell how sure a number is for these models, not "
        "whether these models stand for all."
    )
    said.append("Models say of themselves what they are: a tag may be missing, wrong, or copied from the parent.")
    return n_synthetic > 0, said


def page(marts: Marts, said: list[str], synthetic: bool) -> Page:
    """The snapshot, its limits, and every published figure with ours."""
    ours = {figure: beside(marts, figure) for figure in sorted(marts.published)}
    rows: list[tuple[object, ...]] = [
        (title, measured(value, marts.units[figure]), measured(marts.published[figure], marts.units[figure]))
        for figure, (title, value) in sorted(ours.items(), key=lambda item: item[1][0])
    ]
    n_missing = sum(value is None for _, value in ours.values())
    traits = listed(sorted(marts.published_places))
    return Page(
        "index.html",
        "Overview",
        "What this is, what it cannot say, and every published number beside ours.",
        [
            Section("limits", "What these figures can and cannot say", said),
            Section(
                "study",
                "Our numbers beside the study's",
                [
                    "The study is Anatomy of a Machine Learning Ecosystem: 2 Million Models on Hugging Face "
                    "(Laufer, Oderinwale, Kleinberg). Counts of a smaller snapshot are smaller; compare shares, "
                    "rates and orders.",
                    f"Its orders of {traits} stand in the drift graphs.",
                ]
                + (
                    ["The models here are made up: the comparison shows only that the report works."]
                    if synthetic
                    else []
                )
                + (
                    [
                        f"Where a dash stands, the snapshot has no such tags, edges, cards or papers ({n_missing} "
                        f"of {len(ours)})."
                    ]
                    if n_missing
                    else []
                ),
                tables=[
                    Table(
                        "Published figures and ours",
                        [Column("What"), Column("This snapshot", "decimal"), Column("Study's whole Hub", "decimal")],
                        rows,
                    )
                ],
            ),
            Section(
                "words",
                "Words used throughout",
                [
                    "Edge: from a parent to a child that names it as its base model; its relation is fine-tune, "
                    "adapter, quantized or merge, or unspecified where the child does not say.",
                    "Family: models joined by edges. Root: a member without a parent here. Width: the most members of "
                    "one generation.",
                    "Generation and depth are two measures, and not to be compared. Generation: steps from the nearest "
                    "root by the shortest way. Depth: steps by the longest one. A model that descends from a root "
                    "in 2 steps and, through another parent, in 5, is of generation 2 and depth 5. A family's depth is "
                    "that of its deepest member.",
                    "Structural virality: the mean distance between two members of a family. Just under 2 where all "
                    "descend directly from one model (a broadcast), more where descent passes from hand to hand.",
                    "Mutation: a child's value that differs from its parent's. Drift: how much more often one value "
                    "becomes another than the other way round.",
                    "Order: the values in a row so that as much drift as possible points forward.",
                    "Interval: 95 in 100 resamples fall into it.",
                ],
            ),
        ],
    )
