"""What a config says of the model that a runtime is to run."""

from hypiler.runtimes.errors import RuntimeLimitError
from hypiler.schema.loading import NOT_TEXT
from hypiler.stamps.facts import text_after
from hypiler.stamps.outputs import OutputView, chosen, output_kind
from hypiler.stamps.prompts import config_prompts, prompted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from hypiler.protocols import Config

HUB, PATH, API, OLLAMA, URL = "hub", "path", "api", "ollama", "url"
SIDES = ("query", "document")


class Facts:
    """The facts of a config, as far as the registry states them. A fact that it does not state is None.

    Attributes:
        id: The id of the model.
        kind: `dense`, `static`, `multi_vector`, `sparse` or `reranker`.
        place: Where the model is: `hub`, `path`, `api`, `ollama` or `url`.
        name: The repository, the folder, or the name at the source.
        api: The provider of a hosted model; None for other models.
        revision: The pinned commit.
        dimension: The width of the vectors that the user chose.
        embedding_dim: The full width of the vectors.
        record: The registry's record as the chosen output with the chosen prompts.
        variant: The chosen variant.
    """

    def __init__(self, config: "Config") -> None:
        if config.model is None:
            raise ValueError(f"{config!r} was not created from a registry entry, so how it encodes text is unknown")
        self.record: Any = prompted(chosen(config.model, config.output), *config_prompts(config))
        self.id: str = config.model.id
        if str(self.record.model_type) in NOT_TEXT:
            raise RuntimeLimitError(
                f"`{self.id}` is of type `{self.record.model_type}`, whose input is more than text: there is no snippet"
            )
        self.kind = output_kind(self.record)
        self.dimension: int = config.embedding_dim
        self.embedding_dim: int = self.record.embedding_dim
        # A folder must not be read as a flag of a command.
        self.name: str = f"./{config.repo}" if config.repo.startswith("-") else config.repo
        self.revision: str | None = config.revision
        self.variant: Any = next((one for one in config.model.variants if one.id == config.variant), None)
        place, api = _place(config.model, self.variant)
        self.place: str = place
        self.api: str | None = api

    def stated(self, name: str) -> "Any":
        """A fact of the record; None if it is not stated, or if the record has no such field."""
        value = getattr(self.record, name, None)
        return None if value == () else value

    @property
    def is_cut(self) -> bool:
        """Whether the vectors are truncated to fewer dimensions."""
        return self.dimension < self.embedding_dim

    @property
    def order(self) -> str:
        """The steps that truncate vectors, in the words of `encoding.matryoshka_order`."""
        return self.stated("matryoshka_order") or "truncate_normalize"

    @property
    def pooling(self) -> str | None:
        """The pooling, in the words of `encoding.pooling`."""
        found: str | None = self.stated("pooling")
        return found

    @property
    def normalize(self) -> bool | None:
        """Whether vectors get length 1."""
        found: bool | None = self.stated("normalize")
        return found

    def marker(self, side: str) -> str | None:
        """The token that is inserted before the texts of a side. Only late interaction has one."""
        found: str | None = self.stated(f"{side}_marker") if self.kind == "multi_vector" else None
        return found

    def text(self, side: str) -> str | None:
        """The text before the texts of a side, without the marker; None if it is not stated."""
        prefix: str | None = self.stated(f"{side}_prefix")
        marker = self.marker(side)
        if marker is not None:
            return text_after(marker, prefix)
        # The API of a hosted model is told a task instead.
        return "" if prefix is None and (self.kind == "reranker" or self.place == API) else prefix

    def prefix(self, side: str) -> str | None:
        """The marker and the text before the texts of a side; None if one of them is not stated."""
        text, marker = self.text(side), self.marker(side)
        if self.kind == "multi_vector" and marker is None:
            return None
        return None if text is None else (marker or "") + text

    def length(self, side: str) -> int | None:
        """The longest input of a side in tokens. A reranker reads a pair, whose limit is that of documents."""
        found: int | None = self.stated("document_length" if self.kind == "reranker" else f"{side}_length")
        return found

    def task(self, side: str) -> str | None:
        """The task that the model is told for a side."""
        found: str | None = self.stated(f"{side}_task")
        return found

    @property
    def remote_code(self) -> bool:
        """Whether loading runs code from the repository."""
        return self.stated("remote_code") is True

    @property
    def layers(self) -> "Sequence[Any]":
        """The linear layers after the network."""
        return self.stated("dense_layers") or ()

    @property
    def has_layers(self) -> bool:
        """Whether linear layers follow the network."""
        return bool(self.layers) or self.stated("has_projection") is True

    @property
    def architecture(self) -> str:
        """The family of the network, in the words of `architecture.type`."""
        return str(self.stated("architecture_type") or "")

    @property
    def other_output(self) -> str | None:
        """The name of the chosen output, if it is not the default one."""
        view = self.record
        return view.name_of_output if isinstance(view, OutputView) and not view.is_default else None


def _place(model: "Any", variant: "Any") -> "tuple[str, str | None]":
    """Where the weights are, and the provider of a hosted model."""
    for place, own, others in ((OLLAMA, "source_ollama", "ollama"), (URL, "source_url", "url")):
        if getattr(variant, others, None) or (variant is None and getattr(model, own, None)):
            return place, None
    if model.huggingface_id or getattr(variant, "huggingface_id", None):
        return HUB, None
    return (PATH, None) if getattr(model, "source_path", None) else (API, str(getattr(model, "source_api", None) or ""))
