"""Differences between the mean similarities of two kinds of relatives, with intervals."""

import itertools

import pyarrow as pa

from phylohub.methods import family_means, groups, sampling, similarity

ALL_SHAPES = "all"
RELATIONS = ("siblings", "parent_child", "uncle_nephew", "grandparent", "great_grandparent", "random")


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    sampled = dbt.ref("int_similarity_draws").order("shape, pair, draw").fetchnumpy()
    no_draws = {name: column[:0] for name, column in sampled.items()}
    sampled = groups.split(sampled, "shape", "pair")
    draws = {
        kind: family_means.Draws.of_pairs(sampled.get((kind.shape, kind.pair), no_draws), similarity.MEASURES)
        for kind in sampling.PAIR_KINDS
    }
    rows = []
    for shape in (ALL_SHAPES, *sampling.SHAPES):
        of = {
            relation: family_means.Draws.together(found)
            for relation in RELATIONS
            if (found := [draws[k] for k in draws if k.relation == relation and shape in (ALL_SHAPES, k.shape)])
        }
        for relation, compared in itertools.combinations(of, 2):
            estimates = family_means.differences(of[relation], of[compared]).rows()
            for (artifact, measure), found in zip(similarity.MEASURES, estimates, strict=True):
                key = {"artifact": artifact, "measure": measure, "relation": relation, "relation_compared": compared}
                rows.append({**key, "shape": shape, **found})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("artifact", "measure", "relation", "relation_compared", "shape")]
    + [(name, pa.int64()) for name in ("n", "n_distinct_pairs")]
    + [(name, pa.float64()) for name in ("mean", "n_families_effective", "share_of_largest_family", "low", "high")]
    + [("interval_method", pa.string())]
)
