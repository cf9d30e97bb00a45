"""What a worker on another machine needs to load a model: plain data, which every cluster can send."""

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypiler.corpus.errors import CorpusError
from hypiler.corpus.tables import TableEncoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypiler.config import ModelConfig
    from hypiler.corpus.plan import Plan

# The libraries that run networks and tokenizers start as many threads as the machine has cores, in each worker.
_THREADS = ("OMP_NUM_THREADS", "RAYON_NUM_THREADS")


@dataclass(frozen=True)
class Recipe:
    """How to load a model, and what to encode with it.

    Attributes:
        model: The id of a model, or a ModelConfig.
        registry: The registry with the id: the path of a file; None for the shipped one.
        choice: `dimension`, `output`, `variant`, `query_prompt` and `document_prompt`, as far as they are chosen.
        load: The arguments of `ModelConfig.load`.
        threads: The threads of a worker; None for what OMP_NUM_THREADS says, which Ray and Spark set, or else 1.
        plan: What is done to each table.
        fixed: Whether the type of a list of numbers states its size.
    """

    model: Any
    registry: Any
    choice: "Mapping[str, Any]"
    load: "Mapping[str, Any]"
    threads: int | None
    plan: "Plan"
    fixed: bool = field(default=True)

    def config(self) -> "ModelConfig":
        """The chosen model. Raises UnknownModelError, CorpusError for a registry with errors, and ValueError."""
        chosen = {name: value for name, value in self.choice.items() if value is not None}
        if not isinstance(self.model, str):
            if chosen or self.registry is not None:
                names = ", ".join([*chosen, *(["registry"] if self.registry is not None else [])])
                raise CorpusError(f"the model is a ModelConfig, which already has a choice: leave out {names}")
            config: ModelConfig = self.model
            return config
        return _configured(self._model(), chosen)

    def _model(self) -> Any:
        from hypiler.registry.registry import Registry

        if self.registry is None:
            return Registry.shipped(hosted=True)[self.model]
        registry = Registry.load(self.registry, required="core")
        if not registry.ok:
            raise CorpusError(f"the registry {os.fspath(self.registry)} has errors: run `hypiler check` on it")
        return registry[self.model]

    def tables(self) -> TableEncoder:
        """The encoder. It is loaded each time."""
        threads = str(self.threads or os.environ.get(_THREADS[0]) or 1)
        os.environ.update(dict.fromkeys(_THREADS, threads))
        return TableEncoder(self.config().load(**self.load), self.plan, fixed=self.fixed)


def _configured(model: Any, chosen: "dict[str, Any]") -> "ModelConfig":
    from hypiler.config import ModelConfig

    config: ModelConfig = ModelConfig.from_model(model, chosen.get("dimension"), output=chosen.get("output"))
    if "variant" in chosen:
        config = config.with_variant(chosen["variant"])
    prompts = {side: chosen.get(f"{side}_prompt") for side in ("query", "document")}
    return config.with_prompts(**prompts) if any(prompts.values()) else config
