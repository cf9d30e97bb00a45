"""`--changed`: git hooks name changed files, and each project that they concern is checked as a whole."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from golden import golden
from strategies import plain_model, registry_of

from hypiler.cli.main import main

TABLE = """[tool.hypiler]
sources = ["models.json", "more/*.json", "../../shared/models.json"]
output = "{name}.py"
targets = ["schema"]
"""
NOBODY = "no project of the repository is concerned\n"


def registry(*ids: str, **changed: object) -> str:
    return json.dumps(registry_of(*[plain_model(id=id, aliases=[], huggingface_id=f"o/{id}", **changed) for id in ids]))


def git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)


def commit() -> None:
    git("add", "-A")
    git("-c", "user.name=n", "-c", "user.email=e@e", "commit", "-q", "-m", "m", "--allow-empty")


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two projects with the same ids and a common source, built and committed; the current folder is the root."""
    monkeypatch.chdir(tmp_path)
    for name in ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"):
        monkeypatch.delenv(name, raising=False)
    git("init", "-q", "-b", "main")
    for name in ("alpha", "beta"):
        write(f"services/{name}/pyproject.toml", TABLE.format(name=name))
        write(f"services/{name}/models.json", registry("a"))
        write(f"services/{name}/more/b.json", registry("b"))
        write(f"services/{name}/more/c.json", registry("c"))
    write("shared/models.json", registry("s"))
    write("README.md", "")
    write("other/pyproject.toml", "[project]\n")
    for name in ("alpha", "beta"):
        assert main(["build", "-q", "--project", f"services/{name}"]) == 0
    commit()
    return tmp_path


def test_broken_project_is_told_where_case_does_not_count(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On Windows, paths are compared in lower case."""
    write("Big/pyproject.toml", "[tool.hypiler]\n")
    commit()
    monkeypatch.setattr(os.path, "normcase", str.lower)
    assert code("check", "--changed", "Big/models.json") == 1
    assert "`output` must be set" in capsys.readouterr().out


def code(*words: str) -> int:
    """The exit code of a command that may end itself."""
    try:
        return main([*words])
    except SystemExit as end:
        return int(str(end.code))


def concerned(capsys: pytest.CaptureFixture[str], *files: str) -> list[str]:
    """The projects that `build --check` looks at."""
    capsys.readouterr()
    assert main(["build", "--check", "--changed", "--", *files]) == 0
    out = capsys.readouterr().out
    projects = sorted({os.path.basename(line.partition(":")[0]).partition(".")[0] for line in out.splitlines()})
    return [name for name in projects if name in ("alpha", "beta")]


@pytest.mark.parametrize(
    ("file", "projects"),
    [
        ("services/alpha/models.json", ["alpha"]),
        ("./services/alpha/../beta/more/b.json", ["beta"]),
        ("services/alpha/pyproject.toml", ["alpha"]),
        ("services/alpha/models.lock.json", ["alpha"]),
        ("services/beta/beta.py", ["beta"]),
        ("services/beta/beta.pyi", ["beta"]),
        ("services/beta/models.schema.json", ["beta"]),
        ("services/beta/hypiler.manifest.json", ["beta"]),
        ("shared/models.json", ["alpha", "beta"]),
        ("services/alpha/other.json", []),
        ("README.md", []),
        ("other/pyproject.toml", []),
        ("../outside.json", []),
    ],
)
def test_file_concerns_the_projects_that_read_or_write_it(
    capsys: pytest.CaptureFixture[str], file: str, projects: list[str]
) -> None:
    assert concerned(capsys, file) == projects


def test_output_does_not_concern_a_check_of_the_registry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--changed", "services/beta/beta.py"]) == 0
    assert capsys.readouterr() == (NOBODY, "")


def test_files_of_several_projects_are_no_single_registry(capsys: pytest.CaptureFixture[str]) -> None:
    """The same ids in two projects are no duplicates."""
    assert main(["check", "--changed", "services/alpha/models.json", "services/beta/models.json", "README.md"]) == 0
    assert capsys.readouterr() == (golden("8 models, no findings\n"), "")


def test_registry_is_checked_as_a_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """The new file is valid by itself, but has an id of a file that was not changed."""
    write("services/alpha/more/d.json", registry("c"))
    assert main(["check", "--changed", "services/alpha/more/d.json", "--format", "concise"]) == 1
    where = "services/alpha/more/c.json $.models[0]"
    message = golden(f"services/alpha/more/d.json:1:38: error[M201]: id `c` is already used at `{where}`\n1 error\n")
    assert capsys.readouterr() == (message, "")


def test_findings_of_all_projects_are_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("alpha", "beta"):
        write(f"services/{name}/models.json", registry("a", license=1))
    write("services/beta/pyproject.toml", "[tool.hypiler]\n")
    files = ["services/alpha/models.json", "services/beta/models.json"]
    assert main(["check", "--changed", *files, "--format", "json"]) == 1
    found = {finding["file"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert found == {"services/alpha/models.json", "services/beta/pyproject.toml"}


def test_project_that_is_broken_is_none_of_the_business_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    write("services/beta/pyproject.toml", "[tool.hypiler\n")
    assert concerned(capsys, "services/alpha/models.json", "shared/models.json") == ["alpha"]
    assert main(["check", "--changed", "services/beta/pyproject.toml", "--format", "concise"]) == 1
    assert capsys.readouterr().out.startswith("services/beta/pyproject.toml: error[M502]: ")


def test_source_that_is_missing_is_told_and_the_other_projects_are_checked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("services/beta/models.json", registry("a", license=1))
    git("rm", "-q", "services/alpha/models.json")
    for command in (["check"], ["build", "--check"]):
        assert main([*command, "--changed", "services/beta/models.json"]) == 3
        out, err = capsys.readouterr()
        assert golden("hypiler: cannot read `services/alpha/models.json`: No such file or directory\n") in err
        assert "services/beta/models.json:" in out + err


def test_a_project_that_cannot_be_read_has_not_no_findings(capsys: pytest.CaptureFixture[str]) -> None:
    git("rm", "-q", "services/alpha/models.json")
    assert main(["check", "--changed", "services/alpha/models.json"]) == 3
    said = golden("hypiler: cannot read `services/alpha/models.json`: No such file or directory\n")
    assert capsys.readouterr() == ("", said)


def test_deleted_source_of_a_pattern_concerns_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    git("rm", "-q", "services/alpha/more/c.json")
    assert main(["build", "--check", "--changed"]) == 1
    out, err = capsys.readouterr()
    assert "error[M507]: `services/alpha/alpha.py` is stale" in err
    assert "help: run `hypiler build --project services/alpha`" in err
    assert "beta" not in out + err


def test_deleted_lock_and_deleted_output_concern_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    write("services/alpha/models.lock.json", "{}")
    commit()
    git("rm", "-q", "services/alpha/models.lock.json")
    assert concerned(capsys) == ["alpha"]
    git("rm", "-q", "services/beta/beta.pyi")
    assert main(["build", "--check", "--changed"]) == 1
    assert "error[M506]: `services/beta/beta.pyi` is missing" in capsys.readouterr().err


def test_source_that_was_moved_away_concerns_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    git("mv", "services/alpha/more/c.json", "services/alpha/c.json")
    assert main(["build", "--check", "--changed", "services/alpha/c.json"]) == 1
    assert "`services/alpha/alpha.py` is stale" in capsys.readouterr().err


def test_merge_of_two_valid_sides_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    """pre-commit names none of these files: each is as one of the sides has it."""
    git("checkout", "-q", "-b", "side")
    write("services/alpha/more/d.json", registry("new"))
    commit()
    git("checkout", "-q", "main")
    write("services/alpha/more/e.json", registry("new"))
    commit()
    git("-c", "user.name=n", "-c", "user.email=e@e", "merge", "-q", "--no-commit", "side")
    assert main(["check", "--changed"]) == 1
    assert capsys.readouterr().out.startswith(
        golden("error[M201]: id `new` is already used at `services/alpha/more/d.json $.models[0]`\n")
    )


def test_deletion_in_a_push_concerns_the_project(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    git("rm", "-q", "services/alpha/more/c.json")
    commit()
    assert concerned(capsys) == []
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "HEAD~1")
    monkeypatch.setenv("PRE_COMMIT_TO_REF", "HEAD")
    assert main(["build", "--check", "--changed"]) == 1
    assert "`services/alpha/alpha.py` is stale" in capsys.readouterr().err


def test_outputs_that_git_ignores_are_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    write(".gitignore", "alpha.py*\n")
    git("rm", "-q", "--cached", "services/alpha/alpha.py", "services/alpha/alpha.pyi")
    os.remove("services/alpha/alpha.py")
    assert main(["build", "--check", "--changed", "services/alpha/models.json"]) == 0
    assert capsys.readouterr() == ("services/alpha/models.schema.json: 4 models, up to date\n", "")


def test_build_without_check_writes_what_is_concerned(capsys: pytest.CaptureFixture[str]) -> None:
    write("services/alpha/models.json", registry("a", "z"))
    write("services/beta/models.json", registry("a", "z"))
    assert main(["build", "--changed", "services/alpha/models.json"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "services/alpha/alpha.py: 5 models, written"
    assert main(["build", "--check", "-q", "--project", "services/beta"]) == 1


def test_link_and_its_target_concern_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    os.remove("services/beta/models.json")
    write("services/beta/data/real.json", registry("a"))
    os.symlink("data/real.json", "services/beta/models.json")
    assert concerned(capsys, "services/beta/data/real.json") == ["beta"]
    assert concerned(capsys, "services/beta/models.json") == ["beta"]


def test_odd_names_and_a_subfolder(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("-x.json", "a b.json", "n\n.json", "\u00e4.json"):
        write(f"services/alpha/more/{name}", registry(f"m{len(name)}"))
        os.rename(f"services/alpha/more/{name}", "services/alpha/more/new.json")
        os.rename("services/alpha/more/new.json", f"services/alpha/more/{name}")
        assert main(["build", "-q", "--project", "services/alpha"]) == 0
        assert concerned(capsys, f"services/alpha/more/{name}") == ["alpha"]
        os.remove(f"services/alpha/more/{name}")
    assert main(["build", "-q", "--project", "services/alpha"]) == 0
    monkeypatch.chdir("services/alpha/more")
    assert concerned(capsys, "b.json") == ["alpha"]
    assert concerned(capsys, "../../beta/models.json") == ["beta"]


def test_every_registry_of_a_project_is_watched_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    one = '[[tool.hypiler.registry]]\nsources = ["one.json"]\noutput = "one.py"\n'
    two = '[[tool.hypiler.registry]]\nsources = ["two.json"]\noutput = "two.py"\nlock = "two.lock.json"\n'
    write("services/beta/pyproject.toml", one + two)
    write("services/beta/one.json", registry("a", license=1))
    write("services/beta/two.json", registry("a"))
    for name in ("one.json", "two.json", "two.lock.json"):
        assert main(["check", "--changed", f"services/beta/{name}", "--format", "concise"]) == 1
        out = capsys.readouterr().out
        assert out.startswith("services/beta/one.json:1:")
        assert out.endswith("\n1 error\n")


def test_project_of_the_root_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    write("pyproject.toml", '[tool.hypiler]\noutput = "root.py"\n')
    write("models.json", registry("a"))
    git("add", "-A")
    assert main(["build", "--check", "--changed", "models.json"]) == 1
    assert (
        golden("error[M506]: `root.py` is missing\n--> root.py\n = help: run `hypiler build`\n")
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["check", "--project", "."],
            golden("`--changed` finds the projects of the repository itself: leave out `--project`"),
        ),
        (
            ["build", "--project", "."],
            golden("`--changed` finds the projects of the repository itself: leave out `--project`"),
        ),
        (
            ["build", "--watch"],
            golden("`--changed` works as [tool.hypiler] says: leave out `--out`, `--target` and `--watch`"),
        ),
    ],
)
def test_wrong_use(capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    assert main([*words, "--changed"]) == 2
    assert capsys.readouterr() == ("", f"hypiler: {message}\n")


def test_folder_without_a_repository_is_wrong_use(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.rename(".git", "git")
    for command in ("check", "build"):
        assert code(command, "--changed", "models.json") == 2
        assert capsys.readouterr().err == golden(
            "hypiler: `--changed` must run in a git repository; found none around this folder\n"
        )


def test_fault_of_git_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    write(".git/HEAD", "nothing")
    assert main(["check", "--changed", "models.json"]) == 3
    assert capsys.readouterr().err.startswith("hypiler: `git rev-parse` failed: fatal: not a git repository")
    monkeypatch.setenv("PATH", "")
    assert main(["check", "--changed", "models.json"]) == 3
    assert capsys.readouterr().err == golden("hypiler: [Errno 2] No such file or directory: 'git'\n")
