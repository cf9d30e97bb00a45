"""Reads stamps that were stored with an index. Whoever writes to the index decides what is in them.

Everything is checked and bounded before it is used: types, lengths, and that all numbers are finite. No other package
is needed, so that an index can be checked where no engine is installed.
"""

from hypiler.stamps.stamp import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROBE_VERSION = 1
"""The version of the probe's texts and signs."""
PROBE_TEXTS = 9
"""The number of texts in the probe."""
PROBE_WIDTH = 64
"""The numbers per text in the probe. A vector of at most so many numbers is stored whole."""
_MAX_TEXT = 20_000
_MAX_ITEMS = 500
_MAX_DEPTH = 4
_LIMIT = 60


class UnusableError(Exception):
    """What is stored cannot be compared. The message is one sentence, fit for a terminal."""


class Probe:
    """The stored vectors of the probe's texts.

    Attributes:
        version: The version of the texts and of the matrix.
        norms: The norm of each text's vector.
        rows: The numbers of each text.
        tokens: The number of token vectors per text, for a multi-vector model; otherwise empty.
    """

    __slots__ = ("norms", "rows", "tokens", "version")

    def __init__(self, version: int, norms: "list[float]", rows: "list[list[float]]", tokens: "list[int]") -> None:
        self.version: int = version
        self.norms: list[float] = norms
        self.rows: list[list[float]] = rows
        self.tokens: list[int] = tokens

    def distance(self, other: "Probe") -> "tuple[float, float]":
        """The largest 1 - cosine between vectors of the same text, and the largest relative difference of norms."""
        if self.tokens != other.tokens or len(self.rows[0]) != len(other.rows[0]):
            return 1.0, 0.0
        distances = [_distance(one, two) for one, two in zip(self.rows, other.rows, strict=True)]
        norms = [
            abs(one - two) / max(one, two) if one != two else 0.0
            for one, two in zip(self.norms, other.norms, strict=True)
        ]
        return max(distances), max(norms)


def _distance(one: "list[float]", other: "list[float]") -> float:
    """1 - cosine. Two vectors of zeros are equal; a vector of zeros is at a right angle to any other vector."""
    from math import sqrt

    lengths = sqrt(_product(one, one) * _product(other, other))
    if not lengths:
        return 0.0 if not any(one) and not any(other) else 1.0
    return max(0.0, 1 - _product(one, other) / lengths)


def _product(one: "list[float]", other: "list[float]") -> float:
    return sum([a * b for a, b in zip(one, other, strict=True)])


class Stamp:
    """A stamp that has been checked. Texts are bounded, and an unknown value is None.

    Attributes:
        space_id: The id of the document side.
        model: The id of the model.
        repository: The repository.
        revision: The commit.
        document: The facts of documents.
        query: The facts of queries.
        weights: The identity of the weights.
        tokenizer: The identity of the tokenizer.
        probe: The probe.
    """

    __slots__ = ("document", "model", "probe", "query", "repository", "revision", "space_id", "tokenizer", "weights")

    def __init__(self, tree: "dict[str, Any]") -> None:
        self.space_id: str | None = _text(tree, "space_id")
        self.model: str | None = _text(tree, "model")
        self.repository: str | None = _text(tree, "repository")
        self.revision: str | None = _text(tree, "revision")
        self.document: dict[str, Any | None] = {"encoder": None, "dimension": None, **_facts(tree, "document")}
        self.query: dict[str, Any] = _facts(tree, "query")
        held = _facts(tree, "bytes")
        self.weights: dict[str, Any] | None = _weights(held)
        self.tokenizer: str | None = _text(held, "tokenizer")
        self.probe: Probe | None = _probe(tree.get("probe"))

    @property
    def precision(self) -> object:
        """The precision of the weights."""
        return self.document.get("precision")


def read_stamp(stored: "Any") -> Stamp:
    """A stored stamp. Raises UnusableError if it is not one, damaged, or of another version."""
    from collections.abc import Mapping
    from itertools import islice

    if not issubclass(type(stored), Mapping):
        raise UnusableError(f"a stamp must be an object, as encoder.stamp() gives it; got {type(stored).__name__[:40]}")
    tree: dict[str, Any] = dict(islice(stored.items(), _MAX_ITEMS))
    version = tree.get("version")
    if "version" not in tree and type(tree.get("space_id")) is str and tree["space_id"].startswith("d1-"):
        raise UnusableError(_OLDER)
    if type(version) is not int or version < 1:
        raise UnusableError(f"a stamp must have the `version` {VERSION}; {_found(tree, 'version')}")
    if version != VERSION:
        raise UnusableError(_OLDER if version < VERSION else _NEWER)
    return Stamp(tree)


_OLDER = "the stored stamp was made by an older version of hypiler; store encoder.stamp() when you index again"
_NEWER = "the stored stamp was made by a newer version of hypiler; update hypiler"
_JSON = "the stored stamp is a text of JSON; pass what json.loads makes of it"
_CUT = "the stored stamp is damaged: it is not JSON; store encoder.stamp() again if you know what made the vectors"


def id_problem(stored: str) -> str | None:
    """Why a stored text cannot be compared as the id of a space; None if it can."""
    import re

    found = re.fullmatch(r"([dq])([0-9]{1,6})-[0-9a-f]{16}", stored) if len(stored) < 30 else None
    if found is None:
        if stored.lstrip()[:1] == "{":
            return _JSON if _is_json(stored) else _CUT
        return f"{shown(stored)} is not the id of a space"
    side, version = found[1], int(found[2])
    if version != VERSION:
        return (_OLDER if version < VERSION else _NEWER).replace("stamp was", "id was")
    if side == "q":
        return f"{stored} is the id of the query side, which does not show which vectors were stored"
    return None


def _is_json(text: str) -> bool:
    from json import loads

    try:
        loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def shown(value: object) -> str:
    """A value of a stored stamp for a message: escaped, on one line, shortened."""
    if type(value) is str and len(value) > _LIMIT:
        return f"{value[:_LIMIT]!r}…"
    text = _json(value) if _is(value, list) or _is(value, dict) else repr(value)
    return text if len(text) <= 4 * _LIMIT else f"{text[: 4 * _LIMIT]}…"


def _json(value: object) -> str:
    from json import dumps

    return dumps(value)


def _facts(tree: "dict[str, Any]", key: str) -> "dict[str, Any]":
    value = tree.get(key)
    if _object(value) is None:
        raise _damaged(key, "an object", value)
    found: dict[str, Any] = _checked(value, key, 0)
    return found


def _checked(value: "Any", name: str, depth: int) -> "Any":
    """The value, copied. Only JSON's types, and only as many and as long as a stamp can have."""
    if value is None or type(value) is bool or _is_short(value) or _is_number(value):
        return value
    items, tree = _list(value), _object(value)
    if items is not None and depth < _MAX_DEPTH and len(items) <= _MAX_ITEMS:
        return [_checked(one, name, depth + 1) for one in items]
    if tree is not None and depth < _MAX_DEPTH and len(tree) <= _MAX_ITEMS and all(map(_is_short, tree)):
        return {key: _checked(one, name, depth + 1) for key, one in tree.items()}
    raise _damaged(name, "made of bounded JSON values", value)


def _is_short(value: object) -> bool:
    return type(value) is str and len(value) <= _MAX_TEXT


def _is_number(value: object) -> bool:
    if type(value) is int:
        return -(1 << 63) <= value < 1 << 63
    return type(value) is float and -1e300 < value < 1e300


def _object(value: "Any") -> "dict[Any, Any] | None":
    return value if _is(value, dict) else None


def _list(value: "Any") -> "list[Any] | None":
    return value if _is(value, list) else None


def _is(value: object, kind: type) -> bool:
    return type(value) is kind


def _text(tree: "dict[str, Any]", key: str) -> str | None:
    value = tree.get(key)
    if value is not None and not _is_short(value):
        raise _damaged(key, "a text or null", value)
    return value


def _weights(held: "dict[str, Any]") -> "dict[str, Any] | None":
    if held.get("weights") is None:
        return None
    weights = _object(held["weights"])
    if weights is None:
        raise _damaged("weights", "an object or null", held["weights"])
    if "commit" in weights:
        if type(weights["commit"]) is not str:
            raise _damaged("commit", "a text", weights["commit"])
        return {"commit": weights["commit"], "variant": _text(weights, "variant")}
    listed = weights.get("listed")
    if listed is not None and type(listed) is not bool:
        raise _damaged("listed", "true, false or null", listed)
    return {"listed": listed, **{name: _text(weights, name) for name in ("sha256", "model", "precision")}}


def _probe(held: "Any") -> Probe | None:
    if held is None:
        return None
    tree = _object(held) or {}
    if type(tree.get("version")) is not int:
        raise _damaged("probe", "an object with a `version`, or null", held)
    if tree["version"] != PROBE_VERSION:
        return Probe(tree["version"], [], [], [])
    norms, numbers = _numbers(tree, "norms", "f", 4), _numbers(tree, "numbers", "e", 2)
    width = len(numbers) // PROBE_TEXTS
    if len(norms) != PROBE_TEXTS or not 1 <= width <= PROBE_WIDTH or len(numbers) != width * PROBE_TEXTS:
        raise _damaged("probe", f"of {PROBE_TEXTS} texts", None)
    if min(norms) < 0:
        raise _damaged("norms", "at least 0", None)
    rows = [numbers[start : start + width] for start in range(0, len(numbers), width)]
    return Probe(PROBE_VERSION, norms, rows, _tokens(tree.get("tokens")))


def _tokens(held: "Any") -> list[int]:
    tokens = [] if held is None else _list(held)
    if tokens is None or len(tokens) not in (0, PROBE_TEXTS) or not all(type(one) is int for one in tokens):
        raise _damaged("tokens", f"{PROBE_TEXTS} integers", held)
    return [min(max(one, 0), 1 << 40) for one in tokens]


def _numbers(tree: "dict[str, Any]", key: str, form: str, size: int) -> "list[float]":
    """Little-endian floats in base64. `form` is their letter in `struct`, and `size` their bytes."""
    from base64 import b64decode
    from math import isfinite
    from struct import unpack

    text = tree.get(key)
    if type(text) is not str or len(text) > _MAX_TEXT:
        raise _damaged(key, "a text in base64", text)
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise _damaged(key, "a text in base64", text) from None
    if len(data) % size:
        raise _damaged(key, f"numbers of {size} bytes", text)
    numbers = [*unpack(f"<{len(data) // size}{form}", data)]
    if not all(map(isfinite, numbers)):
        raise _damaged(key, "finite numbers", text)
    return numbers


def _damaged(name: str, form: str, value: object) -> UnusableError:
    found = "" if value is None else f"; got {type(value).__name__[:40]}"
    return UnusableError(f"the stored stamp is damaged: `{name}` must be {form}{found}")


def _found(tree: "dict[str, Any]", key: str) -> str:
    return f"got {type(tree[key]).__name__[:40]} there" if key in tree else "it is missing"
