# Made from the classes themselves by tools/refresh.py.
"""What `hypiler.registry` shows, for checkers alone: without the modules that it is made of."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, TypeAlias

from hypiler.errors import UnknownModelError as UnknownModelError
from hypiler.schema.model_attributes import ModelAttributes

_Path: TypeAlias = tuple[str | int, ...]

__all__ = [
    "Finding",
    "Model",
    "OptionsError",
    "Origin",
    "OutputRefused",
    "PinnedFile",
    "Registry",
    "RuleSettings",
    "UnknownModelError",
]

class Finding:
    """One fault of the input.

    Attributes:
        code: The code of the rule, such as `M103`.
        message: What must hold, and what was found. `message` and `help` are single lines of bounded length.
        path: The JSON path of the fault in its file.
        at: The part that the fault concerns: the `"value"` at the path or its `"key"`.
        help: What to do about it; None if the message says enough.
        model: The id of the model; None if the fault does not belong to a model.
        file: The name of the file; empty if the fault does not belong to a file.
        line: From 1; 0 until the finding is located, and for a fault that has no place in a file.
        column: From 1, in characters; 0 where `line` is 0.
        width: The number of characters to underline.
        severity: "error", "warning" or "note"; by default the severity of the code.
    """

    code: str
    message: str
    path: _Path
    at: str
    help: str | None
    model: str | None
    file: str
    line: int
    column: int
    width: int
    severity: str
    def __init__(self, code: str, message: str, path: _Path=(), *, at: str='value', help: str | None=None, model: str | None=None, file: str='', line: int=0, column: int=0, width: int=1, severity: str='') -> None: ...
    @property
    def json_path(self) -> str:
        """The path as `$.models[3].specs.embedding_dim`."""
    def __str__(self) -> str:
        """On one line, as editors read it: `models.json:7:20: error[M103]: …`."""
    def __repr__(self) -> str: ...

class RuleSettings:
    """Which rules are applied, and how severe their findings are.

    A rule is named by its code (`M211`) or its name (`license-spelling`). A prefix (`M2`) names several rules. If
    several entries name the same rule, the most specific entry decides. If `ignore` and `select` have equally specific
    entries, `ignore` wins.

    Attributes:
        select: The rules that are applied; None for all.
        ignore: The rules that are not applied.
        severity: The new severities: "error", "warning" or "note" by rule.

    Raises TypeError if a single string is passed instead of a list.
    """

    select: Sequence[str] | None
    ignore: Sequence[str]
    severity: Mapping[str, str]
    def __init__(self, select: Sequence[str] | None=None, ignore: Sequence[str]=(), severity: Mapping[str, str] | None=None) -> None: ...
    def graded(self, rules: Iterable[Any]) -> list[tuple[Any, str]]:
        """The rules that are applied, each with the severity of its findings."""
    def faults(self, rules: Iterable[Any]) -> Iterator[tuple[str, str, str, str | None]]:
        """The errors in the settings, given all existing rules.

        Yields the setting, the word in it, the message and the help.
        """

class Origin:
    """Where a fact of a registry is stated.

    Two origins are equal if they are the same place with the same source.

    Attributes:
        layer: The registry that states the fact: "project" for your own files, "hypiler" for the shipped registry, and
            otherwise the entry of `extends` that names the registry.
        file: The name of the file.
        line: From 1.
        column: From 1, in characters.
        source: What `sources` of the model says about the fact: a text or an object; None if it says nothing.
        value: The value as JSON types; None if it is null, or if an override withdraws the fact.
        withdrawn: Whether the place is an override that removes the fact.
    """

    layer: str
    file: str
    line: int
    column: int
    source: str | Mapping[str, Any] | None
    value: Any
    withdrawn: bool
    def __init__(self, layer: str, file: str, line: int, column: int, source: str | Mapping[str, Any] | None, *, value: Any=None, withdrawn: bool=False) -> None: ...
    def __eq__(self, other: object) -> bool: ...
    def __repr__(self) -> str: ...

class _Record(tuple[Any, ...]):
    """An entry of a list of records: a tuple whose values have names."""

    def __repr__(self) -> str: ...
    def to_dict(self) -> dict[str, Any]:
        """The values by name, as JSON types."""

class PinnedFile(_Record):
    """A file that decides vectors, as it is at the commit of its model.

    Attributes:
        sha256: The SHA-256 of its bytes, as 64 hex digits.
        size: Its size in bytes; None if it is unknown.
        precision: The precision of weights, such as "fp32"; None if it is unknown.
    """

    @classmethod
    def of(cls, sha256: str, size: int | None=None, precision: str | None=None) -> Self:
        """A file by its parts."""
    @property
    def sha256(self) -> str:
        """The SHA-256 of its bytes, as 64 hex digits."""
    @property
    def size(self) -> int | None:
        """Its size in bytes; None if it is unknown."""
    @property
    def precision(self) -> str | None:
        """The precision of weights, such as "fp32"; None if it is unknown."""

class _Evidence:
    """What a lock proves about a model.

    Attributes:
        revision: The commit of the entry, if facts were compared with its files; None if no fact was.
        facts: What the comparison of each fact with the files showed, by the path of the fact: `VERIFIED`, `COPY` or
            `DIFFERS`. A fact that no file shows is not among them, and neither is an absence (null, empty).
        files: The files that decide vectors, as they are at the entry's commit, by name.
        complete: Whether these are all such files of the commit.
    """

    revision: str | None
    facts: Mapping[str, str]
    files: Mapping[str, PinnedFile]
    complete: bool
    def __init__(self, revision: str | None=None, facts: Mapping[str, str] | None=None, files: Mapping[str, PinnedFile] | None=None, *, complete: bool=False) -> None: ...
    def count(self, word: str) -> int:
        """How many facts have this evidence."""
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

class Model(_Record, ModelAttributes):
    """One model of a registry: immutable, hashable by its id, with every field of models.json as an attribute.

    A fact that the registry does not state is None, or an empty tuple or mapping. Lists are tuples.
    """

    @classmethod
    def of(cls, values: Sequence[Any], evidence: _Evidence | None=None) -> Self:
        """The model with these values, which are in the order of the table, and with what the lock proves of them."""
    @property
    def dimensions(self) -> Sequence[int]:
        """The vector widths to choose from: the Matryoshka dims or range, or embedding_dim."""
    def resolve_dimension(self, dimension: int | None=None) -> int:
        """The width of the vectors if `dimension` is requested; embedding_dim if it is None.

        Raises ValueError for a width that the model does not have.
        """
    @property
    def space_id(self) -> str | None:
        """The `space_id` of the model's own vectors of full width; None if only loading can show it."""
    @property
    def query_space_id(self) -> str | None:
        """The `query_space_id` of the model; None if only loading can show it."""
    @property
    def verified_revision(self) -> str | None:
        """The commit whose files the facts were compared with; None if they were not."""
    @property
    def verified_facts(self) -> int:
        """How many facts agree with those files."""
    @property
    def agreeing_facts(self) -> int:
        """How many further facts agree with a copy of the files, whose commit is unknown or another one."""
    @property
    def differing_facts(self) -> int:
        """How many facts the files contradict; not 0 only if the rule M401 is ignored or is no error."""
    @property
    def claimed_facts(self) -> int:
        """How many facts no file has shown, so that they rest on their sources alone."""
    @property
    def pinned_files(self) -> Mapping[str, PinnedFile]:
        """The files that decide vectors, as they are at the model's commit, by name.

        Files of variants in other repositories are named `org/name:file`. Empty if the lock has none of this commit.
        """
    @property
    def pins_all_files(self) -> bool:
        """Whether `pinned_files` are all files of the commit that decide vectors."""
    def to_dict(self) -> dict[str, Any]:
        """Every field by attribute, as JSON types: lists, dicts, strings, numbers, booleans and None."""
    def __hash__(self) -> int: ...
    def __repr__(self) -> str: ...

class _Source:
    """A file that was read.

    Attributes:
        name: The name that findings show.
        data: The bytes of the file without a byte order mark, strict UTF-8.
        value: The value of the text.
    """

    name: str
    data: bytes
    value: Any
    def __init__(self, name: str, data: bytes, value: Any) -> None: ...
    @property
    def sha256(self) -> str:
        """The SHA-256 of the text, as 64 hex digits. Line ends do not count (see `text_sha256`)."""
    @property
    def text(self) -> str:
        """The decoded text. It is not kept: large registries would be in memory twice."""
    @property
    def lines(self) -> Any:
        """The positions of the lines, computed on first use: a clean file never needs them."""
    def line(self, number: int) -> str:
        """The text of the line with this number, from 1, without its line end; empty past the last line."""
    def locate(self, findings: Iterable[Finding]) -> None:
        """Set file, line, column and width of findings about this source from their `path` and `at`.

        `at="key"` marks the key with its quotes, and `"value"` marks the value. A list or an object is marked by its
        opening bracket alone. If a path does not exist, its nearest existing parent is marked.
        """
    def spans(self, paths: Iterable[_Path]) -> dict[_Path, Any]:
        """The spans of the paths that exist. List items and the root have an empty key span."""

class _Entry:
    """A model as its file states it; of a registry that extends others, as all layers state it together.

    Attributes:
        source: The file that adds the model.
        index: The place among the models of the file, from 0.
        tree: The object of models.json; what it leaves out the model does not state.
        composed: Who states what of the model; None in a registry that extends no other.
    """

    source: _Source
    index: int
    tree: dict[str, Any]
    composed: Any | None
    def __init__(self, source: _Source, index: int, tree: dict[str, Any], composed: Any | None=None) -> None: ...
    def place(self, path: _Path) -> tuple[_Source, _Path]:
        """The file that states the fact at a path of the entry, and where in it."""
    @property
    def base(self) -> str | None:
        """The name of the lower layer that adds the model; None for a model of one's own files."""
    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers that state something about the model: first the one that adds it."""
    @property
    def is_own(self) -> bool:
        """Whether one's own files add the model or override facts of it."""
    @property
    def path(self) -> _Path:
        """Where the model stands in its file."""
    @property
    def id(self) -> str:
        """The id of the model."""
    @property
    def names(self) -> list[Any]:
        """What finds the model: its id, aliases and repository, as far as the file states them."""
    @property
    def repository(self) -> str:
        """The repository of the model, or its name at its source."""
    @property
    def is_elsewhere(self) -> bool:
        """Whether the model has a source instead of a repository."""
    @property
    def revision(self) -> str | None:
        """The commit that the facts were read at."""

class _CheckedRegistry:
    """The models of one or more files, in file order, and every finding.

    It is a collection of models: iteration, `len`, and lookup by id, alias or repository name.

    Attributes:
        findings: Everything that is wrong, by file and position.
        files: The contents of the files that were read, by name: the sources, and the lock if there is one.
        sources: The registry's own sources that could be read as JSON, in order, without those of lower layers.
        rules: Which rules were applied; None for all, as declared.
        own_facts: The facts that the project adds to the format.
        required: The fields that every model must state.
        policy: What the project allows its models to be; None without a policy.
        excused: The exceptions of the policy that a model needed, each as its id and the rule.
        layer: The name of this registry as a layer: see `Origin`.
        composition: The layers that the registry is made of; None if it extends no other.
        follow: What reads the layers below the files; None if nothing stands below them.
    """

    layer: str
    files: dict[str, bytes]
    sources: list[_Source]
    findings: list[Finding]
    rules: RuleSettings | None
    own_facts: Any
    required: Any
    policy: Any | None
    excused: Any[tuple[str, str]]
    composition: Any | None
    follow: Any | None
    def __init__(self) -> None: ...
    def accept(self, accepted: Any) -> None:
        """Set the models of an empty registry, once its files are known to have no errors."""
    @property
    def models(self) -> tuple[Model, ...]:
        """All models; empty if a finding is an error, so that nothing is generated from wrong facts."""
    @property
    def sha256(self) -> str:
        """One digest for all sources, the lock and the project's options; empty if there are errors."""
    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers, the lowest first; the last one is the registry's own."""
    @property
    def layer_marks(self) -> str:
        """The beginning of the sha256 of each lower layer, the lowest first, for the headers of generated files."""
    @property
    def sources_of_layers(self) -> list[_Source]:
        """The sources of all layers that could be read as JSON: the registry's own, and those of lower layers."""
    @property
    def hidden(self) -> Mapping[str, Origin]:
        """Where each hidden model is hidden, by id."""
    @property
    def title(self) -> str:
        """What messages call this registry: "the shipped registry", or the names of its files."""
    @property
    def ok(self) -> bool:
        """Whether there is no error; there may be warnings."""
    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error, so that nothing may be generated."""
    @property
    def version(self) -> str | None:
        """The `version` that the registry's first file states; None if it states none."""
    @property
    def ids(self) -> tuple[str, ...]:
        """The id of every model."""
    def line(self, finding: Finding) -> str | None:
        """The source line of a finding; None if the finding has no place in a file of the registry."""
    def __iter__(self) -> Iterator[Model]: ...
    def __len__(self) -> int: ...
    def __contains__(self, id: object) -> bool: ...
    def __getitem__(self, id: str) -> Model:
        """The model with this id, alias or repository name. Raises UnknownModelError, a KeyError."""
    def get(self, id: str) -> Model | None:
        """The model with this id, alias or repository name, or None."""
    def suggest(self, id: str) -> str | None:
        """The id, alias or repository name that was probably meant; None if nothing is near."""
    def origin(self, id: str, path: str='') -> Origin | None:
        """Where the model with this id states a fact, by its path such as `specs.embedding_dim`.

        The path may also name a section, such as `specs`, or a part of a field, such as `variants[0].sha256` or
        `extra.note`. Without a path, the origin is the place of the model's entry. None if the model does not state the
        fact.

        Raises UnknownModelError, and ValueError for a path that no field has.
        """
    def chain(self, id: str, path: str='') -> tuple[Origin, ...]:
        """Every place where a layer states a fact of the model with this id. The place that counts comes first.

        The other places are in lower layers and are overridden. If an override removes the fact, the place of the
        override comes first. Without a path, these are the places of the entry and of its overrides. Empty if no layer
        states the fact.

        Raises UnknownModelError, and ValueError for a path that no field has.
        """
    @property
    def entries(self) -> list[_Entry]:
        """The entry of every model, as its file states it, in file order. A registry with errors has entries too."""
    def entry(self, id: str) -> _Entry:
        """The entry of the model with this id, alias or repository name. Raises UnknownModelError."""

class Registry(_CheckedRegistry):
    """The models of one or more files, in file order: a collection, with lookup by id, alias or repository name.

    If no model has this name, `registry[name]` raises UnknownModelError, a KeyError that names the nearest id, and
    `registry.get(name)` returns None. Both warn with DeprecationWarning for a deprecated model and for a former id.
    Iteration, `len`, `in` and `registry.ids` are in file order.

    Attributes:
        models: All models; empty if a finding is an error, so that nothing is generated from wrong facts.
        findings: All findings, sorted by file and position; `report()` returns them as text.
        ok: Whether no finding is an error.
        version: The registry's own `version`.
        required: The fields that every model must state.
        sha256: One digest for all sources, the lock and what is required; empty if there are errors.
    """

    @classmethod
    def load(cls, *files: str | os.PathLike[str], lock: str | os.PathLike[str] | bool=True, rules: RuleSettings | None=None, extra: Mapping[str, str] | None=None, required: str | Sequence[str]='default') -> Self:
        """Read and check the registry in one or more files. The models are in the order of the files.

        Facts are also compared with the lock: `models.lock.json` beside the first file, or the file that `lock` names.
        With `lock=False`, no lock is read. `rules` says which rules are applied; by default, all rules are. `extra`
        declares your own facts with their types, like `[tool.hypiler.extra]`: `{"size_gb": "float"}`. `required` says
        which fields every model must state: "default", "core" or a list of paths. Errors in the files are never raised:
        they are in `findings`.

        Raises OSError for a file that cannot be read, and ValueError without a file, for settings of rules that do not
        exist or cannot be changed, for declarations of facts that cannot be used, and for required fields that do not
        exist.
        """
    @classmethod
    def project(cls, name: str | None=None, *, folder: str | os.PathLike[str]='') -> Self:
        """Read and check the registry of the project around a folder, by default the current one.

        The project is the nearest pyproject.toml with `[tool.hypiler]` on the way up to the root of the repository. If
        the project has several registries, `name` chooses one: its `output` as in pyproject.toml, or the name of this
        module.

        Raises FileNotFoundError if there is no project, OptionsError if its options cannot be used, LookupError, with
        the names, if `name` is missing or unknown, and OSError for a file that cannot be read.
        """
    @classmethod
    def shipped(cls, *, hosted: bool=False) -> Self:
        """The registry that this package carries: the models of `hypiler.model_registry`.

        With `hosted`, the models of `hypiler.hosted_registry` follow. These models are behind an API, and their weights
        are not published. They state fewer facts; `required` lists the facts that all models state.
        """
    def get(self, id: str) -> Model | None:
        """The model with this id, alias or repository name, or None. Warns for deprecated models and former ids."""
    def __repr__(self) -> str: ...
    def report(self, *, color: bool=False) -> str:
        """The findings as text for people, each with its source line."""
    def emit(self, target: str='module', path: str | None=None) -> dict[str, str]:
        """The texts of all files of a target by path; nothing is written.

        Args:
            target: One of `hypiler.emit.targets.TARGETS`: "module", "docs", "html" or "schema".
            path: The path of the first file; by default the usual name for this target.

        Raises ValueError for an unknown target, for a path with another suffix than the target's, and for a registry
        with errors.
        """
    def write(self, folder: str | os.PathLike[str], *targets: str) -> list[str]:
        """Write targets, by default the module, to a folder: all of them or none.

        Returns the paths that were written; a file that is up to date is left alone. Raises ValueError for an unknown
        target and for a registry with errors, OutputRefused for a file that hypiler did not generate, and OSError.
        """

class OptionsError(Exception):
    """The options cannot be used; `findings` says why."""

    findings: list[Finding]
    def __init__(self, findings: list[Finding]) -> None: ...

class OutputRefused(Exception):
    """Nothing was written, because hypiler did not generate an existing file. `findings` says which file and why."""

    findings: list[Finding]
    def __init__(self, findings: list[Finding]) -> None: ...
