"""Puts what a table says into the terms of models.json: units, identifiers of SPDX, language codes, usual words."""

import math
import re
from collections.abc import Callable
from typing import Any

from hypiler.lifecycle.importing.comparison import languages_of, license_at
from hypiler.lifecycle.importing.shapes import is_list, is_mapping
from hypiler.schema.fields import FIELDS
from hypiler.schema.language_names import LANGUAGE_NAMES
from hypiler.schema.license_expressions import license_named, respelled, unknown_words
from hypiler.schema.parameter_counts import parameters_text
from hypiler.schema.types import Flag, Integer, Score, String
from hypiler.schema.vocabulary import LANGUAGE_SLIPS, POOLINGS

BY_PATH = {field.name: field for field in FIELDS}
_NOTHING = frozenset({"", "-", "–", "?", "n/a", "na", "nan", "none", "null", "unknown", "tbd"})
_NAMED = {**LANGUAGE_NAMES, **LANGUAGE_SLIPS}
_NUMBER = re.compile(
    r"(\d[\d,_ ']*)(\.\d+)?\s*([kKmMbB]?)"
    r"\s*(?:-?d|(?:tokens?|dim(?:ension)?s?|param(?:eter)?s?|positions?|layers?)\.?)?"
)
_PARAMETERS = re.compile(r"((?:[1-9]\d{0,3}x)?\d{1,6}(?:\.\d{1,4})?)\s*([KMBTkmbt])(?:\s*param(?:eter)?s?)?")
_TIMES = {"": 1, "k": 1000, "m": 10**6, "b": 10**9}
_MOST = 2**53 - 1
_COMMIT = re.compile(r"[0-9a-f]{40}")


class NotCarried(Exception):
    """Why a fact of a table does not become a fact of models.json."""


def convert(path: str, value: Any) -> Any:
    """The value of a field as models.json writes it. Raises NotCarried, with the reason."""
    special = _SPECIAL.get(path)
    if special is not None:
        return special(value)
    field = BY_PATH.get(path)
    if path.startswith("extra."):
        return _own_fact(value)
    if field is None:
        raise NotCarried(_WORDS.get(path, "no field means this"))
    if isinstance(field.type, Integer):
        return whole_number(value)
    if isinstance(field.type, Flag):
        return _flag(value)
    if isinstance(field.type, Score):
        return _score(value)
    if isinstance(field.type, String) and not isinstance(value, str):
        raise NotCarried("it is no text")
    return value


def _own_fact(value: Any) -> Any:
    """A fact of one's own: a scalar. Text that is a number is one, since a CSV file has no numbers."""
    if not isinstance(value, str | int | float | bool):
        raise NotCarried("it is no text, number or flag")
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return value
    if not math.isfinite(number):
        return value
    return int(number) if str(value).strip().lstrip("+-").isdecimal() and abs(number) <= _MOST else number


def is_nothing(value: Any) -> bool:
    """Whether a cell says that nothing is known: empty, `n/a`, `?`."""
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def whole_number(value: Any) -> int:
    """`512`, `512.0`, `"512 tokens"` and `"8,192"` as a number. Raises NotCarried for any other value.

    Zero stands for an unknown number in every table that was seen. `8k` and `~8000` are rounded, so they are no fact.
    """
    return _whole(_written(value, units=False) if isinstance(value, str) else value)


def _whole(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise NotCarried("it is no number, or a rounded one")
    if not 0 < number <= _MOST:
        raise NotCarried(_unusable(number))
    if number != int(number):
        raise NotCarried("it is no whole number")
    return int(number)


def _unusable(number: float) -> str:
    if number == 0:
        return "zero stands for an unknown number"
    return "it says that there is no limit" if number == math.inf else "it is no number that a model can have"


def _written(text: str, *, units: bool) -> float | None:
    """The number that a text writes; None if it writes none, or several, or one of something else, such as `500 MB`.

    Args:
        text: The cell of a table.
        units: Whether the number can have K, M or B: then it is rounded.
    """
    text = text.strip()
    if re.fullmatch(r"\d{1,18}(?:\.\d{1,18})?[eE]\+?\d{1,2}", text):
        return float(text)
    found = _NUMBER.fullmatch(text)
    if found is None or (found[3] and not units):
        return None
    digits = re.sub(r"\D", "", found[1])
    return float(digits[:20] + (found[2] or "")) * _TIMES[found[3].lower()] if len(digits) <= 20 else None


def _flag(value: Any) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    found = words.get(str(value).strip().lower())
    if found is None:
        raise NotCarried("it is neither true nor false")
    return found


def _score(value: Any) -> float:
    try:
        number = float(value.strip().removesuffix("%") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        raise NotCarried("it is no number") from None
    if number == 0:
        raise NotCarried("zero stands for an unknown score")
    number = round(number / 100, 6) if 1 < number <= 100 else number
    if not 0 < number <= 1:
        raise NotCarried("a score is a fraction in 0..1")
    return number


def _license(value: Any) -> str:
    text = str(value).strip()
    found = license_at(text) if text.startswith("http") else license_named(text)
    if found is None and (text.startswith("http") or any(True for _ in unknown_words(text))):
        raise NotCarried("it names no licence of SPDX; terms that SPDX does not list are `LicenseRef-NAME`")
    return found or respelled(text)


def _languages(value: Any) -> list[str]:
    tags = re.split(r"[,;|/\s]+", value) if isinstance(value, str) else value
    if not is_list(tags) or not all(isinstance(one, str) for one in tags):
        raise NotCarried("it is no list of language codes")
    try:
        found = sorted(languages_of([_NAMED.get(one.lower(), one) for one in tags if one]))
    except ValueError as error:
        raise NotCarried(str(error)) from None
    if not found:
        raise NotCarried("it names no human language")
    return found


def _parameters(value: Any) -> str:
    """A count as models.json writes it. `0.6B` is kept as it is: `600M` would claim to be more exact."""
    if not isinstance(value, str):
        return parameters_text(_whole(value))
    written = _PARAMETERS.fullmatch(value.strip())
    return written[1] + written[2].upper() if written else parameters_text(_whole(_written(value, units=True)))


_SIMILARITIES = {
    "cosine": "cosine",
    "cos": "cosine",
    "cosine_similarity": "cosine",
    "cos_sim": "cosine",
    "dot": "dot",
    "dot_product": "dot",
    "dotproduct": "dot",
    "dot_score": "dot",
    "ip": "dot",
    "inner_product": "dot",
    "max_sim": "max_sim",
    "maxsim": "max_sim",
    "euclidean": "euclidean",
    "euclid": "euclidean",
    "l2": "euclidean",
    "manhattan": "manhattan",
    "l1": "manhattan",
}
_POOLINGS = {
    "average": "mean",
    "avg": "mean",
    "mean_pooling": "mean",
    "cls_token": "cls",
    "cls_pooling": "cls",
    "last": "last_token",
    "lasttoken": "last_token",
    "eos": "last_token",
    "weightedmean": "weighted_mean",
}
_TYPES = {"late-interaction": "colbert", "cross-encoder": "reranker", "timeseries": "time-series"}
_INPUTS = {"vision": "image", "images": "image", "timeseries": "time-series", "speech": "audio"}


def _similarity(value: Any) -> str:
    word = re.sub(r"[\s-]+", "_", str(value).strip().lower())
    if word not in _SIMILARITIES:
        raise NotCarried("no similarity of models.json has this name")
    return _SIMILARITIES[word]


def _pooling(value: Any) -> str:
    word = re.sub(r"[\s-]+", "_", str(value).strip().lower()).removeprefix("pooling_mode_").removesuffix("_tokens")
    found = _POOLINGS.get(word, word)
    if found not in POOLINGS:
        raise NotCarried("no pooling of models.json has this name")
    return found


def _type(value: Any) -> str:
    words = [value] if isinstance(value, str) else value
    if not is_list(words) or len(words) != 1 or not isinstance(words[0], str):
        raise NotCarried("a model with several kinds of vectors describes each of them in `outputs`")
    word = re.sub(r"[\s_]+", "-", words[0].strip().lower())
    return _TYPES.get(word, word)


def _modalities(value: Any) -> list[str]:
    found: Any = re.split(r"[,;|&+/\s]+", value) if isinstance(value, str) else value
    if not is_list(found) or not all(isinstance(one, str) for one in found):
        raise NotCarried("it is no list of words")
    words: list[str] = found
    return list(dict.fromkeys(_INPUTS.get(word, word) for word in words))


def _widths(value: Any) -> list[int]:
    parts = re.findall(r"\d+", value) if isinstance(value, str) else value
    if not is_list(parts):
        raise NotCarried("it is no list of widths")
    found = sorted({whole_number(one) for one in parts})
    if len(found) < 2:
        raise NotCarried("one width is `specs.embedding_dim`")
    return found


def _prefix(value: Any) -> str:
    if not isinstance(value, str):
        raise NotCarried("it is no text")
    text = re.sub(r"\{(?:text|query|content|document|passage|sentence|input)?\}$", "", value)
    if "{" in text or "}" in text:
        raise NotCarried("it is a template, and not the exact text before the input")
    return text


def _base_model(value: Any) -> str:
    if not isinstance(value, str):
        raise NotCarried("it is no single repository")
    return value.removeprefix("https://huggingface.co/").strip("/")


def _revision(value: Any) -> str:
    raise NotCarried("it is the commit that the table runs, and facts were not read there: see `hypiler pin`")


def _sources(value: Any) -> str:
    raise NotCarried("the source of each fact is its place in the table")


def _own_facts(value: Any) -> dict[str, Any]:
    if not is_mapping(value):
        raise NotCarried("it is no object with facts of your own")
    return {**value}


def _date(value: Any) -> str:
    found = re.match(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", str(value))
    if found is None:
        raise NotCarried("it is no year, month or day")
    return found[0]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise NotCarried("it is no text")
    return value.strip()


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "type": _type,
    "license": _license,
    "capabilities.languages": _languages,
    "capabilities.modalities": _modalities,
    "specs.parameters": _parameters,
    "encoding.similarity": _similarity,
    "encoding.pooling": _pooling,
    "encoding.query_prefix": _prefix,
    "encoding.document_prefix": _prefix,
    "architecture.matryoshka_dims": _widths,
    "dependencies.base_model": _base_model,
    "revision": _revision,
    "sources": _sources,
    "extra": _own_facts,
    "release_date": _date,
    "name": _text,
    "organization": _text,
}
_WORDS = {
    "prefixes": "it says whether there are prefixes, and not which",
    "token table": "it follows from the vocabulary and the hidden width, of which the table states neither",
    "image input": "it says that images can be embedded, and not what else",
    "size_in_GB": "it is rounded: `size_bytes` of a variant is exact",
    "memory_usage_mb": "it is an estimate; `specs.parameters` says how large the model is",
    "specs.embedding_dim.matryoshka.min": "it is the first of `architecture.matryoshka_dims`",
    "specs.embedding_dim.matryoshka.max": "it is the last of `architecture.matryoshka_dims`",
    "specs.embedding_dim.matryoshka.strategy": "it says where the Rust code cuts, and nothing of the model",
    "superseded_by": "a successor is no reason to write `deprecated`; decide it yourself",
    "input_cost_per_token": "a price is no fact about a model",
    "input_cost_per_query": "a price is no fact about a model",
}
