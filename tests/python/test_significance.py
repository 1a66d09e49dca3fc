"""p-values compared with scipy's and with all signs of families; q-values with a manual example and scipy's."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control  # type: ignore[import-untyped]  # scipy ships no types

from phylohub.methods import significance
from phylohub.methods.significance import binomial_p_values, family_p_values, q_values


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=20))
def test_p_values_match_scipy(pairs: list[tuple[int, int]]) -> None:
    found = binomial_p_values([a for a, _ in pairs], [b for _, b in pairs])
    expected = [binomtest(a, a + b, 0.5).pvalue if a + b else 1.0 for a, b in pairs]
    assert found == pytest.approx(np.array(expected), rel=1e-9)


def test_p_values_of_large_counts() -> None:
    found = binomial_p_values([5_003_000, 10_000_000], [5_000_000, 0])
    assert found[0] == pytest.approx(binomtest(5_003_000, 10_003_000, 0.5).pvalue, rel=1e-6)
    assert found[1] == 0.0


def test_q_values_of_a_manual_example() -> None:
    # Sorted: .01 .02 .03 .5; times 4/rank: .04 .04 .04 .5
    assert q_values([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.04, 0.04, 0.5, 0.04])
    assert q_values([]) == pytest.approx([])
    assert q_values([0.9]) == pytest.approx([0.9])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_q_values_match_scipy(p_values: list[float]) -> None:
    assert q_values(p_values) == pytest.approx(false_discovery_control(p_values), abs=1e-12)


@given(st.lists(st.lists(st.integers(-7, 7), max_size=9), min_size=1, max_size=5))
def test_family_p_values_match_all_choices_of_signs(drifts: list[list[int]]) -> None:
    number = [k for k, nets in enumerate(drifts) for _ in nets]
    found = family_p_values(number, [net for nets in drifts for net in nets], len(drifts))
    for p_value, nets in zip(found, drifts, strict=True):
        sums = np.array([np.dot(signs, nets) for signs in product((1, -1), repeat=len(nets))])
        assert p_value == pytest.approx((abs(sums) >= abs(sum(nets))).mean())


def test_families_with_one_transition_give_the_binomial_p_value() -> None:
    found = family_p_values([0] * 50 + [1], [1] * 40 + [-1] * 10 + [900], 3)
    assert found == pytest.approx([binomtest(10, 50).pvalue, 1, 1])  # one family alone shows nothing


def test_many_families_are_close_to_the_normal_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    nets = np.random.default_rng(1).integers(-20, 25, 400)
    exact = family_p_values([0] * 400, nets, 1)
    monkeypatch.setattr(significance, "MAX_STEPS", 1)
    assert family_p_values([0] * 400, nets, 1) == pytest.approx(exact, rel=0.2)
