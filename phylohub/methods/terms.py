"""The vocabulary of a corpus: its most frequent words and word pairs, counted exactly over all documents.

Source: the study's methods, "Genetic similarity". Terms are those of scikit-learn's
`CountVectorizer(max_features=512, ngram_range=(1, 2))` with its default token pattern: lower-cased words of two
or more word characters, and pairs of neighbouring words joined by a space. Weights are its `TfidfVectorizer`'s:
smoothed idf, L2 norm.

scikit-learn keeps every term of every document, which takes too long and too much memory for millions of records.
Here the documents stream by, and only the few terms that can be among the most frequent are counted one by one:

1. A sample of the documents proposes twice as many candidates as there are places, and the words of its pairs.
2. One scan counts the candidates. All other words, and all other pairs of candidate words, share buckets by hash: none
   of them can be more frequent than the total of its bucket. A pair of which a word is no candidate is not looked at:
   it is no more frequent than that word.
3. If every total stays below the count of the last place, the places are proven. If not, another scan counts the
   terms of the other buckets one by one.

The sample decides how long it takes, never the result. What a scan counts are sums over documents: for documents that
join or leave, it adds or subtracts, and steps 1 and 2 need not look at the others again.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
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
Read: TypeAlias = Callable[[], Iterable["pa.Array[Any] | pa.ChunkedArray[Any]"]]

VERSION = 1  # of what is counted: 2 when documents are read into words or buckets otherwise
CHUNK = 256  # documents worked on at a time: the arrays of each step then stay in a processor's cache
BUCKET_BITS = 16  # terms that are no candidates share 2^16 buckets
MOST_TERMS = 2_048  # the table of pairs has a cell for any two candidate words: up to 4,096 of them
AT_ONCE = 2_000_000  # pairs whose totals are added up together

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
_SIGMA = "\u03a3".encode()  # its lower case depends on where in a word it stands
_LONG = 64  # bytes: longer words are rare, and hashed one by one


class _Words(NamedTuple):
    """The words of some documents in their order: key and place in `text` of each, and how many a document has."""

    text: bytes
    key: Keys
    start: Ints
    end: Ints
    n_words: Ints

    def last(self) -> Ints:
        """The place of each document's last word; of documents without words, of an earlier one or -1."""
        return self.n_words.cumsum() - 1

    def document(self) -> Ints:
        """The document of each word."""
        return np.repeat(np.arange(len(self.n_words)), self.n_words)


@dataclass(frozen=True)
class _Counts:
    """Terms (a word or a pair each), how often each occurs, and in how many documents."""

    totals: Ints
    holding: Ints
    texts: list[str]

    def first(self, n: int) -> "_Counts":
        """The n most frequent, by total and then by the alphabet."""
        totals = self.totals.tolist()
        order = sorted(range(len(totals)), key=lambda i: (-totals[i], self.texts[i]))[:n]
        return _Counts(self.totals[order], self.holding[order], [self.texts[i] for i in order])

    def __add__(self, other: "_Counts") -> "_Counts":
        return _Counts(
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
        n_terms = len(self.terms)
        times, columns, lengths = [np.zeros(0)], [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
        candidates = self._candidates
        term_of = np.full(len(candidates.texts) + 1, -1, np.int32)
        term_of[candidates.columns[:n_terms]] = np.arange(n_terms)
        for begin in range(0, len(documents), CHUNK):
            words = _words(documents[begin : begin + CHUNK])
            number, code = candidates.read(words)
            row = np.repeat(np.arange(len(words.n_words)) * n_terms, words.n_words)
            places = [(row + term)[term >= 0] for term in (term_of[number], term_of[candidates.of_pair[code]])]
            # Counted in a table of the chunk, the terms of each document come out in their order.
            table = np.bincount(np.concatenate(places), minlength=len(words.n_words) * n_terms)
            at = np.flatnonzero(table)
            times.append(table[at].astype(np.float64))
            columns.append((at % n_terms).astype(np.int32))
            lengths.append(np.count_nonzero(table.reshape(len(words.n_words), n_terms), axis=1))
        ends = np.concatenate(lengths).cumsum()
        # scipy works with the wider of the two types of integers, and takes longer with the wide one.
        index_type = np.int32 if ends[-1] < 2**31 else np.int64
        found = np.concatenate(times), np.concatenate(columns), ends.astype(index_type)
        del times, columns  # as large as the matrix
        counts = sparse.csr_array(found, (len(documents), n_terms))
        weighted = counts.copy()
        weighted.data *= self.idf[weighted.indices]
        return counts, unit_rows(weighted)

    @cached_property
    def _candidates(self) -> "_Candidates":
        if len(set(self.terms)) < len(self.terms):
            raise ValueError("a term occurs twice in the vocabulary")
        return _Candidates(self.terms)


def unit_rows(matrix: sparse.csr_array) -> sparse.csr_array:
    """The matrix (float64) with every row divided by its Euclidean length; rows of zeros stay."""
    length = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    length[length == 0] = 1
    scaled = matrix.copy()
    scaled.data /= np.repeat(length, np.diff(matrix.indptr))
    return scaled


@dataclass(frozen=True, eq=False)
class TermCounts:
    """What a scan counts: sums over documents.

    `candidates` are the terms that are counted one by one. `totals` says how often each occurs, `holding` in how many
    documents, and `bounds` how often the terms of each bucket do; all are int64.
    """

    candidates: tuple[str, ...]
    totals: Ints
    holding: Ints
    bounds: Ints
    n_documents: int

    def changed(self, joined: Read, left: Read) -> "TermCounts":
        """The counts after some documents have joined and some, counted before, have left."""
        plus, minus = (_scan(read, _Candidates(self.candidates)) for read in (joined, left))
        return TermCounts(
            self.candidates,
            self.totals + plus.totals - minus.totals,
            self.holding + plus.holding - minus.holding,
            self.bounds + plus.bounds - minus.bounds,
            self.n_documents + plus.n_documents - minus.n_documents,
        )

    def unproven(self, n_terms: int) -> NDArray[np.bool_]:
        """The buckets that may hold a term for the first `n_terms` places."""
        return self.bounds >= max(_nth_largest(self.totals, n_terms), 1)

    def vocabulary(self, read: Read, n_terms: int) -> Terms:
        """The first `n_terms`; all documents are read again if the counts prove too little."""
        there = np.flatnonzero(self.totals)
        counts = _Counts(self.totals[there], self.holding[there], [self.candidates[i] for i in there])
        unproven = self.unproven(n_terms)
        if unproven.any():
            counts += _tally_buckets(read, _Candidates(self.candidates), unproven)
        best = counts.first(n_terms)
        order = sorted(range(len(best.texts)), key=best.texts.__getitem__)
        return Terms(tuple(best.texts[i] for i in order), best.holding[order], self.n_documents)


def count_terms(read: Read, n_terms: int = 512, sample: Read | None = None) -> TermCounts:
    """What is to be known of all documents to tell their `n_terms` most frequent terms.

    `read` starts over whenever it is called, and yields all documents as Arrow arrays of strings, in batches of
    any length: `lambda: (batch.column(0) for batch in relation.to_arrow_reader(10_000))` for a DuckDB relation.
    `sample` yields some of them, a few thousand of many; without it, all are taken. Nulls are no documents.

    Raises ValueError for an `n_terms` outside 1 to 2,048.
    """
    if not 1 <= n_terms <= MOST_TERMS:
        raise ValueError(f"n_terms is {n_terms}, not in 1 to {MOST_TERMS}")
    texts: list[Any] = [text for documents in _documents(sample or read) for text in documents.to_pylist()]
    proposed = _tally(
        _words(texts), lambda words, pairs, _: _most_frequent(np.concatenate((words, pairs)), 2 * n_terms)
    )
    return _scan(read, _Candidates(proposed.first(2 * n_terms).texts))


def fit_terms(read: Read, n_terms: int = 512, sample: Read | None = None) -> Terms:
    """The `n_terms` most frequent terms over all documents, by total count.

    Arguments and errors are those of `count_terms`. Memory does not grow with the number of documents (some 0.1 GB
    besides a batch), unless many rare terms must be counted in step 3.

    Of equally frequent terms at the last place, the first in alphabetical order win. scikit-learn breaks such ties
    by an unstable sort over all its terms, so by the processor at hand; this is its choice if the sort is stable.

    Terms are told apart by hashes of 64 bits, which differ for any two words of up to eight bytes. At a hundred
    million distinct terms, the chance that one of 512 terms is mixed up with another is below 1e-8.
    """
    return count_terms(read, n_terms, sample).vocabulary(read, n_terms)


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


def _text(documents: "Sequence[str] | pa.Array[Any]") -> tuple[bytes, Ints]:
    """The documents one after the other, all in lower case and 0 what is no part of a word, and where each ends."""
    try:
        array: Any = documents if isinstance(documents, pa.Array) else pa.array(documents, pa.large_string())
    except UnicodeEncodeError:  # a lone surrogate, which is no word character
        array = pa.array([_canonical(document) for document in documents], pa.large_string())
    for canonical in (False, True):
        if canonical:
            array = pa.array([_canonical(document) for document in array.to_pylist()], pa.large_string())
        # A newline, then the document.
        separated = pc.binary_join_element_wise(
            pa.scalar("", pa.large_string()), array, pa.scalar("\n", pa.large_string())
        )
        _, offsets, data = separated.buffers()
        raw = data.to_pybytes() if data else b""
        text = raw.translate(_LOWER) + bytes(8)
        if canonical or raw.isascii():
            break
        if _SIGMA not in raw and (written := _write_foreign(text)):
            text = written
            break
    ends = np.frombuffer(offsets, np.int64)[1 : len(array) + 1] if len(array) else np.zeros(0, np.int64)
    return text, ends


def _write_foreign(text: bytes) -> bytes | None:
    """The text with what is outside ASCII made canonical in its place; None if it does not fit there."""
    outside = np.frombuffer(text, np.int8) < 0
    edges = np.flatnonzero(outside[1:] != outside[:-1]) + 1
    written = bytearray(text)
    for begin, end in edges.reshape(-1, 2).tolist():
        run = text[begin - 1 : end + 1]
        new = _foreign(run)
        if len(new) != len(run):
            return None
        written[begin - 1 : end + 1] = new
    return bytes(written)


@lru_cache(maxsize=1 << 16)
def _foreign(run: bytes) -> bytes:
    """Characters outside ASCII, and the byte on either side, made canonical. All but sigma depend on no other."""
    lower = run.decode().lower()
    return _NOT_IN_A_WORD.sub(lambda found: "\0" * len(found[0].encode()), lower).encode()


def _words(documents: "Sequence[str] | pa.Array[Any]") -> _Words:
    """The words of documents. A word's key is a hash of its bytes.

    A word of up to eight bytes is read as one number, which the hash only permutes. Longer words are read eight
    bytes at a time; each step mixes the next eight into the keys of the words that have them.
    """
    text, ends = _text(documents)
    is_word = np.frombuffer(text, np.uint8)[: len(text) - 7] != 0
    edges = np.flatnonzero(is_word[1:] != is_word[:-1]) + 1
    start, end = edges[::2], edges[1::2]
    at = np.flatnonzero(end - start > 1)
    start, end = start[at], end[at]

    length = end - start
    eight_from = np.ndarray(len(text) - 7, "<u8", text, strides=(1,))  # the eight bytes from every byte on
    key = (eight_from[start] & _FIRST_BYTES[np.minimum(length, 8)]) * _FACTORS[0]
    key ^= key >> _HALF
    at = np.flatnonzero(length > 8)
    for done in range(8, _LONG, 8):
        left = length[at] - done
        more = eight_from[start[at] + done] & _FIRST_BYTES[np.minimum(left, 8)]
        mixed = (key[at] ^ more) * _FACTORS[1]
        key[at] = mixed ^ (mixed >> _HALF)
        at = at[left > 8]
    for i in at.tolist():
        key[i] = int.from_bytes(blake2b(text[start[i] : end[i]], digest_size=8).digest(), "little")

    return _Words(text, key, start, end, np.diff(np.searchsorted(start, ends), prepend=0))


def _pairs(words: _Words) -> tuple[Keys, Ints]:
    """The key of each pair of neighbouring words of a document, and the place of its second word."""
    begins = np.ones(len(words.key) + 1, bool)
    begins[1:] = False
    begins[words.last() + 1] = True
    second = np.flatnonzero(~begins[:-1])
    return _pair_key(words.key[second - 1], words.key[second]), second


def _pair_key(first: Keys, second: Keys) -> Keys:
    key = first * _FACTORS[1] + second
    key ^= key >> _HALF
    mixed: Keys = key * _FACTORS[2]
    return mixed


def _bucket(key: Keys) -> NDArray[np.uint16]:
    return (key >> np.uint64(64 - BUCKET_BITS)).astype(np.uint16)


# ---- Counting


class _Candidates:
    """The terms that are counted one by one, found by the keys of words.

    Words are numbered 0, 1, ...; `no_word` stands for every other word. Two numbers make the code of a pair. Words and
    pairs have columns: those of the words are their numbers, those of the pairs come behind `nothing`, the column of
    all that is no candidate. `texts` are the given terms and, behind them, words that only occur in pairs; `columns`
    are theirs.
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
        self.keys = np.append(_words(words).key, np.uint64(0))  # no word has the key 0
        self.of_pair = np.full((len(words) + 1) ** 2, self.nothing, np.int16)
        self.of_pair[self.pair_codes] = np.arange(len(pairs)) + len(words) + 1
        # A table with at most one word a slot, so that one look decides: so many slots that one factor in seven or so
        # sends every word to a slot of its own.
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

    def read(self, words: _Words) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
        """The number of each word, and the code of it and the next of its document (or none)."""
        number = self.numbers(words.key)
        following = np.empty_like(number)
        following[:-1] = number[1:]
        if len(number):
            following[words.last()] = self.no_word  # -1 for documents before the first word: the last of all
            following[-1] = self.no_word
        return number, number * np.int32(self.no_word + 1) + following


def _scan(read: Read, candidates: _Candidates) -> TermCounts:
    """Count the candidates, and by bucket all other words and pairs of candidate words."""
    n_columns = len(candidates.texts) + 1
    by_code = np.zeros(len(candidates.of_pair), np.int64)
    bounds = np.zeros(1 << BUCKET_BITS, np.int64)
    holding = np.zeros(n_columns, np.int64)
    codes: list[NDArray[np.int32]] = []
    others: list[NDArray[np.uint16]] = []
    n_documents = n_waiting = 0
    for documents in _documents(read):
        words = _words(documents)
        number, code = candidates.read(words)
        n_documents += len(documents)
        document = np.repeat(np.arange(0, len(documents) * n_columns, n_columns), words.n_words)
        holds = np.zeros(len(documents) * n_columns, np.uint8)
        holds[document + number] = 1
        holds[document + candidates.of_pair[code]] = 1
        for some in np.split(holds.reshape(-1, n_columns), range(255, len(documents), 255)):
            holding += np.add.reduce(some, axis=0, dtype=np.uint8)  # no more than 255, which its type holds
        codes.append(code)
        others.append(_bucket(words.key[number == candidates.no_word]))
        n_waiting += len(code)
        if n_waiting > AT_ONCE:
            by_code += np.bincount(np.concatenate(codes), minlength=len(by_code))
            bounds += np.bincount(np.concatenate(others), minlength=len(bounds))
            codes, others, n_waiting = [], [], 0
    if codes:
        by_code += np.bincount(np.concatenate(codes), minlength=len(by_code))
        bounds += np.bincount(np.concatenate(others), minlength=len(bounds))

    n_words = candidates.no_word
    table = by_code.reshape(n_words + 1, n_words + 1)
    in_pairs = by_code[candidates.pair_codes]
    totals = np.concatenate((table.sum(axis=1), in_pairs))
    table = table.copy()
    table.reshape(-1)[candidates.pair_codes] = 0
    first, second = np.nonzero(table[:n_words, :n_words])
    keys = candidates.keys
    np.add.at(bounds, _bucket(_pair_key(keys[first], keys[second])), table[first, second])
    return TermCounts(candidates.texts, totals[candidates.columns], holding[candidates.columns], bounds, n_documents)


def _tally(words: _Words, choose: Callable[[Keys, Keys, Ints], Ints]) -> _Counts:
    """The terms of these documents, as far as `choose` returns their places among all.

    It is given the keys of the words, those of the pairs, which are placed behind, and the place of the second word
    of each pair.
    """
    pair_key, second = _pairs(words)
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
    """The places of the keys that occur as often as the n-th most frequent."""
    unique, totals = np.unique(keys, return_counts=True)
    frequent = unique[totals >= _nth_largest(totals, n)]
    at = np.searchsorted(frequent, keys).clip(max=len(frequent) - 1)
    return np.flatnonzero(frequent[at] == keys)


def _tally_buckets(read: Read, candidates: _Candidates, marked: NDArray[np.bool_]) -> _Counts:
    """Every term that is no candidate and may be as frequent as the marked buckets. Memory grows with their number.

    These are the words of marked buckets, the pairs of candidate words whose bucket is marked, and the pairs of words
    of which one is in a marked bucket, and the other too or a candidate.
    """

    def choose(word: Keys, pair: Keys, second: Ints) -> Ints:
        number = candidates.numbers(word)
        is_candidate = number != candidates.no_word
        is_marked = ~is_candidate & marked[_bucket(word)]
        possible = is_candidate | is_marked
        code = number[second - 1] * np.int32(candidates.no_word + 1) + number[second]
        is_new = ~(is_candidate[second - 1] & is_candidate[second])
        is_new |= marked[_bucket(pair)] & (candidates.of_pair[code] == candidates.nothing)
        pairs = np.flatnonzero(possible[second - 1] & possible[second] & is_new)
        return np.concatenate((np.flatnonzero(is_marked), pairs + len(word)))

    found: dict[str, tuple[int, int]] = {}
    for documents in _documents(read):
        some = _tally(_words(documents), choose)
        for total, holding, text in zip(some.totals.tolist(), some.holding.tolist(), some.texts, strict=True):
            before = found.get(text, (0, 0))
            found[text] = before[0] + total, before[1] + holding
    totals, n_holding = (np.array([row[i] for row in found.values()], np.int64) for i in (0, 1))
    return _Counts(totals, n_holding, list(found))


def _nth_largest(values: Ints, n: int) -> int:
    """0 if there are fewer."""
    return int(np.partition(values, -n)[-n]) if len(values) >= n else 0
