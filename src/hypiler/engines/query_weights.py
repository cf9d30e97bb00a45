"""The fixed weights of the tokens of queries, for sparse models whose queries are not run through the network.

`idf.json` is an object of weights by token. `query_token_weights.txt` has a token, a tab and its weight on each line.
sentence-transformers saves the weights by the number of the token, as the tensor `weight` of a safetensors file.
"""

import json

import numpy as np

from hypiler.engines.dense_layers import tensors
from hypiler.engines.errors import EngineError, MismatchError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from hypiler.engines.contract import Contract
    from hypiler.engines.encoders import Floats
    from hypiler.engines.layout import ModelFolder


def read_query_weights(
    contract: "Contract", layout: "ModelFolder", token_to_id: "Callable[[str], int | None]"
) -> "Floats":
    """The weight of each token of the vocabulary, float32 [embedding_dim]. Tokens that the file does not name have 0.

    Raises EngineError for a file that is missing or not of this form, and MismatchError for one of another vocabulary.
    """
    path = layout.folder / contract.query_weights
    if not path.is_file():
        raise EngineError(f"the weights of the tokens of queries of `{contract.id}` are missing: {path}")
    try:
        data = layout.files.read(contract.query_weights)
        if path.suffix == ".safetensors":
            found = _tensor(data)
        else:
            pairs = _lines(data.decode()) if path.suffix == ".txt" else json.loads(data).items()
            found = _by_id(pairs, token_to_id, contract.embedding_dim)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise EngineError(f"{path} cannot be used as weights of the tokens of queries: {error}") from error
    if found.shape != (contract.embedding_dim,) or not np.isfinite(found).all():
        raise MismatchError(
            f"{path} must have {contract.embedding_dim} finite weights, one for each token of `{contract.id}`; it has"
            f" {' x '.join(map(str, found.shape))}"
        )
    return found


def _tensor(data: bytes) -> "Floats":
    return np.asarray(tensors(data)["weight"], np.float32)


def _lines(text: str) -> "Iterable[tuple[str, Any]]":
    for line in text.splitlines():
        if line.strip():
            token, _, weight = line.rpartition("\t")
            yield token, weight


def _by_id(pairs: "Iterable[tuple[str, Any]]", token_to_id: "Callable[[str], int | None]", size: int) -> "Floats":
    weights = np.zeros(size, np.float32)
    for token, weight in pairs:
        number = token_to_id(token)
        if number is not None and number < size:
            weights[number] = float(weight)
    return weights
