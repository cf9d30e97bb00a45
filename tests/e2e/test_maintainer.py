"""The maintainer of a library moves a hand-written table of 25 models into a registry, and releases the library twice.

`tests/packages/acme-embed` is the library before. Its table has six mistakes, as such tables have. `maintainer/` has
what the maintainer writes: a script that converts the table, one that compares, and the package's new `__init__.py`. A
second project, `search_app`, uses the releases in an environment without hypiler.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from e2e.artifacts import contents, only
from golden import golden
from slow import slow

from hypiler.model_registry import MODELS_BY_ID

pytestmark = slow

Run = Callable[..., CompletedProcess[str]]
Copy = Callable[[str], Path]

HERE = Path(__file__).parent / "maintainer"
BUILD = ["-m", "build", "--no-isolation"]
HYPILER = ["-m", "hypiler"]
BACKENDS = {
    "hatchling": ("hatchling", "hatchling.build"),
    "setuptools": ("setuptools>=69", "setuptools.build_meta"),
    "pdm-backend": ("pdm-backend", "pdm.backend"),
}
# By repository: what a row of the table says, and what is true. `hypiler check` finds four mistakes, and doubts a fifth:
MISTAKES = {
    "lightonai/GTE-ModernColBERT-v1": ('"dim": 768', '"dim": 128'),
    "intfloat/e5-large-v2": ('"id": "e5-small-v2"', '"id": "e5-large-v2"'),
    "mixedbread-ai/mxbai-embed-large-v1": ('"passage_prefx"', '"passage_prefix"'),
    "BAAI/bge-m3": ('"ndcg10": 0.0', '"ndcg10": None'),
}
# vectors of `gte-base-en-v1.5` wider than its network. `hypiler verify` says what its files state, and finds the sixth.
FILES: dict[str, dict[str, Any]] = {
    "snowflake-arctic-embed-xs": {
        "config.json": {"model_type": "bert", "hidden_size": 384, "max_position_embeddings": 512, "vocab_size": 30522},
        "config_sentence_transformers.json": {
            "prompts": {"query": "Represent this sentence for searching relevant passages: "}
        },
    },
    "gte-base-en-v1.5": {
        "config.json": {"model_type": "new", "hidden_size": 768, "max_position_embeddings": 8192, "vocab_size": 30528},
        "1_Pooling/config.json": {"word_embedding_dimension": 768, "pooling_mode_cls_token": True},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
    },
}


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Replace texts, each of which must occur once."""
    text = path.read_text("utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


def correct_rows(table: Path, mistakes: dict[str, tuple[str, str]]) -> None:
    """Correct the rows of the table, which are named by repository."""
    start, *rows = table.read_text("utf-8").split("    {\n")
    for repository, (old, new) in mistakes.items():
        (index,) = [number for number, row in enumerate(rows) if f'"{repository}"' in row]
        assert rows[index].count(old) == 1
        rows[index] = rows[index].replace(old, new)
    table.write_text("    {\n".join([start, *rows]), "utf-8")


def run_script(run: Run, python: Path, library: Path, name: str) -> str:
    """What a script of the maintainer prints; `src` is importable, as in an editable install."""
    code = "import runpy, sys; sys.path.insert(0, 'src'); runpy.run_path(sys.argv[1], run_name='__main__')"
    return run(python, "-c", code, HERE / name, cwd=library).stdout


def check(run: Run, python: Path, library: Path, *, fails: bool = False) -> str:
    """The errors and warnings of `hypiler check --strict`, one line each."""
    said = run(python, *HYPILER, "check", "--strict", "--format", "concise", cwd=library, fails=fails).stdout
    return "".join([line for line in said.splitlines(keepends=True) if ": error[" in line or ": warning[" in line])


def migrate(run: Run, python: Path, library: Path, backend: str = "hatchling") -> None:
    """Everything that the maintainer does up to the release."""
    correct_rows(library / "src/acme_embed/_models.py", MISTAKES)
    run_script(run, python, library, "table_to_json.py")
    run(python, *HYPILER, "init", cwd=library)
    edit(
        library / "models.json",
        ('searching relevant passages:"', 'searching relevant passages: "'),
        ('"embedding_dim": 1024,\n        "hidden_dim": 768', '"embedding_dim": 768,\n        "hidden_dim": 768'),
    )
    requirement, name = BACKENDS[backend]
    edit(
        library / "pyproject.toml",
        ('requires = ["hatchling"]', f'requires = ["{requirement}", "hypiler"]'),
        ("hatchling.build", name),
        ('version = "1.4.0"', 'version = "2.0.0"'),
    )
    (library / "src/acme_embed/_models.py").unlink()
    shutil.copy(HERE / "acme_embed/__init__.py", library / "src/acme_embed")


def release_again(library: Path) -> None:
    """The second version: one model more, and one that is deprecated."""
    models = library / "models.json"
    tree = json.loads(models.read_text("utf-8"))
    added = json.loads((Path(__file__).parents[2] / "models.json").read_text("utf-8"))
    tree["models"] += [model for model in added["models"] if model["id"] == "colbert-small"]
    (old,) = [model for model in tree["models"] if model["id"] == "splade-pp-en-v1"]
    old["deprecated"] = "Use splade-pp-en-v2."
    models.write_text(json.dumps(tree, indent=2) + "\n", "utf-8")
    edit(models, ('"version": "2.0"', '"version": "2.1"'))
    edit(library / "pyproject.toml", ('version = "2.0.0"', 'version = "2.1.0"'))


def install(run: Run, python: Path, wheel: Path) -> None:
    """Install a release, or upgrade to it, without what is not in it."""
    command = ["--python", python, "install", "--quiet", "--no-index", "--no-deps", "--upgrade", wheel]
    run(sys.executable, "-m", "pip", *command, cwd=wheel.parent)


@pytest.fixture
def library(copy_package: Copy) -> Path:
    return copy_package("acme-embed")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The second project."""
    return Path(shutil.copytree(HERE / "search_app", tmp_path / "app/search_app"))


def test_mistakes_of_the_table_are_found_before_its_users_find_them(run: Run, builder: Path, library: Path) -> None:
    table = library / "src/acme_embed/_models.py"
    before = {path: path.read_bytes() for path in library.rglob("*.*") if path.is_file()}
    run_script(run, builder, library, "table_to_json.py")
    before[library / "models.json"] = (library / "models.json").read_bytes()
    said = run(builder, *HYPILER, "init", cwd=library).stdout
    assert said == golden(
        "pyproject.toml: [tool.hypiler] and [tool.uv] cache-keys added\n"
        "src/acme_embed/py.typed: created, so that type checkers read the stub of the installed package\n"
        "models.schema.json: created\n"
        "models.json: kept as it is\n"
        'next: add "hypiler" to `requires` of [build-system] in pyproject.toml\n'
        "next: add src/acme_embed/model_registry.py and its stub to .gitignore, or commit both: the build hook makes"
        " them\n"
        "next: hypiler build\n"
    )
    started = before.pop(library / "pyproject.toml")
    assert (library / "pyproject.toml").read_bytes().startswith(started)
    assert {path: path.read_bytes() for path in before} == before
    assert check(run, builder, library, fails=True) == golden(
        "models.json:18:28: error[M203]: `architecture.projection_dims` must equal `specs.embedding_dim`, got 128 and"
        " 768\n"
        "models.json:598:13: error[M201]: id `e5-small-v2` is already used at `models.json $.models[11]`\n"
        "models.json:662:26: warning[M228]: `specs.embedding_dim` is 1024, but `hidden_dim` is 768, and neither"
        " `has_projection` nor `dense_layers` says why\n"
        "models.json:747:7: error[M102]: unknown field `passage_prefx`\n"
        "models.json:786:21: warning[M212]: `performance.beir_avg` is exactly 0\n"
        "models.json:786:21: warning[M222]: `performance.beir_datasets` must be set, since `beir_avg` is given\n"
    )
    correct_rows(table, MISTAKES)
    run_script(run, builder, library, "table_to_json.py")
    assert check(run, builder, library, fails=True) == golden(
        "models.json:662:26: warning[M228]: `specs.embedding_dim` is 1024, but `hidden_dim` is 768, and neither"
        " `has_projection` nor `dense_layers` says why\n"
    )


def test_files_of_the_models_show_the_rest_and_correct_it(run: Run, builder: Path, library: Path) -> None:
    correct_rows(library / "src/acme_embed/_models.py", MISTAKES)
    run_script(run, builder, library, "table_to_json.py")
    run(builder, *HYPILER, "init", cwd=library)
    for id, files in FILES.items():
        for name, content in files.items():
            path = library.parent / id / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content), "utf-8")
        run(builder, *HYPILER, "verify", id, "--local", library.parent / id, cwd=library, fails=True)
    # What was read is in the lock, so that a check without the files and without a network finds it too.
    assert check(run, builder, library, fails=True) == golden(
        "models.json:545:25: error[M401]: `encoding.query_prefix` must be what the model's files say: \"Represent this"
        ' sentence for searching relevant passages: " (config_sentence_transformers.json, `prompts.query`); here'
        ' "Represent this sentence for searching relevant passages:"\n'
        "models.json:662:26: warning[M228]: `specs.embedding_dim` is 1024, but `hidden_dim` is 768, and neither"
        " `has_projection` nor `dense_layers` says why\n"
        "models.json:662:26: error[M401]: `specs.embedding_dim` must be what the model's files say: 768"
        " (1_Pooling/config.json, `word_embedding_dimension`); here 1024\n"
    )
    for id in FILES:
        run(builder, *HYPILER, "verify", id, "--local", library.parent / id, "--fix", cwd=library)
    assert check(run, builder, library) == ""
    run(builder, *HYPILER, "build", cwd=library)
    assert run_script(run, builder, library, "compare.py") == golden(
        "snowflake-arctic-embed-xs: query_prefix was 'Represent this sentence for searching relevant passages:',"
        " query_prefix is 'Represent this sentence for searching relevant passages: '\n"
        "gte-base-en-v1.5: dim was 1024, embedding_dim is 768\n"
    )


def test_facts_of_the_moved_table_are_those_of_the_shipped_registry(run: Run, builder: Path, library: Path) -> None:
    """The sample is true: if a fact of the shipped registry is corrected, correct it in the table as well."""
    migrate(run, builder, library)
    models = json.loads((library / "models.json").read_text("utf-8"))["models"]
    assert len(models) == 25
    for model in models:
        shipped = MODELS_BY_ID[model["id"]]
        specs = {name: getattr(shipped, name) for name in model["specs"]}
        encoding = {name: getattr(shipped, name) for name in model["encoding"]}
        assert (model["specs"], model["encoding"]) == (specs, encoding)
        assert (model["huggingface_id"], model["license"]) == (shipped.huggingface_id, shipped.license)
        assert model["performance"].get("beir_avg") == shipped.beir_avg


@pytest.mark.parametrize("backend", BACKENDS)
def test_release_holds_the_registry_whatever_builds_it(
    run: Run, builder: Path, library: Path, clean: Path, backend: str
) -> None:
    """Both ways to the wheel give the same package, and what users rely on still holds where hypiler is not."""
    migrate(run, builder, library, backend)
    run(builder, *BUILD, cwd=library)
    run(builder, *BUILD, "--wheel", "-o", library.parent / "direct", cwd=library)
    packed = contents(only(library / "dist", "acme_embed-2.0.0-*.whl"))
    assert packed == contents(only(library.parent / "direct", "*.whl"))
    names = ("__init__.py", "py.typed", "model_registry.py", "model_registry.pyi")
    assert packed.keys() == {f"acme_embed/{name}" for name in names}
    with tarfile.open(only(library / "dist", "*.tar.gz")) as archive:
        carried = {name.partition("/")[2] for name in archive.getnames()}
    assert "models.json" in carried
    assert not {name for name in carried if "model_registry.py" in name}
    install(run, clean, only(library / "dist", "*.whl"))
    run(clean, "tests/check_api.py", cwd=library)


def faults(app: Path, python: Path) -> str:
    """What mypy and basedpyright find in the second project, one line each."""
    strict = {"typeCheckingMode": "strict", "enableTypeIgnoreComments": False}
    strict["reportUnnecessaryTypeIgnoreComment"] = "error"
    (app.parent / "pyrightconfig.json").write_text(json.dumps(strict), "utf-8")
    mypy = ["mypy", "--strict", "--enable-error-code", "deprecated", "--no-error-summary", "--no-pretty"]
    mypy += ["--python-executable", str(python), "search_app"]
    pyright = ["basedpyright", "--pythonpath", str(python), "search_app"]
    # They are tools of this environment, and look for packages in the other one.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")}
    start = partial(subprocess.Popen[str], cwd=app.parent, env=environment, stdout=subprocess.PIPE, text=True)
    both = [start([sys.executable, "-m", *command]) for command in (mypy, pyright)]
    return "".join([one.communicate()[0].replace(f"{app.parent}/", "") for one in both])


def test_second_project_is_checked_against_each_release(
    run: Run, builder: Path, library: Path, app: Path, clean: Path
) -> None:
    migrate(run, builder, library)
    run(builder, *BUILD, "--wheel", cwd=library)
    install(run, clean, only(library / "dist", "acme_embed-2.0.0-*.whl"))
    typed = ["--strict", "--no-error-summary", "src"]
    assert run(sys.executable, "-m", "mypy", *typed, cwd=library).stdout == ""
    assert faults(app, clean) == golden(
        'search_app/upgrade.py:6: error: Module "acme_embed.model_registry" has no attribute "COLBERT_SMALL"'
        "  [attr-defined]\n"
        "search_app/upgrade.py\n"
        '  search_app/upgrade.py:6:39 - error: "COLBERT_SMALL" is unknown import symbol'
        " (reportAttributeAccessIssue)\n"
        "1 error, 0 warnings, 0 notes\n"
    )
    assert run(clean, "-m", "search_app.index", cwd=app.parent).stdout == "25 models\n"

    release_again(library)
    run(builder, *BUILD, "--wheel", cwd=library)
    install(run, clean, only(library / "dist", "acme_embed-2.1.0-*.whl"))
    assert faults(app, clean) == golden(
        "search_app/retired.py:5: error: overload def (id: Literal['splade-pp-en-v1']) ->"
        " acme_embed.model_registry.ModelInfo[Literal[30522]] of function acme_embed.model_registry.get_model is"
        " deprecated: 'splade-pp-en-v1' is deprecated: Use splade-pp-en-v2.  [deprecated]\n"
        "search_app/retired.py\n"
        '  search_app/retired.py:5:10 - error: The function "get_model" is deprecated\n'
        "  \xa0\xa0'splade-pp-en-v1' is deprecated: Use splade-pp-en-v2. (reportDeprecated)\n"
        "1 error, 0 warnings, 0 notes\n"
    )
    assert run(clean, "-m", "search_app.index", cwd=app.parent).stdout == "26 models\n"
    told = run(clean, "-c", "from search_app.upgrade import NEW_DEFAULT; print(NEW_DEFAULT.id)", cwd=app.parent)
    assert told.stdout == "colbert-small\n"
    told = run(clean, "-W", "error", "-m", "search_app.retired", cwd=app.parent, fails=True)
    assert told.stdout.endswith("DeprecationWarning: 'splade-pp-en-v1' is deprecated: Use splade-pp-en-v2.\n")
