"""`provenance()`: what a process has really loaded."""

import hashlib
import json
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from loopback_hub import LoopbackHub
from tiny import WIDTH, config_of, write_tiny

import hypiler
from hypiler.engines import DenseEncoder, EngineError
from hypiler.engines.policy import VARIABLE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "model")


def of(path: Path) -> tuple[int, str]:
    data = path.read_bytes()
    return len(data), hashlib.sha256(data).hexdigest()


def test_everything_that_was_loaded_is_told(folder: Path, tmp_path: Path) -> None:
    sha256 = of(folder / "model.onnx")[1]
    config = config_of(
        tmp_path, 4, files={"sha256": {"model.onnx": sha256}}, encoding={"pooling": None, "normalize": None}
    )
    assume = {"pooling": "mean", "normalize": True}
    encoder = config.load("onnx", local=folder, assume=assume)
    found: Any = encoder.provenance()
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(encoder.provenance()))
    assert [*found] == [
        *("version", "model", "repository", "revision", "commit", "folder", "variant", "output", "prompts", "files"),
        *("engine", "packages", "precision", "contract", "space_id", "query_space_id", "policy", "server"),
        *("device", "assume", "trust_remote_code", "allow_pickle"),
    ]
    assert (found["version"], found["model"], found["repository"], found["revision"]) == (
        1,
        "tiny",
        "org/tiny",
        "a" * 40,
    )
    # Of which commit the files of a folder are, nobody knows.
    assert (found["commit"], found["folder"]) == (None, str(folder))
    names = ["config.json", "model.onnx", "tokenizer.json", "tokenizer_config.json"]
    assert [(one["name"], (one["size"], one["sha256"])) for one in found["files"]] == [
        (name, of(folder / name)) for name in names
    ]
    assert [one["name"] for one in found["files"] if one["checked"]] == ["model.onnx"]
    packages = {name: version(name) for name in ("numpy", "onnxruntime", "tokenizers")}
    assert found["packages"] | packages == found["packages"]
    assert (found["packages"]["hypiler"], found["packages"]["python"]) == (
        hypiler.__version__,
        sys.version.partition(" ")[0],
    )
    assert (found["contract"]["pooling"], found["contract"]["dimension"]) == ("mean", 4)
    assert (found["assume"], found["device"]) == (assume, "cpu")
    assert (found["space_id"], found["query_space_id"]) == (encoder.space_id, encoder.query_space_id)
    assert (found["precision"], found["policy"]) == ("fp32", [])


def test_commit_is_that_of_the_cache(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a model that pins none: `main` stood there when it was loaded."""
    with LoopbackHub() as hub:
        hub.redirect(monkeypatch, tmp_path / "cache")
        commit = hub.add("org/tiny", folder)
        with pytest.warns(UserWarning, match="has no pinned revision"):
            found: Any = config_of(tmp_path, revision=None).load("onnx").provenance()
    assert (found["revision"], found["commit"]) == (None, commit)


def test_file_that_has_changed_since_has_no_sum(folder: Path, tmp_path: Path) -> None:
    encoder = config_of(tmp_path).load("onnx", local=folder)
    path = folder / "tokenizer.json"
    path.write_bytes(path.read_bytes() + b" ")
    os.utime(path, (1, 1))
    found: Any = encoder.provenance()
    assert {one["name"]: one["sha256"] is None for one in found["files"]} == {
        "config.json": False,
        "model.onnx": False,
        "tokenizer.json": True,
        "tokenizer_config.json": False,
    }


def test_policy_that_was_obeyed_is_told(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[tool.hypiler.policy]\nlicenses = ["MIT"]\nhosted = false\n')
    monkeypatch.setenv(VARIABLE, str(path))
    found: Any = config_of(tmp_path).load("onnx", local=folder).provenance()
    assert found["policy"] == [{"place": str(path), "licenses": ["MIT"], "hosted": False}]


def test_encoder_that_load_did_not_create_says_so(folder: Path, tmp_path: Path) -> None:
    loaded: Any = config_of(tmp_path).load("onnx", local=folder)
    with pytest.raises(EngineError) as caught:
        DenseEncoder(loaded.contract, loaded.backend, "onnx").provenance()
    assert str(caught.value) == golden(
        f"<DenseEncoder 'tiny' by onnx: {WIDTH} dims> was not created by `load`, so nobody knows what it has loaded"
    )


def test_page_describes_every_key(folder: Path, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/policy.md").read_text("utf-8").partition("## Provenance")[2]
    described = [key for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for key in re.findall("`(.+?)`", row)]
    assert {*described} == {*config_of(tmp_path).load("onnx", local=folder).provenance()}
