"""The bill of materials of a model: a CycloneDX ML-BOM with its ancestors as pedigree."""

import re
import uuid
from collections.abc import Iterable
from importlib.metadata import version
from urllib.parse import quote

from cyclonedx.model import ExternalReference, ExternalReferenceType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType, Pedigree
from cyclonedx.model.license import LicenseExpression
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import BY_SCHEMA_VERSION
from cyclonedx.schema import SchemaVersion
from license_expression import get_spdx_licensing
from packageurl import PackageURL

from phylohub.explore.licenses import NOTICE, declared_parents, read_licenses
from phylohub.explore.warehouse import Row, Warehouse

HUB = "https://huggingface.co/"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/phylohub")
SPEC_VERSIONS = {"1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}


def read_bom(warehouse: Warehouse, model_id: str, spec_version: str = "1.6") -> str:
    """Write the bill of materials of a model as JSON. The same build gives the same bytes."""
    profile = read_licenses(warehouse, model_id)
    ids = [model_id, *(row["ancestor_id"] for row in profile["ancestors"])]
    models = {row["model_id"]: row for row in _models(warehouse, ids)}
    licenses = _licenses(warehouse, ids)
    ancestors = [
        _component(models[row["ancestor_id"]], licenses.get(row["ancestor_id"], []), distance=str(row["distance"]))
        for row in profile["ancestors"]
    ]
    for parent in declared_parents(warehouse, model_id):
        if parent["resolved_id"] is None:
            ancestors.append(_unresolved(parent))
    component = _component(models[model_id], licenses.get(model_id, []))
    component.pedigree = Pedigree(ancestors=ancestors, notes=NOTICE)
    for kind, path in _references(warehouse, model_id):
        component.external_references.add(
            ExternalReference(type=ExternalReferenceType.DOCUMENTATION, url=XsUri(path), comment=kind)
        )
    for row in profile["findings"]:
        component.properties.add(
            Property(
                name=f"phylohub:finding:{row['severity']}",
                value=": ".join([row["finding"], f"{row['upstream_license']} of {row['ancestor_id'] or model_id}"]),
            )
        )
    snapshot = models[model_id]["snapshot"]
    (times,) = warehouse.rows(
        "select max(taken_at) as taken_at from marts.snapshot_changes where snapshot = $snapshot", snapshot=snapshot
    )
    bom = Bom(
        serial_number=uuid.uuid5(NAMESPACE, f"{snapshot} {model_id}"),
        metadata=BomMetaData(
            component=component, timestamp=times["taken_at"], tools=ToolRepository(components=[_tool()])
        ),
    )
    bom.metadata.properties.add(Property(name="phylohub:snapshot", value=snapshot))
    return BY_SCHEMA_VERSION[SPEC_VERSIONS[spec_version]](bom).output_as_string(indent=2) + "\n"


def _models(warehouse: Warehouse, ids: list[str]) -> list[Row]:
    return warehouse.rows(
        "select model_id, author, sha, snapshot from marts.models where model_id in (select unnest($ids))", ids=ids
    )


def _licenses(warehouse: Warehouse, ids: list[str]) -> dict[str, list[Row]]:
    """The declared licenses of each model, with the SPDX identifier of each."""
    licenses: dict[str, list[Row]] = {}
    for row in warehouse.rows(
        """
        select model_id, coalesce(license, folded_license) as license, license_name, license_link, spdx_id
        from marts.declared_licenses
        where model_id in (select unnest($ids)) and (declared_in <> 'card' or not card_and_tag_disagree)
        order by all
        """,
        ids=ids,
    ):
        licenses.setdefault(row["model_id"], []).append(row)
    return licenses


def _component(model: Row, licenses: list[Row], **properties: str) -> Component:
    """A model as a component. Its purl is that of the repository on the Hub, at the snapshot's revision."""
    namespace, _, name = model["model_id"].rpartition("/")
    purl = PackageURL(type="huggingface", namespace=namespace or None, name=name, version=model["sha"])
    expression = spdx_expression(licenses)
    links = [row["license_link"] for row in licenses if row["license_link"]]
    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"{model['model_id']}@{model['sha'] or model['snapshot']}",
        group=namespace or None,
        name=name,
        version=model["sha"],
        purl=purl,
        licenses=[LicenseExpression(expression)] if expression else [],
        external_references=[
            ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(HUB + quote(model["model_id"]))),
            *(_license_reference(link) for link in links if re.match(r"https?://", link)),
        ],
        properties=[Property(name=f"phylohub:{key}", value=value) for key, value in properties.items()],
    )


def _license_reference(link: str) -> ExternalReference:
    return ExternalReference(type=ExternalReferenceType.LICENSE, url=XsUri(quote(link, safe=":/?#[]@!$&'()*+,;=%")))


def _unresolved(parent: Row) -> Component:
    """A declared parent that leads to no model of the snapshot."""
    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"declared:{parent['declared_name']}:{parent['relation']}",
        name=parent["declared_name"],
        properties=[
            Property(name="phylohub:unresolved", value=parent["why_unresolved"]),
            Property(name="phylohub:relation", value=parent["relation"]),
        ],
    )


def spdx_expression(licenses: Iterable[Row]) -> str | None:
    """The declared licenses as an SPDX expression: identifiers of the SPDX list, and LicenseRef- for all others.

    Several licenses are joined by OR, since the user of a model with several tags can choose. The identifiers of GNU
    licenses stay without -only, because the Hub does not distinguish it from -or-later.
    """
    licensing = get_spdx_licensing()
    names: list[str] = []
    for row in licenses:
        spdx_id = row["spdx_id"]
        if not spdx_id or licensing.validate(spdx_id).errors:
            spdx_id = license_ref(row["license"], row.get("license_name"))
        if spdx_id not in names:
            names.append(spdx_id)
    return " OR ".join(names) or None


def license_ref(name: str, own_name: str | None = None) -> str:
    """A license outside the SPDX list as a reference. Characters that a reference cannot have become hyphens."""
    text = own_name if name == "other" and own_name else name
    return "LicenseRef-hub-" + (re.sub(r"[^A-Za-z0-9.]+", "-", text.replace("+", "-plus")).strip("-") or "unnamed")


def _references(warehouse: Warehouse, model_id: str) -> list[tuple[str, str]]:
    """Datasets and papers of a model, as kind and address."""
    datasets = warehouse.rows(
        "select distinct dataset as value from marts.model_datasets where model_id = $id order by all", id=model_id
    )
    papers = warehouse.rows(
        "select distinct arxiv_id as value from marts.model_papers where model_id = $id order by all", id=model_id
    )
    found = [("dataset", f"{HUB}datasets/{quote(row['value'])}") for row in datasets]
    return found + [("paper", f"https://arxiv.org/abs/{quote(row['value'])}") for row in papers]


def _tool() -> Component:
    return Component(type=ComponentType.APPLICATION, name="phylohub", version=version("phylohub"))
