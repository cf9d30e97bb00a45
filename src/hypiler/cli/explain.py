"""`hypiler explain`: the page of a code."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler explain M207                   what the code means, why it matters, how to fix it
  hypiler explain duplicate-key          the same by name
  hypiler explain                        all codes
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("code", metavar="CODE", nargs="?", help="a code or its name; default: list all")


def run(options: "Namespace") -> int:
    """Print a page, or the list of codes."""
    from hypiler.cli.streams import OK, USAGE, usage_error
    from hypiler.diagnostics.escaping import did_you_mean, quote_name
    from hypiler.diagnostics.pages import read_page
    from hypiler.verification.rule_sets import all_codes

    codes = all_codes()
    if options.code is None:
        for code, (name, severity) in codes.items():
            print(f"{code}  {severity:7}  {name}")
        return OK
    by_name = {name: code for code, (name, _) in codes.items()}
    code = by_name.get(options.code.lower(), options.code.upper())
    if code not in codes:
        near = did_you_mean(options.code, [*codes, *by_name])
        usage_error(f"no code {quote_name(options.code)}; {near or '`hypiler explain` lists all'}")
        return USAGE
    print(read_page(code), end="")
    return OK
