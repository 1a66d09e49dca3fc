"""The records of a block of models as JSON lines, built by column."""

from __future__ import annotations  # pyarrow's and NumPy's classes take type parameters in their stubs only

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phylohub.synthetic.arrow_text import (
    Strings,
    constant,
    field,
    join,
    lists,
    object_ids,
    one_value,
    split,
    take,
    text,
    times,
    where,
)
from phylohub.synthetic.cards import Cards
from phylohub.synthetic.graph import NO_CODE, PLANTED, QUANTIZED, RELATIONS, ROOT, Array, Rng, choose
from phylohub.synthetic.models import END, Models
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

# The study: the card template cites one paper, and models with a DOI have 29 times as many downloads.
COMMON_PAPER, OTHER_PAPERS, PAPERS = 0.155, 0.05, 8_789
DOI_SHARE, DOI_DOWNLOADS = 0.003, 29
LARGEST = 1 - 1e-7  # keeps u / (1 - u) within the range of integers

# Lists of words; the place -1 is the last one, which stands for no value.
_LICENSES, _LICENSE_TAGS = (*LICENSE_COUNTS, ""), tuple(f"license:{word}" for word in LICENSE_COUNTS)
_TASKS, _LIBRARIES = (*TASK_WEIGHTS, ""), (*LIBRARY_WEIGHTS, "")
_CODES = (*LANGUAGE_COUNTS, *(THREE_LETTERS.get(code, code) for code in LANGUAGE_COUNTS))
_CODES_AS_JSON = (*(f'"{code}"' for code in _CODES), "false")
_HAS_THREE_LETTERS = np.array([code in THREE_LETTERS for code in LANGUAGE_COUNTS])
_NORWEGIAN = list(LANGUAGE_COUNTS).index("no")
_FLAGS = list(FLAG_SHARES)

Items = tuple[Array, Strings]  # row numbers within the block, and one value for each


class _Draws(NamedTuple):
    """Uniform numbers in [0, 1), one array per property. The order is part of the output: draws never move."""

    bare_only: Array
    downloads: Array
    likes: Array
    trending: Array
    gated: Array
    modified: Array
    first_word: Array
    n_words: Array
    repeat_modified: Array
    repeat_downloads: Array
    as_list: Array
    style: Array
    paper: Array
    dataset: Array
    doi: Array
    left_out: Array


@dataclass(frozen=True)
class _Languages:
    """Languages of a block, one item per model and language. `codes` are places in _CODES.

    `is_yaml_no`: YAML reads the bare code `no` as false. `in_tags_as_well`, one item per model: the tags alone give
    the model's languages.
    """

    rows: Array
    codes: Array
    is_yaml_no: Array
    in_tags_as_well: Array


@dataclass(frozen=True)
class _Parents:
    """Edges of a block's models. `first` are the edges that remain when pairs with two relations count once."""

    rows: Array
    relations: Array
    ids: Strings
    first: Array
    is_typed: Array

    @property
    def once(self) -> Items:
        return self.rows[self.first], self.ids.take(pa.array(self.first))


class RecordBlock:
    """The records of consecutive models, held as columns of JSON text between the fields that a repeat changes."""

    def __init__(self, rng: Rng, hub: Models, models: Array) -> None:
        self._hub, self._models, n = hub, models, models.size
        draws = self._draws = _Draws(*rng.random((16, n)))
        created, n_children = hub.created[models], hub.graph.n_children[models].astype(np.float64)
        age = draws.modified
        self._modified = created + ((END - created) * age * age * age).astype(np.int64)
        popularity = np.where(draws.doi < DOI_SHARE, DOI_DOWNLOADS, 1) * (1 + n_children)
        self._downloads = (8 * popularity * _odds(draws.downloads)).astype(np.int64)
        likes = (0.1 * (1 + n_children) * _odds(draws.likes)).astype(np.int64)

        flags = rng.random((n, len(FLAG_SHARES))) < np.array(list(FLAG_SHARES.values()))
        parents = _parents(draws, hub, models)
        flags[parents.rows[parents.relations == QUANTIZED], _FLAGS.index("gguf")] = True
        languages, words, datasets = _languages(draws, hub, models), _words(draws), _datasets(draws.dataset)
        self._tags = _tags(rng, draws, hub, models, flags, parents, languages, words, datasets)

        fields = _card_fields(draws, hub, models, parents, languages, words, datasets)
        # A record without card data shows its languages in the tags only: leave out only what the tags repeat.
        fields = where((draws.left_out > 0.02) | ~languages.in_tags_as_well, fields)
        has_fields = np.array(pc.utf8_length(fields)) > 0
        self.has_card = has_fields | (draws.left_out > 0.95)

        self._ids = hub.ids(models)
        machine = rng.bytes(5 * n)
        self._before_modified = join(
            '{"_id":"',
            object_ids(created, machine, models),
            '","id":"',
            self._ids,
            '","author":"',
            hub.authors(models),
            '","modelId":"',
            self._ids,
            '","sha":"',
            split(rng.bytes(20 * n).hex(), 40),
            '","createdAt":"',
            times(created),
            '","lastModified":"',
        )
        gated = np.where(draws.gated < 0.01, 0, np.where(draws.gated < 0.03, 1, 2))
        self._before_downloads = join(
            '","private":false,"gated":',
            take(('"manual"', '"auto"', "false"), gated),
            ',"disabled":false,"downloads":',
        )
        trend = draws.trending
        score = np.where(trend < 0.9, 0, np.where(trend < 0.95, 1, 2 + (trend - 0.95) * 400)).astype(np.int64)
        self._before_tags = join(
            ',"likes":', text(likes), ',"trendingScore":', take(("0", "0.5", *map(str, range(20))), score), ',"tags":'
        )
        self._after_tags = self._last_fields(flags, fields, has_fields)

    def lines(self) -> Strings:
        """One line of JSON per model."""
        return join(
            self._before_modified,
            times(self._modified),
            self._before_downloads,
            text(self._downloads),
            self._before_tags,
            self._tags,
            self._after_tags,
        )

    def repeated_lines(self, rows: Array) -> Strings:
        """The records of these rows as the list repeats them: modified later, more downloads, tags reversed."""
        modified, at = self._modified[rows], pa.array(rows)
        tags = (line[2:-2].split('","') for line in self._tags.take(at).to_pylist())
        reverse = ['["' + '","'.join(reversed(names)) + '"]' for names in tags]
        return join(
            self._before_modified.take(at),
            times(modified + 1 + ((END - modified - 1) * self._draws.repeat_modified[rows]).astype(np.int64)),
            self._before_downloads.take(at),
            text(self._downloads[rows] + 1 + (100 * self._draws.repeat_downloads[rows]).astype(np.int64)),
            self._before_tags.take(at),
            pa.array(reverse, pa.string()),
            self._after_tags.take(at),
        )

    def card_lines(self, cards: Cards) -> Iterator[bytes]:
        """One line of JSON per model that has a card."""
        graph, models = self._hub.graph, self._models
        first_edge = np.searchsorted(graph.child, models)
        is_child = graph.kind[models] != ROOT
        parents = (
            self._hub.ids(graph.parent[np.minimum(first_edge, graph.parent.size - 1)]) if is_child.any() else self._ids
        )
        rows = np.flatnonzero(self.has_card)
        return cards.lines(
            self._ids.take(pa.array(rows)).to_pylist(),
            [
                parent if has_parent else None
                for parent, has_parent in zip(parents.take(pa.array(rows)).to_pylist(), is_child[rows], strict=True)
            ],
            graph.stem[models[rows]].tolist(),
        )

    def _last_fields(self, flags: Array, card_fields: Strings, has_card_fields: Array) -> Strings:
        hub, traits, models = self._hub, self._hub.traits, self._models
        tasks, libraries = traits.task[models], traits.library[models]
        has_weights, has_gguf = flags[:, _FLAGS.index("safetensors")], flags[:, _FLAGS.index("gguf")]
        parameters = take([str(count) for count in PARAMETERS.values()], hub.size[hub.graph.stem[models]])
        return join(
            ',"siblings":[{"rfilename":".gitattributes"},{"rfilename":"config.json"},{"rfilename":"model.',
            take(("safetensors", "gguf"), has_gguf.astype(np.int8)),
            '"}',
            where(self.has_card, constant(',{"rfilename":"README.md"}', models.size)),
            "]",
            where(tasks >= 0, join(',"pipeline_tag":"', take(_TASKS, tasks), '"')),
            where(libraries >= 0, join(',"library_name":"', take(_LIBRARIES, libraries), '"')),
            where(has_card_fields, join(',"cardData":{', pc.utf8_rtrim(card_fields, ","), "}")),
            where(
                has_weights, join(',"safetensors":{"parameters":{"BF16":', parameters, '},"total":', parameters, "}")
            ),
            "}\n",
        )


def _parents(draws: _Draws, hub: Models, models: Array) -> _Parents:
    graph = hub.graph
    edges = slice(*np.searchsorted(graph.child, [models[0], models[-1] + 1]).tolist())
    rows, parent = graph.child[edges] - models[0], graph.parent[edges]
    # The planted shapes need their relation, so these models always have typed tags.
    is_typed = (graph.is_planted[models] | (draws.bare_only >= PLANTED.bare_only))[rows]
    first = np.sort(np.unique(np.stack([rows, parent]), axis=1, return_index=True)[1]) if rows.size else rows
    return _Parents(rows, graph.relation[edges], hub.ids(parent), first, is_typed)


def _languages(draws: _Draws, hub: Models, models: Array) -> _Languages:
    languages = hub.traits.languages[models]
    has_code = languages != NO_CODE
    rows, codes = np.nonzero(has_code)[0], languages[has_code].astype(np.int64)
    # Some authors write three-letter codes.
    codes += np.where((draws.style[rows] < 0.02) & _HAS_THREE_LETTERS[codes], len(LANGUAGE_COUNTS), 0)
    is_yaml_no = (codes == _NORWEGIAN) & (draws.as_list[rows] < 0.7)
    in_tags_as_well = np.ones(models.size, dtype=bool)
    in_tags_as_well[rows[is_yaml_no | (codes >= len(LANGUAGE_COUNTS))]] = False
    return _Languages(rows, codes, is_yaml_no, in_tags_as_well)


def _words(draws: _Draws) -> Items:
    """Free tags: up to 11 consecutive steps through WORDS from a random one."""
    rows, number = _expand((draws.n_words * 12).astype(np.int64))
    return rows, take(WORDS, ((draws.first_word * 22).astype(np.int64)[rows] + 5 * number) % len(WORDS))


def _datasets(u: Array) -> Items:
    """Datasets by the study's counts, then rare ones; some models have a second."""
    in_study = sum(DATASET_COUNTS) / STUDY_MODELS
    known = np.flatnonzero(u < in_study)
    rare = np.flatnonzero((u >= in_study) & (u < 0.12))
    second = known[u[known] < 0.02]
    rows = np.concatenate([known, rare, second])
    numbers = np.concatenate(
        [
            choose(DATASET_COUNTS, u[known] / in_study),
            len(DATASET_COUNTS) + ((u[rare] - in_study) * 200_000).astype(np.int64),
            np.full(second.size, 20_000),
        ]
    )
    order = np.argsort(rows, kind="stable")
    return rows[order], join("synthetic-data/set-", text(numbers[order]))


def _papers(u: Array) -> Items:
    """arXiv tags with numbers above any that arXiv has assigned."""
    rows = np.flatnonzero(u < COMMON_PAPER + OTHER_PAPERS)
    other = np.maximum(u[rows] - COMMON_PAPER, 0) / OTHER_PAPERS
    paper = 1 + (other * other * other * PAPERS).astype(np.int64)
    paper[u[rows] < COMMON_PAPER] = 0
    return rows, join("arxiv:", text(2203 + paper % 10), ".", text(90_000 + paper))


def _tags(
    rng: Rng,
    draws: _Draws,
    hub: Models,
    models: Array,
    flags: Array,
    parents: _Parents,
    languages: _Languages,
    words: Items,
    datasets: Items,
) -> Strings:
    """All tags of each model as a JSON list, in random order."""
    n, traits = models.size, hub.traits
    rows = np.arange(n)
    in_tags, typed = ~languages.is_yaml_no, parents.is_typed
    relation_of = take(RELATIONS, parents.relations[typed])
    with_doi = np.flatnonzero(draws.doi < DOI_SHARE)
    parent_rows, parent_ids = parents.once
    pieces: list[Items] = [
        (rows, constant("phylohub:synthetic", n)),
        (rows, constant("region:us", n)),
        _present(_LIBRARIES, traits.library[models]),
        _present(_TASKS, traits.task[models]),
        (np.nonzero(flags)[0], take(_FLAGS, np.nonzero(flags)[1])),
        words,
        _present(_LICENSE_TAGS, traits.license[models]),
        (languages.rows[in_tags], take(_CODES, languages.codes[in_tags])),
        (parent_rows, join("base_model:", parent_ids)),
        (parents.rows[typed], join("base_model:", relation_of, ":", parents.ids.filter(pa.array(typed)))),
        _papers(draws.paper),
        (datasets[0], join("dataset:", datasets[1])),
        (with_doi, join("doi:10.5555/synthetic.", text((draws.doi[with_doi] * 1e7).astype(np.int64)))),
    ]
    owner = np.concatenate([owners for owners, _ in pieces])
    shuffled = np.argsort(owner + rng.random(owner.size), kind="stable")
    tags = pa.concat_arrays([values for _, values in pieces])
    return lists(owner[shuffled], tags.take(pa.array(shuffled)), n)


def _card_fields(
    draws: _Draws,
    hub: Models,
    models: Array,
    parents: _Parents,
    languages: _Languages,
    words: Items,
    datasets: Items,
) -> Strings:
    """Members of `cardData`, each with a trailing comma. Types vary as on the Hub: a value or a list of values."""
    n, traits = models.size, hub.traits
    licenses, tasks, libraries = traits.license[models], traits.task[models], traits.library[models]
    codes = take(_CODES_AS_JSON, np.where(languages.is_yaml_no, -1, languages.codes))
    parent_rows, parent_ids = parents.once
    repeats_fields = draws.style > 0.85  # the card repeats fields that the record has anyway
    return join(
        where(licenses >= 0, field("license", one_value(take(_LICENSES, licenses), draws.style > 0.99))),
        where(_has(languages.rows, n), field("language", lists(languages.rows, codes, n, "", draws.as_list >= 0.5))),
        where(_has(parents.rows, n), field("base_model", lists(parent_rows, parent_ids, n, '"', draws.as_list >= 0.6))),
        where(repeats_fields & (libraries >= 0), field("library_name", one_value(take(_LIBRARIES, libraries)))),
        where(repeats_fields & (tasks >= 0), field("pipeline_tag", one_value(take(_TASKS, tasks)))),
        where(repeats_fields & (draws.n_words >= 1 / 12), field("tags", lists(*words, n))),
        where(_has(datasets[0], n), field("datasets", lists(*datasets, n))),
        where(draws.dataset > 0.998, constant('"datasets":[null],', n)),
    )


def _has(rows: Array, n: int) -> Array:
    """Which of n rows have an item."""
    return cast(Array, np.bincount(rows, minlength=n) > 0)


def _odds(u: Array) -> Array:
    """A heavy-tailed number for a uniform one."""
    u = np.minimum(u, LARGEST)
    return cast(Array, u / (1 - u))


def _expand(counts: Array) -> tuple[Array, Array]:
    """Row, and number within the row, of every item of rows that have `counts` items."""
    rows = np.repeat(np.arange(counts.size), counts)
    return rows, np.arange(rows.size) - np.repeat(np.cumsum(counts) - counts, counts)


def _present(words: Sequence[str], places: Array) -> Items:
    """The words of the rows that have one."""
    rows = np.flatnonzero(places >= 0)
    return rows, take(words, places[rows])
