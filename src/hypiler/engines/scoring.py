"""Scores between queries and documents, in numpy. For every measure, larger is nearer."""

from collections.abc import Sequence

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]
    Vectors: TypeAlias = NDArray[np.floating[Any]]

# How many floats MaxSim computes at once: 64 MiB.
_BLOCK = 1 << 24


def dot(queries: "Vectors", documents: "Vectors") -> "Floats":
    """Dot products: float32 [q, d] from [q, dim] and [d, dim]. Raises ValueError if the widths differ."""
    return _products(*_matrices(queries, documents))


def cosine(queries: "Vectors", documents: "Vectors") -> "Floats":
    """Cosines in -1..1: float32 [q, d] from [q, dim] and [d, dim]. A vector of zeros scores 0 with every vector."""
    left, right = _matrices(queries, documents)
    return _products(_unit(left), _unit(right))


def euclidean(queries: "Vectors", documents: "Vectors") -> "Floats":
    """Negated Euclidean distances, at most 0: float32 [q, d] from [q, dim] and [d, dim]."""
    queries, documents = _matrices(queries, documents)
    # Computed in 64 bits, since in 32 bits the difference of large squares would lose small distances.
    left, right = queries.astype(np.float64), documents.astype(np.float64)
    squares = (left**2).sum(1)[:, None] + (right**2).sum(1) - 2 * (left @ right.T)
    distances: Floats = np.sqrt(np.maximum(squares, 0)).astype(np.float32)
    return -distances


def manhattan(queries: "Vectors", documents: "Vectors") -> "Floats":
    """Negated Manhattan distances, at most 0: float32 [q, d] from [q, dim] and [d, dim]."""
    queries, documents = _matrices(queries, documents)
    rows = [np.abs(documents - query).sum(axis=1) for query in queries]
    return -np.array(rows, np.float32).reshape(len(queries), len(documents))


def max_sim(queries: "Sequence[Vectors]", documents: "Sequence[Vectors]") -> "Floats":
    """Late interaction: the sum over the query's tokens of the largest dot product with a document token.

    Float32 [q, d] from sequences of [tokens, dim] with any number of tokens. A text without tokens scores 0. Memory is
    bounded, whatever the number of documents.
    """
    scores = np.zeros((len(queries), len(documents)), np.float32)
    kept = [place for place, query in enumerate(queries) if len(query)]
    # Documents of about the same length are grouped, so there is little padding.
    order = sorted((place for place, one in enumerate(documents) if len(one)), key=lambda place: len(documents[place]))
    if not kept or not order:
        return scores
    tokens, _ = _matrices(np.concatenate([queries[place] for place in kept]), documents[order[0]])
    starts = np.cumsum([0, *[len(queries[place]) for place in kept]])[:-1]
    for places in _blocks(order, [len(one) for one in documents], len(tokens)):
        longest = len(documents[places[-1]])
        block = np.zeros((len(places), longest, tokens.shape[1]), np.float32)
        padding = np.ones((len(places), longest), bool)
        for row, place in enumerate(places):
            _matrices(tokens[:1], documents[place])
            block[row, : len(documents[place])] = documents[place]
            padding[row, : len(documents[place])] = False
        found = _products(tokens, block.reshape(-1, tokens.shape[1])).reshape(len(tokens), len(places), longest)
        found[:, padding] = -np.inf
        scores[np.ix_(kept, places)] = np.add.reduceat(found.max(axis=2), starts, axis=0)
    return scores


def _blocks(order: list[int], lengths: list[int], tokens: int) -> "list[list[int]]":
    """Split the documents, in their order, into blocks that fit into `_BLOCK`; at least one document per block."""
    blocks: list[list[int]] = [[]]
    for place in order:
        # The last document is the longest, and the others are padded to its length.
        if blocks[-1] and (len(blocks[-1]) + 1) * lengths[place] * tokens > _BLOCK:
            blocks.append([])
        blocks[-1].append(place)
    return blocks


def sparse_dot(queries: "Any", documents: "Any") -> "Floats":
    """Dot products of scipy CSR arrays [q, vocabulary] and [d, vocabulary]: float32 [q, d].

    Raises TypeError for anything else, and ValueError if the widths differ.
    """
    for name, vectors in (("queries", queries), ("documents", documents)):
        if not hasattr(vectors, "indptr"):
            raise TypeError(f"{name} must be a scipy CSR array, got {_shown(vectors)}")
    if queries.shape[1] != documents.shape[1]:
        raise ValueError(f"queries have {queries.shape[1]} entries and documents {documents.shape[1]}")
    return np.asarray((queries @ documents.T).todense(), np.float32)


class Binary:
    """One bit per number: 1 if the number is above 0. A number takes an eighth of a byte instead of four bytes."""

    precision = "binary"

    def quantize(self, vectors: "Vectors") -> "NDArray[np.uint8]":
        """uint8 [n, dim / 8], rounded up, packed from the most significant bit on, from float [n, dim].

        Raises TypeError if the vectors are not floats, and ValueError if they are not a matrix of finite numbers.
        """
        return np.packbits(_finite(vectors, "vectors") > 0, axis=-1)

    def similarity(self, queries: "NDArray[np.uint8]", documents: "NDArray[np.uint8]") -> "Floats":
        """Negated Hamming distances (numbers of different bits): float32 [q, d] from [q, bytes] and [d, bytes].

        Raises TypeError if the codes are not uint8, and ValueError if their widths differ.
        """
        queries, documents = _codes(queries, np.uint8, "queries"), _codes(documents, np.uint8, "documents")
        if queries.shape[1:] != documents.shape[1:]:
            raise ValueError(f"queries have {queries.shape[-1]} bytes and documents {documents.shape[-1]}")
        rows = [_BITS[documents ^ query].sum(axis=1, dtype=np.int64) for query in queries]
        return -np.array(rows, np.float32).reshape(len(queries), len(documents))


_BITS = np.array([byte.bit_count() for byte in range(256)], np.uint8)


class Int8:
    """One byte per number: each dimension is scaled to -128..127 between its limits in a sample.

    Queries and later documents must use the same limits, so store `least` and `greatest` with the index. To create the
    quantizer again, pass these two vectors as the sample. Numbers outside the limits are clipped.

    Args:
        sample: Float vectors [n, dim], such as the documents of the index.
        measure: The measure between vectors, a word of `encoding.similarity`.

    Attributes:
        least: The lower limit per dimension, [dim].
        greatest: The upper limit per dimension, [dim].

    Raises TypeError for a sample that is not floats, and ValueError for one that is not a matrix of finite numbers or
    that has no vectors.
    """

    precision = "int8"

    def __init__(self, sample: "Vectors", measure: str = "dot") -> None:
        sample = _finite(sample, "the sample")
        if not len(sample):
            raise ValueError(
                "the sample must have vectors, since the limits of each dimension are read off it; got none"
            )
        self.least: Floats = np.min(sample, axis=0).astype(np.float32)
        self.greatest: Floats = np.max(sample, axis=0).astype(np.float32)
        self.measure: Callable[[Any, Any], Floats] = similarity(measure)

    def quantize(self, vectors: "Vectors") -> "NDArray[np.int8]":
        """int8 [n, dim] from float [n, dim].

        Raises TypeError if the vectors are not floats, and ValueError if they are not a matrix of finite numbers or not
        as wide as the sample.
        """
        floats: Floats = self._of_the_width(_finite(vectors, "vectors"), "vectors")
        levels: Floats = np.round((floats - self.least) / self._step)
        codes: NDArray[np.int8] = (np.clip(levels, 0, 255) - 128).astype(np.int8)
        return codes

    def restore(self, codes: "NDArray[np.int8]") -> "Floats":
        """float32 [n, dim] from int8 [n, dim]. Within the limits, each number is right to half a step.

        Raises TypeError if the codes are not int8, and ValueError if they are not as wide as the sample.
        """
        return self._restored(codes, "codes")

    def _restored(self, codes: "NDArray[np.int8]", name: str) -> "Floats":
        codes = self._of_the_width(_codes(codes, np.int8, name), name)
        restored: Floats = (codes.astype(np.float32) + 128) * self._step + self.least
        return restored

    def similarity(self, queries: "NDArray[np.int8]", documents: "NDArray[np.int8]") -> "Floats":
        """The measure between the restored vectors: float32 [q, d] from [q, dim] and [d, dim].

        Products of the codes would weight each dimension by the size of its step. Raises TypeError if the codes are not
        int8, and ValueError if they are not as wide as the sample.
        """
        return self.measure(self._restored(queries, "queries"), self._restored(documents, "documents"))

    def _of_the_width(self, vectors: "Any", name: str) -> "Any":
        if vectors.shape[1] != len(self.least):
            raise ValueError(f"{name} must have {len(self.least)} dimensions, as the sample; got {vectors.shape[1]}")
        return vectors

    @property
    def _step(self) -> "Floats":
        # A dimension that never changes has one level.
        spread: Any = np.maximum(self.greatest - self.least, np.float32(1e-12))
        step: Floats = spread / np.float32(255)
        return step


_SIMILARITIES: "dict[str, Callable[[Any, Any], Floats]]" = {
    "cosine": cosine,
    "dot": dot,
    "euclidean": euclidean,
    "manhattan": manhattan,
    "max_sim": max_sim,
}


def similarity(name: str) -> "Callable[[Any, Any], Floats]":
    """The function for a word of `encoding.similarity`. Raises ValueError for any other word."""
    if name not in _SIMILARITIES:
        raise ValueError(f"similarity must be one of {', '.join(_SIMILARITIES)}; got {name!r}")
    return _SIMILARITIES[name]


def _matrices(queries: "Any", documents: "Any") -> "tuple[Floats, Floats]":
    """Both as float32 matrices of the same width.

    Raises TypeError if they are not floats, and ValueError if they are not matrices of the same width.
    """
    left, right = _floats(queries, "queries"), _floats(documents, "documents")
    if left.ndim != 2 or right.ndim != 2:
        raise ValueError(f"vectors must be rows of a matrix; got arrays of {left.ndim} and {right.ndim} dimensions")
    if left.shape[1] != right.shape[1]:
        raise ValueError(f"queries have {left.shape[1]} dimensions and documents {right.shape[1]}")
    return left, right


def _floats(vectors: "Any", name: str) -> "Floats":
    """An array of floats as float32. Raises TypeError for anything else: integers are probably codes."""
    found = np.asarray(vectors)
    if found.dtype.kind != "f":
        raise TypeError(f"{name} must be floats, got {_shown(vectors, found)}")
    return found.astype(np.float32, copy=False)


def _finite(vectors: "Any", name: str) -> "Floats":
    """A matrix of finite floats as float32. Raises TypeError or ValueError for anything else."""
    found = _floats(vectors, name)
    _check_matrix(found, name)
    rows = np.isfinite(found).all(axis=1)
    if not rows.all():
        raise ValueError(f"{name} must be finite numbers; row {int(np.argmin(rows))} has one that is NaN or infinite")
    return found


def _codes(codes: "Any", dtype: "Any", name: str) -> "Any":
    """A matrix of codes. Raises TypeError if they are of another type, and ValueError if they are not a matrix."""
    found = np.asarray(codes)
    if found.dtype != dtype:
        raise TypeError(f"{name} must be codes of type {np.dtype(dtype)}, got {_shown(codes, found)}")
    _check_matrix(found, name)
    return found


def _check_matrix(vectors: "Any", name: str) -> None:
    if vectors.ndim != 2:
        raise ValueError(f"{name} must be rows of a matrix; got an array of {vectors.ndim} dimensions")


def _shown(value: object, array: "Any" = None) -> str:
    """What was given, for a message: the type of numbers in an array, else the type of the value."""
    return f"a {type(value).__name__}" if array is None or array.dtype == object else f"{array.dtype}"


def _products(left: "Floats", right: "Floats") -> "Floats":
    # BLAS kernels may compute on memory after a row and set the invalid flag, but the result is right.
    with np.errstate(invalid="ignore"):
        products: Floats = left @ right.T
    return products


def _unit(vectors: "Floats") -> "Floats":
    lengths: Any = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(lengths, np.float32(1e-12))
    return unit
