"""The recipes of CONTRIBUTING, applied to copies of the source."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
# What a checkout holds beside the source, as far as commands read it.
BESIDE = ("docs/diagnostics", "models.json", "models.lock.json", "pyproject.toml")
_BLOCK = re.compile(r"^(`{3,})(\w+)(?: (\S+))?\n(.*?)^\1$", re.DOTALL | re.MULTILINE)


class Recipe(NamedTuple):
    """The section of a recipe: the files that it names, its diffs as one, and its new files by path."""

    files: list[str]
    diff: str
    new: dict[str, str]


def read_recipe(title: str) -> Recipe:
    """The recipe under the heading `### title`."""
    sections = re.split(r"^### ", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), flags=re.MULTILINE)
    (text,) = [section for section in sections if section.startswith(f"{title}\n")]
    (named,) = re.findall(r"^Files: (.*)$", text, re.MULTILINE)
    blocks = _BLOCK.findall(text)
    diff = "".join([content for _, language, _, content in blocks if language == "diff"])
    new = {name: content for _, _, name, content in blocks if name}
    return Recipe(re.findall("`([^`]+)`", named), diff, new)


def copy_source(folder: Path) -> Path:
    """A copy of the source in a new folder. Bytecode comes along: it is valid, since the times of files are kept."""
    shutil.copytree(ROOT / "src/hypiler", folder / "src/hypiler")
    for name in BESIDE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder


def apply_recipe(recipe: Recipe, folder: Path) -> None:
    """Apply a recipe as somebody would who follows it. Raises AssertionError if the diff does not fit the source."""
    for name, text in recipe.new.items():
        assert not (folder / name).exists(), f"{name} is there already"
        (folder / name).write_text(text, "utf-8")
    done = subprocess.run(
        ["git", "apply", "-"], cwd=folder, input=recipe.diff, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def changed_files(folder: Path) -> list[str]:
    """What a copy has that the source has not, or otherwise."""
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and "__pycache__" not in path.parts:
            original = ROOT / name
            if not original.is_file() or original.read_bytes() != path.read_bytes():
                found.append(name)
    return found
