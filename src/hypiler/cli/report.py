"""What commands about a registry share: they find a project, print findings, and turn them into an exit code."""

import os
import sys

from hypiler.cli.streams import FINDINGS, OK, usage_error, write_text
from hypiler.diagnostics.codes import ERROR, NOTE
from hypiler.diagnostics.escaping import quote_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol, TextIO

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.diagnostics.finding import Finding
    from hypiler.project.options import Options, RegistryOptions
    from hypiler.schema.policy import Policy

    class Arguments(Protocol):
        """A parser, or a group of its arguments."""

        def add_argument(self, *names: str, **settings: Any) -> object:
            """Add one argument."""
            ...


# Formats with one line or more per finding, which may be mixed with other output, and those of one document.
LINES = ("text", "concise", "github")
FORMATS = (*LINES, "json", "sarif")


def add_report_arguments(parser: "ArgumentParser", formats: tuple[str, ...] = LINES) -> None:
    """How findings are shown, and which of them count."""
    shown = f"{', '.join(formats[:-1])} or {formats[-1]}"
    about = f"how findings are shown: as {shown}; default: text"
    parser.add_argument("--format", metavar="FORMAT", choices=formats, default="text", help=about)
    parser.add_argument(
        "--limit", type=int, default=50, metavar="N", help="findings that text shows; 0 shows all; default: 50"
    )
    parser.add_argument("--strict", action="store_true", help="let warnings count as errors")


def given_paths(files: "Sequence[str]") -> list[str]:
    """The paths of registry files as people give them: `-` is standard input. Ends the command if it is given twice."""
    from hypiler.project.loading import STDIN

    if files.count("-") > 1:
        raise SystemExit(usage_error("`-` is standard input, which can be read once: give it once"))
    return [STDIN if path == "-" else path for path in files]


def report(
    findings: "list[Finding]", registry: "CheckedRegistry | None", options: "Namespace", stream: "TextIO"
) -> None:
    """Print findings in the format that was asked for: text to `stream`, what programs read to standard output."""
    if options.format == "text":
        print_findings(findings, registry, stream, limit=options.limit)
    elif options.format == "concise":
        if findings:
            from hypiler.diagnostics.text import render_concise

            write_text(render_concise(findings, limit=options.limit), stream)
    elif text := _renderers()[options.format](findings):
        write_text(text, sys.stdout)


def _renderers() -> "dict[str, Callable[[list[Finding]], str]]":
    """How findings are written for programs, by format."""
    from hypiler.diagnostics.formats import render_github, render_json, render_sarif

    return {
        "github": lambda findings: render_github(findings, _repository),
        "json": render_json,
        "sarif": lambda findings: render_sarif(findings, _repository),
    }


def _repository(folder: str) -> str | None:
    """The root of the repository around a folder: in a workflow of GitHub its workspace, else that of git."""
    from hypiler.project.checkout import git_root

    return os.environ.get("GITHUB_WORKSPACE") or git_root(folder)


def print_findings(
    findings: "list[Finding]", registry: "CheckedRegistry | None", stream: "TextIO", *, limit: int = 0
) -> None:
    """The report as text, in colour where the stream shows it."""
    if findings:
        # Imported here: most runs find nothing.
        from hypiler.cli.terminal import wants_color
        from hypiler.diagnostics.text import render_text

        color = wants_color(stream)
        line: Callable[[Finding], str | None] = (lambda _: None) if registry is None else registry.line
        write_text(render_text(findings, line, color=color, limit=limit), stream)


def exit_code(findings: "list[Finding]", *, strict: bool) -> int:
    """1 if a finding is an error, or with `strict` a warning; notes never count."""
    severities = {finding.severity for finding in findings}
    counted = severities - {NOTE} if strict else severities & {ERROR}
    return FINDINGS if counted else OK


def add_project_argument(parser: "Arguments") -> None:
    """How a project is named that is not around the current folder."""
    parser.add_argument(
        "--project",
        metavar="DIR",
        help="the folder of the project, with its pyproject.toml; default: the nearest one upward from here",
    )


def project_root(options: "Namespace") -> str:
    """The folder of the project as seen from the current folder, which itself is ""; also "" without a project."""
    if options.project is not None:
        folder: str = options.project
        return folder
    from hypiler.project.discovery import find_project

    return find_project() or ""


def project_words(options: "Namespace") -> list[str]:
    """The arguments that name the same project again, for a command that a message suggests."""
    return [] if options.project is None else ["--project", options.project]


def project_options(options: "Namespace") -> "Options":
    """The options of the project around the current folder, or of the project in the folder `options.project`.

    Its `root` is relative to the current folder, so that paths below it are shown as a user would type them. Ends the
    command if there is no project. Raises OptionsError, whose findings name pyproject.toml in the same way.
    """
    # Imported here: a command on files reads no options.
    from hypiler.project.options import OptionsError, read_options

    root = project_root(options)
    try:
        # Without a project: the pyproject.toml of this folder, if there is one, still needs its table.
        return read_options(root)
    except (FileNotFoundError, NotADirectoryError) as error:
        if isinstance(error, NotADirectoryError):
            message = f"no project in {quote_name(root)}: it is not a folder"
        elif options.project is not None:
            message = f"no project in {quote_name(options.project)}: it has no pyproject.toml"
        else:
            takes_shipped = "--shipped" in options.parser.long_options()
            ways = "use --project DIR or --shipped" if takes_shipped else "use --project DIR"
            message = f"no project found: name a FILE, {ways}, or run in a project with [tool.hypiler]"
        raise SystemExit(usage_error(message)) from None
    except OptionsError as error:
        for finding in error.findings:
            finding.file = os.path.join(root, os.path.basename(finding.file))
        raise


def add_policy_argument(parser: "Arguments") -> None:
    """The option that names a policy."""
    parser.add_argument(
        "--policy", metavar="FILE", help="a file with [tool.hypiler.policy], instead of the policy of the project"
    )


def stated_policy(options: "Namespace") -> "Policy | None":
    """The policy in the file of `--policy`; None without the option. Ends the command if it cannot be used."""
    if options.policy is None:
        return None
    from hypiler.diagnostics.escaping import printable
    from hypiler.schema.policy_options import read_policy_file

    try:
        return read_policy_file(options.policy)
    except ValueError as error:
        raise SystemExit(usage_error(f"--policy: {printable(str(error))}")) from None


def add_name_argument(parser: "Arguments") -> None:
    """Which registry of a project is meant, where it has several."""
    parser.add_argument(
        "--registry",
        metavar="NAME",
        help="the registry, if the project has several: its `output`, or the name of its module",
    )


def registry_options(options: "Namespace") -> "tuple[str, RegistryOptions]":
    """The folder of the project, and the options of the one registry that a command works on.

    Ends the command if there is no project, or if it has several registries and `options.registry` names none of them.
    Raises OptionsError.
    """
    project = project_options(options)
    try:
        return project.root, project.registry(options.registry)
    except LookupError as error:
        raise SystemExit(usage_error(f"--registry: {error.args[0]}")) from None


def shipped_options(targets: dict[str, str], *, hosted: bool = False) -> "RegistryOptions":
    """The options of the shipped registry, which is only read, with these targets; with `hosted`, of all its models."""
    from hypiler.project.loading import lock_path
    from hypiler.project.options import RegistryOptions
    from hypiler.project.shipped import HOSTED_REQUIRED, SHIPPED, shipped_files
    from hypiler.schema.requirements import USUAL, Requirements

    paths, lock = shipped_files(hosted=hosted)
    return RegistryOptions(
        paths,
        lock if isinstance(lock, str) else lock_path(paths),
        targets,
        required=Requirements(HOSTED_REQUIRED) if hosted else USUAL,
        layer=SHIPPED[0],
    )


def not_text(*arguments: str | None) -> str | None:
    """What is wrong with arguments that are written into a file; None if all are text.

    Bytes of the command line that are not UTF-8 become lone surrogates, which no file can hold.
    """
    for argument in arguments:
        if argument and any("\ud800" <= character <= "\udfff" for character in argument):
            return f"an argument must be valid text, got {quote_name(argument)}"
    return None
