"""A synthetic hub: invented models with planted family trees, in the shape of the Hub's model list.

Nothing in it is a real model. Every id is `synthetic-<org>/<name>`, every record carries the tag
`phylohub:synthetic`, arXiv numbers are higher than any month has reached, DOIs use the prefix reserved for tests.
What the generator plants stands in `PLANTED`, so that a measurement can be compared with the truth.

The text of a block of records is put together by column, with Arrow's string functions. Of three ways tried on five
fields, without the shuffling of tags that all share, they took 0.3 microseconds a record, DuckDB's functions 0.7 and a
Python string a record 1.7.
"""

from __future__ import annotations  # pyarrow's and NumPy's classes take type parameters in their stubs only

import gzip
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phylohub.synthetic.cards import Cards
from phylohub.synthetic.graph import (
    NO_CODE,
    PLANTED,
    QUANTIZED,
    RELATIONS,
    ROOT,
    Array,
    Graph,
    Rng,
    Traits,
    choose,
    make_graph,
    make_traits,
)
from phylohub.synthetic.words import (
    DATASET_COUNTS,
    FLAG_SHARES,
    LANGUAGE_COUNTS,
    LIBRARY_WEIGHTS,
    LICENSE_COUNTS,
    PARAMETERS,
    STUDY_MODELS,
    TASK_WEIGHTS,
    THREE_LETTERS,
    WORDS,
)

Strings = Any  # an Arrow array of strings; pyarrow's stubs do not know its string functions well

SUFFIXES = ("sft", "LoRA", "GGUF", "merge", "distill")
# The Hub dates everything older at START.
START = int(datetime(2022, 3, 2, 23, 29, 4, tzinfo=UTC).timestamp())
END = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
BLOCK = 20_000  # models formatted at a time: bounds the memory that the draws take
COMMON_PAPER, OTHER_PAPERS, PAPERS = 0.155, 0.05, 8_789  # the template of cards cites one paper, says the study
DOI_SHARE, DOI_DOWNLOADS = 0.003, 29  # models with a DOI are downloaded 29 times as often, says the study
LARGEST = 1 - 1e-7  # keeps u / (1 - u) within integers


@dataclass(frozen=True)
class Block:
    """Lines of records, each with its newline, and the cards of its models if they were asked for."""

    records: Strings
    cards: Iterator[bytes]


def records(n_models: int, seed: int) -> Iterator[dict[str, Any]]:
    """The records of a synthetic hub, as `GET /api/models?full=true&cardData=true` shapes them.

    Yields n_models distinct ids in the order of `createdAt`, and again n_models // 1000 of them, up to 999 models
    later, with a newer `lastModified`, more `downloads` and the same tags in another order. The graph and
    the traits follow the study's methods ("The graph", "Traits"); PLANTED holds their truths.
    The same n_models and seed give the same records everywhere. Raises ValueError when either is negative.
    """
    hub = blocks(n_models, seed)
    return (json.loads(line) for block in hub for line in block.records.to_pylist())


def write_hub(path: Path, n_models: int, seed: int, cards: Path | None = None) -> int:
    """Write `records(n_models, seed)` to `path` as JSON Lines and return the number of lines.

    `cards` is a second file, of the same models' cards: JSON Lines of id and card, the records the same as without.
    A file is gzip or zstd when its name ends in .gz or .zst; in the header of gzip stand neither a time nor a name: the
    bytes depend on the arguments (and the compressor's version) only. Files appear complete or not at all. Raises
    ValueError when n_models or seed is negative, OSError when a file cannot be written.
    """
    hub = blocks(n_models, seed, with_cards=cards is not None)
    lines = 0
    with ExitStack() as files:
        card_file = files.enter_context(_replacing(cards)) if cards else None
        file = files.enter_context(_replacing(path))
        for block in hub:
            lines += len(block.records)
            file.write(_bytes(block.records))
            if card_file:
                card_file.writelines(block.cards)
    return lines


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` when all has gone well."""
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


def blocks(n_models: int, seed: int, *, with_cards: bool = False) -> Iterator[Block]:
    """The hub as text, block by block. Raises ValueError at once when an argument is negative."""
    if n_models < 0:
        raise ValueError(f"n_models must not be negative: {n_models}")
    rng = np.random.Generator(np.random.PCG64(seed))
    return _blocks(rng, n_models, Cards(seed) if with_cards else None)


def _blocks(rng: Rng, n: int, cards: Cards | None) -> Iterator[Block]:
    hub = _make_hub(rng, n)
    late, late_due = pa.array([], pa.string()), np.zeros(0, dtype=np.int64)
    for start in range(0, n, BLOCK):
        models = np.arange(start, min(start + BLOCK, n))
        text = _Text(rng, hub, models)
        again = np.flatnonzero(hub.repeats_at[models])
        lines = pa.concat_arrays([text.lines(), text.lines_again(again), late])
        due = np.concatenate([models * 2, hub.repeats_at[models[again]].astype(np.int64) * 2 + 1, late_due])
        order = np.argsort(due, kind="stable")
        ready = order[due[order] < 2 * (models[-1] + 1)]
        rest = order[ready.size :]
        late, late_due = lines.take(pa.array(rest)), due[rest]
        yield Block(lines.take(pa.array(ready)), text.card_lines(cards, hub, models) if cards else iter(()))


@dataclass(frozen=True)
class _Hub:
    """What the hub holds of all its models: a few bytes each."""

    graph: Graph
    traits: Traits
    created: Array  # seconds since 1970
    org: Array
    size: Array  # place among PARAMETERS
    repeats_at: Array  # after which model a model comes again, 0 if it does not


def _make_hub(rng: Rng, n: int) -> _Hub:
    # The Hub grows: more models a month as time passes, the first few back-filled to START. Only operations that
    # IEEE 754 rounds correctly (no logarithm, no power) are used throughout: the same bytes on every machine.
    ages = np.sqrt(np.maximum(rng.random(n) - 0.02, 0) / 0.98)
    created = np.sort(START + ((END - START) * ages).astype(np.int64))
    graph = make_graph(rng, n)
    traits = make_traits(rng, graph)
    u = rng.random(n)
    org = (max(1, n // 8) * u * u * u).astype(np.int32)
    size = choose([1] * len(PARAMETERS), rng.random(n)).astype(np.int8)
    repeats_at = np.zeros(n, dtype=np.int32)
    repeated = rng.permutation(n)[: n // 1_000]
    repeats_at[repeated] = np.minimum(repeated + rng.integers(1, 1_000, size=repeated.size), n - 1)  # about a page
    return _Hub(graph, traits, created, org, size, repeats_at)


class _Text:
    """The text of a block of records, by column."""

    def __init__(self, rng: Rng, hub: _Hub, models: Array) -> None:
        self._hub, self._models, n = hub, models, models.size
        graph, traits = hub.graph, hub.traits
        draws = rng.random((16, n))
        bare, pulls, liking, trend, gate, age, word, n_words, newer, more, *forms = draws
        self._newer, self._more = newer, more
        as_list, odd, papers, sets, doi, left_out = forms
        created, n_children = hub.created[models], graph.n_children[models].astype(np.float64)
        self._modified = created + ((END - created) * age * age * age).astype(np.int64)
        popular = np.where(doi < DOI_SHARE, DOI_DOWNLOADS, 1) * (1 + n_children)
        self._downloads = (8 * popular * _odds(pulls)).astype(np.int64)
        likes = (0.1 * (1 + n_children) * _odds(liking)).astype(np.int64)

        flags = rng.random((n, len(FLAG_SHARES))) < np.array(list(FLAG_SHARES.values()))
        names = list(FLAG_SHARES)
        self.edges = slice(*np.searchsorted(graph.child, [models[0], models[-1] + 1]).tolist())
        child = graph.child[self.edges] - models[0]
        relation, parent = graph.relation[self.edges], graph.parent[self.edges]
        flags[child[relation == QUANTIZED], names.index("gguf")] = True
        has_weights, has_gguf = flags[:, names.index("safetensors")], flags[:, names.index("gguf")]
        rows = np.arange(n)

        licenses, tasks, libraries = traits.license[models], traits.task[models], traits.library[models]
        words_of = _ragged(n, (n_words * 12).astype(np.int64))
        words = _take(WORDS, ((word * 22).astype(np.int64)[words_of[0]] + 5 * words_of[1]) % len(WORDS))

        spoken = traits.languages[models] != NO_CODE
        speaker, code = np.nonzero(spoken)[0], traits.languages[models][spoken].astype(np.int64)
        # Some owners write codes of three letters. YAML reads a bare `no` as false; the language is then nowhere else.
        code += np.where((odd[speaker] < 0.02) & _IS_SHORTENED[code], len(LANGUAGE_COUNTS), 0)
        spoiled = (code == _NORWEGIAN) & (as_list[speaker] < 0.7)
        sure = np.ones(n, dtype=bool)
        sure[speaker[spoiled | (code >= len(LANGUAGE_COUNTS))]] = False

        parents = self.names(parent)
        typed = (graph.is_planted[models] | (bare >= PLANTED.bare_only))[child]
        once = np.sort(np.unique(np.stack([child, parent]), axis=1, return_index=True)[1]) if child.size else child

        in_study = sum(DATASET_COUNTS) / STUDY_MODELS
        known = np.flatnonzero(sets < in_study)
        unknown = np.flatnonzero((sets >= in_study) & (sets < 0.12))
        two = known[sets[known] < 0.02]
        data_rows = np.concatenate([known, unknown, two])
        data = np.concatenate(
            [
                choose(DATASET_COUNTS, sets[known] / in_study),
                len(DATASET_COUNTS) + ((sets[unknown] - in_study) * 200_000).astype(np.int64),
                np.full(two.size, 20_000),
            ]
        )
        order = np.argsort(data_rows, kind="stable")
        data_rows, datasets = data_rows[order], _join("synthetic-data/set-", _text(data[order]))

        cites = np.flatnonzero(papers < COMMON_PAPER + OTHER_PAPERS)
        u = np.maximum(papers[cites] - COMMON_PAPER, 0) / OTHER_PAPERS
        paper = 1 + (u * u * u * PAPERS).astype(np.int64)
        paper[papers[cites] < COMMON_PAPER] = 0
        arxiv = _join("arxiv:", _text(2203 + paper % 10), ".", _text(90_000 + paper))
        with_doi = np.flatnonzero(doi < DOI_SHARE)

        pieces = [
            (rows, _constant("phylohub:synthetic", n)),
            (rows, _constant("region:us", n)),
            *(_some(values, places) for values, places in ((_LIBRARIES, libraries), (_TASKS, tasks))),
            (np.nonzero(flags)[0], _take(names, np.nonzero(flags)[1])),
            (words_of[0], words),
            (np.flatnonzero(licenses >= 0), _take(_LICENSE_TAGS, licenses[licenses >= 0])),
            (speaker[~spoiled], _take(_CODES, code[~spoiled])),
            (child[once], _join("base_model:", parents.take(pa.array(once)))),
            (
                child[typed],
                _join("base_model:", _take(RELATIONS, relation[typed]), ":", parents.filter(pa.array(typed))),
            ),
            (cites, arxiv),
            (data_rows, _join("dataset:", datasets)),
            (with_doi, _join("doi:10.5555/synthetic.", _text((doi[with_doi] * 1e7).astype(np.int64)))),
        ]
        owner = np.concatenate([place for place, _ in pieces])
        shuffled = np.argsort(owner + rng.random(owner.size), kind="stable")
        self._tags = _lists(owner[shuffled], pa.concat_arrays([t for _, t in pieces]).take(pa.array(shuffled)), n)

        with_more = odd > 0.85
        card = [
            _where(licenses >= 0, _field("license", _listed(_take(_LICENSES, licenses), odd > 0.99))),
            _where(
                spoken[:, 0],
                _join(
                    '"language":',
                    _lists(speaker, _take(_CODES_AS_JSON, np.where(spoiled, -1, code)), n, "", as_list >= 0.5),
                    ",",
                ),
            ),
            _where(
                np.bincount(child, minlength=n) > 0,
                _join('"base_model":', _lists(child[once], parents.take(pa.array(once)), n, '"', as_list >= 0.6), ","),
            ),
            _where(with_more & (libraries >= 0), _field("library_name", _listed(_take(_LIBRARIES, libraries)))),
            _where(with_more & (tasks >= 0), _field("pipeline_tag", _listed(_take(_TASKS, tasks)))),
            _where(with_more & (n_words >= 1 / 12), _join('"tags":', _lists(words_of[0], words, n), ",")),
            _where(np.bincount(data_rows, minlength=n) > 0, _join('"datasets":', _lists(data_rows, datasets, n), ",")),
            _where(sets > 0.998, _constant('"datasets":[null],', n)),
        ]
        # Without a card a reader has only the tags, where two-letter languages are the only sure ones.
        fields = _where((left_out > 0.02) | ~sure, _join(*card))
        has_fields = np.array(pc.utf8_length(fields)) > 0
        self.has_card = has_fields | (left_out > 0.95)

        self._ids = self.names(models)
        machine = rng.bytes(5 * n)
        self._before = _join(
            '{"_id":"',
            _object_ids(created, machine, models),
            '","id":"',
            self._ids,
            '","author":"',
            self._authors(models),
            '","modelId":"',
            self._ids,
            '","sha":"',
            _fixed(rng.bytes(20 * n).hex(), 40),
            '","createdAt":"',
            _times(created),
            '","lastModified":"',
        )
        self._between = _join(
            '","private":false,"gated":',
            _take(('"manual"', '"auto"', "false"), np.where(gate < 0.01, 0, np.where(gate < 0.03, 1, 2))),
            ',"disabled":false,"downloads":',
        )
        score = np.where(trend < 0.9, 0, np.where(trend < 0.95, 1, 2 + (trend - 0.95) * 400)).astype(np.int64)
        parameters = _take([str(count) for count in PARAMETERS.values()], hub.size[graph.stem[models]])
        self._after_downloads = _join(
            ',"likes":', _text(likes), ',"trendingScore":', _take(("0", "0.5", *map(str, range(20))), score), ',"tags":'
        )
        self._after = _join(
            ',"siblings":[{"rfilename":".gitattributes"},{"rfilename":"config.json"},{"rfilename":"model.',
            _take(("safetensors", "gguf"), has_gguf.astype(np.int8)),
            '"}',
            _where(self.has_card, _constant(',{"rfilename":"README.md"}', n)),
            "]",
            _where(tasks >= 0, _join(',"pipeline_tag":"', _take(_TASKS, tasks), '"')),
            _where(libraries >= 0, _join(',"library_name":"', _take(_LIBRARIES, libraries), '"')),
            _where(has_fields, _join(',"cardData":{', pc.utf8_rtrim(fields, ","), "}")),
            _where(
                has_weights, _join(',"safetensors":{"parameters":{"BF16":', parameters, '},"total":', parameters, "}")
            ),
            "}\n",
        )

    def lines(self) -> Strings:
        return _join(
            self._before,
            _times(self._modified),
            self._between,
            _text(self._downloads),
            self._after_downloads,
            self._tags,
            self._after,
        )

    def lines_again(self, rows: Array) -> Strings:
        """The records of these rows as they come a second time."""
        modified, at = self._modified[rows], pa.array(rows)
        tags = (text[2:-2].split('","') for text in self._tags.take(at).to_pylist())
        reverse = ['["' + '","'.join(reversed(these)) + '"]' for these in tags]
        return _join(
            self._before.take(at),
            _times(modified + 1 + ((END - modified - 1) * self._newer[rows]).astype(np.int64)),
            self._between.take(at),
            _text(self._downloads[rows] + 1 + (100 * self._more[rows]).astype(np.int64)),
            self._after_downloads.take(at),
            pa.array(reverse, pa.string()),
            self._after.take(at),
        )

    def card_lines(self, cards: Cards, hub: _Hub, models: Array) -> Iterator[bytes]:
        """The cards of the block's models that have one."""
        first = np.searchsorted(hub.graph.child, models)
        is_child = hub.graph.kind[models] != ROOT
        parents = (
            self.names(hub.graph.parent[np.minimum(first, hub.graph.parent.size - 1)]) if is_child.any() else self._ids
        )
        rows = np.flatnonzero(self.has_card)
        return cards.lines(
            self._ids.take(pa.array(rows)).to_pylist(),
            [
                name if has else None
                for name, has in zip(parents.take(pa.array(rows)).to_pylist(), is_child[rows], strict=True)
            ],
            hub.graph.stem[models[rows]].tolist(),
        )

    def names(self, models: Array) -> Strings:
        """Ids of models; of those that are gone, -1-k, as well."""
        hub, there = self._hub, np.maximum(models, 0)
        if not models.size:
            return pa.array([], pa.string())
        stem, kind = hub.graph.stem[there], hub.graph.kind[there]
        name = _join(
            self._authors(there),
            "/base-",
            _text(stem),
            "-",
            _take(list(PARAMETERS), hub.size[stem]),
            _where(kind != ROOT, _join("-", _take(SUFFIXES, kind), "-", _text(there))),
        )
        return pc.if_else(pa.array(models >= 0), name, _join("synthetic-gone/base-", _text(-1 - models), "-7b"))

    def _authors(self, models: Array) -> Strings:
        return _join("synthetic-org-", cast(Any, pc).utf8_lpad(_text(self._hub.org[models]), 4, "0"))


# Words by their place; a place of -1 is the last one, which stands for none.
_LICENSES, _LICENSE_TAGS = (*LICENSE_COUNTS, ""), tuple(f"license:{word}" for word in LICENSE_COUNTS)
_TASKS, _LIBRARIES = (*TASK_WEIGHTS, ""), (*LIBRARY_WEIGHTS, "")
_CODES = (*LANGUAGE_COUNTS, *(THREE_LETTERS.get(code, code) for code in LANGUAGE_COUNTS))
_CODES_AS_JSON = (*(f'"{code}"' for code in _CODES), "false")
_IS_SHORTENED = np.array([code in THREE_LETTERS for code in LANGUAGE_COUNTS])
_NORWEGIAN = list(LANGUAGE_COUNTS).index("no")


def _odds(u: Array) -> Array:
    u = np.minimum(u, LARGEST)
    return cast(Array, u / (1 - u))


def _ragged(n: int, counts: Array) -> tuple[Array, Array]:
    """Row and number within the row of every item of rows with so many items."""
    row = np.repeat(np.arange(n), counts)
    return row, np.arange(row.size) - np.repeat(np.cumsum(counts) - counts, counts)


def _join(*parts: Strings) -> Strings:
    return cast(Any, pc).binary_join_element_wise(*parts, "")


def _arrow(values: Array) -> Any:
    return pa.array(values)  # the stubs take every NumPy array for one of booleans


def _text(numbers: Array) -> Strings:
    return _arrow(numbers).cast(pa.string())


def _take(words: Sequence[str], places: Array) -> Strings:
    """The words at these places; -1 is the last one, as in Python."""
    return pa.array(words, pa.string()).take(_arrow(np.where(places < 0, len(words) - 1, places)))


def _some(words: Sequence[str], places: Array) -> tuple[Array, Strings]:
    rows = np.flatnonzero(places >= 0)
    return rows, _take(words, places[rows])


def _constant(word: str, n: int) -> Strings:
    return pa.repeat(pa.scalar(word, pa.string()), n)


def _where(condition: Array, text: Strings) -> Strings:
    return pc.if_else(pa.array(condition), text, "")


def _field(name: str, value: Strings) -> Strings:
    return _join(f'"{name}":', value, ",")


def _listed(words: Strings, as_list: Array | None = None) -> Strings:
    text = _join('"', words, '"')
    return text if as_list is None else pc.if_else(pa.array(as_list), _join("[", text, "]"), text)


def _lists(rows: Array, items: Strings, n: int, quote: str = '"', as_list: Array | None = None) -> Strings:
    """For each of n rows its items as a JSON list; a row with a single one that is not `as_list`, as that one."""
    counts = np.bincount(rows, minlength=n)
    ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    joined = pc.binary_join(pa.ListArray.from_arrays(_arrow(ends), items), f"{quote},{quote}")
    text = _where(counts > 0, _join(quote, joined, quote))
    listed = _join("[", text, "]")
    return listed if as_list is None else pc.if_else(pa.array(as_list | (counts > 1)), listed, text)


def _times(seconds: Array) -> Strings:
    text = _arrow(seconds).cast(pa.timestamp("s")).cast(pa.string())
    return _join(pc.replace_substring(text, " ", "T"), ".000Z")


def _fixed(text: str, width: int) -> Strings:
    """A text cut into strings of equal width."""
    n = len(text) // width
    ends = np.arange(0, len(text) + 1, width, dtype=np.int32)
    return pa.StringArray.from_buffers(n, pa.py_buffer(ends.tobytes()), pa.py_buffer(text.encode()))


def _object_ids(created: Array, machine: bytes, models: Array) -> Strings:
    """Identifiers as the Hub's database makes them: 4 bytes of time, 5 of the machine, 3 of a counter, in hex."""
    n = models.size
    found = np.empty((n, 12), dtype=np.uint8)
    found[:, :4] = created.astype(">u4").view(np.uint8).reshape(n, 4)
    found[:, 4:9] = np.frombuffer(machine, dtype=np.uint8).reshape(n, 5)
    found[:, 9:] = models.astype(">u4").view(np.uint8).reshape(n, 4)[:, 1:]
    return _fixed(found.tobytes().hex(), 24)


def _bytes(lines: Strings) -> memoryview:
    """The text of an array of strings, one after the other, without a copy."""
    if not len(lines):
        return memoryview(b"")
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])]
