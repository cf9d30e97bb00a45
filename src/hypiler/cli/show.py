"""`hypiler show`: everything that a registry states about one model."""

import sys

from hypiler.cli.registries import add_registry_arguments, find_model, open_registry, registry_words, unknown_model
from hypiler.cli.streams import FINDINGS, OK, usage_error
from hypiler.cli.terminal import Page, cut, pad, wrap, write_lines
from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.terminal_text import columns_of
from hypiler.errors import UnknownModelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.emit.fact_lines import FactLine, Section
    from hypiler.schema.model import Model

EXAMPLES = """examples:
  hypiler show small-encoder              a model of the project, each fact with its source
  hypiler show bge-m3 --shipped           a model of the shipped registry
  hypiler show BAAI/bge-m3 --shipped      the same, by its repository
  hypiler show text-embedding-3-small --shipped    a model behind an API
  hypiler show bge-m3 --shipped --sources    the sources in full
  hypiler show bge-m3 --shipped --json | jq .model.embedding_dim
"""
# The width of the longest label of a field. A longer label, which only `extra` and the like have, moves its value to
# the next line.
_LABELS = 23
# A value that is wider than this has its line for itself, with its source below.
_VALUE = 36
# With fewer columns than this, a source is shown below its value, and a value below its label.
_ROOM = 24


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("id", metavar="ID", help="id, alias or repository of a model")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the record as JSON; unknown facts are null",
    )
    parser.add_argument(
        "--sources",
        action="store_true",
        help="print sources in full; by default, they are cut to the width of the terminal",
    )
    add_registry_arguments(parser)


def run(options: "Namespace") -> int:
    """Print the model, or say which model was probably meant."""
    from hypiler.emit.fact_lines import layers_text, sections_of

    found = open_registry(options)
    if found is None:
        return FINDINGS
    registry, module = found
    try:
        model, module = find_model(options.id, registry, module)
    except UnknownModelError as error:
        return usage_error(unknown_model(error, registry, registry_words(options)))
    if options.json:
        from hypiler.cli.json_output import print_document

        print_document(model=model.to_dict())
        return OK
    page = Page.of(sys.stdout)
    lines = _heading(model, options.id, module, page)
    if len(registry.layers) > 1:
        lines.append(page.paint("dim", printable(f"layer: {layers_text(registry.entry(model.id).layers)}")))
    for section in sections_of(model, required=registry.required):
        lines += ["", *_title_lines(section, page, whole=options.sources)]
        for fact in section.facts:
            lines += _fact_lines(fact, page, whole=options.sources)
    write_lines(lines)
    return OK


def _heading(model: "Model", id: str, module: "str | None", page: Page) -> "list[str]":
    """The name, what else there is to know first, and how to import the model from the module of its registry."""
    from hypiler.schema.identifiers import constant_name

    lines = [page.paint("bold", part) for part in _wrapped(model.name, page.width)]
    if id in model.aliases:
        lines.append(page.paint("dim", f"`{printable(id)}` is an alias of `{model.id}`"))
    if id in model.former_ids:
        text = f"`{printable(id)}` is a former id of `{model.id}`: use the new one"
        lines.append(page.paint("warning", text))
    if model.deprecated:
        instead = f"; use {model.successor}" if model.successor else ""
        parts = _wrapped(f"deprecated: {model.deprecated}{instead}", page.width)
        lines += [page.paint("warning", part) for part in parts]
    if module:
        lines.append(page.paint("name", printable(f"from {module} import {constant_name(model.id)}")))
    return [*lines, *[page.paint("dim", part) for part in _wrapped(_verification(model), page.width)]]


def _verification(model: "Model") -> str:
    parts: list[str] = []
    if model.verified_revision is not None:
        facts = "fact" if model.verified_facts == 1 else "facts"
        parts.append(f"{model.verified_facts} {facts} verified, by the files at {model.verified_revision[:12]}")
    if model.agreeing_facts:
        agree = "fact agrees" if model.agreeing_facts == 1 else "facts agree"
        parts.append(f"{model.agreeing_facts} {agree} with a copy of the files")
    if model.differing_facts:
        parts.append(f"{model.differing_facts} differ from the files")
    if not parts:
        return f"not verified: {model.claimed_facts} facts, claimed by their sources"
    return ", ".join([*parts, f"{model.claimed_facts} claimed by their sources"])


def _wrapped(text: str, width: "int | None") -> "list[str]":
    return wrap(printable(text), width)


def _title_lines(section: "Section", page: Page, *, whole: bool) -> "list[str]":
    """The title of a section, and its source if all of it has one."""
    title = page.paint("heading", section.title)
    if not section.source:
        return [title]
    start = _LABELS + 4
    below = page.width is not None and page.width - start < _ROOM
    texts = _source_texts(section.source.whole, page, 0 if below else start, whole=whole)
    if below:
        return [title, *texts]
    return [
        title + " " * (start - columns_of(section.title)) + texts[0].lstrip(" "),
        *texts[1:],
    ]


def _source_texts(source: str, page: Page, start: int, *, whole: bool) -> "list[str]":
    """A source from the column `start` on: cut to one line, or whole."""
    if page.width is None:
        texts = [source]
    else:
        room = max(1, page.width - start)
        texts = wrap(source, room) if whole else [cut(source, room)]
    return [" " * start + page.paint("dim", text) for text in texts]


def _fact_lines(fact: "FactLine", page: Page, *, whole: bool) -> "list[str]":
    """Label, value and source beside each other if the page is wide enough, else below each other."""
    start = _LABELS + 4
    # The source of an unknown fact is shown as its value.
    source = fact.source.whole if fact.source and fact.lines != [fact.source.whole] else ""
    origin = "; ".join(filter(None, (fact.compared, source)))
    label = pad(f"  {fact.label}", start - 2) + "  "
    if page.width is None:
        lines = [label + fact.lines[0], *[" " * start + t for t in fact.lines[1:]]]
        if origin:
            lines[0] = pad(lines[0], start + _VALUE) + "  " + page.paint("dim", origin)
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
    if not origin:
        return lines
    beside = page.width - start - _VALUE - 2
    if not whole and len(lines) == 1 and beside >= _ROOM and columns_of(values[0]) <= _VALUE:
        source = page.paint("dim", cut(origin, beside))
        return [pad(lines[0], start + _VALUE) + "  " + source]
    return [*lines, *_source_texts(origin, page, start, whole=whole)]
