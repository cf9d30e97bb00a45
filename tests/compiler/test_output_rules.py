"""The rules for outputs: each one is consistent, and the first one is what the entry describes."""

import json
from itertools import pairwise
from typing import Any

import pytest
from golden import golden
from several_outputs import OUTPUTS, UNIFIED
from strategies import registry_of
from tiny import entry

from hypiler.compiler.pipeline import compile_registry


def found(**changes: Any) -> list[tuple[str, str, str]]:
    """Code, path and message of what is wrong with the entry, in which these keys are other ones."""
    tree = registry_of(entry(**UNIFIED | changes))
    registry = compile_registry([("models.json", json.dumps(tree).encode())])
    return [(one.code, one.json_path, one.message) for one in registry.findings if one.severity == "error"]


def output(number: int, **facts: Any) -> dict[str, Any]:
    """The outputs with other facts in one of them."""
    return {"outputs": [one | (facts if index == number else {}) for index, one in enumerate(OUTPUTS)]}


def layers(*widths: int) -> list[dict[str, Any]]:
    return [{"in_features": one, "out_features": two} for one, two in pairwise(widths)]


@pytest.mark.parametrize(
    "fine",
    [
        {},
        output(1, pooling="max", similarity="dot"),
        output(1, dense_layers=layers(8, 1)),
        output(1, dense_layers=layers(8, 64), embedding_dim=64),
        output(2, pooling="none", similarity="max_sim", dense_layers=layers(8, 6, 4)),
        {"type": "dense"},
        {"type": "a-word-of-ones-own"},
        output(0, pooling="cls", normalize=True, query_length=32),
    ],
)
def test_what_fits_is_fine(fine: dict[str, Any]) -> None:
    assert found(**fine) == []


@pytest.mark.parametrize(
    ("wrong", "path", "message"),
    [
        (
            output(0, embedding_dim=7),
            "outputs[0].embedding_dim",
            "`outputs[0].embedding_dim` (7) must equal `specs.embedding_dim` (8)",
        ),
        (
            output(0, pooling="mean"),
            "outputs[0].pooling",
            "`outputs[0].pooling` ('mean') must equal `encoding.pooling` ('cls')",
        ),
        ({"type": "sparse"}, "outputs[0].type", "`outputs[0].type` is 'dense', but `type` is 'sparse'"),
        (
            output(0, similarity="max_sim") | {"encoding": {"similarity": "max_sim", "pooling": "cls"}},
            "outputs[0].similarity",
            "`outputs[0].similarity` must be cosine or dot or euclidean or manhattan for a dense output, got 'max_sim'",
        ),
        (
            output(2, pooling="mean"),
            "outputs[2].pooling",
            "`outputs[2].pooling` must be none for a multi-vector output, got 'mean'",
        ),
        (
            output(1, embedding_dim=8),
            "outputs[1].embedding_dim",
            "`outputs[1].embedding_dim` must equal `specs.vocab_size` (16) for a sparse output, got 8",
        ),
        (
            output(2, dense_layers=layers(8, 6)),
            "outputs[2].embedding_dim",
            "`outputs[2].embedding_dim` must equal the output of the last of `dense_layers` (6), got 4",
        ),
        (
            output(2, dense_layers=[*layers(8, 6), *layers(5, 4)]),
            "outputs[2].dense_layers",
            "`outputs[2].dense_layers` must chain: layer 1 takes 5, and the one before gives 6",
        ),
        (
            {"capabilities": {"multi_vector": False}},
            "capabilities.multi_vector",
            "`capabilities.multi_vector` is false, but an output has the type `multi-vector`",
        ),
    ],
)
def test_contradiction_names_both_values(wrong: dict[str, Any], path: str, message: str) -> None:
    assert found(**wrong) == [("M235", f"$.models[0].{path}", golden(message))]


def test_every_output_has_a_name_of_its_own() -> None:
    message = golden("output name `dense` is used twice")
    assert found(**output(2, name="dense")) == [("M234", "$.models[0].outputs[2].name", message)]
