"""`hypiler verify`: compares what the registry says with what the models' own files say."""

import sys
from json import dumps

from hypiler.cli.hub import (
    INTERRUPTED,
    add_files_arguments,
    add_jobs_argument,
    chosen_entries,
    open_hub,
    open_registry,
)
from hypiler.cli.report import print_findings
from hypiler.cli.streams import ENVIRONMENT, FINDINGS, NETWORK, OK, USAGE, print_error, usage_error, write_text
from hypiler.diagnostics.escaping import printable
from hypiler.hub.snapshot import HubError
from hypiler.project.output import add_files, replace_source
from hypiler.verification.fixes import fixes
from hypiler.verification.lock_rules import format_value
from hypiler.verification.lockfile import write_lock
from hypiler.verification.verdict import AGREES, CLAIMED, DIFFERS, STATES, UNKNOWN
from hypiler.verification.verify import Verification, verify_by_lock, verify_folder, verify_registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from hypiler.cli.hub import Opened
    from hypiler.hub.snapshot import Snapshot
    from hypiler.verification.fixes import Fix
    from hypiler.verification.verify import Result

EXAMPLES = """examples:
  hypiler verify                         every model, from the hub, at its pinned commit
  hypiler verify bge-m3 --facts          one model, with the verdict on each fact
  hypiler verify --fix                   write what the files say into models.json
  hypiler verify --offline               the same verdict again, from models.lock.json alone
  hypiler verify bge-m3 --local bge-m3   the files in a folder instead of the hub
  hypiler verify --json                  for programs
"""
_DESCRIPTION = """\
Compare every fact with the models' own files, and keep what was read in models.lock.json.

Needs `python -m pip install 'hypiler[hub]'`, unless --offline or --local is given. A token for
gated and private repositories comes from HF_TOKEN or from `hf auth login`.

Exit codes: 0 nothing differs; 1 a fact differs, or a repository or commit does not exist; 3 a file
or folder here cannot be read or written; 4 not every model could be read, be it that the hub is
out of reach or wants a token; the highest that applies. After Ctrl-C 130, with a report of what
was read until then.
"""
_WORDS = {AGREES: "agree", DIFFERS: "differ", UNKNOWN: "unknown to the files", CLAIMED: "claimed"}


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("ids", metavar="ID", nargs="*", help="models, also by alias or repository; default: all")
    add_files_arguments(parser, shipped=True)
    parser.add_argument("--local", metavar="DIR", help="read the files of the one ID from a folder")
    parser.add_argument("--offline", action="store_true", help="ask nobody: judge by models.lock.json alone")
    parser.add_argument("--fix", action="store_true", help="write what the files say into the registry")
    parser.add_argument("--facts", action="store_true", help="show the verdict on each fact")
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    add_jobs_argument(parser)
    parser.set_defaults(format="text", limit=0)


def run(options: "Namespace") -> int:
    """Read the files, compare, report, keep what was read in the lock, and correct what differs."""
    if options.local and (len(options.ids) != 1 or options.offline):
        return usage_error("--local DIR goes with one ID, and not with --offline")
    if options.fix and options.shipped:
        return usage_error("--shipped is only read: --fix needs a registry of your own")
    opened = open_registry(options)
    if opened is None:
        return FINDINGS
    if chosen_entries(opened.registry, options) is None:
        return USAGE
    try:
        verification = _verified(opened, options)
    except HubError as error:  # of a folder; those of the hub concern one model of many
        print_error(printable(str(error)))
        return ENVIRONMENT
    _report(verification, options)
    if not options.offline and not options.shipped:
        _keep(verification, opened)
    if not verification.complete:
        return INTERRUPTED
    fixed = options.fix and _fix(verification, opened, quiet=options.json)
    if verification.unread:
        return ENVIRONMENT if options.local else NETWORK
    return FINDINGS if verification.differs and not fixed else OK


def _verified(opened: "Opened", options: "Namespace") -> Verification:
    """What the files say of the models. Raises HubError for a folder that cannot be read."""
    registry = opened.registry
    if options.offline:
        return verify_by_lock(registry, options.ids, opened.locks)
    from datetime import UTC, datetime

    date = datetime.now(UTC).date().isoformat()
    if options.local:
        from hypiler.hub.folder import read_folder

        return verify_folder(registry, options.ids[0], lambda sums: read_folder(options.local, sums), date=date)
    with open_hub(len(options.ids) or len(registry), "verifying") as (hub, done):

        def read(repository: str, revision: str | None, names_alone: bool) -> "Snapshot":
            return hub.info(repository, revision) if names_alone else hub.snapshot(repository, revision)

        return verify_registry(registry, options.ids, read, date=date, jobs=options.jobs, done=lambda _: done())


def _report(verification: Verification, options: "Namespace") -> None:
    if options.json:
        tree = {"models": [_record(result) for result in verification.results], "complete": verification.complete}
        write_text(dumps(tree, indent=2), sys.stdout)
        return
    for result in verification.results:
        for line in _lines(result, facts=options.facts):
            write_text(line, sys.stdout)
    print_findings(verification.findings(), verification.registry, sys.stdout)
    write_text(_summary(verification.results, verification.wanted), sys.stdout)


def _lines(result: "Result", *, facts: bool) -> "Iterator[str]":
    entry = result.entry
    commit = f" @ {result.locked.revision[:12]}" if result.locked and result.locked.revision else ""
    if result.error is not None:
        yield f"{entry.id}: {printable(str(result.error))}"
    else:
        counts = ", ".join(f"{count} {_WORDS[state]}" for state, count in _counts(result).items() if count)
        yield f"{entry.id} ({entry.repository}{commit}): {counts}"
    for note in (*result.notes, *_doubts(result)):
        yield f"  note: {printable(note)}"
    for verdict in result.verdicts if facts else ():
        place = f"  {verdict.file}" + (f" {verdict.key}" if verdict.key else "") if verdict.file else ""
        note = f" ({verdict.note})" if verdict.note and verdict.state != UNKNOWN else ""
        yield f"  {verdict.state:8}{printable(verdict.path):38}{format_value(verdict.ours)}{printable(place + note)}"


def _doubts(result: "Result") -> "Iterator[str]":
    """Why what the files show of a fact is doubtful, unless a note about the files says it already."""
    for verdict in result.verdicts:
        if verdict.doubtful and not any(note in verdict.note for note in result.notes):
            yield f"`{verdict.path}` is doubtful: {verdict.note}"


def _counts(result: "Result") -> dict[str, int]:
    states = [verdict.state for verdict in result.verdicts]
    return {state: states.count(state) for state in STATES}


def _summary(results: "list[Result]", wanted: int) -> str:
    differ = sum(result.differs and result.error is None for result in results)
    gone = sum(result.differs and result.error is not None for result in results)
    unread = sum(result.unread for result in results)
    fine = len(results) - differ - gone - unread
    counts = ((differ, "with"), (gone, "that does not exist"), (unread, "that could not be read"))
    of = f"{len(results)} of " if len(results) < wanted else ""
    parts = [f"{fine} without a difference", *[f"{count} {what}" for count, what in counts if count]]
    return f"{of}{_counted(wanted, 'model')}: {', '.join(parts)}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _record(result: "Result") -> "dict[str, Any]":
    """A result as JSON has it."""
    return {
        "id": result.entry.id,
        "repository": result.entry.repository,
        "revision": result.locked.revision if result.locked else None,
        "date": result.locked.date if result.locked else None,
        "error": None if result.error is None else {"kind": type(result.error).__name__, "message": str(result.error)},
        "notes": list(result.notes),
        "facts": [verdict.to_dict() for verdict in result.verdicts],
    }


def _keep(verification: Verification, opened: "Opened") -> None:
    """Write what was read into the lock."""
    text = write_lock(verification.locked(opened.locks, opened.others))
    if opened.kept is None:
        if any(result.locked for result in verification.results):
            add_files({opened.lock: text}, {})
    elif text.encode() != opened.kept:
        replace_source(opened.lock, opened.kept, text.encode(), root=opened.root)


def _fix(verification: Verification, opened: "Opened", *, quiet: bool) -> bool:
    """Write what the files say into the sources; whether all that differs was corrected."""
    complete = True
    for fix in fixes(verification):
        written = fix.checked is None or _write(fix, opened)
        complete = complete and written and fix.complete
        if fix.corrected and written and not quiet:
            write_text(f"{printable(fix.source.name)}: {_counted(fix.corrected, 'fact')} corrected", sys.stdout)
    return complete


def _write(fix: "Fix", opened: "Opened") -> bool:
    """Write a corrected source, if it has no errors then."""
    name = fix.source.name
    if fix.errors:
        shown = printable(name)
        print_error(f"{shown} is left as it is: with what the files say it would have errors; correct it by hand")
        print_findings(fix.errors, fix.checked, sys.stderr)
        return False
    if above := opened.only_reads(name):
        print_error(above)
        return False
    replace_source(name, fix.source.text.encode(), fix.text.encode(), root=opened.root)
    return True
