"""Growth: models by month, and the largest families over time."""

from phylohub.report.charts import lines, months
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.marts import Marts
from phylohub.report.text import counted, number, share, shown

N_FAMILIES = 5


def page(marts: Marts) -> Page:
    """Models by month, families over time."""
    return Page(
        "growth.html",
        "Growth",
        "Models created by month, and how the largest families grew.",
        [_hub(marts), _families(marts)],
    )


def _hub(marts: Marts) -> Section:
    rows = marts.rows(
        "select month, n_models, n_children, n_models_back_filled, n_models_total from marts.growth_by_month where "
        "month is not null order by month"
    )
    if not rows:
        return Section("hub", "Models by month", missing="No model here says when it was created.")
    most = max(rows, key=lambda row: row[1])
    back_filled = sum(row[3] or 0 for row in rows)
    children = sum(row[2] for row in rows)
    total = rows[-1][4]
    return Section(
        "hub",
        "Models by month",
        [
            "These are the models that still exist and are in the snapshot, by the month of their creation. In a "
            "sample they tell how the sample was drawn at least as much as how the Hub grew."
        ]
        + (
            [f"The Hub dates everything older to 2 March 2022: {counted(back_filled, 'model')} carry that date."]
            if back_filled
            else []
        ),
        figures=[
            Figure(
                "growth-months",
                "Models created by month",
                f"From {rows[0][0]:%B %Y} to {rows[-1][0]:%B %Y}; the most, {counted(most[1], 'model')}, in "
                f"{most[0]:%B %Y}. {share(children / total)} of all have a parent in the snapshot.",
                months([(row[0], row[1], row[2]) for row in rows]),
                key="Pale bars: all models. Dark bars inside: those with a parent in the snapshot.",
                table=Table(
                    "Models by month",
                    [
                        Column("Month"),
                        Column("Models", "count"),
                        Column("With a parent", "count"),
                        Column("Back-filled", "count"),
                        Column("Up to its end", "count"),
                    ],
                    [(f"{row[0]:%Y-%m}", *row[1:]) for row in rows],
                ),
            ),
            Figure(
                "growth-total",
                "Models in total",
                f"The snapshot's models add up to {number(total)}; half of them were created by "
                f"{next(row[0] for row in rows if row[4] * 2 >= total):%B %Y}.",
                lines([("models", [(row[0], row[4]) for row in rows])], "models up to the month"),
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
        return Section("families", "The largest families", missing="There are no families here.")
    names = {place: family for place, family, _, _ in rows}
    series = [
        (shown(family, 60), [(month, n) for at, _, month, n in rows if at == place]) for place, family in names.items()
    ]
    return Section(
        "families",
        "The largest families",
        ["Families without merges; the scale is logarithmic."],
        figures=[
            Figure(
                "growth-families",
                "Members of the largest families",
                "; ".join(
                    f"{place}: {name} grew from {number(points[0][1])} in {points[0][0]:%B %Y} to "
                    f"{number(points[-1][1])} in {points[-1][0]:%B %Y}"
                    if len(points) > 1
                    else f"{place}: {name} had all its {number(points[0][1])} members in {points[0][0]:%B %Y}"
                    for place, (name, points) in enumerate(series, start=1)
                )
                + ".",
                lines(series, "members up to the month", log=True),
                key="The numbers at the ends of the lines are those of the table.",
                table=Table(
                    "Families drawn",
                    [Column("Number", "count"), Column("Family", "name"), Column("Members", "count")],
                    [(place, names[place], points[-1][1]) for place, (_, points) in zip(names, series, strict=True)],
                ),
            )
        ],
    )
