"""What headers and names show of the weights."""

from typing import Any

import model_files.models as models
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_files.models import evidence, place, values, weights

from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.model_files.extract import FileFact, extract_facts
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS
from hypiler.schema.parameter_counts import parameters_agree, parameters_text

COUNT, FORMATS = "specs.parameters", "capabilities.quantization"
FLOATS = "tensors of floats"


def facts(files: dict[str, Any]) -> dict[str, FileFact]:
    return evidence(files).facts


def test_floats_are_counted_and_positions_are_not() -> None:
    held = weights(
        embeddings__position_ids=("I64", [1, 512]), embeddings__weight=("F32", [30522, 384]), a__bias=("F32", [384])
    )
    assert facts({"model.safetensors": held})[COUNT] == FileFact(
        11720832, "model.safetensors", FLOATS, "without `embeddings.position_ids` (I64)"
    )


def test_every_type_of_float_counts() -> None:
    held = weights(a=("F16", [2]), b=("BF16", [3]), c=("F8_E4M3", [4]), d=("BOOL", [5]), e=("I32", [6]))
    assert facts({"model.safetensors": held})[COUNT].value == 9


@pytest.mark.parametrize("packed", [("I8", [10, 8]), ("I32", [10, 8])])
def test_weights_packed_into_integers_cannot_be_counted(packed: Any) -> None:
    assert COUNT not in facts({"model.safetensors": weights(a=packed, scales=("F16", [10]))})
    assert COUNT not in facts({"model.safetensors": weights(a=("I64", [10]))})
    assert COUNT not in facts({"model.safetensors": weights()})


def test_scales_of_quantized_weights_are_no_parameters() -> None:
    matrix = {"q__weight": ("F8_E4M3", [4, 4]), "q__bias": ("BF16", [4])}
    scales = {"q__weight_scale_inv": ("F32", [1, 1]), "q__input_scale": ("BF16", [1]), "k_scale": ("F32", [1])}
    found = values(evidence({"config.json": {}, "model.safetensors": weights(**matrix, **scales)}))
    assert (found["specs.parameters"], found["specs.parameter_count"]) == (20, [20, 23])
    # A network without quantized weights may have a parameter of this name.
    found = values(evidence({"config.json": {}, "model.safetensors": weights(logit_scale=("F32", [1]))}))
    assert found["specs.parameters"] == 1


def test_shards_and_layers_are_counted_together() -> None:
    shards = {f"model-{number}.safetensors": weights(**{f"t{number}": ("F32", [number])}) for number in range(1, 6)}
    index = {"weight_map": {f"t{number}": f"model-{number}.safetensors" for number in range(1, 6)}}
    found = facts(shards | {"model.safetensors.index.json": index})[COUNT]
    files = "model-2.safetensors, model-3.safetensors, model-4.safetensors and 1 more"
    assert found == FileFact(15, "model-1.safetensors", FLOATS, f"with {files}")
    layer = {"1_Dense/model.safetensors": weights(linear__weight=("F32", [128, 384]))}
    network = {"model.safetensors": weights(a=("F32", [10]))}
    assert facts(models.PYLATE | network | layer)[COUNT] == FileFact(
        10 + 128 * 384, "model.safetensors", FLOATS, "with 1_Dense/model.safetensors"
    )


@pytest.mark.parametrize("layer", [None, b"\x80\x04", "no file"])
def test_count_is_not_known_while_one_part_is_not(layer: Any) -> None:
    files = models.PYLATE | {"model.safetensors": weights(a=("F32", [10])), "1_Dense/model.safetensors": layer}
    if layer == "no file":
        del files["1_Dense/model.safetensors"]
    assert COUNT not in facts(files)


def test_module_of_any_type_with_weights_of_its_own_counts() -> None:
    modules = [models.TRANSFORMER, {"idx": 1, "name": "1", "path": "1_Own", "type": "custom.Own"}]
    files = {"modules.json": modules, "model.safetensors": weights(a=("F32", [10]))}
    assert facts(files)[COUNT].value == 10
    assert facts(files | {"1_Own/model.safetensors": weights(b=("F32", [5]))})[COUNT].value == 15
    assert COUNT not in facts(files | {"1_Own/model.safetensors": None})


def test_router_may_have_parts_that_are_not_seen() -> None:
    router = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.base.modules.router.Router"}
    assert COUNT not in facts({"modules.json": [router], "model.safetensors": weights(a=("F32", [10]))})


@pytest.mark.parametrize(
    ("dtype", "expected"), [("F32", "fp32"), ("F16", "fp16"), ("BF16", "bf16"), ("F8_E4M3", "fp8"), ("I8", "int8")]
)
def test_format_is_that_of_most_of_the_weights(dtype: str, expected: str) -> None:
    held = weights(norm=("F32", [8]), a=(dtype, [8, 8]), position_ids=("I64", [1, 8]))
    assert facts({"model.safetensors": held})[FORMATS] == FileFact(
        [expected], "model.safetensors", "dtype", "at least these"
    )


# The settings of quantized copies, as their tools write them, with the format that models.json has a word for.
QUANTIZED: list[tuple[dict[str, Any], list[str] | None]] = [
    ({"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128}}, ["int4"]),
    ({"quantization_config": {"quant_method": "gptq", "bits": 8}}, ["int8"]),
    ({"quantization_config": {"quant_method": "gptq", "bits": 3}}, None),
    ({"quantization_config": {"quant_method": "awq", "bits": 4}}, ["int4"]),
    ({"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}}, ["int8"]),
    ({"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}, None),
    ({"quantization_config": {"quant_method": "fp8"}}, ["fp8"]),
    ({"quantization_config": {"quant_method": "fbgemm_fp8", "activation_scale_ub": 1200.0}}, ["fp8"]),
    ({"quantization_config": None}, ["fp16"]),
    ({"quantization": {"group_size": 64, "bits": 4}}, None),
    ({}, ["fp16"]),
]


@pytest.mark.parametrize(("settings", "expected"), QUANTIZED)
def test_format_of_a_quantized_copy_is_not_that_of_its_largest_table(
    settings: dict[str, Any], expected: list[str] | None
) -> None:
    packed = weights(embed_tokens__weight=("F16", [64, 8]), layer__qweight=("I32", [4, 8]))
    found = evidence({"config.json": {"model_type": "qwen3"} | settings, "model.safetensors": packed}).facts
    assert (found["capabilities.quantization"].value if "capabilities.quantization" in found else None) == expected
    assert "specs.parameters" not in found


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["pytorch_model.bin"], True),
        (["pytorch_model.bin", "checkpoint-500/model.safetensors"], True),
        (["pytorch_model.bin", "model.safetensors"], False),
        (["training_args.bin", "optimizer.pt", "rng_state_0.pth", "scheduler.pt"], False),
        (["model.onnx", "training_args.bin"], False),
        (["checkpoint-1/pytorch_model.bin"], False),
        (["openvino/openvino_model.xml", "openvino/openvino_model.bin"], False),
        (["openvino/openvino_model.xml", "openvino/openvino_model.bin", "pytorch_model.bin"], True),
        (["model.bin", "vocabulary.json"], False),
        (["model.bin"], True),
        (["ggml-model-q4_0.bin"], False),
        (["pytorch_model.bin", "model-f16.gguf"], False),
        ([], False),
    ],
)
def test_only_pickles_are_the_weights(names: list[str], expected: bool) -> None:
    files: dict[str, Any] = {"config.json": {}} | dict.fromkeys(names, b"")
    assert evidence(files).pickle_only is expected
    # Other weights may be missing from a folder.
    assert not extract_facts(files.keys(), {}, complete=False).pickle_only


def test_formats_of_exports_are_told_by_their_names() -> None:
    names = [
        "model.onnx",
        "model_fp16.onnx",
        "model_int8.onnx",
        "model_uint8.onnx",
        "model_q4f16.onnx",
        "model_q4.onnx",
    ]
    names += ["model_quantized.onnx", "model_qint8_avx512.onnx", "model_bnb4.onnx", "model_O4.onnx"]
    files = {f"onnx/{name}": None for name in names} | {"model.safetensors": weights(a=("F32", [8]))}
    assert facts(files)[FORMATS].value == ["fp32", "fp16", "int8", "uint8", "q4"]
    assert facts({"onnx/model_fp16.onnx": None})[FORMATS] == FileFact(
        ["fp16"], "onnx/model_fp16.onnx", "", "at least these"
    )
    assert FORMATS not in facts({"onnx/model.onnx": None, "fp16/model.onnx": None, "int8.txt": None})
    assert FORMATS not in facts({"model.safetensors": weights(a=("I64", [8]))})


def test_files_are_named_where_they_are() -> None:
    names = [
        "tokenizer.json",
        "config.json",
        "model.safetensors",
        "pytorch_model.bin",
        "onnx/model.onnx",
        "model_O4.onnx",
    ]
    found = evidence(dict.fromkeys(names))
    assert {path: place(found, path)[:2] for path in found.facts} == {
        "files.tokenizer": ("tokenizer.json", "tokenizer.json"),
        "files.config": ("config.json", "config.json"),
        "files.weights.safetensors": ("model.safetensors", "model.safetensors"),
        "files.weights.pytorch": ("pytorch_model.bin", "pytorch_model.bin"),
        "files.weights.onnx": ("onnx/model.onnx", "onnx/model.onnx"),
    }


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["vespa_colbert.onnx"], "vespa_colbert.onnx"),
        (["model.onnx", "model_int8.onnx"], "model.onnx"),
        (["model.onnx", "onnx/model.onnx"], "onnx/model.onnx"),
        (["a.onnx", "b.onnx"], None),
        ([], None),
    ],
)
def test_export_is_the_usual_one_or_the_only_one(names: list[str], expected: str | None) -> None:
    found = facts(dict.fromkeys(names)).get("files.weights.onnx")
    assert (found and found.value) == expected


AGREE = [
    ("22.7M", 22_713_216),
    ("22M", 22_713_216),
    ("23M", 22_713_216),
    ("22.71M", 22_713_216),
    ("109M", 109_482_240),
    ("109M", 109_580_544),
    ("2.92B", 2_920_000_000),
    ("33.4M", 33_360_512),
    ("0.6B", 595_776_512),
    ("1B", 1_500_000_000),
    ("1K", 512),
    ("8x7B", 46_700_000_000),
]
DISAGREE = [
    ("22.7M", 22_649_999),
    ("22.7M", 22_800_000),
    ("22M", 23_000_000),
    ("66M", 109_482_240),
    ("335M", 567_754_752),
    ("22.7K", 22_713_216),
    ("1B", 2_000_000_000),
    ("8x7B", 6_000_000_000),
    ("8x7B", 70_000_000_000),
]


@pytest.mark.parametrize(("stated", "count"), AGREE)
def test_count_agrees_at_the_precision_that_is_stated(stated: str, count: int) -> None:
    assert parameters_agree(stated, count)


@pytest.mark.parametrize(("stated", "count"), DISAGREE)
def test_count_of_another_model_does_not_agree(stated: str, count: int) -> None:
    assert not parameters_agree(stated, count)


TEXTS = {
    22_713_216: "22.7M",
    109_482_240: "109M",
    567_754_752: "568M",
    2_920_000_000: "2.92B",
    4_416_698: "4.42M",
    999_999: "1M",
    999_499: "999K",
    1_000: "1K",
    512: "0.512K",
    1: "0.001K",
    10**15: "1000T",
}


@pytest.mark.parametrize(("count", "text"), TEXTS.items())
def test_count_is_written_in_three_digits(count: int, text: str) -> None:
    assert parameters_text(count) == text


@given(st.integers(1, 10**15) | st.integers(1, 10**4))
def test_text_of_a_count_is_one_that_the_registry_takes_and_agrees_with_it(count: int) -> None:
    text = parameters_text(count)
    assert FIELDS[BY_ATTRIBUTE["parameters"]].type.read(text, FindingCollector()) is not INVALID
    assert parameters_agree(text, count)


def pointer(size: int) -> bytes:
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n" % (b"a" * 64, size)


BASE = {"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 768, "vocab_size": 30522}
BASE |= {"max_position_embeddings": 512, "num_hidden_layers": 12, "intermediate_size": 3072, "type_vocab_size": 2}
EXACT = "specs.parameter_count"
BY_ARITHMETIC = "the file was not read: its size and config.json show the number"


@pytest.mark.parametrize(
    ("config", "size", "expected", "exact"),
    [
        # The size of BAAI/bge-base-en-v1.5, and of the same weights in half precision.
        (BASE | {"torch_dtype": "float32"}, 437_951_328, 109_482_240, [109_482_240, 109_482_752]),
        (BASE, 218_986_000, 109_482_240, [109_482_240, 109_482_752]),
        # No formula: the type of the numbers gives the least and the most.
        (BASE | {"model_type": "unheard-of", "dtype": "float32"}, 400_000_000, [99_984_400, 100_000_000], None),
        (BASE | {"model_type": "unheard-of"}, 400_000_000, None, None),
        (BASE | {"quantization_config": {"bits": 4}, "torch_dtype": "float16"}, 100_000_000, None, None),
        (BASE | {"torch_dtype": "float32"}, 100, None, None),
    ],
)
def test_size_in_a_pointer_counts_weights_that_were_not_read(config: Any, size: int, expected: Any, exact: Any) -> None:
    found = facts({"config.json": config, "model.safetensors": pointer(size)})
    assert [found[path].value if path in found else None for path in (COUNT, EXACT)] == [expected, exact]
    if exact:
        assert found[COUNT] == FileFact(expected, "model.safetensors", "size", BY_ARITHMETIC)
    elif expected:
        assert found[COUNT].hint


def test_class_and_layers_of_a_pointed_model_count() -> None:
    classifier = BASE | {"architectures": ["BertForSequenceClassification"]}
    found = facts({"config.json": classifier, "model.safetensors": pointer(437_955_004)})
    assert found[COUNT].value == 109_483_009
    # Also of a part of its files: what modules.json would list after the network is the head.
    part = {"config.json": models.content(classifier), "model.safetensors": pointer(437_955_004)}
    assert extract_facts(part.keys(), part, complete=False).facts[COUNT].value == 109_483_009
    layer = {"1_Dense/model.safetensors": pointer(300_000), "1_Dense/config.json": models.PYLATE["1_Dense/config.json"]}
    network = {"config.json": BASE, "model.safetensors": pointer(437_951_328)}
    found = facts({"modules.json": models.PYLATE["modules.json"]} | network | layer)
    assert found[COUNT].value == 109_482_240 + 128 * 384


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [({"total_parameters": 7, "total_size": 99}, 7), ({"total_size": 2000}, 1000), ({}, None)],
)
def test_index_counts_shards_that_are_not_here(metadata: Any, expected: int | None) -> None:
    index = {"metadata": metadata, "weight_map": {"a": "model-1.safetensors"}}
    config = {"model_type": "unheard-of", "torch_dtype": "bfloat16"}
    files = {"config.json": config, "model.safetensors.index.json": index, "modules.json": [models.TRANSFORMER]}
    found = extract_facts(files.keys(), {name: models.content(value) for name, value in files.items()}, complete=False)
    assert [found.facts[path].value if path in found.facts else None for path in (COUNT, EXACT)] == [expected] * 2
    assert found.problems == []


def test_exact_count_of_weights_with_buffers_may_contain_them() -> None:
    held = weights(embeddings__position_ids=("I64", [1, 512]), a=("F32", [10]))
    assert facts({"model.safetensors": held})[EXACT].value == [10, 522]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"torch_dtype": "bfloat16"}, FileFact(["bf16"], "config.json", "torch_dtype", "at least these", hint=True)),
        ({"dtype": "float32"}, FileFact(["fp32"], "config.json", "dtype", "at least these", hint=True)),
        # model2vec takes the type from the vectors that it saves.
        ({"embedding_dtype": "float16"}, FileFact(["fp16"], "config.json", "embedding_dtype", "at least these")),
        ({"torch_dtype": "auto"}, None),
        ({"torch_dtype": ["float32"]}, None),
        ({"torch_dtype": "float32", "quantization_config": {"quant_method": "own"}}, None),
    ],
)
def test_type_of_weights_that_were_not_read_is_a_hint(config: dict[str, Any], expected: FileFact | None) -> None:
    assert facts({"config.json": config}).get(FORMATS) == expected


def test_weights_that_were_read_need_no_hint() -> None:
    files = {"config.json": {"torch_dtype": "float32"}, "model.safetensors": weights(a=("F16", [8, 8]))}
    assert facts(files)[FORMATS] == FileFact(["fp16"], "model.safetensors", "dtype", "at least these")
