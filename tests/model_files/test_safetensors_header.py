"""Headers of safetensors files: judged before anything of the size that they claim is allocated."""

import json
from typing import Any

import pytest
from golden import golden
from hypothesis import example, given
from hypothesis import strategies as st
from model_files.models import BGE_RERANKER, evidence, safetensors, values, weights
from safetensors import SafetensorError, deserialize
from slow import slow

from hypiler.model_files import safetensors_header
from hypiler.model_files.extract import ModelFileError, Problem, header_length
from hypiler.model_files.safetensors_header import read_header

ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
WHAT = "not a valid safetensors header"


def length(number: int) -> bytes:
    return number.to_bytes(8, "little")


LENGTHS = {
    "empty": (b"", 8, golden(f"{WHAT}: its length takes 8 bytes; found 0")),
    "seven bytes": (b"\0" * 7, 7, golden(f"{WHAT}: its length takes 8 bytes; found 7")),
    "zero": (length(0), 100, golden(f"{WHAT}: it must have at least 2 bytes; found 0")),
    "2^63": (length(2**63), 100, golden(f"{WHAT}: at most 25000000 bytes are read; found 9223372036854775808")),
    "over the format's own cap": (
        length(100_000_001),
        2**40,
        golden(f"{WHAT}: at most 25000000 bytes are read; found 100000001"),
    ),
    "longer than the file": (length(1000), 100, golden(f"{WHAT}: it would have 1000 bytes, but the file has 100")),
    "zip": (
        b"PK\x03\x04\x14\0\0\0",
        1000,
        golden(f"{WHAT}: the file is a zip archive, in which PyTorch puts pickles, whatever its name says"),
    ),
    "pickle": (b"\x80\x02}q\0(X\x05", 1000, golden(f"{WHAT}: the file is a pickle, whatever its name says")),
}


@pytest.mark.parametrize(("first", "size", "message"), LENGTHS.values(), ids=LENGTHS)
def test_length_is_refused_by_its_eight_bytes(first: bytes, size: int, message: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        header_length(first, size)
    assert str(caught.value) == message


def test_length_is_that_of_the_first_eight_bytes() -> None:
    assert header_length(length(25_000_000)) == 25_000_000
    assert header_length(length(2) + b"{}", 10) == 2


def test_length_that_begins_like_a_pickle_is_a_length() -> None:
    header = json.dumps({"a": ONE}).encode().ljust(0x280)
    data = safetensors(header)
    assert data.startswith(b"\x80\x02")
    assert list(read_header(data, len(data) + 8)) == ["a"]


FAULTY: dict[str, tuple[Any, str]] = {
    "list": ([], golden("it must begin with `{`")),
    "space before": (b' {"a": 1}', golden("it must begin with `{`")),
    "NUL padding": (b"{}\0\0", golden("line 1, column 3: expected the end of the file, found `\\x00`")),
    "not UTF-8": (b'{"\xff":1}', golden("line 1, column 3: the file must be UTF-8; found the byte `0xff`")),
    "NaN": (b'{"a":NaN}', golden("line 1, column 6: a number must be finite; found `NaN`")),
    "name twice": (
        b'{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}',
        golden("line 1, column 55: the key `a` must stand only once in an object; found it on line 1 already"),
    ),
    "no tensor": ({"a": 1}, golden("a tensor must have `dtype`, `shape` and `data_offsets`, and nothing else")),
    "one key more": (
        {"a": ONE | {"b": 1}},
        golden("a tensor must have `dtype`, `shape` and `data_offsets`, and nothing else"),
    ),
    "strange type": ({"a": ONE | {"dtype": "F33"}}, golden("a tensor has an unknown type")),
    "type of a list": ({"a": ONE | {"dtype": []}}, golden("a tensor has an unknown type")),
    "negative offset": (
        {"a": ONE | {"data_offsets": [-8, 0]}},
        golden("shapes and offsets must be lists of integers, none of them negative"),
    ),
    "true as a width": (
        {"a": ONE | {"shape": [True]}},
        golden("shapes and offsets must be lists of integers, none of them negative"),
    ),
    "three offsets": (
        {"a": ONE | {"data_offsets": [0, 8, 8]}},
        golden("shapes and offsets must be lists of integers, none of them negative"),
    ),
    "end before start": ({"a": ONE | {"data_offsets": [8, 0]}}, golden("the offsets of a tensor do not fit its shape")),
    "shape overflow": (
        {"a": ONE | {"shape": [10**17] * 1000}},
        golden("a tensor has more elements than any file can hold"),
    ),
    "overflow hidden by a zero": (
        {"a": ONE | {"shape": [10**17, 10**17, 0], "data_offsets": [0, 0]}},
        golden("a tensor has more elements than any file can hold"),
    ),
    "overlap": (
        {"a": ONE, "b": ONE | {"data_offsets": [4, 12]}},
        golden("tensors must follow each other without overlap or holes"),
    ),
    "hole": (
        {"a": ONE, "b": ONE | {"data_offsets": [16, 24]}},
        golden("tensors must follow each other without overlap or holes"),
    ),
    "hole before": (
        {"a": ONE | {"data_offsets": [8, 16]}},
        golden("tensors must follow each other without overlap or holes"),
    ),
    "metadata of numbers": ({"__metadata__": {"a": 1}, "a": ONE}, golden("`__metadata__` may contain only strings")),
    "metadata of a list": ({"__metadata__": ["pt"], "a": ONE}, golden("`__metadata__` may contain only strings")),
}


@pytest.mark.parametrize(("header", "message"), FAULTY.values(), ids=FAULTY)
def test_faulty_header_is_refused(header: Any, message: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        read_header(safetensors(header))
    assert str(caught.value) == golden(f"{WHAT}: {message}")


def test_header_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ModelFileError, match=r"header: it is cut off after 5 of 11 bytes$"):
        read_header(safetensors(b'{"a": "bcd"}')[:-1][:13].replace(length(12), length(11)))


def test_file_must_end_where_its_tensors_do() -> None:
    data = safetensors({"a": ONE})
    assert list(read_header(data, len(data) + 8)) == ["a"]
    with pytest.raises(ModelFileError, match=r"header: its tensors take 8 bytes of the 9 that follow it$"):
        read_header(data, len(data) + 9)


def test_tensors_may_stand_in_any_order_and_the_header_may_be_padded() -> None:
    entries = {"__metadata__": {"format": "pt"}, "b": ONE | {"data_offsets": [8, 16]}, "a": ONE}
    found = read_header(safetensors(json.dumps(entries).encode() + b"   "))
    assert {name: (tensor.dtype, tensor.shape, tensor.elements) for name, tensor in found.items()} == {
        "a": ("F32", [2], 2),
        "b": ("F32", [2], 2),
    }


@pytest.mark.parametrize("dtype", safetensors_header._BITS)
def test_type_has_the_width_that_the_library_of_the_format_gives_it(dtype: str) -> None:
    bits = safetensors_header._BITS[dtype]
    for wrong in (0, 1):
        data = safetensors({"a": {"dtype": dtype, "shape": [8], "data_offsets": [0, bits + wrong]}})
        data += b"\0" * (bits + wrong)
        if wrong:
            with pytest.raises(ModelFileError):
                read_header(data)
            with pytest.raises(SafetensorError):
                deserialize(data)
        else:
            assert deserialize(data)[0][1]["shape"] == read_header(data)["a"].shape == [8]


SPAN = st.lists(st.integers(0, 12), min_size=2, max_size=2)
ENTRY = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "F16", "I8", "F4"]),
        "shape": st.lists(st.integers(0, 3), max_size=2),
        "data_offsets": SPAN,
    }
)


@given(st.dictionaries(st.sampled_from("abc"), ENTRY, max_size=3), st.integers(0, 24))
@example({"a": {"dtype": "I8", "shape": [2], "data_offsets": [0, 2]}}, 2)
def test_header_is_valid_if_the_library_of_the_format_says_so(entries: dict[str, Any], room: int) -> None:
    data = safetensors(entries)
    try:
        deserialize(data + b"\0" * room)
    except SafetensorError:
        with pytest.raises(ModelFileError):
            read_header(data, len(data) + room)
    else:
        assert read_header(data, len(data) + room).keys() == entries.keys()


@slow
def test_a_hundred_thousand_tensors_are_read() -> None:
    entry = '"%06d":{"dtype":"I8","shape":[1],"data_offsets":[%d,%d]}'
    header = "{" + ",".join([entry % (number, number, number + 1) for number in range(100_000)]) + "}"
    assert len(read_header(safetensors(header.encode()))) == 100_000


@pytest.mark.parametrize("disguised", [b"\x80\x04\x95\x0b\0\0\0\0\0\0\0]", b"PK\x03\x04" + b"\0" * 30])
def test_slot_of_weights_with_something_else_says_nothing(disguised: bytes) -> None:
    found = evidence(BGE_RERANKER | {"model.safetensors": disguised}, {"model.safetensors": len(disguised)})
    assert [problem.file for problem in found.problems] == ["model.safetensors"]
    assert found.problems[0].message.startswith(f"{WHAT}: the file is a ")
    assert {"specs.parameters", "capabilities.quantization"}.isdisjoint(found.facts)
    assert values(found)["specs.hidden_dim"] == 768


def test_size_that_is_known_is_compared() -> None:
    files = BGE_RERANKER | {"model.safetensors": weights(a=("F32", [2]))}
    right = len(files["model.safetensors"]) + 8
    assert values(evidence(files, {"model.safetensors": right}))["specs.parameters"] == 2
    assert evidence(files, {"model.safetensors": right + 1}).problems == [
        Problem("model.safetensors", f"{WHAT}: its tensors take 8 bytes of the 9 that follow it")
    ]
    assert evidence(files, {"model.safetensors": right - 3}).problems == [
        Problem("model.safetensors", "the file is cut off: 3 bytes of its tensors are missing: download it again")
    ]


@given(st.binary(max_size=64), st.none() | st.integers(0, 2**64))
def test_any_bytes_are_read_or_refused(data: bytes, size: int | None) -> None:
    for first in (data, length(len(data)) + data):
        try:
            read_header(first, size)
        except ModelFileError as error:
            assert str(error).isprintable()
