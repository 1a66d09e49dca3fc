"""The order of each trait's values in which the most drift points forward, with intervals from resampled families."""

import numpy as np
import pyarrow as pa

from phylohub.methods import drift, groups, ordering


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
            fit = _fit(families.total(), names, weighting, dbt)
            # Only the weighted orders of fine-tunes are resampled: the study's argument rests on them.
            n_resamples = dbt.config.get("n_order_resamples") if (counting, relation, weighting) == RESAMPLED else 0
            resampled = list(families.resampled(n_resamples, dbt.config.get("seed")))
            places, shares = _resample(resampled, names, weighting, dbt)
            for place, number in enumerate(fit.order, start=1):
                rows.append(
                    {
                        "counting": counting,
                        "trait": trait,
                        "relation": relation,
                        "weighting": weighting,
                        "place": place,
                        "trait_value": names[number],
                        "earliest_place": fit.earliest[number],
                        "latest_place": fit.latest[number],
                        "place_low": places[0][number],
                        "place_high": places[1][number],
                        "optimum": fit.optimum,
                        "bound": float(fit.bound),
                        "proven": fit.proven,
                        "places_proven": fit.places_proven,
                        "share_of_drifts_compatible_low": shares[0][0],
                        "share_of_drifts_compatible_high": shares[1][0],
                        "share_of_transitions_compatible_low": shares[0][1],
                        "share_of_transitions_compatible_high": shares[1][1],
                        "n_resamples": len(resampled),
                        "solver": fit.solver,
                        "seconds": fit.seconds,
                    }
                )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _fit(counts, names, weighting, dbt):
    traffic = drift.traffic(counts)
    weights = traffic if weighting == "weighted" else (traffic > 0).astype(np.int64)
    return ordering.linear_ordering(
        list(names), weights, solver=dbt.config.get("solver"), time_limit=dbt.config.get("solver_seconds")
    )


def _resample(resampled, names, weighting, dbt):
    """95 % percentile intervals over resamples: places of each value, and the two shares. None without resamples.

    Optimal orders can tie within a resample, so an interval spans from the earliest places to the latest ones.
    """
    if not resampled:
        return [[None] * len(names)] * 2, [[None, None]] * 2
    fits = [_fit(counts, names, weighting, dbt) for counts in resampled]
    shares = [drift.compatible_shares(counts, fit.order) for counts, fit in zip(resampled, fits, strict=True)]
    earliest = np.array([fit.earliest for fit in fits], dtype=float)  # None (not found in time) becomes nan
    latest = np.array([fit.latest for fit in fits], dtype=float)
    places = [np.nanquantile(earliest, 0.025, axis=0), np.nanquantile(latest, 0.975, axis=0)]
    return places, np.nanquantile(shares, [0.025, 0.975], axis=0)


RESAMPLED = ("ours", "finetune", "weighted")
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("counting", "trait", "relation", "weighting")]
    + [("place", pa.int32()), ("trait_value", pa.string())]
    + [("earliest_place", pa.int32()), ("latest_place", pa.int32())]
    + [("place_low", pa.float64()), ("place_high", pa.float64())]
    + [("optimum", pa.int64()), ("bound", pa.float64()), ("proven", pa.bool_()), ("places_proven", pa.bool_())]
    + [
        (f"share_of_{what}_compatible_{end}", pa.float64())
        for what in ("drifts", "transitions")
        for end in ("low", "high")
    ]
    + [("n_resamples", pa.int64()), ("solver", pa.string()), ("seconds", pa.float64())]
)
