"""The two tools: what the fuzzer would call a finding, and what the test suite's cases are compared with."""

import importlib.util
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from slow import slow

from hypiler.compiler.checked import CheckedRegistry
from hypiler.emit.python import module as python

TOOLS = Path(__file__).parents[1] / "tools"


def tool(name: str) -> Any:
    """A tool as a module; the libraries that it needs are imported only when it runs."""
    spec = importlib.util.spec_from_file_location(f"tool_{name}", TOOLS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


fuzz, suite = tool("fuzz"), tool("json_suite")


@slow
def test_fuzzing_starts_from_valid_registries_and_from_others() -> None:
    assert {fuzz.check(data) for data in fuzz.seeds()} == {True, False}


@slow
def test_mutants_of_both_kinds_are_made_and_pass() -> None:
    seeds, rng = fuzz.seeds(), random.Random(0)
    mutator = fuzz.Mutator(seeds)
    mutants = [mutator.mutate(rng.choice(seeds), rng) for _ in range(100)]
    valid = [fuzz.check(data) for data in mutants]
    assert 10 < sum(valid) < 90
    assert len(set(mutants) - set(seeds)) > 50


def test_a_module_with_a_wrong_fact_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(registry: CheckedRegistry) -> str:
        return right(registry).replace("Answer.AI", "Answer-AI")

    right = python.emit_python
    data = next(data for data in fuzz.seeds() if b'"Answer.AI"' in data)
    assert fuzz.check(data)
    monkeypatch.setattr(python, "emit_python", wrong)
    with pytest.raises(AssertionError):
        fuzz.check(data)


def test_an_exception_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(registry: CheckedRegistry) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(python, "emit_python", fail)
    with pytest.raises(ZeroDivisionError):
        fuzz.check(fuzz.seeds()[0])


@pytest.mark.parametrize(
    ("name", "data", "allowed"),
    [
        ("n_comma", b"[1,]", True),
        ("n_nothing_wrong", b"[1]", False),
        ("y_list", b"[1]", True),
        ("y_not_json", b"[1,]", False),
        ("y_object_duplicated_key", b'{"a":1,"a":1}', True),
        ("y_object_duplicated_key", b'{"a":1,}', False),
        ("i_number_huge_exp", b"[1e999]", True),
        ("i_number_huge_exp", b"[1]", False),
        ("i_number_real_underflow", b"[1e-999]", True),
        ("i_never_documented", b"[1]", False),
    ],
)
def test_case_may_be_decided_as_its_name_and_the_page_say(name: str, data: bytes, allowed: bool) -> None:
    decisions = suite.documented(suite.PAGE.read_text("utf-8"))
    assert suite.allowed(name, suite.decide(data), decisions) == allowed


def test_suite_that_is_not_there_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert suite.main(tmp_path) == 1
    assert capsys.readouterr().out.endswith("0 cases, 35 wrong\n")
