"""Pooling: from one vector per token to one vector per text, by the words of `encoding.pooling`, in numpy."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float32]
    Mask: TypeAlias = NDArray[np.int64]


def pool(tokens: "Floats", mask: "Mask", pooling: str) -> "Floats":
    """Pool token vectors: float32 [texts, dim] from [texts, tokens, dim]. A text without tokens gives zeros.

    `mask` [texts, tokens] is 1 for tokens and 0 for padding, which must follow the tokens. `pooling` is a word of
    POOLINGS, or several ones joined by `+`, whose vectors are concatenated.
    """
    import numpy as np

    parts = [POOLINGS[word](tokens, mask) for word in pooling.split("+")]
    vectors = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    result: Floats = np.where(mask.any(axis=1, keepdims=True), vectors, np.float32(0))
    return result


def _cls(tokens: "Floats", mask: "Mask") -> "Floats":
    return tokens[:, 0]


def _last_token(tokens: "Floats", mask: "Mask") -> "Floats":
    import numpy as np

    result: Floats = tokens[np.arange(len(tokens)), np.maximum(mask.sum(axis=1) - 1, 0)]
    return result


def _max(tokens: "Floats", mask: "Mask") -> "Floats":
    import numpy as np

    result: Floats = np.max(tokens, axis=1, where=mask[..., None] > 0, initial=-np.inf)
    return result


def _sum(tokens: "Floats", weights: "Any") -> "Floats":
    import numpy as np

    result: Floats = np.einsum("btd,bt->bd", tokens, weights.astype(tokens.dtype), optimize=True)
    return result


def _mean(tokens: "Floats", mask: "Mask") -> "Floats":
    return _sum(tokens, mask) / _count(mask)


def _mean_sqrt_len(tokens: "Floats", mask: "Mask") -> "Floats":
    import numpy as np

    roots: Floats = np.sqrt(_count(mask))
    return _sum(tokens, mask) / roots


def _weighted_mean(tokens: "Floats", mask: "Mask") -> "Floats":
    """A mean in which later tokens have more weight: the first 1, the second 2, and so on."""
    weights = mask.cumsum(axis=1) * mask
    return _sum(tokens, weights) / _count(weights)


def _count(weights: "Any") -> "Floats":
    import numpy as np

    # A text without tokens must not divide by 0.
    result: Floats = np.maximum(weights.sum(axis=1, keepdims=True), 1).astype(np.float32)
    return result


POOLINGS: "dict[str, Callable[[Floats, Mask], Floats]]" = {
    "cls": _cls,
    "mean": _mean,
    "max": _max,
    "last_token": _last_token,
    "mean_sqrt_len": _mean_sqrt_len,
    "weighted_mean": _weighted_mean,
}
