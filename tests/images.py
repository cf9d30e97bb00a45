"""Carries out a Dockerfile without Docker. Each stage is a folder, with a virtual environment of its own.

Absolute paths lead out of these folders, so `RUN` and `CMD` must not have any. `USER` is only recorded.
"""

import os
import re
import shlex
import subprocess
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

INSTRUCTIONS = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "CMD"}


@dataclass
class Stage:
    """A stage of a Dockerfile.

    Attributes:
        folder: Its root.
        work: Where its commands run.
        environment: What `ENV` has set.
        user: Who runs its commands.
        command: What the image runs.
    """

    folder: Path
    work: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    command: list[str] = field(default_factory=list)


def with_pip(folder: Path) -> None:
    """Make a virtual environment as an image of Python is: with pip, and nothing else."""
    venv.create(folder, with_pip=True, symlinks=True)


def build(context: Path, target: Path, make_python: Callable[[Path], None] = with_pip) -> Stage:
    """Carry out the Dockerfile of a folder.

    Args:
        context: The folder.
        target: Where the stages get their folders.
        make_python: Makes the environment of a stage.

    Returns:
        The last stage. Raises AssertionError for an instruction that this cannot carry out.
    """
    stages: dict[str, Stage] = {}
    stage = Stage(target, target)
    ignored = (context / ".dockerignore").read_text("utf-8").split()
    for line in (context / "Dockerfile").read_text("utf-8").splitlines():
        instruction, _, rest = line.partition(" ")
        match instruction:
            case "FROM":
                folder = target / f"stage-{len(stages)}"
                stage = stages[rest.partition(" AS ")[2] or "last"] = Stage(folder, folder)
                make_python(folder / "python")
            case "WORKDIR":
                stage.work = stage.folder / rest.lstrip("/")
                stage.work.mkdir(parents=True)
            case "COPY":
                _copy(rest.split(), stages, context, stage.work, ignored)
            case "RUN":
                run(stage, shlex.split(rest))
            case "ENV":
                stage.environment |= dict(word.split("=", 1) for word in shlex.split(rest))
            case "USER":
                stage.user = rest
            case "CMD":
                stage.command = re.findall(r'"(.*?)"', rest)
            case _:
                assert not line.strip(), f"this cannot carry out: {line}"
    assert stage.command, "the Dockerfile has no CMD"
    return stage


def run(stage: Stage, words: list[str], environment: Mapping[str, str] | None = None) -> str:
    """What a command prints in a stage."""
    assert not any(word.startswith("/") for word in words), words
    path = f"{stage.folder / 'python/bin'}:{os.environ['PATH']}"
    settings = os.environ | {"PATH": path} | (environment or {}) | stage.environment
    return subprocess.run(words, cwd=stage.work, env=settings, check=True, stdout=subprocess.PIPE, text=True).stdout


def _copy(words: list[str], stages: Mapping[str, Stage], context: Path, work: Path, ignored: list[str]) -> None:
    if words[0].startswith("--from="):
        option, source, goal = words
        start = stages[option.removeprefix("--from=")].folder
        subprocess.run(["cp", "-r", start / source.lstrip("/"), work / goal], check=True)
        return
    *sources, goal = words
    excluded = [word for name in ignored for word in ("--exclude", f"./{name}")]
    names = [f"./{source}" for source in sources]
    packed = subprocess.run(["tar", "-C", context, "-c", *excluded, *names], check=True, capture_output=True)
    assert len(sources) > 1 or goal in (".", "./", sources[0]), "a file that is copied keeps its name"
    subprocess.run(["tar", "-C", work, "-x"], check=True, input=packed.stdout)
