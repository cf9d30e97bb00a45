"""Files that are not what their names say: Git LFS pointers, web pages, empty files, weights that are cut off."""

from zipfile import is_zipfile

from hypiler.model_files.facts import ModelFileError
from hypiler.model_files.json_files import disguise
from hypiler.model_files.protobuf import ProtobufError, varint
from hypiler.model_files.safetensors_header import header_length, read_header
from hypiler.model_files.vector_files import decides_vectors, is_weights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

FIRST_BYTES = 512
"""How many bytes at the beginning of a file show a disguise."""
_AGAIN = "download it again"
_ZIP = b"PK\x03\x04"
# An ONNX file has about ten fields on the outermost level.
_MOST_FIELDS = 1000


def disguise_of(name: str, first: bytes) -> str | None:
    """What stands in a file's place, by its first bytes; None if nothing does.

    Only files that decide vectors are judged. A library may read a pointer of Git LFS as a short vocabulary.
    """
    if not decides_vectors(name) or name.endswith(".py"):
        return None
    if not first:
        return f"the file is empty: {_AGAIN}" if is_weights(name) or name.endswith(".json") else None
    return disguise(first)


def damage_of(path: "Path") -> str | None:
    """What is wrong with a file of weights, as far as its first bytes and its size show it; None if nothing is.

    Libraries check this themselves, and better. This explains why one of them failed.
    """
    if not path.is_file():
        return None
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(FIRST_BYTES)
        if found := disguise_of(path.name, first):
            return found
        if path.name.endswith(".safetensors"):
            return _damage_of_safetensors(file, size)
        cut_off = _is_cut_off(file, size) if path.name.endswith(".onnx") else first.startswith(_ZIP)
    # The list of files in a zip archive is at its end. PyTorch's pickles are zip archives.
    if cut_off and first.startswith(_ZIP):
        cut_off = not is_zipfile(path)
    return f"the file is cut off after {size} bytes: {_AGAIN}" if cut_off else None


def _damage_of_safetensors(file: "BinaryIO", size: int) -> str | None:
    file.seek(0)
    first = file.read(8)
    try:
        read_header(first + file.read(header_length(first, size)), size)
    except ModelFileError as error:
        return str(error)
    return None


def _is_cut_off(file: "BinaryIO", size: int) -> bool:
    """Whether a protobuf message ends inside one of its fields. Only the fields of the outermost message are read."""
    place = 0
    for _ in range(_MOST_FIELDS):
        if place >= size:
            return place > size
        file.seek(place)
        head = file.read(20)
        try:
            key, after = varint(head, 0)
            value, after = varint(head, after)
        except ProtobufError:
            return False  # no protobuf message at all
        if key & 7 not in (0, 2):
            return False  # a kind of field that no ONNX file has on this level
        place += after + (value if key & 7 == 2 else 0)
    return False
