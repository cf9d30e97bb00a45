"""Two builds at once in one tree, fifty times."""

import subprocess
import sys
from pathlib import Path

from hypiler.cli.main import main

BUILDER = """
import sys
from hypiler.cli.main import main
for line in sys.stdin:
    print(main(["build", "-q"]), flush=True)
"""


def start() -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", BUILDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_both_succeed_and_leave_the_same_bytes_and_nothing_else(project: Path) -> None:
    folder = project / "src/hatch_app"
    old = {path: path.read_bytes() for path in folder.iterdir()}
    main(["build", "-q"])
    new = {path: path.read_bytes() for path in folder.iterdir()}
    assert len([path for path in new if new[path] != old[path]]) == 2
    builds = [start(), start()]
    for number in range(50):
        for path, content in old.items():
            if number % 2 and path.name.startswith("registry."):
                path.unlink()
            else:
                path.write_bytes(content)
        for build in builds:
            assert build.stdin is not None
            build.stdin.write("now\n")
            build.stdin.flush()
        assert [build.stdout and build.stdout.readline() for build in builds] == ["0\n", "0\n"]
        assert {path: path.read_bytes() for path in folder.iterdir()} == new
    for build in builds:
        build.communicate()
