"""The whole way from bytes to checked models: read, check each value, check the rules, place every finding."""

from hypiler.compiler.checked import CheckedRegistry, digest_of
from hypiler.compiler.decode import decode_models
from hypiler.compiler.rules import Model as CheckedModel
from hypiler.compiler.rules import check_between, check_model
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.collector import FindingCollector
from hypiler.diagnostics.finding import Finding
from hypiler.jsontext.reader import Source, read_source
from hypiler.schema.fields import BY_ATTRIBUTE
from hypiler.schema.model import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    class LockRules(Protocol):
        """The rules that hold models against a lock: see `hypiler.verification.lockfile.Lock`."""

        name: str
        data: bytes
        findings: list[Finding]

        @property
        def verified(self) -> Mapping[str, tuple[str, int]]:
            """By id, the commit whose files a model was compared with and the number of facts that agree."""
            ...

        def check(self, source: Source, collector: FindingCollector) -> None:
            """Note each fact of a file that has moved away from the lock."""
            ...


_MATRYOSHKA, _DIMS = BY_ATTRIBUTE["matryoshka"], BY_ATTRIBUTE["matryoshka_dims"]


def compile_registry(files: "list[tuple[str, bytes]]", *, lock: "LockRules | None" = None) -> CheckedRegistry:
    """Read and check the models of one or more files, given as (name, bytes); the models follow in this order.

    With a `lock`, facts are also held against it, unless a file has an error. Never raises for bad input: everything
    that is wrong is in `findings`, by file and position.
    """
    registry = CheckedRegistry()
    compile_into(registry, files, lock=lock)
    return registry


def compile_into(
    registry: CheckedRegistry, files: "list[tuple[str, bytes]]", *, lock: "LockRules | None" = None
) -> None:
    """Do what `compile_registry` does for a registry that is empty, such as one of a subclass."""
    registry.files = dict([*files, (lock.name, lock.data)] if lock is not None else files)
    found: dict[str, list[Finding]] = {}
    models: list[CheckedModel] = []
    collectors: list[FindingCollector] = []
    for name, data in files:
        source, found[name] = read_source(data, name)
        if source is not None:
            collector = FindingCollector()
            models += _decoded(source, collector)
            registry.sources.append(source)
            collectors.append(collector)
    for model in models:
        check_model(model)
    check_between(models)
    verified: Mapping[str, tuple[str, int]] = {}
    if lock is not None:
        found[lock.name] = lock.findings
        if not _has_errors([*found.values(), *[collector.findings for collector in collectors]]):
            for source, collector in zip(registry.sources, collectors, strict=True):
                lock.check(source, collector)
            verified = lock.verified
    for source, collector in zip(registry.sources, collectors, strict=True):
        _place(source, collector, found[source.name])
    registry.findings = [finding for own in found.values() for finding in own]
    if not registry.has_errors:
        registry.sha256 = digest_of([source.sha256 for source in registry.sources])
        registry.models = tuple([_model(one.row, verified) for one in models])


def _decoded(source: Source, collector: FindingCollector) -> "list[CheckedModel]":
    return [
        CheckedModel(label, row, ("models", index), collector, source.name)
        for index, (label, row) in enumerate(decode_models(source.value, collector))
        if row is not None
    ]


def _has_errors(findings: "list[list[Finding]]") -> bool:
    return any(finding.severity == ERROR for own in findings for finding in own)


def _place(source: Source, collector: FindingCollector, found: "list[Finding]") -> None:
    """Add the findings about a file to those of its JSON, each with its place."""
    # A value repaired by the JSON reader was not written by the user, so it is not reported again.
    known = {finding.path for finding in found}
    fresh = [finding for finding in collector.findings if finding.path not in known]
    if fresh:
        source.locate(fresh)
    found += fresh
    found.sort(key=lambda f: (f.line, f.column, f.code))
    if collector.dropped:
        message = f"{collector.dropped} more findings are not kept"
        found.append(Finding("M010", message, file=source.name, help="mend the first ones"))


def _model(row: "list[Any]", verified: "Mapping[str, tuple[str, int]]") -> Model:
    """The model of a row, with the fields that follow from others."""
    if row[_MATRYOSHKA] is None:
        row[_MATRYOSHKA] = bool(row[_DIMS])
    return Model.of(row, verified.get(row[0]))
