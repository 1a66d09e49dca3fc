"""The measures compared with scikit-learn and dynamic programming."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types
from sklearn.feature_extraction.text import (  # type: ignore[import-untyped]  # same
    CountVectorizer,
    TfidfVectorizer,
)
from sklearn.metrics.pairwise import cosine_similarity  # type: ignore[import-untyped]  # same

from phylohub.methods import similarity
from phylohub.methods.cards import card_text
from phylohub.methods.similarity import cosines, levenshtein_similarities, similarities
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
