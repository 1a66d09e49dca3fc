"""A synthetic hub: invented models with planted family trees, in the shape of the Hub's model list.

No model in it is real. Every id is `synthetic-<org>/<name>`, and every record carries the tag `phylohub:synthetic`.
arXiv numbers are higher than any that arXiv has assigned, and DOIs use the prefix reserved for tests. `PLANTED` holds
the rates that the generator plants, so that a measurement can be compared with the truth.
"""

from __future__ import annotations  # NumPy's classes take type parameters in their stubs only

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa

from phylohub.synthetic.arrow_text import Strings, buffer
from phylohub.synthetic.cards import Cards
from phylohub.synthetic.graph import Rng
from phylohub.synthetic.models import Models, make_models
from phylohub.synthetic.records import RecordBlock

BLOCK = 20_000  # models formatted at a time, which bounds memory


@dataclass(frozen=True)
class Block:
    """Lines of records, each with its newline, and lines of cards if cards are requested."""

    records: Strings
    cards: Iterator[bytes]


def records(n_models: int, seed: int) -> Iterator[dict[str, Any]]:
    """The records of a synthetic hub, in the shape of `GET /api/models?full=true&cardData=true`.

    Yields n_models distinct ids in the order of `createdAt`. It repeats n_models // 1000 of them up to 999 models
    later, with a newer `lastModified`, more `downloads`, and the same tags in another order. The graph and the traits
    follow the study's methods ("The graph", "Traits") with the rates in PLANTED. The same n_models and seed give the
    same records on every machine. Raises ValueError if either is negative.
    """
    hub = blocks(n_models, seed)
    return (json.loads(line) for block in hub for line in block.records.to_pylist())


def write_hub(path: Path, n_models: int, seed: int, cards: Path | None = None, *, drift: bool = True) -> int:
    """Write `records(n_models, seed)` to `path` as JSON Lines and return the number of lines.

    Without `drift`, mutations have no direction (`graph.make_traits`). `cards` is a second file for the cards of
    the same models: JSON Lines with id and card. It does not affect the records. Names that end in .gz or .zst are
    compressed. The bytes depend on the arguments and the compressor's version only: the gzip header holds no time
    and no name. Files appear complete or not at all. Raises ValueError if n_models or seed is negative, and OSError
    if a file cannot be written.
    """
    hub = blocks(n_models, seed, with_cards=cards is not None, drift=drift)
    n_lines = 0
    with ExitStack() as files:
        card_file = files.enter_context(_replacing(cards)) if cards else None
        file = files.enter_context(_replacing(path))
        for block in hub:
            n_lines += len(block.records)
            file.write(buffer(block.records))
            if card_file:
                card_file.writelines(block.cards)
    return n_lines


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A temporary file that replaces `path` if the block succeeds."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile("", "wb", 6, raw, mtime=0) as out:
                    yield cast(BinaryIO, out)
            elif path.suffix == ".zst":
                with pa.CompressedOutputStream(raw, "zstd") as out:
                    yield cast(BinaryIO, out)
            else:
                yield raw
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def blocks(n_models: int, seed: int, *, with_cards: bool = False, drift: bool = True) -> Iterator[Block]:
    """The hub as text, block by block. Raises ValueError immediately if an argument is negative."""
    if n_models < 0:
        raise ValueError(f"n_models must not be negative: {n_models}")
    rng = np.random.Generator(np.random.PCG64(seed))
    return _blocks(rng, make_models(rng, n_models, drift=drift), Cards(seed) if with_cards else None)


def _blocks(rng: Rng, hub: Models, cards: Cards | None) -> Iterator[Block]:
    n = hub.created.size
    # Repeated records that belong to a later block, and their sort keys.
    late, late_keys = pa.array([], pa.string()), np.zeros(0, dtype=np.int64)
    for start in range(0, n, BLOCK):
        models = np.arange(start, min(start + BLOCK, n))
        block = RecordBlock(rng, hub, models)
        repeated = np.flatnonzero(hub.repeats_at[models])
        lines = pa.concat_arrays([block.lines(), block.repeated_lines(repeated), late])
        # Model k sorts at 2k, and a repeat after model k at 2k + 1.
        keys = np.concatenate([models * 2, hub.repeats_at[models[repeated]].astype(np.int64) * 2 + 1, late_keys])
        order = np.argsort(keys, kind="stable")
        ready = order[keys[order] < 2 * (models[-1] + 1)]
        rest = order[ready.size :]
        late, late_keys = lines.take(pa.array(rest)), keys[rest]
        yield Block(lines.take(pa.array(ready)), block.card_lines(cards) if cards else iter(()))
