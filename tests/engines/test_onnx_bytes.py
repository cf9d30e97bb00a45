"""External data of ONNX files: the files beside a graph are read, hashed and given to onnxruntime as bytes."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import onnx
import pytest
from golden import golden
from loopback_hub import LoopbackHub
from onnx import TensorProto, helper, numpy_helper
from recorded import flipped, recorded, sums_of
from slow import slow
from tiny import TABLE, WIDTH, config_of, entry, write_tiny

from hypiler.engines import ChecksumError, EngineError
from hypiler.engines.files.onnx_bytes import external_data


def move_out(folder: Path, location: str, name: str = "model.onnx") -> Path:
    """Move the table out of a graph: `location` is what the graph writes as the name of the file."""
    model = onnx.load(folder / "model.onnx")
    (folder / "model.onnx").unlink()
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    refer(model.graph.initializer[0], location)
    path.write_bytes(model.SerializeToString())
    return folder


def refer(tensor: Any, location: str) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(TABLE.nbytes))):
        pair = tensor.external_data.add()
        pair.key, pair.value = key, value


def vectors(config: Any, folder: Path | None) -> Any:
    return config.load("onnx", local=folder).encode_documents(["a b", "c"])


@pytest.fixture
def expected(tmp_path: Path) -> Any:
    return vectors(config_of(tmp_path), write_tiny(tmp_path / "whole"))


@pytest.mark.parametrize("data", ["model.onnx_data", "model.onnx.data", "./model.onnx_data"])
@pytest.mark.parametrize("name", ["model.onnx", "onnx/model.onnx"])
def test_data_beside_the_graph_is_loaded(tmp_path: Path, expected: Any, data: str, name: str) -> None:
    folder = move_out(write_tiny(tmp_path / "model"), data, name)
    (folder / name).with_name(data.removeprefix("./")).write_bytes(TABLE.tobytes())
    np.testing.assert_array_equal(vectors(config_of(tmp_path), folder), expected)


def test_data_in_the_cache_of_the_hub_is_loaded(tmp_path: Path, expected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = move_out(write_tiny(tmp_path / "model"), "model.onnx_data")
    (folder / "model.onnx_data").write_bytes(TABLE.tobytes())
    with LoopbackHub() as hub:
        hub.redirect(monkeypatch, tmp_path / "cache")
        config = config_of(tmp_path, revision=hub.add("org/tiny", folder))
        np.testing.assert_array_equal(vectors(config, None), expected)


def test_links_to_different_folders_are_loaded(tmp_path: Path, expected: Any) -> None:
    folder = move_out(write_tiny(tmp_path / "model"), "model.onnx_data")
    # As the client of the hub stores files: by their hash, all over a folder.
    for number, (name, content) in enumerate(
        [("model.onnx", (folder / "model.onnx").read_bytes()), ("model.onnx_data", TABLE.tobytes())]
    ):
        blob = tmp_path / f"blobs/{number}/blob"
        blob.parent.mkdir(parents=True)
        blob.write_bytes(content)
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(blob)
    np.testing.assert_array_equal(vectors(config_of(tmp_path), folder), expected)


UNSAFE = [
    ("../model.onnx_data", golden("it has the part `..`")),
    ("{folder}/model.onnx_data", golden("it is absolute")),
    ("a\\b", golden("it contains a backslash, which separates folders on Windows")),
    ("C:data", golden("it contains `:`, which names a drive or is not allowed on Windows")),
]


@pytest.mark.parametrize(("location", "reason"), UNSAFE)
def test_data_outside_the_folder_is_refused(tmp_path: Path, location: str, reason: str) -> None:
    location = location.format(folder=tmp_path)
    (tmp_path / "model.onnx_data").write_bytes(TABLE.tobytes())
    folder = move_out(write_tiny(tmp_path / "model"), location)
    with pytest.raises(EngineError) as caught:
        vectors(config_of(tmp_path), folder)
    assert str(caught.value) == golden(
        f"{folder / 'model.onnx'} keeps weights in {location!a}, which is no safe file name: {reason}"
    )


def test_data_is_not_looked_for_where_the_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = move_out(write_tiny(tmp_path / "model"), "model.onnx_data")
    (tmp_path / "model.onnx_data").write_bytes(TABLE.tobytes())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngineError) as caught:
        vectors(config_of(tmp_path), folder)
    assert str(caught.value) == golden(f"{folder / 'model.onnx_data'} cannot be read: No such file or directory")


def test_data_that_is_not_recorded_is_refused(tmp_path: Path) -> None:
    folder = move_out(write_tiny(tmp_path / "model"), "weights.bin")
    sums = sums_of(folder)
    (folder / "weights.bin").write_bytes(TABLE.tobytes())
    vectors(recorded(entry(), sums_of(folder)), folder)
    with pytest.raises(ChecksumError) as caught:
        vectors(recorded(entry(), sums), folder)
    assert str(caught.value).startswith(f"{folder / 'weights.bin'} decides vectors, but the lock does not list it")
    config = recorded(entry(), sums_of(folder))
    with flipped(folder / "weights.bin"), pytest.raises(ChecksumError):
        vectors(config, folder)


def test_every_tensor_of_a_graph_is_looked_at() -> None:
    def tensor(location: str) -> Any:
        found = numpy_helper.from_array(TABLE, location)
        refer(found, location)
        return found

    def graph(name: str, *nodes: Any) -> Any:
        out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [WIDTH])
        return helper.make_graph(nodes, name, [], [out], [tensor(name)])

    constant = helper.make_node("Constant", [], ["c"], value=tensor("constant"))
    inner = graph("inner", constant)
    branch = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=graph("other"))
    function = helper.make_function("own", "f", [], ["c"], [constant], [helper.make_opsetid("", 17)])
    model = helper.make_model(graph("outer", branch), functions=[function])
    assert sorted(external_data(model.SerializeToString())) == ["constant", "inner", "other", "outer"]


def test_graph_without_external_data_is_not_walked() -> None:
    assert external_data(b"\xff" * 100) == []
    # No graph at all: onnxruntime says what is wrong.
    assert external_data(b"location" + b"\xff" * 100) == []


def test_graphs_inside_graphs_without_end_are_refused() -> None:
    message = b"location"
    for _ in range(200):
        for number in (6, 5, 1):  # graph in attribute in node in graph
            head = bytes([number << 3 | 2])
            size, length = len(message), b""
            while size > 127:
                length, size = length + bytes([size & 127 | 128]), size >> 7
            message = head + length + bytes([size]) + message
    size, length = len(message), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    with pytest.raises(EngineError) as caught:
        external_data(bytes([7 << 3 | 2]) + length + bytes([size]) + message)
    assert str(caught.value) == golden("an ONNX file with graphs inside graphs, deeper than 32 levels, is not loaded")


@slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_bytes_of_a_graph_do_not_stay_in_memory(tmp_path: Path) -> None:
    large = numpy_helper.from_array(np.random.default_rng(0).normal(size=(16, 1 << 19)).astype(np.float32), "large")
    folder = write_tiny(tmp_path / "model")
    model = onnx.load(folder / "model.onnx")
    model.graph.initializer.append(large)
    model.graph.node.append(helper.make_node("Identity", ["large"], ["copy"]))
    model.graph.output.append(helper.make_tensor_value_info("copy", TensorProto.FLOAT, [16, 1 << 19]))
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    del model
    # In a process of its own: what other tests have allocated and freed would be counted as well.
    program = f"""
        import os
        from pathlib import Path
        from tiny import config_of

        def resident():
            return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        config = config_of(Path({str(tmp_path)!r}))
        encoders = [config.load("onnx", local={str(folder)!r})]
        before = resident()
        encoders += [config.load("onnx", local={str(folder)!r}) for _ in range(4)]
        print((resident() - before) / (4 * {large.ByteSize()}))
    """
    tests = str(Path(__file__).parents[1])
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", dedent(program)]
    done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)
    assert float(done.stdout) < 1.8  # 1 for the session, and what the allocator keeps
