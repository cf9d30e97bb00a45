"""`Registry`: a checked registry that knows how to load itself, and to become files."""

import os

from hypiler.compiler.checked import CheckedRegistry
from hypiler.project.loading import load_into
from hypiler.registry.shipped import shipped_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from hypiler.compiler.rule_settings import RuleSettings


class Registry(CheckedRegistry):
    """The models of one or more files, in file order: a collection, with lookup by id, alias or repository name.

    `registry[name]` raises UnknownModelError, a KeyError, with the nearest id; `registry.get(name)` gives None.
    Iteration, `len`, `in` and `registry.ids` are in file order.

    Attributes:
        models: All models; empty if a finding is an error, so that nothing is made of a registry that is not right.
        findings: Everything that is wrong, by file and position.
        ok: Whether no finding is an error.
        version: The registry's own `version`.
        sha256: One digest for all sources; empty if there are errors.
    """

    @classmethod
    def load(
        cls,
        *files: "str | os.PathLike[str]",
        lock: "str | os.PathLike[str] | bool" = True,
        rules: "RuleSettings | None" = None,
    ) -> "Self":
        """Read and check the registry in one or more files; the models follow in this order.

        Facts are also held against the lock: `models.lock.json` beside the first file, the file that `lock` names, or
        with false none. `rules` says which rules are applied; by default all of them. What is wrong with the files is
        in `findings`, and never raised.

        Raises OSError for a file that cannot be read, and ValueError without a file or for settings of rules that do
        not exist or cannot be changed.
        """
        if not files:
            raise ValueError("name at least one file")
        if rules is not None:
            _refuse_wrong(rules)
        registry = cls()
        place = lock if isinstance(lock, bool) else os.fspath(lock)
        load_into(registry, [os.fspath(file) for file in files], lock=place, rules=rules)
        return registry

    @classmethod
    def shipped(cls) -> "Self":
        """The registry that this package carries: the models of `hypiler.model_registry`."""
        registry = cls()
        registry.layer = "hypiler"
        paths, lock = shipped_files()
        load_into(registry, paths, lock=lock)
        return registry


def _refuse_wrong(rules: "RuleSettings") -> None:
    from hypiler.verification.rule_sets import all_rules

    for _, _, message, help in rules.faults(all_rules()):
        raise ValueError(message + (f"; {help}" if help else ""))
