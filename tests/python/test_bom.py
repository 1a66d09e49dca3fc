"""License lineage and bill of materials on the command line, on one small hub that is built once."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import run_dbt, run_phylohub
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing

from phylohub.explore.bom import SPEC_VERSIONS, license_ref, spdx_expression
from phylohub.explore.licenses import Severity, has_finding

HOSTILE = "evil/\x1b[31m<script> name"


def record(model_id: str, license_id: str | None, *parents: str, **fields: Any) -> dict[str, Any]:
    tags = [f"base_model:finetune:{parent}" for parent in parents] + ([f"license:{license_id}"] if license_id else [])
    return {"id": model_id, "createdAt": "2024-01-01T00:00:00.000Z", "tags": tags} | fields


RECORDS = [
    record("lab/base", "cc-by-nc-4.0", sha="a" * 40),
    record("lab/open", None, "lab/base"),
    record("me/chat", "apache-2.0", "lab/open", "gone/model", sha="b" * 40),
    record("me/clean", "mit"),
    record(HOSTILE, "odd \x1b[31m license", "me/chat"),
]
RECORDS[2]["tags"] += ["dataset:org/data set", "arxiv:2106.09685"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bom")
    database, records = folder / "phylohub.duckdb", folder / "hub.jsonl"
    records.write_text("".join(json.dumps(one) + "\n" for one in RECORDS))
    assert run_phylohub(database, "ingest", "dump", str(records)).returncode == 0
    marts = ["models", "model_ancestry", "model_datasets", "model_papers", "snapshot_changes", "declared_parents"]
    selected = [f"+{mart}" for mart in [*marts, "declared_licenses", "license_inheritance", "license_obligations"]]
    for command in (["seed"], ["run", "-s", *selected, "+license_findings", "+lineage_closure", "+lineage_edges"]):
        done = run_dbt(database, folder / "target", *command)
        assert done.returncode == 0, done.stdout
    return database


@pytest.mark.parametrize("version", SPEC_VERSIONS)
@pytest.mark.parametrize("model", [one["id"] for one in RECORDS])
def test_bom_is_valid(hub: Path, model: str, version: str) -> None:
    done = run_phylohub(hub, "bom", model, "--spec-version", version)
    assert done.returncode == 0, done.stderr
    problem = JsonStrictValidator(SchemaVersion.from_version(version)).validate_str(done.stdout)
    assert problem is None, problem


def test_bom_has_ancestors_licenses_and_references(hub: Path, tmp_path: Path) -> None:
    done = run_phylohub(hub, "bom", "me/chat", "--to", str(tmp_path / "bom.json"))
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "bom.json").read_text()
    assert text == run_phylohub(hub, "bom", "me/chat").stdout  # the same bytes
    component = json.loads(text)["metadata"]["component"]
    assert component["purl"] == f"pkg:huggingface/me/chat@{'b' * 40}"
    assert component["licenses"] == [{"expression": "Apache-2.0"}]
    ancestors = {one["name"]: one for one in component["pedigree"]["ancestors"]}
    assert set(ancestors) == {"base", "open", "gone/model"}
    assert ancestors["base"]["licenses"] == [{"expression": "CC-BY-NC-4.0"}]
    assert "licenses" not in ancestors["open"]
    assert {"name": "phylohub:unresolved", "value": "not in the snapshot"} in ancestors["gone/model"]["properties"]
    urls = {one["url"] for one in component["externalReferences"]}
    assert {"https://huggingface.co/datasets/org/data%20set", "https://arxiv.org/abs/2106.09685"} <= urls
    assert any(one["name"] == "phylohub:finding:high" for one in component["properties"])
    assert "never legal advice" in component["pedigree"]["notes"]


def test_licenses_shows_findings_and_fails_on_a_severity(hub: Path) -> None:
    done = run_phylohub(hub, "licenses", "me/chat", "--fail-on", "high")
    assert done.returncode == 1
    assert "non_commercial_dropped" in done.stdout
    assert "lab/base > lab/open > me/chat" in done.stdout
    assert "2(a)(1)" in done.stdout
    assert "never legal advice" in done.stdout
    assert run_phylohub(hub, "licenses", "me/clean", "--fail-on", "info").returncode == 0
    profile = json.loads(run_phylohub(hub, "licenses", "me/chat", "--json").stdout)
    assert [row["finding"] for row in profile["findings"]] == ["non_commercial_dropped"]
    assert has_finding(profile, Severity.LOW)


def test_licenses_of_hostile_and_mistyped_ids(hub: Path) -> None:
    done = run_phylohub(hub, "licenses", HOSTILE)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    for command in ("licenses", "bom"):
        done = run_phylohub(hub, command, "me/chta")
        assert done.returncode == 1
        assert "me/chat" in done.stderr


@pytest.mark.parametrize(
    ("licenses", "expression"),
    [
        ([], None),
        ([{"license": "mit", "spdx_id": "MIT"}], "MIT"),
        ([{"license": "mit", "spdx_id": "MIT"}, {"license": "gpl-3.0", "spdx_id": "GPL-3.0"}], "MIT OR GPL-3.0"),
        ([{"license": "openrail++", "spdx_id": None}], "LicenseRef-hub-openrail-plus-plus"),
        ([{"license": "other", "license_name": "My (own) license", "spdx_id": None}], "LicenseRef-hub-My-own-license"),
    ],
)
def test_spdx_expression(licenses: list[dict[str, Any]], expression: str | None) -> None:
    assert spdx_expression(licenses) == expression
    if expression:
        get_spdx_licensing().parse(expression)  # raises an error if it is no expression


def test_reference_to_a_license_has_allowed_characters_only() -> None:
    assert license_ref("\x1b[31m") == "LicenseRef-hub-31m"
    assert license_ref("???") == "LicenseRef-hub-unnamed"
