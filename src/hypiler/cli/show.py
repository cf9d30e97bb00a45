"""`hypiler show`: everything that the shipped registry knows about one model."""

import sys

from hypiler.cli.report import usage_error
from hypiler.cli.streams import OK, USAGE
from hypiler.cli.tables import Page, columns_of, cut, pad, record, wrap, write
from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.emit.fact_lines import FactLine, Section
    from hypiler.model_registry import ModelInfo

EXAMPLES = """examples:
  hypiler show bge-m3                     all facts, each with where it was read
  hypiler show bge-m3 --sources           the sources in full
  hypiler show bge-m3 --json | jq .embedding_dim
"""
# As wide as the longest label of a field; a longer one, of a registry's own words, pushes its value down.
_LABELS = 23
# Beyond this, a value has its line for itself and its source stands below.
_VALUE = 36
# A source is not shown beside its value in fewer columns than this, nor a value beside its label.
_ROOM = 24


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("id", metavar="ID", help="id or alias of a model")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the record as a JSON object; unknown facts are null",
    )
    parser.add_argument(
        "--sources",
        action="store_true",
        help="print each source in full where it would be cut to the terminal's width",
    )


def run(options: "Namespace") -> int:
    """Print the model, or say which one was meant."""
    from hypiler.emit.fact_lines import sections_of
    from hypiler.model_registry import get_model

    id: str = options.id
    model = get_model(id)
    if model is None:
        usage_error(f"no model {quote_name(id)}; {_hint(id)}")
        return USAGE
    if options.json:
        from json import dumps

        print(dumps(record(model), indent=2))
        return OK
    page = Page.of(sys.stdout)
    lines = _heading(model, id, page)
    for section in sections_of(model):
        lines += ["", *_title_lines(section, page, whole=options.sources)]
        for fact in section.facts:
            lines += _fact_lines(fact, page, whole=options.sources)
    write(lines)
    return OK


def _hint(id: str) -> str:
    from hypiler.model_registry import MODEL_REGISTRY, MODELS

    wanted = id.casefold()
    for model in MODEL_REGISTRY:
        if wanted in (model.huggingface_id.casefold(), model.name.casefold()):
            return f"did you mean `{model.id}`?"
    return did_you_mean(id, list(MODELS)) or "`hypiler list` shows all"


def _heading(model: "ModelInfo", id: str, page: Page) -> "list[str]":
    from hypiler.schema.identifiers import constant_name

    name = constant_name(model.id)
    lines = [page.paint("bold", part) for part in _wrapped(model.name, page.width)]
    if id != model.id:
        lines.append(page.paint("dim", f"`{printable(id)}` is an alias of `{model.id}`"))
    if model.deprecated:
        parts = _wrapped(f"deprecated: {model.deprecated}", page.width)
        lines += [page.paint("warning", part) for part in parts]
    lines.append(page.paint("name", f"from hypiler.model_registry import {name}"))
    return [*lines, *[page.paint("dim", part) for part in _wrapped(_verification(model), page.width)]]


def _verification(model: "ModelInfo") -> str:
    if model.verified_revision is None:
        return f"not verified: {model.claimed_facts} facts, claimed by their sources"
    agree = f"{model.verified_facts} facts agree with the files at {model.verified_revision[:12]}"
    return f"verified: {agree}, {model.claimed_facts} are claimed by their sources"


def _wrapped(text: str, width: "int | None") -> "list[str]":
    return wrap(printable(text), width)


def _title_lines(section: "Section", page: Page, *, whole: bool) -> "list[str]":
    """The title of a section, and where all of it was read."""
    title = page.paint("heading", section.title)
    if not section.source:
        return [title]
    start = _LABELS + 4
    below = page.width is not None and page.width - start < _ROOM
    texts = _source_texts(section.source, page, 0 if below else start, whole=whole)
    if below:
        return [title, *texts]
    return [
        title + " " * (start - columns_of(section.title)) + texts[0].lstrip(" "),
        *texts[1:],
    ]


def _source_texts(source: str, page: Page, start: int, *, whole: bool) -> "list[str]":
    """A source from the column `start` on: on one line, or in full."""
    if page.width is None:
        texts = [source]
    else:
        room = max(1, page.width - start)
        texts = wrap(source, room) if whole else [cut(source, room)]
    return [" " * start + page.paint("dim", text) for text in texts]


def _fact_lines(fact: "FactLine", page: Page, *, whole: bool) -> "list[str]":
    """The fact as it fits the page: label, value and source beside each other, or below."""
    start = _LABELS + 4
    label = pad(f"  {fact.label}", start - 2) + "  "
    if page.width is None:
        lines = [label + fact.lines[0], *[" " * start + t for t in fact.lines[1:]]]
        if fact.source:
            lines[0] = pad(lines[0], start + _VALUE) + "  " + page.paint("dim", fact.source)
        return lines
    below = page.width - start < _ROOM
    if below:
        start = min(4, page.width // 4)
    room = max(1, page.width - start)
    values = [part for text in fact.lines for part in wrap(text, room)]
    if below or columns_of(label) > start:
        lines = [cut(label.rstrip(" "), page.width), *[" " * start + v for v in values]]
    else:
        lines = [label + values[0], *[" " * start + v for v in values[1:]]]
    if not fact.source:
        return lines
    beside = page.width - start - _VALUE - 2
    if not whole and len(lines) == 1 and beside >= _ROOM and columns_of(values[0]) <= _VALUE:
        source = page.paint("dim", cut(fact.source, beside))
        return [pad(lines[0], start + _VALUE) + "  " + source]
    return [*lines, *_source_texts(fact.source, page, start, whole=whole)]
