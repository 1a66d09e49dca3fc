"""License lineage: consistency of lineages, the terms dropped most, families with findings, and findings by model."""

from dataclasses import replace

from phylohub.report.charts import Bar, bars
from phylohub.report.content import Column, Figure, Kind, Page, Section, Table
from phylohub.report.marts import Marts
from phylohub.report.text import count_of, format_share

NOTICE = "Facts as tags and cards declare them, never legal advice."
N_ROWS = 100
N_FINDINGS = 1_000


def page(marts: Marts) -> Page:
    """Build the page of tables. Each can be sorted and searched."""
    sections = [
        _section(
            marts,
            "consistency",
            "Consistency of lineages",
            "license_consistency",
            "A lineage is inconsistent if a term of an ancestor is dropped, and unknown if a license in it is.",
            "Models by the consistency of their lineage",
            {"Lineage": "text", "Models": "count", "Share of models": "share", "Of models with a parent": "share"},
            """
            select lineage_status, n_models, share_of_models, share_of_models_with_parent
            from marts.license_consistency
            order by n_models desc, lineage_status
            """,
        ),
        _section(
            marts,
            "dropped-licenses",
            "Licenses dropped most",
            "license_conflicts_by_license",
            "The license of an ancestor, and the license of the model that does not carry all its terms.",
            "Licenses of ancestors and of models that drop their terms",
            {
                "License upstream": "name",
                "License of the model": "name",
                "Severity": "text",
                "Models": "count",
                "Of these, children": "count",
                "Downloads": "count",
                "Terms": "text",
            },
            f"""
            select upstream_license, model_license, severity, n_models, n_models_of_parent, downloads, terms
            from marts.license_conflicts_by_license
            order by n_models desc, upstream_license, model_license
            limit {N_ROWS}
            """,
        ),
        _dropped_terms(marts),
        _section(
            marts,
            "families-with-findings",
            "Families with findings",
            "license_conflicts_by_family",
            "Families with the most inconsistent lineages. They include parents that only cards declare.",
            "Families with inconsistent lineages",
            {"Family": "name", "Models": "count", "Inconsistent": "count", "Unknown": "count", "Share": "share"},
            f"""
            select family_id, n_models, n_inconsistent, n_unknown, share_inconsistent
            from marts.license_conflicts_by_family
            where n_inconsistent > 0
            order by n_inconsistent desc, family_id
            limit {N_ROWS}
            """,
        ),
        _section(
            marts,
            "models-with-findings",
            "Models with findings",
            "license_findings",
            "Findings of severity high and medium about declared terms. `phylohub licenses MODEL` shows any model.",
            "Findings, by downloads of the model",
            {
                "Model": "name",
                "License": "name",
                "Finding": "text",
                "Severity": "text",
                "License upstream": "name",
                "Ancestor": "name",
                "Distance": "count",
                "Clause": "text",
                "Downloads": "count",
            },
            f"""
            select
                model_id, model_license, finding, severity, upstream_license, ancestor_id, distance, clause, downloads
            from marts.license_findings
            where severity in ('high', 'medium') and certainty in ('declared', 'named')
            order by downloads desc, model_id, finding, upstream_license, other_license
            limit {N_FINDINGS}
            """,
        ),
    ]
    return Page("licenses.html", "License lineage", f"Which license terms are dropped, and where. {NOTICE}", sections)


def _dropped_terms(marts: Marts) -> Section:
    """The findings by rule, and a figure of the terms that licenses drop."""
    section = _section(
        marts,
        "dropped-terms",
        "Terms dropped most",
        "license_findings",
        "Findings by rule. A model counts once per rule.",
        "Findings by rule",
        {"Finding": "text", "Severity": "text", "Models": "count", "Rule": "text"},
        """
        select finding, severity, count(distinct model_id) as n_models, words
        from marts.license_findings
        group by finding, severity, words
        order by n_models desc, finding
        """,
    )
    if not section.tables:
        return section
    rows = marts.rows(
        """
        with dropped as (

            select replace(term, '_', ' ') as term_name, count(distinct model_id) as n_models
            from marts.license_findings
            where finding = term || '_dropped'
            group by term

        ),

        with_parent as (

            select sum(n_models) as n_models
            from marts.license_consistency
            where lineage_status <> 'no parent'

        )

        select dropped.term_name, dropped.n_models, dropped.n_models / with_parent.n_models
        from dropped
        cross join with_parent
        order by dropped.n_models desc, dropped.term_name
        """
    )
    if not rows:
        return replace(section, paragraphs=[*section.paragraphs, "No license in this snapshot drops a term."])
    drawn = [Bar(term, part, format_share(part)) for term, _, part in rows]
    first = ", ".join(f"{term} {count_of(n, 'model')} ({format_share(part)})" for term, n, part in rows[:3])
    return replace(
        section,
        figures=[
            Figure(
                "dropped-terms",
                "Terms of ancestors that the model's own license does not have",
                f"Terms dropped by most models, with their share of the models that declare a parent: {first}.",
                bars(drawn, "share of models that declare a parent", ".1%"),
                legend="Models without a license, or with one whose terms are not known, drop no term here.",
                table=Table(
                    "Models by dropped term",
                    [Column("Term"), Column("Models", "count"), Column("Share of models with a parent", "share")],
                    rows,
                ),
            )
        ],
    )


def _section(
    marts: Marts,
    anchor: str,
    title: str,
    mart: str,
    paragraph: str,
    caption: str,
    columns: dict[str, Kind],
    query: str,
) -> Section:
    """A section with one table, or the reason why it has none."""
    if not marts.has(mart):
        return Section(anchor, title, missing=marts.missing(mart))
    rows = marts.rows(query)
    if not rows:
        return Section(anchor, title, [NOTICE], missing="There is no finding in this snapshot.")
    table = Table(caption, [Column(name, kind) for name, kind in columns.items()], rows)
    return Section(anchor, title, [paragraph, NOTICE], tables=[table])
