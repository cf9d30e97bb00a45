# pyright: basic, reportMissingImports=false
"""From texts to vectors to scores: what every engine has in common. An engine only runs the network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from hypiler.engines.scoring import Binary, Int8, max_sim, similarity, sparse_dot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from hypiler.engines.contract import Contract

    Floats: TypeAlias = NDArray[np.float32]

    class Backend(Protocol):
        """What an engine does: run a batch of texts through the network.

        `query` says for which side; the engine puts the contract's prefix before each text and cuts it to the
        contract's length. Gives, by encoder type: dense and static float32 [texts, embedding_dim], pooled and neither
        cut nor normalized; multi_vector a list of float32 [tokens, dim]; sparse a scipy CSR array [texts, vocabulary].
        """

        def run(self, texts: list[str], *, query: bool) -> Any:
            """The raw vectors of the texts."""
            ...

    class PairBackend(Protocol):
        """What an engine does with pairs of a query and a document: a score for each."""

        def score(self, pairs: list[tuple[str, str]]) -> Sequence[float] | Floats:
            """A score for each pair."""
            ...


_V = TypeVar("_V")


class Encoder(Protocol[_V]):
    """What every model that was loaded can do; `_V` is what texts are encoded to.

    It is a DenseEncoder, MultiVectorEncoder, SparseEncoder or Reranker: ask with `isinstance` for the types of arrays.
    """

    contract: "Contract"
    engine: str

    @property
    def space_id(self) -> str:
        """Stands for everything that the document vectors of this encoder depend on."""
        ...

    @property
    def query_space_id(self) -> str:
        """Stands for everything that is done to queries alone."""
        ...

    def space(self) -> dict[str, Any]:
        """What the vectors of this encoder depend on."""
        ...

    def encode_queries(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> _V:
        """The texts as queries."""
        ...

    def encode_documents(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> _V:
        """The texts as documents."""
        ...

    def similarity(self, queries: _V, documents: _V) -> "Floats":
        """Float32 [queries, documents], larger is nearer."""
        ...


class _Loaded:
    """What every loaded model is: a contract, what runs it, and the space that follows from the contract."""

    def __init__(self, contract: "Contract", backend: Any, engine: str) -> None:
        self.contract = contract
        self.backend = backend
        self.engine = engine

    def space(self) -> dict[str, Any]:
        """What the vectors of this encoder depend on, ready for JSON, with the ids that stand for it.

        It is `ModelConfig.space` with the facts that the registry leaves unknown as the files or `assume` gave them.
        """
        return dict(self.contract.space_facts)

    @property
    def space_id(self) -> str:
        """Stands for everything that the document vectors of this encoder depend on; an index stores it beside them."""
        return str(self.space()["space_id"])

    @property
    def query_space_id(self) -> str:
        """Stands for everything that is done to queries alone."""
        return str(self.space()["query_space_id"])


def _checked(texts: Sequence[str]) -> Sequence[str]:
    """The texts. Raises TypeError for one string, which is a sequence of strings, too: its letters."""
    if isinstance(texts, (str, bytes)):
        raise TypeError("texts must be a sequence of strings, got one string")
    return texts


class _Encoder(_Loaded):
    """Batches and progress."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.contract.id!r} by {self.engine}: {self.contract.dimension} dims>"

    def _batches(
        self, texts: Sequence[str], *, query: bool, batch_size: int, progress: bool | None
    ) -> "Iterator[tuple[list[int], Any]]":
        """The places of the texts of each batch, and what the engine made of them.

        Batches hold texts of about the same length, the longest first: little padding, and if memory runs out it does
        so at once.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        texts = _checked(texts)
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        for start in _progress(range(0, len(order), batch_size), progress, len(order) > batch_size):
            places = order[start : start + batch_size]
            yield places, self.backend.run([texts[place] for place in places], query=query)


def _progress(steps: "range", wanted: bool | None, several: bool) -> "Any":
    """The steps, with a bar: if it is wanted, or on a terminal if there are several."""
    import sys

    if wanted is False or (wanted is None and not (several and sys.stderr.isatty())):
        return steps
    from tqdm import tqdm

    return tqdm(steps, unit="batch", desc="encoding", delay=0 if wanted else 1)


class DenseEncoder(_Encoder):
    """One vector per text."""

    def encode_queries(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> "Floats":
        """Float32 [texts, dimension]: prefixed as queries, pooled, cut and normalized as the model wants it.

        `progress` shows a bar; by default on a terminal, for more than one batch that takes more than a second.
        """
        return self._encode(texts, query=True, batch_size=batch_size, progress=progress)

    def encode_documents(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> "Floats":
        """Float32 [texts, dimension]: the same for documents."""
        return self._encode(texts, query=False, batch_size=batch_size, progress=progress)

    def similarity(self, queries: "Floats", documents: "Floats") -> "Floats":
        """Float32 [queries, documents], larger is nearer; by the model's own measure."""
        return similarity(self.contract.similarity)(queries, documents)

    def quantizer(self, precision: str, sample: "Floats") -> Binary | Int8:
        """Makes smaller vectors of float32 ones, and compares them: `binary` or `int8`.

        `sample` are vectors of documents, whose limits int8 takes; binary needs none. Raises ValueError for a precision
        that the registry does not state for this model: its scores would be worse than anybody has measured.
        """
        stated = self.contract.precisions
        if precision not in stated:
            raise ValueError(
                f"`encoding.precisions` of `{self.contract.id}` must have {precision!r}; it has"
                f" {', '.join(stated) or 'none'}"
            )
        return Binary() if precision == "binary" else Int8(sample, self.contract.similarity)

    def _encode(self, texts: Sequence[str], *, query: bool, batch_size: int, progress: bool | None) -> "Floats":
        import numpy as np

        vectors = np.empty((len(texts), self.contract.dimension), np.float32)
        for places, raw in self._batches(texts, query=query, batch_size=batch_size, progress=progress):
            vectors[places] = truncate_and_normalize(raw, self.contract)
        return vectors


def truncate_and_normalize(vectors: "Floats", contract: "Contract") -> "Floats":
    """Cut pooled vectors [n, embedding_dim] to the chosen width and normalize them, in the order the model wants."""
    cut = contract.dimension < contract.embedding_dim
    if cut and contract.matryoshka_order == "layer_norm_truncate_normalize":
        vectors = layer_norm(vectors)
    elif cut and contract.matryoshka_order == "normalize_truncate":
        return normalized(vectors)[:, : contract.dimension]
    vectors = vectors[:, : contract.dimension]
    return normalized(vectors) if contract.normalize else vectors


def normalized(vectors: "Floats") -> "Floats":
    """Rows of length 1; a row of zeros stays as it is."""
    import numpy as np

    lengths: Any = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: Floats = vectors / np.maximum(lengths, np.float32(1e-12))
    return result


def layer_norm(vectors: "Floats", epsilon: float = 1e-5) -> "Floats":
    """Rows with mean 0 and variance 1, without weights; epsilon as PyTorch has it by default."""
    import numpy as np

    centred: Any = vectors - vectors.mean(axis=-1, keepdims=True)
    result: Floats = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return result


class MultiVectorEncoder(_Encoder):
    """One vector per token, compared by MaxSim."""

    def encode_queries(
        self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
    ) -> "list[Floats]":
        """A float32 [tokens, dimension] for each text."""
        return self._encode(texts, query=True, batch_size=batch_size, progress=progress)

    def encode_documents(
        self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
    ) -> "list[Floats]":
        """A float32 [tokens, dimension] for each text."""
        return self._encode(texts, query=False, batch_size=batch_size, progress=progress)

    def similarity(self, queries: "Sequence[Floats]", documents: "Sequence[Floats]") -> "Floats":
        """Float32 [queries, documents]: the sum over a query's tokens of the nearest document token."""
        return max_sim(queries, documents)

    def _encode(self, texts: Sequence[str], *, query: bool, batch_size: int, progress: bool | None) -> "list[Floats]":
        import numpy as np

        found: list[Any] = [None] * len(texts)
        for places, raw in self._batches(texts, query=query, batch_size=batch_size, progress=progress):
            for place, tokens in zip(places, raw, strict=True):
                found[place] = np.ascontiguousarray(truncate_and_normalize(tokens, self.contract), np.float32)
        return found


class SparseEncoder(_Encoder):
    """A weight for each entry of the vocabulary, most of them 0."""

    def encode_queries(
        self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
    ) -> "csr_array[Any, Any]":
        """A scipy CSR array of float32 [texts, vocabulary]."""
        return self._encode(texts, query=True, batch_size=batch_size, progress=progress)

    def encode_documents(
        self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
    ) -> "csr_array[Any, Any]":
        """A scipy CSR array of float32 [texts, vocabulary]."""
        return self._encode(texts, query=False, batch_size=batch_size, progress=progress)

    def similarity(self, queries: "csr_array[Any, Any]", documents: "csr_array[Any, Any]") -> "Floats":
        """Float32 [queries, documents]: dot products."""
        return sparse_dot(queries, documents)

    def _encode(
        self, texts: Sequence[str], *, query: bool, batch_size: int, progress: bool | None
    ) -> "csr_array[Any, Any]":
        import numpy as np
        from scipy.sparse import csr_array, vstack

        order: list[int] = []
        parts = []
        for places, raw in self._batches(texts, query=query, batch_size=batch_size, progress=progress):
            order += places
            parts.append(raw)
        if not parts:
            return csr_array((0, self.contract.dimension), dtype=np.float32)
        back = np.empty(len(order), np.intp)
        back[order] = np.arange(len(order))
        stacked: Any = vstack(parts, format="csr")
        return csr_array(stacked[back])


class Reranker(_Loaded):
    """Reads a query and a document together: there are no vectors, so the texts themselves are encoded."""

    backend: "PairBackend"

    def __repr__(self) -> str:
        return f"<Reranker {self.contract.id!r} by {self.engine}>"

    def encode_queries(self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None) -> list[str]:
        """The texts with the prefix of queries; there is nothing to compute yet."""
        return [(self.contract.query_prefix or "") + text for text in _checked(texts)]

    def encode_documents(
        self, texts: Sequence[str], *, batch_size: int = 32, progress: bool | None = None
    ) -> list[str]:
        """The texts with the prefix of documents; there is nothing to compute yet."""
        return [(self.contract.document_prefix or "") + text for text in _checked(texts)]

    def similarity(self, queries: Sequence[str], documents: Sequence[str]) -> "Floats":
        """Float32 [queries, documents]: the model's own scores, in its own unit; larger is more relevant."""
        import numpy as np

        pairs = [(query, document) for query in _checked(queries) for document in _checked(documents)]
        scores = self.backend.score(pairs) if pairs else []
        return np.asarray(scores, np.float32).reshape(len(queries), len(documents))
