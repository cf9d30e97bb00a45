"""How the files of a model are had: from a hub on this machine, by the real client, and from folders."""

import hashlib
import json
import os
import pickle
import re
import shutil
import sys
import traceback
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from golden import golden
from huggingface_hub import constants, file_download
from loopback_hub import LoopbackHub, Responder, altered, answer, answer_bomb, answer_json, delayed, halved, trickling
from safetensors.numpy import save_file
from tiny import TABLE, config_of, write_tiny

from hypiler import ModelConfig
from hypiler.engines import ChecksumError, EngineError, UnsafeError
from hypiler.engines.files.download import find_files
from hypiler.engines.files.weight_files import PYTORCH_FILES as FILES

NEEDED = {"config.json", "model.onnx", "tokenizer.json", "tokenizer_config.json"}
GONE = "0" * 40


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackHub]:
    # The client waits between its tries.
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with LoopbackHub() as hub:
        hub.redirect(monkeypatch, tmp_path / "cache")
        yield hub


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of the tiny model, and others that lie beside such files."""
    folder = write_tiny(tmp_path / "model", modules=[])
    (folder / "modules.json").unlink()
    for name in ("README.md", "model.safetensors", "modeling.py", "pytorch_model.bin", "onnx/model_int8.onnx"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"other " + name.encode())
    return folder


def sums(folder: Path, *names: str) -> dict[str, Any]:
    """The section of an entry with the sha256 of these files."""
    return {"sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}}


def vectors(config: ModelConfig, **options: Any) -> Any:
    return config.load("onnx", **options).encode_documents(["a b", "c"])


def refused(config: ModelConfig) -> str:
    """Why a model is not loaded. What is shown with the message must be of this project alone."""
    with pytest.raises(EngineError) as caught:
        config.load("onnx")
    assert type(caught.value) is EngineError
    shown = "".join(traceback.format_exception(caught.value))
    assert "site-packages" not in shown
    assert LoopbackHub.token not in shown
    return str(caught.value)


def test_pinned_commit_is_loaded_when_main_has_moved(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    commit = hub.add("org/tiny", folder)
    hub.add("org/tiny", {"model.onnx": b"of another model"})
    config = config_of(tmp_path, revision=commit)
    np.testing.assert_array_equal(vectors(config), vectors(config, local=folder))
    assert {request.revision for request in hub.requests if request.origin == hub.url} == {commit}


def test_only_what_the_engine_reads_is_asked_for(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    config_of(tmp_path, revision=hub.add("org/tiny", folder)).load("onnx")
    # The card can tell a sparse model from a dense one.
    assert hub.files == NEEDED | {"README.md"}
    assert {path.name for path in tmp_path.glob("cache/models--*/snapshots/*/*")} == NEEDED | {"README.md"}


@pytest.mark.parametrize("offline", [False, True])
def test_second_load_asks_nothing(
    hub: LoopbackHub, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: bool
) -> None:
    config = config_of(tmp_path, revision=hub.add("org/tiny", folder))
    first = vectors(config)
    hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    np.testing.assert_array_equal(vectors(config), first)
    assert hub.requests == []


def test_cache_without_a_list_of_files_serves_offline(
    hub: LoopbackHub, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(tmp_path, revision=hub.add("org/tiny", folder))
    first = vectors(config)
    # As older clients left it, which kept no such list.
    shutil.copytree(tmp_path / "cache", tmp_path / "old", symlinks=True, ignore=shutil.ignore_patterns("trees"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "old"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    np.testing.assert_array_equal(vectors(config), first)


@pytest.mark.parametrize("cached", [False, True], ids=["no model", "another commit"])
def test_offline_without_the_files_ends_at_once(
    hub: LoopbackHub, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    if cached:
        config_of(tmp_path, revision=hub.add("org/tiny", folder)).load("onnx")
    hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert refused(config_of(tmp_path, revision=GONE)) == golden(
        f"org/tiny @ {GONE} is not in the cache, and HF_HUB_OFFLINE is set; run it once while online, or pass local=FOLDER"
    )
    assert hub.requests == []


@pytest.mark.filterwarnings("ignore:'org/tiny' has no pinned revision")
def test_broken_hub_leaves_the_cache(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    hub.add("org/tiny", folder)
    config = config_of(tmp_path, revision=None)
    first = vectors(config)
    hub.requests.clear()
    hub.fault("*", answer(503))
    np.testing.assert_array_equal(vectors(config), first)
    assert {request.path for request in hub.requests} == {"/api/models/org/tiny/revision/main"}


def test_download_that_breaks_off_once_goes_on(
    hub: LoopbackHub, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1)
    config = config_of(tmp_path, revision=hub.add("org/tiny", folder), files=sums(folder, *NEEDED))
    hub.fault("GET */model.onnx/*", halved, times=1)
    np.testing.assert_array_equal(vectors(config), vectors(config, local=folder))
    half = (folder / "model.onnx").stat().st_size // 2
    assert [request.headers["range"] for request in hub.requests if "range" in request.headers] == [f"bytes={half}-"]


TREE, FILE, LARGE = "GET */tree/*", "HEAD */resolve/*", "GET /cdn/*"
LOOP = answer(302, {"Location": "/api/models/org/tiny/tree/main"})
PORTAL = answer(200, {"Content-Type": "text/html"}, b"<html>Log in to the network first</html>")
FAULTS: list[tuple[str, Responder, str]] = [
    (TREE, answer(500), golden("the hub answered with status 500")),
    (TREE, answer(429, {"Retry-After": "100000"}), golden("the hub answered with status 429")),
    (TREE, answer(403), golden("the hub answered with status 403")),
    (TREE, PORTAL, "JSONDecodeError"),
    (TREE, answer_json([1]), "TypeError"),
    (TREE, answer_json([{"type": "file"}]), "KeyError"),
    (TREE, answer_bomb(10_000_000), "JSONDecodeError"),
    (TREE, halved, "RemoteProtocolError"),
    (TREE, LOOP, "TooManyRedirects"),
    (FILE, answer(503), golden("the hub answered with status 503")),
    (FILE, answer(404), golden("the hub answered with status 404")),
    (FILE, PORTAL, "FileMetadataError"),
    (LARGE, answer(502), golden("the hub answered with status 502")),
    (LARGE, answer(200, {"Content-Length": "1000"}, b"half"), "RemoteProtocolError"),
    (LARGE, PORTAL, "OSError"),
]


@pytest.mark.parametrize(("pattern", "responder", "reason"), FAULTS)
def test_failed_download_ends_with_its_reason(
    hub: LoopbackHub,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pattern: str,
    responder: Responder,
    reason: str,
) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    commit = hub.add("org/tiny", folder)
    hub.fault(pattern, responder)
    assert refused(config_of(tmp_path, revision=commit)) == golden(
        f"org/tiny @ {commit} cannot be downloaded: {reason}"
    )
    hub.mend()
    config_of(tmp_path, revision=commit).load("onnx")


@pytest.mark.parametrize(("pattern", "responder"), [(FILE, delayed(60)), (LARGE, trickling(60))])
def test_hub_that_stalls_is_told(
    hub: LoopbackHub,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pattern: str,
    responder: Responder,
) -> None:
    for place, name in (
        (constants, "HF_HUB_ETAG_TIMEOUT"),
        (constants, "HF_HUB_DOWNLOAD_TIMEOUT"),
        (file_download, "_ETAG_RETRY_TIMEOUT"),
    ):
        monkeypatch.setattr(place, name, 0.05)
    commit = hub.add("org/tiny", folder)
    hub.fault(pattern, responder)
    assert refused(config_of(tmp_path, revision=commit)) == golden(
        f"org/tiny @ {commit} cannot be downloaded: ReadTimeout"
    )


@pytest.mark.parametrize("name", ["../../../../written.json", "/written.json", "a/../../../../../written.json"])
def test_name_that_leads_out_of_the_cache_is_refused(hub: LoopbackHub, folder: Path, tmp_path: Path, name: str) -> None:
    commit = hub.add("org/tiny", folder)
    hub.fault(TREE, answer_json([{"type": "file", "oid": GONE, "size": 2, "path": name}]))
    told = golden(f"org/tiny @ {commit} cannot be downloaded: ValueError")
    assert refused(config_of(tmp_path, revision=commit)) == told
    assert hub.files == set()
    assert not list(tmp_path.rglob("written.json"))


def test_hub_that_nobody_hears_is_told(hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LoopbackHub() as closed:
        closed.redirect(monkeypatch, tmp_path / "cache")
    assert refused(config_of(tmp_path, revision=GONE)) == golden(
        f"org/tiny @ {GONE} cannot be downloaded: ConnectError"
    )


def test_cache_that_cannot_be_written_is_told(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    commit = hub.add("org/tiny", folder)
    (tmp_path / "cache").write_text("")
    told = refused(config_of(tmp_path, revision=commit))
    assert told.startswith(f"org/tiny @ {commit} cannot be downloaded: [Errno ")
    assert str(tmp_path / "cache") in told


GATED = "is gated: accept its terms at its page on the hub, and give a token of that account"
REFUSALS: list[tuple[dict[str, Any], str | None, str]] = [
    ({"gated": "manual"}, None, GATED),
    ({"gated": "auto"}, LoopbackHub.stranger, GATED),
    ({"private": True}, None, golden("does not exist on the hub, or is private and wants a token")),
    ({"private": True}, LoopbackHub.stranger, golden("does not exist on the hub, or is hidden from your token")),
    ({"disabled": True}, LoopbackHub.token, golden("cannot be downloaded: the hub answered with status 403")),
    ({}, "hf_forged", golden("cannot be downloaded: the hub answered with status 401")),
]


@pytest.mark.parametrize(("options", "token", "told"), REFUSALS)
def test_refusal_says_what_is_wanted(
    hub: LoopbackHub,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    token: str | None,
    told: str,
) -> None:
    if token is not None:
        monkeypatch.setenv("HF_TOKEN", token)
    commit = hub.add("org/tiny", folder, **options)
    assert refused(config_of(tmp_path, revision=commit)) == golden(f"org/tiny @ {commit} {told}")
    monkeypatch.setenv("HF_TOKEN", hub.token)
    if "disabled" not in options:
        config_of(tmp_path, revision=commit).load("onnx")


def test_commit_that_is_gone_is_told(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    hub.add("org/tiny", folder)
    told = golden(f"org/tiny @ {GONE} does not exist: the repository no longer has this commit")
    assert refused(config_of(tmp_path, revision=GONE)) == told


def test_renamed_repository_is_followed(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    config = config_of(tmp_path, revision=hub.add("org/tiny", folder))
    hub.rename("org/tiny", "new-org/larger")
    np.testing.assert_array_equal(vectors(config), vectors(config, local=folder))


def test_token_goes_to_the_hub_alone(
    hub: LoopbackHub, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    config_of(tmp_path, revision=hub.add("org/tiny", folder, private=True)).load("onnx")
    asked = {(request.origin, request.token) for request in hub.requests}
    assert asked == {(hub.url, hub.token), (hub.cdn, None)}


def test_folder_asks_nothing_of_the_hub(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    # No warning either that there is no pin.
    config_of(tmp_path, revision=None).load("onnx", local=folder)
    assert hub.requests == []


def test_folder_must_be_one(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        config_of(tmp_path).load("onnx", local=folder / "model.onnx")
    told = golden(
        f"`local` must be a folder with the files of `tiny`; {folder / 'model.onnx'} is not a folder: pass its folder,"
        f" {folder}"
    )
    assert str(caught.value) == told


def test_model_without_a_pin_warns_the_caller(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    hub.add("org/tiny", folder)
    config = config_of(tmp_path, revision=None)
    with pytest.warns(UserWarning) as warned:
        line = sys._getframe().f_lineno + 1
        config.load("onnx")
    told = golden(
        "'org/tiny' has no pinned revision in the registry: `main` is loaded, and may be another model tomorrow"
    )
    assert [(str(one.message), one.filename, one.lineno) for one in warned] == [(told, __file__, line)]


@pytest.mark.filterwarnings("ignore:'org/exports' has no pinned revision")
def test_variant_in_another_repository_comes_from_there(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    hub.add("org/exports", {**{name: folder / name for name in NEEDED}, "onnx/tiny.onnx": folder / "model.onnx"})
    variant = {"id": "export", "quantization": "fp32", "huggingface_id": "org/exports", "file": "onnx/tiny.onnx"}
    # Sums of the model's own repository, and of another variant, are of other files.
    other = {**variant, "id": "other", "huggingface_id": "org/others", "sha256": "0" * 64}
    config = config_of(tmp_path, variants=[variant, other], files={"sha256": {"config.json": "0" * 64}})
    np.testing.assert_array_equal(vectors(config.with_variant("export")), vectors(config_of(tmp_path), local=folder))
    assert hub.files == {"config.json", "onnx/tiny.onnx", "tokenizer.json", "tokenizer_config.json"}
    variant["sha256"] = "0" * 64
    with pytest.raises(ChecksumError):
        config_of(tmp_path, variants=[variant]).with_variant("export").load("onnx")


def test_changed_file_in_the_cache_is_refused(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    commit, known = hub.add("org/tiny", folder), sums(folder, "model.onnx")
    config = config_of(tmp_path, revision=commit, files=known)
    first = vectors(config)
    path = tmp_path / "cache/models--org--tiny/snapshots" / commit / "model.onnx"
    blob, row = path.resolve(), TABLE[8].tobytes()
    blob.write_bytes(blob.read_bytes().replace(row, bytes([row[0] ^ 1]) + row[1:]))
    found = hashlib.sha256(blob.read_bytes()).hexdigest()
    with pytest.raises(ChecksumError) as caught:
        config.load("onnx")
    assert str(caught.value) == golden(
        f"sha256 of {path} must be {known['sha256']['model.onnx']}, as the registry says; found {found}. If the"
        f" registry is right, delete {blob}, and load again"
    )
    # Nobody else would have noticed.
    assert (vectors(config_of(tmp_path, revision=commit)) != first).any()
    blob.unlink()
    np.testing.assert_array_equal(vectors(config), first)


def test_other_bytes_of_the_same_number_are_refused(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    config = config_of(tmp_path, revision=hub.add("org/tiny", folder), files=sums(folder, "model.onnx"))
    hub.fault("GET /cdn/*", altered)
    with pytest.raises(ChecksumError, match=r"^sha256 of .*/model\.onnx must be "):
        config.load("onnx")


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_sum_is_checked_before_anything_is_read(folder: Path, tmp_path: Path, name: str) -> None:
    known = sums(folder, *NEEDED)
    (folder / name).write_bytes(b"{")
    with pytest.raises(ChecksumError) as caught:
        config_of(tmp_path, files=known).load("onnx", local=folder)
    assert str(caught.value) == golden(
        f"sha256 of {folder / name} must be {known['sha256'][name]}, as the registry says; found"
        f" {hashlib.sha256(b'{').hexdigest()}. If the registry is right, take the file of org/tiny @ {'a' * 40}"
    )


@pytest.mark.parametrize("name", sorted(NEEDED))
@pytest.mark.parametrize("source", ["hub", "folder"])
def test_missing_file_with_a_known_sum_is_told(
    hub: LoopbackHub, folder: Path, tmp_path: Path, name: str, source: str
) -> None:
    known = sums(folder, *NEEDED)
    (folder / name).unlink()
    config = config_of(tmp_path, revision=hub.add("org/tiny", folder), files=known)
    with pytest.raises(EngineError) as caught:
        config.load("onnx", local=folder if source == "folder" else None)
    place = folder if source == "folder" else next(tmp_path.glob("cache/models--*/snapshots/*"))
    assert str(caught.value) == golden(
        f"{place / name} is missing: the registry gives the sha256 of this file of `tiny`"
    )


def test_sums_of_files_that_are_not_read_do_not_count(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    unread = {"pytorch_model.bin": "0" * 64, "model.safetensors": "0" * 64}
    config = config_of(tmp_path, revision=hub.add("org/tiny", folder), files={"sha256": unread})
    config.load("onnx")
    config.load("onnx", local=folder)
    # What is read only if it is allowed.
    unread = {"pytorch_model.bin": "0" * 64, "modeling.py": "0" * 64}
    find_files(config_of(tmp_path, revision=config.revision, files={"sha256": unread}), FILES)


def zipped() -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("data.pkl", b"")
    return buffer.getvalue()


@pytest.mark.parametrize("content", [pickle.dumps({}), zipped()], ids=["pickle", "zip"])
@pytest.mark.parametrize("name", ["model.safetensors", "2_Dense/model.safetensors"])
def test_pickle_under_the_name_of_safetensors_is_refused(
    folder: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    with pytest.raises(UnsafeError) as caught:
        find_files(config_of(tmp_path), FILES, local=folder)
    assert str(caught.value) == golden(f"{folder / name} is a pickle by its content, whatever its name says")


def test_length_of_a_header_that_looks_like_a_pickle_is_none(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x80" + bytes(7) + b"{" + b" " * 126 + b"}")
    assert find_files(config_of(tmp_path), FILES, local=folder) == folder


def test_pickled_weights_are_neither_loaded_nor_downloaded(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").unlink()
    shutil.rmtree(folder / "onnx")
    (folder / "model.onnx").unlink()
    config = config_of(tmp_path, revision=hub.add("org/tiny", folder))
    for local, held in (
        (folder, golden("pickled ones (pytorch_model.bin)")),
        (None, golden("none as safetensors or ONNX")),
    ):
        with pytest.raises(UnsafeError) as caught:
            find_files(config, FILES, local=local)
        place = local or next(tmp_path.glob("cache/models--*/snapshots/*"))
        assert str(caught.value) == golden(
            f"`tiny` must have weights that are only data; {place} has {held}. Loading a pickle can run any code: pass"
            " allow_pickle=True if you trust its authors"
        )
    assert hub.files == {"README.md", "config.json", "tokenizer.json", "tokenizer_config.json"}
    assert find_files(config, FILES, local=folder, allow_pickle=True) == folder
    assert (find_files(config, FILES, allow_pickle=True) / "pytorch_model.bin").is_file()


def test_pickled_layer_beside_safe_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense/pytorch_model.bin").write_bytes(pickle.dumps({}))
    # A name that no library looks for.
    shutil.copy(folder / "model.safetensors", folder / "2_Dense/other.safetensors")
    with pytest.raises(UnsafeError, match=r" has pickled ones \(2_Dense/pytorch_model\.bin\)\. "):
        find_files(config_of(tmp_path), FILES, local=folder)
    # An engine that reads no pickles does not mind them.
    config_of(tmp_path).load("onnx", local=folder)


def test_code_of_the_repository_is_refused(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    commit = hub.add("org/tiny", folder)
    config = config_of(tmp_path, revision=commit, dependencies={"remote_code": True})
    with pytest.raises(UnsafeError) as caught:
        find_files(config, FILES, runs_remote_code=True)
    assert str(caught.value) == golden(
        f"`tiny` runs code from its repository: review it at org/tiny @ {commit}, and pass trust_remote_code=True; or"
        " use an engine that runs none, such as `onnx`"
    )
    assert hub.requests == []
    config.load("onnx")
    find_files(config, FILES)
    assert "modeling.py" not in hub.files
    assert (find_files(config, FILES, runs_remote_code=True, trust_remote_code=True) / "modeling.py").is_file()


CODE: list[tuple[str, Any, str]] = [
    ("modules.json", [{"type": "modeling.Net", "path": ""}], "type 'modeling.Net'"),
    ("modules.json", [{"type": "sentence_transformersx.Net", "path": ""}], "type 'sentence_transformersx.Net'"),
    ("2_Dense/config.json", {"activation_function": "os.abort"}, "activation_function 'os.abort'"),
    ("1_Words/config.json", {"tokenizer_class": "modeling.Words"}, "tokenizer_class 'modeling.Words'"),
    ("router_config.json", {"types": {"query_0": "modeling.Net"}}, "types 'modeling.Net'"),
    ("config.json", {"inner_config": {"trust_remote_code": True}}, golden("trust_remote_code True")),
    ("config.json", {"_attn_implementation_internal": "org/kernel"}, "_attn_implementation_internal 'org/kernel'"),
    ("config.json", {"attn_implementation": "org/kernel"}, "attn_implementation 'org/kernel'"),
    ("config.json", {"_attn_implementation": {"text_config": "org/kernel"}}, "_attn_implementation 'org/kernel'"),
    ("sentence_bert_config.json", {"model_args": {"allow_all_kernels": True}}, golden("allow_all_kernels True")),
]


@pytest.mark.parametrize(("name", "content", "held"), CODE)
def test_configuration_that_names_code_is_refused(
    folder: Path, tmp_path: Path, name: str, content: Any, held: str
) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))
    config = config_of(tmp_path)
    with pytest.raises(UnsafeError) as caught:
        find_files(config, FILES, local=folder, runs_remote_code=True)
    assert str(caught.value) == golden(
        f"`tiny` runs code that is not part of the libraries: {folder / name} has {held}; review it at org/tiny @"
        f" {'a' * 40}, and pass trust_remote_code=True; or use an engine that runs none, such as `onnx`"
    )
    find_files(config, FILES, local=folder, runs_remote_code=True, trust_remote_code=True)
    find_files(config, FILES, local=folder)


def test_configuration_that_names_classes_of_the_libraries_is_taken(folder: Path, tmp_path: Path) -> None:
    types = ["sentence_transformers.models.Pooling", "pylate.models.Dense.Dense"]
    (folder / "modules.json").write_text(json.dumps([{"type": type, "path": ""} for type in types]))
    config = {"activation_function": "gelu", "tokenizer_class": "BertTokenizer", "trust_remote_code": False}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense/config.json").write_text('{"activation_function": "torch.nn.modules.activation.Tanh"}')
    assert find_files(config_of(tmp_path), FILES, local=folder, runs_remote_code=True) == folder


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b"\xff{}"])
def test_configuration_that_is_not_json_is_refused(folder: Path, tmp_path: Path, content: bytes) -> None:
    (folder / "modules.json").write_bytes(content)
    with pytest.raises(EngineError, match=f"^{re.escape(str(folder / 'modules.json'))} cannot be used: "):
        find_files(config_of(tmp_path), FILES, local=folder, runs_remote_code=True)


@pytest.mark.parametrize("remote_code", [None, True])
def test_code_that_only_the_files_name_does_not_run(folder: Path, tmp_path: Path, remote_code: bool | None) -> None:
    pytest.importorskip("sentence_transformers", minversion="6")
    (folder / "modeling.py").write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()")
    auto_map = {"AutoConfig": "modeling.Config", "AutoModel": "modeling.Net"}
    (folder / "config.json").write_text(json.dumps({"model_type": "custom", "auto_map": auto_map}))
    config = config_of(tmp_path, dependencies=remote_code and {"remote_code": remote_code})
    with pytest.raises(EngineError):
        config.load("sentence-transformers", local=folder)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(EngineError):
        config.load("sentence-transformers", local=folder, trust_remote_code=True)
    assert (tmp_path / "ran").exists()


def test_links_to_files_are_followed_and_checked(hub: LoopbackHub, folder: Path, tmp_path: Path) -> None:
    known = sums(folder, *NEEDED)
    config = config_of(tmp_path, revision=hub.add("org/tiny", folder), files=known)
    first = vectors(config)
    # The cache is made of links.
    snapshot = next(tmp_path.glob("cache/models--*/snapshots/*"))
    assert (snapshot / "model.onnx").is_symlink()
    np.testing.assert_array_equal(vectors(config, local=snapshot), first)
    (tmp_path / "elsewhere").write_bytes(pickle.dumps({}))
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeError, match="is a pickle by its content"):
        find_files(config, FILES, local=folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "README.md", "modeling.py", "artifact.metadata"])
def test_text_behind_a_link_that_leads_out_is_not_read(folder: Path, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "token"
    secret.write_text("hf_AbCdEf")
    folder = Path(shutil.copytree(folder, tmp_path / "models/model"))
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    with pytest.raises(UnsafeError) as caught:
        find_files(config_of(tmp_path), FILES, local=folder)
    assert str(caught.value) == golden(f"{folder / name} is a link that leads out of the folder: replace it by a copy")


def test_text_behind_a_link_inside_the_folder_is_read(folder: Path, tmp_path: Path) -> None:
    (folder / "config.json").rename(folder / "real.json")
    (folder / "config.json").symlink_to("real.json")
    # A store of files may lie beside the folder, as in caches.
    (tmp_path / "blobs").mkdir()
    (folder / "tokenizer.json").rename(tmp_path / "blobs/1")
    (folder / "tokenizer.json").symlink_to("../blobs/1")
    # The folder itself may be reached by a link.
    (tmp_path / "model-link").symlink_to(folder)
    find_files(config_of(tmp_path), FILES, local=tmp_path / "model-link")


def test_link_to_a_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "2_Dense").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeError) as caught:
        find_files(config_of(tmp_path), FILES, local=folder)
    assert str(caught.value) == golden(
        f"{folder / '2_Dense'} is a link to a folder, in which nothing would be checked: replace it by a copy"
    )


class TestFolder:
    """A path that is not the folder of the model is named as what it is, with the path to pass."""

    def told(self, tmp_path: Path, local: Path, engine: str = "auto") -> str:
        with pytest.raises(EngineError) as caught:
            config_of(tmp_path).load(engine, local=local)
        return str(caught.value)

    @pytest.mark.parametrize("engine", ["auto", "onnx"])
    def test_path_that_does_not_exist(self, tmp_path: Path, engine: str) -> None:
        assert self.told(tmp_path, tmp_path / "none", engine) == golden(
            f"`local` must be a folder with the files of `tiny`; {tmp_path / 'none'} does not exist"
        )

    @pytest.mark.parametrize("engine", ["auto", "onnx"])
    @pytest.mark.parametrize("inside", ["model", "snapshots/0123456789", "org/model"])
    def test_folder_above_the_model(self, tmp_path: Path, engine: str, inside: str) -> None:
        above = tmp_path / "above"
        folder = above / inside
        folder.parent.mkdir(parents=True)
        write_tiny(folder)
        (above / ".git").mkdir()
        (above / ".git/config.json").write_text("{}")
        assert self.told(tmp_path, above, engine) == golden(
            f"`local` must be a folder with the files of `tiny`; {above} has none itself, but a folder in it has: pass"
            f" {folder}"
        )

    def test_folder_with_models_far_below_is_not_searched(self, tmp_path: Path) -> None:
        write_tiny(tmp_path / "model" / "a" / "b" / "c")
        assert self.told(tmp_path, tmp_path / "model").startswith("no engine can run `tiny`")

    def test_folder_of_parts_is_the_model(self, tmp_path: Path) -> None:
        folder = write_tiny(tmp_path / "model")
        (folder / "config.json").unlink()
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling/config.json").write_text("{}")
        config_of(tmp_path).load("onnx", local=folder)


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 90868376\n"
PAGE = b"<!DOCTYPE html>\n<html><head><title>org/tiny</title></head></html>"
NOT_THE_FILE = [
    (POINTER, golden("the file is a Git LFS pointer, not the file itself: run `git lfs pull`, or download it")),
    (
        PAGE,
        golden("the file is a web page (HTML), not the file itself: download it from `/resolve/`, not from `/blob/`"),
    ),
]


class TestDamage:
    """Files that are not what their names say are named as what they are, with the remedy."""

    @pytest.mark.parametrize(("content", "what"), NOT_THE_FILE)
    @pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
    def test_disguise_is_named(self, folder: Path, tmp_path: Path, name: str, content: bytes, what: str) -> None:
        (folder / name).write_bytes(content)
        with pytest.raises(EngineError) as caught:
            config_of(tmp_path).load("onnx", local=folder)
        assert str(caught.value) == f"{folder / name} cannot be used: {what}"

    # A library would take the pointer for a vocabulary of three words.
    @pytest.mark.parametrize("name", ["vocab.txt", "sentencepiece.bpe.model", "model.safetensors"])
    def test_disguise_of_a_file_for_pytorch_is_named(self, folder: Path, tmp_path: Path, name: str) -> None:
        (folder / name).write_bytes(POINTER)
        with pytest.raises(EngineError) as caught:
            find_files(config_of(tmp_path), FILES, local=folder)
        assert str(caught.value) == f"{folder / name} cannot be used: {NOT_THE_FILE[0][1]}"

    def test_card_and_licence_may_be_web_pages(self, folder: Path, tmp_path: Path) -> None:
        (folder / "README.md").write_bytes(PAGE)
        (folder / "LICENSE.txt").write_bytes(PAGE)
        assert find_files(config_of(tmp_path), FILES, local=folder) == folder

    @pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
    def test_empty_file_is_named(self, folder: Path, tmp_path: Path, name: str) -> None:
        (folder / name).write_bytes(b"")
        with pytest.raises(EngineError) as caught:
            config_of(tmp_path).load("onnx", local=folder)
        assert str(caught.value) == golden(f"{folder / name} cannot be used: the file is empty: download it again")

    @pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
    def test_graph_that_is_cut_off_is_named(self, folder: Path, tmp_path: Path, kept: float) -> None:
        content = (folder / "model.onnx").read_bytes()
        size = int(len(content) * kept)
        (folder / "model.onnx").write_bytes(content[:size])
        with pytest.raises(EngineError) as caught:
            config_of(tmp_path).load("onnx", local=folder)
        assert str(caught.value).endswith(
            golden(f" ({folder / 'model.onnx'}: the file is cut off after {size} bytes: download it again)")
        )

    def test_table_that_is_cut_off_is_named(self, tmp_path: Path) -> None:
        pytest.importorskip("model2vec")
        folder = tmp_path / "static"
        folder.mkdir()
        save_file({"embeddings": TABLE}, folder / "model.safetensors")
        shutil.copy(write_tiny(tmp_path / "model") / "tokenizer.json", folder)
        (folder / "config.json").write_text("{}")
        config = config_of(tmp_path, type="static")
        config.load(local=folder)
        content = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(content[:-100])
        with pytest.raises(EngineError) as caught:
            config.load(local=folder)
        assert str(caught.value).endswith(
            golden(
                f" ({folder / 'model.safetensors'}: the file is cut off: 100 bytes of its tensors are missing: download it"
                " again)"
            )
        )

    def test_file_that_cannot_be_read_is_named(self, folder: Path, tmp_path: Path) -> None:
        (folder / "tokenizer.json").unlink()
        (folder / "tokenizer.json").mkdir()
        with pytest.raises(EngineError, match=r"tokenizer\.json"):
            config_of(tmp_path).load("onnx", local=folder)


@pytest.mark.parametrize("local", ["p" * 5000, "p/" * 3000, "x" * 300], ids=["letters", "folders", "name"])
def test_path_that_the_system_cannot_take_is_an_error_of_the_engine(tmp_path: Path, local: str) -> None:
    with pytest.raises(EngineError) as caught:
        config_of(tmp_path).load("onnx", local=tmp_path / local)
    # From Python 3.14 on, pathlib says that such a path does not exist.
    assert re.search("File name too long|does not exist", str(caught.value))
    assert len(str(caught.value)) <= 4000


@pytest.mark.parametrize("name", ["config.json", "modules.json", "README.md"])
def test_pipe_in_the_place_of_a_file_is_not_waited_for(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    vectors(config_of(tmp_path), local=folder)


@pytest.mark.parametrize("forged", ["x\n::error::forged\x1b[31m", "\u202e\u2066", "\x85\u2028", "\udcff"])
def test_name_of_a_file_forges_no_line_of_a_message(folder: Path, tmp_path: Path, forged: str) -> None:
    place = folder / f"{forged}_Layer"
    place.mkdir()
    (place / "config.json").write_text('{"activation_function": "os.abort"}')
    with pytest.raises(EngineError) as caught:
        find_files(config_of(tmp_path), FILES, local=folder, runs_remote_code=True)
    assert str(caught.value).isprintable()
    assert "os.abort" in str(caught.value)


@pytest.mark.parametrize("kind", [EngineError, ChecksumError, UnsafeError])
def test_every_error_of_an_engine_is_one_line_of_bounded_length(kind: type[EngineError]) -> None:
    """Its message may hold names of files and the words of any library."""
    error = kind("first\nsecond \x1b[31m\u202e" + "x" * 10**6)
    assert str(error).isprintable()
    assert len(str(error)) == 4000
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
