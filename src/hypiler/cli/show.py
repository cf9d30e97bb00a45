"""`hypiler show`: everything that a registry states about one model."""

import sys

from hypiler.cli.registries import add_registry_arguments, find_model, open_registry, registry_words, unknown_model
from hypiler.cli.streams import FINDINGS, OK, usage_error
from hypiler.cli.terminal import Page, indented, pad, wrap, write_lines
from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.terminal_text import columns_of
from hypiler.errors import UnknownModelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from hypiler.emit.fact_lines import FactLine, Section
    from hypiler.emit.source_links import ShownSource
    from hypiler.schema.model import Model
    from hypiler.schema.requirements import Requirements

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
# How a fact is known stands beside values up to this width.
_VALUE = 36
# With fewer columns than this, a value is shown below its label.
_ROOM = 24
# Lines below a label start here if they do not fit further to the right.
_BELOW = 4


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
        help="print each source below its fact, with what it says; by default, a terminal lists places at the end",
    )
    add_registry_arguments(parser)


def run(options: "Namespace") -> int:
    """Print the model, or say which model was probably meant."""
    from hypiler.emit.fact_lines import layers_text

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
        from hypiler.emit.source_links import page_of

        spaces = [{key: one[key] for key in ("output", "space_id", "query_space_id")} for one in spaces_of(model)]
        print_document(model=model.to_dict(), page=page_of(model) or None, spaces=spaces, not_stated=not_stated(model))
        return OK
    page = Page.of(sys.stdout)
    lines = _heading(model, options.id, module, page)
    if len(registry.layers) > 1:
        lines.append(page.paint("dim", printable(f"layer: {layers_text(registry.entry(model.id).layers)}")))
    write_lines([*lines, *_body(model, page, registry.required, whole=options.sources)])
    return OK


def spaces_of(model: "Model") -> "list[dict[str, Any]]":
    """The ids of the vector spaces of each output, as far as the registry and the lock show them.

    The keys are `output` (None for a model without `outputs`), `dimension`, `space_id` and `query_space_id` (None if
    unknown), and `missing`: by id, the names of the facts of the stamp that are unknown and decide it.
    """
    from hypiler.space import describe
    from hypiler.stamps.facts import OPTIONAL
    from hypiler.stamps.outputs import outputs_of

    found: list[dict[str, Any]] = []
    for output in [one.name for one in outputs_of(model)] or [None]:
        stamp = describe(model, output=output)
        weights, tokenizer = stamp["bytes"]["weights"], stamp["bytes"]["tokenizer"]
        unlisted = ["weights"] * (weights is None or "commit" in weights) + ["tokenizer"] * (tokenizer is None)
        unknown = {
            side: [name for name, value in stamp[side].items() if value is None and name not in OPTIONAL]
            for side in ("document", "query")
        }
        found.append(
            {
                "output": output,
                "dimension": stamp["document"]["dimension"],
                "space_id": stamp["space_id"],
                "query_space_id": stamp["query_space_id"],
                "missing": {"space_id": [*unknown["document"], *unlisted], "query_space_id": unknown["query"]},
            }
        )
    return found


def not_stated(model: "Model") -> "list[str]":
    """The paths of the facts that the registry does not state, and for which it names no source either."""
    from hypiler.schema.coverage import UNKNOWN, facts_of

    return [path for path, word in facts_of(model).items() if word == UNKNOWN]


def _body(model: "Model", page: Page, required: "Requirements", *, whole: bool) -> "list[str]":
    """The facts by section, the ids of vector spaces, the sources, and what is not stated."""
    from hypiler.emit.fact_lines import sections_of

    numbers = None if whole or page.width is None else _Numbers()
    lines: list[str] = []
    for section in sections_of(model, required=required):
        lines += ["", *_title_lines(section, page, numbers)]
        for fact in section.facts:
            lines += _fact_lines(fact, page, numbers)
    lines += ["", page.paint("heading", "space")]
    for one in spaces_of(model):
        lines += _space_lines(one, page)
    if numbers is not None and numbers.sources:
        lines += ["", *_source_list(numbers, page)]
    from hypiler.schema.fields import FIELDS

    labels = {field.name: field.attribute for field in FIELDS}
    if absent := ", ".join([labels[path] for path in not_stated(model)]):
        lines += ["", *[page.paint("dim", line) for line in wrap(f"not stated: {absent}", page.width)]]
    return lines


class _Numbers:
    """The places of sources, each with a number under which a list at the end has it.

    Attributes:
        sources: The sources, without what each says; the first has the number 1.
    """

    def __init__(self) -> None:
        self.sources: list[ShownSource] = []
        self._known: dict[tuple[str, str], int] = {}

    def mark(self, source: "ShownSource") -> str:
        """`[3]`; empty for an empty source."""
        if not source:
            return ""
        place = (source.place, source.address)
        if place not in self._known:
            self.sources.append(source)
            self._known[place] = len(self.sources)
        return f"[{self._known[place]}]"


def _heading(model: "Model", id: str, module: "str | None", page: Page) -> "list[str]":
    """The name, what else there is to know first, and how to import the model from the module of its registry."""
    from hypiler.emit.source_links import page_of
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
    if address := page_of(model):
        lines.append(page.paint("name", address))
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


def _title_lines(section: "Section", page: Page, numbers: "_Numbers | None") -> "list[str]":
    """The title of a section, and its source if all of it has one."""
    if numbers is not None and section.title == "sources":
        # Sources of parts without a line and of facts without a value. The list of all sources follows.
        return [page.paint("heading", part) for part in wrap("other sources", page.width)]
    title = page.paint("heading", section.title)
    if not section.source:
        return [title]
    start = _LABELS + 4
    if numbers is not None:
        return [f"{title}  {page.paint('dim', numbers.mark(section.source))}"]
    if page.width is None:
        return [title + " " * (start - columns_of(section.title)) + page.paint("dim", section.source.whole)]
    return [title, *_origin_lines(section.source.whole, _BELOW, page)]


def _origin_lines(origin: str, start: int, page: Page) -> "list[str]":
    """How a fact is known, in lines of their own from the column `start` on."""
    room = None if page.width is None else max(1, page.width - start)
    return [_painted("dim", indented(part, start, page.width), page) for part in wrap(origin, room)]


def _painted(style: str, line: str, page: Page) -> str:
    """A line in a style, without the blanks before it."""
    text = line.lstrip(" ")
    return " " * (len(line) - len(text)) + page.paint(style, text)


def _fact_lines(fact: "FactLine", page: Page, numbers: "_Numbers | None") -> "list[str]":
    """Label, value and how the fact is known, beside each other if the page is wide enough, else below each other."""
    start = _LABELS + 4
    label = pad(f"  {fact.label}", start - 2) + "  "
    # The source of an unknown fact is shown as its value.
    is_value = bool(fact.source) and fact.lines == [fact.source.whole]
    if page.width is None:
        origin = "; ".join(filter(None, (fact.compared, "" if is_value else fact.source.whole)))
        lines = [label + fact.lines[0], *[" " * start + text for text in fact.lines[1:]]]
        if origin:
            lines[0] = pad(lines[0], start + _VALUE) + "  " + page.paint("dim", origin)
        return lines
    texts = fact.lines
    if numbers is None:
        origin = "; ".join(filter(None, (fact.compared, "" if is_value else fact.source.whole)))
    else:
        origin = " ".join(filter(None, (fact.compared, numbers.mark(fact.source))))
        if is_value:
            texts, origin = [origin], ""
    lines, start = _labelled(label, texts, page.width)
    if not origin:
        return lines
    column = min(min(start, _LABELS + 4) + _VALUE, page.width - _longest_note())
    beside = max(columns_of(lines[-1]), column) + 2
    if numbers is not None and beside + columns_of(origin) <= page.width:
        return [*lines[:-1], pad(lines[-1], beside) + page.paint("dim", origin)]
    return [*lines, *_origin_lines(origin, start, page)]


def _longest_note() -> int:
    """The columns that the longest note on a fact takes, with the number of its source and the blanks before it."""
    from hypiler.emit.fact_lines import COMPARED

    return max(map(len, COMPARED.values())) + len("  ") + len(" [10]")


def _labelled(label: str, texts: "list[str]", width: int) -> "tuple[list[str], int]":
    """A label with a value of one or more lines, and the column in which the value starts."""
    start = columns_of(label)
    if len(texts) == 1 and start + columns_of(texts[0]) <= width:
        return [label + texts[0]], start
    if width - start >= _ROOM and start == _LABELS + 4:
        parts = [part for text in texts for part in wrap(text, width - start)]
        if max(map(columns_of, parts), default=0) <= width - start:
            return [label + parts[0], *[" " * start + part for part in parts[1:]]], start
    start = min(_BELOW, width // 4)
    parts = [part for text in texts for part in wrap(text, max(1, width - start))]
    head = wrap(label.strip(" "), max(1, width - 2))
    return [*[indented(part, 2, width) for part in head], *[indented(part, start, width) for part in parts]], start


def _space_lines(one: "dict[str, Any]", page: Page) -> "list[str]":
    """The ids of both sides of the space of one output."""
    prefix = f"{one['output']}." if one["output"] else ""
    lines: list[str] = []
    for key in ("space_id", "query_space_id"):
        value = one[key] or f"unknown: the registry does not state {', '.join(one['missing'][key])}"
        if key == "space_id" and one[key]:
            value += f" with {one['dimension']} dimensions"
        label = pad(printable(f"  {prefix}{key}"), _LABELS + 2) + "  "
        lines += [label + value] if page.width is None else _labelled(label, [value], page.width)[0]
    return lines


def _source_list(numbers: "_Numbers", page: Page) -> "list[str]":
    """The places of the sources by number. An address is a line of its own, and is never cut."""
    lines = [page.paint("heading", "sources")]
    width = page.width
    start = min(len(f"  [{len(numbers.sources)}] "), (width or 80) // 4)
    for number, source in enumerate(numbers.sources, 1):
        texts = wrap(source.place, width and max(1, width - start))
        texts += [source.address] if source.address not in source.place else []
        parts = [indented(text, start, width) for text in texts]
        mark = f"  [{number}]"
        if len(mark) < start and parts[0].startswith(" " * start):
            parts[0] = pad(mark, start) + parts[0][start:]
        else:
            parts.insert(0, mark.strip(" "))
        lines += [_painted("dim", part, page) for part in parts]
    return lines + [page.paint("dim", part) for part in wrap("--sources shows what each of them says", width)]
