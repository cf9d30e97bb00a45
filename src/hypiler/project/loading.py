"""Reads the files of a registry, with its lock, and checks them."""

import os

from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_into
from hypiler.jsontext.reader import MAX_BYTES
from hypiler.project.files import failure, read_file
from hypiler.schema.own_facts import NO_OWN_FACTS, OwnFacts
from hypiler.schema.requirements import USUAL, Requirements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypiler.compiler.layer import Layers
    from hypiler.compiler.locks import LockRules
    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.jsontext.reader import Source
    from hypiler.project.extends import Extends
    from hypiler.schema.policy import Policy

LOCK = "models.lock.json"
"""The name of a lock. It lies beside the registry's first file unless an option names another place."""


STDIN = "<stdin>"
"""The path that stands for standard input, and its name in findings. A file of this name is `./<stdin>`."""


def lock_path(paths: "Sequence[str]") -> str:
    """The path of the lock of the registry in these files, where no option names another one.

    Nothing lies beside standard input: the path is empty if there is no other file.
    """
    beside = [path for path in paths if path != STDIN]
    return os.path.join(os.path.dirname(beside[0]), LOCK) if beside else ""


def read_bounded(path: str) -> bytes:
    """The bytes of a registry's file, or of standard input. Raises OSError."""
    # One byte over the limit is enough to tell that a file is too large.
    return _read_stdin(MAX_BYTES + 1) if path == STDIN else read_file(path, MAX_BYTES + 1)


def _read_stdin(limit: int) -> bytes:
    import sys

    try:
        if sys.stdin is None:
            raise OSError(None, "it is closed")
        return sys.stdin.buffer.read(limit) or b""
    except OSError as error:
        raise failure("read", STDIN, error) from None


def load_into(
    registry: CheckedRegistry,
    paths: "Sequence[str]",
    root: str = "",
    *,
    lock: "str | bool" = True,
    rules: "RuleSettings | None" = None,
    own_facts: OwnFacts = NO_OWN_FACTS,
    required: Requirements = USUAL,
    policy: "Policy | None" = None,
    extends: "Extends | None" = None,
) -> None:
    """Read and check registry files into a registry that is empty; findings name the files as given.

    Facts are also held against the lock: the file beside the first source if there is one, or the file that `lock`
    names; with false, none. Nothing lies beside standard input. `rules` says which rules are applied, `own_facts` which
    facts the project adds to the format, `required` which fields every model must state, and `policy` what models may
    be. `extends` is what the project stands on; what the files themselves extend is read in any case.

    Raises OSError for a file that cannot be read.
    """
    files = [(path, read_bounded(path if path == STDIN else os.path.join(root, path))) for path in paths]
    own = _lock(paths, root, lock)
    follow = Following(root, extends, None if own is None else own.name)
    compile_into(
        registry,
        files,
        lock=own,
        rules=rules,
        own_facts=own_facts,
        required=required,
        policy=policy,
        follow=follow,
    )


class Following:
    """Reads the layers when there are some; most registries stand on nothing.

    Attributes:
        needed: Whether there are layers whatever the files say.
    """

    def __init__(self, root: str, extends: "Extends | None", lock: str | None) -> None:
        self.needed: bool = extends is not None and bool(extends.words)
        self._parts = (root, extends, lock)

    def __call__(self, sources: "list[Source]") -> "Layers":
        """The layers below these files."""
        from hypiler.project.layers import LayerReader

        return LayerReader(*self._parts).read(sources)


def _lock(paths: "Sequence[str]", root: str, lock: "str | bool") -> "LockRules | None":
    name = lock if isinstance(lock, str) else lock_path(paths)
    if lock is False or not name:
        return None
    place = os.path.join(root, name)
    if lock is True and not os.path.exists(place):
        return None
    from hypiler.verification.lock_rules import Lock

    return Lock(read_bounded(place), name)
