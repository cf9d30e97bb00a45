"""What the commands of a single target have in common: `docs` and `schema`."""

import os

from hypiler.cli.report import add_project_argument, given_paths, project_options, project_words, shipped_options
from hypiler.cli.streams import USAGE, usage_error
from hypiler.cli.write_or_check import add_output_arguments, write_or_check
from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.finding import Finding
from hypiler.emit.targets import TARGETS
from hypiler.project.discovery import FILE
from hypiler.project.loading import lock_path
from hypiler.project.options import Options, OptionsError, RegistryOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence


def add_target_arguments(parser: "ArgumentParser", target: str) -> None:
    """The arguments of a command that writes one target, but for how findings are shown."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="registry files, `-` for standard input; default: those of [tool.hypiler]",
    )
    default = TARGETS[target].default_path
    parser.add_argument(
        "--out", metavar="PATH", help=f"the file to write; default: `{target}` of [tool.hypiler], or {default}"
    )
    add_project_argument(parser)
    parser.set_defaults(shipped=False)
    add_output_arguments(parser)


def run_target(options: "Namespace", target: str, command: "Sequence[str]" = ()) -> int:
    """Compile, report, and write or compare the target of every registry of the project, or of the files.

    Args:
        options: The arguments of the command.
        target: The target.
        command: The words of the command that writes it; by default the name of the target.
    """
    command = command or (target,)
    if options.shipped + bool(options.files) + (options.project is not None) > 1:
        return usage_error(f"`{' '.join(command)}` makes one file: give FILE, --project or --shipped")
    if options.files or options.shipped:
        targets = {target: options.out or TARGETS[target].default_path}
        files = given_paths(options.files)
        if options.shipped:
            # People choose among all models; the Markdown of the hosted ones is a document of its own.
            one = shipped_options(targets, hosted=target == "html")
        else:
            one = RegistryOptions(files, lock_path(files), targets)
        return write_or_check(options, lambda: Options("", [one]), _fix_command(options, command))
    try:
        found = project_options(options)
    except OptionsError:
        # Reported by the one place that reports.
        return write_or_check(options, lambda: project_options(options), "")
    if options.out and len(found.registries) > 1:
        usage_error(f"`--out` names one file, and the project has {len(found.registries)} registries")
        return USAGE
    return write_or_check(options, lambda: _only(found, target, options.out), _fix_command(options, command))


def _only(found: Options, target: str, out: str | None) -> Options:
    """The options of the project with one target, which `out` names, relative to the current folder.

    A project of one registry has a default path for it.

    Raises OptionsError if no registry of several has a path for it.
    """
    project = found.resolve_paths()
    is_one = len(project.registries) == 1
    default = os.path.join(found.root, TARGETS[target].default_path) if is_one else None
    paths = [(one, out or one.path_of(target) or default) for one in project.registries]
    registries = [
        RegistryOptions(
            one.sources,
            one.lock,
            {target: path},
            rules=one.rules,
            own_facts=one.own_facts,
            required=one.required,
            extends=one.extends,
        )
        for one, path in paths
        if path
    ]
    if not registries:
        message = f"`targets` must name a path for `{target}` in a registry of the project; found none"
        help = f'add targets = {{ {target} = "PATH" }} to an entry of [[tool.hypiler.registry]]'
        file = os.path.join(found.root, FILE)
        raise OptionsError([Finding("M502", message, ("tool", "hypiler", "registry"), file=file, help=help)])
    return Options("", registries)


def _fix_command(options: "Namespace", command: "Sequence[str]") -> str:
    """The command that writes what this one looks at."""
    from shlex import join

    out = ["--out", options.out] if options.out else []
    shipped = ["--shipped"] * options.shipped
    return printable(join(["hypiler", *command, *options.files, *project_words(options), *shipped, *out]))
