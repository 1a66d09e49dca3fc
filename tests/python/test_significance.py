"""p-values compared with scipy's; q-values compared with a manual example and with scipy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control  # type: ignore[import-untyped]  # scipy ships no types

from phylohub.methods.significance import binomial_p_values, q_values


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
