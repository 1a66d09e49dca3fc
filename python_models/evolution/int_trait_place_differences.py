"""How far apart two values of a trait can stand, over all optimal orders: weighted orders of fine-tunes only."""

import itertools

import numpy as np
import pyarrow as pa

from phylohub.methods import drift, groups, ordering


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    transitions = _of_finetunes(dbt.ref("int_ordered_transitions")).fetchnumpy()
    no_transitions = {name: column[:0] for name, column in transitions.items()}
    transitions = groups.split(transitions, "trait", "relation")
    values = _of_finetunes(dbt.ref("int_ordered_values")).order("trait, popularity").fetchnumpy()
    rows = []
    for (trait, relation), ordered in groups.split(values, "trait", "relation").items():
        names, observed = ordered["trait_value"], transitions.get((trait, relation), no_transitions)
        families = drift.FamilyTransitions.of(
            len(names),
            *(observed[column] for column in ("family_key", "from_number", "to_number", "n_transitions")),
        )
        fit, differences = ordering.linear_ordering_with_differences(
            list(names),
            drift.traffic(families.total()),
            solver=dbt.config.get("solver"),
            time_limit=dbt.config.get("solver_seconds"),
        )
        place = np.argsort(fit.order) + 1
        for a, b in itertools.permutations(range(len(names)), 2):
            if names[a] < names[b]:
                rows.append(
                    {
                        "trait": trait,
                        "relation": relation,
                        "weighting": "weighted",
                        "value_a": names[a],
                        "value_b": names[b],
                        "place_a": int(place[a]),
                        "place_b": int(place[b]),
                        "difference_min": differences and int(differences.least[a, b]),
                        "difference_max": differences and int(differences.greatest[a, b]),
                    }
                )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _of_finetunes(relation):
    return relation.filter("counting = 'ours' and relation = 'finetune'")


SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("trait", "relation", "weighting", "value_a", "value_b")]
    + [(name, pa.int32()) for name in ("place_a", "place_b", "difference_min", "difference_max")]
)
