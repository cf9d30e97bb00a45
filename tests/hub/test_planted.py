"""Every fact that a model's files say is found if the registry says it otherwise, and no other is."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from engines.conftest import minilm, splade, unpacked
from golden import golden, golden_file
from hub.families import FAMILIES, MINILM, MINILM_CARD, PAGE, TABLE, at, entry_of, evidence_of, facts_by_family, put
from loopback_hub import LoopbackHub
from model_files.models import content

from hypiler.cli.main import main
from hypiler.compiler.checked import Entry
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.collector import FindingCollector
from hypiler.hub.client import Hub
from hypiler.hub.folder import read_folder
from hypiler.hub.snapshot import AccessError, NotFoundError, Snapshot
from hypiler.jsontext.editor import REMOVED, Change, edit
from hypiler.jsontext.reader import Source, read_source
from hypiler.model_files.extract import Evidence, FileFact, extract_facts
from hypiler.project.build import compile_files
from hypiler.schema.comparisons import LongestInput
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS
from hypiler.schema.key_order import schema_order
from hypiler.verification.draft import draft, proposed_id
from hypiler.verification.fixes import corrections
from hypiler.verification.lockfile import COPY, LockedFile, LockEntry, read_lock, write_lock
from hypiler.verification.verdict import (
    AGREES,
    CLAIMED,
    DIFFERS,
    STATES,
    UNKNOWN,
    Verdict,
    compare,
    stated,
    text_after_markers,
)
from hypiler.verification.verify import Result, from_lock, verify, verify_snapshot


def entries_of(source: Source) -> list[Entry]:
    return compile_registry([(source.name, source.text.encode())]).entries


SHIPPED = Path(__file__).parents[2] / "models.json"
DATE = "2026-11-25"
HAS, DIMS, WIDTHS = "architecture.has_projection", "architecture.projection_dims", "architecture.matryoshka_dims"
WIDTH, CUT = "specs.embedding_dim", "capabilities.matryoshka"
CONTEXT, POSITIONS = "specs.context_length", "specs.max_position_embeddings"
# Words and texts that are not those of the files, whichever these are.
OTHERS: dict[str, list[Any]] = {
    "type": ["dense", "sparse"],
    "architecture.type": ["other"],
    "license": ["GPL-2.0-only", "LicenseRef-Other"],
    "encoding.pooling": ["mean", "cls"],
    "encoding.similarity": ["cosine", "dot"],
    "encoding.activation": ["log1p_relu", "log1p_log1p_relu", "relu"],
    # Blanks around a marker do not matter.
    "encoding.query_marker": ["[X]"],
    "encoding.document_marker": ["[X]"],
    "encoding.skiplist": [["other"]],
    "dependencies.base_model": ["org/other"],
    "files.tokenizer": ["other.json", "config.json"],
    "files.config": ["other.json", "tokenizer_config.json"],
    "files.weights.safetensors": ["other.safetensors", "config.json"],
    "files.weights.pytorch": ["other.bin", "config.json"],
    "files.weights.onnx": ["onnx/other.onnx", "config.json"],
}


class Model(NamedTuple):
    """A model's files, what they say, its entry, and the text of a registry with it alone."""

    snapshot: Snapshot
    evidence: Evidence
    tree: dict[str, Any]
    text: str

    def judged(self, text: str) -> Result:
        (entry,) = entries_of(source_of(text))
        return verify_snapshot(entry, self.snapshot, self.snapshot.sums, DATE)


def source_of(text: str) -> Source:
    source, findings = read_source(text.encode(), "models.json")
    assert source is not None
    assert findings == []
    return source


def registry_of(entry: dict[str, Any]) -> str:
    return json.dumps({"version": "1.0", "models": [entry]}, indent=2, ensure_ascii=False) + "\n"


def model_of(folder: Path, revision: str | None = None) -> Model:
    # The folder stands for the whole repository.
    snapshot = replace(read_folder(folder, repository="org/model"), revision=revision, complete=True)
    entry, evidence = entry_of(snapshot)
    return Model(snapshot, evidence, entry, registry_of(entry))


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Model]:
    made: dict[str, Model] = {}

    def get(name: str) -> Model:
        if name not in made:
            made[name] = model_of(put(FAMILIES[name], tmp_path_factory.mktemp("family")), "a" * 40)
        return made[name]

    return get


def wrong(path: str, ours: Any) -> list[Any]:
    """Values of a fact that are valid, and others than `ours`."""
    if path in OTHERS:
        return [value for value in OTHERS[path] if value != ours]
    if path == "specs.parameters":
        count = float(ours[:-1])
        return [f"{count * 1.02:.4g}{ours[-1]}", f"{count / 2:.4g}{ours[-1]}"]
    if path == "capabilities.languages":
        return [[*ours, "eo"], ["eo"]]
    if path == "capabilities.modalities":
        return [["audio", *ours]]
    if path == "capabilities.quantization":
        return [[word for word in ours if word != gone] for gone in ours]
    if path == "encoding.prompts":
        return [{}, ours | {"further": "f: "}, {name: f"{prompt} " for name, prompt in ours.items()}]
    if path == "encoding.dense_layers":
        narrower = [one | {"in_features": one["in_features"] - 1} for one in ours]
        bent = [one | {"activation": "Tanh"} if "activation" in one else one for one in ours]
        return [value for value in (narrower, [*ours, ours[-1]], bent) if value != ours]
    if path == WIDTHS:
        return [[1, *ours], ours[1:]]
    if isinstance(ours, bool):
        return [not ours]
    return [77] if ours is None else [ours + 1, ours * 2] if isinstance(ours, int) else [f"{ours} ", f"x{ours}"]


def plants(path: str, tree: dict[str, Any]) -> list[dict[str, Any]]:
    """Wrong values of a fact by paths, with those of the facts that models.json holds against it."""
    found: list[dict[str, Any]] = []
    # Of the longest input, only one without positions is wrong.
    for value in wrong(path, at(tree, POSITIONS if path == CONTEXT else path)):
        plant = {path: value}
        if path == HAS:
            plant[DIMS] = at(tree, WIDTH) if value else REMOVED
        if path in (WIDTH, DIMS):
            plant = {each: value for each in (WIDTH, DIMS) if at(tree, each) not in (None, ...)}
            if (widths := at(tree, WIDTHS)) is not ...:
                plant[WIDTHS] = [*widths[:-1], value]
        if path == CUT:
            plant[WIDTHS] = REMOVED
        found.append(plant)
    return found


def planted(text: str, plant: dict[str, Any]) -> str:
    changed = edit(
        source_of(text), [Change(("models", 0, *path.split(".")), value) for path, value in plant.items()], schema_order
    )
    registry = compile_registry([("models.json", changed.encode())])
    assert not registry.has_errors, registry.findings
    return changed


def can_be_refuted(path: str, facts: Mapping[str, FileFact]) -> bool:
    """Whether files can contradict a fact. That a model has no projection is no fact of an entry without its width."""
    if path == CONTEXT:
        return LongestInput().most(facts) is not None
    return not facts[path].hint and (facts[path].value, path) != (None, DIMS)


FACTS = [
    (name, path)
    for name, files in FAMILIES.items()
    for facts in [evidence_of(files).facts]
    for path in facts
    if can_be_refuted(path, facts)
]


def shown(fact: FileFact) -> tuple[str, str]:
    return fact.file, fact.key


def differing(result: Result) -> dict[str, tuple[Any, Any, str, str]]:
    return {
        verdict.path: (verdict.ours, verdict.theirs, verdict.file, verdict.key)
        for verdict in result.verdicts
        if verdict.state == DIFFERS
    }


def states(result: Result) -> dict[str, list[str]]:
    """The paths of the facts in each state."""
    return {state: [one.path for one in result.verdicts if one.state == state] for state in STATES}


def kept(result: Result) -> bytes:
    assert result.locked is not None
    return write_lock({"model": result.locked}).encode()


def from_kept(text: str, lock: bytes) -> Result:
    locks, findings = read_lock(lock, "models.lock.json")
    assert findings == []
    (entry,) = entries_of(source_of(text))
    return from_lock(entry, locks["model"])


@pytest.mark.parametrize("name", FAMILIES)
def test_entry_that_says_what_the_files_say_has_no_difference(name: str, family: Callable[[str], Model]) -> None:
    model = family(name)
    found = model.judged(model.text)
    assert [verdict for verdict in found.verdicts if verdict.state == DIFFERS] == []
    assert model.evidence.problems == []
    said = [path for path in model.evidence.facts if at(model.tree, path) is not ...]
    assert states(found)[AGREES] == said
    assert from_kept(model.text, kept(found)).verdicts == found.verdicts
    assert [*corrections(found)] == []


@pytest.mark.parametrize(("name", "path"), FACTS)
def test_wrong_fact_is_found_and_no_other(
    name: str, path: str, family: Callable[[str], Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, facts = family(name), family(name).evidence.facts
    true = kept(model.judged(model.text))
    monkeypatch.chdir(tmp_path)
    Path("models.lock.json").write_bytes(true)
    found = plants(path, model.tree)
    assert found != []
    for plant in found:
        text = planted(model.text, plant)
        tree = json.loads(text)["models"][0]
        said = text_after_markers(tree, facts)
        expected = {
            each: (at(tree, each), said[each].value, said[each].file, said[each].key)
            for each in said
            if each in plant and plant[each] is not REMOVED
        }
        if path == CONTEXT:
            expected[path] = (tree["specs"]["context_length"], LongestInput().most(facts), *shown(facts[POSITIONS]))
        assert path in expected
        result = model.judged(text)
        assert differing(result) == expected
        # The lock gives the same without the files, to `hypiler verify --offline` and to every build.
        assert from_kept(text, true).verdicts == result.verdicts
        Path("models.json").write_text(text, "utf-8")
        errors = [one for one in compile_files(["models.json"]).findings if one.severity == "error"]
        assert {(one.code, ".".join(map(str, one.path[2:]))) for one in errors} == {("M401", each) for each in expected}
        # A width that stands in a pickle alone is put right by hand.
        doubted = [each for each in plant if each in facts and facts[each].doubtful]
        if plant.keys() <= facts.keys() and not doubted:
            assert edit(source_of(text), [*corrections(result)], schema_order) == model.text
        if {*doubted} == {*plant}:
            assert [*corrections(result)] == []


def pinned(model: Model, revision: str | None) -> dict[str, Any]:
    """The entry of a model with this pin, or without one."""
    entry = {key: value for key, value in model.tree.items() if key != "revision"}
    return entry | ({"revision": revision} if revision else {})


def partial(model: Model, names: set[str]) -> Snapshot:
    """A folder with these of the model's files, and nothing that says whether there are others."""
    whole = model.snapshot
    return replace(
        whole,
        names=tuple([name for name in whole.names if name in names]),
        sizes={name: size for name, size in whole.sizes.items() if name in names},
        sums={name: digest for name, digest in whole.sums.items() if name in names},
        files={name: data for name, data in whole.files.items() if name in names},
        complete=False,
    )


@pytest.mark.parametrize("name", FAMILIES)
def test_part_of_the_files_never_contradicts_what_all_of_them_say(name: str, family: Callable[[str], Model]) -> None:
    model = family(name)
    (entry,) = entries_of(source_of(model.text))
    files = {*model.snapshot.names}
    parts = [{one} for one in files] + [files - {one} for one in files] + [files - {*pair} for pair in pairs(files)]
    for part in parts:
        snapshot = partial(model, part)
        result = verify_snapshot(entry, snapshot, snapshot.sums, DATE)
        assert differing(result) == {}, sorted(part)
        if result.locked is not None:
            assert from_kept(model.text, kept(result)).verdicts == result.verdicts


# What a trainer of transformers or sentence-transformers leaves behind.
LEFTOVERS = [
    "optimizer.pt", "scheduler.pt", "scaler.pt", "training_args.bin", "rng_state.pth", "rng_state_3.pth",
    "runs/Jan01_00-00-00_host/events.out.tfevents.1.host.1.0", "checkpoint-500/optimizer.pt",
    "checkpoint-500/onnx/model_int8.onnx", "checkpoint-500/pytorch_model.bin", "checkpoint-500/model.safetensors",
    "eval/similarity_evaluation_sts-dev_results.csv", "trainer_state.json", "checkpoint-500/modules.json",
]  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_leftovers_of_training_change_nothing(name: str) -> None:
    files = FAMILIES[name]
    before = evidence_of(files)
    assert evidence_of(files | dict.fromkeys(LEFTOVERS, b"")) == before
    # An earlier state of the model is a whole folder.
    state = {f"checkpoint-1000/{path}": data for path, data in FAMILIES["XLM-R"].items()}
    assert evidence_of(state | files) == before


def pairs(names: set[str]) -> list[tuple[str, str]]:
    return [(one, other) for one in names for other in names if one < other]


def test_file_that_a_folder_lacks_is_unknown_and_one_that_the_hub_lacks_is_none(
    family: Callable[[str], Model],
) -> None:
    model = family("BERT")
    (entry,) = entries_of(source_of(model.text))
    for complete, state in ((False, UNKNOWN), (True, DIFFERS)):
        snapshot = replace(partial(model, {*model.snapshot.names} - {"tokenizer.json"}), complete=complete)
        found = verify_snapshot(entry, snapshot, snapshot.sums, DATE)
        assert [one.state for one in found.verdicts if one.path == "files.tokenizer"] == [state]


def test_files_of_an_unknown_commit_prove_no_absence_at_the_pinned_one(family: Callable[[str], Model]) -> None:
    model = family("BERT")
    part = partial(model, {*model.snapshot.names} - {"tokenizer.json"})
    for pin, commit, state in ((COMMIT, None, UNKNOWN), (None, None, DIFFERS), (COMMIT, COMMIT, DIFFERS)):
        (entry,) = entries_of(source_of(registry_of(pinned(model, pin))))
        snapshot = replace(part, complete=True, revision=commit)
        result = verify_snapshot(entry, snapshot, snapshot.sums, DATE)
        assert [one.state for one in result.verdicts if one.path == "files.tokenizer"] == [state]


def test_exports_in_a_folder_that_may_be_of_a_later_commit_prove_no_format() -> None:
    files = MINILM | {"onnx/model_int8.onnx": b"", "onnx/model_fp16.onnx": b""}
    contents = {name: content(value) for name, value in files.items()}
    found = [extract_facts(files.keys(), contents, complete=complete).facts for complete in (True, False)]
    assert [facts["capabilities.quantization"].value for facts in found] == [["fp32", "fp16", "int8"], ["fp32"]]


def test_name_of_the_wrong_kind_is_wrong_in_every_folder(family: Callable[[str], Model]) -> None:
    model = family("BERT")
    snapshot = partial(model, {"config.json", "modules.json"})
    for path, wrong_name in (("files.tokenizer", "config.json"), ("files.config", "tokenizer_config.json")):
        (entry,) = entries_of(source_of(planted(model.text, {path: wrong_name})))
        result = verify_snapshot(entry, snapshot, snapshot.sums, DATE)
        assert [*differing(result)] == [path]


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """An entry with these values alone, by path."""
    entry: dict[str, Any] = {}
    for path, value in values.items():
        *sections, key = path.split(".")
        inner = entry
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[key] = value
    return entry


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main(["verify", "--file", "models.json", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)["models"][0]["facts"]


@pytest.fixture(params=["minilm", "splade"])
def served(request: pytest.FixtureRequest, hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A real model on the hub, and in the current folder a registry with its entry, pinned."""
    folder = shutil.copytree(request.getfixturevalue(request.param), tmp_path / "model")
    if request.param == "minilm":
        (folder / "README.md").write_text(MINILM_CARD)
    model = model_of(folder, hub.add("org/model", folder))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return model


def test_wrong_facts_of_real_models_are_found_by_the_command_and_mended(
    served: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    registry, facts = Path("models.json"), served.evidence.facts
    registry.write_text(served.text, "utf-8")
    code, found = run(capsys)
    assert (code, [fact for fact in found if fact["state"] == DIFFERS]) == (0, [])
    assert len([fact for fact in found if fact["state"] == AGREES]) == len(facts) - (DIMS in facts)
    assert run(capsys, "--offline") == (0, found)
    for path in facts.keys() - {DIMS}:
        for plant in plants(path, served.tree):
            registry.write_text(planted(served.text, plant), "utf-8")
            expected = [each for each in facts if each in plant and plant[each] is not REMOVED]
            code, found = run(capsys)
            assert (code, [fact["path"] for fact in found if fact["state"] == DIFFERS]) == (1, expected)
            assert run(capsys, "--offline") == (1, found)
            doubted = any(facts[each].doubtful for each in expected)
            assert run(capsys, "--offline", "--fix") == (int(doubted), found)
            if not doubted:
                assert registry.read_text("utf-8") == served.text


class Registry(NamedTuple):
    """The shipped entry of all-MiniLM-L6-v2 against its real files, its card, and the repository of its variant."""

    entry: dict[str, Any]
    snapshot: Snapshot
    result: Result


@pytest.fixture
def all_minilm(minilm: Path, hub: LoopbackHub) -> Registry:  # noqa: F811
    models = json.loads(SHIPPED.read_text("utf-8"))["models"]
    entry = next(model for model in models if model["id"] == "all-minilm-l6-v2")
    files = {path.relative_to(minilm).as_posix(): path for path in minilm.rglob("*") if path.is_file()}
    # The commit that is pinned cannot be made here.
    entry["revision"] = hub.add(entry["huggingface_id"], files | {"README.md": MINILM_CARD})
    (variant,) = entry["variants"]
    hub.add(variant["huggingface_id"], {"config.json": {}, "model.onnx": b"of the variant"})
    with Hub() as client:
        snapshot = client.snapshot(entry["huggingface_id"], entry["revision"])
        (result,), complete = verify(
            entries_of(source_of(registry_of(entry))),
            lambda repository, revision, alone: (client.info if alone else client.snapshot)(repository, revision),
            date=DATE,
        )
    assert (complete, result.error, result.notes) == (True, None, ())
    return Registry(entry, snapshot, result)


def test_shipped_entry_of_all_minilm_is_what_the_files_say(all_minilm: Registry) -> None:
    assert states(all_minilm.result) == {
        AGREES: [
            "type",
            "architecture.type",
            "architecture.layers",
            "architecture.intermediate_dim",
            "architecture.attention_heads",
            "architecture.has_projection",
            "specs.parameters",
            "specs.embedding_dim",
            "specs.hidden_dim",
            "specs.context_length",
            "specs.max_position_embeddings",
            "specs.vocab_size",
            "specs.parameter_count",
            "capabilities.languages",
            "capabilities.modalities",
            "capabilities.multi_vector",
            "capabilities.quantization",
            "license",
            "encoding.pooling",
            "encoding.normalize",
            "encoding.query_length",
            "encoding.document_length",
            "variants",
            "dependencies.remote_code",
        ],
        DIFFERS: [],
        # The library wrote neither when it saved the model, and the card names no base model.
        UNKNOWN: [
            "encoding.similarity",
            "encoding.query_prefix",
            "encoding.document_prefix",
            "dependencies.base_model",
        ],
        CLAIMED: [
            "name",
            "organization",
            "release_date",
            "architecture.variant",
            "performance.beir_avg",
            "performance.ms_marco_mrr10",
            "performance.scores",
            "description",
        ],
    }


# What the formula of the number of parameters needs, beside widths and tables: an entry may leave it out.
MORE_OF_THE_NETWORK = {f"architecture.{name}" for name in ("layers", "intermediate_dim", "attention_heads")}
MORE_OF_THE_NETWORK |= {"specs.parameter_count"}


def test_draft_of_all_minilm_is_the_shipped_entry_but_for_publications(all_minilm: Registry) -> None:
    entry = all_minilm.entry
    made, evidence = draft(all_minilm.snapshot)
    assert made["id"] == entry["id"]
    ours, theirs = dict(stated(entry)), dict(stated(made))
    # The quantized exports are of a later commit.
    assert set(theirs["capabilities.quantization"]) < set(ours.pop("capabilities.quantization"))
    del theirs["capabilities.quantization"]
    assert {path: value for path, value in theirs.items() if path in ours} == {
        path: value for path, value in ours.items() if path in theirs
    }
    found = states(all_minilm.result)
    assert ours.keys() - theirs.keys() == {*found[CLAIMED], *found[UNKNOWN], "variants"} - {"name"}
    assert theirs.keys() - ours.keys() - MORE_OF_THE_NETWORK == {
        "files.tokenizer",
        "files.config",
        "files.weights.safetensors",
    }
    assert evidence.problems == []


def test_real_files_say_what_those_of_the_table_say(all_minilm: Registry) -> None:
    assert draft(all_minilm.snapshot)[1].facts == evidence_of(MINILM).facts


LAYER = {"in_features": 8, "out_features": 4}
# Files by their sums; None where only the name is known. Those of `org/there` are of another repository.
SUMS = {"config.json": "a" * 64, "model.onnx": "b" * 64, "vocab.txt": None, "org/there:model.onnx": "c" * 64}
OWN = {"id": "own", "quantization": "fp32", "file": "model.onnx", "sha256": "b" * 64}
THERE = {"id": "there", "quantization": "fp32", "huggingface_id": "org/there", "file": "model.onnx"}
AWAY = THERE | {"id": "away", "huggingface_id": "org/away"}
LISTS: dict[str, tuple[str, Any, dict[str, str | None], tuple[Any, ...]]] = {
    "sums that are right": ("files.sha256", {"config.json": "a" * 64}, SUMS, (AGREES,)),
    "a sum that is wrong": (
        "files.sha256",
        {"vocab.txt": "a" * 64, "config.json": "0" * 64},
        SUMS,
        (DIFFERS, "a" * 64, "config.json", "sha256", ""),
    ),
    "a sum of no file": ("files.sha256", {"x": "a" * 64}, SUMS, (DIFFERS, None, "x", "", "there is no such file")),
    "a sum that nobody knows": ("files.sha256", {"config.json": "a" * 64, "vocab.txt": "a" * 64}, SUMS, (UNKNOWN,)),
    "sums without files": ("files.sha256", {"config.json": "a" * 64}, {}, (UNKNOWN,)),
    "variants that are there": ("variants", [OWN, THERE], SUMS, (AGREES,)),
    "a variant that is another": (
        "variants",
        [OWN | {"sha256": "0" * 64}, THERE],
        SUMS,
        (DIFFERS, "b" * 64, "model.onnx", "sha256", ""),
    ),
    "a variant that is not there": (
        "variants",
        [OWN, THERE | {"file": "x.onnx"}],
        SUMS,
        (DIFFERS, None, "org/there:x.onnx", "", "there is no such file"),
    ),
    "a variant in a repository that was not read": ("variants", [AWAY, OWN], SUMS, (UNKNOWN,)),
    "a wrong variant after it": (
        "variants",
        [AWAY, OWN | {"file": "x.onnx"}],
        SUMS,
        (DIFFERS, None, "x.onnx", "", "there is no such file"),
    ),
    "a variant that names no file": ("variants", [{"id": "own", "quantization": "int8"}], SUMS, (UNKNOWN,)),
    "a file that is not of the kind": (
        "files.weights.onnx",
        "config.json",
        SUMS,
        (DIFFERS, None, "config.json", "", "it is a different file"),
    ),
    "another tokenizer than the usual one": ("files.tokenizer", "vocab.txt", SUMS, (AGREES, "vocab.txt", "vocab.txt")),
}


@pytest.mark.parametrize(("path", "ours", "sums", "expected"), LISTS.values(), ids=LISTS)
def test_files_are_compared_with_those_that_there_are(
    path: str, ours: Any, sums: dict[str, str | None], expected: tuple[Any, ...]
) -> None:
    (verdict,) = compare(nested({path: ours}), {}, sums)
    found = (verdict.state, verdict.theirs, verdict.file, verdict.key, verdict.note)
    assert found[: len(expected)] == expected


@pytest.mark.parametrize(("ours", "state"), [(["fp32"], UNKNOWN), (["bf16", "fp32"], AGREES)])
def test_hint_can_agree_and_contradicts_nothing(ours: list[str], state: str) -> None:
    path = "capabilities.quantization"
    fact = FileFact(["bf16"], "config.json", "torch_dtype", "at least these", hint=True)
    expected = [Verdict(path, state, ours, ["bf16"], "config.json", "torch_dtype", "at least these")]
    assert compare(nested({path: ours}), {path: fact}, {}) == expected
    # A lock keeps that it is a hint.
    lock = write_lock({"model": LockEntry("org/model", COMMIT, DATE, {"config.json": LockedFile(None)}, {path: fact})})
    assert read_lock(lock.encode(), "models.lock.json")[0]["model"].facts == {path: fact}


TWO = {"config.json": "a" * 64, "model.onnx": "b" * 64}


@pytest.mark.parametrize(
    ("sums", "expected"),
    [
        (TWO, (AGREES, None, "", "", "")),
        ({"config.json": "a" * 64}, (AGREES, None, "", "", golden("1 of 2 files, the others are not here"))),
        ({"vocab.txt": "a" * 64}, (UNKNOWN, None, "", "", "")),
        ({"config.json": "a" * 64, "model.onnx": None}, (UNKNOWN, None, "", "", "")),
        (
            TWO | {"model.onnx": "0" * 64},
            (UNKNOWN, "0" * 64, "model.onnx", "sha256", golden("a copy with other bytes")),
        ),
    ],
)
def test_copy_that_was_saved_again_is_no_error_of_the_entry(
    sums: dict[str, str | None], expected: tuple[Any, ...]
) -> None:
    (verdict,) = compare(nested({"files.sha256": TWO}), {}, sums, complete=False, copies=set(sums))
    assert (verdict.state, verdict.theirs, verdict.file, verdict.key, verdict.note) == expected


def test_longest_input_differs_only_if_tokens_have_no_position() -> None:
    """The numbers are those of a tokenizer that was saved again, as copies of text2vec-base-chinese have it."""
    own = {"sentence_bert_config.json": {"max_seq_length": 100}, "tokenizer_config.json": {"model_max_length": 128}}
    bound, rotary = evidence_of(MINILM | own).facts, evidence_of(FAMILIES["ModernBERT"]).facts
    lower = golden("max_position_embeddings in config.json allows 512")
    expected: list[tuple[dict[str, FileFact], int, tuple[Any, ...]]] = [
        (
            bound,
            128,
            (AGREES, 128, "tokenizer_config.json", golden("max_position_embeddings in config.json allows 512")),
        ),
        (bound, 512, (UNKNOWN, 128, "tokenizer_config.json", lower)),
        (bound, 513, (DIFFERS, 512, "config.json", "")),
        (rotary, 100_000, (UNKNOWN, rotary[CONTEXT].value, rotary[CONTEXT].file)),
        ({}, 512, (UNKNOWN, None, "", "")),
    ]
    for facts, ours, verdict in expected:
        (found,) = compare(nested({CONTEXT: ours}), facts, {})
        assert (found.state, found.theirs, found.file, found.note)[: len(verdict)] == verdict
    # The default truncation is no longest input.
    assert bound["encoding.document_length"].value == 100
    (found,) = compare(nested({CONTEXT: 100}), bound, {})
    assert found.state == UNKNOWN


def test_variant_in_a_repository_that_is_not_shown_is_unknown() -> None:
    """The hub answers alike for a repository that does not exist and for one that is hidden."""

    def read(repository: str, revision: str | None, alone: bool) -> Snapshot:
        if alone:
            raise (NotFoundError if repository == "org/gone" else AccessError)(f"{repository} cannot be read")
        files = {"config.json": b'{"model_type": "bert"}'}
        return Snapshot("org/model", None, None, None, (*files,), {}, {"config.json": None}, {}, files)

    entry, _ = entry_of(Snapshot("org/model", None, None, None, (), {}, {}, {}))
    states_of = {}
    for name in ("org/gone", "org/closed"):
        text = registry_of(entry | {"variants": [THERE | {"huggingface_id": name}]})
        (result,), _ = verify(entries_of(source_of(text)), read, date=DATE)
        assert result.notes[0] == golden(f"{name} cannot be read")
        states_of[name] = [verdict.state for verdict in result.verdicts if verdict.path == "variants"]
        assert from_kept(text, kept(result)).verdicts == result.verdicts
    assert states_of == {"org/gone": [UNKNOWN], "org/closed": [UNKNOWN]}


SAME: list[tuple[str, Any, Any]] = [
    ("type", "unified", "dense"),
    ("specs.parameters", "23M", 22_713_216),
    ("capabilities.languages", ["en", "de"], ["de", "en"]),
    ("capabilities.modalities", ["image", "text"], ["text", "image"]),
    ("capabilities.quantization", ["int8", "fp32"], ["fp32"]),
    ("license", "cc-by-nc-4.0", "CC-BY-NC-4.0"),
    ("encoding.dense_layers", [LAYER], [LAYER | {"activation": "Tanh"}]),
    ("encoding.dense_layers", [LAYER | {"activation": "Tanh"}], [LAYER]),
]
OTHER: list[tuple[str, Any, Any]] = [
    ("specs.parameters", "22.8M", 22_713_216),
    ("architecture.type", "BERT", "bert"),
    ("capabilities.multi_vector", 1, True),
    ("specs.embedding_dim", 384.0, 384),
    ("encoding.query_prefix", "query:", "query: "),
    ("encoding.dense_layers", [LAYER | {"activation": "ReLU"}], [LAYER | {"activation": "Tanh"}]),
    ("architecture.matryoshka_dims", [64, 128], [128, 64]),
]


@pytest.mark.parametrize(
    ("path", "ours", "theirs", "state"), [(*one, AGREES) for one in SAME] + [(*one, DIFFERS) for one in OTHER]
)
def test_meanings_are_compared_where_words_are_others(path: str, ours: Any, theirs: Any, state: str) -> None:
    fact = FileFact(theirs, "config.json", "key", "a note")
    assert compare(nested({path: ours}), {path: fact}, {}) == [
        Verdict(path, state, ours, theirs, "config.json", "key", "a note")
    ]


def test_type_of_a_word_that_files_cannot_show_is_unknown() -> None:
    (verdict,) = compare({"type": "time-series"}, {"type": FileFact("dense", "config.json", "key")}, {})
    assert verdict == Verdict("type", UNKNOWN, "time-series")


def test_draft_says_that_there_is_none_only_where_the_registry_demands_it(family: Callable[[str], Model]) -> None:
    made, _ = draft(family("T5").snapshot)
    assert made["specs"]["max_position_embeddings"] is None
    assert made["sources"]["specs.max_position_embeddings"] == golden("org/model @aaaaaaa config.json (model_type)")
    made, _ = draft(replace(family("BERT").snapshot, revision="a" * 40))
    shape = {"layers": 6, "intermediate_dim": 1536, "attention_heads": 12}
    assert made["architecture"] == {"type": "bert", **shape, "has_projection": False}
    assert DIMS not in made["sources"]
    assert (made["revision"], made["sources"]["license"]) == (
        "a" * 40,
        golden("org/model @aaaaaaa README.md (license)"),
    )


IDS = {
    "all-MiniLM-L6-v2": "all-minilm-l6-v2",
    "gte-Qwen2-1.5B-instruct": "gte-qwen2-1.5b-instruct",
    "opensearch-neural-sparse-encoding-v1": "opensearch-neural-sparse-encoding-v1",
    "Splade_PP_en_v1": "splade-pp-en-v1",
    "ms-marco..MiniLM--L6.": "ms-marco-minilm-l6",
    "2B_model": "model-2b-model",
    "_": "model",
}


@pytest.mark.parametrize(("name", "id"), IDS.items())
def test_id_is_the_name_of_the_repository_as_ids_are_written(name: str, id: str) -> None:
    assert proposed_id(name) == id
    kind = FIELDS[BY_ATTRIBUTE["id"]].type
    assert kind.read(id, FindingCollector()) == id


COMMIT, OTHER_COMMIT = "a" * 40, "b" * 40
NOTES = {
    "a folder": (COMMIT, None, [golden("the files of a folder were read: commit unknown")]),
    "no pin": (None, COMMIT, [golden(f"the entry has no `revision`: the files of {COMMIT} were read")]),
    "another commit": (
        COMMIT,
        OTHER_COMMIT,
        [golden(f"the entry pins {COMMIT}, and the files of {OTHER_COMMIT} were read")],
    ),
    "the pinned commit": (COMMIT, COMMIT, []),
}


@pytest.mark.parametrize(("pin", "commit", "expected"), NOTES.values(), ids=NOTES)
def test_commit_that_was_read_is_told_if_it_is_not_the_pinned_one(
    pin: str | None, commit: str | None, expected: list[str], family: Callable[[str], Model]
) -> None:
    model = family("BERT")
    (entry,) = entries_of(source_of(registry_of(pinned(model, pin))))
    assert [*verify_snapshot(entry, replace(model.snapshot, revision=commit), {}, DATE).notes] == expected


# What stands in the registry, what the files say, and what is to stand there.
RIGHT: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "formats that files do not show stay": (
        {"capabilities.quantization": ["int8"]},
        {"capabilities.quantization": ["fp32"]},
        {"capabilities.quantization": ["fp32", "int8"]},
    ),
    "an activation that files do not show stays": (
        {"encoding.dense_layers": [{"in_features": 8, "out_features": 4, "activation": "Tanh"}]},
        {"encoding.dense_layers": [{"in_features": 16, "out_features": 4}]},
        {"encoding.dense_layers": [{"in_features": 16, "out_features": 4, "activation": "Tanh"}]},
    ),
    "other layers are written as the files have them": (
        {"encoding.dense_layers": [{"in_features": 8, "out_features": 4, "activation": "Tanh"}] * 2},
        {"encoding.dense_layers": [{"in_features": 16, "out_features": 4}]},
        {"encoding.dense_layers": [{"in_features": 16, "out_features": 4}]},
    ),
    "a projection comes with its width": ({HAS: False}, {HAS: True, DIMS: 4}, {HAS: True, DIMS: 4}),
    "a projection that is none goes with its width": (
        {HAS: True, DIMS: 4},
        {HAS: False, DIMS: None},
        {HAS: False, DIMS: REMOVED},
    ),
    "widths come with Matryoshka": ({CUT: False}, {CUT: True, WIDTHS: [4, 8]}, {CUT: True, WIDTHS: [4, 8]}),
    "no positions are null": (
        {"specs.max_position_embeddings": 512},
        {"specs.max_position_embeddings": None},
        {"specs.max_position_embeddings": None},
    ),
}


@pytest.mark.parametrize(("ours", "theirs", "right"), RIGHT.values(), ids=RIGHT)
def test_correction_keeps_what_files_do_not_say(
    ours: dict[str, Any], theirs: dict[str, Any], right: dict[str, Any]
) -> None:
    entry = {"id": "model", "huggingface_id": "org/model"} | nested(ours)
    facts = {path: FileFact(value, "config.json", "key") for path, value in theirs.items()}
    text = registry_of(entry)
    lock = write_lock(
        {"model": LockEntry("org/model", None, DATE, {"config.json": LockedFile(None, read=COPY)}, facts)}
    )
    result = from_kept(text, lock.encode())
    assert {".".join(map(str, change.path[2:])): change.value for change in corrections(result)} == right


def test_every_fact_is_said_by_files_of_a_family_or_claimed() -> None:
    said = {path for files in FAMILIES.values() for path in evidence_of(files).facts}
    everything = {field.name for field in FIELDS if field.origin != "identity"}
    judged = compare(nested({path: [] for path in everything}), {}, {})
    claimed = {verdict.path for verdict in judged if verdict.state == CLAIMED}
    assert said & claimed == set()
    assert everything - said - claimed == {"variants", "files.sha256", "files.query_weights"}


def test_table_of_facts_by_family_is_current() -> None:
    """Refresh it with: python -m pytest --update-golden tests/hub/test_planted.py."""
    page, count = TABLE.subn(lambda _: facts_by_family(), PAGE.read_text("utf-8"))
    assert (page, count) == (golden_file(PAGE), 1)


@pytest.mark.parametrize(
    ("name", "state"),
    [("idf.json", AGREES), ("3_Weights/model.safetensors", AGREES), ("gone.json", DIFFERS), ("config.json", DIFFERS)],
)
def test_weights_of_queries_are_compared_with_the_list_of_files(name: str, state: str) -> None:
    there = dict.fromkeys(["idf.json", "3_Weights/model.safetensors", "config.json"])
    (verdict,) = compare({"files": {"query_weights": name}}, {}, there)
    assert (verdict.path, verdict.state) == ("files.query_weights", state)


@pytest.mark.parametrize(
    ("task", "state"), [("retrieval.query", AGREES), ("separation", AGREES), ("retrieval.qery", DIFFERS)]
)
def test_task_is_any_of_those_that_the_files_name(task: str, state: str) -> None:
    facts = evidence_of(FAMILIES["XLM-R with adapters"]).facts
    (verdict,) = compare({"encoding": {"query_task": task}}, facts, {})
    assert verdict.state == state
