"""The law: executing what is emitted for a registry gives records equal to the registry."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from generated import facts, facts_of, imported, valid
from hypothesis import given
from hypothesis import strategies as st
from proved import ProvedLock
from slow import slow
from strategies import Tree, registries, texts, written
from stub_types import StubTypes

from hypiler.compiler.pipeline import compile_registry
from hypiler.emit.python.stub import emit_stub
from hypiler.schema.evidence import COPY, DIFFERS, VERIFIED, Evidence, PinnedFile
from hypiler.schema.fields import FIELDS
from hypiler.schema.identifiers import constant_name
from hypiler.schema.language_tags import language_aliases, matches, read_tag

# Any model may be deprecated or have former ids, and to ask for one by such a name warns.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.* is a former id of:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("law")


def _languages(model: Tree) -> list[str]:
    tags: list[str] = model["capabilities"]["languages"]
    return tags


def _spellings(models: list[Tree]) -> set[str]:
    """The listed tags, longer and shorter ones, and other ways of writing them."""
    tags = {tag for model in models for tag in _languages(model)}
    tags |= {tag.partition("-")[0] for tag in tags}
    tags |= {f"{tag}-{more}" for tag in tags for more in ("Hans", "TW", "Hant-TW", "1901", "x-own")}
    tags |= {"deu", "german", "jp", "xx", "no", "nb", "nob-NO", "nn", "sr-Latn", "sh", "zh-min-nan", "en-GB-oed", ">nb"}
    return {form for tag in tags for form in (tag, tag.upper(), tag.replace("-", "_"))}


def _refused(call: Any, *arguments: Any) -> str | None:
    try:
        call(*arguments)
    except ValueError as error:
        return str(error)
    return None


def _flag(model: Tree) -> bool:
    widths = model["architecture"].keys() & {"matryoshka_dims", "matryoshka_range"}
    return bool(model["capabilities"].get("matryoshka", bool(widths)))


@given(registry=registries().flatmap(lambda t: st.tuples(st.just(t), written(t))))
def test_every_valid_registry_comes_back_as_it_was_written(folder: Path, registry: tuple[Tree, bytes]) -> None:
    tree, data = registry
    result = compile_registry([("models.json", data)])
    assert [f for f in result.findings if f.severity == "error"] == []
    models = tree["models"]
    with imported(result, folder) as module:
        assert [facts(record) for record in module.MODEL_REGISTRY] == [facts_of(model) for model in models]
        # As text, since true equals 1.
        in_memory, generated = [json.dumps([model.to_dict() for model in m]) for m in (result, module.MODEL_REGISTRY)]
        assert in_memory == generated


COMPARED = st.dictionaries(
    st.sampled_from([field.name for field in FIELDS if field.is_fact]), st.sampled_from([VERIFIED, COPY, DIFFERS])
)
PINNED = st.builds(
    PinnedFile.of,
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.none() | st.integers(0, 2**53),
    st.sampled_from([None, "fp32", "int8"]),
)
PROVED = st.builds(
    Evidence,
    st.sampled_from([None, "c" * 40]),
    COMPARED,
    st.dictionaries(texts(), PINNED),
    complete=st.booleans(),
)
EVIDENCE = (
    *("verified_revision", "verified_facts", "agreeing_facts", "differing_facts", "claimed_facts"),
    "pins_all_files",
)


@given(tree=registries(min_models=1), proved=PROVED)
def test_everything_that_a_lock_proves_comes_back(folder: Path, tree: Tree, proved: Evidence) -> None:
    data = json.dumps(tree).encode()
    result = compile_registry([("models.json", data)], lock=ProvedLock(tree, proved))
    with imported(result, folder) as module:
        for model, record in zip(result, module.MODEL_REGISTRY, strict=True):
            assert [getattr(model, name) for name in EVIDENCE] == [getattr(record, name) for name in EVIDENCE]
            pinned = {name: (file.sha256, file.size, file.precision) for name, file in record.pinned_files.items()}
            assert pinned == model.pinned_files == proved.files
            assert pickle.loads(pickle.dumps(record)).pinned_files == record.pinned_files
            assert pickle.loads(pickle.dumps(model)).pinned_files == model.pinned_files
            assert model.to_dict() == record.to_dict()
            assert set(record.to_dict()) == {field.attribute for field in FIELDS}


@given(tree=registries(), other=texts(blank=True), bound=st.integers(0, 2**53))
def test_every_lookup_agrees_with_a_scan_over_the_json(folder: Path, tree: Tree, other: str, bound: int) -> None:
    models = tree["models"]
    with imported(valid(tree), folder) as module:

        def scan(test: Any) -> tuple[Any, ...]:
            kept = [model["id"] for model in models if test(model)]
            return tuple([module.MODELS[id] for id in kept])

        types = {model["type"] for model in models}
        for word in types:
            assert module.models_by_type(word) == scan(lambda m, w=word: m["type"] == w)
        assert (_refused(module.models_by_type, other) is None) == (other in types)
        for name in {other, *[model["organization"] for model in models]}:
            answer = module.models_by_organization(name)
            assert answer == scan(lambda m, n=name: m["organization"] == n)
        aliases = language_aliases({tag.partition("-")[0] for model in models for tag in _languages(model)})
        for text in {other, *_spellings(models)}:
            fault = _refused(read_tag, text, aliases)
            assert _refused(module.models_by_language, text) == fault
            if fault is None:
                tag = read_tag(text, aliases)
                answer = module.models_by_language(text)
                assert answer == scan(lambda m, t=tag: any(matches(own.lower(), t) for own in _languages(m)))
        widths = [model["specs"]["embedding_dim"] for model in models]
        for width in {0, bound, *widths, *[width - 1 for width in widths]}:
            answer = module.models_by_max_embedding_dim(width)
            assert answer == scan(lambda m, w=width: m["specs"]["embedding_dim"] <= w)
        assert module.models_with_matryoshka() == scan(_flag)


@given(tree=registries(), other=texts(blank=True).filter(lambda text: text[:1] != "_"))
def test_every_id_alias_and_constant_leads_to_its_model_and_nothing_else_does(
    folder: Path, tree: Tree, other: str
) -> None:
    models = tree["models"]
    ids = [model["id"] for model in models]
    owners = {id: id for id in ids}
    for further in ("aliases", "former_ids"):
        found = {other: model["id"] for model in models for other in model.get(further, [])}
        owners |= found
        ids += found
    with imported(valid(tree), folder) as module:
        assert list(module.MODELS) == ids
        for id, owner in owners.items():
            record = module.get_model(id)
            assert record.id == owner
            assert getattr(module, constant_name(id)) is record
            assert module.MODELS[id] is record
            assert record in module.MODEL_REGISTRY
            assert module.is_model_id(id)
        if other not in owners:
            assert module.get_model(other) is None
            assert other not in module.MODELS
            assert not module.is_model_id(other)
            assert hasattr(module, other) == (other in dir(module))


@slow
@given(tree=registries())
def test_the_types_are_those_of_the_file_in_its_order(folder: Path, tree: Tree) -> None:
    words = list(dict.fromkeys([model["type"] for model in tree["models"]]))
    with imported(valid(tree), folder) as module:
        members = [(member.name, member.value) for member in module.ModelType]
        assert members == [(constant_name(word), word) for word in words]


@given(tree=registries(min_models=1))
def test_records_survive_pickling_with_all_their_facts(folder: Path, tree: Tree) -> None:
    with imported(valid(tree), folder) as module:
        copies = pickle.loads(pickle.dumps(module.MODEL_REGISTRY))
        assert copies == module.MODEL_REGISTRY
        assert [facts(c) for c in copies] == [facts_of(m) for m in tree["models"]]


@given(tree=registries())
def test_every_fact_has_the_type_that_the_stub_declares(tree: Tree) -> None:
    registry = valid(tree)
    stub = emit_stub(registry)
    compile(stub, "model_registry.pyi", "exec")
    types = StubTypes(stub)
    assert [types.wrong(model) for model in registry] == [[] for _ in registry]
