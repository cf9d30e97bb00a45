"""`hypiler docs`: write MODELS.md, the documentation of a registry, or its catalogue, which is a page of HTML."""

from hypiler.cli.one_target import add_target_arguments, run_target
from hypiler.cli.report import add_report_arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler docs                           MODELS.md, or where [tool.hypiler] says
  hypiler docs models.json --out docs/models.md
  hypiler docs --shipped --out SHIPPED.md   the models that come with hypiler
  hypiler docs --html                    models.html, one page to search, plot and compare the models
  hypiler docs --check                   in CI: exit 1 if the committed file is not up to date
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    add_target_arguments(parser, "docs")
    parser.add_argument("--file", action="append", dest="named", default=[], metavar="FILE", help="the same as FILE")
    parser.add_argument(
        "--html", action="store_true", help="write the catalogue instead: one HTML file, default: models.html"
    )
    parser.add_argument("--shipped", action="store_true", help="the registry that comes with hypiler")
    add_report_arguments(parser)


def run(options: "Namespace") -> int:
    """Compile, report, and write or compare if nothing is wrong."""
    options.files += options.named
    if options.html:
        return run_target(options, "html", ("docs", "--html"))
    return run_target(options, "docs")
