"""The precision of weights, from what their files say of their tensors. The numbers themselves are not read.

A safetensors file has a header with the type of each tensor. An ONNX file is a message of protocol buffers, which is
walked on the disk: large data is skipped by its length and not read.
"""

import os
from collections import Counter
from math import prod
from pathlib import Path

from hypiler.model_files.facts import ModelFileError
from hypiler.model_files.protobuf import ProtobufError, varint
from hypiler.model_files.safetensors_header import Tensor, header_length, read_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

_SAFETENSORS = {"F32": "fp32", "F16": "fp16", "BF16": "bf16"}
# Types of whole matrices that are quantized. Four bits may be packed into U8, so that type alone says nothing.
_QUANTIZED = {"I8": "int8", "U8": None, "I32": None, "U32": None}
# Numbers of onnx.TensorProto.DataType.
_ONNX_FLOATS = {1: "fp32", 10: "fp16", 16: "bf16"}
_ONNX_INTEGERS = {3: "int8", 2: "uint8", 21: "int4", 22: "int4"}
# Operators that compute with quantized weights, or that restore them.
_QUANTIZING = frozenset(
    b"DequantizeLinear QuantizeLinear DynamicQuantizeLinear MatMulInteger ConvInteger QLinearMatMul QLinearConv QGemm"
    b" MatMulIntegerToFloat DynamicQuantizeMatMul DynamicQuantizeLSTM QAttention QEmbedLayerNormalization".split()
)
_BLOCKWISE = frozenset(b"MatMulNBits MatMulBnb4 GatherBlockQuantized".split())
_MAX_FIELDS = 500_000
_SMALL = 1 << 16
# The tag and the length of a field have at most this many bytes.
_HEAD = 20
_MAX_DEPTH = 8


def tensors_precision(tensors: "Iterable[Tensor]") -> str | None:
    """The precision of tensors, as a word of `capabilities.quantization`; None if they do not show it.

    A quantized matrix decides. Otherwise this is the type of most floats: a few tensors, such as norms, may have
    another one.
    """
    sizes: Counter[str] = Counter()
    for tensor in tensors:
        quantized = tensor.dtype in _QUANTIZED or tensor.dtype.startswith(("F8", "F6", "F4"))
        if quantized and len(tensor.shape) >= 2:
            return "fp8" if tensor.dtype.startswith("F8") else _QUANTIZED.get(tensor.dtype)
        if tensor.dtype.startswith(("F", "BF")):
            sizes[tensor.dtype] += tensor.elements
    return _SAFETENSORS.get(max(sizes, key=sizes.__getitem__)) if sizes else None


def files_precision(paths: "Sequence[Path]") -> str | None:
    """The precision of the weights in some files, which are one model; None if the files do not show it.

    This is the precision of the ONNX file if there is one, and otherwise of the tensors of all safetensors files.
    """
    graphs = [path for path in paths if path.suffix == ".onnx"]
    try:
        if graphs:
            return _onnx_precision(graphs[0])
        if not paths or any(path.suffix != ".safetensors" for path in paths):
            return None
        return tensors_precision([tensor for path in paths for tensor in _header(path).values()])
    except (OSError, ModelFileError, ProtobufError):
        return None


def _header(path: Path) -> "Mapping[str, Tensor]":
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        first = file.read(8)
        return read_header(first + file.read(header_length(first, size)), size)


def _onnx_precision(path: Path) -> str | None:
    with path.open("rb") as file:
        graph = _Graph(file, os.fstat(file.fileno()).st_size)
    if graph.blocks:
        return {4: "q4", 8: "int8"}.get(next(iter(graph.blocks))) if len(graph.blocks) == 1 else None
    integers = {kind: size for kind, size in graph.sizes.items() if kind in _ONNX_INTEGERS}
    if graph.quantized or integers:
        # Quantized weights without a matrix of integers are of a kind that is not known here.
        return _ONNX_INTEGERS[max(integers, key=integers.__getitem__)] if integers else None
    floats = {kind: size for kind, size in graph.sizes.items() if kind in _ONNX_FLOATS}
    return _ONNX_FLOATS[max(floats, key=floats.__getitem__)] if floats else None


class _Graph:
    """What a file in ONNX says of its weights.

    The numbers of fields are those of onnx.proto. Raises ModelFileError for a file that is no such message.

    Attributes:
        sizes: The number of elements of constant tensors, by the number of their type.
        quantized: Whether an operator works on quantized weights.
        blocks: The bits per weight of operators on blocks of weights.
    """

    def __init__(self, file: "BinaryIO", size: int) -> None:
        self.file = file
        self.left = _MAX_FIELDS
        self.sizes: Counter[int] = Counter()
        self.quantized = False
        self.blocks: set[int] = set()
        for number, start, end, _ in self._fields(0, size):
            if number == 7:  # ModelProto.graph
                self._graph(start, end, 0)
            elif number == 25:  # ModelProto.functions
                for inner, first, last, _ in self._fields(start, end):
                    if inner == 7:  # FunctionProto.node
                        self._node(first, last, 0)

    def _fields(self, start: int, end: int) -> "Iterator[tuple[int, int, int, int]]":
        """The fields of a message: number, start and end of the value, and the value if it is an integer."""
        base = start
        # Of a small message, all bytes are read at once.
        whole = self._read(start, end) if end - start <= _SMALL else b""
        while start < end:
            self.left -= 1
            if self.left < 0:
                raise ModelFileError("not a valid ONNX file: it has too many fields")
            head = whole[start - base : start - base + _HEAD] if whole else self._read(start, start + _HEAD)
            field = _head(head, start, end)
            yield field
            start = field[2]

    def _graph(self, start: int, end: int, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise ModelFileError("not a valid ONNX file: its graphs are nested too deeply")
        for number, first, last, _ in self._fields(start, end):
            if number == 1:  # GraphProto.node
                self._node(first, last, depth)
            elif number == 5:  # GraphProto.initializer
                self._tensor(first, last)

    def _node(self, start: int, end: int, depth: int) -> None:
        operator = b""
        attributes: list[tuple[int, int]] = []
        for number, first, last, _ in self._fields(start, end):
            if number == 4 and last - first < _SMALL:  # NodeProto.op_type
                operator = self._read(first, last)
            elif number == 5:  # NodeProto.attribute
                attributes.append((first, last))
        self.quantized = self.quantized or operator in _QUANTIZING
        bits = 4
        for first, last in attributes:
            bits = self._attribute(first, last, depth) or bits
        if operator in _BLOCKWISE:
            self.blocks.add(bits)

    def _attribute(self, start: int, end: int, depth: int) -> int:
        """Visit the tensor or the graph of an attribute. Returns the value of the attribute `bits`, else 0."""
        name, value = b"", 0
        for number, first, last, integer in self._fields(start, end):
            if number == 1 and last - first < _SMALL:  # AttributeProto.name
                name = self._read(first, last)
            elif number == 3:  # AttributeProto.i
                value = integer
            elif number == 5:  # AttributeProto.t
                self._tensor(first, last)
            elif number == 6:  # AttributeProto.g
                self._graph(first, last, depth + 1)
        return value if name == b"bits" else 0

    def _tensor(self, start: int, end: int) -> None:
        shape: list[int] = []
        kind = 0
        for number, first, last, integer in self._fields(start, end):
            if number == 1:  # TensorProto.dims, each alone or all packed
                shape += [integer] if integer >= 0 else _varints(self._read(first, last))
            elif number == 2:  # TensorProto.data_type
                kind = integer
        # A vector of integers may be anything, such as the shape that a node takes.
        if kind in _ONNX_FLOATS or (kind in _ONNX_INTEGERS and len(shape) > 1):
            self.sizes[kind] += min(prod(shape[:_MAX_DEPTH]), 1 << 60)

    def _read(self, start: int, end: int) -> bytes:
        self.file.seek(start)
        return self.file.read(min(end - start, _SMALL))


def _head(head: bytes, start: int, end: int) -> tuple[int, int, int, int]:
    """The field that begins at `start` with these bytes, as `_fields` yields it. -1 if its value is no integer."""
    tag, used = varint(head, 0)
    number, wire = tag >> 3, tag & 7
    integer, length = -1, {1: 8, 5: 4}.get(wire, 0)
    if wire == 0:
        integer, used = varint(head, used)
    elif wire == 2:
        length, used = varint(head, used)
    elif wire not in (1, 5):
        raise ModelFileError("not a valid ONNX file")
    first = start + used
    if first + length > end:
        raise ModelFileError("not a valid ONNX file: it is cut off")
    return number, first, first + length, integer


def _varints(data: bytes) -> "Iterator[int]":
    place = 0
    while place < len(data):
        value, place = varint(data, place)
        yield value
