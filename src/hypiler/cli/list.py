"""`hypiler list`: the models of the shipped registry, filtered and sorted."""

import sys

from hypiler.cli.report import usage_error
from hypiler.cli.streams import OK, USAGE
from hypiler.cli.tables import (
    UNKNOWN,
    Column,
    Page,
    columns_of,
    pad,
    record,
    table,
    wrap,
    write,
)
from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name
from hypiler.schema.parameter_counts import parameter_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable

    from hypiler.model_registry import ModelInfo

    Key = Callable[[ModelInfo], "str | float | None"]

EXAMPLES = """examples:
  hypiler list --type colbert                    the ColBERT models
  hypiler list --language de --license mit       German, under the MIT licence
  hypiler list --max-dim 512 --matryoshka        short vectors that can be cut shorter
  hypiler list --sort beir --reverse             the best score first
  hypiler list --json | jq -r '.[].huggingface_id'
"""
# More languages than these are counted, not named.
_NAMED_LANGUAGES = 3


_SORTS: "dict[str, Key]" = {
    "id": lambda model: model.id,
    "name": lambda model: model.name.casefold(),
    "type": lambda model: str(model.model_type),
    "dim": lambda model: model.embedding_dim,
    "context": lambda model: model.context_length,
    "parameters": lambda model: parameter_count(model.parameters),
    "beir": lambda model: model.beir_avg,
    "mrr": lambda model: model.ms_marco_mrr10,
    "date": lambda model: model.release_date,
}


class _UnknownValueError(Exception):
    """A filter asks for a word that no model has."""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    from argparse import BooleanOptionalAction

    filters = parser.add_argument_group("filters", "a model is listed if it meets all")
    for option, help in (
        ("type", "of this type; given twice: of either"),
        ("organization", "published by this organization; given twice: by either"),
        ("license", "under this licence; given twice: under either"),
        ("language", "for this language, as `en`; given twice: for both"),
        ("modality", "for this kind of input, as `image`; given twice: for both"),
    ):
        filters.add_argument(f"--{option}", action="append", default=[], metavar="WORD", help=help)
    for option, help in (
        ("min-dim", "vectors of at least N dimensions"),
        ("max-dim", "vectors of at most N dimensions, untruncated"),
        ("min-context", "inputs of at least N tokens"),
    ):
        filters.add_argument(f"--{option}", type=int, metavar="N", help=help)
    for option, help in (
        ("matryoshka", "vectors that can be truncated"),
        ("multi-vector", "one vector a token"),
    ):
        filters.add_argument(f"--{option}", action=BooleanOptionalAction, default=None, help=help)
    parser.add_argument(
        "--sort",
        choices=_SORTS,
        help="ascending, unknown values last; default: the registry's order",
    )
    parser.add_argument("--reverse", action="store_true", help="descending; unknown values stay last")
    parser.add_argument("--json", action="store_true", help="print the full records as a JSON list")


def run(options: "Namespace") -> int:
    """Print the models that meet all filters."""
    from hypiler.model_registry import MODEL_REGISTRY

    try:
        models = _sorted(_filtered(options), options.sort, reverse=options.reverse)
    except _UnknownValueError as error:
        usage_error(str(error))
        return USAGE
    if options.json:
        from json import dumps

        print(dumps([record(model) for model in models], indent=2))
        return OK
    write(_lines(models, len(MODEL_REGISTRY), Page.of(sys.stdout), options.sort))
    return OK


def _filtered(options: "Namespace") -> "list[ModelInfo]":
    from hypiler.model_registry import MODEL_REGISTRY, models_by_language

    models = list(MODEL_REGISTRY)
    tags = [tag for model in models for tag in model.languages]
    # `zh` also finds `zh-Hans`, so it is known where only the longer tag is listed.
    languages = [*tags, *[tag.partition("-")[0] for tag in tags]]
    kinds = [kind for model in models for kind in model.modalities]

    types = _known("type", options.type, [str(m.model_type) for m in models])
    owners = _known("organization", options.organization, [m.organization for m in models])
    licenses = _known("license", options.license, [m.license for m in models])
    spoken = [
        {model.id for model in models_by_language(language)}
        for language in _known("language", options.language, languages)
    ]
    modalities = set(_known("modality", options.modality, kinds))

    def meets(model: "ModelInfo") -> bool:
        return (
            (not types or str(model.model_type) in types)
            and (not owners or model.organization in owners)
            and (not licenses or model.license in licenses)
            and all(model.id in ids for ids in spoken)
            and modalities.issubset(model.modalities)
            and (options.min_dim is None or model.embedding_dim >= options.min_dim)
            and (options.max_dim is None or model.embedding_dim <= options.max_dim)
            and (options.min_context is None or model.context_length >= options.min_context)
            and options.matryoshka in (None, model.matryoshka)
            and options.multi_vector in (None, model.multi_vector)
        )

    return [model for model in models if meets(model)]


def _known(option: str, words: "list[str]", known: "Iterable[str]") -> "list[str]":
    """The words as the registry spells them. Raises _UnknownValueError for one that it does not have."""
    spelled = {word.casefold(): word for word in known}
    for word in words:
        if word.casefold() not in spelled:
            choices = sorted(spelled.values(), key=str.casefold)
            listed = ", ".join([printable(choice) for choice in choices])
            help = did_you_mean(word, choices) or f"known: {listed or 'none'}"
            raise _UnknownValueError(f"--{option}: no model has {quote_name(word)}; {help}")
    return [spelled[word.casefold()] for word in words]


def _sorted(models: "list[ModelInfo]", sort: "str | None", *, reverse: bool) -> "list[ModelInfo]":
    """In order of a key, equal ones in the registry's order; models without the key last, either way."""
    if sort is None:
        return models[::-1] if reverse else models
    key = _SORTS[sort]
    found = [(value, model) for model in models if (value := key(model)) is not None]
    found.sort(key=_value, reverse=reverse)
    return [
        *[model for _, model in found],
        *[model for model in models if key(model) is None],
    ]


def _value(pair: "tuple[str | float, ModelInfo]") -> "str | float":
    return pair[0]


def _lines(models: "list[ModelInfo]", total: int, page: Page, sort: "str | None") -> "list[str]":
    count = f"{total} model{'s' * (total != 1)}"
    if len(models) < total:
        count = f"{len(models)} of {count}"
    if not models:
        return [page.paint("dim", count)]
    widest = max([len(str(model.embedding_dim)) for model in models])
    columns = [
        Column("id", [_id(model) for model in models], least=24, style="name"),
        Column("type", [str(m.model_type) for m in models], least=10, rank=5),
        # Right-aligned numbers, with the mark and its own number after them.
        Column(
            pad("dims", widest, right=True),
            [pad(str(m.embedding_dim), widest, right=True) + _mark(m) for m in models],
            rank=6,
        ),
        Column("context", [str(m.context_length) for m in models], right=True, rank=4),
        Column("params", [m.parameters for m in models], right=True, rank=3),
        Column("languages", [_languages(model) for model in models], rank=1),
        Column("licence", [model.license for model in models], least=12, rank=2),
        Column("BEIR (sets)", [_beir(model) for model in models], rank=7),
    ]
    lines, hidden = table(columns, page)
    notes = [count]
    if page.width is not None:
        # A terminal is read by a person; a pipe gets the table and the count.
        if any(model.matryoshka for model in models):
            notes.append("dims ↓n: can be truncated to n")
        if any(model.beir_avg is not None for model in models):
            notes.append("BEIR: mean nDCG@10 (over so many data sets)")
        if any(model.deprecated for model in models):
            notes.append("*: deprecated")
    out = [*lines, "", *_flowing(notes, page)]
    sets = {model.beir_datasets for model in models if model.beir_avg is not None}
    if sort == "beir" and len(sets) > 1:
        out += _flowing(["scores over different data sets cannot be compared"], page)
    if hidden:
        left = ", ".join([title.strip() for title in hidden])
        out += _flowing([f"too narrow for {left}: see --json or `hypiler show`"], page)
    return out


def _flowing(notes: "list[str]", page: Page) -> "list[str]":
    """The notes on one line if they fit, else each on its own."""
    line = " · ".join(notes)
    if page.width is not None and columns_of(line) > page.width:
        parts = [part for note in notes for part in wrap(note, page.width)]
        return [page.paint("dim", part) for part in parts]
    return [page.paint("dim", line)]


def _id(model: "ModelInfo") -> str:
    return f"{model.id} *" if model.deprecated else model.id


def _mark(model: "ModelInfo") -> str:
    """`↓64` for vectors that can be truncated to 64 dimensions."""
    if not model.matryoshka:
        return ""
    return f"↓{min(model.dimensions)}"


def _languages(model: "ModelInfo") -> str:
    """The languages if they are few, else how many they are."""
    codes = model.languages
    return (" ".join(codes) if len(codes) <= _NAMED_LANGUAGES else str(len(codes))) or UNKNOWN


def _beir(model: "ModelInfo") -> str:
    """The score with the number of data sets that it is the mean of."""
    if model.beir_avg is None:
        return UNKNOWN
    count = (model.beir_datasets or "beir-?").removeprefix("beir-")
    return f"{round(model.beir_avg, 4)!s:<6} ({count})"
