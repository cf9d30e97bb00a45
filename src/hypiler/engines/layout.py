"""What a folder of model files holds, by its small JSON files. Nothing is executed, and weights are not opened."""

import re
import string
from dataclasses import dataclass
from pathlib import Path

from hypiler.engines.errors import EngineError
from hypiler.model_files.extract import ModelFileError, safe_name
from hypiler.model_files.json_files import MAX_BYTES, mapping, positive, read_json, text, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

_SETTINGS = "config_sentence_transformers.json"
_NETWORK = "sentence_bert_config.json"
# What configurations of networks call the width of the hidden states.
_WIDTHS = ("hidden_size", "n_embd", "dim", "d_model")
# The endings of module types in modules.json that tell the kind, the most telling first.
_MODULES = {
    "MultiVectorMask": "multi_vector",
    "SpladePooling": "sparse",
    "MLMTransformer": "sparse",
    "SparseAutoEncoder": "sparse",
    "StaticEmbedding": "static",
    "Pooling": "dense",
}
_MODEL_TYPES = {
    "SentenceTransformer": "dense",
    "SparseEncoder": "sparse",
    "MultiVectorEncoder": "multi_vector",
    "ColBERT": "multi_vector",
    "CrossEncoder": "reranker",
}
# The orders of modules that need no more than this reader says: network, pooling, linear layers, unit length.
_USUAL = re.compile(
    "Transformer( Pooling( Dense)*( Normalize)?)?|Transformer( Dense)*( MultiVectorMask)?( Normalize)?"
    "|(MLM)?Transformer SpladePooling|StaticEmbedding( Normalize)?"
)
# The words of pooling configurations, old and new, in those of the registry.
_POOLINGS = {
    "cls": "cls",
    "cls_token": "cls",
    "mean": "mean",
    "mean_tokens": "mean",
    "max": "max",
    "max_tokens": "max",
    "mean_sqrt_len_tokens": "mean_sqrt_len",
    "weightedmean": "weighted_mean",
    "weightedmean_tokens": "weighted_mean",
    "lasttoken": "last_token",
}


@dataclass(frozen=True, slots=True)
class DenseModule:
    """A linear layer with a folder of its own; `activation` is the dotted name of a class of PyTorch."""

    path: str
    in_features: int
    out_features: int
    bias: bool
    activation: str


@dataclass(frozen=True, slots=True)
class LateInteraction:
    """How a late-interaction model makes its tokens; lengths in tokens. `source` is the file that says it, or empty.

    `markers` says that a prefix is one token of the vocabulary, put after the first one. Queries are filled up if
    `expand` is set, with `expansion_token` or the tokenizer's mask token, to `expansion_length` or the length of
    queries; `attend` says that what fills them is attended to. The vectors of `skiplist_words` are left out on the
    sides in `skiplist_sides`, query and document.
    """

    source: str = ""
    query_prefix: str | None = None
    document_prefix: str | None = None
    query_length: int | None = None
    document_length: int | None = None
    markers: bool = False
    expand: bool = False
    expansion_token: str | None = None
    expansion_length: int | None = None
    attend: bool = False
    skiplist_words: tuple[str, ...] = ()
    skiplist_sides: tuple[str, ...] = ("document",)


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What the files say; None where they say nothing.

    `kind` is dense, static, multi_vector, sparse or reranker, and `evidence` the file and entry that show it.
    `lower_case` says that texts are put into lower case before the tokenizer has them. `unusual` lists what only the
    library that wrote the files knows how to do.
    """

    folder: Path
    kind: str | None
    evidence: str
    hidden_size: int | None
    vocab_size: int | None
    pooling: str | None
    normalize: bool | None
    similarity: str | None
    query_prefix: str | None
    document_prefix: str | None
    query_length: int | None
    document_length: int | None
    dense: tuple[DenseModule, ...]
    late_interaction: LateInteraction
    lower_case: bool
    unusual: tuple[str, ...]
    trust_remote_code: bool = False
    allow_pickle: bool = False


def read_layout(folder: Path, *, trust_remote_code: bool = False, allow_pickle: bool = False) -> ModelFolder:
    """What lies in a folder. Raises EngineError for a file that is not the JSON it should be."""
    config = _object(folder, "config.json")
    settings = _object(folder, _SETTINGS)
    modules = _modules(folder)
    late = _late_interaction(folder, settings, modules)
    kind, evidence = _kind(folder, config, settings, modules)
    prompts = mapping(settings.get("prompts"))
    network = _object(folder, _NETWORK)
    lengths = positive(network.get("max_seq_length"))
    return ModelFolder(
        folder=folder,
        kind=kind,
        evidence=evidence,
        hidden_size=next((width for name in _WIDTHS if (width := positive(config.get(name)))), None),
        vocab_size=positive(config.get("vocab_size")),
        pooling=_pooling(folder, modules),
        normalize=_normalize(config, modules, kind),
        similarity=_similarity(settings.get("similarity_fn_name")),
        query_prefix=late.query_prefix or text(prompts.get("query")),
        document_prefix=late.document_prefix or text(prompts.get("document", prompts.get("passage"))),
        query_length=late.query_length or lengths,
        document_length=late.document_length or lengths,
        dense=_dense(folder, modules),
        late_interaction=late,
        lower_case=network.get("do_lower_case") is True,
        unusual=_unusual(folder, modules),
        trust_remote_code=trust_remote_code,
        allow_pickle=allow_pickle,
    )


def read_file(path: Path) -> "Any":
    """What a small JSON file of a model holds, None if there is none: as strictly as models.json is read.

    Raises EngineError.
    """
    if not path.is_file():
        return None
    if path.stat().st_size > MAX_BYTES:
        raise EngineError(f"{path} is larger than {MAX_BYTES >> 20} MiB, which no such file of a model is")
    try:
        return read_json(path.read_bytes())
    except ModelFileError as error:
        raise EngineError(f"{path} must be JSON: {error}") from None


def _object(folder: Path, name: str) -> "dict[str, Any]":
    found = read_file(folder / name)
    if type(found) not in (dict, type(None)):
        raise EngineError(f"{folder / name} must hold a JSON object, got {type(found).__name__}")
    return mapping(found)


def _modules(folder: Path) -> "list[tuple[str, str]] | None":
    """The type and path of each entry of modules.json; None if there is no such file."""
    found = read_file(folder / "modules.json")
    if found is None:
        return None
    try:
        modules = [(str(entry["type"]), str(entry["path"])) for entry in found]
    except (TypeError, KeyError):
        raise EngineError(f"{folder / 'modules.json'} must list modules with `type` and `path`") from None
    for _, path in modules:
        if path not in ("", ".") and safe_name(path.removesuffix("/")):
            raise EngineError(f"{folder / 'modules.json'} must name folders inside of this one; got {path!r}")
    return modules


def _ends(modules: "list[tuple[str, str]] | None", name: str) -> "list[str]":
    """The paths of the modules of a type."""
    return [path for type, path in modules or () if _last(type) == name]


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _kind(
    folder: Path, config: "dict[str, Any]", settings: "dict[str, Any]", modules: "list[tuple[str, str]] | None"
) -> "tuple[str | None, str]":
    """What is held, and what shows it."""
    if _ends(modules, "StaticEmbedding"):
        return "static", "modules.json: StaticEmbedding"
    word = text(settings.get("model_type"))
    if word in _MODEL_TYPES:
        return _MODEL_TYPES[word], f"{_SETTINGS}: model_type {word}"
    for name, kind in _MODULES.items():
        if _ends(modules, name):
            return kind, f"modules.json: {name}"
    if _ends(modules, "Dense"):
        return "multi_vector", "modules.json: Dense without Pooling"
    architectures = [name for name in words(config.get("architectures")) if name.isidentifier()]
    if (folder / "artifact.metadata").is_file():
        return "multi_vector", "artifact.metadata, of ColBERT"
    told = f"config.json: {', '.join(architectures)}"
    if "HF_ColBERT" in architectures:
        return "multi_vector", told
    if "StaticModel" in architectures or (config and "embedding_dtype" in config):
        return "static", told if architectures else "config.json: embedding_dtype, of model2vec"
    if any(name.endswith("ForSequenceClassification") for name in architectures):
        return "reranker", told
    if any(name.endswith("ForMaskedLM") for name in architectures):
        return "sparse", told
    return None, ""


def _pooling(folder: Path, modules: "list[tuple[str, str]] | None") -> str | None:
    """In the words of the registry; several at once are joined by +, which is no word of it."""
    paths = _ends(modules, "Pooling")
    if not paths:
        return None
    config = _object(folder, f"{paths[0]}/config.json")
    mode = config.get("pooling_mode")
    if mode is None:
        names = [
            key.removeprefix("pooling_mode_") for key, on in config.items() if on and key.startswith("pooling_mode_")
        ]
    else:
        names = [mode] if isinstance(mode, str) else words(mode)
    return "+".join([_POOLINGS.get(name, name) for name in names]) or None


def _normalize(config: "dict[str, Any]", modules: "list[tuple[str, str]] | None", kind: str | None) -> bool | None:
    if kind == "static" and isinstance(config.get("normalize"), bool):
        return bool(config["normalize"])
    # PyLate normalizes on its own and lists no module for it.
    if modules is None or (kind == "multi_vector" and not _ends(modules, "MultiVectorMask")):
        return None
    return bool(_ends(modules, "Normalize"))


def _dense(folder: Path, modules: "list[tuple[str, str]] | None") -> "tuple[DenseModule, ...]":
    found: list[DenseModule] = []
    for path in _ends(modules, "Dense"):
        config = _object(folder, f"{path}/config.json")
        widths = [positive(config.get(name)) for name in ("in_features", "out_features")]
        activation = text(config.get("activation_function"))
        if None in widths or activation is None:
            raise EngineError(
                f"{folder / path / 'config.json'} must give in_features, out_features and activation_function"
            )
        found.append(DenseModule(path, widths[0] or 0, widths[1] or 0, config.get("bias") is not False, activation))
    return tuple(found)


def _unusual(folder: Path, modules: "list[tuple[str, str]] | None") -> "tuple[str, ...]":
    """The modules and settings that a reader of this layout alone would not heed."""
    found: list[str] = []
    names = [_last(type) for type, _ in modules or ()]
    if modules is not None and not _USUAL.fullmatch(" ".join(names)):
        found.append(f"the modules {', '.join(map(ascii, names))}")
    for module, key, usual in (
        ("Pooling", "include_prompt", True),
        ("Dense", "use_residual", False),
        ("SpladePooling", "pooling_strategy", "max"),
        ("SpladePooling", "activation_function", "relu"),
        ("MultiVectorMask", "keep_only_token_ids", None),
    ):
        for path in _ends(modules, module):
            value = _object(folder, f"{path}/config.json").get(key, usual)
            if value != usual:
                found.append(f"{key} {value!r} of {path}")
    return tuple(found)


def _late_interaction(
    folder: Path, settings: "dict[str, Any]", modules: "list[tuple[str, str]] | None"
) -> LateInteraction:
    """From the settings of PyLate, of Stanford's ColBERT, or of sentence-transformers, whichever there are."""
    stanford = _object(folder, "artifact.metadata")
    token = _mask_token(folder)
    if settings.get("model_type") == "ColBERT" or "query_prefix" in settings:
        skipped = settings.get("skiplist_words")
        return LateInteraction(
            source=_SETTINGS,
            query_prefix=text(settings.get("query_prefix")),
            document_prefix=text(settings.get("document_prefix")),
            query_length=positive(settings.get("query_length")),
            document_length=positive(settings.get("document_length")),
            markers=True,
            expand=settings.get("do_query_expansion") is not False,
            expansion_token=token,
            attend=bool(settings.get("attend_to_expansion_tokens")),
            skiplist_words=tuple(string.punctuation) if skipped is None else tuple(words(skipped)),
        )
    if stanford:
        return LateInteraction(
            source="artifact.metadata",
            query_prefix=text(stanford.get("query_token_id")) or "[unused0]",
            document_prefix=text(stanford.get("doc_token_id")) or "[unused1]",
            query_length=positive(stanford.get("query_maxlen")),
            document_length=positive(stanford.get("doc_maxlen")),
            markers=True,
            expand=True,
            expansion_token=token,
            attend=bool(stanford.get("attend_to_mask_tokens")),
            skiplist_words=tuple(string.punctuation) if stanford.get("mask_punctuation", True) else (),
        )
    masks = _ends(modules, "MultiVectorMask")
    if not masks:
        return LateInteraction()
    network = _object(folder, _NETWORK)
    expansion = mapping(network.get("query_expansion"))
    length = positive(expansion.get("length"))
    fixed = expansion.get("strategy") == "fixed"
    mask = _object(folder, f"{masks[0]}/config.json")
    sides = mask.get("skiplist_tasks")
    return LateInteraction(
        source="modules.json",
        query_length=length if fixed else positive(network.get("query_length")),
        document_length=positive(network.get("document_length")),
        expand=bool(expansion),
        expansion_token=text(expansion.get("token")) or token,
        expansion_length=None if fixed else length,
        attend=expansion.get("attend") is True,
        skiplist_words=tuple(words(mask.get("skiplist_words"))),
        skiplist_sides=("document",) if sides is None else (sides,) if isinstance(sides, str) else tuple(words(sides)),
    )


def _mask_token(folder: Path) -> str | None:
    """What fills queries up by default: the mask token, or the last one of a model that has none."""
    config = _object(folder, "tokenizer_config.json")
    for name in ("mask_token", "eos_token"):
        value = config.get(name)
        if token := text(value) or text(mapping(value).get("content")):
            return token
    return None


def _similarity(name: "JSONValue") -> str | None:
    """In the words of the registry, as far as it has one."""
    word = text(name)
    return None if word is None else "max_sim" if word.lower() == "maxsim" else word
