"""The marts recover the mutation rates, drift and order that a synthetic hub was generated with."""

import pytest
from conftest import Build, run_dbt

from phylohub.synthetic.graph import PLANTED
from phylohub.synthetic.hub import write_hub
from phylohub.synthetic.words import PLANTED_LICENSE_ORDER


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("planted")
    records = folder / "planted.jsonl.gz"
    write_hub(records, 40_000, seed=5)
    draws = {"n_draws": 4000, "n_resamples": 2000}
    built = Build(folder, records, draws, data_tests=False)
    assert built.dbt.returncode == 0, built.dbt.stdout
    return built


def test_mutation_rates_lie_within_their_intervals(build: Build) -> None:
    scales = {"finetune": 1.0, "adapter": 1.0, "quantized": PLANTED.mutation_scale[2]}
    inside = []
    for trait, relation, rate, low, high in build.rows(
        "select trait, relation, rate, rate_low, rate_high from marts.mutation_rates "
        "where trait in ('license', 'language', 'task', 'library')"  # those that the generator mutates
    ):
        if relation in scales and low is not None:
            assert low <= rate <= high
            assert high - low < 0.11  # a very wide interval would prove nothing
            inside.append(low <= getattr(PLANTED, f"{trait}_mutation") * scales[relation] <= high)
    # Three of the twelve rates have too few families. Of nine 95 % intervals, three or more rarely miss their value.
    assert len(inside) == 9
    assert sum(inside) >= 7


def test_quantized_models_mutate_less(build: Build) -> None:
    rates = dict(build.rows("select relation, (rate_low, rate_high) from marts.mutation_rates where trait = 'license'"))
    assert rates["quantized"][1] < rates["finetune"][0]


def test_license_drift_and_order_follow_the_generated_order(build: Build) -> None:
    place = {license: number for number, license in enumerate(PLANTED_LICENSE_ORDER)}
    drifts = build.rows(
        "select from_value, to_value, q_value from marts.trait_drifts "
        "where trait = 'license' and relation = 'all' and p_value < 0.05"
    )
    # Whole families are flipped, so a drift in few families can be significant by itself and not among all drifts.
    planted = [(origin, target) for origin, target, _ in drifts if origin in place and target in place]
    assert len(planted) >= 3
    assert min(q_value for *_, q_value in drifts) < 1e-6
    assert all(place[origin] < place[target] for origin, target in planted)

    traffic = [
        (place[origin] < place[target], traffic)
        for origin, target, traffic in build.rows(
            "select from_value, to_value, traffic from marts.trait_drifts where trait = 'license' and relation = 'all'"
        )
        if origin in place and target in place
    ]
    assert sum(n for forward, n in traffic if forward) > PLANTED.license_forward * sum(n for _, n in traffic)

    orders = build.rows(
        "select value, place from marts.trait_orderings "
        "where trait = 'license' and relation = 'all' and weighting = 'weighted'"
    )
    found = dict(orders)
    assert all(found[origin] < found[target] for origin, target in planted)


def test_every_order_is_proven_and_the_license_order_explains_most_drift(build: Build) -> None:
    fits = build.rows("select trait, relation, proven, places_proven, optimum, bound from marts.trait_ordering_fits")
    assert {trait for trait, *_ in fits} == {"license", "language", "task", "library", "parameter_size"}
    assert all(proven and places_proven and optimum == bound for _, _, proven, places_proven, optimum, bound in fits)
    ((share, null_mean, null_high, excess, q_value, held_out),) = build.rows(
        "select share_of_transitions_compatible, null_mean, null_high, excess_over_null, q_value, "
        "share_of_transitions_held_out from marts.trait_ordering_fits "
        "where trait = 'license' and relation = 'finetune' and weighting = 'weighted'"
    )
    assert 0.5 < null_mean < null_high < share <= 1
    assert excess == pytest.approx(share - null_mean)
    assert q_value < 0.05
    assert held_out > 0.6


def test_analyses_compile_and_run(build: Build) -> None:
    assert run_dbt(build.database, build.target, "compile", "--vars", build.variables).returncode == 0
    analyses = sorted((build.target / "compiled" / "phylohub" / "analyses").glob("*.sql"))
    assert len(analyses) >= 7
    for analysis in analyses:
        rows = build.rows(analysis.read_text())
        assert rows or analysis.stem == "study_cards_and_languages", analysis.stem


def test_similarity_of_relatives_agrees_with_the_study(build: Build) -> None:
    """Each of the study's findings holds for the TF-IDF similarity of records, by means over enough distinct pairs."""
    rows = build.rows(
        "select shape, pair, relation, mean, mean_low, mean_high, interval_method from marts.similarity_estimates "
        "where artifact = 'metadata' and measure = 'tfidf'"
    )
    assert len(rows) == 24
    mean = {(shape, pair): value for shape, pair, _, value, _, _, method in rows if method != "too_few_pairs"}
    # Related models are more similar than two random models, by disjoint intervals wherever both have one.
    ((random, random_high),) = [(value, high) for _, _, relation, value, _, high, _ in rows if relation == "random"]
    assert random < random_high
    related = [row for row in rows if row[2] != "random"]
    assert all(value > random for _, _, _, value, *_ in related)
    shown = [low for _, _, _, _, low, _, _ in related if low is not None]
    assert shown
    assert min(shown) > random_high
    # Grandparent and grandchild are less similar than either is to the model between them.
    assert mean["path_of_two", "u-w"] < mean["path_of_two", "u-v"]
    assert mean["path_of_two", "u-w"] < mean["path_of_two", "v-w"]
    # One generation apart, an uncle is less similar than a parent.
    assert mean["uncle", "x-w"] < mean["uncle", "v-w"]
    # Siblings are more similar than parent and child.
    assert mean["two_children", "v-w"] > mean["two_children", "u-v"]
    assert mean["three_children", "v-w"] > mean["three_children", "u-v"]


def test_card_similarity_is_null_without_cards(build: Build) -> None:
    assert build.rows("select distinct n, n_missing, mean from marts.similarity_estimates where artifact = 'card'") == [
        (0, 4000, None)
    ]
