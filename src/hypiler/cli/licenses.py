"""`hypiler licenses`: the licences of the models of a registry, and what a policy says of the models."""

import sys

from hypiler.cli.registries import add_registry_arguments, chosen_policy, count_of, open_registry
from hypiler.cli.report import add_policy_argument
from hypiler.cli.streams import FINDINGS, OK, write_text
from hypiler.cli.tables import NOTHING, Column, table
from hypiler.cli.terminal import Page, wrap, write_lines
from hypiler.lifecycle.inventory import by_license, inventory, to_csv, to_markdown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from hypiler.lifecycle.inventory import LicensedModel
    from hypiler.schema.policy import Policy

EXAMPLES = """examples:
  hypiler licenses                        the models of the project, with its policy
  hypiler licenses --shipped              the shipped models
  hypiler licenses --shipped --csv > licenses.csv     for a spreadsheet
  hypiler licenses --markdown > LICENSES.md           for people, by licence
  hypiler licenses --json | jq -r '.models[] | select(.breaches != []).id'
"""
_DESCRIPTION = """\
List the licence of each model of a registry, how the licence is known, and which rules of a policy
the model breaks.

The column `class` says how strict a licence is, from `permissive` over `weak copyleft`,
`strong copyleft`, `use-restricted` and `non-commercial` to `unknown terms`.

Exit code 1: a model breaks the policy of the project or of --policy.
"""


def add_arguments(parser: "ArgumentParser") -> None:
    """The arguments of the command."""
    parser.description = _DESCRIPTION
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print the inventory as JSON")
    forms.add_argument("--csv", action="store_true", help="print it as CSV")
    forms.add_argument("--markdown", action="store_true", help="print it as Markdown, by licence")
    add_policy_argument(parser)
    add_registry_arguments(parser)


def run(options: "Namespace") -> int:
    """Print the inventory; the exit code."""
    found = open_registry(options, hosted=True)
    if found is None:
        return FINDINGS
    registry, _ = found
    policy = chosen_policy(options)
    lines = inventory(registry.models, policy)
    if options.json:
        from hypiler.cli.json_output import print_document

        groups = [
            {"license": own[0].model.license, "class": own[0].license_class, "models": [line.model.id for line in own]}
            for own in by_license(lines).values()
        ]
        print_document(models=[line.to_json() for line in lines], licenses=groups, policy=policy and policy.to_dict())
    elif options.csv:
        write_text(to_csv(lines).removesuffix("\n"), sys.stdout)
    elif options.markdown:
        write_text(to_markdown(lines).removesuffix("\n"), sys.stdout)
    else:
        write_lines(_lines(lines, policy, count_of(registry), Page.of(sys.stdout)))
    return FINDINGS if any(line.breaches for line in lines) else OK


def _lines(lines: "list[LicensedModel]", policy: "Policy | None", count: str, page: Page) -> list[str]:
    """The table of models, the breaches, and how many models each licence has."""
    if not lines:
        return [page.paint("dim", count)]
    columns = [
        Column("id", [line.model.id for line in lines], least=20, style="name"),
        Column("licence", [line.model.license or NOTHING for line in lines], least=16),
        Column("class", [line.license_class for line in lines], rank=3),
        Column("organization", [line.model.organization or NOTHING for line in lines], least=10, rank=1),
        Column("known", [line.evidence for line in lines], rank=2),
    ]
    if policy is not None:
        columns.append(Column("policy", [_judged(line) for line in lines]))
    shown, _ = table(columns, page)
    groups = ", ".join([f"{name} {len(own)}" for name, own in by_license(lines).items()])
    text = [f"{count}: {groups}"]
    if policy is not None:
        broken = sum(1 for line in lines if line.breaches)
        text.append(
            f"{broken} of them break{'s' * (broken == 1)} the policy" if broken else "all of them obey the policy"
        )
    return [*shown, "", *[page.paint("dim", part) for one in text for part in wrap(one, page.width)]]


def _judged(line: "LicensedModel") -> str:
    """`licenses, pins`: the rules that a model breaks."""
    if line.breaches:
        return f"breaks {', '.join([one.rule for one in line.breaches])}"
    return f"excused from {', '.join(line.excused)}" if line.excused else "obeys"
