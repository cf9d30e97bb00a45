"""The inventory of a registry: for each model, its licence, where it comes from, and whether it obeys a policy."""

from hypiler.emit.source_links import ShownSource, shown_source
from hypiler.schema.coverage import facts_of
from hypiler.schema.license_terms import license_class
from hypiler.schema.model import evidence_of
from hypiler.schema.policy_judgments import JUDGMENTS, checksum_breach, verification_breach
from hypiler.stamps.listed_bytes import model_identity, place_of, recorded_sums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from hypiler.schema.model import Model
    from hypiler.schema.policy import Policy
    from hypiler.schema.policy_judgments import Breach

_NO_LICENSE = "none stated"


class LicensedModel:
    """One line of the inventory.

    Attributes:
        model: The model.
        place: Its repository, or its name at its source.
        license_class: How much the licence asks: one of `hypiler.schema.license_terms.CLASSES`.
        source: Where the licence was read.
        evidence: How the licence is known, as `hypiler coverage` says it: "verified", "copy", "sourced", …
        breaches: The rules of the policy that the model breaks.
        excused: The rules that it breaks and from which an exception excuses it.
    """

    __slots__ = ("breaches", "evidence", "excused", "license_class", "model", "place", "source")

    def __init__(self, model: "Model", policy: "Policy | None" = None) -> None:
        self.model: Model = model
        self.place: str = place_of(_loadable(model))
        self.license_class: str = license_class(model.license or "")
        self.evidence: str = facts_of(model)["license"]
        sources: Mapping[str, Any] = model.sources
        self.source: ShownSource = shown_source(sources["license"], model) if "license" in sources else ShownSource()
        found = breaches_of(policy, model) if policy else []
        excused = [one for one in found if policy and policy.excuses(model.id, one.rule)]
        self.breaches: list[Breach] = [one for one in found if one not in excused]
        self.excused: list[str] = [one.rule for one in excused]

    def to_json(self) -> "dict[str, Any]":
        """The line as JSON types."""
        model = self.model
        return {
            "id": model.id,
            "name": model.name,
            "organization": model.organization,
            "place": self.place,
            "revision": model.revision,
            "api": model.source_api,
            "license": model.license,
            "class": self.license_class,
            "evidence": self.evidence,
            "source": self.source.text or None,
            "url": self.source.address or None,
            "breaches": [{"rule": one.rule, "message": one.message, "help": one.help} for one in self.breaches],
            "excused": self.excused,
        }


def breaches_of(policy: "Policy", model: "Model") -> "list[Breach]":
    """The rules of a policy that a checked model breaks, whether an exception excuses it or not."""
    record, evidence = _loadable(model), evidence_of(model)
    found = [judge(policy, model) for _, judge in JUDGMENTS.values()]
    found.append(verification_breach(policy, model, evidence.facts))
    known = policy.checksums and model_identity(record, recorded_sums(record)) is not None
    found.append(checksum_breach(policy, model, known=known))
    return [one for one in found if one is not None]


def _loadable(model: "Model") -> "Any":
    """A record as the protocol of models has it, whose attributes are properties of a class that checkers know."""
    return model


def inventory(models: "Iterable[Model]", policy: "Policy | None" = None) -> list[LicensedModel]:
    """One line per model, in the order of the registry. `policy` adds what each model breaks."""
    return [LicensedModel(model, policy) for model in models]


def by_license(lines: "Iterable[LicensedModel]") -> "dict[str, list[LicensedModel]]":
    """The lines by licence, the most frequent one first."""
    groups: dict[str, list[LicensedModel]] = {}
    for line in lines:
        groups.setdefault(line.model.license or _NO_LICENSE, []).append(line)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


COLUMNS = ("id", "organization", "place", "revision", "license", "class", "evidence", "source", "url", "breaches")
"""The columns of the table for spreadsheets."""


def to_csv(lines: "Iterable[LicensedModel]") -> str:
    """The inventory as CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    from hypiler.lifecycle.csv_text import csv_text

    rows = [line.to_json() | {"breaches": " ".join([one.rule for one in line.breaches])} for line in lines]
    return csv_text(COLUMNS, [[row[name] for name in COLUMNS] for row in rows])


def to_markdown(lines: "list[LicensedModel]") -> str:
    """The inventory as tables of Markdown: the licences, then the models of each."""
    from hypiler.emit.markdown_text import code, linked, plain, table

    groups = by_license(lines)
    counts = [[plain(name), plain(group[0].license_class), str(len(group))] for name, group in groups.items()]
    text = ["# Licences of models\n\n", *table(["licence", "class", "models"], counts)]
    for name, group in groups.items():
        rows = [
            [
                plain(line.model.id),
                plain(line.place),
                code(line.model.revision) if line.model.revision else "",
                plain(line.model.organization or ""),
                line.evidence,
                linked(line.source),
                ", ".join([f"breaks `{one.rule}`" for one in line.breaches]),
            ]
            for line in group
        ]
        head = ["id", "repository", "commit", "organization", "evidence", "source", "policy"]
        text += [f"\n## {plain(name)}\n\n", *table(head, rows)]
    return "".join(text)
