"""A synthetic hub: invented models with planted family trees, in the shape of the Hub's model list.

Nothing in it is a real model. Every id is `synthetic-<org>/<name>`, every record carries the tag
`phylohub:synthetic`, arXiv numbers are higher than any month has reached, DOIs use the prefix reserved for tests.
What the generator plants stands in `PLANTED`, so that a measurement can be compared with the truth.
"""

import gzip
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
Rng = np.random.Generator


@dataclass(frozen=True)
class Planted:
    """The truths of every synthetic hub. Shares and probabilities lie in [0, 1].

    Mutation is what the study's methods ("Mutation, drift, ordering") call it: over edges whose ends both have the
    trait. It holds for the first earlier model that a child names; the few second parents and the edges that close
    a cycle hand nothing down.
    """

    parent_share: float = 0.31  # models that name a parent
    relation_shares: tuple[float, ...] = (0.33, 0.42, 0.18, 0.07)  # of edges, in the order of RELATIONS
    missing_parent: float = 0.06  # edges whose parent is not in the hub
    bare_only: float = 0.02  # children that name their parents without a relation
    two_finetune_parents: float = 0.01  # finetune children that name a second parent
    chain_link: float = 0.08  # finetune edges that prolong the chain of the moment
    preferential: float = 0.85  # other edges that copy the parent of a recent edge: makes stars, which then fade
    license_mutation: float = 0.20
    license_forward: float = 0.90  # of mutations between two licenses of PLANTED_LICENSE_ORDER
    task_mutation: float = 0.25
    library_mutation: float = 0.10
    language_change: float = 0.30  # the set of languages differs
    language_partial: float = 0.40  # of the changes: half the set is shared (distance 1/2, otherwise 1)
    mutation_scale: tuple[float, ...] = (1, 1, 0.25, 1, 1)  # factor on the four above, in the order of RELATIONS
    gain: float = 0.25  # a child has a trait its parent lacks
    loss: float = 0.10  # a child lacks a trait its parent has
    no_license: float = 0.47  # of models without a parent in the hub, as the next three
    no_language: float = 0.81
    no_task: float = 0.50
    no_library: float = 0.25

    @property
    def language_mutation(self) -> float:
        """Mean Jaccard distance between the languages of a finetune edge's ends."""
        return self.language_change * (1 - self.language_partial / 2)


PLANTED = Planted()
RELATIONS = ("finetune", "adapter", "quantized", "merge", "distill")  # the last is unknown to the Hub, on purpose
FINETUNE, ADAPTER, QUANTIZED, MERGE, DISTILL = range(5)
SUFFIXES = ("sft", "LoRA", "GGUF", "merge", "distill")

# Counts published by the study, its license table: the twenty licenses it orders, `other` and `unknown`.
# fmt: off
LICENSE_COUNTS = {
    "apache-2.0": 298442, "mit": 109820, "other": 81887, "openrail": 37498, "creativeml-openrail-m": 29233,
    "cc-by-nc-4.0": 14315, "llama2": 10294, "llama3": 9887, "gemma": 8677, "unknown": 8368, "llama3.1": 7614,
    "cc-by-4.0": 6737, "openrail++": 6552, "llama3.2": 5863, "cc-by-nc-sa-4.0": 3945, "afl-3.0": 3657,
    "cc-by-sa-4.0": 2984, "gpl-3.0": 2875, "artistic-2.0": 1942, "llama3.3": 1849, "cc": 1846,
    "bigscience-bloom-rail-1.0": 1840,
}
# Towards permissive; not the order that the study found, so that finding this one proves something.
PLANTED_LICENSE_ORDER = (
    "gemma", "llama3.3", "llama3.2", "llama3.1", "llama3", "llama2", "openrail++", "creativeml-openrail-m",
    "bigscience-bloom-rail-1.0", "openrail", "cc-by-nc-sa-4.0", "cc-by-nc-4.0", "gpl-3.0", "cc-by-sa-4.0",
    "cc-by-4.0", "cc", "artistic-2.0", "afl-3.0", "apache-2.0", "mit",
)
# Counts published by the study, its language table: the first 25, and Norwegian for YAML's `no`.
LANGUAGE_COUNTS = {
    "en": 221550, "zh": 12917, "fr": 11754, "es": 10711, "de": 10532, "ja": 8985, "ko": 8475, "it": 8361,
    "pt": 8284, "ru": 6595, "hi": 5970, "ar": 5058, "th": 4564, "id": 3820, "tr": 3759, "vi": 3735, "pl": 3689,
    "nl": 3195, "ro": 2654, "sv": 2515, "uk": 2385, "cs": 2362, "fa": 2359, "fi": 2331, "bn": 2163, "no": 1482,
}
LANGUAGE_SIZES = {1: 0.85, 2: 0.10, 4: 0.04, 8: 0.01}  # powers of two, so that half a set is always a set
THREE_LETTERS = {"en": "eng", "zh": "zho", "fr": "fra", "es": "spa", "de": "deu", "ja": "jpn", "ko": "kor"}
# Invented weights; the words are the Hub's.
TASK_WEIGHTS = {
    "text-generation": 40, "text-to-image": 12, "text-classification": 11, "reinforcement-learning": 8,
    "token-classification": 4, "automatic-speech-recognition": 4, "image-classification": 4, "fill-mask": 3,
    "feature-extraction": 3, "sentence-similarity": 3, "image-text-to-text": 3, "question-answering": 2,
    "text-to-speech": 2, "translation": 2, "object-detection": 1, "robotics": 1,
}
LIBRARY_WEIGHTS = {
    "transformers": 60, "diffusers": 12, "stable-baselines3": 6, "sentence-transformers": 5, "ml-agents": 4,
    "peft": 4, "timm": 3, "mlx": 3, "keras": 2, "setfit": 1,
}
FLAG_SHARES = {
    "safetensors": 0.60, "endpoints_compatible": 0.35, "text-generation-inference": 0.25, "pytorch": 0.30,
    "tensorboard": 0.15, "custom_code": 0.10, "autotrain_compatible": 0.20, "gguf": 0.06,
}
# Words as their owners write them: some look like ISO 639-3 codes, some are not ASCII. The length is coprime to 5.
WORDS = (
    "conversational", "moe", "trl", "sft", "rag", "unsloth", "generated_from_trainer", "tts", "vae", "lora",
    "mergekit", "sam", "chat", "dpo", "llm", "tf", "t5", "größe", "日本語", "instruct", "roleplay", "ner",
)
PARAMETERS = {"0.5b": 494 * 10**6, "1.5B": 154 * 10**7, "3b": 31 * 10**8, "7B_v2": 76 * 10**8, "70B": 706 * 10**8}
# fmt: on

# Odd shapes, each on models of its own, which are numbered in time order: child, relation, parent.
SHAPES = (
    ((0, FINETUNE, 0),),  # a self-loop
    ((1, FINETUNE, 0), (0, FINETUNE, 1)),  # a cycle of two
    ((1, FINETUNE, 0), (2, FINETUNE, 1), (0, FINETUNE, 2)),  # a cycle of three
    ((1, FINETUNE, 0), (2, FINETUNE, 0), (3, FINETUNE, 1), (3, FINETUNE, 2)),  # a diamond
    ((1, FINETUNE, 0), (1, ADAPTER, 0)),  # a pair with two relations
    ((1, DISTILL, 0),),  # a relation that nobody knows
)

# The Hub dates everything older at START.
START = int(datetime(2022, 3, 2, 23, 29, 4, tzinfo=UTC).timestamp())
END = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
BLOCK = 20_000  # models formatted at a time: bounds the memory that the draws take
MAX_TAGS = 64  # a record has fewer than 50


@dataclass
class _Graph:
    """The edges of every child in time order; a negative parent -1-k is the k-th model that is gone."""

    edges: dict[int, list[tuple[int, int]]]  # child: relation and parent; no entry for a root
    planted: set[int]  # the children whose edges belong to an odd shape
    inherit: list[tuple[int, int]]  # child and the parent whose traits it takes


def _choose(rng: Rng, weights: Mapping[T, float], n: int) -> list[T]:
    """n keys of `weights`, each as likely as its weight."""
    keys, steps = tuple(weights), np.cumsum(np.array(list(weights.values()), dtype=np.float64))
    return [keys[k] for k in np.searchsorted(steps[:-1] / steps[-1], rng.random(n), side="right").tolist()]


def _plant(rng: Rng, n: int) -> dict[int, list[tuple[int, int]]]:
    """Each odd shape on models of its own: once in a hub of 1,000, then once in 5,000 models."""
    edges = defaultdict(list)
    models = iter(rng.permutation(n).tolist())
    for shape in SHAPES * (max(1, n // 5_000) if n >= 1_000 else 0):
        members = sorted(islice(models, 1 + max(child for child, _, _ in shape)))
        for child, relation, parent in shape:
            edges[members[child]].append((relation, members[parent]))
    return edges


def _graph(rng: Rng, n: int) -> _Graph:
    """Name parents for the models in time order; every parent but the planted cycles' is an earlier model."""
    has_parent = rng.random(n) < PLANTED.parent_share
    # Shares are of edges and children are drawn here, so divide by the parents that a child names on average.
    named = (1 + PLANTED.two_finetune_parents, 1, 1, 3)
    relations = _choose(rng, {r: PLANTED.relation_shares[r] / named[r] for r in range(4)}, n)
    edges = _plant(rng, n)
    graph = _Graph(edges, set(edges), [])
    has_parent[list(edges)] = True
    has_parent[:1] &= bool(0 in edges)  # otherwise the first model has nobody before it
    children = np.flatnonzero(has_parent)
    counts = rng.random(children.size).tolist()
    slots = rng.random((children.size, 4, 4)).tolist()
    targets: list[int] = []  # the parent of every edge so far: a draw from its end is preferential attachment
    tail, left = 0, 0  # the chain of the moment: its last model and how many links it still takes
    for child, u, draws in zip(children.tolist(), counts, slots, strict=True):
        relation, parents = relations[child], [p for _, p in edges.get(child, ())]
        size = 2 + int(3 * u) if relation == MERGE else 1
        size += relation == FINETUNE and u < PLANTED.two_finetune_parents
        for missing, mode, pick, keep in draws[: 0 if parents else min(size, child)]:
            link = relation == FINETUNE and not parents and mode < PLANTED.chain_link
            if missing < PLANTED.missing_parent:
                parent = -1 - int(pick * pick * n / 20)
            elif link and left:
                parent = tail
            elif targets and mode < PLANTED.preferential:
                parent = targets[-1 - int(pick * min(len(targets), 50 + n // 300))]
            else:
                parent = int(pick * child)
            # Adapters and quantized models rarely have children: nearly always take their own parent instead.
            above = edges.get(parent, [(FINETUNE, 0)])[0]
            if above[0] in (ADAPTER, QUANTIZED) and above[1] >= 0 and keep > 0.05:
                parent = above[1]
            while parent in parents:
                parent = parent - 1 if parent < 0 else (parent + 1) % child
            parents.append(parent)
            edges[child].append((relation, parent))
            if link and parent >= 0:
                tail, left = child, left - 1 if left else 8 + int(33 * pick)
        earlier = [p for p in parents if 0 <= p < child]
        targets += earlier
        graph.inherit += [(child, p) for p in earlier[:1]]
    return graph


def _inherit(
    rng: Rng, graph: _Graph, fresh: list[T], without: float, mutation: float, mutate: Callable[[T, T, float], T]
) -> list[T | None]:
    """A trait of every model: roots have their fresh value or none; children have their parent's, if not mutated.

    `mutate(old, fresh, uniform)` returns a value that differs from `old`.
    """
    have, change, u = rng.random((3, len(fresh))).tolist()
    values: list[T | None] = [None if h < without else f for h, f in zip(have, fresh, strict=True)]
    for child, parent in graph.inherit:
        old = values[parent]
        if old is None:
            values[child] = fresh[child] if have[child] < PLANTED.gain else None
        elif have[child] < PLANTED.loss:
            values[child] = None
        elif change[child] < mutation * PLANTED.mutation_scale[graph.edges[child][0][0]]:
            values[child] = mutate(old, fresh[child], u[child])
        else:
            values[child] = old
    return values


def _mutate_license(old: str, fresh: str, u: float) -> str:
    """Propose a license by its share; what would go nowhere or (mostly) backwards becomes `other`.

    A proposal backwards is taken in the odds of PLANTED.license_forward. The flows from a to b and from b to a are
    then both proportional to the product of their shares, so every pair of licenses has the planted ratio.
    """
    order, forward = PLANTED_LICENSE_ORDER, PLANTED.license_forward
    backwards = old in order and fresh in order and order.index(fresh) < order.index(old)
    if fresh == old or (backwards and u >= (1 - forward) / forward):
        return "unknown" if old == "other" else "other"
    return fresh


def _mutate_languages(old: tuple[str, ...], fresh: tuple[str, ...], u: float) -> tuple[str, ...]:
    """Halve the set or add one language to a single one (Jaccard distance 1/2), or replace it by another (1)."""
    languages = tuple(LANGUAGE_COUNTS)
    if u < PLANTED.language_partial and len(old) > 1:
        return old[: len(old) // 2]
    at = languages.index(fresh[0])
    while languages[at] in old:  # steps of 1 to 9 reach 13 or all of the 26 languages, and a set has at most 8
        at = (at + 1 + int(u * 9)) % len(languages)
    return (*old, languages[at]) if u < PLANTED.language_partial else (languages[at],)


def _mutate_word(old: str, fresh: str, u: float) -> str:
    words = tuple(TASK_WEIGHTS if old in TASK_WEIGHTS else LIBRARY_WEIGHTS)
    return fresh if fresh != old else words[words.index(old) - 1 - int(u * (len(words) - 1))]


def _traits(rng: Rng, graph: _Graph, n: int) -> Iterator[tuple[Any, ...]]:
    """License, languages, task and library of every model; None where it has none."""
    p, around = PLANTED, tuple(LANGUAGE_COUNTS) * 2
    firsts, sizes = _choose(rng, LANGUAGE_COUNTS, n), _choose(rng, LANGUAGE_SIZES, n)
    sets = [around[k : k + size] for k, size in zip(map(around.index, firsts), sizes, strict=True)]
    words = [_choose(rng, weights, n) for weights in (LICENSE_COUNTS, TASK_WEIGHTS, LIBRARY_WEIGHTS)]
    licenses = _inherit(rng, graph, words[0], p.no_license, p.license_mutation, _mutate_license)
    languages = _inherit(rng, graph, sets, p.no_language, p.language_change, _mutate_languages)
    tasks = _inherit(rng, graph, words[1], p.no_task, p.task_mutation, _mutate_word)
    libraries = _inherit(rng, graph, words[2], p.no_library, p.library_mutation, _mutate_word)
    return zip(licenses, languages, tasks, libraries, strict=True)


def _tags_and_card(
    traits: tuple[Any, ...], words: list[str], flags: list[str], named: list[tuple[str, str]], draws: list[float]
) -> tuple[list[str], dict[str, Any]]:
    """Tags in no order yet, and the card's metadata in the many forms that owners write."""
    as_list, odd, papers, sets, doi, left_out = draws
    license_, languages, task, library = traits
    tags = [t for t in (library, task) if t] + flags + words + ["phylohub:synthetic", "region:us"]
    card: dict[str, Any] = {}
    if license_:
        tags.append(f"license:{license_}")
        card["license"] = [license_] if odd > 0.99 else license_
    if languages:
        codes = [THREE_LETTERS.get(code, code) for code in languages] if odd < 0.02 else list(languages)
        # YAML reads a bare `no` as false; the language is then nowhere but in this false.
        spoiled: list[str | bool] = [False if code == "no" and as_list < 0.7 else code for code in codes]
        tags += [code for code in spoiled if isinstance(code, str)]
        card["language"] = spoiled[0] if len(spoiled) == 1 and as_list < 0.5 else spoiled
    if named:
        tags += [f"base_model:{parent}" for _, parent in named]
        tags += [f"base_model:{relation}:{parent}" for relation, parent in named if relation]
        parents = list(dict.fromkeys(parent for _, parent in named))
        card["base_model"] = parents[0] if len(parents) == 1 and as_list < 0.6 else parents
    if odd > 0.3:
        more = {"library_name": library, "pipeline_tag": task, "tags": words}
        card |= {key: value for key, value in more.items() if value}
    if papers < 0.15:
        tags.append(f"arxiv:{2203 + int(papers * 60)}.{90_000 + int(papers * 60_000)}")
    if sets < 0.25:
        datasets = [f"synthetic-data/set-{int(sets * sets * 8_000)}", "synthetic-data/common"][: 1 + (sets < 0.05)]
        tags += [f"dataset:{d}" for d in datasets]
        card["datasets"] = datasets
    elif sets > 0.998:
        card["datasets"] = [None]
    if doi < 0.01:
        tags.append(f"doi:10.5555/synthetic.{int(doi * 1e6)}")
    # Without a card a reader has only the tags, where two-letter languages are the only sure ones.
    keep = left_out > 0.02 or not all(isinstance(c, str) and len(c) == 2 for c in card.get("language") or ["--"])
    return list(dict.fromkeys(tags)), card if keep else {}


def _generate(rng: Rng, n: int) -> Iterator[dict[str, Any]]:
    # The Hub grows: more models a month as time passes, the first few back-filled to START. Only operations that
    # IEEE 754 rounds correctly (no logarithm, no power) are used throughout: the same bytes on every machine.
    ages = np.sqrt(np.maximum(rng.random(n) - 0.02, 0) / 0.98)
    created = np.sort(START + ((END - START) * ages).astype(np.int64)).tolist()
    graph = _graph(rng, n)
    traits = _traits(rng, graph, n)
    orgs = [int(max(1, n // 8) * u * u * u) for u in rng.random(n).tolist()]
    sizes = _choose(rng, dict.fromkeys(PARAMETERS, 1), n)
    stems, n_children = list(range(n)), [0] * n
    for child, parent in graph.inherit:
        stems[child] = stems[parent]
        n_children[parent] += 1
    delays = rng.integers(1, 1_000, size=n // 1_000).tolist()  # about a page
    repeats = dict(zip(rng.permutation(n)[: n // 1_000].tolist(), delays, strict=True))
    due: dict[int, list[dict[str, Any]]] = defaultdict(list)
    flag_shares = np.array(list(FLAG_SHARES.values()))

    def name(k: int) -> str:
        if k < 0:
            return f"synthetic-gone/base-{-1 - k}-7b"
        stem = f"synthetic-org-{orgs[k]:04d}/base-{stems[k]}-{sizes[stems[k]]}"
        return f"{stem}-{SUFFIXES[graph.edges[k][0][0]]}-{k}" if k in graph.edges else stem

    for i in range(n):
        k = i % BLOCK
        if k == 0:
            size = min(BLOCK, n - i)
            draws, keys = rng.random((size, 16)).tolist(), rng.random((size, MAX_TAGS)).tolist()
            has_flag = (rng.random((size, flag_shares.size)) < flag_shares).tolist()
            shas, machines = rng.bytes(20 * size).hex(), rng.integers(1 << 40, size=size).tolist()
        bare, pulls, liking, trend, gate, age, word, n_words, newer, more, *forms = draws[k]
        model_id, parameters = name(i), PARAMETERS[sizes[stems[i]]]
        words = [WORDS[(int(word * 22) + 5 * j) % len(WORDS)] for j in range(int(n_words * 7))]
        flags = [flag for flag, has in zip(FLAG_SHARES, has_flag[k], strict=True) if has]
        edges = graph.edges.get(i, [])
        flags += ["gguf"] * any(relation == QUANTIZED for relation, _ in edges)
        typed = i in graph.planted or bare >= PLANTED.bare_only
        named = [(RELATIONS[relation] if typed else "", name(parent)) for relation, parent in edges]
        own = next(traits)
        tags, card = _tags_and_card(own, words, flags, named, forms)
        modified = created[i] + int((END - created[i]) * age * age * age)
        files = [".gitattributes", "config.json", "model.gguf" if "gguf" in flags else "model.safetensors"]
        files += ["README.md"] * bool(card)
        record: dict[str, Any] = {
            "_id": f"{created[i]:08x}{machines[k]:010x}{i % (1 << 24):06x}",
            "id": model_id,
            "author": model_id.split("/")[0],
            "modelId": model_id,
            "sha": shas[40 * k : 40 * k + 40],
            "createdAt": _time(created[i]),
            "lastModified": _time(modified),
            "private": False,
            "gated": "manual" if gate < 0.01 else "auto" if gate < 0.03 else False,
            "disabled": False,
            "downloads": int(8 * (1 + n_children[i]) * pulls / (1 - pulls)),
            "likes": int(0.1 * (1 + n_children[i]) * liking / (1 - liking)),
            "trendingScore": 0 if trend < 0.9 else 0.5 if trend < 0.95 else int((trend - 0.95) * 400),
            "tags": [tag for _, tag in sorted(zip(keys[k], tags, strict=False))],
            "siblings": [{"rfilename": file} for file in files],
        }
        optional = {
            "pipeline_tag": own[2],
            "library_name": own[3],
            "cardData": card,
            "safetensors": "safetensors" in flags and {"parameters": {"BF16": parameters}, "total": parameters},
        }
        record |= {key: value for key, value in optional.items() if value}
        yield record
        if i in repeats:
            again = {
                "lastModified": _time(modified + 1 + int((END - modified - 1) * newer)),
                "downloads": record["downloads"] + 1 + int(100 * more),
                "tags": record["tags"][::-1],
            }
            due[min(i + repeats[i], n - 1)].append(record | again)
        yield from due.pop(i, ())


def _time(epoch: int) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def records(n_models: int, seed: int) -> Iterator[dict[str, Any]]:
    """The records of a synthetic hub, as `GET /api/models?full=true&cardData=true` shapes them.

    Yields n_models distinct ids in the order of `createdAt`, and again n_models // 1000 of them, up to 999 models
    later, with a newer `lastModified`, more `downloads` and the same tags in another order. The graph and
    the traits follow the study's methods ("The graph", "Traits"); PLANTED holds their truths.
    The same n_models and seed give the same records everywhere. Raises ValueError when either is negative.
    """
    if n_models < 0:
        raise ValueError(f"n_models must not be negative: {n_models}")
    return _generate(np.random.Generator(np.random.PCG64(seed)), n_models)


def write_hub(path: Path, n_models: int, seed: int) -> int:
    """Write `records(n_models, seed)` to `path` as JSON Lines and return the number of lines.

    The file is gzip when its name ends in .gz, with neither a time nor a name in the header: its bytes depend on
    the arguments (and zlib's version) only. It appears complete or not at all. Raises ValueError when n_models
    or seed is negative, OSError when the file cannot be written.
    """
    hub = records(n_models, seed)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    lines = 0
    try:
        with part.open("wb") as raw:
            zipped = gzip.GzipFile("", "wb", 6, raw, mtime=0) if path.suffix == ".gz" else nullcontext(raw)
            with zipped as out:
                for record in hub:
                    out.write(f"{encode(record)}\n".encode())
                    lines += 1
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return lines
