"""What the hooks of all build backends do: compile and write, or end the build with a report and no traceback."""

import os
import sys
from typing import NoReturn

from hypiler.diagnostics.finding import Finding, without_notes
from hypiler.diagnostics.text import render_text
from hypiler.project.build import build_project
from hypiler.project.options import Options, OptionsError, copy_place, read_options
from hypiler.project.output import OutputRefused
from hypiler.project.uv import mark_built, needs_mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# More would bury the rest of the build's log.
_SHOWN = 20


def build_for_backend(root: str, *, write: bool) -> tuple[Options, list[str]]:
    """Compile the project in `root`, and write its targets unless only an sdist is made.

    An sdist contains the sources, not the generated files, which are made again from them. Ends the process if anything
    is wrong: the fault is in the input, so a traceback could tell nothing.

    Returns the options, and the paths of the generated files that belong into a wheel.
    """
    options = options_for_backend(root)
    try:
        is_marked = write and needs_mark(options)
        registries, made = build_project(options, write=write)
        if made and is_marked:
            mark_built(options)
    except OutputRefused as error:
        end_build(error.findings)
    except OSError as error:
        _end_with(error)
    for registry in registries:
        if shown := without_notes(registry.findings):
            print(render_text(shown, registry.line, limit=_SHOWN), file=sys.stderr)
    if any(registry.has_errors for registry in registries):
        _end()
    return options, [path for output, paths in made.items() for path in _packed(output, paths)]


def options_for_backend(root: str) -> Options:
    """The options of the project in `root`; ends the process if they cannot be used."""
    try:
        return read_options(root)
    except OptionsError as error:
        end_build(error.findings)
    except OSError as error:
        _end_with(error)


def _packed(output: str, paths: list[str]) -> list[str]:
    """The module and its stub, and every other file in the folder of the module or below."""
    folder = os.path.join(os.path.dirname(output), "")
    return [path for path in paths if path in (output, output + "i") or (folder and path.startswith(folder))]


def end_build(findings: list[Finding]) -> NoReturn:
    """End the build with a report."""
    print(render_text(findings), file=sys.stderr)
    _end()


def _end_with(error: OSError) -> NoReturn:
    print(f"hypiler: {error}", file=sys.stderr)
    _end()


def _end() -> NoReturn:
    # What is still buffered would come after the line that says why.
    sys.stderr.flush()
    sys.exit("hypiler: the model registry was not built")


def inputs(options: Options) -> "Mapping[str, str]":
    """Everything that an sdist must carry: paths relative to the project, by their place in the sdist.

    These are the sources and the locks that exist. Sources above the project have a place of their own as copies.
    """
    found: dict[str, str] = {}
    for one in options.registries:
        found |= {portable(copy_place(source)): source for source in one.sources}
        if os.path.exists(os.path.join(options.root, one.lock)):
            found[portable(one.lock)] = one.lock
    return found


def portable(path: str) -> str:
    """A path of the options with the separators that all backends take."""
    return path.replace(os.sep, "/")
