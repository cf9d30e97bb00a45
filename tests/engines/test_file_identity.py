"""What was computed for a file is remembered as long as the file is the same, and never believed for another one."""

import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hypiler.engines.stamps import file_identity
from hypiler.engines.stamps.file_identity import cache_folder, file_key, file_sha256, remembered

pytestmark = pytest.mark.skipif(os.name == "nt", reason="nothing is cached where ctime is the time of creation")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(file_identity, "_SETTLED", -1)
    folder = cache_folder()
    assert folder is not None
    return folder


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were hashed."""
    found: list[Path] = []
    real = file_identity._hashed

    def hashed(path: Path) -> str:
        found.append(path)
        return real(path)

    monkeypatch.setattr(file_identity, "_hashed", hashed)
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"weights")
    return path


def sha256(path: Path) -> str | None:
    key = file_key(path)
    assert key is not None
    return file_sha256(path, key)


def test_file_is_hashed_once(file: Path, reads: list[Path]) -> None:
    expected = hashlib.sha256(b"weights").hexdigest()
    assert [sha256(file) for _ in range(3)] == [expected] * 3
    assert reads == [file]


def test_changed_byte_is_seen_although_the_time_was_set_back(file: Path, reads: list[Path]) -> None:
    before, status = sha256(file), file.stat()
    file.write_bytes(b"Weights")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert sha256(file) == hashlib.sha256(b"Weights").hexdigest() != before
    assert len(reads) == 2


def test_replaced_file_of_the_same_size_and_time_is_seen(file: Path, tmp_path: Path) -> None:
    status = file.stat()
    before = sha256(file)
    other = tmp_path / "other"
    other.write_bytes(b"Weights")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(other, file)
    assert sha256(file) != before


def test_link_is_the_file_that_it_leads_to(file: Path, tmp_path: Path, reads: list[Path]) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    assert sha256(link) == sha256(file)
    assert len(reads) == 1


def test_file_that_changed_since_it_was_loaded_has_no_identity(file: Path) -> None:
    key = file_key(file)
    assert key is not None
    file.write_bytes(b"Weights")
    assert file_sha256(file, key) is None
    file.unlink()
    assert file_sha256(file, key) is None
    assert file_key(file) is None


def test_file_that_changes_while_it_is_read_has_no_identity(file: Path, cache: Path) -> None:
    key = file_key(file)
    assert key is not None

    def compute() -> str:
        file.write_bytes(b"Weights of another length")
        return "0" * 64

    assert remembered("sha256", [(file, key)], compute) is None
    assert not cache.exists()


def test_file_that_changed_just_now_is_not_cached(
    file: Path, cache: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may change again within one step of the file system's clock."""
    monkeypatch.setattr(file_identity, "_SETTLED", 10_000_000_000)
    assert sha256(file) == sha256(file)
    assert len(reads) == 2
    assert not cache.exists()


def test_values_of_several_kinds_are_kept_apart(file: Path) -> None:
    key = file_key(file)
    assert key is not None
    assert remembered("precision", [(file, key)], lambda: "fp32") == "fp32"
    assert sha256(file) == hashlib.sha256(b"weights").hexdigest()
    assert remembered("precision", [(file, key)], lambda: "fp16") == "fp32"
    assert remembered("precision", [(file, key), (file, key)], lambda: None) is None


def only(cache: Path) -> Path:
    (found,) = cache.iterdir()
    return found


def replaced(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        tree = json.loads(path.read_bytes())
        change(tree)
        path.write_text(json.dumps(tree))

    return apply


def other_file(path: Path) -> None:
    path.with_name("aside").write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(path.with_name("aside"))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b" "),
        lambda path: path.write_bytes(b"\xff" * 50),
        lambda path: path.write_bytes(b"[" * 100_000),
        lambda path: path.write_bytes(b"[]"),
        lambda path: path.write_bytes(b"{}"),
        lambda path: path.write_bytes(b'{"value": ' + b"9" * 900 + b"}"),
        replaced(lambda tree: tree.update(value=7)),
        replaced(lambda tree: tree.update(value="0" * 63)),
        replaced(lambda tree: tree.update(value="0" * 63 + "\n")),
        replaced(lambda tree: tree.update(value="\x1b[2J")),
        replaced(lambda tree: tree["keys"][0].__setitem__(2, 8)),
        replaced(lambda tree: tree.update(more=1)),
        lambda path: path.chmod(0o666),
        other_file,
        folder,
        pipe,
    ],
)
def test_damaged_or_hostile_cache_is_ignored(
    file: Path, cache: Path, reads: list[Path], damage: Callable[[Path], None]
) -> None:
    expected = sha256(file)
    damage(only(cache))
    assert sha256(file) == expected
    assert len(reads) == 2


def test_cache_is_private_and_leaves_no_temporary_files(file: Path, cache: Path) -> None:
    sha256(file)
    assert stat.S_IMODE(only(cache).stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="the administrator may write anywhere")
def test_folder_that_cannot_be_written_only_costs_time(file: Path, cache: Path, reads: list[Path]) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o500)
    assert sha256(file) == sha256(file)
    assert len(reads) == 2


def test_cache_that_is_a_file_only_costs_time(file: Path, cache: Path, reads: list[Path]) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("a file")
    assert sha256(file) == sha256(file)
    assert len(reads) == 2


def test_full_disk_leaves_nothing_half_written(
    file: Path, cache: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert sha256(file) == sha256(file)
    assert len(reads) == 2
    assert list(cache.iterdir()) == []


def test_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")

    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    assert cache_folder() is None
    assert sha256(file) == hashlib.sha256(b"weights").hexdigest()
