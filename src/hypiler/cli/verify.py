"""`hypiler verify`: compares what the registry says with what the models' own files say."""

import os
import sys
from json import dumps

from hypiler.cli.hub import (
    INTERRUPTED,
    add_files_arguments,
    add_jobs_argument,
    chosen_entries,
    open_hub,
    read_lock_for,
    read_registry,
)
from hypiler.cli.report import print_findings
from hypiler.cli.streams import ENVIRONMENT, FINDINGS, NETWORK, OK, USAGE, print_error, usage_error, write_text
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.escaping import printable
from hypiler.hub.snapshot import HubError
from hypiler.project.output import add_files, replace_source
from hypiler.verification.lock_rules import format_value
from hypiler.verification.lockfile import write_lock
from hypiler.verification.verdict import AGREES, CLAIMED, DIFFERS, STATES, UNKNOWN
from hypiler.verification.verify import (
    Result,
    citations,
    corrections,
    entries_of,
    files_with_checksums,
    from_lock,
    verify,
    verify_snapshot,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.diagnostics.finding import Finding
    from hypiler.hub.snapshot import Snapshot
    from hypiler.jsontext.editor import Change
    from hypiler.jsontext.reader import Source
    from hypiler.verification.lockfile import LockEntry
    from hypiler.verification.verify import Entry

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
    add_files_arguments(parser)
    parser.add_argument("--local", metavar="DIR", help="read the files of the one ID from a folder")
    parser.add_argument("--offline", action="store_true", help="ask nobody: judge by models.lock.json alone")
    parser.add_argument("--fix", action="store_true", help="write what the files say into the registry")
    parser.add_argument("--facts", action="store_true", help="show the verdict on each fact")
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    add_jobs_argument(parser)
    parser.set_defaults(format="text", limit=0)


def run(options: "Namespace") -> int:
    """Read, compare, report, keep what was read in the lock, and mend what differs."""
    if options.local and (len(options.ids) != 1 or options.offline):
        return usage_error("--local DIR goes with one ID, and not with --offline")
    found = read_registry(options)
    lock = found and read_lock_for(found[1], options)
    if found is None or lock is None:
        return FINDINGS
    registry, path = found
    sources = registry.sources
    every = [entry for source in sources for entry in entries_of(source)]
    entries = chosen_entries(registry, options.ids)
    if entries is None:
        return USAGE
    kept, locks = lock
    try:
        results, complete = _results(entries, locks, options)
    except HubError as error:  # of a folder; those of the hub concern one model of many
        print_error(printable(str(error)))
        return ENVIRONMENT
    _report(results, registry, options, len(entries))
    if not options.offline:
        _keep(path, kept, locks, results, every)
    if not complete:
        return INTERRUPTED
    fixed = options.fix and _fix(results, sources, registry, options)
    return _exit_code(results, fixed=fixed)


def _results(
    entries: "list[Entry]", locks: "dict[str, LockEntry]", options: "Namespace"
) -> "tuple[list[Result], bool]":
    """What the files say, and whether all were read. Raises HubError for a folder that cannot be read."""
    if options.offline:
        return [from_lock(entry, locks.get(entry.id)) for entry in entries], True
    from datetime import UTC, datetime

    date = datetime.now(UTC).date().isoformat()
    if options.local:
        (entry,) = entries
        snapshot = _folder(entry, options.local)
        return [verify_snapshot(entry, snapshot, snapshot.sums, date)], True
    with open_hub(len(entries), "verifying") as (hub, done):

        def read(repository: str, revision: str | None, names_alone: bool) -> "Snapshot":
            return hub.info(repository, revision) if names_alone else hub.snapshot(repository, revision)

        return verify(entries, read, date=date, jobs=options.jobs, done=lambda _: done())


def _folder(entry: "Entry", folder: str) -> "Snapshot":
    from hypiler.hub.folder import read_folder

    snapshot = read_folder(folder, files_with_checksums(entry))
    if entry.revision and snapshot.revision and snapshot.revision != entry.revision:
        raise HubError(f"{folder} has the files of commit {snapshot.revision}; `{entry.id}` is of {entry.revision}")
    return snapshot


def _report(results: "list[Result]", registry: "CheckedRegistry", options: "Namespace", count: int) -> None:
    if options.json:
        tree = {"models": [_record(result) for result in results], "complete": len(results) == count}
        write_text(dumps(tree, indent=2), sys.stdout)
        return
    for result in results:
        for line in _lines(result, facts=options.facts):
            write_text(line, sys.stdout)
    findings = _located([finding for result in results for finding in result.findings()], results)
    print_findings(findings, registry, sys.stdout)
    write_text(_summary(results, count), sys.stdout)


def _located(findings: "list[Finding]", results: "list[Result]") -> "list[Finding]":
    """The findings with their places in the files of the registry."""
    of_model = {result.entry.id: result.entry.source for result in results}
    for source in dict.fromkeys(of_model.values()):
        source.locate([finding for finding in findings if of_model.get(str(finding.model)) is source])
    return findings


def _lines(result: "Result", *, facts: bool) -> "Iterator[str]":
    entry = result.entry
    commit = f" @ {result.locked.revision[:12]}" if result.locked and result.locked.revision else ""
    if result.error is not None:
        yield f"{entry.id}: {printable(str(result.error))}"
    else:
        counts = ", ".join(f"{count} {_WORDS[state]}" for state, count in _counts(result).items() if count)
        yield f"{entry.id} ({entry.repository}{commit}): {counts}"
    for note in result.notes:
        yield f"  note: {printable(note)}"
    for verdict in result.verdicts if facts else ():
        place = f"  {verdict.file}" + (f" {verdict.key}" if verdict.key else "") if verdict.file else ""
        yield f"  {verdict.state:8}{printable(verdict.path):38}{format_value(verdict.ours)}{printable(place)}"


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


def _keep(
    path: str, kept: "bytes | None", locks: "dict[str, LockEntry]", results: "list[Result]", every: "list[Entry]"
) -> None:
    """Write what was read into the lock, in the order of the registry; models that are gone leave it."""
    read = {result.entry.id: result.locked for result in results if result.locked is not None}
    # What a folder says whose commit is not known takes no place of what was read at one.
    read = {id: one for id, one in read.items() if one.revision or id not in locks or not locks[id].revision}
    if not read:
        return
    fresh = locks | read
    text = write_lock({entry.id: fresh[entry.id] for entry in every if entry.id in fresh})
    if kept is None:
        add_files({path: text}, {})
    elif text.encode() != kept:
        replace_source(path, kept, text.encode(), root=os.path.dirname(path))


def _fix(results: "list[Result]", sources: "list[Source]", registry: "CheckedRegistry", options: "Namespace") -> bool:
    """Write what the files say into the registry; whether all that differs was mended."""
    # What could not be read at all is not mended either.
    mended = all(result.error is None for result in results)
    for source in sources:
        own = [result for result in results if result.entry.source is source]
        changes = [change for result in own for change in corrections(result)]
        right = {change.path for change in changes}
        wrong = {finding.path for result in own for finding in result.findings()}
        mended = mended and wrong <= right
        if changes:
            cited = [change for result in own for change in citations(result)]
            written = _write(source, [*changes, *cited], registry.rules)
            mended = mended and written
            if written and not options.json:
                write_text(f"{printable(source.name)}: {_counted(len(changes), 'fact')} corrected", sys.stdout)
    return mended


def _write(source: "Source", changes: "list[Change]", rules: "RuleSettings | None") -> bool:
    """Give a file the changes, if it has no errors then."""
    from hypiler.jsontext.editor import edit
    from hypiler.schema.key_order import schema_order

    text = edit(source, changes, schema_order)
    again = compile_registry([(source.name, text.encode())], rules=rules)
    if again.has_errors:
        name = printable(source.name)
        print_error(f"{name} is left as it is: with what the files say it would be faulty; mend it by hand")
        print_findings([finding for finding in again.findings if finding.severity == ERROR], again, sys.stderr)
        return False
    replace_source(source.name, source.text.encode(), text.encode(), root=os.path.dirname(source.name))
    return True


def _exit_code(results: "list[Result]", *, fixed: bool) -> int:
    """The worst that happened."""
    if any(result.unread for result in results):
        return NETWORK
    return FINDINGS if any(result.differs for result in results) and not fixed else OK
