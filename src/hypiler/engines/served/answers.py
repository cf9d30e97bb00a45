# pyright: basic, reportMissingImports=false
"""Reads answers of servers, which may be anything: each one is checked before its numbers are used."""

import json
from base64 import b64decode

import numpy as np

from hypiler.engines.errors import MismatchError, RowError, ServerError
from hypiler.model_files.json_files import mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


# More tokens than any text has.
_UNKNOWN = 1 << 60
# Where servers write what is wrong.
_MESSAGES = ("error", "message", "detail", "msg")


def read_vectors(answer: "Any", texts: int, place: str) -> "Floats":
    """The vectors of an answer in the order of the texts, float32 [texts, width].

    Args:
        answer: The answer, as JSON types.
        texts: How many texts were sent.
        place: The server, for messages.

    Raises ServerError for an answer that has another number of vectors, or none, and RowError for a text whose vector
    has numbers that are NaN or infinite.
    """
    data = _objects(mapping(answer).get("data"))
    if data is None:
        said = _said(answer)
        raise _unexpected(place, f"it has no list `data`{f', and says: {said}' if said else ''}")
    if len(data) != texts:
        raise _unexpected(place, f"it has {len(data)} vectors for {texts} text{'s' * (texts != 1)}")
    ordered = _ordered(data, place)
    rows = [_numbers(one.get("embedding"), place) for one in ordered]
    if len({row.shape for row in rows}) > 1:
        raise _unexpected(place, "its vectors have different widths")
    found = np.stack(rows)
    if not bool(np.isfinite(found).all()):
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise RowError(row, f"{place} gives numbers that are NaN or infinite")
    return found


def _objects(value: "Any") -> "list[dict[str, Any]] | None":
    """A list of objects; None if the value is anything else."""
    entries: list[Any] = value if type(value) is list else []
    fits = type(value) is list and all(type(one) is dict for one in entries)
    return entries if fits else None


def _ordered(data: "list[Any]", place: str) -> "list[Any]":
    """The entries by their `index`, which servers may send in any order."""
    places = [one.get("index") for one in data]
    if all(number is None for number in places):
        return data
    if any(type(number) is not int for number in places) or sorted(places) != [*range(len(data))]:
        raise _unexpected(place, f"its `index` must be each number from 0 to {len(data) - 1}")
    return sorted(data, key=lambda one: one["index"])


def _numbers(held: "Any", place: str) -> "Floats":
    """A vector as it is sent: a list of numbers, or the bytes of float32 in base64."""
    try:
        if isinstance(held, str):
            return np.frombuffer(b64decode(held, validate=True), "<f4").astype(np.float32, copy=False)
        found = np.array(held)
    except (ValueError, TypeError):
        raise _unexpected(place, "a vector is neither a list of numbers nor base64") from None
    if found.ndim != 1 or found.dtype.kind not in "iuf":
        raise _unexpected(place, "a vector is neither a list of numbers nor base64")
    # A number that float32 cannot hold becomes infinite, which is refused.
    with np.errstate(over="ignore"):
        return found.astype(np.float32)


def _unexpected(place: str, what: str) -> ServerError:
    return ServerError(f"unexpected response from {place}: {what}")


def check_model(
    answer: "Any", asked: str, expected: "Collection[str]", place: str, without_secrets: "Callable[[str], str]"
) -> str | None:
    """The name of the model that answered; None if the answer does not say it.

    Raises MismatchError if it is none of the expected names: some servers answer any name with the model they have.
    """
    found = mapping(answer).get("model")
    if not isinstance(found, str) or not found:
        return None
    if found not in expected:
        found = without_secrets(found)
        raise MismatchError(
            f"{place} was asked for the model {asked!r}, and {found!r} answered: pass model={found!r} if it is the"
            f" same, or answered_model={found!r} if it must be asked by the other name"
        )
    return found


def check_answered_width(vectors: "Floats", width: int, wanted: str, place: str) -> None:
    """Raise MismatchError if vectors are not as wide as wanted. `wanted` says who wants this width, for the message."""
    found = vectors.shape[1]
    if found != width:
        raise MismatchError(f"{wanted}, and {place} gives vectors of {found}: it runs another model")


def tokens_read(answer: "Any", texts: "Sequence[str]") -> int:
    """How many tokens the server read of the texts, after it truncated them; a large number if it does not say.

    TEI, Ollama, llama.cpp and vLLM count tokens. infinity counts characters, and a gateway may say 0.
    """
    usage = mapping(mapping(answer).get("usage"))
    found: Any = usage.get("prompt_tokens")
    counts = type(found) is int and found > 0 and found != sum(len(text.strip()) for text in texts)
    return int(found) if counts else _UNKNOWN


def error_text(data: bytes) -> str:
    """What the body of an error says; empty if it says nothing. No text of the request is repeated."""
    try:
        return _said(json.loads(data))
    except (ValueError, RecursionError):
        return ""


def _said(value: "Any", depth: int = 3) -> str:
    """The first message in an answer. FastAPI has it in a list of objects, and OpenAI in an object below `error`."""
    if isinstance(value, str) or not depth:
        return value if isinstance(value, str) else ""
    entries: list[Any] = value if type(value) is list else [mapping(value).get(key) for key in _MESSAGES]
    return next((found for one in entries if one and (found := _said(one, depth - 1))), "")
