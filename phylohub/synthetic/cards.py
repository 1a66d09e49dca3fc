"""The model cards of a synthetic hub.

A card starts with the names of the model and its parent, followed by text that the family shares and text of its own,
so relatives are more similar than unrelated models. Lengths follow the study: median 2,073 characters, mean 3,576, the
longest in the millions.
"""

import json
from collections.abc import Iterator, Sequence

import numpy as np

from phylohub.synthetic.graph import PLANTED, Array
from phylohub.synthetic.words import LANGUAGE_COUNTS, LICENSE_COUNTS, TASK_WEIGHTS, WORDS

# Quantiles of the length in characters, interpolated linearly; the tail above is proportional to 1 / (1 - share).
SHARES = (0.0, 0.02, 0.10, 0.25, 0.50, 0.75, 0.90, 0.97, 0.995)
LENGTHS = (11, 120, 500, 1_000, 2_073, 3_700, 6_600, 11_500, 18_500)
LONGEST = 18_000_000
BODY = 1 << 20  # characters of the text that cards are cut from; longer cards repeat it
GENERATED = "This model card has been generated automatically from the training run, and should be proofread. "


class Cards:
    """Generates cards, in the order of the calls to `lines`. The same seed gives the same cards."""

    def __init__(self, seed: int) -> None:
        # A separate stream, so that the records do not depend on the cards.
        self._rng = np.random.Generator(np.random.PCG64([seed, 1]))
        words = np.array([*WORDS, *TASK_WEIGHTS, *LANGUAGE_COUNTS, *LICENSE_COUNTS, "model", "data", "training", "##"])
        u = self._rng.random(BODY // 4)
        picked = words[(u * u * words.size).astype(np.int64)]
        ends = np.where(self._rng.random(u.size) < 0.1, ".\n", " ")
        text = "".join(word + end for word, end in zip(picked.tolist(), ends.tolist(), strict=True))
        self._body = text[:BODY]

    def lines(self, ids: Sequence[str], parents: Sequence[str | None], stems: Sequence[int]) -> Iterator[bytes]:
        """One line of JSON per model with its id and card. Models with the same stem share text."""
        share, generated, start = self._rng.random((3, len(ids)))
        odds = [PLANTED.generated_cards[parent is not None] for parent in parents]
        lengths = card_lengths(share, np.array([parent is not None for parent in parents], dtype=bool)).tolist()
        for row, (model, parent, stem, length) in enumerate(zip(ids, parents, stems, lengths, strict=True)):
            base = f"base_model: {parent}\n" if parent else ""
            head = f"---\ntags: [phylohub:synthetic]\n{base}---\n# {model}\n\n"
            head += GENERATED if generated[row] < odds[row] else ""
            head += f"It is made of {parent}. " if parent else ""
            rest = max(0, length - len(head))
            shared = (stem * 7_919) % (BODY // 2)
            own = int(start[row] * (BODY // 2))
            text = head + self._slice(shared, rest // 2) + self._slice(own, rest - rest // 2)
            yield json.dumps({"id": model, "card": text[:length]}, ensure_ascii=False).encode() + b"\n"

    def _slice(self, start: int, length: int) -> str:
        if start + length <= BODY:
            return self._body[start : start + length]
        return (self._body[start:] + self._body * (length // BODY + 1))[:length]


def card_lengths(share: Array, is_child: Array) -> Array:
    """Card lengths in characters for uniform numbers in [0, 1). Cards of children are shorter, as in the study."""
    shares, lengths = np.array(SHARES), np.array(LENGTHS, dtype=np.float64)
    place = np.minimum(np.searchsorted(shares, share, side="right"), shares.size - 1)
    # np.interp may be compiled with fused operations, and then the last bit depends on the machine.
    slope = (lengths[place] - lengths[place - 1]) / (shares[place] - shares[place - 1])
    length = lengths[place - 1] + (share - shares[place - 1]) * slope
    tail = share > SHARES[-1]
    length[tail] = np.minimum(LENGTHS[-1] * (1 - SHARES[-1]) / (1 - share[tail]), LONGEST)
    length = np.where(is_child, length * 0.7, length * 1.12)
    return np.asarray(np.maximum(length, LENGTHS[0]).astype(np.int64))
