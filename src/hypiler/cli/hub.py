"""What the commands that ask the hub share: the registry, its lock, and the client with its progress bar."""

import os
import sys
from contextlib import contextmanager

from hypiler.cli.registries import unknown_model
from hypiler.cli.report import add_name_argument, add_project_argument, registry_options, report
from hypiler.cli.streams import ENVIRONMENT, print_error, usage_error
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.escaping import quote_value
from hypiler.errors import UnknownModelError
from hypiler.project.loading import lock_path, read_bounded
from hypiler.project.options import OptionsError
from hypiler.verification.lockfile import read_lock
from hypiler.verification.verify import entries_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Generator

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.hub.client import Hub
    from hypiler.verification.lockfile import LockEntry
    from hypiler.verification.verify import Entry

INTERRUPTED = 130
"""The exit code after Ctrl-C, also if the results until then are reported."""

_MOST_JOBS = 64


def add_jobs_argument(parser: "ArgumentParser") -> None:
    """How many requests run at once."""
    parser.add_argument("--jobs", type=_jobs, default=8, metavar="N", help="models to ask for at once; default: 8")


def add_files_arguments(parser: "ArgumentParser", help: str = "default: the files of the project") -> None:
    """Which registry is meant: a file, or a project."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--file", metavar="FILE", help=f"registry file; {help}")
    add_project_argument(group)
    add_name_argument(parser)


def _jobs(text: str) -> int:
    from argparse import ArgumentTypeError

    if text not in map(str, range(1, _MOST_JOBS + 1)):
        raise ArgumentTypeError(f"it must be a number from 1 to {_MOST_JOBS}; got {quote_value(text)}")
    return int(text)


def read_registry(options: "Namespace") -> "tuple[CheckedRegistry, str] | None":
    """The registry of `options.file` or of the project, and the path of its lock.

    None if the registry has errors, which are then reported.

    Each file is read once. A command that changes a file later can tell whether the file still holds what was checked.
    """
    try:
        paths, lock, rules = _files(options)
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return None
    registry = compile_registry([(path, read_bounded(path)) for path in paths], rules=rules)
    if registry.has_errors:
        report(registry.findings, registry, options, sys.stderr)
        return None
    return registry, lock


def _files(options: "Namespace") -> "tuple[list[str], str, RuleSettings | None]":
    """The files of the registry that is meant, its lock, and which rules are applied. Raises OptionsError."""
    if options.file:
        return [options.file], lock_path([options.file]), None
    root, one = registry_options(options)
    project = one.below(root)
    return project.sources, project.lock, project.rules


def read_lock_for(path: str, options: "Namespace") -> "tuple[bytes | None, dict[str, LockEntry]] | None":
    """The bytes of the lock at `path`, None without one, and its entries by id.

    None if the lock has errors, which are then reported.
    """
    if not os.path.lexists(path):
        return None, {}
    data = read_bounded(path)
    locks, findings = read_lock(data, path)
    if findings:
        report(findings, None, options, sys.stderr)
        return None
    return data, locks


def chosen_entries(registry: "CheckedRegistry", names: list[str]) -> "list[Entry] | None":
    """The entries of models by id, alias or repository, each once, in file order; all entries without names.

    None after an error message about a name that the registry does not have.
    """
    try:
        wanted = {registry[name].id for name in names} if names else set(registry.ids)
    except UnknownModelError as error:
        usage_error(unknown_model(error, registry))
        return None
    return [entry for source in registry.sources for entry in entries_of(source) if entry.id in wanted]


@contextmanager
def open_hub(steps: int, what: str) -> "Generator[tuple[Hub, Callable[[], None]]]":
    """The hub, and a function to call after each step. On a terminal, a bar shows the progress.

    Ends the command if the client is not installed.
    """
    try:
        from tqdm import tqdm

        from hypiler.hub.client import Hub
    except ImportError as error:
        print_error(f"{error.name} is missing: python -m pip install 'hypiler[hub]'")
        raise SystemExit(ENVIRONMENT) from None

    def wait(seconds: float) -> None:
        # The bar is cleared for the line, and drawn again below it.
        with tqdm.external_write_mode(file=sys.stderr):
            print_error(f"waiting {seconds:.0f} s for the hub")

    terminal = sys.stderr.isatty()
    # Steps are slow, so each is shown immediately.
    bar = tqdm(total=steps, desc=what, mininterval=0, disable=not terminal, leave=False)
    with bar, Hub(on_wait=wait) as hub:

        def done() -> None:
            bar.update()

        yield hub, done
