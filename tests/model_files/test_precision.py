"""The precision of weights, read from headers and graphs: what decides, and what damaged files say."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hypiler.model_files import precision
from hypiler.model_files.precision import files_precision, tensors_precision
from hypiler.model_files.safetensors_header import Tensor


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        ([("F32", [100, 100]), ("I64", [512])], "fp32"),
        ([("F16", [100, 100]), ("F32", [100])], "fp16"),
        ([("BF16", [100, 100]), ("F32", [100])], "bf16"),
        ([("F32", [100, 100]), ("F16", [10, 10])], "fp32"),
        ([("I8", [10, 10]), ("F32", [1000, 100])], "int8"),
        ([("F8_E4M3", [10, 10]), ("BF16", [1000, 100])], "fp8"),
        ([("U8", [10, 10]), ("F16", [1000, 100])], None),
        ([("I32", [10, 10]), ("F16", [1000, 100])], None),
        ([("F4", [10, 10]), ("F16", [1000, 100])], None),
        ([("I8", [10]), ("F32", [10, 10])], "fp32"),
        ([("F64", [10, 10])], None),
        ([("I64", [10])], None),
        ([], None),
    ],
)
def test_most_floats_decide_unless_a_matrix_is_quantized(tensors: Any, expected: str | None) -> None:
    assert tensors_precision([Tensor(dtype, shape, int(np.prod(shape))) for dtype, shape in tensors]) == expected


def safetensors(path: Path, dtype: str, width: int) -> Path:
    header = json.dumps({"a": {"dtype": dtype, "shape": [4, 4], "data_offsets": [0, 16 * width]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(16 * width))
    return path


def test_several_files_are_one_model(tmp_path: Path) -> None:
    half = safetensors(tmp_path / "a.safetensors", "F16", 2)
    whole = safetensors(tmp_path / "b.safetensors", "I8", 1)
    assert files_precision([half]) == "fp16"
    assert files_precision([half, whole]) == "int8"
    assert files_precision([half, tmp_path / "pytorch_model.bin"]) is None
    assert files_precision([]) is None
    assert files_precision([tmp_path / "missing.safetensors"]) is None


def graph(path: Path, *tensors: Any, nodes: Any = (), functions: Any = ()) -> Path:
    whole = helper.make_graph([*nodes], "g", [], [], [*tensors])
    onnx.save(helper.make_model(whole, functions=[*functions]), path)
    return path


def array(dtype: Any, *shape: int, name: str = "t") -> Any:
    return numpy_helper.from_array(np.zeros(shape, dtype), name)


def small(kind: int, *shape: int) -> Any:
    """A tensor of a type that numpy does not have."""
    return TensorProto(name="s", data_type=kind, dims=shape, raw_data=bytes(int(np.prod(shape)) // 2))


NODE = helper.make_node


@pytest.mark.parametrize(
    ("tensors", "nodes", "expected"),
    [
        ([array("f4", 100, 100), array("i8", 9)], [], "fp32"),
        ([array("f2", 100, 100), array("f4", 9)], [], "fp16"),
        ([TensorProto(name="b", data_type=TensorProto.BFLOAT16, dims=[9, 9], raw_data=bytes(162))], [], "bf16"),
        # Weights alone in 8 bits, restored by a cast and a product.
        ([array("i1", 10, 10), array("f4", 1000, 10)], [NODE("Cast", ["t"], ["u"], to=1)], "int8"),
        ([array("u1", 10, 10), array("f4", 1000, 10)], [NODE("DynamicQuantizeLinear", ["t"], ["u"])], "uint8"),
        ([array("i1", 10, 10), array("f4", 1000, 10)], [NODE("MatMulInteger", ["t"], ["u"])], "int8"),
        ([small(TensorProto.INT4, 10, 10), array("f2", 100, 10)], [NODE("DequantizeLinear", ["s"], ["u"])], "int4"),
        ([array("u1", 10, 10)], [NODE("MatMulNBits", ["t"], ["u"], domain="com.microsoft", bits=4)], "q4"),
        ([array("u1", 10, 10)], [NODE("MatMulNBits", ["t"], ["u"], domain="com.microsoft", bits=8)], "int8"),
        ([array("u1", 10, 10)], [NODE("MatMulNBits", ["t"], ["u"], bits=2)], None),
        ([array("f4", 10, 10)], [NODE("DynamicQuantizeLinear", ["t"], ["u"])], None),
        ([array("f4", 10, 10)], [NODE("Constant", [], ["u"], value=array("f2", 100, 10))], "fp16"),
        ([array("f8", 10, 10)], [], None),
        ([], [], None),
    ],
)
def test_operators_and_matrices_of_a_graph_decide(
    tmp_path: Path, tensors: Any, nodes: Any, expected: str | None
) -> None:
    assert files_precision([graph(tmp_path / "m.onnx", *tensors, nodes=nodes)]) == expected


def test_graphs_inside_of_nodes_and_functions_count(tmp_path: Path) -> None:
    inner = helper.make_graph([NODE("QuantizeLinear", ["t"], ["u"])], "inner", [], [], [array("i1", 10, 10)])
    nodes = [NODE("If", ["c"], ["u"], then_branch=inner, else_branch=inner)]
    assert files_precision([graph(tmp_path / "if.onnx", array("f4", 99, 99), nodes=nodes)]) == "int8"
    function = helper.make_function(
        "d", "f", ["t"], ["u"], [NODE("DynamicQuantizeLinear", ["t"], ["u"])], [helper.make_opsetid("", 17)]
    )
    found = graph(tmp_path / "function.onnx", array("f4", 9, 9), array("u1", 9, 9, name="q"), functions=[function])
    assert files_precision([found]) == "uint8"


def test_weights_beside_the_graph_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    whole = helper.make_graph([], "g", [], [], [array("f2", 100, 100)])
    onnx.save(helper.make_model(whole), path, save_as_external_data=True, location="model.onnx_data", size_threshold=0)
    (tmp_path / "model.onnx_data").unlink()
    assert files_precision([path]) == "fp16"


def test_large_data_is_skipped_by_its_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = graph(
        tmp_path / "m.onnx", array("f4", 1000, 1000), nodes=[NODE("MatMul", ["t"], [str(n)]) for n in range(50)]
    )
    read = 0
    real = precision._Graph._read

    def counted(self: Any, start: int, end: int) -> bytes:
        nonlocal read
        found = real(self, start, end)
        read += len(found)
        return found

    monkeypatch.setattr(precision._Graph, "_read", counted)
    assert files_precision([path]) == "fp32"
    assert read < 10_000 < path.stat().st_size


def varint(number: int) -> bytes:
    data = b""
    while number > 127:
        data += bytes([number & 127 | 128])
        number >>= 7
    return data + bytes([number])


def nested(depth: int) -> bytes:
    """Graphs inside of nodes inside of graphs."""
    data = b""
    for _ in range(depth):
        attribute = varint(6 << 3 | 2) + varint(len(data)) + data
        node = varint(5 << 3 | 2) + varint(len(attribute)) + attribute
        data = varint(1 << 3 | 2) + varint(len(node)) + node
    return varint(7 << 3 | 2) + varint(len(data)) + data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"version https://git-lfs.github.com/spec/v1\n",
        b"\xff" * 100,
        varint(7 << 3 | 2) + varint(1 << 60),
        varint(7 << 3 | 2) + varint(1000) + b"short",
        varint(7 << 3 | 3),
        b"\x3a",
        nested(500),
    ],
    ids=["empty", "pointer", "ones", "huge", "cut", "wire", "tag", "nested"],
)
def test_what_is_no_graph_shows_nothing(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    assert files_precision([path]) is None


def test_work_on_a_hostile_file_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_MAX_FIELDS", 1000)
    path = tmp_path / "model.onnx"
    path.write_bytes(varint(1 << 3) + b"\0" + (varint(1 << 3) + b"\0") * 5000)
    assert files_precision([path]) is None


@pytest.mark.parametrize(
    "shorten", [lambda data: data[:-1], lambda data: data[: len(data) // 2], lambda data: data[:9]]
)
def test_cut_file_shows_nothing(tmp_path: Path, shorten: Callable[[bytes], bytes]) -> None:
    path = graph(tmp_path / "m.onnx", array("f4", 10, 10))
    path.write_bytes(shorten(path.read_bytes()))
    assert files_precision([path]) is None
