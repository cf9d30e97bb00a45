"""Reads the header of a safetensors file: which tensors the file contains, without their numbers.

A header is checked before any memory of the size that it claims is allocated. Its tensors must fill the file without
overlap or holes, so that no second file can hide in it.
"""

from hypiler.jsontext.reader import read_source
from hypiler.model_files.facts import ModelFileError
from hypiler.model_files.json_files import disguise, format_finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.jsontext.json_types import JSONValue

MAX_HEADER_BYTES = 25_000_000
"""A longer header is refused. The header of a model with 100,000 tensors has a tenth of this."""

# The bits per element, by the format's name of the type.
_BITS = {
    "BOOL": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}
_MAX_ELEMENTS = 1 << 62
_INVALID = "not a valid safetensors header"


class Tensor:
    """One tensor: its type, its shape and its number of elements."""

    __slots__ = ("dtype", "elements", "shape")

    def __init__(self, dtype: str, shape: list[int], elements: int) -> None:
        self.dtype: str = dtype
        self.shape: list[int] = shape
        self.elements: int = elements


def header_length(first: bytes, size: int | None = None) -> int:
    """The length in bytes of the header, which a file's first eight bytes announce.

    `size` is the size of the file, if known. Raises ModelFileError.
    """
    if len(first) < 8:
        raise ModelFileError(f"{_INVALID}: its length takes 8 bytes; found {len(first)}")
    length = int.from_bytes(first[:8], "little")
    if length > MAX_HEADER_BYTES:
        raise ModelFileError(
            _disguise(first) or f"{_INVALID}: at most {MAX_HEADER_BYTES} bytes are read; found {length}"
        )
    if length < 2:
        raise ModelFileError(f"{_INVALID}: it must have at least 2 bytes; found {length}")
    if size is not None and 8 + length > size:
        raise ModelFileError(_disguise(first) or f"{_INVALID}: it would have {length} bytes, but the file has {size}")
    return length


def _disguise(first: bytes) -> str | None:
    """What the file is instead. Only for invalid files: a valid length may begin with the same bytes as a pickle."""
    if first.startswith(b"PK\x03\x04"):
        return f"{_INVALID}: the file is a zip archive, in which PyTorch puts pickles, whatever its name says"
    if other := disguise(first):
        return other
    if first[:1] == b"\x80" and first[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return f"{_INVALID}: the file is a pickle, whatever its name says"
    return None


def read_header(data: bytes, size: int | None = None) -> dict[str, Tensor]:
    """The tensors by name. `data` are the first bytes of a file, at least up to the end of the header.

    Raises ModelFileError.
    """
    length = header_length(data[:8], size)
    header = data[8 : 8 + length]
    if not header.startswith(b"{"):
        raise ModelFileError(_disguise(data) or f"{_INVALID}: it must begin with `{{`")
    if len(header) < length:
        raise ModelFileError(f"{_INVALID}: it is cut off after {len(header)} of {length} bytes")
    source, findings = read_source(header, "")
    if findings or source is None:
        raise ModelFileError(f"{_INVALID}: {format_finding(findings[0])}")
    entries: dict[str, Any] = dict(source.value) if isinstance(source.value, dict) else {}
    # The library accepts null, too.
    metadata: JSONValue = entries.pop("__metadata__", None) or {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ModelFileError(f"{_INVALID}: `__metadata__` may contain only strings")
    tensors: dict[str, Tensor] = {}
    spans: list[tuple[int, int]] = []
    for name, entry in entries.items():
        tensors[name], span = _tensor(entry)
        spans.append(span)
    _check_spans(spans, None if size is None else size - 8 - length)
    return tensors


def _tensor(entry: "JSONValue") -> tuple[Tensor, tuple[int, int]]:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ModelFileError(f"{_INVALID}: a tensor must have `dtype`, `shape` and `data_offsets`, and nothing else")
    bits = _BITS.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if bits is None:
        raise ModelFileError(f"{_INVALID}: a tensor has an unknown type")
    shape, offsets = _counts(entry["shape"]), _counts(entry["data_offsets"])
    if shape is None or offsets is None or len(offsets) != 2:
        raise ModelFileError(f"{_INVALID}: shapes and offsets must be lists of integers, none of them negative")
    elements = 1
    for width in shape:
        elements *= width
        if elements > _MAX_ELEMENTS:
            raise ModelFileError(f"{_INVALID}: a tensor has more elements than any file can hold")
    start, end = offsets
    if elements * bits != (end - start) * 8:
        raise ModelFileError(f"{_INVALID}: the offsets of a tensor do not fit its shape")
    return Tensor(entry["dtype"], shape, elements), (start, end)


def _counts(values: "JSONValue") -> list[int] | None:
    # There may be hundreds of thousands of these lists, so there is no loop in Python.
    if isinstance(values, list) and {int}.issuperset(map(type, values)) and min(values, default=0) >= 0:
        return values
    return None


def _check_spans(spans: list[tuple[int, int]], room: int | None) -> None:
    end = 0
    for start, after in sorted(spans):
        if start != end:
            raise ModelFileError(f"{_INVALID}: tensors must follow each other without overlap or holes")
        end = after
    if room is not None and end > room:
        raise ModelFileError(f"the file is cut off: {end - room} bytes of its tensors are missing: download it again")
    if room is not None and end != room:
        raise ModelFileError(f"{_INVALID}: its tensors take {end} bytes of the {room} that follow it")
