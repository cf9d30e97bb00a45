"""`hypiler init`: a registry for a project, new or old, and nothing of it overwritten."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from golden import golden

import hypiler
from hypiler.cli.main import main
from hypiler.registry import Registry

TABLE = '[tool.hypiler]\nsources = ["models.json"]\noutput = "src/app/model_registry.py"\n'
KEYS = """\
cache-keys = [
    { file = "pyproject.toml" },
    { dir = "src" },
    { file = "models.json" },
    { file = "models.lock.json" },
    { file = "src/app/model_registry.py" },
]
"""
HATCH = '[build-system]\nrequires = ["hatchling", "hypiler"]\nbuild-backend = "hatchling.build"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "My Search 2.0"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def package(folder: Path) -> Path:
    """A project with one package and no tables yet."""
    (folder / "src/app").mkdir(parents=True)
    (folder / "src/app/__init__.py").touch()
    (folder / "pyproject.toml").write_text(HATCH)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_empty_folder_becomes_a_project_that_builds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    assert capsys.readouterr() == (
        golden("""\
pyproject.toml: created
src/my_search_2_0/__init__.py: created
src/my_search_2_0/py.typed: created, so that type checkers read the stub of the installed package
models.json: created
models.schema.json: created
next: add src/my_search_2_0/model_registry.py and its stub to .gitignore, or commit both: the build hook makes them
next: hypiler build
"""),
        "",
    )
    table = tomllib.loads((folder / "pyproject.toml").read_text())
    assert table["project"]["name"] == "my-search-2-0"
    assert table["tool"]["hatch"]["build"]["hooks"] == {"hypiler": {}}
    assert main(["check", "--strict"]) == main(["build"]) == 0
    assert capsys.readouterr().out.endswith("src/my_search_2_0/model_registry.py: 1 model, written\n")
    registry = json.loads((folder / "models.json").read_text())
    assert registry["$schema"] == "./models.schema.json"
    (model,) = registry["models"]
    assert model["id"] == "all-minilm-l6-v2"
    assert set(model["sources"].values()) == {f"the shipped registry of hypiler {hypiler.__version__}"}
    assert all(isinstance(model[section], dict) for section in model["sources"])
    assert {key for key in model if isinstance(model[key], dict)} == {*model["sources"], "sources"}


def test_first_file_states_the_facts_of_the_shipped_registry(folder: Path) -> None:
    """And nothing else, so that each fact is right, and the shipped registry says where it was read."""
    assert main(["init", "--model", "colbert-v2", "--model", "bge-m3", "--model", "all-minilm-l6-v2"]) == 0
    for model in Registry.load("models.json"):
        shipped = Registry.shipped()[model.id].to_dict()
        assert {**model.to_dict(), "sources": {}} == {**shipped, "sources": {}}
    assert main(["check", "--strict"]) == 0


def test_hosted_model_can_be_the_first_one_if_it_states_enough(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "one", "--model", "mistral-embed"]) == 2
    assert capsys.readouterr().err == golden(
        "hypiler: `mistral-embed` cannot be the start of a project: it does not state `capabilities.languages`\n"
    )
    assert main(["init", "one", "--model", "text-embedding-3-small"]) == 0
    assert main(["check", "--project", "one", "--strict"]) == 0
    (model,) = Registry.load("one/models.json")
    assert (model.source_api, model.embedding_dim) == ("openai", 1536)


def test_second_time_there_is_nothing_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init"])
    before = files(folder)
    capsys.readouterr()
    assert main(["init"]) == 0
    done = golden("nothing to do: the project has its tables and its registry\nnext: hypiler build\n")
    assert capsys.readouterr().out == done
    assert files(folder) == before


def test_what_was_asked_for_and_not_done_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init"])
    before = files(folder)
    capsys.readouterr()
    assert main(["init", "--model", "bge-m3", "--output", "src/x.py"]) == 0
    assert capsys.readouterr() == (
        golden(
            "pyproject.toml: kept as it is; --output is for a new one\n"
            "models.json: kept as it is; --model is for a new one\n"
            "next: hypiler build\n"
        ),
        "",
    )
    assert files(folder) == before


def test_other_folder_can_be_named(folder: Path) -> None:
    assert main(["init", "one/two"]) == 0
    assert sorted(os.listdir("one/two")) == ["models.json", "models.schema.json", "pyproject.toml", "src"]


def test_models_of_the_shipped_registry_can_be_chosen(folder: Path) -> None:
    """By id or repository, each once."""
    assert main(["init", "--model", "colbert-v2", "--model", "BAAI/bge-m3", "--model", "colbert-v2"]) == 0
    registry = json.loads((folder / "models.json").read_text())
    assert [model["id"] for model in registry["models"]] == ["colbert-v2", "bge-m3"]


def test_unknown_model_is_wrong_use_and_nothing_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--model", "colbert-v22"]) == 2
    assert capsys.readouterr() == (
        "",
        golden("hypiler: no model 'colbert-v22' in the shipped registry; did you mean 'colbert-v2'?\n"),
    )
    assert files(folder) == {}


def test_tables_are_added_to_a_project_and_nothing_else_is_changed(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    assert capsys.readouterr().out == golden(
        "pyproject.toml: [tool.hypiler] and [tool.uv] cache-keys added\n"
        "src/app/py.typed: created, so that type checkers read the stub of the installed package\n"
        "models.json: created\n"
        "models.schema.json: created\n"
        "next: add src/app/model_registry.py and its stub to .gitignore, or commit both: the build hook makes them\n"
        "next: hypiler build\n"
    )
    hook = "[tool.hatch.build.hooks.hypiler]\n"
    assert (package / "pyproject.toml").read_text() == f"{HATCH}\n{TABLE}\n{hook}\n[tool.uv]\n{KEYS}"
    assert main(["build", "-q"]) == 0
    assert (package / "src/app/model_registry.pyi").exists()


def test_models_and_schema_that_exist_stay(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (package / "models.json").write_text("mine")
    capsys.readouterr()
    assert main(["init"]) == 0
    assert golden("models.json: kept as it is\n") in capsys.readouterr().out
    assert (package / "models.json").read_text() == "mine"
    assert not (package / "models.schema.json").exists(), "it belongs to the file that is there"


@pytest.mark.parametrize("named", ["./models.schema.json", "models.schema.json"])
def test_registry_that_names_the_schema_beside_it_gets_it(
    package: Path, capsys: pytest.CaptureFixture[str], named: str
) -> None:
    (package / "models.json").write_text(f'{{"$schema": "{named}", "version": "1", "models": []}}')
    assert main(["init"]) == 0
    assert golden("models.json: kept as it is\n") in capsys.readouterr().out
    schema = package / "models.schema.json"
    main(["schema"])
    assert schema.read_text() == capsys.readouterr().out
    schema.write_text("{}")
    assert main(["init"]) == 0
    assert schema.read_text() == "{}", "a schema that exists stays"


@pytest.mark.parametrize("named", ["https://example.org/models.schema.json", "../models.schema.json", 1, None])
def test_registry_that_names_another_schema_gets_none(package: Path, named: object) -> None:
    (package / "models.json").write_text(json.dumps({"$schema": named, "version": "1", "models": []}))
    assert main(["init"]) == 0
    assert not (package / "models.schema.json").exists()


def test_output_is_written_and_told_without_what_says_nothing(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--output", "./src//app/./registry.py"]) == 0
    table = tomllib.loads((package / "pyproject.toml").read_text())
    assert table["tool"]["hypiler"]["output"] == "src/app/registry.py"
    note = "next: add src/app/registry.py and its stub to .gitignore, or commit both: the build hook makes them"
    assert golden(note) in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("system", "note"),
    [
        ('requires = ["hatchling"]\nbuild-backend = "hatchling.build"', "requires"),
        ('requires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"', "requires"),
        ('requires = ["setuptools", "hypiler>=0.1"]\nbuild-backend = "setuptools.build_meta"', None),
        ('requires = ["pdm-backend"]\nbuild-backend = "pdm.backend"', "requires"),
        ('requires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"', "commit"),
        ('requires = ["uv_build"]\nbuild-backend = "uv_build"', "commit"),
    ],
)
def test_what_is_left_to_do_depends_on_the_backend(
    package: Path, capsys: pytest.CaptureFixture[str], system: str, note: str | None
) -> None:
    (package / "pyproject.toml").write_text(f"[build-system]\n{system}\n")
    assert main(["init"]) == 0
    notes = {
        "requires": ['next: add "hypiler" to `requires` of [build-system] in pyproject.toml'],
        "commit": ["next: commit the output, and run `hypiler build --check` in CI: the build backend has no hook"],
        None: [],
    }[note]
    git = "next: add src/app/model_registry.py and its stub to .gitignore, or commit both: the build hook makes them"
    notes = notes if note == "commit" else [*notes, git]
    assert capsys.readouterr().out.splitlines()[4:] == [*notes, golden("next: hypiler build")]
    assert ("[tool.hatch" in (package / "pyproject.toml").read_text()) == ("hatchling" in system)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# no end of line",
        HATCH.replace("\n", "\r\n"),
        "[[tool.x.items]]\na = 1\n",
        "tool.other.x = 1\n",
        "[tool.hatch.build.hooks.hypiler]\n[tool.hatch.build.targets.wheel]\n" + HATCH,
        "[project]\ndescription = '''\n[tool.hypiler]\n'''\n",
    ],
    ids=["empty", "no-line-end", "crlf", "array", "dotted", "hook-stands", "in-a-string"],
)
def test_tables_are_added_to_any_toml(package: Path, text: str) -> None:
    before = package / "pyproject.toml"
    before.write_bytes(text.encode())
    assert main(["init"]) == 0
    data = before.read_bytes()
    assert data.startswith(text.encode())
    table = tomllib.loads(data.decode())
    assert table["tool"]["hypiler"] == {"sources": ["models.json"], "output": "src/app/model_registry.py"}
    if "\r\n" in text:
        assert data.count(b"\n") == data.count(b"\r\n")


class TestCacheKeysOfUv:
    """Without them, uv keeps an old build of the registry."""

    def init(self, package: Path, text: str) -> str:
        (package / "pyproject.toml").write_bytes(text.encode())
        assert main(["init"]) == 0
        return (package / "pyproject.toml").read_bytes().decode()

    def test_new_project_has_them(self, folder: Path) -> None:
        main(["init", "app"])
        assert (folder / "app/pyproject.toml").read_text().endswith(f"\n[tool.uv]\n{KEYS}")

    @pytest.mark.parametrize("header", ["[tool.uv]\n", " [ tool . uv ]  # ours\r\n", "[tool.uv]"])
    def test_table_of_the_user_gets_them(self, package: Path, header: str) -> None:
        after = "managed = true\r\n" if "\r" in header else ""
        text = self.init(package, f"{HATCH}{header}{after}")
        assert text.startswith(f"{HATCH}{header}")
        table = tomllib.loads(text)["tool"]
        assert table["uv"]["cache-keys"] == tomllib.loads(KEYS)["cache-keys"]
        assert table["uv"].get("managed") == (True if after else None)
        assert table["hypiler"]["output"] == "src/app/model_registry.py"

    def test_other_tables_of_uv_stay(self, package: Path) -> None:
        before = f'{HATCH}[tool.uv.sources]\nx = {{ path = "x" }}\n'
        assert self.init(package, before).startswith(before)
        table = tomllib.loads((package / "pyproject.toml").read_text())["tool"]["uv"]
        assert table == {"sources": {"x": {"path": "x"}}, **tomllib.loads(KEYS)}

    def test_header_in_a_string_is_none(self, package: Path) -> None:
        text = self.init(package, f'{HATCH}[tool.x]\ntext = """\n[tool.uv]\n"""\n')
        assert tomllib.loads(text)["tool"]["x"] == {"text": "[tool.uv]\n"}
        assert tomllib.loads(text)["tool"]["uv"] == tomllib.loads(KEYS)

    def test_keys_of_the_user_stay_and_missing_ones_are_named(
        self, package: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = f'{HATCH}[tool.uv]\ncache-keys = ["pyproject.toml", {{ file = "**/*.json" }}, {{ dir = "src" }}]\n'
        assert self.init(package, before) == f"{before}\n{TABLE}\n[tool.hatch.build.hooks.hypiler]\n"
        note = golden(
            'next: uv: add to `cache-keys` of [tool.uv]: cache-keys = [{ file = "src/app/model_registry.py" }]'
        )
        assert note in capsys.readouterr().out.splitlines()

    def test_table_that_takes_no_line_is_told(self, package: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = f"{HATCH}[tool]\nuv = {{ managed = true }}\n"
        assert self.init(package, before).startswith(before)
        assert "\nnext: uv: add to [tool.uv]: cache-keys = [{ file = " in capsys.readouterr().out

    def test_project_with_a_registry_gets_them(self, package: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Sources in patterns, above the project and with signs of a pattern in their names; several registries."""
        os.mkdir(".git")
        for path in ("models/a.json", "up [x]{y}.json"):
            (package / path).parent.mkdir(exist_ok=True)
            (package / path).write_text("{}")
        (package / "setup.py").touch()
        table = (
            '[[tool.hypiler.registry]]\nsources = ["models/*.json", "up [x]{y}.json"]\noutput = "app/m.py"\n'
            '[[tool.hypiler.registry]]\nsources = ["models/a.json"]\noutput = "app/n.py"\nlock = "n.lock.json"\n'
        )
        text = self.init(package, f"{HATCH}{table}")
        assert capsys.readouterr().out.startswith("pyproject.toml: [tool.uv] cache-keys added\n")
        assert tomllib.loads(text)["tool"]["uv"]["cache-keys"] == [
            {"file": "pyproject.toml"},
            {"file": "setup.py"},
            {"file": "models/*.json"},
            {"file": "up [[]x][{]y}.json"},
            {"file": "models/models.lock.json"},
            {"file": "models/a.json"},
            {"file": "n.lock.json"},
            {"git": {"commit": True}},
            {"file": "app/m.py"},
            {"file": "app/n.py"},
        ]

    def test_project_that_uv_does_not_build_gets_none(self, package: Path) -> None:
        assert "uv" not in self.init(package, '[project]\nname = "x"\nversion = "1"\n')


@pytest.mark.parametrize("text", ["tool = {other = {x = 1}}\n", "[tool]\nhatch = {}\n" + HATCH], ids=["tool", "hatch"])
def test_toml_that_takes_no_table_is_told_and_kept(
    package: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (package / "pyproject.toml").write_text(text)
    before = files(package)
    assert main(["init"]) == 2
    assert capsys.readouterr().err.startswith(
        "hypiler: tables cannot be added at the end of pyproject.toml; add by hand: [tool.hypiler]; sources = "
    )
    assert files(package) == before


def test_toml_that_is_none_is_a_finding(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (package / "pyproject.toml").write_text("x = \n")
    assert main(["init"]) == 1
    assert capsys.readouterr().err.startswith("error[M502]: pyproject.toml must be valid TOML: ")


@pytest.mark.parametrize(
    ("packages", "expected"),
    [
        ([], golden("no package found: say where with --output PACKAGE/model_registry.py")),
        (["src/a", "src/b"], golden("several packages (a, b): say where with --output PACKAGE/model_registry.py")),
        (["tests"], golden("no package found: say where with --output PACKAGE/model_registry.py")),
    ],
)
def test_package_that_cannot_be_told_is_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str], packages: list[str], expected: str
) -> None:
    (folder / "pyproject.toml").write_text(HATCH)
    for name in packages:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").touch()
    assert main(["init"]) == 2
    assert capsys.readouterr() == ("", golden(f"hypiler: {expected}\n"))
    assert main(["init", "--output", "src/x/models.py"]) == 0
    assert main(["build", "-q"]) == 0
    assert (folder / "src/x/models.py").exists()


def test_output_that_cannot_be_used_is_a_finding_and_nothing_is_written(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(package)
    for output, code in [("../x.py", "M503"), ("x.txt", "M502"), ('a".py', "M502")]:
        assert main(["init", "--output", output]) == 1
        assert capsys.readouterr().err.startswith(f"error[{code}]: ")
    assert files(package) == before


@pytest.mark.parametrize(
    ("existing", "output", "marker"),
    [
        (["src/app/__init__.py"], "src/app/registry.py", "src/app/py.typed"),
        (["src/app/__init__.py", "src/app/a/__init__.py"], "src/app/a/b/registry.py", "src/app/py.typed"),
        (["app/__init__.py"], "app/registry.py", "app/py.typed"),
        (["src/acme/search/__init__.py"], "src/acme/search/registry.py", "src/acme/search/py.typed"),
        (["src/acme/search/x.py"], "src/acme/search/registry.py", "src/acme/search/py.typed"),
        (["src/app/__init__.py", "src/app/py.typed"], "src/app/registry.py", None),
        (["app.py"], "registry.py", None),
        (["src/app.py"], "src/registry.py", None),
    ],
)
def test_package_without_a_marker_for_checkers_gets_one(
    folder: Path, capsys: pytest.CaptureFixture[str], existing: list[str], output: str, marker: str | None
) -> None:
    (folder / "pyproject.toml").write_text(HATCH)
    for name in existing:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("partial\n")
    before = files(folder)
    assert main(["init", "--output", output]) == 0
    out, after = capsys.readouterr().out, files(folder)
    created = {name for name in after if name not in before} - {"models.json", "models.schema.json"}
    assert created == ({marker} if marker else set())
    assert all(after[name] == data for name, data in before.items() if name != "pyproject.toml")
    why = "created, so that type checkers read the stub of the installed package"
    assert [line for line in out.splitlines() if "py.typed" in line] == ([f"{marker}: {why}"] if marker else [])
    lost = "type checkers find no types in an installed module outside of every package: give it a package by --output"
    assert (f"next: {lost}\n" in out) == (output in ("registry.py", "src/registry.py"))


def test_project_that_has_its_table_still_gets_the_marker(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    (package / "src/app/py.typed").unlink()
    capsys.readouterr()
    assert main(["init"]) == 0
    assert capsys.readouterr().out == golden(
        "src/app/py.typed: created, so that type checkers read the stub of the installed package\n"
        "pyproject.toml: kept as it is\n"
        "models.json: kept as it is\n"
        "next: hypiler build\n"
    )
    assert (package / "src/app/py.typed").read_bytes() == b""


def test_output_of_a_new_project_gets_its_packages(folder: Path) -> None:
    assert main(["init", "--output", "src/a/b/registry.py"]) == 0
    made = {"src/a/__init__.py", "src/a/b/__init__.py", "src/a/py.typed"}
    assert {name for name in files(folder) if name.startswith("src")} == made


def test_source_above_the_project_is_left_to_write(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".git").mkdir()
    (folder / "one").mkdir()
    text = HATCH + '[tool.hypiler]\nsources = ["../models.json"]\noutput = "registry.py"\n'
    (folder / "one/pyproject.toml").write_text(text)
    assert main(["init", "one"]) == 0
    assert golden("next: write models.json: it lies above the project, where nothing is written\n") in (
        capsys.readouterr().out
    )
    assert not (folder / "models.json").exists()


def test_link_in_place_of_a_file_is_left_alone(package: Path) -> None:
    (package / "models.json").symlink_to("elsewhere.json")
    assert main(["init"]) == 0
    assert not (package / "elsewhere.json").exists()
