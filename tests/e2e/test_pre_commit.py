"""The hooks of this repository, run by the real pre-commit in real git repositories, without an index."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from slow import slow

from hypiler.cli.main import main

pytestmark = [slow, pytest.mark.skipif(find_spec("pre_commit") is None, reason="pre-commit is not installed")]

TABLE = """\
[tool.hypiler]
sources = ["models.json", "more models/*.json", "../../shared/models.json"]
output = "{name}.py"
"""
CONFIG = """\
repos:
  - repo: {hooks}
    rev: {revision}
    hooks:
      - id: hypiler-check
      - id: hypiler-build
"""


def command(*words: str | Path, fails: bool = False) -> str:
    """What a command prints; it must succeed, or fail."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def git(*words: str | Path, fails: bool = False) -> str:
    return command("git", "-c", "user.name=n", "-c", "user.email=e@e", *words, fails=fails)


def pre_commit(*words: str, fails: bool = False) -> str:
    return command(sys.executable, "-m", "pre_commit", *words, fails=fails)


def build(project: str) -> None:
    assert main(["build", "-q", "--project", project]) == 0


@pytest.fixture
def repository(
    hook_repository: Path, wheelhouse: Path, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Two projects with the same ids and a common source, committed with the hooks installed."""
    for name in [name for name in os.environ if name.startswith("GIT_") or name == "PYTHONPATH"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(shared / "pre-commit"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheelhouse))
    monkeypatch.chdir(tmp_path)
    git("init", "-q", "-b", "main")
    models = (hook_repository / "tests/packages/hatch-app/models.json").read_text()
    Path("shared").mkdir()
    Path("shared/models.json").write_text(models.replace("small-encoder", "shared"))
    for name in ("alpha", "beta"):
        folder = Path("services") / name
        (folder / "more models").mkdir(parents=True)
        (folder / "pyproject.toml").write_text(TABLE.format(name=name))
        (folder / "models.json").write_text(models)
        for id in ("one", "two"):
            (folder / "more models" / f"{id} model.json").write_text(models.replace("small-encoder", id))
        build(str(folder))
    revision = git("-C", hook_repository, "rev-parse", "HEAD").strip()
    Path(".pre-commit-config.yaml").write_text(CONFIG.format(hooks=hook_repository, revision=revision))
    Path("README.md").write_text("A\n")
    git("add", "-A")
    pre_commit("install")
    said = git("commit", "-m", "first")
    assert said.count("Passed") == 2, said
    return tmp_path


def test_hooks_guard_every_commit(repository: Path) -> None:
    assert pre_commit("run", "--all-files").count("Passed") == 2
    # Nothing of a project.
    Path("README.md").write_text("B\n")
    assert git("commit", "-q", "-a", "-m", "readme").count("Passed") == 2
    # One project, one file of its registry: the id stands in another file, which did not change.
    model = Path("services/alpha/more models/new model.json")
    model.write_text(Path("services/alpha/more models/one model.json").read_text())
    git("add", "-A")
    said = git("commit", "-m", "twice", fails=True)
    assert "error[M201]: id `one` is already used at `services/alpha/more models/new model.json $.models[0]`" in said
    assert "beta" not in said
    # Valid, but not built. What is not staged is not judged.
    model.write_text(model.read_text().replace('"one"', '"new"'))
    git("add", "-A")
    Path("services/beta/models.json").write_text("{")
    said = git("commit", "-m", "stale", fails=True)
    assert "`services/alpha/alpha.py` is stale" in said
    assert "help: run `hypiler build --project services/alpha`" in said
    assert "beta" not in said
    git("checkout", "-q", "services/beta/models.json")
    build("services/alpha")
    git("add", "-A")
    git("commit", "-q", "-m", "built")
    # A deleted file, which pre-commit does not name.
    git("rm", "-q", "services/alpha/more models/two model.json")
    assert "`services/alpha/alpha.py` is stale" in git("commit", "-m", "gone", fails=True)
    git("reset", "-q", "--hard")
    # A source above the projects concerns both.
    shared = Path("shared/models.json")
    shared.write_text(shared.read_text().replace('_dim": 384', '_dim": 512'))
    said = git("commit", "-a", "-m", "shared", fails=True)
    assert "`services/alpha/alpha.py` is stale" in said
    assert "`services/beta/beta.py` is stale" in said


def test_merge_of_two_valid_sides_is_checked(repository: Path) -> None:
    """pre-commit names only the file with the conflict."""
    for branch in ("side", "main"):
        git("checkout", "-q", *(["-b"] if branch == "side" else []), branch)
        model = Path(f"services/alpha/more models/{branch}.json")
        model.write_text(Path("services/alpha/models.json").read_text().replace("small-encoder", "new"))
        Path("README.md").write_text(f"{branch}\n")
        build("services/alpha")
        git("add", "-A")
        git("commit", "-q", "-m", branch)
    git("merge", "side", fails=True)
    for path in ("README.md", "services/alpha/alpha.py", "services/alpha/alpha.pyi"):
        git("checkout", "-q", "--ours", path)
        git("add", path)
    said = git("commit", "-m", "merge", fails=True)
    assert "error[M201]: id `new` is already used at `services/alpha/more models/main.json $.models[0]`" in said
