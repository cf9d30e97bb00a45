"""The lock beside a registry: what a build makes of it, and what a check says."""

import json
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from strategies import plain_model, registry_of

from hypiler.cli.main import main
from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry
from hypiler.compiler.rule_settings import RuleSettings
from hypiler.model_files.facts import FileFact
from hypiler.verification.lock_rules import Lock
from hypiler.verification.lockfile import AT_COMMIT, COPY, LockedFile, LockEntry, read_lock, write_lock

COMMIT = "a" * 40
INVALID = "the lock must be as `hypiler verify` writes it: "
FACTS = {
    "specs.hidden_dim": FileFact(8, "config.json", "hidden_size"),
    "specs.vocab_size": FileFact(1000, "config.json", "vocab_size"),
    "architecture.projection_dims": FileFact(None, "modules.json", "type", "no such layer"),
    "encoding.pooling": FileFact("mean", "1_Pooling/config.json", "pooling_mode_mean_tokens"),
}


def locked(**changes: Any) -> LockEntry:
    values = {"repository": "org/model-a", "revision": COMMIT, "date": "2026-01-31", "facts": FACTS} | changes
    read = AT_COMMIT if values["revision"] else COPY
    names = ("1_Pooling/config.json", "config.json", "modules.json")
    files = {name: LockedFile("b" * 64, 20, read=read) for name in names} | {
        "README.md": LockedFile(None, 9, read=read)
    }
    return LockEntry(**{"files": files, **values})


def stated() -> dict[str, Any]:
    """An entry that states every fact of the lock but that there is no projection."""
    model = plain_model(id="model-a", huggingface_id="org/model-a", revision=COMMIT)
    model["specs"] |= {"hidden_dim": 8, "vocab_size": 1000}
    model["encoding"]["pooling"] = "mean"
    model["architecture"] = {"type": "bert", "variant": "a", "has_projection": False}
    return {key: value for key, value in model.items() if key not in ("files", "outputs", "variants")}


@pytest.fixture
def entry() -> dict[str, Any]:
    return stated()


def project(folder: Path, entry: dict[str, Any], lock: LockEntry | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    Path("models.json").write_text(json.dumps(registry_of(entry), indent=2))
    if lock is not None:
        Path("models.lock.json").write_text(write_lock({"model-a": lock}))


def compiled_beside(entry: dict[str, Any], lock: str, settings: RuleSettings | None = None) -> CheckedRegistry:
    """The registry of this one model, compiled beside a lock of this text."""
    files = [("models.json", json.dumps(registry_of(entry)).encode())]
    return compile_registry(files, lock=Lock(lock.encode(), "models.lock.json"), rules=settings)


def built() -> Any:
    """The one record of the module that a build makes."""
    assert main(["build", "models.json", "--out", "out", "-q"]) == 0
    names: dict[str, Any] = {"__name__": "built"}
    exec(Path("out/model_registry.py").read_text(), names)
    return names["__getattr__"]("MODEL_REGISTRY")[0]


def test_lock_is_read_as_it_was_written() -> None:
    text = write_lock({"model-a": locked(), "model-b": locked(revision=None)})
    assert read_lock(text.encode(), "models.lock.json") == ({"model-a": locked(), "model-b": locked(revision=None)}, [])


def test_module_says_which_facts_were_verified(
    tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, entry, locked(), monkeypatch)
    model = built()
    assert (model.verified_revision, model.verified_facts) == (COMMIT, 3)
    project(tmp_path, entry, None, monkeypatch)
    Path("models.lock.json").unlink()
    unverified = built()
    assert (unverified.verified_revision, unverified.verified_facts) == (None, 0)
    assert unverified.claimed_facts == model.claimed_facts + 3 > 10


def test_module_has_the_sums_of_the_files_that_decide_vectors(
    tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, entry, locked(), monkeypatch)
    pinned = built().pinned_files
    assert {name: one.to_dict() for name, one in pinned.items()} == {
        name: {"sha256": "b" * 64, "size": 20, "precision": None}
        for name in ("1_Pooling/config.json", "config.json", "modules.json")
    }
    with pytest.raises(TypeError):
        pinned["config.json"] = None
    project(tmp_path, entry, locked(revision="c" * 40), monkeypatch)
    assert built().pinned_files == {}


def test_a_change_of_the_lock_makes_outputs_stale_and_line_ends_do_not(
    tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, entry, locked(), monkeypatch)
    build = ["build", "models.json", "--out", "out", "--format", "concise"]
    assert main(build) == 0
    lock = Path("models.lock.json")
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    assert main([*build, "--check"]) == 0
    facts = {path: fact for path, fact in FACTS.items() if path != "specs.vocab_size"}
    lock.write_text(write_lock({"model-a": locked(facts=facts)}))
    capsys.readouterr()
    assert main([*build, "--check"]) == 1
    assert "out/model_registry.py: error[M507]: `out/model_registry.py` is stale" in capsys.readouterr().err


@pytest.mark.parametrize("change", [{"revision": None}, {"revision": "b" * 40}, {"repository": "org/other"}], ids=str)
def test_files_of_no_or_another_commit_verify_nothing(
    tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    project(tmp_path, entry, locked(**change), monkeypatch)
    assert built().verified_revision is None


def test_fact_that_moved_away_from_the_lock_stops_the_build(
    tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry["specs"]["vocab_size"] = 1001
    project(tmp_path, entry, locked(), monkeypatch)
    assert main(["build", "models.json", "--out", "out"]) == 1
    assert (
        "error[M401]: `specs.vocab_size` must be what the model's files say: 1000 (config.json, `vocab_size`); here 1001"
        in (capsys.readouterr().err)
    )
    assert not Path("out").exists()


def test_lock_is_not_asked_while_the_registry_has_errors(
    tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry["specs"] |= {"vocab_size": 1001, "hidden_dim": "8"}
    project(tmp_path, entry, locked(), monkeypatch)
    assert main(["check", "models.json", "--format", "concise"]) == 1
    out = capsys.readouterr().out
    assert ("[M103]" in out, "[M401]" in out) == (True, False)


class TestInvalidLock:
    """A lock that cannot be read is an error: no models, no digest, and the finding shows its line in the lock."""

    @pytest.mark.parametrize(
        ("text", "code", "message"),
        [
            ("{", "M003", golden("`{` opened on line 1, column 1 must be closed with `}`; found the end of the file")),
            ('{"version": 3, "models": {}}', "M403", golden(INVALID + "`version` must be 1 or 2, got 3")),
            ('{"version": true, "models": {}}', "M403", golden(INVALID + "`version` must be 1 or 2, got true")),
            ('{"version": 2.0, "models": {}}', "M403", golden(INVALID + "`version` must be 1 or 2, got 2.0")),
            ('{"models": {}}', "M403", golden(INVALID + "`version` must be 1 or 2, got nothing")),
            ("[]", "M403", golden(INVALID + "the file must be an object, got a list")),
            ('{"version": 1, "models": []}', "M403", golden(INVALID + "`models` must be an object, got a list")),
            (
                '{"version": 1, "models": {"model-a": 1}}',
                "M403",
                golden(INVALID + "`model-a` must be an object, got 1"),
            ),
        ],
    )
    def test_it_is_an_error_with_its_line(self, entry: dict[str, Any], text: str, code: str, message: str) -> None:
        registry = compiled_beside(entry, text)
        (finding,) = [one for one in registry.findings if one.severity == "error"]
        assert (finding.code, finding.file) == (code, "models.lock.json")
        assert finding.message == message
        assert registry.line(finding) == text
        assert (registry.models, registry.sha256) == ((), "")

    @pytest.mark.parametrize(
        ("path", "value", "message"),
        [
            ("repository", 1, "`repository` must be a string, got 1"),
            ("repository", None, "`repository` must be a string, got null"),
            ("revision", 1, "`revision` must be a string, got 1"),
            ("date", [], "`date` must be a string, got a list"),
            ("files", [], "`files` must be an object, got a list"),
            ("files.config.json", 1, "`config.json` must be an object, got 1"),
            ("files.config.json", {"sha256": "b"}, '`sha256` must be a sha256 or null, got "b"'),
            ("files.config.json", {"size": 1e9}, "`size` must be a number of bytes or null, got 1000000000.0"),
            ("files.config.json", {"size": True}, "`size` must be a number of bytes or null, got true"),
            ("files.config.json", {"size": -1}, "`size` must be a number of bytes or null, got -1"),
            ("files.config.json", {"precision": "fp1"}, '`precision` must be a precision, got "fp1"'),
            ("files.config.json", {"read": "seen"}, '`read` must be "commit" or "copy", got "seen"'),
            ("files.config.json", {"read": ["copy"]}, '`read` must be "commit" or "copy", got a list'),
            ("files.config.json", {"pins": "x"}, '`pins` must be a few texts, got "x"'),
            ("files.config.json", {"pins": ["x\n"]}, "`pins` must be a few texts, got a list"),
            ("files.config.json", {"pins": ["x"] * 17}, "`pins` must be a few texts, got a list"),
            ("files.a\nb.json", {}, "`a\\nb.json` cannot be the name of a file"),
            ("files.x" + "y" * 2000, {}, f"`x{'y' * 59}…` cannot be the name of a file"),
            ("files.../x", {}, "`../x` cannot be the name of a file"),
            ("files.a b:x", {}, "`a b:x` cannot be the name of a file"),
            ("complete", 1, "`complete` must be true or false, got 1"),
            ("complete", None, "`complete` must be true or false, got null"),
            ("repository", "a b", '`repository` must be a repository, got "a b"'),
            ("repository", "o/" + "x" * 300, f'`repository` must be a repository, got "o/{"x" * 58}…"'),
            ("revision", "main", '`revision` must be a commit or null, got "main"'),
            ("revision", "A" * 40, f'`revision` must be a commit or null, got "{"A" * 40}"'),
            ("repository", "a/b/c", '`repository` must be a repository, got "a/b/c"'),
            ("repository", "a/", '`repository` must be a repository, got "a/"'),
            ("repository", "é/b", '`repository` must be a repository, got "é/b"'),
            ("date", "2026-1-31", '`date` must be a date such as 2026-01-31, got "2026-1-31"'),
            ("date", "2026-00-31", '`date` must be a date such as 2026-01-31, got "2026-00-31"'),
            ("date", "", '`date` must be a date such as 2026-01-31, got ""'),
            ("date", "2026-02-30", '`date` must be a date such as 2026-01-31, got "2026-02-30"'),
            ("date", "٢026-01-01", '`date` must be a date such as 2026-01-31, got "٢026-01-01"'),
            ("facts", 1, "`facts` must be an object, got 1"),
            ("facts.specs.nothing", {}, "no field has the path `specs.nothing`"),
            ("facts.specs.hidden_dim", 1, "`specs.hidden_dim` must be an object, got 1"),
            ("facts.specs.hidden_dim.value", "8", '`specs.hidden_dim` cannot be "8"'),
            ("facts.specs.hidden_dim.value", None, "`specs.hidden_dim` cannot be null"),
            ("facts.specs.parameters.value", "7M", '`specs.parameters` cannot be "7M"'),
            ("facts.specs.hidden_dim.note", None, "`note` must be a string, got null"),
            ("facts.specs.hidden_dim.note", "x" * 2001, "`note` must have at most 2000 characters, got 2001"),
            ("facts.specs.hidden_dim.key", "x" * 501, "`key` must have at most 500 characters, got 501"),
            ("facts.specs.hidden_dim.file", "a\x1b", r'`file` must be the name of a file, got "a\x1b"'),
            ("facts.architecture.type.value", "A" * 20_001, "`value` must have at most 20000 characters, got 20001"),
        ],
    )
    def test_every_part_of_an_entry_is_checked(
        self, entry: dict[str, Any], path: str, value: Any, message: str
    ) -> None:
        tree = json.loads(write_lock({"model-a": locked()}))
        part, _, rest = path.partition(".")
        names = [part, rest] if part == "files" and rest else [part]
        if part == "facts" and rest:
            name = next((name for name in FACTS if rest.startswith(name)), rest.removesuffix(".value"))
            names = [part, name, *rest[len(name) + 1 :].split(".")] if rest != name else [part, name]
        here = tree["models"]["model-a"]
        for name in names[:-1]:
            here = here.setdefault(name, {"file": "config.json", "key": "", "note": ""} if part == "facts" else {})
        file = {"sha256": None, "size": 1, "read": "commit"}
        here[names[-1]] = file | value if part == "files" and isinstance(value, dict) else value
        (finding,) = [one for one in compiled_beside(entry, json.dumps(tree)).findings if one.code == "M403"]
        assert finding.message == INVALID + message
        inside = [*value] if isinstance(value, dict) and part == "files" else []
        assert finding.path == ("models", "model-a", *names, *inside)

    @pytest.mark.parametrize(
        ("name", "good", "bad"),
        [
            ("specs.hidden_dim", 1, True),
            ("specs.hidden_dim", 8, 8.0),
            ("architecture.matryoshka_dims", [1, 2], [True, 2]),
            ("architecture.has_projection", True, 1),
        ],
    )
    def test_a_value_is_not_taken_for_an_equal_one_of_another_type(self, name: str, good: Any, bad: Any) -> None:
        facts = [{"value": value, "file": "config.json", "key": "", "note": ""} for value in (good, good, bad)]
        frame = {"repository": "o/n", "revision": COMMIT, "date": "2026-01-31", "complete": True, "files": {}}
        models = {f"m{number}": {**frame, "facts": {name: fact}} for number, fact in enumerate(facts)}
        read, (finding,) = read_lock(json.dumps({"version": 2, "models": models}).encode(), "lock")
        assert (read, finding.path) == ({}, ("models", "m2", "facts", name, "value"))

    @pytest.mark.parametrize("key", ["repository", "revision", "date", "complete", "files", "facts"])
    def test_no_part_of_an_entry_may_be_missing(self, entry: dict[str, Any], key: str) -> None:
        tree = json.loads(write_lock({"model-a": locked()}))
        del tree["models"]["model-a"][key]
        (finding,) = [one for one in compiled_beside(entry, json.dumps(tree)).findings if one.code == "M403"]
        assert f"`{key}` must be" in finding.message

    def test_report_shows_the_line(
        self, tmp_path: Path, entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        project(tmp_path, entry, None, monkeypatch)
        Path("models.lock.json").write_text('{"version": 3, "models": {}}')
        assert main(["check", "models.json"]) == 1
        assert (
            """
error[M403]: the lock must be as `hypiler verify` writes it: `version` must be 1 or 2, got 3
 --> models.lock.json:1:13
  |
1 | {"version": 3, "models": {}}
  |             ^
""".lstrip()
            in capsys.readouterr().out
        )

    def test_it_cannot_be_ignored(self, entry: dict[str, Any]) -> None:
        settings = RuleSettings(select=[], ignore=["M4", "M403"], severity={"M403": "note"})
        registry = compiled_beside(entry, "[]", settings)
        assert [(finding.code, finding.severity) for finding in registry.findings] == [("M403", "error")]


def test_fact_is_as_well_proved_as_the_file_that_it_names(entry: dict[str, Any]) -> None:
    files = locked().files | {"config.json": LockedFile("b" * 64, read=COPY)}
    model = compiled_beside(entry, write_lock({"model-a": locked(files=files)}))["model-a"]
    assert (model.verified_facts, model.agreeing_facts, model.verified_revision) == (1, 2, COMMIT)
    assert "config.json" not in model.pinned_files
    assert not model.pins_all_files


@pytest.mark.parametrize("revision", [None, "b" * 40])
def test_facts_of_an_entry_without_a_commit_or_of_a_copy_agree_with_a_copy(
    entry: dict[str, Any], revision: str | None
) -> None:
    del entry["revision"]
    model = compiled_beside(entry, write_lock({"model-a": locked(revision=revision)}))["model-a"]
    assert (model.verified_facts, model.agreeing_facts, model.verified_revision) == (0, 3, None)
    assert model.pinned_files == {}


@pytest.mark.parametrize(
    ("complete", "unsummed", "all_pinned"), [(True, False, True), (False, False, False), (True, True, False)]
)
def test_all_files_are_pinned_if_the_list_is_complete_and_every_sum_is_known(
    entry: dict[str, Any], complete: bool, unsummed: bool, all_pinned: bool
) -> None:
    files = locked().files | ({"vocab.txt": LockedFile(None)} if unsummed else {})
    one = locked(files=files, complete=complete)
    assert compiled_beside(entry, write_lock({"model-a": one}))["model-a"].pins_all_files is all_pinned


class TestSettings:
    """Rules about the lock are chosen as others are."""

    def test_fact_that_differs_can_be_ignored_and_is_not_counted_as_verified(self, entry: dict[str, Any]) -> None:
        entry["specs"]["vocab_size"] = 1001
        lock = write_lock({"model-a": locked()})
        assert compiled_beside(entry, lock).models == ()
        registry = compiled_beside(entry, lock, RuleSettings(ignore=["fact-differs"]))
        assert registry["model-a"].vocab_size == 1001
        assert (registry["model-a"].verified_revision, registry["model-a"].verified_facts) == (COMMIT, 2)
        assert (registry["model-a"].differing_facts, registry["model-a"].agreeing_facts) == (1, 0)

    def test_severity_of_both_rules_can_be_changed(self, entry: dict[str, Any]) -> None:
        settings = RuleSettings(select=["M4"], severity={"M401": "warning", "M402": "error"})
        entry["specs"]["vocab_size"] = 1001
        registry = compiled_beside(entry, write_lock({"model-a": locked()}), settings)
        assert [(finding.code, finding.severity) for finding in registry.findings] == [("M401", "warning")]
        registry = compiled_beside(entry, write_lock({"model-a": locked(repository="org/b")}), settings)
        assert [(finding.code, finding.severity) for finding in registry.findings] == [("M402", "error")]
