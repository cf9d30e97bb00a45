"""`hypiler add`: a new entry, drafted from the model's own files."""

import os
import sys
from json import dumps

from hypiler.build.files import failure, read_file
from hypiler.build.options import OptionsError
from hypiler.build.output import replace_source
from hypiler.build.project import compile_files
from hypiler.cli import FINDINGS, NETWORK, OK, complain
from hypiler.cli.hub import asking, entries_in
from hypiler.cli.report import print_findings, project_options, report, show
from hypiler.compiler.edit import Change, edit
from hypiler.compiler.pipeline import compile_registry
from hypiler.compiler.source import read_source
from hypiler.diagnostics.text import printable
from hypiler.hub.draft import draft
from hypiler.hub.snapshot import HubError, UnreachableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.compiler.source import Source
    from hypiler.evidence import Evidence
    from hypiler.hub.snapshot import Snapshot

EXAMPLES = """examples:
  hypiler add BAAI/bge-m3                        from main, pinned to the commit it stands at
  hypiler add BAAI/bge-m3 --revision COMMIT      from a branch, a tag or a commit
  hypiler add org/model --id my-model --yes      without asking
  hypiler add org/model --local FOLDER           from files in a folder

What the files do not say is left out, and named afterwards: look it up, with its source. The rest of the file stays as
it is. It needs `pip install 'hypiler[hub]'`.
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("repository", metavar="HF_ID", help="repository on the hub, org/name")
    parser.add_argument("--revision", metavar="REV", help="branch, tag or commit; default: main")
    parser.add_argument("--id", metavar="ID", help="id of the entry; default: from the repository's name")
    parser.add_argument("--file", metavar="FILE", help="registry file; default: the first of [tool.hypiler]")
    parser.add_argument("--local", metavar="FOLDER", help="read the files from a folder instead of the hub")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.set_defaults(format="text", limit=0)


def run(options: "Namespace") -> int:
    """Read, draft, show, ask, insert, and say what is still to be looked up."""
    try:
        path = options.file or project_options().sources[0]
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return FINDINGS
    registry = compile_files([path], lock=False)
    if registry.failed:
        report(registry.findings, registry, options, sys.stderr)
        complain(f"{printable(path)} must have no errors before a model is added")
        return FINDINGS
    entries = entries_in([path])
    known = next((entry for entry in entries if entry.repository == options.repository), None)
    if known is not None:
        complain(f"{printable(path)} has {options.repository} already, as `{known.id}`")
        return FINDINGS
    try:
        snapshot = _snapshot(options)
    except HubError as error:
        complain(str(error))
        return NETWORK if isinstance(error, UnreachableError) else FINDINGS
    entry, evidence = draft(snapshot, id=options.id)
    source = _source(path)
    text = edit(source, [Change(("models", len(entries)), entry)])
    show(dumps(entry, indent=2, ensure_ascii=False), sys.stdout)
    _warn(evidence)
    if not options.yes and not _agreed(path):
        return OK
    replace_source(path, source.text.encode(), text.encode(), root=os.path.dirname(path))
    added = compile_registry([(path, text.encode())])
    show(f"{path}: `{entry['id']}` added", sys.stdout)
    if added.findings:
        show("Look up what its files do not say:\n", sys.stdout)
        print_findings(added.findings, added, sys.stdout)
    return OK


def _snapshot(options: "Namespace") -> "Snapshot":
    if options.local:
        from hypiler.hub.folder import read_folder

        return read_folder(options.local, repository=options.repository)
    with asking(1, "reading") as (hub, done):
        snapshot = hub.snapshot(options.repository, options.revision)
        done()
    return snapshot


def _source(path: str) -> "Source":
    source, _ = read_source(read_file(path), path)
    if source is None:
        raise failure("read", path, OSError(None, "it has changed meanwhile"))
    return source


def _agreed(path: str) -> bool:
    """Ask on a terminal; elsewhere nobody can agree."""
    if not sys.stdin.isatty():
        show("nothing is written without --yes", sys.stdout)
        return False
    return input(f"Add it to {path}? [y/N] ").strip().lower() in ("y", "yes")


def _warn(evidence: "Evidence") -> None:
    for problem in evidence.problems:
        show(f"note: {problem.file} was not used: {problem.message}", sys.stdout)
    if evidence.remote_code:
        files = ", ".join(map(printable, evidence.remote_code))
        show(f"note: loading it with its own library runs code of the repository: {files}", sys.stdout)
    if evidence.pickle_only:
        show("note: only pickled weights: loading them can run code", sys.stdout)
