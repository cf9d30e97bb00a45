"""Checkers accept what is right and reject what is wrong, of the shipped registry and of any other project's.

The cases are files: those called `accepts` must have no error; in those called `rejects` each line has one that an
`ignore` of exactly its kind takes away, and an `ignore` without an error is an error. So both checkers must find nothing
in either. Each checker runs once over many cases: starting it takes longer than checking them. Checkers that hypiler's own tests do
not install are tried where they are on the path.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from slow import all_or, slow
from strategies import HOSTILE

import hypiler
from hypiler.compiler.pipeline import compile_registry
from hypiler.emit.python.module import emit_python
from hypiler.emit.python.pragmas import CHECKERS, FORMATTERS_AND_LINTERS
from hypiler.emit.python.stub import emit_stub
from hypiler.emit.python.stub_names import MAX_LITERALS
from hypiler.hosted_registry import ModelId as HostedId
from hypiler.model_registry import ModelId, Repository
from hypiler.schema.requirements import USUAL, Requirements

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SOURCE = Path(hypiler.__file__).parents[1]
# Where hypiler is installed as a copy, both find it by themselves.
IMPORTABLE = [] if SOURCE.name == "site-packages" else [str(SOURCE)]
SHIPPED_CASES = ("accepts", "accepts_hosted", "rejects", "rejects_hosted")
STRICT = {
    "typeCheckingMode": "strict",
    "enableTypeIgnoreComments": False,
    "reportUnnecessaryTypeIgnoreComment": "error",
}

Check = Callable[..., list[str]]


def mypy(folder: Path, python: str = sys.executable, paths: list[str] = IMPORTABLE) -> list[str]:
    """The errors that `mypy --strict` finds in a folder."""
    command = ["--strict", "--no-error-summary", "--hide-error-context", "--no-pretty"]
    command += ["--cache-dir", str(folder.parent / f"{folder.name}_mypy_cache")]
    command += ["--python-executable", python, "."]
    result = run("mypy", *command, cwd=folder, MYPYPATH=os.pathsep.join(paths))
    return result.stdout.splitlines() + result.stderr.splitlines()


def pyright(folder: Path, python: str = sys.executable, paths: list[str] = IMPORTABLE) -> list[str]:
    """The errors and warnings that pyright finds in a folder in strict mode."""
    config = json.dumps(STRICT | {"extraPaths": paths})
    (folder / "pyrightconfig.json").write_text(config, "utf-8")
    result = run("basedpyright", "--outputjson", "--pythonpath", python, cwd=folder)
    report = json.loads(result.stdout)
    assert report["summary"]["filesAnalyzed"] > 0
    return [
        f"{Path(found['file']).relative_to(folder.resolve()).as_posix()}:"
        f"{found['range']['start']['line'] + 1}: {found['severity']}: "
        f"{' '.join(found['message'].split())} [{found.get('rule')}]"
        for found in report["generalDiagnostics"]
    ]


def run(tool: str, *arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a module of this environment."""
    result = subprocess.run(
        [sys.executable, "-m", tool, *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode in (0, 1), result.stderr
    return result


both = pytest.mark.parametrize("check", all_or([mypy], [mypy, pyright]))


def entry(id: str, dims: Sequence[int] = (384,), **facts: Any) -> dict[str, Any]:
    """A model; with more than one dim, they are its Matryoshka dims, or its range of any dims."""
    matryoshka: dict[str, Any] = {"matryoshka_dims": list(dims)} if len(dims) > 1 else {}
    if isinstance(dims, range):
        matryoshka = {"matryoshka_range": {"min": dims[0], "max": dims[-1]}}
    return {
        "id": id,
        "type": "dense",
        "name": id,
        "huggingface_id": f"org/{id}",
        "organization": "Org",
        "release_date": "2024-05",
        "architecture": {
            "type": "bert",
            "variant": "bert-base",
            "has_projection": False,
            **matryoshka,
        },
        "specs": {
            "parameters": "110M",
            "embedding_dim": dims[-1],
            "hidden_dim": 768,
            "context_length": 512,
            "max_position_embeddings": 512,
            "vocab_size": 30522,
        },
        "capabilities": {
            "languages": ["en"],
            "modalities": ["text"],
            "multi_vector": False,
            "quantization": ["fp32"],
        },
        "performance": {"beir_avg": None, "ms_marco_mrr10": None},
        "license": "MIT",
        "description": "A model.",
        **facts,
    }


def models(size: int) -> list[dict[str, Any]]:
    """The models that the cases name, and others around them, with many sets of dims."""
    others = [
        entry(f"other-{number}.{number % 7}", tuple(range(64, 129 + number % 17 * 64, 64)))
        for number in range(size - 3)
    ]
    return [
        *others[::2],
        entry("one", type="vision-language"),
        entry("many", (64, 96, 128), aliases=["other.name"]),
        entry("last", (768,), type="a.b-c9"),
        *others[1::2],
    ]


def generate(folder: Path, entries: list[dict[str, Any]], required: Requirements = USUAL) -> None:
    """Compile the models into a package."""
    tree = {"version": "1.0", "models": entries}
    registry = compile_registry([("models.json", json.dumps(tree).encode())], required=required)
    assert not registry.has_errors, registry.findings
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    module = folder / "model_registry.py"
    module.write_text(emit_python(registry), "utf-8", newline="")
    module.with_suffix(".pyi").write_text(emit_stub(registry), "utf-8", newline="")


_LEAST: dict[str, Any] = {"type": "dense", "specs": {"embedding_dim": 8}}
CORE: list[dict[str, Any]] = [
    {"id": "here", "name": "Here", "huggingface_id": "org/here", **_LEAST},
    {"id": "hosted", "name": "Hosted", "source": {"api": "openai", "model": "m"}, **_LEAST},
]


def spread() -> list[dict[str, Any]]:
    """Ids, types and dims of every length, so that each way of breaking a line occurs; descriptions of every kind."""
    lengths = range(1, 101)
    dims = [tuple(range(100, 100 + count)) for count in range(1, 31)]
    return [
        entry(
            f"m{'x' * length}",
            dims[length * 7 % len(dims)],
            type=f"t{'y' * length}",
            description=HOSTILE[length % len(HOSTILE)] + "a",
            name=f"{HOSTILE[length * 3 % len(HOSTILE)]}a",
            aliases=[f"a{'z' * length}"],
        )
        for length in lengths
    ]


Registries = dict[str, Callable[[], list[dict[str, Any]]]]
REGISTRIES: Registries = {
    "empty": list,
    "one": lambda: [entry("one")],
    "three": lambda: models(3),
    "hundreds": lambda: models(MAX_LITERALS - 1),  # and one alias
    "spread": spread,
    "aliased": lambda: [
        {**model, "aliases": [*model.get("aliases", []), f"also-{model['id']}"]} for model in models(200)
    ],
    "dims": lambda: [entry(f"m{n}", tuple(range(1, n + 1))) for n in range(1, 81)],
    "ranges": lambda: [entry("one"), entry("free", range(32, 769)), entry("freer", range(8, 769), type="colbert")],
    "over": lambda: models(300),
    "retired": lambda: retired(3),
    "retired_over": lambda: retired(300),
    "all_retired": lambda: [entry(name, deprecated="all are") for name in ("one", "two")],
    "thousand": lambda: models(1000),
    "outputs": lambda: [entry("one"), several()],
}


LARGE = ("hundreds", "aliased", "thousand", "retired_over", "over")
SMALL = {name: entries for name, entries in REGISTRIES.items() if name not in LARGE}
# Checkers take minutes for large registries, and pyright for many of any size.
at_any_size = pytest.mark.parametrize(
    ("check", "registries"),
    [(mypy, SMALL), pytest.param(mypy, REGISTRIES, marks=slow), pytest.param(pyright, REGISTRIES, marks=slow)],
    ids=["mypy-small", "mypy-all", "pyright-all"],
)


def several() -> dict[str, Any]:
    """A model with three outputs, whose dense vectors can be truncated."""
    outputs = [("dense", "dense", 128), ("sparse", "sparse", 30522), ("colbert", "multi-vector", 32)]
    listed = [{"name": name, "type": type, "embedding_dim": width} for name, type, width in outputs]
    model = entry("several", (64, 128), type="unified", outputs=listed)
    model["capabilities"]["multi_vector"] = True
    return model


def retired(size: int) -> list[dict[str, Any]]:
    """Models of which some are deprecated: one alone of its dims, one among others, two for the same reason."""
    gone = {"deprecated": "gone, use `one`"}
    return [
        *models(size),
        entry("old", (64, 96, 128), aliases=["very.old"], deprecated="use `many`"),
        entry("renamed", (64, 96, 128), former_ids=["before"]),
        entry("alone", (5,), type="colbert", deprecated=HOSTILE[7] + '"""\n# end'),
        entry("gone", **gone),
        entry("gone-too", **gone),
    ]


def copy_cases(folder: Path, *names: str, to: Path) -> None:
    """Copy files of cases into a package of their own."""
    to.mkdir(exist_ok=True)
    (to / "__init__.py").touch()
    for name in names:
        shutil.copy(HERE / folder / f"{name}.py", to)


def copy_pages(folder: Path) -> None:
    """Copy the Python of README and docs, and the examples."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    folder.mkdir()
    for number, page in enumerate(pages):
        text = page.read_text("utf-8")
        found = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        for index, block in enumerate(found):
            (folder / f"page{number}_{index}.py").write_text(block, "utf-8")
    for example in (ROOT / "examples").glob("*.py"):
        shutil.copy(example, folder)
    assert len(list(folder.iterdir())) > 3


# An `ignore` of a fault that a checker has stopped seeing, and what is said about it.
NO_FAULT = {
    mypy: ("# type: ignore[attr-defined]", 'error: Unused "type: ignore" comment  [unused-ignore]'),
    pyright: (
        "# pyright: ignore[reportAttributeAccessIssue]",
        'error: Unnecessary "# pyright: ignore" rule: "reportAttributeAccessIssue" [reportUnnecessaryTypeIgnoreComment]',
    ),
}


@both
def test_all_that_uses_the_shipped_registry_is_judged_rightly(check: Check, tmp_path: Path) -> None:
    """The cases of the shipped registry and of loaded models, the Python of README, docs and examples, and an error."""
    copy_cases(Path("shipped"), *SHIPPED_CASES, to=tmp_path / "shipped")
    copy_cases(Path("engines"), "accepts", "rejects", to=tmp_path / "engines")
    copy_pages(tmp_path / "pages")
    comment, expected = NO_FAULT[check]
    (tmp_path / "no_fault.py").write_text(
        f"from hypiler.model_registry import BGE_M3\n\nprint(BGE_M3.name)  {comment}\n", "utf-8"
    )
    (tmp_path / "readme.py").write_text(
        'from hypiler import ModelConfig\n\nModelConfig.from_registry("jina-colbert-v2", dimension=100)\n', "utf-8"
    )
    found = check(tmp_path)
    of_readme = [line for line in found if line.startswith("readme.py:")]
    assert [line for line in found if line not in of_readme] == [f"no_fault.py:3: {expected}"]
    assert of_readme != []
    if check is pyright:
        shown = re.search(r"^error: Argument of type .*$", (ROOT / "README.md").read_text("utf-8"), re.M)
        assert shown is not None
        assert [line for line in of_readme if line.partition(": ")[2].startswith(shown[0])] != []


def test_stub_of_the_registry_says_what_its_classes_are(tmp_path: Path) -> None:
    """Checkers read it instead of them: see tools/registry_stub.py."""
    result = run("mypy.stubtest", "hypiler.registry", cwd=tmp_path, MYPYPATH=os.pathsep.join(IMPORTABLE))
    assert (result.returncode, result.stdout) == (0, "Success: no issues found in 2 modules\n")


@pytest.mark.parametrize("name", ["accepts", "accepts_hosted"])
def test_accepted_cases_run(name: str) -> None:
    accepted = HERE / "shipped" / f"{name}.py"
    result = subprocess.run(
        [sys.executable, "-W", "error", str(accepted)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stderr, result.returncode) == ("", 0)


def copy_own_cases(project: Path, registries: Registries = REGISTRIES) -> None:
    """Copy each case beside each registry that it is about."""
    literal = ["accepts_literal", "rejects_literal"]
    repositories = ["accepts_repositories", "rejects_repositories"]
    for name, cases in {
        "three": [*literal, *repositories],
        "hundreds": [*literal, *repositories],
        "aliased": ["rejects_string", *repositories],
        "over": ["rejects_string"],
        "thousand": ["rejects_string"],
    }.items():
        if name in registries:
            generate(project / name, registries[name]())
            copy_cases(Path("own"), "accepts", "rejects", *cases, to=project / name)
    generate(project / "outputs", REGISTRIES["outputs"]())
    copy_cases(Path("own"), "accepts_outputs", "rejects_outputs", to=project / "outputs")
    generate(project / "ranges", REGISTRIES["ranges"]())
    copy_cases(Path("own"), "accepts_ranges", "rejects_ranges", to=project / "ranges")
    generate(project / "core", CORE, Requirements("core"))
    copy_cases(Path("own"), "accepts_core", "rejects_core", to=project / "core")


@at_any_size
def test_cases_of_another_registry_at_any_size(check: Check, registries: Registries, tmp_path: Path) -> None:
    copy_own_cases(tmp_path / "project", registries)
    assert check(tmp_path / "project") == []


@pytest.mark.parametrize("names", [ModelId, Repository, HostedId], ids=["ids", "repositories", "hosted"])
def test_names_of_the_shipped_registry_are_few_enough_for_literals(names: Any) -> None:
    count = len(names.__args__)
    assert 0 < count <= MAX_LITERALS, f"{count} names: beyond {MAX_LITERALS}, checkers take any string for one"


def bare_python(folder: Path) -> str:
    """The interpreter of an environment in which nothing is installed."""
    environment = venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt")
    environment.create(folder)
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


@at_any_size
def test_generated_modules_pass_where_hypiler_is_not_installed(
    check: Check, registries: Registries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stub, and modules without their stubs, with no `ignore` in any of them."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    project = tmp_path / "project"
    for name, entries in registries.items():
        generate(project / name, entries())
    for name in ("empty", "spread"):
        without_stub = shutil.copytree(project / name, project / f"{name}_without_stub")
        (without_stub / "model_registry.pyi").unlink()
    (project / "alone.py").write_text(
        "import hypiler  # type: ignore[import-not-found]  "
        "# pyright: ignore[reportMissingImports]\n\nhypiler_is_there = hypiler is not None\n",
        "utf-8",
    )
    assert check(project, bare_python(tmp_path / "bare"), []) == []
    texts = [path.read_text("utf-8") for path in project.rglob("model_registry.py*")]
    assert len(texts) == 2 * len(registries) + 2
    pragmas = {*FORMATTERS_AND_LINTERS.splitlines(), *CHECKERS.splitlines()}
    found = {line.strip() for text in texts for line in text.splitlines() if re.search(r"ignore\b|noqa|fmt: ", line)}
    missing = (
        "  # type: ignore[import-not-found, unused-ignore]"
        "  # ty: ignore[import-not-found, unused-ignore-comment]  # ty: ignore[unused-ignore-comment]"
    )
    assert found - pragmas == {
        # The two imports that need what is not there.
        f"from hypiler import ModelConfig{missing}",
        f"from hypiler.protocols import ({missing}",
        # MODELS, which takes its own keys alone: in the last overload, for the checkers that look there.
        "# pyrefly: ignore-errors[bad-override]",
        "def __getitem__(  # ty: ignore[incompatible-method-override]",
        "def __getitem__(self, key: ModelId, /) -> ModelInfo: ...  # ty: ignore[incompatible-method-override]",
        "def __getitem__(self, key: Never, /) -> ModelInfo: ...  # ty: ignore[incompatible-method-override]",
        # What a rule refuses that basedpyright has and pyright has not.
        "def to_dict(self) -> dict[str, Any]:  # pyright: ignore[reportExplicitAny]",
        '_Dim = TypeVar("_Dim", bound=int, default=Any)  # pyright: ignore[reportExplicitAny]',
    }


@slow
def test_mypy_would_find_nothing_in_the_stubs_if_it_reported(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name, entries in REGISTRIES.items():
        generate(project / name, entries())
        stub = project / name / "model_registry.pyi"
        text = stub.read_text("utf-8")
        assert text.count("# mypy: ignore-errors\n") == 1
        stub.write_text(text.replace("# mypy: ignore-errors\n", ""), "utf-8")
    assert mypy(project, sys.executable, IMPORTABLE) == []


OTHERS = {
    "pyright": ["pyright", "--pythonpath", "{python}"],
    "ty": ["ty", "check", "--python", "{python}", "--output-format", "concise", "."],
    "pyrefly": ["pyrefly", "check", "--python-interpreter-path", "{python}", "--output-format", "min-text", "."],
    "zuban": ["zuban", "mypy", "--strict", "--python-executable", "{python}", "."],
}
# What one of them does not look for.
COMPARISON = 'COLBERT_V2.similarity == "euclid"'
OVERLOOKED = {
    "pyright": ["    MODELS[name]", "    model_registry.COLBERT_V2 = COLBERT_V2"],
    "ty": [COMPARISON, "    model_registry.COLBERT_V2 = COLBERT_V2"],
    "pyrefly": [COMPARISON, "    del COLBERT_V2.name", "    model_registry.COLBERT_V2 = COLBERT_V2"],
    "zuban": ["    del COLBERT_V2.name"],
}


# What one of them refuses although it is right: it takes the keys of a loop for `str`.
REFUSED = {"pyrefly": {"        widest = max(widest, MODELS[name].embedding_dim)"}}


def output_of(name: str, folder: Path, python: str) -> list[str]:
    """What another checker says about a folder."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    for settings in ("pyrightconfig.json", "pyrefly.toml"):
        text = json.dumps(STRICT | {"extraPaths": []}) if settings.endswith("json") else ""
        (folder / settings).write_text(text, "utf-8")
    command = [part.format(python=python) for part in OTHERS[name]]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    assert result.returncode in (0, 1), result.stdout + result.stderr
    return result.stdout.splitlines()


def other(name: str, folder: Path, python: str = sys.executable) -> set[tuple[str, int]]:
    """The lines of which another checker reports an error."""
    output = "\n".join(output_of(name, folder, python))
    found = re.findall(r"^(?:ERROR )?\s*(\S+\.pyi?):(\d+)(?!.*warning)", output, re.M)
    return {((folder / file).relative_to(folder).as_posix(), int(line)) for file, line in found}


def without_comments(folder: Path) -> dict[tuple[str, int], str]:
    """Take every `ignore` out of the cases; give the lines that had one."""
    faults = {}
    for path in folder.rglob("*.py"):
        lines = path.read_text("utf-8").splitlines()
        plain = [re.sub(r"  # (type|pyright): ignore.*", "", line) for line in lines]
        for number, (line, text) in enumerate(zip(lines, plain, strict=True), 1):
            if line != text:
                faults[path.relative_to(folder).as_posix(), number] = text
        path.write_text("\n".join(plain) + "\n", "utf-8")
    return faults


@slow
@pytest.mark.parametrize("name", OTHERS)
def test_other_checkers_reject_the_same_lines(name: str, tmp_path: Path) -> None:
    python = installed_python(tmp_path / "installed")
    project = tmp_path / "project"
    copy_own_cases(project)
    copy_cases(Path("shipped"), *SHIPPED_CASES, to=project / "shipped")
    faults = without_comments(project)
    found = other(name, project, python)
    refused = {(project / file).read_text("utf-8").splitlines()[line - 1] for file, line in found - set(faults)}
    assert refused == REFUSED.get(name, set())
    assert sorted([faults[place] for place in set(faults) - found]) == sorted(OVERLOOKED[name])


@pytest.mark.parametrize("name", all_or(["mypy"], ["mypy", *OTHERS]))
def test_deprecated_models_are_reported(name: str, tmp_path: Path) -> None:
    """By the checkers that the case names in its lines. mypy and zuban must be asked for it."""
    project = tmp_path / "project"
    generate(project / "retired", REGISTRIES["retired"]())
    case = Path(shutil.copy(HERE / "own" / "deprecated.py", project / "retired"))
    lines = [line.partition("  # reported by: ")[2].split(", ") for line in case.read_text("utf-8").splitlines()]
    expected = [number for number, names in enumerate(lines, 1) if name in names]
    (project / "mypy.ini").write_text("[mypy]\nenable_error_code = deprecated\n", "utf-8")
    if name == "mypy":
        output = mypy(project)
    elif name == "pyright":
        output = pyright(project)
    else:
        output = output_of(name, project, installed_python(tmp_path / "installed"))
    found = re.findall(r"^\W*(?:ERROR |WARN )?\s*retired/deprecated\.py:(\d+)", "\n".join(output), re.M)
    assert len(expected) > 5
    assert sorted({int(line) for line in found}) == expected, "\n".join(output)


@slow
@pytest.mark.parametrize("name", OTHERS)
def test_other_checkers_accept_generated_modules_where_hypiler_is_not_installed(name: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    for registry, entries in REGISTRIES.items():
        generate(project / registry, entries())
    assert other(name, project, bare_python(tmp_path / "bare")) == set()


def installed_python(folder: Path) -> str:
    """The interpreter of an environment in which a copy of hypiler is installed, and nothing else."""
    python = bare_python(folder)
    packages = next(folder.rglob("site-packages"))
    shutil.copytree(Path(hypiler.__file__).parent, packages / "hypiler")
    return python


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check", "--diff"]])
def test_ruff_has_nothing_to_change_in_generated_modules(arguments: list[str], tmp_path: Path) -> None:
    for name, entries in REGISTRIES.items():
        generate(tmp_path / name, entries())
    result = run("ruff", *arguments, "--isolated", "--no-cache", ".", cwd=tmp_path)
    files = 3 * len(REGISTRIES)
    assert (result.stdout.strip(), result.stderr.strip()) == (
        ("All checks passed!", "") if arguments == ["check"] else ("", f"{files} files already formatted")
    )


@slow
@pytest.mark.parametrize(
    ("tool", "arguments", "clean"),
    [
        ("mypy", ["--no-error-summary"], ""),
        ("basedpyright", [], "0 errors, 0 warnings, 0 notes\n"),
    ],
)
def test_source_and_examples_are_clean(tool: str, arguments: list[str], clean: str) -> None:
    """As pyproject.toml configures both: strict, the same for pyright itself."""
    python = "--python-executable" if tool == "mypy" else "--pythonpath"
    result = run(tool, *arguments, python, sys.executable, cwd=ROOT)
    assert result.stdout == clean


def test_stub_declares_what_is_there_at_run_time(tmp_path: Path) -> None:
    """But for what its documentation says: a name for checkers only, and what Python makes of Literals."""
    generate(tmp_path / "project", REGISTRIES["three"]())
    name = "project.model_registry"
    result = run("mypy.stubtest", "--concise", name, cwd=tmp_path, MYPYPATH=".")
    assert result.stdout.splitlines() == [
        f"{name}.__all__ is not present in stub",
        f"{name}.ConfigFromRegistry is not present at runtime",
        f"{name}.FromRegistry is not present at runtime",
        f"{name}.ModelId is not a Union",
        f"{name}.ModelInfo.__class_getitem__ is not present in stub",
        f"{name}.Repository is not a Union",
    ]
