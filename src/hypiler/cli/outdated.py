"""`hypiler outdated`: which pins are behind their repositories, and whether vectors could change."""

import sys
from concurrent.futures import ThreadPoolExecutor

from hypiler.cli.hub import (
    INTERRUPTED,
    add_files_arguments,
    add_jobs_argument,
    chosen_entries,
    open_hub,
    open_registry,
)
from hypiler.cli.json_output import print_document
from hypiler.cli.streams import FINDINGS, NETWORK, OK, USAGE, write_text
from hypiler.diagnostics.escaping import printable
from hypiler.verification.outdated import BEHIND, CURRENT, STATES, UNREACHABLE, check_pin
from hypiler.verification.waiting import in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.compiler.checked import Entry
    from hypiler.verification.lockfile import LockEntry
    from hypiler.verification.outdated import PinStatus

EXAMPLES = """examples:
  hypiler outdated                every model of the registry
  hypiler outdated BAAI/bge-m3    one model, by its repository or id
  hypiler outdated --shipped BAAI/bge-m3    a model that comes with hypiler
  hypiler outdated --json         for programs
"""
_DESCRIPTION = """\
List the pins that are behind their repositories, and say whether vectors could change.

Needs `python -m pip install 'hypiler[hub]'`.

Exit codes: 0 every pin is current; 1 a pin is behind, gone, renamed or missing; 4 the hub did not
answer for a repository. The highest code that applies is used.
"""
_SHOWN_FILES = 8


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("ids", metavar="ID", nargs="*", help="models, also by alias or repository; default: all")
    add_files_arguments(parser, shipped=True)
    parser.add_argument("--json", action="store_true", help="print the states as JSON")
    add_jobs_argument(parser)
    parser.set_defaults(format="text", limit=0)


def run(options: "Namespace") -> int:
    """Ask the hub for every pinned repository, and report the state of each pin."""
    opened = open_registry(options)
    if opened is None:
        return FINDINGS
    entries = chosen_entries(opened.registry, options)
    if entries is None:
        return USAGE
    statuses, complete = _asked(entries, opened.locks, options.jobs)
    if options.json:
        print_document(complete=complete, models=[_record(one) for one in statuses])
    else:
        for one in statuses:
            if one.state != CURRENT:
                write_text(_line(one), sys.stdout)
        write_text(_summary(statuses, len(entries)), sys.stdout)
    if not complete:
        return INTERRUPTED
    if any(one.state == UNREACHABLE for one in statuses):
        return NETWORK
    return FINDINGS if any(one.behind for one in statuses) else OK


def _asked(entries: "list[Entry]", locks: "dict[str, LockEntry]", jobs: int) -> "tuple[list[PinStatus], bool]":
    """The state of each pin in the order of the entries, and whether all were asked for before Ctrl-C."""
    statuses: list[PinStatus] = []
    with open_hub(len(entries), "asking") as (hub, done):

        def ask(entry: "Entry") -> "PinStatus":
            return check_pin(entry, hub.info, locks.get(entry.id))

        pool = ThreadPoolExecutor(jobs)
        try:
            for one in in_order([pool.submit(ask, entry) for entry in entries]):
                statuses.append(one)
                done()
        except KeyboardInterrupt:
            return statuses, False
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return statuses, True


def _line(one: "PinStatus") -> str:
    if one.state != BEHIND:
        return f"{one.entry.id}: {one.state}: {printable(one.message)}"
    files = ", ".join(map(printable, one.changed[:_SHOWN_FILES])) or "nothing that facts or vectors come from"
    more = f" and {len(one.changed) - _SHOWN_FILES} more" if len(one.changed) > _SHOWN_FILES else ""
    risk = "vectors stay as they are" if _stays(one) else "vectors could change"
    pinned, head = str(one.entry.revision)[:12], str(one.head)[:12]
    return f"{one.entry.id}: behind: {pinned} is pinned, main stands at {head}; {risk}; changed: {files}{more}"


def _stays(one: "PinStatus") -> bool:
    return one.vectors is not None and one.vectors.outcome == "same"


def _summary(statuses: "list[PinStatus]", count: int) -> str:
    states = [one.state for one in statuses]
    counts = ", ".join([f"{states.count(state)} {state}" for state in STATES if state in states]) or "none asked for"
    asked = f" of {count}" if len(statuses) < count else ""
    return f"{len(statuses)}{asked} model{'s' * (count != 1)}: {counts}" if count else "no models"


def _record(one: "PinStatus") -> "dict[str, object]":
    return {
        "id": one.entry.id,
        "repository": one.entry.repository,
        "state": one.state,
        "pinned": one.entry.revision,
        "head": one.head,
        "changed": list(one.changed),
        "vectors_could_change": not _stays(one) if one.vectors else None,
        "message": one.message or None,
    }
