"""`hypiler build`: compile registries and write everything that is made of them."""

import os

from hypiler.cli.changed import CHANGED_AND_PROJECT, NO_CHANGE, add_changed_argument, changed
from hypiler.cli.report import (
    add_project_argument,
    add_report_arguments,
    given_paths,
    project_options,
    project_root,
    project_words,
)
from hypiler.cli.streams import ENVIRONMENT, OK, USAGE, print_error, usage_error
from hypiler.cli.write_or_check import add_output_arguments, write_or_check
from hypiler.diagnostics.escaping import printable
from hypiler.emit.targets import TARGETS
from hypiler.project.discovery import FILE
from hypiler.project.loading import lock_path
from hypiler.project.options import Options, OptionsError, RegistryOptions, read_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

EXAMPLES = """examples:
  hypiler build                          as [tool.hypiler] in pyproject.toml says
  hypiler build models.json --out src/app   write src/app/model_registry.py and its stub
  hypiler build --check                  in CI: exit 1 if the committed output is not up to date
  hypiler build --watch                  while you edit: build whenever a file changes
  hypiler build --check --changed models.json README.md   in a git hook: every project that uses one of these files
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="registry files, `-` for standard input; default: those of [tool.hypiler]",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="folder for model_registry.py and model_registry.pyi",
    )
    parser.add_argument(
        "--target",
        action="append",
        metavar="TARGET",
        choices=list(TARGETS),
        help=f"with --out: what to write, of {', '.join(TARGETS)}; can be repeated; default: module",
    )
    add_project_argument(parser)
    add_changed_argument(parser)
    add_output_arguments(parser)
    parser.add_argument("--watch", action="store_true", help="build again whenever a file changes, until Ctrl-C")
    add_report_arguments(parser)


def run(options: "Namespace") -> int:
    """Compile, report, and write or compare if nothing is wrong."""
    if options.changed:
        return _of_changed(options)
    if (options.files and not options.out) or (options.out and not options.files):
        usage_error("`build FILE` and `--out DIR` need each other; without both, [tool.hypiler] decides")
        return USAGE
    if options.target and not options.files:
        usage_error("`--target` needs FILE and `--out DIR`; in a project, `targets` of [tool.hypiler] decides")
        return USAGE
    if options.watch and "-" in options.files:
        usage_error("`--watch` looks for changes of files: leave out `-`, which is standard input")
        return USAGE
    if options.watch and (options.check or options.diff):
        usage_error("`--watch` writes; `--check` and `--diff` only look: give one of them")
        return USAGE
    if options.watch:
        return _watch(options)
    return write_or_check(options, lambda: _resolve_paths(options), _fix_command(options))


def _of_changed(options: "Namespace") -> int:
    """The same for every project that the changed files concern; the highest exit code."""
    if options.project is not None:
        return usage_error(CHANGED_AND_PROJECT)
    if options.out or options.target or options.watch:
        return usage_error("`--changed` works as [tool.hypiler] says: leave out `--out`, `--target` and `--watch`")
    codes = [_of_one(options, root, project) for root, project in changed(options, outputs=True)]
    if not codes and not options.quiet:
        print(NO_CHANGE)
    return max(codes, default=OK)


def _of_one(options: "Namespace", root: str, project: "Options | OptionsError") -> int:
    """Build or check one of several projects. A file that cannot be read does not keep us from the other projects."""
    from shlex import join

    from hypiler.project.changed import without_ignored

    def resolve_paths() -> Options:
        if isinstance(project, OptionsError):
            raise project
        return without_ignored(project) if options.check or options.diff else project

    fix_command = join(["hypiler", "build", *(["--project", root] if root else [])])
    try:
        return write_or_check(options, resolve_paths, printable(fix_command))
    except OSError as error:
        print_error(printable(str(error)))
        return ENVIRONMENT


def _resolve_paths(options: "Namespace") -> Options:
    return _of_files(options) if options.files else project_options(options).resolve_paths()


def _of_files(options: "Namespace") -> Options:
    """What `build FILE… --out DIR` writes."""
    names = options.target or ["module"]
    targets = {name: os.path.normpath(os.path.join(options.out, TARGETS[name].default_path)) for name in names}
    files = given_paths(options.files)
    return Options("", [RegistryOptions(files, lock_path(files), targets)])


def _fix_command(options: "Namespace") -> str:
    """The command that writes what this one looks at."""
    from shlex import join

    if not options.files:
        return printable(join(["hypiler", "build", *project_words(options)]))
    targets = [word for name in options.target or () for word in ("--target", name)]
    return printable(join(["hypiler", "build", *options.files, "--out", options.out, *targets]))


def _watch(options: "Namespace") -> int:
    """Build now and after every change. Ends only by a signal."""
    from hypiler.project.watch import changes

    # Found once: while pyproject.toml is away for a moment, another project further up would be found.
    root = "" if options.files else _root(options)

    def resolve_paths() -> Options:
        return _of_files(options) if options.files else read_options(root).resolve_paths()

    for _ in changes(_watched(root, resolve_paths)):
        try:
            write_or_check(options, resolve_paths, _fix_command(options))
        except OSError as error:
            # A file that is gone now may come back: many editors replace what they save.
            usage_error(printable(str(error)))
        if not options.quiet:
            print("watching for changes; Ctrl-C ends", flush=True)
    raise AssertionError("changes never ends")


def _root(options: "Namespace") -> str:
    """The folder of the project, whatever its options are worth now: they may be mended while we watch."""
    try:
        return project_options(options).root
    except OptionsError:
        return project_root(options)


def _watched(root: str, resolve_paths: "Callable[[], Options]") -> "Callable[[], list[str]]":
    """Gives the files whose changes matter, at each moment."""
    known: list[str] = []

    def watched() -> list[str]:
        try:
            registries = resolve_paths().registries
            known[:] = [path for one in registries for path in one.inputs]
        except (OptionsError, OSError):
            pass  # the files that were known last may be what is missing
        return [os.path.join(root, FILE), *known]

    return watched
