"""Compiles registries and writes their targets, or says how the files on disk differ: `build`, `docs` and `schema`."""

import sys

from hypiler.cli.report import exit_code, report
from hypiler.cli.streams import FINDINGS, OK, write_text
from hypiler.diagnostics.escaping import printable
from hypiler.diagnostics.finding import without_notes
from hypiler.project.build import Outputs, compile_registries
from hypiler.project.options import OptionsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from hypiler.project.options import Options


def add_output_arguments(parser: "ArgumentParser") -> None:
    """The options that look instead of writing."""
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if an output is not up to date")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change, and exit 1 if any")
    parser.add_argument("--quiet", "-q", action="store_true", help="print only findings")


def write_or_check(options: "Namespace", resolve_paths: "Callable[[], Options]", fix_command: str) -> int:
    """Compile, report, and write all targets, or with --check and --diff only compare them; the exit code.

    Args:
        options: The arguments of the command.
        resolve_paths: Gives the registries and the targets to write, with paths from the current folder. May raise
            OptionsError, which is reported.
        fix_command: The command that writes the targets, for messages.
    """
    try:
        project = resolve_paths()
    except OptionsError as error:
        report(error.findings, None, options, sys.stderr)
        return FINDINGS
    registries = compile_registries(project)
    for registry in registries:
        report(without_notes(registry.findings), registry, options, sys.stderr)
    code = max([exit_code(registry.findings, strict=options.strict) for registry in registries], default=OK)
    if code:
        return code
    outputs = Outputs()
    made: list[tuple[str, int, list[str]]] = []
    for one, registry in zip(project.registries, registries, strict=True):
        for target, path in one.targets.items():
            made.append((path, len(registry.models), outputs.add(registry, target, path)))
    look = options.check or options.diff
    sources = [path for one in project.registries for path in one.sources]
    states = _compare(outputs, options, sources, fix_command) if look else _write(outputs, options, sources)
    if states is None:
        return FINDINGS
    for path, count, files in made:
        found = {states[file] for file in files}
        if not options.quiet and "" not in found:
            state = "written" if "written" in found else found.pop()
            print(f"{printable(path)}: {count} model{'s' * (count != 1)}, {state}")
    return FINDINGS if "" in states.values() else OK


def _write(outputs: Outputs, options: "Namespace", sources: list[str]) -> dict[str, str] | None:
    """Write the files; what was done with each of them, or None if one is not ours to write."""
    from hypiler.project.output import OutputRefused, write_outputs

    try:
        files, tracked = outputs.texts, outputs.tracked
        written = write_outputs(files, sources=sources, tracked=tracked, folders=outputs.folders)
    except OutputRefused as error:
        report(error.findings, None, options, sys.stderr)
        return None
    return {path: "written" if path in written else "already up to date" for path in outputs.texts}


def _compare(outputs: Outputs, options: "Namespace", sources: list[str], fix_command: str) -> dict[str, str]:
    """Show how the files on disk differ; the state of each of them, which is empty if it does."""
    from hypiler.project.compare import check_outputs, diff_outputs

    states = dict.fromkeys(outputs.texts, "up to date")
    texts, tracked, folders = outputs.texts, outputs.tracked, outputs.folders
    findings = check_outputs(
        texts, sources=sources, fix_command=fix_command, tracked=tracked, folders=folders, layers=outputs.layers
    )
    states |= {finding.file: "" for finding in findings}
    if options.diff:
        for line in diff_outputs(texts, folders):
            write_text(line, sys.stdout)
    if options.check:
        report(findings, None, options, sys.stderr)
    return states
