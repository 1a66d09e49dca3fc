"""Documents as words and pairs of neighboring words, tokenized exactly as scikit-learn does but with arrays.

Words are those of `CountVectorizer`'s default token pattern: lower-cased, two or more word characters. Each word and
each pair has a 64-bit key, a hash. The keys of any two words of up to eight bytes differ. At a hundred million distinct
terms, the chance that one of 512 terms collides with another is below 1e-8.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Keys: TypeAlias = NDArray[np.uint64]
Read: TypeAlias = Callable[[], Iterable["pa.Array[Any] | pa.ChunkedArray[Any]"]]

VERSION = 1  # of the counts: raise it whenever documents are split into words or buckets differently
CHUNK = 256  # documents per step, so that the arrays of a step stay in the processor's cache
BUCKET_BITS = 16  # terms that are not candidates share 2^16 buckets

# Maps a word byte to its lower case and any other byte to 0. Bytes from 128 on belong to non-ASCII characters;
# `_canonical` keeps only those that are part of a word.
_LOWER = b"".join(
    b"\0" if byte < 128 and not (chr(byte).isalnum() or chr(byte) == "_") else bytes([byte]).lower()
    for byte in range(256)
)
# A non-ASCII character that is not a word character, or that stands alone and so is not a word.
_NOT_IN_A_WORD = re.compile(r"[^\x00-\x7f](?:(?<!\w)|(?<!\w.)(?!\w))")

_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)  # odd, well-mixed bits
_FIRST_BYTES = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # masks of the first n of eight bytes
_HALF = np.uint64(32)
_SIGMA = "\u03a3".encode()  # its lower case depends on its position in the word
_LONG = 64  # bytes: longer words are rare, and hashed one by one


class Words(NamedTuple):
    """The words of some documents, in order: their keys and positions in `text`, and the number per document."""

    text: bytes
    key: Keys
    start: Ints
    end: Ints
    n_words: Ints

    def last(self) -> Ints:
        """The index of each document's last word; for a document without words, an earlier one or -1."""
        return self.n_words.cumsum() - 1

    def document(self) -> Ints:
        """The document of each word."""
        return np.repeat(np.arange(len(self.n_words)), self.n_words)


def document_chunks(read: Read) -> Iterator["pa.Array[Any]"]:
    """All documents, at most CHUNK at a time, without nulls."""
    for batch in read():
        for begin in range(0, len(batch), CHUNK):
            some: Any = batch.slice(begin, CHUNK).cast(pa.large_string()).drop_null()
            yield some.combine_chunks() if isinstance(some, pa.ChunkedArray) else some


def split_words(documents: "Sequence[str] | pa.Array[Any]") -> Words:
    """The words of some documents.

    A word of up to eight bytes is read as one number, and hashing only permutes these numbers. Longer words are read
    eight bytes at a time; each step mixes the next eight into the keys of the words that have them.
    """
    text, ends = _normalized(documents)
    is_word = np.frombuffer(text, np.uint8)[: len(text) - 7] != 0
    edges = np.flatnonzero(is_word[1:] != is_word[:-1]) + 1
    start, end = edges[::2], edges[1::2]
    at = np.flatnonzero(end - start > 1)
    start, end = start[at], end[at]

    length = end - start
    eight_from = np.ndarray(len(text) - 7, "<u8", text, strides=(1,))  # the eight bytes that start at each byte
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

    return Words(text, key, start, end, np.diff(np.searchsorted(start, ends), prepend=0))


def word_pairs(words: Words) -> tuple[Keys, Ints]:
    """The key of each pair of neighboring words in a document, and the index of its second word."""
    begins = np.ones(len(words.key) + 1, bool)
    begins[1:] = False
    begins[words.last() + 1] = True
    second = np.flatnonzero(~begins[:-1])
    return pair_keys(words.key[second - 1], words.key[second]), second


def pair_keys(first: Keys, second: Keys) -> Keys:
    """The key of each pair of words with these keys."""
    key = first * _FACTORS[1] + second
    key ^= key >> _HALF
    mixed: Keys = key * _FACTORS[2]
    return mixed


def buckets(keys: Keys) -> NDArray[np.uint16]:
    """The bucket of each key, 0 to 2^BUCKET_BITS - 1."""
    return (keys >> np.uint64(64 - BUCKET_BITS)).astype(np.uint16)


def _canonical(document: str) -> str:
    """A text with the same words, in which every non-ASCII character is lower case and part of a word."""
    return document if document.isascii() else _NOT_IN_A_WORD.sub(" ", document.lower())


def _normalized(documents: "Sequence[str] | pa.Array[Any]") -> tuple[bytes, Ints]:
    """The documents concatenated, in lower case, with 0 for every byte outside a word; and the end of each."""
    try:
        array: Any = documents if isinstance(documents, pa.Array) else pa.array(documents, pa.large_string())
    except UnicodeEncodeError:  # a lone surrogate, which is not a word character
        array = pa.array([_canonical(document) for document in documents], pa.large_string())
    for canonical in (False, True):
        if canonical:
            array = pa.array([_canonical(document) for document in array.to_pylist()], pa.large_string())
        # Each document is preceded by a newline.
        separated = pc.binary_join_element_wise(
            pa.scalar("", pa.large_string()), array, pa.scalar("\n", pa.large_string())
        )
        _, offsets, data = separated.buffers()
        raw = data.to_pybytes() if data else b""
        text = raw.translate(_LOWER) + bytes(8)
        if canonical or raw.isascii():
            break
        if _SIGMA not in raw and (replaced := _canonical_in_place(text)):
            text = replaced
            break
    ends = np.frombuffer(offsets, np.int64)[1 : len(array) + 1] if len(array) else np.zeros(0, np.int64)
    return text, ends


def _canonical_in_place(text: bytes) -> bytes | None:
    """The text with its non-ASCII runs made canonical; None if a run changes its length."""
    outside = np.frombuffer(text, np.int8) < 0
    edges = np.flatnonzero(outside[1:] != outside[:-1]) + 1
    replaced = bytearray(text)
    for begin, end in edges.reshape(-1, 2).tolist():
        run = text[begin - 1 : end + 1]
        new = _canonical_run(run)
        if len(new) != len(run):
            return None
        replaced[begin - 1 : end + 1] = new
    return bytes(replaced)


@lru_cache(maxsize=1 << 16)
def _canonical_run(run: bytes) -> bytes:
    """A run of non-ASCII characters, with one byte on either side, made canonical. Sigma needs more context."""
    lower = run.decode().lower()
    return _NOT_IN_A_WORD.sub(lambda found: "\0" * len(found[0].encode()), lower).encode()
