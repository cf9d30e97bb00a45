"""Which commit the files of a folder count as: by the metadata of huggingface_hub and of git, file by file."""

import hashlib
import json
import os
import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hub.conftest import FILES
from hub.test_client import content
from huggingface_hub import snapshot_download
from loopback_hub import LoopbackHub

from hypiler.hub.folder import read_folder
from hypiler.hub.git_objects import GitClone, GitError
from hypiler.hub.snapshot import Snapshot
from hypiler.model_files.lfs_pointer import read_pointer

WEIGHTS = content(FILES["model.safetensors"])
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(WEIGHTS).hexdigest()}\nsize {len(WEIGHTS)}\n"


def read(folder: Path, revision: str | None = None) -> Snapshot:
    return read_folder(folder, revision=revision, pins=True)


def at_commit(folder: Path, revision: str | None = None) -> set[str]:
    found = read(folder, revision)
    return {name for name in found.names if found.is_at_commit(name)}


@pytest.fixture
def commit(hub: LoopbackHub) -> str:
    return hub.add("org/tiny", FILES)


@pytest.fixture
def cached(commit: str) -> Path:
    return Path(snapshot_download("org/tiny", revision=commit))


@pytest.fixture
def downloaded(commit: str, tmp_path: Path) -> Path:
    return Path(snapshot_download("org/tiny", revision=commit, local_dir=tmp_path / "local"))


def git(folder: Path, *words: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main", "-c", "gc.auto=0"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True, env=environment)
    return done.stdout.decode().strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose weights are committed as a pointer, and lie in the folder as git-lfs puts them there."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init")
    for name, value in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(POINTER.encode() if name == "model.safetensors" else content(value))
    git(folder, "add", ".")
    git(folder, "commit", "-m", "x")
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    return folder


def changed(path: Path) -> None:
    """Other bytes of the same length, written as if nothing had happened since."""
    known = path.stat()
    data = path.read_bytes()
    if path.is_symlink():
        path.resolve().chmod(0o644)
    path.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))


@pytest.mark.parametrize("kind", ["cached", "downloaded", "clone"])
def test_untouched_folder_is_at_its_commit_with_every_file(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    found = read(folder)
    expected = git(folder, "rev-parse", "HEAD") if kind == "clone" else request.getfixturevalue("commit")
    assert (found.revision, found.complete) == (expected, True)
    assert at_commit(folder) == set(FILES)
    assert found.sums["model.safetensors"] == hashlib.sha256(WEIGHTS).hexdigest()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["cached", "downloaded", "clone"])
def test_file_that_was_changed_afterwards_is_a_copy_and_the_others_are_not(
    kind: str, name: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(kind)
    revision = read(folder).revision
    changed(folder / name)
    assert read(folder).revision == revision
    decided = {one for one in FILES if read(folder).sums[one] is not None}
    assert at_commit(folder) == set(FILES) - ({name} & decided)
    assert name in decided


@pytest.mark.parametrize("kind", ["cached", "downloaded", "clone"])
def test_folder_with_a_part_of_the_files_is_not_complete(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    (folder / "tokenizer.json").unlink()
    found = read(folder)
    assert (found.revision is not None, found.complete) == (True, False)
    assert at_commit(folder) == set(FILES) - {"tokenizer.json"}


@pytest.mark.parametrize("kind", ["downloaded", "clone"])
def test_file_that_the_commit_does_not_have_is_a_copy(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    (folder / "vocab.txt").write_text("a")
    assert at_commit(folder) == set(FILES)


def test_file_of_another_commit_is_a_copy_unless_that_commit_is_asked_for(
    hub: LoopbackHub, commit: str, downloaded: Path
) -> None:
    later = hub.add("org/tiny", FILES | {"config.json": {"model_type": "bert"}})
    snapshot_download("org/tiny", revision=later, local_dir=downloaded, allow_patterns=["config.json"])
    assert read(downloaded).revision == commit
    assert at_commit(downloaded) == set(FILES) - {"config.json"}
    assert read(downloaded, later).revision == later
    assert at_commit(downloaded, later) == {"config.json"}


BROKEN_METADATA = ["", "x", "main\nx\n1", "a" * 40, f"{'a' * 40}\n{'b' * 40}\nnow", "\udcff", "a" * 10_000]


@pytest.mark.parametrize("text", BROKEN_METADATA)
def test_metadata_that_is_none_says_nothing(downloaded: Path, text: str) -> None:
    path = downloaded / ".cache/huggingface/download/config.json.metadata"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert at_commit(downloaded) == set(FILES) - {"config.json"}


def test_metadata_behind_a_link_says_nothing(downloaded: Path, tmp_path: Path) -> None:
    path = downloaded / ".cache/huggingface/download/config.json.metadata"
    shutil.move(path, tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert at_commit(downloaded) == set(FILES) - {"config.json"}


def test_digest_of_another_kind_counts_by_the_time(downloaded: Path, commit: str) -> None:
    path = downloaded / ".cache/huggingface/download/config.json.metadata"
    time = (downloaded / "config.json").stat().st_mtime
    path.write_text(f"{commit}\nan-etag-of-a-mirror\n{time}\n")
    assert at_commit(downloaded) == set(FILES)
    path.write_text(f"{commit}\nan-etag-of-a-mirror\n{time - 10}\n")
    assert at_commit(downloaded) == set(FILES) - {"config.json"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": 1, "files": {"x": {}}}', '{"format_version": 2}'])
def test_listing_that_is_none_proves_nothing_missing(cached: Path, commit: str, text: str) -> None:
    (cached.parents[1] / f"trees/{commit}.json").write_text(text)
    assert not read(cached).complete
    assert at_commit(cached) == set(FILES)


def packed(folder: Path) -> None:
    git(folder, "repack", "-a", "-d", "-f", "--depth=50")
    git(folder, "pack-refs", "--all")


def with_history(folder: Path) -> None:
    """Several versions of large texts, so that git stores some as changes of others."""
    lines = [f"line {number} of a text that is long enough\n" for number in range(400)]
    for number in range(4):
        lines[number * 7] = f"changed {number}\n"
        (folder / "README.md").write_text("".join(lines))
        (folder / "vocab.txt").write_text("".join(reversed(lines)))
        git(folder, "commit", "-a", "-m", str(number))
    git(folder, "add", "vocab.txt")
    git(folder, "commit", "-m", "vocab")
    packed(folder)


@pytest.mark.parametrize("change", [packed, with_history, lambda folder: git(folder, "checkout", "--detach")])
def test_objects_are_found_where_git_keeps_them(clone: Path, change: Callable[[Path], object]) -> None:
    (clone / "model.safetensors").write_text(POINTER)
    change(clone)
    expected = dict(line.split("\t")[::-1] for line in git(clone, "ls-tree", "-r", "HEAD").splitlines())
    found = GitClone(clone)
    assert found.commit == git(clone, "rev-parse", "HEAD")
    assert found.files() == {name: entry.split()[2] for name, entry in expected.items()}
    for id in found.files().values():
        text = subprocess.run(["git", "cat-file", "blob", id], cwd=clone, capture_output=True, check=True).stdout
        assert found.read(id, b"blob") == text


def test_pointer_in_a_clone_shows_the_real_file_at_the_commit(clone: Path) -> None:
    (clone / "model.safetensors").write_text(POINTER)
    found = read(clone)
    assert at_commit(clone) == set(FILES)
    assert found.sums["model.safetensors"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert found.sizes["model.safetensors"] == len(WEIGHTS)


def loose(folder: Path, id: str) -> Path:
    path = folder / ".git/objects" / id[:2] / id[2:]
    path.chmod(0o644)
    return path


def test_object_whose_bytes_are_not_those_of_its_id_is_not_believed(clone: Path) -> None:
    """Otherwise whoever changes a file could change the object as well."""
    tree = git(clone, "rev-parse", "HEAD^{tree}")
    data = zlib.decompress(loose(clone, tree).read_bytes())
    config = bytes.fromhex(GitClone(clone).files()["config.json"])
    loose(clone, tree).write_bytes(zlib.compress(data.replace(config, bytes(20))))
    with pytest.raises(GitError, match="is another one"):
        GitClone(clone).files()
    assert read(clone).revision is None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("HEAD", b""),
        ("HEAD", b"ref: refs/heads/../../config\n"),
        ("HEAD", b"ref: refs/heads/gone\n"),
        ("HEAD", b"a" * 40),
        ("HEAD", b"\xff" * 40),
        ("refs/heads/main", b"main"),
        ("refs/heads/main", b"a" * 3_000_000),
    ],
)
def test_clone_that_cannot_be_read_is_a_folder_of_unknown_commit(clone: Path, name: str, data: bytes) -> None:
    (clone / ".git" / name).write_bytes(data)
    assert read(clone).revision is None
    assert read(clone).sums["config.json"]


@pytest.mark.parametrize("data", [b"", b"x", zlib.compress(b"commit 3\0x"), zlib.compress(b"commit 999999999\0")])
def test_damaged_commit_is_a_folder_of_unknown_commit(clone: Path, data: bytes) -> None:
    loose(clone, git(clone, "rev-parse", "HEAD")).write_bytes(data)
    assert read(clone).revision is None


def test_object_that_unpacks_to_more_than_it_may_is_refused(clone: Path) -> None:
    head = git(clone, "rev-parse", "HEAD")
    loose(clone, head).write_bytes(zlib.compress(b"commit 999999999\0" + bytes(64 << 20)))
    with pytest.raises(GitError):
        GitClone(clone).files()


@pytest.mark.parametrize("cut", range(8))
def test_damaged_pack_is_a_folder_of_unknown_commit(clone: Path, cut: int) -> None:
    packed(clone)
    for path in (clone / ".git/objects/pack").iterdir():
        path.chmod(0o644)
        data = path.read_bytes()
        if path.suffix == (".idx" if cut % 2 else ".pack"):
            path.write_bytes(data[: len(data) * cut // 8])
    assert read(clone).revision is None


def test_git_folder_elsewhere_is_not_followed(clone: Path, tmp_path: Path) -> None:
    shutil.move(clone / ".git", tmp_path / "elsewhere")
    (clone / ".git").symlink_to(tmp_path / "elsewhere")
    assert read(clone).revision is None
    (clone / ".git").unlink()
    (clone / ".git").write_text(f"gitdir: {tmp_path / 'elsewhere'}\n")
    assert read(clone).revision is None


def test_pointer_shows_size_and_sum_of_the_real_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    # No engine reads the second one.
    names = ["model.safetensors", "rust_model.ot"]
    for name in names:
        (tmp_path / name).write_text(POINTER)
    found = read(tmp_path)
    assert [found.sums[name] for name in names] == [hashlib.sha256(WEIGHTS).hexdigest()] * 2
    assert [found.sizes[name] for name in names] == [len(WEIGHTS)] * 2
    assert not found.is_at_commit("model.safetensors")


@pytest.mark.parametrize(
    "text",
    [
        POINTER.replace("spec/v1", "spec/v2"),
        POINTER.replace("sha256:", "sha1:"),
        POINTER.replace("size ", "size -"),
        POINTER.replace("size ", "size 0"),
        POINTER + "x",
        POINTER.replace("\n", "\r\n"),
        "\n".join([*POINTER.splitlines()[:1], *POINTER.splitlines()[:0:-1]]) + "\n",
        POINTER.replace("oid", "ext-0-foo sha256:1\noid"),
        "x" + POINTER,
        json.dumps(POINTER),
    ],
)
def test_text_that_only_looks_like_a_pointer_is_none(text: str) -> None:
    assert read_pointer(POINTER.encode()) == (hashlib.sha256(WEIGHTS).hexdigest(), len(WEIGHTS))
    assert read_pointer(text.encode()) is None
