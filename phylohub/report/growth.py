"""Growth: models created per month, the largest families, and the largest connected component over time."""

import itertools

from phylohub.report.charts import lines, months
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.marts import Marts
from phylohub.report.style import SHARE
from phylohub.report.text import count_of, format_number, format_share, safe_text

N_FAMILIES = 5
EDGE_SETS = {"all": "with merges", "no_merge": "without merges", "finetune": "fine-tunes only"}


def page(marts: Marts) -> Page:
    """Build the page on growth."""
    return Page(
        "growth.html",
        "Growth",
        "Models created per month, and the growth of the largest families and of the largest connected component.",
        [_hub(marts), _families(marts), _components(marts)],
    )


def _hub(marts: Marts) -> Section:
    rows = marts.rows(
        "select month, n_models, n_children, n_models_back_filled, n_models_total from marts.growth_by_month where "
        "month is not null order by month"
    )
    if not rows:
        return Section("hub", "Models per month", missing="No model in this snapshot has a creation date.")
    most = max(rows, key=lambda row: row[1])
    back_filled = sum(row[3] or 0 for row in rows)
    children = sum(row[2] for row in rows)
    total = rows[-1][4]
    return Section(
        "hub",
        "Models per month",
        [
            "The figures count the models in the snapshot by the month of their creation. Models deleted since then "
            "are not counted. In a sample, the counts depend on the sampling as much as on the growth of the Hub."
        ]
        + (
            [
                f"The Hub dates all older models 2022-03-02. This snapshot has {count_of(back_filled, 'model')} with "
                "this back-filled date."
            ]
            if back_filled
            else []
        ),
        figures=[
            Figure(
                "growth-months",
                "Models created per month",
                f"Months from {rows[0][0]:%Y-%m} to {rows[-1][0]:%Y-%m}. The peak is {most[0]:%Y-%m} with "
                f"{count_of(most[1], 'model')}. {format_share(children / total)} of all models have a parent in the "
                "snapshot.",
                months([(row[0], row[1], row[2]) for row in rows]),
                legend="Light bars: all models. Dark bars inside: models with a parent in the snapshot.",
                table=Table(
                    "Models per month",
                    [
                        Column("Month"),
                        Column("Models", "count"),
                        Column("With a parent", "count"),
                        Column("Back-filled", "count"),
                        Column("Cumulative total", "count"),
                    ],
                    [(f"{row[0]:%Y-%m}", *row[1:]) for row in rows],
                ),
            ),
            Figure(
                "growth-total",
                "Cumulative number of models",
                f"The total is {count_of(total, 'model')}. Half of them were created by "
                f"{next(row[0] for row in rows if row[4] * 2 >= total):%Y-%m}.",
                lines([("models", [(row[0], row[4]) for row in rows])], "cumulative number of models"),
            ),
        ],
    )


def _families(marts: Marts) -> Section:
    rows = marts.rows(
        """
        with largest as (

            select
                family_id,
                row_number() over (order by n_models desc, family_id) as place
            from marts.families
            where edge_set = 'no_merge'
            qualify place <= $limit

        )

        select
            largest.place,
            growth.family_id,
            growth.month,
            growth.n_models_total
        from marts.family_growth as growth
        inner join largest on growth.family_id = largest.family_id
        where growth.edge_set = 'no_merge' and growth.month is not null
        order by largest.place, growth.month
        """,
        {"limit": N_FAMILIES},
    )
    if not rows:
        return Section("families", "The largest families", missing="This snapshot has no families.")
    names = {place: family for place, family, _, _ in rows}
    series = [
        (safe_text(family, 60), [(month, n) for at, _, month, n in rows if at == place])
        for place, family in names.items()
    ]
    return Section(
        "families",
        "The largest families",
        ["Merge edges are excluded. The vertical axis is logarithmic."],
        figures=[
            Figure(
                "growth-families",
                "Growth of the largest families",
                "; ".join(
                    f"{place}: {name} grew from {count_of(points[0][1], 'member')} in {points[0][0]:%Y-%m} to "
                    f"{format_number(points[-1][1])} in {points[-1][0]:%Y-%m}"
                    if len(points) > 1
                    else f"{place}: {name} has had {count_of(points[0][1], 'member')} since {points[0][0]:%Y-%m}"
                    for place, (name, points) in enumerate(series, start=1)
                )
                + ".",
                lines(series, "members (log scale)", log=True),
                legend="Steps: members by the end of each month; a family without a new member stays level.",
                table=Table(
                    "Families in the figure",
                    [Column("Number", "count"), Column("Family", "model"), Column("Members", "count")],
                    [(place, names[place], points[-1][1]) for place, (_, points) in zip(names, series, strict=True)],
                ),
            )
        ],
    )


def _components(marts: Marts) -> Section:
    id_, title = "components", "The largest connected component"
    if not marts.has("largest_component_by_month"):
        return Section(id_, title, missing=marts.missing("largest_component_by_month"))
    rows = marts.rows(
        "select edge_set, month, n_models_total, n_models_largest, n_models_second, share_of_models_largest, "
        "n_edges_total from marts.largest_component_by_month where month is not null and share_of_models_largest is "
        "not null order by edge_set, month"
    )
    series = {edge_set: [row for row in rows if row[0] == edge_set] for edge_set in EDGE_SETS}
    series = {edge_set: of for edge_set, of in series.items() if of and of[-1][3] > 1}
    if not series:
        return Section(id_, title, missing="This snapshot has no edges between models with a creation date.")
    findings = []
    for number, (edge_set, of) in enumerate(series.items(), start=1):
        last = of[-1]
        rises = [(after[5] - before[5], after[1]) for before, after in itertools.pairwise(of)]
        rise, month = max(rises, key=lambda step: step[0], default=(0.0, last[1]))
        findings.append(
            f"{number}: {EDGE_SETS[edge_set]}, the largest component has {format_share(last[5])} of all models "
            f"({format_number(last[3])}; the second largest {format_number(last[4])}). "
            + (
                f"Its largest rise in a month is {format_number(100 * rise, 1)} percentage points ({month:%Y-%m})"
                if rise > 0
                else "Its share never rises"
            )
        )
    return Section(
        id_,
        title,
        [
            "The study expects that merges may join most families into one component, in a phase transition: the share "
            "of models in the largest component would rise steeply within a short time, and only with merges. Models "
            "count from the month of their creation, and edges from the month in which both of their models exist."
        ],
        figures=[
            Figure(
                "largest-component",
                "Share of models in the largest component",
                ". ".join(findings) + ".",
                lines(
                    [(EDGE_SETS[edge_set], [(row[1], row[5]) for row in of]) for edge_set, of in series.items()],
                    "share of models",
                    ".1%" if max(row[5] for of in series.values() for row in of) < 0.1 else SHARE,
                ),
                legend="Lines: "
                + ", ".join(f"{number} {EDGE_SETS[edge_set]}" for number, edge_set in enumerate(series, start=1))
                + ". In a sample, families are split where a parent is missing, so the share is too low.",
                paper="section 5",
                table=Table(
                    "The largest connected component by month",
                    [
                        Column("Edges"),
                        Column("Month"),
                        Column("Models", "count"),
                        Column("In the largest component", "count"),
                        Column("In the second largest", "count"),
                        Column("Share of models", "share"),
                        Column("Edges so far", "count"),
                    ],
                    [(EDGE_SETS[row[0]], f"{row[1]:%Y-%m}", *row[2:]) for of in series.values() for row in of],
                ),
            )
        ],
    )
