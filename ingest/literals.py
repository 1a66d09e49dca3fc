"""Parse Python literals. They are parsed as literals and never evaluated."""

import ast
import json
import re
from typing import Any

# A string without escapes, any other string, a constant, or a lone quote, which is an error.
_TOKEN = re.compile(
    r"""'([^'\\"\x00-\x1f]*+)'|'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|\bTrue\b|\bFalse\b|\bNone\b|['"]""", re.DOTALL
)
_CONSTANTS = {"True": "true", "False": "false", "None": "null"}


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number")


_DECODER = json.JSONDecoder(parse_constant=_no_number)  # Infinity and NaN are neither JSON nor Python literals


def json_of_literal(text: str) -> tuple[str, Any]:
    """Convert a Python literal to JSON; return the JSON and the value.

    Raises ValueError if the string is not a literal or is nested too deeply.
    """
    # plain_literal is faster than literal_eval, which handles the other cases.
    try:
        return plain_literal(text)
    except ValueError:
        pass
    try:
        as_json = json.dumps(ast.literal_eval(text), allow_nan=False)
        return as_json, json.loads(as_json)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"not a Python literal: {error}") from error


def plain_literal(text: str) -> tuple[str, Any]:
    """As `json_of_literal`, but only for literals that become JSON if their strings and constants do. Adjacent strings,
    which Python concatenates, are none."""
    try:
        as_json = _TOKEN.sub(_json_token, text)
        return as_json, _DECODER.decode(as_json)
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"not a plain literal: {error}") from error


def _json_token(match: re.Match[str]) -> str:
    if match[1] is not None:
        return f'"{match[1]}"'
    token = match[0]
    if token in _CONSTANTS:
        return _CONSTANTS[token]
    if len(token) == 1:
        raise ValueError("unterminated string")
    return json.dumps(ast.literal_eval(token))
