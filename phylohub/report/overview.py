"""The overview page: the snapshot, its limitations, and a comparison with the study's published numbers."""

from phylohub.report.content import Column, Page, Section, Table
from phylohub.report.headlines import headlines
from phylohub.report.marts import Marts
from phylohub.report.published import find_comparison
from phylohub.report.similarity import RELATIVES
from phylohub.report.text import NO_VALUE, count_of, format_figure, format_share, join_words, safe_text


def figure_title(marts: Marts, figure: str) -> str:
    """The title of a published figure, with the shape, relatives or value that it is about."""
    comparison, key = find_comparison(figure)
    if figure.startswith("occurrences_"):
        shape = marts.row("select title from marts.subgraph_occurrences where shape = $key", {"key": key})
        key = shape[0] if shape else key
    elif figure.startswith("similarity_"):
        key = RELATIVES[key]
    return comparison.title.format(key)


def caveats(marts: Marts) -> tuple[bool, list[str]]:
    """Return whether any model is synthetic, and the limitations of the snapshot as sentences."""
    snapshot, n_models, n_edges, n_without, n_rejected, taken_at, taken_from, hub_size, share_of_hub = marts.rows(
        "select snapshot, n_models, n_edges, n_edges_without_parent, n_rejected, taken_at, taken_from, hub_size, "
        "share_of_hub from marts.snapshot_health"
    )[0]
    n_synthetic = marts.count("select count(*) from marts.models where is_synthetic")
    newest = marts.row("select max(created_at) from marts.models")
    until = f", the newest created {newest[0]:%Y-%m-%d}" if newest and newest[0] else ""
    taken = f", taken on {taken_at:%Y-%m-%d} ({safe_text(taken_from)})" if taken_at else ""
    sentences = [f"Snapshot {safe_text(snapshot)}: {count_of(n_models, 'model')}{taken}{until}."]
    if share_of_hub is not None and share_of_hub < 1:
        sentences.append(f"It covers {format_share(share_of_hub)} of the {hub_size:,} models on the Hub at that time.")
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
        "Intervals treat each family as one observation, and too few families or pairs have none. They show the "
        "uncertainty for families like these, not whether the snapshot represents the Hub."
    )
    sentences.append("Authors tag their models themselves: a tag can be missing, wrong, or copied from the parent.")
    return n_synthetic > 0, sentences


def page(marts: Marts, limitations: list[str], synthetic: bool) -> Page:
    """Build the page on the snapshot, its limitations, and the comparison with the study."""
    ours = {figure: marts.by_study(figure) for figure in marts.study}
    rows: list[tuple[object, ...]] = []
    reasons: dict[str, list[str]] = {}
    for title, figure in sorted((figure_title(marts, figure), figure) for figure in marts.study):
        comparison, _ = find_comparison(figure)
        if comparison.not_compared:
            reasons.setdefault(comparison.not_compared, []).append(title)
        column = f"{comparison.mart}.{comparison.column}" if comparison.column else NO_VALUE
        rows += [
            (title, format_figure(ours[figure], value.unit), value.text(), value.source, value.section or None, column)
            for value in marts.study[figure]
        ]
    n_missing = sum(value is None and not find_comparison(figure)[0].not_compared for figure, value in ours.items())
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
                    "Both columns follow the study's definition. Where ours differs, the other pages show both. If "
                    "the paper and its notebooks print different numbers, both have a row; the column of the marts "
                    "follows the notebooks.",
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
                )
                + [f"Not compared: {'; '.join(titles)}. {reason}" for reason, titles in reasons.items()],
                tables=[
                    Table(
                        "Published figures",
                        [
                            Column("Figure"),
                            Column("This snapshot", "decimal"),
                            Column("Study (whole Hub)", "decimal"),
                            Column("Source"),
                            Column("Section of the paper"),
                            Column("Mart and column"),
                        ],
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
        headlines(marts),
    )
