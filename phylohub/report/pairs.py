"""A parent and its child: what changed in the record."""

from phylohub.report.content import Column, Page, Section, Table
from phylohub.report.marts import Marts, relation_word
from phylohub.report.text import counted, number, shown

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
    """Two pairs side by side: a typical one, and the one whose child is used most."""
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

        select first_id, second_id, metadata_tfidf
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
    none = "No model of this snapshot has a fine-tune in it, so there is no pair to compare."
    sections = [
        _pair(
            marts,
            "typical",
            "A typical fine-tune",
            typical[:2],
            "Among the pairs of parent and child drawn for similarity, theirs is closest to the median: "
            f"{number(typical[2], 2)} by TF-IDF of the records.",
        )
        if typical
        else Section("typical", "A typical fine-tune", missing=none),
        _pair(
            marts, "used", "The fine-tune downloaded most", used, "Of all fine-tunes whose parent is in the snapshot."
        )
        if used
        else Section("used", "The fine-tune downloaded most", missing=none),
    ]
    return Page(
        "pairs.html", "A parent and its child", "What a fine-tune keeps, loses and adds in its record.", sections
    )


def _value(value: object) -> object:
    """Numbers with separators, and no 1 where a boolean is meant."""
    return number(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _pair(marts: Marts, id_: str, title: str, pair: tuple[str, str], why: str) -> Section:
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
        relation_word(relation)
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
            "= same" if before == after else "≠ differs",
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
            end as change
        from marts.model_tags
        where model_id in ($parent, $child)
        group by kind, value
        order by change <> '= kept', kind, value
        """,
        {"parent": parent, "child": child},
    )
    changes = [sum(tag[2] == change for tag in tags) for change in ("= kept", "- lost", "+ new")]
    return Section(
        id_,
        title,
        [
            f"Parent: {shown(parent)}. Child: {shown(child)} ({', '.join(relations)}). {why}",
            f"The child keeps {counted(changes[0], 'tag')}, loses {changes[1]:,} and adds {changes[2]:,}.",
        ],
        tables=[
            Table(
                f"Fields: {title.lower()}",
                [Column("Field"), Column("Parent", "name"), Column("Child", "name"), Column("Change")],
                fields,
            ),
            Table(
                f"Tags: {title.lower()}",
                [Column("Kind"), Column("Tag", "name"), Column("Change")],
                tags[:N_TAGS],
                len(tags),
            ),
        ],
    )
