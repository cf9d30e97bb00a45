"""The engine fastembed: ONNX models that one of fastembed's classes can run. Extra: `hypiler[fastembed]`.

The file, the lengths and the markers of the contract are set on fastembed's objects. A model is refused if its contract
has something that cannot be set.
"""

from dataclasses import replace
from functools import cache
from importlib import import_module
from threading import Lock
from uuid import uuid4

from hypiler.engines.checks import (
    check_onnx_device,
    check_width,
    library_errors,
    marker_id,
    missing_onnx_error,
    output_name,
)
from hypiler.engines.encoder_types import spoken
from hypiler.engines.errors import EngineError
from hypiler.engines.files.weight_files import FASTEMBED_POOLINGS, onnx_places
from hypiler.engines.late_interaction import TokenPreparation
from hypiler.engines.texts.finite import check_finite
from hypiler.engines.texts.shortening import Limiter
from hypiler.engines.texts.tokenizers_setup import build_tokenizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Any

    import numpy as np

    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Backend, Floats
    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Config

    LateInteractionTextEmbedding: Any
    ModelSource: Any
    PoolingType: Any
    SparseTextEmbedding: Any
    TextEmbedding: Any
    get_available_providers: Any
else:
    import numpy as np
    from fastembed import LateInteractionTextEmbedding, SparseTextEmbedding, TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType
    from onnxruntime import get_available_providers

# The inputs that fastembed creates for a graph, and the names of the output to read if several have a vector per token.
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
# From so many characters on, a batch may take longer than Ctrl-C should wait. The other thread costs some milliseconds.
_LONG_CALL = 20_000
# Names of models in fastembed's list, each of which selects a class: SPLADE, and two for ColBERT. The second one
# attends to expansion tokens.
_SPLADE = "prithivida/Splade_PP_en_v1"
_COLBERT = {False: "colbert-ir/colbertv2.0", True: "jinaai/jina-colbert-v2"}


def open_model(config: "Config", contract: "Contract", layout: "ModelFolder", device: str) -> "Backend":
    """The model in a folder. Raises EngineError if its ONNX file is missing, or no class of the library fits it."""
    provider = check_onnx_device(device, get_available_providers())
    places = onnx_places(config)
    file = next((name for name in places if (layout.folder / name).is_file()), None)
    if file is None:
        raise missing_onnx_error(contract, layout, places)
    public, name = _class(contract, layout)
    path = layout.folder / file
    # Without `cache_dir`, fastembed would create a cache folder although nothing is downloaded.
    folders = {"specific_model_path": str(layout.folder), "cache_dir": str(layout.folder)}
    with _library(path):
        model = public(name, lazy_load=True, providers=[provider], **folders).model
        model.model_description = replace(model.model_description, model_file=file)
        if contract.encoder_type == "multi_vector":
            model.MASK_TOKEN = _tokens(contract).expansion_token or model.MASK_TOKEN
        model.load_onnx_model()
    _check_graph(model, path, contract.encoder_type)
    backend: _Dense | _Sparse | _MultiVector
    if contract.encoder_type == "sparse":
        backend = _Sparse(model, path, contract, layout)
    elif contract.encoder_type == "multi_vector":
        backend = _MultiVector(model, path, contract, layout)
    else:
        backend = _Dense(model, path, contract, layout)
    _check_width(model, path, contract, layout)
    return backend


def _class(contract: "Contract", layout: "ModelFolder") -> "tuple[Any, str]":
    """The class for a model, and the model name to create it with. Raises EngineError if no class does the same."""
    late, other = _tokens(contract), ""
    if layout.unusual:
        other = f"the model has {', '.join(layout.unusual)}"
    elif contract.encoder_type == "dense" and contract.pooling not in FASTEMBED_POOLINGS:
        other = f"`encoding.pooling` is {contract.pooling!r}, and it has {', '.join(FASTEMBED_POOLINGS)}"
    elif contract.encoder_type == "multi_vector":
        if not contract.normalize:
            other = "it normalizes, and `encoding.normalize` is False"
        elif not (late.query_marker.strip() and late.document_marker.strip()):
            other = "it marks texts with a token, and this model does not"
        elif not _is_known_to_expand(contract, layout, late):
            other = "it expands queries with mask tokens, and this model does not"
        else:
            other = _late_obstacle(contract, late)
    if other:
        raise EngineError(f"fastembed has no class for `{contract.id}`: {other}; use another engine")
    if contract.encoder_type == "dense":
        return TextEmbedding, _custom(contract.pooling)
    if contract.encoder_type == "sparse":
        return SparseTextEmbedding, _SPLADE
    return LateInteractionTextEmbedding, _COLBERT[late.attend]


def _is_known_to_expand(contract: "Contract", layout: "ModelFolder", late: TokenPreparation) -> bool:
    late.check_known(contract.id, layout.folder)
    return late.expand


def _late_obstacle(contract: "Contract", late: TokenPreparation) -> str:
    """What the library cannot do of late interaction; empty if it can do all."""
    if late.expansion_length != contract.query_length:
        return "it expands queries to the length of queries, and `encoding.expansion_length` is another"
    return "it marks texts with a token alone, and this model has text after it" if late.has_text else ""


def _tokens(contract: "Contract") -> TokenPreparation:
    return contract.tokens or TokenPreparation()


@cache
def _custom(pooling: str) -> str:
    """The name of a custom model with this pooling.

    fastembed's list of models is global, so at most one model per pooling is added to it.
    """
    name = f"hypiler/{pooling}-{uuid4()}"
    TextEmbedding.add_custom_model(
        name, pooling=PoolingType[pooling.upper()], normalization=False, sources=ModelSource(hf=name), dim=1
    )
    return name


def _library(path: "Path") -> "AbstractContextManager[None]":
    """A block that calls fastembed. Its errors have many types, so their messages name the type."""
    return library_errors(f"fastembed cannot run {path}", with_type=True)


def _check_graph(model: "Any", path: "Path", encoder_type: str) -> None:
    """Select the output that has a vector per token. Raises EngineError if the inputs or outputs are not supported."""
    inputs = {one.name for one in model.model.get_inputs()}
    if inputs - _INPUTS[encoder_type] or not {"input_ids", "attention_mask"} <= inputs:
        raise EngineError(
            f"for a {spoken(encoder_type)} model fastembed makes {', '.join(sorted(_INPUTS[encoder_type]))}, and {path}"
            f" takes {', '.join(sorted(inputs))}: use another engine"
        )
    outputs = model.model.get_outputs()
    model.ONNX_OUTPUT_NAMES = [output_name(outputs, 3, _OUTPUTS[encoder_type], path, encoder_type)]


def _check_width(model: "Any", path: "Path", contract: "Contract", layout: "ModelFolder") -> None:
    """Raise EngineError if the graph returns vectors of another width, or if layers must be applied after the graph."""
    with _library(path):
        vectors = model.onnx_embed(["a"]).model_output
    within = contract.encoder_type == "multi_vector" and vectors.shape[-1] == contract.embedding_dim
    if layout.dense and not (within and layout.dense[0].in_features != contract.embedding_dim):
        raise EngineError(
            f"fastembed does not apply the layers after the network ({', '.join(one.path for one in layout.dense)} in"
            f" {layout.folder}) of `{contract.id}`: use another engine"
        )
    check_finite(check_width(vectors, contract), contract.id)


class _Vectors:
    """A model with one vector per text. Texts are truncated to the contract's length for their side."""

    long_call = _LONG_CALL

    def __init__(self, model: "Any", path: "Path", contract: "Contract", layout: "ModelFolder") -> None:
        self.model, self.path, self.contract = model, path, contract
        self.lock = Lock()
        model.tokenizer = _prepared(model.tokenizer, layout)
        self.limiter = Limiter(model.tokenizer, layout.truncation_side)

    def embedded(self, texts: list[str], *, query: bool) -> "list[Any]":
        contract = self.contract
        prefix = contract.query_prefix if query else contract.document_prefix
        tokens = contract.query_length if query else contract.document_length
        # The length is set on the tokenizer, which all threads share.
        with self.lock, _library(self.path):
            texts = self.limiter.limit([prefix + text for text in texts], tokens)
            self.model.tokenizer.enable_truncation(tokens, direction=self.limiter.shortener.side)
            return list(self.model.embed(texts, batch_size=len(texts)))


class _Dense(_Vectors):
    def run(self, texts: list[str], *, query: bool) -> "Floats":
        return np.asarray(self.embedded(texts, query=query), np.float32)


class _Sparse(_Vectors):
    def run(self, texts: list[str], *, query: bool) -> "Any":
        # SciPy has no type information.
        csr_array = import_module("scipy.sparse").csr_array
        found = self.embedded(texts, query=query)
        values, places = (np.concatenate([getattr(one, name) for one in found]) for name in ("values", "indices"))
        ends = np.cumsum([0, *[len(one.values) for one in found]])
        return csr_array((values.astype(np.float32), places, ends), shape=(len(texts), self.contract.embedding_dim))


class _MultiVector:
    """Late interaction: inserts a marker after the first token, expands queries, and skips some document tokens."""

    long_call = _LONG_CALL

    def __init__(self, model: "Any", path: "Path", contract: "Contract", layout: "ModelFolder") -> None:
        self.model, self.path, self.contract = model, path, contract
        self.lock = Lock()
        tokenizer = _prepared(model.tokenizer, layout)
        late = _tokens(contract)
        model.QUERY_MARKER_TOKEN_ID = marker_id(contract, layout, late.query_marker, tokenizer)
        model.DOCUMENT_MARKER_TOKEN_ID = marker_id(contract, layout, late.document_marker, tokenizer)
        # fastembed would leave out tokens that a text names, such as "[PAD]". Padding is left out by the mask alone.
        model.pad_token_id = None
        model.skip_list = {tokenizer.token_to_id(word) for word in late.skiplist_words}
        # The lengths leave room for the marker.
        side = layout.truncation_side
        model.query_tokenizer = _prepared(model.query_tokenizer, layout, length=contract.query_length - 1)
        model.query_tokenizer.enable_truncation(contract.query_length - 1, direction=side)
        model.tokenizer = tokenizer
        model.tokenizer.enable_truncation(contract.document_length - 1, direction=side)
        tokenizers = {True: model.query_tokenizer, False: model.tokenizer}
        self.limiters = {query: Limiter(one, side, markers=1) for query, one in tokenizers.items()}

    def run(self, texts: list[str], *, query: bool) -> "list[Floats]":
        model, contract = self.model, self.contract
        with self.lock, _library(self.path):
            texts = self.limiters[query].limit(texts, contract.query_length if query else contract.document_length)
            found = list(model.query_embed(texts) if query else model.embed(texts, batch_size=len(texts)))
        return [np.asarray(tokens, np.float32) for tokens in found]


def _prepared(own: "Any", layout: "ModelFolder", **padding: "Any") -> "Any":
    """The tokenizer of the folder with the padding of fastembed's `own` one, but on the right.

    Padding on the right does not move the tokens.
    """
    tokenizer: Any = build_tokenizer(layout)
    tokenizer.enable_padding(**(own.padding | {"direction": "right"} | padding))
    return tokenizer
