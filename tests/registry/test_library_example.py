"""The example that uses a registry as a library, run as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path

from golden import golden_file

import hypiler

HERE = Path(__file__).parent
EXAMPLE = Path(__file__).parents[2] / "examples/registry_as_a_library.py"


def test_it_prints_exactly_this_in_any_folder_and_needs_nothing_but_hypiler(tmp_path: Path) -> None:
    # Of what is installed, the interpreter finds hypiler alone.
    environment = os.environ | {"PYTHONPATH": str(Path(hypiler.__file__).parents[1]), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-S", "-W", "error", str(EXAMPLE)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout == golden_file(HERE / "library_example.text")
    assert list(tmp_path.iterdir()) == []


def test_it_uses_the_public_module_alone() -> None:
    text = EXAMPLE.read_text("utf-8")
    imports = [line for line in text.splitlines() if line.startswith(("import ", "from ")) and "hypiler" in line]
    assert imports == ["from hypiler.registry import Model, Registry, UnknownModelError"]
