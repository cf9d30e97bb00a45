"""The examples of docs/building.md. The light ones run here; `tools/run_front_ends.py` runs all with their tools."""

import os
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from slow import slow

pytestmark = slow

ROOT = Path(__file__).parents[2]


def _tool() -> Any:
    spec = spec_from_file_location("run_front_ends", ROOT / "tools/run_front_ends.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


run_front_ends = _tool()


def test_every_front_end_has_a_section_that_the_tool_runs() -> None:
    found = run_front_ends.sections(run_front_ends.PAGE.read_text("utf-8"))
    assert run_front_ends.TOOLS.keys() == {name for name, text in found.items() if "\n```toml pyproject.toml\n" in text}


@pytest.mark.parametrize(("name", "module"), [("uv", "uv"), ("pre-commit", "pre_commit")])
def test_example_is_true(
    name: str,
    module: str,
    builder: Path,
    wheelhouse: Path,
    hook_repository: Path,
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if find_spec(module) is None:
        pytest.skip(f"{name} is not installed")
    for variable in [word for word in os.environ if word.startswith(("UV_", "GIT_")) or word == "PYTHONPATH"]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheelhouse))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheelhouse))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    monkeypatch.setenv("UV_PYTHON", sys.executable)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(shared / "pre-commit"))
    # The commands of this environment, but hypiler as it gets installed.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    head = ["git", "-C", str(hook_repository), "rev-parse", "HEAD"]
    revision = subprocess.run(head, check=True, capture_output=True, text=True).stdout.strip()
    folder = tmp_path / "app"
    folder.mkdir()
    places = {"URL-OF-THIS-REPOSITORY": str(hook_repository), "TAG": revision}
    run_front_ends.run_section(name, folder, builder.parent, places)
