"""`Registry`: a registry as a value."""

import copy
import json
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from generated import run_python
from golden import golden
from strategies import plain_model as full_model
from strategies import registry_of

import hypiler
from hypiler.model_files.facts import FileFact
from hypiler.model_registry import MODEL_REGISTRY
from hypiler.project.shipped import shipped_files
from hypiler.registry import Origin, Registry, RuleSettings, UnknownModelError
from hypiler.verification.lockfile import LockedFile, LockEntry, write_lock


def plain_model(**changes: Any) -> dict[str, Any]:
    """A model with every field, but no alias that two of them would share, and nothing deprecated."""
    model = full_model(**({"aliases": []} | changes))
    return {key: value for key, value in model.items() if key != "deprecated"}


def written(path: Path, *models: dict[str, Any], version: str = "1.0") -> Path:
    path.write_text(json.dumps(registry_of(*models) | {"version": version}, indent=1))
    return path


@pytest.fixture
def two(tmp_path: Path) -> Registry:
    first = plain_model(id="model-a", huggingface_id="org/Model-A", name="The A", aliases=["a"])
    second = plain_model(id="model-b", huggingface_id="org/Model-B", name="The B")
    return Registry.load(written(tmp_path / "models.json", first, second, version="2.1"))


@pytest.mark.parametrize("name", ["old", "very-old", "org/old"])
def test_a_deprecated_model_warns_where_it_is_asked_for(tmp_path: Path, name: str) -> None:
    old = full_model(id="old", aliases=["very-old"], huggingface_id="org/old", deprecated="use `new`")
    registry = Registry.load(written(tmp_path / "models.json", plain_model(id="new"), old))
    program = f"registry[{name!r}]\nregistry.get({name!r})\nregistry.origin({name!r}, 'deprecated')\n"
    program += f"[*registry]; registry['new']; registry.get('nothing'); {name!r} in registry; registry.models\n"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(program, "program.py", "exec"), {"registry": registry})
    text = "'old' is deprecated: use `new`"
    assert [(w.filename, w.lineno, str(w.message), w.category) for w in caught] == [
        ("program.py", line, text, DeprecationWarning) for line in (1, 2)
    ]


@pytest.mark.parametrize("name", ["old", "older"])
def test_a_former_id_finds_the_model_and_warns(tmp_path: Path, name: str) -> None:
    registry = Registry.load(written(tmp_path / "models.json", plain_model(id="new", former_ids=["old", "older"])))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert registry[name] is registry["new"] is registry.models[0]
        assert name in registry
    text = f"{name!r} is a former id of 'new': use the new one"
    assert [(str(w.message), w.filename) for w in caught] == [(text, __file__)]


def test_a_former_id_is_no_other_models_id(tmp_path: Path) -> None:
    models = [plain_model(id="old", huggingface_id="org/x"), plain_model(id="new", former_ids=["old"])]
    registry = Registry.load(written(tmp_path / "models.json", *models))
    assert [f.message for f in registry.findings if f.severity == "error"] == [
        f"former id `old` is already used at `{tmp_path / 'models.json'} $.models[0]`"
    ]


def test_it_is_a_collection_of_models_in_file_order(two: Registry) -> None:
    assert (len(two), two.ids, two.version, two.ok) == (2, ("model-a", "model-b"), "2.1", True)
    assert [model.id for model in two] == ["model-a", "model-b"]
    assert "model-a" in two
    assert "model-c" not in two


def test_lookup_is_by_id_alias_and_repository(two: Registry) -> None:
    assert two["model-a"] is two["a"] is two["org/Model-A"] is two.get("a")
    assert two.get("model-c") is None


def test_a_repository_that_two_models_share_finds_the_first(tmp_path: Path) -> None:
    models = [plain_model(id=id, huggingface_id="org/same") for id in ("model-a", "model-b")]
    assert Registry.load(written(tmp_path / "models.json", *models))["org/same"].id == "model-a"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("model-aa", golden("; did you mean 'model-a'?")),
        ("ORG/model-b", golden("; did you mean 'model-b'?")),
        ("the b", golden("; did you mean 'model-b'?")),
        ("org/Modle-B", golden("; did you mean 'org/Model-B'?")),
        ("zzz", ""),
    ],
)
def test_the_error_names_the_registry_that_was_searched(two: Registry, tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(KeyError) as caught:
        two[name]
    assert str(caught.value) == golden(f"no model {name!r} in {tmp_path / 'models.json'}{hint}")
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), UnknownModelError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_origin_says_where_a_fact_stands_and_where_it_was_read(tmp_path: Path) -> None:
    model = plain_model(id="model-a", sources={"specs": "the card", "specs.embedding_dim": "config.json"})
    path = written(tmp_path / "models.json", model)
    registry = Registry.load(path)
    lines = path.read_text().split("\n")

    def place(text: str) -> tuple[int, int]:
        line, *_ = [number for number, line in enumerate(lines, 1) if text in line]
        return line, lines[line - 1].index(": ") + 3

    for fact, text, source in (
        ("specs.embedding_dim", '"embedding_dim":', "config.json"),
        ("specs.hidden_dim", '"hidden_dim":', "the card"),
        ("license", '"license":', None),
    ):
        origin = registry.origin("model-a", fact)
        assert origin == Origin("project", str(path), *place(text), source), fact
    assert registry.origin("model-a", "deprecated") is None


def test_origin_of_what_no_field_has_is_an_error(two: Registry) -> None:
    with pytest.raises(ValueError) as caught:
        two.origin("model-a", "specs.embeding_dim")
    assert str(caught.value) == golden(
        "no field has the path `specs.embeding_dim`; did you mean `specs.embedding_dim`?"
    )
    with pytest.raises(UnknownModelError):
        two.origin("model-c", "license")


PARTS = plain_model(
    id="model-a",
    aliases=["a"],
    capabilities__languages=["en", "de"],
    extra={"sizes": [7, 8], "note": "x"},
    variants=[{"id": "v", "quantization": "int8"}, {"id": "w", "quantization": "int8", "file": "w.onnx"}],
    sources={"variants[1].file": "the list", "variants": "the card", "specs": "s", "extra.note": "n"},
)


@pytest.mark.parametrize(
    ("path", "text", "source"),
    [
        ("capabilities.languages", "[", None),
        ("capabilities.languages[1]", '"de"', None),
        ("capabilities.languages.1", '"de"', None),
        ("variants[0]", "{", "the card"),
        ("variants[1].file", '"w.onnx"', "the list"),
        ("variants.1.file", '"w.onnx"', "the list"),
        ("variants[1].id", '"w"', "the card"),
        ("extra.note", '"x"', "n"),
        ("extra.sizes[1]", "8", None),
        ("sources.specs", '"s"', None),
        ("sources.variants[1].file", '"the list"', None),
        ("specs", "{", "s"),
    ],
)
def test_origin_is_also_of_sections_and_of_parts_of_a_field(
    tmp_path: Path, path: str, text: str, source: str | None
) -> None:
    file = written(tmp_path / "models.json", PARTS)
    origin = Registry.load(file).origin("model-a", path)
    assert origin is not None
    assert file.read_text().splitlines()[origin.line - 1][origin.column - 1 :].startswith(text)
    assert origin.source == source


@pytest.mark.parametrize(
    "path", ["variants[2].file", "variants[0].file", "extra.other", "extra.sizes[9]", "sources.license", "deprecated"]
)
def test_origin_of_what_the_model_does_not_state_is_none(tmp_path: Path, path: str) -> None:
    assert Registry.load(written(tmp_path / "models.json", PARTS)).origin("model-a", path) is None


@pytest.mark.parametrize(
    "path",
    ["variants[0].files", "variants.v", "variants[0]x", "specs.embedding_dim[0]", "license.name", "specs.", "extra."],
)
def test_origin_of_a_part_that_no_value_has_is_an_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="no field has the path"):
        Registry.load(written(tmp_path / "models.json", PARTS)).origin("model-a", path)


def test_a_mistyped_repository_gets_the_one_that_was_meant(two: Registry) -> None:
    with pytest.raises(UnknownModelError) as caught:
        two["org/Model-BB"]
    assert caught.value.suggestion == "org/Model-B"
    # An owner that is the same makes no two repositories alike.
    assert two.suggest("org/zzzzzz") is None
    assert two.suggest("somebody/model-b") == "org/Model-B"


@pytest.mark.parametrize("name", ["model-a", "a", "org/a"])
def test_a_registry_with_errors_has_origins_by_every_name_and_says_why_it_has_no_model(
    tmp_path: Path, name: str
) -> None:
    wrong = plain_model(id="model-a", aliases=["a"], huggingface_id="org/a", specs__vocab_size=0)
    path = written(tmp_path / "models.json", wrong)
    registry = Registry.load(path)
    assert registry.origin(name, "specs.vocab_size") is not None
    with pytest.raises(UnknownModelError) as caught:
        registry[name]
    assert str(caught.value) == f"no model {name!r} in {path}, which has errors"


def test_a_registry_shows_what_it_holds(two: Registry, tmp_path: Path) -> None:
    assert repr(two) == f"<Registry {tmp_path / 'models.json'}: 2 models, no findings>"
    path = written(tmp_path / "models.json", plain_model(specs__vocab_size=0))
    assert repr(Registry.load(path)) == f"<Registry {path}: 0 models, 1 finding>"


def test_a_finding_is_one_line_of_text(tmp_path: Path) -> None:
    path = written(tmp_path / "models.json", plain_model(specs__vocab_size=0))
    (finding,) = Registry.load(path).findings
    assert str(finding) == (
        f"{path}:{finding.line}:{finding.column}: error[M106]: `specs.vocab_size` must be at least 1, got 0"
    )


def test_one_string_is_no_list_of_rules() -> None:
    with pytest.raises(TypeError, match="ignore must be a list of codes, prefixes or names of rules, got one string"):
        RuleSettings(ignore="M213")


@pytest.mark.parametrize(("target", "path"), [("module", "x"), ("docs", "a.txt"), ("schema", "")])
def test_a_target_has_its_own_suffix(two: Registry, target: str, path: str) -> None:
    with pytest.raises(ValueError, match=rf"the path of `{target}` must end in "):
        two.emit(target, path)


def test_a_registry_with_an_error_has_findings_origins_and_no_models(tmp_path: Path) -> None:
    wrong = plain_model(id="model-a")
    wrong["specs"]["vocab_size"] = 0
    registry = Registry.load(written(tmp_path / "models.json", wrong, plain_model(id="model-b")))
    (finding,) = registry.findings
    assert (finding.code, registry.ok, registry.models, registry.sha256) == ("M106", False, (), "")
    origin = registry.origin("model-a", "specs.vocab_size")
    assert origin is not None
    assert (origin.line, origin.column) == (finding.line, finding.column)
    assert str(registry.line(finding)).strip().startswith('"vocab_size": 0')


def test_several_files_are_one_registry_and_keep_their_origins(tmp_path: Path) -> None:
    first = written(tmp_path / "a.json", plain_model(id="model-a"))
    second = written(tmp_path / "b.json", plain_model(id="model-b"))
    registry = Registry.load(first, second)
    assert registry.ids == ("model-a", "model-b")
    origin = registry.origin("model-b")
    assert origin is not None
    assert origin.file == str(second)


def test_a_finding_of_the_lock_has_a_place_and_its_line(tmp_path: Path) -> None:
    written(tmp_path / "models.json", plain_model(id="model-a"))
    (tmp_path / "models.lock.json").write_text('{\n  "version": 1,\n  "version": 2\n}\n')
    registry = Registry.load(tmp_path / "models.json")
    (finding,) = registry.findings
    assert (finding.code, finding.file, finding.line) == ("M004", str(tmp_path / "models.lock.json"), 3)
    assert registry.line(finding) == '  "version": 2'
    assert (registry.ok, registry.models, registry.sha256) == (False, (), "")


def test_the_lock_beside_the_first_file_says_what_was_verified(tmp_path: Path) -> None:
    model = plain_model(id="model-a", huggingface_id="org/a", revision="a" * 40)
    del model["files"], model["variants"]
    path = written(tmp_path / "models.json", model)
    facts = {"specs.embedding_dim": FileFact(model["specs"]["embedding_dim"], "config.json", "hidden_size")}
    files = {"config.json": LockedFile("b" * 64)}
    text = write_lock({"model-a": LockEntry("org/a", "a" * 40, "2026-01-31", files, facts, complete=False)})
    (tmp_path / "models.lock.json").write_text(text)
    (tmp_path / "other.json").write_text(text)
    assert Registry.load(path)["model-a"].verified_revision == "a" * 40
    assert Registry.load(path, lock=False)["model-a"].verified_revision is None
    assert Registry.load(path, lock=tmp_path / "other.json")["model-a"].verified_revision == "a" * 40


def test_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name at least one file"):
        Registry.load()
    with pytest.raises(FileNotFoundError, match="cannot read"):
        Registry.load(tmp_path / "models.json")


def test_the_shipped_registry_has_the_models_of_the_shipped_module() -> None:
    registry = Registry.shipped()
    assert registry.ids == tuple(model.id for model in MODEL_REGISTRY)
    for model, record in zip(registry, MODEL_REGISTRY, strict=True):
        assert (model.dimensions, model.space_id, model.query_space_id) == (
            record.dimensions,
            record.space_id,
            record.query_space_id,
        )
        assert (model.verified_revision, model.verified_facts, model.claimed_facts) == (
            record.verified_revision,
            record.verified_facts,
            record.claimed_facts,
        )
    origin = registry.origin("bge-m3")
    assert origin is not None
    assert origin.layer == "hypiler"


def test_the_shipped_registry_is_read_from_a_zip_archive(tmp_path: Path) -> None:
    source = Path(hypiler.__file__).parent
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        for path in source.rglob("*.py"):
            archive.write(path, path.relative_to(source.parent))
        for name in shipped_files(hosted=True)[0]:
            archive.write(name, f"hypiler/registry/{Path(name).name}")
    (tmp_path / "empty").mkdir()
    code = "from hypiler import Registry; registry = Registry.shipped(hosted=True); print(registry, *registry.ids)"
    place = {"PYTHONPATH": str(tmp_path / "app.zip"), "TMPDIR": str(tmp_path / "empty")}
    told = run_python(code, cwd=tmp_path, **place)
    both = Registry.shipped(hosted=True)
    assert (told.stderr, told.stdout.split()) == ("", [*repr(both).split(), *both.ids])
    assert [*(tmp_path / "empty").iterdir()] == []


def test_a_model_is_immutable_hashable_and_can_be_copied(two: Registry) -> None:
    model = two["model-a"]
    with pytest.raises(AttributeError):
        model.embedding_dim = 1
    assert pickle.loads(pickle.dumps(model)) == model == copy.deepcopy(model)
    assert {model: 1}[two["a"]] == 1
    assert model != two["model-b"]


def test_a_width_that_a_model_does_not_have_is_refused(two: Registry) -> None:
    model = two["model-a"]
    assert model.resolve_dimension() == model.embedding_dim
    with pytest.raises(ValueError) as caught:
        model.resolve_dimension(5)
    assert str(caught.value) == golden(
        f"'model-a' has no vectors of dimension 5; choose one of: {', '.join(map(str, model.dimensions))}"
    )


def test_a_model_as_data_is_json(two: Registry) -> None:
    data = two["model-a"].to_dict()
    assert json.loads(json.dumps(data)) == data
    assert (data["id"], data["aliases"], type(data["variants"])) == ("model-a", ["a"], list)
