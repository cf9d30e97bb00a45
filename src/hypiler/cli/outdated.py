"""`hypiler outdated`: which pins are behind, and could vectors change?"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from hypiler.build.files import read_file
from hypiler.build.options import OptionsError
from hypiler.build.project import compile_files, lock_path
from hypiler.cli import FINDINGS, NETWORK, OK
from hypiler.cli.hub import asking, entries_in
from hypiler.cli.report import project_options, report, show
from hypiler.diagnostics.text import printable
from hypiler.evidence.lock import read_lock
from hypiler.hub.outdated import BEHIND, CURRENT, UNREACHABLE, look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.hub.outdated import Outlook
    from hypiler.hub.verify import Entry

EXAMPLES = """examples:
  hypiler outdated                every model of the registry
  hypiler outdated --json

It needs `pip install 'hypiler[hub]'`. Exit codes: 0 every pin is current, 1 one is behind, gone, renamed or missing, 4
the hub could not be asked.
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("--file", metavar="FILE", help="registry file; default: those of [tool.hypiler]")
    parser.add_argument("--json", action="store_true", help="print a list as JSON")
    parser.add_argument("--jobs", type=int, default=8, metavar="N", help="repositories asked at once; default: 8")
    parser.set_defaults(format="text", limit=0)


def run(options: "Namespace") -> int:
    """Ask for every pin and say how it stands."""
    try:
        sources = [options.file] if options.file else project_options().sources
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return FINDINGS
    registry = compile_files(sources, lock=False)
    if registry.failed:
        report(registry.findings, registry, options, sys.stderr)
        return FINDINGS
    path = lock_path(sources)
    locks = read_lock(read_file(path), path)[0] if os.path.exists(path) else {}
    entries = entries_in(sources)
    with asking(len(entries), "asking") as (hub, done), ThreadPoolExecutor(options.jobs) as pool:

        def ask(entry: "Entry") -> "Outlook":
            found = look(entry, hub.info, locks.get(entry.id))
            done()
            return found

        outlooks = list(pool.map(ask, entries))
    if options.json:
        from json import dumps

        show(dumps([_record(one) for one in outlooks], indent=2), sys.stdout)
    else:
        for one in outlooks:
            if one.state != CURRENT:
                show(_line(one), sys.stdout)
        current = sum(one.state == CURRENT for one in outlooks)
        show(f"{len(outlooks)} models: {current} current", sys.stdout)
    if any(one.state == UNREACHABLE for one in outlooks):
        return NETWORK
    return FINDINGS if any(one.behind for one in outlooks) else OK


def _line(one: "Outlook") -> str:
    if one.state != BEHIND:
        return f"{one.entry.id}: {one.state}: {one.message}"
    changed = ", ".join(map(printable, one.changed)) or "nothing that facts or vectors come from"
    risk = "vectors could change" if one.vectors else "vectors stay as they are"
    pinned, head = str(one.entry.revision)[:12], str(one.head)[:12]
    return f"{one.entry.id}: behind: {pinned} is pinned, main stands at {head}; {risk}; changed: {changed}"


def _record(one: "Outlook") -> "dict[str, object]":
    return {
        "id": one.entry.id,
        "repository": one.entry.repository,
        "state": one.state,
        "pinned": one.entry.revision,
        "head": one.head,
        "changed": list(one.changed),
        "vectors_could_change": one.vectors,
        "message": one.message or None,
    }
