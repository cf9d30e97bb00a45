"""How the files of a model are read from a folder."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from golden import golden
from hub.conftest import FILES, HEADER, READ
from hub.test_client import content
from huggingface_hub import snapshot_download
from loopback_hub import LoopbackHub

from hypiler.hub import folder as folder_module
from hypiler.hub.client import Hub
from hypiler.hub.folder import read_folder
from hypiler.hub.snapshot import AnswerError, HubError
from hypiler.model_files.extract import extract_facts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of the tiny model."""
    for name, value in FILES.items():
        (tmp_path / "model" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "model" / name).write_bytes(content(value))
    return tmp_path / "model"


def refused(folder: Path, error: type[HubError] = AnswerError) -> str:
    with pytest.raises(HubError) as caught:
        read_folder(folder)
    assert type(caught.value) is error
    return str(caught.value)


def test_folder_is_read_as_the_hub_is(hub: LoopbackHub, folder: Path) -> None:
    commit = hub.add("org/tiny", folder)
    with Hub() as client:
        known = client.snapshot("org/tiny", commit)
    found = read_folder(folder, ["model.safetensors"])
    assert (found.names, found.sizes, found.sums, found.files) == (known.names, known.sizes, known.sums, known.files)
    assert (found.repository, found.revision, found.created, found.blobs) == (str(folder), None, None, {})
    assert read_folder(str(folder), repository="org/tiny").repository == "org/tiny"


def test_only_what_says_something_is_read_and_hashed(folder: Path) -> None:
    found = read_folder(folder)
    assert found.files.keys() == READ
    assert {name for name, digest in found.sums.items() if digest} == READ - {"model.safetensors"}
    known = hashlib.sha256(content(FILES["tokenizer.json"])).hexdigest()
    assert read_folder(folder, ["tokenizer.json", "gone.json"]).sums["tokenizer.json"] == known


def test_weights_are_read_up_to_the_end_of_their_header(folder: Path) -> None:
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(1 << 40)
    found = read_folder(folder)
    assert found.files["model.safetensors"] == HEADER
    assert found.sizes["model.safetensors"] == 1 << 40
    assert found.sums["model.safetensors"] is None


@pytest.mark.parametrize("data", [b"", b"short", (1 << 63).to_bytes(8, "little"), bytes(16)])
def test_header_that_cannot_be_is_left_to_the_evidence(folder: Path, data: bytes) -> None:
    (folder / "model.safetensors").write_bytes(data)
    found = read_folder(folder)
    assert found.files["model.safetensors"] == data[:8]
    (problem,) = extract_facts(found.names, found.files, found.sizes).problems
    assert problem.message.startswith("not a valid safetensors header")


def test_what_git_and_downloads_keep_is_left_out(folder: Path) -> None:
    for name in (".git/config", ".cache/huggingface/x.lock", "1_Pooling/.git/x", ".gitattributes", ".eval/config.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    (folder / ".git/link").symlink_to("/etc")
    assert read_folder(folder).names == tuple(sorted([*FILES, ".eval/config.json", ".gitattributes"]))


@pytest.fixture
def cached(hub: LoopbackHub, tmp_path: Path) -> Path:
    """A snapshot in the cache of huggingface_hub."""
    return Path(snapshot_download("org/tiny", revision=hub.add("org/tiny", FILES)))


def test_snapshot_in_the_cache_has_its_commit(cached: Path) -> None:
    assert (cached / "config.json").is_symlink()
    found = read_folder(cached)
    assert found.revision == cached.name
    assert found.files == {name: content(FILES[name]) for name in READ} | {"model.safetensors": HEADER}
    # Also by a way that leads there.
    (cached.parents[3] / "here").symlink_to(cached)
    assert read_folder(cached.parents[3] / "here").revision == cached.name


def test_snapshot_whose_files_are_shared_is_read(cached: Path) -> None:
    blob = (cached / "model.safetensors").resolve()
    shared = cached.parents[2] / "blobs/ab/cd"
    shared.parent.mkdir(parents=True)
    blob.rename(shared)
    blob.symlink_to(os.path.relpath(shared, blob.parent))
    assert read_folder(cached).files["model.safetensors"] == HEADER


def test_link_of_a_snapshot_leads_nowhere_else(cached: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("{}")
    (cached / "config.json").unlink()
    (cached / "config.json").symlink_to(tmp_path / "elsewhere")
    told = golden(f"{cached / 'config.json'} is a link that leads out of the folder: replace it by a copy")
    assert refused(cached) == told


@pytest.mark.parametrize("name", ["snapshots/main", "a" * 40, f"snapshots/{'A' * 40}"])
def test_folder_that_only_looks_like_a_snapshot_is_none(folder: Path, tmp_path: Path, name: str) -> None:
    place = tmp_path / "models--org--tiny" / name
    place.parent.mkdir(parents=True)
    shutil.move(folder, place)
    assert read_folder(place).revision is None


def test_commit_in_a_folder_of_other_things_is_not_taken_for_one(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "snapshots" / ("a" * 40)
    place.parent.mkdir()
    shutil.move(folder, place)
    assert read_folder(place).revision is None


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


STRANGE: list[tuple[Callable[[Path], object], str]] = [
    (
        lambda path: path.symlink_to("/etc/passwd"),
        golden("is a link that leads out of the folder: replace it by a copy"),
    ),
    (lambda path: path.symlink_to("/dev/zero"), golden("must be a file, or a link to one: replace it by a copy")),
    (lambda path: path.symlink_to("gone"), golden("must be a file, or a link to one: replace it by a copy")),
    (lambda path: path.symlink_to(path.name), golden("must be a file, or a link to one: replace it by a copy")),
    (lambda path: path.symlink_to("1_Pooling"), golden("must be a file, or a link to one: replace it by a copy")),
    (lambda path: path.symlink_to(".."), golden("must be a file, or a link to one: replace it by a copy")),
    (make_pipe, golden("must be a file, or a link to one: replace it by a copy")),
]


@pytest.mark.parametrize(("make", "told"), STRANGE)
def test_what_is_no_file_of_the_folder_is_refused(folder: Path, make: Callable[[Path], object], told: str) -> None:
    make(folder / "x\n.json")
    assert refused(folder) == golden(f"{folder}/x\\n.json {told}")


def test_link_within_the_folder_is_followed(folder: Path) -> None:
    (folder / "config.json").rename(folder / "real.json")
    (folder / "config.json").symlink_to("real.json")
    assert read_folder(folder).files["config.json"] == content(FILES["config.json"])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (make_pipe, golden("it is no longer a file")),
        (lambda path: path.symlink_to("/etc/passwd"), "Too many levels of symbolic links"),
    ],
    ids=["pipe", "link"],
)
def test_what_takes_the_place_of_a_file_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], reason: str
) -> None:
    def wanted(*arguments: object) -> list[str]:
        (folder / "config.json").unlink()
        make(folder / "config.json")
        return ["config.json"]

    monkeypatch.setattr(folder_module, "next_files", wanted)
    assert refused(folder, HubError) == golden(f"{folder / 'config.json'} cannot be read: {reason}")


def test_file_that_is_gone_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "next_files", lambda *arguments: shutil.rmtree(folder) or ["config.json"])
    assert refused(folder, HubError) == golden(f"{folder / 'config.json'} cannot be read: No such file or directory")


def test_folder_that_may_not_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def guarded(path: str) -> object:
        if Path(path).name == "1_Pooling":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    # Whoever runs the tests may be allowed to read everything.
    monkeypatch.setattr(os, "scandir", guarded)
    assert refused(folder, HubError) == golden(f"{folder / '1_Pooling'} cannot be read: Permission denied")


@pytest.mark.parametrize("name", ["gone", "config.json"])
def test_folder_must_be_one(folder: Path, name: str) -> None:
    told = golden(f"{folder / name} must be a folder with the files of a model; it is not a folder")
    assert refused(folder / name, HubError) == told


def test_file_that_is_too_large_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "MAX_BYTES", 1000)
    (folder / "README.md").write_bytes(bytes(1001))
    assert refused(folder) == golden(f"{folder / 'README.md'} must have at most 1000 bytes to be read; it has more")


def test_folder_of_many_files_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "_MAX_FILES", 5)
    assert refused(folder) == golden(f"{folder} must be a folder of one model; it has more than 5 files")
