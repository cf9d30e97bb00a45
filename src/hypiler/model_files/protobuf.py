"""Walks over the fields of a protobuf message, such as an ONNX file, without a schema and without copying."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class ProtobufError(Exception):
    """The bytes are not a protobuf message: a field is cut off, or of an unknown kind."""


def fields(message: memoryview) -> "Iterator[tuple[int, memoryview | int]]":
    """The fields of a message in order, each with its number, and its bytes or its integer.

    A string, bytes, a packed list and a message inside the message are all given as their bytes. Raises ProtobufError.
    """
    place, end = 0, len(message)
    while place < end:
        key, place = varint(message, place)
        kind = key & 7
        if kind == 0:
            value, place = varint(message, place)
            yield key >> 3, value
            continue
        if kind == 2:
            size, place = varint(message, place)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ProtobufError(f"field {key >> 3} is of the unknown kind {kind}")
        if place + size > end:
            raise ProtobufError(f"field {key >> 3} is cut off")
        yield key >> 3, message[place : place + size]
        place += size


def varint(message: memoryview | bytes, place: int) -> tuple[int, int]:
    """The integer at a place, and the place after it. Raises ProtobufError if it is cut off or too long."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise ProtobufError("an integer is cut off")
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ProtobufError("an integer is too long")
