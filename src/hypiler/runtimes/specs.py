"""The table of runtimes: which kinds of models each one runs, and which facts of the registry it can honour."""

from dataclasses import dataclass
from importlib import import_module

from hypiler.runtimes.errors import RuntimeLimitError
from hypiler.runtimes.facts import API, HUB, OLLAMA, PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypiler.runtimes.draft import Draft
    from hypiler.runtimes.facts import Facts

_KINDS = {
    "dense": "dense models",
    "static": "static models",
    "multi_vector": "late-interaction models",
    "sparse": "sparse models",
    "reranker": "rerankers",
}
_PLACES = {
    HUB: "on the Hugging Face hub",
    PATH: "in a folder on this machine",
    API: "behind an API",
    OLLAMA: "in the library of Ollama",
    "url": "a file behind an address",
}
FACTS = ("revision", "prefixes", "pooling", "normalize", "dimension", "length", "precision", "remote code")
"""The facts of the table in docs/runtimes/README.md, in its order."""
YES, CODE, FILES, CLIENT, ALWAYS, SERVER, NO, NONE = "yes", "code", "files", "client", "always", "server", "no", "–"
"""How a runtime honours a fact: by an argument; by code of the snippet; only as the files of the model say it; only if
the client does it; always in the same way; as the server behind it does; not at all; or it has no such fact."""


@dataclass(frozen=True, slots=True)
class RuntimeSpec:
    """What a runtime can run.

    Attributes:
        name: The name, as `hypiler snippet --for` takes it.
        title: The name in sentences.
        language: The language of the snippet: `python`, `sh` or `modelfile`.
        version: The version whose source or documentation was read.
        kinds: The kinds of models that it runs.
        honours: How it honours each of `FACTS`.
        places: Where its models may be.
    """

    name: str
    title: str
    language: str
    version: str
    kinds: tuple[str, ...]
    honours: "Mapping[str, str]"
    places: tuple[str, ...] = (HUB, PATH)

    @property
    def module(self) -> str:
        """The module whose `build` writes the snippet."""
        return f"hypiler.runtimes.builders.{self.name.replace('-', '_')}"

    def build(self, facts: "Facts") -> "Draft":
        """The snippet of a model. Raises RuntimeLimitError if the runtime cannot run it."""
        if facts.kind not in self.kinds:
            raise RuntimeLimitError(
                f"there is no snippet for {self.title} that runs {_KINDS[facts.kind]} such as `{facts.id}`"
            )
        if facts.place not in self.places:
            raise RuntimeLimitError(f"{self.title} cannot load `{facts.id}`, which is {_PLACES[facts.place]}")
        draft: Draft = import_module(self.module).build(facts)
        return draft


def _honours(*words: str) -> "Mapping[str, str]":
    """The words for `FACTS`, in their order."""
    return dict(zip(FACTS, words, strict=True))


SPECS = (
    RuntimeSpec(
        "sentence-transformers",
        "sentence-transformers",
        "python",
        "6.2.0",
        ("dense", "multi_vector", "sparse", "reranker"),
        _honours(YES, YES, YES, YES, YES, YES, FILES, YES),
    ),
    RuntimeSpec(
        "pylate",
        "PyLate",
        "python",
        "1.6.0",
        ("multi_vector",),
        _honours(YES, YES, NONE, YES, YES, YES, FILES, YES),
    ),
    RuntimeSpec(
        "fastembed",
        "fastembed",
        "python",
        "0.9.1",
        ("dense", "sparse"),
        _honours(YES, CODE, YES, YES, CODE, CODE, FILES, NO),
    ),
    RuntimeSpec(
        "onnx",
        "onnxruntime",
        "python",
        "1.32.0",
        ("dense", "multi_vector", "sparse", "reranker"),
        _honours(YES, CODE, CODE, CODE, CODE, YES, FILES, NONE),
    ),
    RuntimeSpec(
        "model2vec",
        "model2vec",
        "python",
        "0.10.0",
        ("static",),
        _honours(YES, CODE, NONE, YES, CODE, YES, YES, NONE),
    ),
    RuntimeSpec(
        "tei",
        "Text Embeddings Inference",
        "sh",
        "1.9.3",
        ("dense", "sparse", "reranker"),
        _honours(YES, CLIENT, YES, ALWAYS, CLIENT, FILES, YES, NO),
    ),
    RuntimeSpec(
        "infinity",
        "infinity",
        "sh",
        "0.0.78",
        ("dense", "reranker"),
        _honours(YES, CLIENT, FILES, ALWAYS, CLIENT, FILES, YES, YES),
    ),
    RuntimeSpec(
        "vllm",
        "vLLM",
        "sh",
        "0.33.0",
        ("dense", "multi_vector", "sparse", "reranker"),
        _honours(YES, CLIENT, YES, YES, CLIENT, YES, YES, YES),
    ),
    RuntimeSpec(
        "ollama",
        "Ollama",
        "modelfile",
        "0.33.0-rc2",
        ("dense",),
        _honours(NO, CLIENT, FILES, ALWAYS, CLIENT, YES, FILES, NO),
        places=(HUB, PATH, OLLAMA),
    ),
    RuntimeSpec(
        "litellm",
        "litellm",
        "python",
        "1.110.2",
        ("dense",),
        _honours(NO, CODE, SERVER, SERVER, CODE, SERVER, SERVER, SERVER),
        places=(HUB, PATH, OLLAMA, API),
    ),
)
"""The runtimes, those of Python first."""


def spec_of(runtime: str) -> RuntimeSpec:
    """The spec of a runtime by its name. Raises ValueError for an unknown one."""
    found = next((spec for spec in SPECS if spec.name == runtime), None)
    if found is None:
        from hypiler._nearest import nearest

        names = [spec.name for spec in SPECS]
        near = nearest(str(runtime), names)
        hint = f"; did you mean {near!r}?" if near else ""
        raise ValueError(f"the runtime must be one of {', '.join(names)}; got {runtime!r}{hint}")
    return found
