"""What bills of materials say of a registry, in the form of neither format: names, places, files, licences, time."""

import os
import re
import sys
from datetime import UTC, datetime
from urllib.parse import quote

from hypiler.schema.model import evidence_of
from hypiler.stamps.listed_bytes import location, pinned_files, recorded_sums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.schema.model import Model

_HUB = "https://huggingface.co/"
_OF_ADDRESSES = "%:/?@!$&'()*+,;=~"


class BomFile:
    """A file of a model whose bytes are known.

    Attributes:
        name: Its path inside the repository.
        repository: The repository, if it is another one than the model's own.
        sha256: The sha256 of its bytes.
        size: Its size in bytes; None if it is unknown.
    """

    __slots__ = ("name", "repository", "sha256", "size")

    def __init__(self, name: str, repository: str | None, sha256: str, size: int | None) -> None:
        self.name: str = name
        self.repository: str | None = repository
        self.sha256: str = sha256
        self.size: int | None = size


class BomModel:
    """One model as bills of materials describe it.

    Attributes:
        model: The record.
        repository: The Hugging Face repository; None if the model is elsewhere.
        place: The repository, or the name of the model at its source.
        revision: The commit.
        files: The files whose sha256 the registry or the lock has.
        properties: Facts for which the formats have no field of their own, as pairs of a name and a text.
    """

    __slots__ = ("files", "model", "place", "properties", "repository", "revision")

    def __init__(self, model: "Model") -> None:
        record: Any = model
        self.model: Model = model
        self.repository: str | None = model.huggingface_id
        place, revision = location(record)
        self.place: str = place
        self.revision: str | None = revision
        pinned, sums = pinned_files(record), recorded_sums(record)
        self.files: list[BomFile] = [_file(name, sums[name], pinned) for name in sorted(sums)]
        self.properties: list[tuple[str, str]] = _properties(model)

    @property
    def is_hosted(self) -> bool:
        """Whether the model is behind an API, so that it is a service and not a component."""
        return self.model.source_api is not None

    @property
    def package_url(self) -> str | None:
        """`pkg:huggingface/org/name@revision`; None for a model that is not on the hub."""
        return None if self.repository is None else package_url(self.repository, self.revision)

    @property
    def address(self) -> str | None:
        """The page of the model at its commit, or the address that it is downloaded from."""
        if self.repository is None:
            return None if self.model.source_url is None else _quoted(self.model.source_url)
        return f"{_HUB}{self.repository}" + (f"/tree/{self.revision}" if self.revision else "")


def _quoted(url: str) -> str:
    """An address whose odd characters are written as RFC 3986 wants it: a registry may hold what only browsers take."""
    place, mark, fragment = url.partition("#")
    parts = [quote(re.sub("%(?![0-9A-Fa-f]{2})", "%25", part), safe=_OF_ADDRESSES) for part in (place, fragment)]
    return mark.join(parts) if mark else parts[0]


def package_url(repository: str, revision: str | None) -> str:
    """The package URL of a repository of the hub: `pkg:huggingface/org/name@revision`."""
    # Both parts are words that the format of a repository allows, so nothing has to be escaped.
    return f"pkg:huggingface/{repository}" + (f"@{revision}" if revision else "")


def _file(name: str, sha256: str, pinned: "Mapping[str, Any]") -> BomFile:
    repository, _, path = name.rpartition(":")
    return BomFile(path, repository or None, sha256, pinned[name].size if name in pinned else None)


def _properties(model: "Model") -> list[tuple[str, str]]:
    evidence = evidence_of(model)
    stated: dict[str, object] = {
        "hypiler:id": model.id,
        "hypiler:type": model.model_type,
        "hypiler:embedding_dim": model.embedding_dim,
        "hypiler:context_length": model.context_length,
        "hypiler:parameters": model.parameters,
        "hypiler:remote_code": model.remote_code,
        "hypiler:space_id": model.space_id,
        "hypiler:query_space_id": model.query_space_id,
        "hypiler:verified_revision": evidence.revision,
        "hypiler:evidence:license": evidence.facts.get("license")
        or ("sourced" if "license" in model.sources else None),
        "hypiler:source:license": _source(model),
        "hypiler:deprecated": model.deprecated,
        "hypiler:base_model": model.base_model,
        "hypiler:ollama": model.source_ollama,
        "hypiler:path": model.source_path,
        "hypiler:sha256": model.source_sha256,
    }
    return [(name, _text(value)) for name, value in stated.items() if value is not None]


def _source(model: "Model") -> str | None:
    from hypiler.emit.source_links import shown_source

    return shown_source(model.sources["license"], model).whole if "license" in model.sources else None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def own_version() -> str:
    """The version of hypiler, such as `0.2.0`, which documents name as the tool that wrote them."""
    return str(sys.modules["hypiler"].__version__)


def bom_name(registry: "CheckedRegistry") -> str:
    """What a document calls a registry: the names of its files, without the folders of this machine."""
    if registry.layer == "hypiler":
        return "hypiler"
    return ", ".join([os.path.basename(source.name) for source in registry.sources]) or "registry"


def bom_models(registry: "CheckedRegistry") -> list[BomModel]:
    """Every model of a registry, in file order."""
    return [BomModel(model) for model in registry.models]


def build_time() -> datetime | None:
    """The time in `SOURCE_DATE_EPOCH`, by UTC; None if the variable is not set.

    Raises ValueError if the variable is no number of seconds that has a date.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return None
    try:
        if not re.fullmatch("[0-9]{1,12}", text):
            raise ValueError
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"SOURCE_DATE_EPOCH must be a number of seconds since 1970, got {text!r:.50}") from None
