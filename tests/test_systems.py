"""Tests can be collected on every system, and those that need POSIX are skipped without it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from systems import LINUX_ONLY, POSIX_ONLY, posix_at_import, reason_to_skip

ROOT = Path(__file__).parents[1]
PROGRAMS = sorted(path for name in ("src", "tests", "tools", "examples") for path in (ROOT / name).rglob("*.py"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_module_can_be_imported_without_posix(path: Path) -> None:
    assert posix_at_import(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import pty, os", ["pty"]),
        ("from fcntl import flock", ["fcntl"]),
        ("import os\n@mark(os.geteuid() == 0)\ndef test(): pass", ["os.geteuid"]),
        ("import os\nX = [(os.mkfifo, 1)]", ["os.mkfifo"]),
        ("import os\nclass T:\n    def test(self, a=os.fork): pass", ["os.fork"]),
        ("import os\nX = [(lambda path: os.mkfifo(path), 1)]", []),
        ("def test():\n    import pty", []),
    ],
)
def test_what_is_taken_at_import_is_seen(text: str, found: list[str]) -> None:
    assert posix_at_import(text) == found


def test_test_is_skipped_by_the_words_that_it_is_written_with() -> None:
    def links(path: Path) -> None:
        (path / "link").symlink_to(path)

    def writes(path: Path) -> None:
        (path / "file").write_text("text")

    assert reason_to_skip(links) == "links need a privilege on Windows"
    assert reason_to_skip(writes) is None
    assert reason_to_skip(writes, links) == "links need a privilege on Windows"
    assert reason_to_skip(links, linux_alone=True) is None


@pytest.mark.parametrize("words", [*POSIX_ONLY, *LINUX_ONLY])
def test_every_reason_concerns_a_test(words: str) -> None:
    texts = [path.read_text("utf-8") for path in PROGRAMS if path.name.startswith(("test_", "conftest"))]
    assert any(re.search(words, text) for text in texts)


def test_skipped_test_says_why(tmp_path: Path) -> None:
    """As on Windows, for a folder of its own."""
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n\n@pytest.fixture\ndef link(tmp_path):\n    (tmp_path / 'x').symlink_to(tmp_path)\n\n\n"
        "def test_direct(tmp_path):\n    (tmp_path / 'x').chmod(0)\n\n\ndef test_by_fixture(link):\n    assert 0\n\n\n"
        "def test_other():\n    pass\n"
    )
    (tmp_path / "conftest.py").write_text("from systems import skip_without_posix as pytest_collection_modifyitems\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-rs", "-q", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 2 skipped" in done.stdout
    assert "links need a privilege on Windows" in done.stdout
    assert "modes of files mean something else on Windows" in done.stdout
