# pyright: basic, reportMissingImports=false
"""onnxruntime and tokenizers: the light engine, without PyTorch. Extra: `hypiler[onnx]`."""

from pathlib import Path

from hypiler.engines.dense_layers import dense_layers
from hypiler.engines.errors import EngineError, MismatchError, MissingEngineError
from hypiler.engines.pooling import pool

try:
    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer
except ImportError as error:
    raise MissingEngineError(f"{error.name} is missing: python -m pip install 'hypiler[onnx]'") from None

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from hypiler.config import ModelConfig
    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Backend, Floats, PairBackend
    from hypiler.engines.layout import Layout

    Ids = NDArray[np.int64]

KINDS = ("dense", "multi_vector", "sparse", "reranker")
RUNS_REMOTE_CODE = False
# Where exports usually lie, if the registry does not name the file.
_USUAL = ("onnx/model.onnx", "model.onnx")
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}


def wanted(config: "ModelConfig") -> list[str]:
    """The files that this engine reads, as patterns."""
    weights = [stated] if (stated := _stated(config)) else list(_USUAL)
    return [*weights, *[f"{name}_data" for name in weights], "*.json", "*/config.json", "artifact.metadata"]


def available(config: "ModelConfig", folder: "Path | None") -> bool:
    """Whether an ONNX file is known of, or lies in the folder."""
    if folder is None:
        return _stated(config) is not None
    return _weights(config, folder) is not None


def open_model(config: "ModelConfig", contract: "Contract", layout: "Layout", device: str) -> "Backend | PairBackend":
    """The model in a folder. Raises EngineError if its ONNX file is missing, or takes or gives what is not known."""
    folder = Path(layout.folder)
    weights = _weights(config, folder)
    if weights is None:
        places = _stated(config) or " and ".join(_USUAL)
        raise EngineError(
            f"no ONNX file of `{contract.id}` in {folder}: looked for {places}; name it in `files.weights.onnx`,"
            " choose a variant, or use another engine"
        )
    network = _Network(weights, folder / "tokenizer.json", device)
    if contract.kind == "reranker":
        return _Pairs(network, contract)
    if contract.kind == "sparse":
        return _Sparse(network, contract, config)
    if contract.kind == "multi_vector":
        return _MultiVector(network, contract, layout)
    return _Dense(network, contract, layout)


def _stated(config: "ModelConfig") -> str | None:
    """The ONNX file that the registry names: the chosen variant's, or the model's."""
    model: Any = config.model
    if config.variant is not None:
        file: str | None = next(one.file for one in model.variants if one.id == config.variant)
        return file if file and file.endswith(".onnx") else None
    named: str | None = model.onnx_file
    return named


def _weights(config: "ModelConfig", folder: Path) -> Path | None:
    names = [_stated(config)] if _stated(config) else _USUAL
    return next((folder / name for name in names if name and (folder / name).is_file()), None)


class _Network:
    """A session with its tokenizer: texts to arrays to outputs."""

    def __init__(self, weights: Path, tokenizer: Path, device: str) -> None:
        if device not in _PROVIDERS:
            raise ValueError(f"device must be one of {', '.join(_PROVIDERS)} for onnxruntime; got {device!r}")
        if not tokenizer.is_file():
            raise EngineError(f"no tokenizer.json beside the ONNX file: {tokenizer} does not exist")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(weights), options, providers=[_PROVIDERS[device]])
        self.inputs = {one.name for one in self.session.get_inputs()}
        unknown = sorted(self.inputs - _INPUTS)
        if unknown:
            raise EngineError(f"{weights} wants inputs that this engine does not make: {', '.join(unknown)}")
        self.weights = weights
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        # What was saved with the tokenizer is not what the model wants: the contract says it.
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def tokenized(self, texts: "Iterable[str | tuple[str, str]]", tokens: int) -> "tuple[Ids, Ids, Ids]":
        """Ids, mask and type ids [texts, longest], cut to `tokens` and filled with 0 on the right."""
        self.tokenizer.enable_truncation(tokens)
        found = self.tokenizer.encode_batch_fast(list(texts))
        ids, mask, types = np.zeros((3, len(found), max(len(one) for one in found)), np.int64)
        for row, one in enumerate(found):
            ids[row, : len(one)] = one.ids
            mask[row, : len(one)] = 1
            types[row, : len(one)] = one.type_ids
        return ids, mask, types

    def run(self, ids: "Ids", mask: "Ids", types: "Ids", dimensions: int) -> "Floats":
        """The first output with so many dimensions, as float32."""
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        names = [one.name for one in self.session.get_outputs() if len(one.shape) == dimensions]
        if not names:
            shapes = ", ".join(f"{one.name} {one.shape}" for one in self.session.get_outputs())
            raise MismatchError(f"{self.weights} must have an output of {dimensions} dimensions; it has {shapes}")
        (output,) = self.session.run(names[:1], {name: feed[name] for name in self.inputs})
        result: Floats = np.asarray(output, np.float32)
        return result


class _Dense:
    def __init__(self, network: _Network, contract: "Contract", layout: "Layout") -> None:
        self.network, self.contract = network, contract
        self.layers = dense_layers(layout)

    def run(self, texts: list[str], *, query: bool) -> "Floats":
        contract = self.contract
        prefix = contract.query_prefix if query else contract.document_prefix
        tokens = contract.query_length if query else contract.document_length
        ids, mask, types = self.network.tokenized([prefix + text for text in texts], tokens)
        vectors = pool(self.network.run(ids, mask, types, 3), mask, contract.pooling)
        for layer in self.layers:
            vectors = layer(vectors)
        return _of_width(vectors, contract)


def _of_width(vectors: "Floats", contract: "Contract") -> "Floats":
    width = vectors.shape[-1]
    if width != contract.embedding_dim:
        raise MismatchError(
            f"`specs.embedding_dim` of `{contract.id}` is {contract.embedding_dim} in the registry, and its files give"
            f" vectors of {width}: the files are those of another model, or the registry is wrong"
        )
    return vectors


class _Sparse:
    def __init__(self, network: _Network, contract: "Contract", config: "ModelConfig") -> None:
        self.network, self.contract = network, contract

    def run(self, texts: list[str], *, query: bool) -> "csr_array[Any, Any]":
        from scipy.sparse import csr_array

        contract = self.contract
        prefix = contract.query_prefix if query else contract.document_prefix
        tokens = contract.query_length if query else contract.document_length
        ids, mask, types = self.network.tokenized([prefix + text for text in texts], tokens)
        logits = self.network.run(ids, mask, types, 3)
        # log(1 + relu(x)) grows with x, so the largest logit gives the largest weight.
        weights = np.log1p(np.max(logits, axis=1, where=mask[..., None] > 0, initial=0))
        return csr_array(_of_width(weights, contract))


class _MultiVector:
    """Late interaction: a marker after the first token, queries filled up, punctuation left out of documents."""

    def __init__(self, network: _Network, contract: "Contract", layout: "Layout") -> None:
        self.network, self.contract = network, contract
        self.layers = dense_layers(layout)
        self.late = layout.late_interaction
        tokenizer = network.tokenizer
        self.markers = {
            True: self._marker(contract.query_prefix),
            False: self._marker(contract.document_prefix),
        }
        skipped = [tokenizer.token_to_id(word) for word in self.late.skiplist_words]
        self.skipped = np.array([one for one in skipped if one is not None], np.int64)
        mask_id = next((one for word in ("[MASK]", "<mask>") if (one := tokenizer.token_to_id(word)) is not None), None)
        self.mask_id = 0 if mask_id is None else mask_id

    def _marker(self, prefix: str) -> int | None:
        """The id of a prefix that is one token of the vocabulary: as text, the tokenizer would take it apart."""
        found: int | None = self.network.tokenizer.token_to_id(prefix.strip()) if prefix.strip() else None
        return found

    def run(self, texts: list[str], *, query: bool) -> "list[Floats]":
        contract, marker = self.contract, self.markers[query]
        prefix = contract.query_prefix if query else contract.document_prefix
        tokens = contract.query_length if query else contract.document_length
        if marker is None:
            ids, mask, types = self.network.tokenized([prefix + text for text in texts], tokens)
        else:
            ids, mask, types = self.network.tokenized(texts, tokens - 1)
            ids, mask, types = (
                np.insert(array, 1, fill, axis=1) for array, fill in ((ids, marker), (mask, 1), (types, 0))
            )
        kept = mask.astype(bool)
        if query and self.late.expand:
            ids, mask, types, kept = self._expanded(ids, mask, types, tokens)
        elif not query and len(self.skipped):
            kept &= ~np.isin(ids, self.skipped)
        vectors = self.network.run(ids, mask, types, 3)
        if vectors.shape[-1] != contract.embedding_dim:
            for layer in self.layers:
                vectors = layer(vectors)
        _of_width(vectors, contract)
        return [row[keep] for row, keep in zip(vectors, kept, strict=True)]

    def _expanded(self, ids: "Ids", mask: "Ids", types: "Ids", tokens: int) -> "tuple[Ids, Ids, Ids, Any]":
        """Queries of one length: what is missing are mask tokens, whose vectors count in the score."""
        missing = max(0, tokens - ids.shape[1])
        ids, mask, types = (np.pad(array, ((0, 0), (0, missing))) for array in (ids, mask, types))
        ids = np.where(mask > 0, ids, self.mask_id)
        attended = np.ones_like(mask) if self.late.attend else mask
        return ids, attended, types, np.ones_like(mask, bool)


class _Pairs:
    def __init__(self, network: _Network, contract: "Contract") -> None:
        self.network, self.contract = network, contract

    def score(self, pairs: list[tuple[str, str]]) -> "Floats":
        """A score for each pair: the one logit of the model's head."""
        order = sorted(range(len(pairs)), key=lambda place: -len(pairs[place][0]) - len(pairs[place][1]))
        scores = np.empty(len(pairs), np.float32)
        for start in range(0, len(order), 32):
            places = order[start : start + 32]
            ids, mask, types = self.network.tokenized([pairs[place] for place in places], self.contract.document_length)
            logits = self.network.run(ids, mask, types, 2)
            if logits.shape[1] != 1:
                raise MismatchError(f"{self.network.weights} must give one score a pair; it gives {logits.shape[1]}")
            scores[places] = logits[:, 0]
        return scores
