"""Laws of registries that stand on others, over any base and any overlay."""

import json
from pathlib import Path
from typing import Any

import pytest
from generated import imported
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import Tree, registries

from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.layer import Layer, Layers, Link
from hypiler.compiler.pipeline import compile_registry
from hypiler.jsontext.reader import Source, read_source

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")


# Each example compiles several registries.
few = settings(max_examples=max(1, settings().max_examples // 4))


class Stack:
    """Reads layers that are given as trees: each one extends the one before."""

    needed = True

    def __init__(self, *trees: Tree) -> None:
        self.trees = trees

    def __call__(self, sources: list[Source]) -> Layers:
        found = Layers()
        links: list[Link] = []
        for number, tree in enumerate(self.trees):
            name = f"layer-{number}.json"
            data = json.dumps(tree).encode()
            source, _ = read_source(data, name)
            assert source is not None
            layer = Layer(f"./{name}", [source])
            layer.links = links
            links = [Link(layer, layer.name, "models.json", ("extends", 0))]
            found.layers.append(layer)
            found.files[name] = data
        found.links = links
        return found


def stacked(*trees: Tree) -> CheckedRegistry:
    """The registry in the last tree, on the others."""
    *below, own = trees
    return compile_registry([("models.json", json.dumps(own).encode())], follow=Stack(*below))


# Facts that any model can be given, whatever else it states.
FACTS: dict[tuple[str, ...], st.SearchStrategy[Any]] = {
    ("name",): st.text("ab \"'\\|;", min_size=1).filter(str.strip),
    ("description",): st.text(min_size=1).filter(str.strip),
    ("extra", "a"): st.integers(0, 9) | st.none(),
    ("extra", "b.c"): st.text(),
    ("encoding", "prompts", "q"): st.text() | st.none(),
    ("dependencies", "packages"): st.lists(st.sampled_from(["torch", "numpy"]), min_size=1, unique=True) | st.none(),
    ("sources", "name"): st.sampled_from(["a card", "a paper"]) | st.none(),
    ("sources", "extra"): st.sampled_from(["a card", "a paper"]) | st.none(),
}


@st.composite
def overlays(draw: st.DrawFn, ids: list[str]) -> Tree:
    """Overrides of some of these models, and some others hidden."""
    chosen = draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
    hidden = draw(st.integers(0, len(chosen)))
    overrides: list[Tree] = []
    for id in chosen[hidden:]:
        facts: Tree = {"id": id}
        for path in draw(st.lists(st.sampled_from([*FACTS]), min_size=1, unique=True)):
            here = facts
            for key in path[:-1]:
                here = here.setdefault(key, {})
            here[path[-1]] = draw(FACTS[path])
        overrides.append(facts)
    return {"version": "1.0", "models": [], "overrides": overrides, "hidden": chosen[:hidden]}


@st.composite
def layered(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """A valid base and an overlay that fits it."""
    base = draw(registries())
    return base, draw(overlays([model["id"] for model in base["models"]]))


def errors(registry: CheckedRegistry) -> list[str]:
    return [str(one) for one in registry.findings if one.severity == "error"]


def dicts(registry: Any) -> str:
    """As text, since true equals 1."""
    return json.dumps([model.to_dict() for model in registry])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("layered")


@few
@given(trees=layered())
def test_generated_module_of_a_layered_registry_gives_its_models(folder: Path, trees: tuple[Tree, Tree]) -> None:
    registry = stacked(*trees)
    assert errors(registry) == []
    with imported(registry, folder) as module:
        assert dicts(module.MODEL_REGISTRY) == dicts(registry)


@few
@given(trees=layered())
def test_merged_entries_are_a_registry_of_the_same_models(trees: tuple[Tree, Tree]) -> None:
    """So whatever holds for a registry of one file holds for one of layers."""
    registry = stacked(*trees)
    flat = {"version": "1.0", "models": [entry.tree for entry in registry.entries]}
    alone = compile_registry([("models.json", json.dumps(flat).encode())])
    assert errors(alone) == []
    assert dicts(alone) == dicts(registry)


@few
@given(base=registries())
def test_overlay_without_entries_changes_nothing(base: Tree) -> None:
    alone = compile_registry([("models.json", json.dumps(base).encode())])
    assert dicts(stacked(base, {"version": "1.0", "models": []})) == dicts(alone)


@few
@given(trees=layered().flatmap(lambda two: st.tuples(st.just(two), overlays(_left(two)))))
def test_it_does_not_matter_where_a_stack_is_cut(trees: tuple[tuple[Tree, Tree], Tree]) -> None:
    """Two overlays on a base are the second one on the merged entries of the base and the first one."""
    (base, first), second = trees
    below = {"version": "1.0", "models": [entry.tree for entry in stacked(base, first).entries]}
    assert dicts(stacked(base, first, second)) == dicts(stacked(below, second))


def _left(trees: tuple[Tree, Tree]) -> list[str]:
    base, overlay = trees
    return [model["id"] for model in base["models"] if model["id"] not in overlay["hidden"]]


@few
@given(trees=layered())
def test_every_fact_has_one_place_in_a_file_that_states_it(trees: tuple[Tree, Tree]) -> None:
    registry = stacked(*trees)
    for entry in registry.entries:
        for path in ("name", "description", "specs.embedding_dim", "license", "extra.a", "dependencies.packages"):
            chain = list(registry.chain(entry.id, path))
            value: Any = entry.tree
            for key in path.split("."):
                value = value.get(key) if isinstance(value, dict) else None
            counting = None if not chain or chain[0].withdrawn else chain[0].value
            assert json.dumps(counting) == json.dumps(value)
