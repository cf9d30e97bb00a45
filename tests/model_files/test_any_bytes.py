"""Whatever lies in the files of a model: nothing is raised, and every fact is one that a registry could state."""

import json
from copy import deepcopy
from typing import Any

import model_files.models as models
from hypothesis import given
from hypothesis import strategies as st
from model_files.models import content, safetensors, weights

from hypiler.diagnostics.collector import INVALID, FindingCollector
from hypiler.model_files.extract import extract_facts, next_files, safe_name
from hypiler.schema.fields import FIELDS
from hypiler.schema.parameter_counts import parameters_text

KINDS = {field.name: field for field in FIELDS}
CARD = b"---\nlanguage: [en, no]\nlicense: mit\nbase_model: a/b\n---\n"
OTHERS: dict[str, Any] = {
    "README.md": CARD,
    "adapter_config.json": {"base_model_name_or_path": "a/b"},
    "sentence_bert_config.json": {"max_seq_length": 256, "query_expansion": {"length": 32}},
    "tokenizer_config.json": {"model_max_length": 512},
    "model.safetensors": weights(a__b=("F32", [8, 4]), **{"\n__linear__weight": ("F16", [8, 4])}),
    "model.safetensors.index.json": {"weight_map": {"a": "model-1.safetensors"}},
    "model-1.safetensors": weights(a=("F32", [1])),
    "1_Dense/model.safetensors": weights(a=("F32", [1])),
}

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["", ".", "../x"])
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """A tree of JSON with another value somewhere in it, or one value less."""
    value = deepcopy(value)
    part = value
    for _ in range(6):
        keys = list(part) if isinstance(part, dict) else list(range(len(part)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if isinstance(part[key], dict | list) and part[key] and draw(st.booleans()):
            part = part[key]
            continue
        if draw(st.booleans()):
            part[key] = draw(trees)
        else:
            del part[key]
        break
    return value


@st.composite
def repositories(draw: st.DrawFn) -> dict[str, bytes]:
    """The files of a model, some of them changed, broken, or something else altogether."""
    files = OTHERS | draw(st.sampled_from(list(models.ALL.values())))
    names = draw(st.lists(st.sampled_from(list(files)), max_size=4, unique=True))
    for name in names:
        held = files[name]
        ways = [st.binary(max_size=40), trees.map(content), st.binary(max_size=40).map(safetensors)]
        if isinstance(held, dict | list):
            ways.append(changed(held).map(content))
        if isinstance(held, bytes):
            ways += [
                st.just(held[:20]),
                st.just(held.replace(b"[", b"{", 1)),
                st.text().map(lambda text: f"---\n{text}\n---\n".encode("utf-8", "replace")),
            ]
        files[name] = draw(st.one_of(ways))
    extra = draw(st.lists(st.text(max_size=20), max_size=3))
    return {name: content(held) for name, held in files.items() if held is not None} | dict.fromkeys(extra, b"{}")


@given(repositories(), st.dictionaries(st.sampled_from(list(OTHERS)), st.integers(0, 2**64), max_size=2))
def test_nothing_is_raised_and_every_fact_can_be_stated(files: dict[str, bytes], sizes: dict[str, int]) -> None:
    found = extract_facts(files.keys(), files, sizes)
    for path, fact in found.facts.items():
        field, collector = KINDS[path], FindingCollector()
        value = parameters_text(fact.value) if path == "specs.parameters" else fact.value
        assert (value is None and field.null) or field.type.read(value, collector) is not INVALID, (path, value)
        json.dumps(value, allow_nan=False)
        assert fact.file in files
        assert (fact.key + fact.note).isprintable()
    assert list(found.facts) == [field.name for field in FIELDS if field.name in found.facts]
    for problem in found.problems:
        assert (problem.file + problem.message).isprintable()
    assert {fact.file for fact in found.facts.values()}.isdisjoint(
        problem.file for problem in found.problems if not problem.message.startswith("unsafe")
    )
    assert all(name.isprintable() for name in found.remote_code)
    assert extract_facts(list(files)[::-1], files, sizes) == found


@given(repositories())
def test_only_safe_names_of_the_repository_are_asked_for_and_each_once(files: dict[str, bytes]) -> None:
    read: dict[str, bytes] = {}
    while names := next_files(files.keys(), read):
        assert all(name in files and name not in read and safe_name(name) is None for name in names)
        read |= {name: files[name] for name in names}


@given(st.text() | st.text("./\\:%2e \0NULa", max_size=12))
def test_safe_name_stays_in_its_folder(name: str) -> None:
    reason = safe_name(name)
    if reason is None:
        parts = name.split("/")
        assert all(parts)
        assert {".", ".."}.isdisjoint(parts)
        assert not set('\\:*?"<>|\0') & set(name)
    else:
        assert reason.isprintable()


def test_fact_without_end_is_not_taken() -> None:
    """The lock, models.json and the module would hold each of its characters."""
    config = {"model_type": "A" * 5_000_000, "hidden_size": 8}
    found = models.evidence({"config.json": config})
    assert found.facts == {}
    message = "`model_type` must have at most 10000 characters to be a fact; it has 5000000"
    assert [(one.file, one.message) for one in found.problems] == [("config.json", message)]


def test_modules_without_number_are_not_read() -> None:
    entries = [models.TRANSFORMER] * 257
    found = models.evidence({"config.json": {"model_type": "bert", "hidden_size": 8}, "modules.json": entries})
    message = "the file must list at most 256 modules; found 257"
    assert [(one.file, one.message) for one in found.problems] == [("modules.json", message)]
    assert not models.evidence({"config.json": {"hidden_size": 8}, "modules.json": entries[:256]}).problems
