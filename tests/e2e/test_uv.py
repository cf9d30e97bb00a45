"""Projects under uv, by the real uv without an index: after every change, the next command gives the current facts."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from slow import slow

from hypiler.cli.main import main

pytestmark = [slow, pytest.mark.skipif(find_spec("uv") is None, reason="uv is not installed")]

Copy = Callable[[str], Path]
# Each sample, and where its package lies.
APPS = {"hatch-app": "src/hatch_app", "setuptools-app": "setuptools_app", "pdm-app": "src/pdm_app"}
EDITABLE: list[str] = []
WHEEL = ["--no-editable"]
# A build by uv takes a second, so most combinations are left to CI, which sets the variable.


class Project:
    """A project that uv builds."""

    def __init__(self, root: Path, package: str, options: list[str]) -> None:
        self.root = root
        self.package = package
        self.options = options

    @property
    def name(self) -> str:
        return self.package.rpartition("/")[2]

    def uv(self, *words: str) -> str:
        """What a command of uv prints, which must succeed."""
        from uv import find_uv_bin

        done = subprocess.run(
            [find_uv_bin(), *words],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def sync(self) -> int:
        """How often `uv sync` builds the project."""
        return self.uv("sync", *self.options).count(" Built ")

    def dimension(self, *, folder: str = ".venv") -> str:
        """The fact that the installed package gives."""
        python = self.root / folder / "bin/python"
        question = f"from {self.name} import registry as r; print([m.embedding_dim for m in r.MODEL_REGISTRY])"
        asked = subprocess.run([python, "-c", question], cwd="/", capture_output=True, text=True, check=False)
        return asked.stdout.strip() or asked.stderr

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.root / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def clean(self, *, environment: bool = False) -> None:
        """Remove what git ignores, as `git clean -xdf` does."""
        for path in [*self.root.rglob("registry.py*"), *self.root.rglob("*.egg-info"), *self.root.rglob("build")]:
            if ".venv" not in path.parts and path.exists():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if environment:
            shutil.rmtree(self.root / ".venv")


@pytest.fixture(autouse=True)
def _offline(wheelhouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("UV_") or name in ("PYTHONPATH", "VIRTUAL_ENV")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheelhouse))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    monkeypatch.setenv("UV_PYTHON", sys.executable)
    monkeypatch.setenv("UV_LINK_MODE", "copy")


def with_keys(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Let `hypiler init` add the keys to a project that has a registry."""
    assert main(["init", str(root)]) == 0
    assert "[tool.uv] cache-keys added" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("hatch-app", EDITABLE, id="hatch-app-editable"),
        pytest.param("hatch-app", WHEEL, id="hatch-app-wheel"),
        pytest.param("setuptools-app", EDITABLE, id="setuptools-app-editable"),
        pytest.param("setuptools-app", WHEEL, id="setuptools-app-wheel"),
        pytest.param("pdm-app", EDITABLE, id="pdm-app-editable"),
        pytest.param("pdm-app", WHEEL, id="pdm-app-wheel"),
    ],
)
def test_sync_gives_current_facts_after_every_change(
    copy_package: Copy, capsys: pytest.CaptureFixture[str], name: str, options: list[str]
) -> None:
    app = Project(copy_package(name), APPS[name], options)
    with_keys(app.root, capsys)
    assert app.sync() == 1
    assert app.dimension() == "[384]"
    # In a clean checkout that was built once, and again.
    for environment in (True, False):
        app.clean(environment=environment)
        app.sync()
        assert app.dimension() == "[384]"
    app.edit("models.json", '_dim": 384', '_dim": 512')
    assert app.sync() == 1
    assert app.dimension() == "[512]"
    # The facts of a registry that was touched are the same, and the module stays as it is.
    os.utime(app.root / "models.json")
    app.sync()
    app.clean()
    app.sync()
    assert app.dimension() == "[512]"
    # What nobody changes is not built again for ever.
    app.sync()
    assert app.sync() == 0
    app.clean()
    app.sync()
    assert app.dimension() == "[512]"


@pytest.mark.parametrize("options", [pytest.param(EDITABLE, id="editable"), pytest.param(WHEEL, id="wheel")])
def test_lock_second_source_and_source_above_the_project(
    copy_package: Copy, capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str]
) -> None:
    root = tmp_path / "repository/services/app"
    root.parent.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", tmp_path / "repository"], check=True)
    copy_package("hatch-app").rename(root)
    app = Project(root, "src/hatch_app", options)
    (root / "more").mkdir()
    (tmp_path / "repository/shared [1]").mkdir()
    for id, path in {"more": "more/a.json", "shared": "../../shared [1]/models.json"}.items():
        (root / path).write_text((root / "models.json").read_text().replace("small-encoder", f"{id}-encoder"))
    above = '"models.json", "more/*.json", "../../shared [1]/models.json"'
    app.edit("pyproject.toml", "[tool.hypiler]\n", f"[tool.hypiler]\nsources = [{above}]\n")
    with_keys(root, capsys)
    app.sync()
    assert app.dimension() == "[384, 384, 384]"
    for number, path in enumerate(["models.json", "more/a.json", "../../shared [1]/models.json"]):
        app.edit(path, '_dim": 384', '_dim": 512')
        app.sync()
        assert app.dimension() == str([512 if place <= number else 384 for place in range(3)])
    (root / "more/b.json").write_text((root / "more/a.json").read_text().replace("more-encoder", "new-encoder"))
    app.sync()
    assert app.dimension() == "[512, 512, 512, 512]"
    # A time does not tell that a file is gone, but the commit does.
    git = ["git", "-C", str(root), "-c", "user.name=n", "-c", "user.email=e@e"]
    (root / "more/b.json").unlink()
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "m"], check=True)
    app.sync()
    assert app.dimension() == "[512, 512, 512]"
    # A build reads the lock: a broken one ends it.
    (root / "models.lock.json").write_text("{")
    with pytest.raises(AssertionError, match=r"models\.lock\.json"):
        app.sync()


def test_members_of_a_workspace_and_run(copy_package: Copy, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    (root / "packages").mkdir(parents=True)
    copy_package("hatch-app").rename(root / "packages/hatch-app")
    (root / "pyproject.toml").write_text(
        '[project]\nname = "whole"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["hatch-app"]\n'
        '[tool.uv.workspace]\nmembers = ["packages/*"]\n[tool.uv.sources]\nhatch-app = { workspace = true }\n'
    )
    with_keys(root / "packages/hatch-app", capsys)
    app = Project(root, "packages/hatch-app/src/hatch_app", [])
    run = ["run", "-q", "python", "-c", "import hatch_app; print(hatch_app.dimension())"]
    assert app.uv(*run) == "384\n"
    app.clean()
    assert app.uv(*run) == "384\n"
    app.edit("packages/hatch-app/models.json", '_dim": 384', '_dim": 512')
    assert app.uv(*run) == "512\n"
    app.edit("packages/hatch-app/models.json", '_dim": 512', '_dim": 256')
    app.uv("build", "-q", "--wheel", "--package", "hatch-app", "-o", str(tmp_path / "dist"))
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    app.uv("venv", "-q", "other")
    app.uv("pip", "install", "-q", "-p", "other", str(wheel))
    app.package = "hatch_app"
    assert app.dimension(folder="other") == "[256]"


def test_fresh_work_tree(copy_package: Copy, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    app = Project(copy_package("hatch-app"), "src/hatch_app", [])
    with_keys(app.root, capsys)
    git = ["git", "-C", str(app.root), "-c", "user.name=n", "-c", "user.email=e@e"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "m"]):
        subprocess.run([*git, *words], check=True)
    app.sync()
    other = Project(tmp_path / "other", "src/hatch_app", [])
    for dimension in ("384", "512"):
        subprocess.run([*git, "worktree", "add", "-q", "--detach", str(other.root)], check=True)
        other.edit("models.json", '_dim": 384', f'_dim": {dimension}')
        other.sync()
        assert other.dimension() == f"[{dimension}]"
        subprocess.run([*git, "worktree", "remove", "--force", str(other.root)], check=True)
    assert app.dimension() == "[384]"
