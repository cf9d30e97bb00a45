"""Compiles the registries of a project, and makes every target of them."""

import os

from hypiler.compiler.checked import CheckedRegistry
from hypiler.emit.targets import TARGETS
from hypiler.project.loading import load_into

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.project.options import Options, RegistryOptions


class Outputs:
    """The files that a run makes.

    Attributes:
        texts: The text of each file by its path.
        tracked: Of files that can't hold a comment, the sha256 of the sources by the path: a manifest keeps it.
        folders: The folders that belong to one target alone.
        layers: The names of the layers below the registry of each file, by the path.
    """

    __slots__ = ("folders", "layers", "texts", "tracked")

    def __init__(self) -> None:
        self.folders: list[str] = []
        self.texts: dict[str, str] = {}
        self.tracked: dict[str, str] = {}
        self.layers: dict[str, tuple[str, ...]] = {}

    def add(self, registry: CheckedRegistry, target: str, path: str) -> list[str]:
        """Make a target of a registry; the paths of its files, of which `path` is the first."""
        texts = TARGETS[target].emit(registry, path)
        self.texts |= texts
        if len(registry.layers) > 1:
            self.layers |= dict.fromkeys(texts, registry.layers[:-1])
        if folder := TARGETS[target].own_folder(path):
            self.folders.append(folder)
        if TARGETS[target].comment is None:
            self.tracked |= dict.fromkeys(texts, registry.sha256)
        return list(texts)

    def below(self, root: str) -> "Outputs":
        """The same files in the folder `root`."""
        moved = Outputs()
        moved.texts = {os.path.join(root, path): text for path, text in self.texts.items()}
        moved.tracked = {os.path.join(root, path): source for path, source in self.tracked.items()}
        moved.folders = [os.path.join(root, folder) for folder in self.folders]
        return moved


def compile_files(paths: list[str], root: str = "", rules: "RuleSettings | None" = None) -> CheckedRegistry:
    """The registry in these files; see `load_into`."""
    registry = CheckedRegistry()
    load_into(registry, paths, root, rules=rules)
    return registry


def compile_options(options: "RegistryOptions", root: str = "") -> CheckedRegistry:
    """The registry that these options of the project in `root` describe. Raises OSError."""
    registry = CheckedRegistry()
    registry.layer = options.layer
    load_options(registry, options, root)
    return registry


def load_options(registry: CheckedRegistry, options: "RegistryOptions", root: str = "") -> None:
    """Do what `compile_options` does for a registry that is empty."""
    lock = options.lock if os.path.exists(os.path.join(root, options.lock)) else False
    load_into(
        registry,
        options.sources,
        root,
        lock=lock,
        rules=options.rules,
        own_facts=options.own_facts,
        required=options.required,
        policy=options.policy,
        extends=options.extends,
    )


def compile_registries(options: "Options") -> list[CheckedRegistry]:
    """Every registry of a project, checked; the first one has the findings about its policy as a whole too."""
    registries = [compile_options(one, options.root) for one in options.registries]
    policy = options.registries[0].policy
    if policy is not None and options.file is not None:
        from hypiler.compiler.policy_rules import check_exceptions

        registries[0].findings += check_exceptions(policy, registries, options.file)
    return registries


class Compiled:
    """The registries of a project, and what is made of them. All paths are relative to the project.

    Attributes:
        options: The options of the project.
        registries: The compiled registries.
        outputs: The files of every target; empty if a registry has errors.
        files: The paths of the files of each registry, by its `output`; the module and its stub are the first two.
    """

    __slots__ = ("files", "options", "outputs", "registries")

    def __init__(self, options: "Options", registries: list[CheckedRegistry]) -> None:
        self.options: Options = options
        self.registries: list[CheckedRegistry] = registries
        self.outputs: Outputs = Outputs()
        self.files: dict[str, list[str]] = {}
        if not self.has_errors:
            for one, registry in zip(options.registries, registries, strict=True):
                made = [self.outputs.add(registry, target, path) for target, path in one.targets.items()]
                self.files[one.output] = [path for paths in made for path in paths]

    @property
    def has_errors(self) -> bool:
        """Whether a registry has errors, so that nothing may be written."""
        return any(registry.has_errors for registry in self.registries)

    def write(self) -> None:
        """Write all files or none. Raises OutputRefused, or OSError."""
        from hypiler.project.output import write_outputs

        root = self.options.root
        sources = [os.path.join(root, path) for one in self.options.registries for path in one.sources]
        outputs = self.outputs.below(root)
        write_outputs(outputs.texts, sources=sources, tracked=outputs.tracked, folders=outputs.folders)

    def outdated(self) -> list[str]:
        """The files on disk that do not hold what a build would write, with manifests. Raises OSError."""
        from hypiler.project.leftovers import leftovers
        from hypiler.project.output import is_outdated, manifests

        outputs = self.outputs.below(self.options.root)
        texts = {**outputs.texts, **manifests(outputs.texts, outputs.tracked)}
        data = texts.keys() - (outputs.texts.keys() - outputs.tracked.keys())
        found = [path for path, text in texts.items() if is_outdated(path, text, is_data=path in data)]
        found += leftovers(outputs.folders, texts)
        return [os.path.relpath(path, self.options.root or os.curdir) for path in found]


def compile_project(options: "Options") -> Compiled:
    """Compile the registries of a project. Raises OSError."""
    return Compiled(options, compile_registries(options))


def build_project(options: "Options") -> "tuple[list[CheckedRegistry], Mapping[str, list[str]]]":
    """Compile the registries of a project and, if none has errors, write all of their targets or none.

    Returns the registries, and the paths of the files that there are now, by the output of the registry.
    """
    compiled = compile_project(options)
    if not compiled.has_errors:
        compiled.write()
    return compiled.registries, compiled.files
