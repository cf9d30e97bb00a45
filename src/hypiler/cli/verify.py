"""`hypiler verify`: is what the registry says what the models' own files say?"""

import os
import sys
from dataclasses import asdict

from hypiler.build.files import read_file
from hypiler.build.options import OptionsError
from hypiler.build.output import add_files, replace_source
from hypiler.build.project import compile_files, lock_path
from hypiler.cli import FINDINGS, NETWORK, OK, USAGE, complain
from hypiler.cli.hub import asking, entries_in
from hypiler.cli.report import print_findings, project_options, report, show, usage
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.text import nearest, printable, shown
from hypiler.evidence.lock import read_lock, write_lock
from hypiler.evidence.verdict import AGREES, CLAIMED, DIFFERS, STATES, UNKNOWN
from hypiler.hub.verify import Result, from_lock, hashed, judge, verify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from hypiler.compiler.edit import Change
    from hypiler.compiler.pipeline import Registry
    from hypiler.diagnostics.finding import Finding
    from hypiler.evidence.lock import Locked
    from hypiler.hub.verify import Entry

EXAMPLES = """examples:
  hypiler verify                         every model, from the hub, at its pinned commit
  hypiler verify bge-m3 --facts          one model, with the verdict on each fact
  hypiler verify --fix                   write what the files say into models.json
  hypiler verify --offline               the same verdict again, from models.lock.json alone
  hypiler verify bge-m3 --local FOLDER   the files in a folder instead of the hub
  hypiler verify --json                  for programs

It needs `pip install 'hypiler[hub]'`, but for --offline. Exit codes: 0 nothing differs, 1 something does, 4 the hub
could not be asked.
"""


_WORDS = {AGREES: "agree", DIFFERS: "differ", UNKNOWN: "unknown to the files", CLAIMED: "claimed"}


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("ids", metavar="ID", nargs="*", help="models; default: all")
    parser.add_argument("--file", metavar="FILE", help="registry file; default: those of [tool.hypiler]")
    parser.add_argument("--local", metavar="FOLDER", help="read the files of the one ID from a folder")
    parser.add_argument("--offline", action="store_true", help="ask nobody: judge by models.lock.json alone")
    parser.add_argument("--fix", action="store_true", help="write what the files say into the registry")
    parser.add_argument("--facts", action="store_true", help="show the verdict on each fact")
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    parser.add_argument("--jobs", type=int, default=8, metavar="N", help="models that are read at once; default: 8")
    parser.set_defaults(format="text", limit=0)


def run(options: "Namespace") -> int:
    """Read, compare, report, and keep what was read in the lock."""
    try:
        sources = [options.file] if options.file else project_options().sources
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return FINDINGS
    registry = compile_files(sources, lock=False)
    if registry.failed:
        report(registry.findings, registry, options, sys.stderr)
        return FINDINGS
    every = entries_in(sources)
    entries = _chosen(every, options)
    if entries is None:
        return USAGE
    path = lock_path(sources)
    kept = read_file(path) if os.path.exists(path) else b""
    locks, findings = read_lock(kept, path) if kept else ({}, [])
    if findings:
        report(findings, None, options, sys.stderr)
        return FINDINGS
    if options.offline:
        results, complete = [from_lock(entry, locks.get(entry.id)) for entry in entries], True
    else:
        results, complete = _asked(entries, options)
    _report(results, registry, options)
    if not options.offline:
        _keep(path, kept, locks, results, every)
    fixed = options.fix and _fix(results, options)
    return _exit_code(results, fixed=fixed) if complete else 130


def _chosen(entries: "list[Entry]", options: "Namespace") -> "list[Entry] | None":
    """The entries of the ids; None after a complaint."""
    if options.local and (len(options.ids) != 1 or options.offline):
        usage("--local FOLDER goes with one ID, and not with --offline")
        return None
    by_id = {entry.id: entry for entry in entries}
    for id in options.ids:
        if id not in by_id:
            near = nearest(id, list(by_id))
            usage(f"no model {shown(id)} in the registry" + (f"; did you mean {near}?" if near else ""))
            return None
    return [by_id[id] for id in options.ids] or entries


def _asked(entries: "list[Entry]", options: "Namespace") -> "tuple[list[Result], bool]":
    """What the files say, and whether all were read."""
    from datetime import UTC, datetime

    from hypiler.hub.snapshot import HubError

    date = datetime.now(UTC).date().isoformat()
    if options.local:
        from hypiler.hub.folder import read_folder

        (entry,) = entries
        try:
            snapshot = read_folder(options.local, hashed(entry))
        except HubError as error:
            return [Result(entry, error=error)], True
        return [judge(entry, snapshot, snapshot.sums, date)], True
    with asking(len(entries), "verifying") as (hub, done):

        def read(repository: str, revision: "str | None", names_alone: bool) -> "Any":
            return hub.info(repository, revision) if names_alone else hub.snapshot(repository, revision)

        return verify(entries, read, date=date, jobs=options.jobs, done=lambda _: done())


def _report(results: "list[Result]", registry: "Registry", options: "Namespace") -> None:
    if options.json:
        from json import dumps

        show(dumps({"models": [_record(result) for result in results]}, indent=2), sys.stdout)
        return
    for result in results:
        for line in _lines(result, facts=options.facts):
            show(line, sys.stdout)
    findings = located([finding for result in results for finding in result.findings()], results)
    print_findings(findings, registry, sys.stdout)
    show(_summary(results), sys.stdout)


def located(findings: "list[Finding]", results: "list[Result]") -> "list[Finding]":
    """The findings with their places in the files of the registry."""
    of_model = {result.entry.id: result.entry.source for result in results}
    for source in dict.fromkeys(of_model.values()):
        source.locate([finding for finding in findings if of_model.get(str(finding.model)) is source])
    return findings


def _lines(result: "Result", *, facts: bool) -> "Iterator[str]":
    entry = result.entry
    commit = f" @ {result.locked.revision[:12]}" if result.locked and result.locked.revision else ""
    if result.error is not None:
        yield f"{entry.id}: {result.error}"
    else:
        counts = ", ".join(f"{count} {_WORDS[state]}" for state, count in _counts(result).items() if count)
        yield f"{entry.id} ({entry.repository}{commit}): {counts}"
    for note in result.notes:
        yield f"  note: {printable(note)}"
    for verdict in result.verdicts if facts else ():
        place = f"  {verdict.file}" + (f" {verdict.key}" if verdict.key else "") if verdict.file else ""
        yield f"  {verdict.state:8}{printable(verdict.path):38}{shown(verdict.ours)}{printable(place)}"


def _counts(result: "Result") -> dict[str, int]:
    states = [verdict.state for verdict in result.verdicts]
    return {state: states.count(state) for state in STATES}


def _summary(results: "list[Result]") -> str:
    count = len(results)
    differ, unread = sum(result.differs for result in results), sum(result.unread for result in results)
    told = f"{count} model{'s' * (count != 1)}: {count - differ - unread} without a difference"
    return told + (f", {differ} with" if differ else "") + (f", {unread} that could not be read" if unread else "")


def _record(result: "Result") -> "dict[str, Any]":
    """A result as JSON has it."""
    return {
        "id": result.entry.id,
        "repository": result.entry.repository,
        "revision": result.locked.revision if result.locked else None,
        "date": result.locked.date if result.locked else None,
        "error": None if result.error is None else {"kind": type(result.error).__name__, "message": str(result.error)},
        "notes": list(result.notes),
        "facts": [asdict(verdict) for verdict in result.verdicts],
    }


def _keep(path: str, kept: bytes, locks: "dict[str, Locked]", results: "list[Result]", every: "list[Entry]") -> None:
    """Write what was read into the lock, in the order of the registry; models that are gone leave it."""
    fresh = locks | {result.entry.id: result.locked for result in results if result.locked is not None}
    text = write_lock({entry.id: fresh[entry.id] for entry in every if entry.id in fresh})
    if kept and text.encode() != kept:
        replace_source(path, kept, text.encode(), root=os.path.dirname(path))
    elif not kept and fresh:
        add_files({path: text}, {})


def _fix(results: "list[Result]", options: "Namespace") -> bool:
    """Write what the files say into the registry; whether all that differs was mended."""
    from hypiler.compiler.edit import edit

    mended = True
    for source in dict.fromkeys([result.entry.source for result in results]):
        changes = [change for result in results if result.entry.source is source for change in _changes(result)]
        mended = mended and len(changes) == sum(
            verdict.state == DIFFERS
            for result in results
            if result.entry.source is source
            for verdict in result.verdicts
        )
        if not changes:
            continue
        text = edit(source, changes)
        again = compile_registry([(source.name, text.encode())])
        if again.failed:
            complain(f"{source.name} is left as it is: with what the files say it would be faulty; mend it by hand")
            print_findings(again.findings, again, sys.stderr)
            return False
        replace_source(source.name, source.text.encode(), text.encode(), root=os.path.dirname(source.name))
        if not options.json:
            show(f"{source.name}: {len(changes)} fact{'s' * (len(changes) != 1)} corrected", sys.stdout)
    return mended


def _changes(result: "Result") -> "Iterator[Change]":
    """A change for each fact whose right value the files say."""
    from hypiler.compiler.edit import Change
    from hypiler.evidence import parameters_text

    for verdict in result.verdicts:
        fact = result.locked.facts.get(verdict.path) if result.locked else None
        if verdict.state == DIFFERS and fact is not None and not verdict.path.startswith("files."):
            value = parameters_text(fact.value) if verdict.path == "specs.parameters" else fact.value
            yield Change(("models", result.entry.index, *verdict.path.split(".")), value)


def _exit_code(results: "list[Result]", *, fixed: bool) -> int:
    """The worst that happened."""
    if any(result.unread for result in results):
        return NETWORK
    return FINDINGS if any(result.differs for result in results) and not fixed else OK
