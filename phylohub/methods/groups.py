"""Grouping the rows of tables held as arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def numbered(*columns: NDArray[Any]) -> tuple[list[tuple[Any, ...]], NDArray[np.int64]]:
    """The distinct rows of some columns, sorted, and the number of each row among them: shape (n,).

    Meant for string columns, where `numpy.unique` would sort all rows.
    """
    rows = list(zip(*columns, strict=True))
    distinct = sorted(set(rows))
    number = {row: place for place, row in enumerate(distinct)}
    return distinct, np.fromiter((number[row] for row in rows), np.int64, len(rows))


def split(rows: dict[str, NDArray[Any]], *by: str) -> dict[tuple[Any, ...], dict[str, NDArray[Any]]]:
    """Split a table (columns by name) by the distinct values of some columns. Rows keep their order."""
    distinct, number = numbered(*(rows[column] for column in by))
    places = {value: np.flatnonzero(number == place) for place, value in enumerate(distinct)}
    return {value: {name: column[at] for name, column in rows.items()} for value, at in places.items()}
