"""`ModelConfig`: from the registry, from a record, by hand; immutable, and strict about dimensions."""

import copy
import pickle
import warnings
from typing import Any

import pytest

from hypiler import ModelConfig, UnknownModelError
from hypiler.model_registry import JINA_COLBERT_V2, MODEL_REGISTRY, ModelInfo


@pytest.mark.parametrize("model", MODEL_REGISTRY, ids=lambda model: model.id)
def test_every_model_gives_a_config_of_its_facts(model: ModelInfo) -> None:
    config = ModelConfig.from_model(model)
    expected = (model.huggingface_id, model.embedding_dim, model.context_length, model.revision, model)
    assert (config.repo, config.embedding_dim, config.max_length, config.revision, config.model) == expected


@pytest.mark.parametrize("width", JINA_COLBERT_V2.dimensions)
def test_dimension_of_the_model_is_taken(width: Any) -> None:
    assert ModelConfig.from_registry("jina-colbert-v2", dimension=width).embedding_dim == width
    assert ModelConfig.from_model(JINA_COLBERT_V2, dimension=width).embedding_dim == width


@pytest.mark.parametrize("width", [0, -64, 100, 256, "64", 64.0, True])
def test_other_dimension_is_refused_with_the_ones_to_choose_from(width: Any) -> None:
    message = f"'jina-colbert-v2' has no vectors of dimension {width!r}; choose one of: 64, 96, 128"
    with pytest.raises(ValueError) as refusal:
        ModelConfig.from_registry("jina-colbert-v2", dimension=width)
    assert str(refusal.value) == message


def test_unknown_id_suggests_the_nearest() -> None:
    unknown: Any = "colbert-v3"
    with pytest.raises(UnknownModelError) as refusal:
        ModelConfig.from_registry(unknown)
    assert str(refusal.value) == "no model 'colbert-v3' in the registry; did you mean 'colbert-v2'?"
    assert (refusal.value.id, refusal.value.suggestion) == ("colbert-v3", "colbert-v2")


@pytest.mark.parametrize("unknown", ["", "zzzzzzzz", None, 7])
def test_unknown_id_far_from_all_others_suggests_nothing(unknown: Any) -> None:
    with pytest.raises(UnknownModelError) as refusal:
        ModelConfig.from_registry(unknown)
    assert str(refusal.value) == f"no model {unknown!r} in the registry"


def test_error_survives_a_pickle() -> None:
    error = pickle.loads(pickle.dumps(UnknownModelError("a", "b")))
    assert (str(error), error.id, error.suggestion) == ("no model 'a' in the registry; did you mean 'b'?", "a", "b")


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
        (("model", 768, 512), "repo must be of the form 'org/name', got 'model'"),
        ((None, 768, 512), "repo must be of the form 'org/name', got None"),
        (("a/b", 0, 512), "embedding_dim must be a positive integer, got 0"),
        (("a/b", True, 512), "embedding_dim must be a positive integer, got True"),
        (("a/b", 768, "512"), "max_length must be a positive integer, got '512'"),
    ],
)
def test_plain_constructor_refuses_what_cannot_be(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        ModelConfig(*arguments)
    assert str(refusal.value) == message


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


class Retired:
    """A record of another project's registry, with a deprecated model."""

    id = "old"
    huggingface_id = "org/old"
    context_length = 512
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
        ("'old' is deprecated: use `new`", DeprecationWarning, __file__)
    ]
