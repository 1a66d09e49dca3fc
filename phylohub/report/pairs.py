"""Parent and child pairs: the differences between their records."""

from phylohub.methods.family_means import MIN_DISTINCT_PAIRS
from phylohub.report.content import Column, Page, Section, Table
from phylohub.report.marts import Marts, relation_label
from phylohub.report.text import count_of, format_number, safe_text

N_TAGS = 150
FIELDS = (
    "author",
    "task",
    "library",
    "gated",
    "is_private",
    "downloads",
    "likes",
    "n_parameters",
    "used_storage_bytes",
    "created_at",
    "last_modified_at",
)


def page(marts: Marts) -> Page:
    """Build the page on two pairs: a typical one, and the one with the most downloaded child."""
    typical = marts.row(
        """
        with edges as (

            select distinct
                first_id,
                second_id,
                metadata_tfidf
            from marts.similarity_pairs
            where shape = 'edge' and metadata_tfidf is not null and first_id <> second_id

        )

        select first_id, second_id, metadata_tfidf, count(*) over () as n_pairs
        from edges
        order by abs(metadata_tfidf - (select median(metadata_tfidf) from edges)), first_id, second_id
        limit 1
        """
    )
    used = marts.row(
        """
        select edges.parent_id, edges.child_id
        from marts.lineage_edges as edges
        inner join marts.models as children on edges.child_id = children.model_id
        where edges.relation = 'finetune' and edges.parent_in_hub and not edges.is_self_loop
        order by children.downloads desc nulls last, edges.child_id, edges.parent_id
        limit 1
        """
    )
    none = "No model in this snapshot has a fine-tune in it, so there is no pair to compare."
    sections = [
        _pair(
            marts,
            "typical",
            "A typical fine-tune",
            typical[:2],
            f"Of {count_of(typical[3], 'distinct sampled pair')} of parent and child, this one is closest to the "
            f"median similarity: {format_number(typical[2], 2)} by TF-IDF of the records."
            + (" So few pairs say little about what is typical." if typical[3] < MIN_DISTINCT_PAIRS else ""),
        )
        if typical
        else Section("typical", "A typical fine-tune", missing=none),
        _pair(
            marts,
            "used",
            "The most downloaded fine-tune",
            used,
            "This is the most downloaded fine-tune whose parent is in the snapshot.",
        )
        if used
        else Section("used", "The most downloaded fine-tune", missing=none),
    ]
    return Page(
        "pairs.html", "Parent and child pairs", "Fields and tags that a fine-tune keeps, loses and adds.", sections
    )


def _value(value: object) -> object:
    """Format integers with separators, and keep booleans."""
    return format_number(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _pair(marts: Marts, id_: str, title: str, pair: tuple[str, str], reason: str) -> Section:
    parent, child = pair
    columns = ", ".join(FIELDS)
    of = {
        row[0]: row[1:]
        for row in marts.rows(
            f"select model_id, {columns} from marts.models where model_id in ($parent, $child)",
            {"parent": parent, "child": child},
        )
    }
    relations = [
        relation_label(relation)
        for (relation,) in marts.rows(
            "select relation from marts.lineage_edges where parent_id = $parent and child_id = $child order by "
            "relation",
            {"parent": parent, "child": child},
        )
    ]
    fields: list[tuple[object, ...]] = [
        (
            field.replace("_", " ").removeprefix("is "),
            _value(before),
            _value(after),
            "= same" if before == after else "≠ different",
        )
        for field, before, after in zip(FIELDS, of[parent], of[child], strict=True)
        if before is not None or after is not None
    ]
    tags = marts.rows(
        """
        select
            replace(kind, '_', ' ') as kind,
            value,
            case
                when bool_or(model_id = $parent) and bool_or(model_id = $child) then '= kept'
                when bool_or(model_id = $child) then '+ new'
                else '- lost'
            end as status
        from marts.model_tags
        where model_id in ($parent, $child)
        group by kind, value
        order by status <> '= kept', kind, value
        """,
        {"parent": parent, "child": child},
    )
    n_kept, n_lost, n_new = (sum(tag[2] == status for tag in tags) for status in ("= kept", "- lost", "+ new"))
    return Section(
        id_,
        title,
        [
            f"Parent: {safe_text(parent)}. Child: {safe_text(child)} ({', '.join(relations)}). {reason}",
            f"The child keeps {count_of(n_kept, 'tag')}, loses {n_lost:,} and adds {n_new:,}.",
        ],
        tables=[
            Table(
                f"Fields: {title.lower()}",
                [Column("Field"), Column("Parent", "name"), Column("Child", "name"), Column("Comparison")],
                fields,
            ),
            Table(
                f"Tags: {title.lower()}",
                [Column("Kind"), Column("Tag", "name"), Column("Comparison")],
                tags[:N_TAGS],
                len(tags),
            ),
        ],
    )
