"""`hypiler pin`: records the commit, and the size and sha256 of every file that decides vectors."""

import sys
from concurrent.futures import ThreadPoolExecutor

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
from hypiler.cli.streams import ENVIRONMENT, FINDINGS, NETWORK, OK, USAGE, print_error, usage_error, write_text
from hypiler.diagnostics.escaping import printable
from hypiler.hub.snapshot import HubError
from hypiler.jsontext.editor import Change, edit
from hypiler.project.output import replace_source
from hypiler.schema.key_order import schema_order
from hypiler.verification.lock_rules import format_value
from hypiler.verification.lockfile import AT_COMMIT
from hypiler.verification.pinning import pin, pin_snapshot
from hypiler.verification.verify import read_of, updated
from hypiler.verification.waiting import in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    from hypiler.cli.hub import Opened
    from hypiler.compiler.checked import Entry
    from hypiler.verification.pinning import Pinned

EXAMPLES = """examples:
  hypiler pin                         every model, from the hub, at its commit
  hypiler pin bge-m3 --write          write the commit of `main` if the entry has none
  hypiler pin bge-m3 --local bge-m3   the files in a folder instead of the hub
  hypiler pin --json                  for programs
"""
_DESCRIPTION = """\
Record which files decide the vectors of a model, with their sizes and sums, in models.lock.json.

No fact is judged. If an entry has no `revision`, the command prints the commit of `main` and
records nothing; with --write, it writes this commit into the entry. Needs `python -m pip install
'hypiler[hub]'`, unless --local is given.

Exit codes: 0 recorded; 1 an entry has no `revision`, or its repository has no such commit; 3 a file
or folder here cannot be read or written; 4 a model could not be read. The highest code that applies
is used. After Ctrl-C: 130, and what was read until then is recorded.
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("ids", metavar="ID", nargs="*", help="models, also by alias or repository; default: all")
    add_files_arguments(parser)
    parser.add_argument("--local", metavar="DIR", help="read the files of the one ID from a folder")
    parser.add_argument("--pins", metavar="FILE", help="with --local: a tab-separated table of public pins")
    parser.add_argument("--write", action="store_true", help="write the commit into entries that have none")
    parser.add_argument("--json", action="store_true", help="print what was read as JSON")
    add_jobs_argument(parser)
    parser.set_defaults(format="text", limit=0)


def run(options: "Namespace") -> int:
    """Read the lists of files, report them, write commits if asked to, and keep the lock."""
    if options.local and len(options.ids) != 1:
        return usage_error("--local DIR goes with one ID")
    if options.pins and not options.local:
        return usage_error("--pins FILE goes with --local DIR")
    opened = open_registry(options)
    if opened is None:
        return FINDINGS
    entries = chosen_entries(opened.registry, options)
    if entries is None:
        return USAGE
    try:
        done = [_of_folder(entries[0], options)] if options.local else _of_hub(entries, options.jobs)
    except HubError as error:
        print_error(printable(str(error)))
        return ENVIRONMENT
    unpinned = {one.entry.id for one in done if one.unpinned}
    written = options.write and _write(done, opened)
    left = {one.entry.id for one in done if one.unpinned and one.entry.base is not None} if written else unpinned
    read = {one.entry.id: one.locked for one in done if one.locked is not None and one.entry.id not in left}
    if read:
        keep_lock(opened, updated(opened.locks, read, opened.registry, opened.others, judged=False))
    complete = len(done) == len(entries)
    _report(done, options, unpinned, written=written, complete=complete)
    if not complete:
        return INTERRUPTED
    if any(one.error is not None and not one.gone for one in done):
        return NETWORK
    return FINDINGS if left or any(one.gone for one in done) else OK


def _of_folder(entry: "Entry", options: "Namespace") -> "Pinned":
    """Raises HubError for a folder that cannot be read or has the files of another commit."""
    from hypiler.hub.folder import read_folder

    pins = read_pins(options.pins) if options.pins else None
    snapshot = read_of(entry, lambda sums: read_folder(options.local, sums, revision=entry.revision, pins=True))
    pinned = None if pins is None else pins.of(entry.repository, entry.revision)
    notes = () if snapshot.revision else ("the files of a folder were read: commit unknown",)
    found = pin_snapshot(entry, snapshot, date=today(), pinned=pinned, notes=notes)
    if found.error is not None:
        raise found.error
    return found


def _of_hub(entries: "list[Entry]", jobs: int) -> "list[Pinned]":
    """What was read of each model, in the order of the entries, until Ctrl-C."""
    found: list[Pinned] = []
    date = today()
    with open_hub(len(entries), "pinning") as (hub, done):

        def ask(entry: "Entry") -> "Pinned":
            return pin(entry, hub.pins, date=date)

        pool = ThreadPoolExecutor(jobs)
        try:
            for one in in_order([pool.submit(ask, entry) for entry in entries]):
                found.append(one)
                done()
        except KeyboardInterrupt:
            return found
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return found


def _write(done: "list[Pinned]", opened: "Opened") -> bool:
    """Write the commit into each entry that has none; false if a source may not be written."""
    for source in opened.registry.sources:
        own = [one for one in done if one.unpinned and one.entry.source is source]
        if not own:
            continue
        if above := opened.only_reads(source.name):
            print_error(above)
            return False
        text = edit(source, [Change((*one.entry.path, "revision"), one.head) for one in own], schema_order)
        replace_source(source.name, source.text.encode(), text.encode(), root=opened.root)
        for one in own:
            one.entry.tree["revision"] = one.head
    return True


def _report(done: "list[Pinned]", options: "Namespace", unpinned: set[str], *, written: bool, complete: bool) -> None:
    if options.json:
        print_document(complete=complete, models=[_record(one) for one in done])
        return
    for one in done:
        for line in _lines(one):
            write_text(line, sys.stdout)
        if one.entry.id in unpinned:
            where = "was written" if written else f"is written by `hypiler pin {one.entry.id} --write`"
            if one.entry.base is not None:
                where = f"is not written: {of_a_base(one.entry, 'revision', format_value(one.head))}"
            write_text(f"  note: the entry has no `revision`: `main` stands at {one.head}, which {where}", sys.stdout)


def _lines(one: "Pinned") -> "Iterator[str]":
    id = one.entry.id
    if one.error is not None:
        yield f"{id}: {printable(str(one.error))}"
        return
    size = sum([file.size or 0 for file in one.files.values()])
    at = sum([file.read == AT_COMMIT for file in one.files.values()])
    kinds = [f"{at} at the commit"] * (at > 0) + [f"{len(one.files) - at} of a copy"] * (at < len(one.files))
    place = f"{one.entry.repository}{f' @ {one.head[:12]}' if one.head else ''}"
    yield f"{id} ({place}): {', '.join(kinds)}, {size} bytes"
    for note in one.notes:
        yield f"  note: {printable(note)}"
    if one.unsummed:
        yield f"  note: no sha256 is known of {printable(', '.join(one.unsummed))}"


def _record(one: "Pinned") -> "dict[str, Any]":
    return {
        "id": one.entry.id,
        "repository": one.entry.repository,
        "revision": one.entry.revision,
        "head": one.head,
        "error": error_record(one.error),
        "notes": list(one.notes),
        "files": {name: file.to_dict() for name, file in one.files.items()},
    }
