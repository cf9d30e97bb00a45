"""Stamps of configs and their ids: what changes them, what does not, and what a comparison of two stamps says."""

import hashlib
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from generated import imported, valid
from golden import golden
from recorded import RecordedLock
from stamps import Encoder, Pinned, changed, probe, turned, unit_vectors
from strategies import plain_model, registry_of
from tiny import entry

from hypiler import ModelConfig, space
from hypiler.compiler.pipeline import compile_registry
from hypiler.model_registry import MODEL_REGISTRY, get_model
from hypiler.registry import Registry
from hypiler.schema.evidence import Evidence, PinnedFile
from hypiler.stamps.files import tokenizer_digest, weight_files
from hypiler.stamps.listed_bytes import model_identity, recorded_sums
from hypiler.stamps.stamp import stamp_of

PAGE = (Path(__file__).parents[1] / "docs/spaces.md").read_text("utf-8")
ENCODING = {
    "pooling": "mean",
    "normalize": True,
    "similarity": "cosine",
    "query_prefix": "q: ",
    "document_prefix": "",
    "query_length": 32,
    "document_length": 200,
    "dense_layers": [{"in_features": 8, "out_features": 7, "activation": "Tanh"}],
}
WEIGHTS, LAYER, ONNX, INT8, AWAY = ["d" * 63 + digit for digit in "12345"]
TOKENIZER = "e" * 64
FILES: dict[str, Any] = {
    "model.safetensors": (WEIGHTS, "fp32"),
    "2_Dense/model.safetensors": (LAYER, "fp32"),
    "onnx/model.onnx": (ONNX, "fp32"),
    "onnx/small.onnx": (INT8, "int8"),
    "tokenizer.json": TOKENIZER,
    "config.json": "f" * 64,
}


def made(folder: Path, **changes: Any) -> Any:
    """The record of a model with these changes; keys of `encoding` are given by their own name."""
    model = plain_model(id="model-a", type="dense", revision="a" * 40)
    del model["deprecated"], model["files"]
    model["capabilities"]["multi_vector"] = False
    model["architecture"]["matryoshka_dims"] = [3, 7]
    model["variants"] = [
        {"id": "small", "quantization": "int8", "file": "onnx/small.onnx"},
        {"id": "away", "quantization": "fp16", "huggingface_id": "other/away", "file": "m.onnx", "sha256": AWAY},
        {"id": "nameless", "quantization": "fp16", "huggingface_id": "other/away"},
    ]
    model["encoding"] = ENCODING | {key: value for key, value in changes.items() if key in ENCODING}
    model["encoding"] = {key: value for key, value in model["encoding"].items() if value is not None}
    model |= {key: value for key, value in changes.items() if key not in ENCODING}
    with imported(valid(registry_of(model)), folder) as module:
        return module.MODEL_REGISTRY[0]


def pinned(folder: Path, **changes: Any) -> Any:
    """The same record with the files of a lock."""
    files = changes.pop("pins", FILES)
    return Pinned(made(folder, **changes), files)


def sides(record: Any) -> tuple[str, str]:
    stamp = space.describe(record)
    return stamp["space_id"], stamp["query_space_id"]


@pytest.fixture
def record(tmp_path: Path) -> Any:
    return pinned(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"pooling": "cls"},
        {"normalize": False},
        {"document_prefix": " "},
        {"document_length": 201},
        {"dense_layers": [{"in_features": 8, "out_features": 7, "activation": "ReLU"}]},
        {"pins": FILES | {"model.safetensors": ("0" * 64, "fp32")}},
        {"pins": FILES | {"2_Dense/model.safetensors": ("0" * 64, "fp32")}},
        {"pins": FILES | {"tokenizer.json": "0" * 64}},
        {"pins": FILES | {"model.safetensors": (WEIGHTS, "fp16"), "onnx/model.onnx": (ONNX, "fp16")}},
    ],
    ids=str,
)
def test_document_side_change_is_another_space(record: Any, tmp_path: Path, change: dict[str, Any]) -> None:
    other, own = sides(pinned(tmp_path, **change)), sides(record)
    assert None not in (*other, *own)
    assert other[0] != own[0]
    assert other[1] == own[1]


@pytest.mark.parametrize("change", [{"query_prefix": ""}, {"query_length": 33}, {"similarity": "dot"}], ids=str)
def test_query_side_change_leaves_the_documents(record: Any, tmp_path: Path, change: dict[str, Any]) -> None:
    other, own = sides(pinned(tmp_path, **change)), sides(record)
    assert None not in (*other, *own)
    assert other[0] == own[0]
    assert other[1] != own[1]


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
        # Where the bytes are known, the name of their place is information.
        {"huggingface_id": "other/name"},
        {"revision": "c" * 40},
        {"pins": FILES | {"config.json": "0" * 64, "README.md": "0" * 64}},
        # Which export of the model runs makes no difference at the same precision.
        {"pins": FILES | {"onnx/model.onnx": ("0" * 64, "fp32")}},
        {"pins": {name: one for name, one in FILES.items() if name != "onnx/model.onnx"}},
        {"dense_layers": [{"in_features": 8, "out_features": 7, "activation": "torch.nn.modules.activation.Tanh"}]},
    ],
    ids=str,
)
def test_what_no_vector_depends_on_changes_nothing(record: Any, tmp_path: Path, change: dict[str, Any]) -> None:
    own = sides(record)
    assert None not in own
    assert sides(pinned(tmp_path, **change)) == own


class TestKnowledge:
    """A config knows what registry and lock state. Its id is that of what it loads, or None."""

    @pytest.mark.parametrize(
        "change",
        [
            {"pooling": None},
            {"normalize": None},
            {"document_prefix": None},
            {"document_length": None},
            {"dense_layers": None},
            {"dense_layers": [{"in_features": 8, "out_features": 7}]},
            {"pins": {}},
            {"pins": FILES | {"tokenizer.json": None}},
            {"pins": FILES | {"model.safetensors": WEIGHTS}},
            # An engine may take the export, whose precision is another one or unknown.
            {"pins": FILES | {"onnx/model.onnx": (ONNX, "fp16")}},
            {"pins": FILES | {"onnx/model.onnx": ONNX}},
        ],
        ids=str,
    )
    def test_config_that_does_not_know_enough_has_no_id(self, tmp_path: Path, change: dict[str, Any]) -> None:
        if "pins" in change:
            change["pins"] = {name: one for name, one in change["pins"].items() if one is not None}
        found = space.describe(pinned(tmp_path, **change))
        assert found["space_id"] is None
        assert str(found["query_space_id"]).startswith("q2-")

    @pytest.mark.parametrize(("size", "known"), [(80, True), (100, True), (140, True), (50, False), (200, False)])
    def test_export_as_large_as_the_weights_has_their_precision(self, record: Any, size: int, known: bool) -> None:
        """The hub lists the sizes of ONNX files, not what is in them."""
        expected = space.describe(record)["space_id"]
        weights = {
            "model.safetensors": PinnedFile.of(WEIGHTS, 90, "fp32"),
            "2_Dense/model.safetensors": PinnedFile.of(LAYER, 10),
        }
        record.pinned_files |= weights | {"onnx/model.onnx": PinnedFile.of(ONNX, size)}
        assert space.describe(record)["space_id"] == (expected if known else None)

    @pytest.mark.parametrize("change", [{"query_prefix": None}, {"query_length": None}, {"similarity": None}], ids=str)
    def test_query_side_alone_can_be_unknown(self, record: Any, tmp_path: Path, change: dict[str, Any]) -> None:
        found = space.describe(pinned(tmp_path, **change))
        assert found["query_space_id"] is None
        assert found["space_id"] == space.describe(record)["space_id"]

    def test_layers_that_may_have_weights_elsewhere_are_unknown(self, tmp_path: Path) -> None:
        files = {name: one for name, one in FILES.items() if "Dense" not in name}
        partial = Pinned(made(tmp_path), files, complete=False)
        assert space.describe(partial)["space_id"] is None
        assert space.describe(Pinned(made(tmp_path), files))["space_id"] is not None

    def test_commit_stands_for_bytes_that_nobody_lists(self, tmp_path: Path) -> None:
        found = space.describe(made(tmp_path))
        assert found["bytes"] == {"weights": {"commit": f"org/name@{'a' * 40}"}, "tokenizer": None}
        small = space.describe(made(tmp_path), variant="small")
        assert small["bytes"]["weights"] == {"commit": f"org/name@{'a' * 40}", "variant": "small"}
        assert small["document"]["precision"] == "int8"
        assert space.describe(made(tmp_path), variant="nameless")["bytes"]["weights"] is None

    def test_facts_with_one_possible_value_are_known(self, tmp_path: Path) -> None:
        colbert = space.describe(made(tmp_path, type="colbert", similarity=None, pooling=None))
        assert (colbert["document"]["pooling"], colbert["query"]["similarity"]) == ("none", "max_sim")
        sparse = space.describe(made(tmp_path, type="sparse", similarity=None, pooling=None, normalize=None))
        assert (sparse["document"]["normalize"], sparse["query"]["similarity"]) == (False, "dot")

    def test_blanks_around_a_marker_are_no_fact(self, tmp_path: Path) -> None:
        one, other = [made(tmp_path, type="colbert", document_prefix=text) for text in ("[D] ", "[D]")]
        assert space.describe(one)["document"] == space.describe(other)["document"]
        one, other = [made(tmp_path, type="colbert", document_prefix=text) for text in ("d: ", "d:")]
        assert space.describe(one)["document"] != space.describe(other)["document"]

    def test_layers_are_known_to_be_none_without_a_projection(self, tmp_path: Path) -> None:
        architecture = {"type": "bert", "variant": "v", "has_projection": False, "matryoshka_dims": [3, 7]}
        found = space.describe(made(tmp_path, dense_layers=None, architecture=architecture))
        assert found["document"]["layers"] == ""


class TestFiles:
    """Which files stand for a model."""

    def test_every_listed_file_of_a_plain_precision_stands_for_the_model(self, record: Any) -> None:
        own, away = space.describe(record), space.describe(record, variant="away")
        identity = own["bytes"]["weights"]["model"]
        assert away["bytes"]["weights"] == {"sha256": AWAY, "listed": True, "model": identity, "precision": "fp16"}

    def test_quantized_file_stands_for_itself(self, record: Any, tmp_path: Path) -> None:
        other = pinned(tmp_path, pins=FILES | {"onnx/small.onnx": ("0" * 64, "int8")})
        ids = [space.describe(one, variant="small")["space_id"] for one in (record, other)]
        assert len({*ids, space.describe(record)["space_id"]}) == 3

    def test_external_data_is_part_of_the_file(self, record: Any, tmp_path: Path) -> None:
        other = pinned(tmp_path, pins=FILES | {"onnx/small.onnx_data": "0" * 64})
        small = [space.describe(one, variant="small")["bytes"]["weights"]["sha256"] for one in (record, other)]
        assert small[0] == INT8 != small[1]

    @pytest.mark.parametrize(
        ("names", "chosen"),
        [
            ("model.safetensors pytorch_model.bin onnx/model.onnx", "model.safetensors"),
            ("pytorch_model.bin onnx/model.onnx", "pytorch_model.bin"),
            ("model-00001-of-00002.safetensors model-00002-of-00002.safetensors", "both"),
            ("model-00001-of-00002.safetensors pytorch_model.bin", "pytorch_model.bin"),
            ("model.safetensors 2_Dense/model.safetensors 2_Dense/pytorch_model.bin", "model 2_Dense"),
            ("0_Transformer/model.safetensors 2_Dense/model.safetensors", "both"),
            ("1_Dense/model.safetensors", ""),
            ("openvino/model.bin other/model.safetensors onnx/model.onnx", ""),
            ("model-0000x-of-00001.safetensors model-00001-of-0000).safetensors", ""),
        ],
    )
    def test_files_are_chosen_as_the_libraries_choose(self, names: str, chosen: str) -> None:
        given = names.split()
        expected = {
            "both": given,
            "model 2_Dense": ["model.safetensors", "2_Dense/model.safetensors"],
        }.get(chosen, chosen.split())
        assert weight_files(given) == expected

    def test_several_files_have_the_digest_of_their_sums(self, record: Any) -> None:
        digest = hashlib.sha256("\n".join(sorted([WEIGHTS, LAYER])).encode()).hexdigest()
        assert model_identity(record, recorded_sums(record)) == digest

    def test_listed_onnx_file_stands_for_a_model_without_others(self, tmp_path: Path) -> None:
        only = pinned(tmp_path, pins={"onnx/model.onnx": (ONNX, "fp32"), "tokenizer.json": TOKENIZER})
        assert model_identity(only, recorded_sums(only)) == ONNX

    def test_tokenizer_without_its_file_is_its_vocabulary(self) -> None:
        lines = f"{'a' * 64} added_tokens.json\n{'b' * 64} spiece.model"
        sums = {"spiece.model": "b" * 64, "config.json": "c" * 64, "added_tokens.json": "a" * 64}
        assert tokenizer_digest(sums) == hashlib.sha256(lines.encode()).hexdigest()
        assert tokenizer_digest(sums | {"spiece.model": None}) is None
        assert tokenizer_digest(sums | {"tokenizer.json": "d" * 64, "0_X/tokenizer.json": "e" * 64}) == "d" * 64
        assert tokenizer_digest({"config.json": "c" * 64}) is None


def test_each_dimension_and_quantized_variant_is_a_space(record: Any) -> None:
    choices = [(dimension, variant) for dimension in (3, 7) for variant in (None, "small", "away")]
    found = [space.describe(record, *choice) for choice in choices]
    known = {one["space_id"] for one in found} - {None}
    # The tokenizer of the other repository is not listed.
    assert len(known) == 4
    assert len({one["query_space_id"] for one in found}) == 1
    assert space.describe(record)["space_id"] == space.describe(record, 7)["space_id"]


def test_each_width_in_a_range_is_a_space(tmp_path: Path) -> None:
    body = {"type": "bert", "variant": "b", "has_projection": True, "projection_dims": 7}
    ranged = pinned(tmp_path, architecture=body | {"matryoshka_range": {"min": 3, "max": 7}})
    found = [space.describe(ranged, width)["space_id"] for width in range(3, 8)]
    assert len(set(found) - {None}) == 5
    assert found[::4] == [space.describe(pinned(tmp_path), width)["space_id"] for width in (3, 7)]
    assert [space.identify(one, [ranged]) for one in found] == [("model-a", width, None) for width in range(3, 8)]


def test_variant_of_another_repository_is_not_pinned_by_this_one(record: Any) -> None:
    away, small = space.describe(record, variant="away"), space.describe(record, variant="small")
    assert (away["repository"], away["revision"]) == ("other/away", None)
    assert (small["repository"], small["revision"]) == (record.huggingface_id, "a" * 40)


def test_order_of_the_steps_counts_only_for_a_cut_vector(tmp_path: Path) -> None:
    encoding = {**ENCODING, "matryoshka_order": "layer_norm_truncate_normalize"}
    plain, other = pinned(tmp_path), pinned(tmp_path, encoding=encoding)
    assert space.describe(other, 7) == space.describe(plain, 7)
    assert space.describe(other, 3)["space_id"] != space.describe(plain, 3)["space_id"]


# ---- ids ----


def lines_of(facts: dict[str, Any]) -> list[str]:
    """The lines that docs/spaces.md describes."""
    usual = {"truncation_side": "right", "lower_case": False, "lower": False}
    lines = []
    for key, value in facts.items():
        if key in usual and value in (None, usual[key]):
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        lines.append(f"{key}=-" if value is None else f"{key}={len(text.encode())}:{text}")
    return lines


def id_of(prefix: str, facts: dict[str, Any]) -> str:
    return f"{prefix}-{hashlib.sha256(chr(10).join(lines_of(facts)).encode()).hexdigest()[:16]}"


@pytest.mark.parametrize("variant", [None, "small", "away"])
def test_id_is_the_digest_that_the_page_describes(record: Any, variant: str | None) -> None:
    record.pinned_files |= {"other/away:tokenizer.json": record.pinned_files["tokenizer.json"]}
    found = space.describe(record, variant=variant)
    weights = f"sha256 {INT8}" if variant == "small" else f"sha256 {found['bytes']['weights']['model']}"
    own = {"weights": weights, "tokenizer": TOKENIZER}
    assert found["space_id"] == id_of("d2", found["document"] | own)
    assert found["query_space_id"] == id_of("q2", found["query"])


def test_examples_of_the_page_are_true() -> None:
    """The page shows the facts of two models, line by line, with their ids."""
    shown = re.findall(r"^```text\n((?:\S+=.*\n)+)```\n\n`([dq]2-\w{16})`", PAGE, re.MULTILINE)
    assert len(shown) >= 3
    for text, id in shown:
        assert id == f"{id[:2]}-{hashlib.sha256(text.rstrip().encode()).hexdigest()[:16]}"


def test_ids_of_the_shipped_registry_are_those_of_the_page() -> None:
    """If they are not: a fact that vectors depend on has changed. Is it a correction? Then change the page."""
    table = PAGE.partition("<!-- ids -->")[2].partition("<!-- /ids -->")[0]
    rows = re.findall(r"^\| `(\S+)` \| (\S+) \| (\S+) \|$", table, re.MULTILINE)
    found = [(model.id, model.space_id, model.query_space_id) for model in MODEL_REGISTRY]
    assert rows == [(id, *[f"`{one}`" if one else "–" for one in ids]) for id, *ids in found]


def test_ids_of_models_with_the_files_of_a_lock_differ() -> None:
    ids: list[str] = []
    for model in MODEL_REGISTRY:
        files: dict[str, Any] = {
            "model.safetensors": (hashlib.sha256(model.id.encode()).hexdigest(), "fp32"),
            "tokenizer.json": TOKENIZER,
        }
        found = stamp_of(Pinned(model, files, document_length=512))
        ids += [found["space_id"]] if found["space_id"] else []
    assert len(ids) > 10
    assert len({*ids}) == len(ids)


def test_build_carries_the_ids_into_the_module(tmp_path: Path) -> None:
    """With the files of a lock, a generated module, its record in memory and a config have the same ids."""
    one, other = entry(id="one", encoding={"document_length": 8, "query_length": 8}), entry(id="other")
    files = {"model.safetensors": PinnedFile.of(WEIGHTS, 1, "fp32"), "tokenizer.json": PinnedFile.of(TOKENIZER)}
    lock = RecordedLock(["one", "other"], Evidence("a" * 40, files=files, complete=True))
    registry = compile_registry([("models.json", json.dumps(registry_of(one, other)).encode())], lock=lock)
    assert not registry.has_errors, registry.findings
    with imported(registry, tmp_path) as module:
        known, unknown = module.MODEL_REGISTRY
        assert str(known.space_id).startswith("d2-")
        assert str(known.query_space_id).startswith("q2-")
        assert (unknown.space_id, unknown.query_space_id) == (None, None)
        for record, model in zip((known, unknown), registry.models, strict=True):
            config = ModelConfig.from_model(record)
            ids = (record.space_id, record.query_space_id)
            assert ids == (model.space_id, model.query_space_id) == (config.space_id, config.query_space_id)
        assert space.identify(known.space_id, module.MODEL_REGISTRY) == ("one", known.embedding_dim, None)
    assert space.identify(known.space_id, registry.models) == ("one", known.embedding_dim, None)


class TestConfig:
    def test_space_is_that_of_the_choice(self) -> None:
        config = ModelConfig.from_registry("snowflake-arctic-l", dimension=256)
        model = get_model("snowflake-arctic-l")
        assert config.space() == space.describe(model, 256)
        assert (config.space_id, config.query_space_id) == (
            config.space()["space_id"],
            config.space()["query_space_id"],
        )
        assert json.loads(json.dumps(config.space())) == config.space()
        assert list(config.space()) == golden_keys()

    def test_variant_is_part_of_the_choice(self, record: Any) -> None:
        config = ModelConfig.from_model(record)
        other = config.with_variant("small")
        assert other != config
        assert other.with_variant(None) == config
        assert other.space_id == space.describe(record, variant="small")["space_id"] != config.space_id
        assert repr(other).endswith(".with_variant('small')")

    def test_unknown_variant_is_refused(self) -> None:
        with pytest.raises(ValueError) as caught:
            ModelConfig.from_registry("all-minilm-l6-v2").with_variant("int3")
        assert str(caught.value) == golden("'all-minilm-l6-v2' has no variant 'int3'; it has: qdrant-onnx")

    def test_config_written_by_hand_has_none(self) -> None:
        with pytest.raises(ValueError, match="was not created from a registry entry, so its vector space is unknown"):
            ModelConfig("org/name", 8, 9).space_id

    def test_config_written_by_hand_is_undecided(self, record: Any) -> None:
        found = space.compare(space.describe(record), ModelConfig("org/name", 8, 9))
        assert (found.outcome, found.advice) == (
            "undecided",
            golden(
                "the config or encoder has no stamp to compare with: ModelConfig('org/name', 8, 9) was not created from a"
                " registry entry, so its vector space is unknown"
            ),
        )


def golden_keys() -> list[str]:
    keys = "version space_id query_space_id model repository revision engine document query bytes probe"
    return keys.split()


# ---- comparisons ----

MODEL = hashlib.sha256(f"{WEIGHTS}\n{LAYER}".encode()).hexdigest()
LISTED = {"sha256": MODEL, "listed": True, "model": MODEL, "precision": "fp32"}
SMALL = {"sha256": INT8, "listed": True, "model": MODEL, "precision": "int8"}
UNLISTED = {"sha256": "9" * 64, "listed": False, "model": None, "precision": "fp32"}
SERVED = {"commit": f"org/name@{'a' * 40}"}
VECTORS = unit_vectors()


@pytest.fixture
def stamp(record: Any) -> dict[str, Any]:
    """The stamp of an encoder."""
    facts = {"document__truncation_side": "right", "document__lower_case": False, "query__lower": False}
    return changed(space.describe(record), engine="onnx", bytes__weights=LISTED, probe=probe(VECTORS), **facts)


class TestFirstRule:
    """A known fact that short texts do not show decides, whatever the probe says."""

    @pytest.mark.parametrize(
        ("name", "value", "told"),
        [
            ("dimension", 3, "`dimension` is 7 there and 3 here"),
            ("document_length", 512, "`document_length` is 200 there and 512 here"),
            ("truncation_side", "left", "`truncation_side` is 'right' there and 'left' here"),
            ("encoder", "sparse", "`encoder` is 'dense' there and 'sparse' here"),
        ],
    )
    def test_document_side(self, stamp: dict[str, Any], name: str, value: Any, told: str) -> None:
        current = Encoder(changed(stamp, **{f"document__{name}": value}))
        found = space.compare(stamp, current)
        assert (found.outcome, found.side, found.cosine) == ("different", "document", None)
        assert found.facts == ((name, stamp["document"][name], value),)
        assert found.advice == f"the stored vectors are of another space: {told}; re-index"
        assert current.made == 0

    @pytest.mark.parametrize(
        ("name", "value"), [("query_prefix", ""), ("query_length", 512), ("similarity", "dot"), ("lower", True)]
    )
    def test_query_side_is_told_apart(self, stamp: dict[str, Any], name: str, value: Any) -> None:
        found = space.compare(stamp, Encoder(changed(stamp, **{f"query__{name}": value})))
        before = stamp["query"][name]
        assert (found.outcome, found.side, found.facts) == ("different", "query", ((name, before, value),))
        assert found.advice == golden(
            f"the stored vectors fit, but queries are encoded differently: `{name}` is {before!r} there and {value!r}"
            " here"
        )

    def test_re_index_is_said_where_the_vectors_differ_as_well(self, stamp: dict[str, Any]) -> None:
        current = changed(stamp, query__query_prefix="", probe=probe(turned(VECTORS, 0.5)), bytes__weights=UNLISTED)
        found = space.compare(stamp, Encoder(current))
        assert (found.outcome, found.side) == ("different", "document")
        assert found.advice.endswith("; re-index")

    def test_vectors_that_are_undecided_are_not_said_to_fit(self, stamp: dict[str, Any]) -> None:
        stored = changed(stamp, query__query_prefix="", probe=None, bytes__tokenizer=None)
        found = space.compare(stored, Encoder(stamp))
        assert (found.outcome, found.side) == ("different", "query")
        assert found.advice.startswith(
            "whether the stored vectors fit is undecided, but queries are encoded differently: "
        )

    def test_unknown_facts_do_not_decide(self, stamp: dict[str, Any]) -> None:
        names = ["document__document_length", "document__truncation_side", "query__similarity", "query__query_prefix"]
        for name in names:
            assert space.compare(changed(stamp, **{name: None}), Encoder(stamp)).outcome == "same", name
            assert space.compare(stamp, Encoder(changed(stamp, **{name: None}))).outcome == "same", name


class Config:
    """A config with this stamp."""

    def __init__(self, stamp: dict[str, Any]) -> None:
        self._stamp = stamp | {"probe": None}

    def space(self) -> dict[str, Any]:
        return self._stamp


class TestSecondRule:
    """Without a probe, facts and files decide, or nothing does."""

    @pytest.mark.parametrize("current", [Config, Encoder])
    def test_equal_facts_and_bytes_are_the_same(self, stamp: dict[str, Any], current: Callable[..., Any]) -> None:
        stored = changed(stamp, probe=None) if current is Encoder else stamp
        assert space.compare(stored, current(stamp)) == space.Comparison(
            "same", golden("the stored vectors fit: facts and files are equal")
        )

    def test_config_and_encoder_of_known_files_are_the_same(self, record: Any, stamp: dict[str, Any]) -> None:
        assert space.compare(stamp, ModelConfig.from_model(record)).outcome == "same"

    def test_another_export_of_the_model_is_the_same(self, stamp: dict[str, Any]) -> None:
        current = changed(stamp, bytes__weights=LISTED | {"sha256": ONNX})
        assert space.compare(stamp, Config(current)).outcome == "same"

    def test_file_that_only_one_side_lists_is_the_same_file(self, stamp: dict[str, Any]) -> None:
        current = changed(stamp, bytes__weights=LISTED | {"listed": None, "model": None})
        assert space.compare(stamp, Config(current)).outcome == "same"

    def test_same_commit_of_unknown_bytes_is_the_same(self, stamp: dict[str, Any]) -> None:
        stored = changed(stamp, bytes__weights=SERVED, bytes__tokenizer=None)
        assert space.compare(stored, Config(stored)) == space.Comparison(
            "same",
            golden(
                "the stored vectors fit if both are of the pinned commit, which is equal: what ran is unknown, so check the"
                " encoder if other files could have been loaded"
            ),
        )
        other = changed(stored, bytes__weights={"commit": f"org/name@{'b' * 40}"})
        assert space.compare(stored, Config(other)).outcome == "undecided"
        variant = changed(stored, bytes__weights=SERVED | {"variant": "small"})
        assert space.compare(stored, Config(variant)).outcome == "undecided"

    def test_unknown_weights_are_never_the_same(self, stamp: dict[str, Any]) -> None:
        stored = changed(stamp, bytes__weights=None)
        assert space.compare(stored, Config(stored)) == space.Comparison(
            "undecided",
            golden(
                "whether the stored vectors fit is undecided: `weights` is unknown; load the model, and check the encoder"
            ),
        )

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("pooling", "cls"),
            ("normalize", False),
            ("layers", ""),
            ("document_prefix", "d: "),
            ("lower_case", True),
            ("a_later_fact", [1]),
        ],
    )
    def test_known_document_fact_that_differs_is_different(self, stamp: dict[str, Any], name: str, value: Any) -> None:
        stored = changed(stamp, document__a_later_fact=[2])
        found = space.compare(stored, Config(changed(stored, **{f"document__{name}": value})))
        assert (found.outcome, found.side) == ("different", "document")
        assert found.advice.endswith("; re-index")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("document__precision", "fp16"),
            ("bytes__weights", UNLISTED),
            ("bytes__weights", SERVED),
            ("bytes__tokenizer", "0" * 64),
            ("bytes__tokenizer", None),
            ("document__pooling", None),
            ("document__a_later_fact", 7),
            ("query__similarity", None),
        ],
    )
    def test_what_only_loading_can_judge_is_undecided(self, stamp: dict[str, Any], name: str, value: Any) -> None:
        found = space.compare(stamp, Config(changed(stamp, **{name: value})))
        assert found.outcome == "undecided"
        assert found.advice.endswith("; load the model, and check the encoder")
        assert len(found.facts) == 1

    def test_encoder_says_that_the_stored_stamp_has_no_probe(self, stamp: dict[str, Any]) -> None:
        stored = changed(stamp, probe=None, document__pooling=None)
        assert space.compare(stored, Encoder(stamp)).advice == golden(
            "whether the stored vectors fit is undecided: `pooling` is unknown there, and the stored stamp has no probe;"
            " encode some of the indexed texts and compare the vectors, or re-index"
        )

    def test_probe_of_another_version_is_no_probe(self, stamp: dict[str, Any]) -> None:
        stored = changed(stamp, probe={"version": 2, "anything": "else"}, document__pooling=None)
        found = space.compare(stored, Encoder(stamp))
        assert found.outcome == "undecided"
        assert "the stored stamp has a probe of another version" in found.advice

    def test_usual_value_that_no_registry_states_is_as_good_as_unknown(self, stamp: dict[str, Any]) -> None:
        unknown = {"document__truncation_side": None, "document__lower_case": None, "query__lower": None}
        assert space.compare(stamp, Config(changed(stamp, **unknown))).outcome == "same"
        left = changed(stamp, document__truncation_side="left")
        assert space.compare(left, Config(changed(stamp, **unknown))).outcome == "undecided"


class TestMeasured:
    """With an encoder, the probe decides."""

    def compare(self, stamp: dict[str, Any], cosine: float, norm: float = 1, **changes: Any) -> space.Comparison:
        numbers = probe(turned(VECTORS, cosine), [1] * 8 + [norm])
        return space.compare(stamp, Encoder(changed(stamp, probe=numbers, **changes)))

    def test_equal_vectors_are_the_same_whatever_else_is_known(self, stamp: dict[str, Any]) -> None:
        changes: list[dict[str, Any]] = [
            {"document__pooling": None},
            {"document__pooling": "cls"},
            {"document__document_prefix": " "},
            {"document__precision": "fp16", "bytes__weights": LISTED | {"precision": "fp16"}},
            {"bytes__weights": UNLISTED, "bytes__tokenizer": "0" * 64},
            {"bytes__weights": SERVED},
            {"bytes__weights": None},
            {"revision": "b" * 40, "repository": "other/name", "model": "other", "engine": "fastembed"},
        ]
        for change in changes:
            found = self.compare(stamp, 1 - 5e-6, **change)
            assert (found.outcome, found.side) == ("same", None), change
            assert found.cosine == pytest.approx(1 - 5e-6, abs=2e-6)

    def test_norms_must_be_equal_as_well(self, stamp: dict[str, Any]) -> None:
        assert self.compare(stamp, 1, 1.009).outcome == "same"
        found = self.compare(stamp, 1, 7.2, document__normalize=False)
        assert (found.outcome, found.side) == ("different", "document")
        assert found.advice == golden(
            "the stored vectors are of another space: 1 - cosine is at most 0.0e+00, and norms differ by up to 86%;"
            " `normalize` is True there and False here; re-index"
        )

    @pytest.mark.parametrize(("cosine", "outcome"), [(0.9995, "close"), (0.91, "close"), (0.89, "different")])
    def test_another_listed_precision_is_close(self, stamp: dict[str, Any], cosine: float, outcome: str) -> None:
        found = self.compare(stamp, cosine, document__precision="int8", bytes__weights=SMALL)
        assert found.outcome == outcome
        assert found.cosine == pytest.approx(cosine, abs=1e-3)

    def test_close_says_what_it_means(self, stamp: dict[str, Any]) -> None:
        found = self.compare(stamp, 0.9995, document__precision="int8", bytes__weights=SMALL)
        assert found.advice == golden(
            "the stored vectors are close, not equal: 'fp32' there and 'int8' here, 1 - cosine is at most 5.0e-04; scores"
            " change a little, so re-index if they must be exact"
        )

    @pytest.mark.parametrize(
        "change",
        [
            {"bytes__weights": SMALL | {"listed": False}},
            {"bytes__weights": SMALL | {"listed": None}},
            {"bytes__weights": SMALL | {"model": "0" * 64}},
            {"bytes__weights": SMALL | {"model": None}},
            {"bytes__weights": SMALL | {"precision": None}},
            {"bytes__weights": SMALL | {"precision": "fp32"}},
            {"bytes__weights": UNLISTED},
            {"bytes__weights": SMALL, "bytes__tokenizer": "0" * 64},
            {"bytes__weights": SMALL, "document__document_prefix": "d: "},
            {"bytes__weights": SMALL, "document__lower_case": True},
        ],
        ids=str,
    )
    def test_nothing_else_is_close(self, stamp: dict[str, Any], change: dict[str, Any]) -> None:
        assert self.compare(stamp, 0.9995, **change).outcome == "different"

    @pytest.mark.parametrize(("cosine", "outcome"), [(1 - 5e-6, "same"), (1 - 6e-5, "close"), (1 - 3e-4, "different")])
    @pytest.mark.parametrize("weights", [SERVED, None])
    def test_served_model_is_close_within_the_noise_of_a_server(
        self, stamp: dict[str, Any], cosine: float, outcome: str, weights: Any
    ) -> None:
        assert self.compare(stamp, cosine, bytes__weights=weights).outcome == outcome
        stored = changed(stamp, bytes__weights=weights)
        assert self.compare(stored, cosine, bytes__weights=weights).outcome == outcome
        assert self.compare(stored, cosine, bytes__weights=weights, document__pooling="cls").outcome in (
            "same",
            "different",
        )

    def test_what_neither_facts_nor_files_name_is_said_so(self, stamp: dict[str, Any]) -> None:
        found = self.compare(stamp, 0.5)
        assert (found.outcome, found.side, found.facts) == ("different", "document", ())
        assert found.advice == golden(
            "the stored vectors are of another space: the smallest cosine is 0.50; this comes from something that neither"
            " facts nor files name, such as a library; re-index"
        )

    def test_number_of_tokens_must_be_equal(self, stamp: dict[str, Any]) -> None:
        one = changed(stamp, probe=probe(VECTORS, tokens=[3] * 9))
        other = changed(stamp, probe=probe(VECTORS, tokens=[3] * 8 + [4]))
        assert space.compare(one, Encoder(one)).outcome == "same"
        assert space.compare(one, Encoder(other)).outcome == "different"

    def test_vectors_of_zeros_are_equal_to_each_other_alone(self, stamp: dict[str, Any]) -> None:
        zeros = VECTORS.copy()
        zeros[2] = 0
        norms = [1, 1, 0, *[1] * 6]
        stored = changed(stamp, probe=probe(zeros, norms))
        assert space.compare(stored, Encoder(stored)).outcome == "same"
        assert space.compare(stored, Encoder(stamp)).outcome == "different"

    def test_vectors_of_few_numbers_are_compared_whole(self, stamp: dict[str, Any]) -> None:
        stored = changed(stamp, probe=probe(unit_vectors(1, 7)))
        assert space.compare(stored, Encoder(stored)).outcome == "same"
        assert space.compare(stored, Encoder(changed(stamp, probe=probe(unit_vectors(2, 7))))).outcome == "different"
        assert space.compare(stored, Encoder(stamp)).outcome == "different"

    def test_encoder_that_fails_is_undecided(self, stamp: dict[str, Any]) -> None:
        class Broken(Encoder):
            def stamp(self) -> dict[str, Any]:
                raise OSError("the server is away")

        found = space.compare(stamp, Broken(stamp))
        assert (found.outcome, found.advice) == (
            "undecided",
            golden("the texts of the probe cannot be encoded: the server is away"),
        )


class TestRerankers:
    """A reranker has no vectors: facts and files decide."""

    @pytest.fixture
    def pairs(self, stamp: dict[str, Any]) -> dict[str, Any]:
        return changed(stamp, document__encoder="reranker", query__similarity="none", probe=None)

    def test_equal_files_are_the_same(self, pairs: dict[str, Any]) -> None:
        assert space.compare(pairs, Encoder(pairs)).outcome == "same"

    def test_other_files_are_different_and_nothing_is_indexed_again(self, pairs: dict[str, Any]) -> None:
        found = space.compare(pairs, Encoder(changed(pairs, bytes__weights=UNLISTED)))
        assert (found.outcome, found.advice) == (
            "different",
            golden(
                f"the reranker is another one: `weights` is 'sha256 {MODEL[:16]}' there and 'sha256 9999999999999999' here"
            ),
        )

    def test_unknown_files_are_undecided(self, pairs: dict[str, Any]) -> None:
        found = space.compare(changed(pairs, bytes__tokenizer=None), Encoder(pairs))
        assert (found.outcome, found.advice) == (
            "undecided",
            golden("whether the reranker is the same is undecided: `tokenizer` is unknown there"),
        )


class TestIds:
    """With only an id, the same or nothing."""

    def test_equal_id_is_the_same(self, record: Any) -> None:
        config = ModelConfig.from_model(record)
        assert space.compare(str(config.space_id), config).outcome == "same"

    @pytest.mark.filterwarnings("ignore:'model-.' is deprecated")
    def test_other_id_names_its_model_where_a_registry_has_it(self, record: Any, tmp_path: Path) -> None:
        other = pinned(tmp_path, id="model-b", pooling="cls")
        one, here = ModelConfig.from_model(record), ModelConfig.from_model(other)
        found = space.compare(str(one.space_id), here, [record, other])
        assert (found.outcome, found.facts) == ("undecided", (("space_id", one.space_id, here.space_id),))
        assert found.advice == golden(
            f"the stored vectors are of model-a with 7 dimensions ({one.space_id}), and this is model-b with 7 dimensions"
            f" ({here.space_id}); an id alone does not show what differs: store encoder.stamp() when you index again"
        )
        assert space.compare(str(one.space_id), here, [other]).advice.startswith(
            f"the stored vectors are of a space that no model of the registry has ({one.space_id}), and"
        )
        assert space.compare(str(one.space_id), here).advice.startswith(
            f"the stored vectors are of a space that neither this model nor the shipped registry has ({one.space_id})"
        )

    def test_other_choice_of_ones_own_model_is_named_without_a_registry(self, record: Any) -> None:
        stored = ModelConfig.from_model(record, dimension=3).with_variant("small").space_id
        found = space.compare(stored, ModelConfig.from_model(record))
        assert found.advice.startswith("the stored vectors are of model-a with 3 dimensions, variant small ")

    @pytest.mark.parametrize(
        ("stored", "told"),
        [
            ("d1-b06362386aef8ef4", "the stored id was made by an older version of hypiler; "),
            ("q1-b06362386aef8ef4", "the stored id was made by an older version of hypiler; "),
            ("d3-b06362386aef8ef4", "the stored id was made by a newer version of hypiler; update hypiler"),
            ("q2-b06362386aef8ef4", "q2-b06362386aef8ef4 is the id of the query side, which does not show"),
            ("", "'' is not the id of a space"),
            ("all-minilm-l6-v2", "'all-minilm-l6-v2' is not the id of a space"),
            ("d2-\x1b[31m\u202eabc", r"'d2-\x1b[31m\u202eabc' is not the id of a space"),
            ('{"version": 2}', "the stored stamp is a text of JSON; pass what json.loads makes of it"),
            (
                '{"version": 2, "spa',
                "the stored stamp is damaged: it is not JSON; store encoder.stamp() again if you know what made the"
                " vectors",
            ),
        ],
    )
    def test_text_that_is_no_id_is_undecided(self, record: Any, stored: str, told: str) -> None:
        found = space.compare(stored, ModelConfig.from_model(record))
        assert found.outcome == "undecided"
        assert found.advice.startswith(told)

    @pytest.mark.filterwarnings("ignore:'.*' is deprecated:DeprecationWarning")
    def test_models_are_identified_by_the_ids_that_they_have(self, record: Any) -> None:
        shipped = Registry.shipped()
        for model in MODEL_REGISTRY:
            assert space.describe(shipped[model.id]) == space.describe(model)
        choices = [(dimension, variant) for dimension in (3, 7) for variant in (None, "small")]
        found = [space.identify(space.describe(record, *one)["space_id"], [record]) for one in choices]
        assert found == [("model-a", dimension, variant) for dimension, variant in choices]
        assert space.identify("d2-0000000000000000", [record]) is None
        assert space.identify("d2-0000000000000000") is None


class Odd(dict[str, Any]):
    def __iter__(self) -> Any:
        raise RuntimeError("odd")

    items = __iter__


class TestHostile:
    """Whoever writes to an index decides what is stored."""

    @pytest.mark.parametrize(
        "stored",
        [
            *[1, 1.5, True, b"d2-b06362386aef8ef4", [], (), object(), {1, 2}, type, float("nan"), Odd(a=1)],
            *[{}, {"version": None}, {"version": "2"}, {"version": 2.0}, {"version": True}, {"version": -1}],
            *[{"version": 10**5000}, {1: 2}, {"version": 2}, {"version": 99}, {"space_id": "d1-b06362386aef8ef4"}],
        ],
        ids=lambda stored: type(stored).__name__,
    )
    def test_what_is_no_stamp_is_undecided(self, stamp: dict[str, Any], stored: Any) -> None:
        found = space.compare(stored, Encoder(stamp))
        assert found.outcome == "undecided"
        assert found.advice.isprintable()
        assert len(found.advice) < 500

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("document", None),
            ("document", []),
            ("document", {1: 2}),
            ("document", {"a": [[[[[[1]]]]]]}),
            ("document", {str(number): 1 for number in range(600)}),
            ("document__pooling", float("nan")),
            ("document__pooling", float("inf")),
            ("document__pooling", 10**5000),
            ("document__pooling", object()),
            ("document__pooling", b"mean"),
            ("document__pooling", "x" * 100_000),
            ("query", "text"),
            ("bytes", None),
            ("bytes__weights", []),
            ("bytes__weights", {"commit": 7}),
            ("bytes__weights", {"listed": "yes"}),
            ("bytes__weights", {"sha256": 7, "listed": True}),
            ("bytes__tokenizer", 7),
            ("space_id", 7),
            ("model", []),
            ("repository", {"a": 1}),
            ("probe", []),
            ("probe", {}),
            ("probe", {"version": 1}),
            ("probe__norms", "not base64"),
            ("probe__norms", "é"),
            ("probe__norms", "AAAA"),
            ("probe__norms", "AAAAAAAA"),
            ("probe__numbers", ""),
            ("probe__numbers", "A" * 100_000),
            ("probe__numbers", 7),
            ("probe__tokens", 7),
            ("probe__tokens", [1.5] * 9),
            ("probe__tokens", [True] * 9),
            ("probe__tokens", [1]),
        ],
        ids=lambda value: value if isinstance(value, str) and len(value) < 50 else type(value).__name__,
    )
    def test_damaged_stamp_is_undecided(self, stamp: dict[str, Any], name: str, value: Any) -> None:
        found = space.compare(changed(stamp, **{name: value}), Encoder(stamp))
        assert found.outcome == "undecided"
        assert found.advice.startswith("the stored stamp is damaged: `")
        assert len(found.advice) < 200

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
    def test_numbers_that_are_not_finite_never_fit(self, stamp: dict[str, Any], number: float) -> None:
        rows = VECTORS.copy()
        rows[0, 0] = number
        for odd in (probe(rows), probe(VECTORS, [number, *[1] * 8])):
            broken = changed(stamp, probe=odd)
            assert space.compare(broken, Encoder(broken)).outcome == "undecided"
            assert space.compare(stamp, Encoder(broken)).outcome == "undecided"
        assert space.compare(changed(stamp, probe=probe(VECTORS, [-1] * 9)), Encoder(stamp)).outcome == "undecided"

    def test_texts_of_a_stamp_are_escaped_and_shortened(self, stamp: dict[str, Any]) -> None:
        stored = changed(stamp, document__encoder="\x1b[2J\u202e\n" + "x" * 5000, document__document_length=7)
        found = space.compare(stored, Encoder(stamp))
        assert found.outcome == "different"
        assert found.advice.isprintable()
        assert len(found.advice) < 500
        many = changed(stamp, document=stamp["document"] | {f"fact{number}": [number] * 400 for number in range(400)})
        other = changed(stamp, document=stamp["document"] | {f"fact{number}": "x" for number in range(400)})
        found = space.compare(many, Config(other))
        assert found.outcome == "different"
        assert len(found.advice) < 3000

    def test_encoder_in_place_of_its_stamp_is_undecided(self, stamp: dict[str, Any]) -> None:
        assert space.compare(Encoder(stamp), Encoder(stamp)).advice == golden(
            "a stamp must be an object, as encoder.stamp() gives it; got Encoder"
        )

    def test_any_mapping_is_a_stamp(self, stamp: dict[str, Any]) -> None:
        assert space.compare(MappingProxyType(stamp), Encoder(stamp)).outcome == "same"
        assert space.compare(json.loads(json.dumps(stamp)), Encoder(stamp)).outcome == "same"

    def test_index_without_a_stamp_is_undecided(self, stamp: dict[str, Any]) -> None:
        assert space.compare(None, Encoder(stamp)) == space.Comparison(
            "undecided",
            golden(
                "the index has no stamp, so what made its vectors is unknown; store encoder.stamp() with the vectors when"
                " you index again"
            ),
        )


class TestCheck:
    """`check` returns what may be used, and raises for the rest."""

    def test_same_and_close_are_returned(self, stamp: dict[str, Any]) -> None:
        assert space.check(stamp, Encoder(stamp)).outcome == "same"
        close = changed(stamp, document__precision="int8", bytes__weights=SMALL, probe=probe(turned(VECTORS, 0.99)))
        assert space.check(stamp, Encoder(close)).outcome == "close"

    def test_different_is_an_error_with_the_comparison(self, stamp: dict[str, Any]) -> None:
        with pytest.raises(space.SpaceError) as caught:
            space.check(stamp, Encoder(changed(stamp, document__dimension=3)))
        assert type(caught.value) is space.SpaceError
        assert caught.value.comparison is not None
        assert str(caught.value) == caught.value.comparison.advice
        assert caught.value.differences == (("dimension", 7, 3),)
        copy = pickle.loads(pickle.dumps(caught.value))
        assert (str(copy), copy.comparison) == (str(caught.value), caught.value.comparison)

    def test_undecided_is_an_error_of_its_own(self, stamp: dict[str, Any]) -> None:
        with pytest.raises(space.UndecidedError, match="the index has no stamp") as caught:
            space.check(None, Encoder(stamp))
        assert isinstance(caught.value, space.SpaceError)


def test_model_in_memory_is_as_good_as_a_generated_one() -> None:
    shipped = Registry.shipped()
    config = ModelConfig.from_model(shipped["snowflake-arctic-l"], dimension=256)
    assert config.space() == ModelConfig.from_registry("snowflake-arctic-l", dimension=256).space()
