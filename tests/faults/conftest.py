"""A project whose outputs are old: building it again writes every one of them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hypiler.cli.main import main

APP = Path(__file__).parents[1] / "packages/hatch-app"
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample with outputs of an earlier registry, as the current folder."""
    root = Path(shutil.copytree(APP, tmp_path / "project"))
    monkeypatch.chdir(root)
    models = root / "models.json"
    today = models.read_text("utf-8")
    models.write_text(today.replace('"context_length": 512', '"context_length": 256'), "utf-8")
    assert main(["build", "-q"]) == main(["docs", "-q"]) == 0
    models.write_text(today, "utf-8")
    return root


@pytest.fixture
def hypiler(project: Path) -> Command:
    """Runs the command line as a process of its own, in the project."""

    def run(*words: str, shell: str = "", timeout: float = 60, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hypiler", *words]
        if shell:
            # `hypiler` in the text stands for the command.
            command = ["bash", "-c", f'hypiler() {{ "{sys.executable}" -m hypiler "$@"; }}; {shell}']
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            env={**os.environ, "NO_COLOR": "1", **environment},
        )

    return run
