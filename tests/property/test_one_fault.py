"""One fault gives one finding: of its code, at its path, and at the place in the text where it stands."""

import json

import pytest
from generated import compiled
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import PLANTERS, Fault, Tree, at, one_fault, written

from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry


def _warnings(registry: CheckedRegistry) -> set[str]:
    return {f.code for f in registry.findings if f.severity == "warning"}


def _offset(text: str, line: int, column: int) -> int:
    lines = text.replace("\r\n", " \n").replace("\r", "\n").split("\n")
    return sum(len(before) + 1 for before in lines[: line - 1]) + column - 1


def _assert_marks(text: str, offset: int, width: int, fault: Fault) -> None:
    """The text at the offset is the key or value that is meant or, if it lacks, the object that should have it."""
    found, end = json.JSONDecoder().raw_decode(text, offset)
    if fault.key:
        assert found == fault.path[-1]
        assert text[end:].lstrip()[0] == ":"
        assert width == end - offset
        return
    meant = fault.path[:-1] if fault.code in ("M101", "M202") else fault.path
    assert found == at(fault.tree, meant)
    assert width == (1 if isinstance(found, dict | list) else end - offset)


@pytest.mark.parametrize("name", PLANTERS)
def test_one_planted_fault_gives_that_finding_and_no_other(name: str) -> None:
    # A third as often as other tests: there are many of these.
    @settings(max_examples=settings().max_examples // 3)
    @given(case=one_fault(PLANTERS[name]).flatmap(lambda case: st.tuples(st.just(case), written(case[1].tree))))
    def check(case: tuple[tuple[Tree, Fault], bytes]) -> None:
        (tree, fault), data = case
        registry = compile_registry([("models.json", data)])
        errors = [f for f in registry.findings if f.severity == "error"]
        assert [(f.code, f.path) for f in errors] == [(fault.code, fault.path)]
        assert _warnings(registry) <= _warnings(compiled(fault.sound or tree))
        text = data.decode()
        offset = _offset(text, errors[0].line, errors[0].column)
        _assert_marks(text, offset, errors[0].width, fault)
        assert registry.models == ()

    check()
