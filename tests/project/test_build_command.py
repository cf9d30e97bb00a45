"""`hypiler build`: what it writes, what it says and its exit codes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest
from golden import golden

Hypiler = Callable[..., tuple[int, str, str]]
WIDER = tuple((f'"{name}": 384', f'"{name}": 512') for name in ("embedding_dim", "hidden_dim"))


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    path.write_text(text)


def load(path: str) -> ModuleType:
    module = ModuleType("generated")
    SourceFileLoader("generated", path).exec_module(module)
    return module


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder: the bytes of each file, None for each folder."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_file_becomes_a_module_and_its_stub_and_nothing_else(models: Path, hypiler: Hypiler) -> None:
    code, out, err = hypiler("build", "models.json", "--out", "new/dir")
    assert (code, err) == (0, "")
    assert out == golden("new/dir/model_registry.py: 1 model, written\n")
    assert sorted(os.listdir("new/dir")) == ["model_registry.py", "model_registry.pyi"]
    module = load("new/dir/model_registry.py")
    assert [model.embedding_dim for model in module.MODEL_REGISTRY] == [384]


def test_second_build_writes_nothing(models: Path, hypiler: Hypiler) -> None:
    hypiler("build", "models.json", "--out", "dir")
    os.utime("dir/model_registry.py", (1, 1))
    _, out, _ = hypiler("build", "models.json", "--out", "dir")
    assert out == golden("dir/model_registry.py: 1 model, already up to date\n")
    assert os.stat("dir/model_registry.py").st_mtime == 1


def test_other_files_in_the_folder_stay(models: Path, hypiler: Hypiler) -> None:
    Path("dir").mkdir()
    Path("dir/mine.py").write_text("x = 1\n")
    assert hypiler("build", "models.json", "--out", "dir")[0] == 0
    assert Path("dir/mine.py").read_text() == "x = 1\n"
    assert len(os.listdir("dir")) == 3


def test_output_may_be_the_folder_of_the_source(models: Path, hypiler: Hypiler) -> None:
    before = models.read_bytes()
    assert hypiler("build", "models.json", "--out", ".")[0] == 0
    assert models.read_bytes() == before


def test_quiet_prints_nothing(models: Path, hypiler: Hypiler) -> None:
    assert hypiler("build", "models.json", "--out", "dir", "-q") == (0, "", "")


def test_invalid_file_is_reported_and_the_folder_not_made(models: Path, hypiler: Hypiler) -> None:
    models.write_text('{"version": "1.0", "models": [}\n')
    code, out, err = hypiler("build", "models.json", "--out", "new/dir")
    assert (code, out) == (1, "")
    assert err.startswith("error[M003]: ")
    assert err.endswith("\n1 error\n")
    assert os.listdir() == ["models.json"]


def test_invalid_file_leaves_the_folder_as_it_was(models: Path, hypiler: Hypiler) -> None:
    hypiler("build", "models.json", "--out", "dir")
    before = tree(models.parent / "dir")
    edit(models, ('"embedding_dim": 384', '"embedding_dim": 0'))
    assert hypiler("build", "models.json", "--out", "dir")[0] == 1
    assert tree(models.parent / "dir") == before


def test_warning_is_shown_and_builds(models: Path, hypiler: Hypiler) -> None:
    edit(models, ('"beir_avg": null', '"beir_avg": 0, "beir_datasets": "beir-13"'))
    code, out, err = hypiler("build", "models.json", "--out", "dir")
    assert (code, out) == (0, golden("dir/model_registry.py: 1 model, written\n"))
    assert err.startswith("warning[M212]: ")
    assert err.endswith("\n1 warning\n")


def test_strict_lets_a_warning_fail(models: Path, hypiler: Hypiler) -> None:
    edit(models, ('"beir_avg": null', '"beir_avg": 0, "beir_datasets": "beir-13"'))
    code, out, err = hypiler("build", "models.json", "--out", "dir", "--strict")
    assert (code, out) == (1, "")
    assert err.startswith("warning[M212]: ")
    assert os.listdir() == ["models.json"]


def test_many_warnings_are_counted_and_not_all_shown(models: Path, hypiler: Hypiler) -> None:
    document = json.loads(models.read_text())
    (model,) = document["models"]
    model["performance"] |= {"beir_avg": 0, "beir_datasets": "beir-13"}
    document["models"] = [{**model, "id": f"model-{n}"} for n in range(60)]
    models.write_text(json.dumps(document))
    _, out, err = hypiler("build", "models.json", "--out", "dir")
    assert out == golden("dir/model_registry.py: 60 models, written\n")
    assert err.count("warning[M212]") == 50
    assert err.endswith("""\
… and 10 more; `hypiler check --limit 0` shows all

60 warnings:
     60  M212  zero-score
`hypiler explain M212` tells what a code means
""")


def test_hand_written_target_is_refused(models: Path, hypiler: Hypiler) -> None:
    target = models.with_name("model_registry.py")
    target.write_text("by = hand\n")
    assert hypiler("build", "models.json", "--out", ".") == (
        1,
        "",
        golden("""\
error[M504]: `model_registry.py` was not generated by hypiler, and is not overwritten
--> model_registry.py
 = help: move the file away, or choose another output

1 error
"""),
    )
    assert target.read_text() == "by = hand\n"
    assert sorted(os.listdir()) == ["model_registry.py", "models.json"]


def test_source_that_the_output_would_overwrite_is_kept(models: Path, hypiler: Hypiler) -> None:
    source = models.rename("model_registry.py")
    before = source.read_bytes()
    code, out, err = hypiler("build", "model_registry.py", "--out", ".")
    assert (code, out) == (1, "")
    assert err.startswith("error[M505]: `model_registry.py` is the registry itself")
    assert tree(models.parent) == {"model_registry.py": before}


def test_missing_file_is_an_error_of_the_environment(models: Path, hypiler: Hypiler) -> None:
    message = golden("hypiler: cannot read `nope.json`: No such file or directory\n")
    assert hypiler("build", "nope.json", "--out", "dir") == (3, "", message)
    assert os.listdir() == ["models.json"]


def test_folder_as_file_is_an_error_of_the_environment(models: Path, hypiler: Hypiler) -> None:
    message = golden("hypiler: cannot read `.`: it is a folder\n")
    assert hypiler("build", ".", "--out", "dir") == (3, "", message)


def test_file_as_folder_is_an_error_of_the_environment(models: Path, hypiler: Hypiler) -> None:
    path = "models.json/model_registry.py"
    message = golden(f"hypiler: cannot read `{path}`: Not a directory\n")
    assert hypiler("build", "models.json", "--out", "models.json") == (3, "", message)


def test_folder_that_is_read_only_is_an_error_of_the_environment(
    models: Path, hypiler: Hypiler, request: pytest.FixtureRequest
) -> None:
    # Also imports everything while this process may still read the folder of the standard library.
    hypiler("build", "models.json", "--out", "dir")
    text = models.read_text()
    folder: Path = request.getfixturevalue("as_nobody")
    source, out = folder / "models.json", folder / "out"
    source.write_text(text)
    out.mkdir(0o555)
    path = out / "model_registry.py"
    message = golden(f"hypiler: cannot write `{path}`: Permission denied\n")
    assert hypiler("build", str(source), "--out", str(out)) == (3, "", message)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("arguments", [["models.json"], ["--out", "dir"]])
def test_file_without_folder_is_wrong_use(models: Path, hypiler: Hypiler, arguments: list[str]) -> None:
    message = golden("hypiler: `build FILE` and `--out DIR` need each other; without both, [tool.hypiler] decides\n")
    assert hypiler("build", *arguments) == (2, "", message)


@pytest.mark.parametrize("command", ["build", "check"])
def test_no_file_and_no_project_is_wrong_use(models: Path, hypiler: Hypiler, command: str) -> None:
    message = golden(
        "hypiler: no project found: name a FILE, use --project DIR, or run in a project with [tool.hypiler]\n"
    )
    assert hypiler(command) == (2, "", message)


def test_project_without_the_table_is_a_finding(models: Path, hypiler: Hypiler) -> None:
    models.with_name("pyproject.toml").touch()
    code, out, err = hypiler("build")
    assert (code, out) == (1, "")
    assert err.startswith("error[M502]: pyproject.toml must have a table")


def test_without_arguments_the_project_decides(project: Path, hypiler: Hypiler) -> None:
    assert hypiler("build") == (0, golden("app/registry.py: 1 model, written\n"), "")
    assert sorted(os.listdir("app")) == ["registry.py", "registry.pyi"]


def test_several_sources_become_one_module_in_their_order(project: Path, hypiler: Hypiler) -> None:
    edit(project / "pyproject.toml", ("output", 'sources = ["z.json", "a.json"]\noutput'))
    text = (project / "models.json").read_text()
    (project / "a.json").write_text(text)
    (project / "z.json").write_text(text.replace("small-encoder", "first"))
    assert hypiler("build")[:2] == (0, golden("app/registry.py: 2 models, written\n"))
    module = load("app/registry.py")
    assert [model.id for model in module.MODEL_REGISTRY] == [
        "first",
        "small-encoder",
    ]


def test_id_in_two_sources_is_a_finding(project: Path, hypiler: Hypiler) -> None:
    edit(
        project / "pyproject.toml",
        ("output", 'sources = ["models.json", "b.json"]\noutput'),
    )
    (project / "b.json").write_text((project / "models.json").read_text())
    code, _, err = hypiler("build")
    assert code == 1
    assert err.startswith("error[M201]: ")
    assert "--> b.json:5:" in err
    assert not Path("app").exists()


def test_path_is_printed_escaped(models: Path, hypiler: Hypiler) -> None:
    _, out, _ = hypiler("build", "models.json", "--out", "a\nb\x1b[31m")
    assert out == golden("a\\nb\\x1b[31m/model_registry.py: 1 model, written\n")


def test_error_is_printed_escaped(models: Path, hypiler: Hypiler) -> None:
    _, _, err = hypiler("build", "a\n\u202eb", "--out", "dir")
    message = golden("cannot read `a\\n\\u202eb`: No such file or directory")
    assert err == golden(f"hypiler: {message}\n")


def test_check_of_an_up_to_date_output_says_so_and_writes_nothing(project: Path, hypiler: Hypiler) -> None:
    hypiler("build")
    before = tree(project)
    assert hypiler("build", "--check") == (0, golden("app/registry.py: 1 model, up to date\n"), "")
    assert tree(project) == before


def test_check_names_the_command_that_repairs(project: Path, hypiler: Hypiler) -> None:
    hypiler("build")
    edit(project / "models.json", *WIDER)
    before = tree(project)
    stale = "is stale: the registry has changed since it was generated"
    report = golden(f"""\
error[M507]: `app/registry.py` {stale}; the first model that differs is `small-encoder`
--> app/registry.py
 = help: run `hypiler build`

error[M507]: `app/registry.pyi` {stale}
--> app/registry.pyi
 = help: run `hypiler build`

2 errors
""")
    assert hypiler("build", "--check") == (1, "", report)
    assert tree(project) == before
    assert hypiler("build")[0] == 0
    assert hypiler("build", "--check")[0] == 0


def test_check_repeats_files_and_folder_in_the_command(models: Path, hypiler: Hypiler) -> None:
    code, out, err = hypiler("build", "models.json", "--out", "my app", "--check")
    assert (code, out) == (1, "")
    assert err.count(" = help: run `hypiler build models.json --out 'my app'`\n") == 2
    assert os.listdir() == ["models.json"]


def test_diff_shows_the_change_and_fails(project: Path, hypiler: Hypiler) -> None:
    hypiler("build")
    assert hypiler("build", "--diff") == (0, golden("app/registry.py: 1 model, up to date\n"), "")
    edit(project / "models.json", *WIDER)
    before = tree(project)
    code, out, err = hypiler("build", "--diff")
    assert (code, err) == (1, "")
    assert [line for line in out.splitlines() if line.startswith(("---", "+++"))] == [
        "--- a/app/registry.py",
        "+++ b/app/registry.py",
        "--- a/app/registry.pyi",
        "+++ b/app/registry.pyi",
    ]
    assert "-384|1\n+512|1\n" in out
    assert tree(project) == before


def test_check_and_diff_together_show_both(project: Path, hypiler: Hypiler) -> None:
    code, out, err = hypiler("build", "--check", "--diff")
    assert code == 1
    assert out.startswith("--- /dev/null\n+++ b/app/registry.py\n")
    assert err.count("error[M506]") == 2


def test_check_of_a_registry_with_errors_reports_those(project: Path, hypiler: Hypiler) -> None:
    hypiler("build")
    edit(project / "models.json", ('"embedding_dim": 384', '"embedding_dim": 0'))
    code, out, err = hypiler("build", "--check")
    assert (code, out) == (1, "")
    assert err.startswith("error[M106]: ")
    assert "M507" not in err


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", set[str]()),
        ('sources = "*.json"', {"glob"}),
        ('targets = ["schema"]', {"json", "hypiler.emit.json_schema"}),
    ],
)
def test_build_loads_only_what_the_options_ask_for(project: Path, lines: str, expected: set[str]) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write(lines)
    code = "import sys; from hypiler.cli.main import main; main(['build', '-q']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    # Since Python 3.14, each argument of `argparse` loads what colours its help, and `ast` with that.
    costly = {
        *([] if sys.version_info >= (3, 14) else ["ast"]),
        "difflib",
        "glob",
        "importlib.metadata",
        "json",
        "pathlib",
        "subprocess",
    }
    costly |= {"hypiler.emit.json_schema", "hypiler.emit.markdown", "hypiler.project.compare", "hypiler.verification"}
    assert set(done.stdout.split()) & costly == expected
