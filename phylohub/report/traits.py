"""What models say of themselves: traits, availability, cards, the subjects of their papers."""

from phylohub.report.charts import Bar, bars
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.marts import TRAITS, Marts
from phylohub.report.style import BARS_KEY
from phylohub.report.text import counted, measured, share, shown, studied

N_BARS = 15
N_ROWS = 100


def page(marts: Marts) -> Page:
    """Distributions of traits, availability, cards, subjects."""
    return Page(
        "traits.html",
        "What models say of themselves",
        "Licenses, languages, tasks and libraries; availability; model cards; the subjects of linked papers.",
        [_distributions(marts), _availability(marts), _cards(marts), _subjects(marts)],
    )


def _distributions(marts: Marts) -> Section:
    figures = []
    absent = []
    for trait in TRAITS:
        rows = marts.rows(
            "select value, n_models, share_of_models, share_of_models_with_trait from marts.trait_distribution "
            "where trait = $trait order by n_models desc, value limit $limit",
            {"trait": trait, "limit": N_ROWS},
        )
        rows = [(marts.word(trait, row[0]), *row[1:]) for row in rows]
        if not rows:
            absent.append(trait)
            continue
        total = marts.count(f"select count(*) from marts.trait_distribution where trait = '{trait}'")
        first = rows[: min(3, len(rows))]
        finding = (
            f"Most frequent {trait}: "
            + ", ".join(
                f"{shown(value, 60)} ({share(part)} of the models that name one)" for value, _, _, part in first
            )
            + f". There are {counted(total, 'value')}."
        )
        figures.append(
            Figure(
                f"distribution-{trait}",
                f"{trait.capitalize()}s of models" if trait != "library" else "Libraries of models",
                finding,
                bars(
                    [Bar(value, part, share(part)) for value, _, _, part in rows[:N_BARS]],
                    f"share of the models with a {trait}",
                ),
                table=Table(
                    f"{trait}, by number of models",
                    [
                        Column(trait.capitalize(), "name"),
                        Column("Models", "count"),
                        Column("Share of all", "share"),
                        Column("Share of those with one", "share"),
                    ],
                    rows,
                    total,
                ),
            )
        )
    return Section(
        "distributions",
        "Licenses, languages, tasks, libraries",
        [
            f"The {N_BARS} most frequent values of each. A model may name several languages or licenses, so shares can "
            "add up to more than all. The study prints no numbers to hold these against."
        ]
        + ([f"No model here names a {' or '.join(absent)}."] if absent else []),
        missing="" if figures else "No model of this snapshot names a license, language, task or library.",
        figures=figures,
    )


def _availability(marts: Marts) -> Section:
    rows = marts.rows(
        "select feature, n_models, share_of_models, mean_downloads_with, mean_downloads_without from "
        "marts.availability order by share_of_models desc, feature"
    )
    known = [row for row in rows if row[2] is not None]
    if not known:
        return Section("availability", "Availability", missing="No model carries one of the tags looked for.")
    published = {row[0]: marts.published.get(f"availability_{row[0]}") for row in known}
    words = [
        f"{feature}: {share(part)}" + studied(None if (other := published[feature]) is None else share(other))
        for feature, _, part, _, _ in known
    ]
    doi = next((row for row in known if row[0] == "doi" and row[1] and row[3] is not None and row[4]), None)
    said = (
        f"Models with a DOI are downloaded {doi[3] / doi[4]:.1f} times as often as the others; in the study, "
        f"{marts.published['availability_doi_download_ratio']:.0f} times."
        if doi
        else "No model here has a DOI."
    )
    return Section(
        "availability",
        "Availability",
        [said],
        figures=[
            Figure(
                "availability",
                "Models that can be found and used easily",
                "Share of models by feature. " + "; ".join(words) + ".",
                bars(
                    [Bar(feature, part, share(part), published[feature]) for feature, _, part, _, _ in known],
                    "share of models",
                ),
                key=BARS_KEY,
                table=Table(
                    "Features and downloads",
                    [
                        Column("Feature"),
                        Column("Models", "count"),
                        Column("Share", "share"),
                        Column("Mean downloads with", "decimal"),
                        Column("Mean downloads without", "decimal"),
                    ],
                    rows,
                ),
            )
        ],
    )


def _cards(marts: Marts) -> Section:
    columns = {
        "share_with_card_paper": ("Share of all models with a card", "card_share", "share"),
        "share_with_card": ("Share with a card, of those looked for", "", "share"),
        "share_auto_generated": ("Share of cards written by a program", "", "share"),
        "mean_characters": ("Characters, mean", "card_characters_mean", "characters"),
        "median_characters": ("Characters, median", "card_characters_median", "characters"),
        "min_characters": ("Characters, fewest", "card_characters_min", "characters"),
        "max_characters": ("Characters, most", "card_characters_max", "characters"),
        "mean_words": ("Words, mean", "card_words_mean", "words"),
        "median_words": ("Words, median", "card_words_median", "words"),
    }
    row = marts.row(f"select n_looked_for, n_with_card, n_models, {', '.join(columns)} from marts.card_stats")
    if row is None or not row[1]:
        return Section(
            "cards",
            "Model cards",
            missing="No cards have been landed for these models: `phylohub ingest cards` fetches them.",
        )
    looked, found, models = row[:3]
    rows: list[tuple[object, ...]] = [
        (title, measured(value, unit), measured(marts.published.get(figure), unit))
        for (title, figure, unit), value in zip(columns.values(), row[3:], strict=True)
    ]
    return Section(
        "cards",
        "Model cards",
        [
            f"Of {counted(models, 'model')} the cards of {looked:,} were looked for, and {found:,} have one."
            + (" That is too few to speak for the snapshot." if looked < models / 2 else "")
        ],
        tables=[
            Table(
                "Length of model cards",
                [Column("What"), Column("This snapshot", "decimal"), Column("Study's whole Hub", "decimal")],
                rows,
            )
        ],
    )


def _subjects(marts: Marts) -> Section:
    rows = marts.rows("select category, n_models, n_papers from marts.paper_subjects order by n_models desc, category")
    if not rows:
        return Section(
            "subjects",
            "Subjects of linked papers",
            missing="No papers have been landed for these models: `phylohub ingest arxiv` fetches them.",
        )
    n_models = marts.count("select count(*) from marts.models")
    study = marts.published["models"]
    published = {row[0]: marts.published.get(f"subject_models_{row[0]}") for row in rows}
    drawn = [
        Bar(category, n / n_models, share(n / n_models), other / study if (other := published[category]) else None)
        for category, n, _ in rows[:N_BARS]
    ]
    finding = (
        "Most models link to papers of "
        + ", ".join(
            f"{shown(bar.name, 40)} ({bar.words}" + (f", study {share(bar.published)})" if bar.published else ")")
            for bar in drawn[:3]
        )
        + "."
    )
    return Section(
        "subjects",
        "Subjects of linked papers",
        ["A model counts once for each category of a paper that it links to."],
        figures=[
            Figure(
                "subjects",
                "arXiv categories of linked papers",
                finding,
                bars(drawn, "share of models", ".1%"),
                key=f"{BARS_KEY[:-1]}, as a share of its models.",
                table=Table(
                    "arXiv categories",
                    [Column("Category", "name"), Column("Models", "count"), Column("Papers", "count")],
                    rows[:N_ROWS],
                    len(rows),
                ),
            )
        ],
    )
