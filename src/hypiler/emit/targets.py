"""The table of targets: the kinds of output that a registry can be compiled to.

To add a target, write a module with a pure function `(registry, path) -> {path: text}`, and add one line here.
"""

import os

from hypiler.emit.header import MARKUP, PYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.emit.header import Comment


class Target:
    """One kind of output.

    Attributes:
        name: What options and commands call it.
        default_path: The path of its first file, in a project or in a folder. Other paths must have the same suffix.
        comment: The form of a comment in all of its files, for the header. None for files that cannot contain a
            comment; then a manifest beside them tracks them.
        emitter: The function that makes the files, as "module:function"; imported when it is needed.
        folder: What the name of a folder has in place of the path's suffix, if files of the target lie in one of its
            own. What was generated there, and is not any more, is removed.
    """

    __slots__ = ("comment", "default_path", "emitter", "folder", "name")

    def __init__(
        self, name: str, default_path: str, comment: "Comment | None", emitter: str, *, folder: str = ""
    ) -> None:
        self.name: str = name
        self.default_path: str = default_path
        self.comment: Comment | None = comment
        self.emitter: str = emitter
        self.folder: str = folder

    def own_folder(self, path: str) -> str | None:
        """The folder that belongs to the target alone if its first file is `path`; None without one."""
        return path.removesuffix(os.path.splitext(self.default_path)[1]) + self.folder if self.folder else None

    def emit(self, registry: "CheckedRegistry", path: str) -> dict[str, str]:
        """The texts of all files of the target, by path; `path` is the path of the first file."""
        from importlib import import_module

        module, _, function = self.emitter.partition(":")
        emit: Callable[[CheckedRegistry, str], dict[str, str]] = getattr(import_module(module), function)
        return emit(registry, path)


TARGETS = {
    target.name: target
    for target in (
        Target("module", "model_registry.py", PYTHON, "hypiler.emit.python.files:emit_files"),
        Target("docs", "MODELS.md", MARKUP, "hypiler.emit.markdown:emit_files", folder="-pages"),
        Target("html", "models.html", MARKUP, "hypiler.catalogue.html:emit_files"),
        Target("schema", "models.schema.json", None, "hypiler.emit.json_schema:emit_files"),
    )
}
"""Every target by name. The first one is the module, which each registry of a project has."""
