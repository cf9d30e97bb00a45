"""Which registry a command reads: that of files, of a project, or the shipped one."""

import os
import sys
from shlex import join

from hypiler.cli.report import (
    add_name_argument,
    add_project_argument,
    given_paths,
    print_findings,
    project_words,
    registry_options,
    stated_policy,
)
from hypiler.cli.streams import usage_error
from hypiler.diagnostics.escaping import printable
from hypiler.errors import UnknownModelError
from hypiler.project.build import load_options
from hypiler.project.discovery import find_project
from hypiler.project.options import OptionsError
from hypiler.registry.registry import Registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.schema.model import Model
    from hypiler.schema.policy import Policy

_SHIPPED_MODULE = "hypiler.model_registry"
_HOSTED_MODULE = "hypiler.hosted_registry"
_IS_HOSTED = "; it is a model behind an API, so it has no files to read"
_IS_SHIPPED = "; the shipped registry has it: use --shipped"
_MOST_FINDINGS = 50
_LONGEST_NAME = 60


def add_registry_arguments(parser: "ArgumentParser") -> None:
    """The options that choose a registry, of which a command takes one."""
    about = "default: the registry of the project around this folder; outside a project, the shipped registry"
    section = parser.add_argument_group("registry", about)
    group = section.add_mutually_exclusive_group()
    group.add_argument(
        "--file",
        action="append",
        dest="files",
        default=[],
        metavar="FILE",
        help="a registry file, `-` for standard input; can be repeated",
    )
    add_project_argument(group)
    group.add_argument(
        "--shipped", action="store_true", help="the registry that comes with hypiler, with its hosted models"
    )
    add_name_argument(section)


def open_registry(
    options: "Namespace", *, hosted: bool = False, policy: bool = False
) -> "tuple[Registry, str | None] | None":
    """The registry that the options choose, and the name of its generated module if that is known.

    With `hosted`, the shipped registry includes its hosted models. With `policy`, the policy of the project counts.
    None if the registry has errors, which are then printed. Ends the command if there is no such project.
    """
    try:
        registry, module = _read(options, hosted=hosted, policy=policy)
    except OptionsError as error:
        print_findings(error.findings, None, sys.stderr)
        return None
    if registry.has_errors:
        print_findings(registry.findings, registry, sys.stderr, limit=_MOST_FINDINGS)
        return None
    return registry, module


def registry_words(options: "Namespace") -> list[str]:
    """The options that choose the same registry again, for a command that a message suggests."""
    files = [word for file in options.files for word in ("--file", file)]
    name = ["--registry", options.registry] if options.registry else []
    return [*files, *project_words(options), *name]


def _read(options: "Namespace", *, hosted: bool, policy: bool) -> "tuple[Registry, str | None]":
    if options.registry is not None and (options.files or options.shipped):
        raise SystemExit(usage_error("--registry names a registry of a project: it cannot go with --file or --shipped"))
    if options.files:
        # To be shown, models need no more than the core.
        return Registry.load(*given_paths(options.files), required="core"), None
    if options.shipped or (options.project is None and options.registry is None and find_project() is None):
        return Registry.shipped(hosted=hosted), _SHIPPED_MODULE
    root, one = registry_options(options)
    registry, own = Registry(), one.below(root)
    # A policy decides what is built and loaded. A registry that breaks it can still be shown, and mended.
    own.policy = own.policy if policy else None
    load_options(registry, own)
    return registry, _module_name(root, one.output)


def chosen_policy(options: "Namespace") -> "Policy | None":
    """The policy in the file of `--policy`, or else of the project whose registry is chosen; None without one."""
    if (stated := stated_policy(options)) is not None:
        return stated
    if options.files or options.shipped or (options.project is None and find_project() is None):
        return None
    return registry_options(options)[1].policy


def find_model(id: str, registry: "Registry", module: str | None) -> "tuple[Model, str | None]":
    """A model of an opened registry, and the module with its constant. Hosted models are searched last.

    Raises UnknownModelError, which suggests hosted models as well.
    """
    if module == _SHIPPED_MODULE and id not in registry:
        return Registry.shipped(hosted=True)[id], _HOSTED_MODULE
    return registry[id], module


def _module_name(root: str, output: str) -> str:
    """The name by which Python imports the module at the path `output` in the project."""
    *folders, file = output.split(os.sep)
    start = len(folders)
    while start and os.path.isfile(os.path.join(root, *folders[:start], "__init__.py")):
        start -= 1
    if start == len(folders):  # in no package: importable from `src`, or from the root of the project
        start = len(folders) - folders[::-1].index("src") if "src" in folders else 0
    names = [*folders[start:], file.removesuffix(".py")]
    while not all(name.isidentifier() for name in names):
        del names[0]
    return ".".join(names)


def unknown_model(error: UnknownModelError, registry: "CheckedRegistry", words: "Sequence[str]" = ()) -> str:
    """What a command prints for a model that its registry does not have.

    Args:
        error: The error of the lookup.
        registry: The registry that was searched.
        words: The options that choose the same registry for `hypiler list`.
    """
    if len(error.id) > _LONGEST_NAME:
        error = UnknownModelError(f"{error.id[:_LONGEST_NAME]}…", error.suggestion, error.registry)
    is_shipped = registry.layer == "hypiler"
    command = join(["hypiler", "list", *(["--shipped"] if is_shipped else words)])
    hint = "" if error.suggestion else f"; `{command}` shows all"
    if error.id in Registry.shipped(hosted=True):
        error = UnknownModelError(error.id, None, error.registry)
        hint = _IS_HOSTED if is_shipped else _IS_SHIPPED
    return printable(f"{error}{hint}")


def count_of(registry: "CheckedRegistry", number: "int | None" = None) -> str:
    """`3 of 41 models of the shipped registry`, or `41 models of …` if `number` is all of them."""
    total = len(registry)
    some = "" if number in (None, total) else f"{number} of "
    return f"{some}{total} model{'s' * (total != 1)} of {printable(registry.title)}"
