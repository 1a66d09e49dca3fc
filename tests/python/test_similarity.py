"""The measures compared with scikit-learn and dynamic programming, the intervals with a plain bootstrap."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types
from sklearn.feature_extraction.text import (  # type: ignore[import-untyped]  # same
    CountVectorizer,
    TfidfVectorizer,
)
from sklearn.metrics.pairwise import cosine_similarity  # type: ignore[import-untyped]  # same

from phylohub.methods import similarity
from phylohub.methods.cards import card_text
from phylohub.methods.similarity import Estimate, cosines, estimates, levenshtein_similarities, similarities
from phylohub.methods.term_counts import fit_terms
from phylohub.methods.terms import Terms

NAN = float("nan")
WORDS = st.lists(st.sampled_from(["mit", "license", "apache-2.0", "\u65e5\u672c", "a", "\u00e9t\u00e9"]), max_size=8)


def fit(documents: Sequence[str | None], n_terms: int = 512) -> Terms:
    return fit_terms(lambda: [pa.array(documents, pa.string())], n_terms)


def distance(a: str, b: str) -> int:
    """The Levenshtein distance by dynamic programming."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]


# ---- Measures


@given(st.lists(WORDS.map(" ".join), min_size=1, max_size=8), st.integers(1, 9), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_similarities_match_scikit_learn_and_dynamic_programming(
    documents: list[str], n_terms: int, at_once: int
) -> None:
    terms = fit(documents, n_terms)
    first, second = (places.ravel() for places in np.indices((len(documents), len(documents))))
    found = similarities(documents, first, second, terms)
    if terms.terms:
        options = {"ngram_range": (1, 2), "vocabulary": terms.terms}
        counts = cosine_similarity(CountVectorizer(**options).transform(documents))
        weighted = cosine_similarity(TfidfVectorizer(**options).fit(documents).transform(documents))
        assert found.bow == pytest.approx(counts.ravel(), abs=1e-12)
        assert found.tfidf == pytest.approx(weighted.ravel(), abs=1e-12)
    else:
        assert not found.bow.any()
        assert not found.tfidf.any()
    for a, b, similar in zip(first, second, found.levenshtein, strict=True):
        longer = max(len(documents[a]), len(documents[b]))
        expected = 1 - distance(documents[a], documents[b]) / longer if longer else 1
        assert similar == pytest.approx(expected, abs=1e-12)
    for column in found:
        assert column.dtype == np.float64
        assert ((column >= 0) & (column <= 1)).all()
        assert column.reshape(len(documents), -1) == pytest.approx(column.reshape(len(documents), -1).T)


def test_missing_documents_give_nan_and_affect_no_other_pair() -> None:
    documents = ["license mit", None, "license apache", "", None]
    terms = fit(documents)
    first, second = np.array([0, 0, 1, 1, 2, 3, 3]), np.array([2, 1, 1, 4, 2, 3, 0])
    found = similarities(documents, first, second, terms)
    there = np.array([True, False, False, False, True, True, True])
    known = similarities(["license mit", "license apache", ""], np.array([0, 1, 2, 2]), np.array([1, 1, 2, 0]), terms)
    for column, same in zip(found, known, strict=True):
        assert np.isnan(column).tolist() == (~there).tolist()
        assert column[there].tolist() == same.tolist()
    assert known.levenshtein.tolist() == [pytest.approx(1 - 6 / 14), 1, 1, 0]
    assert known.bow.tolist() == [pytest.approx(1 / 3), pytest.approx(1), 0, 0]


def test_no_pairs_and_no_documents() -> None:
    nothing = np.zeros(0, np.int64)
    for documents in ([], ["mit"], [None]):
        for column in similarities(documents, nothing, nothing, fit(documents)):
            assert column.shape == (0,)
    lost = similarities([None], np.array([0]), np.array([0]), fit([]))
    assert all(np.isnan(column).tolist() == [True] for column in lost)


def test_cosines_do_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    dense = rng.poisson(0.4, (40, 9)).astype(float)
    first, second = rng.integers(40, size=(2, 500))
    expected = cosine_similarity(dense)[first, second]
    matrix = sparse.csr_array(dense)
    assert cosines(matrix, first, second) == pytest.approx(expected, abs=1e-12)
    monkeypatch.setattr(similarity, "PAIRS_AT_ONCE", 7)
    assert cosines(matrix, first, second) == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(matrix.toarray(), dense)  # not scaled in place


def test_levenshtein_similarity_of_any_characters() -> None:
    texts = ["", "a", "\u65e5\u672c", "\U0001f600\U0001f600", "kitten", "sitting", "x" * 300, "x" * 299 + "y"]
    left, right = zip(*((a, b) for a in texts for b in texts), strict=True)
    found = levenshtein_similarities(left, right)
    expected = [1 - distance(a, b) / max(len(a), len(b), 1) for a, b in zip(left, right, strict=True)]
    assert found == pytest.approx(expected, abs=1e-12)
    assert found.tolist() == levenshtein_similarities(left, right, workers=-1).tolist()


# ---- Cards


def test_first_512_characters_of_a_card_are_compared() -> None:
    assert card_text("x" * 511) is None
    assert card_text("x" * 512) == "x" * 512
    assert card_text("x" * 512 + "y") == "x" * 512
    assert card_text("\u00e9" * 600) == "\u00e9" * 512
    assert card_text(None) is None
    assert card_text("") is None


@pytest.mark.parametrize("words", ["automatically generated", "generated automatically", "Automatically GENERATED"])
@pytest.mark.parametrize("before", [0, 100, 2_000])
def test_generated_cards_are_not_compared(words: str, before: int) -> None:
    """Even if the phrase appears after the compared part."""
    assert card_text("x" * before + words + "x" * 600) is None
    assert card_text("x" * before + words[1:] + "x" * 600) is not None


def test_card_text_with_other_lengths() -> None:
    assert card_text("x" * 100, n_characters=50) == "x" * 50
    assert card_text("x" * 49, n_characters=50) is None
    assert card_text("x" * 999, n_characters=1_000) is None
    assert card_text("x" * 999, n_characters=None) == "x" * 999
    assert card_text("x" * 511, n_characters=None) is None


# ---- Estimates


def plain_bootstrap(sample: NDArray[np.float64], n_resamples: int, seed: int) -> tuple[float, float]:
    """A percentile bootstrap that draws its own rows."""
    rng = np.random.default_rng(seed)
    means = [np.nanmean(sample[rng.integers(len(sample), size=len(sample))]) for _ in range(n_resamples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("kind", ["uniform", "skewed", "two values"])
def test_intervals_match_a_plain_bootstrap(kind: str, missing: float) -> None:
    rng = np.random.default_rng(4)
    n = 400
    draws = {"uniform": rng.random(n), "skewed": rng.beta(0.2, 3, n), "two values": (rng.random(n) < 0.1) * 1.0}
    sample = np.where(rng.random(n) < missing, NAN, draws[kind])
    (found,) = estimates([sample], n_resamples=6_000)
    there = sample[~np.isnan(sample)]
    assert (found.n, found.n_missing) == (len(there), n - len(there))
    assert found.mean == pytest.approx(there.mean(), rel=1e-12)
    assert found.sd == pytest.approx(np.std(there, ddof=1), rel=1e-12)
    # The simulation error of a limit of 6,000 resamples is 3.4 % of a standard error.
    error = found.sd / np.sqrt(found.n)
    assert (found.low, found.high) == pytest.approx(plain_bootstrap(sample, 6_000, 1), abs=0.25 * error)
    assert (found.low, found.high) == pytest.approx(
        (found.mean - 1.96 * error, found.mean + 1.96 * error), abs=0.3 * error
    )


def test_resampled_means_are_the_means_of_the_drawn_rows() -> None:
    """Up to the documented rounding."""
    rng = np.random.default_rng(0)
    n, n_resamples = 60, 50
    values = rng.uniform(-1, 1, (n, 5))
    values[rng.random((n, 5)) < [0, 0.2, 0.9, 0, 1]] = NAN
    known = ~np.isnan(values)
    found = similarity._resampled_means(np.where(known, values, 0), known.astype(np.int64), n_resamples, 3)
    rows = np.random.default_rng([3, n]).integers(n, size=(n_resamples, n), dtype=np.int32)
    drawn = values[rows]
    for column in range(5):
        there = ~np.isnan(drawn[:, :, column])
        sums = np.where(there, drawn[:, :, column], 0).sum(axis=1)
        expected = [s / k if k else NAN for s, k in zip(sums, there.sum(axis=1), strict=True)]
        assert found[:, column] == pytest.approx(expected, abs=1e-13, nan_ok=True)


def test_estimate_does_not_depend_on_other_samples_or_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    samples = [rng.random(n) for n in (50, 80, 50, 1, 80, 0)]
    samples[4][::3] = NAN
    together = estimates(samples, 300)
    assert repr(together) == repr([estimates([sample], 300)[0] for sample in samples])
    assert repr(together[::-1]) == repr(estimates(samples[::-1], 300))
    assert repr(together) != repr(estimates(samples, 300, seed=1))
    monkeypatch.setattr(similarity, "ROWS_AT_ONCE", 170)
    assert repr(together) == repr(estimates(samples, 300))


def test_samples_with_few_values() -> None:
    def columns(*estimated: Estimate) -> list[list[float]]:
        return [[*e] for e in estimated]

    missing, empty, one, same = estimates([np.array([NAN, NAN]), np.array([]), np.array([NAN, 0.5]), np.ones(9)], 500)
    assert columns(missing, empty) == pytest.approx(np.array([[0, 2, *[NAN] * 4], [0, 0, *[NAN] * 4]]), nan_ok=True)
    assert columns(one) == pytest.approx(np.array([[1, 1, 0.5, NAN, 0.5, 0.5]]), nan_ok=True)
    assert columns(same) == [[9, 0, 1, 0, 1, 1]]
    assert estimates([]) == []


def test_intervals_have_the_nominal_coverage() -> None:
    rng = np.random.default_rng(6)
    samples = [rng.beta(2, 3, 150) for _ in range(600)]
    covered = [e.low <= 0.4 <= e.high for e in estimates(samples, n_resamples=1_000)]
    assert 0.92 < np.mean(covered) < 0.97


@pytest.mark.parametrize("value", [1.001, -2.0, float("inf")])
def test_values_out_of_range_raise(value: float) -> None:
    with pytest.raises(ValueError, match="not in"):
        estimates([np.array([0.5, value])])
