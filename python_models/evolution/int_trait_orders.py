"""The order of each trait's values in which the most drift points forward, beside chance and held-out families."""

import numpy as np
import pyarrow as pa

from phylohub.methods import drift, groups, held_out_orders, null_orders, ordering

RESAMPLED = ("ours", "finetune", "weighted")  # the study's argument rests on these orders


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    transitions = dbt.ref("int_ordered_transitions").fetchnumpy()
    no_transitions = {name: column[:0] for name, column in transitions.items()}
    transitions = groups.split(transitions, "counting", "trait", "relation")
    values = dbt.ref("int_ordered_values").order("counting, trait, relation, popularity").fetchnumpy()
    rows = []
    for (counting, trait, relation), ordered in groups.split(values, "counting", "trait", "relation").items():
        names, observed = ordered["trait_value"], transitions.get((counting, trait, relation), no_transitions)
        families = drift.FamilyTransitions.of(
            len(names),
            *(observed[column] for column in ("family_key", "from_number", "to_number", "n_transitions")),
        )
        for weighting in ("weighted", "unweighted"):
            is_resampled = (counting, relation, weighting) == RESAMPLED
            fit = _fit(families, names, weighting, dbt)
            shared = {
                **{"counting": counting, "trait": trait, "relation": relation, "weighting": weighting},
                **{"optimum": fit.optimum, "bound": float(fit.bound)},
                **{"proven": fit.proven, "places_proven": fit.places_proven},
                **{"solver": fit.solver, "seconds": fit.seconds},
                # The study's transitions are not split by family, so nothing says how they vary.
                **(_beside_chance(families, weighting, dbt) if counting == "ours" else {}),
                **(_held_out(families, weighting, dbt) if is_resampled else {}),
            }
            n_resamples = dbt.config.get("n_order_resamples") if is_resampled and len(observed["family_key"]) else 0
            low, high = null_orders.place_intervals(families, weighting, n_resamples, dbt.config.get("seed"))
            rows += [
                {
                    **shared,
                    "place": place,
                    "trait_value": names[number],
                    "earliest_place": fit.earliest[number],
                    "latest_place": fit.latest[number],
                    "place_low": low[number],
                    "place_high": high[number],
                    "n_resamples": n_resamples,
                }
                for place, number in enumerate(fit.order, start=1)
            ]
    columns = ((field, [row.get(field.name) for row in rows]) for field in SCHEMA)
    return pa.table([pa.array(column, field.type, from_pandas=True) for field, column in columns], schema=SCHEMA)


def _fit(families, names, weighting, dbt):
    traffic = drift.traffic(families.total())
    weights = traffic if weighting == "weighted" else (traffic > 0).astype(np.int64)
    return ordering.linear_ordering(
        list(names), weights, solver=dbt.config.get("solver"), time_limit=dbt.config.get("solver_seconds")
    )


def _beside_chance(families, weighting, dbt):
    null = null_orders.null_fit(families, weighting, dbt.config.get("n_null_orders"), dbt.config.get("seed"))
    n_effective, largest = families.effective_families()
    return {
        "null_mean": null.mean,
        "null_high": null.high,
        "p_value": null.p_value,
        "null_mean_of_drifts": null.mean_of_drifts,
        "null_high_of_drifts": null.high_of_drifts,
        "n_null_orders": null.n_flips,
        "n_families_effective": n_effective,
        "share_of_largest_family": largest,
    }


def _held_out(families, weighting, dbt):
    found = held_out_orders.held_out_shares(families, weighting, dbt.config.get("n_resamples"), dbt.config.get("seed"))
    shares = {
        f"share_of_{what}_{name}": values[place]
        for place, what in enumerate(("drifts", "transitions"))
        for name, values in (("held_out", found.share), ("compatible_low", found.low), ("compatible_high", found.high))
    }
    return {**shares, "interval_method": found.method}


SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("counting", "trait", "relation", "weighting")]
    + [("place", pa.int32()), ("trait_value", pa.string())]
    + [("earliest_place", pa.int32()), ("latest_place", pa.int32())]
    + [("place_low", pa.float64()), ("place_high", pa.float64())]
    + [("optimum", pa.int64()), ("bound", pa.float64()), ("proven", pa.bool_()), ("places_proven", pa.bool_())]
    + [
        (f"share_of_{what}_{name}", pa.float64())
        for what in ("drifts", "transitions")
        for name in ("held_out", "compatible_low", "compatible_high")
    ]
    + [("interval_method", pa.string()), ("n_resamples", pa.int64())]
    + [(name, pa.float64()) for name in ("null_mean", "null_high", "null_mean_of_drifts", "null_high_of_drifts")]
    + [(name, pa.float64()) for name in ("p_value", "n_families_effective", "share_of_largest_family")]
    + [("n_null_orders", pa.int64()), ("solver", pa.string()), ("seconds", pa.float64())]
)
