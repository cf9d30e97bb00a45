"""`hypiler check`: all findings of a registry in one run."""

import sys

from hypiler.cli.changed import CHANGED_AND_PROJECT, NO_CHANGE, add_changed_argument, changed
from hypiler.cli.report import (
    FORMATS,
    add_policy_argument,
    add_project_argument,
    add_report_arguments,
    exit_code,
    given_paths,
    project_options,
    report,
    stated_policy,
)
from hypiler.cli.streams import ENVIRONMENT, FINDINGS, OK, USAGE, print_error, usage_error
from hypiler.compiler.checked import CheckedRegistry
from hypiler.diagnostics.escaping import printable
from hypiler.project.loading import load_into
from hypiler.schema.requirements import CORE, DEFAULT, Requirements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.diagnostics.finding import Finding
    from hypiler.project.options import Options

EXAMPLES = """examples:
  hypiler check                          the files of the project around this folder
  hypiler check models.json --strict     fail on warnings too
  hypiler check --ignore M213,M216       without these rules
  hypiler check models.json --required core   only what every registry must state
  hypiler check - < models.json          standard input
  hypiler check --format concise         one line per finding
  hypiler check --format github          annotations in a pull request
  hypiler check --format sarif > hypiler.sarif
  hypiler check --changed models.json README.md   in a git hook: every project that reads one of these files
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="registry files, `-` for standard input; default: the files of the project",
    )
    add_project_argument(parser)
    add_changed_argument(parser)
    parser.add_argument(
        "--select", metavar="RULES", help="apply only these rules: codes, prefixes or names, with commas"
    )
    parser.add_argument(
        "--ignore", metavar="RULES", help="leave these rules out, besides those that the project ignores"
    )
    parser.add_argument(
        "--required",
        metavar="FIELDS",
        help="the fields that every model must state: `default`, `core`, or paths with commas (only with FILE)",
    )
    add_policy_argument(parser)
    add_report_arguments(parser, FORMATS)


def run(options: "Namespace") -> int:
    """Check and report; nothing is written."""
    if options.changed and options.project is not None:
        return usage_error(CHANGED_AND_PROJECT)
    if options.required is not None and not options.files:
        return usage_error("--required is for files: a project has the option `required` in pyproject.toml")
    if options.changed:
        return _of_changed(options)
    registries = _of_files(options) if options.files else _of_project(options)
    return registries if isinstance(registries, int) else _report(registries, [], options)


def _report(registries: "list[CheckedRegistry]", faults: "list[Finding]", options: "Namespace") -> int:
    """Report all findings; the exit code. `faults` are those of projects whose options cannot be used."""
    # One document for all registries, where the format is one.
    findings = faults + [finding for registry in registries for finding in registry.findings]
    report(findings, _excerpts(registries), options, sys.stdout)
    if not findings and options.format in ("text", "concise"):
        count = sum(map(len, registries))
        print(f"{count} model{'s' * (count != 1)}, no findings")
    return exit_code(findings, strict=options.strict)


def _of_changed(options: "Namespace") -> int:
    """Check and report every registry of the projects that the changed files concern; the highest exit code."""
    found: list[CheckedRegistry] = []
    faults: list[Finding] = []
    code = None
    for _, project in changed(options, outputs=False):
        code = code or OK
        if isinstance(project, Exception):
            faults += project.findings
            continue
        try:
            registries = _compiled(project, options)
        except OSError as error:
            # A file that cannot be read does not keep us from the other projects.
            print_error(printable(str(error)))
            code = ENVIRONMENT
            continue
        if isinstance(registries, int):
            return registries
        found += registries
    if options.format in ("text", "concise"):
        if code is None:
            print(NO_CHANGE)
            return OK
        if code == ENVIRONMENT and not found and not faults:
            return code  # nothing was read, so nothing can be said about models
    return max(code or OK, _report(found, faults, options))


def _of_files(options: "Namespace") -> "list[CheckedRegistry] | int":
    """The registry in the files, or the exit code after a report of wrong options."""
    rules = None
    if options.select is not None or options.ignore is not None:
        rules = _rules(None, options)
        if rules is None:
            return USAGE
    required = _words(options.required) or [DEFAULT]
    try:
        needed = Requirements(required[0] if required in ([DEFAULT], [CORE]) else required)
    except ValueError as error:
        return usage_error(f"--required: {printable(str(error))}")
    registry = CheckedRegistry()
    load_into(registry, given_paths(options.files), rules=rules, required=needed, policy=stated_policy(options))
    return [registry]


def _of_project(options: "Namespace") -> "list[CheckedRegistry] | int":
    """Every registry of the project, or the exit code after a report of wrong options."""
    # Imported here: a check of files reads no options.
    from hypiler.project.options import OptionsError

    try:
        project = project_options(options).resolve_paths()
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return FINDINGS
    return _compiled(project, options)


def _compiled(project: "Options", options: "Namespace") -> "list[CheckedRegistry] | int":
    """Every registry of a project, or the exit code after a report of wrong options."""
    from hypiler.project.build import compile_registries

    rules = project.registries[0].rules
    if options.select is not None or options.ignore is not None:
        rules = _rules(rules, options)
        if rules is None:
            return USAGE
    policy = stated_policy(options)
    for one in project.registries:
        one.rules = rules
        one.policy = policy or one.policy
    if policy is not None:
        # Its exceptions are for more than this project.
        project.file = None
    return compile_registries(project)


def _excerpts(registries: "list[CheckedRegistry]") -> CheckedRegistry:
    """A registry that knows the lines of the files of all of them."""
    if len(registries) == 1:
        return registries[0]
    merged = CheckedRegistry()
    for registry in registries:
        merged.files |= registry.files
    return merged


def _rules(project: "RuleSettings | None", options: "Namespace") -> "RuleSettings | None":
    """The settings of the project with those of the command line; None after a report of what is wrong with these.

    Whoever selects rules wants to see them, so `--select` also takes the place of what the project ignores.
    """
    from hypiler.compiler.rule_settings import RuleSettings
    from hypiler.verification.rule_sets import all_rules

    settings = project or RuleSettings()
    given = RuleSettings(_words(options.select), _words(options.ignore) or (), settings.severity)
    for option, _, message, help in given.faults(all_rules()):
        if option != "severity":
            usage_error(message.replace(f"`{option}`", f"`--{option}`", 1) + (f"; {help}" if help else ""))
            return None
    if given.select is None:
        return RuleSettings(settings.select, [*settings.ignore, *given.ignore], settings.severity)
    return given


def _words(text: str | None) -> list[str] | None:
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]
