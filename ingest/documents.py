"""Read the records of JSON documents piece by piece: arrays, pages, wrappers and rows of the dataset viewer.

A document is any sequence of JSON values: one array, an array per line, `{"models": [...]}`, `{"rows": [{"row":
...}]}`, a list of such pages, or objects printed over several lines. Records keep their bytes.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

# Members under which an answer or an export keeps its records.
LIST_MEMBERS = frozenset({"models", "rows", "items", "data", "results", "records", "pages"})
MAX_LEVELS = 5  # of arrays and wrappers around a record
# A larger object at the top is read member by member, since it is likely a wrapper of all records.
WHOLE_OBJECT_CHARACTERS = 4 * 1024 * 1024

_DECODER = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")


class _Text:
    """The text of a stream, of which only the part being read is in memory."""

    def __init__(self, read: Callable[[int], bytes], chunk_bytes: int, max_bytes: int) -> None:
        self._read, self._chunk_bytes, self._max_bytes = read, chunk_bytes, max_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        self._text, self._at, self._is_all = "", 0, False
        self.n_records = 0

    def peek(self) -> str:
        """The next character that is not white space, without consuming it; empty at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text) or not self._fill():
                return self._text[self._at : self._at + 1]

    def skip(self) -> None:
        """Consume one character."""
        self._at += 1

    def value(self, max_characters: int | None = None) -> tuple[Any, str] | None:
        """Consume a JSON value; return it with its text. None, and nothing consumed, if it exceeds the maximum."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise ValueError(f"record {self.n_records + 1:,} is nested too deeply") from error
            except ValueError as error:
                if max_characters is not None and len(self._text) - self._at > max_characters:
                    return None
                if self._fill():
                    continue
                raise ValueError(f"record {self.n_records + 1:,} is not JSON: {error}") from error
            if end < len(self._text) or not self._fill():  # a number at the end of a chunk may continue
                text = self._text[self._at : end]
                self._at = end
                return value, text

    def _fill(self) -> bool:
        """Read more text; return whether there is any. Text that was consumed is dropped."""
        if self._is_all:
            return False
        pending = self._text[self._at :]
        if len(pending) > self._max_bytes:
            raise ValueError(
                f"record {self.n_records + 1:,} does not end within {self._max_bytes / 2**20:,.0f} MiB, so it is none"
            )
        chunk = self._read(max(self._chunk_bytes, len(pending)))
        self._is_all = not chunk
        more = self._decoder.decode(chunk, final=self._is_all)
        self._text, self._at = pending + more, 0
        return bool(chunk) or bool(more)


def records_of(read: Callable[[int], bytes], chunk_bytes: int, max_bytes: int) -> Iterator[bytes]:
    """The records of a stream of JSON values. Raises ValueError where it is not JSON, with the number of the record."""
    text = _Text(read, chunk_bytes, max_bytes)
    while text.peek():
        yield from _values(text, 0)


def is_wrapper(value: Any) -> bool:
    """Whether an object holds records instead of being one."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("row"), dict):
        return True
    lists = [member for name, member in value.items() if name in LIST_MEMBERS and isinstance(member, list)]
    return any(isinstance(items[0], dict | list) if items else "id" not in value for items in lists)


def _values(text: _Text, level: int) -> Iterator[bytes]:
    first = text.peek()
    if level > MAX_LEVELS:
        raise ValueError(f"record {text.n_records + 1:,} is an array within arrays")
    if first == "[":
        yield from _array(text, level)
        return
    found = text.value(WHOLE_OBJECT_CHARACTERS if first == "{" and level == 0 else None)
    if found is None:
        yield from _object(text, level)
    else:
        value, raw = found
        if is_wrapper(value):
            yield from _members(raw, level, text)
        else:
            text.n_records += 1
            yield _bytes(raw)


def _array(text: _Text, level: int) -> Iterator[bytes]:
    text.skip()
    while (character := text.peek()) != "]":
        if character == ",":
            text.skip()
        elif character:
            yield from _values(text, level + 1)
        else:
            raise ValueError(f"the array ends after record {text.n_records:,} without a closing bracket")
    text.skip()


def _object(text: _Text, level: int) -> Iterator[bytes]:
    """The records of a wrapper, or a large object that is one (white space between its members is left out)."""
    text.skip()
    parts = ["{"]
    is_a_wrapper = False
    while (character := text.peek()) != "}":
        if character == ",":
            text.skip()
            parts.append(",")
            continue
        if not character:
            raise ValueError(f"record {text.n_records + 1:,} ends without a closing brace")
        name, raw_name = _value(text)
        if text.peek() != ":":
            raise ValueError(f"record {text.n_records + 1:,} has no value for {raw_name[:60]}")
        text.skip()
        if isinstance(name, str) and name in LIST_MEMBERS and text.peek() == "[":
            is_a_wrapper = True
            yield from _array(text, level)
        else:
            value, raw = _value(text)
            if name == "row" and isinstance(value, dict):
                is_a_wrapper = True
                text.n_records += 1
                yield _bytes(raw)
            parts += [raw_name, ":", raw]
    text.skip()
    if not is_a_wrapper:
        text.n_records += 1
        yield _bytes("".join([*parts, "}"]))


def _members(raw: str, level: int, outer: _Text) -> Iterator[bytes]:
    """The records of a wrapper that is in memory."""
    pieces = iter([raw.encode(errors="surrogateescape")])
    inner = _Text(lambda size: next(pieces, b""), len(raw), len(raw) + 1)
    inner.n_records = outer.n_records
    inner.peek()
    for record in _object(inner, level + 1):
        outer.n_records += 1
        yield record


def _value(text: _Text) -> tuple[Any, str]:
    found = text.value()
    if found is None:  # only with a maximum
        raise ValueError("no value")
    return found


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
