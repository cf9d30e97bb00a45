"""Which model a text means, and how sure that is."""

import re
from dataclasses import dataclass, field
from typing import Literal

from hypiler.lifecycle.importing.catalogue import Catalogue, home_of
from hypiler.schema.model import Model

CERTAIN: Literal["certain"] = "certain"
LIKELY: Literal["likely"] = "likely"

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,95}/[A-Za-z0-9_][A-Za-z0-9._-]{1,95}")
# The first part of what has the form of a repository and is none: types of media, images, paths.
_NO_OWNERS = frozenset(
    """
    text application image audio video multipart font model models src lib app data docs config configs scripts tmp
    home usr var opt etc bin api v1 v2 http https library ghcr.io docker.io tests test static public assets path
    your-org org owner user username huggingface local en default
    """.split()
)
# What stands before the name of a model at an API, in the way of litellm.
_PROVIDERS = frozenset(
    """
    azure azure_ai openai gemini vertex_ai google bedrock cohere voyage ollama lm_studio lmstudio mistral jina_ai
    together_ai fireworks_ai deepinfra nvidia_nim watsonx databricks openrouter vllm xinference hosted_vllm litellm
    """.split()
)
_ENDINGS = re.compile(
    r"\.(?:py|json|ya?ml|toml|md|txt|html?|css|jsx?|tsx?|png|jpe?g|svg|sh|sql|onnx|bin|gguf|pt|csv|git|lock|ipynb)$"
)
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+){1,8}")
_HUB = "https://huggingface.co/"
_SHORTEST = 6
_SHORTEST_NAME = 3


@dataclass(frozen=True)
class Subject:
    """A model that a code base names.

    Attributes:
        key: What identifies it, in lower case: its repository, or `api/model`.
        name: Its name as the code spells it.
        home: Where it is: `huggingface_id`, or parts of a `source`; empty if the name does not say it.
        known: The model of the catalogue, if that has it.
        kind: Its type as the code shows it, for a model that the catalogue does not have.
    """

    key: str
    name: str
    home: dict[str, str] = field(default_factory=dict, hash=False, compare=False)
    known: Model | None = field(default=None, hash=False, compare=False)
    kind: str = field(default="dense", compare=False)


class Subjects:
    """Finds the models that texts mean."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._organizations = {home.partition("/")[0] for home in catalogue.by_home}

    def known(self, text: str) -> Subject | None:
        """The model of the catalogue that a text names; None for any other text."""
        name = text.strip()
        if not _SHORTEST <= len(name) <= 200 or " " in name:
            return None
        low = name.lower().removeprefix(_HUB).removeprefix("huggingface/").removeprefix("fastembed/")
        model = self.catalogue.by_home.get(low)
        if model is None and low.partition("/")[0] in _PROVIDERS:
            low = low.partition("/")[2]
            model = self.catalogue.by_home.get(low)
        if model is None and _BARE.fullmatch(low) and re.search(r"[-.]", low):
            model = self.catalogue.by_name.get(low)
        if model is None:
            return None
        home = (
            {"huggingface_id": model.huggingface_id}
            if model.huggingface_id
            else {
                "source.api": str(model.source_api),
                "source.model": str(model.source_model),
            }
        )
        return Subject(home_of(model), model.id, home, model, str(model.model_type))

    def named(self, text: str, kind: str) -> Subject | None:
        """The repository that a text names in a place where a model is expected; None if it cannot be one."""
        name = text.strip().removeprefix(_HUB)
        if not _REPOSITORY.fullmatch(name) or _ENDINGS.search(name.lower()):
            return None
        owner, _, rest = name.partition("/")
        owner = owner.lower()
        if len(rest) < _SHORTEST_NAME or rest.isdecimal():
            return None
        if owner in _PROVIDERS:
            home = {"source.ollama": rest} if owner == "ollama" else {"source.api": owner, "source.model": rest}
            return Subject(name.lower(), name, home, None, kind)
        if owner in _NO_OWNERS or owner.startswith(("my-", "your-", "my_", "your_")):
            return None
        return Subject(name.lower(), name, {"huggingface_id": name}, None, kind)
