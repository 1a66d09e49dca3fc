"""The expected content of the marts, counted from the records in plain Python.

An independent implementation of the same rules: it shares only the seeds with the warehouse, no SQL.
"""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from conftest import ROOT
from hand_weights import TRAITS as WEIGHT_TRAITS
from hand_weights import weight_traits

PAPER_RANK = {"finetune": 1, "quantized": 2, "adapter": 3, "merge": 4}


def _column(seed: str, column: str, **where: str) -> set[str]:
    """The values of a column, in the rows whose other columns have the values given."""
    with (ROOT / "seeds" / f"{seed}.csv").open(newline="") as file:
        return {row[column] for row in csv.DictReader(file) if row[column] and where.items() <= row.items()}


TASKS = _column("tasks", "task")
LIBRARIES = _column("libraries", "library")
RELATIONS = _column("relations", "relation")
FLAGS = _column("tag_flags", "flag")
FORMATS = _column("tag_flags", "flag", flag_group="format")
TWO_LETTERS = _column("languages", "alpha_2")


def _prefix_kinds() -> dict[str, str]:
    with (ROOT / "seeds" / "tag_prefixes.csv").open(newline="") as file:
        return {row["prefix"]: row["kind"] for row in csv.DictReader(file)}


def _language_codes() -> dict[str, str]:
    with (ROOT / "seeds" / "languages.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    codes: dict[str, str] = {}
    for column in ("language", "alpha_3", "bibliographic", "former"):
        for row in rows:
            codes.setdefault(row[column], row["language"])
    for row in sorted(rows, key=lambda row: row["language"]):
        if len(row["name"]) > 3:
            codes.setdefault(row["name"].lower(), row["language"])
    del codes[""]
    return codes


def _ambiguous_languages() -> dict[str, dict[str, str]]:
    with (ROOT / "seeds" / "ambiguous_languages.csv").open(newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


PREFIX_KINDS = _prefix_kinds()
LANGUAGE_CODES = _language_codes()
AMBIGUOUS = _ambiguous_languages()


class HandCount:
    """Expected rows of the marts for the records of one snapshot, given in the order in which they were landed.

    Where a method returns two values per key, the first is by our rule and the second by the study's.
    """

    def __init__(self, records: Iterable[dict[str, Any]]) -> None:
        latest: dict[str, tuple[str, int, dict[str, Any]]] = {}
        self.n_records = 0
        for position, record in enumerate(records):
            self.n_records += 1
            modified = record.get("lastModified") or ""
            known = latest.get(record["id"])
            if known is None or (modified, position) > known[:2]:
                latest[record["id"]] = (modified, position, record)
        self.records = {model: record for model, (_, _, record) in latest.items()}
        self.tags: dict[str, dict[str, tuple[str, str]]] = {
            model: dict(_classify(record)) for model, record in self.records.items()
        }
        self.undecided = {model: _code_tags(record)[1] for model, record in self.records.items()}

    def model_tags(self) -> set[tuple[str, str, str, str]]:
        """(model, tag, kind, value)."""
        return {(model, tag, kind, value) for model, tags in self.tags.items() for tag, (kind, value) in tags.items()}

    def of_kind(self, kind: str, *, as_written: bool = False) -> set[tuple[str, str]]:
        """(model, value) of the tags of a kind. Flags count also if their main kind is another.

        The study takes the values as they are written, so versions of a paper are papers of their own.
        """
        if kind == "flag":
            return {(model, tag) for model, tags in self.tags.items() for tag in tags if _is_flag(tag)}
        return {
            (model, tag.partition(":")[2] if as_written else value)
            for model, tag, tag_kind, value in self.model_tags()
            if tag_kind == kind and value
        }

    def readings(self) -> set[tuple[str, str, bool, bool, bool, bool, bool]]:
        """(model, tag, is a task, is a library, is a language, may be a language, is a flag)."""
        rows = set()
        for model, tags in self.tags.items():
            record = self.records[model]
            declared, (codes, undecided) = _declared_languages(record), _code_tags(record)
            for tag in tags:
                plain = not _has_known_prefix(tag)
                rows.add(
                    (
                        model,
                        tag,
                        tag == record.get("pipeline_tag") or (plain and tag in TASKS),
                        tag == record.get("library_name") or (plain and tag in LIBRARIES),
                        tag.lower() in declared or tag in codes,
                        tag in undecided,
                        _is_flag(tag),
                    )
                )
        return rows

    def undecided_languages(self) -> Counter[str]:
        """Number of models by language that a tag may or may not name."""
        found = self._languages()
        return Counter(code for model, codes in self.undecided.items() for code in codes - found[model][1])

    def languages(self) -> set[tuple[str, str, str, bool]]:
        """(model, language, where it is declared, whether the study counts it)."""
        return {
            (model, language, "card" if language in card else "tag", language in paper)
            for model, (card, counted, paper) in self._languages().items()
            for language in counted
        }

    def _languages(self) -> dict[str, tuple[set[str], set[str], set[str]]]:
        found = {}
        for model, record in self.records.items():
            declared = _declared_languages(record)
            card = {_language(text) for text in declared}
            counted = card | _code_tags(record)[0]
            found[model] = (card, counted, TWO_LETTERS.intersection(self.tags[model]))
        return found

    def trait_distribution(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Number of models by (trait, value)."""
        ours: Counter[tuple[str, str]] = Counter()
        paper: Counter[tuple[str, str]] = Counter()
        kinds = {"license": "license", "dataset": "dataset", "paper": "arxiv", "region": "region", "doi": "doi"}
        for trait, kind in {**kinds, "flag": "flag"}.items():
            ours += Counter((trait, value) for _, value in self.of_kind(kind))
            paper += Counter((trait, value) for _, value in self.of_kind(kind, as_written=True))
        for trait, key in (("task", "pipeline_tag"), ("library", "library_name")):
            values = [record[key] for record in self.records.values() if record.get(key)]
            ours += Counter((trait, field_value(trait, value)) for value in values)
            paper += Counter((trait, value) for value in values)
        for _, counted_languages, paper_languages in self._languages().values():
            ours += Counter(("language", language) for language in counted_languages)
            paper += Counter(("language", language) for language in paper_languages)
        for record in self.records.values():
            ours.update((trait, value) for trait, values in weight_traits(record).items() for value in values)
        return {key: (ours[key], paper[key]) for key in ours.keys() | paper.keys()}

    def edges(self) -> set[tuple[str, str, str, bool, bool, bool]]:
        """(parent, child, relation, parent is in the snapshot, is a self-loop, is an edge that the study counts)."""
        edges = set()
        for model, tags in self.tags.items():
            relations: dict[str, set[str]] = defaultdict(set)
            for kind, value in tags.values():
                if kind == "base_model":
                    match = re.match(r"([a-z][a-z0-9_-]+):(?!//)(.*)", value, re.DOTALL)
                    relation, parent = match.groups() if match else ("unspecified", value)
                    is_id = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9._-]+", parent)
                    if relation not in RELATIONS and not is_id:
                        relation, parent = "unspecified", value
                    if parent.strip(" ") and value not in RELATIONS:
                        relations[parent.strip(" ")].add(relation)
            for parent, words in relations.items():
                typed = words - {"unspecified"} or words
                ranks = {word: PAPER_RANK.get(word, 0 if "unspecified" in words else -1) for word in typed}
                last = min(typed, key=lambda word: (-ranks[word], word))
                is_paper = parent in self.records and ranks[last] >= 0
                edges |= {
                    (parent, model, word, parent in self.records, parent == model, is_paper and word == last)
                    for word in typed
                }
        return edges

    def trait_sets(self, trait: str) -> dict[str, tuple[set[str], set[str]]]:
        """The values of each model."""
        if trait == "language":
            return {model: (ours, paper) for model, (_, ours, paper) in self._languages().items()}
        if trait in WEIGHT_TRAITS:
            return {model: (weight_traits(record)[trait], set()) for model, record in self.records.items()}
        key = {"task": "pipeline_tag", "library": "library_name"}.get(trait)
        sets = {}
        for model, record in self.records.items():
            if key:
                written = {record[key]} if record.get(key) else set()
                sets[model] = ({field_value(trait, value) for value in written}, written)
            else:
                values = {value for kind, value in self.tags[model].values() if kind == trait and value}
                sets[model] = (values, values)
        return sets

    def evolution_edges(self) -> dict[str, set[tuple[str, str]]]:
        """For each relation, and `all`: pairs of parent and child that our rule counts."""
        edges: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for parent, child, relation, in_hub, loop, _ in self.edges():
            if in_hub and not loop:
                edges[relation].add((parent, child))
                edges["all"].add((parent, child))
        return edges

    def paper_edges(self) -> dict[str, set[tuple[str, str]]]:
        """The same pairs by the study's rule, which keeps self-loops and knows four relations."""
        edges: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for parent, child, relation, _, _, is_paper in self.edges():
            if is_paper:
                edges[relation if relation in PAPER_RANK else "unspecified"].add((parent, child))
                edges["all"].add((parent, child))
        return edges

    def family_shares(self, trait: str, relation: str) -> tuple[float, float] | None:
        """Effective number of families of the edges whose two models have the trait, and the largest family's share.

        A family is a set of models that edges other than merges connect.
        """
        family = {model: model for model in self.records}

        def root(model: str) -> str:
            while family[model] != model:
                model = family[model]
            return model

        for parent, child, word, in_hub, _, _ in self.edges():
            if in_hub and word != "merge":
                family[root(child)] = root(parent)
        sets = self.trait_sets(trait)
        sizes = Counter(
            root(parent)
            for parent, child in self.evolution_edges().get(relation, {})
            if sets[parent][0] and sets[child][0]
        )
        total = sizes.total()
        if not total:
            return None
        return total**2 / sum(n * n for n in sizes.values()), max(sizes.values()) / total

    def mutation_rates(self, trait: str) -> dict[str, tuple[int, Fraction | None, int, Fraction | None]]:
        """For each relation: edges and rate by our rule, edges and rate by the study's."""
        sets = self.trait_sets(trait)
        counts = (self.evolution_edges(), self.paper_edges())
        rates = {}
        for relation in counts[0].keys() | counts[1].keys():
            found: list[tuple[int, Fraction | None]] = []
            for side, edges in enumerate(counts):
                pairs = [(sets[parent][side], sets[child][side]) for parent, child in edges[relation]]
                mutations = [1 - Fraction(len(a & b), len(a | b)) for a, b in pairs if a and b]
                found.append((len(mutations), sum(mutations, Fraction()) / len(mutations) if mutations else None))
            if any(n_edges for n_edges, _ in found):
                rates[relation] = (*found[0], *found[1])
        return rates

    def transitions(self, trait: str, relation: str) -> dict[tuple[str, str], tuple[int, int]]:
        """Number of transitions by (from, to)."""
        sets = self.trait_sets(trait)
        ours: Counter[tuple[str, str]] = Counter()
        paper: Counter[tuple[str, str]] = Counter()
        for side, edges in enumerate((self.evolution_edges(), self.paper_edges())):
            for parent, child in edges[relation]:
                a, b = sets[parent][side], sets[child][side]
                gained = [(x, y) for x in a for y in b - a]
                lost = [(x, y) for x in a - b for y in b]
                if side == 0:
                    ours.update(set(gained) | set(lost))
                else:
                    paper.update(gained + lost)
        return {pair: (ours[pair], paper[pair]) for pair in ours.keys() | paper.keys()}

    def top(self, field: str, places: int) -> list[tuple[int, str, int]]:
        """(place, model, value) of the models with the largest values of a field."""
        ranked = sorted(
            ((-record[field], model) for model, record in self.records.items() if (record.get(field) or 0) > 0)
        )
        return [(place, model, -value) for place, (value, model) in enumerate(ranked[:places], start=1)]


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    import gzip

    with gzip.open(path) as file:
        for line in file:
            yield json.loads(line)


def _declared_languages(record: dict[str, Any]) -> list[str]:
    declared = (record.get("cardData") or {}).get("language")
    items = declared if isinstance(declared, list) else [declared]
    items = [part for item in items for part in (item if isinstance(item, list) else [item])]
    words = ["no" if item is False else item for item in items if isinstance(item, str) or item is False]
    words = [
        part.strip("[]()\"' ")
        for word in words
        for part in (word.split(",") if "," in word or re.fullmatch(r"\s*[\[(].*[\])]\s*", word) else [word])
    ]
    return [word.strip().lower() for word in words if re.match(r"[^-+.\d]", word.strip())]


def _language(declared: str) -> str:
    return LANGUAGE_CODES.get(declared) or LANGUAGE_CODES.get(re.split("[-_]", declared)[0]) or declared


def field_value(field: str, written: str) -> str:
    """The task or library of a vocabulary that differs only in case, white space around, or in hyphens of a task."""
    vocabulary = {"task": TASKS, "library": LIBRARIES | FORMATS}[field]
    folded = written.strip().lower()
    if field == "task":
        folded = re.sub(r"[\s_-]+", "-", folded)
    found = [value for value in vocabulary if value.lower() == folded]
    return found[0] if written not in vocabulary and len(found) == 1 else written


def _has_known_prefix(tag: str) -> bool:
    prefix, colon, _ = tag.partition(":")
    return bool(colon) and (prefix in PREFIX_KINDS or prefix.strip().lower() in PREFIX_KINDS)


def _is_flag(tag: str) -> bool:
    if not _has_known_prefix(tag):
        return tag in FLAGS
    prefix = tag.partition(":")[0]
    return PREFIX_KINDS.get(prefix, PREFIX_KINDS.get(prefix.strip().lower())) == "flag"


def _code_tags(record: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The two-letter tags that name languages of a card that declares none, and those that are undecided."""
    tags = set(record.get("tags") or [])
    if _declared_languages(record):
        return set(), set()
    own = {record.get("pipeline_tag"), record.get("library_name")}
    doubtful = {tag for tag in tags & TWO_LETTERS if tag in AMBIGUOUS or tag in own}
    clear = (tags & TWO_LETTERS) - doubtful
    named, undecided = set(clear), set()
    for code in doubtful:
        row = AMBIGUOUS.get(code, {})

        def speaks_for(column: str, row: dict[str, str] = row) -> bool:
            return bool(row.get(column)) and any(re.search(row[column], text.lower()) for text in (record["id"], *tags))

        language = len(clear) >= 3 or speaks_for("language_pattern")
        other = code in own or speaks_for("other_pattern")
        if language == other:
            undecided.add(code)
        elif language:
            named.add(code)
    return named, undecided


def _classify(record: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    declared = _declared_languages(record)
    codes, _ = _code_tags(record)
    for tag in set(record.get("tags") or []):
        prefix, colon, rest = tag.partition(":")
        # A prefix in another case is read as the one it means.
        kind = PREFIX_KINDS.get(prefix) or PREFIX_KINDS.get(prefix.strip().lower())
        if colon and kind:
            if kind == "arxiv" and re.fullmatch(r"\d{4}\.\d{4,5}v\d+", rest):
                rest = rest.split("v")[0]
            yield tag, (kind, tag if kind == "flag" else rest)
        elif tag in TASKS or tag == record.get("pipeline_tag"):
            yield tag, ("task", tag)
        elif tag.lower() in declared:
            yield tag, ("language", tag.lower())
        elif tag in LIBRARIES or tag == record.get("library_name"):
            yield tag, ("library", tag)
        elif tag in FLAGS:
            yield tag, ("flag", tag)
        elif tag in codes:
            yield tag, ("language", tag)
        else:
            yield tag, ("free", tag)
