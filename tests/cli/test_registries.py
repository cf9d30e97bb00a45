"""Which registry a command reads: the project's around the current folder, a named one, files, or the shipped one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from strategies import plain_model

from hypiler import hosted_registry
from hypiler.cli.main import main
from hypiler.model_registry import BGE_M3, MODEL_REGISTRY

Capture = pytest.CaptureFixture[str]
SHIPPED = f"{len(MODEL_REGISTRY) + len(hosted_registry.MODEL_REGISTRY)} models of the shipped registry"


def model(id: str, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = plain_model(**{"id": id, "huggingface_id": f"org/{id}", "aliases": [], **changes})
    found.pop("deprecated", None)
    return found


def write(path: Path, *models: dict[str, Any]) -> None:
    path.write_text(json.dumps({"version": "1.0", "models": models}, indent=2) + "\n", "utf-8")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one model and two folders, in a folder that is none; its root is the current folder."""
    root = tmp_path / "outside/app"
    (root / "src/app").mkdir(parents=True)
    (root / "src/app/__init__.py").touch()
    (root / "pyproject.toml").write_text('[tool.hypiler]\noutput = "src/app/model_registry.py"\n')
    write(root / "models.json", model("my-model", aliases=["mine"], name="My Model"))
    monkeypatch.chdir(root)
    return root


def run(capsys: Capture, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    try:
        code = main([*words])
    except SystemExit as ended:
        assert isinstance(ended.code, int)
        code = ended.code
    return code, *capsys.readouterr()


def count(capsys: Capture, *words: str) -> str:
    """The last line of `hypiler list`."""
    code, out, err = run(capsys, "list", *words)
    assert (code, err) == (0, "")
    return out.splitlines()[-1]


def test_a_project_has_its_own_registry_unless_another_one_is_named(app: Path, capsys: Capture) -> None:
    write(app / "a.json", model("a"))
    write(app / "b.json", model("b"))
    assert count(capsys) == golden("1 model of models.json")
    assert count(capsys, "--shipped") == SHIPPED
    assert count(capsys, "--file", "a.json") == golden("1 model of a.json")
    assert count(capsys, "--file", "a.json", "--file", "b.json") == golden("2 models of a.json, b.json")
    os.chdir("..")
    assert count(capsys) == SHIPPED
    assert count(capsys, "--project", "app") == golden("1 model of app/models.json")


def test_many_files_are_counted_instead_of_named(app: Path, capsys: Capture) -> None:
    names = [f"{number}.json" for number in range(5)]
    for name in names:
        write(app / name, model(f"model-{name[0]}"))
    arguments = [word for name in names for word in ("--file", name)]
    assert count(capsys, *arguments) == golden("5 models of 0.json and 4 more files")


def test_what_is_shown_is_of_the_registry_that_was_asked(app: Path, capsys: Capture) -> None:
    code, out, _ = run(capsys, "show", "my-model")
    assert (code, out.splitlines()[:2]) == (0, [golden("My Model"), "from app.model_registry import MY_MODEL"])
    write(app / "other.json", model("other", name="Other"))
    heading = run(capsys, "show", "other", "--file", "other.json")[1].splitlines()[:3]
    assert heading[:2] == ["Other", "https://huggingface.co/org/other"], "nobody knows a module of a mere file"
    assert heading[2].startswith("not verified: ")
    shipped = run(capsys, "show", "bge-m3", "--shipped")[1].splitlines()[:2]
    assert shipped == [BGE_M3.name, "from hypiler.model_registry import BGE_M3"]


@pytest.mark.parametrize(
    ("output", "packages", "module"),
    [
        ("src/app/model_registry.py", ["src/app"], "app.model_registry"),
        ("src/new/model_registry.py", [], "new.model_registry"),
        ("app/data/models.py", ["app", "app/data"], "app.data.models"),
        ("backend/app/models.py", ["backend/app"], "app.models"),
        ("registry.py", [], "registry"),
        ("lib/registry.py", [], "lib.registry"),
        ("my-tools/registry.py", [], "registry"),
        ("src/app/models.py", ["src", "src/app"], "src.app.models"),
        ("packages/app/src/app/models.py", [], "app.models"),
    ],
)
@pytest.mark.parametrize("place", ["app", "app/src", "."])
def test_import_line_names_the_module_of_the_project(
    app: Path, capsys: Capture, output: str, packages: list[str], module: str, place: str
) -> None:
    (app / "pyproject.toml").write_text(f'[tool.hypiler]\noutput = "{output}"\n')
    (app / "src/app/__init__.py").unlink()
    for folder in packages:
        (app / folder).mkdir(parents=True, exist_ok=True)
        (app / folder / "__init__.py").touch()
    os.chdir(app.parent / place)
    project = ["--project", "app"] if place == "." else []
    line = run(capsys, "show", "my-model", *project)[1].splitlines()[1]
    assert line == f"from {module} import MY_MODEL"


@pytest.mark.parametrize("name", ["my-model", "mine", "org/my-model"])
def test_model_is_found_by_id_alias_and_repository(app: Path, capsys: Capture, name: str) -> None:
    code, out, _ = run(capsys, "show", name, "--json")
    assert (code, json.loads(out)["model"]["id"]) == (0, "my-model")


def test_alias_is_told_and_a_repository_is_not_one(app: Path, capsys: Capture) -> None:
    own, alias, repository = [run(capsys, "show", name)[1] for name in ("my-model", "mine", "org/my-model")]
    assert alias.splitlines()[1] == golden("`mine` is an alias of `my-model`")
    assert repository == own


def test_several_files_of_a_project_are_one_registry(app: Path, capsys: Capture) -> None:
    (app / "pyproject.toml").write_text(
        '[tool.hypiler]\nsources = ["models.json", "more.json"]\noutput = "registry.py"\n'
    )
    write(app / "more.json", model("more"))
    assert count(capsys) == golden("2 models of models.json, more.json")
    assert run(capsys, "show", "more")[1].splitlines()[1] == "from registry import MORE"


@pytest.fixture
def two(app: Path) -> Path:
    """A project with two registries."""
    entries = [f'[[tool.hypiler.registry]]\nsources = ["{name}.json"]\noutput = "src/app/{name}.py"\n' for name in "ab"]
    (app / "pyproject.toml").write_text("\n".join(entries))
    write(app / "a.json", model("first"))
    write(app / "b.json", model("second", aliases=["mine"]))
    return app


@pytest.mark.parametrize("name", ["b", "src/app/b.py"])
@pytest.mark.parametrize("place", [".", "src/app"])
def test_one_of_several_registries_is_named_by_its_module(two: Path, capsys: Capture, name: str, place: str) -> None:
    os.chdir(place)
    file = os.path.relpath(two / "b.json")
    assert count(capsys, "--registry", name) == golden(f"1 model of {file}")
    assert run(capsys, "show", "mine", "--registry", name)[1].splitlines()[2] == "from app.b import SECOND"


@pytest.mark.parametrize("command", [["list"], ["show", "first"], ["verify"], ["outdated"], ["add", "org/x"]])
def test_one_of_several_registries_must_be_named(two: Path, capsys: Capture, command: list[str]) -> None:
    known = "name one of `src/app/a.py`, `src/app/b.py`"
    message = golden(f"hypiler: --registry: the project has several registries: {known}\n")
    assert run(capsys, *command) == (2, "", message)
    message = golden(f"hypiler: --registry: no registry is called `x`; {known}\n")
    assert run(capsys, *command, "--registry", "x") == (2, "", message)


@pytest.mark.parametrize(("name", "near"), [("src/app/a.pyi", "src/app/a.py"), ("B", "b")])
def test_mistyped_name_of_a_registry_gets_a_suggestion(two: Path, capsys: Capture, name: str, near: str) -> None:
    message = golden(f"hypiler: --registry: no registry is called `{name}`; did you mean `{near}`?\n")
    assert run(capsys, "list", "--registry", name) == (2, "", message)


def test_check_reports_all_registries_of_a_project_together(two: Path, capsys: Capture) -> None:
    assert run(capsys, "check") == (0, golden("2 models, no findings\n"), "")
    for name in "ab":
        write(two / f"{name}.json", model(name, name=1))
    code, out, err = run(capsys, "check")
    assert (code, err, out.count('"name": 1,')) == (1, "", 2)
    assert out.endswith("\n2 errors\n")
    found = json.loads(run(capsys, "check", "--format", "json")[1])["findings"]
    assert [one["file"] for one in found] == ["a.json", "b.json"]


def test_registry_of_a_project_is_none_of_files_or_of_hypiler(two: Path, capsys: Capture) -> None:
    message = golden("hypiler: --registry names a registry of a project: it cannot go with --file or --shipped\n")
    assert run(capsys, "list", "--shipped", "--registry", "a") == (2, "", message)
    assert run(capsys, "list", "--file", "a.json", "--registry", "a") == (2, "", message)
    os.chdir(two.parent)
    assert run(capsys, "list", "--registry", "a")[0] == 2


def test_lock_that_an_option_names_is_the_one_that_is_read(app: Path, capsys: Capture) -> None:
    (app / "pyproject.toml").write_text('[tool.hypiler]\noutput = "registry.py"\nlock = "locks/own.json"\n')
    (app / "locks").mkdir()
    (app / "locks/own.json").write_text("{")
    for command in (["check"], ["list"], ["outdated"], ["verify", "--offline"]):
        code, out, err = run(capsys, *command)
        assert code == 1
        assert "locks/own.json" in out + err


@pytest.mark.parametrize("command", ["build", "docs", "schema"])
def test_remedy_names_the_project_again(app: Path, capsys: Capture, command: str) -> None:
    os.chdir("..")
    code, _, err = run(capsys, command, "--check", "--project", "app")
    assert (code, f"help: run `hypiler {command} --project app`" in err) == (1, True)
    assert run(capsys, command, "--project", "app")[0] == 0
    assert run(capsys, command, "--check", "--project", "app")[0] == 0


def test_registry_without_models_has_a_count(app: Path, capsys: Capture) -> None:
    write(app / "models.json")
    assert count(capsys) == golden("0 models of models.json")
    code, out, err = run(capsys, "list", "--json")
    assert (code, json.loads(out), err) == (0, {"version": 1, "models": [], "groups": [], "evidence": []}, "")


@pytest.mark.parametrize("command", [["list"], ["list", "--json"], ["show", "my-model"]])
def test_registry_with_errors_is_reported_instead_of_shown(app: Path, capsys: Capture, command: list[str]) -> None:
    text = (app / "models.json").read_text("utf-8")
    (app / "models.json").write_text(text.replace('"name": "My Model"', '"name": 1'), "utf-8")
    code, out, err = run(capsys, *command)
    assert (code, out) == (1, "")
    assert err.startswith("error[M103]: `name` must be a string, ")
    assert '     "name": 1,' in err, "the line stands in the report"
    assert err.endswith("\n1 error\n")


def test_warnings_are_left_to_check(app: Path, capsys: Capture) -> None:
    write(app / "models.json", model("my-model", type="colber"), model("second", type="colbert"))
    assert "warning[M217]" in run(capsys, "check")[1]
    assert count(capsys) == golden("2 models of models.json")


@pytest.mark.parametrize("command", ["list", "check", "build", "docs"])
def test_options_that_cannot_be_used_are_findings_with_their_place(app: Path, capsys: Capture, command: str) -> None:
    (app / "pyproject.toml").write_text("[tool.hypiler]\n")
    for place, path in [(".", "pyproject.toml"), ("src", "../pyproject.toml"), ("src/app", "../../pyproject.toml")]:
        os.chdir(app / place)
        code, out, err = run(capsys, command)
        assert (code, out) == (1, "")
        message = golden("error[M502]: `output` must be set: the path of the generated module")
        assert err.splitlines()[:2] == [message, f"--> {path}"]


def test_every_command_works_from_a_folder_inside_the_project(app: Path, capsys: Capture) -> None:
    os.chdir("src/app")
    assert count(capsys) == golden("1 model of ../../models.json")
    assert run(capsys, "check") == (0, golden("1 model, no findings\n"), "")
    assert run(capsys, "build") == (0, golden("../../src/app/model_registry.py: 1 model, written\n"), "")
    assert run(capsys, "build", "--check")[0] == 0
    assert run(capsys, "docs") == (0, golden("../../MODELS.md: 1 model, written\n"), "")
    assert run(capsys, "docs", "--check")[0] == 0
    assert (app / "src/app/model_registry.pyi").exists()
    assert (app / "MODELS.md").exists()
    assert sorted(os.listdir(".")) == ["__init__.py", "model_registry.py", "model_registry.pyi"]


def test_every_command_works_on_a_project_that_is_named(app: Path, capsys: Capture) -> None:
    os.chdir("..")
    named = ("--project", "app")
    assert run(capsys, "check", *named) == (0, golden("1 model, no findings\n"), "")
    assert run(capsys, "build", *named) == (0, golden("app/src/app/model_registry.py: 1 model, written\n"), "")
    assert run(capsys, "docs", *named) == (0, golden("app/MODELS.md: 1 model, written\n"), "")
    assert os.listdir(".") == ["app"]


def test_findings_name_files_as_a_user_would_type_them(app: Path, capsys: Capture) -> None:
    write(app / "models.json", model("my-model", name=1))
    os.chdir("src")
    assert run(capsys, "check", "--format", "concise")[1].startswith("../models.json:")
    os.chdir("../..")
    assert run(capsys, "check", "--project", "app", "--format", "concise")[1].startswith("app/models.json:")


@pytest.mark.parametrize("command", ["check", "build", "docs", "list", "verify", "outdated", "add"])
def test_project_that_is_named_must_be_one(app: Path, capsys: Capture, command: str) -> None:
    (app / "other").mkdir()
    words = [command, "org/x"] if command == "add" else [command]
    code, out, err = run(capsys, *words, "--project", "other")
    assert (code, out, err) == (2, "", golden("hypiler: no project in `other`: it has no pyproject.toml\n"))
    (app / "other/pyproject.toml").write_text("[project]\n")
    code, out, err = run(capsys, *words, "--project", "other")
    message = golden("error[M502]: pyproject.toml must have a table [tool.hypiler]; found none")
    assert (code, out, err.splitlines()[:2]) == (1, "", [message, "--> other/pyproject.toml"])


@pytest.mark.parametrize("command", ["check", "build", "docs", "verify", "outdated", "add"])
def test_commands_about_a_project_need_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ways = "use --project DIR or --shipped" if command in ("docs", "verify", "outdated") else "use --project DIR"
    message = f"hypiler: no project found: name a FILE, {ways}, or run in a project with [tool.hypiler]\n"
    assert run(capsys, *([command, "org/x"] if command == "add" else [command])) == (2, "", message)


def test_registry_is_chosen_in_one_way(app: Path, capsys: Capture) -> None:
    code, out, err = run(capsys, "list", "--shipped", "--file", "models.json")
    assert (code, out) == (2, "")
    assert err == golden("hypiler: argument --file: not allowed with argument --shipped; see `hypiler list --help`\n")


def test_file_that_cannot_be_read_is_one_line(app: Path, capsys: Capture) -> None:
    message = golden("hypiler: cannot read `nope.json`: No such file or directory\n")
    assert run(capsys, "list", "--file", "nope.json") == (3, "", message)
    (app / "models.json").unlink()
    message = golden("hypiler: cannot read `../models.json`: No such file or directory\n")
    os.chdir("src")
    assert run(capsys, "show", "x") == (3, "", message)


@pytest.mark.skipif(sys.platform == "win32", reason="a current folder cannot be removed")
@pytest.mark.parametrize("command", ["list", "check", "build", "docs"])
def test_current_folder_that_is_gone_is_one_line(tmp_path: Path, command: str) -> None:
    code = "import os, shutil; shutil.rmtree(os.getcwd()); from hypiler.cli.main import main; raise SystemExit(main())"
    (tmp_path / "gone").mkdir()
    call = [sys.executable, "-c", code, command]
    done = subprocess.run(call, cwd=tmp_path / "gone", capture_output=True, text=True, check=False)
    message = golden("hypiler: the current folder does not exist any more\n")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", message)


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["--file", "models.json"], "hypiler list --file models.json"),
        (["--project", "."], "hypiler list --project ."),
        (["--registry", "model_registry"], "hypiler list --registry model_registry"),
        (["--shipped"], "hypiler list --shipped"),
        ([], "hypiler list"),
    ],
)
@pytest.mark.parametrize("name", ["show", "verify", "outdated"])
@pytest.mark.usefixtures("app")
def test_an_unknown_id_names_the_command_that_lists_the_same_registry(
    capsys: Capture, name: str, words: list[str], command: str
) -> None:
    assert run(capsys, name, "qqqqqq", *words)[2].rpartition("; ")[2] == f"`{command}` shows all\n"


def test_a_file_is_no_project(app: Path, capsys: Capture) -> None:
    assert run(capsys, "list", "--project", "pyproject.toml") == (
        2,
        "",
        "hypiler: no project in `pyproject.toml`: it is not a folder\n",
    )


def test_docs_of_the_shipped_registry_and_of_files(app: Path, capsys: Capture) -> None:
    assert run(capsys, "docs", "--shipped", "--out", "S.md")[1] == f"S.md: {len(MODEL_REGISTRY)} models, written\n"
    assert f"](S-pages/{BGE_M3.id}.md)" in (app / "S.md").read_text("utf-8")
    assert f"# {BGE_M3.id}\n" in (app / f"S-pages/{BGE_M3.id}.md").read_text("utf-8")
    write(app / "a.json", model("a"))
    assert run(capsys, "docs", "--file", "models.json", "--file", "a.json")[1] == "MODELS.md: 2 models, written\n"
    (app / "S.md").unlink()
    help = " = help: run `hypiler docs --shipped --out S.md`"
    assert help in run(capsys, "docs", "--shipped", "--out", "S.md", "--check")[2].splitlines()
    assert run(capsys, "docs", "--shipped", "--file", "a.json") == (
        2,
        "",
        "hypiler: `docs` makes one file: give FILE, --project or --shipped\n",
    )


def test_verifying_the_shipped_registry_writes_nothing(
    app: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files belong to the installation."""
    (app / "folder").mkdir()
    (app / "folder/config.json").write_text('{"model_type": "xlm-roberta", "hidden_size": 7}')

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("written")

    monkeypatch.setattr("hypiler.cli.verify.replace_source", refuse)
    monkeypatch.setattr("hypiler.cli.hub.add_files", refuse)
    code, out, _ = run(capsys, "verify", "--shipped", "BAAI/bge-m3", "--local", "folder")
    assert (code, out.splitlines()[0][:21]) == (1, "bge-m3 (BAAI/bge-m3):")
    assert run(capsys, "verify", "--shipped", "--fix") == (
        2,
        "",
        "hypiler: --shipped is only read: --fix needs a registry of your own\n",
    )
    assert run(capsys, "verify", "--shipped", "--file", "models.json")[0] == 2


def test_the_remedy_for_a_missing_schema_writes_it(app: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    (app / "src/deep").mkdir()
    monkeypatch.chdir(app / "src/deep")
    assert run(capsys, "schema", "--check")[0] == 1
    command = "hypiler schema --out ../../models.schema.json"
    assert f" = help: run `{command}`" in run(capsys, "schema", "--check")[2].splitlines()
    assert run(capsys, *command.split()[1:])[0] == 0
    assert run(capsys, "schema", "--check")[0] == 0
