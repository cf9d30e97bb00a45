"""What a registry requires of its models, and where a model is."""

import copy
from typing import Any

import pytest
from generated import compiled, imported
from golden import golden
from strategies import elsewhere, plain_model, registry_of

from hypiler import ModelConfig
from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry
from hypiler.emit.python.stub import emit_stub
from hypiler.schema.fields import FIELDS
from hypiler.schema.requirements import Requirements

BY_NAME = {field.name: field for field in FIELDS}
CORE = {"id": "a", "type": "dense", "name": "A", "huggingface_id": "org/a", "specs": {"embedding_dim": 8}}
HOSTED = {
    **{key: value for key, value in CORE.items() if key != "huggingface_id"},
    "source": {"api": "openai", "model": "text-embedding-3-large"},
}


def compiled_with(words: Any, *models: Any) -> CheckedRegistry:
    files = compiled(registry_of(*models)).files
    return compile_registry([*files.items()], required=Requirements(words))


def findings(registry: CheckedRegistry) -> list[tuple[str, str, str, str | None]]:
    return [(found.code, found.json_path, found.message, found.help) for found in registry.findings]


def types(registry: CheckedRegistry) -> dict[str, str]:
    """The annotation of each attribute of ModelInfo in the stub."""
    body = emit_stub(registry).partition("class ModelInfo(")[2]
    lines = [line.strip() for line in body.split("\n") if line.startswith("    def ") and "(self)" in line]
    return {line[4 : line.index("(")]: line.partition(" -> ")[2].removesuffix(":") for line in lines}


class TestRequired:
    def test_a_model_with_the_core_alone_is_valid_where_the_core_is_required(self) -> None:
        registry = compiled_with("core", CORE, {**HOSTED, "id": "b"})
        assert registry.findings == []
        assert registry.required == Requirements("core")

    def test_named_paths_are_required_besides_the_core(self) -> None:
        registry = compiled_with(["license", "specs.context_length"], {**CORE, "specs": {}})
        message = golden("the model is missing the required field `license`")
        assert findings(registry) == [
            ("M101", "$.models[0].license", message, None),
            (
                "M101",
                "$.models[0].specs.context_length",
                golden("`specs` is missing the required field `context_length`"),
                None,
            ),
            (
                "M101",
                "$.models[0].specs.embedding_dim",
                golden("`specs` is missing the required field `embedding_dim`"),
                None,
            ),
        ]

    def test_an_optional_fact_can_be_required_and_is_plain_in_the_stub(self) -> None:
        assert [found.code for found in compiled_with(["encoding.pooling"], CORE).findings] == ["M101"]
        registry = compiled_with(["encoding.pooling"], {**CORE, "encoding": {"pooling": "cls"}})
        assert types(registry)["pooling"] == "_Pooling"

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("cor", golden("`required` must be 'default', 'core' or a list of paths, got 'cor'")),
            (["licence"], golden("no field has the path 'licence'; did you mean `license`?")),
            (
                ["specs"],
                golden(
                    "no field has the path 'specs'; name its fields, such as `specs.parameters`, `specs.embedding_dim`,"
                    " `specs.hidden_dim`"
                ),
            ),
        ],
    )
    def test_words_that_name_no_field_are_refused(self, words: Any, message: str) -> None:
        with pytest.raises(ValueError) as caught:
            Requirements(words)
        assert str(caught.value) == message

    def test_a_field_is_optional_in_type_exactly_if_the_registry_does_not_require_it(self) -> None:
        usual = types(compiled_with("default", plain_model()))
        core = types(compiled_with("core", plain_model()))
        changed = {name for name in usual if usual[name] != core[name]}
        plain = [field for field in FIELDS if field.required and not field.null and field.type.empty is None]
        kept = {"id", "model_type", "name", "huggingface_id", "embedding_dim"}
        assert changed == {field.attribute for field in plain} - kept
        assert all(core[name] == f"{usual[name]} | None" for name in changed)

    def test_one_model_with_a_source_makes_facts_about_weights_optional_and_no_others(self) -> None:
        usual = types(compiled_with("default", plain_model()))
        mixed = types(compiled_with("default", plain_model(), {**elsewhere(ollama="m:v1"), "id": "b", "aliases": []}))
        changed = {name for name in usual if usual[name] != mixed[name]}
        weights = {field.attribute for field in FIELDS if field.of_weights and usual[field.attribute].find("None") < 0}
        assert changed == (weights | {"huggingface_id"}) - {"quantization"}

    def test_the_digest_changes_with_what_is_required(self) -> None:
        models = [plain_model()]
        digests = {compiled_with(words, *models).sha256 for words in ("default", "core", ["license"])}
        assert len(digests) == 3

    def test_a_registry_with_the_core_alone_becomes_a_module(self, tmp_path: Any) -> None:
        registry = compiled_with("core", CORE, {**HOSTED, "id": "b"})
        with imported(registry, tmp_path) as module:
            assert [model.to_dict() for model in module.MODEL_REGISTRY] == [model.to_dict() for model in registry]
            assert module.get_model("org/a") is module.A
            assert module.models_by_organization("Org") == ()
            config = ModelConfig.from_model(module.B)
        assert config.repo == "text-embedding-3-large"
        with pytest.raises(ValueError, match="the longest input of 'b' is unknown"):
            _ = config.max_length
        assert repr(config) == "ModelConfig('text-embedding-3-large', 8, None)"
        assert copy.copy(config) == config
        assert config.space()["repository"] == "text-embedding-3-large"
        assert config.space_id is None


class TestPlaces:
    @pytest.mark.parametrize(
        "source",
        [
            {"api": "openai", "model": "text-embedding-3-large"},
            {"ollama": "nomic-embed-text:v1.5"},
            {"path": "models/my-fine-tune"},
            {"url": "https://example.org/model.tar.gz"},
            {"url": "https://example.org/model.tar.gz", "sha256": "0" * 64},
        ],
    )
    def test_a_model_with_a_source_needs_no_repository_and_no_facts_about_weights(self, source: Any) -> None:
        assert compiled(registry_of(elsewhere(**source))).findings == []

    def test_a_model_that_is_nowhere_lacks_its_repository(self) -> None:
        model = {key: value for key, value in plain_model().items() if key != "huggingface_id"}
        message = golden("the model is missing the required field `huggingface_id`")
        help = golden(
            "a model that is not on the Hugging Face hub has a `source` instead, such as"
            ' {"api": "openai", "model": "text-embedding-3-large"}'
        )
        assert findings(compiled(registry_of(model))) == [("M101", "$.models[0].huggingface_id", message, help)]

    @pytest.mark.parametrize("model", [{**plain_model(), "source": {}}, elsewhere()])
    def test_an_empty_source_is_no_place(self, model: Any) -> None:
        help = golden('say where the model is, such as {"api": "openai", "model": "text-embedding-3-large"}')
        assert findings(compiled(registry_of(model))) == [
            ("M105", "$.models[0].source", golden("`source` must not be empty"), help)
        ]

    @pytest.mark.parametrize(
        ("source", "found"),
        [
            (
                {"api": "openai"},
                [("M231", "source.api", golden("`source.model` must be set, since `source.api` is given"))],
            ),
            (
                {"model": "m"},
                [("M231", "source.model", golden("`source.api` must be set, since `source.model` is given"))],
            ),
            (
                {"ollama": "m:v1", "sha256": "0" * 64},
                [("M231", "source.sha256", golden("`source.url` must be set, since `source.sha256` is given"))],
            ),
            (
                {"ollama": "m:v1", "path": "m"},
                [
                    (
                        "M230",
                        "source.path",
                        golden(
                            "`source` must be one of `api` with `model`, `ollama`, `path` and `url`; got `ollama` and `path`"
                        ),
                    )
                ],
            ),
        ],
    )
    def test_a_source_is_one_whole_place(self, source: Any, found: Any) -> None:
        registry = compiled(registry_of(elsewhere(**source)))
        prefix = "$.models[0]."
        assert [(one.code, one.json_path.removeprefix(prefix), one.message) for one in registry.findings] == found

    def test_a_model_behind_an_api_says_in_its_space_which_one_it_is(self, tmp_path: Any) -> None:
        model = elsewhere(api="openai", model="m")
        del model["deprecated"]
        with imported(compiled(registry_of(model)), tmp_path) as module:
            stamp = ModelConfig.from_model(module.PLAIN).space()
        assert stamp["document"]["source_api"] == "openai"
        assert stamp["document"]["source_model"] == "m"
        assert stamp["space_id"] is None
