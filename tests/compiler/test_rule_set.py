"""How rules are declared and applied."""

from collections.abc import Iterator

import pytest
from generated import compiled
from golden import golden
from strategies import plain_model, registry_of

from hypiler.compiler.decode import decode_models
from hypiler.compiler.decoded import DecodedModel
from hypiler.compiler.rule_set import RuleSet, Violation, graded
from hypiler.compiler.rules import check_models
from hypiler.diagnostics.codes import CODES
from hypiler.diagnostics.collector import FindingCollector


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> RuleSet:
    """Rules of a test, whose codes are gone after it."""
    monkeypatch.setattr("hypiler.compiler.rule_set.declare", lambda code, name, severity: None)
    for code in ("M901", "M902"):
        monkeypatch.setitem(CODES, code, ("of-a-test", "warning"))
    return RuleSet()


def checked(rule: RuleSet, *models: object) -> list[tuple[str, str, str, str | None]]:
    collector = FindingCollector()
    decoded = decode_models({"version": "1.0", "models": list(models)}, "models.json", collector)
    collector.findings.clear()
    check_models(decoded, graded(rule))
    return [(f.code, f.json_path, f.message, f.model) for f in collector.findings]


def test_rule_reads_plain_attributes_and_yields_as_many_findings_as_there_are(rule: RuleSet) -> None:
    @rule("M901", "of-a-test", "warning", needs=("languages",))
    def no_codes(model: DecodedModel) -> Iterator[Violation]:
        for index, code in enumerate(model.languages):
            yield model.at("languages", f"{code} of {model.id}", (index,))

    model = plain_model(capabilities__languages=["en", "de"])
    assert checked(rule, model) == [
        ("M901", "$.models[0].capabilities.languages[0]", golden("en of plain"), "plain"),
        ("M901", "$.models[0].capabilities.languages[1]", golden("de of plain"), "plain"),
    ]


def test_rule_passes_over_a_model_of_which_a_value_that_it_needs_is_wrong(rule: RuleSet) -> None:
    @rule("M901", "of-a-test", "warning", needs=("license", "embedding_dim"))
    def wide(model: DecodedModel) -> Iterator[Violation]:
        yield model.at("embedding_dim", f"{model.embedding_dim + 1}")

    @rule("M902", "of-another-test", "warning")
    def all_of_them(model: DecodedModel) -> Iterator[Violation]:
        yield model.at("name", "seen")

    models = [plain_model(license=1), plain_model(specs__embedding_dim="7"), plain_model(description=1)]
    assert [(code, path[:11]) for code, path, _, _ in checked(rule, *models)] == [
        ("M902", "$.models[0]"),
        ("M902", "$.models[1]"),
        ("M901", "$.models[2]"),
        ("M902", "$.models[2]"),
    ]


@pytest.mark.parametrize("value", [None, [], {}, False])
def test_rule_passes_over_a_model_that_does_not_state_what_it_is_about(rule: RuleSet, value: object) -> None:
    attribute = {type(None): "vocab_size", list: "matryoshka_dims", dict: "sources", bool: "matryoshka"}[type(value)]

    @rule("M901", "of-a-test", "warning", given=attribute)
    def stated(model: DecodedModel) -> Iterator[Violation]:
        yield model.at(attribute, "stated")

    model = plain_model()
    assert [code for code, *_ in checked(rule, model)] == ["M901"]
    if value == []:
        del model["architecture"]["matryoshka_dims"]
    elif value == {}:
        del model["sources"]
    elif value is None:
        model["specs"]["vocab_size"] = None
    else:
        model["capabilities"]["matryoshka"] = False
    assert checked(rule, model) == []


@pytest.mark.parametrize(
    ("code", "name"), [("M201", "a-new-name"), ("M999", "duplicate-id"), ("M103", "x"), ("M201", "duplicate-id")]
)
def test_no_code_and_no_name_is_declared_twice(code: str, name: str) -> None:
    compiled(registry_of())
    before = dict(CODES)
    with pytest.raises(ValueError, match=f"^{code} {name} is declared twice$"):

        @RuleSet()(code, name, "error")
        def never(model: DecodedModel) -> Iterator[Violation]:
            yield from ()

    assert before == CODES
