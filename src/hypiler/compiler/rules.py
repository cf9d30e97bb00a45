"""Checks values against each other: within one model, and between models.

A rule passes over a value that is missing or wrong in itself, so one fault gives one finding.
"""

import re

from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name
from hypiler.diagnostics.finding import Finding, Path, json_path
from hypiler.schema.architectures import reserved_positions
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS
from hypiler.schema.identifiers import RESERVED, constant_name
from hypiler.schema.parameter_counts import parameter_count
from hypiler.schema.types import ListOf, MapOf, Records
from hypiler.schema.vocabulary import LICENSES, MODEL_TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A source may be given for a field or for a whole section.
_PATHS = frozenset(".".join(field.path[:depth]) for field in FIELDS for depth in range(1, len(field.path) + 1))
_WITH_PARTS = frozenset(field.name for field in FIELDS if isinstance(field.type, ListOf | MapOf | Records))
_DEPTH = max(len(field.path) for field in FIELDS)
_SPELLINGS = {license.lower(): license for license in LICENSES}


class Model:
    """One model's values under their attribute names, and where the model stands."""

    __slots__ = ("faults", "file", "label", "row", "where")

    def __init__(
        self, label: str | None, row: "list[Any]", where: Path, collector: FindingCollector, file: str
    ) -> None:
        self.label = label
        self.row = row
        self.where = where
        self.faults = collector
        self.file = file

    @property
    def origin(self) -> str:
        """File and path, for a message at another model."""
        return f"{printable(self.file)} {json_path(self.where)}"

    def __getitem__(self, attribute: str) -> "Any":
        return self.row[BY_ATTRIBUTE[attribute]]

    def add(
        self,
        code: str,
        attribute: str,
        message: str,
        sub: Path = (),
        help: str | None = None,
    ) -> None:
        """Note a fault at the field behind `attribute`."""
        path = self.where + FIELDS[BY_ATTRIBUTE[attribute]].path + sub
        self.faults.note(Finding(code, message, path, help=help, model=self.label))


def check_model(model: Model) -> None:
    """Every rule that looks at one model alone."""
    _projection(model)
    _matryoshka(model)
    _parameters_below_vocabulary(model)
    _positions(model)
    _zero_scores(model)
    _license_spelling(model)
    if model["sources"]:
        _unknown_source_paths(model)
    if model["variants"]:
        _duplicate_variants(model)


def _projection(model: Model) -> None:
    has, dims, width = (
        model["has_projection"],
        model["projection_dims"],
        model["embedding_dim"],
    )
    if has is INVALID or dims is INVALID:
        return
    if has and dims is None:
        message = "`architecture.projection_dims` must be set, since `has_projection` is true"
        model.add(
            "M202",
            "projection_dims",
            message,
            help="write the output width of the projection",
        )
    elif not has and dims is not None:
        message = f"`architecture.projection_dims` is {dims}, but `has_projection` is false"
        model.add(
            "M204",
            "projection_dims",
            message,
            help="set has_projection to true or leave projection_dims out",
        )
    elif has and width is not INVALID and dims != width:
        message = f"`architecture.projection_dims` must equal `specs.embedding_dim`, got {dims} and {width}"
        model.add("M203", "projection_dims", message)


def _matryoshka(model: Model) -> None:
    flag, dims, width = (
        model["matryoshka"],
        model["matryoshka_dims"],
        model["embedding_dim"],
    )
    if flag is INVALID or dims is INVALID:
        return
    if not dims:
        if flag:
            message = "`capabilities.matryoshka` is true, but no `architecture.matryoshka_dims` are given"
            model.add(
                "M209",
                "matryoshka",
                message,
                help="list the widths that the authors trained for",
            )
        return
    if flag is False:
        message = "`capabilities.matryoshka` is false, but `architecture.matryoshka_dims` are given"
        model.add("M208", "matryoshka", message)
    ordered = tuple(sorted(dims))
    if dims != ordered:
        message = "`architecture.matryoshka_dims` must ascend"
        model.add("M205", "matryoshka_dims", message, help=f"write {list(ordered)}")
    if width is INVALID:
        return
    if ordered[-1] > width:
        index = dims.index(ordered[-1])
        where = f"`architecture.matryoshka_dims[{index}]`"
        message = f"{where} must be at most `specs.embedding_dim` ({width}), got {ordered[-1]}"
        model.add("M206", "matryoshka_dims", message, (index,))
    elif width not in dims:
        message = f"`architecture.matryoshka_dims` must contain `specs.embedding_dim` ({width})"
        model.add(
            "M207",
            "matryoshka_dims",
            message,
            help="the full width is one of the widths to choose from",
        )


def _parameters_below_vocabulary(model: Model) -> None:
    parameters, vocabulary, hidden = (
        model["parameters"],
        model["vocab_size"],
        model["hidden_dim"],
    )
    if INVALID in (parameters, vocabulary, hidden) or vocabulary is None:
        return
    least = vocabulary * hidden
    # A rounded count may lie below the exact one; one that a tenth cannot explain is another model's.
    if parameter_count(parameters) < 0.9 * least:
        message = f"`specs.parameters` is {parameters}, but vocabulary × hidden size alone is {_rounded(least)}"
        model.add(
            "M210",
            "parameters",
            message,
            help="one of parameters, vocab_size and hidden_dim is another model's",
        )


def _rounded(count: int) -> str:
    return f"{count / 1e9:.3g}B" if count >= 1e9 else f"{count / 1e6:.3g}M"


def _positions(model: Model) -> None:
    context, positions = model["context_length"], model["max_position_embeddings"]
    modalities, architecture = model["modalities"], model["architecture_type"]
    if INVALID in (context, positions, modalities, architecture) or positions is None:
        return
    if "text" not in modalities:
        return  # a patch of a time series or an image is one position and many values
    reserved = reserved_positions(architecture)
    if context > positions:
        message = f"`specs.context_length` is {context}, but the model has only {positions} positions"
        model.add("M211", "context_length", message)
    elif context > positions - reserved:
        needed = context + reserved
        message = f"`specs.max_position_embeddings` is {positions}, but a context of {context} needs {needed}"
        if context == positions:
            message = f"`specs.max_position_embeddings` equals the context length, {positions}"
        help = "RoBERTa-like models count positions from 2: config.json has two more than the context"
        model.add("M213", "max_position_embeddings", message, help=help)


def _zero_scores(model: Model) -> None:
    for attribute in ("beir_avg", "ms_marco_mrr10"):
        if model[attribute] == 0.0 and model[attribute] is not INVALID:
            message = f"`performance.{attribute}` is exactly 0"
            model.add(
                "M212",
                attribute,
                message,
                help="a score that was never published is null",
            )


def _license_spelling(model: Model) -> None:
    license = model["license"]
    if license is INVALID:
        return
    spelling = _SPELLINGS.get(license.lower(), license)
    if spelling != license:
        message = f"`license` is {quote_name(license)}, which SPDX spells `{spelling}`"
        model.add("M216", "license", message, help=f"write `{spelling}`")


def _unknown_source_paths(model: Model) -> None:
    if model["sources"] is INVALID:
        return
    for path in model["sources"]:
        if path not in _PATHS and not _is_part_of_a_field(path):
            message = f"`sources` names {quote_name(path)}, which is no field of a model"
            model.add("M214", "sources", message, (path,), did_you_mean(path, sorted(_PATHS)))


def _is_part_of_a_field(path: str) -> bool:
    """Whether `path` goes on inside a field: `variants[0].sha256`, `extra.patch_size`, `encoding.prompts.query`."""
    parts = re.split(r"[.\[]", path, maxsplit=_DEPTH)
    return any(".".join(parts[:n]) in _WITH_PARTS for n in range(1, len(parts)))


def _duplicate_variants(model: Model) -> None:
    if model["variants"] is INVALID:
        return
    seen: set[str] = set()
    for index, variant in enumerate(model["variants"]):
        if variant[0] in seen:
            model.add(
                "M215",
                "variants",
                f"variant id `{variant[0]}` is used twice",
                (index, "id"),
            )
        seen.add(variant[0])


def check_between(models: "list[Model]") -> None:
    """Every rule that compares models: ids and the names that they become."""
    taken = _Taken()
    for model in models:
        if model["id"] is not INVALID:
            taken.claim(model, "id", (), model["id"])
        if model["aliases"] is not INVALID:
            for index, alias in enumerate(model["aliases"]):
                taken.claim(model, "aliases", (index,), alias)
        if model["model_type"] is not INVALID:
            taken.claim_type(model)
    _similar_types(models)


class _Taken:
    """The ids, constants and members of `ModelType` that models before this one have taken."""

    def __init__(self) -> None:
        self.ids: dict[str, Model] = {}
        self.names: dict[str, str] = {}
        self.types: dict[str, str] = {}

    def claim(self, model: Model, attribute: str, sub: Path, id: str) -> None:
        """Take an id or alias, and the constant that it becomes."""
        what = "id" if attribute == "id" else "alias"
        name = constant_name(id)
        if id in self.ids:
            message = f"{what} `{id}` is already used at `{self.ids[id].origin}`"
            model.add("M201", attribute, message, sub, help="every model needs an id of its own")
            return
        self.ids[id] = model
        if name in RESERVED:
            message = f"{what} `{id}` becomes `{name}`, a name that the module uses itself"
            model.add("M302", attribute, message, sub)
        elif name in self.names:
            message = f"{what} `{id}` becomes `{name}`, and so does `{self.names[name]}`"
            model.add("M301", attribute, message, sub, help="change one of the two ids")
        self.names.setdefault(name, id)

    def claim_type(self, model: Model) -> None:
        """Take the member of `ModelType` that a type becomes."""
        word = model["model_type"]
        other = self.types.setdefault(constant_name(word), word)
        if other != word:
            message = f"`type` `{word}` becomes `ModelType.{constant_name(word)}`, and so does `{other}`"
            model.add("M303", "model_type", message, help="write the same type in the same way")


def _similar_types(models: "list[Model]") -> None:
    """Every new word becomes a member of `ModelType`, also one that is a slip of the keyboard."""
    counts: dict[str, int] = {}
    for model in models:
        word = model["model_type"]
        if word is not INVALID and word not in MODEL_TYPES:
            counts[word] = counts.get(word, 0) + 1
    words: list[str] = list(MODEL_TYPES)
    meant: dict[str, str] = {}
    # Of two words that both are new, the one that is used more often is right.
    for word in sorted(counts, key=lambda word: -counts[word]):
        near = [known for known in words if _one_slip_apart(word, known)]
        if near:
            meant[word] = near[0]
        else:
            words.append(word)
    for model in models if meant else ():
        word = model["model_type"]
        if word is not INVALID and word in meant:
            message = f"`type` `{word}` is almost `{meant[word]}`, and becomes a category of its own"
            model.add("M217", "model_type", message, help=f"did you mean `{meant[word]}`?")


def _one_slip_apart(one: str, other: str) -> bool:
    """Whether one letter was left out, doubled, mistyped or swapped with the next; another digit is another name."""
    if abs(len(one) - len(other)) > 1 or constant_name(one) == constant_name(other):
        return False  # two words for one member are an error of their own
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    slips = {(a[1:], b[1:]), (a[1:], b), (a, b[1:]), (a[1:2] + a[:1] + a[2:], b)}
    return any(left == right for left, right in slips) and not (a[:1] + b[:1]).isdigit()
