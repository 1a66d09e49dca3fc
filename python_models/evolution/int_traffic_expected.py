"""The traffic between two values to expect by chance, for each number of transitions that occurs."""

import pyarrow as pa

from phylohub.methods import directedness


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    totals = dbt.ref("int_trait_drift_counts").project("n_forward + n_backward as n_transitions").distinct()
    n_transitions = totals.order("n_transitions").fetchnumpy()["n_transitions"]
    expected = directedness.expected_traffic(n_transitions)
    return pa.table({"n_transitions": pa.array(n_transitions, pa.int64()), "expected_traffic": expected})
