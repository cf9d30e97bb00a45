"""`hypiler verify`: compares what the registry says with what the models' own files say."""

import sys

from hypiler.cli.hub import (
    INTERRUPTED,
    add_files_arguments,
    add_jobs_argument,
    chosen_entries,
    keep_lock,
    of_a_base,
    open_hub,
    open_registry,
    read_pins,
    today,
)
from hypiler.cli.json_output import error_record, print_document
from hypiler.cli.report import print_findings
from hypiler.cli.streams import ENVIRONMENT, FINDINGS, NETWORK, OK, USAGE, print_error, usage_error, write_text
from hypiler.diagnostics.escaping import printable
from hypiler.hub.snapshot import HubError
from hypiler.project.output import replace_source
from hypiler.verification.fixes import fixes
from hypiler.verification.lock_rules import format_value, is_at_commit
from hypiler.verification.lockfile import AT_COMMIT, COPY
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
    from hypiler.verification.verdict import Verdict
    from hypiler.verification.verify import Result

EXAMPLES = """examples:
  hypiler verify                         every model, from the hub, at its pinned commit
  hypiler verify bge-m3 --facts          one model, with the verdict on each fact
  hypiler verify --fix                   write what the files say into models.json
  hypiler verify --offline               the same verdict again, from models.lock.json alone
  hypiler verify bge-m3 --local bge-m3   the files in a folder instead of the hub
  hypiler verify bge-m3 --forget         take what was read of one model out of models.lock.json
  hypiler verify --shipped bge-m3        a model that comes with hypiler; writes nothing
  hypiler verify --bytes                 hash the files in the cache of huggingface_hub
  hypiler verify --json                  for programs
"""
_DESCRIPTION = """\
Compare every fact with the models' own files, and keep what was read in models.lock.json.

A fact agrees with the files at the commit of its entry, or with a copy: a folder whose files are
not known to be those of the commit. With --pins, files of a folder count as those of the commit if
two independent public pins name their sha256. With --bytes, no fact is compared: the files of a
folder, or of the cache of huggingface_hub, are hashed and compared with the recorded sums.

Needs `python -m pip install 'hypiler[hub]'`, unless --offline or --local is given. A token for
gated and private repositories comes from HF_TOKEN or from `hf auth login`.

Exit codes: 0 nothing differs; 1 a fact or a file differs, or a repository has no such commit; 3 a
local file or folder cannot be read or written, or has no facts about the model; 4 a model could
not be read, because the hub cannot be reached, needs a token or does not show the repository. The
highest code that applies is used. After Ctrl-C: 130, and a report of what was read until then.
"""
_COPY = "agree with a copy"
_REPORT = "the shipped registry is only read: report the difference to its maintainers"
_WORDS = {AGREES: "agree", DIFFERS: "differ", UNKNOWN: "unknown to the files", CLAIMED: "claimed"}


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("ids", metavar="ID", nargs="*", help="models, also by alias or repository; default: all")
    add_files_arguments(parser, shipped=True)
    parser.add_argument("--local", metavar="DIR", help="read the files of the one ID from a folder")
    parser.add_argument("--pins", metavar="FILE", help="with --local: a tab-separated table of public pins")
    parser.add_argument("--bytes", action="store_true", help="compare the bytes of files with the recorded sums")
    parser.add_argument("--offline", action="store_true", help="use models.lock.json alone, and not the network")
    parser.add_argument("--fix", action="store_true", help="write what the files say into the registry")
    parser.add_argument("--no-lock", action="store_true", help="do not write models.lock.json")
    parser.add_argument("--forget", action="store_true", help="remove the entries of the IDs from models.lock.json")
    parser.add_argument("--facts", action="store_true", help="show the verdict on each fact")
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    add_jobs_argument(parser)
    parser.set_defaults(format="text", limit=0)


def run(options: "Namespace") -> int:
    """Read the files, compare, report, keep what was read in the lock, and correct what differs."""
    if fault := _wrong_use(options):
        return usage_error(fault)
    opened = open_registry(options)
    if opened is None:
        return FINDINGS
    if chosen_entries(opened.registry, options) is None:
        return USAGE
    if options.forget:
        return _forget(opened, options)
    if options.bytes:
        from hypiler.cli.verify_bytes import run_bytes

        return run_bytes(opened, options)
    try:
        verification = _verified(opened, options)
    except HubError as error:  # of a folder; those of the hub concern one model of many
        print_error(printable(str(error)))
        return ENVIRONMENT
    _report(verification, options)
    if not options.offline and not options.shipped and not options.no_lock:
        keep_lock(opened, verification.locked(opened.locks, opened.others))
    if not verification.complete:
        return INTERRUPTED
    fixed = options.fix and _fix(verification, opened, quiet=options.json)
    if verification.unread:
        return ENVIRONMENT if options.local else NETWORK
    return FINDINGS if verification.differs and not fixed else OK


def _wrong_use(options: "Namespace") -> str | None:
    """Why the arguments cannot be combined; None if they can."""
    if options.local and (len(options.ids) != 1 or options.offline):
        return "--local DIR goes with one ID, and not with --offline"
    if options.pins and not options.local:
        return "--pins FILE goes with --local DIR"
    if options.bytes and (options.fix or options.offline or options.pins or options.facts):
        return "--bytes compares no facts: it cannot be combined with --fix, --facts, --pins or --offline"
    if options.fix and options.shipped:
        return "--shipped is only read: --fix needs a registry of your own"
    if not options.forget:
        return None
    others = [f"--{name.replace('_', '-')}" for name in _READING if getattr(options, name)]
    if others:
        return f"--forget reads no files: it cannot be combined with {others[0]}"
    return None if options.ids else "--forget goes with the IDs of the models to forget"


_READING = ("local", "pins", "bytes", "offline", "fix", "no_lock", "facts", "json", "shipped")


def _forget(opened: "Opened", options: "Namespace") -> int:
    """Take the readings of some models out of the lock."""
    chosen = [entry.id for entry in chosen_entries(opened.registry, options) or ()]
    keep_lock(opened, {id: one for id, one in opened.locks.items() if id not in chosen})
    for id in chosen:
        there = "what was read of its files is forgotten" if id in opened.locks else "the lock has nothing of it"
        write_text(f"{printable(id)}: {there}", sys.stdout)
    return OK


def _verified(opened: "Opened", options: "Namespace") -> Verification:
    """What the files say of the models. Raises HubError for a folder that cannot be read."""
    registry = opened.registry
    if options.offline:
        return verify_by_lock(registry, options.ids, opened.locks)
    date = today()
    if options.local:
        from hypiler.hub.folder import read_folder

        revision = registry.entry(options.ids[0]).revision
        pins = read_pins(options.pins) if options.pins else None

        def read_local(sums: list[str]) -> "Snapshot":
            return read_folder(options.local, sums, revision=revision, pins=True)

        return verify_folder(registry, options.ids[0], read_local, date=date, pins=pins)
    with open_hub(len(options.ids) or len(registry), "verifying") as (hub, done):

        def read(repository: str, revision: str | None, names_alone: bool) -> "Snapshot":
            return hub.pins(repository, revision) if names_alone else hub.snapshot(repository, revision, pins=True)

        return verify_registry(registry, options.ids, read, date=date, jobs=options.jobs, done=lambda _: done())


def _report(verification: Verification, options: "Namespace") -> None:
    if options.json:
        records = [_record(result) for result in verification.results]
        print_document(complete=verification.complete, models=records)
        return
    for result in verification.results:
        for line in _lines(result, facts=options.facts):
            write_text(line, sys.stdout)
    findings = verification.findings()
    for finding in findings if options.shipped else ():
        finding.help = _REPORT
    print_findings(findings, verification.registry, sys.stdout)
    write_text(_summary(verification.results, verification.wanted), sys.stdout)


def _lines(result: "Result", *, facts: bool) -> "Iterator[str]":
    entry = result.entry
    commit = f" @ {result.locked.revision[:12]}" if result.locked and result.locked.revision else ""
    if result.error is not None:
        yield f"{entry.id}: {printable(str(result.error))}"
    else:
        counts = ", ".join(f"{count} {word}" for word, count in _counts(result).items() if count)
        yield f"{entry.id} ({entry.repository}{commit}): {counts}"
    for note in (*result.notes, *_doubts(result)):
        yield f"  note: {printable(note)}"
    for verdict in result.verdicts if facts else ():
        place = f"  {verdict.file}" + (f" {verdict.key}" if verdict.key else "") if verdict.file else ""
        if verdict.state == UNKNOWN and verdict.theirs is not None:
            place += f": {format_value(verdict.theirs)}"
        note = f" ({verdict.note})" if verdict.note else ""
        yield f"  {verdict.state:8}{printable(verdict.path):38}{format_value(verdict.ours)}{printable(place + note)}"


def _doubts(result: "Result") -> "Iterator[str]":
    """Why what the files show of a fact is doubtful, unless a note about the files says it already."""
    for verdict in result.verdicts:
        if verdict.doubtful and not any(note in verdict.note for note in result.notes):
            yield f"`{verdict.path}` is doubtful: {verdict.note}"


def _counts(result: "Result") -> dict[str, int]:
    words = [_word(verdict, result) for verdict in result.verdicts]
    return {word: words.count(word) for word in (_WORDS[AGREES], _COPY, *[_WORDS[state] for state in STATES[1:]])}


def _word(verdict: "Verdict", result: "Result") -> str:
    """The word for what became of a fact: one that agrees may agree with a copy only."""
    return _COPY if _evidence(verdict, result) == COPY else _WORDS[verdict.state]


def _evidence(verdict: "Verdict", result: "Result") -> str | None:
    """Whether a fact agrees with the files at the commit or with a copy; None for one that does not agree."""
    if verdict.state != AGREES or result.locked is None:
        return None
    return AT_COMMIT if is_at_commit(verdict, result.locked) else COPY


def _summary(results: "list[Result]", wanted: int) -> str:
    differ = sum(result.differs and result.error is None for result in results)
    gone = sum(result.differs and result.error is not None for result in results)
    unread = sum(result.unread for result in results)
    fine = len(results) - differ - gone - unread
    counts = ((differ, "with"), (gone, "without such a commit"), (unread, "that could not be read"))
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
        "error": error_record(result.error),
        "notes": list(result.notes),
        "facts": [verdict.to_dict() | {"read": _evidence(verdict, result)} for verdict in result.verdicts],
    }


def _fix(verification: Verification, opened: "Opened", *, quiet: bool) -> bool:
    """Write what the files say into the sources; whether all that differs was corrected."""
    complete = True
    for entry, finding in verification.of_bases():
        path = ".".join(map(str, finding.path[2:]))
        print_error(f"`{printable(path)}` of `{printable(entry.id)}` is left as it is: {of_a_base(entry, path)}")
        complete = False
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
