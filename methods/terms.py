"""The vocabulary of a corpus: its most frequent words and word pairs, counted exactly over all documents.

Source: the study's methods, "Genetic similarity". Terms are those of scikit-learn's
`CountVectorizer(max_features=512, ngram_range=(1, 2))` with its default token pattern: lower-cased words of two
or more word characters, and pairs of neighbouring words joined by a space. Weights are its `TfidfVectorizer`'s:
smoothed idf, L2 norm.

scikit-learn keeps every term of every document, which takes too long and too much memory for millions of records.
Here the documents stream by, and only the few terms that can be among the most frequent are counted one by one:

1. A sample of the documents proposes twice as many candidates as there are places.
2. One scan counts the candidates. All other terms share buckets by hash: no term of a bucket can be more frequent
   than the bucket's total.
3. If every total stays below the count of the last place, the places are proven. If not, another scan counts the
   terms of the other buckets one by one.

The sample decides how long it takes, never the result.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]  # scipy ships no types

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Keys: TypeAlias = NDArray[np.uint64]
Read: TypeAlias = "Callable[[], Iterable[pa.Array[Any] | pa.ChunkedArray[Any]]]"

CHUNK = 1_024  # documents worked on at a time: the arrays of each step then stay in a processor's cache
SAMPLE_BYTES = 8_000_000  # the sample of a larger corpus holds this much text at least and twice as much at most
BUCKET_BITS = 16  # terms that are no candidates share 2^16 buckets
MOST_TERMS = 4_096

# A word byte becomes its lower case, any other byte 0. Bytes from 128 belong to characters outside ASCII, of which
# `_canonical` leaves only those that are part of a word.
_LOWER = b"".join(
    b"\0" if byte < 128 and not (chr(byte).isalnum() or chr(byte) == "_") else bytes([byte]).lower()
    for byte in range(256)
)
# A character outside ASCII that is no word character, or that stands alone and so makes no word.
_NOT_IN_A_WORD = re.compile(r"[^\x00-\x7f](?:(?<!\w)|(?<!\w.)(?!\w))")

_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)  # odd, well mixed bits
_FIRST_BYTES = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # masks of the first n of eight bytes
_HALF = np.uint64(32)
_LONG = 64  # bytes: longer words are rare, and hashed one by one


class _Words(NamedTuple):
    """The words of some documents in their order: key, place in `text` and document of each."""

    text: bytes
    key: Keys
    start: Ints
    end: Ints
    document: Ints
    n_documents: int


@dataclass(frozen=True)
class _Counts:
    """Terms (a word or a pair each), how often each occurs, and in how many documents."""

    keys: Keys
    totals: Ints
    holding: Ints
    texts: list[str]

    def first(self, n: int) -> "_Counts":
        """The n most frequent, by total and then by the alphabet."""
        totals = self.totals.tolist()
        order = sorted(range(len(totals)), key=lambda i: (-totals[i], self.texts[i]))[:n]
        return _Counts(self.keys[order], self.totals[order], self.holding[order], [self.texts[i] for i in order])

    def __add__(self, other: "_Counts") -> "_Counts":
        return _Counts(
            np.concatenate((self.keys, other.keys)),
            np.concatenate((self.totals, other.totals)),
            np.concatenate((self.holding, other.holding)),
            self.texts + other.texts,
        )


@dataclass(frozen=True, eq=False)
class Terms:
    """A vocabulary and what is needed to weigh it.

    `terms` are in alphabetical order (of code points), `document_frequency` (as many, int64) is the number of
    documents that hold each, `n_documents` the number of all documents.
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

        Both are (documents, terms), float64. Memory grows with the documents given: give only the sampled ones.
        """
        rows, columns = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for begin in range(0, len(documents), CHUNK):
            words = _words([_canonical(document) for document in documents[begin : begin + CHUNK]])
            for key, document in _occurrences(words):
                at, term, _ = self._table.find(key)
                rows.append(document[at] + begin)
                columns.append(term)
        places = np.concatenate(rows), np.concatenate(columns)
        shape = len(documents), len(self.terms)
        counts = sparse.coo_array((np.ones(len(places[0])), places), shape).tocsr()  # adds up equal places
        return counts, unit_rows(counts.multiply(self.idf).tocsr())

    @cached_property
    def _table(self) -> "_Table":
        words = _words(self.terms)
        keys = np.zeros(len(self.terms), np.uint64)
        for key, document in _occurrences(words):
            keys[document] = key  # words come first: a pair's key then takes the place of its words' keys
        return _Table(keys)


def unit_rows(matrix: sparse.csr_array) -> sparse.csr_array:
    """The matrix (float64) with every row divided by its Euclidean length; rows of zeros stay."""
    length = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    length[length == 0] = 1
    scaled = matrix.copy()
    scaled.data /= np.repeat(length, np.diff(matrix.indptr))
    return scaled


def fit_terms(read: Read, n_terms: int = 512) -> Terms:
    """The `n_terms` most frequent terms over all documents, by total count.

    `read` starts over whenever it is called, and yields all documents as Arrow arrays of strings, in batches of
    any length: `lambda: (batch.column(0) for batch in relation.to_arrow_reader(10_000))` for a DuckDB relation. It
    is called one to three times. Nulls are no documents. Memory does not grow with the number of documents (some
    0.2 GB besides a batch), unless many rare terms must be counted in step 3.

    Of equally frequent terms at the last place, the first in alphabetical order win. scikit-learn breaks such ties
    by an unstable sort over all its terms, so by the processor at hand; this is its choice if the sort is stable.

    Terms are told apart by hashes of 64 bits, which differ for any two words of up to eight bytes. At a hundred
    million distinct terms, the chance that one of 512 terms is mixed up with another is below 1e-8.

    Raises ValueError for an `n_terms` outside 1 to 4,096.
    """
    if not 1 <= n_terms <= MOST_TERMS:
        raise ValueError(f"n_terms is {n_terms}, not in 1 to {MOST_TERMS}")
    sample, n_documents = _sample(read)
    words = _words([_canonical(document) for document in sample])
    if len(sample) == n_documents:
        counts = _tally(words, lambda keys: _most_frequent(keys, n_terms))
    else:
        counts = _tally(words, lambda keys: _most_frequent(keys, 2 * n_terms)).first(2 * n_terms)
        table = _Table(counts.keys)
        totals, holding, bounds = _scan(read, table)
        counts = replace(counts, totals=totals, holding=holding)
        unproven = bounds >= max(_nth_largest(totals, n_terms), 1)
        if unproven.any():
            counts += _tally_buckets(read, table, unproven)
    best = counts.first(n_terms)
    order = sorted(range(len(best.texts)), key=best.texts.__getitem__)
    return Terms(tuple(best.texts[i] for i in order), best.holding[order], n_documents)


# ---- Reading words


def _canonical(document: str) -> str:
    """A text with the same words, in which every character outside ASCII is lower case and part of a word."""
    return document if document.isascii() else _NOT_IN_A_WORD.sub(" ", document.lower())


def _documents(read: Read) -> Iterator["pa.Array[Any]"]:
    """All documents, some at a time, without nulls."""
    for batch in read():
        for begin in range(0, len(batch), CHUNK):
            some: Any = batch.slice(begin, CHUNK).cast(pa.large_string()).drop_null()
            yield some.combine_chunks() if isinstance(some, pa.ChunkedArray) else some


def _batches_of_words(read: Read) -> Iterator[_Words]:
    """The words of all documents; which documents share a batch, and in what order, does not matter."""
    for documents in _documents(read):
        is_ascii: Any = pc.string_is_ascii(documents)
        yield _words(documents.filter(is_ascii))
        others: list[Any] = documents.filter(pc.invert(is_ascii)).to_pylist()
        if others:
            yield _words([_canonical(document) for document in others])


def _words(documents: "Sequence[str] | pa.Array[Any]") -> _Words:
    """The words of canonical documents. A word's key is a hash of its bytes.

    A word of up to eight bytes is read as one number, which the hash only permutes. Longer words are read eight
    bytes at a time; each step mixes the next eight into the keys of the words that have them.
    """
    array: Any = documents if isinstance(documents, pa.Array) else pa.array(documents, pa.large_string())
    empty, newline = pa.scalar("", pa.large_string()), pa.scalar("\n", pa.large_string())
    separated = pc.binary_join_element_wise(empty, array, newline)  # a newline, then the document
    _, offsets, data = separated.buffers()
    text = (data.to_pybytes() if data else b"").translate(_LOWER) + bytes(8)
    is_word = np.frombuffer(text, np.uint8)[: len(text) - 7] != 0
    edges = np.flatnonzero(is_word[1:] != is_word[:-1]) + 1
    start, end = edges[::2], edges[1::2]
    at = np.flatnonzero(end - start > 1)
    start, end = start[at], end[at]

    length = end - start
    eight_from = np.ndarray(len(text) - 7, "<u8", text, strides=(1,))  # the eight bytes from every byte on
    key = (eight_from[start] & _FIRST_BYTES[np.minimum(length, 8)]) * _FACTORS[0]
    key ^= key >> _HALF
    for done in range(8, _LONG, 8):
        at = np.flatnonzero(length > done)
        more = eight_from[start[at] + done] & _FIRST_BYTES[np.minimum(length[at] - done, 8)]
        mixed = (key[at] ^ more) * _FACTORS[1]
        key[at] = mixed ^ (mixed >> _HALF)
    for i in np.flatnonzero(length > _LONG).tolist():
        key[i] = int.from_bytes(blake2b(text[start[i] : end[i]], digest_size=8).digest(), "little")

    ends = np.frombuffer(offsets, np.int64)[1 : len(array) + 1] if len(array) else np.zeros(0, np.int64)
    n_words = np.diff(np.searchsorted(start, ends), prepend=0)
    return _Words(text, key, start, end, np.repeat(np.arange(len(array)), n_words), len(array))


def _pairs(words: _Words) -> tuple[Keys, Ints]:
    """The key of each pair of neighbouring words of a document, and the place of its second word."""
    second = np.flatnonzero(words.document[1:] == words.document[:-1]) + 1
    key = words.key[second - 1] * _FACTORS[1] + words.key[second]
    key ^= key >> _HALF
    return key * _FACTORS[2], second


def _occurrences(words: _Words) -> Iterator[tuple[Keys, Ints]]:
    """Key and document of every word, then of every pair."""
    yield words.key, words.document
    key, second = _pairs(words)
    yield key, words.document[second]


# ---- Counting


class _Table:
    """Finds terms by key: a table with at most one term a slot, so that one look decides."""

    def __init__(self, keys: Keys) -> None:
        if len(np.unique(keys)) < len(keys):
            raise ValueError("a term occurs twice in the vocabulary")
        self.n_terms = len(keys)
        self.keys = keys if len(keys) else np.zeros(1, np.uint64)  # no word has the key 0
        # So many slots that one factor in seven or so sends every term to a slot of its own.
        bits = max(BUCKET_BITS, (len(keys) ** 2 // 8).bit_length())
        self._shift, self._coarser = np.uint64(64 - bits), bits - BUCKET_BITS
        factors = np.random.default_rng(0)
        while True:
            self._factor = factors.integers(2**64, dtype=np.uint64) | np.uint64(1)
            slots = self._slots(self.keys)
            if len(np.unique(slots)) == len(slots):
                break
        self._terms = np.zeros(1 << bits, np.int16)
        self._terms[slots] = np.arange(len(slots))

    def _slots(self, keys: Keys) -> Ints:
        return ((keys * self._factor) >> self._shift).view(np.int64)

    def buckets(self, keys: Keys) -> Ints:
        """The bucket of each key."""
        return self._slots(keys) >> self._coarser

    def find(self, keys: Keys) -> tuple[Ints, Ints, Ints]:
        """Which keys are terms, the terms they are, and the buckets of the other keys."""
        slots = self._slots(keys)
        terms = self._terms[slots]
        hit = self.keys[terms] == keys
        at = np.flatnonzero(hit)
        return at, terms[at].astype(np.int64), slots[np.flatnonzero(~hit)] >> self._coarser


def _sample(read: Read) -> tuple[list[Any], int]:
    """Every n-th document, n a power of two that makes them few, and the number of all documents."""
    kept: list[Any] = []
    n_documents, step, n_bytes = 0, 1, 0
    for documents in _documents(read):
        kept.append(documents.take(np.arange(-n_documents % step, len(documents), step)))
        n_documents += len(documents)
        n_bytes += kept[-1].nbytes
        while n_bytes > 2 * SAMPLE_BYTES and n_documents > step:
            all_kept = pa.concat_arrays(kept)
            kept, step = [all_kept.take(np.arange(0, len(all_kept), 2))], 2 * step
            n_bytes = kept[0].nbytes
    return [document for some in kept for document in some.to_pylist()], n_documents


def _scan(read: Read, table: _Table) -> tuple[Ints, Ints, Ints]:
    """How often each term of the table occurs, in how many documents, and the buckets' totals of all others."""
    n_terms = max(table.n_terms, 1)
    totals, holding = np.zeros(n_terms, np.int64), np.zeros(n_terms, np.int64)
    bounds = np.zeros(1 << BUCKET_BITS, np.int64)
    for words in _batches_of_words(read):
        holds = np.zeros(words.n_documents * n_terms, np.uint8)
        for key, document in _occurrences(words):
            at, term, others = table.find(key)
            totals += np.bincount(term, minlength=n_terms)
            holds[document[at] * n_terms + term] = 1
            bounds += np.bincount(others, minlength=len(bounds))
        holding += holds.reshape(-1, n_terms).sum(axis=0, dtype=np.uint32)
    return totals[: table.n_terms], holding[: table.n_terms], bounds


def _tally(words: _Words, choose: Callable[[Keys], Ints]) -> _Counts:
    """The terms of these documents, as far as `choose` returns their places among the keys."""
    pair_key, second = _pairs(words)
    key = np.concatenate((words.key, pair_key))
    at = choose(key)
    is_pair = at >= len(words.key)
    last = np.concatenate((np.arange(len(words.key)), second))[at]  # the last word of each
    unique, place, inverse, totals = np.unique(key[at], return_index=True, return_inverse=True, return_counts=True)
    holding = np.unique(inverse * words.n_documents + words.document[last]) // max(words.n_documents, 1)
    texts = [
        b" ".join(words.text[words.start[i] : words.end[i]] for i in range(end - pair, end + 1)).decode()
        for end, pair in zip(last[place].tolist(), is_pair[place].tolist(), strict=True)
    ]
    return _Counts(unique, totals, np.bincount(holding, minlength=len(unique)), texts)


def _most_frequent(keys: Keys, n: int) -> Ints:
    """The places of the keys that occur as often as the n-th most frequent."""
    unique, totals = np.unique(keys, return_counts=True)
    frequent = unique[totals >= _nth_largest(totals, n)]
    at = np.searchsorted(frequent, keys).clip(max=len(frequent) - 1)
    return np.flatnonzero(frequent[at] == keys)


def _tally_buckets(read: Read, table: _Table, marked: NDArray[np.bool_]) -> _Counts:
    """Every term whose bucket is marked and that the table does not hold. Memory grows with their number."""

    def choose(keys: Keys) -> Ints:
        at = np.flatnonzero(marked[table.buckets(keys)])
        return at[np.isin(keys[at], table.keys, invert=True)]

    found: dict[int, tuple[int, int, str]] = {}
    for words in _batches_of_words(read):
        some = _tally(words, choose)
        columns = some.keys.tolist(), some.totals.tolist(), some.holding.tolist(), some.texts
        for key, total, holding, text in zip(*columns, strict=True):
            before = found.get(key, (0, 0))
            found[key] = before[0] + total, before[1] + holding, text
    totals, n_holding = (np.array([row[i] for row in found.values()], np.int64) for i in (0, 1))
    return _Counts(np.array(list(found), np.uint64), totals, n_holding, [row[2] for row in found.values()])


def _nth_largest(values: Ints, n: int) -> int:
    """0 if there are fewer."""
    return int(np.partition(values, -n)[-n]) if len(values) >= n else 0
