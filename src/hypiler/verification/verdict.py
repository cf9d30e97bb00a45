"""Whether what a registry says of a model is what the model's own files say."""

import re
from dataclasses import dataclass

from hypiler.model_files.json_files import mapping
from hypiler.schema.fields import FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from hypiler.model_files.facts import FileFact

AGREES = "agrees"
DIFFERS = "differs"
UNKNOWN = "unknown"
"""The files could say it, and do not."""
CLAIMED = "claimed"
"""Only a publication could say it."""
STATES = (AGREES, DIFFERS, UNKNOWN, CLAIMED)

# These name the model or the place where facts are read; they are no facts about it.
_NO_FACTS = {"id", "huggingface_id", "revision", "sources", "deprecated", "aliases", "extra"}
# No file that a model consists of says these. What a model card says of scores is a publication.
_PUBLISHED = {
    "name",
    "organization",
    "release_date",
    "architecture.variant",
    "description",
    "performance.beir_avg",
    "performance.ms_marco_mrr10",
    "performance.beir_datasets",
    "encoding.matryoshka_order",
    "encoding.precisions",
    "dependencies.tokenizer_model",
    "dependencies.requires_projection",
    "dependencies.packages",
    "performance_hints.batch_size_optimal",
    "performance_hints.memory_mb_per_batch",
    "performance_hints.gpu_recommended",
}
FACTS = tuple([field for field in FIELDS if field.name not in _NO_FACTS])
"""The fields whose values are facts about a model, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one fact: `path` as `specs.embedding_dim`, `state` one of the four words above.

    `ours` is the registry's value. `theirs` is that of `file`, at `key`; `note` says what a reader should know of it.
    """

    path: str
    state: str
    ours: "Any"
    theirs: "Any" = None
    file: str = ""
    key: str = ""
    note: str = ""


def compare(
    entry: "Mapping[str, Any]", facts: "Mapping[str, FileFact]", sums: "Mapping[str, str | None]"
) -> list[Verdict]:
    """The verdict on each fact that an entry of models.json states, in the order of the table of fields.

    `facts` are those that the model's files say, by path; `sums` the sha256 of each file of its repository, None where
    it is not known. Files of another repository, which variants may name, are given as `org/name:file`; one that does
    not exist by `no_repository`.
    """
    return [_judge(path, ours, facts.get(path), sums) for path, ours in stated(entry)]


def stated(entry: "Mapping[str, Any]") -> "Iterator[tuple[str, Any]]":
    """The path and the value of each fact that an entry states."""
    for field in FACTS:
        found: Any = entry
        for key in field.path:
            found = mapping(found).get(key, _ABSENT)
        if found is not _ABSENT:
            yield field.name, found


_ABSENT = object()


def _judge(path: str, ours: "Any", fact: "FileFact | None", sums: "Mapping[str, str | None]") -> Verdict:
    if path in _PUBLISHED:
        return Verdict(path, CLAIMED, ours)
    if path == "variants":
        return _variants(ours, sums)
    if path.startswith("files."):
        return _files(path, ours, fact, sums)
    if fact is None or (path == "type" and ours not in _TYPES):
        return Verdict(path, UNKNOWN, ours)
    agree = _AGREE.get(path, _equal)(ours, fact.value)
    return Verdict(path, AGREES if agree else DIFFERS, ours, fact.value, fact.file, fact.key, fact.note)


def _equal(ours: "Any", theirs: "Any") -> bool:
    return type(ours) is type(theirs) and bool(ours == theirs)


def _same_set(ours: "Any", theirs: "Any") -> bool:
    return set(ours) == set(theirs)


def _holds(ours: "Any", theirs: "Any") -> bool:
    """The files show some of what there is: more may be published elsewhere."""
    return set(ours) >= set(theirs)


def _same_words(ours: "Any", theirs: "Any") -> bool:
    return str(ours).casefold() == str(theirs).casefold()


def _same_type(ours: "Any", theirs: "Any") -> bool:
    return bool(_TYPES[ours] == theirs)


def _same_count(ours: "Any", theirs: "Any") -> bool:
    from hypiler.model_files.extract import parameters_agree

    return parameters_agree(ours, theirs)


def _same_layers(ours: "Any", theirs: "Any") -> bool:
    """An activation counts where both state one."""
    return len(ours) == len(theirs) and all(
        (one["in_features"], one["out_features"]) == (other["in_features"], other["out_features"])
        and one.get("activation", other.get("activation")) == other.get("activation", one.get("activation"))
        for one, other in zip(ours, theirs, strict=True)
    )


# What files of a model can show of its type, for the words that the shipped registry uses.
_TYPES = {
    "colbert": "colbert",
    "dense": "dense",
    "unified": "dense",
    "static": "static",
    "sparse": "sparse",
    "reranker": "reranker",
}
_AGREE: "dict[str, Callable[[Any, Any], bool]]" = {
    "type": _same_type,
    "specs.parameters": _same_count,
    "capabilities.languages": _same_set,
    "capabilities.modalities": _same_set,
    "capabilities.quantization": _holds,
    "license": _same_words,
    "encoding.dense_layers": _same_layers,
}


# What such a file can be called: that there is a file of this name does not make it one.
_NAMES = {
    "files.tokenizer": re.compile(r"(?!.*config|modules\.json).+\.(?:json|txt|model|vocab|codes|spm|tiktoken)"),
    "files.weights.safetensors": re.compile(r".+\.safetensors(?:\.index\.json)?"),
    "files.weights.pytorch": re.compile(r".+\.(?:bin|pt|pth|ckpt)(?:\.index\.json)?"),
    "files.weights.onnx": re.compile(r".+\.onnx"),
}


def _files(path: str, ours: "Any", fact: "FileFact | None", sums: "Mapping[str, str | None]") -> Verdict:
    """Whether the files exist, are what they are said to be, and have the sums that are stated."""
    if not sums:
        return Verdict(path, UNKNOWN, ours)
    if path == "files.sha256":
        return _sums(path, ours, ours, sums)
    # A model has one configuration, and may have several tokenizers and weights.
    fits = fact is None or ours == fact.value
    if path in _NAMES:
        fits = _NAMES[path].fullmatch(ours.rpartition("/")[2]) is not None
    if ours in sums and fits:
        return Verdict(path, AGREES, ours, ours, ours)
    if fact is not None:
        return Verdict(path, DIFFERS, ours, fact.value, fact.file, fact.key, fact.note)
    return Verdict(path, DIFFERS, ours, None, ours, "", "that is another file" if ours in sums else _NO_FILE)


_NO_FILE = "there is no such file"


def _variants(ours: "Any", sums: "Mapping[str, str | None]") -> Verdict:
    for repository in [one["huggingface_id"] for one in ours if "huggingface_id" in one]:
        if no_repository(repository) in sums:
            return Verdict("variants", DIFFERS, ours, None, repository, "", "there is no such repository")
    wanted = {
        f"{one['huggingface_id']}:{one['file']}" if "huggingface_id" in one else one["file"]: one.get("sha256")
        for one in ours
        if "file" in one
    }
    if not sums or not wanted:
        return Verdict("variants", UNKNOWN, ours)
    return _sums("variants", ours, wanted, sums)


def no_repository(repository: str) -> str:
    """The name in `sums` by which a repository of variants is known not to exist."""
    return f"{repository}:"


def _sums(path: str, ours: "Any", wanted: "Mapping[str, str | None]", sums: "Mapping[str, str | None]") -> Verdict:
    """Whether all of these files exist, with their sums where these are stated; unknown if one of them is."""
    read = {name.partition(":")[0] for name in sums if ":" in name}
    state = AGREES
    for name, expected in wanted.items():
        if ":" in name and name.partition(":")[0] not in read:
            state = UNKNOWN
        elif name not in sums:
            return Verdict(path, DIFFERS, ours, None, name, "", _NO_FILE)
        elif expected is not None and sums[name] is None:
            state = UNKNOWN
        elif expected is not None and sums[name] != expected:
            return Verdict(path, DIFFERS, ours, sums[name], name, "sha256")
    return Verdict(path, state, ours)
