# pyright: basic, reportMissingImports=false, reportPrivateImportUsage=false
"""Writes a registry as an SPDX 2.3 document, through spdx-tools.

Each model is a package. So is each file whose sha256 is known, since SPDX 2.3 wants a SHA-1 of what it calls a file.
"""

import io
import re
from datetime import UTC, datetime

from hypiler.lifecycle.bom_facts import bom_models, bom_name, build_time, own_version
from hypiler.schema.license_expressions import reference_to, respelled, unknown_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.lifecycle.bom_facts import BomFile, BomModel
    from hypiler.schema.model import Model

_DOCUMENT, _REGISTRY = "SPDXRef-DOCUMENT", "SPDXRef-Registry"
# The format wants a time. Where nobody says one, this one says that nobody did.
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TEXT = "The registry names these terms, and does not contain their text."
_VCS = "git+https://huggingface.co/"


def to_spdx(registry: "CheckedRegistry") -> str:
    """The document as JSON. It depends on nothing but the registry and `SOURCE_DATE_EPOCH`.

    Raises ImportError if spdx-tools is not installed, and ValueError for a `SOURCE_DATE_EPOCH` that is no time.
    """
    from spdx_tools.spdx.model import Actor, ActorType, CreationInfo, Document
    from spdx_tools.spdx.writer.json.json_writer import write_document_to_stream

    time, models = build_time() or _NO_TIME, bom_models(registry)
    creation = CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id=_DOCUMENT,
        name=bom_name(registry),
        document_namespace=f"https://spdx.org/spdxdocs/hypiler-{registry.sha256}",
        creators=[Actor(ActorType.TOOL, f"hypiler-{own_version()}")],
        # Microseconds and time zones are not part of the format.
        created=time.replace(tzinfo=None, microsecond=0),
    )
    writer = _Writer(registry)
    for one in models:
        writer.add(one)
    document = Document(
        creation,
        packages=writer.packages,
        relationships=writer.relationships,
        extracted_licensing_info=[writer.terms[name] for name in sorted(writer.terms)],
    )
    text = io.StringIO()
    # The tests validate what is written.
    write_document_to_stream(document, text, validate=False)
    # The library spells this word otherwise than the JSON Schema of SPDX 2.3.
    spelled = text.getvalue().replace(
        '"referenceCategory": "PACKAGE_MANAGER"', '"referenceCategory": "PACKAGE-MANAGER"'
    )
    return spelled + "\n"


class _Writer:
    """Collects the parts of a document.

    Attributes:
        packages: Models and files.
        relationships: Which package contains which; the document describes the registry.
        terms: The licences that SPDX does not list, by `LicenseRef-`.
    """

    def __init__(self, registry: "CheckedRegistry") -> None:
        from spdx_tools.spdx.model import RelationshipType

        self.packages: list[Any] = [_package(registry)]
        self.relationships: list[Any] = []
        self.terms: dict[str, Any] = {}
        self._relate(_DOCUMENT, RelationshipType.DESCRIBES, _REGISTRY)

    def add(self, one: "BomModel") -> None:
        """Add a model with its files."""
        from spdx_tools.spdx.model import RelationshipType

        id = f"SPDXRef-Model-{one.model.id}"
        self.packages.append(self._model(one, id))
        self._relate(_REGISTRY, RelationshipType.CONTAINS, id)
        for number, file in enumerate(one.files):
            own = f"SPDXRef-File-{one.model.id}-{number}"
            self.packages.append(_file(one, file, own))
            self._relate(id, RelationshipType.CONTAINS, own)

    def _relate(self, one: str, kind: "Any", other: str) -> None:
        from spdx_tools.spdx.model import Relationship

        self.relationships.append(Relationship(one, kind, other))

    def _model(self, one: "BomModel", id: str) -> "Any":
        from spdx_tools.spdx.model import (
            Actor,
            ActorType,
            ExternalPackageRef,
            ExternalPackageRefCategory,
            Package,
            PackagePurpose,
            SpdxNoAssertion,
        )

        model = one.model
        organization = _plain(model.organization or "")
        # Not `or`: an expression refuses to be true or false.
        license = self._license(model)
        supplier = Actor(ActorType.ORGANIZATION, organization) if organization else SpdxNoAssertion()
        purl = one.package_url
        kind = ExternalPackageRefCategory.PACKAGE_MANAGER
        facts = "; ".join([f"{name.removeprefix('hypiler:')}: {value}" for name, value in one.properties])
        return Package(
            spdx_id=id,
            name=one.place,
            version=one.revision,
            download_location=_location(one) or SpdxNoAssertion(),
            supplier=supplier,
            files_analyzed=False,
            homepage=one.address if one.repository else None,
            license_concluded=SpdxNoAssertion(),
            license_declared=SpdxNoAssertion() if license is None else license,
            license_comment=f"The registry states {model.license}." if model.license else None,
            copyright_text=SpdxNoAssertion(),
            summary=model.name,
            description=model.description,
            comment=f"The model is behind the API of {model.source_api}; {facts}" if one.is_hosted else facts,
            external_references=[ExternalPackageRef(kind, "purl", purl)] if purl else [],
            primary_package_purpose=PackagePurpose.OTHER,
        )

    def _license(self, model: "Model") -> "Any":
        """The licence as an expression, in which terms that SPDX does not list are `LicenseRef-`; None without one."""
        from license_expression import ExpressionError
        from spdx_tools.common.spdx_licensing import spdx_licensing

        text = _listed(model.license or "")
        if not text:
            return None
        try:
            later = [key for key in spdx_licensing.unknown_license_keys(text) if key.endswith("+")]
            # SPDX lists `GPL-2.0+`; its library knows no other licence "or any later version".
            text = _replaced(text, {key: str(reference_to(key)) for key in later})
            parsed = spdx_licensing.parse(text)
        except ExpressionError:
            return None
        for name in sorted(set(re.findall(r"LicenseRef-[A-Za-z0-9.-]+", text))):
            self.terms.setdefault(name, _terms(name, model))
        return parsed


def _package(registry: "CheckedRegistry") -> "Any":
    """The registry itself, which contains the models."""
    from spdx_tools.spdx.model import Package, PackagePurpose, SpdxNoAssertion

    return Package(
        spdx_id=_REGISTRY,
        name=bom_name(registry),
        version=registry.version,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        license_concluded=SpdxNoAssertion(),
        license_declared=SpdxNoAssertion(),
        copyright_text=SpdxNoAssertion(),
        primary_package_purpose=PackagePurpose.OTHER,
    )


def _listed(expression: str) -> str:
    """The expression in words that a document can explain; empty if it cannot explain one of them."""
    text = respelled(expression)
    for word, is_exception in unknown_words(text):
        name = reference_to(word)
        if is_exception or name is None:
            return ""
        text = _replaced(text, {word: name})
    # Terms of other documents and additions outside SPDX are of later versions.
    return "" if "DocumentRef-" in text or "AdditionRef-" in text else text


def _replaced(expression: str, names: "dict[str, str]") -> str:
    """The expression with other names for some of its licences."""
    for word, name in names.items():
        expression = re.sub(rf"(?<![^ (]){re.escape(word)}(?![^ )])", name, expression)
    return expression


def _terms(name: str, model: "Model") -> "Any":
    from spdx_tools.spdx.model import ExtractedLicensingInfo

    from hypiler.emit.source_links import shown_source

    source = shown_source(model.sources["license"], model).whole if "license" in model.sources else ""
    text = f"{_NO_TEXT} They were read at: {source}" if source else _NO_TEXT
    return ExtractedLicensingInfo(license_id=name, extracted_text=text, license_name=name.removeprefix("LicenseRef-"))


def _file(one: "BomModel", file: "BomFile", id: str) -> "Any":
    from spdx_tools.spdx.model import Checksum, ChecksumAlgorithm, Package, PackagePurpose, SpdxNoAssertion

    return Package(
        spdx_id=id,
        name=file.name if file.repository is None else f"{file.repository}:{file.name}",
        download_location=_location(one, file) or SpdxNoAssertion(),
        version=one.revision if file.repository is None else None,
        file_name=file.name,
        files_analyzed=False,
        checksums=[Checksum(ChecksumAlgorithm.SHA256, file.sha256)],
        license_concluded=SpdxNoAssertion(),
        license_declared=SpdxNoAssertion(),
        copyright_text=SpdxNoAssertion(),
        comment=None if file.size is None else f"size: {file.size} bytes",
        primary_package_purpose=PackagePurpose.FILE,
    )


def _location(one: "BomModel", file: "BomFile | None" = None) -> str | None:
    """Where to get a model, or a file of it, as SPDX writes places in repositories of git."""
    if file is not None and file.repository is not None:
        return f"{_VCS}{file.repository}#{file.name}"
    if one.repository is None:
        return one.address if one.address and one.address.isascii() else None
    return f"{_VCS}{one.repository}" + (f"@{one.revision}" if one.revision else "") + (f"#{file.name}" if file else "")


def _plain(text: str) -> str:
    """A name without what the format would read as the address of its bearer, or as another line."""
    return " ".join(re.sub(r"[()]", " ", text).split())
