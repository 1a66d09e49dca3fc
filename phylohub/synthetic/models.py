"""All models of a synthetic hub: graph, traits, creation times, authors, sizes and ids."""

from __future__ import annotations  # NumPy's arrays take type parameters in its stubs only

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phylohub.synthetic.arrow_text import Strings, join, take, text, where
from phylohub.synthetic.graph import ROOT, Array, Graph, Rng, Traits, choose, make_graph, make_traits
from phylohub.synthetic.words import PARAMETERS

SUFFIXES = ("sft", "LoRA", "GGUF", "merge", "distill")  # in the order of RELATIONS
# The Hub backfilled the creation time of older models with START.
START = int(datetime(2022, 3, 2, 23, 29, 4, tzinfo=UTC).timestamp())
END = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Models:
    """The models of a hub in the order of creation: arrays with one item per model."""

    graph: Graph
    traits: Traits
    created: Array  # seconds since 1970
    org: Array  # number of the organization
    size: Array  # place in PARAMETERS
    repeats_at: Array  # the model after which the list repeats this one; 0 if it does not

    def ids(self, models: Array) -> Strings:
        """Ids of models by number. The number -1-k is the k-th model that is no longer in the hub."""
        present = np.maximum(models, 0)
        if not models.size:
            return pa.array([], pa.string())
        stem, kind = self.graph.stem[present], self.graph.kind[present]
        name = join(
            self.authors(present),
            "/base-",
            text(stem),
            "-",
            take(list(PARAMETERS), self.size[stem]),
            where(kind != ROOT, join("-", take(SUFFIXES, kind), "-", text(present))),
        )
        return pc.if_else(pa.array(models >= 0), name, join("synthetic-gone/base-", text(-1 - models), "-7b"))

    def authors(self, models: Array) -> Strings:
        return join("synthetic-org-", cast(Any, pc).utf8_lpad(text(self.org[models]), 4, "0"))


def make_models(rng: Rng, n: int, *, drift: bool = True) -> Models:
    """Draw n models. The number of models per month grows with time; the first few are dated START."""
    # Use only operations that IEEE 754 rounds correctly (no logarithm, no power): the bytes must not depend on the
    # machine.
    ages = np.sqrt(np.maximum(rng.random(n) - 0.02, 0) / 0.98)
    created = np.sort(START + ((END - START) * ages).astype(np.int64))
    graph = make_graph(rng, n)
    traits = make_traits(rng, graph, drift=drift)
    u = rng.random(n)
    org = (max(1, n // 8) * u * u * u).astype(np.int32)
    size = choose([1] * len(PARAMETERS), rng.random(n)).astype(np.int8)
    repeats_at = np.zeros(n, dtype=np.int32)
    repeated = rng.permutation(n)[: n // 1_000]
    # Up to about one page of the Hub's list later.
    repeats_at[repeated] = np.minimum(repeated + rng.integers(1, 1_000, size=repeated.size), n - 1)
    return Models(graph, traits, created, org, size, repeats_at)
