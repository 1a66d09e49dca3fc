"""Formats text and numbers for readers. Text of the Hub is untrusted until `safe_text` has escaped it."""

import math
from collections.abc import Iterable
from decimal import Decimal

from phylohub.core.terminal import printable

NO_VALUE = "\u2013"  # stands for a null


def safe_text(text: object, limit: int = 300) -> str:
    """Return text of the Hub with control and direction characters escaped, at most `limit` characters long.

    Control characters make an SVG invalid, and direction marks reorder the text around them. Markup is not escaped
    here: templates and figures do that.
    """
    if text is None:
        return NO_VALUE
    whole = str(text)
    head = printable(whole[:limit])
    if not head.strip():
        return "(empty)"
    return head if len(whole) <= limit and len(head) <= limit else head[: limit - 1] + "…"


def unique_labels(texts: Iterable[object], limit: int = 30) -> list[str]:
    """Shorten texts to labels of a figure, and number duplicates, because a chart merges rows with equal labels."""
    made: list[str] = []
    taken: set[str] = set()
    for text in texts:
        label, n = safe_text(text, limit), 1
        while label in taken:
            n += 1
            label = f"{safe_text(text, limit - 4)} ({n})"
        taken.add(label)
        made.append(label)
    return made


def format_number(value: float | Decimal | None, digits: int = 0) -> str:
    """12,345 or 1.25, with a true minus sign."""
    if value is None or math.isnan(value):
        return NO_VALUE
    return f"{value:,.{digits}f}".replace("-", "\u2212")


def format_share(value: float | None) -> str:
    """A share as a percentage: 12.3%. Shares below 0.1% keep four decimals."""
    if value is None or math.isnan(value):
        return NO_VALUE
    percent = 100 * value
    digits = 1 if percent == 0 or abs(percent) >= 0.1 else 4
    return f"{percent:.{digits}f}%".replace("-", "\u2212")


def format_figure(value: float | None, unit: str) -> str:
    """Format a published figure, or this snapshot's value for it, by its unit in the seed `published_figures`."""
    if unit in {"share", "rate"}:
        return format_share(value)
    if unit in {"similarity", "difference of shares"}:
        return format_number(value, 3)
    if value is not None and (unit == "languages" or not float(value).is_integer()):
        return format_number(value, 2)
    return format_number(value)


def study_note(published: str | None) -> str:
    """The study's value in parentheses, to follow this snapshot's; empty if the study published none."""
    return "" if published is None else f" (study {published})"


def join_words(words: Iterable[str]) -> str:
    """a, b and c."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else "none"


def count_of(n: int, one: str, many: str | None = None) -> str:
    """1 model, 2 models."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
