"""Means over pairs of models, and differences of such means, with intervals that allow for families in common.

Pairs that have a family in common are not independent: they share models, authors and templates. The families of a
pair are those of its models, one or several. The variance of a mean is the sum of the products of residuals over all
pairs that have a family in common. With one family per pair, this is the weighted jackknife of `inference`.
docs/inference.md has the measured coverage.

Source: Cameron, Gelbach and Miller 2011, "Robust inference with multiway clustering"; Aronow, Samii and Assenova 2015,
"Cluster-robust variance estimation for dyadic data"; Kish 1965 (design effect, effective number).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, special  # type: ignore[import-untyped]  # scipy ships no types

from phylohub.methods.inference import (
    DECIMALS,
    MIN_EFFECTIVE_FAMILIES,
    NO_VARIATION,
    TAIL,
    TOO_FEW_FAMILIES,
)

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

MIN_DISTINCT_PAIRS = 30  # fewer say little about other pairs, however often they are drawn
TOO_FEW_PAIRS = "too_few_pairs"
WEIGHTED_JACKKNIFE = "weighted_jackknife"
NO_SPREAD = 1e-12  # a smaller standard deviation or error is rounding


@dataclass(frozen=True, eq=False)
class Draws:
    """n draws of pairs. `values` holds k measures of each, shape (n, k); nan if a document is missing.

    `families` are the families of each draw, shape (n, m), the same one several times if models share it. `pairs` are
    the two models of each draw, shape (n, 2), in any order.
    """

    families: Ints
    pairs: Ints
    values: Floats

    @classmethod
    def of(cls, families: Sequence[ArrayLike], pairs: Sequence[ArrayLike], values: Sequence[ArrayLike]) -> "Draws":
        """From columns. Masked values are missing."""
        return cls(
            np.stack([np.asarray(column, np.int64) for column in families], axis=1),
            np.stack([np.asarray(column, np.int64) for column in pairs], axis=1),
            np.stack([np.ma.filled(np.ma.asarray(column, np.float64), np.nan) for column in values], axis=1),
        )

    @classmethod
    def of_pairs(cls, rows: Mapping[str, ArrayLike], measures: Sequence[tuple[str, str]]) -> "Draws":
        """From rows of int_similarity_draws, with these artifacts and measures."""
        ends = ("first", "second")
        return cls.of(
            [rows[f"{end}_family_key"] for end in ends],
            [rows[f"{end}_key"] for end in ends],
            [rows[f"{artifact}_{measure}"] for artifact, measure in measures],
        )

    @classmethod
    def together(cls, several: Sequence["Draws"]) -> "Draws":
        """All draws of several samples, such as those of all shapes."""
        return cls(*(np.concatenate([getattr(one, field.name) for one in several]) for field in fields(cls)))

    @cached_property
    def sums(self) -> "Sums":
        """The sums of the values and their number, for each set of families."""
        known = ~np.isnan(self.values)
        group, first = _numbered(self.families)
        rows = _matrix(np.arange(len(group)), group, len(group))
        return Sums(self.families[first], rows @ np.where(known, self.values, 0), rows @ known.astype(np.float64))

    @cached_property
    def n_distinct_pairs(self) -> Ints:
        """The number of distinct pairs among the draws whose value is known."""
        pair, _ = _numbered(self.pairs)
        return np.array([len(np.unique(pair[there])) for there in ~np.isnan(self.values.T)], np.int64)


@dataclass(frozen=True, eq=False)
class Sums:
    """Ratios of sums: `numerator` and `denominator` of shape (n, k), and the families of each row, shape (n, m)."""

    families: Ints
    numerator: Floats
    denominator: Floats

    @classmethod
    def of(cls, family: ArrayLike, numerator: ArrayLike, denominator: ArrayLike) -> "Sums":
        """One ratio, from a row for each family."""
        top, bottom = (np.asarray(values, np.float64)[:, None] for values in (numerator, denominator))
        return cls(np.asarray(family, np.int64)[:, None], top, bottom)


@dataclass(frozen=True, eq=False)
class Estimates:
    """k means, or differences of two means, each array of shape (k,). Limits are nan where `interval_method` says why.

    `n_families_effective` is 1 / the chance that two draws have a family in common, and `share_of_largest_family` the
    largest share of the draws that involve one family. `design_effect` is the variance of the mean over that of as
    many independent draws. Of two means compared, numbers are the lower ones and the share is the larger one; `sd`
    and `design_effect` are nan.
    """

    n: Ints
    n_missing: Ints
    n_distinct_pairs: Ints
    mean: Floats
    sd: Floats
    design_effect: Floats
    n_families_effective: Floats
    share_of_largest_family: Floats
    low: Floats
    high: Floats
    interval_method: NDArray[Any]

    def rows(self) -> list[dict[str, Any]]:
        """One dict per mean. A nan becomes None."""
        names = [field.name for field in fields(self)]
        rows = zip(*(getattr(self, name).tolist() for name in names), strict=True)
        return [{name: None if x != x else x for name, x in zip(names, row, strict=True)} for row in rows]


def means(draws: Draws) -> Estimates:
    """The mean of each measure, with a 95 % interval on the scale of log odds: measures must be in [0, 1]."""
    known = ~np.isnan(draws.values)
    if ((draws.values[known] < 0) | (draws.values[known] > 1)).any():
        raise ValueError("a value is not in [0, 1]")
    found = compare([draws.sums])
    n = known.sum(axis=0)
    squares = np.where(known, draws.values - found.value, 0) ** 2
    sd = np.sqrt(np.divide(squares.sum(axis=0), n - 1, out=np.full(len(n), np.nan), where=n > 1))
    design_effect = np.divide(found.variance * n, sd**2, out=np.full(len(n), np.nan), where=sd > NO_SPREAD)
    p = np.where((found.value > 0) & (found.value < 1), found.value, 0.5)
    reach = found.reach / (p * (1 - p))
    low, high = special.expit(special.logit(p) - reach), special.expit(special.logit(p) + reach)
    return _estimates(found, [draws], sd, design_effect, low, high)


def differences(draws: Draws, compared: Draws) -> Estimates:
    """The mean of each measure minus its mean in other draws, with a 95 % interval.

    A family left out is left out of both means, so what it adds to both cancels.
    """
    both = [draws, compared]
    found = compare([one.sums for one in both])
    none = np.full(len(found.value), np.nan)
    return _estimates(found, both, none, none, found.value - found.reach, found.value + found.reach)


def ratio_difference(first: Sums, compared: Sums) -> dict[str, Any]:
    """One ratio minus another, with a 95 % interval. Families left out are left out of both. None stands for nan."""
    found = compare([first, compared])
    (method,) = found.interval_method()
    row: dict[str, Any] = {}
    for name, one in (("", first), ("_compared", compared)):
        total = float(one.denominator.sum())
        row[f"n_edges{name}"] = round(total)
        row[f"value{name}"] = float(one.numerator.sum()) / total if total else None
    numbers = {
        "difference": found.value,
        "low": np.where(method == WEIGHTED_JACKKNIFE, found.value - found.reach, np.nan).round(DECIMALS),
        "high": np.where(method == WEIGHTED_JACKKNIFE, found.value + found.reach, np.nan).round(DECIMALS),
        "n_families_effective": found.n_families_effective,
        "share_of_largest_family": found.share_of_largest_family,
    }
    row |= {name: None if np.isnan(value) else float(value) for name, (value,) in numbers.items()}
    return row | {"interval_method": str(method)}


def _estimates(
    found: "Compared", samples: Sequence[Draws], sd: Floats, design_effect: Floats, low: Floats, high: Floats
) -> Estimates:
    """The estimates with these limits, where there are enough pairs and families for any."""
    missing = np.stack([np.isnan(sample.values).sum(axis=0) for sample in samples])
    n = np.array([len(sample.values) for sample in samples])[:, None] - missing
    n_distinct_pairs = np.min([sample.n_distinct_pairs for sample in samples], axis=0)
    method = found.interval_method(n_distinct_pairs < MIN_DISTINCT_PAIRS)
    shown = method == WEIGHTED_JACKKNIFE
    return Estimates(
        n.min(axis=0),
        missing.max(axis=0),
        n_distinct_pairs,
        found.value,
        sd,
        design_effect.round(DECIMALS),
        found.n_families_effective,
        found.share_of_largest_family,
        np.where(shown, low, np.nan).round(DECIMALS),
        np.where(shown, high, np.nan).round(DECIMALS),
        method,
    )


@dataclass(frozen=True, eq=False)
class Compared:
    """k means, or k differences of two means: each array of shape (k,).

    `reach` is the root of `variance` times the 97.5 % quantile of Student's t. Of two means, the number of families is
    the lower one and the share of the largest family the larger one; both are nan without values.
    """

    value: Floats
    variance: Floats
    reach: Floats
    n_families_effective: Floats
    share_of_largest_family: Floats

    def interval_method(self, too_few_pairs: ArrayLike = False) -> NDArray[Any]:
        """How the interval is computed, or why there is none."""
        few_pairs = np.broadcast_to(np.asarray(too_few_pairs, bool), self.value.shape)
        few_families = ~(self.n_families_effective >= MIN_EFFECTIVE_FAMILIES)
        same = np.sqrt(self.variance) <= NO_SPREAD
        reasons = [TOO_FEW_PAIRS, TOO_FEW_FAMILIES, NO_VARIATION]
        return np.select([few_pairs, few_families, same], reasons, WEIGHTED_JACKKNIFE)


def compare(samples: Sequence[Sums]) -> Compared:
    """The ratios of one sample, or those of a first minus those of a second. A ratio of draws is their mean.

    The variance is the sum of the products of residuals over all rows with a family in common, by inclusion and
    exclusion over the sets of families that they share. As in `inference.weighted_jackknife`, the effect of a family is
    divided by the root of 1 - its share, and the degrees of freedom are Satterthwaite's, at most the effective number
    of families - 1.
    """
    families = np.concatenate([sample.families for sample in samples])
    shape = (len(samples), len(families), samples[0].numerator.shape[1])
    weights, residuals, values = np.zeros(shape), np.zeros(shape), np.full((shape[0], shape[2]), np.nan)
    begin = 0
    for number, sample in enumerate(samples):
        own = slice(begin, begin := begin + len(sample.families))
        total = sample.denominator.sum(axis=0)
        np.divide(sample.numerator.sum(axis=0), total, out=values[number], where=total > 0)
        total = np.where(total > 0, total, 1)
        weights[number, own] = sample.denominator / total
        residuals[number, own] = (sample.numerator - np.nan_to_num(values[number]) * sample.denominator) / total
    residuals[1:] *= -1  # the second ratio is subtracted
    variance, common, fourth, largest = np.zeros(shape[2]), np.zeros(values.shape), np.zeros(shape[2]), values
    for size, sets in _sets(families):
        shares, effects = (np.stack([sets @ one for one in several]) for several in (weights, residuals))
        if size == 1:
            # Without a family, a ratio changes by the family's residual / (1 - its share).
            effects *= np.where(shares < 1, 1 - shares, np.inf) ** -0.5
            fourth, largest = (effects.sum(axis=0) ** 4).sum(axis=0), shares.max(axis=1, initial=0)
        sign = 1 if size % 2 else -1
        variance += sign * (effects.sum(axis=0) ** 2).sum(axis=0)
        common += sign * (shares**2).sum(axis=1)
    # With several families per row the sum can be too small, even negative. Rows of equal families are a lower bound.
    group, _ = _numbered(families)
    alike = _matrix(np.arange(len(group)), group, len(group)) @ residuals.sum(axis=0)
    variance = np.maximum(variance, (alike**2).sum(axis=0))
    n_effective = np.divide(1, common, out=np.full(values.shape, np.nan), where=common > 0).min(axis=0)
    # The fourth moment of a normal value is 3 times the square of its variance.
    freedom = np.divide(3 * variance**2, fourth, out=np.full(shape[2], np.inf), where=fourth > 0)
    freedom = np.maximum(np.minimum(freedom, np.nan_to_num(n_effective)) - 1, 1)
    return Compared(
        values[0] if len(values) == 1 else values[0] - values[1],
        variance,
        special.stdtrit(freedom, 1 - TAIL) * np.sqrt(variance),
        n_effective.round(DECIMALS),
        np.where(np.isnan(values), np.nan, largest).max(axis=0).round(DECIMALS),
    )


def _sets(families: Ints) -> Iterator[tuple[int, sparse.csr_array]]:
    """For each size, the sets of so many families that are in some row: a matrix of sets and rows, with ones."""
    n, m = families.shape
    families = np.sort(families, axis=1)
    is_first = ~_repeats(families)
    for size in range(1, m + 1):
        places = [list(chosen) for chosen in combinations(range(m), size)]
        rows = [np.flatnonzero(is_first[:, chosen].all(axis=1)) for chosen in places]
        sets = np.concatenate([families[row][:, chosen] for row, chosen in zip(rows, places, strict=True)])
        yield size, _matrix(np.concatenate(rows), _numbered(sets)[0], n)


def _repeats(rows: Ints) -> NDArray[np.bool_]:
    """Whether a member of a sorted row repeats the one before it."""
    found = np.zeros(rows.shape, bool)
    found[:, 1:] = rows[:, 1:] == rows[:, :-1]
    return found


def _numbered(sets: Ints) -> tuple[Ints, Ints]:
    """A number for each row, equal for rows that are the same set, and the first row of each number."""
    distinct, members = np.unique(sets, return_inverse=True)
    members = np.sort(members.reshape(sets.shape), axis=1)
    members[_repeats(members)] = len(distinct)
    key = np.zeros(len(sets), np.int64)
    for column in np.sort(members, axis=1).T:
        key = key * (len(distinct) + 1) + column  # sorting integers is much faster than sorting rows
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    return number, first


def _matrix(rows: Ints, group: Ints, n: int) -> sparse.csr_array:
    """A matrix of groups and n rows, with ones where a row is in a group."""
    return sparse.csr_array((np.ones(len(rows)), (group, rows)), (int(group.max(initial=-1)) + 1, n))
