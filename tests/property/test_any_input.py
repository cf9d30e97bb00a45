"""Whatever stands in the file, the compiler answers with findings that are clean and in place."""

import json
from typing import Any

from clean import assert_reported
from generated import compiled
from hypothesis import given
from hypothesis import strategies as st
from strategies import HOSTILE, leaves, registries, replaced, texts, written

from hypiler.compiler.pipeline import compile_registry

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts(blank=True),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(blank=True), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    """The text of a valid registry with a few bytes cut out and others put there."""
    data = draw(registries(min_models=1, max_models=1).flatmap(written))
    start = draw(st.integers(0, len(data)))
    new = draw(st.binary(max_size=3) | st.sampled_from([b'"', b"\\ud800", b"}", b","]))
    return data[:start] + new + data[start + draw(st.integers(0, 9)) :]


@st.composite
def _misfilled(draw: st.DrawFn) -> Any:
    """A registry in which one value is any other."""
    tree = draw(registries(min_models=1, max_models=2))
    path, _ = draw(st.sampled_from(list(leaves(tree))))
    return replaced(tree, path[: draw(st.integers(1, len(path)))], draw(JSON))


@given(
    files=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.text(max_size=60).map(str.encode),
            st.sampled_from(HOSTILE).map(str.encode),
            _damaged(),
        ),
        min_size=1,
        max_size=2,
    )
)
def test_any_bytes_give_findings_and_never_an_exception(files: list[bytes]) -> None:
    named = [(f"{number}.json", data) for number, data in enumerate(files)]
    assert_reported(compile_registry(named))


@given(tree=JSON)
def test_any_json_gives_findings_and_never_an_exception(tree: Any) -> None:
    registry = compiled(tree)
    assert_reported(registry)
    assert registry.has_errors


@given(tree=_misfilled())
def test_any_value_anywhere_gives_findings_and_never_an_exception(tree: Any) -> None:
    assert_reported(compiled(tree))


@given(
    text=st.recursive(
        st.just("1"),
        lambda t: st.sampled_from("[{").flatmap(
            lambda c: t.map(lambda inner: f"[{inner}]" if c == "[" else f'{{"a":{inner}}}')
        ),
    ),
    depth=st.integers(0, 300),
)
def test_any_depth_gives_findings_and_never_an_exception(text: str, depth: int) -> None:
    json.loads(text)
    assert_reported(compile_registry([("a.json", b"[" * depth + text.encode() + b"]" * depth)]))
