"""Reads `[tool.hypiler]` of pyproject.toml, for the command line and the build hooks alike.

Everything may stand in `[tool.hypiler]`: then the project has one registry. With `[[tool.hypiler.registry]]` it has
several, and what concerns one registry stands in its entry.
"""

import os

from hypiler.diagnostics.escaping import did_you_mean, printable, quote_name, quote_value
from hypiler.diagnostics.finding import Finding
from hypiler.emit.targets import TARGETS
from hypiler.project.checkout import git_root
from hypiler.project.discovery import FILE, tool_tables
from hypiler.project.extends import COPIES, Extends, copied, is_above, is_file, leaves, matches
from hypiler.project.files import read_file
from hypiler.project.loading import LOCK, lock_path
from hypiler.project.manifest import MANIFEST
from hypiler.project.rule_options import RULE_OPTIONS, quote_toml, read_rules
from hypiler.schema.own_facts import NO_OWN_FACTS, OwnFacts, faults_of
from hypiler.schema.requirements import CORE, DEFAULT, USUAL, Requirements, unknown_paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.diagnostics.finding import Path
    from hypiler.jsontext.json_types import JSONValue
    from hypiler.schema.policy import Policy

_TABLE = ("tool", "hypiler")
_OF_A_REGISTRY = ["sources", "output", "docs", "lock", "extends", "targets", "required", "extra"]
# Options of the whole project, which stand in [tool.hypiler] in both forms.
_OF_THE_PROJECT = ["registry", "policy", *RULE_OPTIONS]
_WRITE_RELATIVE = "write it relative to the folder of pyproject.toml"


class OptionsError(Exception):
    """The options cannot be used; `findings` says why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join([finding.message for finding in findings]))
        self.findings = findings


class RegistryOptions:
    """What to compile and what to make of it. All paths are relative to the folder of the project.

    Attributes:
        sources: The files of the registry, in order. One that begins with `..` lies above the project.
        named: The sources as they are written, patterns included.
        lock: The path of its lock, whether the file exists or not.
        targets: The path of each target that a build writes, by the target's name; the module is the first one.
        docs: The path that the option `docs` names: only `hypiler docs` writes it. None if it is not set.
        extends: What the registry stands on; None for files that belong to no project.
        rules: Which rules are applied, in the whole project; None for all of them, as declared.
        own_facts: The facts that the project adds to the format.
        required: The fields that every model must state.
        policy: What the whole project allows its models to be; None without a policy.
        layer: The name of the registry as a layer: "hypiler" for the shipped one.
    """

    __slots__ = (
        "docs",
        "extends",
        "layer",
        "lock",
        "named",
        "own_facts",
        "policy",
        "required",
        "rules",
        "sources",
        "targets",
    )

    def __init__(
        self,
        sources: list[str],
        lock: str,
        targets: dict[str, str],
        docs: str | None = None,
        rules: "RuleSettings | None" = None,
        *,
        named: list[str] | None = None,
        own_facts: OwnFacts = NO_OWN_FACTS,
        required: Requirements = USUAL,
        policy: "Policy | None" = None,
        extends: Extends | None = None,
        layer: str = "project",
    ) -> None:
        self.sources: list[str] = sources
        self.layer: str = layer
        self.policy: Policy | None = policy
        self.extends: Extends | None = extends
        self.own_facts: OwnFacts = own_facts
        self.named: list[str] = sources if named is None else named
        self.lock: str = lock
        self.targets: dict[str, str] = targets
        self.docs: str | None = docs
        self.rules: RuleSettings | None = rules
        self.required: Requirements = required

    @property
    def output(self) -> str:
        """The path of the module."""
        return self.targets["module"]

    @property
    def inputs(self) -> list[str]:
        """The files that decide the outputs: the sources, the lock, which need not exist, and layers that are files.

        Every list of inputs begins here: what an sdist carries, what a watch looks at, what hooks and caches depend on.
        """
        return self.inputs_in("")

    def inputs_in(self, root: str) -> list[str]:
        """The same for options whose paths begin in the folder `root`."""
        from hypiler.project.layers import layer_files  # imported here: a check of a project lists no inputs

        layers = layer_files(self.sources, self.extends, root)
        return [*self.sources, self.lock, *[path for path in layers if path not in (*self.sources, self.lock)]]

    def below(self, root: str) -> "RegistryOptions":
        """The same options with paths that begin with the folder of the project."""

        def at(path: str) -> str:
            return os.path.normpath(os.path.join(root, path))

        targets = {name: at(path) for name, path in self.targets.items()}
        docs = self.docs and at(self.docs)
        named = [*map(at, self.named)]
        return RegistryOptions(
            [*map(at, self.sources)],
            at(self.lock),
            targets,
            docs,
            self.rules,
            named=named,
            own_facts=self.own_facts,
            required=self.required,
            policy=self.policy,
            extends=self.extends and self.extends.below(root),
            layer=self.layer,
        )

    def path_of(self, target: str) -> str | None:
        """The path of a target; None if the options name no path."""
        return self.targets.get(target) or (self.docs if target == "docs" else None)


class Options:
    """The options of a project.

    Attributes:
        root: The folder of pyproject.toml.
        registries: The options of each registry; at least one.
        file: The path of pyproject.toml, for findings; None if these are not the options of a whole project.
    """

    __slots__ = ("file", "registries", "root")

    def __init__(self, root: str, registries: list[RegistryOptions], file: str | None = None) -> None:
        self.root: str = root
        self.registries: list[RegistryOptions] = registries
        self.file: str | None = file

    @property
    def inputs(self) -> list[str]:
        """The files that decide the outputs of the project, each once; pyproject.toml is the first one."""
        return list(dict.fromkeys([FILE, *[path for one in self.registries for path in one.inputs_in(self.root)]]))

    def resolve_paths(self) -> "Options":
        """The same options with paths relative to the current folder, for a root that is."""
        if not self.root:
            return self
        return Options("", [one.below(self.root) for one in self.registries], self.file)

    def registry(self, name: str | None = None) -> RegistryOptions:
        """The registry with this `output`, or with this module name if no other registry has it.

        Raises LookupError for an unknown name, and without a name if there are several registries.
        """
        if name is None and len(self.registries) == 1:
            return self.registries[0]
        found = [one for one in self.registries if one.output == name]
        found = found or [one for one in self.registries if _stem(one.output) == name]
        if len(found) == 1:
            return found[0]
        listed = ", ".join([f"`{printable(one.output)}`" for one in self.registries])
        if name is None:
            raise LookupError(f"the project has several registries: name one of {listed}")
        what = "several registries are" if found else "no registry is"
        outputs = [one.output for one in self.registries]
        near = None if found else did_you_mean(name, [*outputs, *map(_stem, outputs)])
        raise LookupError(f"{what} called {quote_name(name)}; {near or f'name one of {listed}'}")


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def read_options(root: str) -> Options:
    """The options of the project in `root`. Raises OptionsError, or OSError if pyproject.toml cannot be read."""
    data = read_file(os.path.join(root, FILE))
    try:
        tool = tool_tables(data)
    # An integer of too many digits and arrays nested too deep are not a TOMLDecodeError.
    except (ValueError, RecursionError) as error:
        message = f"pyproject.toml must be valid TOML: {printable(str(error))}"
        raise OptionsError([_fault("M502", message, ())]) from None
    if "hypiler" not in tool:
        message = "pyproject.toml must have a table [tool.hypiler]; found none"
        help = 'add [tool.hypiler] with output = "src/PACKAGE/model_registry.py"'
        raise OptionsError([_fault("M502", message, (), help)])
    return options_of(tool["hypiler"], root)


def options_of(table: "JSONValue", root: str) -> Options:
    """The options in the table of the project in `root`. Raises OptionsError."""
    if not isinstance(table, dict):
        message = f"`tool.hypiler` must be a table, got {quote_toml(table)}"
        raise OptionsError([_fault("M502", message)])
    reader = _Reader(root)
    rules = read_rules(table, reader.findings)
    policy = reader.policy(table["policy"]) if "policy" in table else None
    if "registry" in table:
        registries = reader.several(table)
    else:
        reader.check_keys(table, _TABLE, [*_OF_A_REGISTRY, *_OF_THE_PROJECT])
        registries = [reader.one(table, _TABLE)]
    if not reader.findings:
        reader.check_outputs(registries)
    if reader.findings:
        raise OptionsError(reader.findings)
    for registry in registries:
        registry.rules = rules
        registry.policy = policy
    return Options(root, registries, os.path.join(root, FILE))


def _fault(code: str, message: str, path: "Path" = _TABLE, help: str | None = None) -> Finding:
    return Finding(code, message, path, file=FILE, help=help)


class _Reader:
    """Reads the tables of one project and collects everything that is wrong in them.

    Attributes:
        root: The folder of the project.
        base: Its real path, with a separator at the end.
        findings: What is wrong.
        places: Where each registry stands in the table.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.base = os.path.join(os.path.realpath(root), "")
        self.findings: list[Finding] = []
        self.places: list[Path] = []

    def fault(self, message: str, path: "Path", help: str | None = None, *, code: str = "M502") -> None:
        self.findings.append(_fault(code, message, path, help))

    def check_keys(self, table: "dict[str, Any]", place: "Path", known: list[str]) -> None:
        for key in table:
            if key not in known:
                message = f"unknown option {quote_name(key)} in `{_dotted(place)}`"
                is_global = place != _TABLE and key in ("policy", *RULE_OPTIONS)
                help = "move it to [tool.hypiler], for all registries" if is_global else did_you_mean(key, known)
                self.fault(message, (*place, key), help, code="M501")

    def policy(self, table: "JSONValue") -> "Policy | None":
        """What the project allows its models to be; None if the table has no rule."""
        # Imported here: few projects have a policy.
        from hypiler.schema.policy_options import read_policy

        policy, faults = read_policy(table)
        for one in faults:
            self.fault(one.message, (*_TABLE, "policy", *one.path), one.help, code=one.code)
        return policy if policy.to_dict() else None

    def several(self, table: "dict[str, JSONValue]") -> list[RegistryOptions]:
        """The entries of `[[tool.hypiler.registry]]`."""
        for key in _OF_A_REGISTRY:
            if key in table:
                message = f"`{key}` must stand in the entries of [[tool.hypiler.registry]], not in [tool.hypiler]"
                self.fault(message, (*_TABLE, key), "move it into an entry")
        known = [key for key in table if key in _OF_A_REGISTRY]
        self.check_keys(table, _TABLE, [*known, *_OF_THE_PROJECT])
        entries = table["registry"]
        found: list[Any] = entries if isinstance(entries, list) else []
        place = (*_TABLE, "registry")
        if not found or not all(isinstance(entry, dict) for entry in found):
            message = f"`registry` must be a list of tables, got {quote_toml(entries)}"
            self.fault(message, place, "write [[tool.hypiler.registry]] above the options of each registry")
            return []
        registries: list[RegistryOptions] = []
        for number, entry in enumerate(found):
            self.check_keys(entry, (*place, number), _OF_A_REGISTRY)
            registries.append(self.one(entry, (*place, number)))
        return registries

    def one(self, table: "dict[str, JSONValue]", place: "Path") -> RegistryOptions:
        """The options of one registry, from the table at `place`."""
        self.places.append(place)
        named, sources = self._sources(table.get("sources", "models.json"), (*place, "sources"))
        extends = self._extends(table.get("extends", []), (*place, "extends"), named, sources)
        output = self._output(table.get("output"), place)
        docs = self._docs(table["docs"], (*place, "docs")) if "docs" in table else None
        targets = self._targets(table.get("targets", {}), (*place, "targets"), docs)
        # Nothing is written above the project, and an unpacked sdist has the lock where the project has it.
        is_outside = not sources or sources[0].split(os.sep, 1)[0] in (os.pardir, COPIES)
        lock = LOCK if is_outside else lock_path(sources)
        if "lock" in table:
            lock = self._lock(table["lock"], (*place, "lock"))
        elif sources:
            self._check_inside(lock, (*place, "lock"))
        own_facts = self._own_facts(table.get("extra", {}), (*place, "extra"))
        required = self._required(table.get("required", DEFAULT), own_facts, (*place, "required"))
        paths = {"module": output, **targets}
        options = RegistryOptions(sources, lock, paths, docs, named=named, own_facts=own_facts, required=required)
        options.extends = extends
        return options

    def _extends(self, value: "JSONValue", path: "Path", named: list[str], sources: list[str]) -> Extends:
        """The layers, each once. A file that a pattern of `sources` matches as well is a layer, and no source."""
        values = value if isinstance(value, list) else [value]
        texts = [item for item in values if isinstance(item, str) and item]
        if not isinstance(value, list) or len(texts) < len(values):
            help = 'write extends = ["hypiler"]'
            wrong = next((item for item in values if not isinstance(item, str) or not item), value)
            self.fault(f"`extends` must be a list of names and paths, got {quote_toml(wrong)}", path, help)
            return Extends([], FILE, path)
        seen: set[str] = set()
        for number, text in enumerate(texts):
            place = (*path, number)
            word = os.path.normpath(text) if is_file(text) else text
            if word in seen:
                self.fault(f"`extends` must name each layer once, got {quote_value(text)} again", place)
            elif is_file(text) and word in named:
                self._names_a_source(text, place)
            elif is_file(text) and (copied(word, self.root) or word) in sources:
                sources.remove(copied(word, self.root) or word)
            if is_file(text) and leaves(copied(word, self.root) or word, self.root):
                help = "a layer is a file of the project or of its git repository, or an installed package"
                self.fault(f"a path must stay inside the project, got {quote_value(text)}", place, help, code="M503")
            seen.add(word)
        return Extends(texts, FILE, path)

    def _names_a_source(self, text: str, place: "Path") -> None:
        message = f"`extends` must not name a source of the registry itself, got {quote_value(text)}"
        self.fault(message, place, "remove it from `sources`, or from `extends`")

    def _own_facts(self, value: "JSONValue", path: "Path") -> OwnFacts:
        """The facts that the project adds to the format."""
        if not isinstance(value, dict):
            help = 'write extra = { size_gb = "float" }'
            self.fault(f"`extra` must be a table of facts and their types, got {quote_toml(value)}", path, help)
            return NO_OWN_FACTS
        if not value:
            return NO_OWN_FACTS
        words: Any = value
        faults = list(faults_of(words))
        for name, message, hint in faults:
            self.fault(message, (*path, name), hint)
        return NO_OWN_FACTS if faults else OwnFacts(words)

    def _required(self, value: "JSONValue", own_facts: OwnFacts, path: "Path") -> Requirements:
        """A word, or the paths of fields."""
        if value in (DEFAULT, CORE):
            return Requirements(str(value))
        paths = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
        if not isinstance(value, list) or len(paths) < len(value):
            message = f'`required` must be "{DEFAULT}", "{CORE}" or a list of paths of fields, got {quote_toml(value)}'
            words = [DEFAULT, CORE]
            self.fault(message, path, did_you_mean(value, words) if isinstance(value, str) else None)
            return USUAL
        unknown = unknown_paths(paths, own_facts.words)
        for word, help in unknown:
            message = f"`required` must name fields of a model, got {quote_name(word)}"
            self.fault(message, (*path, paths.index(word)), help)
        return USUAL if unknown else Requirements(paths, own_facts.words)

    def _sources(self, value: "JSONValue", path: "Path") -> tuple[list[str], list[str]]:
        """One path or several, each once, as they are written, and with the files that match in place of patterns."""
        values = value if isinstance(value, list) else [value]
        texts = [item for item in values if isinstance(item, str)]
        if not texts or len(texts) < len(values):
            self.fault(f"`sources` must be a path or a list of paths, got {quote_toml(value)}", path)
            return [], []
        named: list[str] = []
        sources: list[str] = []
        for number, text in enumerate(texts):
            place = (*path, number) if isinstance(value, list) else path
            source = os.path.normpath(text) if text else ""
            if source in named:
                self.fault(f"`sources` must name each file once, got {quote_value(source)} again", place)
            named.append(source)
            source = copied(source, self.root) or source
            if self._check_source(source, place):
                # A file that a pattern matches and that is named before keeps its place.
                sources += [file for file in self._files(source, place) if file not in sources]
        return named, sources

    def _check_source(self, source: str, place: "Path") -> bool:
        """A source may lie above the project, in the same git repository; whether the path can be used."""
        count = len(self.findings)
        if is_above(source):
            self._check_in_repository(source, place)
        else:
            self._check_inside(source, place)
        return len(self.findings) == count

    def _check_in_repository(self, source: str, place: "Path") -> None:
        repository = git_root(self.root)
        inside = os.path.join(repository, "") if repository else self.base
        if not os.path.normpath(self.base + source).startswith(inside):
            help = "above the project, only files of the same git repository can be sources"
            self.fault(f"a path must stay inside the project, got {quote_value(source)}", place, help, code="M503")
        elif not os.path.realpath(self.base + source).startswith(inside):
            self._leads_out("repository", source, place)

    def _files(self, source: str, place: "Path") -> list[str]:
        """The source, or the files that it matches as a pattern."""
        if not any(sign in source for sign in "*?[") or os.path.lexists(self.base + source):
            return [source]
        found = matches(source, self.root)
        if not found:
            self.fault(f"a pattern in `sources` must match a file, got {quote_value(source)}", place)
        return [file for file in found if self._check_source(file, place)]

    def _output(self, value: "JSONValue", place: "Path") -> str:
        """The path of a file that Python can import."""
        if value is None:
            help = 'add output = "src/PACKAGE/model_registry.py"'
            self.fault("`output` must be set: the path of the generated module", place, help)
            return ""
        path = (*place, "output")
        text = value if isinstance(value, str) else ""
        stem, extension = os.path.splitext(os.path.basename(text))
        if extension != ".py" or not stem.isidentifier():
            message = f"`output` must be the path of a module, as `src/app/model_registry.py`, got {quote_toml(value)}"
            self.fault(message, path)
            return ""
        return self._inside(text, path)

    def _docs(self, value: "JSONValue", path: "Path") -> str:
        """The path of a Markdown file."""
        if not isinstance(value, str) or not value.endswith(".md"):
            self.fault(f"`docs` must be the path of a Markdown file (.md), got {quote_toml(value)}", path)
            return ""
        return self._inside(value, path)

    def _lock(self, value: "JSONValue", path: "Path") -> str:
        if not isinstance(value, str) or not value.endswith(".json"):
            self.fault(f"`lock` must be the path of a JSON file (.json), got {quote_toml(value)}", path)
            return ""
        return self._inside(value, path)

    def _targets(self, value: "JSONValue", place: "Path", docs: str | None) -> dict[str, str]:
        """Paths by name, or a list of names with default paths; `docs` is the path that the option `docs` names."""
        known = [name for name in TARGETS if name != "module"]
        if isinstance(value, list):
            named = [(name, (*place, number), None) for number, name in enumerate(value)]
        elif isinstance(value, dict):
            named = [(name, (*place, name), path) for name, path in value.items()]
        else:
            self.fault(f"`targets` must be a table of paths or a list of names, got {quote_toml(value)}", place)
            return {}
        targets: dict[str, str] = {}
        for name, path, file in named:
            if name == "module":
                self.fault("`targets` must not name the module: `output` is its path", path)
            elif not isinstance(name, str) or name not in known:
                help = f"known targets: {', '.join(known)}"
                self.fault(f"`targets` must name known targets, got {quote_toml(name)}", path, help)
            elif isinstance(value, list):
                targets[name] = (docs if name == "docs" else None) or TARGETS[name].default_path
            elif name == "docs" and docs is not None:
                self.fault("`docs` must be set once: as an option or in `targets`", path, "remove one of them")
            else:
                targets[name] = self._target(name, file, path)
        return {name: targets[name] for name in known if name in targets}

    def _target(self, name: str, value: "JSONValue", path: "Path") -> str:
        suffix = os.path.splitext(TARGETS[name].default_path)[1]
        if not isinstance(value, str) or not value.endswith(suffix) or os.path.basename(value) == MANIFEST:
            self.fault(f"`{name}` must be the path of a file that ends in `{suffix}`, got {quote_toml(value)}", path)
            return ""
        return self._inside(value, path)

    def _inside(self, text: str, place: "Path") -> str:
        """The plain form of a path, which must stay inside the project."""
        path = os.path.normpath(text)
        count = len(self.findings)
        self._check_inside(path, place)
        if os.name == "nt" and len(self.findings) == count:
            self._check_name(path, place)
        return path

    def _check_name(self, path: str, place: "Path") -> None:
        """Windows opens a device for some names, such as `con.py`, and drops the ends of others."""
        # Imported here: no other system needs it.
        from hypiler.model_files.filename_safety import windows_obstacle

        if reason := windows_obstacle(path.replace(os.sep, "/")):
            self.fault(f"a path must be one that Windows can have, got {quote_value(path)}: {reason}", place)

    def _check_inside(self, path: str, place: "Path") -> None:
        """A path must stay below the project's folder, links followed, wherever the project is built."""
        # A NUL cannot stand in any path, and no function of `os` takes it.
        if not path or "\0" in path:
            self.fault(f"a path must not be empty or hold a NUL, got {quote_value(path)}", place)
        elif _is_rooted(path) or not os.path.normpath(self.base + path).startswith(self.base):
            message = f"a path must stay inside the project, got {quote_value(path)}"
            self.fault(message, place, _WRITE_RELATIVE, code="M503")
        elif not os.path.realpath(self.base + path).startswith(self.base):
            self._leads_out("project", path, place)

    def _leads_out(self, what: str, path: str, place: "Path") -> None:
        message = f"a path must stay inside the {what}, and {quote_value(path)} leads out of it through a link"
        self.fault(message, place, "replace the link, or name another path", code="M503")

    def check_outputs(self, registries: list[RegistryOptions]) -> None:
        """No two targets are written to one path, in one registry or in several, and none to that of a lock."""
        taken: set[str] = set()
        locks = {self._real(options.lock) for options in registries}
        for options, place in zip(registries, self.places, strict=True):
            for name in TARGETS:
                path = options.path_of(name)
                real = self._real(path) if path else ""
                if path and real in taken | locks:
                    again = "again" if real in taken else "of the lock"
                    message = f"each target must have a path of its own, got {quote_value(path)} {again}"
                    at = {"module": "output", "docs": "docs" if options.docs else "targets"}.get(name, "targets")
                    self.fault(message, (*place, at), "name another path")
                taken.add(real)

    def _real(self, path: str) -> str:
        """What two paths have in common if they could be one file: some file systems ignore the case of names."""
        return os.path.realpath(self.base + path).casefold()


def _dotted(place: "Path") -> str:
    """`tool.hypiler.registry[0]`."""
    return "".join([f"[{part}]" if isinstance(part, int) else f".{part}" for part in place]).removeprefix(".")


def _is_rooted(path: str) -> bool:
    """Whether a path has a root or a drive. On Windows, `/name` and `C:name` are not absolute paths."""
    return os.path.isabs(path) or path.startswith(os.sep) or os.path.splitdrive(path)[0] != ""
