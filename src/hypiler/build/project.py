"""Compiles sources to a module and its stub on disk: what `hypiler build` and the build hooks have in common."""

import os

from hypiler.build.files import read_file
from hypiler.build.options import Options
from hypiler.compiler.pipeline import Registry, compile_registry
from hypiler.compiler.source import MAX_BYTES


def compile_files(paths: list[str], root: str = "") -> Registry:
    """Read and check registry files; findings name them as given. Raises OSError for one that cannot be read."""
    # One byte over the limit is enough to tell that a file is too large.
    return compile_registry([(path, read_file(os.path.join(root, path), MAX_BYTES + 1)) for path in paths])


def write_registry(registry: Registry, output: str, sources: list[str]) -> list[str]:
    """Write the module to `output` and its stub beside it; the paths that changed."""
    # Imported here: a check writes nothing, and need not wait for these.
    from hypiler.build.output import write_outputs
    from hypiler.emit.python import emit_python
    from hypiler.emit.stub import emit_stub

    files = {output: emit_python(registry), output + "i": emit_stub(registry)}
    return write_outputs(files, sources=sources)


def build_project(options: Options, *, write: bool = True) -> Registry:
    """Compile a project's registry and, if it has no errors, write its module."""
    registry = compile_files(options.sources, options.root)
    if write and not registry.failed:
        sources = [os.path.join(options.root, path) for path in options.sources]
        write_registry(registry, os.path.join(options.root, options.output), sources)
    return registry
