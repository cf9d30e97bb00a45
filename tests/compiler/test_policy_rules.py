"""What a policy finds in a registry."""

import json
from typing import Any

import pytest
from strategies import registry_of

from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry
from hypiler.compiler.policy_rules import check_exceptions, policy_rule
from hypiler.compiler.rule_settings import RuleSettings
from hypiler.emit.python.module import emit_python
from hypiler.schema.policy import RULES, Policy, PolicyException
from hypiler.schema.requirements import Requirements
from hypiler.verification.lock_rules import Lock

COMMIT, SUM = "1" * 40, "a" * 64
API = {"api": "openai", "model": "m"}


def model(**changed: Any) -> Any:
    """A model that obeys every policy of this file, but for what is changed."""
    tree = {
        "id": "m",
        "type": "dense",
        "name": "M",
        "organization": "Org",
        "license": "MIT",
        "huggingface_id": "org/m",
        "revision": COMMIT,
        "specs": {"embedding_dim": 8},
        "files": {"sha256": {"model.safetensors": SUM}},
        **changed,
    }
    if "source" in changed:
        del tree["huggingface_id"], tree["revision"], tree["files"]
    return {key: value for key, value in tree.items() if value is not None}


def registry(policy: Policy, *models: Any, lock: Any = None, rules: RuleSettings | None = None) -> CheckedRegistry:
    files = [("models.json", json.dumps(registry_of(*models)).encode())]
    evidence = None if lock is None else Lock(json.dumps(lock).encode(), "models.lock.json")
    return compile_registry(files, lock=evidence, rules=rules, required=Requirements("core"), policy=policy)


def found(rule: str, value: Any, *models: Any, **options: Any) -> list[tuple[str, str, str]]:
    findings = registry(Policy({rule: value}), *models, **options).findings
    return [(one.code, one.json_path, one.message) for one in findings if one.severity == "error"]


CASES: dict[str, tuple[Any, list[Any], tuple[str, str, str]]] = {
    "licenses": (
        ("MIT", "Apache-2.0"),
        [{"license": "CC-BY-NC-4.0"}],
        (
            "M263",
            "$.models[0].license",
            "`license` must be one that the policy allows (`MIT`, `Apache-2.0`), got `CC-BY-NC-4.0`",
        ),
    ),
    "pins": (
        True,
        [{"revision": None}],
        ("M264", "$.models[0].revision", "`revision` must be set, since the policy wants pins"),
    ),
    "checksums": (
        True,
        [{"files": None}, {"files": {"sha256": {"tokenizer.json": SUM}}}],
        (
            "M265",
            "$.models[0].huggingface_id",
            "the sha256 of the weights must be known, since the policy wants checksums",
        ),
    ),
    "verification": (
        "copy",
        [{}],
        (
            "M266",
            "$.models[0].specs.embedding_dim",
            "`specs.embedding_dim` must agree with the model's files or a copy of them, since the policy wants evidence",
        ),
    ),
    "organizations": (
        ("BAAI",),
        [{}],
        (
            "M267",
            "$.models[0].organization",
            "`organization` must be one that the policy allows (`BAAI`), got `Org`",
        ),
    ),
    "remote_code": (
        False,
        [{"dependencies": {"remote_code": True}}],
        (
            "M268",
            "$.models[0].dependencies.remote_code",
            "`dependencies.remote_code` is true, and the policy allows no code of repositories",
        ),
    ),
    "pickle": (
        False,
        [{"files": {"weights": {"pytorch": "pytorch_model.bin"}}}],
        (
            "M269",
            "$.models[0].files.weights.pytorch",
            "`files.weights` names pickled weights alone, and the policy allows no pickles",
        ),
    ),
    "hosted": (
        False,
        [{"source": API}],
        (
            "M270",
            "$.models[0].source.api",
            "the model is behind the API of `openai`, and the policy allows no hosted models",
        ),
    ),
    "regions": (
        ("eu",),
        [{"source": API}],
        ("M271", "$.models[0].source.api", "`source.regions` must be set, since the policy allows certain regions"),
    ),
}


def test_every_rule_is_tried() -> None:
    assert [*CASES] == [*RULES]
    assert [rule.code for rule in policy_rule] == [case[2][0] for case in CASES.values()]


@pytest.mark.parametrize("rule", RULES)
def test_breach_is_found_at_its_fact_and_nothing_is_made(rule: str) -> None:
    value, changes, expected = CASES[rule]
    for changed in changes:
        assert found(rule, value, model(**changed)) == [expected]
    assert registry(Policy({rule: value}), model(**changes[0])).models == ()


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in ("verification", "organizations")])
def test_model_that_obeys_is_fine(rule: str) -> None:
    assert found(rule, CASES[rule][0], model()) == []


@pytest.mark.parametrize("rule", RULES)
def test_settings_of_rules_do_not_switch_a_policy_off(rule: str) -> None:
    value, (changed, *_), (code, *_) = CASES[rule]
    for settings in (RuleSettings(ignore=["M", code]), RuleSettings([]), RuleSettings(severity={code: "note"})):
        assert found(rule, value, model(**changed), rules=settings)[0][0] == code


def test_exception_excuses_one_model_from_one_rule() -> None:
    policy = Policy({"licenses": ("MIT",), "pins": True}, [PolicyException("m", "licenses")])
    other = model(id="o", license="CC-BY-NC-4.0")
    made = registry(policy, model(license="CC-BY-NC-4.0", revision=None), other)
    assert [(one.code, one.model) for one in made.findings if one.severity == "error"] == [("M264", "m"), ("M263", "o")]
    assert made.excused == {("m", "licenses")}


def test_exception_that_has_ended_excuses_nobody() -> None:
    policy = Policy({"licenses": ("MIT",)}, [PolicyException("m", "licenses", "2020-01-01")])
    made = registry(policy, model(license="CC-BY-NC-4.0"))
    assert [(one.code, one.help) for one in made.findings] == [
        (
            "M263",
            "use another model, or add an exception with a reason to `tool.hypiler.policy`; the exception of this model"
            " ended on 2020-01-01",
        )
    ]
    assert [(one.code, one.message) for one in check_exceptions(policy, [made], "pyproject.toml")] == [
        ("M518", "the exception of `m` from `licenses` ended on 2020-01-01")
    ]


def test_exception_that_nobody_needs_is_found_where_it_stands() -> None:
    exceptions = [PolicyException("m", "pins"), PolicyException("n", "pins")]
    policy = Policy({"pins": True}, exceptions)
    findings = check_exceptions(policy, [registry(policy, model())], "app/pyproject.toml")
    assert [(one.code, one.file, one.json_path, one.message, one.help) for one in findings] == [
        (
            "M519",
            "app/pyproject.toml",
            "$.tool.hypiler.policy.exceptions[0]",
            "the exception of `m` from `pins` is not needed: the model obeys the rule",
            "remove it",
        ),
        (
            "M519",
            "app/pyproject.toml",
            "$.tool.hypiler.policy.exceptions[1]",
            "the exception of `n` from `pins` is of no model of the project",
            "remove it",
        ),
    ]


def test_nothing_is_said_of_exceptions_while_a_registry_has_other_errors() -> None:
    policy = Policy({"pins": True}, [PolicyException("m", "pins")])
    assert check_exceptions(policy, [registry(policy, model(), model(id=3))], "pyproject.toml") == []


def test_exception_of_a_model_in_another_registry_of_the_project_is_used() -> None:
    policy = Policy({"pins": True}, [PolicyException("o", "pins")])
    both = [registry(policy, model()), registry(policy, model(id="o", revision=None))]
    assert check_exceptions(policy, both, "pyproject.toml") == []


@pytest.mark.parametrize("place", ["ollama", "path"])
def test_what_cannot_be_pinned_breaks_the_rule(place: str) -> None:
    assert found("pins", True, model(source={place: "a"})) == [
        (
            "M264",
            f"$.models[0].source.{place}",
            f"a model of `source.{place}` cannot be pinned, and the policy wants pins",
        )
    ]


def test_sum_pins_an_address_and_an_api_pins_nothing() -> None:
    address = {"url": "https://example.org/m"}
    for rule in ("pins", "checksums"):
        assert found(rule, True, model(source={**address, "sha256": SUM})) == []
        assert found(rule, True, model(source=API)) == []
        assert [one[1] for one in found(rule, True, model(source=address))] == ["$.models[0].source.url"]


def test_onnx_file_is_loaded_without_code_and_without_pickles() -> None:
    weights = {"weights": {"pytorch": "pytorch_model.bin", "onnx": "model.onnx"}}
    changed = {"dependencies": {"remote_code": True}, "files": weights}
    assert found("remote_code", False, model(**changed)) == []
    assert found("pickle", False, model(**changed)) == []


def test_listed_api_is_allowed_and_no_other() -> None:
    assert found("hosted", ("openai",), model(source=API)) == []
    assert found("hosted", ("cohere",), model(source=API)) == [
        (
            "M270",
            "$.models[0].source.api",
            "the model is behind the API of `openai`, and the policy allows these APIs alone (`cohere`)",
        )
    ]
    # One finding per cause: a model that is not allowed at all needs no region.
    policy = Policy({"hosted": False, "regions": ("eu",)})
    assert [one.code for one in registry(policy, model(source=API)).findings] == ["M270"]


def test_every_region_must_be_allowed() -> None:
    assert found("regions", ("eu", "de"), model(source={**API, "regions": ["de"]})) == []
    assert found("regions", ("eu", "de"), model(source={**API, "regions": ["de", "us"]})) == [
        (
            "M271",
            "$.models[0].source.regions",
            "`source.regions` must be regions that the policy allows (`eu`, `de`), got `us`",
        )
    ]


@pytest.mark.parametrize(("rule", "missing"), [("licenses", "license"), ("organizations", "organization")])
def test_unknown_fact_is_not_allowed(rule: str, missing: str) -> None:
    ((_, path, message),) = found(rule, ("MIT",), model(**{missing: None}))
    assert path == f"$.models[0].{missing}"
    assert message.endswith("(`MIT`), got none")


def lock(revision: str | None, read: str, **facts: Any) -> Any:
    files = {"config.json": {"sha256": SUM, "size": 3, "read": read}}
    shown = {name: {"value": value, "file": "config.json", "key": "k", "note": ""} for name, value in facts.items()}
    shown = {name.replace("__", "."): value for name, value in shown.items()}
    own = {"repository": "org/m", "revision": revision, "date": "2026-01-01", "complete": False}
    return {"version": 2, "models": {"m": {**own, "files": files, "facts": shown}}}


def test_evidence_of_a_copy_is_weaker_than_that_of_the_commit() -> None:
    width = {"specs__embedding_dim": 8}
    at_commit, of_copy = lock(COMMIT, "commit", **width), lock(None, "copy", **width)
    assert found("verification", "commit", model(), lock=at_commit) == []
    assert found("verification", "copy", model(), lock=at_commit) == []
    assert found("verification", "copy", model(), lock=of_copy) == []
    ((code, _, message),) = found("verification", "commit", model(), lock=of_copy)
    assert (code, message) == (
        "M266",
        "`specs.embedding_dim` must agree with the model's files at the commit, since the policy wants evidence",
    )


def test_evidence_is_wanted_for_pooling_and_for_what_files_show() -> None:
    encoding = {"pooling": "mean", "normalize": True, "similarity": "cosine", "query_prefix": "q: "}
    shown = {"specs__embedding_dim": 8, "encoding__pooling": "mean", "encoding__normalize": True}
    assert found("verification", "commit", model(encoding=encoding), lock=lock(COMMIT, "commit", **shown)) == []
    del shown["encoding__pooling"]
    ((_, path, _),) = found("verification", "commit", model(encoding=encoding), lock=lock(COMMIT, "commit", **shown))
    assert path == "$.models[0].encoding.pooling"


def test_wrong_value_is_one_finding() -> None:
    policy = Policy({rule: CASES[rule][0] for rule in RULES})
    made = registry(policy, model(license=3, organization="BAAI"))
    assert [one.code for one in made.findings] == ["M103"]


def test_module_carries_the_policy_and_without_one_nothing() -> None:
    policy = Policy({"licenses": ("MIT",), "pins": True})
    with_policy = registry(policy, model())
    assert '\n_POLICY = r"""\nlicenses|MIT\npins|1\n"""\n' in emit_python(with_policy)
    plain = compile_registry(
        [("models.json", json.dumps(registry_of(model())).encode())], required=Requirements("core")
    )
    assert "_POLICY" not in emit_python(plain)
    # A change of the policy makes the outputs stale.
    assert with_policy.sha256 != plain.sha256
