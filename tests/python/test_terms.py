"""The vocabulary compared with scikit-learn's, on hostile texts and through every code path of the count."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types
from sklearn.feature_extraction.text import (  # type: ignore[import-untyped]  # same
    CountVectorizer,
    TfidfVectorizer,
)

from phylohub.methods import term_counts, tokens
from phylohub.methods.term_counts import count_terms, fit_terms, scan
from phylohub.methods.terms import TermIndex, Terms, unit_rows
from phylohub.synthetic.hub import records

# Letters whose lower case is longer or shorter, is ASCII, or depends on their neighbors; marks, digits and signs of
# other scripts; separators; JSON punctuation.
HOSTILE = (
    "aAbBzZ019__  \n\0\x1c\x7f.:'\"{}[],-"
    "\u00e9\u00c9\u00df\u1e9e\u0130\u0131\u017f\u212a\u212b\u03a3\u03c3\u03c2\u0391\u00e4\u00c4\u01c5\ufb01\u023a\u2c65"
    "\u65e5\u672c\u2167\u2177\u2460\u00b2\u00bd\u0663\u0e53\u0939\u093f\u0308\u0307\u200d\u2019\u00b7\u2028\u00a0"
    "\ud7ff\ue000\U0001d518\U00010400\U0001f600"
)
TEXTS = st.text(HOSTILE, max_size=30) | st.text(max_size=30) | st.sampled_from(["license mit", "license: MIT!", ""])
# Each code path to a vocabulary, triggered with few documents: the step of the sample, and smaller limits.
PATHS: dict[str, tuple[int, dict[str, Any]]] = {
    "sample of all": (1, {"CHUNK": 2}),
    "sample of some": (3, {"CHUNK": 3, "PAIRS_PER_SUM": 1}),
    "no sample": (0, {"CHUNK": 2, "BUCKET_BITS": 8}),
    "sixteen buckets": (2, {"BUCKET_BITS": 4}),
}


def array(documents: Sequence[str | None]) -> Any:
    return pa.array(documents, pa.string())


def fit(documents: Sequence[str | None], n_terms: int = 512, batch: int = 10_000, step: int = 1) -> Terms:
    """The vocabulary, with every step-th document in the sample; an empty sample for 0."""
    arrow = array(documents)
    sample = arrow.take(np.arange(0, len(arrow), step)) if step else arrow.slice(0, 0)
    return fit_terms(lambda: (arrow.slice(i, batch) for i in range(0, len(arrow), batch)), n_terms, lambda: [sample])


def scikit_learn(documents: Sequence[str], n_terms: int) -> tuple[tuple[str, ...], Any]:
    """The terms that scikit-learn would select with a stable sort, and their counts."""
    if not any(TfidfVectorizer().build_tokenizer()(document.lower()) for document in documents):
        return (), sparse.csr_array((len(documents), 0))
    vectoriser = CountVectorizer(ngram_range=(1, 2))
    counts = sparse.csr_array(vectoriser.fit_transform(documents))
    best = np.sort(np.argsort(-counts.sum(axis=0), kind="stable")[:n_terms])
    return tuple(vectoriser.get_feature_names_out()[best].tolist()), counts[:, best]


def check(documents: Sequence[str], n_terms: int, batch: int = 10_000, step: int = 1) -> Terms:
    """Compare the vocabulary and the vectors with scikit-learn's, and return the vocabulary."""
    found = fit(documents, n_terms, batch, step)
    expected, counts = scikit_learn(documents, n_terms)
    assert found.terms == expected
    assert found.n_documents == len(documents)
    assert found.document_frequency.tolist() == (counts > 0).sum(axis=0).tolist()
    mine, weighted = found.vectorise(documents)
    assert (mine != counts).nnz == 0
    if expected:
        theirs = TfidfVectorizer(ngram_range=(1, 2), vocabulary=expected).fit(documents)
        assert found.idf == pytest.approx(theirs.idf_, rel=1e-12)
        assert abs(weighted - theirs.transform(documents)).max() < 1e-9
    return found


@contextmanager
def code_path(name: str) -> Iterator[int]:
    """Set the limits of a code path, and yield the step of its sample."""
    step, limits = PATHS[name]
    with ExitStack() as stack:
        for limit, value in limits.items():
            stack.enter_context(patch.object(tokens if hasattr(tokens, limit) else term_counts, limit, value))
        yield step


@pytest.fixture(params=PATHS)
def step(request: pytest.FixtureRequest) -> Iterator[int]:
    with code_path(request.param) as step:
        yield step


@given(
    documents=st.lists(TEXTS, max_size=12),
    n_terms=st.integers(1, 12),
    batch=st.integers(1, 5),
    path=st.sampled_from(list(PATHS)),
)
@settings(max_examples=500, deadline=None)
# Sigma at the end of a word and elsewhere; letters that change length; single characters; words of two documents.
@example(["\u0391\u03a3 \u0391\u03a3.\u0391 \u0391\u03a3'", "\u0391\u03a3\u0308\u0391"], 9, 1, "no sample")
@example(["\u0130\u0131 i\u0131 \u00df SS \u1e9e\u1e9e", "\u212a9 \u023a\u023a \u2c65\u2c65"], 12, 2, "sample of some")
@example(["\u65e5 \u65e5\u672c \u00e9 a\u00e9 \u00e9\u00e9 \u0308\u00e9\u0308"], 12, 2, "sample of all")
@example(["\u01300"], 1, 1, "sample of some")
@example(["ab", "cd", "ab cd"], 3, 3, "no sample")
def test_terms_of_any_text_match_scikit_learn(documents: list[str], n_terms: int, batch: int, path: str) -> None:
    with code_path(path) as step:
        check(documents, n_terms, batch, step)


@pytest.mark.parametrize("seed", range(25))
def test_every_code_path_matches_scikit_learn(step: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    words = np.array([f"{a}{b}{c}" for a in "a\u00c4\u00df\u65e5" for b in "x\u0130_" for c in ("", "k", "n" * 20)])
    weights = 1 / np.arange(1, len(words) + 1) ** rng.uniform(0, 2)
    documents = [
        rng.choice([" ", ", ", "/"]).join(
            rng.choice(rng.permutation(words), rng.integers(0, 9), p=weights / weights.sum())
        )
        for _ in range(rng.integers(1, 60))
    ]
    check(documents, int(rng.integers(1, 20)), int(rng.integers(1, 30)), step)


def test_second_scan_runs_only_if_the_first_proves_too_little() -> None:
    """Any sample contains the words of every document, but not words of a single document."""
    often = ["alpha beta gamma"] * 64
    rare = [f"w{i:03}" for i in range(64)]
    with patch.object(term_counts, "_count_buckets", wraps=term_counts._count_buckets) as second_scan:
        check(often, 3, batch=7, step=9)
        assert not second_scan.called
        check([*often, *rare], 40, batch=7, step=9)
        assert second_scan.called


@given(st.integers(2, 90), st.data())
@settings(max_examples=200, deadline=None)
def test_every_byte_of_a_word_affects_its_hash(length: int, data: st.DataObject) -> None:
    """Words are hashed eight bytes at a time up to 64: change, add or move a byte at any position."""
    word = "abcdefghijklmnopqrstuvwxyz" * 4
    place = data.draw(st.integers(0, length - 1))
    one, other = word[:length], word[:place] + "_" + word[place + 1 : length]
    documents = [one, other, one + "0", one[8:] + one[:8], one[::-1], f"{one} {other}", f"{other} {one}"]
    check([d for d in documents if len(d) > 1], 512)


def test_terms_of_synthetic_records_match_scikit_learn() -> None:
    documents = [json.dumps(record, ensure_ascii=False) for record in records(1_500, 3)]
    found = check(documents, 512, 1_000, 5)
    assert len(found.terms) == 512
    # scikit-learn itself may differ in terms that tie with the last one.
    theirs = CountVectorizer(ngram_range=(1, 2), max_features=512).fit(documents)
    counts, _ = found.vectorise(documents)
    totals = dict(zip(found.terms, counts.sum(axis=0), strict=True))
    last = min(totals.values())
    assert {term for term, total in totals.items() if total > last} <= set(theirs.vocabulary_)
    ties = set(theirs.vocabulary_) - set(found.terms)
    expected = CountVectorizer(ngram_range=(1, 2), vocabulary=sorted(ties) or ["none"]).transform(documents)
    assert not ties or (expected.sum(axis=0) == last).all()


@pytest.mark.parametrize(
    "documents",
    [[], [""], ["", "a", "\u00e9 ! 1"], [None], [None, None, ""]],
    ids=["none", "empty", "no words", "null", "nulls"],
)
def test_corpus_without_terms(documents: list[str | None], step: int) -> None:
    found = fit(documents, step=step)
    assert found.terms == ()
    assert found.n_documents == sum(document is not None for document in documents)
    counts, weighted = found.vectorise(["license mit", ""])
    assert counts.shape == weighted.shape == (2, 0)
    assert found.vectorise([])[0].shape == (0, 0)


def test_nulls_are_ignored(step: int) -> None:
    some = ["license mit", "license apache", "\u00e9 license"]
    with_nulls = fit([None, some[0], None, some[1], some[2], None], batch=2, step=step)
    without = fit(some, step=step)
    assert with_nulls.terms == without.terms == ("apache", "license", "license apache", "license mit", "mit")
    assert with_nulls.document_frequency.tolist() == without.document_frequency.tolist() == [1, 3, 1, 1, 1]
    assert with_nulls.n_documents == 3


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_all_arrow_string_types_are_accepted(kind: Any) -> None:
    documents = ["zero zero", "one", None, "mit license", "日本 mit", "ende"]
    whole = pa.array(documents, pa.string()).cast(kind)
    sliced = whole.slice(1, 4)
    chunked = pa.chunked_array([sliced.slice(0, 1), sliced.slice(1, 0), sliced.slice(1)])
    for given_array in (sliced, chunked):
        found = fit_terms(lambda given_array=given_array: [given_array])  # type: ignore[misc]  # binds the loop's
        assert found.terms == ("license", "mit", "mit license", "one", "日本", "日本 mit")
        assert found.document_frequency.tolist() == [1, 2, 1, 1, 1, 1]


def test_vector_depends_only_on_its_document() -> None:
    documents = ["license mit", "", "日本 license", "mit mit license mit", "nothing known"]
    found = fit(documents[:3])
    together = found.vectorise(documents)
    for i, document in enumerate(documents):
        for matrix, alone in zip(together, found.vectorise([document]), strict=True):
            assert matrix[[i]].toarray().tolist() == alone.toarray().tolist()
    assert found.vectorise([documents[3]])[0].toarray().tolist() == [[1, 1, 3, 0, 0]]
    with patch.object(tokens, "CHUNK", 2):
        for matrix, same in zip(together, found.vectorise(documents), strict=True):
            assert (matrix != same).nnz == 0


def test_lone_surrogates_are_not_word_characters() -> None:
    documents = ["ab\ud800cd \udfffef", "ab cd ef"]
    counts, _ = fit(documents[1:]).vectorise(documents)
    assert counts.toarray()[0].tolist() == counts.toarray()[1].tolist()


@pytest.mark.parametrize("n_terms", [0, -1, 2_049])
def test_n_terms_out_of_range_raises(n_terms: int) -> None:
    with pytest.raises(ValueError, match="n_terms"):
        fit(["one two"], n_terms)


def test_maximum_number_of_terms() -> None:
    rng = np.random.default_rng(0)
    documents = [" ".join(f"w{int(n)}" for n in 3_000 * rng.random(40) ** 2) for _ in range(500)]
    assert len(check(documents, 2_048, step=7).terms) == 2_048


def test_duplicate_term_in_vocabulary_raises() -> None:
    with pytest.raises(ValueError, match="twice"):
        Terms(("mit", "mit"), np.array([1, 1]), 2).vectorise(["mit"])


def test_unit_rows_have_length_one() -> None:
    dense = np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    rows = sparse.csr_array(dense)
    assert unit_rows(rows).toarray().tolist() == [[0.6, 0.8], [0, 0], [0, 1], [0, 0]]
    assert np.array_equal(rows.toarray(), dense)  # not scaled in place
    stored_zero = sparse.csr_array((np.array([0.0]), np.array([1]), np.array([0, 1])), (1, 2))
    assert unit_rows(stored_zero).toarray().tolist() == [[0, 0]]


def test_number_of_candidates_is_limited_if_terms_tie() -> None:
    """At most twice the requested terms, plus the words of pairs."""
    documents = [" ".join(f"w{n}" for n in range(first, first + 500)) for first in range(0, 10_000, 500)]
    counts = count_terms(lambda: [array(documents)], 3, lambda: [array(documents[:1])])
    assert counts.candidates == ("w0", "w0 w1", "w1", "w1 w2", "w10", "w10 w11", "w2", "w11")
    assert counts.vocabulary(lambda: [array(documents)], 3).terms == ("w0", "w0 w1", "w1")


@given(
    documents=st.lists(TEXTS | st.sampled_from(["license mit", "mit license mit", "apache"]), max_size=16),
    kept=st.tuples(st.integers(0, 16), st.integers(0, 16)),
    n_terms=st.integers(1, 6),
    path=st.sampled_from(list(PATHS)),
)
@settings(max_examples=300, deadline=None)
def test_updated_counts_equal_new_counts(documents: list[str], kept: tuple[int, int], n_terms: int, path: str) -> None:
    """Count the documents up to one index, then update the counts to the documents from another index on."""
    until, since = sorted(kept, reverse=True)
    with code_path(path) as step:
        before = count_terms(lambda: [array(documents[:until])], n_terms, lambda: [array(documents[: step and until])])
        found = before.changed(lambda: [array(documents[until:])], lambda: [array(documents[:since])])
        anew = scan(lambda: [array(documents[since:])], TermIndex(before.candidates))
        for column in ("totals", "holding", "bounds"):
            assert getattr(found, column).tolist() == getattr(anew, column).tolist()
        vocabulary = found.vocabulary(lambda: [array(documents[since:])], n_terms)
        assert (vocabulary.terms, vocabulary.n_documents) == (fit(documents[since:], n_terms).terms, found.n_documents)
        assert found.n_documents == len(documents[since:])
