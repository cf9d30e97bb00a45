"""How a model is used: the code that loads it, its definition per store, and the ids of its vector spaces."""

from hypiler.runtimes import snippets
from hypiler.schema.loading import NOT_TEXT
from hypiler.stamps.listed_bytes import place_of
from hypiler.stamps.outputs import chosen, output_name, outputs_of
from hypiler.stamps.stamp import stamp_of
from hypiler.stores import STORES, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hypiler.schema.model import Model

APIS = ("openai", "mistral")
"""The APIs that `config.load("server")` can ask. Others have requests of their own."""
_ENCODE = """\
queries = encoder.encode_queries(["A question?"])
documents = encoder.encode_documents(["A text."])
scores = encoder.similarity(queries, documents)"""


class Use:
    """A model with its default output at full width: the config that `ModelConfig.from_model` gives.

    No rule of deprecation applies here: whoever looks at an old model may have vectors of it. The stamp is made once,
    for all stores.

    Attributes:
        model: The model.
        repo: Its repository, or its name at its source.
        embedding_dim: The full width of its default output.
        revision: The pinned commit.
        variant: No variant.
        output: The name of its default output; None for a model without `outputs`.
    """

    def __init__(self, model: "Any") -> None:
        self.model = model
        self.repo: str = place_of(model)
        self.embedding_dim: int = chosen(model).resolve_dimension()
        self.revision: str | None = model.revision
        self.variant: str | None = None
        self.output: str | None = output_name(model)
        self._stamp = stamp_of(model, self.embedding_dim, None, self.output)

    def space(self) -> "dict[str, Any]":
        """The stamp without a probe."""
        return self._stamp

    def codes(self) -> "Iterator[tuple[str, str, tuple[str, ...]]]":
        """The name of each runtime that can run the model, the code or command, and what is lost."""
        for name, made in snippets(self).items():
            yield name, made.text.rstrip("\n"), made.lost

    def stores(self) -> "Iterator[tuple[str, str, tuple[str, ...]]]":
        """The name of each store, its definition, and notes; without a definition, why the store refuses the model."""
        for store in STORES:
            try:
                made = record(store, self)
            except ValueError as error:
                yield store, "", (str(error),)
            else:
                yield store, made["ddl"].rstrip("\n"), tuple(made["notes"])

    def spaces(self) -> "Iterator[tuple[str, str, str]]":
        """The output, the side and the id of each space that registry and lock know. Without `outputs`, "" is one."""
        for name in [one.name for one in outputs_of(self.model)] or [None]:
            stamp = self._stamp if name == self.output else self._stamp_of(name)
            for side, key in (("document", "space_id"), ("query", "query_space_id")):
                if stamp[key]:
                    yield name or "", side, stamp[key]

    def _stamp_of(self, output: str | None) -> "dict[str, Any]":
        return stamp_of(self.model, chosen(self.model, output).resolve_dimension(), None, output)


def own_code(model: "Model", *, shipped: bool) -> str:
    """The code that loads a model with hypiler itself.

    Args:
        model: The model.
        shipped: Whether the model is of the registry that comes with hypiler. The module of another registry is called
            `model_registry` here, since only its project knows the real name.
    """
    if shipped and not model.source_api:
        lines = ["from hypiler import ModelConfig", "", f'config = ModelConfig.from_registry("{model.id}")']
    else:
        module = "hypiler.hosted_registry" if shipped else "model_registry"
        told = "" if shipped else "  # the module that `hypiler build` writes"
        lines = [f"from {module} import from_registry{told}", "", f'config = from_registry("{model.id}")']
    if model.model_type in NOT_TEXT or model.source_api not in (None, *APIS):
        return "\n".join([*lines, "print(config.repo, config.embedding_dim)"])
    return "\n".join([*lines, f"encoder = config.load({_arguments(model)})", _ENCODE])


def _arguments(model: "Model") -> str:
    """What `load` must be told: models behind an API, in Ollama's library and in a download run in a server.

    The addresses are the usual ones of Ollama and of other servers on this machine.
    """
    if model.source_api:
        return '"server"'
    if model.source_ollama:
        return '"server", url="http://localhost:11434/v1"'
    return '"server", url="http://localhost:8080/v1"' if model.source_url else ""
