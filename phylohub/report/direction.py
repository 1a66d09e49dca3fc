"""How directed evolution is: one-sidedness of transitions, places of task groups, and pairs in all optimal orders."""

from phylohub.report.charts import Dot, dots
from phylohub.report.content import Column, Figure, Section, Table
from phylohub.report.marts import Marts, relation_label, relation_order
from phylohub.report.style import DECIMAL
from phylohub.report.text import count_of, format_number, join_words, safe_text

N_PAIRS = 400
TASK_GROUPS = {"cv": "computer vision", "nlp": "natural language processing", "rl": "reinforcement learning"}
UPSTREAM, DOWNSTREAM = "translation", "text-generation"  # the study finds the first upstream of the second


def directedness(marts: Marts) -> Section:
    """Build the section on how one-sided the transitions between two values are."""
    id_, title = "directedness", "Directedness"
    if not marts.has("trait_directedness"):
        return Section(id_, title, missing=marts.missing("trait_directedness"))
    rows = marts.rows(
        "select trait, relation, n_pairs, n_one_sided_pairs, n_transitions, mean_directedness, expected_directedness, "
        "weighted_directedness, expected_weighted_directedness from marts.trait_directedness where n_pairs > 0 "
        f"order by trait, {relation_order('relation')}"
    )
    main = [row for row in rows if row[1] == "finetune"]
    if not main:
        return Section(id_, title, missing="No trait changes along fine-tunes in this snapshot.")
    drawn = [
        dot
        for row in main
        for dot in (
            Dot(f"{row[0]}, every pair alike", row[5], other=row[6]),
            Dot(f"{row[0]}, weighted by transitions", row[7], other=row[8]),
        )
    ]
    return Section(
        id_,
        title,
        [
            "The directedness of two values is their net number of transitions, divided by all transitions between "
            "them: 1 if all go one way, 0 if as many go each way. Pairs with few transitions look directed by chance, "
            "so the figure also shows what chance alone would give."
        ],
        figures=[
            Figure(
                "directedness",
                "Directedness of transitions along fine-tunes",
                "Mean over pairs, weighted by transitions in parentheses: "
                + "; ".join(
                    f"{row[0]} {format_number(row[5], 2)} ({format_number(row[7], 2)}), by chance "
                    f"{format_number(row[6], 2)} ({format_number(row[8], 2)}), {count_of(row[2], 'pair')}"
                    for row in main
                )
                + ".",
                dots(drawn, "directedness", DECIMAL, top=1.0),
                legend="Dots: this snapshot. Open squares: to expect if each transition went either way with "
                "probability 1/2, independently of the others.",
                paper="section 4",
                table=Table(
                    "Directedness by trait and relation",
                    [
                        Column("Trait"),
                        Column("Relation", "name"),
                        Column("Pairs of values", "count"),
                        Column("One-sided pairs", "count"),
                        Column("Transitions", "count"),
                        Column("Mean over pairs", "decimal"),
                        Column("By chance", "decimal"),
                        Column("Weighted", "decimal"),
                        Column("Weighted, by chance", "decimal"),
                    ],
                    [(row[0], relation_label(row[1]), *row[2:]) for row in rows],
                ),
            )
        ],
    )


def task_groups(marts: Marts) -> Section:
    """Build the section on the places of task groups in the order of tasks."""
    id_, title = "task-groups", "Task groups"
    if not marts.has("task_group_places"):
        return Section(id_, title, missing=marts.missing("task_group_places"))
    rows = marts.rows(
        "select task_group, n_tasks, mean_place, first_place, last_place from marts.task_group_places where relation = "
        "'finetune' and weighting = 'weighted' and mean_place is not null order by mean_place, task_group"
    )
    rows = [(TASK_GROUPS.get(group, group), *rest) for group, *rest in rows]
    if not rows:
        return Section(
            id_, title, missing="No task drifts along fine-tunes in this snapshot, so groups have no places."
        )
    return Section(
        id_,
        title,
        ["The places of each group's tasks in the order of tasks. Groups are those in which the Hub lists its tasks."],
        figures=[
            Figure(
                "task-groups",
                "Places of task groups",
                "Mean place in the order of tasks: "
                + "; ".join(
                    f"{safe_text(group, 40)} {format_number(mean, 1)} ({count_of(n, 'task')})"
                    for group, n, mean, _, _ in rows
                )
                + ".",
                dots(
                    [Dot(f"{group} ({n})", mean, first, last) for group, n, mean, first, last in rows],
                    "place in the order of tasks",
                    DECIMAL,
                ),
                legend="Dots: mean place. Lines: first to last place. In parentheses: the number of ordered tasks.",
                paper="figure 11, section 4.4",
                table=Table(
                    "Task groups in the order of tasks",
                    [
                        Column("Group", "name"),
                        Column("Tasks", "count"),
                        Column("Mean place", "decimal"),
                        Column("First place", "count"),
                        Column("Last place", "count"),
                    ],
                    rows,
                ),
            )
        ],
    )


def place_differences(marts: Marts) -> Section:
    """Build the section on pairs of values that every optimal order sorts the same way."""
    id_, title = "place-differences", "Upstream and downstream values"
    if not marts.has("trait_place_differences"):
        return Section(id_, title, missing=marts.missing("trait_place_differences"))
    where = "relation = 'finetune' and weighting = 'weighted'"
    counts = marts.rows(
        "select trait, count(*), count(*) filter (where is_always_before or is_always_after), "
        "count(*) filter (where is_always_before is null) "
        f"from marts.trait_place_differences where {where} group by trait order by trait"
    )
    if not counts:
        return Section(id_, title, missing="No trait drifts along fine-tunes in this snapshot, so pairs have no order.")
    known = ", ".join(
        f"{trait} {n_fixed:,} of {count_of(n, 'pair')}" + (f" ({n_open:,} not solved in time)" if n_open else "")
        for trait, n, n_fixed, n_open in counts
    )
    rows = marts.rows(
        "select trait, value_a, value_b, place_a, place_b, difference_min, difference_max, "
        "case when is_always_before then 'before' when is_always_after then 'after' when is_always_before is null "
        f"then 'not solved' else 'either' end from marts.trait_place_differences where {where} "
        "order by trait, value_a, value_b limit $limit",
        {"limit": N_PAIRS},
    )
    tasks = [row for row in rows if row[0] == "task" and DOWNSTREAM in row[1:3]]
    figures = [_relative_to_downstream(tasks)] if any(row[5] is not None for row in tasks) else []
    return Section(
        id_,
        title,
        [
            f"Several orders can be optimal. Pairs of values that stand the same way round in all of them: {known}.",
            _claim(tasks),
        ],
        figures=figures,
        tables=[
            Table(
                "Pairs of values over all optimal orders",
                [
                    Column("Trait"),
                    Column("Value", "name"),
                    Column("Other value", "name"),
                    Column("Place", "count"),
                    Column("Other place", "count"),
                    Column("Smallest difference", "count"),
                    Column("Largest difference", "count"),
                    Column("The value stands"),
                ],
                [
                    (row[0], marts.display_name(row[0], row[1]), marts.display_name(row[0], row[2]), *row[3:])
                    for row in rows
                ],
                marts.count(f"select count(*) from marts.trait_place_differences where {where}"),
            )
        ],
    )


def _claim(tasks: list[tuple[object, ...]]) -> str:
    """What all optimal orders say about the study's example of two tasks."""
    pair = next((row for row in tasks if UPSTREAM in row[1:3]), None)
    if pair is None:
        return (
            f"The study finds {UPSTREAM} upstream of {DOWNSTREAM}. At least one of them is not among the ordered tasks "
            "of this snapshot; the variable evolving_traits sets how many are ordered."
        )
    stands = str(pair[7])
    if pair[1] != UPSTREAM:
        stands = {"before": "after", "after": "before"}.get(stands, stands)
    ours = {
        "before": "upstream of it in every optimal order, too",
        "after": "downstream of it in every optimal order",
        "either": "upstream of it in some optimal orders and downstream in others, so the data does not decide",
    }.get(stands, "not decided, because the solver ran out of time")
    return f"The study finds {UPSTREAM} upstream of {DOWNSTREAM}. In this snapshot, it is {ours}."


def _relative_to_downstream(tasks: list[tuple[object, ...]]) -> Figure:
    drawn: list[Dot] = []
    for _, value_a, value_b, place_a, place_b, low, high, _ in tasks:
        places, bounds = (int(str(place_a)), int(str(place_b))), (low, high)
        if None in bounds:
            continue
        least, most = int(str(low)), int(str(high))
        # The mart has the place of the second value minus that of the first.
        if value_a == DOWNSTREAM:
            drawn.append(Dot(str(value_b), places[1] - places[0], least, most))
        else:
            drawn.append(Dot(str(value_a), places[0] - places[1], -most, -least))
    drawn.sort(key=lambda dot: (dot.value or 0, dot.name))
    up = [safe_text(dot.name, 40) for dot in drawn if (dot.high or 0) < 0]
    down = [safe_text(dot.name, 40) for dot in drawn if (dot.low or 0) > 0]
    return Figure(
        "tasks-upstream",
        f"Places of tasks relative to {DOWNSTREAM}",
        f"In every optimal order, upstream of {DOWNSTREAM}: {join_words(up)}; downstream: {join_words(down)}.",
        dots(
            drawn,
            f"place of the task minus that of {DOWNSTREAM}",
            DECIMAL,
            top=max(0.0, *(dot.high or 0.0 for dot in drawn)) + 0.5,
            bottom=min(0.0, *(dot.low or 0.0 for dot in drawn)) - 0.5,
        ),
        legend="Dots: the order shown above. Lines: smallest to largest difference over all optimal orders. Below 0: "
        "upstream in every one.",
        paper="section 4.4",
    )
