"""`hypiler check`: every fault of a registry in one run."""

import sys

from hypiler.cli.report import FORMATS, add_report_arguments, exit_code, project_options, report, usage_error
from hypiler.cli.streams import FINDINGS, USAGE
from hypiler.project.build import compile_files, compile_options
from hypiler.project.options import OptionsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.compiler.rule_settings import RuleSettings

EXAMPLES = """examples:
  hypiler check                          the files of [tool.hypiler] in pyproject.toml
  hypiler check models.json --strict     fail on warnings too
  hypiler check --ignore M213,M216       without these rules
  hypiler check --format concise         one line per finding
  hypiler check --format github          annotations in a pull request
  hypiler check --format sarif > hypiler.sarif
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="registry files; default: those of [tool.hypiler]",
    )
    parser.add_argument(
        "--select", metavar="RULES", help="apply only these rules: codes, prefixes or names, with commas"
    )
    parser.add_argument(
        "--ignore", metavar="RULES", help="leave these rules out, besides those that the project ignores"
    )
    add_report_arguments(parser, FORMATS)


def run(options: "Namespace") -> int:
    """Check and report; nothing is written."""
    try:
        project = None if options.files else project_options().resolve_paths().registry()
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return FINDINGS
    rules = project.rules if project else None
    if options.select is not None or options.ignore is not None:
        rules = _rules(rules, options)
        if rules is None:
            return USAGE
    registry = compile_files(project.sources if project else options.files, rules=rules)
    report(registry.findings, registry, options, sys.stdout)
    if not registry.findings and options.format in ("text", "concise"):
        count = len(registry.models)
        print(f"{count} model{'s' * (count != 1)}, no findings")
    return exit_code(registry.findings, strict=options.strict)


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
