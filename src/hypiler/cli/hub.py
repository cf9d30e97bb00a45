"""What the commands that ask the hub share: the registry, its lock, and the client with its progress bar."""

import os
import sys
from contextlib import contextmanager

from hypiler._missing import missing_library
from hypiler.cli.registries import unknown_model
from hypiler.cli.report import (
    add_name_argument,
    add_project_argument,
    project_options,
    project_words,
    registry_options,
    report,
    shipped_options,
)
from hypiler.cli.streams import ENVIRONMENT, print_error, usage_error
from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.codes import ERROR
from hypiler.diagnostics.escaping import printable, quote_value
from hypiler.errors import UnknownModelError
from hypiler.project.loading import Following, lock_path, read_bounded
from hypiler.project.options import OptionsError, RegistryOptions
from hypiler.project.output import add_files, replace_source, with_ends_of
from hypiler.schema.fields import OVERLAYS
from hypiler.schema.requirements import CORE, USUAL, Requirements
from hypiler.verification.lockfile import read_lock, write_lock
from hypiler.verification.verify import chosen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Generator, Mapping
    from typing import Any

    from hypiler.compiler.checked import Entry
    from hypiler.hub.client import Hub
    from hypiler.verification.lockfile import LockEntry
    from hypiler.verification.public_pins import PublicPins

INTERRUPTED = 130
"""The exit code after Ctrl-C, also if the results until then are reported."""

_MOST_JOBS = 64


def add_jobs_argument(parser: "ArgumentParser") -> None:
    """How many requests run at once."""
    parser.add_argument(
        "--jobs", type=_jobs, default=8, metavar="N", help="models to read at the same time; default: 8"
    )


def add_files_arguments(
    parser: "ArgumentParser", help: str = "default: the files of the project", *, shipped: bool = False
) -> None:
    """Which registry is meant: a file, a project, or for a command that only reads it the shipped one."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--file", metavar="FILE", help=f"registry file; {help}")
    add_project_argument(group)
    parser.set_defaults(shipped=False)
    if shipped:
        group.add_argument(
            "--shipped", action="store_true", help="the registry that comes with hypiler; it is only read"
        )
    add_name_argument(parser)


def _jobs(text: str) -> int:
    from argparse import ArgumentTypeError

    if text not in map(str, range(1, _MOST_JOBS + 1)):
        raise ArgumentTypeError(f"it must be a number from 1 to {_MOST_JOBS}; got {quote_value(text)}")
    return int(text)


class Opened:
    """The registry that a command works on, with its lock.

    Attributes:
        registry: A registry without errors. Each file was read once: a command that changes a file later can tell
            whether the file still holds what was checked.
        root: The folder below which sources and lock may be written.
        lock: The path of the lock, whether the file exists or not.
        kept: The bytes of the lock; None without one.
        locks: The entries of the lock by id.
        others: The ids of the models in other registries of the project that share the lock.
    """

    __slots__ = ("kept", "lock", "locks", "others", "registry", "root")

    def __init__(self, registry: CheckedRegistry, root: str, lock: str) -> None:
        self.registry: CheckedRegistry = registry
        self.root: str = root
        self.lock: str = lock
        self.kept: bytes | None = None
        self.locks: dict[str, LockEntry] = {}
        self.others: set[str] = set()

    def only_reads(self, path: str) -> str | None:
        """Why a source is not written: it lies above the project. None for one that may be written."""
        if os.path.realpath(path).startswith(os.path.join(os.path.realpath(self.root), "")):
            return None
        return f"{printable(path)} lies outside the project, which only reads it: use --file {printable(path)}"


def open_registry(options: "Namespace", *, lock: bool = True, sound: bool = True) -> Opened | None:
    """The registry in `options.file`, of the project, or the shipped one, and its lock.

    None if one of them has errors, which are then reported. If the registry need not be `sound`, only errors that
    prevent an edit count: models may still be missing facts.
    """
    try:
        root, one = _registry_options(options)
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return None
    files = [(path, read_bounded(path)) for path in one.sources]
    # A command that edits lists what `hypiler check FILE` would find missing.
    required = one.required if sound or not options.file else USUAL
    follow = Following("", one.extends, one.lock if os.path.lexists(one.lock) else None)
    registry = compile_registry(files, rules=one.rules, own_facts=one.own_facts, required=required, follow=follow)
    if registry.has_errors and (sound or not _can_be_edited(registry, len(one.sources))):
        report(registry.findings, registry, options, sys.stderr)
        return None
    opened = Opened(registry, root, one.lock)
    if options.shipped:
        registry.layer = "hypiler"
    elif not options.file:
        opened.others = _sharing(options, one)
    return None if lock and not _read_lock(opened, options) else opened


def _can_be_edited(registry: CheckedRegistry, files: int) -> bool:
    """Whether each file is an object with a list of models, in JSON without faults."""
    trees: list[dict[str, Any]] = [source.value for source in registry.sources if isinstance(source.value, dict)]
    lists = [tree for tree in trees if isinstance(tree.get("models", None if OVERLAYS.isdisjoint(tree) else []), list)]
    json_faults = [one for one in registry.findings if one.severity == ERROR and one.code.startswith("M0")]
    return len(lists) == files and not json_faults


def _registry_options(options: "Namespace") -> tuple[str, RegistryOptions]:
    """The folder below which may be written, and the options of the registry. Raises OptionsError."""
    if options.registry is not None and (options.file or options.shipped):
        raise SystemExit(usage_error("--registry names a registry of a project: it cannot go with --file or --shipped"))
    if options.shipped:
        return "", shipped_options({})
    if options.file:
        # Whoever reads one file is not told what its project would require.
        lock, core = lock_path([options.file]), Requirements(CORE)
        return os.path.dirname(options.file), RegistryOptions([options.file], lock, {}, required=core)
    root, one = registry_options(options)
    return root, one.below(root)


def _sharing(options: "Namespace", one: RegistryOptions) -> set[str]:
    """The ids of the models in the other registries of the project that have the same lock."""
    project = project_options(options).resolve_paths()
    others = [other for other in project.registries if other.lock == one.lock and other.output != one.output]
    found: set[str] = set()
    for other in others:
        files = [(path, read_bounded(path)) for path in other.sources]
        registry = compile_registry(files, follow=Following("", other.extends, other.lock))
        found |= {entry.id for entry in registry.entries}
    return found


def _read_lock(opened: Opened, options: "Namespace") -> bool:
    """Read the lock, if there is one; false after a report of its errors."""
    if not os.path.lexists(opened.lock):
        return True
    opened.kept = read_bounded(opened.lock)
    opened.locks, findings = read_lock(opened.kept, opened.lock)
    if findings:
        opened.registry.files[opened.lock] = opened.kept  # for the lines of the findings
        report(findings, opened.registry, options, sys.stderr)
    return not findings


def chosen_entries(registry: CheckedRegistry, options: "Namespace") -> "list[Entry] | None":
    """The entries of the models in `options.ids`, each once, in file order; without any, of all models in a repository.

    None after an error message about a name that the registry does not have, or about a model that is not on the hub.
    """
    try:
        entries = chosen(registry, options.ids)
        own = [entry for entry in registry.entries if entry.is_own]
        elsewhere = [entry for entry in (entries if options.ids else own) if entry.is_elsewhere]
        unasked = any(getattr(options, name, None) for name in ("local", "offline", "forget"))
        if elsewhere and options.ids and not unasked:
            one = elsewhere[0]
            message = f"`{printable(one.id)}` has a `source`, so there is nothing on the hub to read"
            usage_error(f"{message}; for a folder of files, use `hypiler verify {printable(one.id)} --local DIR`")
            return None
        if elsewhere and not entries:
            usage_error("every model has a `source`, so there is nothing on the hub to read")
            return None
        if elsewhere and not options.ids:
            count = f"{len(elsewhere)} model{'s' * (len(elsewhere) != 1)}"
            print(f"note: {count} with a `source` skipped: nothing on the hub to read", file=sys.stderr)
        below = len(registry.entries) - len(own)
        if below and not options.ids:
            count = f"{below} model{'s' * (below != 1)}"
            print(f"note: {count} of lower layers skipped: name those that you mean", file=sys.stderr)
        return entries
    except UnknownModelError as error:
        file = ["--file", options.file] if options.file else []
        name = ["--registry", options.registry] if options.registry else []
        usage_error(unknown_model(error, registry, [*file, *project_words(options), *name]))
        return None


def of_a_base(entry: "Entry", path: str, value: str = "…") -> str:
    """Why nothing is written about a model of a lower layer, and what to write instead."""
    name, *inside = path.split(".")
    fact = f'"{name}": {value}' if not inside else f'"{name}": {{"{".".join(inside)}": {value}}}'
    override = f'{{"id": "{entry.id}", {fact}}}'
    return printable(f"it is a model of layer `{entry.base}`; to state the fact here, add {override} to `overrides`")


def keep_lock(opened: Opened, locked: "Mapping[str, LockEntry]") -> None:
    """Write a lock, if it records anything else than before."""
    if dict(locked) == opened.locks:
        return
    text = write_lock(locked)
    if opened.kept is None:
        add_files({opened.lock: text}, {})
    else:
        replace_source(opened.lock, opened.kept, with_ends_of(opened.kept, text), root=opened.root)


def read_pins(path: str) -> "PublicPins":
    """A table of public pins. Ends the command for a file that cannot be read or is no such table."""
    from hypiler.project.files import read_file
    from hypiler.verification.public_pins import PinsError, PublicPins

    try:
        data = read_file(path, _MAX_PINS + 1)
        if len(data) > _MAX_PINS:
            raise PinsError(f"it must have at most {_MAX_PINS} bytes; it has more")
        return PublicPins(data.decode())
    except (PinsError, UnicodeDecodeError) as error:
        why = error if isinstance(error, PinsError) else "it must be UTF-8"
        print_error(f"{printable(path)} is no table of pins: {why}")
        raise SystemExit(ENVIRONMENT) from None


_MAX_PINS = 32 << 20


def today() -> str:
    """The day that a lock names, such as 2026-01-31."""
    from datetime import UTC, datetime

    return datetime.now(UTC).date().isoformat()


@contextmanager
def open_hub(steps: int, what: str) -> "Generator[tuple[Hub, Callable[[], None]]]":
    """The hub, and a function to call after each step. On a terminal, a bar shows the progress.

    Ends the command if the client is not installed.
    """
    try:
        from tqdm import tqdm

        from hypiler.hub.client import Hub
    except ImportError as error:
        print_error(missing_library(error, "hypiler[hub]"))
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
