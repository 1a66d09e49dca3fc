"""Single changes of the Hub's records and cards, each with the verdict that it must get: the matrix of api-drift.md.

A change is applied to a snapshot that is otherwise equal to the one before it. It is refused, or harmless (every number
of the marts stays within 2 % of the truth), or it leaves values null and causes a warning.
"""

import copy
import gzip
import html
import json
import random
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Hub = list[Record]
Cards = dict[str, str]
Change = Callable[[Hub, random.Random], Hub]
CardChange = Callable[[Cards, random.Random], Cards]
N_MODELS = 500


def real_hub(path: Path, seed: int) -> Hub:
    """A sample of real records with parents of theirs, and the fields that the file lacks."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = {record["id"]: record for record in map(json.loads, lines)}
    rng = random.Random(seed)
    chosen = set(rng.sample(sorted(records), N_MODELS * 3 // 4))
    parents = [model["id"] for id in sorted(chosen) for model in parents_of(records[id]) if model["id"] in records]
    chosen |= set(parents[: N_MODELS - len(chosen)])
    return completed([records[id] for id in sorted(chosen)], rng)


def parents_of(record: Record) -> list[Record]:
    models: list[Record] = (record.get("baseModels") or {}).get("models") or []
    return models


def completed(records: Hub, rng: random.Random) -> Hub:
    """Records from oldest to newest, with the fields of the API that their source lacks, and with enough DOIs."""
    records = sorted(records, key=lambda record: (record["createdAt"], record["id"]))
    for number, record in enumerate(records):
        second = int(datetime.fromisoformat(record["createdAt"]).timestamp())
        record.setdefault("_id", f"{second:08x}{number:016x}")
        record.setdefault("sha", f"{rng.getrandbits(160):040x}")
        record.setdefault("gated", ("manual", "auto", False)[min(rng.randrange(12), 2)])
        record.setdefault("private", False)
        record.setdefault("downloadsAllTime", 3 * record["downloads"] + 1)
        record.setdefault("usedStorage", rng.randrange(10**6, 10**10))
        if number % 20 == 0:
            record["tags"].insert(-1, f"doi:10.57967/hf/{number:04}")
    return records


def made_cards(records: Hub) -> Cards:
    """A card for three of four models: front matter, and a text of its own."""
    return {
        record["id"]: f"---\nlicense: mit\n---\n# {record['id']}\n"
        + f"How model {number} was trained. " * (number % 40)
        for number, record in enumerate(records)
        if number % 4
    }


### Parts of changes


def each(change: Callable[[Record], object], share: float = 1) -> Change:
    """Apply a change to every record, or to a random share of them."""

    def changed(hub: Hub, rng: random.Random) -> Hub:
        for record in hub if share == 1 else rng.sample(hub, round(share * len(hub))):
            change(record)
        return hub

    return changed


def without(name: str, share: float = 1) -> Change:
    return each(lambda record: record.pop(name, None), share)


def with_value(name: str, value: object, share: float = 1) -> Change:
    return each(lambda record: record.update({name: value}), share)


def renamed(old: str, new: str) -> Change:
    return each(lambda record: record.update({new: record.pop(old)}) if old in record else None)


def mapped(name: str, change: Callable[[Any], Any], share: float = 1) -> Change:
    """Change the values of a field. A nested field is written `a.b`."""
    *outer, last = name.split(".")

    def change_value(record: Record) -> None:
        for step in outer:
            record = record.get(step) or {}
        if record.get(last) is not None:
            record[last] = change(record[last])

    return each(change_value, share)


def tags(change: Callable[[str], str | None], share: float = 1) -> Change:
    """Change each tag; None drops it."""
    return each(
        lambda record: record.update(tags=[new for tag in record["tags"] if (new := change(tag)) is not None]), share
    )


def prefix(old: str, new: str | None, share: float = 1) -> Change:
    """Replace a prefix of tags; None drops these tags."""

    def change(tag: str) -> str | None:
        if not tag.startswith(old):
            return tag
        return None if new is None else new + tag.removeprefix(old)

    return tags(change, share)


def values(old: str, change: Callable[[str], str], share: float = 1) -> Change:
    """Change what follows a prefix of tags."""
    return tags(lambda tag: old + change(tag.removeprefix(old)) if tag.startswith(old) else tag, share)


def parent(change: Callable[[str], str], share: float = 1) -> Change:
    """Change the parents, with and without a relation."""

    def changed(tag: str) -> str:
        if not tag.startswith("base_model:"):
            return tag
        relation, colon, model = tag.removeprefix("base_model:").rpartition(":")
        return f"base_model:{relation}{colon}{change(model)}"

    return tags(changed, share)


def ids(change: Callable[[str], str], share: float = 1) -> Change:
    """Change the ids, also of `modelId`."""

    def changed(record: Record) -> None:
        record["id"] = change(record["id"])
        if "modelId" in record:
            record["modelId"] = record["id"]

    return each(changed, share)


def languages(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code.islower()


def shifted(*names: str) -> Change:
    """Give each record the fields of its neighbour."""

    def changed(hub: Hub, _: random.Random) -> Hub:
        rows = [{name: record.pop(name, None) for name in names} for record in hub]
        for record, row in zip(hub, rows[1:] + rows[:1], strict=True):
            record.update({name: value for name, value in row.items() if value is not None})
        return hub

    return changed


def both(*changes: Change) -> Change:
    def changed(hub: Hub, rng: random.Random) -> Hub:
        for change in changes:
            hub = change(hub, rng)
        return hub

    return changed


def rows(change: Callable[[Hub, random.Random], Hub]) -> Change:
    return change


def lost(share: float, key: str) -> Change:
    """Lose the records with the largest values of a field."""

    def changed(hub: Hub, _: random.Random) -> Hub:
        ordered = sorted(hub, key=lambda record: (record[key], record["id"]))
        kept = {record["id"] for record in ordered[: round((1 - share) * len(hub))]}
        return [record for record in hub if record["id"] in kept]

    return changed


def lost_by_chance(share: float) -> Change:
    def changed(hub: Hub, rng: random.Random) -> Hub:
        gone = {record["id"] for record in rng.sample(hub, round(share * len(hub)))}
        return [record for record in hub if record["id"] not in gone]

    return changed


def added(count: float, record: Callable[[int, Record], Record]) -> Change:
    """Add records made from those of the hub; `count` is a share of the hub."""

    def changed(hub: Hub, _: random.Random) -> Hub:
        n_added = round(count * len(hub))
        return hub + [record(number, copy.deepcopy(hub[number % len(hub)])) for number in range(n_added)]

    return changed


def made(number: int, record: Record, id: str, created: str, tag_list: list[str]) -> Record:
    second = int(datetime.fromisoformat(created).timestamp())
    return record | {
        "id": id,
        "author": id.partition("/")[0],
        "createdAt": created,
        "lastModified": created,
        "_id": f"{second:08x}f{number:015x}",
        "sha": f"{number:040x}",
        "tags": tag_list,
    }


def spam(number: int, record: Record) -> Record:
    return made(number, record, f"spammer/model-{number}", "2026-06-10T00:00:00.000Z", ["region:us", "license:mit"])


def spam_of_many(number: int, record: Record) -> Record:
    return made(number, record, f"bot-{number}/model", "2026-06-10T00:00:00.000Z", ["region:us", "license:mit"])


def dataset(number: int, record: Record) -> Record:
    kept = {name: record[name] for name in ("lastModified", "downloads", "likes", "gated", "private")}
    words = [
        "task_categories:text-generation",
        "size_categories:1K<n<10K",
        "format:parquet",
        "license:mit",
        "region:us",
    ]
    created = record["createdAt"][:17] + "59.123Z"
    return made(number, kept, record["id"] + "-dataset", created, words)


def copied(number: int, record: Record) -> Record:
    return record | {"id": record["id"] + "-copy", "_id": f"{record['_id'][:8]}e{number:015x}"}


def days_later(text: str, days: int) -> str:
    time = datetime.fromisoformat(text).timestamp() + 86400 * days
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def mojibake(text: str) -> str:
    """A text with the bytes of one letter misread."""
    return text[:-1] + "é".encode().decode("latin-1")


def as_object(value: object) -> Record:
    return {"value": value}


def dotless(text: str) -> str:
    return text.replace(".", "")


def swapped(id: str) -> str:
    return "/".join(reversed(id.split("/")))


@dataclass(frozen=True)
class Line:
    """A line of the matrix: a family of changes, one change, and the verdict that is right."""

    family: str
    name: str
    verdict: str  # refused, harmless or null
    change: Change = lambda hub, _: hub
    cards: CardChange = lambda cards, _: cards


def all_cards(text: str) -> CardChange:
    return lambda cards, _: dict.fromkeys(cards, text)


def some_cards(text: str, share: float) -> CardChange:
    return lambda cards, rng: cards | dict.fromkeys(rng.sample(sorted(cards), round(share * len(cards))), text)


def each_card(change: Callable[[str], str]) -> CardChange:
    return lambda cards, _: {id: change(card) for id, card in cards.items()}


def shifted_cards(cards: Cards, _: random.Random) -> Cards:
    texts = list(cards.values())
    return dict(zip(cards, texts[1:] + texts[:1], strict=True))


SIGN_IN = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Log in to continue</body></html>"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e\nsize 12345\n"
FRONT_MATTER = "---\nlicense: mit\n---\n"
REFUSED, HARMLESS, NULL = "refused", "harmless", "null"


def lines() -> Iterator[Line]:
    """All lines of the matrix."""
    yield from nothing()
    yield from fields()
    yield from numbers()
    yield from dates()
    yield from tag_prefixes()
    yield from parents()
    yield from id_changes()
    yield from words()
    yield from row_changes()
    yield from card_changes()


def nothing() -> Iterator[Line]:
    def of(name: str, change: Change) -> Line:
        return Line("no change", name, HARMLESS, change)

    yield of("the same records", lambda hub, _: hub)
    yield of("other order of records", lambda hub, rng: rng.sample(hub, len(hub)))
    yield of("other order of keys and tags", each(lambda record: record.update(tags=record.pop("tags")[::-1])))
    yield of("a new field", with_value("xetEnabled", True))
    yield of("a new nested field", each(lambda record: record.get("safetensors", {}).update(sharded=True)))
    yield of("a new tag on all models", each(lambda record: record["tags"].append("xet")))
    yield of("`+00:00` in place of `Z`", mapped("createdAt", lambda time: time.replace("Z", "+00:00")))
    yield of("`baseModels` gone", without("baseModels"))
    yield of("`_id` gone", without("_id"))
    yield of("`author` gone", without("author"))


def fields() -> Iterator[Line]:
    def of(name: str, change: Change, verdict: str = REFUSED) -> Line:
        return Line("fields", name, verdict, change)

    shown = "id", "tags", "createdAt", "pipeline_tag", "library_name", "downloads", "likes"
    for name in shown:
        yield of(f"`{name}` gone", without(name))
    for name in ("lastModified", "downloadsAllTime", "safetensors", "usedStorage", "sha", "trendingScore", "gated"):
        yield of(f"`{name}` gone", without(name), NULL)
    yield of("`private` gone", without("private"), NULL)
    for old, new in (
        ("pipeline_tag", "task"),
        ("library_name", "library"),
        ("tags", "labels"),
        ("createdAt", "created_at"),
        ("downloads", "downloads30d"),
        ("likes", "hearts"),
        ("id", "repoId"),
    ):
        yield of(f"`{old}` renamed to `{new}`", renamed(old, new))
    for name in ("tags", "pipeline_tag", "library_name", "createdAt", "downloads", "likes"):
        yield of(f"`{name}` null", with_value(name, None))
        yield of(f"`{name}` missing in 30 %", without(name, 0.3))
    for name in ("pipeline_tag", "library_name", "downloads", "tags"):
        yield of(f"`{name}` missing in 8 %", without(name, 0.08))
    yield of("`tags` missing in 3 %", without("tags", 0.03))
    yield of("`tags` empty in 3 %", with_value("tags", [], 0.03))
    yield of("`safetensors` missing in 30 %", without("safetensors", 0.3))
    yield of("`downloadsAllTime` missing in 30 %", without("downloadsAllTime", 0.3))
    yield of("`pipeline_tag` as an object", mapped("pipeline_tag", as_object))
    yield of("`library_name` as a list", mapped("library_name", lambda word: [word]))
    yield of("`gated` as an object", mapped("gated", as_object))
    yield of("`gated` always false", with_value("gated", False))
    yield of("`tags` as objects", mapped("tags", lambda tags: [{"name": tag} for tag in tags]))
    yield of("`tags` as one text", mapped("tags", ", ".join))
    yield of("`tags` by kind", mapped("tags", lambda tags: {"other": tags}))
    yield of("`downloads` as text with commas", mapped("downloads", lambda number: f"{number:,}"), REFUSED)
    yield of("`downloads` as text", mapped("downloads", str), HARMLESS)
    yield of("`downloads` as an object", mapped("downloads", as_object))
    yield of("`createdAt` as an object", mapped("createdAt", as_object))
    yield of(
        "all fields below `model`", each(lambda record: record.update(model=copy.copy(record)) or record.pop("id"))
    )
    yield of("tags of the neighbour", shifted("tags"))
    yield of("downloads of the neighbour", shifted("downloads", "downloadsAllTime"))
    yield of("likes of the neighbour", shifted("likes"))
    yield of("task of the neighbour", shifted("pipeline_tag"))
    yield of("creation of the neighbour", shifted("createdAt", "_id"))
    yield of("parameters of the neighbour", shifted("safetensors"))
    yield of("`sha` of the neighbour", shifted("sha"))
    yield of("all but the id of the neighbour", shifted("tags", "downloads", "likes", "createdAt", "pipeline_tag"))


def numbers() -> Iterator[Line]:
    def of(name: str, change: Change, verdict: str = REFUSED) -> Line:
        return Line("numbers", name, verdict, change)

    yield of("downloads / 1,000", mapped("downloads", lambda number: number // 1000))
    yield of("downloads * 30", mapped("downloads", lambda number: number * 30))
    yield of("downloads capped at those of the 1 % with most", capped("downloads", 0.01))
    yield of("downloads capped at those of the 5 % with most", capped("downloads", 0.05))
    yield of("downloads of all time", each(lambda record: record.update(downloads=record["downloadsAllTime"])))
    yield of("downloads all 0", with_value("downloads", 0))
    yield of("downloads all 1", with_value("downloads", 1))
    yield of("downloads 0 in 30 %", with_value("downloads", 0, 0.3))
    yield of("downloads negative", mapped("downloads", lambda number: -number))
    yield of("downloads wrapped at 8 bits", mapped("downloads", lambda number: number % 256))
    yield of("downloads as a rank", lambda hub, _: ranked(hub))
    yield of("likes all 0", with_value("likes", 0))
    yield of("likes doubled", mapped("likes", lambda number: 2 * number))
    yield of("likes capped at those of the 1 % with most", capped("likes", 0.01))
    yield of("likes are downloads", each(lambda record: record.update(likes=record["downloads"])))
    yield of("all-time downloads are those of 30 days", each(lambda r: r.update(downloadsAllTime=r["downloads"])))
    yield of("all-time downloads all 0", with_value("downloadsAllTime", 0))
    yield of("parameters in millions", mapped("safetensors.total", lambda number: number // 10**6))
    yield of("parameters in billions, fractional", mapped("safetensors.total", lambda number: number / 1e9))
    yield of("parameters as bytes", mapped("safetensors.total", lambda number: 2 * number))
    yield of("parameters as words", mapped("safetensors.total", lambda number: f"{number / 1e9:.1f}B"), NULL)
    yield of("parameters all 0", mapped("safetensors.total", lambda _: 0))
    yield of("storage in megabytes", mapped("usedStorage", lambda number: number // 10**6))


def ranked(hub: Hub) -> Hub:
    for rank, record in enumerate(sorted(hub, key=lambda record: -record["downloads"])):
        record["downloads"] = rank + 1
    return hub


def capped(name: str, share: float) -> Change:
    """Cap a number at what a share of the records have at least."""

    def changed(hub: Hub, _: random.Random) -> Hub:
        cap = sorted(record[name] for record in hub)[-max(3, round(share * len(hub)))]
        for record in hub:
            record[name] = min(record[name], cap)
        return hub

    return changed


def dates() -> Iterator[Line]:
    def of(name: str, change: Change, verdict: str = REFUSED) -> Line:
        return Line("dates", name, verdict, change)

    yield of(
        "`createdAt` all equal, `_id` gone", both(with_value("createdAt", "2026-06-01T00:00:00.000Z"), without("_id"))
    )
    yield of("`createdAt` all equal", with_value("createdAt", "2026-06-01T00:00:00.000Z"))
    yield of("`createdAt` is `lastModified`", each(lambda record: record.update(createdAt=record["lastModified"])))
    yield of("`createdAt` is the back-filled date", with_value("createdAt", "2022-03-02T23:29:04.000Z"))
    yield of("`createdAt` a year later", mapped("createdAt", lambda time: days_later(time, 365)))
    yield of("`createdAt` a month later in 5 %", mapped("createdAt", lambda time: days_later(time, 31), 0.05))
    yield of("`createdAt` in seconds", mapped("createdAt", lambda t: int(datetime.fromisoformat(t).timestamp())))
    yield of("`createdAt` as day/month/year", mapped("createdAt", lambda t: f"{t[8:10]}/{t[5:7]}/{t[:4]}"))
    yield of("`createdAt` as a month", mapped("createdAt", lambda time: time[:7]))
    yield of("`createdAt` as a day", mapped("createdAt", lambda time: time[:10]))
    yield of("`lastModified` all equal", with_value("lastModified", "2022-06-01T00:00:00.000Z"))
    yield of("`lastModified` is `createdAt`", each(lambda record: record.update(lastModified=record["createdAt"])))


def tag_prefixes() -> Iterator[Line]:
    def of(name: str, change: Change, verdict: str = REFUSED) -> Line:
        return Line("tags", name, verdict, change)

    for word in ("license", "arxiv", "dataset", "base_model"):
        yield of(f"`{word}:` gone", prefix(f"{word}:", None))
        yield of(f"`{word}:` gone in 30 %", prefix(f"{word}:", None, 0.3))
        yield of(f"`{word}=` in place of `{word}:`", prefix(f"{word}:", f"{word}="))
        yield of(f"`{word}/` in place of `{word}:`", prefix(f"{word}:", f"{word}/"))
        yield of(f"`{word}s:` in place of `{word}:`", prefix(f"{word}:", f"{word}s:"))
        yield of(f"`{word.upper()}:` in place of `{word}:`", prefix(f"{word}:", f"{word.upper()}:"), HARMLESS)
        yield of(f"a space after `{word}:`", prefix(f"{word}:", f"{word}: "), HARMLESS)
    yield of("`license:` gone in 5 %", prefix("license:", None, 0.05))
    yield of("`licence:` in place of `license:`", prefix("license:", "licence:"))
    yield of("`region:` gone", prefix("region:", None))
    yield of("`doi:` gone", prefix("doi:", None))
    yield of("each `a:b` as `a=b`", tags(lambda tag: tag.replace(":", "=", 1)))
    yield of("licenses without prefix", prefix("license:", ""))
    yield of(
        "languages gone from tags and card", both(tags(lambda t: None if languages(t) else t), card_without("language"))
    )
    yield of("languages gone from the card", card_without("language"))
    yield of("`cardData` gone", without("cardData"))
    yield of("languages as names", both(card_without("language"), tags(lambda t: "English" if t == "en" else t)))
    yield of("languages of the card all English", each(lambda r: r.setdefault("cardData", {}).update(language="en")))
    yield of("flags gone", tags(lambda t: t if ":" in t or languages(t) else None))
    yield of("the flag `safetensors` gone", tags(lambda t: None if t == "safetensors" else t))
    yield of("`safetensors` as `format:safetensors`", tags(lambda t: "format:safetensors" if t == "safetensors" else t))
    yield of("tags cut after eight", mapped("tags", lambda tags: tags[:8]))
    yield of("only the first tag", mapped("tags", lambda tags: tags[:1]))
    yield of("the last tag missing", mapped("tags", lambda tags: tags[:-1]))
    yield of("tags in upper case", tags(str.upper))
    yield of(
        "tags HTML-escaped",
        tags(lambda tag: html.escape(tag).replace("/", "&#x2F;").replace(":", "&#58;")),
        HARMLESS,
    )
    yield of("tags url-encoded", tags(lambda tag: urllib.parse.quote(tag, safe="")), HARMLESS)
    yield of("tags in quotes", tags(lambda tag: f'"{tag}"'))
    yield of("tags repeated", mapped("tags", lambda tags: tags * 2), HARMLESS)
    yield of("arXiv ids as URLs", values("arxiv:", "https://arxiv.org/abs/{}".format), HARMLESS)
    yield of("arXiv ids with version", values("arxiv:", "{}v2".format), HARMLESS)
    yield of("arXiv ids without the point", values("arxiv:", dotless), HARMLESS)
    yield of("arXiv ids cut", values("arxiv:", lambda paper: paper[:-1]))
    yield of("arXiv ids as DOI", values("arxiv:", "10.48550/arXiv.{}".format), HARMLESS)
    yield of("datasets without owner", values("dataset:", lambda name: name.rpartition("/")[2]))
    yield of("datasets as URLs", values("dataset:", "https://huggingface.co/datasets/{}".format), HARMLESS)


def card_without(name: str) -> Change:
    return each(lambda record: (record.get("cardData") or {}).pop(name, None))


def parents() -> Iterator[Line]:
    def of(name: str, change: Change, verdict: str = REFUSED) -> Line:
        return Line("parents", name, verdict, change)

    for relation in ("finetune", "merge"):
        yield of(f"`{relation}` gone", prefix(f"base_model:{relation}:", None))
        yield of(f"`{relation}` as `adapter`", prefix(f"base_model:{relation}:", "base_model:adapter:"))
        yield of(
            f"`{relation}/` in place of `{relation}:`", prefix(f"base_model:{relation}:", f"base_model:{relation}/")
        )
        yield of(f"`{relation}` renamed", prefix(f"base_model:{relation}:", f"base_model:{relation}d:"))
    yield of("`finetune` as `quantized` in 10 %", prefix("base_model:finetune:", "base_model:quantized:", 0.1))
    yield of("bare tags only", tags(lambda t: None if t.startswith("base_model:") and t.count(":") > 1 else t))
    yield of("parents with `@main`", parent("{}@main".format), HARMLESS)
    yield of("parents url-encoded", parent(lambda model: model.replace("/", "%2F")), HARMLESS)
    yield of("parents as URLs", parent("https://huggingface.co/{}".format), HARMLESS)
    yield of("parents with `models/`", parent("models/{}".format))
    yield of("parents without owner", parent(lambda model: model.rpartition("/")[2]))
    yield of("parents in lower case", parent(str.lower))
    yield of("parents are the models themselves", each(own_parent))
    yield of("only the first parent", each(first_parent))
    yield of("all parents the same", parent(lambda _: "meta-llama/Llama-3.1-8B"))


def own_parent(record: Record) -> None:
    record["tags"] = [
        f"{tag.rpartition(':')[0]}:{record['id']}" if tag.startswith("base_model:") else tag for tag in record["tags"]
    ]


def first_parent(record: Record) -> None:
    named = [tag for tag in record["tags"] if tag.startswith("base_model:")]
    first = {tag.rpartition(":")[2] for tag in named[:1]}
    record["tags"] = [tag for tag in record["tags"] if tag not in named or tag.rpartition(":")[2] in first]


def id_changes() -> Iterator[Line]:
    def of(name: str, change: Change, verdict: str = REFUSED) -> Line:
        return Line("ids", name, verdict, change)

    yield of("in lower case", ids(str.lower))
    yield of("in lower case, 30 %", ids(str.lower, 0.3))
    yield of("without owner", ids(lambda id: id.rpartition("/")[2]))
    yield of("with `models/` in front", ids("models/{}".format))
    yield of("as URLs", ids("https://huggingface.co/{}".format))
    yield of("the internal `_id` as id", each(lambda record: record.update(id=record["_id"])))
    yield of("name and owner swapped", ids(swapped))
    yield of("`--` in place of `/`", ids(lambda id: id.replace("/", "--")))
    yield of("url-encoded", ids(lambda id: urllib.parse.quote(id, safe="")))
    yield of("with a revision", ids("{}@main".format))
    yield of("of another owner", both(ids(lambda id: "hub/" + id.rpartition("/")[2]), without("author")))
    yield of("of another owner, `_id` gone", both(ids(lambda id: "hub/" + id.rpartition("/")[2]), without("_id")))
    yield of("5 % mojibake", ids(mojibake, 0.05))
    yield of("cut to 20 letters", ids(lambda id: id[:20]))
    yield of("with white space around", ids(" {} ".format))
    yield of("as numbers", lambda hub, _: [record | {"id": number} for number, record in enumerate(hub)])
    yield of("of the neighbour", shifted("id"))


def words() -> Iterator[Line]:
    def of(name: str, change: Change, verdict: str = REFUSED) -> Line:
        return Line("words", name, verdict, change)

    yield of("licenses capitalised", values("license:", str.upper), HARMLESS)
    yield of("licenses as SPDX URLs", values("license:", "https://spdx.org/licenses/{}".format), HARMLESS)
    yield of("licenses all `other`", values("license:", lambda _: "other"))
    yield of("licenses all `other` in 5 %", values("license:", lambda _: "other", 0.05))
    yield of("licenses renamed", values("license:", lambda word: word.replace("-", "_")))
    yield of("tasks with underscores", mapped("pipeline_tag", lambda word: word.replace("-", "_")), HARMLESS)
    yield of("tasks renamed", mapped("pipeline_tag", lambda w: "language-modeling" if w == "text-generation" else w))
    yield of("tasks all `other`", mapped("pipeline_tag", lambda _: "other"))
    yield of("tasks capitalised", mapped("pipeline_tag", str.title), HARMLESS)
    yield of("tasks all `text-generation`", with_value("pipeline_tag", "text-generation"))
    yield of("libraries capitalised", mapped("library_name", str.title), HARMLESS)
    yield of("libraries all `transformers`", with_value("library_name", "transformers"))
    yield of("libraries with version", mapped("library_name", "{}==4.51".format))
    yield of("`gated` as `yes` and `no`", mapped("gated", lambda gated: "yes" if gated else "no"))
    yield of("authors renamed", mapped("author", "user:{}".format))


def row_changes() -> Iterator[Line]:
    def of(name: str, change: Change, verdict: str = REFUSED) -> Line:
        return Line("rows", name, verdict, change)

    yield of("9 % missing, the most downloaded", lost(0.09, "downloads"))
    yield of("9 % missing, the newest", lost(0.09, "createdAt"))
    yield of("9 % missing by chance", lost_by_chance(0.09))
    yield of("4 % missing by chance", lost_by_chance(0.04))
    yield of("half of the models missing", lost_by_chance(0.5))
    yield of("most models missing", lost_by_chance(0.9))
    yield of("the last models by name missing", lost(0.1, "id"))
    yield of("spam of one author as large as the Hub", added(1, spam))
    yield of("spam of one author, 10 %", added(0.1, spam))
    yield of("spam of many authors as large as the Hub", added(1, spam_of_many))
    yield of("datasets of the Hub among the models", added(0.3, dataset))
    yield of("datasets of the Hub among the models, 5 %", added(0.05, dataset))
    yield of("copies under other ids, 10 %", added(0.1, copied))
    yield of("each record twice", lambda hub, _: hub + copy.deepcopy(hub), HARMLESS)
    yield of(
        "10 % twice, with fewer tags",
        lambda hub, _: hub + [r | {"tags": r["tags"][:1]} for r in copy.deepcopy(hub[::10])],
    )


def card_changes() -> Iterator[Line]:
    def of(name: str, change: CardChange, verdict: str = REFUSED) -> Line:
        return Line("cards", name, verdict, cards=change)

    yield of("a sign-in page", all_cards(SIGN_IN))
    yield of("a sign-in page in 5 %", some_cards(SIGN_IN, 0.05))
    yield of("front matter alone", all_cards(FRONT_MATTER))
    yield of("front matter alone, of each", each_card(lambda card: card[: card.index("---", 4) + 4]))
    yield of("one space", all_cards(" "))
    yield of("empty", all_cards(""))
    yield of("git-lfs pointers", all_cards(POINTER))
    yield of("git-lfs pointers in 5 %", some_cards(POINTER, 0.05))
    yield of("all the same text", all_cards("# A model\n" + "It was trained on data. " * 40))
    yield of("cut to 100 characters", each_card(lambda card: card[:100]))
    yield of("as HTML", each_card(lambda card: f"<html><body><pre>{html.escape(card)}</pre></body></html>"))
    yield of("as JSON", each_card(lambda card: json.dumps({"card": card})))
    yield of("mojibake", each_card(lambda card: card.replace("a", "Ã¡")))
    yield of("an error in JSON", all_cards('{"error": "Too many requests"}'))
    yield of("of the neighbour", shifted_cards)


def table() -> str:
    """The matrix as a table in Markdown: one row per family of changes and verdict."""
    rows: dict[tuple[str, str], list[str]] = {}
    for line in lines():
        rows.setdefault((line.family, line.verdict), []).append(line.name)
    n_lines = sum(map(len, rows.values()))
    head = f"{n_lines} changes:\n\n| changes of | verdict | changes |\n|---|---|---|"
    return "\n".join(
        [head, *(f"| {family} | {verdict} | {'; '.join(names)} |" for (family, verdict), names in rows.items())]
    )


if __name__ == "__main__":
    print(table())
