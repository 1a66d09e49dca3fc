"""Text and numbers as people read them. What comes from the Hub is hostile until it has been through `shown`."""

import math
from collections.abc import Iterable
from decimal import Decimal

from phylohub.core.terminal import printable

NOTHING = "\u2013"  # what stands where there is no value


def shown(text: object, limit: int = 300) -> str:
    """Text of a record, safe to look at: control and direction characters as escapes, at most `limit` characters.

    Markup is not its business: templates and figures escape that. Control characters would make an SVG unreadable, and
    marks of direction would turn the words around them.
    """
    if text is None:
        return NOTHING
    whole = str(text)
    head = printable(whole[:limit])
    if not head.strip():
        return "(empty)"
    return head if len(whole) <= limit and len(head) <= limit else head[: limit - 1] + "…"


def labels(texts: Iterable[object], limit: int = 30) -> list[str]:
    """Texts as labels of a figure: short, and no two alike, since a figure takes equal labels for one."""
    made: list[str] = []
    taken: set[str] = set()
    for text in texts:
        label, n = shown(text, limit), 1
        while label in taken:
            n += 1
            label = f"{shown(text, limit - 4)} ({n})"
        taken.add(label)
        made.append(label)
    return made


def number(value: float | Decimal | None, digits: int = 0) -> str:
    """12,345 or 1.25; a minus that is one."""
    if value is None or math.isnan(value):
        return NOTHING
    return f"{value:,.{digits}f}".replace("-", "\u2212")


def share(value: float | None) -> str:
    """A share as per cent: 12.3 %; the small ones with the digits they need."""
    if value is None or math.isnan(value):
        return NOTHING
    percent = 100 * value
    digits = 1 if percent == 0 or abs(percent) >= 0.1 else 4
    return f"{percent:.{digits}f}\u00a0%".replace("-", "\u2212")


def measured(value: float | None, unit: str) -> str:
    """A published figure, or ours beside it, in its unit."""
    if unit in {"share", "rate"}:
        return share(value)
    if unit in {"similarity", "difference of shares"}:
        return number(value, 3)
    if value is not None and (unit in {"ratio", "languages"} or not float(value).is_integer()):
        return number(value, 2)
    return number(value)


def studied(published: str | None) -> str:
    """What the study found, in words, to stand behind ours; nothing if it did not say."""
    return "" if published is None else f" (study {published})"


def listed(words: Iterable[str]) -> str:
    """a, b and c."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else "none"


def counted(n: int, one: str, many: str | None = None) -> str:
    """1 model, 2 models."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
