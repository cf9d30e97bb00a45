"""The whole way: faults of the file, of shapes and of rules in one run, each once and in order."""

import json
from pathlib import Path
from typing import Any

import pytest
from golden import golden

from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry
from hypiler.schema.fields import BY_ATTRIBUTE

ROOT = Path(__file__).parents[2]


def entry(**changes: Any) -> dict[str, Any]:
    """One valid model of the shipped registry, with other values at the top level: no encoding, and no score."""
    models = json.loads((ROOT / "models.json").read_text("utf-8"))["models"]
    model = models[0] | {"performance": {"beir_avg": None, "ms_marco_mrr10": None}} | changes
    return {key: value for key, value in model.items() if key != "encoding"}


def compiled(text: str) -> CheckedRegistry:
    return compile_registry([("models.json", text.encode())])


def seen(registry: CheckedRegistry) -> list[tuple[str, str]]:
    return [(finding.code, finding.json_path) for finding in registry.findings]


def registry_text(*models: dict[str, Any]) -> str:
    return json.dumps({"version": "1.0", "models": list(models)}, indent=2)


def test_faults_of_the_file_and_of_values_come_in_one_run() -> None:
    text = registry_text(entry(name=""), entry(id="other", license="?"))
    text = text.replace('"beir_avg": null', '"beir_avg": NaN', 1)
    assert seen(compiled(text)) == [
        ("M105", "$.models[0].name"),
        ("M005", "$.models[0].performance.beir_avg"),
        ("M112", "$.models[1].license"),
    ]


def test_duplicate_key_does_not_hide_a_fault_elsewhere() -> None:
    text = registry_text(entry(organization=7))
    text = text.replace('"type": "colbert",', '"type": "colbert", "type": "colbert",', 1)
    assert seen(compiled(text)) == [
        ("M004", "$.models[0].type"),
        ("M103", "$.models[0].organization"),
    ]


def test_syntax_error_is_the_only_finding() -> None:
    assert seen(compiled(registry_text(entry(name=""))[:-3])) == [("M003", "$")]


def test_findings_follow_the_order_of_files_then_of_positions() -> None:
    first = registry_text(entry(description="", name="")).encode()
    second = registry_text(entry(id="b", name="")).encode()
    registry = compile_registry([("z.json", first), ("a.json", second)])
    places = [(finding.file, finding.line) for finding in registry.findings]
    assert [file for file, _ in places] == ["z.json", "z.json", "a.json"]
    assert places[0][1] < places[1][1]


def test_duplicate_id_across_files_names_the_other_place() -> None:
    text = registry_text(entry()).encode()
    registry = compile_registry([("a.json", text), ("b.json", text)])
    assert [(finding.file, finding.message) for finding in registry.findings] == [
        ("b.json", golden("id `colbert-v2` is already used at `a.json $.models[0]`"))
    ]


def test_errors_leave_no_models_to_emit() -> None:
    registry = compiled(registry_text(entry(name="")))
    assert (registry.has_errors, registry.models, registry.sha256) == (True, (), "")


def test_warning_does_not_stop_the_build() -> None:
    registry = compiled(registry_text(entry(license="mit")))
    assert (registry.has_errors, len(registry.models)) == (False, 1)
    assert seen(registry) == [("M216", "$.models[0].license")]


def test_matryoshka_follows_from_its_dims() -> None:
    model = entry()
    model["architecture"]["matryoshka_dims"] = [64, 128]
    [row] = compiled(registry_text(model)).models
    assert row[BY_ATTRIBUTE["matryoshka"]] is True


def test_misspelled_required_key_is_one_finding() -> None:
    model = entry()
    model["specs"]["embeding_dim"] = model["specs"].pop("embedding_dim")
    model["capabilites"] = model.pop("capabilities")
    assert seen(compiled(registry_text(model))) == [
        ("M102", "$.models[0].specs.embeding_dim"),
        ("M102", "$.models[0].capabilites"),
    ]


def test_rule_names_the_model_although_its_id_is_malformed() -> None:
    [_, rule] = compiled(registry_text(entry(id="Bad_Id", license="mit"))).findings
    assert (rule.code, rule.model) == ("M216", "Bad_Id")


class TestTooManyFindings:
    """So many are kept; the rest is counted, and never decides whether a build goes on."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("hypiler.diagnostics.collector.MAX_FINDINGS", 3)
        monkeypatch.setattr("hypiler.jsontext.scanner.MAX_FINDINGS", 3)

    def test_further_faults_are_counted(self) -> None:
        registry = compile_registry([("m.json", b'{"version": "1.0", "models": [1, 2, 3, 4, 5]}')])
        assert [finding.code for finding in registry.findings] == ["M103", "M103", "M103", "M010"]
        last = registry.findings[-1]
        assert (last.message, last.file, last.line) == (golden("2 more findings are not kept"), "m.json", 0)
        assert registry.has_errors

    def test_as_many_as_are_kept_are_not_too_many(self) -> None:
        registry = compile_registry([("m.json", b'{"version": "1.0", "models": [1, 2, 3]}')])
        assert [finding.code for finding in registry.findings] == ["M103", "M103", "M103"]

    def test_many_warnings_hide_no_error_and_stop_no_build(self) -> None:
        models = [entry(id=f"m-{n}", performance={"beir_avg": None, "ms_marco_mrr10": 0}) for n in range(5)]
        registry = compiled(json.dumps({"version": "1.0", "models": models}))
        assert [finding.code for finding in registry.findings] == ["M212", "M212", "M212", "M010"]
        assert not registry.has_errors
        models[4]["specs"] = []
        assert compiled(json.dumps({"version": "1.0", "models": models})).has_errors

    def test_text_of_too_many_faults_is_not_read_to_its_end(self) -> None:
        registry = compile_registry([("m.json", b"[NaN, NaN, NaN, NaN, NaN]")])
        assert [(finding.code, finding.column) for finding in registry.findings] == [
            ("M005", 2),
            ("M005", 7),
            ("M005", 12),
            ("M010", 17),
        ]
        message = golden("the rest of the file was not read: 3 errors were found before it")
        assert registry.findings[-1].message == message
