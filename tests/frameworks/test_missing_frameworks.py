"""Without its framework, or with one that is too old, a module of an adapter says what to install."""

import sys
from importlib import import_module
from types import ModuleType

import pytest
from golden import golden

FRAMEWORKS = {
    "haystack": "haystack",
    "langchain": "langchain_core",
    "langchain_qdrant": "langchain_qdrant",
    "llama_index": "llama_index",
}
DISTRIBUTIONS = {
    "haystack": "haystack-ai",
    "langchain": "langchain-core",
    "langchain_qdrant": "langchain-qdrant",
    "llama_index": "llama-index-core",
}
REMEDIES = {
    "haystack": "hypiler[haystack]",
    "langchain": "hypiler[langchain]",
    "langchain_qdrant": "langchain-qdrant",
    "llama_index": "hypiler[llama-index]",
}


@pytest.fixture(params=FRAMEWORKS)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """An adapter that is not imported yet, and none of its framework is."""
    found: str = request.param
    gone = {f"hypiler.frameworks.{found}"} | {one for one in sys.modules if one.partition(".")[0] == FRAMEWORKS[found]}
    for module in gone:
        monkeypatch.delitem(sys.modules, module, raising=False)
    return found


def test_missing_framework_names_the_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, FRAMEWORKS[name], None)
    with pytest.raises(ImportError) as caught:
        import_module(f"hypiler.frameworks.{name}")
    assert str(caught.value) == golden(f"{DISTRIBUTIONS[name]} is missing: python -m pip install '{REMEDIES[name]}'")


def test_framework_that_is_too_old_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module `haystack` of Haystack 1 has no components."""
    old = ModuleType(FRAMEWORKS[name])
    old.__path__ = []
    monkeypatch.setitem(sys.modules, FRAMEWORKS[name], old)
    with pytest.raises(ImportError) as caught:
        import_module(f"hypiler.frameworks.{name}")
    assert str(caught.value).endswith(f": python -m pip install --upgrade '{REMEDIES[name]}'")
