"""`hypiler adopt`: what a code base says of models by hand, and a registry drafted from it."""

import sys

from hypiler.cli.drafts import (
    catalogue,
    contradiction_record,
    count,
    document,
    finish_draft,
    printed_value,
    refuse_existing,
)
from hypiler.cli.json_output import print_document
from hypiler.cli.report import not_text
from hypiler.cli.streams import FINDINGS, OK, usage_error, write_text
from hypiler.diagnostics.escaping import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from hypiler.lifecycle.adoption.analysis import FoundFact
    from hypiler.lifecycle.adoption.scan import Adoption, Conflict
    from hypiler.lifecycle.importing.drafting import Draft

EXAMPLES = """examples:
  hypiler adopt .                        what the code of this folder says of models
  hypiler adopt src --json               the same for programs
  hypiler adopt . --write                and draft models.json from it
  hypiler adopt . --write new.json       into another file
"""
_DESCRIPTION = """\
Find the facts about models that were typed into a code base by hand: tables, constants, prefixes,
names of repositories, widths of stores and SQL columns. Python is parsed and never run; TOML,
YAML, JSON, notebooks, .env and SQL files are read as well (YAML needs PyYAML: `python -m pip
install 'hypiler[adopt]'`).

Each fact is shown with its place, the model that it belongs to, and why. A fact is certain if the
same entry names the model, and likely if the model is named nearby. Facts that the catalogue (the
registry that comes with hypiler) or another place of the code states otherwise are listed.
Truncating texts earlier, or vectors to a width that the model supports, is no contradiction.

Files that git ignores, tests, migrations, CI settings and other people's code are left out. Without
--write, no file is written; nothing is ever overwritten.

Exit codes: 0 no contradictions; 1 contradictions, or nothing could be drafted; 2 wrong use; 3 a
file cannot be read or written.
"""
_MOST_OPEN = 20
_MOST_UNREAD = 10


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("path", metavar="PATH", help="a folder, or one file")
    parser.add_argument(
        "--write",
        metavar="FILE",
        dest="output",
        nargs="?",
        const="models.json",
        help="draft a registry into this new file; default: models.json",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(options: "Namespace") -> int:
    """Scan, report, and draft if asked to."""
    from hypiler.lifecycle.adoption.listing import TooManyFilesError
    from hypiler.lifecycle.adoption.scan import scan
    from hypiler.lifecycle.importing.drafting import draft_registry
    from hypiler.project.files import failure

    if fault := not_text(options.path, options.output):
        return usage_error(fault)
    refuse_existing(options.output)
    known, version = catalogue()
    try:
        found = scan(options.path, known)
    except TooManyFilesError as error:
        return usage_error(printable(str(error)))
    except OSError as error:
        raise failure("read", options.path, error) from None
    draft = draft_registry(found.rows(), "", known, version)
    draft.contradictions = [one for _, one in found.contradictions]
    code = FINDINGS if found.contradictions or found.conflicts or (options.output and not draft.entries) else OK
    if options.json:
        print_document(**_report(found), **_drafted(draft, options))
        return code
    for line in _lines(found):
        write_text(printable(line), sys.stdout)
    if options.output:
        finish_draft(draft, options.output)
    return code


def _drafted(draft: "Draft", options: "Namespace") -> "dict[str, Any]":
    from hypiler.cli.drafts import write_draft

    if not options.output:
        return {"draft": None}
    if draft.entries:
        write_draft(draft, options.output)
    parts = document(draft)
    del parts["contradictions"]
    return {"draft": {**parts, "output": options.output if draft.entries else None}}


def _report(found: "Adoption") -> "dict[str, Any]":
    models = [
        {
            "name": subject.name,
            "id": subject.known.id if subject.known else None,
            "mentions": [str(one.place) for one in found.mentions if one.subject.key == subject.key],
            "facts": [_fact(one) for one in found.facts_of(subject)],
        }
        for subject in found.subjects
    ]
    return {
        "files": found.files,
        "models": models,
        "open": [_fact(one) for one in found.facts if one.subject is None],
        "contradictions": [
            contradiction_record(one) | {"certainty": fact.certainty} for fact, one in found.contradictions
        ],
        "conflicts": [
            {"name": one.subject.name, "path": one.path, "first": _fact(one.first), "second": _fact(one.second)}
            for one in found.conflicts
        ],
        "unread": [{"file": one.file, "why": one.why} for one in found.unread],
    }


def _fact(fact: "FoundFact") -> "dict[str, Any]":
    return {
        "path": fact.path,
        "value": fact.value,
        "key": fact.key,
        "place": str(fact.place),
        "certainty": fact.certainty,
        "why": fact.why,
    }


def _lines(found: "Adoption") -> "Iterator[str]":
    owned = [fact for fact in found.facts if fact.subject is not None]
    models = count(len(found.subjects), "model")
    yield f"{count(found.files, 'file')}: {models}, {count(len(owned), 'fact')}"
    for subject in found.subjects:
        yield ""
        known = f"`{subject.known.id}` of the catalogue" if subject.known else "not in the catalogue"
        yield f"{subject.name} ({known})"
        facts = found.facts_of(subject)
        for fact in facts:
            yield f"  {fact.path} = {printed_value(fact.value)}  {fact.place}  {fact.certainty}: {fact.why}"
        if not facts:
            places = [str(one.place) for one in found.mentions if one.subject.key == subject.key]
            more = f" and {len(places) - 1} more" if len(places) > 1 else ""
            yield f"  named at {places[0]}{more}; no fact stands with it"
    yield from _open_lines([fact for fact in found.facts if fact.subject is None])
    yield from _against_catalogue(found)
    yield from _conflict_lines(found.conflicts)
    yield from _unread_lines(found)


def _open_lines(facts: "list[FoundFact]") -> "Iterator[str]":
    if facts:
        yield ""
        yield f"{count(len(facts), 'width')} without a model near:"
        yield from (f"  {fact.key} = {printed_value(fact.value)}  {fact.place}" for fact in facts[:_MOST_OPEN])
    if len(facts) > _MOST_OPEN:
        yield f"  … and {len(facts) - _MOST_OPEN} more"


def _against_catalogue(found: "Adoption") -> "Iterator[str]":
    if found.contradictions:
        yield ""
        yield f"{count(len(found.contradictions), 'contradiction')} with the catalogue:"
    for fact, one in found.contradictions:
        doubt = "" if fact.certainty == "certain" else ", if that model is meant"
        yield f"  {one.place} says {one.theirs}, the catalogue says {one.ours} ({one.known})"
        yield f"    {one.title} of {one.model}{doubt}"


def _conflict_lines(conflicts: "list[Conflict]") -> "Iterator[str]":
    if conflicts:
        yield ""
        yield f"{count(len(conflicts), 'contradiction')} between places of the code:"
    for one in conflicts:
        first, second = printed_value(one.first.value), printed_value(one.second.value)
        yield f"  {one.first.place} says {first}, {one.second.place} says {second}"
        yield f"    {one.path} of {one.subject.name}"


def _unread_lines(found: "Adoption") -> "Iterator[str]":
    unread = found.unread
    if unread:
        yield ""
        yield f"{count(len(unread), 'file')} not read:"
        yield from (f"  {one.file}: {one.why}" for one in unread[:_MOST_UNREAD])
    if len(unread) > _MOST_UNREAD:
        yield f"  … and {len(unread) - _MOST_UNREAD} more; --json lists all"
