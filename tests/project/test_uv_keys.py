"""The trace that a build leaves for uv. The number that uv compares is simulated; `tests/e2e` runs the real uv."""

import os
import shutil
from pathlib import Path

import pytest

from hypiler.project.build import build_project
from hypiler.project.hooks.common import build_for_backend
from hypiler.project.options import read_options
from hypiler.project.scaffold import plan_project

APP = Path(__file__).parents[1] / "packages/hatch-app"


class Uv:
    """Builds a project when the newest time of the files is another one than before the last build."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.known = 0

    def number(self) -> int:
        files = [self.root / name for name in ("pyproject.toml", "models.json", "src/hatch_app/registry.py")]
        return max(path.stat().st_ctime_ns for path in files if path.exists())

    def sync(self) -> bool:
        """Whether something was built."""
        number = self.number()
        if number == self.known:
            return False
        self.known = number
        build_for_backend(str(self.root), write=True)
        return True

    def touch(self, name: str) -> None:
        """Give a file a newer time than all others: a file system may count in ticks of some milliseconds."""
        before = self.number()
        while self.number() == before:
            os.utime(self.root / name)

    def clean(self) -> None:
        for path in self.root.rglob("registry.py*"):
            path.unlink()


@pytest.fixture
def uv(tmp_path: Path) -> Uv:
    root = Path(shutil.copytree(APP, tmp_path / "app"))
    plan_project(str(root), None, "", "").write()
    return Uv(root)


def is_built(uv: Uv) -> bool:
    return (uv.root / "src/hatch_app/registry.py").exists()


def test_modules_that_are_removed_are_built_again(uv: Uv) -> None:
    for _ in range(3):
        assert uv.sync()
        uv.clean()
    assert uv.sync()
    assert uv.sync(), "once more, since the first build changed the number"
    assert not uv.sync()
    uv.clean()
    assert uv.sync()
    assert is_built(uv)


def test_touched_source_does_not_hide_a_clean(uv: Uv) -> None:
    uv.sync()
    uv.sync()
    uv.touch("models.json")
    assert uv.sync()
    uv.clean()
    assert uv.sync()
    assert is_built(uv)


def test_build_by_hand_does_not_hide_a_clean(uv: Uv) -> None:
    uv.sync()
    models = uv.root / "models.json"
    models.write_text(models.read_text().replace('_dim": 384', '_dim": 512'))
    uv.touch("models.json")
    build_project(read_options(str(uv.root)))
    assert uv.sync()
    uv.clean()
    assert uv.sync()
    assert is_built(uv)


def test_no_content_and_no_time_of_content_changes(uv: Uv) -> None:
    file = uv.root / "pyproject.toml"
    file.chmod(0o640)
    before = (file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_mode)
    uv.sync()
    assert (file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_mode) == before


def test_project_without_keys_for_its_module_is_left_alone(uv: Uv) -> None:
    file = uv.root / "pyproject.toml"
    for keys in (None, '["pyproject.toml"]', '[{ git = true }, "models.json", "src/hatch_app/registry.py"]', "1"):
        text = file.read_text().partition("[tool.uv]")[0]
        file.write_text(f"{text}[tool.uv]\ncache-keys = {keys}\n" if keys else text)
        before = file.stat().st_ctime_ns
        uv.clean()
        build_for_backend(str(uv.root), write=True)
        assert file.stat().st_ctime_ns == before


def test_keys_may_be_patterns(uv: Uv) -> None:
    file = uv.root / "pyproject.toml"
    text = file.read_text().partition("[tool.uv]")[0]
    file.write_text(f'{text}[tool.uv]\ncache-keys = ["*.toml", "**/*.json", {{ file = "src/**/*.py" }}]\n')
    before = file.stat().st_ctime_ns
    build_for_backend(str(uv.root), write=True)
    module = uv.root / "src/hatch_app/registry.py"
    assert before < file.stat().st_ctime_ns < module.stat().st_ctime_ns


def test_sdist_leaves_no_trace(uv: Uv) -> None:
    before = (uv.root / "pyproject.toml").stat().st_ctime_ns
    build_for_backend(str(uv.root), write=False)
    assert (uv.root / "pyproject.toml").stat().st_ctime_ns == before


def test_tree_that_is_not_ours_is_left_alone(uv: Uv, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", path)

    monkeypatch.setattr(os, "chmod", refuse)
    assert uv.sync()
    assert is_built(uv)


def test_other_systems_than_unix_have_the_time_of_the_content(uv: Uv, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated: uv reads that time on Windows."""
    monkeypatch.setattr("hypiler.project.uv._IS_UNIX", False)
    file = uv.root / "pyproject.toml"
    before = file.stat().st_mtime_ns
    uv.sync()
    assert before < file.stat().st_mtime_ns < (uv.root / "src/hatch_app/registry.py").stat().st_mtime_ns
