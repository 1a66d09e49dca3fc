"""Build JSON text by column with Arrow's string functions. An array of strings holds one string per row."""

from __future__ import annotations  # pyarrow's and NumPy's classes take type parameters in their stubs only

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phylohub.synthetic.graph import Array

Strings = Any  # an Arrow array of strings; pyarrow's stubs do not cover its string functions


def join(*parts: Strings) -> Strings:
    """Concatenate the parts of each row; a part is an array or one string for all rows."""
    return cast(Any, pc).binary_join_element_wise(*parts, "")


def text(numbers: Array) -> Strings:
    return _array(numbers).cast(pa.string())


def take(words: Sequence[str], places: Array) -> Strings:
    """The words at these places; -1 is the last word, as in Python."""
    return pa.array(words, pa.string()).take(_array(np.where(places < 0, len(words) - 1, places)))


def constant(word: str, n: int) -> Strings:
    return pa.repeat(pa.scalar(word, pa.string()), n)


def where(condition: Array, strings: Strings) -> Strings:
    """The strings where the condition holds, elsewhere the empty string."""
    return pc.if_else(pa.array(condition), strings, "")


def field(name: str, value: Strings) -> Strings:
    """Members of a JSON object, each with a trailing comma."""
    return join(f'"{name}":', value, ",")


def one_value(words: Strings, as_list: Array | None = None) -> Strings:
    """Each row's word as a JSON string, or as a list of one where `as_list` is true."""
    quoted = join('"', words, '"')
    return quoted if as_list is None else pc.if_else(pa.array(as_list), join("[", quoted, "]"), quoted)


def lists(rows: Array, items: Strings, n: int, quote: str = '"', as_list: Array | None = None) -> Strings:
    """The items of each of n rows as a JSON list. `rows` are the sorted row numbers of the items.

    If `as_list` is given, a single item is written without brackets where `as_list` is false.
    """
    counts = np.bincount(rows, minlength=n)
    ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    joined = pc.binary_join(pa.ListArray.from_arrays(_array(ends), items), f"{quote},{quote}")
    bare = where(counts > 0, join(quote, joined, quote))
    listed = join("[", bare, "]")
    return listed if as_list is None else pc.if_else(pa.array(as_list | (counts > 1)), listed, bare)


def times(seconds: Array) -> Strings:
    """Seconds since 1970 in ISO 8601, as the Hub's API writes times."""
    stamps = _array(seconds).cast(pa.timestamp("s")).cast(pa.string())
    return join(pc.replace_substring(stamps, " ", "T"), ".000Z")


def split(string: str, width: int) -> Strings:
    """Split a string into strings of equal width."""
    ends = np.arange(0, len(string) + 1, width, dtype=np.int32)
    return pa.StringArray.from_buffers(
        len(string) // width, pa.py_buffer(ends.tobytes()), pa.py_buffer(string.encode())
    )


def object_ids(created: Array, machine: bytes, models: Array) -> Strings:
    """MongoDB object ids, which the Hub uses: 4 bytes of time, 5 of the machine, 3 of a counter, in hex."""
    n = models.size
    ids = np.empty((n, 12), dtype=np.uint8)
    ids[:, :4] = created.astype(">u4").view(np.uint8).reshape(n, 4)
    ids[:, 4:9] = np.frombuffer(machine, dtype=np.uint8).reshape(n, 5)
    ids[:, 9:] = models.astype(">u4").view(np.uint8).reshape(n, 4)[:, 1:]
    return split(ids.tobytes().hex(), 24)


def buffer(lines: Strings) -> memoryview:
    """The concatenated bytes of an array of strings, without a copy."""
    if not len(lines):
        return memoryview(b"")
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])]


def _array(values: Array) -> Any:
    return pa.array(values)  # the stubs take every NumPy array for an array of booleans
