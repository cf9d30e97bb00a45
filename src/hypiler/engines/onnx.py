# pyright: basic, reportMissingImports=false
"""The engine onnx: onnxruntime and tokenizers, without PyTorch. Extra: `hypiler[onnx]`."""

import sys
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np
import onnxruntime

from hypiler.engines.checks import (
    check_onnx_device,
    check_usual,
    check_width,
    library_errors,
    marker_id,
    missing_onnx_error,
    output_name,
)
from hypiler.engines.dense_layers import dense_layers, output_layer
from hypiler.engines.encoder_types import spoken
from hypiler.engines.errors import EngineError, MismatchError, UnknownFactError
from hypiler.engines.files.onnx_bytes import open_session
from hypiler.engines.files.weight_files import onnx_places, output_layers_file, output_of
from hypiler.engines.late_interaction import TokenPreparation
from hypiler.engines.pooling import pool
from hypiler.engines.query_weights import read_query_weights
from hypiler.engines.texts.counting import count_truncated
from hypiler.engines.texts.finite import check_finite
from hypiler.engines.texts.shortening import PairShortener, Shortener, pair_size, pieces
from hypiler.engines.texts.tokenizers_setup import build_tokenizer, special_ids
from hypiler.engines.threads import wanted_threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import Any, TypeVar

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Backend, Floats, PairBackend
    from hypiler.engines.files.checked_files import CheckedFiles
    from hypiler.engines.layout import ModelFolder
    from hypiler.protocols import Config
    from hypiler.stamps.outputs import OutputView

    Ids = NDArray[np.int64]
    T = TypeVar("T")

_INPUTS = {"input_ids", "attention_mask", "token_type_ids", "position_ids", "task_id"}
# Without these inputs, a text's vector would depend on the other texts of its batch.
_NEEDED = {"input_ids", "attention_mask"}
# By encoder type: how many dimensions the output to read has, and its possible names if several outputs have as many.
_OUTPUTS = {
    "dense": (3, ("last_hidden_state", "token_embeddings")),
    "multi_vector": (3, ("last_hidden_state", "token_embeddings")),
    "sparse": (3, ("logits",)),
    "reranker": (2, ("logits",)),
}
# The tokens whose weights FlagEmbedding leaves out of sparse vectors.
_WITHOUT_WEIGHT = ("cls_token", "eos_token", "pad_token", "unk_token")
# From so many characters on, a batch may take longer than Ctrl-C should wait. The other thread costs some milliseconds.
_LONG_CALL = 20_000
# The tokens per run on a CPU, including padding. With more tokens per run, each token takes longer.
_TOKENS = 1024


def open_model(config: "Config", contract: "Contract", layout: "ModelFolder", device: str) -> "Backend | PairBackend":
    """The model in a folder.

    Raises EngineError if its ONNX file is missing, has unsupported inputs or outputs, or does not fit the registry.
    """
    check_usual(contract, layout)
    places = onnx_places(config)
    weights = next((layout.folder / name for name in places if (layout.folder / name).is_file()), None)
    if weights is None:
        raise missing_onnx_error(contract, layout, places)
    network = _Network(weights, contract, layout, device, output_of(config))
    for file in output_layers_file(config):
        network.add_layer(layout, file)
    # Encode one text now, to find errors while loading.
    if contract.encoder_type == "reranker":
        pairs = _Pairs(network)
        check_finite(pairs.score([("", "")]), contract.id)
        return pairs
    backend: Backend
    if contract.encoder_type == "sparse":
        backend = _Sparse(network, layout)
    elif contract.encoder_type == "multi_vector":
        backend = _TokenVectors(network) if _is_plain(network, layout) else _MultiVector(network, layout)
    else:
        backend = _Dense(network, layout)
    check_finite(backend.run([""], query=True), contract.id)
    return backend


def _is_plain(network: "_Network", layout: "ModelFolder") -> bool:
    """Whether tokens are prepared as FlagEmbedding does it: nothing else is stated of an output among several."""
    tokens = network.contract.tokens or TokenPreparation()
    prepared = tokens.query_marker or tokens.document_marker or tokens.expand or tokens.skiplist_words
    return network.view is not None and not layout.late_interaction.source and not prepared


class _Network:
    """An ONNX graph with its tokenizer: texts to arrays to outputs.

    Attributes:
        weights: The ONNX file.
        contract: How texts become vectors.
        view: The chosen output of a model with several outputs; None for any other model.
        layer: The layer of this output, if the graph does not contain it.
        limit: The most tokens per run, including padding.
        session: The session of onnxruntime.
        inputs: The names of the graph's inputs.
        output: The name of the output to read.
        task_ids: The value of the input `task_id` by side: query or document; empty if the graph has no such input.
        tokenizer: The tokenizer, which all threads share.
        type_ids: Whether the graph gets the tokenizer's type ids.
        shortener: Cuts long texts for the tokenizer.
        lock: Held while the tokenizer is used.
    """

    def __init__(
        self,
        weights: Path,
        contract: "Contract",
        layout: "ModelFolder",
        device: str,
        view: "OutputView | None" = None,
    ) -> None:
        self.weights, self.contract, self.view = weights, contract, view
        self.layer: Callable[[Floats], Floats] | None = None
        self.limit = _TOKENS if device == "cpu" else sys.maxsize
        self.session = self._session(device, layout.files)
        self.inputs = {one.name for one in self.session.get_inputs()}
        if self.inputs - _INPUTS or _NEEDED - self.inputs:
            *others, last = sorted(_INPUTS - _NEEDED)
            raise EngineError(
                f"{weights} must take {' and '.join(sorted(_NEEDED))}, and may take {', '.join(others)} and {last}; it"
                f" takes {', '.join(sorted(self.inputs))}"
            )
        self.output = self._output()
        self.task_ids = task_ids(self.session.get_inputs(), contract, layout, weights)
        self.tokenizer = build_tokenizer(layout)
        self.type_ids = layout.tokenizer.type_ids
        self.shortener = Shortener(self.tokenizer, layout.truncation_side)
        self.lock = Lock()

    def _session(self, device: str, files: "CheckedFiles") -> "Any":
        provider = check_onnx_device(device, onnxruntime.get_available_providers())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = wanted_threads()
        options.log_severity_level = 3
        with _onnxruntime(self.weights):
            session = open_session(files, self.weights.relative_to(files.folder).as_posix(), options, [provider])
        # If the libraries of a provider are missing, onnxruntime drops it and only logs a line.
        if provider not in session.get_providers():
            raise ValueError(f"device must be one that onnxruntime can start here; {device!r} did not")
        return session

    def _output(self) -> str:
        outputs, kind = self.session.get_outputs(), self.contract.encoder_type
        if self.view is not None and self.view.onnx_output:
            return self._named_output(self.view.onnx_output, [one.name for one in outputs])
        # A layer of this output follows the token vectors.
        read = "dense" if self.view is not None and self.view.weights_file else kind
        dimensions, names = _OUTPUTS[read]
        return output_name(outputs, dimensions, names, self.weights, kind)

    def _named_output(self, name: str, known: list[str]) -> str:
        if name not in known:
            raise MismatchError(
                f"{self.weights} must have the output {name!r}, which the registry names for {self.spoken()}; it has"
                f" {', '.join(known)}"
            )
        return name

    def spoken(self) -> str:
        """The chosen output, for messages."""
        output = f"the output `{self.view.name_of_output}` of " if self.view is not None else ""
        return f"{output}`{self.contract.id}`"

    def add_layer(self, layout: "ModelFolder", file: str) -> None:
        """Apply the layer in a file to what the graph gives. Raises EngineError if the file does not fit."""
        self.layer = output_layer(layout, file, self.view.dense_layers if self.view is not None else ())

    def prefixed(self, texts: list[str], *, query: bool) -> "tuple[Ids, Ids, Ids]":
        """The texts of one side as arrays, with the prefix of this side and truncated to its length."""
        contract = self.contract
        prefix = contract.query_prefix if query else contract.document_prefix
        return self.tokenized([prefix + text for text in texts], self.tokens(query=query))

    def tokens(self, *, query: bool) -> int:
        """The longest input of a side, in tokens."""
        return self.contract.query_length if query else self.contract.document_length

    def tokenized(self, texts: list[str], tokens: int, marker: int = 0) -> "tuple[Ids, Ids, Ids]":
        """Ids, mask and type ids [texts, longest], truncated to `tokens` and padded with 0 on the right.

        `marker` is the number of tokens that are inserted later. They count in the reported lengths.
        """
        specials = self.tokenizer.num_special_tokens_to_add(False)
        # The length is set on the tokenizer, which all threads share.
        with self.lock:
            with self.tokenizing():
                parts = [self.shortener.shorten(text, max(tokens - specials, 0)) for text in texts]
            found = self.encoded([part.text for part in parts], tokens, len)
        lengths = [
            (part.tokens + specials, False) if part.tokens is not None else (_length(one, specials), True)
            for part, one in zip(parts, found, strict=True)
            if not part.whole or (len(one) == tokens and one.overflowing)
        ]
        count_truncated([(length + marker, exact) for length, exact in lengths], tokens + marker)
        return self.arrays(found, tokens)

    def bare_ids(self, texts: list[str], tokens: int) -> list[list[int]]:
        """The ids of texts without special tokens, truncated to `tokens`."""
        with self.lock:
            with self.tokenizing():
                parts = [self.shortener.shorten(text, tokens) for text in texts]
            self.tokenizer.enable_truncation(tokens, direction=self.shortener.side)
            with self.tokenizing():
                found = self.tokenizer.encode_batch_fast([part.text for part in parts], add_special_tokens=False)
        lengths = [
            (part.tokens, False) if part.tokens is not None else (_length(one, 0), True)
            for part, one in zip(parts, found, strict=True)
            if not part.whole or (len(one) == tokens and one.overflowing)
        ]
        count_truncated(lengths, tokens)
        return [one.ids for one in found]

    def tokenized_pairs(self, pairs: "Sequence[tuple[str, str]]", tokens: int) -> "tuple[Ids, Ids, Ids]":
        """The same for pairs of texts."""
        with self.lock:
            with self.tokenizing():
                parts = PairShortener(self.shortener, tokens).shorten(pairs)
            found = self.encoded(parts, tokens, pair_size(tokens))
        return self.arrays(found, tokens)

    def encoded(self, texts: "Sequence[T]", tokens: int, size: "Callable[[T], int]") -> "list[Any]":
        """The encodings of texts or pairs, truncated to `tokens`. Raises EngineError if one cannot be encoded."""
        self.tokenizer.enable_truncation(tokens, direction=self.shortener.side)
        found: list[Any] = []
        for group in pieces(texts, size):
            with self.tokenizing():
                found += self.tokenizer.encode_batch_fast(list(group))
        return found

    def tokenizing(self) -> "AbstractContextManager[None]":
        """A block that calls the tokenizer, whose errors have types of their own."""
        return library_errors(f"the tokenizer of `{self.contract.id}` cannot encode a text")

    def arrays(self, found: "Sequence[Any]", tokens: int) -> "tuple[Ids, Ids, Ids]":
        """Ids, mask and type ids [texts, longest] of encodings. Raises MismatchError if the limit is too small."""
        longest = max(len(one) for one in found)
        if longest > tokens:
            raise MismatchError(
                f"texts of `{self.contract.id}` are truncated to {tokens} tokens, but the special tokens of its"
                f" tokenizer alone are {longest}"
            )
        # Networks do not accept texts without any tokens.
        ids, mask, types = np.zeros((3, len(found), max(longest, 1)), np.int64)
        for row, one in enumerate(found):
            ids[row, : len(one)] = one.ids
            mask[row, : len(one)] = 1
            if self.type_ids:
                types[row, : len(one)] = one.type_ids
        return ids, mask, types

    def runs(
        self, ids: "Ids", mask: "Ids", types: "Ids", used: "Any" = None, *, query: bool = False
    ) -> "Iterator[tuple[NDArray[np.intp], Ids, Floats]]":
        """Run the texts in parts. For each part: the positions of its texts, their rows of the mask, and their output.

        Texts of about the same length are run together, truncated to the longest one among them. `used` marks the
        tokens whose output is needed, if these are not the tokens of the mask. `query` says which task to tell.
        """
        ends = np.where(mask > 0 if used is None else used, np.arange(1, ids.shape[1] + 1), 1).max(axis=1)
        order = np.argsort(-ends, kind="stable")
        while len(order):
            longest = int(ends[order[0]])
            count = max(1, self.limit // longest)
            places, order = order[:count], order[count:]
            part = [array[places, :longest] for array in (ids, mask, types)]
            yield places, part[1], self.run(*part, query=query)

    def run(self, ids: "Ids", mask: "Ids", types: "Ids", *, query: bool = False) -> "Floats":
        """The output of the graph as float32."""
        positions = np.tile(np.arange(ids.shape[1]), (len(ids), 1))
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "position_ids": positions}
        if self.task_ids:
            feed["task_id"] = self.task_ids["query" if query else "document"]
        with _onnxruntime(self.weights):
            (output,) = self.session.run([self.output], {name: feed[name] for name in self.inputs})
        result: Floats = np.asarray(output, np.float32)
        return result if self.layer is None else self.layer(result)

    def shape_error(self, found: "Floats") -> MismatchError:
        """The error for an output of a shape that is none of the chosen output."""
        return MismatchError(
            f"{self.output!r} of {self.weights} gives an array of shape {list(found.shape)}, which cannot be"
            f" {spoken(self.contract.encoder_type)} vectors of {self.contract.embedding_dim} dimensions for"
            f" {self.spoken()}"
        )


def task_ids(inputs: "Sequence[Any]", contract: "Contract", layout: "ModelFolder", file: Path) -> "dict[str, Ids]":
    """The value of a graph's input `task_id` by side; empty if it has none.

    Raises EngineError if the graph takes no task and the model is told one, and UnknownFactError for an unknown task.
    """
    wanted = next((one for one in inputs if one.name == "task_id"), None)
    tasks = {"query": contract.query_task, "document": contract.document_task}
    if wanted is None:
        if told := [task for task in tasks.values() if task]:
            raise EngineError(
                f"`{contract.id}` is told the task {told[0]!r}, and {file} takes no task_id: use another engine, such"
                " as `sentence-transformers`"
            )
        return {}
    for side, task in tasks.items():
        if task not in layout.adapters:
            known = ", ".join(map(repr, layout.adapters)) or "none"
            raise UnknownFactError(
                f"`encoding.{side}_task` of `{contract.id}` must be one of the tasks in config.json (lora_adaptations:"
                f" {known}), since {file} takes a task_id; it is {task!r}"
            )
    # An export takes one number for all texts. It may be in a list.
    numbers = {side: np.array(layout.adapters.index(task), np.int64) for side, task in tasks.items()}
    return {side: number.reshape((1,) * len(wanted.shape)) for side, number in numbers.items()}


def _length(encoding: "Any", specials: int) -> int:
    """The tokens of a truncated text before it was truncated, with special tokens."""
    return len(encoding) + sum(len(part) - specials for part in encoding.overflowing)


def _in_order(parts: "Sequence[tuple[NDArray[np.intp], Floats]]") -> "Floats":
    """The rows of all parts, in the order of their positions."""
    places, rows = zip(*parts, strict=True)
    result: Floats = np.concatenate(rows)[np.argsort(np.concatenate(places))]
    return result


def _onnxruntime(weights: Path) -> "AbstractContextManager[None]":
    """A block that calls onnxruntime, whose errors have types of their own."""
    return library_errors(f"onnxruntime cannot run {weights}")


class _Dense:
    long_call = _LONG_CALL

    def __init__(self, network: _Network, layout: "ModelFolder") -> None:
        self.network = network
        # An output of the graph that the registry names contains all layers of the model.
        named = network.view is not None and network.view.onnx_output
        self.layers = [] if named else dense_layers(layout)

    def run(self, texts: list[str], *, query: bool) -> "Floats":
        runs = self.network.runs(*self.network.prefixed(texts, query=query), query=query)
        vectors = _in_order([(places, self._pooled(found, mask)) for places, mask, found in runs])
        for layer in self.layers:
            vectors = layer(vectors)
        return check_width(vectors, self.network.contract)

    def _pooled(self, found: "Floats", mask: "Ids") -> "Floats":
        """One vector per text. A named output of the graph may be pooled already."""
        if found.ndim == 3:
            return pool(found, mask, self.network.contract.pooling)
        if found.ndim != 2:
            raise self.network.shape_error(found)
        return found


_ACTIVATIONS: "dict[str, Callable[[Floats], Floats]]" = {
    "log1p_relu": np.log1p,
    "log1p_log1p_relu": lambda largest: np.log1p(np.log1p(largest)),
    "relu": lambda largest: largest,
}


class _Sparse:
    """Sparse vectors, from one of three outputs: logits per token, one weight per token, or whole vectors.

    Attributes:
        network: The graph with its tokenizer.
        unused: The ids of the special tokens that have no weight.
        weights: The fixed weight of each token of queries, float32 [vocabulary]; None if queries are run.
    """

    long_call = _LONG_CALL

    def __init__(self, network: _Network, layout: "ModelFolder") -> None:
        self.network = network
        self.weights: Floats | None = None
        if network.contract.inference_free_queries:
            self.weights = read_query_weights(network.contract, layout, network.tokenizer.token_to_id)
        self.unused = np.array(sorted(special_ids(layout, network.tokenizer, _WITHOUT_WEIGHT)), np.int64)

    def run(self, texts: list[str], *, query: bool) -> "csr_array[Any, Any]":
        from scipy.sparse import csr_array

        if query and self.weights is not None:
            return csr_array(self._looked_up(texts, self.weights))
        ids, mask, types = self.network.prefixed(texts, query=query)
        parts = [
            (places, self._vectors(found, ids[places, : rows.shape[1]], rows))
            for places, rows, found in self.network.runs(ids, mask, types, query=query)
        ]
        return csr_array(check_width(_in_order(parts), self.network.contract))

    def _vectors(self, found: "Floats", ids: "Ids", mask: "Ids") -> "Floats":
        """The vectors [texts, vocabulary] from an output of the graph."""
        texts, tokens = ids.shape
        width = self.network.contract.embedding_dim
        if found.ndim == 3 and found.shape[2] != 1:
            # Every activation grows with the logit, so the largest logit gives the largest weight.
            largest: Floats = np.max(found, axis=1, where=mask[..., None] > 0, initial=0)
            return _ACTIVATIONS[self.network.contract.activation](largest)
        if found.shape == (texts, tokens, 1) or (found.shape == (texts, tokens) and tokens != width):
            return self._weighed(found.reshape(texts, tokens), ids, mask)
        if found.shape == (texts, width):
            return found
        raise self.network.shape_error(found)

    def _weighed(self, weights: "Floats", ids: "Ids", mask: "Ids") -> "Floats":
        """The largest positive weight of each token, as FlagEmbedding does it: special tokens have none."""
        kept = np.where((mask > 0) & ~np.isin(ids, self.unused), weights, 0)
        width = self.network.contract.embedding_dim
        if ids.max() >= width:
            raise MismatchError(
                f"{self.network.spoken()} has vectors of {width} dimensions in the registry, and its tokenizer has the"
                f" token {ids.max()}: there must be one dimension per token"
            )
        found = np.zeros((len(ids), width), np.float32)
        np.maximum.at(found, (np.arange(len(ids))[:, None], ids), kept)
        return found

    def _looked_up(self, texts: list[str], weights: "Floats") -> "Floats":
        """The weights of the tokens in each text, each once, without special tokens."""
        contract = self.network.contract
        prefixed = [contract.query_prefix + text for text in texts]
        found: Floats = np.zeros((len(texts), len(weights)), np.float32)
        for row, ids in zip(found, self.network.bare_ids(prefixed, contract.query_length), strict=True):
            row[ids] = weights[ids]
        return found


class _TokenVectors:
    """The token vectors of a model with several outputs, as FlagEmbedding gives them: all but that of the first token.

    Nothing is inserted, and queries are not expanded.
    """

    long_call = _LONG_CALL

    def __init__(self, network: _Network) -> None:
        self.network = network

    def run(self, texts: list[str], *, query: bool) -> "list[Floats]":
        found: dict[int, Floats] = {}
        for places, mask, output in self.network.runs(*self.network.prefixed(texts, query=query), query=query):
            vectors = check_width(self._without_first(output, mask.shape[1]), self.network.contract)
            for place, row, kept in zip(places, vectors, mask[:, 1:] > 0, strict=True):
                found[int(place)] = row[kept]
        return [found[place] for place in range(len(texts))]

    def _without_first(self, output: "Floats", tokens: int) -> "Floats":
        """The vectors of all tokens but the first, which the graph may have left out itself."""
        if output.ndim != 3 or not tokens - 1 <= output.shape[1] <= tokens:
            raise self.network.shape_error(output)
        return output[:, 1:] if output.shape[1] == tokens else output


class _MultiVector:
    """Late interaction: inserts a marker after the first token, expands queries, and skips punctuation.

    Attributes:
        network: The graph with its tokenizer.
        layout: What the folder states.
        late: How tokens are prepared.
        markers: The marker's id, None if it has none, and the text after it, for queries (True) and documents (False).
        skipped: The ids of the tokens whose vectors are left out.
        expansion_id: The id of the token that expands queries.
    """

    long_call = _LONG_CALL

    def __init__(self, network: _Network, layout: "ModelFolder") -> None:
        self.network, self.layout = network, layout
        self.late = network.contract.tokens or TokenPreparation()
        contract, tokenizer = network.contract, network.tokenizer
        self.late.check_known(contract.id, layout.folder)
        self.markers = {side == "query": self._marker(side) for side in ("query", "document")}
        skipped = [tokenizer.token_to_id(word) for word in self.late.skiplist_words]
        self.skipped = np.array([one for one in skipped if one is not None], np.int64)
        self.expansion_id = self._expansion_id() if self.late.expand else 0

    def _marker(self, side: str) -> tuple[int | None, str]:
        """The id of a side's marker, None if it has none, and the text after the marker.

        A marker is inserted by its id, since the tokenizer might split its text into several tokens.
        """
        marker, text = self.late.marker(side), self.late.text(side)
        if not marker.strip():
            return None, marker + text
        return marker_id(self.network.contract, self.layout, marker, self.network.tokenizer), text

    def _expansion_id(self) -> int:
        """The id of the token that expands queries."""
        found: int | None = self.network.tokenizer.token_to_id(self.late.expansion_token or "")
        if found is not None:
            return found
        raise MismatchError(
            f"`{self.network.contract.id}` expands queries, but the tokenizer in {self.layout.folder} has no"
            " expansion token"
        )

    def run(self, texts: list[str], *, query: bool) -> "list[Floats]":
        (marker, prompt), tokens = self.markers[query], self.network.tokens(query=query)
        if marker is None:
            ids, mask, types = self.network.prefixed(texts, query=query)
        else:
            arrays = self.network.tokenized([prompt + text for text in texts], tokens - 1, marker=1)
            ids, mask, types = [
                np.insert(array, 1, fill, axis=1) for array, fill in zip(arrays, (marker, 1, 0), strict=True)
            ]
        kept = mask > 0
        if query and self.late.expand:
            ids, mask, types, kept = self._expand(ids, mask, types, self.late.expansion_length)
        used = kept
        if ("query" if query else "document") in self.late.skiplist_sides:
            kept = kept & ~np.isin(ids, self.skipped)
        found: dict[int, Floats] = {}
        for places, _, output in self.network.runs(ids, mask, types, used, query=query):
            vectors = check_width(self._apply_layers(output), self.network.contract)
            for place, row in zip(places, vectors, strict=True):
                found[int(place)] = row[kept[place, : len(row)]]
        return [found[place] for place in range(len(texts))]

    def _expand(self, ids: "Ids", mask: "Ids", types: "Ids", tokens: int) -> "tuple[Ids, Ids, Ids, Any]":
        """Expand queries to at least `tokens` tokens. The last array marks the tokens that count in the score."""
        missing = max(0, tokens - ids.shape[1])
        ids, mask, types = (np.pad(array, ((0, 0), (0, missing))) for array in (ids, mask, types))
        filled = (mask == 0) & (np.arange(ids.shape[1]) < tokens)
        kept = (mask > 0) | filled
        return (
            np.where(filled, self.expansion_id, ids),
            kept.astype(np.int64) if self.late.attend else mask,
            types,
            kept,
        )

    def _apply_layers(self, vectors: "Floats") -> "Floats":
        """Apply the folder's layers, unless the graph contains them, which the width of its output shows."""
        layers = self.layout.dense
        if not layers:
            return vectors
        if layers[0].in_features == layers[-1].out_features:
            raise EngineError(
                f"{self.network.weights} may have the layers of {self.layout.folder} in it or not: both give vectors of"
                f" {vectors.shape[-1]}. Use another engine, such as `sentence-transformers`"
            )
        if vectors.shape[-1] == layers[-1].out_features:
            return vectors
        for layer in self._layers:
            vectors = layer(vectors)
        return vectors

    @cached_property
    def _layers(self) -> "list[Callable[[Floats], Floats]]":
        return dense_layers(self.layout)


class _Pairs:
    long_call = _LONG_CALL

    def __init__(self, network: _Network) -> None:
        self.network = network

    def score(self, pairs: list[tuple[str, str]]) -> "Floats":
        """One score per pair: the only logit of the model's head."""
        texts = self.network.tokenized_pairs(pairs, self.network.tokens(query=False))
        logits = _in_order([(part, output) for part, _, output in self.network.runs(*texts)])
        if logits.shape[1] != 1:
            raise MismatchError(f"{self.network.weights} must give one score per pair; it gives {logits.shape[1]}")
        scores: Floats = logits[:, 0]
        return scores
