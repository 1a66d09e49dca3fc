"""The study's published figures, and the mart column that each is compared with.

A published figure is compared under the study's definition only: with a column that ends in `_paper` (or
`is_paper_edge`), or with one of which `same_definition` says why the study counts alike.
"""

import csv
from dataclasses import dataclass
from importlib import resources

from phylohub.report.text import format_figure

SEEDS = resources.files("phylohub") / "seeds"  # a link in a checkout, files in a wheel

SOURCES = {
    "notebook": "in its notebooks",
    "paper table": "in its table",
    "paper text": "in its text",
    "paper figure": "read off its figure",
}


@dataclass(frozen=True)
class PublishedValue:
    """A value of one source. `bound` is `at least` or `nearly` if the study prints no exact number."""

    value: float
    unit: str
    source: str
    bound: str
    section: str

    def text(self) -> str:
        """The value with its bound: at least 60.0%."""
        return f"{self.bound} {format_figure(self.value, self.unit)}".strip()


def read_published() -> dict[str, list[PublishedValue]]:
    """Read the values of each published figure, those of the notebooks first: the `_paper` columns follow them."""
    found: dict[str, list[PublishedValue]] = {}
    with (SEEDS / "published_figures.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            value = PublishedValue(float(row["published"]), row["unit"], row["source"], row["bound"], row["section"])
            found.setdefault(row["figure"], []).append(value)
    order = list(SOURCES)
    return {figure: sorted(values, key=lambda value: order.index(value.source)) for figure, values in found.items()}


def read_published_places() -> dict[str, dict[str, int]]:
    """Read the place of each value in the study's order, by trait."""
    places: dict[str, dict[str, int]] = {}
    with (SEEDS / "published_orders.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            places.setdefault(row["trait"], {})[row["value"]] = int(row["place"])
    return places


def published_text(values: list[PublishedValue]) -> str:
    """All values of a figure: 41.1% in its notebooks, 23.0% in its text. A single value has no source."""
    if len(values) == 1:
        return values[0].text()
    return ", ".join(f"{value.text()} {SOURCES[value.source]}" for value in values)


@dataclass(frozen=True)
class Comparison:
    """The query of this snapshot's value for a published figure.

    `title` can contain {} for the key, the end of a figure's name. `expression` is SQL around the only measured column,
    and `where` may use $key. `same_definition` says why the study counts alike, and is empty exactly if the column is
    the study's. `not_compared` says why no column has the study's definition.
    """

    title: str
    mart: str = ""
    column: str = ""
    expression: str = "{column}"
    where: str = "true"
    join: str = ""
    same_definition: str = ""
    not_compared: str = ""

    def is_of_the_study(self) -> bool:
        """Whether the column follows the study's rules by its name."""
        return self.column.endswith("_paper") or self.column == "is_paper_edge"

    def query(self) -> str:
        """The SQL of this snapshot's value."""
        return (
            f"select {self.expression.format(column=self.column)} from marts.{self.mart} {self.join} where {self.where}"
        )


def _card(title: str, column: str, same_definition: str = "") -> Comparison:
    return Comparison(title, "card_stats", column, same_definition=same_definition)


def _card_drift(title: str, column: str) -> Comparison:
    return Comparison(title, "card_drift", column, where="relation = 'all'")


def _languages(title: str, column: str) -> Comparison:
    return Comparison(title, "language_drift", column, where="relation = 'all'")


def _reported(title: str, trait: str, values: str) -> Comparison:
    return Comparison(
        title,
        "trait_distribution",
        "share_of_models_with_trait_paper",
        "sum({column})",
        f"trait = '{trait}' and value in ({values})",
    )


def _fit(title: str, column: str) -> Comparison:
    return Comparison(
        title,
        "trait_ordering_fits",
        column,
        where="relation = 'finetune' and weighting = 'weighted' and trait = $key",
    )


_CARDS = (
    "Both describe the cards whose text is known. The study leaves out cards of up to 3 characters; the shortest card "
    "it found has 11, so the rule changes nothing there."
)
_LICENSES = (
    "The study's notebooks count 79 different license tags. The number in its text follows another rule, which is not "
    "published."
)

# By figure, or by the beginning of its name; the rest of the name is then the key. Each published figure needs an
# entry.
COMPARISONS = {
    "availability_": Comparison(
        "Share of models with {}",
        "availability",
        "share_of_models",
        where="feature = $key",
        same_definition="Both divide the models with the tag by all models of the snapshot.",
    ),
    "availability_doi_download_ratio": Comparison(
        "Mean downloads with a DOI, as a multiple of those without",
        "availability",
        "mean_downloads_with",
        "{column} / nullif(mean_downloads_without, 0)",
        "feature = 'doi'",
        same_definition="Both compare the mean downloads of models with a DOI and of all others.",
    ),
    "card_auto_generated_change": _card_drift(
        "Share of auto-generated cards, child minus parent", "is_auto_generated_change_paper"
    ),
    "card_characters_child_mean": _card_drift("Card characters, mean of children", "n_characters_child_mean_paper"),
    "card_characters_max": _card(
        "Card characters, maximum", "max_characters", "The longest card is the longest under any rule."
    ),
    "card_characters_mean": _card("Card characters, mean", "mean_characters", _CARDS),
    "card_characters_median": _card("Card characters, median", "median_characters", _CARDS),
    "card_characters_min": _card(
        "Card characters, minimum",
        "min_characters",
        "Of the cards longer than 3 characters, which is the study's rule for having a card.",
    ),
    "card_characters_parent_mean": _card_drift("Card characters, mean of parents", "n_characters_parent_mean_paper"),
    "card_share": _card("Share of models with a card", "share_with_card_paper"),
    "card_words_mean": _card("Card words, mean", "mean_words", _CARDS),
    "card_words_median": _card("Card words, median", "median_words", _CARDS),
    "children_with_children_": Comparison(
        "Children with children, {}", "relation_stats", "n_children_with_children_paper", where="relation = $key"
    ),
    "dataset_models_": Comparison(
        "Models trained on the dataset {}",
        "trait_distribution",
        "n_models_paper",
        where="trait = 'dataset' and value = $key",
    ),
    "depth_max": Comparison(
        "Depth of the deepest family (longest path of fine-tunes)",
        "families",
        "depth",
        "max({column})",
        "edge_set = 'finetune'",
        same_definition="The longest path of fine-tunes between models of the snapshot. Paths on a cycle have no end, "
        "so only cycles are cut.",
    ),
    "edges": Comparison(
        "Edges (one per parent and child)", "lineage_edges", "is_paper_edge", "count(*) filter (where {column})"
    ),
    "edges_": Comparison("Edges, {}", "relation_stats", "n_edges_paper", where="relation = $key"),
    "language_share_en": _reported("English, share of models that report a language", "language", "'en'"),
    "language_share_zh": _reported("Chinese, share of models that report a language", "language", "'zh'"),
    "languages_child_mean": _languages("Languages, mean of children", "child_mean_paper"),
    "languages_parent_mean": _languages("Languages, mean of parents", "parent_mean_paper"),
    "license_share_apache_mit": _reported(
        "apache-2.0 and mit, share of models that report a license", "license", "'apache-2.0', 'mit'"
    ),
    "licenses": Comparison("Licenses", not_compared=_LICENSES),
    "licenses_standard": Comparison("Licenses that the study calls standard", not_compared=_LICENSES),
    "models": Comparison(
        "Models", "models", "model_id", "count({column})", same_definition="Both count the models of the snapshot."
    ),
    "mutation_edges_": Comparison(
        "Fine-tune edges with a {} of both parent and child",
        "mutation_rates",
        "n_edges_paper",
        where="relation = 'finetune' and trait = $key",
    ),
    "mutation_rate_": Comparison(
        "Mutation rate of {} along fine-tunes",
        "mutation_rates",
        "rate_paper",
        where="relation = 'finetune' and trait = $key",
    ),
    "occurrences_": Comparison(
        "Occurrences of the shape {}", "subgraph_occurrences", "n_occurrences_paper", where="shape = $key"
    ),
    "order_drifts_": _fit("Drifts between ordered values of {}", "n_drifts_paper"),
    "order_drifts_compatible_": _fit("Drifts compatible with the order of {}", "n_drifts_compatible_paper"),
    "order_share_transitions_compatible_": _fit(
        "Share of transitions compatible with the order of {}", "share_of_transitions_compatible_paper"
    ),
    "order_transitions_": _fit("Transitions between ordered values of {}", "n_transitions_paper"),
    "order_transitions_compatible_": _fit(
        "Transitions compatible with the order of {}", "n_transitions_compatible_paper"
    ),
    "papers": Comparison(
        "Papers linked from models",
        "trait_distribution",
        "n_models_paper",
        "count(*) filter (where {column} > 0)",
        "trait = 'paper'",
    ),
    "similarity_tfidf_": Comparison(
        "Similarity of {} (records, TF-IDF, smallest shape)",
        "similarity_estimates",
        "mean",
        "arg_min({column}, shape_number)",
        "artifact = 'metadata' and measure = 'tfidf' and relation = $key",
        "inner join marts.subgraph_occurrences using (shape)",
        same_definition="The same texts, terms and measure, over random occurrences of the same shapes.",
    ),
    "subject_models_": Comparison(
        "Models with a linked paper in {}",
        "paper_subjects",
        "n_models",
        where="category = $key",
        same_definition="In both, a model counts once for each category of its papers.",
    ),
    "weight_format_": Comparison(
        "{}, share of models with weights",
        "weight_formats",
        "share_of_models_with_weights",
        where="format = $key",
        same_definition="Both divide models with the format by models with weights in any. Ours knows weights from "
        "tags and libraries only, so it misses files without either.",
    ),
}


def find_comparison(figure: str) -> tuple[Comparison, str]:
    """Return the comparison of a published figure, and the key at the end of its name (or an empty string).

    Raises KeyError for a figure without an entry in COMPARISONS.
    """
    if figure in COMPARISONS:
        return COMPARISONS[figure], ""
    starts = [start for start in COMPARISONS if start.endswith("_") and figure.startswith(start)]
    start = max(starts, key=len, default=figure)
    return COMPARISONS[start], figure.removeprefix(start)
