"""Compiles sources to a module and its stub on disk: what `hypiler build` and the build hooks have in common."""

import os

from hypiler.compiler.pipeline import Registry, compile_registry
from hypiler.jsontext.reader import MAX_BYTES
from hypiler.project.files import read_file
from hypiler.project.options import Options

LOCK = "models.lock.json"
"""The name of the lock, which lies beside the registry's first file."""


def compile_files(paths: list[str], root: str = "", *, lock: bool = True) -> Registry:
    """Read and check registry files; findings name them as given. Raises OSError for one that cannot be read.

    Facts are also held against the lock beside the first file, if there is one and `lock` is true.
    """
    # One byte over the limit is enough to tell that a file is too large.
    files = [(path, read_file(os.path.join(root, path), MAX_BYTES + 1)) for path in paths]
    place = lock_path(paths)
    if not lock or not os.path.exists(os.path.join(root, place)):
        return compile_registry(files)
    from hypiler.verification.lockfile import Lock

    locked = Lock(read_file(os.path.join(root, place), MAX_BYTES + 1), place)
    registry = compile_registry(files, also=locked.check)
    registry.findings += locked.findings
    registry.verified = locked.verified
    return registry


def lock_path(paths: list[str]) -> str:
    """The path of the lock of the registry in these files."""
    return os.path.join(os.path.dirname(paths[0]), LOCK)


def generate(registry: Registry, output: str) -> dict[str, str]:
    """The texts of the module at `output` and of its stub beside it, by path."""
    # Imported here: a check of the registry generates nothing, and need not wait for these.
    from hypiler.emit.python.module import emit_python
    from hypiler.emit.python.stub import emit_stub

    return {output: emit_python(registry), output + "i": emit_stub(registry)}


def build_project(options: Options, *, write: bool = True) -> Registry:
    """Compile a project's registry and, if it has no errors, write its module."""
    registry = compile_files(options.sources, options.root)
    if write and not registry.failed:
        from hypiler.project.output import write_outputs

        sources = [os.path.join(options.root, path) for path in options.sources]
        write_outputs(generate(registry, os.path.join(options.root, options.output)), sources=sources)
    return registry
