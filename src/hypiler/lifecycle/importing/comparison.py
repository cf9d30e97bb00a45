"""How a statement of another table is compared with a fact of ours: which facts are the same, and when two agree.

A table often means something else by a word. What it means is put into the terms of our fields here, and no further: a
value that then differs is a disagreement, whatever the reason is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypiler.schema.language_tags import broader_tags, read_tag
from hypiler.schema.model import Model
from hypiler.schema.parameter_counts import parameter_count, parameters_agree


@dataclass(frozen=True)
class Fact:
    """A fact that peers state as well.

    Attributes:
        title: What the page calls it.
        path: The field whose source is shown, if a model states one.
        ours: Our value, or None if the model does not state it.
        agree: Whether our value and the peer's say the same.
        texts: Our value and the peer's as the page shows them.
        important: Whether every disagreement must be decided.
    """

    title: str
    path: str
    ours: Callable[[Model], Any]
    agree: Callable[[Any, Any], bool]
    texts: Callable[[Any, Any], tuple[str, str]] = lambda ours, theirs: (_text(ours), _text(theirs))
    important: bool = False


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return repr(value) if value != value.strip() or not value or "\n" in value else value
    if isinstance(value, list | tuple | set | frozenset):
        items: list[Any] = [*value]
        return ", ".join(map(str, items)) or "none"
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:g}" if isinstance(value, float) and not value.is_integer() else f"{value:.0f}"


_OF_TYPE = {"colbert": "late-interaction", "reranker": "cross-encoder", "sparse": "sparse"}
_OF_OUTPUT = {"multi-vector": "late-interaction"}


def _types(model: Model) -> set[str]:
    """What a model can be in the words of mteb: one type per output."""
    if model.outputs:
        return {_OF_OUTPUT.get(output.type, output.type) for output in model.outputs}
    return {"late-interaction" if model.multi_vector else _OF_TYPE.get(str(model.model_type), "dense")}


def _has_types(ours: set[str], theirs: Any) -> bool:
    """Whether all types of a peer are ours: a peer lists the outputs that it can use."""
    return set(theirs) <= ours


def _rounded(ours: float, theirs: float) -> bool:
    """Whether the peer's number is ours, rounded to thousands or more: 109_000_000 for 109,482,240."""
    count = int(theirs)
    step = 10 ** (len(str(count)) - len(str(count).rstrip("0")))
    return ours == count or (step >= 1000 and abs(ours - count) <= step / 2)


def _same_parameters(ours: str, theirs: float) -> bool:
    """Whether one count is the other, rounded."""
    return parameters_agree(ours, int(theirs)) or _rounded(parameter_count(ours), theirs)


# Languages that peers write with the code of one language where others write that of its macrolanguage.
_MACRO = {
    "arb": "ar",
    "cmn": "zh",
    "pes": "fa",
    "zsm": "ms",
    "swh": "sw",
    "lvs": "lv",
    "ekk": "et",
    "als": "sq",
    "npi": "ne",
    "ory": "or",
    "khk": "mn",
    "uzn": "uz",
    "azj": "az",
    "plt": "mg",
    "ydd": "yi",
    "pbt": "ps",
    "gaz": "om",
    "kmr": "ku",
    "fil": "tl",
    "knc": "kr",
    "nno": "no",
    "nob": "no",
    "iw": "he",
    "gug": "gn",
}


def languages_of(tags: Any) -> frozenset[str]:
    """The languages of tags, without script and region. Programming languages (`python-Code`) are none."""
    read = [read_tag(_MACRO.get(tag.partition("-")[0], tag)) for tag in tags if not tag.endswith("-Code")]
    return frozenset(broader_tags(tag.partition("-")[0])[-1] for tag in read)


def _same_languages(ours: Any, theirs: Any) -> bool:
    """Whether they are the same, or one says only that there are many and the other lists several."""
    here, there = languages_of(ours), languages_of(theirs)
    return here == there or ("mul" in here and len(there) > 1) or ("mul" in there and len(here) > 1)


def _language_texts(ours: Any, theirs: Any) -> tuple[str, str]:
    here, there = languages_of(ours), languages_of(theirs)
    return _besides(here, there), _besides(there, here)


def _besides(languages: frozenset[str], others: frozenset[str]) -> str:
    only = sorted(languages - others)
    if not languages & others:
        return _text(only)
    return f"{len(languages)} language{'s' * (len(languages) != 1)}" + (f", among them {_text(only)}" if only else "")


# The addresses of licences that have no identifier of SPDX.
_LICENSES = {
    "LicenseRef-Amazon": ["https://aws.amazon.com/service-terms/"],
    "LicenseRef-customized-nscl-v1": ["https://huggingface.co/nvidia/llama-embed-nemotron-8b/blob/main/license"],
    "LicenseRef-Gemma": ["https://ai.google.dev/gemma/terms"],
    "LicenseRef-LFM-1.0": ["https://huggingface.co/liquidai/lfm2-colbert-350m/blob/main/license"],
    "LicenseRef-M3E": ["https://huggingface.co/moka-ai/m3e-base#%f0%9f%93%9c-license"],
}


def license_at(address: str) -> str | None:
    """The licence, in words of SPDX, whose terms are at an address; None if that is not known."""
    return next((name for name, found in _LICENSES.items() if address.lower() in found), None)


def _same_license(ours: str, theirs: str) -> bool:
    """Whether they name one licence, in whatever case; `LicenseRef-` is only ours."""
    here, there = ours.lower(), theirs.lower()
    return here in (there, f"licenseref-{there}") or here == (license_at(there) or "-").lower()


def _same_date(ours: str, theirs: str) -> bool:
    length = min(len(ours), len(theirs))
    return ours[:length] == theirs[:length]


_SIMILARITIES = {"COSINE": "cosine", "DOT_PRODUCT": "dot", "MAX_SIM": "max_sim", "MaxSim": "max_sim"}


def _same_similarity(ours: str, theirs: str) -> bool:
    return ours == _SIMILARITIES.get(theirs, theirs.lower())


def _same_prefix(ours: tuple[str | None, ...], theirs: str) -> bool:
    """Whether one of our texts is the peer's, whose template may have a place for the instruction and for the text."""
    start = theirs.removesuffix("{text}").removesuffix("{query}")
    for hole in ("{instruction}", "{task_description}", "{task}"):
        before, found, after = start.partition(hole)
        if found:
            return any(one is not None and one.startswith(before) and one.endswith(after) for one in ours)
    return start in ours


def _prefix(*names: str) -> Callable[[Model], Any]:
    """Our prefix, and the task that stands instead of it: mteb calls both a prompt. None if neither is stated."""

    def ours(model: Model) -> Any:
        found = tuple(getattr(model, name) for name in names)
        return None if found == (None,) * len(names) else found

    return ours


def _prefix_texts(ours: tuple[str | None, ...], theirs: str) -> tuple[str, str]:
    return _text(next(one for one in ours if one is not None)), _text(theirs)


def _has_prefixes(model: Model) -> bool | None:
    """Whether texts get a prefix or the model is told a task."""
    names = ("query_prefix", "document_prefix", "query_task", "document_task")
    found = [getattr(model, name) for name in names]
    return None if found == [None] * len(names) and not model.prompts else any(found) or bool(model.prompts)


def _dims(model: Model) -> Any:
    if model.matryoshka_min is not None:
        return range(model.matryoshka_min, (model.matryoshka_max or 0) + 1)
    return model.matryoshka_dims or (model.embedding_dim,)


def _same_dims(ours: Any, theirs: Any) -> bool:
    return set(theirs) <= set(ours) if isinstance(ours, range) else set(ours) == set(theirs)


def _dims_texts(ours: Any, theirs: Any) -> tuple[str, str]:
    here = f"{ours.start} to {ours.stop - 1}" if isinstance(ours, range) else _text(ours)
    return here, _text(sorted(theirs, key=_numbers_first))


def _numbers_first(value: Any) -> tuple[float, str]:
    """A key that sorts numbers by their value, and anything else behind them."""
    return (value, "") if isinstance(value, int | float) else (math.inf, str(value))


def _token_table(model: Model) -> int | None:
    """The parameters of the table of token vectors: vocabulary times hidden width."""
    return model.vocab_size * model.hidden_dim if model.vocab_size and model.hidden_dim else None


def _same(ours: Any, theirs: Any) -> bool:
    return bool(ours == theirs)


def _same_set(ours: Any, theirs: Any) -> bool:
    return set(ours) == set(theirs)


def _same_name(ours: str, theirs: str) -> bool:
    return ours.lower() == theirs.lower().removeprefix("https://huggingface.co/")


def _sorted_texts(ours: Any, theirs: Any) -> tuple[str, str]:
    return _text(sorted(ours)), _text(sorted(theirs, key=str))


FACTS = {
    "specs.embedding_dim": Fact("dimension", "specs.embedding_dim", lambda m: m.embedding_dim, _same, important=True),
    "architecture.matryoshka_dims": Fact(
        "widths", "architecture.matryoshka_dims", _dims, _same_dims, _dims_texts, important=True
    ),
    "encoding.pooling": Fact("pooling", "encoding.pooling", lambda m: m.pooling, _same, important=True),
    "license": Fact("licence", "license", lambda m: m.license, _same_license, important=True),
    "specs.context_length": Fact("context", "specs.context_length", lambda m: m.context_length, _same, important=True),
    "prefixes": Fact("any prefixes", "encoding.query_prefix", _has_prefixes, _same, important=True),
    "encoding.query_prefix": Fact(
        "query prefix",
        "encoding.query_prefix",
        _prefix("query_prefix", "query_task"),
        _same_prefix,
        _prefix_texts,
        important=True,
    ),
    "encoding.document_prefix": Fact(
        "document prefix",
        "encoding.document_prefix",
        _prefix("document_prefix", "document_task"),
        _same_prefix,
        _prefix_texts,
        important=True,
    ),
    "encoding.query_marker": Fact(
        "query marker",
        "encoding.query_marker",
        _prefix("query_marker", "query_prefix"),
        _same_prefix,
        _prefix_texts,
        important=True,
    ),
    "encoding.normalize": Fact("normalization", "encoding.normalize", lambda m: m.normalize, _same),
    "encoding.similarity": Fact("similarity", "encoding.similarity", lambda m: m.similarity, _same_similarity),
    "type": Fact("type", "type", _types, _has_types, _sorted_texts),
    "specs.parameters": Fact("parameters", "specs.parameters", lambda m: m.parameters, _same_parameters),
    "token table": Fact("token table", "specs.vocab_size", _token_table, _rounded),
    "specs.vocab_size": Fact("vocabulary", "specs.vocab_size", lambda m: m.vocab_size, _same),
    "capabilities.languages": Fact(
        "languages", "capabilities.languages", lambda m: m.languages or None, _same_languages, _language_texts
    ),
    "capabilities.modalities": Fact(
        "modalities", "capabilities.modalities", lambda m: m.modalities or None, _same_set, _sorted_texts
    ),
    "image input": Fact(
        "image input", "capabilities.modalities", lambda m: "image" in m.modalities if m.modalities else None, _same
    ),
    "release_date": Fact("release date", "release_date", lambda m: m.release_date, _same_date),
    "revision": Fact("revision", "revision", lambda m: m.revision, _same_date),
    "dependencies.base_model": Fact("base model", "dependencies.base_model", lambda m: m.base_model, _same_name),
}
"""The facts by the fields of `Statement`, in the order of the page."""
