"""fastembed: models in ONNX, as far as its own classes go. Extra: `hypiler[fastembed]`.

Its classes are told what the contract says: the file, the lengths, the markers. What they cannot be told is refused.
"""

from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib import import_module
from threading import Lock
from uuid import uuid4

from hypiler.engines.contract import check_width
from hypiler.engines.errors import EngineError, MismatchError, MissingEngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from typing import Any

    import numpy as np

    from hypiler.config import ModelConfig
    from hypiler.engines import onnx
    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Backend, Floats
    from hypiler.engines.layout import ModelFolder

    LateInteractionTextEmbedding: Any
    ModelSource: Any
    PoolingType: Any
    SparseTextEmbedding: Any
    TextEmbedding: Any
    get_available_providers: Any
    normalizers: Any
else:
    try:
        import numpy as np
        from fastembed import LateInteractionTextEmbedding, SparseTextEmbedding, TextEmbedding
        from fastembed.common.model_description import ModelSource, PoolingType
        from onnxruntime import get_available_providers
        from tokenizers import normalizers

        from hypiler.engines import onnx
    except ImportError as error:
        raise MissingEngineError(f"{error.name} is missing: python -m pip install 'hypiler[fastembed]'") from None

KINDS = ("dense", "multi_vector", "sparse")
RUNS_REMOTE_CODE = False
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_POOLINGS = ("cls", "mean", "last_token")
# The inputs that it makes for a graph, and the name of the output that is read if several have a vector a token.
_INPUTS = {
    "dense": {"input_ids", "attention_mask", "token_type_ids"},
    "multi_vector": {"input_ids", "attention_mask"},
    "sparse": {"input_ids", "attention_mask", "token_type_ids"},
}
_OUTPUTS = {
    "dense": ("last_hidden_state", "token_embeddings"),
    "multi_vector": ("last_hidden_state", "token_embeddings"),
    "sparse": ("logits",),
}
# Names in its list of models that stand for a class: the SPLADE, and the ColBERTs, of which one attends to what fills
# queries up.
_SPLADE = "prithivida/Splade_PP_en_v1"
_COLBERT = {False: "colbert-ir/colbertv2.0", True: "jinaai/jina-colbert-v2"}


def wanted(config: "ModelConfig") -> list[str]:
    """The files that this engine reads, as patterns."""
    return onnx.wanted(config)


def available(config: "ModelConfig", folder: "Path | None") -> bool:
    """Whether an ONNX file is known of, or lies in the folder."""
    return onnx.available(config, folder)


def open_model(config: "ModelConfig", contract: "Contract", layout: "ModelFolder", device: str) -> "Backend":
    """The model in a folder. Raises EngineError if its ONNX file is missing, or no class of the library fits it."""
    if _PROVIDERS.get(device) not in get_available_providers():
        raise ValueError(f"device must be cpu, or cuda where onnxruntime has it; got {device!r}")
    files = [name for name in wanted(config) if name.endswith(".onnx")]
    file = next((name for name in files if (layout.folder / name).is_file()), None)
    if file is None:
        raise EngineError(
            f"no ONNX file of `{contract.id}` in {layout.folder}: looked for {' and '.join(files) or 'none'}; name it"
            " in `files.weights.onnx`, choose a variant, or use another engine"
        )
    public, name = _class(contract, layout)
    path = layout.folder / file
    # A folder for its cache would be made, though nothing is downloaded.
    folders = {"specific_model_path": str(layout.folder), "cache_dir": str(layout.folder)}
    with _library(path):
        model = public(name, lazy_load=True, providers=[_PROVIDERS[device]], **folders).model
        model.model_description = replace(model.model_description, model_file=file)
        if contract.kind == "multi_vector":
            model.MASK_TOKEN = layout.late_interaction.expansion_token or model.MASK_TOKEN
        model.load_onnx_model()
    _check_graph(model, path, contract.kind)
    backend: _Dense | _Sparse | _MultiVector
    if contract.kind == "sparse":
        backend = _Sparse(model, path, contract, layout)
    elif contract.kind == "multi_vector":
        backend = _MultiVector(model, path, contract, layout)
    else:
        backend = _Dense(model, path, contract, layout)
    _check_width(model, path, contract, layout)
    return backend


def _class(contract: "Contract", layout: "ModelFolder") -> "tuple[Any, str]":
    """The class for a model, with the name to call it by. Raises EngineError if there is none that does the same."""
    late, other = layout.late_interaction, ""
    if layout.unusual:
        other = f"the model has {', '.join(layout.unusual)}"
    elif contract.kind == "dense" and contract.pooling not in _POOLINGS:
        other = f"`encoding.pooling` is {contract.pooling!r}, and it has {', '.join(_POOLINGS)}"
    elif contract.kind == "multi_vector":
        if not contract.normalize:
            other = "it normalizes, and `encoding.normalize` is False"
        elif not late.markers:
            other = "it marks texts with a token, and those of the model are not"
        elif not late.expand:
            other = "it fills queries up with mask tokens, and those of the model are not"
    if other:
        raise EngineError(f"fastembed has no class for `{contract.id}`: {other}; use another engine")
    if contract.kind == "dense":
        return TextEmbedding, _custom(contract.pooling)
    if contract.kind == "sparse":
        return SparseTextEmbedding, _SPLADE
    return LateInteractionTextEmbedding, _COLBERT[late.attend]


@cache
def _custom(pooling: str) -> str:
    """The name of a model that pools so. The list of models is the whole process's: no more than this stands in it."""
    name = f"hypiler/{pooling}-{uuid4()}"
    TextEmbedding.add_custom_model(
        name, pooling=PoolingType[pooling.upper()], normalization=False, sources=ModelSource(hf=name), dim=1
    )
    return name


@contextmanager
def _library(path: "Path") -> "Generator[None]":
    """A block in which the library has the file: its errors are of many types."""
    try:
        yield
    except Exception as error:
        told = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        raise EngineError(f"fastembed cannot run {path}: {told}") from error


def _check_graph(model: "Any", path: "Path", kind: str) -> None:
    """Take the output that has a vector for each token. Raises EngineError if that or the inputs are not as known."""
    inputs = {one.name for one in model.model.get_inputs()}
    if inputs - _INPUTS[kind] or not {"input_ids", "attention_mask"} <= inputs:
        raise EngineError(
            f"for a {kind.replace('_', '-')} model fastembed makes {', '.join(sorted(_INPUTS[kind]))}, and {path} takes"
            f" {', '.join(sorted(inputs))}: use another engine"
        )
    outputs = model.model.get_outputs()
    fitting = [one.name for one in outputs if len(one.shape) == 3]
    found = [name for name in _OUTPUTS[kind] if name in fitting] or fitting
    if len(found) != 1:
        shapes = ", ".join(f"{one.name} {one.shape}" for one in outputs)
        raise MismatchError(
            f"{path} must have one output of 3 dimensions for a {kind.replace('_', '-')} model, or call it"
            f" {' or '.join(_OUTPUTS[kind])}; it has {shapes}"
        )
    model.ONNX_OUTPUT_NAMES = found


def _check_width(model: "Any", path: "Path", contract: "Contract", layout: "ModelFolder") -> None:
    """Raise EngineError if the graph gives vectors of another width, or layers of the folder come after it."""
    with _library(path):
        vectors = model.onnx_embed(["a"]).model_output
    within = contract.kind == "multi_vector" and vectors.shape[-1] == contract.embedding_dim
    if layout.dense and not (within and layout.dense[0].in_features != contract.embedding_dim):
        raise EngineError(
            f"fastembed does not apply the layers after the network ({', '.join(one.path for one in layout.dense)} in"
            f" {layout.folder}) of `{contract.id}`: use another engine"
        )
    check_width(vectors, contract)


class _Vectors:
    """Models that give one vector a text, cut to the contract's length on each side."""

    def __init__(self, model: "Any", path: "Path", contract: "Contract", layout: "ModelFolder") -> None:
        self.model, self.path, self.contract = model, path, contract
        self.lock = Lock()
        _prepare(model.tokenizer, layout)

    def embedded(self, texts: list[str], *, query: bool) -> "list[Any]":
        contract = self.contract
        prefix = contract.query_prefix if query else contract.document_prefix
        tokens = contract.query_length if query else contract.document_length
        # The length is set on the tokenizer, which threads share.
        with self.lock, _library(self.path):
            self.model.tokenizer.enable_truncation(tokens)
            return list(self.model.embed([prefix + text for text in texts], batch_size=len(texts)))


class _Dense(_Vectors):
    def run(self, texts: list[str], *, query: bool) -> "Floats":
        return np.asarray(self.embedded(texts, query=query), np.float32)


class _Sparse(_Vectors):
    def run(self, texts: list[str], *, query: bool) -> "Any":
        # SciPy has no types.
        csr_array = import_module("scipy.sparse").csr_array
        found = self.embedded(texts, query=query)
        values, places = (np.concatenate([getattr(one, name) for one in found]) for name in ("values", "indices"))
        ends = np.cumsum([0, *[len(one.values) for one in found]])
        return csr_array((values.astype(np.float32), places, ends), shape=(len(texts), self.contract.embedding_dim))


class _MultiVector:
    """Late interaction: a marker after the first token, queries filled up, some tokens left out of documents."""

    def __init__(self, model: "Any", path: "Path", contract: "Contract", layout: "ModelFolder") -> None:
        self.model, self.path = model, path
        ids = model.tokenizer.token_to_id
        model.QUERY_MARKER_TOKEN_ID = _marker(contract, layout, contract.query_prefix, ids)
        model.DOCUMENT_MARKER_TOKEN_ID = _marker(contract, layout, contract.document_prefix, ids)
        model.skip_list = {ids(word) for word in layout.late_interaction.skiplist_words}
        # Each with room for the marker.
        _prepare(model.query_tokenizer, layout, length=contract.query_length - 1)
        model.query_tokenizer.enable_truncation(contract.query_length - 1)
        _prepare(model.tokenizer, layout)
        model.tokenizer.enable_truncation(contract.document_length - 1)

    def run(self, texts: list[str], *, query: bool) -> "list[Floats]":
        model = self.model
        with _library(self.path):
            found = list(model.query_embed(texts) if query else model.embed(texts, batch_size=len(texts)))
        return [np.asarray(tokens, np.float32) for tokens in found]


def _marker(contract: "Contract", layout: "ModelFolder", prefix: str, ids: "Any") -> int:
    # Those of PyLate end in a space, in the vocabulary too; people leave it out.
    found: list[int] = [id for word in (prefix, prefix.strip(), f"{prefix.strip()} ") if (id := ids(word)) is not None]
    if not found:
        raise MismatchError(
            f"`{contract.id}` marks texts with {prefix!r}, and the tokenizer in {layout.folder} has no such token"
        )
    return found[0]


def _prepare(tokenizer: "Any", layout: "ModelFolder", **padding: "Any") -> None:
    """Padding after the tokens, which leaves their places as they are; lower case where the folder wants it."""
    tokenizer.enable_padding(**(tokenizer.padding | {"direction": "right"} | padding))
    if layout.lower_case:
        own = [tokenizer.normalizer] if tokenizer.normalizer else []
        tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *own])
