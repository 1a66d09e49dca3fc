"""History: what appeared, vanished and changed between snapshots, and families over time."""

from dataclasses import dataclass

from phylohub.report.charts import Bar, bars
from phylohub.report.content import Column, Figure, Page, Section, Table
from phylohub.report.marts import TRAITS, Marts
from phylohub.report.style import COUNT
from phylohub.report.text import count_of, format_number, safe_text

N_ROWS = 100
N_FAMILIES = 12


def page(marts: Marts) -> Page:
    """Build the page on the history of snapshots."""
    return Page(
        "history.html",
        "History",
        "What appeared, vanished and changed between snapshots, and the families over time.",
        [_snapshots(marts), _traits(marts), _models(marts), _families(marts)],
    )


@dataclass(frozen=True)
class Compared:
    """The newest snapshot, when it was taken, and the one before; or the reason why the two are not compared."""

    newest: str = ""
    taken_at: object = None
    before: str = ""
    reason: str = ""


def _compared(marts: Marts) -> Compared:
    row = marts.row(
        "select snapshot, taken_at, previous_snapshot, not_compared_because from marts.snapshot_changes order by "
        "taken_at desc, snapshot limit 1"
    )
    if row is None or (row[2] is None and row[3] is None):
        return Compared(reason="There is no snapshot before. `phylohub refresh` takes another one.")
    newest, taken_at, before, reason = row
    if reason is not None:
        return Compared(reason=f"Snapshot {safe_text(newest)} is compared with none. {safe_text(reason)}.")
    return Compared(newest, taken_at, before)


def _snapshots(marts: Marts) -> Section:
    rows = marts.rows(
        "select snapshot, cast(taken_at as date), n_models, n_appeared, n_disappeared, n_changed, not_compared_because "
        "from marts.snapshot_changes order by taken_at, snapshot"
    )
    if not rows:
        return Section("snapshots", "Snapshots", missing="The database has no history of snapshots. Run `dbt build`.")
    return Section(
        "snapshots",
        "Snapshots",
        [
            f"The database has {count_of(len(rows), 'snapshot')}. A model changed if its record did. In samples, "
            "models appear and vanish because of the sampling, too."
        ],
        tables=[
            Table(
                "Snapshots",
                [
                    Column("Snapshot", "name"),
                    Column("Taken"),
                    Column("Models", "count"),
                    Column("Appeared", "count"),
                    Column("Vanished", "count"),
                    Column("Changed", "count"),
                    Column("Not compared because", "name"),
                ],
                rows,
            )
        ],
    )


def _traits(marts: Marts) -> Section:
    id_, title = "traits", "Changed values"
    if reason := _compared(marts).reason:
        return Section(id_, title, missing=reason)
    query = """
        with removed as (
            select model_id, trait, valid_to as moment, string_agg(value, ', ' order by value) as value
            from marts.model_trait_history
            where valid_to is not null
            group by all
        ),

        added as (
            select model_id, trait, valid_from as moment, string_agg(value, ', ' order by value) as value
            from marts.model_trait_history
            group by all
        )

        select removed.trait, snapshots.snapshot, removed.value, added.value, count(*) as n
        from removed
        inner join added using (model_id, trait, moment)
        inner join marts.snapshot_changes as snapshots on removed.moment = snapshots.taken_at
        where list_contains($traits, removed.trait) and snapshots.not_compared_because is null
        group by all
        order by n desc, 1, 2, 3, 4
    """
    rows = marts.rows(query, {"traits": list(TRAITS)})
    if not rows:
        return Section(id_, title, missing="No model changed a license, language, task or library between snapshots.")
    n_licenses = sum(row[4] for row in rows if row[0] == "license")
    n_others = sum(row[4] for row in rows) - n_licenses
    return Section(
        id_,
        title,
        [f"{count_of(n_licenses, 'license')} and {count_of(n_others, 'other value')} were replaced by another one."],
        tables=[
            Table(
                "Replaced values",
                [
                    Column("Trait"),
                    Column("Snapshot", "name"),
                    Column("Before", "name"),
                    Column("After", "name"),
                    Column("Models", "count"),
                ],
                rows[:N_ROWS],
                len(rows),
            )
        ],
    )


def _models(marts: Marts) -> Section:
    id_, title = "models", "Models that appeared and vanished"
    compared = _compared(marts)
    if compared.reason:
        return Section(id_, title, missing=compared.reason)
    appeared = """
        select presence.model_id, models.n_descendants, models.downloads, count(*) over () as n
        from marts.model_presence as presence
        inner join marts.models as models on presence.model_id = models.model_id
        where presence.present_from = $now
        order by models.n_descendants desc, models.downloads desc nulls last, presence.model_id
        limit $limit
    """
    vanished = """
        select presence.model_id, cast(presence.present_from as date) as since, n_children, count(*) over () as n
        from marts.model_presence as presence
        left join (
            select parent_id, count(distinct child_id) as n_children
            from marts.lineage_edges
            where not parent_in_hub
            group by parent_id
        ) as orphans on presence.model_id = orphans.parent_id
        where presence.present_to = $now
        order by n_children desc nulls last, presence.model_id
        limit $limit
    """
    values: dict[str, object] = {"now": compared.taken_at, "limit": N_ROWS}
    new, gone = marts.rows(appeared, values), marts.rows(vanished, values)
    tables = []
    if new:
        columns = [Column("Model", "model"), Column("Descendants", "count"), Column("Downloads", "count")]
        tables.append(
            Table("Appeared, those with the most descendants first", columns, [r[:3] for r in new], new[0][3])
        )
    if gone:
        columns = [Column("Model", "name"), Column("First seen"), Column("Children that still name it", "count")]
        shown = [row[:3] for row in gone]
        tables.append(Table("Vanished, those with the most children first", columns, shown, gone[0][3]))
    return Section(
        id_,
        title,
        [f"In snapshot {safe_text(compared.newest)}, compared with {safe_text(compared.before)}."],
        missing="" if tables else "No model appeared or vanished between the last two snapshots.",
        tables=tables,
    )


def _families(marts: Marts) -> Section:
    id_, title = "families-over-time", "Families over time"
    compared = _compared(marts)
    if compared.reason:
        return Section(id_, title, missing=compared.reason)
    newest, before = compared.newest, compared.before
    rows = marts.rows(
        """
        select
            family_id,
            coalesce(max(n_models) filter (where snapshot = $before), 0) as n_before,
            max(n_models) filter (where snapshot = $newest) as n_now
        from marts.family_snapshots
        where edge_set = 'no_merge' and snapshot in ($before, $newest)
        group by family_id
        having n_now is not null
        order by n_now - n_before desc, n_now desc, family_id
        limit $limit
        """,
        {"before": before, "newest": newest, "limit": N_ROWS},
    )
    if not rows:
        return Section(id_, title, missing="This snapshot has no families.")
    top = rows[:N_FAMILIES]
    return Section(
        id_,
        title,
        ["Members that each family of the newest snapshot had in the snapshot before. Merge edges are excluded."],
        figures=[
            Figure(
                "history-families",
                "Families that grew most",
                f"From {safe_text(before)} to {safe_text(newest)}: "
                + "; ".join(
                    f"{safe_text(family, 60)} {format_number(was)} to {format_number(now)}"
                    for family, was, now in top[:5]
                )
                + ".",
                bars([Bar(family, now, f"{was:,} → {now:,}", other=was) for family, was, now in top], "members", COUNT),
                legend="Bars: the newest snapshot. Open squares: the snapshot before.",
                table=Table(
                    "Families by growth",
                    [Column("Family", "model"), Column("Before", "count"), Column("Now", "count")],
                    rows,
                ),
            )
        ],
    )
