"""What the commands that draft a registry share: their options, their report, and writing the draft."""

import os
import sys
from collections import Counter

from hypiler.cli.json_output import print_document
from hypiler.cli.report import not_text
from hypiler.cli.streams import FINDINGS, OK, usage_error, write_text
from hypiler.diagnostics.escaping import printable, quote_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator
    from typing import Any

    from hypiler.lifecycle.importing.catalogue import Catalogue, Contradiction
    from hypiler.lifecycle.importing.drafting import Draft, Note
    from hypiler.lifecycle.importing.overlay import Overlay

_MOST_NAMES = 6
_SCHEMA = "models.schema.json"


def add_draft_arguments(parser: "ArgumentParser") -> None:
    """The options of a command that drafts a registry."""
    parser.add_argument("--output", metavar="FILE", help="write the draft to this new file; by default only the report")
    parser.add_argument(
        "--only", metavar="ID", action="append", default=[], help="draft this model alone: an id or a name of the table"
    )
    parser.add_argument(
        "--extends",
        choices=("hypiler",),
        help="extend the registry that comes with hypiler, and write only the facts that it does not state",
    )
    parser.add_argument("--theirs", action="store_true", help="with --extends, also override facts that differ")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def catalogue() -> "tuple[Catalogue, str]":
    """The shipped registry with its hosted models, and its version."""
    from hypiler import __version__
    from hypiler.lifecycle.importing.catalogue import Catalogue
    from hypiler.registry.registry import Registry

    return Catalogue(Registry.shipped(hosted=True)), __version__


def finish(draft: "Draft", known: "Catalogue", title: str, options: "Namespace") -> int:
    """Choose, write and report; the exit code. No existing file is overwritten."""
    from hypiler.lifecycle.importing.overlay import Overlay

    if fault := not_text(options.output, *options.only):
        return usage_error(fault)
    if options.theirs and not options.extends:
        return usage_error("--theirs is about overrides, which --extends writes")
    if options.only and (unknown := draft.select(options.only)):
        return usage_error(f"{printable(title)} has no model {quote_value(unknown)}")
    code = OK if draft.entries else FINDINGS
    overlay = Overlay(draft, known, theirs=options.theirs) if options.extends else None
    if options.output and draft.entries:
        write_draft(draft if overlay is None else overlay, options.output)
    if options.json:
        print_document(source=title, **document(draft), output=options.output if draft.entries else None)
        return code
    for line in _lines(draft, title, options.output, overlay):
        write_text(printable(line), sys.stdout)
    return code


def finish_draft(draft: "Draft", output: str) -> None:
    """Write a draft, and say what is and what is not in it."""
    if draft.entries:
        write_draft(draft, output)
    for line in _written_lines(draft, output):
        write_text(printable(line), sys.stdout)


def refuse_existing(path: "str | None") -> None:
    """Raise OSError for a draft that would overwrite a file, before the work is done."""
    from hypiler.project.files import failure

    if path and os.path.lexists(path):
        raise failure("write", path, FileExistsError(None, "it exists"))


def write_draft(draft: "Draft | Overlay", path: str) -> None:
    """Write the draft, and the schema that it names for editors unless there is one."""
    from hypiler.emit.json_schema import emit_json_schema
    from hypiler.project.output import add_files
    from hypiler.schema.requirements import CORE, Requirements

    schema = os.path.join(os.path.dirname(path), _SCHEMA)
    beside = {} if os.path.lexists(schema) else {schema: emit_json_schema(required=Requirements(CORE))}
    add_files({path: draft.text, **beside}, {})


def document(draft: "Draft") -> "dict[str, Any]":
    """The report as JSON."""
    return {
        "models": [
            {"id": entry["id"], "name": draft.names[entry["id"]], "facts": [*entry["sources"]]}
            for entry in draft.entries
        ],
        "left_out": [_note(one) for one in draft.left_out],
        "not_carried": [_note(one) for one in draft.uncarried],
        "completed": [_note(one) for one in draft.completed],
        "contradictions": [contradiction_record(one) for one in draft.contradictions],
    }


def contradiction_record(one: "Contradiction") -> "dict[str, Any]":
    """What a fact and the catalogue say, as JSON."""
    names = ("model", "path", "theirs", "ours", "known", "place")
    return {name: getattr(one, name) for name in names}


def _note(note: "Note") -> "dict[str, Any]":
    value = note.value if isinstance(note.value, str | bool | None) else _plain(note.value)
    return {"name": note.name, "path": note.path or None, "value": value, "why": note.why, "place": note.place}


def _plain(value: "Any") -> "Any":
    """A value that JSON has: an infinite number is text."""
    from hypiler.lifecycle.importing.shapes import is_list

    if isinstance(value, int) or (isinstance(value, float) and value - value == 0):
        return value
    return [_plain(one) for one in value] if is_list(value) else str(value)


def _lines(draft: "Draft", title: str, output: "str | None", overlay: "Overlay | None") -> "Iterator[str]":
    models, facts = len(draft.entries), draft.facts
    yield f"{title}: {count(models, 'model')} with {count(facts, 'fact')}"
    yield from _gaps(draft)
    yield from contradiction_lines(draft)
    if not models:
        return
    yield ""
    if overlay is not None:
        added, facts = count(len(overlay.models), "model"), sum(len(one["sources"]) for one in overlay.overrides)
        changed = f"{count(facts, 'fact')} overridden in {count(len(overlay.overrides), 'model')}"
        yield f"over the catalogue: {added} added, {changed}, {count(overlay.same, 'model')} unchanged"
        if overlay.kept:
            yield f"not overridden, since the model would be wrong in itself: {', '.join(overlay.kept)}"
    if output and overlay is not None:
        yield f"next: hypiler check {output} --required core"
    elif output:
        yield from _next_lines(draft, output)
    else:
        yield "next: --output models.json writes the draft"


def _written_lines(draft: "Draft", output: str) -> "Iterator[str]":
    yield from _gaps(draft)
    yield ""
    if draft.entries:
        yield from _next_lines(draft, output)
    else:
        yield "nothing is written: no model could be drafted"


def _gaps(draft: "Draft") -> "Iterator[str]":
    yield from _grouped("left out", draft.left_out)
    yield from _grouped("not carried", draft.uncarried)
    yield from _grouped("completed from the catalogue", draft.completed)


def _next_lines(draft: "Draft", output: str) -> "Iterator[str]":
    facts = f"{count(draft.facts, 'fact')}, each with its source"
    yield f"{output}: {count(len(draft.entries), 'model')} written, with {facts}"
    yield f"next: hypiler check {output} --required core"
    yield 'next: in a project, write `required = "core"` into [tool.hypiler] of pyproject.toml'


def contradiction_lines(draft: "Draft") -> "Iterator[str]":
    """What the catalogue says otherwise, by model."""
    from hypiler.lifecycle.importing.drafting import contradictions_by_model

    if not draft.contradictions:
        return
    yield ""
    yield f"{count(len(draft.contradictions), 'contradiction')} with the catalogue:"
    for model, ones in contradictions_by_model(draft):
        yield f"  {model}"
        for one in ones:
            yield f"    {one.title}: {one.theirs} at {one.place}; the catalogue says {one.ours} ({one.known})"


def _grouped(head: str, notes: "Iterable[Note]") -> "Iterator[str]":
    """Notes with one reason on one line, with the names of some models and the first place."""
    groups: dict[str, list[Note]] = {}
    for note in notes:
        groups.setdefault(f"{note.path}: {note.why}" if note.path else note.why, []).append(note)
    if groups:
        yield ""
        yield f"{head}:"
    for why, found in sorted(groups.items(), key=lambda one: -len(one[1])):
        names = [*Counter(note.name for note in found)]
        listed = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
        yield f"  {why}"
        yield f"    {len(found)}: {listed}; first at {found[0].place}"


def printed_value(value: "Any") -> str:
    """A value as models.json writes it."""
    from json import dumps

    return dumps(value, ensure_ascii=False)


def count(number: int, noun: str) -> str:
    """`1 model`, `2 models`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
