"""What the commands that ask the hub have in common: the registry and its lock, and the client with its bar."""

import os
import sys
from contextlib import contextmanager

from hypiler.cli.report import project_options, report
from hypiler.cli.streams import ENVIRONMENT, print_error
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.escaping import quote_value
from hypiler.jsontext.reader import MAX_BYTES, read_source
from hypiler.project.files import read_file
from hypiler.project.loading import lock_path
from hypiler.project.options import OptionsError
from hypiler.verification.lockfile import read_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Generator

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.hub.client import Hub
    from hypiler.jsontext.reader import Source
    from hypiler.verification.lockfile import LockEntry

INTERRUPTED = 130
"""The exit code after Ctrl-C, also where what was done until then is reported."""

_MOST_JOBS = 64


def add_jobs_argument(parser: "ArgumentParser") -> None:
    """How many are asked for at once."""
    parser.add_argument("--jobs", type=_jobs, default=8, metavar="N", help="models to ask for at once; default: 8")


def _jobs(text: str) -> int:
    from argparse import ArgumentTypeError

    if text not in map(str, range(1, _MOST_JOBS + 1)):
        raise ArgumentTypeError(f"it must be a number from 1 to {_MOST_JOBS}; got {quote_value(text)}")
    return int(text)


def read_registry(options: "Namespace") -> "tuple[CheckedRegistry, list[Source]] | None":
    """The registry in `options.file` or in the files of the project; None after a report of what is wrong with it.

    Each file is read once: whoever changes one later can tell whether it still holds what was judged.
    """
    try:
        project = None if options.file else project_options().registry()
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return None
    paths: list[str] = [options.file] if project is None else project.sources
    # One byte over the limit is enough to tell that a file is too large.
    files = [(path, read_file(path, MAX_BYTES + 1)) for path in paths]
    registry = compile_registry(files, rules=project.rules if project else None)
    if registry.has_errors:
        report(registry.findings, registry, options, sys.stderr)
        return None
    read = [read_source(data, path)[0] for path, data in files]
    return registry, [source for source in read if source is not None]


def read_lock_for(
    sources: "list[Source]", options: "Namespace"
) -> "tuple[str, bytes | None, dict[str, LockEntry]] | None":
    """The path of the registry's lock, its bytes and what it holds; None after a report of what is wrong with it."""
    path = lock_path([source.name for source in sources])
    if not os.path.lexists(path):
        return path, None, {}
    data = read_file(path, MAX_BYTES + 1)
    locks, findings = read_lock(data, path)
    if findings:
        report(findings, None, options, sys.stderr)
        return None
    return path, data, locks


@contextmanager
def open_hub(steps: int, what: str) -> "Generator[tuple[Hub, Callable[[], None]]]":
    """The hub, and what to call after each step: a bar shows them on a terminal.

    Ends the command if the client is not installed.
    """
    try:
        from tqdm import tqdm

        from hypiler.hub.client import Hub
    except ImportError as error:
        print_error(f"{error.name} is missing: python -m pip install 'hypiler[hub]'")
        raise SystemExit(ENVIRONMENT) from None

    def wait(seconds: float) -> None:
        # The bar makes room for the line, and is drawn again below it.
        with tqdm.external_write_mode(file=sys.stderr):
            print_error(f"waiting {seconds:.0f} s for the hub")

    terminal = sys.stderr.isatty()
    # A step takes long enough to be shown at once.
    bar = tqdm(total=steps, desc=what, mininterval=0, disable=not terminal, leave=False)
    with bar, Hub(on_wait=wait) as hub:

        def done() -> None:
            bar.update()

        yield hub, done
