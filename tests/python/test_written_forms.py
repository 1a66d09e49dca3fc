"""Values in another form than the Hub's: each form of each kind reads back as the value, and nothing else changes."""

import csv
import html
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from conftest import ROOT, CompiledModel, MemoryWarehouse
from hypothesis import given, settings
from hypothesis import strategies as st

OTHER_FORMS = "select kind, value, read_as, form, n_models from intermediate.int_read_values"


def column(seed: str, name: str) -> list[str]:
    with (ROOT / "seeds" / f"{seed}.csv").open(newline="", encoding="utf-8") as file:
        return [row[name] for row in csv.DictReader(file) if row[name]]


LICENSES = column("licenses", "license")
TASKS = column("tasks", "task")
LIBRARIES = column("libraries", "library")

Form = Callable[[str], str]
WRAPPED: dict[str, Form] = {
    "as it is": lambda value: value,
    "white space": lambda value: f" {value}\t",
    "no-break space": lambda value: f"\u00a0{value}\u00a0",
    "line break": lambda value: f"{value}\n",
    "escaped space": lambda value: f"{value}&nbsp;",
}
ANY_CASE: dict[str, Form] = {"upper": str.upper, "title": str.title, "lower": str.lower}


def escaped(value: str) -> str:
    """Every character that is no letter or digit as a decimal or hexadecimal escape, as two libraries write them."""
    return re.sub(r"[^A-Za-z0-9]", lambda match: f"&#{ord(match[0])};", value)


def escaped_in_hexadecimal(value: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", lambda match: f"&#x{ord(match[0]):X};", value)


ESCAPED: dict[str, Form] = {
    "decimal": escaped,
    "hexadecimal": escaped_in_hexadecimal,
    "html.escape": html.escape,
    "slash": lambda value: value.replace("/", "&#x2F;"),
}
PERCENT: dict[str, Form] = {
    "percent": lambda value: urllib.parse.quote(value, safe=""),
    "percent, lower": lambda value: urllib.parse.quote(value, safe="").lower() if value.islower() else value,
}
HOSTS = (
    "https://huggingface.co",
    "http://www.huggingface.co",
    "https://hf.co",
    "huggingface.co",
    "hf.co",
    "HTTPS://HF.co",
)


def addresses(folder: str) -> dict[str, Form]:
    pages = ("", "/", "/tree/main", "/tree/main/", "/resolve/main/config.json", "/blob/refs%2Fpr%2F1/README.md",
             "/raw/a", "/discussions/3", "?library=x", "#top", ".git", "@main")  # fmt: skip  # in groups
    forms: dict[str, Form] = {
        f"{host} {page}": lambda value, host=host, page=page: f"{host}/{folder}{value}{page}"  # type: ignore[misc]  # mypy cannot infer it
        for host in HOSTS
        for page in pages
    }
    return forms | {
        "hf": lambda value: f"hf://{folder}{value}",
        "hf at a revision": lambda value: f"hf://{folder}{value}@v1/config.json",
        "api": lambda value: f"https://huggingface.co/api/{folder or 'models/'}{value}",
    }


REPOSITORY: dict[str, Form] = (
    WRAPPED
    | ESCAPED
    | PERCENT
    | {
        "slash at the end": lambda value: f"{value}/",
        "main": lambda value: f"{value}@main",
        "commit": lambda value: f"{value}@0123abc",
        "revision": lambda value: f"{value}@refs/pr/1",
        "page": lambda value: f"{value}/tree/main",
        "file": lambda value: f"{value}/resolve/main/model.safetensors",
    }
)
ARXIV: dict[str, Form] = WRAPPED | ESCAPED | PERCENT | {
    "version": lambda value: f"{value}v2",
    "abs": lambda value: f"https://arxiv.org/abs/{value}",
    "abs, version": lambda value: f"http://arxiv.org/abs/{value}v3",
    "pdf": lambda value: f"https://www.arxiv.org/pdf/{value}v1.pdf",
    "pdf, no suffix": lambda value: f"arxiv.org/pdf/{value}",
    "html": lambda value: f"https://arxiv.org/html/{value}v2?context=cs",
    "export": lambda value: f"https://export.arxiv.org/abs/{value}/",
    "doi": lambda value: f"10.48550/arXiv.{value}",
    "doi address": lambda value: f"https://doi.org/10.48550/arXiv.{value}",
    "doi scheme": lambda value: f"doi:10.48550/arxiv.{value}",
    "papers": lambda value: f"https://huggingface.co/papers/{value}",
    "prefix": lambda value: f"arXiv:{value}",
}  # fmt: skip  # in groups
LICENSE: dict[str, Form] = WRAPPED | ANY_CASE | ESCAPED | {
    "spdx": lambda value: f"https://spdx.org/licenses/{value}.html",
    "spdx, upper": lambda value: f"http://spdx.org/licenses/{value.upper()}",
    "spdx, json": lambda value: f"https://www.spdx.org/licenses/{value}.json",
    "opensource": lambda value: f"https://opensource.org/licenses/{value.upper()}",
    "opensource, new": lambda value: f"https://opensource.org/license/{value.replace('.', '-')}/",
    "choosealicense": lambda value: f"https://choosealicense.com/licenses/{value}/",
}  # fmt: skip  # in groups
PREFIX: dict[str, Form] = {
    "as it is": lambda value: value,
    "upper": str.upper,
    "title": str.title,
    "white space": lambda value: f" {value} ",
}

name = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True).filter(lambda text: not text.endswith(".git"))
FOLDERS = {"datasets", "spaces", "models", "docs", "blog", "papers", "posts", "collections", "organizations", "api"}
PAGES = {"tree", "blob", "resolve", "raw", "commit", "commits", "discussions"}
# An owner and a name, as the Hub gives them: no owner has a point, and no name that of a page.
repositories = st.tuples(name, name).filter(
    lambda pair: pair[0].lower() not in FOLDERS and "." not in pair[0] and pair[1].lower() not in PAGES
)
ids = repositories.map("/".join)
arxiv_ids = st.one_of(
    st.from_regex(r"(0[7-9]|1[0-4])(0[1-9]|1[0-2])\.[0-9]{4}", fullmatch=True),
    st.from_regex(r"(1[5-9]|2[0-6])(0[1-9]|1[0-2])\.[0-9]{5}", fullmatch=True),
    st.from_regex(r"(hep-th|cs|math\.GT)/[0-9]{7}", fullmatch=True),
)


@st.composite
def written_values(draw: st.DrawFn) -> tuple[str, str, str]:
    """A tag, and the kind and value that it means."""
    kind = draw(st.sampled_from(["license", "arxiv", "dataset", "base_model"]))
    prefix = PREFIX[draw(st.sampled_from(sorted(PREFIX)))](kind)
    if kind == "license":
        value = draw(st.sampled_from(LICENSES))
        written = LICENSE[draw(st.sampled_from(sorted(LICENSE)))](value)
    elif kind == "arxiv":
        value = draw(arxiv_ids)
        written = ARXIV[draw(st.sampled_from(sorted(ARXIV)))](value)
    else:
        value = draw(ids)
        folder = "datasets/" if kind == "dataset" else ""
        forms = REPOSITORY | addresses(folder)
        written = forms[draw(st.sampled_from(sorted(forms)))](value)
        relation = draw(st.sampled_from(["", "finetune", "quantized"])) if kind == "base_model" else ""
        if relation:
            value = f"{relation}:{value}"
            written = f"{PREFIX[draw(st.sampled_from(sorted(PREFIX)))](relation)}:{written}"
    tag = f"{prefix}:{written}"
    whole = WRAPPED if "&" in tag or "%" in tag else WRAPPED | {"decimal": escaped}
    return whole[draw(st.sampled_from(sorted(whole)))](tag), kind, value


@pytest.fixture(scope="module")
def tags_read(compiled_models: list[CompiledModel]) -> Callable[[list[str]], dict[str, tuple[str, str, bool]]]:
    """Read tags with the models of the folder `tags` alone, which is fast: kind, value, whether it is read."""
    folders = ("staging", "records", "tags")
    warehouse = MemoryWarehouse(ROOT / "seeds", [model for model in compiled_models if model.folder in folders])

    def read(tags: list[str]) -> dict[str, tuple[str, str, bool]]:
        warehouse.build([{"id": "org/a", "tags": tags}])
        rows = warehouse.rows("select tag, prefix_kind, tag_value, is_read from intermediate.int_tag_vocabulary")
        return {tag: (kind, value, is_read) for tag, kind, value, is_read in rows}

    return read


Read = Callable[[list[str]], dict[str, tuple[str, str, bool]]]


@settings(max_examples=40)
@given(tags=st.lists(written_values(), min_size=1, max_size=30, unique_by=lambda tag: tag[0]))
def test_every_value_in_every_form_is_read_as_the_value(tags_read: Read, tags: list[tuple[str, str, str]]) -> None:
    read = tags_read([tag for tag, *_ in tags])
    assert {tag: (kind, value) for tag, (kind, value, _) in read.items()} == {
        tag: (kind, value) for tag, kind, value in tags
    }
    canonical = [f"{kind}:{value}" for _, kind, value in tags]
    again = tags_read(canonical)
    assert again == {tag: (*tag.split(":", 1), False) for tag in canonical}


any_text = st.text(
    st.one_of(st.sampled_from("/:@%&;.# \t-_ABab019"), st.characters(exclude_categories=["Cs"])),
    min_size=1,
    max_size=12,
).filter(lambda text: "\0" not in text)


@settings(max_examples=40)
@given(texts=st.lists(any_text, min_size=1, max_size=40, unique=True))
def test_reading_twice_changes_nothing_and_no_text_breaks_it(tags_read: Read, texts: list[str]) -> None:
    kinds = ("license", "arxiv", "dataset", "base_model", "doi", "region")
    read = tags_read([f"{kind}:{text}" for kind in kinds for text in texts] + texts)
    values = [f"{kind}:{value}" for kind, value, _ in read.values() if kind]
    again = tags_read(values)
    assert {tag: f"{again[tag][0]}:{again[tag][1]}" for tag in values} == {tag: tag for tag in values}
    assert not any(again[tag][2] for tag in values)


KEPT = [
    "base_model:/data/model_base", "base_model:C:\\models\\x", "base_model:gpt2", "base_model:llama3:8b",
    "base_model:https://huggingface.co/datasets/acme/data", "base_model:https://huggingface.co/spaces/acme/app",
    "base_model:https://example.org/acme/base", "base_model:foo@bar.com", "base_model:outputs/run/checkpoints/last",
    "base_model:https://huggingface.co/acme/base/unknown/page", "base_model:models--acme--base",
    "dataset:https://huggingface.co/models/acme/base", "dataset:squad", "dataset:a b",
    "license:apache 2.0", "license:apache2", "license:https://example.org/licenses/mit",
    "license:https://creativecommons.org/licenses/by/3.0/us/", "license:gpl-3.0-or-later",
    "arxiv:12345", "arxiv:2101.1", "arxiv:1412.12", "arxiv:131300001", "arxiv:15010000", "arxiv:https://example.org/2101.00001",
    "Text-Generation", "Transformers", "GGUF", "medical ", "EN", "new:word",
]  # fmt: skip  # in groups


def test_likeness_is_no_reading(warehouse: MemoryWarehouse) -> None:
    warehouse.build(
        [{"id": "org/a", "tags": KEPT, "library_name": "sentence_transformers", "pipeline_tag": "text gen"}]
    )
    expected = {tag: tag.partition(":")[2] if ":" in tag and not tag.startswith("new") else tag for tag in KEPT}
    assert dict(warehouse.rows("select tag, value from marts.model_tags")) == expected
    assert warehouse.rows(OTHER_FORMS) == []
    assert warehouse.rows("select library, task from marts.models") == [("sentence_transformers", "text gen")]


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("license:https://creativecommons.org/licenses/by-nc-sa/4.0/", "cc-by-nc-sa-4.0"),
        ("license:https://creativecommons.org/licenses/by/4.0/deed.en", "cc-by-4.0"),
        ("license:https://creativecommons.org/licenses/by-sa/4.0/legalcode", "cc-by-sa-4.0"),
        ("license:https://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
        ("license:http://www.apache.org/licenses/LICENSE-2.0.txt", "apache-2.0"),
        ("license:https://www.gnu.org/licenses/gpl-3.0.en.html", "gpl-3.0"),
        ("license:https://www.gnu.org/licenses/old-licenses/gpl-2.0.html", "gpl-2.0"),
        ("license:https://spdx.org/licenses/GPL-3.0-only.html", "gpl-3.0"),
        ("license:My-Own-License", "my-own-license"),
        ("arxiv:210100001", "2101.00001"),
        ("arxiv:07040001", "0704.0001"),
        ("doi:https://doi.org/10.57967/hf/123", "10.57967/hf/123"),
        ("base_model:https://huggingface.co/gpt2", "gpt2"),
        ("base_model:https://huggingface.co/gpt2/tree/main", "gpt2"),
        ("base_model:FineTune:https://hf.co/gpt2", "finetune:gpt2"),
        ("dataset:https://huggingface.co/datasets/squad", "squad"),
        ("dataset:https://huggingface.co/acme/data", "acme/data"),
        ("base_model:adapter:https%3A%2F%2Fhuggingface.co%2Facme%2Fbase%2Ftree%2Fmain", "adapter:acme/base"),
    ],
)
def test_forms_of_single_values(warehouse: MemoryWarehouse, tag: str, value: str) -> None:
    warehouse.build([{"id": "org/a", "tags": [tag]}])
    assert warehouse.rows("select value from marts.model_tags") == [(value,)]


@pytest.mark.parametrize("field", ["pipeline_tag", "library_name"])
def test_every_task_and_library_is_read_in_every_form(warehouse: MemoryWarehouse, field: str) -> None:
    values = {"pipeline_tag": TASKS, "library_name": LIBRARIES}[field]
    forms: dict[str, Form] = WRAPPED | ANY_CASE | ESCAPED
    if field == "pipeline_tag":
        forms |= {"underscores": lambda value: value.replace("-", "_"), "blanks": lambda value: value.replace("-", " ")}
    cases = [(value, form(value)) for value in values for form in forms.values()]
    warehouse.build({"id": f"org/{number}", field: written} for number, (_, written) in enumerate(cases))
    column_of = {"pipeline_tag": "task", "library_name": "library"}[field]
    found = dict(warehouse.rows(f"select model_id, {column_of} from marts.models"))
    assert found == {f"org/{number}": value for number, (value, _) in enumerate(cases)}
    counted = dict(
        warehouse.rows(
            f"select value, n_models from marts.trait_distribution where trait = '{column_of}' and n_models > 0"
        )
    )
    assert counted == dict.fromkeys(values, len(forms))


def test_the_study_takes_values_as_they_are_written(warehouse: MemoryWarehouse) -> None:
    base = {
        "id": "Acme/base",
        "tags": ["license:mit"],
        "library_name": "transformers",
        "createdAt": "2024-01-01T00:00:00Z",
    }
    tags = {
        "kid/same": ["base_model:finetune:Acme/base", "license:mit"],
        "kid/case": ["base_model:finetune:acme/BASE", "license:MIT"],
        "kid/address": [
            "base_model:finetune:https://huggingface.co/Acme/base",
            "license:https://spdx.org/licenses/MIT.html",
        ],
        "kid/both": [
            "base_model:adapter:hf.co/Acme/base",
            "base_model:finetune:Acme/base",
            "license:mit",
            "license:MIT",
        ],
        "kid/bare": ["base_model:Acme/base", "base_model:finetune:Acme/base@main"],
        "kid/space": ["base_model:finetune: Acme/base", "License:mit"],
    }
    records: list[dict[str, Any]] = [
        {"id": kid, "tags": tags_of, "createdAt": "2024-02-01T00:00:00Z"} for kid, tags_of in tags.items()
    ]
    records[1]["library_name"] = "Transformers"
    warehouse.build([base, *records])
    edges = warehouse.rows("select child_id, parent_id, relation, is_paper_edge from marts.lineage_edges")
    assert set(edges) == {
        ("kid/same", "Acme/base", "finetune", True),
        ("kid/case", "Acme/base", "finetune", False),
        ("kid/address", "Acme/base", "finetune", False),
        ("kid/both", "Acme/base", "adapter", False),
        ("kid/both", "Acme/base", "finetune", True),
        ("kid/bare", "Acme/base", "finetune", True),
        ("kid/space", "Acme/base", "finetune", True),
    }
    study = "select relation, count(*) from intermediate.int_paper_edges group by relation"
    assert dict(warehouse.rows(study)) == {"finetune": 3, "unspecified": 1}
    counts = {
        (trait, value): (ours, paper)
        for trait, value, ours, paper in warehouse.rows(
            "select trait, value, n_models, n_models_paper from marts.trait_distribution"
        )
    }
    assert counts == {
        ("license", "mit"): (6, 3),
        ("license", "MIT"): (0, 2),
        ("license", "https://spdx.org/licenses/MIT.html"): (0, 1),
        ("library", "transformers"): (2, 1),
        ("library", "Transformers"): (0, 1),
    }
    assert {license for (license,) in warehouse.rows("select license from marts.model_licenses")} == {"mit"}
    assert set(warehouse.rows(OTHER_FORMS)) == {
        ("license", "MIT", "mit", "case", 2),
        ("license", "https://spdx.org/licenses/MIT.html", "mit", "address", 1),
        ("license", "License:mit", "mit", "case", 1),
        ("library", "Transformers", "transformers", "case", 1),
        ("parent", "acme/BASE", "Acme/base", "case", 1),
        ("parent", "finetune:https://huggingface.co/Acme/base", "finetune:Acme/base", "address", 1),
        ("parent", "adapter:hf.co/Acme/base", "adapter:Acme/base", "address", 1),
        ("parent", "finetune:Acme/base@main", "finetune:Acme/base", "revision", 1),
        ("parent", "finetune: Acme/base", "finetune:Acme/base", "white space", 1),
    }
