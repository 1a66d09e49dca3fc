"""Trait distributions: licenses, languages, tasks, libraries and datasets; availability, model cards, linked papers."""

from phylohub.report import coverage
from phylohub.report.charts import Bar, bars
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.marts import TRAITS, Marts
from phylohub.report.style import BARS_LEGEND
from phylohub.report.text import count_of, format_figure, format_share, safe_text, study_note

N_BARS = 15
N_ROWS = 100
TOO_FEW_CARDS = " These are less than half of the snapshot's models, so they may not be representative."


def page(marts: Marts) -> Page:
    """Build the page on traits, availability, cards and the subjects of linked papers."""
    return Page(
        "traits.html",
        "Trait distributions",
        "Licenses, languages, tasks, libraries and datasets; availability; model cards; subjects of linked papers.",
        [
            _distributions(marts),
            _datasets(marts),
            _availability(marts),
            coverage.weight_formats(marts),
            _cards(marts),
            coverage.cards_by_family_ties(marts),
            _subjects(marts),
        ],
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
        rows = [(marts.display_name(trait, row[0]), *row[1:]) for row in rows]
        if not rows:
            absent.append(trait)
            continue
        total = marts.count(f"select count(*) from marts.trait_distribution where trait = '{trait}'")
        first = rows[: min(3, len(rows))]
        finding = (
            f"Most frequent {trait}: "
            + ", ".join(
                f"{safe_text(value, 60)} ({format_share(part)} of the models with a {trait})"
                for value, _, _, part in first
            )
            + f". There are {count_of(total, 'distinct value')}."
        )
        figures.append(
            Figure(
                f"distribution-{trait}",
                TRAITS[trait].capitalize(),
                finding,
                bars(
                    [Bar(value, part, format_share(part)) for value, _, _, part in rows[:N_BARS]],
                    f"share of models with a {trait}",
                ),
                paper="section 2.2",
                table=Table(
                    f"Models by {trait}",
                    [
                        Column(trait.capitalize(), "name"),
                        Column("Models", "count"),
                        Column("Share of all models", "share"),
                        Column(f"Share of models with a {trait}", "share"),
                    ],
                    rows,
                    total,
                ),
            )
        )
    return Section(
        "distributions",
        "Licenses, languages, tasks and libraries",
        [
            f"The figures show the {N_BARS} most frequent values. A model can have several languages or licenses, so "
            "shares can sum to more than 100%.",
            _reported(marts),
        ]
        + ([f"No model in this snapshot has a {' or '.join(absent)}."] if absent else []),
        missing="" if figures else "No model in this snapshot has a license, language, task or library.",
        figures=figures,
    )


def _reported(marts: Marts) -> str:
    """The sentence that compares the shares that the study publishes in section 2.2."""
    shares = {
        "apache-2.0 and mit": "license_share_apache_mit",
        "English": "language_share_en",
        "Chinese": "language_share_zh",
    }
    return (
        "The study publishes three of these shares. By its count: "
        + "; ".join(
            f"{name} {format_share(marts.by_study(figure))}{study_note(marts.study_text(figure))}"
            for name, figure in shares.items()
        )
        + ". They are shares of the models that report a license or a language, not of all reported values: only these "
        "fit the study's own counts (English is 48% of all languages that its models report, but 75% of the models "
        "report it)."
    )


def _datasets(marts: Marts) -> Section:
    rows = marts.rows(
        "select value, n_models, share_of_models, share_of_models_with_trait, n_models_paper from "
        "marts.trait_distribution where trait = 'dataset' order by n_models desc, value limit $limit",
        {"limit": N_ROWS},
    )
    if not rows:
        return Section("datasets", "Training datasets", missing="No model in this snapshot names a training dataset.")
    total = marts.count("select count(*) from marts.trait_distribution where trait = 'dataset'")
    n_with = marts.count("select count(distinct model_id) from marts.model_datasets")
    published = {row[0]: marts.published.get(f"dataset_models_{row[0]}") for row in rows}
    drawn = [
        Bar(
            row[0],
            row[2],
            format_share(row[2]),
            other / marts.published["models"] if (other := published[row[0]]) else None,
        )
        for row in rows[:N_BARS]
    ]
    top = ", ".join(
        f"{safe_text(bar.name, 60)} {bar.label} of all models"
        + study_note(format_share(bar.published) if bar.published else None)
        for bar in drawn[:3]
    )
    return Section(
        "datasets",
        "Training datasets",
        [
            f"{count_of(n_with, 'model')} {'names' if n_with == 1 else 'name'} a training dataset in the card. Most "
            "models name none, so a dataset is used more often than it is named. The study's counts cover its ten most "
            "frequent datasets."
        ],
        figures=[
            Figure(
                "distribution-dataset",
                "Most used training datasets",
                f"Most frequent datasets: {top}. There are {count_of(total, 'distinct value')}.",
                bars(drawn, "share of all models", ".1%"),
                legend=BARS_LEGEND,
                paper="figure 2",
                table=Table(
                    "Models by training dataset",
                    [
                        Column("Dataset", "name"),
                        Column("Models", "count"),
                        Column("Models (study, whole Hub)", "count"),
                        Column("Share of all models", "share"),
                        Column("Share of models with a dataset", "share"),
                    ],
                    [(row[0], row[1], published[row[0]], row[2], row[3]) for row in rows],
                    total,
                ),
            )
        ],
    )


def _availability(marts: Marts) -> Section:
    rows = marts.rows(
        "select feature, n_models, share_of_models, mean_downloads_with, mean_downloads_without from "
        "marts.availability order by share_of_models desc, feature"
    )
    known = [row for row in rows if row[2] is not None]
    if not known:
        return Section("availability", "Availability", missing="No model in this snapshot has any of these tags.")
    published = {row[0]: marts.published.get(f"availability_{row[0]}") for row in known}
    shares = [
        f"{feature} {format_share(part)}" + study_note(marts.study_text(f"availability_{feature}"))
        for feature, _, part, _, _ in known
    ]
    doi = next((row for row in known if row[0] == "doi" and row[1] and row[3] is not None and row[4]), None)
    doi_downloads = (
        f"Models with a DOI have {doi[3] / doi[4]:.1f} times the mean downloads of the others "
        f"(study {marts.study_text('availability_doi_download_ratio')} times)."
        if doi
        else "No model in this snapshot has a DOI."
    )
    return Section(
        "availability",
        "Availability",
        [doi_downloads],
        figures=[
            Figure(
                "availability",
                "Models by availability feature",
                "Share of models with each feature: " + "; ".join(shares) + ".",
                bars(
                    [Bar(feature, part, format_share(part), published[feature]) for feature, _, part, _, _ in known],
                    "share of models",
                ),
                legend=BARS_LEGEND,
                paper="section 9.2",
                table=Table(
                    "Availability features and downloads",
                    [
                        Column("Feature"),
                        Column("Models", "count"),
                        Column("Share of models", "share"),
                        Column("Mean downloads with it", "decimal"),
                        Column("Mean downloads without it", "decimal"),
                    ],
                    rows,
                ),
            )
        ],
    )


def _cards(marts: Marts) -> Section:
    columns = {
        "share_with_card_paper": ("Share of all models with a card", "card_share", "share"),
        "share_with_card": ("Share with a card, of models known to have one or none", "", "share"),
        "share_auto_generated": ("Share of auto-generated cards", "", "share"),
        "mean_characters": ("Mean characters", "card_characters_mean", "characters"),
        "median_characters": ("Median characters", "card_characters_median", "characters"),
        "min_characters": ("Minimum characters", "card_characters_min", "characters"),
        "max_characters": ("Maximum characters", "card_characters_max", "characters"),
        "mean_words": ("Mean words", "card_words_mean", "words"),
        "median_words": ("Median words", "card_words_median", "words"),
    }
    row = marts.row(f"select n_looked_for, n_with_card, n_models, {', '.join(columns)} from marts.card_stats")
    if row is None or not row[1]:
        return Section(
            "cards",
            "Model cards",
            missing="There are no cards of these models. Run `phylohub ingest cards`, then `dbt build`.",
        )
    n_looked_for, n_with_card, n_models = row[:3]
    rows: list[tuple[object, ...]] = [
        (title, format_figure(value, unit), marts.study_text(figure))
        for (title, figure, unit), value in zip(columns.values(), row[3:], strict=True)
    ]
    return Section(
        "cards",
        "Model cards",
        [
            f"Cards were requested for {n_looked_for:,} of {count_of(n_models, 'model')}, and {n_with_card:,} have one."
            + (TOO_FEW_CARDS if n_looked_for < n_models / 2 else "")
        ],
        tables=[
            Table(
                "Length of model cards",
                [Column("Measure"), Column("This snapshot", "decimal"), Column("Study (whole Hub)", "decimal")],
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
            missing="There are no papers of these models. Run `phylohub ingest arxiv`, then `dbt build`.",
        )
    n_models = marts.count("select count(*) from marts.models")
    study = marts.published["models"]
    published = {row[0]: marts.published.get(f"subject_models_{row[0]}") for row in rows}
    drawn = [
        Bar(
            category,
            n / n_models,
            format_share(n / n_models),
            other / study if (other := published[category]) else None,
        )
        for category, n, _ in rows[:N_BARS]
    ]
    finding = (
        "Most frequent categories: "
        + ", ".join(
            f"{safe_text(bar.name, 40)} {bar.label} of models"
            + study_note(format_share(bar.published) if bar.published else None)
            for bar in drawn[:3]
        )
        + "."
    )
    return Section(
        "subjects",
        "Subjects of linked papers",
        ["A model counts once for each arXiv category of the papers that it links to."],
        figures=[
            Figure(
                "subjects",
                "Models by arXiv category of linked papers",
                finding,
                bars(drawn, "share of models", ".1%"),
                legend=BARS_LEGEND,
                table=Table(
                    "arXiv categories of linked papers",
                    [Column("Category", "name"), Column("Models", "count"), Column("Papers", "count")],
                    rows[:N_ROWS],
                    len(rows),
                ),
            )
        ],
    )
