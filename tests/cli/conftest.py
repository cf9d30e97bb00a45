"""A project whose models lie on a hub on this machine, for the commands that ask the hub."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tiny
from clean import assert_clean
from hub.conftest import FILES
from huggingface_hub import constants
from loopback_hub import LoopbackHub

from hypiler.cli.main import main
from hypiler.hub import client

GONE = "0" * 40


@dataclass
class Project:
    """A folder with models.json, and a hub; `waits` are what the client was told to wait."""

    hub: LoopbackHub
    folder: Path
    capture: pytest.CaptureFixture[str]
    waits: list[float]

    def write(self, *models: dict[str, Any], file: str = "models.json") -> None:
        (self.folder / file).write_text(json.dumps({"version": "1.0", "models": models}, indent=2) + "\n", "utf-8")

    def models(self, file: str = "models.json") -> Any:
        return json.loads((self.folder / file).read_text("utf-8"))["models"]

    def lock(self) -> Any:
        return json.loads((self.folder / "models.lock.json").read_text("utf-8"))["models"]

    def files(self) -> dict[str, bytes]:
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in self.folder.rglob("*.*")}

    def run(self, *words: str) -> tuple[int, str, str]:
        """The exit code and both outputs, without the number of the hub's port. They never hold what they must not."""
        self.capture.readouterr()
        try:
            code = main(list(words))
        except SystemExit as ended:
            assert isinstance(ended.code, int)
            code = ended.code
        out, err = self.capture.readouterr()
        assert_clean(*out.split("\n"), *err.split("\n"))
        for secret in (LoopbackHub.token, LoopbackHub.stranger, "Traceback", "site-packages"):
            assert secret not in out + err
        place = self.hub.url.removeprefix("http://")
        return code, out.replace(place, "HUB"), err.replace(place, "HUB")

    def unchanged(self, *words: str) -> tuple[int, str, str]:
        """The same of a run after which every file is what it was."""
        before = self.files()
        done = self.run(*words)
        assert self.files() == before
        return done


def entry(commit: str | None, **changes: Any) -> dict[str, Any]:
    """An entry that says nothing but what the files say, and what they do not say."""
    right = {"specs": {"parameters": "0.128K"}, "encoding": {"normalize": False}}
    found: dict[str, Any] = tiny.entry(**{"revision": commit, **right, **changes})
    return found


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Project]:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[tool.hypiler]\noutput = "registry.py"\n')
    monkeypatch.chdir(folder)
    waits: list[float] = []
    quick: Callable[..., client.Hub] = partial(client.Hub, timeout=0.5, deadline=35, sleep=waits.append)
    monkeypatch.setattr(client, "Hub", quick)
    with LoopbackHub() as hub:
        hub.redirect(monkeypatch, tmp_path / "downloads")
        yield Project(hub, folder, capsys, waits)


@pytest.fixture
def tiny_project(project: Project) -> Project:
    """One model, right in everything, and its commit as `main`."""
    project.write(entry(project.hub.add("org/tiny", FILES)))
    return project
