"""A small valid registry, the command line in this process, and files that may not be written."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hypiler.cli.main import main

VALID = Path(__file__).parents[1] / "packages/hatch-app/models.json"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A valid `models.json` of one model, in the current folder."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copy(VALID, tmp_path / "models.json"))


@pytest.fixture
def project(models: Path) -> Path:
    """The current folder as a project whose output is `app/registry.py`."""
    table = '[tool.hypiler]\noutput = "app/registry.py"\n'
    models.with_name("pyproject.toml").write_text(table)
    return models.parent


@pytest.fixture
def hypiler(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line; the exit code, what was printed and what was said on standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(list(arguments))
        except SystemExit as error:  # as argparse does
            code = int(error.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder that belongs to a user without privileges, who this process is meanwhile: root may write anywhere."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid():
            yield folder
            return
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
        try:
            if not os.access(__file__, os.R_OK, effective_ids=True):
                pytest.skip("a user without privileges may not read this checkout")
            yield folder
        finally:
            os.seteuid(0)
