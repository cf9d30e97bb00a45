"""Disks that are broken for real: no room, no inodes, not writable, not readable. Those that are mounted want root."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from golden import golden

from hypiler.cli.main import main

FOLDER = "src/hatch_app"
MODULE = f"{FOLDER}/registry.py"
# What is mounted over the folder starts with what the folder holds.
TMPFS = f"cp -r {FOLDER} held && mount -t tmpfs -o {{}} none {FOLDER} && cp held/* {FOLDER}"
READ_ONLY = "mount --bind {0} {0} && mount -o remount,bind,ro {0}"


def content(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project / FOLDER).iterdir() if path.is_file()}


def on_mount(mount: str, command: str = f'"{sys.executable}" -m hypiler build') -> tuple[int, str, str]:
    """Code and standard error of a command on what `mount` mounts, and the names and sums of what it leaves there."""
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("mounting wants root")
    script = f"({mount}) || exit 99\n{command} > /dev/null\ncode=$?\ncd {FOLDER}; sha256sum .r* r*; exit $code"
    done = subprocess.run(["unshare", "-m", "bash", "-c", script], check=False, capture_output=True, text=True)
    if done.returncode == 99 or done.stderr.startswith("unshare: "):
        pytest.skip("mounting is not allowed here")
    errors = [line for line in done.stderr.splitlines() if not line.startswith("sha256sum: ")]
    return done.returncode, "\n".join(errors), done.stdout


def sums() -> str:
    return subprocess.run("sha256sum r*", cwd=FOLDER, shell=True, check=True, capture_output=True, text=True).stdout


def test_limit_of_a_file_is_one_line(project: Path) -> None:
    import resource

    before = content(project)
    done = subprocess.run(
        [sys.executable, "-m", "hypiler", "build"],
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == golden(f"hypiler: cannot write `{MODULE}`: File too large\n")
    assert content(project) == before


# The root of the mount, four files and a temporary one are six.
@pytest.mark.parametrize(("inodes", "failing"), [(5, MODULE), (6, f"{MODULE}i")])
def test_no_inode_for_an_output_leaves_the_old_ones(project: Path, inodes: int, failing: str) -> None:
    message = golden(f"hypiler: cannot write `{failing}`: No space left on device")
    assert on_mount(TMPFS.format(f"nr_inodes={inodes}")) == (3, message, sums())


def test_stale_output_on_a_disk_that_is_read_only_is_an_error(project: Path) -> None:
    message = golden(f"hypiler: cannot write `{MODULE}`: Read-only file system")
    assert on_mount(READ_ONLY.format(FOLDER)) == (3, message, sums())


def test_tree_that_is_read_only_builds_if_the_output_is_current(project: Path) -> None:
    main(["build", "-q"])
    command = f'touch pyproject.toml 2>/dev/null && exit 98; "{sys.executable}" -m hypiler build'
    assert on_mount(READ_ONLY.format('"$PWD"') + ' && cd "$PWD"', f'cd "$PWD"; {command}') == (0, "", sums())


BREAKING = f"""
import os, subprocess, sys
from hypiler.cli.main import main

def replace(*names):
    subprocess.run(["mount", "-o", "remount,ro", "{FOLDER}"], check=True)
    os.rename(*names)

os.replace = replace
sys.exit(main(["build"]))
"""


def test_disk_that_breaks_between_writing_and_replacing_is_told_by_the_name_of_the_output(project: Path) -> None:
    """The temporary files cannot be removed either; that is not what went wrong."""
    before = sums()
    code, error, left = on_mount(TMPFS.format("size=1m"), f"\"{sys.executable}\" -c '{BREAKING}'")
    assert (code, error) == (3, golden(f"hypiler: cannot write `{MODULE}`: Read-only file system"))
    assert left.endswith(before)
    assert len(left.splitlines()) == 4, "the old outputs, and two temporary files"


UNREADABLE = """
import os, sys
from hypiler.cli.main import main
words = sys.argv[1:]
main(words)  # imports what it needs, while everything can be read
os.chmod("models.json", 0)
if not os.geteuid():
    os.setuid(65534)
print("--", flush=True)
sys.exit(main(words))
"""


@pytest.mark.parametrize("words", [["check", "models.json"], ["build", "models.json", "--out", "out"]])
def test_registry_that_may_not_be_read_is_one_line(project: Path, words: list[str]) -> None:
    command = [sys.executable, "-c", UNREADABLE, *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.partition("--\n")[2]) == (3, "")
    assert done.stderr == golden("hypiler: cannot read `models.json`: Permission denied\n")
