# pyright: basic, reportMissingImports=false
"""Gives an ONNX file and its external data to onnxruntime as the bytes that were hashed.

A large graph keeps its tensors in other files, its external data. By their paths, onnxruntime would open all these
files again. It would also refuse them in the hub's cache, where they are links to different folders.
"""

from hypiler.engines.errors import EngineError
from hypiler.model_files.filename_safety import safe_name
from hypiler.model_files.protobuf import ProtobufError, fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hypiler.engines.files.checked_files import CheckedFiles

# The numbers of the fields of onnx.proto by which a tensor is reached: in a model, graph, node, attribute, function,
# training info and sparse tensor.
_MODEL = {7: "graph", 25: "function", 20: "training"}
_PARTS = {
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "training": {1: "graph", 2: "graph"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 10: "tensor", 6: "graph", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
# Of a tensor: its entries of external data, each with a key and a value.
_EXTERNAL, _KEY, _VALUE = 13, 1, 2
_LOCATION = b"location"
_DEEPEST = 32


def open_session(files: "CheckedFiles", name: str, options: "Any", providers: list[str]) -> "Any":
    """A session of onnxruntime for the graph in a file of the model.

    Raises EngineError for external data that is missing or outside the model's folder, ChecksumError for bytes whose
    sha256 is not the recorded one, and what onnxruntime raises.
    """
    import onnxruntime

    graph = files.read(name)
    locations = external_data(graph)
    held = [files.read(_inside(files, name, location)) for location in locations]
    if locations:
        options.add_external_initializers_from_files_in_memory(locations, held, [len(data) for data in held])
    session = onnxruntime.InferenceSession(graph, options, providers=providers)
    # The session needs the bytes only to be opened once more with other providers, and would keep them in memory.
    session._model_bytes = None
    return session


def _inside(files: "CheckedFiles", name: str, location: str) -> str:
    """The name of a file of external data inside the model's folder."""
    parts = [*name.split("/")[:-1], *location.split("/")]
    path = "/".join(part for part in parts if part not in ("", "."))
    reason = "it is absolute" if location.startswith("/") else safe_name(path)
    if reason:
        raise EngineError(
            f"{files.folder / name} keeps weights in {location[:100]!a}, which is no safe file name: {reason}"
        )
    return path


def external_data(graph: bytes) -> list[str]:
    """The names of the files with external data of an ONNX file, as the graph writes them, in order."""
    # Each entry has this key in full. Most graphs have none, and need not be walked.
    if _LOCATION not in graph:
        return []
    try:
        return list(dict.fromkeys(_locations(memoryview(graph), _MODEL, 0)))
    except ProtobufError:
        return []  # onnxruntime says what is wrong


def _locations(message: memoryview, parts: dict[int, str], depth: int) -> "Iterator[str]":
    if depth > _DEEPEST:
        raise EngineError(f"an ONNX file with graphs inside graphs, deeper than {_DEEPEST} levels, is not loaded")
    for number, value in fields(message):
        part = parts.get(number)
        if part is None or isinstance(value, int):
            continue
        if part == "tensor":
            yield from _locations_of_tensor(value)
        else:
            yield from _locations(value, _PARTS[part], depth + 1)


def _locations_of_tensor(tensor: memoryview) -> "Iterator[str]":
    for number, entry in fields(tensor):
        if number != _EXTERNAL or isinstance(entry, int):
            continue
        pair = {key: bytes(value) for key, value in fields(entry) if not isinstance(value, int)}
        if pair.get(_KEY) == _LOCATION:
            yield pair.get(_VALUE, b"").decode("utf-8", "surrogateescape")
