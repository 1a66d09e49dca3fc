"""How one-sided the transitions between two values would be by chance.

Source: the study's section 4 measures directedness; it has no value by chance. For n independent transitions, each in
either direction with probability 1/2, the difference of the two counts is the end of a random walk of n steps. With
m = n / 2 rounded up, the mean of its absolute value is 2 m C(2 m, m) / 4^m (Feller 1968, "An Introduction to
Probability Theory and Its Applications", volume 1, chapter III): 1 for m = 1, and (2 m - 1) / (2 m - 2) times the value
for m - 1 after that.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def expected_traffic(n_transitions: ArrayLike) -> Floats:
    """The mean of |forward - backward|, shape (n,), if each of n transitions goes either way with probability 1/2.

    0 if there are no transitions. Memory grows with the largest number, at 8 bytes for every two transitions.
    """
    half = (np.asarray(n_transitions, dtype=np.int64) + 1) // 2
    later = np.arange(2, half.max(initial=0) + 1)
    values = np.concatenate(([0.0, 1.0], np.cumprod((2 * later - 1) / (2 * later - 2))))
    return np.asarray(values[half])
