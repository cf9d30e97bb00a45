"""The contract of a model: everything between a text and its vector, from the registry, completed by its files.

The registry decides. Where it says nothing the model's own files may; where both speak and disagree, loading ends with
an error that names both; what neither says is not guessed.
"""

from dataclasses import dataclass

from hypiler.engines.errors import EngineError, MismatchError, UnknownFactError
from hypiler.engines.pooling import POOLINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from hypiler.config import ModelConfig
    from hypiler.engines.encoders import Floats
    from hypiler.engines.layout import ModelFolder

# What models of the usual types are to an encoder. Others are dense, or multi-vector if the registry says so.
KINDS = {
    "colbert": "multi_vector",
    "dense": "dense",
    "unified": "dense",
    "static": "static",
    "sparse": "sparse",
    "reranker": "reranker",
}
_NOT_TEXT = ("vision-language", "time-series")
# The facts that may be assumed where they are unknown, by their names in ModelInfo.
ASSUMABLE = ("pooling", "normalize", "similarity", "query_prefix", "document_prefix", "query_length", "document_length")
# How vectors of a kind can be compared; where there is one way only, nobody has to say it.
_SIMILARITIES = {
    "dense": ("cosine", "dot", "euclidean", "manhattan"),
    "static": ("cosine", "dot", "euclidean", "manhattan"),
    "multi_vector": ("max_sim",),
    "sparse": ("dot",),
}


@dataclass(frozen=True, slots=True)
class Contract:
    """How texts become vectors.

    `kind` is dense, static, multi_vector, sparse or reranker; `dimension` the width that was chosen of
    `embedding_dim`; lengths are in tokens.
    """

    id: str
    kind: str
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


def kind_of(config: "ModelConfig") -> str:
    """What a model is to an encoder. Raises EngineError for one that no encoder of texts can be."""
    model: Any = config.model
    if model is None:
        raise EngineError(
            f"{config!r} is of no registry, so how it turns text into vectors is not known;"
            " write an entry for it and use that"
        )
    word = str(model.model_type)
    if word in _NOT_TEXT:
        raise EngineError(f"`{model.id}` is of type `{word}`, which no engine loads: its input is more than text")
    return KINDS.get(word, "multi_vector" if model.multi_vector else "dense")


def make_contract(config: "ModelConfig", layout: "ModelFolder", assume: "Mapping[str, object]") -> Contract:
    """The contract of a config whose files hold `layout`.

    `assume` gives facts, by their names in ModelInfo, that neither the registry nor the files say. Raises
    MismatchError where the registry and the files, or the registry and `assume`, disagree, and UnknownFactError for a
    fact that nobody gives.
    """
    kind = kind_of(config)
    _check_kind(config, kind, layout)
    facts = _Facts(config.model, layout, assume)
    pairs = kind == "reranker"
    return Contract(
        id=facts.model.id,
        kind=kind,
        dimension=config.embedding_dim,
        embedding_dim=facts.model.embedding_dim,
        pooling=facts.one_of(tuple(POOLINGS), "pooling", layout.pooling) if kind == "dense" else "none",
        normalize=facts.known("normalize", layout.normalize) if kind in ("dense", "static", "multi_vector") else False,
        matryoshka_order=facts.model.matryoshka_order or "truncate_normalize",
        similarity="" if pairs else facts.one_of(_SIMILARITIES[kind], "similarity", layout.similarity),
        precisions=facts.model.precisions,
        query_prefix=facts.known("query_prefix", layout.query_prefix, "" if pairs else None),
        document_prefix=facts.known("document_prefix", layout.document_prefix, "" if pairs else None),
        query_length=facts.length("query_length", layout.query_length),
        document_length=facts.length("document_length", layout.document_length),
    )


class _Facts:
    """Asks for facts where they may stand: the registry, the files, the caller."""

    def __init__(self, model: "Any", layout: "ModelFolder", assume: "Mapping[str, object]") -> None:
        self.model = model
        self.layout = layout
        self.assume = assume
        for name, value in assume.items():
            if name not in ASSUMABLE:
                raise ValueError(f"`{name}` is no fact that can be assumed; these can: {', '.join(ASSUMABLE)}")
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
        for value in (stated, self.assume.get(name), held, default):
            if value is not None:
                return value
        raise UnknownFactError(
            f"`encoding.{name}` of `{self.model.id}` is not known: neither the registry nor the model's files say it;"
            f" look it up and write it into models.json, or pass assume={{{name!r}: …}}"
        )

    def one_of(self, words: tuple[str, ...], name: str, held: str | None) -> str:
        """A fact that has to be known, and to be one of these words; the only one goes without saying."""
        value: str = self.known(name, held, words[0] if len(words) == 1 else None)
        if value not in words:
            raise EngineError(
                f"`encoding.{name}` of `{self.model.id}` must be {' or '.join(words)} for a model of type"
                f" `{self.model.model_type}`; it is {value!r}"
            )
        return value

    def length(self, name: str, held: int | None) -> int:
        """The longest input of one side in tokens: the authors' default for it, or what the model takes."""
        value: Any = getattr(self.model, name) or self.assume.get(name) or held or self.model.context_length
        return int(value)


def _check_kind(config: "ModelConfig", kind: str, layout: "ModelFolder") -> None:
    model: Any = config.model
    if layout.kind is not None and layout.kind != kind:
        raise MismatchError(
            f"`{model.id}` is of type `{model.model_type}` in the registry, which is a {_told(kind)} model, and the"
            f" files in {layout.folder} hold a {_told(layout.kind)} one ({layout.evidence})"
        )
    for fact, stated, held in (
        ("specs.hidden_dim", model.hidden_dim, layout.hidden_size),
        ("specs.vocab_size", model.vocab_size, layout.vocab_size),
    ):
        if kind != "static" and stated is not None and held is not None and stated != held:
            raise MismatchError(
                f"`{fact}` of `{model.id}` is {stated} in the registry and {held} in config.json of"
                f" {layout.folder}: these are the files of another model, or the registry is wrong"
            )


def _told(kind: str) -> str:
    return kind.replace("_", "-")


def check_agreement(contract: Contract, folder: str, **found: object) -> None:
    """Raise MismatchError where what a library took from the folder is not what the contract says; None says nothing.

    Spaces around a marker do not count: not every library writes them.
    """
    for name, value in found.items():
        expected = getattr(contract, name)
        if value is not None and _bare(value) != _bare(expected):
            raise MismatchError(
                f"`encoding.{name}` of `{contract.id}` is {expected!r}, and {value!r} by the files in {folder}: one of"
                " them is wrong"
            )


def check_width(vectors: "Any", contract: Contract) -> "Floats":
    """The vectors as they are. Raises MismatchError if they are not as wide as the registry says."""
    width = vectors.shape[-1]
    if width != contract.embedding_dim:
        raise MismatchError(
            f"`specs.embedding_dim` of `{contract.id}` is {contract.embedding_dim} in the registry, and its files give"
            f" vectors of {width}: the files are those of another model, or the registry is wrong"
        )
    result: Floats = vectors
    return result


def _bare(value: object) -> object:
    return value.strip() if isinstance(value, str) else value
