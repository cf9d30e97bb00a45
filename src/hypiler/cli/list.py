"""`hypiler list`: the models of a registry, filtered and sorted."""

import sys

from hypiler.cli.registries import add_registry_arguments, count_of, open_registry
from hypiler.cli.streams import FINDINGS, OK, usage_error, write_text
from hypiler.cli.tables import NOTHING, Column, rows_of_table
from hypiler.cli.terminal import Page, cut, pad, wrap, write_lines
from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name
from hypiler.diagnostics.terminal_text import columns_of
from hypiler.schema.coverage import EVIDENCE, UNSOURCED, Coverage, stated, strongest
from hypiler.schema.language_tags import matches, read_tag
from hypiler.schema.parameter_counts import parameter_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.schema.model import Model

    Key = Callable[[Model], "str | float | None"]

EXAMPLES = """examples:
  hypiler list                               the project's models, or the shipped ones
  hypiler list --shipped --type colbert      the shipped ColBERT models
  hypiler list --shipped --language de --license mit    German, under the MIT licence
  hypiler list --shipped --hosted            the shipped models behind an API
  hypiler list --max-dim 512 --matryoshka    short vectors that can be cut shorter
  hypiler list --shipped --evidence verified    facts compared with the model's files
  hypiler list --sort beir --reverse         the best score over the same data sets first
  hypiler list --shipped --type dense --plot    good scores with few parameters
  hypiler list --shipped --csv > models.csv  everything, for a spreadsheet
  hypiler list --file models.json --json | jq -r '.models[].huggingface_id'
"""
# If a model has more languages than these, they are counted instead of named.
_NAMED_LANGUAGES = 3

# What `--plot` can draw scores against; the names of `hypiler.cli.plot.SIZES`, which is loaded for a plot alone.
_SIZES = ("parameters", "dim")
_SORTS: "dict[str, Key]" = {
    "id": lambda model: model.id,
    "name": lambda model: model.name.casefold(),
    "type": lambda model: model.model_type,
    "dim": lambda model: model.embedding_dim,
    "context": lambda model: model.context_length,
    "parameters": lambda model: None if model.parameters is None else parameter_count(model.parameters),
    "beir": lambda model: model.beir_avg,
    "mrr": lambda model: model.ms_marco_mrr10,
    "date": lambda model: model.release_date,
}


class _UnknownValueError(Exception):
    """A filter names a word that no model of the registry has."""


_DESCRIPTION = """\
List the models of a registry.

The column `evidence` says how the facts of a model are known: it names the strongest evidence of any
fact, and for how many of the model's facts there is such evidence.

`verified 19/38`: 19 of 38 facts agree with the model's own files at the commit of its entry.

`copy 19/38`: they agree with a copy of the files, whose commit is unknown or another one.

`sourced 36/38`: no fact was compared with files; of 36 facts, `sources` names where they were read.

`unsourced`: no fact has a source. `hypiler coverage` counts facts by field.
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    from argparse import BooleanOptionalAction

    filters = parser.add_argument_group("filters", "a model is listed if it passes all of them")
    for option, help in (
        ("type", "models of this type; repeated: of any of them"),
        ("organization", "models of this organization; repeated: of any of them"),
        ("license", "models under this licence; repeated: under any of them"),
        ("language", "models for this language, such as `en`; repeated: for all of them"),
        ("modality", "models for this kind of input, such as `image`; repeated: for all of them"),
    ):
        filters.add_argument(f"--{option}", action="append", default=[], metavar="WORD", help=help)
    filters.add_argument(
        "--evidence",
        action="append",
        default=[],
        metavar="WORD",
        choices=EVIDENCE,
        help=f"models whose strongest evidence this is, of {', '.join(EVIDENCE)}; repeated: any of them",
    )
    for option, help in (
        ("min-dim", "vectors of at least N dimensions"),
        ("max-dim", "vectors of at most N dimensions, untruncated"),
        ("min-context", "inputs of at least N tokens"),
    ):
        filters.add_argument(f"--{option}", type=int, metavar="N", help=help)
    for option, help in (
        ("matryoshka", "vectors that can be truncated"),
        ("multi-vector", "one vector per token"),
        ("hosted", "models behind an API, whose weights cannot be downloaded"),
    ):
        filters.add_argument(f"--{option}", action=BooleanOptionalAction, default=None, help=help)
    parser.add_argument(
        "--sort",
        metavar="KEY",
        choices=_SORTS,
        help=f"ascending, unknown values last: by {', '.join(_SORTS)}; default: the registry's order",
    )
    parser.add_argument("--reverse", action="store_true", help="descending; unknown values stay last")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print the full records as JSON")
    forms.add_argument("--csv", action="store_true", help="print the full records as CSV; an unknown value is empty")
    forms.add_argument(
        "--plot",
        metavar="SIZE",
        nargs="?",
        const="parameters",
        choices=_SIZES,
        help="draw the BEIR scores against `parameters`, the default, or `dim`, for each group of data sets",
    )
    add_registry_arguments(parser)


def run(options: "Namespace") -> int:
    """Print the models that pass all filters."""
    found = open_registry(options, hosted=True)
    if found is None:
        return FINDINGS
    registry, _ = found
    try:
        models = _sorted(_filtered(registry, options), options.sort, reverse=options.reverse)
    except _UnknownValueError as error:
        return usage_error(str(error))
    if options.json:
        from hypiler.cli.json_output import print_document

        groups = [{"datasets": name, "models": ids} for name, ids in _groups(models, options.sort)]
        records = [model.to_dict() for model in models]
        evidence = [{"id": id, **counts} for id, counts in Coverage(models).models.items()]
        print_document(models=records, groups=groups, evidence=evidence)
        return OK
    if options.csv:
        write_text(_csv(models, registry), sys.stdout)
        return OK
    page = Page.of(sys.stdout)
    if options.plot:
        from hypiler.cli.plot import plot_lines

        write_lines(plot_lines(models, options.plot, page))
        return OK
    write_lines(_lines(models, registry, page, options.sort))
    return OK


def _csv(models: "list[Model]", registry: "CheckedRegistry") -> str:
    """The records, one per line: what JSON has, and how many facts of each model are known in which way."""
    from hypiler.emit.fact_lines import is_unknown
    from hypiler.lifecycle.csv_text import csv_text
    from hypiler.schema.coverage import WORDS
    from hypiler.schema.fields import FIELDS

    evidence = Coverage(models).models
    rows = [
        [
            *[
                None
                if is_unknown(field, value := getattr(model, field.attribute), registry.required.needs(field, model))
                else _csv_cell(value)
                for field in FIELDS
            ],
            *[evidence[model.id][word] for word in WORDS],
        ]
        for model in models
    ]
    header = [*[field.attribute for field in FIELDS], *[f"facts_{word}" for word in WORDS]]
    return csv_text(header, rows).removesuffix("\n")


def _csv_cell(value: "Any") -> "str | int | float":
    """A value for a spreadsheet: words of a list with `; ` between them, and as JSON what is longer, or empty."""
    from json import dumps

    from hypiler.schema.records import to_json

    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) or (isinstance(value, str) and value):
        return value
    plain = to_json(value)
    if plain and not isinstance(plain, (dict, str)) and not any(isinstance(item, (list, dict)) for item in plain):
        return "; ".join([str(item) for item in plain])
    return dumps(plain, ensure_ascii=False)


def _filtered(registry: "CheckedRegistry", options: "Namespace") -> "list[Model]":
    tags = [tag for model in registry for tag in model.languages]
    types = _known("type", options.type, [model.model_type for model in registry])
    owners = _known("organization", options.organization, [model.organization for model in registry])
    licenses = _known("license", options.license, [model.license for model in registry])
    spoken = [_language(word, tags) for word in options.language]
    modalities = _known("modality", options.modality, [word for model in registry for word in model.modalities])
    known = Coverage(registry).models if options.evidence else {}

    def passes(model: "Model") -> bool:
        return (
            (not types or model.model_type in types)
            and (not owners or model.organization in owners)
            and (not licenses or model.license in licenses)
            and all(_speaks(model, language) for language in spoken)
            and set(modalities).issubset(model.modalities)
            and (not options.evidence or strongest(known[model.id]) in options.evidence)
            and (options.min_dim is None or model.embedding_dim >= options.min_dim)
            and (options.max_dim is None or model.embedding_dim <= options.max_dim)
            and (options.min_context is None or (model.context_length or 0) >= options.min_context)
            and options.matryoshka in (None, model.matryoshka)
            and options.multi_vector in (None, model.multi_vector)
            and options.hosted in (None, model.source_api is not None)
        )

    return [model for model in registry if passes(model)]


def _speaks(model: "Model", language: str) -> bool:
    """Whether a model lists a tag, a more general tag or a more specific one."""
    return any(matches(tag.lower(), language) for tag in model.languages)


def _language(word: str, tags: "list[str]") -> str:
    """The tag that a word means. Raises _UnknownValueError for no tag, and for a tag that finds no model."""
    try:
        language = read_tag(word)
    except ValueError as error:
        raise _UnknownValueError(f"--language: {printable(str(error))}") from None
    if not any(matches(tag.lower(), language) for tag in tags):
        # `zh` also finds `zh-Hans`, so `zh` is known where only the longer tag is listed.
        _known("language", [word], [*tags, *[tag.partition("-")[0] for tag in tags]])
    return language


def _known(option: str, words: "list[str]", known: "Iterable[str | None]") -> "list[str]":
    """The words as the registry spells them. Raises _UnknownValueError for a word that the registry does not have."""
    spelled = {word.casefold(): word for word in known if word is not None}
    for word in words:
        if word.casefold() not in spelled:
            choices = sorted(spelled.values(), key=str.casefold)
            listed = ", ".join([printable(choice) for choice in choices])
            help = did_you_mean(word, choices) or f"known: {listed or 'none'}"
            raise _UnknownValueError(f"--{option}: no model has {quote_name(word)}; {help}")
    return [spelled[word.casefold()] for word in words]


def _sorted(models: "list[Model]", sort: "str | None", *, reverse: bool) -> "list[Model]":
    """The models in order of a key, then of the registry. Models whose key is unknown come last in either direction."""
    if sort is None:
        return models[::-1] if reverse else models
    key = _SORTS[sort]
    found = [(value, model) for model in models if (value := key(model)) is not None]
    found.sort(key=_value, reverse=reverse)
    if sort == "beir":
        # Scores over different data sets cannot be compared: each set of them is a group of its own.
        found.sort(key=lambda pair: _number_of_sets(pair[1]))
    return [
        *[model for _, model in found],
        *[model for model in models if key(model) is None],
    ]


def _number_of_sets(model: "Model") -> int:
    """Over how many data sets the BEIR score is the mean; more than there can be if the entry does not say it."""
    return int(model.beir_datasets.removeprefix("beir-")) if model.beir_datasets else 100


def _groups(models: "list[Model]", sort: "str | None") -> "list[tuple[str | None, list[str]]]":
    """The groups that sorted scores are in: the name of their data sets, None if it is unknown, and the ids."""
    groups: dict[str | None, list[str]] = {}
    for model in models:
        if sort == "beir" and model.beir_avg is not None:
            groups.setdefault(model.beir_datasets, []).append(model.id)
    return [*groups.items()]


def _value(pair: "tuple[str | float, Model]") -> "str | float":
    return pair[0]


def _lines(models: "list[Model]", registry: "CheckedRegistry", page: Page, sort: "str | None") -> "list[str]":
    count = count_of(registry, len(models))
    if not models:
        return _flowing([count], page)
    widest = max([len(str(model.embedding_dim)) for model in models])
    columns = [
        Column("id", [_id(model) for model in models], least=24, style="name"),
        Column("type", [model.model_type for model in models], least=10, rank=6),
        # The widths are aligned to the right; the mark follows them.
        Column(
            pad("dims", widest, right=True),
            [pad(str(m.embedding_dim), widest, right=True) + _mark(m) for m in models],
            rank=8,
        ),
        Column("context", [str(m.context_length or NOTHING) for m in models], right=True, rank=5),
        Column("params", [m.parameters or NOTHING for m in models], right=True, rank=4),
        Column("languages", [_languages(model) for model in models], rank=1),
        Column("licence", [model.license or NOTHING for model in models], least=12, rank=2),
        # What the models are sorted by is shown.
        Column("BEIR (sets)", [_beir(model) for model in models], rank=9 if sort == "beir" else 3),
        Column("evidence", _evidence([*Coverage(models).models.values()]), rank=7),
    ]
    if len(registry.layers) > 1:
        # The layer that adds the model; with a sign if upper layers override facts of it.
        layers = {entry.id: entry.layers for entry in registry.entries}
        shown = [printable(layers[model.id][0]) + "+" * (len(layers[model.id]) > 1) for model in models]
        columns.insert(2, Column("layer", shown, least=12, rank=7))
    header, rows, hidden = rows_of_table(columns, page)
    notes = [count]
    if page.width is not None:
        # Explanations are for people; a pipe gets the table and the count.
        notes += _legend(models, hidden)
        if len(registry.layers) > 1:
            notes.append("layer+: with overrides of upper layers")
    groups = _groups(models, sort)
    # On a terminal, the header of a long table is out of sight at its end.
    body = _with_headings(rows, groups, page)
    again = [header] if page.height is not None and len(body) + 1 >= page.height else []
    out = [header, *body, *again, "", *_flowing(notes, page)]
    if len(groups) > 1:
        out += _flowing(["scores over different data sets cannot be compared"], page)
    if hidden:
        titles = " and ".join(", ".join([title.strip() for title in hidden]).rsplit(", ", 1))
        out += _flowing([f"terminal too narrow: {titles} hidden; see --json or `hypiler show`"], page)
    return out


def _legend(models: "Sequence[Model]", hidden: "Sequence[str]" = ()) -> "list[str]":
    """What the signs in the table mean, as far as they are in it. `hidden` are the titles of columns that are not."""
    titles = {title.strip() for title in hidden}
    marks = [] if "dims" in titles else [_mark(model) for model in models]
    notes: list[str] = []
    if any(mark[-1:].isdigit() for mark in marks):
        notes.append("dims ↓n: can be truncated to n")
    if any(mark.endswith("..") for mark in marks):
        notes.append("↓n..: to any width from n on")
    if "↓" in marks:
        notes.append("↓: to some width")
    if "BEIR (sets)" not in titles and any(model.beir_avg is not None for model in models):
        notes.append("BEIR: mean nDCG@10 (number of data sets)")
    if "evidence" not in titles:
        notes.append("evidence: number of facts that have it, of all")
    if any(model.deprecated for model in models):
        notes.append("*: deprecated")
    return notes


def _with_headings(rows: "list[list[str]]", groups: "list[tuple[str | None, list[str]]]", page: Page) -> "list[str]":
    """The lines of the rows of a table, with the name of each group above its rows."""
    out: list[str] = []
    for name, ids in groups:
        title = "data sets unknown" if name is None else f"{name}: mean over {name.removeprefix('beir-')} data sets"
        out.append(page.paint("dim", title if page.width is None else cut(title, page.width)))
        out += [line for row in rows[: len(ids)] for line in row]
        rows = rows[len(ids) :]
    if groups and rows:
        out.append(page.paint("dim", "no BEIR score"))
    return [*out, *[line for row in rows for line in row]]


def _flowing(notes: "list[str]", page: Page) -> "list[str]":
    """The notes in as few lines as fit, each of them on one line if possible."""
    lines: list[str] = []
    for note in notes:
        longer = f"{lines[-1]} · {note}" if lines else note
        if page.width is None or columns_of(longer) <= page.width:
            lines[-1:] = [longer]
        else:
            lines += wrap(note, page.width)
    return [page.paint("dim", line) for line in lines]


def _id(model: "Model") -> str:
    return f"{model.id} *" if model.deprecated else model.id


def _mark(model: "Model") -> str:
    """`↓64` for vectors that can be truncated to 64 dimensions, `↓64..` if also to any width above.

    `↓` alone says that they can be truncated, and that the widths are unknown.
    """
    if not model.matryoshka:
        return ""
    if len(model.dimensions) < 2:
        return "↓"
    # Widths ascend.
    return f"↓{model.dimensions[0]}" + (".." if isinstance(model.dimensions, range) else "")


def _evidence(counts: "list[dict[str, int]]") -> list[str]:
    """The strongest evidence of each model, and for how many of its facts it has this evidence."""
    words = [strongest(own) for own in counts]
    widest, most = max(map(len, words)), max([len(str(own[word])) for own, word in zip(counts, words, strict=True)])
    return [
        word if word == UNSOURCED else f"{pad(word, widest)} {pad(str(own[word]), most, right=True)}/{stated(own)}"
        for own, word in zip(counts, words, strict=True)
    ]


def _languages(model: "Model") -> str:
    """The languages, or their number if they are many."""
    codes = model.languages
    return (" ".join(codes) if len(codes) <= _NAMED_LANGUAGES else str(len(codes))) or NOTHING


def _beir(model: "Model") -> str:
    """The score, and over how many data sets it is the mean."""
    if model.beir_avg is None:
        return NOTHING
    count = (model.beir_datasets or "beir-?").removeprefix("beir-")
    return f"{round(model.beir_avg, 4)!s:<6} ({count})"
