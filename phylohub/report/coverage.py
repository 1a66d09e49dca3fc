"""Coverage of models by cards, with and without relatives, and by formats of weights."""

from phylohub.report.charts import Bar, bars
from phylohub.report.content import Column, Figure, Section, Table
from phylohub.report.marts import Marts
from phylohub.report.style import BARS_LEGEND
from phylohub.report.text import count_of, format_share, safe_text, study_note


def cards_by_family_ties(marts: Marts) -> Section:
    """Build the section on models without a card, with and without relatives."""
    id_, title = "family-ties", "Model cards and family ties"
    if not marts.has("card_coverage_by_family_ties"):
        return Section(id_, title, missing=marts.missing("card_coverage_by_family_ties"))
    rows = marts.rows(
        "select has_relatives, n_models, n_looked_for, n_known, n_without_card, share_without_card, "
        "share_without_card_paper from marts.card_coverage_by_family_ties order by has_relatives desc"
    )
    known = [row for row in rows if row[5] is not None]
    if not known:
        return Section(
            id_,
            title,
            missing="It is not known which models have a card. Run `phylohub ingest cards`, then `dbt build`.",
        )
    drawn = [Bar(_ties(row[0]), row[5], f"{format_share(row[5])} of {row[3]:,}", other=row[6]) for row in known]
    one_kind = " There are no such models of the other kind." if len(known) < 2 else ""
    few = any(row[2] < row[1] / 2 for row in known)
    return Section(
        id_,
        title,
        [
            "The share of models without a card, among models that are known to have one or none. A model has "
            "relatives if an edge joins it to another model of the snapshot."
            + (
                " Cards were requested for less than half of these models, so the shares may not be representative."
                if few
                else ""
            )
        ],
        figures=[
            Figure(
                "cards-family-ties",
                "Models without a card",
                "Without a card: "
                + "; ".join(f"{_ties(row[0])} {format_share(row[5])} of {count_of(row[3], 'model')}" for row in known)
                + f".{one_kind}",
                bars(drawn, "share of models without a card", ".1%"),
                legend="Bars: this snapshot. Open squares: by the study's rule, by which a model whose card could not "
                "be read has none.",
                paper="section 4.2",
                table=Table(
                    "Cards of models with and without relatives",
                    [
                        Column("Models"),
                        Column("All models", "count"),
                        Column("Cards requested", "count"),
                        Column("Known", "count"),
                        Column("Without a card", "count"),
                        Column("Share without a card", "share"),
                        Column("By the study's rule", "share"),
                    ],
                    [(_ties(row[0]), *row[1:]) for row in rows],
                ),
            )
        ],
    )


def _ties(has_relatives: bool) -> str:
    return "with relatives" if has_relatives else "without relatives"


def weight_formats(marts: Marts) -> Section:
    """Build the section on the formats of weights, among models with weights."""
    id_, title = "weight-formats", "Formats of weights"
    if not marts.has("weight_formats"):
        return Section(id_, title, missing=marts.missing("weight_formats"))
    rows = marts.rows(
        "select format, n_models, share_of_models_with_weights, n_models_with_weights, source from "
        "marts.weight_formats where n_models_with_weights > 0 "
        "order by share_of_models_with_weights desc, format"
    )
    if not rows:
        return Section(id_, title, missing="No model in this snapshot is known to have weights.")
    present = [row for row in rows if row[1]]
    drawn = [
        Bar(row[0], row[2], format_share(row[2]), marts.published.get(f"weight_format_{row[0]}")) for row in present
    ]
    return Section(
        id_,
        title,
        [
            f"{count_of(rows[0][3], 'model')} of this snapshot {'is' if rows[0][3] == 1 else 'are'} known to have "
            f"weights, from {safe_text(rows[0][4], 40)}. Files without a tag are not seen, so the shares are of the "
            "models whose tags or library name a format. A model with several formats counts in each."
        ],
        figures=[
            Figure(
                "weight-formats",
                "Formats among models with weights",
                "Share of models with weights: "
                + "; ".join(
                    f"{safe_text(row[0], 40)} {format_share(row[2])}"
                    f"{study_note(marts.study_text(f'weight_format_{row[0]}'))}"
                    for row in present
                )
                + ".",
                bars(drawn, "share of models with weights"),
                legend=BARS_LEGEND,
                paper="section 9.2",
                table=Table(
                    "Models by format of weights",
                    [
                        Column("Format", "name"),
                        Column("Models", "count"),
                        Column("Share of models with weights", "share"),
                        Column("Models with weights", "count"),
                        Column("Source", "name"),
                    ],
                    rows,
                ),
            )
        ],
    )
