"""Served models at a server that nobody here wrote: infinity with the weights of all-MiniLM-L6-v2.

HYPILER_INFINITY names the Python of an environment with the server, which needs one of its own:

    python3.11 -m venv FOLDER && FOLDER/bin/pip install torch==2.13.0 "infinity-emb[server,torch]==0.0.78"
    HYPILER_INFINITY=FOLDER/bin/python python -m pytest tests/engines/test_real_server.py
"""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from hypiler import ModelConfig, space
from hypiler.engines import EngineError, MismatchError, Server, TruncationWarning
from hypiler.runtimes import snippet

PYTHON = os.environ.get("HYPILER_INFINITY")
if PYTHON is None:
    pytest.skip("set HYPILER_INFINITY to the Python of an environment with infinity", allow_module_level=True)
pytest.importorskip("openai", reason="pip install 'hypiler[server]'")

TEXTS = ["How do I reset my password?", "Das Wetter ist schön.", "a", "東京の春", "word " * 600]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def infinity(folder: Path, log: Path) -> Iterator[str]:
    """The address of a server with the model in a folder, under the name `minilm`."""
    port = free_port()
    # The command that `hypiler snippet` prints, with another folder, name and port.
    command = [*snippet(ModelConfig.from_registry("all-minilm-l6-v2"), "infinity").arguments["command"]]
    command[0] = str(Path(str(PYTHON)).with_name(command[0]))
    for flag, value in (("--model-id", str(folder)), ("--served-model-name", "minilm"), ("--port", str(port))):
        command[command.index(flag) + 1] = value
    command += ["--device", "cpu", "--host", "127.0.0.1"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    settings = {"DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"}
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=own | settings)
    try:
        url = f"http://127.0.0.1:{port}/v1"
        wait_until_it_answers(url, server, log)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_until_it_answers(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text("utf-8", "replace")[-2000:]
        try:
            urlopen(f"{url}/models", timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.5)
        else:
            return
    raise AssertionError(log.read_text("utf-8", "replace")[-2000:])


@pytest.fixture(scope="module")
def url(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with infinity(minilm, tmp_path_factory.mktemp("infinity") / "log") as address:
        yield address


def test_vectors_are_those_of_a_local_engine(url: str, minilm: Path, minilm_onnx: Path, minilm_config: Any) -> None:
    local = minilm_config.load("onnx", local=minilm_onnx)
    served = minilm_config.load("server", url=url, local=minilm)
    assert served.backend.to_json()["asked"] == "minilm"
    with pytest.warns(TruncationWarning, match="1 of 5 texts was truncated to 256 tokens, .* has 602"):
        found = served.encode_documents(TEXTS)
    assert np.abs(found - local.encode_documents(TEXTS)).max() < 1e-6
    for stored, current in ((local, served), (served, local), (served, served)):
        assert space.check(stored.stamp(), current).outcome == "same"


def test_many_texts_come_back_in_order(url: str, minilm: Path, minilm_onnx: Path, minilm_config: Any) -> None:
    texts = [f"text number {number} " * (1 + number % 9) for number in range(300)]
    served = minilm_config.load("server", url=Server(url, concurrency=8), local=minilm)
    local = minilm_config.load("onnx", local=minilm_onnx)
    found = served.encode_documents(texts, batch_size=16)
    assert np.abs(found - local.encode_documents(texts)).max() < 1e-5


def test_server_without_a_tokenizer_here_has_the_same_space(url: str, minilm_onnx: Path, minilm_config: Any) -> None:
    served = minilm_config.load("server", url=Server(url, truncation="server"))
    assert served.space()["document"]["document_length"] is None
    assert space.check(minilm_config.load("onnx", local=minilm_onnx).stamp(), served).outcome == "same"


def test_wrong_name_is_noticed(url: str, minilm: Path, minilm_config: Any) -> None:
    with pytest.raises(MismatchError, match="was asked for the model 'another', and 'minilm' answered"):
        minilm_config.load("server", url=Server(url, model="another"), local=minilm)


def test_changed_weights_under_the_same_name_are_found_out(
    minilm: Path, minilm_onnx: Path, minilm_config: Any, tmp_path: Path
) -> None:
    stamp = minilm_config.load("onnx", local=minilm_onnx).stamp()
    changed = copytree(minilm, tmp_path / "model")
    weights = load_file(changed / "model.safetensors")
    name = "encoder.layer.5.output.dense.weight"
    weights[name] = weights[name] + np.random.default_rng(0).normal(scale=0.01, size=weights[name].shape).astype("f4")
    save_file(weights, changed / "model.safetensors", {"format": "pt"})
    with infinity(changed, tmp_path / "log") as address:
        # Nothing but the probe tells it: name, width, norms and answers are right.
        assert minilm_config.load("server", url=address, local=minilm).engine == "server"
        with pytest.raises(space.SpaceError) as caught:
            minilm_config.load("server", url=Server(address, expect=stamp), local=minilm)
    assert re.match(r"the stored vectors are of another space: 1 - cosine", str(caught.value)), str(caught.value)


def test_text_that_the_server_refuses_is_named(url: str, minilm_config: Any) -> None:
    """infinity takes at most 122,880 characters."""
    served = minilm_config.load("server", url=Server(url, truncation="server"))
    with pytest.raises(EngineError, match=r"texts\[1\] \('aaaa.*: the server at .* answered with status 422: String"):
        served.encode_documents(["short", "a" * 122_881])
