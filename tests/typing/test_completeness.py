"""Every name of the package has a type that all checkers read alike, as packages with `py.typed` promise.

`--verifytypes` of pyright measures it: https://github.com/microsoft/pyright/blob/main/docs/typed-libraries.md
"""

import json
import os
import shutil
import sys
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from slow import slow

import hypiler

SOURCE = Path(hypiler.__file__).parents[1]
# Their classes inherit from those of frameworks, which are only known where the frameworks are installed.
OF_OTHERS = "hypiler.frameworks."
PYRIGHT = shutil.which("pyright")


def report(*command: str, folder: Path) -> dict[str, Any]:
    """What a checker says of the types of the package, for the packages of this environment."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    arguments = ["--verifytypes", "hypiler", "--ignoreexternal", "--outputjson"]
    done = run(
        [*command, *arguments],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(SOURCE)},
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    found: dict[str, Any] = json.loads(done.stdout)["typeCompleteness"]
    return found


def incomplete(found: dict[str, Any]) -> list[str]:
    """The names without a known type, each with the reason."""
    return [
        f"{symbol['name']}: {' '.join(fault['message'].split())}"
        for symbol in found["symbols"]
        for fault in symbol["diagnostics"]
        if fault["severity"] == "error" and not symbol["name"].startswith(OF_OTHERS)
    ]


@slow
@pytest.mark.parametrize(
    "command",
    [
        pytest.param([sys.executable, "-m", "basedpyright"], id="basedpyright"),
        pytest.param([PYRIGHT], id="pyright", marks=pytest.mark.skipif(not PYRIGHT, reason="pyright is not installed")),
    ],
)
def test_every_type_is_known(command: list[str], tmp_path: Path) -> None:
    found = report(*command, folder=tmp_path)
    assert Path(found["pyTypedPath"]) == SOURCE / "hypiler/py.typed"
    assert found["exportedSymbolCounts"]["withKnownType"] > 4_000
    assert incomplete(found) == []
