# A decorator makes the constructors of the library, which pyright does not follow.
# pyright: basic, reportMissingImports=false, reportCallIssue=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false
"""Writes a registry as a CycloneDX 1.6 bill of materials, through cyclonedx-python-lib.

The library has no model cards. They are added to the JSON that it writes, where the schema has their place.
"""

import json
import re
from uuid import NAMESPACE_URL, uuid5

from hypiler.lifecycle.bom_facts import bom_models, bom_name, build_time, own_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.lifecycle.bom_facts import BomFile, BomModel
    from hypiler.schema.model import Model

_REGISTRY = "registry"
# What each type of model does, in the words that the hub has for tasks of models.
_TASKS = {"reranker": "text-ranking", "time-series": "time-series-forecasting"}


def to_cyclonedx(registry: "CheckedRegistry") -> str:
    """The bill of materials as JSON. It depends on nothing but the registry and `SOURCE_DATE_EPOCH`.

    Open models are components of the type `machine-learning-model`, and models behind an API are services. Raises
    ImportError if cyclonedx-python-lib is not installed, and ValueError for a `SOURCE_DATE_EPOCH` that is no time.
    """
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6

    time, models = build_time(), bom_models(registry)
    root = Component(name=bom_name(registry), type=ComponentType.DATA, bom_ref=_REGISTRY, version=registry.version)
    bom = Bom(
        # The same registry has the same number.
        serial_number=uuid5(NAMESPACE_URL, f"https://github.com/hypiler/bom/{registry.sha256}"),
        metadata=BomMetaData(component=root, tools=_tools(), timestamp=time),
    )
    parts = [_component(one) for one in models if not one.is_hosted]
    for part in parts:
        bom.components.add(part)
    services = [_service(one) for one in models if one.is_hosted]
    for service in services:
        bom.services.add(service)
    bom.register_dependency(root, [*parts, *services])
    tree = json.loads(JsonV1Dot6(bom).output_as_string())
    if time is None:
        del tree["metadata"]["timestamp"]
    cards = {_ref(one.model): _card(one.model) for one in models if not one.is_hosted}
    for component in tree.get("components", ()):
        component["modelCard"] = cards[component["bom-ref"]]
    return json.dumps(tree, indent=2, ensure_ascii=True) + "\n"


def _tools() -> "Any":
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository

    return ToolRepository(components=[Component(name="hypiler", type=ComponentType.APPLICATION, version=own_version())])


def _ref(model: "Model") -> str:
    return f"model:{model.id}"


def _component(one: "BomModel") -> "Any":
    """A model with open weights, and its files as components inside of it."""
    from cyclonedx.model import ExternalReference, ExternalReferenceType, Property, XsUri
    from cyclonedx.model.component import Component, ComponentType, Pedigree
    from cyclonedx.model.contact import OrganizationalEntity
    from packageurl import PackageURL

    model = one.model
    group, _, name = one.place.rpartition("/") if one.repository else ("", "", one.place)
    base = model.base_model
    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=_ref(model),
        group=group or None,
        name=name or model.name,
        version=one.revision,
        description=model.description,
        publisher=model.organization,
        supplier=OrganizationalEntity(name=model.organization) if model.organization else None,
        licenses=_licenses(model),
        purl=PackageURL.from_string(one.package_url) if one.package_url else None,
        external_references=[ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(one.address))]
        if one.address
        else [],
        properties=[Property(name=key, value=value) for key, value in one.properties],
        components=[_file(file, model) for file in one.files],
        pedigree=Pedigree(ancestors=[_base(base, model)]) if base else None,
    )


def _base(repository: str, model: "Model") -> "Any":
    """The model that a model was trained from."""
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    from hypiler.lifecycle.bom_facts import package_url

    group, _, name = repository.rpartition("/")
    purl = PackageURL.from_string(package_url(repository, None)) if group else None
    kind = ComponentType.MACHINE_LEARNING_MODEL
    return Component(type=kind, bom_ref=f"{_ref(model)}/base", group=group or None, name=name, purl=purl)


def _file(file: "BomFile", model: "Model") -> "Any":
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType

    size = [Property(name="hypiler:size", value=str(file.size))] if file.size is not None else []
    return Component(
        type=ComponentType.FILE,
        bom_ref=f"{_ref(model)}/{file.repository or ''}:{file.name}",
        group=file.repository,
        name=file.name,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)],
        properties=size,
    )


def _service(one: "BomModel") -> "Any":
    """A model behind an API: what is sent to it crosses a boundary of trust."""
    from cyclonedx.model import Property
    from cyclonedx.model.contact import OrganizationalEntity
    from cyclonedx.model.service import Service

    model = one.model
    own = [("hypiler:api", str(model.source_api)), *[("hypiler:region", region) for region in model.source_regions]]
    return Service(
        bom_ref=_ref(model),
        name=one.place,
        group=model.source_api,
        description=model.description,
        provider=OrganizationalEntity(name=model.organization or model.source_api),
        x_trust_boundary=True,
        licenses=_licenses(model),
        properties=[Property(name=key, value=value) for key, value in (*own, *one.properties)],
    )


def _licenses(model: "Model") -> "list[Any]":
    """The licence as an identifier of SPDX, as an expression, or by its name."""
    from cyclonedx.model.license import DisjunctiveLicense, LicenseAcknowledgement, LicenseExpression
    from cyclonedx.spdx import fixup_id, is_expression

    stated, declared = model.license, LicenseAcknowledgement.DECLARED
    if not stated:
        return []
    if (id := fixup_id(stated)) is not None:
        return [DisjunctiveLicense(id=id, acknowledgement=declared)]
    if re.search(" (?:AND|OR|WITH) ", stated) and is_expression(stated):
        return [LicenseExpression(stated, acknowledgement=declared)]
    return [DisjunctiveLicense(name=stated, acknowledgement=declared)]


def _card(model: "Model") -> "dict[str, Any]":
    """The model card: architecture, inputs, outputs and published scores."""
    stated = {
        "task": _TASKS.get(model.model_type, "feature-extraction"),
        "architectureFamily": model.architecture_type,
        "modelArchitecture": model.architecture_variant,
        "inputs": [{"format": modality} for modality in model.modalities],
        "outputs": [{"format": f"vector of {model.embedding_dim} numbers"}] if model.model_type != "reranker" else [],
    }
    card: dict[str, Any] = {"modelParameters": {key: value for key, value in stated.items() if value}}
    if scores := _scores(model):
        card["quantitativeAnalysis"] = {"performanceMetrics": scores}
    if model.languages:
        card["properties"] = [{"name": "hypiler:language", "value": tag} for tag in model.languages]
    return card


def _scores(model: "Model") -> "list[dict[str, str]]":
    """The published scores, each with the data sets that it is about."""
    found = [
        _score("nDCG@10", model.beir_avg, model.beir_datasets or "BEIR"),
        _score("MRR@10", model.ms_marco_mrr10, "MS MARCO"),
        *[
            _score(one.metric, one.value, f"{one.benchmark}: {', '.join(one.datasets or ())}".removesuffix(": "))
            for one in model.scores
        ],
    ]
    return [one for one in found if one]


def _score(metric: str, value: float | None, data: str) -> "dict[str, str]":
    return {} if value is None else {"type": metric, "value": str(value), "slice": data}
