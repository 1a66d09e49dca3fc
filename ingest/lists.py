"""Read a list that a table stores as text, in the notations that people's tools write.

Python and JSON (`['a', 'b']`), NumPy and pandas (`['a' 'b']`), DuckDB (`[a, 'license:mit']`), PostgreSQL (`{a,"b c"}`),
R (`c("a", "b")`), and items joined by a separator (`a, b`). Text is parsed and never evaluated.
"""

import ast
import json
import re

# Prefixes of the Hub's tags that tell whether a text holds several tags. A test compares them with the seed.
TAG_PREFIXES = ("arxiv", "base_model", "dataset", "deploy", "diffusers", "doi", "license", "region")
_PREFIX = rf"(?:{'|'.join(TAG_PREFIXES)}):"
_INNER_PREFIX = re.compile(rf"(?<=[^:]){_PREFIX}")
_SPACED_PREFIX = re.compile(rf"\s{_PREFIX}|^{_PREFIX}\S+\s+\S")

_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_CALL = re.compile(r"(?:np\.|numpy\.)?(?:array|list|c|set|tuple|frozenset)\((.*?)(?:,\s*dtype=[^\])]*)?\)", re.DOTALL)
# An item in quotes (a doubled quote stands for one), a constant before white space or a comma, or an unquoted item.
_ITEM = re.compile(
    r"""[uU]?(?P<quoted>'(?:[^'\\]|\\.|'')*+'|"(?:[^"\\]|\\.|"")*+")"""
    r"""|(?P<constant>None|NULL|null|nan|NaN|<NA>)(?=[\s,]|$)"""
    r"""|(?P<bare>[^\s,'"\[\]{}()][^,\[\]{}]*)""",
    re.DOTALL,
)
_GAP = re.compile(r"[\s,]*")
_SEPARATORS = (",", ";", "|", "\n", "\t")
_EMPTY = frozenset({"", "None", "nan", "NaN", "NULL", "null", "<NA>"})


def list_of_text(text: str) -> list[str] | None:
    """The items of a list in any of the notations, without nulls; None if it is none of them or was shortened."""
    text = text.strip()
    if text in _EMPTY:
        return []
    if match := _CALL.fullmatch(text):
        text = match[1].strip()
        if text[:1] not in _BRACKETS:
            text = f"[{text}]"
    if text[0] in _BRACKETS:
        return _items(text[1:-1]) if len(text) > 1 and text[-1] == _BRACKETS[text[0]] else None
    return _split(text)


def notation(text: str) -> str:
    """A few words on how a text writes a list, for the line that tells what a file is."""
    text = text.strip()
    if not text.startswith(tuple(_BRACKETS)):
        return "joined by a separator"
    if re.search(r"""['"]\s+['"]""", text):
        return "as NumPy prints them"
    if re.search(r"""[\[,{]\s*[^\s'"\]},]""", text):
        return "as DuckDB or PostgreSQL prints them"
    return "as Python or JSON lists"


def is_several_tags(tag: str) -> bool:
    """Whether a tag looks like several run together: it holds a prefix of the Hub after its start, or is a list."""
    return bool(_INNER_PREFIX.search(tag)) or (tag.startswith("[") and tag.endswith("]") and "," in tag)


def _items(inner: str) -> list[str] | None:
    items: list[str] = []
    at = _after_gap(inner, 0)
    while at < len(inner):
        match = _ITEM.match(inner, at)
        if match is None:
            return None
        bare = match["bare"]
        if bare is not None:
            if bare.startswith(("...", "…")):
                return None  # NumPy and pandas leave out the middle of a long list
            items.append(bare.strip())
        elif match["quoted"] is not None:
            items.append(_unquoted(match["quoted"]))
        at = _after_gap(inner, match.end())
        # After a quoted item comes white space, a comma or the end: anything else is not a list (`{'a': 1}`).
        if bare is None and at == match.end() < len(inner):
            return None
    return items


def _after_gap(text: str, at: int) -> int:
    match = _GAP.match(text, at)
    return match.end() if match else at


def _unquoted(quoted: str) -> str:
    quote, inner = quoted[0], quoted[1:-1]
    if "\\" not in inner:
        return inner.replace(quote * 2, quote)
    try:
        return str(json.loads(quoted) if quote == '"' else ast.literal_eval(quoted))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)


def _split(text: str) -> list[str]:
    separator = next((each for each in _SEPARATORS if each in text), None)
    if separator is None and _SPACED_PREFIX.search(text):
        return text.split()
    parts = text.split(separator) if separator else [text]
    return [item for part in parts if (item := part.strip()) and item not in _EMPTY]
