"""Formatters, linters and fixers leave generated files as they are, and pylint accepts programs that use them.

What is too large for hypiler's own tests is in `tools/check_generated.py`.
"""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from slow import all_or, slow
from generated import import_file
from strategies import HOSTILE

from hypiler.compiler.pipeline import compile_registry
from hypiler.emit.targets import TARGETS

# The registries that checkers are tried on.
checkers = import_file(Path(__file__).with_name("test_checkers.py"), "registries_for_checkers")
entry, generate, REGISTRIES = checkers.entry, checkers.generate, checkers.REGISTRIES

FORMATTERS = {
    "ruff": ["format", "--isolated", "--no-cache", "--line-length", "{width}"],
    "ruff preview": ["format", "--isolated", "--no-cache", "--preview", "--line-length", "{width}"],
    "black": ["--quiet", "--line-length", "{width}"],
    "black preview": ["--quiet", "--preview", "--unstable", "--line-length", "{width}"],
    "isort": ["--quiet", "--line-length", "{width}"],
    "isort black": ["--quiet", "--profile", "black", "--line-length", "{width}"],
}
LINTERS = {
    "ruff": ["check", "--isolated", "--no-cache", "--quiet", "--select", "ALL", "--ignore", "CPY,D104"],
    "ruff preview": [
        "check",
        "--isolated",
        "--no-cache",
        "--quiet",
        "--preview",
        "--select",
        "ALL",
        "--ignore",
        "CPY,D104",
    ],
    "flake8": ["--isolated", "--max-complexity", "1", "--max-doc-length", "40"],
    "pylint": ["--rcfile=", "--score=n", "--enable-all-extensions"],
}


def run(tool: str, arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool over everything in a folder."""
    name = tool.partition(" ")[0]
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    command = [sys.executable, "-m", name, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Registries without models, with few, and with texts and ids of every kind and length."""
    folder = tmp_path_factory.mktemp("packages")
    for name in ("empty", "one", "three", "spread"):
        generate(folder / name, REGISTRIES[name]())
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every generated file."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "__init__.py"
    }


@pytest.mark.parametrize("tool", all_or(["ruff"], FORMATTERS))
def test_no_formatter_edits_a_generated_file_at_any_width(tool: str, packages: Path, tmp_path: Path) -> None:
    before = contents(packages)
    assert len(before) == 8
    copy = shutil.copytree(packages, tmp_path / "copy")
    if tool.startswith("black"):
        # black takes half a minute for so large a stub: tools/check_generated.py has the time.
        for path in copy.glob("spread/*"):
            before.pop(path.relative_to(copy).as_posix(), None)
            path.unlink()
    (copy / "one/canary.py").write_text("import sys\nimport os\nx = ( 1 )\n", "utf-8")
    for width in (40, 320) if tool.startswith("black") else (1, 40, 79, 88, 100, 120, 320):
        result = run(tool, [argument.format(width=width) for argument in FORMATTERS[tool]] + ["."], copy)
        assert (result.returncode, result.stderr.replace("warning: ", "")) == (0, ""), result
    canary = (copy / "one/canary.py").read_text("utf-8")
    assert canary != "import sys\nimport os\nx = ( 1 )\n"
    (copy / "one/canary.py").unlink()
    assert contents(copy) == before


@pytest.mark.parametrize("tool", all_or(["ruff"], LINTERS))
def test_no_linter_complains_about_a_generated_file(tool: str, packages: Path) -> None:
    names = ["empty", "one", "three", "spread"] if tool != "pylint" else ["one"]
    result = run(tool, LINTERS[tool] + names, packages)
    assert (result.stdout, result.returncode) == ("", 0)


@slow
def test_no_rule_of_basedpyright_reports_anything_in_a_generated_file(packages: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(packages, tmp_path / "copy")
    rules = {"typeCheckingMode": "all", "reportUnnecessaryTypeIgnoreComment": "error"}
    (copy / "pyrightconfig.json").write_text(json.dumps(rules), "utf-8")
    result = run("basedpyright", ["--level", "warning"], copy)
    assert (result.stdout, result.returncode) == ("0 errors, 0 warnings, 0 notes\n", 0)


CLIENT = '''"""A program that uses every way into a registry."""

import app.model_registry as reg
from app.model_registry import (
    COLBERT_SMALL,
    MODELS,
    MODEL_REGISTRY,
    OTHER_NAME,
    ModelInfo,
    ModelType,
    from_registry,
    get_model,
    is_model_id,
    models_by_language,
    models_by_type,
)


def describe(model: ModelInfo) -> str:
    """One line about a model."""
    return f"{model.name}: {model.model_type.value}, {model.resolve_dimension()}"


print(COLBERT_SMALL.embedding_dim, MODELS["colbert-small"].name, OTHER_NAME.to_dict()["id"])
print(models_by_type(ModelType.COLBERT), models_by_type("colbert")[0].license)
print(models_by_language("en")[:1], get_model("colbert-small").embedding_dim)
print(reg.COLBERT_SMALL.license, reg.MANY.aliases[0])
for one in [*reg.MODEL_REGISTRY, *MODEL_REGISTRY]:
    print(describe(one))
for name in MODELS:
    print(name, MODELS[name].dimensions)
for name, found in reg.MODELS_BY_ID.items():
    print(name, found.id)
print("x" in MODELS, len(MODELS), is_model_id("x"))
print(from_registry("many", dimension=64).repo)
'''


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """A folder with a package `app` and a program beside it."""
    models = [entry("colbert-small", (96,), type="colbert"), entry("many", (64, 128), aliases=["other.name"])]
    generate(tmp_path / "app", models)
    (tmp_path / "client.py").write_text(CLIENT, "utf-8")
    return tmp_path


def pylint(folder: Path) -> str:
    """What pylint says about the client, with no options but a short form of its messages."""
    return run(
        "pylint", ["--rcfile=", "--score=n", "--msg-template={line}: {symbol}: {msg}", "client.py"], folder
    ).stdout


@slow
def test_pylint_accepts_a_program_that_uses_a_registry(client: Path) -> None:
    assert pylint(client) == ""


@slow
def test_pylint_reports_a_name_that_no_model_has(client: Path) -> None:
    text = '"""Wrong names."""\nfrom app.model_registry import COLBERT_BIG, MANY\nprint(COLBERT_BIG, MANY)\n'
    (client / "client.py").write_text(text, "utf-8")
    assert pylint(client) == (
        "************* Module client\n2: no-name-in-module: No name 'COLBERT_BIG' in module 'app.model_registry'\n"
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_no_line_of_an_output_ends_with_a_space_and_each_file_ends_with_one_line_end(text: str) -> None:
    """Fixers of pre-commit and of editors would take the spaces and the lines away."""
    models = [entry("one", description=f"{text} a \n b{text} ", name=f"a{text} ", organization=f" {text}x ")]
    registry = compile_registry([("models.json", json.dumps({"version": "1.0", "models": models}).encode())])
    if registry.has_errors:
        pytest.skip("such a text is refused")
    for target in TARGETS.values():
        for path, content in target.emit(registry, target.default_path).items():
            lines = content.split("\n")
            assert lines[-1] == ""
            assert lines[-2] != ""
            assert "\r" not in content
            assert [line for line in lines if line != line.rstrip()] == [], path
            assert not content.startswith("\ufeff")
