"""The inventory of a registry: licences, their classes, and what a policy says."""

import csv
import io
from typing import Any

import pytest
from generated import valid
from golden import golden
from markdown_it import MarkdownIt
from strategies import HOSTILE, plain_model, registry_of

from hypiler.compiler.checked import CheckedRegistry
from hypiler.lifecycle.inventory import LicensedModel, by_license, inventory, to_csv, to_markdown
from hypiler.project.loading import load_into
from hypiler.project.shipped import HOSTED_REQUIRED, shipped_files
from hypiler.registry import Registry
from hypiler.schema.policy import RULES, Policy, PolicyException
from hypiler.schema.requirements import Requirements


def models(*changes: dict[str, Any]) -> Any:
    return valid(registry_of(*[plain_model(id=f"m{n}", aliases=[], **one) for n, one in enumerate(changes)])).models


MIXED = (
    {"license": "MIT"},
    {"license": "CC-BY-NC-4.0", "sources": {"license": {"url": "https://example.org/card", "quote": "NC"}}},
    {"license": "MIT"},
)


def test_inventory_says_what_a_policy_says() -> None:
    policy = Policy({"licenses": ("MIT",), "checksums": True}, [PolicyException("m1", "licenses")])
    lines = inventory(models(*MIXED), policy)
    assert [[one.rule for one in line.breaches] for line in lines] == [["checksums"]] * 3
    assert [line.excused for line in lines] == [[], ["licenses"], []]
    assert [line.source.address for line in lines] == ["", "https://example.org/card", ""]
    assert {name: len(own) for name, own in by_license(lines).items()} == {"MIT": 2, "CC-BY-NC-4.0": 1}


def test_line_as_json() -> None:
    line = LicensedModel(models(MIXED[1])[0], Policy({"licenses": ("MIT",)})).to_json()
    assert line == {
        "id": "m0",
        "name": "text",
        "organization": "text",
        "place": "org/name",
        "revision": line["revision"],
        "api": None,
        "license": "CC-BY-NC-4.0",
        "class": "non-commercial",
        "evidence": "sourced",
        "source": "https://example.org/card: “NC”",
        "url": "https://example.org/card",
        "breaches": [
            {
                "rule": "licenses",
                "message": golden("`license` must be one that the policy allows (`MIT`), got `CC-BY-NC-4.0`"),
                "help": "use another model",
            }
        ],
        "excused": [],
    }


def test_markdown_lists_the_models_of_each_licence() -> None:
    text = to_markdown(inventory(models(*MIXED), Policy({"licenses": ("MIT",)})))
    assert text.startswith(
        "# Licences of models\n\n| licence | class | models |\n| --- | --- | --- |\n| MIT | permissive | 2 |\n"
        "| CC-BY-NC-4.0 | non-commercial | 1 |\n\n## MIT\n\n"
    )
    assert text.count("breaks `licenses`") == 1


@pytest.mark.parametrize("text", [*HOSTILE, "=1+1", "@SUM(A1)", "a | b", "<script>"])
def test_text_of_a_registry_is_nothing_but_text(text: str) -> None:
    """No formula for a spreadsheet, no further cell, no markup."""
    lines = inventory(models({"organization": text}))
    (_, row) = csv.reader(io.StringIO(to_csv(lines)))
    assert len(row) == 10
    assert row[1][:1] not in ("=", "+", "-", "@")
    page = MarkdownIt("gfm-like").render(to_markdown(lines))
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("<td>") == 3 + 7


def test_inventory_and_builds_judge_alike() -> None:
    """On all shipped models, with every rule: what a check finds is what the inventory says."""
    rules = {"licenses": ("MIT", "Apache-2.0"), "pins": True, "checksums": True, "verification": "commit"}
    rules |= {
        "organizations": ("BAAI",),
        "remote_code": False,
        "pickle": False,
        "hosted": ("openai",),
        "regions": ("eu",),
    }
    policy = Policy(rules)
    paths, lock = shipped_files(hosted=True)
    checked = CheckedRegistry()
    load_into(checked, paths, lock=lock, required=Requirements(HOSTED_REQUIRED), policy=policy)
    found = {(one.model, one.message) for one in checked.findings if one.severity == "error"}
    shipped: Any = Registry.shipped(hosted=True)
    lines = inventory(shipped.models, policy)
    assert found == {(line.model.id, one.message) for line in lines for one in line.breaches}
    assert {one.rule for line in lines for one in line.breaches} == {*RULES}
