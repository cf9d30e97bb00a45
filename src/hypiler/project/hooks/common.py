"""What the hooks of all build backends do: compile and write, or end the build with a report and no traceback."""

import os
import sys
from typing import NoReturn

from hypiler.diagnostics.finding import Finding
from hypiler.diagnostics.text import render_text
from hypiler.project.build import build_project
from hypiler.project.options import Options, OptionsError, read_options
from hypiler.project.output import OutputRefused

# More would bury the rest of the build's log.
_SHOWN = 20


def build_for_backend(root: str, *, write: bool) -> Options:
    """Compile the project in `root`, and write its module unless only an sdist is made; its options.

    From an sdist the module is made again, so that carries the sources, and not what became of them. Ends the process
    if anything is wrong: the fault is in the input, so there is nothing that a traceback could tell.
    """
    try:
        options = read_options(root)
        registry = build_project(options, write=write)
    except (OptionsError, OutputRefused) as error:
        end_build(error.findings)
    except OSError as error:
        print(f"hypiler: {error}", file=sys.stderr)
        _end()
    if registry.findings:
        print(render_text(registry.findings, registry.line, limit=_SHOWN), file=sys.stderr)
    if registry.has_errors:
        _end()
    return options


def end_build(findings: list[Finding]) -> NoReturn:
    """End the build with a report."""
    print(render_text(findings), file=sys.stderr)
    _end()


def _end() -> NoReturn:
    # What is still buffered would come after the line that says why.
    sys.stderr.flush()
    sys.exit("hypiler: the model registry was not built")


def outputs(options: Options) -> list[str]:
    """The module and its stub, relative to the project."""
    return [options.output, options.output + "i"]


def portable(path: str) -> str:
    """A path of the options with the separators that all backends take."""
    return path.replace(os.sep, "/")
