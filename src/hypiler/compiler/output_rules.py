"""The rules for outputs: each output of a model is consistent, and the entry describes the first one."""

from itertools import pairwise

from hypiler._encoder_types import ENCODER_TYPES
from hypiler.compiler.rule_set import RuleSet
from hypiler.compiler.rules import parts_of
from hypiler.diagnostics.codes import ERROR
from hypiler.schema.fields import BY_ATTRIBUTE, FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hypiler.compiler.decoded import DecodedModel
    from hypiler.compiler.rule_set import Violation

    Violations = Iterator[Violation]
    Output = dict[str, Any]

output_rule: RuleSet = RuleSet()
"""Declares a rule for the outputs of one model: the function takes a `DecodedModel`."""

# What the words of `type` say of an output.
_POOLINGS = {"multi-vector": ("none",), "sparse": ("max", "none")}
_SIMILARITIES = {"dense": ("cosine", "dot", "euclidean", "manhattan"), "multi-vector": ("max_sim",), "sparse": ("dot",)}
_KINDS = {"multi_vector": "multi-vector", "static": "dense"}
# Facts of the first output that the entry states as well, by the same attribute.
_COMMON = tuple([part for part in parts_of("outputs") if part in BY_ATTRIBUTE and part != "name"])
_NEEDS = ("outputs", "model_type", "multi_vector", "vocab_size", "hidden_dim", *_COMMON)


@output_rule(
    "M234", "duplicate-output", ERROR, needs=("outputs",), given="outputs", always="a name must find one output"
)
def duplicate_output(model: "DecodedModel") -> "Violations":
    """Every output has a name of its own."""
    seen: set[str] = set()
    for index, output in enumerate(_outputs(model)):
        if output["name"] in seen:
            yield model.at("outputs", f"output name `{output['name']}` is used twice", (index, "name"))
        seen.add(output["name"])


@output_rule("M235", "output-contradiction", ERROR, needs=_NEEDS, given="outputs")
def output_contradiction(model: "DecodedModel") -> "Violations":
    """The facts of an output fit each other, and those of the first one fit the entry."""
    outputs = _outputs(model)
    yield from _first_output(model, outputs[0])
    yield from _multi_vector(model, outputs)
    for index, output in enumerate(outputs):
        for part, message in (*_words(output), *_widths(output, model)):
            yield model.at("outputs", f"`outputs[{index}].{part}` {message}", (index, part))


def _outputs(model: "DecodedModel") -> "list[Output]":
    """The outputs with their parts by name; an absent part is None, an absent list is empty."""
    records: Any = FIELDS[BY_ATTRIBUTE["outputs"]].type
    return [dict(zip(records.fields, values, strict=True)) for values in model.outputs]


def _first_output(model: "DecodedModel", first: "Output") -> "Violations":
    """The fields of the entry describe the first output."""
    help = "the entry describes the first output, the default one: list that output first, or correct one of the values"
    for name in _COMMON:
        stated, own = getattr(model, name), first[name]
        if stated not in (None, ()) and own not in (None, ()) and stated != own:
            path = FIELDS[BY_ATTRIBUTE[name]].name
            values = ("",) * 2 if name == "dense_layers" else (f" ({own!r})", f" ({stated!r})")
            message = f"`outputs[0].{name}`{values[0]} must equal `{path}`{values[1]}"
            yield model.at("outputs", message, (0, name), help=help)
    kind = ENCODER_TYPES.get(model.model_type) if model.model_type != "unified" else None
    if kind is not None and _KINDS.get(kind, kind) != first["type"]:
        message = f"`outputs[0].type` is {first['type']!r}, but `type` is {model.model_type!r}"
        yield model.at("outputs", message, (0, "type"), help=help)


def _multi_vector(model: "DecodedModel", outputs: "list[Output]") -> "Violations":
    """The entry says what the model can do in any of its outputs."""
    if not model.multi_vector and any(output["type"] == "multi-vector" for output in outputs):
        message = "`capabilities.multi_vector` is false, but an output has the type `multi-vector`"
        yield model.at("multi_vector", message, help="it says what the model can do in any of its outputs")


def _words(output: "Output") -> "Iterator[tuple[str, str]]":
    """The words of an output that do not fit its type."""
    kind, pooling, similarity = output["type"], output["pooling"], output["similarity"]
    if kind == "dense" and pooling == "none":
        yield "pooling", "is 'none', but a dense output has one vector per text"
    if kind in _POOLINGS and pooling not in (None, *_POOLINGS[kind]):
        yield "pooling", f"must be {' or '.join(_POOLINGS[kind])} for a {kind} output, got {pooling!r}"
    if similarity not in (None, *_SIMILARITIES[kind]):
        yield "similarity", f"must be {' or '.join(_SIMILARITIES[kind])} for a {kind} output, got {similarity!r}"


def _widths(output: "Output", model: "DecodedModel") -> "Iterator[tuple[str, str]]":
    """The widths of an output and of its layers that do not fit each other."""
    layers, width, vocabulary = output["dense_layers"], output["embedding_dim"], model.vocab_size
    widths = [(layer[0], layer[1]) for layer in layers]
    for number, (one, other) in enumerate(pairwise(widths), 1):
        if one[1] != other[0]:
            yield "dense_layers", f"must chain: layer {number} takes {other[0]}, and the one before gives {one[1]}"
    last = widths[-1][1] if widths else None
    if output["type"] == "sparse":
        if vocabulary is not None and width not in (vocabulary, last):
            yield "embedding_dim", f"must equal `specs.vocab_size` ({vocabulary}) for a sparse output, got {width}"
    elif last not in (None, width):
        yield "embedding_dim", f"must equal the output of the last of `dense_layers` ({last}), got {width}"
