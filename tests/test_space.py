"""Ids of vector spaces: what changes them, what does not, and what a stranger is told."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from generated import imported, valid
from golden import golden
from strategies import plain_model, registry_of

from hypiler import ModelConfig, space
from hypiler.model_registry import MODEL_REGISTRY, get_model
from hypiler.registry import Registry

PAGE = (Path(__file__).parents[1] / "docs/spaces.md").read_text("utf-8")
ENCODING = {
    "pooling": "mean",
    "normalize": True,
    "similarity": "cosine",
    "query_prefix": "q: ",
    "document_prefix": "",
    "query_length": 32,
    "document_length": 200,
    "dense_layers": [{"in_features": 8, "out_features": 7}],
}


def made(folder: Path, **changes: Any) -> Any:
    """The record of a model with these changes; keys of `encoding` are given by their own name."""
    model = plain_model(id="model-a", revision="a" * 40)
    model["architecture"]["matryoshka_dims"] = [3, 7]
    model["variants"] = [
        {"id": "small", "quantization": "int8", "file": "onnx/small.onnx"},
        {"id": "away", "quantization": "fp16", "huggingface_id": "other/away", "file": "m.onnx", "sha256": "b" * 64},
    ]
    model["encoding"] = ENCODING | {key: value for key, value in changes.items() if key in ENCODING}
    model |= {key: value for key, value in changes.items() if key not in ENCODING}
    with imported(valid(registry_of(model)), folder) as module:
        return module.MODEL_REGISTRY[0]


def sides(record: Any) -> tuple[str, str]:
    return record.space_id, record.query_space_id


@pytest.fixture
def record(tmp_path: Path) -> Any:
    return made(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"huggingface_id": "other/name"},
        {"revision": "c" * 40},
        {"pooling": "cls"},
        {"normalize": False},
        {"document_prefix": " "},
        {"document_length": 201},
        {"dense_layers": []},
        {"dense_layers": [{"in_features": 8, "out_features": 7, "activation": "tanh"}]},
    ],
    ids=str,
)
def test_document_side_change_is_another_space(record: Any, tmp_path: Path, change: dict[str, Any]) -> None:
    other = made(tmp_path, **change)
    assert other.space_id != record.space_id
    assert other.query_space_id == record.query_space_id


@pytest.mark.parametrize("change", [{"query_prefix": ""}, {"query_length": 33}, {"similarity": "dot"}], ids=str)
def test_query_side_change_leaves_the_documents(record: Any, tmp_path: Path, change: dict[str, Any]) -> None:
    other = made(tmp_path, **change)
    assert other.space_id == record.space_id
    assert other.query_space_id != record.query_space_id


@pytest.mark.parametrize(
    "change",
    [
        {"id": "renamed"},
        {"name": "Other"},
        {"description": "Other."},
        {"license": "MIT"},
        {"aliases": ["another"]},
        {"deprecated": "use another"},
        {"sources": {}},
        {"extra": {"a": 1}},
        {"performance": {"beir_avg": 0.5, "ms_marco_mrr10": None}},
    ],
    ids=str,
)
def test_what_no_vector_depends_on_changes_nothing(record: Any, tmp_path: Path, change: dict[str, Any]) -> None:
    assert sides(made(tmp_path, **change)) == sides(record)


def test_each_dimension_and_variant_is_a_space(record: Any) -> None:
    choices = [(dimension, variant) for dimension in (3, 7) for variant in (None, "small", "away")]
    found = [space.describe(record, *choice) for choice in choices]
    assert len({one["space_id"] for one in found}) == len(choices)
    assert len({one["query_space_id"] for one in found}) == 1
    assert space.describe(record)["space_id"] == space.describe(record, 7)["space_id"] == record.space_id


def test_variant_of_another_repository_is_not_pinned_by_this_one(record: Any) -> None:
    away, small = space.describe(record, variant="away"), space.describe(record, variant="small")
    assert (away["repository"], away["revision"], away["weights"]) == (
        "other/away",
        None,
        golden(f"fp16 m.onnx {'b' * 64}"),
    )
    own = (record.huggingface_id, "a" * 40, golden("int8 onnx/small.onnx"))
    assert (small["repository"], small["revision"], small["weights"]) == own


def test_order_of_the_steps_counts_only_for_a_cut_vector(tmp_path: Path) -> None:
    encoding = {**ENCODING, "matryoshka_order": "layer_norm_truncate_normalize"}
    plain, other = made(tmp_path), made(tmp_path, encoding=encoding)
    assert space.describe(other, 7) == space.describe(plain, 7)
    assert space.describe(other, 3)["space_id"] != space.describe(plain, 3)["space_id"]


def test_unknown_is_not_empty(tmp_path: Path) -> None:
    without = {key: value for key, value in ENCODING.items() if key != "document_prefix"}
    assert made(tmp_path, encoding=without).space_id != made(tmp_path).space_id


def test_id_is_the_digest_that_the_page_describes(record: Any) -> None:
    described = space.describe(record)
    for name, last in (("space_id", "document_length"), ("query_space_id", "similarity")):
        first = "repository" if name == "space_id" else "query_prefix"
        keys = list(described)
        lines = []
        for key in keys[keys.index(first) : keys.index(last) + 1]:
            value = described[key]
            text = str(value).lower() if isinstance(value, bool) else str(value)
            lines.append(f"{key}=-" if value is None else f"{key}={len(text.encode())}:{text}")
        assert described[name][3:] == hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def test_ids_of_the_shipped_registry_are_those_of_the_page() -> None:
    """If they are not: a fact that vectors depend on has changed. Is it a correction? Then change the page."""
    table = PAGE.partition("<!-- ids -->")[2].partition("<!-- /ids -->")[0]
    rows = re.findall(r"^\| `(\S+)` \| `(d1-\w{16})` \| `(q1-\w{16})` \|$", table, re.MULTILINE)
    assert rows == [(model.id, model.space_id, model.query_space_id) for model in MODEL_REGISTRY]
    assert len({space_id for _, space_id, _ in rows}) == len(rows)


class TestConfig:
    def test_space_is_that_of_the_choice(self) -> None:
        config = ModelConfig.from_registry("snowflake-arctic-l", dimension=256)
        model = get_model("snowflake-arctic-l")
        assert config.space() == space.describe(model, 256)
        assert config.space_id != model.space_id
        assert json.loads(json.dumps(config.space())) == config.space()

    def test_variant_is_part_of_the_choice(self) -> None:
        config = ModelConfig.from_registry("all-minilm-l6-v2")
        other = config.with_variant("qdrant-onnx")
        assert other != config
        assert other.with_variant(None) == config
        assert other.space_id == space.describe(config.model, variant="qdrant-onnx")["space_id"] != config.space_id
        assert repr(other).endswith(".with_variant('qdrant-onnx')")

    def test_unknown_variant_is_refused(self) -> None:
        with pytest.raises(ValueError) as caught:
            ModelConfig.from_registry("all-minilm-l6-v2").with_variant("int3")
        assert str(caught.value) == golden("'all-minilm-l6-v2' has no variant 'int3'; it has: qdrant-onnx")

    def test_config_written_by_hand_has_none(self) -> None:
        with pytest.raises(ValueError, match="was not created from a registry entry, so its vector space is unknown"):
            ModelConfig("org/name", 8, 9).space_id


class TestCheck:
    config = ModelConfig.from_registry("snowflake-arctic-l", dimension=256)

    def refusal(self, stored: Any) -> space.SpaceError:
        with pytest.raises(space.SpaceError) as caught:
            space.check(stored, self.config)
        return caught.value

    def test_its_own_space_is_fine(self) -> None:
        space.check(self.config.space_id, self.config)
        space.check(self.config.space(), self.config)
        space.check(json.loads(json.dumps(self.config.space())), self.config)

    def test_difference_is_named(self) -> None:
        error = self.refusal(ModelConfig.from_registry("snowflake-arctic-l").space())
        assert str(error) == golden(
            "the stored vectors are of another space: matryoshka_order is None there and 'truncate_normalize' here;"
            " dimension is 1024 there and 256 here; re-index"
        )
        assert error.differences[1] == ("dimension", 1024, 256)

    def test_query_side_is_told_apart(self) -> None:
        stored = self.config.space() | {"query_prefix": "", "query_space_id": "q1-0000000000000000"}
        assert str(self.refusal(stored)) == golden(
            "the stored vectors fit, but queries are encoded differently: query_prefix is '' there and 'query: ' here"
        )

    def test_id_alone_names_the_model_that_made_it(self) -> None:
        other = ModelConfig.from_registry("all-minilm-l6-v2").with_variant("qdrant-onnx")
        assert str(self.refusal(other.space_id)) == golden(
            f"the stored vectors are of all-minilm-l6-v2 with 384 dimensions, variant qdrant-onnx ({other.space_id}), and"
            f" this is Snowflake/snowflake-arctic-embed-l-v2.0 with 256 dimensions ({self.config.space_id}); re-index"
        )

    def test_unknown_id_is_a_space_that_nobody_knows(self) -> None:
        assert str(self.refusal("d1-0")).startswith(
            "the stored vectors are of a space that neither this model nor the shipped registry has (d1-0), and this is "
        )

    @pytest.mark.filterwarnings("ignore:'model-.' is deprecated")
    def test_registry_of_the_user_is_searched(self, tmp_path: Path) -> None:
        first = made(tmp_path)
        second = made(tmp_path, id="model-b", huggingface_id="other/name")
        one, other = ModelConfig.from_model(first), ModelConfig.from_model(second)
        here = golden(f"this is other/name with 7 dimensions ({other.space_id}); re-index")
        with pytest.raises(space.SpaceError) as caught:
            space.check(one.space_id, other)
        assert str(caught.value) == golden(
            "the stored vectors are of a space that neither this model nor the shipped registry has"
            f" ({one.space_id}), and {here}"
        )
        with pytest.raises(space.SpaceError) as caught:
            space.check(one.space_id, other, [first, second])
        assert str(caught.value) == golden(
            f"the stored vectors are of model-a with 7 dimensions ({one.space_id}), and {here}"
        )
        with pytest.raises(space.SpaceError) as caught:
            space.check(one.space_id, other, [second])
        assert str(caught.value) == golden(
            f"the stored vectors are of a space that no model of the registry has ({one.space_id}), and {here}"
        )

    @pytest.mark.filterwarnings("ignore:'model-.' is deprecated")
    def test_other_dimension_of_ones_own_model_is_named_without_a_registry(self, tmp_path: Path) -> None:
        record = made(tmp_path)
        stored = ModelConfig.from_model(record, dimension=3).with_variant("small").space_id
        with pytest.raises(
            space.SpaceError, match=r"^the stored vectors are of model-a with 3 dimensions, variant small "
        ):
            space.check(stored, ModelConfig.from_model(record))

    def test_what_is_no_description_is_refused(self) -> None:
        assert str(self.refusal({})) == golden("the stored mapping describes no space: it has no `space_id`")


def test_model_in_memory_is_as_good_as_a_generated_one(record: Any) -> None:
    """Registries of either kind describe, find and check the same spaces."""
    shipped = Registry.shipped()
    for model in MODEL_REGISTRY:
        assert space.describe(shipped[model.id]) == space.describe(model)
    config = ModelConfig.from_model(shipped["snowflake-arctic-l"], dimension=256)
    assert config.space() == ModelConfig.from_registry("snowflake-arctic-l", dimension=256).space()
    assert space.identify(config.space_id, shipped) == space.identify(config.space_id)
    assert space.identify(config.space_id, [record]) is None
    assert space.identify(record.space_id, [record]) == ("model-a", 7, None)


def test_every_choice_of_the_registry_is_identified() -> None:
    choices = [
        (model.id, dimension, variant)
        for model in MODEL_REGISTRY
        for variant in (None, *[one.id for one in model.variants])
        for dimension in model.dimensions
    ]
    found = [
        space.identify(space.describe(get_model(id), dimension, variant)["space_id"])
        for id, dimension, variant in choices
    ]
    assert found == choices
