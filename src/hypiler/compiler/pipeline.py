"""The whole way from bytes to checked models: read, check the shape, check the rules, place every finding."""

from itertools import chain

from hypiler._digest import sha256_hex
from hypiler.compiler.decode import decode_models
from hypiler.compiler.rules import Model, check_between, check_model
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.collector import FindingCollector
from hypiler.diagnostics.finding import Finding
from hypiler.jsontext.reader import Lines, Source, read_source
from hypiler.schema.fields import BY_ATTRIBUTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MATRYOSHKA, _DIMS = BY_ATTRIBUTE["matryoshka"], BY_ATTRIBUTE["matryoshka_dims"]


class Registry:
    """What a compilation knows: the sources, the findings, and the models if no finding is an error.

    `rows` holds one tuple a model, in the order of the table of fields; it and `sha256`
    are empty if there are errors. `verified` has, by id, the commit whose files a model was compared with, and the
    number of its facts that agreed.
    """

    __slots__ = ("_files", "_lines", "findings", "rows", "sha256", "verified")

    def __init__(self, files: "list[tuple[str, bytes]]") -> None:
        self._files = dict(files)
        self._lines: dict[str, Lines] = {}
        self.findings: list[Finding] = []
        self.rows: list[tuple[Any, ...]] = []
        self.sha256 = ""
        self.verified: dict[str, tuple[str, int]] = {}

    @property
    def failed(self) -> bool:
        """Whether a finding is an error, so that nothing may be generated."""
        return any(finding.severity == ERROR for finding in self.findings)

    def line(self, finding: Finding) -> str | None:
        """The source line that a finding stands on."""
        if not finding.line or finding.file not in self._files:
            return None
        if finding.file not in self._lines:
            text = self._files[finding.file].decode("utf-8-sig", "replace")
            self._lines[finding.file] = Lines(text)
        return self._lines[finding.file].line(finding.line)


def compile_registry(
    files: "list[tuple[str, bytes]]", *, also: "Callable[[Source, FindingCollector], None] | None" = None
) -> Registry:
    """Read and check the models of one or more files, given as (name, bytes); the models follow in this order.

    `also` is a further check of each file, called if none has an error. Never raises for bad input: everything that is
    wrong is in `findings`, sorted by file and position.
    """
    registry = Registry(files)
    models: list[Model] = []
    readable: list[tuple[Source, FindingCollector]] = []
    found: dict[str, list[Finding]] = {}
    for name, data in files:
        source, found[name] = read_source(data, name)
        if source is not None:
            collector = FindingCollector()
            models += [
                Model(label, row, ("models", index), collector, name)
                for index, (label, row) in enumerate(decode_models(source.value, collector))
                if row is not None
            ]
            readable.append((source, collector))
    for model in models:
        check_model(model)
    check_between(models)
    if also is not None and not _failed(found, readable):
        for source, collector in readable:
            also(source, collector)
    for source, collector in readable:
        # What stands at the place of a fault of the file itself was not written so.
        known = {finding.path for finding in found[source.name]}
        fresh = [finding for finding in collector.findings if finding.path not in known]
        if fresh:
            source.locate(fresh)
        found[source.name] += fresh
        found[source.name].sort(key=lambda f: (f.line, f.column, f.code))
        if collector.dropped:
            message = f"{collector.dropped} more findings are not kept"
            found[source.name].append(Finding("M010", message, file=source.name, help="mend the first ones"))
    registry.findings = [finding for own in found.values() for finding in own]
    if not registry.failed:
        registry.sha256 = _digest([source.sha256 for source, _ in readable])
        registry.rows = [_finished(model.row) for model in models]
    return registry


def _failed(found: "dict[str, list[Finding]]", readable: "list[tuple[Source, FindingCollector]]") -> bool:
    findings = [*chain(*found.values()), *chain(*[collector.findings for _, collector in readable])]
    return any(finding.severity == ERROR for finding in findings)


def _finished(row: "list[Any]") -> "tuple[Any, ...]":
    """A row with the fields that follow from others."""
    if row[_MATRYOSHKA] is None:
        row[_MATRYOSHKA] = bool(row[_DIMS])
    return tuple(row)


def _digest(digests: "list[str]") -> str:
    """One digest for all sources: of a single file its own, of several that of their digests in order."""
    if len(digests) == 1:
        return digests[0]
    return sha256_hex("\n".join(digests).encode())
