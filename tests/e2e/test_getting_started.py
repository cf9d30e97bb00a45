"""The first ten minutes of somebody new: the page is followed from an empty folder in an environment of its own."""

import venv
from pathlib import Path

import pytest
from console import run_page

PAGE = Path(__file__).parents[2] / "docs/getting-started.md"


def test_the_page_is_true(tmp_path: Path, wheelhouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    # What an index would offer, for pip itself and for the builds that it runs.
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheelhouse))
    monkeypatch.setenv("PIP_COMPILE", "0")
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert run_page(PAGE, empty, tmp_path / "venv/bin") > 20
    assert (empty / "my-search/MODELS.md").exists()
