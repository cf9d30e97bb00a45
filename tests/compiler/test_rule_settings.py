"""Which rules are applied, and how severe their findings are."""

import ast
from pathlib import Path
from typing import Any

import pytest
from generated import compiled, imported
from golden import golden
from strategies import elsewhere, plain_model, registry_of

from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.layer_rules import layer_rule
from hypiler.compiler.pipeline import compile_registry
from hypiler.compiler.policy_rules import policy_rule
from hypiler.compiler.rule_settings import RuleSettings
from hypiler.emit.markdown import emit_markdown
from hypiler.emit.python.stub import emit_stub
from hypiler.registry import Registry
from hypiler.schema.fields import FIELDS
from hypiler.schema.types import Records
from hypiler.verification.rule_sets import all_rules

# One fault for each of three rules: M211, M212 and M216.
FAULTY = plain_model(specs__context_length=8, performance__beir_avg=0, license="mit")


def compiled_with(settings: RuleSettings | None, *models: Any) -> CheckedRegistry:
    text = compiled(registry_of(*models)).files["models.json"]
    return compile_registry([("models.json", text)], rules=settings)


def found(settings: RuleSettings | None, *models: Any) -> list[tuple[str, str]]:
    """Code and severity of each finding."""
    registry = compiled_with(settings, *(models or (FAULTY,)))
    return sorted((finding.code, finding.severity) for finding in registry.findings)


def codes(**settings: Any) -> list[str]:
    return [code for code, _ in found(RuleSettings(**settings))]


def test_all_rules_are_applied_as_they_are_declared() -> None:
    declared = [("M211", "warning"), ("M212", "warning"), ("M216", "warning")]
    assert found(None) == found(RuleSettings()) == declared


class TestIgnore:
    @pytest.mark.parametrize("word", ["M216", "license-spelling"])
    def test_rule_is_left_out_by_code_and_by_name(self, word: str) -> None:
        assert codes(ignore=[word]) == ["M211", "M212"]

    @pytest.mark.parametrize(
        ("prefix", "rest"), [("M", []), ("M2", []), ("M21", []), ("M20", ["M211", "M212", "M216"])]
    )
    def test_prefix_names_all_rules_that_begin_with_it(self, prefix: str, rest: list[str]) -> None:
        assert codes(ignore=[prefix]) == rest

    def test_empty_word_names_nothing(self) -> None:
        assert codes(ignore=[""]) == ["M211", "M212", "M216"]


class TestSelect:
    def test_only_what_is_selected_is_applied(self) -> None:
        assert codes(select=["M211", "zero-score"]) == ["M211", "M212"]
        assert codes(select=["M2"]) == ["M211", "M212", "M216"]
        assert codes(select=[]) == codes(select=["M4"]) == []

    def test_most_specific_word_decides(self) -> None:
        assert codes(select=["M2", "M211"], ignore=["M2"]) == ["M211"]
        assert codes(select=["M2", "license-spelling"], ignore=["M21"]) == ["M216"]
        assert codes(select=["M2"], ignore=["M21"]) == []

    @pytest.mark.parametrize("word", ["M216", "license-spelling"])
    def test_of_equal_words_ignore_wins(self, word: str) -> None:
        assert codes(select=["M216", "M212"], ignore=[word]) == ["M212"]
        assert codes(select=["M2"], ignore=["M2"]) == []


class TestSeverity:
    def test_rule_gets_another_severity(self) -> None:
        settings = RuleSettings(severity={"M211": "error", "license-spelling": "note"})
        assert found(settings) == [("M211", "error"), ("M212", "warning"), ("M216", "note")]

    def test_most_specific_word_decides(self) -> None:
        settings = RuleSettings(severity={"M2": "error", "M21": "note", "M216": "warning"})
        assert found(settings) == [("M211", "note"), ("M212", "note"), ("M216", "warning")]

    def test_error_stops_and_note_does_not(self) -> None:
        assert compiled_with(RuleSettings(severity={"M212": "error"}), FAULTY).models == ()
        assert len(compiled_with(RuleSettings(severity={"M2": "note"}), FAULTY).models) == 1

    def test_error_that_became_a_warning_leaves_the_models(self) -> None:
        model = plain_model(architecture__matryoshka_dims=[7, 3])
        registry = compiled_with(RuleSettings(severity={"M205": "warning"}), model)
        assert [finding.severity for finding in registry.findings] == ["warning"]
        assert registry.ok
        assert registry["plain"].matryoshka_dims == (7, 3)


# For each rule that can be ignored although its findings are errors, a model that it refuses.
REFUSED = {
    "M235": plain_model(outputs=[{"name": "a", "type": "dense", "embedding_dim": 6}]),
    "M202": plain_model(architecture__projection_dims=None),
    "M203": plain_model(architecture__projection_dims=5),
    "M204": plain_model(architecture__has_projection=False),
    "M205": plain_model(architecture__matryoshka_dims=[7, 3]),
    "M206": plain_model(architecture__matryoshka_dims=[7, 8]),
    "M207": plain_model(architecture__matryoshka_dims=[3, 5]),
    "M208": plain_model(capabilities__matryoshka=False),
    "M214": plain_model(sources={"nothing": "x"}),
    "M232": plain_model(variants=[{"id": "a", "quantization": "int8", "file": "a.onnx", "ollama": "a:q8_0"}]),
}


def test_every_error_of_the_registry_that_can_be_ignored_is_tried() -> None:
    ignorable = {rule.code for rule in all_rules() if rule.severity == "error" and not rule.always}
    # That of M401 is tried beside a lock: see tests/project/test_lock.py.
    assert ignorable - {"M401"} == set(REFUSED)


@pytest.mark.parametrize("code", REFUSED)
def test_ignored_error_leaves_a_correct_module(code: str, tmp_path: Path) -> None:
    assert found(None, REFUSED[code]) == [(code, "error")]
    registry = compiled_with(RuleSettings(ignore=[code]), REFUSED[code])
    assert registry.findings == []
    (model,) = registry.models
    attributes = [field.attribute for field in FIELDS if not isinstance(field.type, Records)]
    with imported(registry, tmp_path) as module:
        (made,) = module.MODEL_REGISTRY
        assert [getattr(made, name) for name in attributes] == [getattr(model, name) for name in attributes]
        assert module.models_by_organization(made.organization) == (made,)
        assert (made in module.models_with_matryoshka()) is made.matryoshka
    ast.parse(emit_stub(registry))
    assert "plain" in emit_markdown(registry)


def without_dims(**changed: Any) -> Any:
    """A plain model without a list of widths."""
    model = plain_model(**changed)
    del model["architecture"]["matryoshka_dims"]
    return model


# For each rule that cannot be ignored, models that it refuses.
KEPT = {
    "M201": [plain_model(), plain_model()],
    "M215": [plain_model(variants=[{"id": "a", "quantization": "int8"}] * 2)],
    "M225": [plain_model(architecture__matryoshka_range__min=3, architecture__matryoshka_range__max=7)],
    "M226": [without_dims(architecture__matryoshka_range__min=3)],
    "M234": [plain_model(outputs=[{"name": "a", "type": "dense", "embedding_dim": 7}] * 2)],
    "M230": [{**plain_model(), "source": {"path": "models/a"}}],
    "M231": [elsewhere(api="openai")],
    "M301": [plain_model(id="a-b", aliases=[]), plain_model(id="a.b", aliases=[])],
    "M302": [plain_model(id="models")],
    "M303": [plain_model(id="a", type="a-b", aliases=[]), plain_model(id="b", type="a.b", aliases=[])],
}


def test_every_rule_that_cannot_be_ignored_is_tried() -> None:
    # Those of a policy and of layers are tried with one: see test_policy_rules.py and test_layered_registry.py.
    elsewhere = {rule.code for rules in (policy_rule, layer_rule) for rule in rules}
    assert {rule.code for rule in all_rules() if rule.always} - {"M403"} - elsewhere == set(KEPT)


@pytest.mark.parametrize("code", KEPT)
def test_rule_that_cannot_be_ignored_is_applied_whatever_the_settings_say(code: str) -> None:
    settings = RuleSettings(select=[], ignore=["M", code], severity={code: "note"})
    assert {*found(settings, *KEPT[code])} == {(code, "error")}


def test_finding_that_is_of_no_rule_stays() -> None:
    settings = RuleSettings(select=[], ignore=["M1"], severity={"M1": "note"})
    assert found(settings, plain_model(name="")) == [("M105", "error")]


class TestFaults:
    """What is wrong with the settings themselves."""

    @staticmethod
    def faults(**settings: Any) -> list[tuple[str, str, str, str | None]]:
        return list(RuleSettings(**settings).faults(all_rules()))

    @pytest.mark.parametrize("word", ["M", "M2", "M20", "M216", "license-spelling", "M4", "M401"])
    def test_word_that_names_a_rule_is_fine(self, word: str) -> None:
        assert self.faults(select=[word], ignore=[word], severity={word: "note"}) == []

    @pytest.mark.parametrize("word", ["M0", "M103", "duplicate-key", "M201", "M3", "M5"])
    def test_what_is_always_applied_can_be_selected(self, word: str) -> None:
        assert self.faults(select=[word]) == []

    @pytest.mark.parametrize(
        ("word", "help"),
        [
            ("M999", "`hypiler explain` lists all codes"),
            ("m211", "did you mean `M211`?"),
            ("M2110", "did you mean `M211`?"),
            ("licence-spelling", "did you mean `license-spelling`?"),
            ("", "`hypiler explain` lists all codes"),
        ],
    )
    @pytest.mark.parametrize("setting", ["select", "ignore"])
    def test_unknown_word_suggests_the_nearest(self, setting: str, word: str, help: str) -> None:
        ((name, at, message, found),) = self.faults(**{setting: [word]})
        assert (name, at) == (setting, word)
        assert message == golden(f"`{setting}` must name rules by code, prefix or name, got `{word}`")
        assert found == help or word == "M999"

    @pytest.mark.parametrize(
        ("word", "reason"),
        [
            ("M003", "a file that cannot be read cannot be compiled"),
            ("wrong-type", "a value that its field does not take cannot be compiled"),
            ("M1", "a value that its field does not take cannot be compiled"),
            ("M201", "an id must find one model"),
            ("M215", "an id must find one variant"),
            ("M3", "a name of the module must stand for one model"),
            ("reserved-name", "the module uses the name itself"),
            ("M303", "a member of `ModelType` must stand for one type"),
            ("M403", "a lock that cannot be read proves nothing"),
            ("M507", "options and outputs are no rules"),
        ],
    )
    def test_what_a_module_needs_cannot_be_ignored_or_graded(self, word: str, reason: str) -> None:
        ignored = golden(f"`ignore` must name rules that can be ignored, got `{word}`: {reason}")
        graded = golden(f"`severity` must name rules that can get another severity, got `{word}`: {reason}")
        assert self.faults(ignore=[word]) == [("ignore", word, ignored, None)]
        assert self.faults(severity={word: "note"}) == [("severity", word, graded, None)]

    @pytest.mark.parametrize(("severity", "shown"), [("fatal", '"fatal"'), ("", '""'), (1, "1"), (["note"], "a list")])
    def test_severity_is_one_of_three(self, severity: Any, shown: str) -> None:
        message = golden(f"`severity` must give error, warning or note, got {shown}")
        assert self.faults(severity={"M211": severity}) == [("severity", "M211", message, None)]


class TestLoadedRegistry:
    """`hypiler.registry.Registry` takes the same settings."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "models.json"
        path.write_bytes(compiled(registry_of(FAULTY)).files["models.json"])
        return path

    def test_settings_are_applied_and_remembered(self, path: Path) -> None:
        settings = RuleSettings(select=["M216"], severity={"M216": "note"})
        registry = Registry.load(path, rules=settings)
        assert [(finding.code, finding.severity) for finding in registry.findings] == [("M216", "note")]
        assert registry.rules is settings
        assert Registry.load(path).rules is None

    def test_wrong_settings_are_refused(self, path: Path) -> None:
        with pytest.raises(ValueError, match=r"^`ignore` must name rules that can be ignored, got `M201`: an id must"):
            Registry.load(path, rules=RuleSettings(ignore=["M201"]))
        with pytest.raises(ValueError, match=r"got `M21x`; did you mean `M2\d*`\?$"):
            Registry.load(path, rules=RuleSettings(select=["M21x"]))
