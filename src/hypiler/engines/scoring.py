"""Scores between queries and documents, in numpy: larger is nearer, for every measure."""

from collections.abc import Sequence

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]
    Vectors: TypeAlias = NDArray[np.floating[Any]]

# The floats that MaxSim compares at once: 64 MiB of them.
_BLOCK = 1 << 24


def dot(queries: "Vectors", documents: "Vectors") -> "Floats":
    """Dot products: float32 [q, d] from [q, dim] and [d, dim]. Raises ValueError for widths that differ."""
    queries, documents = _matrices(queries, documents)
    return queries @ documents.T


def cosine(queries: "Vectors", documents: "Vectors") -> "Floats":
    """Cosines, -1..1: float32 [q, d] from [q, dim] and [d, dim]. A vector of zeros has 0 with every other."""
    queries, documents = _matrices(queries, documents)
    return _unit(queries) @ _unit(documents).T


def euclidean(queries: "Vectors", documents: "Vectors") -> "Floats":
    """Negated Euclidean distances, at most 0: float32 [q, d] from [q, dim] and [d, dim]."""
    queries, documents = _matrices(queries, documents)
    # In 64 bits: the difference of large squares would lose small distances.
    left, right = queries.astype(np.float64), documents.astype(np.float64)
    squares = (left**2).sum(1)[:, None] + (right**2).sum(1) - 2 * (left @ right.T)
    return -np.sqrt(np.maximum(squares, 0)).astype(np.float32)


def manhattan(queries: "Vectors", documents: "Vectors") -> "Floats":
    """Negated Manhattan distances, at most 0: float32 [q, d] from [q, dim] and [d, dim]."""
    queries, documents = _matrices(queries, documents)
    rows = [np.abs(documents - query).sum(axis=1) for query in queries]
    return -np.array(rows, np.float32).reshape(len(queries), len(documents))


def max_sim(queries: "Sequence[Vectors]", documents: "Sequence[Vectors]") -> "Floats":
    """Late interaction: for each token of the query the nearest token of the document by dot product, summed.

    float32 [q, d] from sequences of [tokens, dim], of any numbers of tokens; what has none scores 0. Memory is bounded
    whatever the number of documents.
    """
    scores = np.zeros((len(queries), len(documents)), np.float32)
    kept = [place for place, query in enumerate(queries) if len(query)]
    # Documents of about one length together: little padding.
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
        found = tokens @ block.reshape(-1, tokens.shape[1]).T
        found = found.reshape(len(tokens), len(places), longest)
        found[:, padding] = -np.inf
        scores[np.ix_(kept, places)] = np.add.reduceat(found.max(axis=2), starts, axis=0)
    return scores


def _blocks(order: list[int], lengths: list[int], tokens: int) -> "list[list[int]]":
    """The documents in their order, as many at once as the block takes; at least one."""
    blocks: list[list[int]] = [[]]
    for place in order:
        # The last is the longest, and the others are filled up to it.
        if blocks[-1] and (len(blocks[-1]) + 1) * lengths[place] * tokens > _BLOCK:
            blocks.append([])
        blocks[-1].append(place)
    return blocks


def sparse_dot(queries: "Any", documents: "Any") -> "Floats":
    """Dot products of scipy CSR arrays [q, vocabulary] and [d, vocabulary]: float32 [q, d]."""
    if queries.shape[1] != documents.shape[1]:
        raise ValueError(f"queries have {queries.shape[1]} entries and documents {documents.shape[1]}")
    return np.asarray((queries @ documents.T).todense(), np.float32)


def binary(vectors: "Vectors") -> "NDArray[np.uint8]":
    """One bit a number, 1 above 0: uint8 [n, dim / 8], packed from the most significant bit on."""
    return np.packbits(np.asarray(vectors) > 0, axis=-1)


def hamming(queries: "NDArray[np.uint8]", documents: "NDArray[np.uint8]") -> "Floats":
    """Negated numbers of bits that differ: float32 [q, d] from packed uint8 [q, bytes] and [d, bytes]."""
    if queries.shape[1:] != documents.shape[1:]:
        raise ValueError(f"queries have {queries.shape[-1]} bytes and documents {documents.shape[-1]}")
    rows = [_BITS[documents ^ query].sum(axis=1, dtype=np.int64) for query in queries]
    return -np.array(rows, np.float32).reshape(len(queries), len(documents))


_BITS = np.array([byte.bit_count() for byte in range(256)], np.uint8)


def int8(vectors: "Vectors", limits: "tuple[Vectors, Vectors] | None" = None) -> "NDArray[np.int8]":
    """One byte a number: int8 [n, dim], each dimension spread over -128..127 between its limits.

    `limits` are the least and greatest value of each dimension, [dim] each, as `int8_limits` gives them for documents;
    queries take those of the documents. By default those of the vectors themselves.
    """
    least, greatest = limits if limits is not None else int8_limits(vectors)
    steps = np.maximum(greatest - least, 1e-12) / 255
    return np.clip(np.round((vectors - least) / steps) - 128, -128, 127).astype(np.int8)


def int8_limits(vectors: "Vectors") -> "tuple[Vectors, Vectors]":
    """The least and the greatest value of each dimension, [dim] each."""
    return np.min(vectors, axis=0), np.max(vectors, axis=0)


def int8_dot(queries: "NDArray[np.int8]", documents: "NDArray[np.int8]") -> "Floats":
    """Dot products of int8 vectors [q, dim] and [d, dim], in their own unit: float32 [q, d]."""
    left, right = _matrices(queries.astype(np.float32), documents.astype(np.float32))
    return left @ right.T


_SIMILARITIES: "dict[str, Callable[[Any, Any], Floats]]" = {
    "cosine": cosine,
    "dot": dot,
    "euclidean": euclidean,
    "manhattan": manhattan,
    "max_sim": max_sim,
}


def similarity(name: str) -> "Callable[[Any, Any], Floats]":
    """The function for a word of `encoding.similarity`. Raises ValueError for another word."""
    if name not in _SIMILARITIES:
        raise ValueError(f"similarity must be one of {', '.join(_SIMILARITIES)}; got {name!r}")
    return _SIMILARITIES[name]


def _matrices(queries: "Any", documents: "Any") -> "tuple[Floats, Floats]":
    """Both as float32 matrices of one width."""
    left, right = np.asarray(queries, np.float32), np.asarray(documents, np.float32)
    if left.ndim != 2 or right.ndim != 2:
        raise ValueError(f"vectors must be rows of a matrix; got arrays of {left.ndim} and {right.ndim} dimensions")
    if left.shape[1] != right.shape[1]:
        raise ValueError(f"queries have {left.shape[1]} dimensions and documents {right.shape[1]}")
    return left, right


def _unit(vectors: "Floats") -> "Floats":
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
