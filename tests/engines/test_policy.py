"""A policy is enforced when a model is loaded, before anything is downloaded."""

import hashlib
import json
import pickle
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from generated import imported
from golden import golden
from strategies import registry_of
from tiny import WIDTH, entry, write_tiny

from hypiler import ModelConfig, Registry
from hypiler.compiler.pipeline import compile_registry
from hypiler.engines import EngineError, PolicyError, choice
from hypiler.engines.policy import VARIABLE
from hypiler.engines.specs import SPECS
from hypiler.schema.policy import Policy, PolicyException
from hypiler.schema.requirements import Requirements

COMMIT = "a" * 40
EXCEPTION = ", or add an exception with a reason to the policy"


@pytest.fixture(autouse=True)
def without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks the hub fails in another way than by a policy."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the hub was asked")

    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("hypiler.engines.files.download._download", refuse)
    monkeypatch.setattr("hypiler.engines.choice.listed_names", refuse)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "model")


def module_of(tmp_path: Path, rules: dict[str, Any], exceptions: Any = (), **changes: Any) -> Any:
    """The record of a module that carries a policy which its model obeyed when it was built."""
    files = [("models.json", json.dumps(registry_of(entry(**changes))).encode())]
    registry = compile_registry(files, required=Requirements("core"))
    assert not registry.has_errors, registry.findings
    # The rules are set afterwards, as if they concerned only what a build cannot see.
    registry.policy = Policy(rules, exceptions)
    with imported(registry, tmp_path) as module:
        return module.MODEL_REGISTRY[0]


def refused(config: ModelConfig, engine: str = "onnx", **options: Any) -> tuple[str, str]:
    """The rule and the message."""
    with pytest.raises(PolicyError) as caught:
        config.load(engine, **options)
    assert caught.value.model == "tiny"
    return caught.value.rule, re.sub(r"the policy of \S+ ", "the policy of app ", str(caught.value))


def sums(folder: Path, *names: str) -> dict[str, Any]:
    return {"sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}}


@pytest.mark.parametrize("engine", ["auto", "onnx"])
@pytest.mark.parametrize(
    ("rules", "changes", "options", "expected"),
    [
        (
            {"licenses": ("Apache-2.0",)},
            {},
            {},
            ("licenses", "`license` must be one that the policy allows (`Apache-2.0`), got `MIT`; use another model"),
        ),
        (
            {"pins": True},
            {"revision": None},
            {},
            (
                "pins",
                "`revision` must be set, since the policy wants pins; write the commit, or run `hypiler pin --write`",
            ),
        ),
        (
            {"checksums": True},
            {},
            {},
            (
                "checksums",
                "the sha256 of the weights must be known, since the policy wants checksums; run `hypiler pin`, which"
                " records it in the lock",
            ),
        ),
        (
            {"organizations": ("BAAI",)},
            {},
            {},
            (
                "organizations",
                "`organization` must be one that the policy allows (`BAAI`), got `Org`; use another model",
            ),
        ),
        (
            {"remote_code": False},
            {},
            {"trust_remote_code": True},
            ("remote_code", "`trust_remote_code=True` was passed, and the policy does not allow it; leave it out"),
        ),
        (
            {"pickle": False},
            {},
            {"allow_pickle": True},
            ("pickle", "`allow_pickle=True` was passed, and the policy does not allow it; leave it out"),
        ),
        (
            {"hosted": False},
            {"huggingface_id": None, "revision": None, "source": {"api": "openai", "model": "m"}},
            {},
            (
                "hosted",
                "the model is behind the API of `openai`, and the policy allows no hosted models; use a model with open"
                " weights, or another provider",
            ),
        ),
        (
            {"regions": ("eu",)},
            {
                "huggingface_id": None,
                "revision": None,
                "source": {"api": "openai", "model": "m", "regions": ["us"]},
            },
            {},
            (
                "regions",
                "`source.regions` must be regions that the policy allows (`eu`), got `us`; use an endpoint of an allowed"
                " region",
            ),
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) and value else "",
)
def test_breach_is_refused_before_the_hub_is_asked(
    rules: Any, changes: Any, options: Any, expected: tuple[str, str], engine: str, tmp_path: Path
) -> None:
    config = ModelConfig.from_model(module_of(tmp_path, rules, **changes))
    rule, message = expected
    told = f"the policy of app refuses `tiny` by the rule `{rule}`: {message}{EXCEPTION}"
    assert refused(config, engine, **options) == (rule, told)


def test_model_that_obeys_is_loaded(tmp_path: Path, folder: Path) -> None:
    rules = {
        "licenses": ("MIT",),
        "pins": True,
        "checksums": True,
        "organizations": ("Org",),
        "remote_code": False,
        "pickle": False,
        "hosted": False,
        "regions": ("eu",),
    }
    files = sums(folder, "model.onnx", "tokenizer.json")
    config = ModelConfig.from_model(module_of(tmp_path, rules, files=files))
    assert config.load("onnx", local=folder).encode_documents(["a b"]).shape == (1, WIDTH)


def test_only_a_sum_pins_a_folder(tmp_path: Path, folder: Path) -> None:
    config = ModelConfig.from_model(module_of(tmp_path, {"pins": True}))
    message = (
        "the policy of app refuses `tiny` by the rule `pins`: the sha256 of `model.onnx` must be recorded, since the"
        " policy wants pins, and only a sum pins a folder; record it by `hypiler pin`, or use another engine"
    )
    assert refused(config, local=folder) == ("pins", message + EXCEPTION)


def test_sum_of_other_weights_is_not_enough(tmp_path: Path, folder: Path) -> None:
    """What the engine would read must have a sum, not only some file of the model."""
    files = {"sha256": {"model.safetensors": "0" * 64}}
    config = ModelConfig.from_model(module_of(tmp_path, {"checksums": True}, files=files))
    message = (
        "the policy of app refuses `tiny` by the rule `checksums`: the sha256 of the weights that the engine `onnx`"
        " reads must be recorded, since the policy wants checksums; record it by `hypiler pin`, or use another engine"
    )
    assert refused(config) == ("checksums", message + EXCEPTION)


def test_variant_in_another_repository_has_no_commit(tmp_path: Path) -> None:
    variants = [{"id": "int8", "quantization": "int8", "huggingface_id": "other/tiny", "file": "model.onnx"}]
    record = module_of(tmp_path, {"pins": True}, variants=variants)
    message = (
        "the policy of app refuses `tiny` by the rule `pins`: the variant `int8` is in another repository without a"
        " commit, and the policy wants pins; write its `sha256`, or load the model's own weights"
    )
    assert refused(ModelConfig.from_model(record).with_variant("int8")) == ("pins", message + EXCEPTION)


def test_exception_holds_when_loading_and_ends_by_the_clock(tmp_path: Path, folder: Path) -> None:
    rules = {"licenses": ("Apache-2.0",)}
    excused = module_of(tmp_path, rules, [PolicyException("tiny", "licenses", "9999-12-31", "contract 12")])
    ModelConfig.from_model(excused).load("onnx", local=folder)
    ended = module_of(tmp_path, rules, [PolicyException("tiny", "licenses", "2020-01-01")])
    _, message = refused(ModelConfig.from_model(ended), local=folder)
    assert message.endswith(f"{EXCEPTION}; the exception of this model ended on 2020-01-01")


class TestServed:
    """An engine that sends texts to a server is an API of its own."""

    @pytest.fixture(autouse=True)
    def engine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        served = replace(SPECS[0], name="served", served=True, weights=None)
        monkeypatch.setattr(choice, "engine_spec", lambda name: served if name == "served" else None)

    @pytest.mark.parametrize(
        ("rules", "rule"),
        [({"hosted": False}, "hosted"), ({"hosted": ("openai",)}, "hosted"), ({"regions": ("eu",)}, "regions")],
    )
    def test_it_must_be_allowed(self, rules: Any, rule: str, tmp_path: Path) -> None:
        config = ModelConfig.from_model(module_of(tmp_path, rules))
        message = (
            f"the policy of app refuses `tiny` by the rule `{rule}`: the engine `served` sends texts to a server, which"
            " the policy does not allow; use another engine, or list `served` in `hosted`"
        )
        assert refused(config, "served") == (rule, message + EXCEPTION)

    def test_it_can_be_listed(self, tmp_path: Path) -> None:
        config = ModelConfig.from_model(module_of(tmp_path, {"hosted": ("served",), "regions": ("eu",)}))
        with pytest.raises(AssertionError, match="the hub was asked"):
            config.load("served")

    def test_nobody_sees_its_bytes(self, tmp_path: Path) -> None:
        files = {"sha256": {"model.onnx": "0" * 64}}
        config = ModelConfig.from_model(module_of(tmp_path, {"checksums": True}, files=files))
        rule, message = refused(config, "served")
        assert (rule, "nobody sees the bytes that the engine `served` runs" in message) == ("checksums", True)


class TestWhereThePolicyIs:
    """A generated module carries it, a registry in memory has it, and a process can have one."""

    def test_copies_and_pickles_of_a_config_keep_it(self, tmp_path: Path) -> None:
        files = [("models.json", json.dumps(registry_of(entry())).encode())]
        registry = compile_registry(files)
        registry.policy = Policy({"licenses": ("Apache-2.0",)})
        with imported(registry, tmp_path) as module:
            config = pickle.loads(pickle.dumps(ModelConfig.from_model(module.TINY, dimension=4)))
            assert refused(config)[0] == "licenses"

    def test_registry_of_a_project_has_it(self, tmp_path: Path) -> None:
        (tmp_path / "models.json").write_text(json.dumps(registry_of(entry())))
        text = '[tool.hypiler]\noutput = "m.py"\n[tool.hypiler.policy]\nremote_code = false\n'
        (tmp_path / "pyproject.toml").write_text(text)
        record = Registry.project(folder=tmp_path)["tiny"]
        for one in (record, pickle.loads(pickle.dumps(record))):
            with pytest.raises(PolicyError) as caught:
                ModelConfig.from_model(one).load("onnx", trust_remote_code=True)
            assert str(caught.value) == golden(
                "the policy of the project refuses `tiny` by the rule `remote_code`: `trust_remote_code=True` was passed, and the policy does not allow it; leave it out, or add an exception with a reason to the policy"
            )

    def process_policy(self, monkeypatch: pytest.MonkeyPatch, path: Path, rules: str) -> None:
        path.write_text(f"[tool.hypiler.policy]\n{rules}\n")
        monkeypatch.setenv(VARIABLE, str(path))

    def test_policy_of_the_process_concerns_every_registry(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.process_policy(monkeypatch, tmp_path / "policy.toml", 'licenses = ["MIT"]')
        with pytest.raises(PolicyError) as caught:
            ModelConfig.from_registry("jina-embeddings-v3").load("onnx")
        assert str(caught.value) == (
            f"the policy of {tmp_path / 'policy.toml'} refuses `jina-embeddings-v3` by the rule `licenses`: `license` must"
            f" be one that the policy allows (`MIT`), got `CC-BY-NC-4.0`; use another model{EXCEPTION}"
        )

    def test_both_policies_hold(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.process_policy(monkeypatch, tmp_path / "policy.toml", 'organizations = ["BAAI"]')
        config = ModelConfig.from_model(module_of(tmp_path, {"licenses": ("MIT",)}))
        assert refused(config)[0] == "organizations"
        assert refused(ModelConfig.from_model(module_of(tmp_path, {"licenses": ("X11",)})))[0] == "licenses"

    def test_module_knows_whether_its_facts_were_compared(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.process_policy(monkeypatch, tmp_path / "policy.toml", 'verification = "copy"')
        rule, message = refused(ModelConfig.from_model(module_of(tmp_path, {})))
        assert (rule, message) == (
            "verification",
            "the policy of app refuses `tiny` by the rule `verification`: no fact was compared with the model's files, and"
            f" the policy wants the evidence `copy`; run `hypiler verify`, and build the registry again{EXCEPTION}",
        )

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (None, "PATH cannot be read: No such file or directory"),
            ("tool = ", "PATH cannot be read: Invalid value (at end of document)"),
            ("[tool.other]", "PATH has no table [tool.hypiler.policy]"),
            ("tool = 3", "PATH has no table [tool.hypiler.policy]"),
            ("[tool.hypiler.policy]\npin = true", "PATH: unknown rule `pin` in `tool.hypiler.policy`"),
        ],
    )
    def test_policy_that_cannot_be_read_lets_nothing_pass(
        self, text: str | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "policy.toml"
        if text is not None:
            path.write_text(text)
        monkeypatch.setenv(VARIABLE, str(path))
        with pytest.raises(PolicyError) as caught:
            ModelConfig.from_model(module_of(tmp_path, {})).load("onnx")
        assert (caught.value.rule, caught.value.model) == ("", "")
        message = str(caught.value).replace(str(path), "PATH")
        assert message == f"HYPILER_POLICY must name a file with a policy: {expected}"


def test_error_is_one_of_the_engines_and_survives_pickling(tmp_path: Path) -> None:
    error = PolicyError("no", rule="pins", model="m")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(error, EngineError)
    assert (str(again), again.rule, again.model) == ("no", "pins", "m")
