"""The contract of a model: everything between a text and its vector, from the registry, completed by its files.

The registry decides. Where it says nothing the model's own files may; where both speak and disagree, loading ends with
an error that names both; what neither says is not guessed.
"""

from dataclasses import dataclass, field, replace

from hypiler.engines.encoder_types import spoken
from hypiler.engines.errors import EngineError, MismatchError, UnknownFactError
from hypiler.engines.pooling import POOLINGS
from hypiler.schema.encoder_types import ENCODER_TYPES
from hypiler.space import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Config, Model
    from hypiler.schema.encoder_types import EncoderType

_NOT_TEXT = ("vision-language", "time-series")
# The facts that may be assumed where they are unknown, by their names in ModelInfo.
ASSUMABLE = ("pooling", "normalize", "similarity", "query_prefix", "document_prefix", "query_length", "document_length")
# How vectors of an encoder type can be compared; where there is one way only, nobody has to state it.
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
        encoder_type: dense, static, multi_vector, sparse or reranker.
        dimension: The width that was chosen of `embedding_dim`.
        query_length: The longest query in tokens; likewise `document_length`.
        space_facts: What the vectors depend on, by name, with the ids that stand for it: the registry's facts,
            completed by what the files or the caller of `load` said.
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
    space_facts: "tuple[tuple[str, Any], ...]" = field(default=(), compare=False, repr=False)


def model_of(config: "Config") -> "Model":
    """The registry's record of a config. Raises EngineError for a config that was written by hand."""
    if config.model is None:
        raise EngineError(
            f"{config!r} was not created from a registry entry, so how it turns text into vectors is unknown; write an"
            " entry for the model and use that"
        )
    return config.model


def encoder_type_of(config: "Config") -> "EncoderType":
    """What a model is to an encoder. Raises EngineError for one that no encoder of texts can be."""
    model = model_of(config)
    model_type = str(model.model_type)
    if model_type in _NOT_TEXT:
        raise EngineError(f"`{model.id}` is of type `{model_type}`, which no engine loads: its input is more than text")
    # A type with another name is dense, or multi-vector if the registry says so.
    return ENCODER_TYPES.get(model_type, "multi_vector" if model.multi_vector else "dense")


def make_contract(config: "Config", layout: "ModelFolder", assume: "Mapping[str, object]") -> Contract:
    """The contract of a config whose files hold `layout`.

    `assume` gives facts, by their names in ModelInfo, that neither the registry nor the files say. Raises
    MismatchError where the registry and the files, or the registry and `assume`, disagree, and UnknownFactError for a
    fact that nobody gives.
    """
    encoder_type, model = encoder_type_of(config), model_of(config)
    _check_type(model, encoder_type, layout)
    facts = _Facts(model, layout, assume)
    pairs = encoder_type == "reranker"
    pools, normalizes = encoder_type == "dense", encoder_type in ("dense", "static", "multi_vector")
    contract = Contract(
        id=model.id,
        encoder_type=encoder_type,
        dimension=config.embedding_dim,
        embedding_dim=model.embedding_dim,
        pooling=facts.one_of(tuple(POOLINGS), "pooling", layout.pooling) if pools else "none",
        normalize=facts.known("normalize", layout.normalize) if normalizes else False,
        matryoshka_order=model.matryoshka_order or "truncate_normalize",
        similarity="" if pairs else facts.one_of(_SIMILARITIES[encoder_type], "similarity", layout.similarity),
        precisions=model.precisions,
        query_prefix=facts.known("query_prefix", layout.query_prefix, "" if pairs else None),
        document_prefix=facts.known("document_prefix", layout.document_prefix, "" if pairs else None),
        query_length=facts.length("query_length", layout.query_length),
        document_length=facts.length("document_length", layout.document_length),
    )
    if layout.dense and not model.dense_layers:
        facts.completed["layers"] = [
            (one.in_features, one.out_features, (one.activation or "").rpartition(".")[2] or None)
            for one in layout.dense
        ]
    described = describe(model, config.embedding_dim, config.variant, facts.completed)
    return replace(contract, space_facts=tuple(described.items()))


class _Facts:
    """Asks for facts where they may stand: the registry, the files, the caller.

    Attributes:
        completed: The facts that the registry leaves unknown, as the files or the caller say them.
    """

    def __init__(self, model: "Model", layout: "ModelFolder", assume: "Mapping[str, object]") -> None:
        self.model = model
        self.layout = layout
        self.assume = assume
        self.completed: dict[str, Any] = {}
        for name, value in assume.items():
            if name not in ASSUMABLE:
                raise ValueError(f"`{name}` is not a fact that can be assumed; these can: {', '.join(ASSUMABLE)}")
            stated = getattr(model, name)
            if stated is not None and stated != value:
                raise MismatchError(
                    f"`{name}` of `{model.id}` is {stated!r} in the registry, and {value!r} was to be assumed;"
                    " correct the registry if it is wrong"
                )

    def known(self, name: str, held: "Any", default: "Any" = None) -> "Any":
        """A fact that has to be known."""
        stated = getattr(self.model, name)
        # A library writes an empty prompt where nobody set one; spaces around a marker are its own, too.
        spoken = held is not None and (not name.endswith("_prefix") or bool(held.strip()))
        same = stated == held or (name.endswith("_prefix") and str(stated).strip() == str(held).strip())
        if stated is not None and spoken and not same:
            raise MismatchError(
                f"`encoding.{name}` of `{self.model.id}` is {stated!r} in the registry and {held!r} in the model's"
                f" files ({self.layout.folder}): one of them is wrong"
            )
        if stated is not None:
            return stated
        for value in (self.assume.get(name), held):
            if value is not None:
                self.completed[name] = value
                return value
        if default is not None:
            return default
        raise UnknownFactError(
            f"`encoding.{name}` of `{self.model.id}` is unknown: neither the registry nor the model's files say it;"
            f" look it up and write it into models.json, or pass assume={{{name!r}: …}}"
        )

    def one_of(self, choices: tuple[str, ...], name: str, held: str | None) -> str:
        """A fact that must be known and one of `choices`; if there is one choice only, nobody has to state it."""
        value: str = self.known(name, held, choices[0] if len(choices) == 1 else None)
        if value not in choices:
            raise EngineError(
                f"`encoding.{name}` of `{self.model.id}` must be {' or '.join(choices)} for a model of type"
                f" `{self.model.model_type}`; it is {value!r}"
            )
        return value

    def length(self, name: str, held: int | None) -> int:
        """The longest input of one side in tokens: the authors' default for it, or what the model takes."""
        stated: int | None = getattr(self.model, name)
        found: Any = self.assume.get(name) or held
        if not stated and found:
            self.completed[name] = int(found)
        return int(stated or found or self.model.context_length)


def _check_type(model: "Model", encoder_type: str, layout: "ModelFolder") -> None:
    if layout.encoder_type is not None and layout.encoder_type != encoder_type:
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
