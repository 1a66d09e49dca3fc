"""The most frequent words and word pairs of a corpus, counted exactly over all documents.

Source: the study's methods, "Genetic similarity". The terms are those of scikit-learn's
`CountVectorizer(max_features=512, ngram_range=(1, 2))`. scikit-learn keeps every term of every document, which takes
too much time and memory for millions of records. Here the documents are streamed, and only the few terms that can be
among the most frequent are counted one by one:

1. A sample of the documents proposes candidates: twice as many terms as requested, plus the words of proposed pairs.
2. One scan counts the candidates. All other words, and all other pairs of candidate words, share buckets by hash; none
   of them can be more frequent than the total of its bucket. A pair with a word that is not a candidate is ignored: it
   is no more frequent than that word.
3. If every bucket total is below the count of the last requested term, the result is proven. Otherwise, another scan
   counts the terms of the remaining buckets one by one.

The sample affects the time, never the result. The counts of a scan are sums over documents. When documents join or
leave, their counts are added or subtracted, and no other document is read again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from phylohub.methods import tokens
from phylohub.methods.terms import TermIndex, Terms
from phylohub.methods.tokens import Keys, Read, Words

Ints: TypeAlias = NDArray[np.int64]

MAX_TERMS = 2_048  # the table of pairs has a cell for any two candidate words, of which there are up to 4,096
PAIRS_PER_SUM = 2_000_000  # pairs whose totals are added up together


@dataclass(frozen=True, eq=False)
class TermCounts:
    """The counts of one scan: sums over documents.

    `candidates` are the terms counted one by one. `totals` is the number of occurrences of each, `holding` the number
    of documents that contain it, and `bounds` the number of occurrences of all terms in each bucket; all are int64.
    """

    candidates: tuple[str, ...]
    totals: Ints
    holding: Ints
    bounds: Ints
    n_documents: int

    def changed(self, joined: Read, left: Read) -> "TermCounts":
        """The counts after some documents joined and some, counted before, left."""
        plus, minus = (scan(read, TermIndex(self.candidates)) for read in (joined, left))
        return TermCounts(
            self.candidates,
            self.totals + plus.totals - minus.totals,
            self.holding + plus.holding - minus.holding,
            self.bounds + plus.bounds - minus.bounds,
            self.n_documents + plus.n_documents - minus.n_documents,
        )

    def unproven(self, n_terms: int) -> NDArray[np.bool_]:
        """The buckets that may contain one of the `n_terms` most frequent terms."""
        return self.bounds >= max(_nth_largest(self.totals, n_terms), 1)

    def vocabulary(self, read: Read, n_terms: int) -> Terms:
        """The `n_terms` most frequent terms. Reads all documents again if a bucket is unproven."""
        there = np.flatnonzero(self.totals)
        counts = _Counts(self.totals[there], self.holding[there], [self.candidates[i] for i in there])
        unproven = self.unproven(n_terms)
        if unproven.any():
            counts += _count_buckets(read, TermIndex(self.candidates), unproven)
        best = counts.most_frequent(n_terms)
        order = sorted(range(len(best.texts)), key=best.texts.__getitem__)
        return Terms(tuple(best.texts[i] for i in order), best.holding[order], self.n_documents)


def count_terms(read: Read, n_terms: int = 512, sample: Read | None = None) -> TermCounts:
    """Count what is needed to find the `n_terms` most frequent terms of all documents.

    Args:
        read: yields all documents as Arrow arrays of strings, in batches of any length, from the start on each call:
            `lambda: (batch.column(0) for batch in relation.to_arrow_reader(10_000))` for a DuckDB relation. Nulls are
            not documents.
        n_terms: 1 to 2,048.
        sample: yields some of the documents, a few thousand for a large corpus; by default, all.

    Raises:
        ValueError: if `n_terms` is out of range.
    """
    if not 1 <= n_terms <= MAX_TERMS:
        raise ValueError(f"n_terms is {n_terms}, expected 1 to {MAX_TERMS}")
    texts: list[Any] = [text for documents in tokens.document_chunks(sample or read) for text in documents.to_pylist()]
    proposed = _count_chosen(
        tokens.split_words(texts),
        lambda words, pairs, _: _most_frequent(np.concatenate((words, pairs)), 2 * n_terms),
    )
    return scan(read, TermIndex(proposed.most_frequent(2 * n_terms).texts))


def fit_terms(read: Read, n_terms: int = 512, sample: Read | None = None) -> Terms:
    """The `n_terms` most frequent terms over all documents, by number of occurrences.

    Arguments and errors are those of `count_terms`. Memory does not grow with the number of documents (about 0.1 GB
    on top of a batch), unless many rare terms must be counted in step 3.

    Ties at the last place go to the first terms in alphabetical order. scikit-learn breaks such ties by an unstable
    sort, which depends on the processor; a stable sort would give the same terms as here.
    """
    return count_terms(read, n_terms, sample).vocabulary(read, n_terms)


def scan(read: Read, index: TermIndex) -> TermCounts:
    """Count the terms of the index, and by bucket all other words and pairs of its words."""
    n_columns = len(index.texts) + 1
    by_code = np.zeros(len(index.of_pair), np.int64)
    bounds = np.zeros(1 << tokens.BUCKET_BITS, np.int64)
    holding = np.zeros(n_columns, np.int64)
    codes: list[NDArray[np.int32]] = []
    others: list[NDArray[np.uint16]] = []
    n_documents = n_waiting = 0
    for documents in tokens.document_chunks(read):
        words = tokens.split_words(documents)
        number, code = index.find(words)
        n_documents += len(documents)
        document = np.repeat(np.arange(0, len(documents) * n_columns, n_columns), words.n_words)
        holds = np.zeros(len(documents) * n_columns, np.uint8)
        holds[document + number] = 1
        holds[document + index.of_pair[code]] = 1
        for some in np.split(holds.reshape(-1, n_columns), range(255, len(documents), 255)):
            holding += np.add.reduce(some, axis=0, dtype=np.uint8)  # at most 255 documents, which fits the type
        codes.append(code)
        others.append(tokens.buckets(words.key[number == index.no_word]))
        n_waiting += len(code)
        if n_waiting > PAIRS_PER_SUM:
            by_code += np.bincount(np.concatenate(codes), minlength=len(by_code))
            bounds += np.bincount(np.concatenate(others), minlength=len(bounds))
            codes, others, n_waiting = [], [], 0
    if codes:
        by_code += np.bincount(np.concatenate(codes), minlength=len(by_code))
        bounds += np.bincount(np.concatenate(others), minlength=len(bounds))

    n_words = index.no_word
    table = by_code.reshape(n_words + 1, n_words + 1)
    in_pairs = by_code[index.pair_codes]
    totals = np.concatenate((table.sum(axis=1), in_pairs))
    table = table.copy()
    table.reshape(-1)[index.pair_codes] = 0
    first, second = np.nonzero(table[:n_words, :n_words])
    keys = index.keys
    np.add.at(bounds, tokens.buckets(tokens.pair_keys(keys[first], keys[second])), table[first, second])
    return TermCounts(index.texts, totals[index.columns], holding[index.columns], bounds, n_documents)


@dataclass(frozen=True)
class _Counts:
    """Terms, the number of occurrences of each, and the number of documents that contain it."""

    totals: Ints
    holding: Ints
    texts: list[str]

    def most_frequent(self, n: int) -> "_Counts":
        """The n most frequent terms; ties go to the first in alphabetical order."""
        totals = self.totals.tolist()
        order = sorted(range(len(totals)), key=lambda i: (-totals[i], self.texts[i]))[:n]
        return _Counts(self.totals[order], self.holding[order], [self.texts[i] for i in order])

    def __add__(self, other: "_Counts") -> "_Counts":
        return _Counts(
            np.concatenate((self.totals, other.totals)),
            np.concatenate((self.holding, other.holding)),
            self.texts + other.texts,
        )


def _count_chosen(words: Words, choose: Callable[[Keys, Keys, Ints], Ints]) -> _Counts:
    """Count the words and pairs of some documents whose indices `choose` returns.

    `choose` is given the keys of the words, the keys of the pairs, and the index of the second word of each pair. The
    indices it returns count all words first, then all pairs.
    """
    pair_key, second = tokens.word_pairs(words)
    key = np.concatenate((words.key, pair_key))
    at = choose(words.key, pair_key, second)
    is_pair = at >= len(words.key)
    last = np.concatenate((np.arange(len(words.key)), second))[at]  # the last word of each
    unique, place, inverse, totals = np.unique(key[at], return_index=True, return_inverse=True, return_counts=True)
    n_documents = max(len(words.n_words), 1)
    holding = np.unique(inverse * n_documents + words.document()[last]) // n_documents
    texts = [
        b" ".join(words.text[words.start[i] : words.end[i]] for i in range(end - pair, end + 1)).decode()
        for end, pair in zip(last[place].tolist(), is_pair[place].tolist(), strict=True)
    ]
    return _Counts(totals, np.bincount(holding, minlength=len(unique)), texts)


def _most_frequent(keys: Keys, n: int) -> Ints:
    """The indices of the keys that occur at least as often as the n-th most frequent key."""
    unique, totals = np.unique(keys, return_counts=True)
    frequent = unique[totals >= _nth_largest(totals, n)]
    at = np.searchsorted(frequent, keys).clip(max=len(frequent) - 1)
    return np.flatnonzero(frequent[at] == keys)


def _count_buckets(read: Read, index: TermIndex, marked: NDArray[np.bool_]) -> _Counts:
    """Count every term that is not in the index and may be as frequent as the marked buckets.

    These are the words of marked buckets, the pairs of indexed words whose bucket is marked, and the pairs of a word
    in a marked bucket with another such word or an indexed word. Memory grows with the number of these terms.
    """

    def choose(word: Keys, pair: Keys, second: Ints) -> Ints:
        number = index.numbers(word)
        is_known = number != index.no_word
        is_marked = ~is_known & marked[tokens.buckets(word)]
        possible = is_known | is_marked
        code = number[second - 1] * np.int32(index.no_word + 1) + number[second]
        is_new = ~(is_known[second - 1] & is_known[second])
        is_new |= marked[tokens.buckets(pair)] & (index.of_pair[code] == index.nothing)
        pairs = np.flatnonzero(possible[second - 1] & possible[second] & is_new)
        return np.concatenate((np.flatnonzero(is_marked), pairs + len(word)))

    found: dict[str, tuple[int, int]] = {}
    for documents in tokens.document_chunks(read):
        some = _count_chosen(tokens.split_words(documents), choose)
        for total, holding, text in zip(some.totals.tolist(), some.holding.tolist(), some.texts, strict=True):
            before = found.get(text, (0, 0))
            found[text] = before[0] + total, before[1] + holding
    totals, n_holding = (np.array([row[i] for row in found.values()], np.int64) for i in (0, 1))
    return _Counts(totals, n_holding, list(found))


def _nth_largest(values: Ints, n: int) -> int:
    """0 if there are fewer."""
    return int(np.partition(values, -n)[-n]) if len(values) >= n else 0
