"""Lines that share phrases: they take less room, and say what they said."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from generated import imported, valid
from strategies import Tree, plain_model, registry_of

from hypiler.emit.python import phrases
from hypiler.emit.python.literals import EmitError
from hypiler.emit.python.phrases import restored, share_phrases, without_references
from hypiler.schema.field import Field
from hypiler.schema.types import CompositionError, Text

LONG = "mteb 2.26.24 wheel: mteb/models/model_implementations/bge_models.py:384"
SOURCE = {"repository": "org/name", "commit": "0" * 40, "path": "config.json", "quote": "a^b ^1^ ^x \\^2^"}


def test_what_repeats_is_written_once() -> None:
    lines = [f"license='{LONG} (license);name='{LONG} (name)", f"license='{LONG} (type)"]
    shared, table = share_phrases(lines)
    assert sum(map(len, [*shared, *table])) < 0.6 * sum(map(len, lines))
    assert [restored(line, table) for line in shared] == lines
    assert sum(LONG in line for line in [*shared, *table]) <= 1


def test_what_does_not_repeat_stays_as_it_is() -> None:
    lines = ["license='the card of the model", "name='its repository"]
    assert share_phrases(lines) == (lines, [])
    assert share_phrases([]) == ([], [])


@pytest.mark.parametrize("line", ["", ";", ";;=", "a=b" * 50, ";abcdefghijklmnop" * 9, "same, same, " * 40])
def test_phrases_never_contain_themselves(line: str) -> None:
    shared, table = share_phrases([line, line, f"{line};x={line}"])
    assert [restored(one, table) for one in shared] == [line, line, f"{line};x={line}"]


def test_phrases_that_restore_other_lines_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "_shortened", lambda pieces, numbers: "")
    with pytest.raises(EmitError) as error:
        share_phrases(["a"])
    message = "the phrases of the generated module do not restore the lines that share them"
    assert str(error.value) == message


def test_a_text_that_looks_like_a_reference_is_none() -> None:
    assert "^" not in without_references("^1^ and ^")


def current_model(**facts: Any) -> Tree:
    model = plain_model(aliases=[], **facts)
    del model["deprecated"]
    return model


class TestModules:
    @pytest.fixture
    def m(self, tmp_path: Path) -> Any:
        sources = {"license": LONG + "^1^", "specs.hidden_dim": SOURCE, "specs.vocab_size": SOURCE}
        models = [current_model(id=id, sources=sources) for id in ("one", "two", "three")]
        models.append(current_model(id="none", sources={}))
        with imported(valid(registry_of(*models)), tmp_path) as module:
            yield module

    def test_sources_are_given_as_they_were_written(self, m: ModuleType) -> None:
        for model in (m.ONE, m.TWO, m.THREE):
            assert model.sources["license"] == LONG + "^1^"
            assert dict(model.sources["specs.vocab_size"]) == SOURCE
            assert model.to_dict()["sources"]["specs.hidden_dim"] == SOURCE
        assert m.NONE.sources == {}
        assert m.ONE != m.TWO

    def test_sources_are_read_once_and_only(self, m: ModuleType) -> None:
        assert m.ONE.sources is m.ONE.sources
        with pytest.raises(AttributeError):
            m.ONE.sources = {}

    def test_a_record_of_another_version_keeps_its_own(self, m: ModuleType) -> None:
        values = m.ONE._values() | {"id": "gone", "sources": {"license": "its own"}}
        assert m.ModelInfo._of(values).sources == {"license": "its own"}
        del values["sources"]
        assert m.ModelInfo._of(values).sources == {}


def test_only_a_mapping_stands_apart_from_the_rows() -> None:
    with pytest.raises(CompositionError) as error:
        Field("notes", Text(), "", apart=True)
    assert str(error.value) == "`notes` cannot stand apart from the rows: only a mapping can"
