"""The texts of a synthetic hub's model cards.

A card opens with its own name and its parent's, then comes text that the family shares, then text of its own:
relatives are more alike than strangers. Lengths are the study's: median 2,073 characters, mean 3,576, the longest
in the millions.
"""

import json
from collections.abc import Iterator, Sequence

import numpy as np

from phylohub.synthetic.graph import PLANTED, Array
from phylohub.synthetic.words import LANGUAGE_COUNTS, LICENSE_COUNTS, TASK_WEIGHTS, WORDS

# Characters at these shares of all cards, straight lines between; beyond, lengths go with 1 / (1 - share).
SHARES = (0.0, 0.02, 0.10, 0.25, 0.50, 0.75, 0.90, 0.97, 0.995)
LENGTHS = (11, 120, 500, 1_000, 2_073, 3_700, 6_600, 11_500, 18_500)
LONGEST = 18_000_000
BODY = 1 << 20  # characters of text that cards are cut from; longer ones repeat it
GENERATED = "This model card has been generated automatically from the training run, and should be proofread. "


class Cards:
    """Cards in the order in which `lines` is asked for them. The same seed gives the same cards."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.Generator(
            np.random.PCG64([seed, 1])
        )  # apart from the records' draws, which stay the same
        words = np.array([*WORDS, *TASK_WEIGHTS, *LANGUAGE_COUNTS, *LICENSE_COUNTS, "model", "data", "training", "##"])
        u = self._rng.random(BODY // 4)
        picked = words[(u * u * words.size).astype(np.int64)]
        ends = np.where(self._rng.random(u.size) < 0.1, ".\n", " ")
        text = "".join(word + end for word, end in zip(picked.tolist(), ends.tolist(), strict=True))
        self._body = text[:BODY]

    def lines(self, ids: Sequence[str], parents: Sequence[str | None], stems: Sequence[int]) -> Iterator[bytes]:
        """A line of JSON for each model: its id and card. `parents` are ids or None, `stems` tell the family."""
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
    """Characters of cards for uniform numbers; children's are shorter, as the study found."""
    shares, lengths = np.array(SHARES), np.array(LENGTHS, dtype=np.float64)
    place = np.minimum(np.searchsorted(shares, share, side="right"), shares.size - 1)
    # Not np.interp: compilers may fuse its steps, and then the last bit depends on the machine.
    slope = (lengths[place] - lengths[place - 1]) / (shares[place] - shares[place - 1])
    length = lengths[place - 1] + (share - shares[place - 1]) * slope
    tail = share > SHARES[-1]
    length[tail] = np.minimum(LENGTHS[-1] * (1 - SHARES[-1]) / (1 - share[tail]), LONGEST)
    length = np.where(is_child, length * 0.7, length * 1.12)
    return np.asarray(np.maximum(length, LENGTHS[0]).astype(np.int64))
