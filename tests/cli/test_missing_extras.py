"""Without the library of an extra, or with one that is broken, a command says what to install."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import tiny
from golden import golden

from hypiler._missing import missing_library
from hypiler.cli.main import COMMANDS

# Everything that extras install, by its module.
LIBRARIES = (
    "cyclonedx",
    "fastembed",
    "huggingface_hub",
    "model2vec",
    "numpy",
    "onnxruntime",
    "pyarrow",
    "pylate",
    "safetensors",
    "scipy",
    "sentence_transformers",
    "shtab",
    "spdx_tools",
    "tokenizers",
    "torch",
    "tqdm",
    "transformers",
    "yaml",
)
RUN = "import sys; sys.modules.update(dict.fromkeys({blocked!r})); from hypiler.cli.main import main; sys.exit(main())"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one model, and the files of this model."""
    (tmp_path / "pyproject.toml").write_text('[tool.hypiler]\noutput = "registry.py"\n')
    (tmp_path / "models.json").write_text(json.dumps({"version": "1.0", "models": [tiny.entry(revision="0" * 40)]}))
    (tmp_path / "table.csv").write_text("repository,type,dim\norg/one,dense,8\n")
    tiny.write_tiny(tmp_path / "files")
    (tmp_path / "files/README.md").write_text("---\nlicense: mit\n---\n")
    return tmp_path


def run(folder: Path, *words: str, blocked: tuple[str, ...] = LIBRARIES, path: str = "") -> tuple[int, str, str]:
    """The exit code and both outputs of a command in an interpreter that cannot import some libraries."""
    code = f"import sys; sys.path[:0] = {[path] if path else []!r}; " + RUN.format(blocked=blocked)
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


NEED_NOTHING = {
    "init": ["init", "new"],
    "build": ["build"],
    "check": ["check"],
    "explain": ["explain", "M203"],
    "list": ["list"],
    "show": ["show", "tiny", "--json"],
    "compare": ["compare", "bge-m3", "e5-base-v2", "--shipped"],
    "coverage": ["coverage"],
    "licenses": ["licenses"],
    "ddl": ["ddl", "tiny", "--for", "qdrant"],
    "snippet": ["snippet", "tiny", "--for", "onnx"],
    "docs": ["docs"],
    "schema": ["schema"],
    "import": ["import", "table.csv"],
    "adopt": ["adopt", "files"],
    "migrate": ["migrate", "models.json"],
    "diff": ["diff", "models.json", "models.json"],
}
NEED_THE_HUB = {
    "verify": ["verify"],
    "verify --bytes": ["verify", "--bytes"],
    "pin": ["pin"],
    "add": ["add", "org/other"],
    "outdated": ["outdated"],
}


def test_every_command_is_tried() -> None:
    tried = {words[0] for words in (*NEED_NOTHING.values(), *NEED_THE_HUB.values())}
    assert {*COMMANDS} == tried | {"completion", "encode", "sbom"}


@pytest.mark.parametrize("words", NEED_NOTHING.values(), ids=NEED_NOTHING)
def test_command_needs_no_extra(folder: Path, words: list[str]) -> None:
    code, out, err = run(folder, *words)
    assert (code, err) == (0, "")
    assert out


@pytest.mark.parametrize("words", NEED_THE_HUB.values(), ids=NEED_THE_HUB)
@pytest.mark.parametrize("blocked", ["huggingface_hub", "tqdm"])
def test_command_of_the_hub_names_the_extra(folder: Path, words: list[str], blocked: str) -> None:
    if "--bytes" in words:
        if blocked == "tqdm":
            pytest.skip("it shows no progress")
        record = {"read": "commit", "sha256": "0" * 64, "size": 1}
        files = tiny.entry(revision="0" * 40, files={"sha256": {"model.onnx": record["sha256"]}})
        (folder / "models.json").write_text(json.dumps({"version": "1.0", "models": [files]}))
    expected = golden(f"hypiler: {blocked} is missing: python -m pip install 'hypiler[hub]'\n")
    assert run(folder, *words, blocked=(blocked,)) == (3, "", expected)


@pytest.mark.parametrize(("form", "library"), [("cyclonedx", "cyclonedx"), ("spdx", "spdx_tools")])
def test_bill_of_materials_names_its_extra(folder: Path, form: str, library: str) -> None:
    expected = f"hypiler: {library} is missing: python -m pip install 'hypiler[sbom]'\n"
    assert run(folder, "sbom", "--format", form) == (3, "", expected)


@pytest.mark.parametrize("blocked", ["pyarrow", "tqdm"])
def test_encoding_a_corpus_names_its_extra(folder: Path, blocked: str) -> None:
    if blocked == "tqdm" and find_spec("pyarrow") is None:
        pytest.skip("pyarrow is missing too, and is named first")
    expected = f"hypiler: {blocked} is missing: python -m pip install 'hypiler[encode]'\n"
    words = ["encode", "in.parquet", "out.parquet", "--model", "tiny"]
    assert run(folder, *words, blocked=(blocked,)) == (3, "", expected)


def test_completion_names_its_extra(folder: Path) -> None:
    expected = golden("hypiler: shtab is missing: python -m pip install 'hypiler[completion]'\n")
    assert run(folder, "completion", "fish") == (3, "", expected)


def test_folder_is_read_without_the_client_of_the_hub(folder: Path) -> None:
    """The card alone needs YAML: without it, the card is not used, which a note says."""
    hub = ("huggingface_hub", "tqdm", "numpy", "safetensors", "tokenizers")
    assert run(folder, "verify", "tiny", "--local", "files", blocked=hub)[0] in (0, 1)
    code, out, err = run(folder, "verify", "tiny", "--local", "files")
    assert code in (0, 1)
    assert err == ""
    assert golden("PyYAML is missing: python -m pip install 'hypiler[hub]'") in out


@pytest.mark.parametrize(
    ("library", "text", "why"),
    [
        ("huggingface_hub", "", golden("(No module named 'huggingface_hub.constants')")),
        ("huggingface_hub", "import library_of_nobody", golden("library_of_nobody is missing")),
        ("tqdm", "", "cannot import name 'tqdm' from 'tqdm' ("),
        ("huggingface_hub", "raise ImportError('libssl.so.3: cannot open')", "(libssl.so.3: cannot open)"),
    ],
)
def test_library_that_is_too_old_or_broken_is_told(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, library: str, text: str, why: str
) -> None:
    place = tmp_path_factory.mktemp("path")
    (place / library).mkdir()
    (place / library / "__init__.py").write_text(text)
    code, out, err = run(folder, "outdated", blocked=(), path=str(place))
    assert (code, out) == (3, "")
    assert why in err
    command = "python -m pip install 'hypiler[hub]'\n"
    assert err.endswith(command if "missing" in why else command.replace("install ", "install --upgrade "))
    assert err.count("\n") == 1


def test_library_that_is_too_old_for_a_shell_is_told(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("path")
    (place / "shtab.py").write_text("SUPPORTED_SHELLS = ['bash', 'zsh', 'tcsh']")
    expected = golden("hypiler: shtab is too old for fish: python -m pip install --upgrade 'hypiler[completion]'\n")
    assert run(folder, "completion", "fish", blocked=(), path=str(place)) == (3, "", expected)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            ModuleNotFoundError("x", name="onnx_of_nobody"),
            golden(
                "onnx_of_nobody is missing: install 'hypiler[onnx]' where this application is frozen, and freeze it again"
            ),
        ),
        (
            ModuleNotFoundError("x", name="hypiler.engines.onnx"),
            golden("hypiler.engines.onnx is missing: freeze this application with all modules of hypiler"),
        ),
        (
            ImportError("libx.so: no such file", name="json"),
            golden(
                "json cannot be imported (libx.so: no such file): install 'hypiler[onnx]' where this application is"
                " frozen, and freeze it again"
            ),
        ),
    ],
)
def test_application_that_is_frozen_is_frozen_again(
    error: ImportError, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no pip in it that could install anything."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert missing_library(error, "hypiler[onnx]") == expected
