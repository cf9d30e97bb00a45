# pyright: basic, reportMissingImports=false
"""Encoders: texts to vectors to scores. They are the same for all engines; an engine only runs the network."""

from collections.abc import Sequence
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from hypiler.engines.errors import EngineError, RowError, TruncationWarning
from hypiler.engines.scoring import Binary, Int8, max_sim, similarity, sparse_dot
from hypiler.engines.stamps.probe import make_probe
from hypiler.engines.texts.calls import CALLS, call, check_generation
from hypiler.engines.texts.counting import Truncated
from hypiler.engines.texts.finite import check_finite
from hypiler.engines.texts.inputs import checked_batch_size, checked_texts, shown_text
from hypiler.stamps.stamp import assemble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from hypiler.engines.contract import Contract
    from hypiler.engines.provenance import Provenance
    from hypiler.engines.stamps.loaded_files import LoadedFiles
    from hypiler.protocols import Config

    Floats: TypeAlias = NDArray[np.float32]

    class Backend(Protocol):
        """What an engine provides: it runs a batch of texts through the network.

        The texts are plain strings that can be encoded in UTF-8. `query` says which side the texts belong to. The
        engine puts the contract's prefix of that side before each text and truncates the text to the contract's length.
        The result depends on the encoder type:

        - dense and static: float32 [texts, embedding_dim], pooled, but neither truncated nor normalized
        - multi_vector: a list of float32 [tokens, dim]
        - sparse: a scipy CSR array of float32 [texts, vocabulary]

        An engine reports the texts that it truncates by `hypiler.engines.texts.counting.count_truncated`. An engine
        whose library computes for long without Python sets the attribute `long_call`, a number of characters: larger
        batches run in another thread, so that Ctrl-C does not have to wait. An engine for which small batches cost time
        and save no memory sets `least_batch`, the least number of texts per batch. An engine that works on several
        batches at once has a method `calls_at_once(batch_size)`, which returns how many texts a call should have. Its
        method `run` then takes `batch_size` as well.
        """

        def run(self, texts: list[str], *, query: bool) -> Any:
            """The raw vectors of the texts."""
            ...

    class PairBackend(Protocol):
        """What an engine provides for rerankers: it scores pairs of a query and a document."""

        def score(self, pairs: list[tuple[str, str]]) -> Sequence[float] | Floats:
            """One score per pair."""
            ...
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from collections.abc import Callable, Iterator

    import numpy as np

    Floats = np.ndarray
    Config = Contract = LoadedFiles = PairBackend = Provenance = object
    csr_array = {(Any, Any): object}


_V = TypeVar("_V")
_T = TypeVar("_T")
# The pairs that a reranker scores at once.
_PAIRS = 32


class Encoder(Protocol[_V]):
    """The methods of every loaded model. `_V` is the type of the encoded texts.

    Every encoder is a DenseEncoder, MultiVectorEncoder, SparseEncoder or Reranker. Use `isinstance` to get the types
    of its arrays.
    """

    contract: "Contract"
    engine: str

    @property
    def truncated(self) -> int:
        """How many texts or pairs have been truncated since the model was loaded."""
        ...

    @property
    def space_id(self) -> str | None:
        """Identifies everything that the document vectors of this encoder depend on."""
        ...

    @property
    def query_space_id(self) -> str | None:
        """Identifies everything that is done to queries alone."""
        ...

    def space(self) -> dict[str, Any]:
        """The stamp without a probe: everything that the vectors of this encoder depend on."""
        ...

    def stamp(self) -> dict[str, Any]:
        """The stamp with a probe: store it with an index."""
        ...

    def provenance(self) -> dict[str, Any]:
        """What this process has loaded: files with their sums, versions, contract and policy, as JSON types."""
        ...

    @property
    def config(self) -> "Config | None":
        """The model and the user's choices, as given to `load`; None for an encoder that `load` did not create."""
        ...

    def load_arguments(self) -> dict[str, Any]:
        """The arguments that load this encoder again from its `config`."""
        ...

    def close(self) -> None:
        """Close the connections of a served model."""
        ...

    def encode_queries(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> _V:
        """Encode texts as queries."""
        ...

    def encode_documents(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> _V:
        """Encode texts as documents."""
        ...

    def similarity(self, queries: _V, documents: _V) -> "Floats":
        """The scores, float32 [queries, documents]. Larger is nearer."""
        ...


class _Loaded:
    """A loaded model.

    Attributes:
        contract: How texts become vectors.
        backend: The engine's part, which runs the network.
        engine: The name of the engine.
        files: The files that the engine has loaded; None if they are unknown.
    """

    def __init__(
        self,
        contract: "Contract",
        backend: Any,
        engine: str,
        files: "LoadedFiles | None" = None,
        provenance: "Provenance | None" = None,
    ) -> None:
        self.contract = contract
        self._provenance = provenance
        self.backend = backend
        self.engine = engine
        self.files = files
        self._probe: dict[str, Any] | None = None
        self._generation = CALLS.generation
        # By thread, since adding to a number is not one step for all threads.
        self._truncated: dict[int, int] = {}

    @property
    def truncated(self) -> int:
        """How many texts, or pairs of a reranker, have been truncated since the model was loaded."""
        return sum(list(self._truncated.values()))

    def _call(
        self, run: "Callable[[list[_T]], Any]", batch: "list[_T]", empty: "_T", characters: int, counted: Truncated
    ) -> Any:
        """What an engine gives for a batch. All numbers in it are finite.

        Raises RowError for a text or pair that cannot be encoded, if `empty` can.
        """
        check_generation(self._generation)
        long_call = getattr(self.backend, "long_call", None)
        long = long_call is not None and characters >= long_call
        try:
            with counted.collecting():
                found = call(partial(run, batch), long=long)
        except EngineError as error:
            # Other errors are about the model, whatever the text.
            if type(error) is EngineError:
                _blame(lambda one: call(partial(run, [one]), long=long), batch, empty)
            raise
        return check_finite(found, self.contract.id)

    def _report(self, counted: Truncated, kind: str, texts: int) -> None:
        """Warn about the truncated texts of a call, and remember how many there were."""
        if not counted.count:
            return
        from warnings import warn

        from hypiler._callers import stacklevel

        thread = get_ident()
        self._truncated[thread] = self._truncated.get(thread, 0) + counted.count
        are = "was" if counted.count == 1 else "were"
        warn(
            f"{counted.count} of {texts} {kind}{'s' * (texts != 1)} {are} truncated to {counted.limit} tokens, the"
            f" limit of `{self.contract.id}`; the longest has {'' if counted.exact else 'at least '}{counted.longest}",
            TruncationWarning,
            stacklevel=stacklevel(),
        )

    def space(self) -> dict[str, Any]:
        """The stamp without a probe: everything that the vectors of this encoder depend on, as JSON types.

        The keys are those of `ModelConfig.space`. The values are what ran: they include facts from the files or from
        `assume`, and the identity of the files. Files without a recorded sha256 are hashed, and the result is cached in
        the user's cache folder.
        """
        facts = self.contract.space_facts
        weights, tokenizer = self.files.identity() if self.files else (None, None)
        precision = self.files.precision() if self.files else None
        document = {**facts["document"], "precision": precision}
        return assemble({**facts["identity"], "engine": self.engine}, document, facts["query"], weights, tokenizer)

    def stamp(self) -> dict[str, Any]:
        """The stamp of this encoder, as JSON types: store it with an index, and pass it to `hypiler.space.check`.

        It is what `space` returns, with a probe. For the probe, nine fixed texts are encoded once.
        """
        return self.space() | {"probe": self._made_probe()}

    def provenance(self) -> dict[str, Any]:
        """What this process has loaded, as JSON types: the record of a model that ran.

        docs/policy.md describes the keys: the model with its repository and commit, each file that the engine could
        read with its size and sha256, the engine with the versions of its libraries, the contract with what was
        assumed, the ids of the space, and the policies that loading obeyed. Files without a recorded sha256 are hashed
        now; the sha256 of a file that has changed since it was loaded is None. Raises EngineError for an encoder that
        `load` did not create.
        """
        if self._provenance is None:
            raise EngineError(f"{self!r} was not created by `load`, so nobody knows what it has loaded")
        return self._provenance.to_json(self.contract, self.space())

    @property
    def config(self) -> "Config | None":
        """The model and the user's choices, as given to `load`; None for an encoder that `load` did not create."""
        return None if self._provenance is None else self._provenance.config

    def load_arguments(self) -> dict[str, Any]:
        """The arguments that load this encoder again from its `config`: `load(**arguments)` on the config.

        `local` is missing if the files came from the hub, and `url` if no server is asked. The address of a server is a
        `Server`, which may hold a key. Raises EngineError for an encoder that `load` did not create.
        """
        if self._provenance is None:
            raise EngineError(f"{self!r} was not created by `load`, so nobody knows its arguments")
        server = getattr(getattr(self.backend, "requests", None), "server", None)
        return self._provenance.load_arguments() | ({} if server is None else {"url": server})

    def close(self) -> None:
        """Close the connections of a served model. The next call opens new ones. Other models have nothing to close."""
        close = getattr(self.backend, "close", None)
        if close is not None:
            close()

    def _made_probe(self) -> dict[str, Any] | None:
        if self._probe is None:
            encoder: Any = self
            encode = partial(encoder._encode, query=False, batch_size=1, progress=False, report=False)
            self._probe = make_probe(encode)
        return dict(self._probe)

    @property
    def space_id(self) -> str | None:
        """Identifies everything that the document vectors of this encoder depend on: facts and files.

        None in two cases: the bytes of the model are unknown and no commit is pinned, or a file has changed since it
        was loaded.
        """
        found: str | None = self.space()["space_id"]
        return found

    @property
    def query_space_id(self) -> str | None:
        """Identifies everything that is done to queries alone."""
        found: str | None = self.space()["query_space_id"]
        return found


def _blame(run: "Callable[[_T], Any]", batch: "list[_T]", empty: "_T") -> None:
    """Raise RowError for the first text of a batch that cannot be encoded alone, if an empty one can."""
    for row, one in enumerate(batch):
        try:
            run(one)
        except EngineError as error:
            try:
                run(empty)
            except EngineError:
                return
            raise RowError(row, str(error)) from error


class _Encoder(_Loaded):
    """An encoder that encodes texts in batches and shows progress."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.contract.id!r} by {self.engine}: {self.contract.dimension} dims>"

    def _batches(
        self, texts: list[str], *, query: bool, batch_size: int, progress: bool | None, report: bool
    ) -> "Iterator[tuple[list[int], Any]]":
        """For each batch, the positions of its texts and the engine's result. `report`: whether to count truncations.

        The texts of a batch have about the same length, so there is little padding. The longest come first, so if
        memory runs out, it does so at once.
        """
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        own, size = {}, max(batch_size, getattr(self.backend, "least_batch", 1))
        if (calls_at_once := getattr(self.backend, "calls_at_once", None)) is not None:
            own, size = {"batch_size": batch_size}, calls_at_once(batch_size)
        counted = Truncated()
        for start in _progress(range(0, len(order), size), progress, len(order) > size):
            places = order[start : start + size]
            batch = [texts[place] for place in places]
            run = partial(self.backend.run, query=query, **own)
            try:
                found = self._call(run, batch, "", sum(map(len, batch)), counted)
            except RowError as error:
                place = places[error.row]
                raise EngineError(f"texts[{place}] ({shown_text(texts[place])}): {error.reason}") from error
            yield places, found
        if report:
            self._report(counted, "text", len(texts))


def _progress(steps: "range", wanted: bool | None, several: bool) -> "Any":
    """The steps, with a progress bar if `wanted`. None means: on a terminal, if there are several steps."""
    import sys

    if wanted is False or (wanted is None and not (several and sys.stderr.isatty())):
        return steps
    from tqdm import tqdm

    return tqdm(steps, unit="batch", desc="encoding", delay=0 if wanted else 1)


class DenseEncoder(_Encoder):
    """One vector per text."""

    def encode_queries(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> "Floats":
        """Encode texts as queries: float32 [texts, dimension].

        Texts get the prefix of queries. Vectors are pooled, truncated and normalized as the model requires. `progress`
        shows a progress bar; by default on a terminal, if there is more than one batch and a second has passed.
        """
        return self._encode(texts, query=True, batch_size=batch_size, progress=progress)

    def encode_documents(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> "Floats":
        """Encode texts as documents: float32 [texts, dimension]. See `encode_queries`."""
        return self._encode(texts, query=False, batch_size=batch_size, progress=progress)

    def similarity(self, queries: "Floats", documents: "Floats") -> "Floats":
        """The scores by the model's own similarity, float32 [queries, documents]. Larger is nearer."""
        return similarity(self.contract.similarity)(queries, documents)

    def quantizer(self, precision: str, sample: "Floats") -> Binary | Int8:
        """A quantizer, which makes float32 vectors smaller and compares the results.

        Args:
            precision: `binary` or `int8`.
            sample: Document vectors [n, dimension], from which int8 takes its limits. Not used for binary.

        Raises ValueError for a precision that the registry does not state for this model, because nobody has measured
        how the precision changes its scores.
        """
        stated = self.contract.precisions
        if precision not in stated:
            raise ValueError(
                f"`encoding.precisions` of `{self.contract.id}` must have {precision!r}; it has"
                f" {', '.join(stated) or 'none'}"
            )
        return Binary() if precision == "binary" else Int8(sample, self.contract.similarity)

    def _encode(
        self, texts: Sequence[str], *, query: bool, batch_size: int, progress: bool | None, report: bool = True
    ) -> "Floats":
        import numpy as np

        texts, batch_size = checked_texts(texts), checked_batch_size(batch_size)
        vectors = np.empty((len(texts), self.contract.dimension), np.float32)
        for places, raw in self._batches(texts, query=query, batch_size=batch_size, progress=progress, report=report):
            vectors[places] = truncate_and_normalize(raw, self.contract)
        return vectors


def truncate_and_normalize(vectors: "Floats", contract: "Contract") -> "Floats":
    """Truncate pooled vectors [n, embedding_dim] to the chosen width and normalize them, in the model's order."""
    cut = contract.dimension < contract.embedding_dim
    if cut and contract.matryoshka_order == "layer_norm_truncate_normalize":
        vectors = layer_norm(vectors)
    elif cut and contract.matryoshka_order == "normalize_truncate":
        return normalized(vectors)[:, : contract.dimension]
    vectors = vectors[:, : contract.dimension]
    return normalized(vectors) if contract.normalize else vectors


def normalized(vectors: "Floats") -> "Floats":
    """The rows scaled to length 1. A row of zeros is kept."""
    import numpy as np

    lengths: Any = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: Floats = vectors / np.maximum(lengths, np.float32(1e-12))
    return result


def layer_norm(vectors: "Floats", epsilon: float = 1e-5) -> "Floats":
    """The rows scaled to mean 0 and variance 1, without weights. `epsilon` is PyTorch's default."""
    import numpy as np

    centred: Any = vectors - vectors.mean(axis=-1, keepdims=True)
    result: Floats = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return result


class MultiVectorEncoder(_Encoder):
    """One vector per token, compared by MaxSim."""

    def encode_queries(
        self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
    ) -> "list[Floats]":
        """Encode texts: one float32 [tokens, dimension] per text."""
        return self._encode(texts, query=True, batch_size=batch_size, progress=progress)

    def encode_documents(
        self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
    ) -> "list[Floats]":
        """Encode texts: one float32 [tokens, dimension] per text."""
        return self._encode(texts, query=False, batch_size=batch_size, progress=progress)

    def similarity(self, queries: "Sequence[Floats]", documents: "Sequence[Floats]") -> "Floats":
        """The scores, float32 [queries, documents]: MaxSim, summed over the tokens of the query."""
        return max_sim(queries, documents)

    def _encode(
        self, texts: Sequence[str], *, query: bool, batch_size: int, progress: bool | None, report: bool = True
    ) -> "list[Floats]":
        import numpy as np

        texts, batch_size = checked_texts(texts), checked_batch_size(batch_size)
        found: list[Any] = [None] * len(texts)
        for places, raw in self._batches(texts, query=query, batch_size=batch_size, progress=progress, report=report):
            for place, tokens in zip(places, raw, strict=True):
                found[place] = np.ascontiguousarray(truncate_and_normalize(tokens, self.contract), np.float32)
        return found


class SparseEncoder(_Encoder):
    """One weight per entry of the vocabulary. Most weights are 0."""

    def encode_queries(
        self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
    ) -> "csr_array[Any, Any]":
        """Encode texts: a scipy CSR array of float32 [texts, vocabulary]."""
        return self._encode(texts, query=True, batch_size=batch_size, progress=progress)

    def encode_documents(
        self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
    ) -> "csr_array[Any, Any]":
        """Encode texts: a scipy CSR array of float32 [texts, vocabulary]."""
        return self._encode(texts, query=False, batch_size=batch_size, progress=progress)

    def similarity(self, queries: "csr_array[Any, Any]", documents: "csr_array[Any, Any]") -> "Floats":
        """The dot products, float32 [queries, documents]."""
        return sparse_dot(queries, documents)

    def _encode(
        self, texts: Sequence[str], *, query: bool, batch_size: int, progress: bool | None, report: bool = True
    ) -> "csr_array[Any, Any]":
        import numpy as np
        from scipy.sparse import csr_array, vstack

        texts, batch_size = checked_texts(texts), checked_batch_size(batch_size)
        order: list[int] = []
        parts = []
        for places, raw in self._batches(texts, query=query, batch_size=batch_size, progress=progress, report=report):
            order += places
            parts.append(raw)
        if not parts:
            return csr_array((0, self.contract.dimension), dtype=np.float32)
        back = np.empty(len(order), np.intp)
        back[order] = np.arange(len(order))
        stacked: Any = vstack(parts, format="csr")
        return csr_array(stacked[back])


class Reranker(_Loaded):
    """Reads a query and a document together. There are no vectors, so encoding only adds the prefix to the texts."""

    backend: "PairBackend"

    def _made_probe(self) -> None:
        """Rerankers have no vectors."""

    def __repr__(self) -> str:
        return f"<Reranker {self.contract.id!r} by {self.engine}>"

    def encode_queries(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> list[str]:
        """The texts with the prefix of queries. Nothing is computed yet."""
        return self._prefixed(self.contract.query_prefix, texts, batch_size)

    def encode_documents(
        self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
    ) -> list[str]:
        """The texts with the prefix of documents. Nothing is computed yet."""
        return self._prefixed(self.contract.document_prefix, texts, batch_size)

    def _prefixed(self, prefix: str | None, texts: Sequence[str], batch_size: int) -> list[str]:
        checked_batch_size(batch_size)
        return [(prefix or "") + text for text in checked_texts(texts)]

    def similarity(self, queries: Sequence[str], documents: Sequence[str]) -> "Floats":
        """The model's own scores, float32 [queries, documents], in the model's own unit. Larger is more relevant.

        Warns with TruncationWarning if pairs of a query and a document are truncated to the model's limit.
        """
        import numpy as np

        queries, documents = checked_texts(queries, "queries"), checked_texts(documents, "documents")
        scores = np.empty((len(queries), len(documents)), np.float32)
        lengths = np.add.outer([len(one) for one in queries], [len(one) for one in documents])
        # Pairs of about the same length are scored together, so there is little padding.
        order = np.argsort(-lengths, axis=None, kind="stable")
        counted = Truncated()
        for start in range(0, scores.size, _PAIRS):
            rows, columns = np.unravel_index(order[start : start + _PAIRS], scores.shape)
            pairs = [(queries[row], documents[column]) for row, column in zip(rows, columns, strict=True)]
            characters = sum(map(len, (text for pair in pairs for text in pair)))
            try:
                scores[rows, columns] = self._call(self.backend.score, pairs, ("", ""), characters, counted)
            except RowError as error:
                pair = f"queries[{rows[error.row]}] and documents[{columns[error.row]}]"
                raise EngineError(f"{pair}: {error.reason}") from error
        self._report(counted, "pair", scores.size)
        return scores
