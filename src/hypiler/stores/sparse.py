"""A sparse vector as each store writes it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Weights = Iterable[tuple[int, float]]


def as_postgres_text(weights: "Weights", dimension: int) -> str:
    """`{1:0.5,4:2.0}/30522`: the first token has the index 1."""
    return "{" + ",".join([f"{token + 1}:{weight!r}" for token, weight in weights]) + f"}}/{dimension}"


def as_lists(weights: "Weights", dimension: int) -> "dict[str, list[Any]]":
    """`{"indices": [0, 3], "values": [0.5, 2.0]}`."""
    held = [*weights]
    return {"indices": [token for token, _ in held], "values": [weight for _, weight in held]}


def as_mapping(weights: "Weights", dimension: int) -> "dict[int, float]":
    """`{0: 0.5, 3: 2.0}`."""
    return dict(weights)


def as_named_features(weights: "Weights", dimension: int) -> "dict[str, float]":
    """`{"0": 0.5, "3": 2.0}`: the key of a token is its index as a text."""
    return {str(token): weight for token, weight in weights}
