"""Corrects facts of a registry that the models' files contradict. The corrected texts are returned, not written."""

from dataclasses import dataclass, field

from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.codes import ERROR
from hypiler.jsontext.editor import REMOVED, Change, edit
from hypiler.schema.comparisons import LongestInput
from hypiler.schema.field import Field
from hypiler.schema.fields import FIELDS
from hypiler.schema.key_order import schema_order
from hypiler.verification.verdict import DIFFERS, stated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from hypiler.compiler.checked import CheckedRegistry, Entry
    from hypiler.diagnostics.finding import Finding, Path
    from hypiler.jsontext.reader import Source
    from hypiler.model_files.facts import FileFact
    from hypiler.verification.verify import Result, Verification

_FIELDS = {field.name: field for field in FIELDS}


@dataclass(frozen=True, slots=True)
class Fix:
    """One source with its facts corrected.

    Attributes:
        source: The file as it was read.
        text: The corrected text; equal to the source's text if there is nothing to write.
        corrected: The number of facts that change.
        complete: Whether every fact that differs is corrected.
        checked: The corrected file after all checks; None if there is nothing to write.
        errors: The errors of the corrected file. If there are any, the file must not be written.
    """

    source: "Source"
    text: str
    corrected: int
    complete: bool
    checked: "CheckedRegistry | None" = None
    errors: "list[Finding]" = field(default_factory=list["Finding"])


def fixes(verification: "Verification") -> list[Fix]:
    """A fix for each source of a registry that was verified. Nothing is written."""
    return [fix_source(source, verification.results, verification.registry) for source in verification.registry.sources]


def fix_source(source: "Source", results: "Sequence[Result]", registry: "CheckedRegistry") -> Fix:
    """The fix for one source of a registry, given the results for all models."""
    own = [result for result in results if any(one is source for one in _files(result.entry))]
    changes = [change for result in own for change in _in(source, result, corrections(result))]
    wrong = {finding.path for result in own for place, finding in result.placed() if place is source}
    complete = wrong <= {change.path for change in changes} and all(result.error is None for result in own)
    if not changes:
        return Fix(source, source.text, 0, complete)
    cited = [change for result in own for change in _in(source, result, citations(result))]
    text = edit(source, [*changes, *cited], schema_order)
    checked = compile_registry(
        [(source.name, text.encode())],
        rules=registry.rules,
        own_facts=registry.own_facts,
        required=registry.required,
        follow=registry.follow,
    )
    errors = [finding for finding in checked.findings if finding.severity == ERROR]
    return Fix(source, text, len(changes), complete, checked, errors)


def _files(entry: "Entry") -> "list[Source]":
    """The files that state something about a model."""
    return [entry.source] if entry.composed is None else [one.source for one in entry.composed.statements]


def _in(source: "Source", result: "Result", changes: "Iterable[Change]") -> "Iterator[Change]":
    """Those of the changes of a merged entry that belong into one file, with their places there."""
    for change in changes:
        # A source is written where its fact is stated.
        here = change.path[2:]
        fact: Path = tuple(str(here[1]).split(".")) if here[0] == "sources" else here
        file, path = result.entry.place(fact)
        if file is source:
            yield Change((*path[: len(path) - len(fact)], *here), change.value)


def corrections(result: "Result") -> "Iterator[Change]":
    """A change of the entry for each fact that differs and for which the files show the right value without a doubt.

    Of a model of several layers, the entry is the merged one.
    """
    facts: Mapping[str, FileFact] = result.locked.facts if result.locked else {}
    paths = {path for path, _ in stated(result.entry.tree)}
    for verdict in result.verdicts:
        one = _FIELDS[verdict.path]
        bounded = isinstance(one.compare, LongestInput)
        if verdict.state != DIFFERS or verdict.doubtful or not (bounded or verdict.path in facts):
            continue
        theirs = verdict.theirs if bounded else facts[one.name].value
        yield _change(result.entry, one.name, _right(one, verdict.ours, theirs))
        # If a flag becomes true, models.json is valid only with the field that the flag implies.
        if verdict.theirs is True and one.implies in facts and one.implies not in paths:
            yield _change(result.entry, one.implies, facts[one.implies].value)


def citations(result: "Result") -> "Iterator[Change]":
    """A change of `sources` for each corrected fact that has a source: from now on, the files are its source."""
    for change in corrections(result):
        name = ".".join(map(str, change.path[2:]))
        if result.locked is not None and name in result.entry.tree.get("sources", {}):
            fact = _shown_by(name, change.value, result.locked.facts)
            revision = result.locked.revision if result.locked.is_at_commit(fact.file) else None
            place = fact.source(result.entry.repository, revision)
            yield Change((*change.path[:2], "sources", name), REMOVED if change.value is REMOVED else place)


def _shown_by(name: str, value: "Any", facts: "Mapping[str, FileFact]") -> "FileFact":
    """The fact that shows a corrected value: for the longest input, it may be the number of positions."""
    compare = _FIELDS[name].compare
    if isinstance(compare, LongestInput) and (name not in facts or facts[name].value != value):
        return facts[compare.positions]
    return facts[name]


def _change(entry: "Entry", path: str, value: "Any") -> Change:
    return Change((*entry.path, *path.split(".")), value)


def _right(one: Field, ours: "Any", theirs: "Any") -> "Any":
    """The value that the registry should state, in the registry's words."""
    right = one.compare.corrected(ours, theirs)
    # A null is written only for a required field.
    return REMOVED if right is None and not one.required else right
