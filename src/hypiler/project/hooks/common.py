"""What the hooks of all build backends do: compile and write, or end the build with a report and no traceback."""

import os
import re
import sys
from typing import NoReturn

from hypiler.diagnostics.finding import Finding, without_notes
from hypiler.diagnostics.text import render_text
from hypiler.project.build import Compiled, compile_project
from hypiler.project.discovery import FILE
from hypiler.project.extends import copy_place
from hypiler.project.files import read_file
from hypiler.project.options import Options, OptionsError, read_options
from hypiler.project.output import OutputRefused
from hypiler.project.uv import mark_built, needs_mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# More would bury the rest of the build's log.
_SHOWN = 20


def build_for_backend(root: str, *, write: bool) -> Compiled:
    """Compile the project in `root`, and write its targets unless only an sdist is made.

    An sdist contains the sources, not the generated files, which are made again from them. Ends the process if anything
    is wrong: the fault is in the input, so a traceback could tell nothing.
    """
    options = options_for_backend(root)
    try:
        is_marked = write and needs_mark(options)
        compiled = compile_project(options)
        if write and not compiled.has_errors:
            compiled.write()
            if is_marked:
                mark_built(options)
    except OutputRefused as error:
        end_build(error.findings)
    except OSError as error:
        _end_with(error)
    for registry in compiled.registries:
        if shown := without_notes(registry.findings):
            print(render_text(shown, registry.line, limit=_SHOWN), file=sys.stderr)
    if compiled.has_errors:
        _end()
    return compiled


def options_for_backend(root: str) -> Options:
    """The options of the project in `root`; ends the process if they cannot be used."""
    try:
        # Messages then name files from the project, where backends run, without `./`.
        return read_options("" if root == os.curdir else root)
    except OptionsError as error:
        end_build(error.findings)
    except OSError as error:
        _end_with(error)


def modules(compiled: Compiled) -> list[str]:
    """The paths of the generated modules; the stub of each has the same path with an `i` after it."""
    return list(compiled.files)


def packed_files(compiled: Compiled) -> list[str]:
    """The files that belong into a wheel: modules, stubs, and all other files in the folder of a module or below."""
    return [path for output, paths in compiled.files.items() for path in _packed(output, paths)]


def _packed(output: str, paths: list[str]) -> list[str]:
    folder = os.path.join(os.path.dirname(output), "")
    return [path for path in paths if path in (output, output + "i") or (folder and path.startswith(folder))]


def end_build(findings: list[Finding]) -> NoReturn:
    """End the build with a report."""
    # The log of the backend may still be buffered: the report is the last of the output.
    sys.stdout.flush()
    print(render_text(findings), file=sys.stderr)
    _end()


def _end_with(error: OSError) -> NoReturn:
    print(f"hypiler: {error}", file=sys.stderr)
    _end()


def _end() -> NoReturn:
    # What is still buffered would come after the line that says why.
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit("hypiler: the model registry was not built")


def inputs(options: Options) -> "Mapping[str, str]":
    """Everything that an sdist must carry: paths relative to the project, by their place in the sdist.

    These are the sources, the layers that are files, and the locks that exist. Files above the project have a place of
    their own as copies.
    """
    found = {portable(copy_place(path)): path for one in options.registries for path in one.inputs_in(options.root)}
    return {place: path for place, path in found.items() if os.path.exists(os.path.join(options.root, path))}


def left_out_of_sdist(compiled: Compiled) -> list[str]:
    """The files that an sdist must not carry.

    A build from the sdist makes the modules again: an old one would only be in the way. Other outputs, such as
    documents for people, stay if they are up to date.
    """
    generated = [file for path in modules(compiled) for file in (path, path + "i")]
    try:
        return list(dict.fromkeys([*generated, *compiled.outdated()]))
    except OSError as error:
        _end_with(error)


def is_required(root: str) -> bool:
    """Whether the build requirements of the project name hypiler.

    Otherwise the hook runs only because hypiler happens to be installed. A build from the sdist may do without the
    hook, so the sdist must carry the outputs.
    """
    import tomllib

    try:
        table = tomllib.loads(read_file(os.path.join(root, FILE)).decode())
        requires = table["build-system"]["requires"]
        return any(re.match(r"\s*hypiler\s*(?![\w.-])", text, re.IGNORECASE) for text in requires)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def portable(path: str) -> str:
    """A path of the options with the separators that all backends take."""
    return path.replace(os.sep, "/")
