"""Records with the files of a lock, and encoders that are nothing but their stamp."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

TEXTS, NUMBERS = 9, 64


class PinnedFile(NamedTuple):
    """A file of a lock."""

    sha256: str
    size: int | None = None
    precision: str | None = None


class Pinned:
    """A record with files from a lock: by name, the sha256 and the precision. `facts` replace those of the record."""

    def __init__(
        self, record: Any, files: Mapping[str, str | tuple[str, str | None]], *, complete: bool = True, **facts: Any
    ) -> None:
        pairs = {name: (one, None) if isinstance(one, str) else one for name, one in files.items()}
        self._record = record
        self.pinned_files = {name: PinnedFile(sha256, 1, precision) for name, (sha256, precision) in pairs.items()}
        self.pins_all_files = complete
        vars(self).update(facts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._record, name)


class Encoder:
    """An encoder with this stamp. `made` counts how often its probe was made."""

    def __init__(self, stamp: dict[str, Any]) -> None:
        self._stamp = stamp
        self.made = 0

    def space(self) -> dict[str, Any]:
        return self._stamp | {"probe": None}

    def stamp(self) -> dict[str, Any]:
        self.made += 1
        return self._stamp


def probe(vectors: Any, norms: Sequence[float] | None = None, tokens: Sequence[int] | None = None) -> dict[str, Any]:
    """A probe with these numbers [texts, numbers]."""
    found: dict[str, Any] = {
        "version": 1,
        "norms": b64encode(np.array([1] * TEXTS if norms is None else norms, "<f4").tobytes()).decode(),
        "numbers": b64encode(np.asarray(vectors, "<f2").tobytes()).decode(),
    }
    return found | ({} if tokens is None else {"tokens": list(tokens)})


def unit_vectors(seed: int = 0, width: int = NUMBERS) -> Any:
    """Random vectors of length 1, one per text of the probe."""
    rows = np.random.default_rng(seed).normal(size=(TEXTS, width))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def turned(vectors: Any, cosine: float, row: int = 3) -> Any:
    """The vectors, one of them turned to another one with this cosine to it."""
    result = np.array(vectors)
    other = np.roll(vectors[row], 1)
    other = other - (other @ vectors[row]) * vectors[row]
    result[row] = cosine * vectors[row] + np.sqrt(1 - cosine**2) * other / np.linalg.norm(other)
    return result


def changed(stamp: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy of a stamp. `document__pooling="cls"` changes a value inside of an object; ids are left as they are."""
    result = deepcopy(dict(stamp))
    for name, value in changes.items():
        *path, last = name.split("__")
        place = result
        for key in path:
            place = place[key]
        place[last] = value
    return result
