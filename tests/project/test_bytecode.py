"""After a build Python runs the new module, whatever the clock and the caches say."""

import importlib.util
import os
import py_compile
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from golden import golden

from hypiler.emit.header import with_header
from hypiler.project.bytecode import outdated_bytecode, unused_time
from hypiler.project.compare import check_outputs
from hypiler.project.output import write_outputs

UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH
CHECKED = py_compile.PycInvalidationMode.CHECKED_HASH


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, in an environment in which Python keeps bytecode."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def text_of(value: int) -> str:
    """A module of the same size for each value of one digit."""
    return with_header(f'_ROWS = r"""\n{value}|\n"""\nV = int(_ROWS[1])\n', "0" * 64)


def build(value: int) -> list[str]:
    return write_outputs({"made.py": text_of(value)}, sources=[])


def runs(*options: str) -> int:
    """What a new process finds in the module; it keeps its bytecode."""
    command = [sys.executable, *options, "-c", "import made; print(made.V)"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def cached() -> list[str]:
    return sorted(path.name for path in Path("__pycache__").glob("*.pyc"))


def second(path: str = "made.py") -> int:
    return int(os.stat(path).st_mtime)


def checked(value: int) -> list[tuple[str, str, str, str | None]]:
    found = check_outputs({"made.py": text_of(value)}, sources=[], fix_command="hypiler build")
    return [(finding.code, finding.file, finding.message, finding.help) for finding in found]


def as_restored(value: int, like: os.stat_result) -> None:
    """Write the module as a checkout or an unpacked archive may: with a time that it had before."""
    Path("made.py").write_text(text_of(value))
    os.utime("made.py", ns=(like.st_atime_ns, like.st_mtime_ns))


def test_builds_in_one_second_are_what_python_runs() -> None:
    for value in range(1, 6):
        before = second() if Path("made.py").exists() else 0
        build(value)
        assert second() != before
        assert runs() == value
        assert cached()


def test_stubs_of_one_second_have_different_times() -> None:
    """mypy compares the size and the second of a file with those that it remembers."""
    seen: list[int] = []
    for value in range(5):
        write_outputs({"made.pyi": text_of(value)}, sources=[])
        seen.append(second("made.pyi"))
    assert sorted(set(seen)) == seen


@pytest.mark.parametrize(
    ("step", "ahead"), [(0, 1), (-1, 1), (-50, 1), (-3000, 1), (1, 0), (-4000, -4000), (-(10**9), -(10**9))]
)
def test_new_module_gets_another_time_though_the_clock_stands_still_or_goes_back(step: int, ahead: int) -> None:
    build(1)
    before = second()
    now = before + step + 0.25
    assert int(unused_time("made.py", now)) == max(before + ahead, int(now))


def test_time_of_bytecode_that_is_left_is_not_used_again() -> None:
    build(1)
    py_compile.compile("made.py")
    before = second()
    os.unlink("made.py")
    assert unused_time("made.py", before) == before + 1
    assert unused_time("made.py", before + 1.5) == before + 1.5


def test_times_only_rise_so_that_caches_elsewhere_hold_no_earlier_module(folder: Path) -> None:
    """Caches that another environment names with PYTHONPYCACHEPREFIX are not known to the build."""
    elsewhere = ["-X", f"pycache_prefix={folder / 'elsewhere'}"]
    seen: list[int] = []
    for value in range(1, 6):
        build(value)
        seen.append(second())
        assert runs(*elsewhere) == value
        assert not Path("__pycache__").exists()
    assert sorted(set(seen)) == seen


def test_module_of_a_time_far_ahead_does_not_draw_the_next_ones_there() -> None:
    build(1)
    os.utime("made.py", (4_000_000_000, 4_000_000_000))
    assert runs() == 1
    build(2)
    assert abs(second() - time.time()) < 60
    assert runs() == 2


@pytest.mark.parametrize("mode", [UNCHECKED, CHECKED])
def test_bytecode_by_hash_of_an_earlier_module_is_not_run(mode: py_compile.PycInvalidationMode) -> None:
    build(1)
    py_compile.compile("made.py", invalidation_mode=mode)
    build(2)
    assert cached() == []
    assert runs() == 2


@pytest.mark.parametrize("mode", [UNCHECKED, py_compile.PycInvalidationMode.TIMESTAMP])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_bytecode_of_every_level_that_an_unchanged_module_would_not_run_is_removed(
    mode: py_compile.PycInvalidationMode, level: int
) -> None:
    """As after a checkout of another commit within a second: the module is up to date, and its bytecode is not."""
    build(1)
    status = os.stat("made.py")
    py_compile.compile("made.py", invalidation_mode=mode, optimize=level)
    as_restored(2, like=status)
    option = ["-" + "O" * level] if level else []
    assert runs(*option) == 1, "Python takes the bytecode for current"
    (name,) = cached()
    place = os.path.join("__pycache__", name)
    message = golden(f"`{place}` is stale: Python would run it instead of `made.py`, which is up to date")
    assert checked(2) == [("M507", place, message, golden("run `hypiler build`, which removes it"))]
    assert build(2) == []
    assert cached() == []
    assert checked(2) == []
    assert runs(*option) == 2


def test_bytecode_of_other_interpreters_is_judged_as_well() -> None:
    build(1)
    status = os.stat("made.py")
    own = Path(py_compile.compile("made.py", doraise=True) or "")
    data = own.read_bytes()
    own.unlink()
    other = own.with_name("made.cpython-399.opt-1.pyc")
    # The number of a version that this process does not know.
    other.write_bytes(b"\xff\x7f\r\n" + data[4:])
    assert checked(1) == []
    as_restored(2, like=status)
    assert [code for code, *_ in checked(2)] == ["M507"]
    build(2)
    assert cached() == []


def test_bytecode_that_is_current_or_that_python_would_not_run_is_left_alone() -> None:
    build(1)
    assert runs() == 1
    (own,) = cached()
    Path("__pycache__/made.cpython-399.pyc").write_bytes(b"short")
    Path("__pycache__/made_up.cpython-311.pyc").write_bytes(b"of another module")
    build(1)
    assert cached() == sorted([own, "made.cpython-399.pyc", "made_up.cpython-311.pyc"])
    assert checked(1) == []
    build(2)
    assert cached() == ["made_up.cpython-311.pyc"]


def test_bytecode_by_checked_hash_needs_no_care() -> None:
    build(1)
    status = os.stat("made.py")
    py_compile.compile("made.py", invalidation_mode=CHECKED)
    as_restored(2, like=status)
    assert checked(2) == []
    assert runs() == 2


def test_folder_of_pycache_prefix_is_searched_as_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(folder / "prefix"))
    build(1)
    place = Path(importlib.util.cache_from_source(str(folder / "made.py")))
    py_compile.compile("made.py", cfile=str(place), invalidation_mode=UNCHECKED)
    assert outdated_bytecode("made.py", text_of(2)) == [str(place)]
    assert outdated_bytecode("made.py", text_of(1)) == []
    build(2)
    assert not place.exists()


def test_bytecode_that_cannot_be_removed_is_invalid_by_the_time_of_the_module(as_nobody: Path) -> None:
    os.chdir(as_nobody)
    build(1)
    py_compile.compile("made.py")
    # A time that the next module would get otherwise.
    taken = int(time.time()) + 1
    (place,) = Path("__pycache__").glob("*.pyc")
    data = bytearray(place.read_bytes())
    for ahead in range(5):
        data[8:12] = (taken + ahead).to_bytes(4, "little")
        place.with_name(f"made.cpython-39{ahead}.pyc").write_bytes(data)
    Path("__pycache__").chmod(0o555)
    build(2)
    Path("__pycache__").chmod(0o755)
    assert len(cached()) == 6
    assert outdated_bytecode("made.py", text_of(2)) == []
    assert not taken - 1 <= second() < taken + 5


def test_bytecode_that_cannot_be_removed_and_needs_no_look_ends_the_build(as_nobody: Path) -> None:
    os.chdir(as_nobody)
    build(1)
    py_compile.compile("made.py", invalidation_mode=UNCHECKED)
    (name,) = cached()
    Path("__pycache__").chmod(0o555)
    for _ in range(2):
        # At first the module is replaced, then it is up to date already.
        with pytest.raises(PermissionError) as caught:
            build(2)
        assert str(caught.value) == golden(f"cannot remove `__pycache__/{name}`: Permission denied")
        Path("made.py").write_text(text_of(2))
    Path("__pycache__").chmod(0o755)


def test_process_that_imports_between_and_during_builds_gets_each_new_module() -> None:
    build(0)
    stop = threading.Event()

    def import_again() -> None:
        while not stop.is_set():
            runs()

    thread = threading.Thread(target=import_again)
    thread.start()
    try:
        for value in range(1, 8):
            build(value)
            assert runs() == value
    finally:
        stop.set()
        thread.join()


def test_real_module_is_found_in_its_bytecode(
    project: Path, hypiler: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of text are what tells bytecode apart: each fact of a real module stands in one."""
    monkeypatch.chdir(project)
    assert hypiler("build", "-q")[0] == 0
    for level in (0, 1, 2):
        py_compile.compile("app/registry.py", optimize=level)
    assert hypiler("build", "--check")[0] == 0
    text = Path("app/registry.py").read_text()
    assert outdated_bytecode("app/registry.py", text) == []
    assert len(outdated_bytecode("app/registry.py", text.replace("|384|", "|385|", 1))) == 3
