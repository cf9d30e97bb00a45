"""The walk over the fields of a protobuf message."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypiler.model_files.protobuf import ProtobufError, fields, varint


def encoded(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


@given(st.lists(st.tuples(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1) | st.binary(max_size=300))))
def test_fields_come_in_order_with_their_bytes(parts: list[tuple[int, int | bytes]]) -> None:
    message = b""
    for number, value in parts:
        if isinstance(value, int):
            message += encoded(number << 3) + encoded(value)
        else:
            message += encoded(number << 3 | 2) + encoded(len(value)) + value
    found = [
        (number, value if isinstance(value, int) else bytes(value)) for number, value in fields(memoryview(message))
    ]
    assert found == parts


def test_numbers_of_four_and_eight_bytes_are_given_as_bytes() -> None:
    message = bytes([1 << 3 | 5]) + b"four" + bytes([2 << 3 | 1]) + b"eight..."
    assert [(number, bytes(value)) for number, value in fields(memoryview(message)) if not isinstance(value, int)] == [
        (1, b"four"),
        (2, b"eight..."),
    ]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (bytes([1 << 3 | 2, 5]) + b"four", "field 1 is cut off"),
        (bytes([1 << 3 | 5]) + b"fo", "field 1 is cut off"),
        (bytes([1 << 3 | 3]), "field 1 is of the unknown kind 3"),
        (bytes([1 << 3, 128]), "an integer is cut off"),
        (bytes([1 << 3]) + b"\xff" * 11, "an integer is too long"),
    ],
)
def test_what_is_no_message_is_an_error(message: bytes, reason: str) -> None:
    with pytest.raises(ProtobufError) as caught:
        list(fields(memoryview(message)))
    assert str(caught.value) == reason


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(message: bytes) -> None:
    with suppress(ProtobufError):
        assert sum(len(value) for _, value in fields(memoryview(message)) if not isinstance(value, int)) <= len(message)


def test_integer_ends_where_its_last_byte_is() -> None:
    assert varint(encoded(300) + b"rest", 0) == (300, 2)
