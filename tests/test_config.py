"""`ModelConfig`: from the registry, from a record, by hand; immutable, and strict about dimensions."""

import copy
import pickle
import re
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from golden import golden
from several_outputs import UNIFIED
from tiny import config_of

from hypiler import ModelConfig, Registry, UnknownModelError, config, engines, hosted_registry, model_registry
from hypiler.model_registry import JINA_COLBERT_V2, MODEL_REGISTRY, ModelInfo
from hypiler.schema.fields import FIELDS


@pytest.mark.filterwarnings("ignore:'.*' is deprecated:DeprecationWarning")
@pytest.mark.parametrize("model", MODEL_REGISTRY, ids=lambda model: model.id)
def test_every_model_gives_a_config_of_its_facts(model: ModelInfo) -> None:
    config = ModelConfig.from_model(model)
    length = model.document_length or model.context_length
    expected = (model.huggingface_id, model.embedding_dim, length, model.revision, model)
    assert (config.repo, config.embedding_dim, config.max_length, config.revision, config.model) == expected


@pytest.mark.parametrize("width", JINA_COLBERT_V2.dimensions)
def test_dimension_of_the_model_is_taken(width: Any) -> None:
    assert ModelConfig.from_registry("jina-colbert-v2", dimension=width).embedding_dim == width
    assert ModelConfig.from_model(JINA_COLBERT_V2, dimension=width).embedding_dim == width


@pytest.mark.parametrize("width", [0, -64, 100, 256, "64", 64.0, True])
def test_other_dimension_is_refused_with_the_ones_to_choose_from(width: Any) -> None:
    message = golden(f"'jina-colbert-v2' has no vectors of dimension {width!r}; choose one of: 64, 96, 128")
    with pytest.raises(ValueError) as refusal:
        ModelConfig.from_registry("jina-colbert-v2", dimension=width)
    assert str(refusal.value) == message


def test_unknown_id_suggests_the_nearest() -> None:
    unknown: Any = "colbert-v3"
    with pytest.raises(UnknownModelError) as refusal:
        ModelConfig.from_registry(unknown)
    assert str(refusal.value) == golden(
        "no model 'colbert-v3' in the shipped registry of hypiler; did you mean 'colbert-v2'?"
    )
    assert (refusal.value.id, refusal.value.suggestion) == ("colbert-v3", "colbert-v2")


@pytest.mark.parametrize(
    ("lookup", "unknown", "message"),
    [
        (
            ModelConfig.from_registry,
            "text-embedding-3-small",
            golden(
                "no model 'text-embedding-3-small' in the shipped registry of hypiler; hypiler.hosted_registry has it"
            ),
        ),
        (
            model_registry.from_registry,
            "text-embedding-3-smal",
            golden(
                "no model 'text-embedding-3-smal' in hypiler.model_registry;"
                " did you mean 'text-embedding-3-small' of hypiler.hosted_registry?"
            ),
        ),
        (
            hosted_registry.from_registry,
            "BAAI/bge-m3",
            golden("no model 'BAAI/bge-m3' in hypiler.hosted_registry; hypiler.model_registry has it"),
        ),
        (
            hosted_registry.from_registry,
            "voyage-40",
            golden("no model 'voyage-40' in hypiler.hosted_registry; did you mean 'voyage-4'?"),
        ),
        (
            Registry.shipped().__getitem__,
            "text-embedding-3-small",
            golden("no model 'text-embedding-3-small' in the shipped registry; Registry.shipped(hosted=True) has it"),
        ),
    ],
)
def test_unknown_name_of_one_shipped_registry_is_looked_up_in_the_other(
    lookup: Any, unknown: str, message: str
) -> None:
    with pytest.raises(UnknownModelError) as refusal:
        lookup(unknown)
    assert str(refusal.value) == message
    assert str(pickle.loads(pickle.dumps(refusal.value))) == message


@pytest.mark.filterwarnings("ignore:'.*' is deprecated:DeprecationWarning")
@pytest.mark.parametrize("model", hosted_registry.MODEL_REGISTRY, ids=lambda model: model.id)
def test_every_hosted_model_gives_a_config_of_its_facts(model: Any) -> None:
    config = ModelConfig.from_model(model)
    assert config == hosted_registry.from_registry(model.id)
    length = model.document_length or model.context_length
    assert (config.repo, config.embedding_dim, config.max_length) == (model.source_model, model.embedding_dim, length)
    with pytest.raises(engines.EngineError, match=r"is behind the API of .*the engine `server`"):
        config.load()


@pytest.mark.parametrize("unknown", ["", "zzzzzzzz", None, 7])
def test_unknown_id_far_from_all_others_suggests_nothing(unknown: Any) -> None:
    with pytest.raises(UnknownModelError) as refusal:
        ModelConfig.from_registry(unknown)
    assert str(refusal.value) == golden(f"no model {unknown!r} in the shipped registry of hypiler")


def test_error_survives_a_pickle() -> None:
    error = pickle.loads(pickle.dumps(UnknownModelError("a", "b", "this file")))
    assert (str(error), error.id, error.suggestion) == (
        golden("no model 'a' in this file; did you mean 'b'?"),
        "a",
        "b",
    )
    assert isinstance(error, LookupError)


@pytest.mark.filterwarnings("ignore:'.*' is deprecated:DeprecationWarning")
@pytest.mark.parametrize("model", MODEL_REGISTRY, ids=lambda model: model.id)
def test_repository_is_as_good_as_an_id(model: ModelInfo) -> None:
    repository: Any = model.huggingface_id
    assert ModelConfig.from_registry(repository) == ModelConfig.from_registry(model.id)


def test_unknown_repository_suggests_the_nearest() -> None:
    unknown: Any = "BAAI/bge-m4"
    with pytest.raises(UnknownModelError) as refusal:
        ModelConfig.from_registry(unknown)
    assert str(refusal.value) == golden(
        "no model 'BAAI/bge-m4' in the shipped registry of hypiler; did you mean 'BAAI/bge-m3'?"
    )


@pytest.mark.parametrize(
    ("make", "id"),
    [
        (ModelConfig.colbert_v2, "colbert-v2"),
        (ModelConfig.colbert_small, "colbert-small"),
        (ModelConfig.jina_colbert_v2, "jina-colbert-v2"),
    ],
)
def test_short_cuts_are_those_models(make: Any, id: Any) -> None:
    assert make() == ModelConfig.from_registry(id)


def test_plain_constructor_needs_no_registry() -> None:
    config = ModelConfig("my-org/my-model", 768, 512)
    assert (config.repo, config.embedding_dim, config.max_length) == ("my-org/my-model", 768, 512)
    assert (config.revision, config.model) == (None, None)
    assert repr(config) == "ModelConfig('my-org/my-model', 768, 512)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, 768, 512), golden("repo must be a Hugging Face repository of the form 'org/name', got None")),
        (("a/b", 0, 512), golden("embedding_dim must be a positive integer, got 0")),
        (("a/b", True, 512), golden("embedding_dim must be a positive integer, got True")),
        (("a/b", 768, "512"), golden("max_length must be a positive integer, got '512'")),
    ],
)
def test_plain_constructor_refuses_what_cannot_be(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        ModelConfig(*arguments)
    assert str(refusal.value) == message


# A name of one part, such as bert-base-uncased, is one that huggingface_hub still takes: the hub moved these models to
# organizations, and models.json wants the organization. What ends in .git, or has two dots or dashes, the hub refuses.
@pytest.mark.parametrize(
    "repo",
    [
        *[
            "",
            "bert-base-uncased",
            "a/b/c",
            "../..",
            "a/..",
            "./b",
            "a/ b",
            " a/b",
            "a/b\n",
            "/a/b",
            "a//b",
            "a/",
            "/b",
        ],
        *["https://x/y", "https://huggingface.co/a/b", "a\\b", "a/b.", "a/-b", "ä/b", 5, b"a/b"],
    ],
)
def test_repo_must_be_a_repository(repo: Any) -> None:
    with pytest.raises(ValueError) as refusal:
        ModelConfig(repo, 768, 512)
    assert str(refusal.value) == golden(f"repo must be a Hugging Face repository of the form 'org/name', got {repo!r}")


@pytest.mark.parametrize(
    "repo", ["a/b", "BAAI/bge-m3", "my_org/x.y-z_1", "0x/_under", *[m.huggingface_id for m in MODEL_REGISTRY]]
)
def test_repo_of_the_schemas_form_is_taken(repo: str) -> None:
    assert ModelConfig(repo, 768, 512).repo == repo


def test_form_of_a_repository_is_that_of_the_schema() -> None:
    (pattern,) = [field.type.schema()["pattern"] for field in FIELDS if field.attribute == "huggingface_id"]
    assert pattern == f"^(?:{config._REPOSITORY})$"


@pytest.mark.parametrize("revision", [5, b"main", "", True, ["main"], " ", "a b", "a\nb", "../x", "a..b"])
def test_revision_must_be_what_git_can_name(revision: Any) -> None:
    with pytest.raises(ValueError) as refusal:
        ModelConfig("a/b", 1, 1, revision=revision)
    assert str(refusal.value) == golden(
        f"revision must be a commit, a branch or a tag as a string, or None; got {revision!r}"
    )


@pytest.mark.parametrize("name", ["repo", "embedding_dim", "max_length", "revision", "model", "other"])
def test_config_cannot_be_changed(name: str) -> None:
    config = ModelConfig.colbert_v2()
    with pytest.raises(AttributeError):
        setattr(config, name, 1)
    with pytest.raises(AttributeError):
        delattr(config, name)
    assert not hasattr(config, "__dict__")


def test_configs_compare_by_value() -> None:
    full, small = ModelConfig.jina_colbert_v2(), ModelConfig.from_registry("jina-colbert-v2", dimension=64)
    assert full == ModelConfig.from_registry("jina-colbert-v2", dimension=128) != small
    assert len({full, small, ModelConfig.jina_colbert_v2()}) == 2
    assert full != "jina-colbert-v2"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda config: pickle.loads(pickle.dumps(config))])
def test_copies_are_equal(copied: Any) -> None:
    config = ModelConfig.from_registry("jina-colbert-v2", dimension=96)
    assert copied(config) == config


class Named(ModelConfig):
    """A subclass with something of its own, in a slot and in a dictionary."""

    __slots__ = ("__dict__", "label")

    def named(self, label: str) -> "Named":
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "other", label * 2)
        return self


COPIES = [copy.copy, copy.deepcopy, lambda config: config.with_variant(None)] + [
    lambda config, protocol=protocol: pickle.loads(pickle.dumps(config, protocol))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
]


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("make", [lambda: Named("a/b", 1, 1), lambda: Named.from_model(JINA_COLBERT_V2, dimension=96)])
def test_copies_are_of_the_same_class_and_keep_what_it_adds(copied: Any, make: Any) -> None:
    config = make().named("mine")
    found = copied(config)
    assert (type(found), found, found.label, found.other) == (Named, config, "mine", "minemine")
    with pytest.raises(AttributeError):
        found.repo = "c/d"
    assert repr(found).startswith("Named('")


def test_subclass_stays_a_subclass_wherever_it_comes_from() -> None:
    assert (
        type(Named.from_registry("bge-m3"))
        is type(Named.from_registry("all-minilm-l6-v2").with_variant("qdrant-onnx"))
        is Named
    )


class TestVariants:
    def test_variant_in_another_repository_is_named_with_it(self) -> None:
        config = ModelConfig.from_registry("bge-small-en-v1.5")
        away = config.with_variant("qdrant-onnx-fp16")
        assert (away.repo, away.revision) == ("Qdrant/bge-small-en-v1.5-onnx-Q", None)
        assert repr(away) == "ModelConfig('Qdrant/bge-small-en-v1.5-onnx-Q', 384, 512).with_variant('qdrant-onnx-fp16')"
        assert away.with_variant(None) == config != away
        assert away.with_variant("qdrant-onnx-fp16") == away

    @pytest.mark.parametrize(
        "model",
        [model for model in MODEL_REGISTRY if model.variants and not model.deprecated],
        ids=lambda model: model.id,
    )
    def test_every_variant_is_where_its_space_says(self, model: ModelInfo) -> None:
        for variant in model.variants:
            config = ModelConfig.from_model(model).with_variant(variant.id)
            space = config.space()
            assert (config.repo, config.revision) == (space["repository"], space["revision"])

    def test_config_written_by_hand_has_its_own_weights_alone(self) -> None:
        config = ModelConfig("a/b", 1, 1)
        assert config.with_variant(None) == config
        with pytest.raises(ValueError) as refusal:
            config.with_variant("int8")
        assert str(refusal.value) == golden(
            "ModelConfig('a/b', 1, 1) was not created from a registry entry, so it has no variant 'int8'"
        )


@pytest.mark.parametrize(
    ("id", "kind", "message"),
    [
        (
            "colbert-small",
            "DenseEncoder",
            "`colbert-small` is a multi-vector model, which is loaded as MultiVectorEncoder; the program needs"
            " DenseEncoder",
        ),
        (
            "potion-retrieval-32m",
            "SparseEncoder",
            "`potion-retrieval-32m` is a static model, which is loaded as DenseEncoder; the program needs SparseEncoder",
        ),
        (
            "ms-marco-minilm-l6-v2",
            "MultiVectorEncoder",
            "`ms-marco-minilm-l6-v2` is a reranker model, which is loaded as Reranker; the program needs"
            " MultiVectorEncoder",
        ),
    ],
)
def test_a_model_of_another_kind_is_refused_before_anything_is_looked_for(id: Any, kind: str, message: str) -> None:
    """The engine does not exist either, and there is no such folder."""
    with pytest.raises(TypeError) as refusal:
        ModelConfig.from_registry(id).load("nothing", kind=getattr(engines, kind), local="/nowhere")
    assert str(refusal.value) == message


@pytest.mark.parametrize("kind", ["dense", str, engines.Encoder, engines.EngineError])
def test_a_kind_is_one_of_four_classes(kind: Any) -> None:
    with pytest.raises(TypeError) as refusal:
        ModelConfig.from_registry("colbert-small").load(kind=kind)
    assert str(refusal.value) == (
        f"kind must be one of the classes DenseEncoder, MultiVectorEncoder, SparseEncoder, Reranker; got {kind!r}"
    )


def test_a_model_of_the_right_kind_goes_on_to_the_engine() -> None:
    with pytest.raises(ValueError) as refusal:
        ModelConfig.from_registry("colbert-small").load("nothing", kind=engines.MultiVectorEncoder)
    assert str(refusal.value).startswith("engine must be auto or one of ")


def test_annotations_may_name_the_encoder_at_run_time() -> None:
    alias = ModelConfig[engines.DenseEncoder]
    assert (alias.__origin__, alias.__args__) == (ModelConfig, (engines.DenseEncoder,))
    assert isinstance(ModelConfig.colbert_v2(), ModelConfig)


class Retired:
    """A record of another project's registry, with a deprecated model."""

    id = "old"
    huggingface_id = "org/old"
    context_length = 512
    document_length = None
    revision = None
    deprecated = "use `new`"

    def resolve_dimension(self, dimension: int | None = None) -> int:
        return dimension or 8


def test_deprecated_model_warns_where_it_is_used() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        config = ModelConfig.from_model(Retired(), dimension=4)
    assert config.embedding_dim == 4
    assert [(str(w.message), w.category, w.filename) for w in caught] == [
        (golden("'old' is deprecated: use `new`"), DeprecationWarning, __file__)
    ]


class Renamed(Retired):
    """A record of the shipped registry under a new id."""

    id = "new"
    deprecated = None  # type: ignore[assignment]
    former_ids = ("before",)
    outputs = ()


def test_former_id_warns_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hypiler.model_registry._parts", lambda: (None, None, lambda id: Renamed(), None))
    program = "ModelConfig.from_registry('before')\nModelConfig.from_registry('new')"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(program, "program.py", "exec"), {"ModelConfig": ModelConfig})
    assert [(str(w.message), w.filename, w.lineno) for w in caught] == [
        ("'before' is a former id of 'new': use the new one", "program.py", 1)
    ]


@pytest.mark.parametrize("packed", [None, ModuleType("hypiler.engines")], ids=["nothing", "an empty folder"])
def test_application_that_was_frozen_without_the_engines_says_so(
    packed: ModuleType | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setitem(sys.modules, "hypiler.engines", packed)
    with pytest.raises(ImportError) as caught:
        ModelConfig("org/x", 8, 16).load()
    assert str(caught.value) == golden(
        "hypiler.engines is missing: freeze this application with all modules of hypiler"
    )


class TestOutputs:
    """The entry of `several_outputs`: dense, sparse and multi-vector."""

    def test_first_output_is_the_default(self, tmp_path: Path) -> None:
        config = config_of(tmp_path, **UNIFIED)
        assert (config.output, config.embedding_dim, config.max_length) == ("dense", 8, 32)
        assert config == ModelConfig.from_model(record(config), output="dense") == config.with_output(None)
        assert "with_output" not in repr(config)

    def test_other_output_has_its_own_width_and_length(self, tmp_path: Path) -> None:
        default = config_of(tmp_path, **UNIFIED)
        config = ModelConfig.from_model(record(default), output="colbert")
        assert (config.output, config.embedding_dim, config.max_length) == ("colbert", 4, 16)
        assert config == default.with_output("colbert") != default
        assert repr(config) == golden(
            "ModelConfig('org/tiny', 4, 16, revision='aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa').with_output('colbert')"
        )
        assert copy.deepcopy(config.with_output("sparse").with_variant(None)) == default.with_output("sparse")

    def test_unknown_output_is_refused_with_a_suggestion(self, tmp_path: Path) -> None:
        config = config_of(tmp_path, **UNIFIED)
        for choose in (config.with_output, lambda name: ModelConfig.from_model(record(config), output=name)):
            with pytest.raises(ValueError) as caught:
                choose("spares")
            assert str(caught.value) == golden(
                "'tiny' has no output 'spares'; it has: dense, sparse, colbert; did you mean 'sparse'?"
            )

    def test_model_without_outputs_has_none_to_choose(self) -> None:
        with pytest.raises(ValueError) as caught:
            ModelConfig.from_model(JINA_COLBERT_V2, output="dense")
        assert str(caught.value) == golden("'jina-colbert-v2' has no output 'dense'; it has: none")
        assert ModelConfig.from_model(JINA_COLBERT_V2).output is None
        with pytest.raises(ValueError) as caught:
            ModelConfig("org/name", 8, 8).with_output("dense")
        assert str(caught.value) == golden(
            "ModelConfig('org/name', 8, 8) was not created from a registry entry, so it has no output 'dense'"
        )

    def test_only_the_default_output_can_be_truncated(self, tmp_path: Path) -> None:
        default = config_of(tmp_path, **UNIFIED)
        choose: Any = ModelConfig.from_model
        assert choose(record(default), dimension=4).embedding_dim == 4
        assert choose(record(default), dimension=16, output="sparse").embedding_dim == 16
        with pytest.raises(ValueError) as caught:
            choose(record(default), dimension=4, output="sparse")
        assert str(caught.value) == golden("the output 'sparse' of 'tiny' has no vectors of dimension 4; it has: 16")


def record(config: ModelConfig) -> Any:
    assert config.model is not None
    return config.model


class TestPrompts:
    def test_named_prompts_are_a_part_of_the_value(self, tmp_path: Path) -> None:
        encoding = {"prompts": {"clustering": "c: ", "sts": ""}, "tasks": {"clustering": "separation"}}
        config = config_of(tmp_path, encoding=encoding)
        one = config.with_prompts(query="clustering", document="sts")
        assert (one.query_prompt, one.document_prompt) == ("clustering", "sts")
        assert repr(one).endswith(").with_prompts(query='clustering', document='sts')")
        assert one == config.with_prompts(document="sts", query="clustering") != config
        assert one.with_variant(None) == copy.deepcopy(one) == one
        assert one.with_prompts() == config
        assert (one.space()["query"]["query_prefix"], one.space()["query"]["query_task"]) == ("c: ", "separation")
        assert one.space()["document"]["document_prefix"] == ""

    def test_unknown_prompts_are_refused(self, tmp_path: Path) -> None:
        config = config_of(tmp_path, encoding={"prompts": {"clustering": "c: ", "sts": ""}})
        told = golden("`tiny` has no prompt 'clusterin'; it has clustering, sts; did you mean 'clustering'?")
        with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
            config.with_prompts(document="clusterin")
        with pytest.raises(ValueError, match=r"^ModelConfig\('a/b', 1, 1\) was not created from a registry entry, so "):
            ModelConfig("a/b", 1, 1).with_prompts(query="x")
