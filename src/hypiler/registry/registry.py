"""`Registry`: a checked registry that knows how to load itself, and to become files."""

import os

from hypiler.compiler.checked import CheckedRegistry
from hypiler.diagnostics.escaping import printable, quote_name, quote_value
from hypiler.emit.targets import TARGETS
from hypiler.errors import UnknownModelError
from hypiler.project.build import Outputs, load_options
from hypiler.project.discovery import find_project
from hypiler.project.loading import load_into
from hypiler.project.options import read_options
from hypiler.project.shipped import HOSTED_REQUIRED, shipped_files
from hypiler.schema.own_facts import OwnFacts
from hypiler.schema.requirements import USUAL, Requirements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.schema.model import Model
else:
    # For tools that look up annotations at run time, see `hypiler._import_hooks`.
    from _collections_abc import Mapping, Sequence

    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.schema.model import Model

    Self = object


class Registry(CheckedRegistry):
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
    def load(
        cls,
        *files: "str | os.PathLike[str]",
        lock: "str | os.PathLike[str] | bool" = True,
        rules: "RuleSettings | None" = None,
        extra: "Mapping[str, str] | None" = None,
        required: "str | Sequence[str]" = "default",
    ) -> "Self":
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
        if not files:
            raise ValueError("name at least one file")
        if rules is not None:
            _refuse_wrong(rules)
        registry = cls()
        place = lock if isinstance(lock, bool) else os.fspath(lock)
        own, needed = OwnFacts(extra), Requirements(required, extra or ())
        paths = [os.fspath(file) for file in files]
        load_into(registry, paths, lock=place, rules=rules, own_facts=own, required=needed)
        return registry

    @classmethod
    def project(cls, name: str | None = None, *, folder: "str | os.PathLike[str]" = "") -> "Self":
        """Read and check the registry of the project around a folder, by default the current one.

        The project is the nearest pyproject.toml with `[tool.hypiler]` on the way up to the root of the repository. If
        the project has several registries, `name` chooses one: its `output` as in pyproject.toml, or the name of this
        module.

        Raises FileNotFoundError if there is no project, OptionsError if its options cannot be used, LookupError, with
        the names, if `name` is missing or unknown, and OSError for a file that cannot be read.
        """
        root = find_project(os.fspath(folder))
        if root is None:
            place = printable(os.fspath(folder) or os.curdir)
            raise FileNotFoundError(f"no pyproject.toml with [tool.hypiler] in `{place}` or above it")
        registry = cls()
        load_options(registry, read_options(root).registry(name).below(root))
        return registry

    @classmethod
    def shipped(cls, *, hosted: bool = False) -> "Self":
        """The registry that this package carries: the models of `hypiler.model_registry`.

        With `hosted`, the models of `hypiler.hosted_registry` follow. These models are behind an API, and their weights
        are not published. They state fewer facts; `required` lists the facts that all models state.
        """
        registry = cls()
        registry.layer = "hypiler"
        paths, lock = shipped_files(hosted=hosted)
        load_into(registry, paths, lock=lock, required=Requirements(HOSTED_REQUIRED) if hosted else USUAL)
        return registry

    def get(self, id: str) -> "Model | None":
        """The model with this id, alias or repository name, or None. Warns for deprecated models and former ids."""
        model = super().get(id)
        if model is not None and (model.deprecated or id in model.former_ids):
            from hypiler._callers import warn_of_use

            warn_of_use(id, model)
        return model

    def _unknown(self, id: str) -> UnknownModelError:
        """The error for a name that no model has. For the shipped registry, it also names hosted models."""
        error = super()._unknown(id)
        if self.layer != "hypiler" or len(self.sources) > 1:
            return error
        both = type(self).shipped(hosted=True)
        near = id if id in both else both.suggest(id)
        if near is None or near in self:
            return error
        return UnknownModelError(id, near, self.title, "Registry.shipped(hosted=True)")

    def __repr__(self) -> str:
        found = f"{len(self.findings)} finding{'s' * (len(self.findings) != 1)}" if self.findings else "no findings"
        return f"<Registry {self.title}: {len(self)} model{'s' * (len(self) != 1)}, {found}>"

    def report(self, *, color: bool = False) -> str:
        """The findings as text for people, each with its source line."""
        from hypiler.diagnostics.text import render_text

        return render_text(self.findings, self.line, color=color) if self.findings else "no findings"

    def emit(self, target: str = "module", path: str | None = None) -> dict[str, str]:
        """The texts of all files of a target by path; nothing is written.

        Args:
            target: One of `hypiler.emit.targets.TARGETS`: "module", "docs", "html" or "schema".
            path: The path of the first file; by default the usual name for this target.

        Raises ValueError for an unknown target, for a path with another suffix than the target's, and for a registry
        with errors.
        """
        return self._outputs({target: path}).texts

    def write(self, folder: "str | os.PathLike[str]", *targets: str) -> list[str]:
        """Write targets, by default the module, to a folder: all of them or none.

        Returns the paths that were written; a file that is up to date is left alone. Raises ValueError for an unknown
        target and for a registry with errors, OutputRefused for a file that hypiler did not generate, and OSError.
        """
        from hypiler.project.output import write_outputs

        outputs = self._outputs(dict.fromkeys(targets or ("module",))).below(os.fspath(folder))
        files, sources = outputs.texts, list(self.files)
        return write_outputs(files, sources=sources, tracked=outputs.tracked, folders=outputs.folders)

    def _outputs(self, targets: "Mapping[str, str | None]") -> Outputs:
        if self.has_errors:
            raise ValueError(f"a registry with errors becomes nothing:\n{self.report()}")
        outputs = Outputs()
        for name, path in targets.items():
            if name not in TARGETS:
                raise ValueError(f"no target {quote_name(name)}; choose one of: {', '.join(TARGETS)}")
            default = TARGETS[name].default_path
            suffix = os.path.splitext(default)[1]
            if path is not None and not path.endswith(suffix):
                raise ValueError(f"the path of `{name}` must end in `{suffix}`, got {quote_value(path)}")
            outputs.add(self, name, default if path is None else path)
        return outputs


def _refuse_wrong(rules: "RuleSettings") -> None:
    from hypiler.verification.rule_sets import all_rules

    for _, _, message, help in rules.faults(all_rules()):
        raise ValueError(message + (f"; {help}" if help else ""))
