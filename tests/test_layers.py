"""Imports point one way, and what users import is small."""

import ast
import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

SOURCE = Path(__file__).parents[1] / "src"
# A room may import itself and those before it.
ROOMS = [
    "diagnostics",
    "jsontext",
    "schema",
    "compiler",
    "model_files",
    "hub",
    "verification",
    "emit",
    "project",
    "registry",
    "lifecycle",
    "stores",
    "runtimes",
    "corpus",
    "frameworks",
    "catalogue",
    "cli",
]
# What runs models stands beside the rest, which does not know of it; it reads a model's files as verification does.
APART = "engines"
# Each of the two is there in some Pythons.
STANDARD = sys.stdlib_module_names | {"_sha2", "_sha256"}
# What users import, and what is generated for them: these know nothing of the rooms.
OUTSIDE = {"hypiler", "hypiler.config", "hypiler.model_registry"}
GENERATED = {"hypiler.hosted_registry", "hypiler.model_registry"}
# What else users may import.
PUBLIC = [
    "hypiler.corpus",
    "hypiler.engines",
    "hypiler.frameworks",
    "hypiler.registry",
    "hypiler.runtimes",
    "hypiler.space",
    "hypiler.stores",
]
# These need frameworks, which are not installed everywhere.
OF_FRAMEWORKS = [f"hypiler.frameworks.{name}" for name in ("haystack", "langchain", "langchain_qdrant", "llama_index")]
# What both sides need: these import nothing but each other.
STAMPS = {
    f"hypiler.stamps.{name}" for name in ("facts", "files", "listed_bytes", "outputs", "prompts", "stamp", "stored")
}
LEAVES = STAMPS | {
    "hypiler._callers",
    "hypiler._digest",
    "hypiler._encoder_types",
    "hypiler._import_hooks",
    "hypiler._integers",
    "hypiler._missing",
    "hypiler._nearest",
    "hypiler._server",
    "hypiler._text",
    "hypiler.errors",
    "hypiler.protocols",
    "hypiler.space",
}


def modules(room: str) -> list[Path]:
    return sorted((SOURCE / "hypiler" / room).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """The full names of all modules that a file imports, wherever in it that stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found.add(node.module or "")
    return found


def room_of(module: str) -> str:
    """`emit` for `hypiler.emit.python.stub`."""
    return "" if module in OUTSIDE else [*module.split("."), ""][1]


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter loads for a statement, beyond those it starts with."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_itself_and_those_before_it(room: str) -> None:
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    # The command line also shows the shipped registry and its version, and adapters and workers take ids of its models.
    allowed |= {""} if room in ("cli", "corpus", "frameworks") else set()
    assert modules(room)
    for path in modules(room):
        own = {name for name in imports(path) if name.split(".")[0] == "hypiler"} - LEAVES
        # What is copied into generated modules imports hypiler when from_registry is called there.
        own -= {"hypiler"} if path.name == "runtime.py" else set()
        assert {room_of(name) for name in own} <= allowed, path.name


def targets(path: Path, known: set[str]) -> set[str]:
    """The modules of this package that a file imports, wherever in it that stands: `from a import b` may name one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else str(node.module) for name in names}
    return found & known


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Also not for checkers alone, or inside of a function.

    A generated module is a leaf here: it calls the package that it is a part of as it would call an installed one.
    """
    paths = {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (SOURCE / "hypiler").rglob("*.py")
    }
    generated = {*GENERATED, "hypiler.emit.python.runtime"}
    open_ = {name: targets(path, {*paths}) - {name} for name, path in paths.items() if name not in generated}
    while free := [name for name, own in open_.items() if not own & open_.keys()]:
        for name in free:
            del open_[name]
    assert open_ == {}


@pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")  # some shipped models are
@pytest.mark.parametrize("name", ["hypiler", *sorted(GENERATED), *PUBLIC])
def test_a_public_module_says_what_is_public_and_has_a_reference_page(name: str) -> None:
    module = import_module(name)
    assert [public for public in module.__all__ if not hasattr(module, public)] == []
    assert len({*module.__all__}) == len(module.__all__)
    assert (SOURCE.parent / f"docs/reference/{name}.md").is_file()


@pytest.mark.parametrize("name", OF_FRAMEWORKS)
def test_a_module_of_a_framework_says_what_is_public_and_has_a_reference_page(name: str) -> None:
    tree = ast.parse((SOURCE / f"{name.replace('.', '/')}.py").read_text("utf-8"))
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}
    (stated,) = [node.value for node in tree.body if isinstance(node, ast.Assign) and "__all__" in ast.unparse(node)]
    assert ast.literal_eval(stated) == sorted(classes)
    assert (SOURCE.parent / f"docs/reference/{name}.md").is_file()


@pytest.mark.parametrize("name", PUBLIC)
def test_what_a_public_module_defines_is_public_or_has_an_underscore(name: str) -> None:
    module = import_module(name)
    own = {key for key, value in vars(module).items() if getattr(value, "__module__", None) == name}
    assert {key for key in own - {*module.__all__} if not key.startswith("_")} <= {"location"}


@pytest.mark.parametrize("name", ["hypiler", *PUBLIC])
def test_no_submodule_takes_the_place_of_a_public_name(name: str) -> None:
    """The import of a submodule sets its name in the package."""
    module = import_module(name)
    assert {found.name for found in iter_modules(getattr(module, "__path__", []))} & {*module.__all__} == set()


def test_all_code_lies_in_a_room() -> None:
    folders = {path.name for path in (SOURCE / "hypiler").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == {*ROOMS, APART, "stamps", "_pyinstaller"}


def test_hook_of_pyinstaller_is_imported_by_nothing() -> None:
    paths = {*(SOURCE / "hypiler").rglob("*.py")} - {*modules("_pyinstaller")}
    assert [path for path in sorted(paths) if any(room_of(name) == "_pyinstaller" for name in imports(path))] == []


def test_contributing_shows_the_rooms_and_the_direction_of_imports() -> None:
    page = (SOURCE.parent / "CONTRIBUTING.md").read_text("utf-8")
    assert f"\n{' < '.join(ROOMS)}\n" in page
    shown = re.findall(r"^  (\w+)/  ", page, re.MULTILINE)
    assert sorted(shown) == sorted([*ROOMS, APART, "stamps", "_pyinstaller"])
    leaves = re.findall(r"\w+\.py", "".join(re.findall(r"^  \w+\.py, .*", page, re.MULTILINE)))
    generated = {f"{name.partition('.')[2]}.py" for name in GENERATED}
    assert {*leaves} == {path.name for path in (SOURCE / "hypiler").glob("*.py")} - {"__main__.py"} - generated


def test_leaves_import_only_each_other() -> None:
    for name in sorted(LEAVES):
        own = {other for other in imports(SOURCE / f"{name.replace('.', '/')}.py") if other.split(".")[0] == "hypiler"}
        assert own <= LEAVES, name
    assert {f"hypiler.stamps.{path.stem}" for path in modules("stamps")} == {*STAMPS, "hypiler.stamps.__init__"}


def test_engines_import_only_themselves_and_the_reader_of_a_models_files() -> None:
    """Not even the type of a config: what they ask of one is a protocol, so there is no circle."""
    below = {"diagnostics", "jsontext", "schema", "model_files"}
    for path in modules(APART):
        own = {name for name in imports(path) if name.split(".")[0] == "hypiler"} - LEAVES
        assert {room_of(name) for name in own} <= {APART, *below}, path.name


def test_stores_import_only_themselves_and_leaves() -> None:
    """What they need of a model is in its config and its stamp, so a program that uses them loads little."""
    for path in modules("stores"):
        own = {name for name in imports(path) if name.split(".")[0] == "hypiler"} - LEAVES
        assert {room_of(name) for name in own} <= {"stores"}, path.name


def test_what_users_import_first_knows_the_registry_alone() -> None:
    for name in ("__init__", "config", "space", "_digest"):
        own = {name for name in imports(SOURCE / f"hypiler/{name}.py") if name.split(".")[0] == "hypiler"}
        assert own <= OUTSIDE | LEAVES | ({"hypiler.registry"} if name == "__init__" else set()), name


def test_type_checkers_of_hypiler_read_only_what_its_types_need() -> None:
    """They follow every import, also those for types alone: NumPy takes them seconds, the compiler a fifth more."""
    found: set[str] = set()
    left = ["hypiler"]
    while left:
        module = left.pop()
        path = SOURCE.joinpath(*module.split("."))
        places = [path / "__init__.pyi", path / "__init__.py", path.with_suffix(".pyi"), path.with_suffix(".py")]
        read = next((place for place in places if place.exists()), None)
        left += imports(read) - found if read else []
        found.add(module)
    own = {name for name in found if name.split(".")[0] == "hypiler"}
    # Comparing stamps is nothing that a config does.
    leaves = LEAVES - {"hypiler.space", "hypiler.stamps.stored"}
    assert own == OUTSIDE | leaves | {"hypiler.registry", "hypiler.schema.model_attributes"}
    # Every checker brings the types of typing_extensions.
    assert {name.split(".")[0] for name in found} <= {"hypiler", "typing_extensions", *STANDARD}


def test_third_party_packages_are_known_to_the_engines_and_in_few_places() -> None:
    """A build hook is what a backend calls, so there that is installed; a command says which extra it needs."""
    found: dict[str, set[str]] = {}
    for path in sorted({*(SOURCE / "hypiler").rglob("*.py")} - {*modules(APART), *modules("corpus")}):
        tops = {name.split(".")[0] for name in imports(path)} - {"hypiler"}
        found |= {path.relative_to(SOURCE).as_posix(): tops - STANDARD} if tops - STANDARD else {}
    assert found == {
        "hypiler/_pyinstaller/hook-hypiler.py": {"PyInstaller"},
        "hypiler/project/hooks/hatch.py": {"hatchling"},
        "hypiler/project/hooks/setuptools_layout.py": {"setuptools"},
        "hypiler/cli/completion.py": {"shtab"},
        "hypiler/cli/hub.py": {"tqdm"},
        "hypiler/cli/verify_bytes.py": {"huggingface_hub"},
        "hypiler/frameworks/haystack.py": {"haystack"},
        "hypiler/frameworks/langchain.py": {"langchain_core", "pydantic"},
        "hypiler/frameworks/langchain_qdrant.py": {"langchain_qdrant"},
        "hypiler/frameworks/llama_index.py": {"llama_index"},
        "hypiler/lifecycle/adoption/data_files.py": {"yaml"},
        "hypiler/lifecycle/cyclonedx_bom.py": {"cyclonedx", "packageurl"},
        "hypiler/lifecycle/spdx_bom.py": {"license_expression", "spdx_tools"},
        # For type checkers alone, which bring it with them.
        "hypiler/config.py": {"typing_extensions"},
    }


def test_corpora_are_read_with_pyarrow_and_no_cluster_is_imported_but_for_a_schema() -> None:
    tops = {name.split(".")[0]: path.name for path in modules("corpus") for name in imports(path)}
    assert {*tops} - STANDARD - {"hypiler"} == {"numpy", "pyarrow", "pyspark", "tqdm"}
    assert tops["pyspark"] == "spark.py"


def test_no_engine_is_loaded_before_it_is_used() -> None:
    loaded = loaded_by(
        "import hypiler.corpus, hypiler.engines, hypiler.space; from hypiler import ModelConfig; ModelConfig.load"
    )
    assert {name.split(".")[0] for name in loaded} <= {"hypiler", *STANDARD}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import hypiler", {"hypiler"}),
        ("import hypiler.model_registry", {"hypiler", "hypiler.model_registry"}),
        ("import hypiler.hosted_registry", {"hypiler", "hypiler.hosted_registry"}),
        ("from hypiler import MODELS", {"hypiler", "hypiler.model_registry"}),
        ("from hypiler import ModelConfig", {"hypiler", "hypiler.config"}),
        ("import hypiler.frameworks", {"hypiler", "hypiler.frameworks"}),
    ],
)
def test_import_loads_only_what_it_names(statement: str, expected: set[str]) -> None:
    loaded = loaded_by(statement)
    assert {name for name in loaded if name.split(".")[0] == "hypiler"} == expected
    assert {name.split(".")[0] for name in loaded - expected} <= STANDARD


def test_reading_a_fact_loads_nothing_that_is_slow() -> None:
    slow = {"ast", "collections", "dataclasses", "enum", "functools", "inspect", "json", "re", "typing"}  # fmt: skip
    fact = "from hypiler.model_registry import COLBERT_V2; COLBERT_V2.embedding_dim"
    assert loaded_by(fact) & slow == set()


def test_clean_build_loads_nothing_that_only_a_fault_needs(tmp_path: Path) -> None:
    source = Path(__file__).parent / "packages/hatch-app/models.json"
    arguments = ["build", str(source), "--out", str(tmp_path), "-q"]
    loaded = loaded_by(f"from hypiler.cli.main import main; main({arguments})")
    # Since Python 3.14, each argument of `argparse` loads what colours its help, and `ast` with that.
    standard = loaded_by("from argparse import ArgumentParser; ArgumentParser()")
    assert (loaded - standard) & {"hypiler.jsontext.scanner", "difflib", "typing", "ast"} == set()
    assert {name.split(".")[0] for name in loaded} <= {"hypiler", *STANDARD}  # fmt: skip


def test_clean_check_of_a_file_loads_nothing_that_only_a_fault_a_project_or_an_output_needs(tmp_path: Path) -> None:
    source = tmp_path / "models.json"
    tree = json.loads((Path(__file__).parent / "packages/hatch-app/models.json").read_bytes())
    # Without a pin, there would be a note.
    tree["models"] = [model | {"revision": "0" * 40} for model in tree["models"]]
    source.write_text(json.dumps(tree))
    loaded = loaded_by(f"from hypiler.cli.main import main; main(['check', {str(source)!r}])")
    of_outputs = {"hypiler.schema.model", "hypiler._digest", "hypiler.emit", "hypiler.emit.targets"}
    of_projects = {"hypiler.project.options", "hypiler.project.discovery", "tomllib"}
    of_faults = {"hypiler.diagnostics.text", "hypiler.cli.terminal", "hypiler.jsontext.scanner", "difflib", "bisect"}
    of_help = {"shutil", "bz2", "lzma", "zlib"}
    assert loaded & (of_outputs | of_projects | of_faults | of_help) == set()
