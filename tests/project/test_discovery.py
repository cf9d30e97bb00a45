"""The project around a folder."""

import os
from pathlib import Path

import pytest

from hypiler.project.checkout import git_root
from hypiler.project.discovery import find_project

TABLE = "[tool.hypiler]\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a folder `a/b` in it; the current folder."""
    (tmp_path / "repository/.git").mkdir(parents=True)
    (tmp_path / "repository/a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repository")
    return tmp_path / "repository"


def test_a_folder_that_has_the_table_is_the_project(root: Path) -> None:
    (root / "pyproject.toml").write_text(TABLE)
    assert find_project() == ""
    assert find_project(str(root)) == str(root)


def test_the_nearest_project_above_is_found(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "pyproject.toml").write_text(TABLE)
    assert find_project("a/b") == ""
    assert find_project(str(root / "a/b")) == str(root)
    monkeypatch.chdir("a/b")
    assert find_project() == "../.."
    (root / "a/pyproject.toml").write_text(TABLE)
    assert find_project() == ".."
    assert find_project("../..") == "../.."


def test_a_project_without_the_table_is_passed_by(root: Path) -> None:
    (root / "pyproject.toml").write_text(TABLE)
    (root / "a/pyproject.toml").write_text('[project]\nname = "hypiler-app"\n')
    assert find_project("a") == ""


@pytest.mark.parametrize("text", ["[tool.hypiler\n", "tool.hypiler = " + 100_000 * "[", "hypiler = '\x00'"])
def test_a_file_that_cannot_be_read_is_not_passed_by(root: Path, text: str) -> None:
    (root / "pyproject.toml").write_text(TABLE)
    (root / "a/pyproject.toml").write_text(text)
    assert find_project("a") == "a"


def test_the_search_ends_at_the_root_of_the_repository(root: Path) -> None:
    (root.parent / "pyproject.toml").write_text(TABLE)
    assert find_project("a/b") is None
    (root / ".git").rmdir()
    (root / ".git").write_text("gitdir: elsewhere\n")  # as in a work tree
    assert find_project("a/b") is None
    (root / ".git").unlink()
    assert find_project("a/b") == ".."


def test_a_link_is_left_by_the_parents_of_its_target(root: Path) -> None:
    (root / "pyproject.toml").write_text(TABLE)
    link = root.parent / "link"
    link.symlink_to(root / "a/b")
    assert find_project(str(link)) == str(root)


def test_the_root_of_the_repository_is_known_from_each_folder(root: Path) -> None:
    assert git_root("a/b") == os.path.realpath(root) == git_root("")
    (root / ".git").rmdir()
    assert git_root("a/b") is None
