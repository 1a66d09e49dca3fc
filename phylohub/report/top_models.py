"""The top models by downloads, likes, children and descendants."""

from phylohub.report.content import Column, Page, Section, Table
from phylohub.report.marts import Marts
from phylohub.report.text import safe_text

METRICS = {
    "downloads": "downloads in the last 30 days",
    "downloads_all_time": "all-time downloads",
    "likes": "likes",
    "children": "children",
    "descendants": "descendants",
}
N_ROWS = 100


def page(marts: Marts) -> Page:
    """Build the page with one table per metric."""
    sections = []
    for metric, label in METRICS.items():
        rows = marts.rows(
            """
            select top.place, top.model_id, top.value, models.task, models.library, cast(models.created_at as date)
            from marts.top_models as top
            inner join marts.models as models on top.model_id = models.model_id
            where top.metric = $metric and top.place <= $limit
            order by top.place
            """,
            {"metric": metric, "limit": N_ROWS},
        )
        sections.append(
            Section(
                metric.replace("_", "-"),
                f"By {label}",
                [f"The top model is {safe_text(rows[0][1])}."] if rows else [],
                missing=""
                if rows
                else f"No model in this snapshot has any {label}, or the records do not contain them.",
                tables=[
                    Table(
                        f"Top {len(rows)} models by {label}",
                        [
                            Column("Place", "count"),
                            Column("Model", "model"),
                            Column(metric.replace("_", " ").capitalize(), "count"),
                            Column("Task", "name"),
                            Column("Library", "name"),
                            Column("Created"),
                        ],
                        rows,
                    )
                ]
                if rows
                else [],
            )
        )
    return Page(
        "top-models.html", "Top models", "The top models by downloads, likes, children and descendants.", sections
    )
