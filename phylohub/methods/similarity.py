"""Similarities of pairs of documents.

Source: the study's methods, "Genetic similarity". The three measures are the cosine of term counts, the cosine of
TF-IDF vectors, and 1 - Levenshtein distance / length of the longer document. Documents are the records of two models or
their model cards.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types

from phylohub.methods.terms import Terms, unit_rows

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

PAIRS_AT_ONCE = 16_384


class Similarities(NamedTuple):
    """One number in [0, 1] per pair and measure; NaN if a document is missing."""

    bow: Floats
    tfidf: Floats
    levenshtein: Floats


MEASURES = tuple((artifact, measure) for artifact in ("metadata", "card") for measure in Similarities._fields)
"""The artifacts whose similarity is measured, with each measure."""


def similarities(
    documents: Sequence[str | None], first: Ints, second: Ints, terms: Terms, workers: int = 1
) -> Similarities:
    """The three measures for the pairs (documents[first[i]], documents[second[i]]).

    Pass each document once, however many pairs it is in. A document that is None is missing: its pairs are NaN.
    `workers` is passed to `levenshtein_similarities`, whose time grows with the product of the two lengths.
    """
    present = np.array([document is not None for document in documents], bool)
    pairs = np.flatnonzero(present[first] & present[second])
    texts = [document or "" for document in documents]
    vectors = terms.vectorise(texts)
    columns = []
    for found in (
        *(cosines(matrix, first[pairs], second[pairs]) for matrix in vectors),
        levenshtein_similarities([texts[i] for i in first[pairs]], [texts[i] for i in second[pairs]], workers),
    ):
        column = np.full(len(first), np.nan)
        column[pairs] = found
        columns.append(column)
    return Similarities(*columns)


def cosines(matrix: sparse.csr_array, first: Ints, second: Ints) -> Floats:
    """The cosine of rows first[i] and second[i]; 0 if a row is zero. Entries must not be negative."""
    unit = unit_rows(matrix)
    cosine = np.zeros(len(first))
    for begin in range(0, len(first), PAIRS_AT_ONCE):
        some = slice(begin, begin + PAIRS_AT_ONCE)
        cosine[some] = unit[first[some]].multiply(unit[second[some]]).sum(axis=1)
    return np.minimum(cosine, 1)


def levenshtein_similarities(left: Sequence[str], right: Sequence[str], workers: int = 1) -> Floats:
    """1 - Levenshtein distance / length of the longer, in characters: 1 if both texts are empty, 0 if one is.

    The number of workers (threads; -1 for all cores) does not change the result.
    """
    # The hint sets where the search for the distance begins; the similarity of two records is about 0.5. It affects
    # the time, never the result.
    scorer = Levenshtein.normalized_similarity
    return process.cpdist(left, right, scorer=scorer, score_hint=0.5, dtype=np.float64, workers=workers)
