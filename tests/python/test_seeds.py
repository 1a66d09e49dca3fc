"""The seeds agree with their source vocabularies and with each other.

`python tests/python/test_seeds.py` rewrites seeds/languages.csv from the installed pycountry. All other seeds are
edited by hand; a failing test names the rows to add or remove.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pycountry
import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
SEEDS = PROJECT / "seeds"
VOCABULARIES = PROJECT.parent / "shared" / "vocabularies"
SEED_FILES = sorted(SEEDS.glob("*.csv"))

LANGUAGE_COLUMNS = ["language", "alpha_2", "alpha_3", "bibliographic", "former", "name"]
# Codes that ISO 639-1 replaced in 1989, 2001 and 2008. Cards still use them.
FORMER_CODES = {"he": "iw", "id": "in", "jv": "jw", "ro": "mo", "yi": "ji"}
# The Hub accepts these two in addition to the ISO codes.
HUB_LANGUAGES = [["code", "", "", "", "", "Code"], ["multilingual", "", "", "", "", "Multilingual"]]
# ISO codes of small languages that are also words of computing and biology: in a card `dna` means sequences. No card in
# the samples of June and August 2026 declares one of them for the language, so they are unknown values here.
NOT_LANGUAGES = {"awk", "bio", "css", "dna", "git", "llm", "tex", "xml"}

# The study's grouping by pattern. If several patterns match, the longest wins.
STUDY_CATEGORIES = {
    "gemma": "commercial",
    "llama2": "commercial",
    "llama3": "commercial",
    "llama3.[1-3]": "commercial",
    "*openrail*": "use-restricted",
    "*-rail-*": "use-restricted",
    "cc-by-nc-*": "use-restricted",
    "cc-by-*": "copyleft",
    "cc-by-sa-*": "copyleft",
    "gpl-*": "copyleft",
    "mit": "permissive",
    "apache-2.0": "permissive",
    "unlicense": "permissive",
    "cc0-1.0": "permissive",
    "cc": "permissive",
    "artistic-2.0": "permissive",
    "afl-3.0": "permissive",
}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def seed(name: str) -> list[dict[str, str]]:
    return read(SEEDS / f"{name}.csv")


def keys(name: str) -> set[str]:
    """The values of a seed's first column, which is its key."""
    return {next(iter(row.values())) for row in seed(name)}


def vocabulary(name: str) -> list[dict[str, str]]:
    path = VOCABULARIES / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"the Hub's list of {name} is missing: ../shared/vocabularies/{name}.csv")
    return read(path)


def languages_csv() -> str:
    """The expected content of languages.csv: every ISO 639-3 language but a few, and the Hub's two extra values."""
    rows = list(HUB_LANGUAGES)
    for language in pycountry.languages:
        if language.alpha_3 in NOT_LANGUAGES:
            continue
        alpha_2 = getattr(language, "alpha_2", "")
        bibliographic = getattr(language, "bibliographic", "")
        former = FORMER_CODES.get(alpha_2, "")
        rows.append([alpha_2 or language.alpha_3, alpha_2, language.alpha_3, bibliographic, former, language.name])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LANGUAGE_COLUMNS)
    writer.writerows(sorted(rows))
    return text.getvalue()


def study_category(license_id: str) -> str:
    matching = [pattern for pattern in STUDY_CATEGORIES if fnmatchcase(license_id, pattern)]
    return STUDY_CATEGORIES[max(matching, key=len)] if matching else ""


def test_languages_equal_those_of_pycountry() -> None:
    # Compare sets of rows: a diff of two files of 8,000 lines is unreadable.
    expected = set(languages_csv().splitlines())
    actual = set((SEEDS / "languages.csv").read_text(encoding="utf-8").splitlines())
    advice = "run python tests/python/test_seeds.py"
    assert not expected - actual, f"rows are missing: {advice}"
    assert not actual - expected, f"rows are not in pycountry: {advice}"


@pytest.mark.parametrize("column", ["language", "alpha_2", "alpha_3", "bibliographic", "former"])
def test_each_language_code_stands_for_one_language(column: str) -> None:
    codes = [row[column] for row in seed("languages") if row[column]]
    assert len(codes) == len(set(codes))


def test_language_codes_that_parsers_mistake_for_null_are_present() -> None:
    # Nauruan, Norwegian and Min Nan: CSV and YAML parsers read them as null, false and NaN.
    assert {"na", "no", "nan"} <= keys("languages")


@pytest.mark.parametrize(
    ("name", "hub_key", "hub_name"),
    [
        ("libraries", "id", "label"),
        ("licenses", "license_id", "license_name"),
        ("tasks", "id", "name"),
    ],
)
def test_seed_covers_the_hubs_vocabulary(name: str, hub_key: str, hub_name: str) -> None:
    key, label = list(seed(name)[0])[:2]
    # The Hub's list escapes asterisks for its documentation page.
    hub = {row[hub_key]: row[hub_name].replace("\\*", "*") for row in vocabulary(name)}
    ours = {row[key]: row[label] for row in seed(name) if row.get("retired") != "true"}
    assert ours == hub


def test_tasks_have_the_hubs_modality_unless_retired() -> None:
    hub = {row["id"]: row["modality"] for row in vocabulary("tasks")}
    for row in seed("tasks"):
        if row["retired"] == "true":
            assert row["task"] not in hub, f"{row['task']} is in the Hub's list again"
        else:
            assert row["modality"] == hub[row["task"]]


@pytest.mark.parametrize(
    ("vocabulary_name", "codes"),
    [
        ("ISO 639-1 code", lambda: {row["alpha_2"] for row in seed("languages")}),
        ("library", lambda: keys("libraries")),
        ("task", lambda: keys("tasks")),
    ],
    ids=["iso_639_1", "library", "task"],
)
def test_no_flag_is_also_in_another_vocabulary(vocabulary_name: str, codes: Callable[[], set[str]]) -> None:
    # A tag without a prefix is looked up in all of these, so it must have one meaning.
    assert not keys("tag_flags") & codes(), f"a flag is also a {vocabulary_name}"


def test_no_task_is_also_a_library_or_a_two_letter_language() -> None:
    two_letters = {row["alpha_2"] for row in seed("languages")}
    assert not keys("tasks") & (keys("libraries") | two_letters)
    assert not keys("libraries") & two_letters


def test_licenses_follow_the_studys_grouping() -> None:
    for row in seed("licenses"):
        assert row["study_category"] == study_category(row["license"]), row["license"]


@pytest.mark.parametrize(
    ("category", "licenses"),
    [
        ("commercial", "gemma llama2 llama3 llama3.1 llama3.2 llama3.3"),
        ("use-restricted", "openrail++ openrail creativeml-openrail-m bigscience-bloom-rail-1.0"),
        ("use-restricted", "cc-by-nc-4.0 cc-by-nc-sa-4.0 cc-by-nc-nd-4.0"),
        ("copyleft", "cc-by-4.0 cc-by-sa-4.0 gpl-3.0 gpl-2.0"),
        ("permissive", "mit apache-2.0 unlicense cc0-1.0 cc artistic-2.0 afl-3.0"),
    ],
)
def test_every_license_that_the_study_groups_has_its_category(category: str, licenses: str) -> None:
    found = {row["license"]: row["study_category"] for row in seed("licenses")}
    assert {found[name] for name in licenses.split()} == {category}


def test_every_license_in_the_published_order_is_grouped_by_the_study() -> None:
    grouped = {row["license"] for row in seed("licenses") if row["study_category"]}
    assert {row["value"] for row in seed("published_orders") if row["trait"] == "license"} <= grouped


def test_the_same_family_of_licenses_is_use_restricted_in_both_groupings() -> None:
    family = [row for row in seed("licenses") if "rail" in row["license"]]
    assert len(family) == 6
    assert {(row["category"], row["study_category"]) for row in family} == {("use-restricted", "use-restricted")}


def test_ambiguous_codes_are_two_letter_codes() -> None:
    assert keys("ambiguous_languages") <= {row["alpha_2"] for row in seed("languages")}


def test_licenses_link_to_their_terms() -> None:
    for row in seed("licenses"):
        assert row["source"].startswith("https://"), row["license"]
        if row["spdx_id"]:
            assert row["source"] == f"https://spdx.org/licenses/{row['spdx_id']}.html"


def test_license_families_have_no_spdx_identifier() -> None:
    # A family leaves the version open, so no SPDX identifier is equivalent.
    assert not [row["license"] for row in seed("licenses") if "family" in row["license_name"] and row["spdx_id"]]


@pytest.mark.parametrize(
    ("pattern", "category"),
    [
        ("cc-by-nc*", "non-commercial"),
        ("cc-by-sa-*", "copyleft"),
        ("cc-by-[0-9]*", "permissive"),
        ("*openrail*", "use-restricted"),
        ("llama*", "commercial/custom"),
        ("*gpl*", "copyleft"),
        ("bsd*", "permissive"),
    ],
)
def test_similar_licenses_share_a_category(pattern: str, category: str) -> None:
    matching = [row for row in seed("licenses") if fnmatchcase(row["license"], pattern)]
    assert matching
    assert {row["category"] for row in matching} == {category}


def test_paper_ranks_follow_the_study() -> None:
    ranks = {row["relation"]: row["paper_rank"] for row in seed("relations")}
    assert ranks == {"finetune": "1", "quantized": "2", "adapter": "3", "merge": "4", "unspecified": "0"}


def test_traits_read_from_tags_have_a_known_tag_kind() -> None:
    # Language tags have no prefix, so the prefixes do not list their kind.
    kinds = {row["kind"] for row in seed("tag_prefixes")} | {"language"}
    for row in seed("traits"):
        from_tags = row["source"] in {"tag", "language"}
        assert (row["tag_kind"] in kinds) if from_tags else (row["tag_kind"] == ""), row["trait"]


def test_both_published_values_stand_where_paper_and_notebooks_differ() -> None:
    of: dict[str, dict[str, float]] = {}
    for row in seed("published_figures"):
        of.setdefault(row["figure"], {})[row["source"]] = float(row["published"])
    assert {figure: values for figure, values in of.items() if len(values) > 1} == {
        "mutation_rate_task": {"notebook": 0.4106, "paper text": 0.23},
        "order_drifts_license": {"notebook": 121, "paper text": 140},
        "order_share_transitions_compatible_task": {"notebook": 0.982, "paper text": 0.95},
    }
    units: dict[str, set[str]] = {}
    for row in seed("published_figures"):
        units.setdefault(row["figure"], set()).add(row["unit"])
    assert all(len(unit) == 1 for unit in units.values())


def test_published_datasets_are_the_studys_ten_most_frequent() -> None:
    path = PROJECT.parent / "shared" / "reference" / "paper_datasets_top500.csv"
    if not path.exists():
        pytest.skip("the study's counts of datasets are missing: ../shared/reference/paper_datasets_top500.csv")
    start = "dataset_models_"
    published = {
        row["figure"].removeprefix(start): int(row["published"])
        for row in seed("published_figures")
        if row["figure"].startswith(start)
    }
    assert published == {row["value"]: int(row["models"]) for row in read(path)[:10]}


def test_published_shares_of_languages_are_of_models_that_report_one() -> None:
    # English has 221,550 and Chinese 12,917 of 458,985 reported languages (48% and 2.8%). The published shares, over
    # 75% and 4.4%, fit one number of models that report a language.
    path = PROJECT.parent / "shared" / "reference" / "paper_languages.csv"
    if not path.exists():
        pytest.skip("the study's counts of languages are missing: ../shared/reference/paper_languages.csv")
    n_models = {row["value"]: int(row["models"]) for row in read(path)}
    published = {row["figure"]: float(row["published"]) for row in seed("published_figures")}
    n_reporting = n_models["Chinese"] / published["language_share_zh"]
    assert 0.75 < n_models["English"] / n_reporting < 0.77
    assert n_models["English"] / sum(n_models.values()) < 0.5


def described_seeds() -> dict[str, dict[str, Any]]:
    described = yaml.safe_load((SEEDS / "seeds.yml").read_text(encoding="utf-8"))["seeds"]
    return {entry["name"]: entry for entry in described}


def key_columns(name: str, header: list[str]) -> list[str]:
    """The columns whose combination is tested to be unique, else the first column."""
    for test in described_seeds()[name].get("data_tests", []):
        if "unique_combination" in test:
            return list(test["unique_combination"]["arguments"]["columns"])
    return header[:1]


@pytest.mark.parametrize("path", SEED_FILES, ids=lambda path: path.stem)
def test_seed_file_is_clean_sorted_and_has_unique_keys(path: Path) -> None:
    content = path.read_bytes()
    text = content.decode("utf-8")
    assert not text.startswith("\ufeff")
    assert "\r" not in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not [line for line in text.splitlines() if line != line.rstrip()]

    rows = read(path)
    header = text.splitlines()[0].split(",")
    assert header == [column.lower() for column in header]
    assert all(None not in row.values() and None not in row for row in rows), "a row has too few or too many cells"
    assert all(cell == cell.strip() for row in rows for cell in row.values())
    columns = key_columns(path.stem, header)
    keys = [tuple(f"{int(row[c]):03}" if c == "place" else row[c] for c in columns) for row in rows]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))
    assert not [key for key in keys if "" in key]


def test_every_seed_and_column_is_described_and_typed() -> None:
    described = described_seeds()
    assert list(described) == [path.stem for path in SEED_FILES]
    for entry, path in zip(described.values(), SEED_FILES, strict=True):
        header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        assert [column["name"] for column in entry["columns"]] == header
        assert list(entry["config"]["column_types"]) == header
        assert all(column["description"] for column in entry["columns"])


if __name__ == "__main__":
    (SEEDS / "languages.csv").write_text(languages_csv(), encoding="utf-8", newline="\n")
