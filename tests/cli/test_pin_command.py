"""`hypiler pin`, `verify --bytes` and `verify --pins`: which bytes are recorded, and what is compared with them."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import GONE, Project, entry
from cli.test_verify_command import commit_of, save
from golden import golden
from hub.conftest import FILES
from hub.test_client import content
from huggingface_hub import snapshot_download
from loopback_hub import answer

from hypiler.cli.pin import EXAMPLES
from hypiler.verification.public_pins import COLUMNS

DECIDING = {name for name in FILES if name != "README.md"}


def sha256(name: str) -> str:
    return hashlib.sha256(content(FILES[name])).hexdigest()


def recorded(project: Project) -> dict[str, tuple[Any, ...]]:
    files = project.lock()["tiny"]["files"]
    return {name: (one["sha256"], one["size"], one["read"]) for name, one in files.items()}


def right(read: str = "commit") -> dict[str, tuple[Any, ...]]:
    return {name: (sha256(name), len(content(FILES[name])), read) for name in DECIDING}


def test_every_file_that_decides_vectors_is_recorded_and_no_fact_is_judged(tiny_project: Project) -> None:
    commit = commit_of(tiny_project)
    code, out, err = tiny_project.run("pin")
    total = sum(len(content(FILES[name])) for name in DECIDING)
    told = f"tiny (org/tiny @ {commit[:12]}): {len(DECIDING)} at the commit, {total} bytes\n"
    assert (code, out, err) == (0, told, "")
    assert {name: one for name, one in recorded(tiny_project).items() if name in DECIDING} == right()
    own = tiny_project.lock()["tiny"]
    assert (own["revision"], own["complete"], own["facts"]) == (commit, True, {})
    # The large file is known by the list alone.
    assert "model.safetensors" not in tiny_project.hub.files
    assert tiny_project.unchanged("pin")[0] == 0


def test_module_has_what_was_pinned_and_the_build_verifies_nothing(tiny_project: Project) -> None:
    tiny_project.run("pin")
    assert tiny_project.run("build")[0] == 0
    names: dict[str, Any] = {"__name__": "built"}
    exec((tiny_project.folder / "registry.py").read_text(), names)
    model = names["__getattr__"]("MODEL_REGISTRY")[0]
    assert {name: (one.sha256, one.size) for name, one in model.pinned_files.items()} == {
        name: parts[:2] for name, parts in right().items()
    }
    assert model.pins_all_files
    assert (model.verified_revision, model.verified_facts, model.agreeing_facts) == (None, 0, 0)


def test_pinning_keeps_the_facts_that_were_verified(tiny_project: Project) -> None:
    tiny_project.run("verify")
    assert tiny_project.unchanged("pin")[0] == 0
    assert tiny_project.lock()["tiny"]["facts"]


def test_verifying_records_all_that_pinning_does(tiny_project: Project) -> None:
    tiny_project.run("verify")
    own = recorded(tiny_project)
    assert {name: own[name] for name in DECIDING} == right()


def test_entry_without_a_commit_is_told_where_main_stands_and_written_when_asked(project: Project) -> None:
    commit = project.hub.add("org/tiny", FILES)
    project.write(entry(None))
    code, out, _ = project.unchanged("pin")
    note = f"  note: the entry has no `revision`: `main` stands at {commit}, which is written by `hypiler pin tiny --write`\n"
    assert (code, out.splitlines(keepends=True)[1:]) == (1, [note])
    code, out, _ = project.run("pin", "--write")
    assert (code, out.splitlines()[1]) == (0, note.partition("which")[0] + "which was written")
    assert commit_of(project) == commit
    assert project.lock()["tiny"]["revision"] == commit
    assert project.run("build")[0] == 0


@pytest.mark.parametrize(
    ("repository", "revision", "code"), [("org/tiny", GONE, 1), ("org/gone", GONE, 4), ("org/gone", None, 4)]
)
def test_what_cannot_be_pinned_is_told_and_records_nothing(
    project: Project, repository: str, revision: str | None, code: int
) -> None:
    project.hub.add("org/tiny", FILES)
    project.write(entry(revision, huggingface_id=repository))
    found, out, _ = project.unchanged("pin")
    assert found == code
    assert out.startswith(f"tiny: {repository}")


def test_hub_that_does_not_answer_leaves_the_lock_as_it_is(tiny_project: Project) -> None:
    tiny_project.run("pin")
    tiny_project.hub.fault("*", answer(500))
    assert tiny_project.unchanged("pin")[0] == 4


def test_folder_is_pinned_as_a_copy_or_at_its_commit(tiny_project: Project) -> None:
    folder = tiny_project.folder.parent / "files"
    save(FILES, folder)
    code, out, _ = tiny_project.run("pin", "tiny", "--local", str(folder))
    assert (code, re.sub(r"\d+ bytes", "N bytes", out)) == (
        0,
        golden("tiny (org/tiny): 5 of a copy, N bytes\n  note: the files of a folder were read: commit unknown\n"),
    )
    assert {name: recorded(tiny_project)[name] for name in DECIDING} == right("copy")
    snapshot_download("org/tiny", revision=commit_of(tiny_project), local_dir=folder)
    assert tiny_project.run("pin", "tiny", "--local", str(folder))[0] == 0
    assert {name: recorded(tiny_project)[name] for name in DECIDING} == right()
    assert tiny_project.lock()["tiny"]["complete"] is True


def test_folder_without_a_file_that_decides_vectors_is_an_error(tiny_project: Project) -> None:
    folder = tiny_project.folder.parent / "files"
    folder.mkdir()
    (folder / "README.md").write_text("# Model")
    code, out, err = tiny_project.unchanged("pin", "tiny", "--local", str(folder))
    assert (code, out, err) == (3, "", f"hypiler: {folder} has no file that decides vectors\n")


def test_json_has_the_files(tiny_project: Project) -> None:
    code, out, _ = tiny_project.run("pin", "--json")
    (model,) = json.loads(out)["models"]
    assert code == 0
    assert model.keys() == {"id", "repository", "revision", "head", "error", "notes", "files"}
    assert {name: one["sha256"] for name, one in model["files"].items()} == {name: sha256(name) for name in DECIDING}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["pin", "--local", "x"], golden("--local DIR goes with one ID")),
        (["pin", "--pins", "x"], golden("--pins FILE goes with --local DIR")),
        (["verify", "--pins", "x"], golden("--pins FILE goes with --local DIR")),
        (
            ["verify", "--bytes", "--fix"],
            golden("--bytes compares no facts: it cannot be combined with --fix, --facts, --pins or --offline"),
        ),
    ],
)
def test_wrong_use_is_told(tiny_project: Project, words: list[str], told: str) -> None:
    assert tiny_project.unchanged(*words) == (2, "", f"hypiler: {told}\n")


class TestBytes:
    """`verify --bytes` compares the files of a folder or of the cache with the recorded sums."""

    @pytest.fixture
    def folder(self, tiny_project: Project) -> Path:
        tiny_project.run("pin")
        folder = tiny_project.folder.parent / "files"
        save(FILES, folder)
        return folder

    def test_right_files_are_counted(self, tiny_project: Project, folder: Path) -> None:
        assert tiny_project.unchanged("verify", "--bytes", "tiny", "--local", str(folder)) == (
            0,
            f"tiny ({folder}): 5 right\n",
            "",
        )

    @pytest.mark.parametrize("name", sorted(DECIDING))
    def test_a_changed_byte_in_any_file_that_decides_vectors_is_found(
        self, tiny_project: Project, folder: Path, name: str
    ) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        code, out, err = tiny_project.unchanged("verify", "--bytes", "tiny", "--local", str(folder))
        assert (code, err) == (1, "")
        assert out == f"tiny ({folder}): 4 right, 1 wrong\n  wrong    {name} has other bytes than recorded\n"

    def test_missing_and_unlisted_files_are_listed(self, tiny_project: Project, folder: Path) -> None:
        (folder / "tokenizer.json").unlink()
        (folder / "model_q4.onnx").write_bytes(b"x")
        code, out, _ = tiny_project.unchanged("verify", "--bytes", "tiny", "--local", str(folder))
        assert (code, out) == (
            0,
            f"tiny ({folder}): 4 right, 1 missing, 1 unlisted\n"
            "  missing  tokenizer.json is missing\n"
            "  unlisted model_q4.onnx has no recorded sum\n",
        )

    def test_cache_is_read_at_the_commit_of_the_entry(self, tiny_project: Project) -> None:
        tiny_project.run("pin")
        place = Path(snapshot_download("org/tiny", revision=commit_of(tiny_project)))
        code, out, _ = tiny_project.unchanged("verify", "--bytes", "--json")
        (model,) = json.loads(out)["models"]
        assert (code, model["folder"], model["right"]) == (0, str(place), sorted(DECIDING))
        shutil.rmtree(place)
        code, _, err = tiny_project.unchanged("verify", "--bytes")
        wanted = f"org/tiny @ {commit_of(tiny_project)}"
        assert (code, err) == (3, f"hypiler: tiny: the cache of huggingface_hub has no snapshot of {wanted}\n")

    def test_sums_of_the_registry_count_without_a_lock(self, project: Project) -> None:
        project.write(entry(GONE, files={"sha256": {"config.json": "1" * 64}}))
        folder = project.folder.parent / "files"
        save(FILES, folder)
        code, out, _ = project.unchanged("verify", "--bytes", "tiny", "--local", str(folder))
        assert code == 1
        assert "  wrong    config.json has other bytes than recorded\n" in out

    def test_nothing_compared_is_an_error(self, tiny_project: Project) -> None:
        folder = tiny_project.folder.parent / "files"
        save(FILES, folder)
        assert tiny_project.unchanged("verify", "--bytes", "tiny", "--local", str(folder)) == (
            3,
            "",
            golden("hypiler: tiny: no sha256 of its files is recorded: run `hypiler pin tiny`\n"),
        )
        tiny_project.run("pin")
        for path in folder.rglob("*.*"):
            path.unlink()
        (folder / "x.bin").write_bytes(b"x")
        code, _, err = tiny_project.unchanged("verify", "--bytes", "tiny", "--local", str(folder))
        assert (code, err) == (
            3,
            f"hypiler: tiny: {folder} has none of the 5 files whose sha256 is recorded\n",
        )


class TestPins:
    """`--pins` takes a table of public pins: two independent ones make a file one of the commit."""

    @pytest.fixture
    def folder(self, tiny_project: Project) -> Path:
        folder = tiny_project.folder.parent / "files"
        save(FILES, folder)
        (folder / "model.safetensors").unlink()
        return folder

    def table(self, project: Project, *lines: tuple[str, str, str]) -> str:
        commit = commit_of(project)
        rows = [["org/tiny", commit, name, "5", digest, where] for name, digest, where in lines]
        path = project.folder.parent / "pins.tsv"
        path.write_text("\n".join(["\t".join(COLUMNS), *["\t".join(row) for row in rows]]) + "\n")
        return str(path)

    def test_two_pins_verify_and_one_agrees_with_a_copy(self, tiny_project: Project, folder: Path) -> None:
        config, weights = sha256("config.json"), sha256("model.safetensors")
        one, two = "one/a@1234567:x.json", "two/b@89abcde:y.json"
        places = [("config.json", config, one), ("config.json", config, two), ("model.safetensors", weights, one)]
        pins = self.table(tiny_project, *places)
        code, out, _ = tiny_project.run("verify", "tiny", "--local", str(folder), "--pins", pins)
        assert code == 0
        assert re.search(r"^tiny \(org/tiny @ .{12}\): \d+ agree, \d+ agree with a copy, ", out)
        own = tiny_project.lock()["tiny"]
        assert own["revision"] == commit_of(tiny_project)
        assert own["files"]["config.json"] == {
            "sha256": config,
            "size": len(content(FILES["config.json"])),
            "read": "commit",
            "pins": [one, two],
        }
        # Of the weights, which are not in the folder, the pin alone is known.
        assert own["files"]["model.safetensors"] == {"sha256": weights, "size": 5, "read": "copy", "pins": [one]}
        # Today one pin, tomorrow another.
        pins = self.table(tiny_project, ("model.safetensors", weights, two))
        tiny_project.run("verify", "tiny", "--local", str(folder), "--pins", pins)
        assert tiny_project.lock()["tiny"]["files"]["model.safetensors"]["read"] == "commit"

    def test_facts_of_other_bytes_than_those_of_the_commit_are_not_recorded(
        self, tiny_project: Project, folder: Path
    ) -> None:
        places = [("config.json", "1" * 64, "one/a:x"), ("config.json", "1" * 64, "two/b:x")]
        pins = self.table(tiny_project, *places)
        code, out, _ = tiny_project.run("verify", "tiny", "--local", str(folder), "--pins", pins)
        note = "  note: config.json is not the file of {}: independent public pins name another sha256\n"
        assert (code, note.format(commit_of(tiny_project)) in out) == (0, True)
        own = tiny_project.lock()["tiny"]
        assert own["files"]["config.json"]["sha256"] == "1" * 64
        assert "config.json" not in {fact["file"] for fact in own["facts"].values()}

    @pytest.mark.parametrize("data", [b"", b"x\ty\n", b"\xff"])
    def test_file_that_is_no_table_is_told(self, tiny_project: Project, folder: Path, data: bytes) -> None:
        path = tiny_project.folder.parent / "pins.tsv"
        path.write_bytes(data)
        code, out, err = tiny_project.unchanged("verify", "tiny", "--local", str(folder), "--pins", str(path))
        assert (code, out) == (3, "")
        assert err.startswith(f"hypiler: {path} is no table of pins: ")


class TestMerging:
    """The lock keeps what is known, whatever is read next."""

    def test_partial_snapshot_takes_nothing_from_the_lock(self, tiny_project: Project) -> None:
        tiny_project.run("verify")
        patterns = ["config.json"]
        place = snapshot_download("org/tiny", revision=commit_of(tiny_project), allow_patterns=patterns)
        assert tiny_project.unchanged("verify", "tiny", "--local", place)[0] == 0

    def test_partial_snapshots_add_up_to_what_the_hub_shows(self, tiny_project: Project) -> None:
        commit = commit_of(tiny_project)
        for names in (["config.json", "README.md"], ["1_Pooling/*", "modules.json"], None):
            place = snapshot_download("org/tiny", revision=commit, allow_patterns=names)
            assert tiny_project.run("verify", "tiny", "--local", place)[0] == 0
        step = tiny_project.lock()
        assert tiny_project.unchanged("verify")[0] == 0
        assert tiny_project.lock() == step

    def test_old_lock_stays_as_it_is_until_something_is_learnt(self, tiny_project: Project) -> None:
        tiny_project.run("verify")
        own = tiny_project.lock()["tiny"]
        del own["complete"]
        own["files"] = {name: one["sha256"] for name, one in own["files"].items()}
        lock = tiny_project.folder / "models.lock.json"
        lock.write_text(json.dumps({"version": 1, "models": {"tiny": own}}))
        folder = tiny_project.folder.parent / "files"
        save({"config.json": FILES["config.json"]}, folder)
        assert tiny_project.unchanged("verify", "tiny", "--offline")[0] == 0
        assert tiny_project.unchanged("build", "--check")[0] == 1
        assert tiny_project.run("verify")[0] == 0
        assert json.loads(lock.read_text())["version"] == 2


def test_folder_that_shows_nothing_of_the_model_is_an_error(tiny_project: Project) -> None:
    folder = tiny_project.folder.parent / "files"
    folder.mkdir()
    (folder / "notes.md").write_text("x")
    code, out, err = tiny_project.unchanged("verify", "tiny", "--local", str(folder))
    assert (code, out) == (3, "")
    assert err == f"hypiler: {folder}: nothing was verified, since no file could be read that states a fact\n"


def test_repository_of_a_variant_that_is_not_mirrored_is_unknown_and_stops_nothing(project: Project) -> None:
    commit = project.hub.add("org/tiny", FILES)
    variant = {"id": "onnx", "quantization": "fp32", "huggingface_id": "org/gone", "file": "model.onnx"}
    project.write(entry(commit, variants=[variant]))
    code, out, _ = project.run("verify")
    assert (code, "  note: org/gone was not found on HUB" in out) == (0, True)
    assert project.run("build")[0] == 0


@pytest.mark.parametrize("line", [re.split(r" {2,}", line.strip())[0] for line in EXAMPLES.splitlines()[1:]])
def test_example_runs(project: Project, line: str) -> None:
    project.write(entry(project.hub.add("BAAI/bge-m3", FILES), id="bge-m3", huggingface_id="BAAI/bge-m3"))
    save(FILES, project.folder / "bge-m3")
    assert project.run(*line.split()[1:])[0] == 0
