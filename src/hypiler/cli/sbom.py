"""`hypiler sbom`: a bill of materials of a registry, as CycloneDX or SPDX."""

import sys

from hypiler.cli.registries import add_registry_arguments, open_registry
from hypiler.cli.streams import ENVIRONMENT, FINDINGS, OK, print_error, usage_error, write_text
from hypiler.diagnostics.escaping import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.compiler.checked import CheckedRegistry
    from hypiler.jsontext.json_types import JSONValue

FORMATS = ("cyclonedx", "spdx")
EXAMPLES = """examples:
  hypiler sbom --format cyclonedx > models.cdx.json       the models of the project
  hypiler sbom --format spdx --output models.spdx.json    into a file
  hypiler sbom --format cyclonedx --shipped               the shipped models
"""
_DESCRIPTION = """\
Write a bill of materials of a registry: each model with its repository and commit, its licence, the
sums of its files that the registry or the lock knows, and what its entry states.

cyclonedx: CycloneDX 1.6 as JSON. Models are components with a model card, and models behind an API
are services.

spdx: SPDX 2.3 as JSON. Models and files are packages.

Nothing is downloaded. The same registry gives the same bytes: there is no time in it (SPDX
requires one, so there it is 1970-01-01), unless SOURCE_DATE_EPOCH sets the time.

Needs `python -m pip install 'hypiler[sbom]'`. Exit code 3: a package is missing, or the file cannot
be written.
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        "--format", metavar="FORMAT", choices=FORMATS, required=True, help=f"the format: {' or '.join(FORMATS)}"
    )
    parser.add_argument("--output", metavar="FILE", help="the file to write; default: standard output")
    add_registry_arguments(parser)


def run(options: "Namespace") -> int:
    """Write the document; the exit code."""
    found = open_registry(options, hosted=True)
    if found is None:
        return FINDINGS
    try:
        text = _document(found[0], options.format)
    except ImportError as error:
        from hypiler._missing import missing_library

        print_error(missing_library(error, "hypiler[sbom]"))
        return ENVIRONMENT
    except ValueError as error:
        return usage_error(printable(str(error)))
    if options.output is None:
        write_text(text.removesuffix("\n"), sys.stdout)
        return OK
    return _write(options.output, text)


def _document(registry: "CheckedRegistry", form: str) -> str:
    """Imported here: only this command needs the libraries, and each format needs one of them."""
    if form == "cyclonedx":
        from hypiler.lifecycle.cyclonedx_bom import to_cyclonedx

        return to_cyclonedx(registry)
    from hypiler.lifecycle.spdx_bom import to_spdx

    return to_spdx(registry)


def _write(path: str, text: str) -> int:
    """Write the file whole, or not at all. Of the files that exist, only a bill of materials is replaced."""
    from hypiler.project.files import read_file
    from hypiler.project.output import add_files

    try:
        before = read_file(path)
    except FileNotFoundError:
        add_files({path: text}, {})
    else:
        if not _is_bill(before):
            return usage_error(f"--output: `{printable(path)}` is no bill of materials: name another file")
        if before == text.encode():
            print(f"{printable(path)}: already up to date")
            return OK
        add_files({}, {path: (before.decode(), text)})
    print(f"{printable(path)}: written")
    return OK


def _is_bill(data: bytes) -> bool:
    """Whether a file is a document of one of the formats."""
    from json import loads

    try:
        tree: JSONValue = loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(tree, dict) and (tree.get("bomFormat") == "CycloneDX" or "spdxVersion" in tree)
