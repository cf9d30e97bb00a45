"""`hypiler add`: a new entry, drafted from the model's own files."""

import sys
from dataclasses import replace
from json import dumps

from hypiler.cli.hub import add_files_arguments, open_hub, open_registry
from hypiler.cli.report import not_text, print_findings
from hypiler.cli.streams import ENVIRONMENT, FINDINGS, NETWORK, OK, print_error, usage_error, write_text
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.escaping import printable
from hypiler.hub.snapshot import HubError, NotFoundError, RevisionGoneError
from hypiler.jsontext.editor import Change, edit
from hypiler.project.output import replace_source
from hypiler.schema.key_order import schema_order
from hypiler.verification.draft import draft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.cli.hub import Opened
    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.diagnostics.finding import Finding
    from hypiler.hub.snapshot import Snapshot
    from hypiler.model_files.extract import Evidence

EXAMPLES = """examples:
  hypiler add BAAI/bge-m3                        from main, pinned to its current commit
  hypiler add BAAI/bge-m3 --revision v1.0        from a branch, a tag or a commit
  hypiler add BAAI/bge-m3 --id my-model --yes    without asking
  hypiler add BAAI/bge-m3 --local bge-m3         from the files in a folder
"""
_DESCRIPTION = """\
Draft the entry of a model from its own files, show it, and add it to models.json.

Facts that the files do not state are left out, and listed afterwards: look them up, and note their
sources. The rest of models.json is not changed. Needs `python -m pip install 'hypiler[hub]'`,
except with --local.

Exit codes: 0 added, or you declined; 1 the registry has errors or the model already, or there is
no such model; 3 a file or folder here cannot be read or written; 4 the hub did not answer, or
needs a token.
"""
# Findings about an id that is taken or not allowed: another id is the remedy for each.
_ABOUT_IDS = ("M107", "M201", "M301", "M302")


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("repository", metavar="HF_ID", help="repository on the hub, org/name")
    parser.add_argument("--revision", metavar="REV", help="branch, tag or commit; default: main")
    parser.add_argument("--id", dest="new_id", metavar="NEW-ID", help="default: from the repository's name")
    add_files_arguments(parser, "default: the first file of the project")
    parser.add_argument("--local", metavar="DIR", help="read the files from a folder instead of the hub")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.set_defaults(format="text", limit=0)


def run(options: "Namespace") -> int:
    """Read the files, draft the entry, show it, ask, insert it, and list what is still to be looked up."""
    if options.local and options.revision:
        return usage_error("--revision needs the hub: it cannot be combined with --local")
    if fault := not_text(options.repository, options.revision, options.new_id):
        return usage_error(fault)
    opened = open_registry(options, lock=False)
    if opened is None:
        return _refuse("fix the errors first")
    registry = opened.registry
    if above := opened.only_reads(registry.sources[0].name):
        return _refuse(above)
    if known := _known(options.repository, registry):
        return _refuse(known)
    try:
        snapshot = _snapshot(options)
    except HubError as error:
        print_error(printable(str(error)))
        if options.local:
            return ENVIRONMENT
        return FINDINGS if isinstance(error, NotFoundError | RevisionGoneError) else NETWORK
    if snapshot.renamed_to:
        write_text(f"note: {snapshot.repository} was renamed to {snapshot.renamed_to}; that name is added", sys.stdout)
        if known := _known(snapshot.renamed_to, registry):
            return _refuse(known)
        snapshot = replace(snapshot, repository=snapshot.renamed_to)
    return _add(snapshot, opened, options)


def _add(snapshot: "Snapshot", opened: "Opened", options: "Namespace") -> int:
    registry = opened.registry
    source = registry.sources[0]
    path, index = source.name, sum(entry.source is source for entry in registry.entries)
    entry, evidence = draft(snapshot, id=options.new_id)
    text = edit(source, [Change(("models", index), entry)], schema_order)
    files = [(one.name, (text if one is source else one.text).encode()) for one in registry.sources]
    added = compile_registry(files, rules=registry.rules)
    if refusal := _refusal(added, path, index):
        return _refuse(refusal)
    for line in dumps(entry, indent=2, ensure_ascii=False).split("\n"):
        write_text(printable(line), sys.stdout)
    _warn(evidence)
    if not options.yes and not _agreed(path):
        return OK
    replace_source(path, source.text.encode(), text.encode(), root=opened.root)
    write_text(f"{printable(path)}: `{entry['id']}` added", sys.stdout)
    if open_questions := [one for one in added.findings if _is_of(one, path, index)]:
        write_text("Look up what its files do not say:\n", sys.stdout)
        print_findings(open_questions, added, sys.stdout)
    return OK


def _refuse(why: str) -> int:
    print_error(f"nothing was added: {why}")
    return FINDINGS


def _known(name: str, registry: "CheckedRegistry") -> str | None:
    """Why a model cannot be added again: the registry has it. The hub ignores the case of a repository's name."""
    folded = name.casefold()
    model = registry.get(name) or next((one for one in registry if one.huggingface_id.casefold() == folded), None)
    if model is None:
        return None
    origin = registry.origin(model.id)
    file = printable(origin.file) if origin else registry.title
    return f"{file} has {model.huggingface_id} already, as `{model.id}`"


def _snapshot(options: "Namespace") -> "Snapshot":
    if options.local:
        from hypiler.hub.folder import read_folder

        return read_folder(options.local, repository=options.repository)
    with open_hub(1, "reading") as (hub, _):
        return hub.snapshot(options.repository, options.revision)


def _refusal(added: "CheckedRegistry", path: str, index: int) -> str | None:
    """Why the entry cannot be added at all. A missing fact is no reason."""
    names = ("id", "huggingface_id")
    for finding in added.findings:
        inside = _is_of(finding, path, index) and not set(finding.path[2:3]).intersection(names)
        if finding.severity == ERROR and not inside:
            return finding.message + ("; choose another with --id" if finding.code in _ABOUT_IDS else "")
    return None


def _is_of(finding: "Finding", path: str, index: int) -> bool:
    return finding.file == path and finding.path[:2] == ("models", index)


def _agreed(path: str) -> bool:
    """Ask on a terminal. Without one, nobody can agree."""
    if sys.stdin is None or not sys.stdin.isatty():
        write_text("nothing is written without --yes", sys.stdout)
        return False
    try:
        agreed = input(f"Add it to {printable(path)}? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        write_text("", sys.stdout)
        agreed = False
    if not agreed:
        write_text("nothing is written", sys.stdout)
    return agreed


def _warn(evidence: "Evidence") -> None:
    for problem in evidence.problems:
        write_text(f"note: {printable(problem.file)} was not used: {printable(problem.message)}", sys.stdout)
    for warning in evidence.warnings:
        write_text(f"note: {printable(warning.file)}: {printable(warning.message)}", sys.stdout)
    said = [warning.message for warning in evidence.warnings]
    for path, fact in evidence.facts.items():
        if fact.doubtful and not any(message in fact.note for message in said):
            write_text(f"note: `{path}` is doubtful: {printable(fact.note)}", sys.stdout)
    if evidence.remote_code:
        files = ", ".join(map(printable, evidence.remote_code))
        write_text(f"note: loading it with its own library runs code from the repository: {files}", sys.stdout)
    if evidence.pickle_only:
        write_text("note: only pickled weights: loading them can run code", sys.stdout)
