"""How one-sided the transitions between two values would be by chance.

Source: the study's section 4 measures directedness; it has no value by chance. For n independent transitions, each in
either direction with probability 1/2, the difference of the two counts is the end of a random walk of n steps. The mean
of its absolute value is 2 m C(2 m, m) / 4^m with m = n / 2 rounded up, which equals 2 / B(m, 1/2) (Feller 1968, "An
Introduction to Probability Theory and Its Applications", volume 1, chapter III).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special  # type: ignore[import-untyped]  # scipy ships no types; its `stats` takes long to load

Floats = NDArray[np.float64]


def expected_traffic(n_transitions: ArrayLike) -> Floats:
    """The mean of |forward - backward|, shape (n,), if each of n transitions goes either way with probability 1/2.

    0 if there are no transitions. The relative error is below 1e-9 up to 200,000 transitions.
    """
    n = np.asarray(n_transitions, dtype=np.int64)
    half = (n + 1) // 2
    # B(0, 1/2) is infinite, so that no transitions give 0.
    return np.asarray(2 / special.beta(half, 0.5), dtype=np.float64)
