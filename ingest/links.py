"""The Link header of RFC 8288: which page follows."""

import re
from collections.abc import Sequence

# A parameter: a name, optionally with a value that is a token or a quoted string.
_PARAMETER = re.compile(r'\s*;\s*(?:([^\s=;,"]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?)?')
_TARGET = re.compile(r"[\s,]*<([^>]*)>")


def next_link(headers: Sequence[str]) -> str | None:
    """The target of the first link with the relation `next`, as written; None if there is no such link.

    A header can hold several links, a link several relations (`rel="last next"`), and a value need not be quoted. The
    names of parameters and relations are the same in any case, and only the first `rel` of a link counts. A link with
    an `anchor` is about another document and is ignored. Text that is no link ends the header in which it stands.
    """
    for header in headers:
        place = 0
        while (target := _TARGET.match(header, place)) is not None:
            place = target.end()
            found: dict[str, str] = {}
            while (parameter := _PARAMETER.match(header, place)) is not None:
                place = parameter.end()
                if parameter[1] is not None:
                    found.setdefault(parameter[1].lower(), _unquoted(parameter[2] or ""))
            if "next" in found.get("rel", "").lower().split() and "anchor" not in found:
                return target[1].strip()
    return None


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
