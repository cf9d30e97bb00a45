"""The table of engines: what each can run, what is installed, which "auto" takes, and engines of other packages."""

import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from golden import golden
from huggingface_hub import constants
from loopback_hub import LoopbackHub, answer
from recorded import recorded
from tiny import WIDTH, config_of, entry, write_tiny

from hypiler.engines import ENGINES, EngineError, EngineSpec, MissingEngineError, engine_specs
from hypiler.engines.choice import choose_engine
from hypiler.engines.specs import SPECS

ALL = {spec.name: spec for spec in SPECS}
ENCODER_TYPES = {
    "dense": "dense",
    "colbert": "multi_vector",
    "sparse": "sparse",
    "reranker": "reranker",
    "static": "static",
}


def typed(place: Path, type: str, **changes: Any) -> Any:
    """A config of a model of this type, whose pooling is not known."""
    return config_of(place, type=type, encoding={"pooling": None} | changes.pop("encoding", {}), **changes)


def test_engines_of_this_package_are_the_lighter_first() -> None:
    assert ENGINES == ("onnx", "model2vec", "sentence-transformers", "fastembed", "pylate", "server")


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
@pytest.mark.parametrize("type", ENCODER_TYPES)
def test_model_of_another_type_is_named_as_the_obstacle(spec: EngineSpec, type: str, tmp_path: Path) -> None:
    names = ["model.onnx", "model.safetensors", "tokenizer.json", "config.json"]
    found = spec.why_not(typed(tmp_path, type), names)
    if ENCODER_TYPES[type] in spec.encoder_types:
        assert found is None
    else:
        runs = ", ".join(spec.encoder_types).replace("_", "-")
        assert found == golden(f"it runs {runs} models, and this is a {ENCODER_TYPES[type].replace('_', '-')} one")


INT8 = {"variants": [{"id": "int8", "quantization": "int8", "file": "int8.onnx"}]}
OBSTACLES: list[tuple[str, dict[str, Any], list[str] | None, str]] = [
    ("onnx", {}, None, golden("the registry names no ONNX file")),
    (
        "onnx",
        {},
        ["model.safetensors", "tokenizer.json"],
        golden("there is no ONNX file onnx/model.onnx or model.onnx"),
    ),
    ("onnx", {"files": {"weights": {"onnx": "q.onnx"}}}, ["model.onnx"], golden("there is no ONNX file q.onnx")),
    ("onnx", {}, ["model.onnx"], golden("there is no tokenizer.json")),
    ("fastembed", {"encoding": {"pooling": "max"}}, ["model.onnx", "tokenizer.json"], golden("it has no max pooling")),
    ("fastembed", {}, None, golden("the registry names no ONNX file")),
    ("sentence-transformers", {}, ["model.onnx"], golden("there are no weights as safetensors or PyTorch")),
    (
        "sentence-transformers",
        {},
        ["adapter_config.json", "a.safetensors"],
        golden("the files are those of an adapter"),
    ),
]


@pytest.mark.parametrize(("name", "changes", "files", "obstacle"), OBSTACLES)
def test_files_that_an_engine_does_not_run_are_named(
    name: str, changes: dict[str, Any], files: list[str] | None, obstacle: str, tmp_path: Path
) -> None:
    assert ALL[name].why_not(typed(tmp_path, "dense", **changes), files) == obstacle


def test_late_interaction_without_unit_vectors_is_not_for_fastembed(tmp_path: Path) -> None:
    capabilities = {"multi_vector": True}
    for normalize, obstacle in ((True, None), (False, golden("it normalizes every vector, and this model does not"))):
        config = typed(tmp_path, "colbert", encoding={"normalize": normalize}, capabilities=capabilities)
        assert ALL["fastembed"].why_not(config, ["model.onnx", "tokenizer.json"]) == obstacle


@pytest.mark.parametrize("name", ["sentence-transformers", "pylate", "model2vec"])
def test_variants_are_for_onnxruntime_alone(name: str, tmp_path: Path) -> None:
    types = {"pylate": "colbert", "model2vec": "static"}
    config = typed(tmp_path, types.get(name, "dense"), **INT8).with_variant("int8")
    assert ALL[name].why_not(config, ["model.safetensors", "int8.onnx"]) == golden("it runs no variants")


def test_registry_alone_can_name_what_onnxruntime_runs(tmp_path: Path) -> None:
    assert ALL["onnx"].why_not(typed(tmp_path, "dense", files={"weights": {"onnx": "q.onnx"}})) is None
    assert ALL["onnx"].why_not(typed(tmp_path, "dense", **INT8).with_variant("int8")) is None
    other = {"variants": [{"id": "q4", "quantization": "q4", "file": "q4.gguf"}]}
    assert ALL["onnx"].why_not(typed(tmp_path, "dense", **other).with_variant("q4")) == golden(
        "the variant 'q4' is not an ONNX file"
    )


def test_folder_is_as_good_as_the_names_of_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "onnx").mkdir(parents=True)
    config = typed(tmp_path, "dense")
    (folder / "onnx/model.onnx").touch()
    assert ALL["onnx"].why_not(config, folder) == golden("there is no tokenizer.json")
    (folder / "tokenizer.json").touch()
    assert ALL["onnx"].why_not(config, folder) is ALL["onnx"].why_not(config, str(folder)) is None


class TestInstalled:
    @pytest.mark.parametrize(
        ("name", "package"),
        [
            ("onnx", "onnxruntime"),
            ("model2vec", "model2vec"),
            ("sentence-transformers", "torch"),
            ("fastembed", "fastembed"),
            ("pylate", "pylate"),
        ],
    )
    def test_missing_package_is_named_with_the_command_that_installs_it(
        self, name: str, package: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spec = ALL[name]
        loaded = [module for module in sys.modules if module.startswith((spec.module, f"{package}."))]
        for module in loaded:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, package, None)
        assert not spec.is_installed()
        with pytest.raises(MissingEngineError) as caught:
            spec.load()
        assert str(caught.value).startswith(package)
        assert str(caught.value).endswith(f" is missing: python -m pip install 'hypiler[{name}]'")

    def test_package_that_cannot_be_imported_says_why(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "broken_engine.py").write_text("from os import nothing")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(MissingEngineError) as caught:
            plugin(module="broken_engine").load()
        told = str(caught.value)
        assert told.startswith("the engine `echo` cannot be imported (cannot import name 'nothing' from 'os'")
        assert told.endswith("): python -m pip install --upgrade 'hypiler-echo'")

    def test_older_package_without_the_module_is_not_enough(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "old_library/new").mkdir(parents=True)
        (tmp_path / "old_library/__init__.py").write_text("raise SystemExit('imported')")
        monkeypatch.syspath_prepend(tmp_path)
        spec = plugin(requires=("old_library.new",))
        (tmp_path / "old_library/new/__init__.py").touch()
        assert spec.is_installed()
        assert not plugin(requires=("old_library.new.part",)).is_installed()
        assert not plugin(requires=("old_library.other",)).is_installed()
        assert not plugin(requires=("no_such_library.new",)).is_installed()
        assert "old_library" not in sys.modules


def asked(statement: str) -> str:
    """What a fresh interpreter prints."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r}); {statement}"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_asking_imports_no_library_and_no_numpy(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    assert (
        asked(
            "from hypiler import ModelConfig; from hypiler.engines import engine_specs;"
            "config = ModelConfig.from_registry('bge-m3'); specs = list(engine_specs());"
            f"[(spec.why_not(config), spec.why_not(config, {str(tmp_path)!r}), spec.is_installed()) for spec in specs];"
            "print(*{'numpy', 'onnxruntime', 'torch', 'tokenizers', 'fastembed', 'model2vec'} & {*sys.modules})"
        )
        == ""
    )


def test_light_engines_know_nothing_of_pytorch() -> None:
    found = asked(
        "import hypiler.engines.onnx, hypiler.engines.model2vec; print(*[m for m in sys.modules if 'torch' in m])"
    )
    assert found == ""


class TestAuto:
    def test_only_the_engine_that_runs_the_model_is_imported(self, tmp_path: Path) -> None:
        folder = tmp_path / "model"
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"no table")
        told, imported = asked(
            "from hypiler import ModelConfig; from hypiler.engines import EngineError\n"
            "config = ModelConfig.from_registry('potion-retrieval-32m')\n"
            f"try: config.load(local={str(folder)!r}, assume={{'normalize': True}})\n"
            "except EngineError as error: print(error)\n"
            "print('onnxruntime' in sys.modules)"
        ).splitlines()
        assert told == golden(
            f"2 files are missing in {folder} (config.json, tokenizer.json): the registry gives the sha256 of these files"
            " of `potion-retrieval-32m`"
        )
        assert imported == "False"

    def test_first_engine_is_passed_over_if_the_folder_holds_nothing_for_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = write_tiny(tmp_path / "model")
        (folder / "model.onnx").rename(folder / "model.safetensors")
        without(monkeypatch, *ENGINES)
        assert refusal(typed(tmp_path, "dense"), folder) == golden(
            "MissingEngineError: no engine that is installed can run `tiny`, a dense model; install one of these, the"
            " best first: `sentence-transformers` (python -m pip install 'hypiler[sentence-transformers]'; it reads"
            f" model.safetensors); by the files in {folder}, others cannot: `onnx`, `fastembed` (there is no ONNX file"
            " onnx/model.onnx or model.onnx)"
        )

    def test_engines_that_could_run_it_are_named_the_best_first(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without(monkeypatch, *ENGINES)
        assert refusal(config_of(tmp_path, encoding={"pooling": "cls"}), write_tiny(tmp_path / "model")) == golden(
            "MissingEngineError: no engine that is installed can run `tiny`, a dense model; install one of these, the"
            " best first: `onnx` (python -m pip install 'hypiler[onnx]'; it reads model.onnx), `fastembed` (python -m"
            f" pip install 'hypiler[fastembed]'; it reads model.onnx); by the files in {tmp_path / 'model'}, others"
            " cannot: `sentence-transformers` (there are no weights as safetensors or PyTorch)"
        )

    def test_engine_that_turns_out_to_be_missing_is_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without(monkeypatch, "fastembed")
        # Found by its files, and not to be imported.
        monkeypatch.delitem(sys.modules, "hypiler.engines.onnx", raising=False)
        monkeypatch.setitem(sys.modules, "hypiler.engines.onnx", None)
        assert golden(
            ": `onnx` (hypiler.engines.onnx is missing: python -m pip install 'hypiler[onnx]'; it reads model.onnx),"
            " `fastembed` (python -m pip install 'hypiler[fastembed]'; it reads model.onnx); by "
        ) in refusal(config_of(tmp_path), write_tiny(tmp_path / "model"))

    def test_files_that_no_engine_runs_are_an_error_that_installs_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "model").mkdir()
        assert refusal(typed(tmp_path, "static"), tmp_path / "model") == golden(
            f"EngineError: no engine can run `tiny`, a static model, by the files in {tmp_path / 'model'}: `model2vec`"
            " (there is no table model.safetensors or 0_StaticEmbedding/model.safetensors)"
        )

    def test_variant_that_no_engine_runs_is_an_error(self, tmp_path: Path) -> None:
        variants = [{"id": "q4", "quantization": "q4", "file": "q4.gguf"}]
        assert refusal(typed(tmp_path, "reranker", variants=variants).with_variant("q4"), None) == golden(
            "EngineError: no engine can run `tiny`, a reranker model, by what the registry says of its files: `onnx` (the"
            " variant 'q4' is not an ONNX file), `sentence-transformers` (it runs no variants)"
        )


class TestWithoutScipy:
    """Only sparse models need scipy, whichever engine runs them."""

    @pytest.fixture(autouse=True)
    def scipy_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [name for name in sys.modules if name.startswith("scipy.")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "scipy", None)

    @pytest.mark.parametrize("engine", ["auto", "onnx"])
    def test_sparse_model_is_refused_before_its_files_are_looked_for(
        self, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("listed_names", "names_in", "model_folder"):
            monkeypatch.setattr(f"hypiler.engines.choice.{name}", lambda *_: pytest.fail("files were looked for"))
        monkeypatch.setattr(EngineSpec, "load", lambda spec: pytest.fail(f"{spec.name} was imported"))
        with pytest.raises(MissingEngineError) as caught:
            typed(tmp_path, "sparse").load(engine)
        assert str(caught.value) == golden(
            "scipy is missing, and the vectors of `tiny`, a sparse model, need it: python -m pip install 'hypiler[sparse]'"
        )

    def test_command_installs_a_missing_engine_with_scipy(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without(monkeypatch, *ENGINES)
        with pytest.raises(MissingEngineError) as caught:
            typed(tmp_path, "sparse").load("onnx")
        assert str(caught.value) == golden(
            "scipy is missing, and the vectors of `tiny`, a sparse model, need it: python -m pip install"
            " 'hypiler[onnx,sparse]'"
        )

    def test_commands_of_all_engines_that_could_run_it_install_scipy(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without(monkeypatch, *ENGINES)
        assert refusal(typed(tmp_path, "sparse"), write_tiny(tmp_path / "model")) == golden(
            "MissingEngineError: no engine that is installed can run `tiny`, a sparse model; install one of these, the"
            " best first: `onnx` (python -m pip install 'hypiler[onnx,sparse]'; it reads model.onnx), `fastembed` (python"
            " -m pip install 'hypiler[fastembed,sparse]'; it reads model.onnx); by the files in"
            f" {tmp_path / 'model'}, others cannot: `sentence-transformers` (there are no weights as safetensors or"
            " PyTorch)"
        )

    def test_command_of_another_package_names_both(self) -> None:
        spec = plugin(encoder_types=("dense", "sparse"))
        assert spec.install_command_for("dense") == "python -m pip install 'hypiler-echo'"
        assert spec.install_command_for("sparse") == "python -m pip install 'hypiler-echo' 'hypiler[sparse]'"

    def test_dense_model_runs(self, tmp_path: Path) -> None:
        encoder: Any = config_of(tmp_path).load(local=write_tiny(tmp_path / "model"))
        vectors = encoder.encode_documents(["a text", "another"])
        assert encoder.similarity(vectors, vectors).shape == (2, 2)
        assert encoder.stamp()["probe"]

    def test_engines_and_all_their_names_are_imported(self) -> None:
        found = asked(
            "sys.modules['scipy'] = None; from hypiler.engines import *; import hypiler.engines.scoring;"
            "import hypiler.engines.onnx, hypiler.engines.model2vec; print(SparseEncoder.__name__)"
        )
        assert found == "SparseEncoder"


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    installed = EngineSpec.is_installed
    monkeypatch.setattr(EngineSpec, "is_installed", lambda spec: spec.name not in names and installed(spec))


def refusal(config: Any, local: Path | None) -> str:
    with pytest.raises(EngineError) as caught:
        config.load(local=local)
    return f"{type(caught.value).__name__}: {caught.value}"


def plugin(**changes: Any) -> EngineSpec:
    fields: dict[str, Any] = {
        "name": "echo",
        "requirement": "hypiler-echo",
        "module": "echo_engine",
        "encoder_types": ("dense",),
        "requires": (),
        "files": lambda config: ["*.json"],
        "obstacle": lambda config, names: None,
    }
    return EngineSpec(**fields | changes)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Installs a package with entry points, as pip leaves it."""

    def install(package: str, points: dict[str, str], **modules: str) -> None:
        site = tmp_path / f"site-{package}"
        folder = site / f"{package.replace('-', '_')}-1.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (folder / "entry_points.txt").write_text("\n".join(["[hypiler.engines]", *lines, ""]))
        for name, text in modules.items():
            (site / f"{name}.py").write_text(text)
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.syspath_prepend(site)

    return install


def page_blocks() -> dict[str, str]:
    """The files of the worked example in the documentation, by name."""
    page = (Path(__file__).parents[2] / "docs/engines.md").read_text("utf-8")
    return dict(re.findall(r"`([\w.]+)`:\n\n```\w+\n(.*?)^```$", page, re.DOTALL | re.MULTILINE))


class TestOtherPackages:
    def test_example_of_the_documentation_runs(self, installed: Any, tmp_path: Path) -> None:
        files = page_blocks()
        assert set(files) == {"pyproject.toml", "hashing_spec.py", "hashing_engine.py"}
        (point,) = [line for line in files["pyproject.toml"].splitlines() if line.startswith("hashing")]
        name, _, value = point.partition(" = ")
        modules = {name.removesuffix(".py"): text for name, text in files.items() if name.endswith(".py")}
        installed("hypiler-hashing", {name: value.strip('"')}, **modules)

        config = typed(tmp_path, "dense", encoding={"pooling": "mean"})
        folder = tmp_path / "model"
        folder.mkdir()
        (folder / "words.json").write_text("{}")
        encoder: Any = config.load(local=folder)
        assert repr(encoder) == f"<DenseEncoder 'tiny' by hashing: {WIDTH} dims>"
        vectors = encoder.encode_documents(["a b", "a b", "c"])
        np.testing.assert_array_equal(vectors[0], vectors[1])
        assert not np.array_equal(vectors[0], vectors[2])
        assert config.load("hashing", local=folder).engine == "hashing"

    def test_engines_of_others_follow_those_of_this_package(self, installed: Any) -> None:
        text = "from hypiler.engines import EngineSpec\nSPEC = EngineSpec({!r}, 'x', 'x', (), (), list, max)"
        installed(
            "b", {"zebra": "b_spec:SPEC", "ant": "a_spec:SPEC"}, b_spec=text.format("zebra"), a_spec=text.format("ant")
        )
        assert [spec.name for spec in engine_specs()] == [*ENGINES, "ant", "zebra"]

    def test_name_of_this_package_cannot_be_taken(self, installed: Any, tmp_path: Path) -> None:
        installed("thief", {"onnx": "thief_spec:SPEC"}, thief_spec="raise SystemExit('loaded')")
        assert [spec.name for spec in engine_specs()] == list(ENGINES)
        assert config_of(tmp_path).load("onnx", local=write_tiny(tmp_path / "model")).engine == "onnx"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("1 / 0", "cannot be loaded: ZeroDivisionError: division by zero"),
            ("SPEC = 5", "must be an EngineSpec of this name; got 5"),
            ("", "cannot be loaded: AttributeError: module 'broken_spec' has no attribute 'SPEC'"),
        ],
    )
    def test_broken_entry_point_leaves_the_others_as_they_are(
        self, installed: Any, tmp_path: Path, text: str, message: str
    ) -> None:
        installed("broken", {"broken": "broken_spec:SPEC"}, broken_spec=text)
        folder = write_tiny(tmp_path / "model")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert [spec.name for spec in engine_specs()] == list(ENGINES)
        told = golden(f"the engine `broken` of broken (broken_spec:SPEC) {message}")
        assert [(str(one.message), one.filename) for one in caught] == [(told, __file__)]
        # One that comes before it is taken without a look at it.
        assert config_of(tmp_path).load(local=folder).engine == "onnx"
        with pytest.raises(EngineError) as refused:
            config_of(tmp_path).load("broken", local=folder)
        assert str(refused.value) == told

    def test_unknown_name_is_refused_with_all_that_there_are(self, installed: Any, tmp_path: Path) -> None:
        installed("more", {"more": "more_spec:SPEC"})
        with pytest.raises(ValueError) as caught:
            config_of(tmp_path).load("less", local=tmp_path)
        assert str(caught.value) == golden(f"engine must be auto or one of {', '.join(ENGINES)}, more; got 'less'")

    def test_no_other_package_is_asked_for_an_engine_of_this_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(metadata, "entry_points", lambda **_: pytest.fail("entry points were read"))
        for engine in ("auto", "onnx"):
            assert config_of(tmp_path).load(engine, local=write_tiny(tmp_path / engine)).engine == "onnx"


class TestWhatTheHubHolds:
    """Without a folder, "auto" looks at the list of the repository's files: of the cache, of the lock, of the hub."""

    @pytest.fixture
    def hub(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackHub]:
        # The client waits between its tries.
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        with LoopbackHub() as hub:
            hub.redirect(monkeypatch, tmp_path / "cache")
            yield hub

    @pytest.fixture
    def files(self, tmp_path: Path) -> dict[str, Any]:
        folder = write_tiny(tmp_path / "model")
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def test_file_that_the_registry_does_not_name_is_found(
        self, hub: LoopbackHub, files: dict[str, Any], tmp_path: Path
    ) -> None:
        files["onnx/model.onnx"] = files.pop("model.onnx")
        config = config_of(tmp_path, revision=hub.add("org/tiny", files))
        assert config.load().engine == "onnx"
        assert listings(hub) == 2  # one to choose, one by the client to download
        hub.requests.clear()
        # The client has kept the list.
        assert config.load().engine == "onnx"
        assert hub.requests == []

    def test_engines_that_can_run_the_files_are_named_the_best_first(
        self, hub: LoopbackHub, files: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without(monkeypatch, *ENGINES)
        files["model.safetensors"] = files.pop("model.onnx")
        commit = hub.add("org/tiny", files)
        config = config_of(tmp_path, revision=commit)
        assert refusal(config, None) == golden(
            "MissingEngineError: no engine that is installed can run `tiny`, a dense model; install one of these, the"
            " best first: `sentence-transformers` (python -m pip install 'hypiler[sentence-transformers]'; it reads"
            f" model.safetensors); by the files of org/tiny @ {commit}, others cannot: `onnx`, `fastembed` (there is no"
            " ONNX file onnx/model.onnx or model.onnx)"
        )
        assert listings(hub) == len(hub.requests) == 1

    def test_repository_without_weights_is_an_error(
        self, hub: LoopbackHub, files: dict[str, Any], tmp_path: Path
    ) -> None:
        del files["model.onnx"]
        commit = hub.add("org/tiny", files)
        assert refusal(config_of(tmp_path, revision=commit), None) == golden(
            f"EngineError: no engine can run `tiny`, a dense model, by the files of org/tiny @ {commit}: `onnx`,"
            " `fastembed` (there is no ONNX file onnx/model.onnx or model.onnx), `sentence-transformers` (there are no"
            " weights as safetensors or PyTorch)"
        )

    def test_lock_with_all_files_is_as_good_as_the_list(
        self, hub: LoopbackHub, files: dict[str, Any], tmp_path: Path
    ) -> None:
        revision = hub.add("org/tiny", files)
        sums = {name: sha256(data).hexdigest() for name, data in files.items()}
        assert recorded(entry(revision=revision), sums).load().engine == "onnx"
        assert listings(hub) == 1  # by the client, to download
        hub.requests.clear()

    def test_lock_with_some_files_says_nothing_about_the_others(
        self, hub: LoopbackHub, files: dict[str, Any], tmp_path: Path
    ) -> None:
        revision = hub.add("org/tiny", files)
        sums = {"config.json": sha256(files["config.json"]).hexdigest()}
        assert recorded(entry(revision=revision), sums, complete=False).load().engine == "onnx"

    @pytest.mark.parametrize("offline", [True, False], ids=["offline", "hub is down"])
    def test_cached_files_count_if_the_hub_is_not_asked(
        self,
        hub: LoopbackHub,
        files: dict[str, Any],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        offline: bool,
    ) -> None:
        config = config_of(tmp_path, revision=hub.add("org/tiny", files))
        config.load("onnx")
        # As older clients left it, which kept no such list.
        shutil.copytree(tmp_path / "cache", tmp_path / "old", symlinks=True, ignore=shutil.ignore_patterns("trees"))
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "old"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        hub.fault("*", answer(503))
        assert choose_engine(config, "auto")[0].name == "onnx"

    def test_refusal_of_the_hub_is_told_as_that_of_a_download(self, hub: LoopbackHub, tmp_path: Path) -> None:
        hub.add("org/tiny", {"config.json": {}}, private=True)
        config = config_of(tmp_path, revision="b" * 40)
        assert refusal(config, None) == golden(
            f"EngineError: org/tiny @ {'b' * 40} does not exist on the hub, or is private and wants a token"
        )

    def test_offline_without_the_files_says_so(
        self, hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        assert refusal(config_of(tmp_path), None) == golden(
            f"EngineError: org/tiny @ {'a' * 40} is not in the cache, and HF_HUB_OFFLINE is set; run it once while"
            " online, or pass local=FOLDER"
        )
        assert hub.requests == []

    def test_without_the_client_the_registry_decides(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "huggingface_hub", None)
        without(monkeypatch, *ENGINES)
        assert refusal(config_of(tmp_path), None) == golden(
            "MissingEngineError: no engine that is installed can run `tiny`, a dense model; install one of these, the"
            " best first: `sentence-transformers` (python -m pip install 'hypiler[sentence-transformers]'); by what the"
            " registry says of its files, others cannot: `onnx`, `fastembed` (the registry names no ONNX file)"
        )


def listings(hub: LoopbackHub) -> int:
    """How often the list of files was asked for."""
    return sum("/tree/" in request.path for request in hub.requests)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "meant"), [("onxx", "onnx"), ("sentence_transformers", "sentence-transformers"), ("Auto", "auto")]
    )
    def test_mistyped_name_gets_a_suggestion(self, name: str, meant: str, tmp_path: Path) -> None:
        with pytest.raises(ValueError) as caught:
            config_of(tmp_path).load(name)
        assert str(caught.value) == golden(
            f"engine must be auto or one of {', '.join(ENGINES)}; got {name!r}; did you mean {meant!r}?"
        )

    def test_weights_are_those_that_the_engine_would_load(self, tmp_path: Path) -> None:
        config = typed(tmp_path, "dense")
        names = [
            *("config.json", "pytorch_model.bin", "model.safetensors", "other.safetensors", "onnx/model.onnx"),
            *("onnx/model.onnx_data", "onnx/model_int8.onnx", "2_Dense/model.safetensors", "3_Dense/pytorch_model.bin"),
        ]
        found = {name: spec.weights and spec.weights(config, names) for name, spec in ALL.items()}
        graph = ["onnx/model.onnx", "2_Dense/model.safetensors", "onnx/model.onnx_data"]
        network = ["2_Dense/model.safetensors", "3_Dense/pytorch_model.bin", "model.safetensors"]
        assert {name: sorted(files or ()) for name, files in found.items() if name != "server"} == {
            "onnx": sorted(graph),
            "fastembed": sorted(graph),
            "model2vec": ["model.safetensors"],
            "sentence-transformers": network,
            "pylate": network,
        }
        shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        spec = ALL["sentence-transformers"]
        assert spec.weights is not None
        assert [*spec.weights(config, [*shards, "pytorch_model.bin"])] == shards
        assert [*spec.weights(config, ["config.json"])] == []


def _files_at_home(statement: str, model: Path, home: Path) -> list[str]:
    """The files that a process leaves in its home folder when onnxruntime opens a graph after a statement."""
    session = (
        f"import onnxruntime; onnxruntime.InferenceSession({os.fspath(model)!r}, providers=['CPUExecutionProvider'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": os.fspath(home), "XDG_CACHE_HOME": ""}
    home.mkdir()
    subprocess.run([sys.executable, "-c", f"{statement}; {session}"], check=True, env=environment)
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())


def test_loading_an_engine_turns_off_the_telemetry_of_onnxruntime(tmp_path: Path) -> None:
    """By itself, onnxruntime keeps events to send, and an identifier of the machine."""
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])],
        "graph",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])],
    )
    model = tmp_path / "model.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), model)
    if not _files_at_home("pass", model, tmp_path / "bare"):
        pytest.skip("this onnxruntime reports nothing")
    engine = "from hypiler.engines.specs import SPECS; SPECS[0].load()"
    assert _files_at_home(engine, model, tmp_path / "home") == []
