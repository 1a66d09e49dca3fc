"""The models that are first by downloads, likes, children or descendants."""

from phylohub.report.content import Column, Page, Section, Table
from phylohub.report.marts import Marts
from phylohub.report.text import shown

METRICS = {
    "downloads": "downloads of the last 30 days",
    "downloads_all_time": "downloads since the beginning",
    "likes": "likes",
    "children": "children",
    "descendants": "descendants",
}
N_ROWS = 100


def page(marts: Marts) -> Page:
    """A table for each metric."""
    sections = []
    for metric, word in METRICS.items():
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
                f"By {word}",
                [f"First: {shown(rows[0][1])}."] if rows else [],
                missing="" if rows else f"No model here has any {word}, or the snapshot does not tell.",
                tables=[
                    Table(
                        f"The first {len(rows)} by {word}",
                        [
                            Column("Place", "count"),
                            Column("Model", "name"),
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
    return Page("models.html", "First models", "Most downloaded, liked, and built upon.", sections)
