"""`hypiler add`: a new entry, drafted from the model's own files."""

import sys
from dataclasses import replace
from json import dumps

from hypiler.cli.hub import add_files_arguments, of_a_base, open_hub, open_registry
from hypiler.cli.report import not_text, print_findings
from hypiler.cli.streams import ENVIRONMENT, FINDINGS, NETWORK, OK, print_error, usage_error, write_text
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.escaping import printable
from hypiler.hub.snapshot import HubError, NotFoundError, RevisionGoneError
from hypiler.jsontext.editor import Change, edit
from hypiler.project.output import replace_source
from hypiler.schema.field import ABSENT
from hypiler.schema.fields import FIELDS
from hypiler.schema.identifiers import RESERVED, constant_name
from hypiler.schema.key_order import schema_order
from hypiler.schema.loading import MARKERS
from hypiler.verification.draft import draft, proposed_id
from hypiler.verification.verdict import differences

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator, Mapping
    from typing import Any

    from hypiler.cli.hub import Opened
    from hypiler.compiler.checked import CheckedRegistry, Entry
    from hypiler.diagnostics.finding import Finding
    from hypiler.hub.snapshot import Snapshot
    from hypiler.jsontext.reader import Source
    from hypiler.model_files.extract import Evidence

EXAMPLES = """examples:
  hypiler add BAAI/bge-m3                        from main, pinned to its current commit
  hypiler add BAAI/bge-m3 --revision v1.0        from a branch, a tag or a commit
  hypiler add BAAI/bge-m3 --id my-model --yes    without asking
  hypiler add BAAI/bge-m3 --local bge-m3         from the files in a folder
  hypiler add BAAI/bge-m3 BAAI/bge-small-en-v1.5 --yes   several models
"""
_DESCRIPTION = """\
Draft the entry of each model from its own files, show it, and add it to models.json.

Facts that the files do not state are left out, and listed afterwards: look them up, and note
their sources. The rest of models.json is not changed. If models.json already has the model,
missing facts are added to its entry, read at the commit of the entry. Facts that are there
already stay as they are. Needs `python -m pip install 'hypiler[hub]'`, except with --local.

Exit codes, the highest of all models: 0 added, nothing to add, or you declined; 1 models.json
cannot be read, the id is taken, or there is no such model; 3 a file or folder here cannot be read
or written; 4 the hub did not answer, or needs a token.
"""
# Findings about an id that is taken or not allowed: another id is the remedy for each.
_ABOUT_IDS = ("M107", "M201", "M301", "M302")


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("repositories", metavar="HF_ID", nargs="+", help="repository on the hub, org/name")
    parser.add_argument("--revision", metavar="REV", help="branch, tag or commit; default: main")
    parser.add_argument("--id", dest="new_id", metavar="NEW-ID", help="default: from the repository's name")
    add_files_arguments(parser, "default: the first file of the project")
    parser.add_argument("--local", metavar="DIR", help="read the files from a folder instead of the hub")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.set_defaults(format="text", limit=0)


def run(options: "Namespace") -> int:
    """Add each model, whatever became of the ones before it."""
    if options.local and options.revision:
        return usage_error("--revision needs the hub: it cannot be combined with --local")
    names = [*dict.fromkeys(options.repositories)]
    for name in ("id", "local", "revision"):
        if len(names) > 1 and getattr(options, "new_id" if name == "id" else name):
            return usage_error(f"--{name} is about one model: it cannot be combined with {len(names)} repositories")
    if fault := not_text(*names, options.revision, options.new_id):
        return usage_error(fault)
    return max([_run_one(name, options) for name in names])


def _run_one(name: str, options: "Namespace") -> int:
    """Read the files, and add the model or complete its entry."""
    # Read again for each model, since the one before it has changed the file.
    opened = open_registry(options, lock=False, sound=False)
    if opened is None:
        return _refuse("fix the errors first")
    if above := opened.only_reads(opened.registry.sources[0].name):
        return _refuse(above)
    known = _known(name, opened.registry)
    if known and known.base:
        return _refuse(f"{_has(known)}: {of_a_base(known, 'name')}")
    if known and options.revision:
        return _refuse(f"{_has(known)}: facts of another revision would not belong to its entry")
    try:
        snapshot = _snapshot(known.repository if known else name, options, known)
    except HubError as error:
        print_error(printable(str(error)))
        if options.local:
            return ENVIRONMENT
        return FINDINGS if isinstance(error, NotFoundError | RevisionGoneError) else NETWORK
    if snapshot.renamed_to and known is None:
        write_text(f"note: {snapshot.repository} was renamed to {snapshot.renamed_to}; that name is added", sys.stdout)
        snapshot = replace(snapshot, repository=snapshot.renamed_to)
        if known := _known(snapshot.repository, opened.registry):
            return _refuse(_has(known))
    return _add(snapshot, opened, options) if known is None else _complete(known, snapshot, opened, options)


def _add(snapshot: "Snapshot", opened: "Opened", options: "Namespace") -> int:
    registry = opened.registry
    source = registry.sources[0]
    tree: Any = source.value
    path, index = source.name, len(tree.get("models", ()))
    entry, evidence = draft(snapshot, id=options.new_id)
    text = edit(source, [Change(("models", index), entry)], schema_order)
    added = _checked(registry, source, text)
    if refusal := _refusal(added, registry, path, index):
        return _refuse(refusal.format(snapshot.repository, _free_id(snapshot.repository, registry)))
    for line in dumps(entry, indent=2, ensure_ascii=False).split("\n"):
        write_text(printable(line), sys.stdout)
    _warn(evidence, entry)
    if not options.yes and not _agreed(f"Add it to {printable(path)}?"):
        return OK
    replace_source(path, source.text.encode(), text.encode(), root=opened.root)
    write_text(f"{printable(path)}: `{entry['id']}` added", sys.stdout)
    _list_gaps(added, path, index)
    return OK


def _complete(known: "Entry", snapshot: "Snapshot", opened: "Opened", options: "Namespace") -> int:
    """Add the facts that the files show, and that the entry of a model does not state."""
    path, id = known.source.name, printable(known.id)
    if above := opened.only_reads(path):
        return _refuse(above)
    drafted, evidence = draft(snapshot, id=known.id)
    for verdict in differences(known.tree, evidence.facts, {}, complete=False):
        told = f"`{verdict.path}` of `{id}` is {dumps(verdict.ours)}, its files say {dumps(verdict.theirs)}"
        write_text(f"note: {printable(told)} ({printable(verdict.file)}): nothing is changed", sys.stdout)
    changes = list(_missing(known, drafted))
    if not changes:
        write_text(f"{_has(known)}: nothing to add", sys.stdout)
        return OK
    text = edit(known.source, changes, schema_order)
    checked = _checked(opened.registry, known.source, text)
    if refusal := _refusal(checked, opened.registry, path, known.index):
        return _refuse(refusal)
    facts = [change for change in changes if change.path[2] != "sources"]
    for change in facts:
        name = ".".join(map(str, change.path[2:]))
        write_text(printable(f"{name} = {dumps(change.value, ensure_ascii=False)}"), sys.stdout)
    if not options.yes and not _agreed(f"Add them to `{id}` in {printable(path)}?"):
        return OK
    replace_source(path, known.source.text.encode(), text.encode(), root=opened.root)
    write_text(f"{printable(path)}: {len(facts)} fact{'s' * (len(facts) != 1)} of `{id}` added", sys.stdout)
    _list_gaps(checked, path, known.index)
    return OK


def _has(known: "Entry") -> str:
    place = known.source.name if known.base is None else f"layer `{known.base}`"
    return printable(f"{place} has {known.repository} already, as `{known.id}`")


def _missing(known: "Entry", drafted: "Mapping[str, Any]") -> "Iterator[Change]":
    """A change for each fact of a draft that the entry does not state, and for its source."""
    sources = known.tree.get("sources", {})
    for field in FIELDS:
        value = field.get(drafted)
        if value is ABSENT or field.origin == "identity" or field.get(known.tree) is not ABSENT:
            continue
        yield Change((*known.path, *field.path), value)
        if field.name in drafted["sources"] and field.name not in sources:
            yield Change((*known.path, "sources", field.name), drafted["sources"][field.name])


def _checked(registry: "CheckedRegistry", changed: "Source", text: str) -> "CheckedRegistry":
    """The registry with another text of one of its files."""
    files = [(one.name, (text if one is changed else one.text).encode()) for one in registry.sources]
    return compile_registry(
        files,
        rules=registry.rules,
        own_facts=registry.own_facts,
        required=registry.required,
        follow=registry.follow,
    )


def _list_gaps(added: "CheckedRegistry", path: str, index: int) -> None:
    if open_questions := [one for one in added.findings if _is_of(one, path, index)]:
        write_text("Look up what its files do not say:\n", sys.stdout)
        print_findings(open_questions, added, sys.stdout)


def _refuse(why: str) -> int:
    print_error(f"nothing was added: {why}")
    return FINDINGS


def _known(name: str, registry: "CheckedRegistry") -> "Entry | None":
    """The entry of a model that the registry has. The hub ignores the case of a repository's name."""
    folded = name.casefold()
    return next(
        (one for one in registry.entries if name in one.names or one.repository.casefold() == folded),
        None,
    )


def _free_id(repository: str, registry: "CheckedRegistry") -> str:
    """An id that no model of the registry has: the repository's with its owner, or with a number."""
    taken = {constant_name(str(name)) for entry in registry.entries for name in entry.names} | RESERVED
    whole = proposed_id(repository.replace("/", "-"))
    numbered = [f"{whole}-{number}" for number in range(2, len(taken) + 3)]
    return next(id for id in [whole, *numbered] if constant_name(id) not in taken)


def _snapshot(repository: str, options: "Namespace", known: "Entry | None") -> "Snapshot":
    if options.local:
        from hypiler.hub.folder import read_folder

        return read_folder(options.local, repository=repository)
    with open_hub(1, "reading") as (hub, _):
        return hub.snapshot(repository, options.revision or (known.revision if known else None))


def _refusal(added: "CheckedRegistry", before: "CheckedRegistry", path: str, index: int) -> str | None:
    """Why the entry cannot be added at all: an error that was not there before. A missing fact is no reason."""
    names = ("id", "huggingface_id")
    old = {(finding.code, finding.file, finding.path) for finding in before.findings}
    for finding in added.findings:
        inside = _is_of(finding, path, index) and not set(finding.path[2:3]).intersection(names)
        is_new = (finding.code, finding.file, finding.path) not in old
        if finding.severity == ERROR and is_new and not inside:
            # For `str.format`, as the message of an id is completed with another one.
            message = finding.message.replace("{", "{{").replace("}", "}}")
            return message + ("; choose another: hypiler add {} --id {}" if finding.code in _ABOUT_IDS else "")
    return None


def _is_of(finding: "Finding", path: str, index: int) -> bool:
    return finding.file == path and finding.path[:2] == ("models", index)


def _agreed(question: str) -> bool:
    """Ask on a terminal. Without one, nobody can agree."""
    if sys.stdin is None or not sys.stdin.isatty():
        write_text("nothing is written without --yes", sys.stdout)
        return False
    try:
        agreed = input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        write_text("", sys.stdout)
        agreed = False
    if not agreed:
        write_text("nothing is written", sys.stdout)
    return agreed


def _warn(evidence: "Evidence", entry: "Mapping[str, Any]") -> None:
    # Where the entry has a marker, its prefix is the text after it, which is certain.
    stated = entry.get("encoding", {})
    certain = [f"encoding.{prefix}" for prefix, marker in MARKERS.items() if marker in stated]
    for problem in evidence.problems:
        write_text(f"note: {printable(problem.file)} was not used: {printable(problem.message)}", sys.stdout)
    for warning in evidence.warnings:
        write_text(f"note: {printable(warning.file)}: {printable(warning.message)}", sys.stdout)
    said = [warning.message for warning in evidence.warnings]
    for path, fact in evidence.facts.items():
        if fact.doubtful and path not in certain and not any(message in fact.note for message in said):
            write_text(f"note: `{path}` is doubtful: {printable(fact.note)}", sys.stdout)
    if evidence.remote_code:
        files = ", ".join(map(printable, evidence.remote_code))
        write_text(f"note: loading it with its own library runs code from the repository: {files}", sys.stdout)
    if evidence.pickle_only:
        write_text("note: only pickled weights: loading them can run code", sys.stdout)
