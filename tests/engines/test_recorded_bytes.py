"""Every file that decides vectors is enforced by every engine: what is not the recorded file is not loaded.

The tests enumerate the files of real layouts. A file that an engine does not read is listed here, and its vectors must
then be the same without it.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from golden import golden
from loopback_hub import LoopbackHub
from recorded import flipped, names_of, recorded, sums_of
from safetensors.numpy import load_file, save_file
from slow import all_or
from tiny import TABLE, config_of, entry, write_tiny

from hypiler import ModelConfig
from hypiler.engines import ChecksumError, EngineError
from hypiler.engines.specs import SPECS

TEXTS = ["A man is eating food.", "a b"]
MINILM = {"embedding_dim": 384, "hidden_dim": 384, "context_length": 256, "vocab_size": 30522}
SPLADE = {"embedding_dim": 30522, "hidden_dim": 128, "context_length": 512, "vocab_size": 30522}
STATIC = {"embedding_dim": 256, "hidden_dim": 256, "max_position_embeddings": None}
LATE = {"pooling": "none", "similarity": "max_sim", "normalize": True}
SPARSE = {"pooling": None, "normalize": None, "similarity": "dot"}
# The files that the engines on onnxruntime leave alone: other weights, and the tokenizer's slower form.
NOT_FOR_ONNX = frozenset({"model.safetensors", "vocab.txt"})
NOT_FOR_PYTORCH = frozenset({"onnx/model.onnx"})


@dataclass(frozen=True)
class Case:
    """An engine and a layout that it reads.

    Attributes:
        engine: The engine.
        package: The package that it needs.
        layout: The fixture with the folder.
        entry: What the entry of the model states.
        unread: The files that decide vectors, but that this engine does not read.
    """

    engine: str
    package: str
    layout: str
    entry: dict[str, Any] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()


def sized(specs: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"specs": specs, "architecture": {"matryoshka_dims": [specs["embedding_dim"]]}, **changes}


DENSE = sized(MINILM)
MULTI = sized(MINILM, type="colbert", encoding=LATE, capabilities={"multi_vector": True})
SPLADES = sized(SPLADE, type="sparse", encoding=SPARSE)
CASES = [
    Case("onnx", "onnxruntime", "minilm_onnx", DENSE, NOT_FOR_ONNX),
    Case("onnx", "onnxruntime", "splade_onnx", SPLADES, NOT_FOR_ONNX),
    Case("onnx", "onnxruntime", "multi_vector_onnx", MULTI, NOT_FOR_ONNX),
    Case("onnx", "onnxruntime", "with_external_data"),
    Case("fastembed", "fastembed", "minilm_onnx", DENSE, NOT_FOR_ONNX),
    Case("fastembed", "fastembed", "splade_onnx", SPLADES, NOT_FOR_ONNX),
    Case("model2vec", "model2vec", "static", sized(STATIC, type="static")),
    Case("sentence-transformers", "torch", "minilm_onnx", DENSE, NOT_FOR_PYTORCH),
    Case("sentence-transformers", "torch", "splade_onnx", SPLADES, NOT_FOR_PYTORCH),
    Case("sentence-transformers", "torch", "multi_vector_onnx", MULTI, NOT_FOR_PYTORCH),
    Case("sentence-transformers", "torch", "in_shards", DENSE),
]
# A layout per engine of which copies cost little.
SMALL = ("splade_onnx", "static", "with_external_data")
QUICK = ("static", "with_external_data")


@pytest.fixture(scope="module")
def static(wordllama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static model, as model2vec saves one."""
    folder = tmp_path_factory.mktemp("static") / "model"
    folder.mkdir()
    table = load_file(wordllama / "weights/l2_supercat_256.safetensors")["embedding.weight"]
    save_file({"embeddings": table}, folder / "model.safetensors")
    shutil.copy(wordllama / "tokenizers/l2_supercat_tokenizer_config.json", folder / "tokenizer.json")
    (folder / "config.json").write_text('{"model_type": "model2vec", "normalize": true}')
    return folder


@pytest.fixture(scope="module")
def in_shards(minilm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MiniLM with its weights in two files and an index."""
    folder = tmp_path_factory.mktemp("shards") / "model"
    shutil.copytree(minilm, folder, ignore=shutil.ignore_patterns("model.safetensors"))
    weights = load_file(minilm / "model.safetensors")
    half = len(weights) // 2
    index: dict[str, str] = {}
    for number, part in enumerate((list(weights)[:half], list(weights)[half:]), 1):
        name = f"model-0000{number}-of-00002.safetensors"
        save_file({key: weights[key] for key in part}, folder / name, metadata={"format": "pt"})
        index |= dict.fromkeys(part, name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    return folder


def move_out(folder: Path, data: str = "model.onnx_data") -> Path:
    """The tiny model, whose table is now outside its graph."""
    import onnx
    from onnx import TensorProto

    model = onnx.load(folder / "model.onnx")
    tensor = model.graph.initializer[0]
    (folder / "model.onnx").with_name(data).write_bytes(TABLE.tobytes())
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", data), ("offset", "0"), ("length", str(TABLE.nbytes))):
        pair = tensor.external_data.add()
        pair.key, pair.value = key, value
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return folder


@pytest.fixture(scope="module")
def with_external_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return move_out(write_tiny(tmp_path_factory.mktemp("external") / "model", tokenizer_config={}))


@pytest.fixture(
    scope="module",
    params=all_or([case for case in CASES if case.layout in QUICK], CASES),
    ids=lambda case: f"{case.engine}-{case.layout}",
)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    pytest.importorskip(found.package, exc_type=ImportError)
    if found.engine == "sentence-transformers" and find_spec("sentence_transformers.multi_vector_encoder") is None:
        pytest.skip("an older Sentence Transformers")
    return found


@pytest.fixture(scope="module")
def copied(case: Case, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the layout that a test may change for a moment. Links become files."""
    source: Path = request.getfixturevalue(case.layout)
    return Path(shutil.copytree(source, tmp_path_factory.mktemp("copied") / "model"))


@pytest.fixture(scope="module")
def cached(copied: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The same model on a hub and in its cache: the commit, and the folder of the cache."""
    cache = tmp_path_factory.mktemp("cache")
    with LoopbackHub() as hub, pytest.MonkeyPatch.context() as patch:
        hub.redirect(patch, cache)
        commit = hub.add("org/tiny", copied)
        yield commit, cache


def config_for(case: Case, folder: Path, **options: Any) -> ModelConfig:
    revision = options.pop("revision", "a" * 40)
    return recorded(entry(**case.entry) | {"revision": revision}, sums_of(folder), **options)


def vectors(config: ModelConfig, case: Case, local: Path | None) -> Any:
    found: Any = config.load(case.engine, local=local).encode_documents(TEXTS)
    return found.toarray() if hasattr(found, "toarray") else np.concatenate([*found])


def flips_that_load(case: Case, config: ModelConfig, folder: Path, local: Path | None) -> dict[str, Any]:
    """The files of which a changed byte is not refused, with the vectors. Refusals must name the file and both sums."""
    loaded: dict[str, Any] = {}
    known = sums_of(folder)
    for name in known:
        with flipped(folder / name):
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            try:
                loaded[name] = vectors(config, case, local)
            except ChecksumError as error:
                told = f"sha256 of {folder / name} must be {known[name]}, as the lock says; found {found}. "
                assert str(error).startswith(told)
    return loaded


def test_changed_byte_of_any_file_in_a_folder_is_refused(case: Case, copied: Path) -> None:
    config = config_for(case, copied)
    expected = vectors(config, case, copied)
    loaded = flips_that_load(case, config, copied, copied)
    assert set(loaded) == case.unread & {*names_of(copied)}
    for name, found in loaded.items():
        np.testing.assert_array_equal(found, expected, err_msg=name)


def test_changed_byte_of_any_file_in_the_cache_is_refused(case: Case, copied: Path, cached: tuple[str, Path]) -> None:
    commit, cache = cached
    config = config_for(case, copied, revision=commit)
    vectors(config, case, None)
    snapshot = cache / "models--org--tiny/snapshots" / commit
    assert flips_that_load(case, config, snapshot, None) == {}


def test_missing_file_is_refused(case: Case, copied: Path) -> None:
    config = config_for(case, copied)
    missed: list[str] = []
    for name in names_of(copied):
        path, aside = copied / name, copied / "aside"
        path.rename(aside)
        try:
            config.load(case.engine, local=copied)
            missed.append(name)
        except EngineError as error:
            assert str(copied) in str(error)
        finally:
            aside.rename(path)
    assert set(missed) == case.unread & {*names_of(copied)}


# Files that change what the libraries do, or would make them take other files.
ADDED = (
    *("sentence_bert_config.json", "adapter_config.json", "added_tokens.json", "special_tokens_map.json"),
    *("model.safetensors.index.json", "processor_config.json", "modules.json", "1_Pooling/config.json"),
    *("tokenizer_config.json", "config_sentence_transformers.json", "0_Transformer/config.json"),
)


def test_added_file_is_refused_only_if_all_files_are_recorded(case: Case, copied: Path) -> None:
    config, partial = config_for(case, copied), config_for(case, copied, complete=False)
    added = [name for name in ADDED if not (copied / name).exists()]
    assert added
    for name in added:
        path = copied / name
        new = not path.parent.exists()
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
        try:
            with pytest.raises(ChecksumError) as caught:
                config.load(case.engine, local=copied)
        finally:
            path.unlink()
            if new:
                path.parent.rmdir()
        assert str(caught.value) == golden(
            f"{path} decides vectors, but the lock does not list it among the files of org/tiny @ {'a' * 40}: remove it,"
            " or record the files of `tiny` again"
        )
    partial.load(case.engine, local=copied)


def test_code_beside_recorded_files_is_not_loaded(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "model")
    config = recorded(entry(), sums_of(folder))
    (folder / "README.md").write_text("A card decides nothing.")
    (folder / "modeling.py").write_text("raise SystemExit")
    config.load("onnx", local=folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "model")


def refusal(config: ModelConfig, folder: Path, error: type[EngineError] = ChecksumError) -> str:
    with pytest.raises(EngineError) as caught:
        config.load("onnx", local=folder)
    assert type(caught.value) is error
    return str(caught.value)


def test_registry_and_lock_that_contradict_each_other_load_nothing(folder: Path) -> None:
    sums = sums_of(folder)
    other = entry(files={"sha256": {"model.onnx": "0" * 64}})
    told = refusal(recorded(other, sums), folder)
    assert told == golden(
        f"sha256 of model.onnx of `tiny` is {'0' * 64} in the registry and {sums['model.onnx']} in the lock: one of them"
        " is wrong, so nothing is loaded; compare both with the files by `hypiler verify`"
    )
    recorded(entry(files={"sha256": {"model.onnx": sums["model.onnx"]}}), sums).load("onnx", local=folder)


def test_missing_files_are_named_with_who_recorded_them(folder: Path) -> None:
    config = recorded(entry(), sums_of(folder))
    (folder / "config.json").unlink()
    (folder / "tokenizer.json").unlink()
    assert refusal(config, folder, EngineError) == golden(
        f"2 files are missing in {folder} (config.json, tokenizer.json): the lock gives the sha256 of these files of"
        " `tiny`"
    )


def test_variant_in_another_repository_has_the_sums_of_that_repository(folder: Path) -> None:
    variant = {"id": "export", "quantization": "fp32", "huggingface_id": "org/exports", "file": "model.onnx"}
    sums = {f"org/exports:{name}": sha256 for name, sha256 in sums_of(folder).items()}
    others = dict.fromkeys(["model.onnx", "org/others:model.onnx"], "0" * 64)
    config = recorded(entry(variants=[variant]), sums | others).with_variant("export")
    config.load("onnx", local=folder)
    with flipped(folder / "tokenizer.json"):
        assert refusal(config, folder).startswith(f"sha256 of {folder / 'tokenizer.json'} must be ")


def test_file_that_is_not_what_it_should_be_is_named_as_what_it_is(folder: Path) -> None:
    config = recorded(entry(), sums_of(folder))
    (folder / "model.onnx").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    assert refusal(config, folder).endswith(
        golden(". The file is a Git LFS pointer, not the file itself: run `git lfs pull`, or download it")
    )


def altered(path: Path) -> bytes:
    """The content of a file with another bit in its middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    return bytes(content)


def replace(path: Path, content: bytes) -> None:
    """Put another file in its place."""
    aside = path.with_name("aside")
    aside.write_bytes(content)
    aside.replace(path)


def write_over(path: Path, content: bytes) -> None:
    """Write into the same file, and give it the times that it had."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def turn_link(path: Path, content: bytes) -> None:
    """Let a link lead to another file."""
    target = path.with_name(f"target-{hashlib.sha256(content).hexdigest()[:8]}")
    if not target.exists():
        target.write_bytes(content)
    aside = path.with_name("aside")
    aside.symlink_to(target)
    aside.replace(path)


@pytest.mark.parametrize("back", [False, True], ids=["once", "there and back"])
@pytest.mark.parametrize("change", all_or([turn_link], [replace, write_over, turn_link]))
@pytest.mark.parametrize("name", ["weights", "config.json"])
def test_file_that_changes_while_the_engine_loads_is_refused(
    case: Case,
    copied: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, bytes], None],
    back: bool,
    name: str,
) -> None:
    if case.layout not in SMALL:
        pytest.skip("another layout of this engine is smaller")
    folder = Path(shutil.copytree(copied, tmp_path / "model"))
    config = config_for(case, folder)
    spec = next(spec for spec in SPECS if spec.name == case.engine)
    assert spec.weights is not None
    path = folder / (spec.weights(config, names_of(folder))[0] if name == "weights" else name)
    good, other = path.read_bytes(), altered(path)
    change(path, good)
    module = spec.load()
    open_model = module.open_model

    def opened(*arguments: Any) -> Any:
        change(path, other)
        try:
            return open_model(*arguments)
        finally:
            if back:
                change(path, good)

    monkeypatch.setattr(module, "open_model", opened)
    if case.engine == "onnx" and name == "config.json":
        # It was read before, and is not read again.
        vectors(config, case, folder)
        return
    with pytest.raises(ChecksumError) as caught:
        config.load(case.engine, local=folder)
    if case.engine != "onnx":
        assert str(caught.value) == golden(
            f"{path} changed while `tiny` was being loaded, so it is unknown which bytes were loaded: load again when"
            " nothing else writes to this folder"
        )


def test_bytes_that_were_hashed_are_those_that_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = recorded(entry(), sums_of(folder))
    expected: Any = config.load("onnx", local=folder).encode_documents(["a b"])
    session = onnxruntime.InferenceSession
    path = folder / "model.onnx"

    def opened(*arguments: Any, **options: Any) -> Any:
        replace(path, path.read_bytes().replace(TABLE[8].tobytes(), TABLE[9].tobytes()))
        return session(*arguments, **options)

    monkeypatch.setattr(onnxruntime, "InferenceSession", opened)
    found: Any = config.load("onnx", local=folder).encode_documents(["a b"])
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(ChecksumError):
        config.load("onnx", local=folder)
