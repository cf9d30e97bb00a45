"""The contract of a model: everything that determines how a text becomes a vector.

The registry decides. A fact that the registry does not state is taken from the model's own files. If both state a fact
and disagree, loading fails with an error that names both values. A fact that neither states is never guessed.
"""

from dataclasses import dataclass, field, replace

from hypiler.engines.encoder_types import spoken
from hypiler.engines.errors import EngineError, MismatchError, UnknownFactError
from hypiler.engines.late_interaction import TokenPreparation, prepare_tokens
from hypiler.engines.pooling import POOLINGS
from hypiler.engines.stamps.what_ran import facts_of
from hypiler.schema.loading import ASSUMABLE, CONTRACT_FACTS, MARKERS, NOT_TEXT
from hypiler.stamps.facts import text_after
from hypiler.stamps.outputs import OutputView, chosen, output_kind
from hypiler.stamps.prompts import config_prompts, prompted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler._encoder_types import EncoderType
    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Config, Model

# How vectors of an encoder type can be compared. If there is only one way, it need not be stated.
_SIMILARITIES = {
    "dense": ("cosine", "dot", "euclidean", "manhattan"),
    "static": ("cosine", "dot", "euclidean", "manhattan"),
    "multi_vector": ("max_sim",),
    "sparse": ("dot",),
}


@dataclass(frozen=True, slots=True)
class Contract:
    """How texts become vectors.

    Attributes:
        id: The model's id in the registry.
        encoder_type: dense, static, multi_vector, sparse or reranker.
        dimension: The width of the vectors that the user chose.
        embedding_dim: The full width of the vectors.
        pooling: How token vectors become one vector, in the words of `encoding.pooling`; empty if only a server knows.
        normalize: Whether vectors get length 1.
        matryoshka_order: The steps that truncate a vector, in the words of `encoding.matryoshka_order`.
        similarity: How vectors are compared; empty for a reranker.
        precisions: The precisions below float32 that the registry states.
        query_prefix: The text before each query.
        document_prefix: The text before each document.
        query_length: The longest query in tokens; 0 if only a server knows.
        document_length: The longest document in tokens; 0 if only a server knows.
        query_task: The task that the model is told for queries; empty if it is told none.
        document_task: The same for documents.
        inference_free_queries: Whether each token of a query has a fixed weight, so that no network runs.
        query_weights: The file with these weights; empty if it is unknown.
        activation: How the logits of a sparse model become weights, in the words of `encoding.activation`.
        tokens: How a late-interaction model prepares tokens; None for other models.
        space_facts: Everything that the vectors depend on except for the bytes, as `what_ran` describes it: the
            registry's facts, completed by facts from the files or from `assume`.
    """

    id: str
    encoder_type: str
    dimension: int
    embedding_dim: int
    pooling: str
    normalize: bool
    matryoshka_order: str
    similarity: str
    precisions: tuple[str, ...]
    query_prefix: str
    document_prefix: str
    query_length: int
    document_length: int
    query_task: str = ""
    document_task: str = ""
    inference_free_queries: bool = False
    query_weights: str = ""
    activation: str = "log1p_relu"
    tokens: TokenPreparation | None = field(default=None, repr=False)
    space_facts: "Mapping[str, Any]" = field(default_factory=dict[str, "Any"], compare=False, repr=False)

    @property
    def needs(self) -> list[str]:
        """The features of `EngineSpec.features` that an engine needs to obey this contract."""
        needs = {
            "tasks": self.query_task or self.document_task,
            "inference_free_queries": self.inference_free_queries,
            "activation": self.activation != "log1p_relu",
        }
        return [name for name, needed in needs.items() if needed]


def model_of(config: "Config") -> "Model":
    """The registry's record of a config, as the chosen output. Raises EngineError for a config created by hand."""
    if config.model is None:
        raise EngineError(
            f"{config!r} was not created from a registry entry, so how it turns text into vectors is unknown; write an"
            " entry for the model and use that"
        )
    return prompted(chosen(config.model, config.output), *config_prompts(config))


def encoder_type_of(config: "Config") -> "EncoderType":
    """The encoder type of a config's model. Raises EngineError for a model that does not encode text."""
    model = model_of(config)
    model_type = str(model.model_type)
    if model_type in NOT_TEXT:
        raise EngineError(f"`{model.id}` is of type `{model_type}`, which no engine loads: its input is more than text")
    return output_kind(model)


def make_contract(
    config: "Config", layout: "ModelFolder", assume: "Mapping[str, object]", *, served: bool = False
) -> Contract:
    """The contract of a config.

    `layout` is what the model's files state. `assume` gives facts that neither the registry nor the files state, by
    their names in ModelInfo. With `served`, a server pools the vectors, so the pooling may be unknown, and an API whose
    documents name no prefix gets none. Raises MismatchError if the registry disagrees with the files or with `assume`,
    and UnknownFactError for a fact that is stated nowhere.
    """
    encoder_type, model = encoder_type_of(config), model_of(config)
    layout = of_output(layout, model)
    _check_type(model, encoder_type, layout)
    facts = _Facts(model, layout, assume)
    pairs = encoder_type == "reranker"
    no_prefix = "" if pairs or (served and getattr(model, "source_api", None)) else None
    needed = CONTRACT_FACTS[encoder_type]
    contract = Contract(
        id=model.id,
        encoder_type=encoder_type,
        dimension=config.embedding_dim,
        embedding_dim=model.embedding_dim,
        pooling=_pooling(facts, layout, served=served) if "pooling" in needed else "none",
        normalize=facts.known("normalize", layout.normalize) if "normalize" in needed else False,
        matryoshka_order=model.matryoshka_order or "truncate_normalize",
        similarity="" if pairs else facts.one_of(_SIMILARITIES[encoder_type], "similarity", layout.similarity),
        precisions=model.precisions,
        query_prefix=facts.prefix("query_prefix", _held_prompt(model, layout, "query"), no_prefix),
        document_prefix=facts.prefix("document_prefix", _held_prompt(model, layout, "document"), no_prefix),
        query_length=facts.length("query_length", layout.query_length, 0 if served else None),
        document_length=facts.length("document_length", layout.document_length, 0 if served else None),
        query_task=_task(model, layout, "query"),
        document_task=_task(model, layout, "document"),
    )
    if encoder_type == "multi_vector":
        contract = _with_tokens(contract, facts)
    elif encoder_type == "sparse":
        contract = _with_weights(contract, facts)
    return replace(contract, space_facts=facts_of(config, contract, layout))


def _held_prompt(model: "Any", layout: "ModelFolder", side: str) -> str | None:
    """The prefix of a side in the files: that of the chosen prompt, or else that of the side."""
    name: str | None = getattr(model, f"{side}_prompt", None)
    own: str | None = layout.query_prefix if side == "query" else layout.document_prefix
    # Of another prompt, the files may say nothing, and PyLate puts its marker in front of it.
    if name is None:
        return own
    return None if layout.late_interaction.markers else layout.prompts.get(name)


def _task(model: "Any", layout: "ModelFolder", side: str) -> str:
    """The task of a side; empty if the model is told none. Raises MismatchError for an adapter that is not there."""
    task: str = getattr(model, f"{side}_task", None) or ""
    if task and layout.adapters and task not in layout.adapters:
        raise MismatchError(
            f"`encoding.{side}_task` of `{model.id}` is {task!r}, and the files in {layout.folder} have the adapters"
            f" {', '.join(map(repr, layout.adapters))}: one of them is wrong"
        )
    return task


def _with_tokens(contract: Contract, facts: "_Facts") -> Contract:
    """The contract of a late-interaction model, with how tokens are prepared. Its prefixes begin with the markers."""
    prefixes = {"query": contract.query_prefix, "document": contract.document_prefix}
    tokens = prepare_tokens(facts.model, facts.layout, facts.stated, prefixes, contract.query_length)
    return replace(
        contract, query_prefix=tokens.prefix("query"), document_prefix=tokens.prefix("document"), tokens=tokens
    )


def _with_weights(contract: Contract, facts: "_Facts") -> Contract:
    """The contract of a sparse model, with how tokens are weighed."""
    layout = facts.layout
    free = facts.optional("inference_free_queries", layout.inference_free_queries)
    activation: str = facts.optional("activation", layout.activation) or contract.activation
    file: str = getattr(facts.model, "query_weights_file", None) or layout.query_weights or ""
    if free and not file:
        raise UnknownFactError(
            f"`files.query_weights` of `{contract.id}` is unknown: queries have fixed weights, and neither the registry"
            f" nor {layout.folder} names a file with them; name it in models.json"
        )
    return replace(
        contract, activation=activation, inference_free_queries=bool(free), query_weights=file if free else ""
    )


def _pooling(facts: "_Facts", layout: "ModelFolder", *, served: bool) -> str:
    """The pooling. Files may join several words by `+`, which a registry has no word for.

    It is empty if a server pools, and nobody says how.
    """
    if served and facts.optional("pooling", layout.pooling) is None:
        return ""
    words = (layout.pooling or "").split("+")
    joined = [layout.pooling] if layout.pooling and len(words) > 1 and set(words) <= POOLINGS.keys() else []
    return facts.one_of((*POOLINGS, *joined), "pooling", layout.pooling)


def of_output(layout: "ModelFolder", model: "Model") -> "ModelFolder":
    """What the files state of the chosen output.

    A folder describes one way to use a model. If that is another output of the model, its facts on vectors are not
    those of the chosen output. Facts on texts are, unless the output states its own.
    """
    if not isinstance(model, OutputView):
        return layout
    described = layout.encoder_type
    kinds = [output_kind(chosen(model.record, one.name)) for one in model.record.outputs]
    if described not in kinds or (described == model.kind and model.is_first):
        return layout
    own = replace(layout, encoder_type=None, pooling=None, normalize=None, similarity=None, dense=())
    return replace(
        own,
        query_prefix=None if "query_prefix" in model.stated else layout.query_prefix,
        document_prefix=None if "document_prefix" in model.stated else layout.document_prefix,
    )


def spoken_model(model: "Model") -> str:
    """A model for messages, with the chosen output if it is not the default one."""
    if isinstance(model, OutputView) and not model.is_default:
        return f"the output `{model.name_of_output}` of `{model.id}`"
    return f"`{model.id}`"


class _Facts:
    """Looks up facts in the registry, in the files, and in `assume`.

    Attributes:
        model: The registry's record.
        layout: What the files state.
        assume: The facts that the caller of `load` gave.
    """

    def __init__(self, model: "Model", layout: "ModelFolder", assume: "Mapping[str, object]") -> None:
        self.model = model
        self.layout = layout
        self.assume = assume
        for name, value in assume.items():
            if name not in ASSUMABLE:
                raise ValueError(f"`{name}` is not a fact that can be assumed; these can: {', '.join(ASSUMABLE)}")
            stated = self.registered(name)
            if stated is not None and stated != value:
                raise MismatchError(
                    f"`{name}` of {spoken_model(model)} is {stated!r} in the registry, but assume= gives {value!r};"
                    " correct the registry if it is wrong"
                )

    def registered(self, name: str) -> "Any":
        """The registry's value; None if it states none. An absent list is an empty tuple."""
        value = getattr(self.model, name, None)
        return None if value == () else value

    def stated(self, name: str) -> "Any":
        """The value of the registry, or else of `assume`; None if neither states one."""
        value = self.registered(name)
        return self.assume.get(name) if value is None else value

    def prefix(self, name: str, held: str | None, default: str | None) -> str:
        """The prefix of a side. An entry with a marker needs none; the files' prefix begins with the marker."""
        marker = self.stated(MARKERS[name])
        if marker is None:
            found: str = self.known(name, held, default)
            return found
        stated, late = self.stated(name), self.layout.late_interaction
        own = late.marker(name.removesuffix("_prefix")) if late.markers else marker
        text = text_after(own or "", held)
        if (stated or text.strip()) and held is not None and text_after(marker, stated).strip() != text.strip():
            self._disagree(name, stated or "", text)
        return stated or ""

    def optional(self, name: str, held: "Any") -> "Any":
        """A fact that need not be known; None if nobody states it."""
        stated = self.stated(name)
        if stated is not None and held is not None and stated != held:
            self._disagree(name, stated, held)
        return held if stated is None else stated

    def known(self, name: str, held: "Any", default: "Any" = None) -> "Any":
        """A fact that must be known. `held` is the files' value, or None; `default` is used if nobody states one."""
        stated = getattr(self.model, name)
        # An empty prompt in the files may be the library's default, and so may blanks around a marker.
        spoken = held is not None and (not name.endswith("_prefix") or bool(held.strip()))
        same = stated == held or (name.endswith("_prefix") and str(stated).strip() == str(held).strip())
        if stated is not None and spoken and not same:
            self._disagree(name, stated, held)
        if stated is not None:
            return stated
        for value in (self.assume.get(name), held):
            if value is not None:
                return value
        if default is not None:
            return default
        raise UnknownFactError(
            f"{self.fact(name)} is unknown: neither the registry nor the model's files say it;"
            f" look it up and write it into models.json, or pass assume={{{name!r}: …}}"
        )

    def _disagree(self, name: str, stated: object, held: object) -> None:
        raise MismatchError(
            f"{self.fact(name)} is {stated!r} in the registry and {held!r} in the model's files"
            f" ({self.layout.folder}): one of them is wrong"
        )

    def one_of(self, choices: tuple[str, ...], name: str, held: str | None) -> str:
        """A fact that must be known and be one of `choices`. If there is only one choice, it need not be stated."""
        value: str = self.known(name, held, choices[0] if len(choices) == 1 else None)
        if value not in choices:
            raise EngineError(f"{self.fact(name)} must be {' or '.join(choices)} for {self.type}; it is {value!r}")
        return value

    def fact(self, name: str) -> str:
        """A fact for messages: with its path in models.json."""
        if isinstance(self.model, OutputView) and not self.model.is_default:
            return f"`{name}` of {spoken_model(self.model)}"
        return f"`encoding.{name}` of `{self.model.id}`"

    @property
    def type(self) -> str:
        """The type of the vectors, for messages."""
        if isinstance(self.model, OutputView):
            return f"{spoken(self.model.kind)} vectors"
        return f"a model of type `{self.model.model_type}`"

    def length(self, name: str, held: int | None, default: int | None) -> int:
        """The longest input of one side in tokens: the stated length of the side, or the model's context length.

        `default` is used if nobody states either; None if it must be stated.
        """
        stated: int | None = getattr(self.model, name)
        found: Any = self.assume.get(name) or held
        length = stated or found or self.model.context_length or default
        if length is None:
            raise EngineError(
                f"the longest input of `{self.model.id}` is unknown: state `specs.context_length` in the registry, or"
                f" pass assume={{{name!r}: …}}"
            )
        return int(length)


def _check_type(model: "Model", encoder_type: str, layout: "ModelFolder") -> None:
    if layout.encoder_type is not None and layout.encoder_type != encoder_type:
        if isinstance(model, OutputView):
            raise MismatchError(
                f"`{model.id}` has no {spoken(layout.encoder_type)} output in the registry, and the files in"
                f" {layout.folder} hold a {spoken(layout.encoder_type)} model ({layout.evidence})"
            )
        raise MismatchError(
            f"`{model.id}` is of type `{model.model_type}` in the registry, which is a {spoken(encoder_type)} model,"
            f" and the files in {layout.folder} hold a {spoken(layout.encoder_type)} one ({layout.evidence})"
        )
    for fact, stated, held in (
        ("specs.hidden_dim", model.hidden_dim, layout.hidden_size),
        ("specs.vocab_size", model.vocab_size, layout.vocab_size),
    ):
        if encoder_type != "static" and stated is not None and held is not None and stated != held:
            raise MismatchError(
                f"`{fact}` of `{model.id}` is {stated} in the registry and {held} in config.json of"
                f" {layout.folder}: these are the files of another model, or the registry is wrong"
            )
