"""A vocabulary of words and word pairs, and the term counts and TF-IDF vectors of documents over it.

Source: the study's methods, "Genetic similarity". Terms are those of scikit-learn's
`CountVectorizer(ngram_range=(1, 2))` with its default token pattern: words (see `tokens`) and pairs of neighboring
words joined by a space. Weights are those of its `TfidfVectorizer`: smoothed idf, L2 norm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types

from phylohub.methods import tokens
from phylohub.methods.tokens import Keys, Words

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Terms:
    """A vocabulary and its document frequencies.

    `terms` are in alphabetical order (of code points). `document_frequency` (int64, one per term) is the number of
    documents that contain each term. `n_documents` is the number of all documents.
    """

    terms: tuple[str, ...]
    document_frequency: Ints
    n_documents: int

    @property
    def idf(self) -> Floats:
        """Smoothed inverse document frequency: ln((1 + documents) / (1 + document frequency)) + 1."""
        return np.log((1 + self.n_documents) / (1 + self.document_frequency)) + 1

    def vectorise(self, documents: Sequence[str]) -> tuple[sparse.csr_array, sparse.csr_array]:
        """Term counts and TF-IDF vectors (rows of length 1, or 0 for a document without terms).

        Both have shape (documents, terms) and type float64. Memory grows with the number of documents, so pass only
        the sampled ones. Raises ValueError if the vocabulary contains a term twice.
        """
        n_terms = len(self.terms)
        times, columns, lengths = [np.zeros(0)], [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
        index = self._index
        term_of = np.full(len(index.texts) + 1, -1, np.int32)
        term_of[index.columns[:n_terms]] = np.arange(n_terms)
        for begin in range(0, len(documents), tokens.CHUNK):
            words = tokens.split_words(documents[begin : begin + tokens.CHUNK])
            number, code = index.find(words)
            row = np.repeat(np.arange(len(words.n_words)) * n_terms, words.n_words)
            places = [(row + term)[term >= 0] for term in (term_of[number], term_of[index.of_pair[code]])]
            # Counting in a dense table of the chunk yields the terms of each document in order.
            table = np.bincount(np.concatenate(places), minlength=len(words.n_words) * n_terms)
            at = np.flatnonzero(table)
            times.append(table[at].astype(np.float64))
            columns.append((at % n_terms).astype(np.int32))
            lengths.append(np.count_nonzero(table.reshape(len(words.n_words), n_terms), axis=1))
        ends = np.concatenate(lengths).cumsum()
        # scipy converts both index arrays to the wider type, which is slower.
        index_type = np.int32 if ends[-1] < 2**31 else np.int64
        found = np.concatenate(times), np.concatenate(columns), ends.astype(index_type)
        del times, columns  # as large as the matrix
        counts = sparse.csr_array(found, (len(documents), n_terms))
        weighted = counts.copy()
        weighted.data *= self.idf[weighted.indices]
        return counts, unit_rows(weighted)

    @cached_property
    def _index(self) -> "TermIndex":
        if len(set(self.terms)) < len(self.terms):
            raise ValueError("the vocabulary contains a term twice")
        return TermIndex(self.terms)


def unit_rows(matrix: sparse.csr_array) -> sparse.csr_array:
    """The matrix (float64) with every row divided by its Euclidean length; rows of zeros stay zero."""
    length = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    length[length == 0] = 1
    scaled = matrix.copy()
    scaled.data /= np.repeat(length, np.diff(matrix.indptr))
    return scaled


class TermIndex:
    """Finds given terms in documents by the keys of their words.

    Words are numbered 0, 1, ...; `no_word` stands for every other word. The numbers of two words make the code of a
    pair. Each term has a column: a word's column is its number, pairs follow after `nothing`, the column of everything
    that is not a term. `texts` are the given terms followed by words that occur only in pairs; `columns` are their
    columns.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        parts = [term.split(" ") for term in terms]
        known = set(terms)
        of_pairs = dict.fromkeys(word for words in parts if len(words) == 2 for word in words if word not in known)
        self.texts = (*terms, *of_pairs)
        words = [text for text in self.texts if " " not in text]
        number = {word: i for i, word in enumerate(words)}
        self.no_word = self.nothing = len(words)
        pairs = [text.split(" ") for text in self.texts if " " in text]
        self.pair_codes = np.array([number[a] * (len(words) + 1) + number[b] for a, b in pairs], np.int64)
        column = number | {" ".join(pair): i for i, pair in enumerate(pairs, start=len(words) + 1)}
        self.columns = np.array([column[text] for text in self.texts], np.int64)
        self.keys = np.append(tokens.split_words(words).key, np.uint64(0))  # no word has the key 0
        self.of_pair = np.full((len(words) + 1) ** 2, self.nothing, np.int16)
        self.of_pair[self.pair_codes] = np.arange(len(pairs)) + len(words) + 1
        # A perfect hash table: at most one word per slot, so one lookup decides. It is large enough that about one
        # factor in seven has no collision.
        bits = max(16, (len(words) ** 2 // 8).bit_length())
        self._shift = np.uint64(64 - bits)
        factors = np.random.default_rng(0)
        while True:
            self._factor = factors.integers(2**64, dtype=np.uint64) | np.uint64(1)
            slots = self._slots(self.keys[:-1])
            if len(np.unique(slots)) == len(slots):
                break
        self._numbers = np.full(1 << bits, self.no_word, np.int16)
        self._numbers[slots] = np.arange(len(slots))

    def _slots(self, keys: Keys) -> Ints:
        return ((keys * self._factor) >> self._shift).view(np.int64)

    def numbers(self, keys: Keys) -> NDArray[np.int16]:
        """The number of each word."""
        found = self._numbers[self._slots(keys)]
        return np.where(self.keys[found] == keys, found, np.int16(self.no_word))

    def find(self, words: Words) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """For each word its number, and the code of the pair it forms with the next word of its document, if any."""
        number = self.numbers(words.key)
        following = np.empty_like(number)
        following[:-1] = number[1:]
        if len(number):
            following[words.last()] = self.no_word  # index -1 (documents before the first word) is the last word
            following[-1] = self.no_word
        return number, number * np.int32(self.no_word + 1) + following
