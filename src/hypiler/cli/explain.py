"""`hypiler explain`: the page of a code, or the definition of a field."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """examples:
  hypiler explain M207                   what the code means, why it matters, how to fix it
  hypiler explain duplicate-key          the same by name
  hypiler explain specs.context_length   what a field of models.json means, and what proves it
  hypiler explain                        all codes
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.add_argument("code", metavar="CODE", nargs="?", help="a code, its name or a field; default: list all codes")


def run(options: "Namespace") -> int:
    """Print a page, a definition, or the list of codes."""
    from hypiler.cli.streams import OK, USAGE, usage_error
    from hypiler.diagnostics.escaping import did_you_mean, quote_name
    from hypiler.diagnostics.pages import read_page
    from hypiler.emit.field_reference import emit_definition
    from hypiler.schema.fields import FIELDS
    from hypiler.verification.rule_sets import all_codes

    codes = all_codes()
    if options.code is None:
        for code, (name, severity) in codes.items():
            print(f"{code}  {severity:7}  {name}")
        return OK
    by_name = {name: code for code, (name, _) in codes.items()}
    fields = {word: field for field in FIELDS for word in (field.attribute, field.name)}
    code = by_name.get(options.code.lower(), options.code.upper())
    if code in codes:
        print(read_page(code), end="")
        return OK
    if options.code in fields:
        print(emit_definition(fields[options.code]), end="")
        return OK
    near = did_you_mean(options.code, [*codes, *by_name, *fields])
    usage_error(f"no code or field {quote_name(options.code)}; {near or '`hypiler explain` lists all codes'}")
    return USAGE
