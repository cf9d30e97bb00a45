"""Text of a registry is data in whatever is generated from it: it never runs, and it comes back exactly."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from clean import assert_clean, raw_characters
from generated import (
    blanked,
    body,
    compiled,
    facts,
    facts_of,
    imported,
    run_python,
    valid,
)
from slow import all_or, slow
from strategies import (
    HOSTILE,
    Tree,
    at,
    leaves,
    plain_model,
    registry_of,
    replaced,
)

from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry
from hypiler.diagnostics.formats import render_json
from hypiler.diagnostics.text import render_text
from hypiler.emit.python.module import emit_python
from hypiler.emit.python.stub import emit_stub
from hypiler.schema.fields import FIELDS
from hypiler.schema.types import MapOf

Path_ = tuple[str | int, ...]


def _model() -> Tree:
    """A plain model with two outputs. The second one states every part: those of the first must equal other facts."""
    model = plain_model()
    whole = model["outputs"][0]
    first = {"name": "first", "type": whole["type"], "embedding_dim": whole["embedding_dim"]}
    return {**model, "outputs": [first, whole]}


# Every place in a model where a string of the input may stand.
STRINGS: list[Path_] = [path for path, v in leaves(_model()) if type(v) is str]
# Every object whose keys are the user's own.
MAPS = [field.path for field in FIELDS if isinstance(field.type, MapOf)]
IDS = [f"{n}-{text[:12]!a}" for n, text in enumerate(HOSTILE)]
hostile = pytest.mark.parametrize("text", all_or(HOSTILE[::4], HOSTILE), ids=IDS)


@cache
def _planted(text: str) -> list[tuple[Path_, Tree]]:
    """For every string of a model and every key of its own, the model with the text there instead."""
    model = _model()
    placed = [(path, replaced(model, path, text)) for path in STRINGS]
    for path in MAPS:
        value = next(iter(at(model, path).values()))
        placed.append(((*path, text), replaced(model, path, {text: value})))
    return placed


@cache
def _accepted(text: str) -> tuple[Tree, ...]:
    """The models that hold the text somewhere and are valid, each with names of its own."""
    models: list[Tree] = []
    for number, (_, model) in enumerate(_planted(text)):
        if not compiled(registry_of(model)).has_errors:
            models.append({**model, "id": f"m{number}", "aliases": [f"a{number}"]})
    return tuple(models)


@cache
def _registry(text: str) -> CheckedRegistry:
    """Those models, compiled."""
    return valid(registry_of(*_accepted(text)))


@cache
def _emitted(text: str) -> tuple[str, str]:
    """Module and stub of those models."""
    return emit_python(_registry(text)), emit_stub(_registry(text))


@cache
def _blanked_plain(names: tuple[tuple[str, ...], ...]) -> tuple[str, str]:
    """The syntax of module and stub of harmless models with these ids, aliases, types and names of outputs."""
    models = [_model() | {"id": id, "aliases": [alias], "type": type} for id, alias, type, *_ in names]
    for model, (_, _, _, *outputs) in zip(models, names, strict=True):
        for output, name in zip(model["outputs"], outputs, strict=True):
            output["name"] = name
    registry = valid(registry_of(*models))
    return blanked(emit_python(registry)), blanked(emit_stub(registry))


def test_the_places_are_those_of_every_kind_of_text() -> None:
    places = {".".join(map(str, path)) for path in STRINGS}
    assert {"id", "description", "encoding.prompts.key", "extra.key"} <= places
    assert {"variants.0.file", "capabilities.languages.0", "aliases.0"} <= places
    assert MAPS == [
        ("files", "sha256"),
        ("encoding", "prompts"),
        ("encoding", "tasks"),
        ("sources",),
        ("extra",),
    ]


@hostile
def test_a_hostile_text_comes_back_exactly(text: str, tmp_path: Path) -> None:
    models = _accepted(text)
    assert len(models) > 15 or not text.strip()
    with imported(_registry(text), tmp_path) as module:
        records = module.MODEL_REGISTRY
        assert [facts(record) for record in records] == [facts_of(model) for model in models]
        for model in models:
            answer = module.models_by_organization(model["organization"])
            assert model["id"] in [record.id for record in answer]


@slow
def test_a_hostile_text_is_never_run(tmp_path: Path) -> None:
    """All of them in one interpreter, since starting one takes longer than what it does here."""
    for number, text in enumerate(HOSTILE):
        module, stub = _emitted(text)
        (tmp_path / f"m{number}.py").write_text(module, encoding="utf-8", newline="")
        (tmp_path / f"s{number}.py").write_text(
            stub.replace(
                "from typing_extensions import TypeVar, override, deprecated",
                "from typing import TypeVar as _TypeVar\ndeprecated = lambda text: lambda function: function\n"
                "override = lambda function: function\n"
                "TypeVar = lambda name, default=None, **bound: _TypeVar(name, **bound)",
            )
            .replace("from hypiler import ModelConfig", "ModelConfig = list")
            .replace(
                "from hypiler.protocols import (",
                "DenseEncoder = MultiVectorEncoder = Reranker = SparseEncoder = list\n(",
            ),
            encoding="utf-8",
            newline="",
        )
    code = (
        "import pydoc\n"
        f"for number in range({len(HOSTILE)}):\n"
        "    m, s = __import__(f'm{number}'), __import__(f's{number}')\n"
        "    for record in m.MODEL_REGISTRY: repr(record), hash(record), record.model_type, record.to_dict()\n"
        "    m.MODELS, m.ModelId, m.Repository, m.ModelType, dir(m), pydoc.render_doc(m), pydoc.render_doc(s)\n"
    )
    before = {path.name for path in tmp_path.iterdir()}
    run = run_python(code, cwd=tmp_path)
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)
    assert {path.name for path in tmp_path.iterdir()} == before


@hostile
def test_a_hostile_text_changes_no_syntax(text: str) -> None:
    names = tuple(
        (model["id"], model["aliases"][0], model["type"], *[output["name"] for output in model["outputs"]])
        for model in _accepted(text)
    )
    module, stub = _emitted(text)
    assert (blanked(module), blanked(stub)) == _blanked_plain(names)


@hostile
def test_generated_text_holds_no_raw_control_or_bidi_character(text: str) -> None:
    module, stub = _emitted(text)
    assert module.isascii()
    assert set(raw_characters(module + stub)) <= {"\n"}


@hostile
def test_the_lines_that_python_searches_for_an_encoding_hold_no_input(
    text: str,
) -> None:
    for emitted in _emitted(text):
        head = emitted.split("\n")[:5]
        assert head[0] == "# Code generated by hypiler. DO NOT EDIT."
        assert head[1] == "# format: 1"
        assert head[2] == f"# source sha256: {_registry(text).sha256}"
        assert head[3][:18] + head[3][18:].strip("0123456789abcdef") == ("# content sha256: ")
        assert head[4] == ""


@hostile
def test_a_text_that_a_field_refuses_is_found_there_with_a_clean_message(
    text: str,
) -> None:
    for path, model in _planted(text):
        registry = compiled(registry_of(model))
        if registry.has_errors:
            place = ("models", 0, *path)
            assert {f.path for f in registry.findings if f.severity == "error"} == {place}
            _assert_reports_are_clean(registry, text)


def _assert_reports_are_clean(registry: Any, text: str) -> None:
    report = render_text(registry.findings, registry.line)
    assert_clean(*report.split("\n"))
    # A line of the report that begins with what the compiler never writes there begins with input.
    openings = ("error[", "warning[", "-->", "|", "=", *"0123456789")
    for line in report.split("\n"):
        start = line.lstrip(" ")
        assert not start or start.startswith(openings), line
    listed = render_json(registry.findings)
    assert listed.isascii()
    assert_clean(*listed.split("\n"))
    for finding in json.loads(listed)["findings"]:
        assert_clean(finding["message"], finding["help"] or "", finding["path"])


FILE_NAMES = (
    "models\n.json",
    "a\rb.json",
    "coding: utf-7\n+ACc-;open('canary','w').json",
    "# coding: utf-7",
    "\u202egro.nosj",
    "\x1b[2Jmodels.json",
    '"""\nopen("canary", "w")\n"""',
    "::error::x.json",
    "\udcff.json",
    "",
)


@pytest.mark.parametrize("name", FILE_NAMES, ids=ascii)
def test_the_name_of_the_file_never_reaches_what_is_generated(name: str) -> None:
    data = json.dumps(registry_of(plain_model())).encode()
    named, usual = [compile_registry([(n, data)]) for n in (name, "models.json")]
    assert emit_python(named) == emit_python(usual)
    assert emit_stub(named) == emit_stub(usual)


@pytest.mark.parametrize("name", FILE_NAMES, ids=ascii)
def test_the_name_of_the_file_is_escaped_in_reports(name: str) -> None:
    twice = registry_of(plain_model(), plain_model())
    _assert_reports_are_clean(compiled(twice, name), name)
    _assert_reports_are_clean(compile_registry([(name, b"{]")]), name)


def test_an_edited_body_differs_from_its_digest() -> None:
    from hashlib import sha256

    emitted = emit_python(valid(registry_of(plain_model())))
    digest = emitted.split("\n")[3].removeprefix("# content sha256: ")
    rest = "\n" + body(emitted)
    assert sha256(rest.encode()).hexdigest() == digest
    assert sha256((rest + " ").encode()).hexdigest() != digest
