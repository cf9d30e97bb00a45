"""Prefix × pooling × normalization × Matryoshka × similarity, each against what numpy says token by token.

Each similarity meets a fifth of the others in the quick tests, and all of them in the slow ones.
"""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from slow import all_or
from tiny import TABLE, WIDTH, config_of, ids_of, write_tiny

QUERIES = ["a b", "c", "f e d c b a"]
DOCUMENTS = ["b", "a , b .", "d d d e", ""]
PREFIXES = [("", ""), ("q: ", "d: "), ("q: ", "")]
POOLINGS = ["cls", "mean", "max", "last_token", "mean_sqrt_len", "weighted_mean"]
CUTS = [
    (WIDTH, None),
    (4, None),
    (4, "truncate_normalize"),
    (2, "normalize_truncate"),
    (4, "layer_norm_truncate_normalize"),
    (WIDTH, "layer_norm_truncate_normalize"),
]
SIMILARITIES = ["cosine", "dot", "euclidean", "manhattan"]


def pooled(tokens: Any, pooling: str) -> Any:
    count = len(tokens)
    if pooling == "weighted_mean":
        return sum((place + 1) * row for place, row in enumerate(tokens)) / (count * (count + 1) / 2)
    return {
        "cls": tokens[0],
        "last_token": tokens[-1],
        "max": np.array([max(column) for column in tokens.T]),
        "mean": sum(tokens) / count,
        "mean_sqrt_len": sum(tokens) / count**0.5,
    }[pooling]


def length(vector: Any) -> float:
    return float(sum(x * x for x in vector) ** 0.5)


def vector(text: str, pooling: str, normalize: bool, dimension: int, order: str | None) -> Any:
    """One text, as the words of the registry describe it."""
    found = pooled(TABLE[ids_of(text)].astype(np.float64), pooling)
    if dimension < WIDTH and order == "layer_norm_truncate_normalize":
        found = (found - found.mean()) / (found.var() + 1e-5) ** 0.5
    if dimension < WIDTH and order == "normalize_truncate":
        return (found / length(found))[:dimension]
    found = found[:dimension]
    return found / length(found) if normalize else found


def compared(one: Any, other: Any, similarity: str) -> float:
    return {
        "cosine": sum(one * other) / (length(one) * length(other)),
        "dot": sum(one * other),
        "euclidean": -length(one - other),
        "manhattan": -sum(abs(one - other)),
    }[similarity]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny") / "model")


@pytest.mark.parametrize("part", all_or([0], range(5)))
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize(("dimension", "order"), CUTS)
def test_every_way_gives_what_numpy_gives(
    tiny: Path, tmp_path: Path, pooling: str, dimension: int, order: str | None, part: int
) -> None:
    start = part + POOLINGS.index(pooling) + CUTS.index((dimension, order))
    ways = list(product(PREFIXES, (True, False), SIMILARITIES))[start % 5 :: 5]
    for (query, document), normalize, similarity in ways:
        facts = {"pooling": pooling, "normalize": normalize, "similarity": similarity, "matryoshka_order": order}
        facts |= {"query_prefix": query, "document_prefix": document}
        encoder = config_of(tmp_path, dimension, encoding=facts).load("onnx", local=tiny)
        queries, documents = encoder.encode_queries(QUERIES, batch_size=2), encoder.encode_documents(DOCUMENTS)
        way = (pooling, normalize, dimension, order)
        expected = (
            [vector(query + text, *way) for text in QUERIES],
            [vector(document + text, *way) for text in DOCUMENTS],
        )
        assert queries.dtype == documents.dtype == np.float32
        np.testing.assert_allclose(queries, expected[0], atol=1e-5)
        np.testing.assert_allclose(documents, expected[1], atol=1e-5)
        scores = [[compared(one, other, similarity) for other in expected[1]] for one in expected[0]]
        np.testing.assert_allclose(encoder.similarity(queries, documents), scores, atol=1e-4)
