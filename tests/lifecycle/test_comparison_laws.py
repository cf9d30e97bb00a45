"""Laws of the comparison of two registries, whatever they hold."""

import copy
import json
from typing import Any

import pytest
from generated import compiled
from hypothesis import given
from hypothesis import strategies as st
from proved import ProvedLock
from strategies import SOURCE, Tree, registries

from hypiler import ModelConfig
from hypiler.compiler.checked import CheckedRegistry
from hypiler.compiler.pipeline import compile_registry
from hypiler.lifecycle.changes import BREAKS_VECTORS, VECTORS_UNDECIDED, Difference
from hypiler.lifecycle.comparison import compare
from hypiler.schema.evidence import COPY, DIFFERS, VERIFIED, Evidence, PinnedFile
from hypiler.schema.field import ABSENT
from hypiler.schema.fields import FIELDS
from hypiler.schema.model import Model
from hypiler.space import SpaceError, UndecidedError, check

# Any model may be deprecated, and a config of one warns.
pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")

PROVED = st.builds(
    Evidence,
    st.sampled_from([None, "c" * 40]),
    st.dictionaries(
        st.sampled_from([field.name for field in FIELDS if field.is_fact]), st.sampled_from([VERIFIED, COPY, DIFFERS])
    ),
    st.dictionaries(
        st.sampled_from(["model.safetensors", "tokenizer.json", "onnx/model.onnx"]),
        st.builds(PinnedFile.of, st.sampled_from(["1" * 64, "2" * 64]), st.none(), st.sampled_from([None, "fp32"])),
    ),
    complete=st.booleans(),
)
_EACH = [field for field in FIELDS if field not in SOURCE and field.name not in ("id", "type")]


@st.composite
def edited(draw: st.DrawFn, tree: Tree, other: Tree) -> Tree:
    """The registry after edits: models gone, renamed or moved, and facts of models of the other registry."""
    models: list[Tree] = []
    for model in tree["models"]:
        what = draw(st.sampled_from(["keep", "facts", "facts", "facts", "gone", "rename", "rename with alias"]))
        if what == "gone":
            continue
        new = copy.deepcopy(model)
        if what == "facts" and other["models"]:
            source = draw(st.sampled_from(other["models"]))
            for field in draw(st.lists(st.sampled_from(_EACH), min_size=1, max_size=3)):
                value = field.get(source)
                if value is not ABSENT:
                    field.set(new, value)
        if what.startswith("rename"):
            new["id"] = f"{model['id']}-renamed"
            new["aliases"] = [*model.get("aliases", []), *[model["id"]] * what.endswith("alias")]
        models.append(new)
    models += draw(st.sampled_from([[], other["models"][:1]]))
    return {"version": draw(st.sampled_from([tree["version"], "3.0"])), "models": draw(st.permutations(models))}


Pair = tuple[CheckedRegistry, CheckedRegistry]


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Two valid registries, with or without locks; if edits make a registry invalid, the other one takes its place."""
    old, other = draw(registries(max_models=2)), draw(registries(max_models=2))
    new = draw(edited(old, other))
    trees = [old, other if compiled(new).has_errors else new]
    proofs = [draw(st.none() | PROVED) for _ in trees]
    return tuple(  # type: ignore[return-value]
        compile_registry(
            [("models.json", json.dumps(tree).encode())], lock=None if proved is None else ProvedLock(tree, proved)
        )
        for tree, proved in zip(trees, proofs, strict=True)
    )


def dicts(registry: CheckedRegistry) -> list[dict[str, Any]]:
    return [model.to_dict() for model in registry]


@given(pair=pairs())
def test_a_difference_applied_to_the_old_registry_gives_the_new_one_and_each_change_has_a_place(pair: Pair) -> None:
    old, new = pair
    difference = compare(old, new)
    # As text, since true equals 1, and the order counts.
    assert json.dumps(difference.apply(dicts(old))) == json.dumps(dicts(new))
    assert (json.dumps(dicts(old)) == json.dumps(dicts(new))) or difference
    assert compare(old, old).changes == compare(new, new).changes == ()
    lines = [registry.sources[0].text.count("\n") + 1 for registry in (old, new)]
    for change in difference:
        assert change.file == "models.json"
        assert 1 <= change.line <= max(lines)
        json.dumps(change.to_dict())


def _configs(old: Model, new: Model) -> list[tuple[ModelConfig, ModelConfig]]:
    """Each choice that a program can make of both versions, as configs."""

    def both(**choice: Any) -> tuple[ModelConfig, ModelConfig]:
        first, second = [ModelConfig.from_model(model, **choice) for model in (old, new)]
        return first, second

    chosen = [both()]
    chosen += [both(output=one.name) for one in old.outputs if one.name in {two.name for two in new.outputs}]
    widths = [width for width in {*old.dimensions[:3], *old.dimensions[-3:]} if width in new.dimensions]
    chosen += [both(dimension=width) for width in widths]
    shared = {one.id for one in old.variants} & {one.id for one in new.variants}
    base = chosen[0]
    chosen += [(base[0].with_variant(id), base[1].with_variant(id)) for id in shared]
    prompts = {*old.prompts} & {*new.prompts}
    return chosen + [tuple(one.with_prompts(query=n, document=n) for one in base) for n in prompts]  # type: ignore[misc]


def _outcome(old: ModelConfig, new: ModelConfig) -> str | None:
    """The class that `space.check` asks for; None if the vectors fit, or if nothing is stated in another way."""
    stamps = [old.space(), new.space()]
    try:
        check(stamps[0], new)
    except UndecidedError:
        # What was unknown and is as unknown as before is no change.
        parts = [[stamp[part] for part in ("document", "query", "bytes")] for stamp in stamps]
        return None if parts[0] == parts[1] else VECTORS_UNDECIDED
    except SpaceError:
        return BREAKS_VECTORS
    return None


def _reported(difference: Difference, id: str) -> set[str]:
    return {change.kind for change in difference if change.model == id and change.path == "" and change.facts}


@given(pair=pairs())
def test_vectors_break_exactly_where_the_check_of_spaces_says_different(pair: Pair) -> None:
    old, new = pair
    difference = compare(old, new)
    renamed = {change.model: change.new for change in difference if change.path == "id"}
    models = {model.id: model for model in new}
    for before in old:
        after = models.get(renamed.get(before.id, before.id))
        if after is not None:
            found = {_outcome(*configs) for configs in _configs(before, after)} - {None}
            assert _reported(difference, before.id) == found, before.id
            # A fact is never graver than its model. A lookup by repository can find another model without a change.
            facts = [one for one in difference if one.model == before.id and repr(one.old) != repr(one.new)]
            assert (BREAKS_VECTORS in {one.kind for one in facts}) == (BREAKS_VECTORS in found), facts
