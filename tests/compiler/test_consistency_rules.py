"""Facts of one entry, or of two, that refute each other."""

from typing import Any

import pytest
from generated import compiled
from golden import golden
from strategies import plain_model, registry_of


def messages(code: str, *models: Any) -> list[str]:
    return [f.message for f in compiled(registry_of(*models)).findings if f.code == code]


def model(**changed: Any) -> Any:
    """A model without layers after its hidden states."""
    shape = {"architecture__has_projection": False, "architecture__projection_dims": None, "encoding__dense_layers": []}
    return plain_model(**{**shape, **changed})


def layer(taken: int, given: int) -> dict[str, int]:
    return {"in_features": taken, "out_features": given}


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([layer(7, 9), layer(9, 7)], []),
        ([layer(8, 7)], ["`encoding.dense_layers[0].in_features` is 8, but `specs.hidden_dim` is 7"]),
        (
            [layer(7, 9), layer(8, 7)],
            ["`encoding.dense_layers[1].in_features` is 8, but `encoding.dense_layers[0].out_features` is 9"],
        ),
        ([layer(7, 9)], ["`encoding.dense_layers[0].out_features` is 9, but `specs.embedding_dim` is 7"]),
    ],
)
def test_layers_lead_from_hidden_states_to_the_vector(layers: Any, expected: list[str]) -> None:
    assert messages("M227", plain_model(encoding__dense_layers=layers)) == expected


@pytest.mark.parametrize(
    ("changed", "attribute"),
    [
        ({"type": "dense", "specs__hidden_dim": 9}, "hidden_dim"),
        ({"type": "colbert", "specs__hidden_dim": 9}, "hidden_dim"),
        ({"type": "sparse", "specs__vocab_size": 9, "specs__hidden_dim": 5}, "vocab_size"),
        ({"type": "static", "specs__hidden_dim": 9}, None),
        ({"type": "time-series", "specs__hidden_dim": 9}, None),
        ({"type": "dense", "specs__hidden_dim": 9, "encoding__dense_layers": [layer(9, 7)]}, None),
        ({"type": "sparse", "specs__vocab_size": None}, None),
    ],
)
def test_width_of_a_vector_has_a_reason(changed: Any, attribute: str | None) -> None:
    reason = "and neither `has_projection` nor `dense_layers` says why"
    expected = f"`specs.embedding_dim` is 7, but `{attribute}` is 9, {reason}"
    assert messages("M228", model(**changed)) == ([expected] if attribute else [])


@pytest.mark.parametrize(
    ("type", "multi_vector", "pooling", "similarity", "wrong"),
    [
        ("colbert", True, "none", "max_sim", []),
        ("dense", False, "mean", "cosine", []),
        ("sparse", False, "max", "dot", []),
        ("unified", True, "cls", "cosine", []),
        ("reranker", False, "cls", "cosine", []),
        ("colbert", False, "mean", "cosine", ["multi_vector", "pooling", "similarity"]),
        ("dense", True, "none", "max_sim", ["multi_vector", "pooling", "similarity"]),
    ],
)
def test_one_vector_or_one_per_token(
    type: str, multi_vector: bool, pooling: str, similarity: str, wrong: list[str]
) -> None:
    encoding = {"encoding__pooling": pooling, "encoding__similarity": similarity}
    changed = plain_model(type=type, capabilities__multi_vector=multi_vector, outputs=[], **encoding)
    assert [text.partition("` is ")[0].rpartition(".")[2] for text in messages("M229", changed)] == wrong


def test_no_text_is_longer_than_the_context() -> None:
    changed = {"encoding__document_length": 8, "encoding__query_length": 7}
    assert messages("M243", plain_model(**changed)) == [
        "`encoding.document_length` is 8, but `specs.context_length` is 7"
    ]


@pytest.mark.parametrize(
    ("quantization", "file", "size", "is_wrong"),
    [
        ("fp32", "model.safetensors", 440_000_000, False),
        ("fp32", "model.safetensors", 219_000_000, True),
        ("fp16", "model.safetensors", 219_000_000, False),
        ("fp16", "model.safetensors", 440_000_000, True),
        ("int8", "model.onnx", 110_000_000, False),
        ("int8", "model.onnx", 300_000_000, False),
        ("int8", "model.onnx", 700_000_000, True),
        ("fp32", "model.onnx", 1_000_000, False),
        ("fp32", "model-00001-of-00002.safetensors", 200_000_000, False),
        ("fp32", "model.safetensors.index.json", 20_000, False),
    ],
)
def test_size_fits_the_parameters(quantization: str, file: str, size: int, *, is_wrong: bool) -> None:
    variant = {"id": "v", "quantization": quantization, "file": file, "size_bytes": size}
    assert len(messages("M244", plain_model(specs__parameters="110M", variants=[variant]))) == is_wrong


@pytest.mark.parametrize(
    ("text", "is_fine"),
    [("use other", True), ("see org/other", True), ("use another-model", False), ("plain is old", False)],
)
def test_deprecated_model_names_its_successor(text: str, *, is_fine: bool) -> None:
    models = [plain_model(deprecated=text), plain_model(id="other", huggingface_id="org/x", aliases=[])]
    del models[1]["deprecated"]
    message = "`deprecated` names no model of this registry and no repository"
    assert messages("M245", *models) == ([] if is_fine else [message])


@pytest.mark.parametrize(
    ("successor", "message", "help"),
    [
        ("other", None, None),
        ("another", None, None),
        ("org/elsewhere", None, None),
        ("plain", "`successor` must be another model, and names the model itself", None),
        ("plain-alias", "`successor` must be another model, and names the model itself", None),
        (
            "othr",
            '`successor` must name a model of this registry or a repository, got "othr"',
            "did you mean `other`?",
        ),
        (
            "first",
            '`successor` must name a model of this registry or a repository, got "first"',
            "write `other`, which is its id now",
        ),
        (
            "nothing-like-it",
            '`successor` must name a model of this registry or a repository, got "nothing-like-it"',
            "write its repository if it is not in this registry",
        ),
        ("old", "`successor` must not be deprecated itself, and `old` is", "name `other`, its successor"),
    ],
)
def test_a_successor_is_another_model_that_is_not_deprecated(
    successor: str, message: str | None, help: str | None
) -> None:
    models = [
        plain_model(successor=successor),
        plain_model(id="other", huggingface_id="org/x", aliases=["another"], former_ids=["first"]),
        plain_model(id="old", huggingface_id="org/y", aliases=[], successor="other"),
    ]
    del models[1]["deprecated"]
    found = [(one.message, one.help) for one in compiled(registry_of(*models)).findings if one.code == "M280"]
    assert found == ([] if message is None else [(message, help)])


def test_a_successor_stands_beside_the_reason() -> None:
    model = plain_model(successor="org/x")
    assert messages("M281", model) == []
    del model["deprecated"]
    assert messages("M281", model) == [
        "`deprecated` must say why the model should no longer be used, since `successor` is given"
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"specs__hidden_dim": 9}, ["`specs.hidden_dim` is `9`, but `7` for its base model `plain`"]),
        ({"architecture__type": "gpt"}, ["`architecture.type` is `gpt`, but `text` for its base model `plain`"]),
        ({"type": "static", "specs__hidden_dim": 9}, []),
        # Code from a repository gives the network a name of its own.
        ({"architecture__type": "gpt", "dependencies__remote_code": True}, []),
        ({"architecture__type": "TEXT"}, []),
    ],
)
def test_model_has_the_network_of_its_base_model(changed: Any, expected: list[str]) -> None:
    tuned = plain_model(
        **{"id": "tuned", "aliases": [], "huggingface_id": "org/tuned", "dependencies__base_model": "org/name"}
        | {"dependencies__remote_code": False}
        | changed
    )
    base = plain_model(huggingface_id="org/name", dependencies__remote_code=False)
    assert messages("M246", base, tuned) == expected


@pytest.mark.parametrize(
    ("rounded", "exact", "expected"),
    [
        ("33.4M", 33_360_512, []),
        ("33M", 33_360_512, []),
        ("33.5M", 33_360_512, ["`specs.parameters` is 33.5M, but `specs.parameter_count` is 33,360,512"]),
        ("8x7B", 46_702_792_704, []),
    ],
)
def test_rounded_count_is_the_exact_one_rounded(rounded: str, exact: int, expected: list[str]) -> None:
    assert messages("M247", plain_model(specs__parameters=rounded, specs__parameter_count=exact)) == expected


def network(architecture: str, width: int, tokens: int, count: int, **more: Any) -> Any:
    """A dense model for text whose network has these numbers."""
    shape: dict[str, Any] = {
        "architecture__type": architecture,
        "architecture__layers": None,
        "architecture__intermediate_dim": None,
        "specs__hidden_dim": width,
        "specs__vocab_size": tokens,
        "specs__max_position_embeddings": 512,
        "specs__parameter_count": count,
        "capabilities__modalities": ["text"],
        "dependencies__remote_code": False,
    }
    tree = model(**{"type": "dense", **shape, **more})
    for name in ("layers", "intermediate_dim"):
        if tree["architecture"][name] is None:
            del tree["architecture"][name]
    return tree


class TestCounts:
    @pytest.mark.parametrize(
        "entry",
        [
            network("bert", 384, 30522, 33_360_512),
            network("bert", 384, 30522, 33_360_512, architecture__layers=12),
            network(
                "BERT", 312, 83828, 29_193_768, specs__max_position_embeddings=2048, architecture__intermediate_dim=600
            ),
            network("new", 768, 250048, 305_369_089, dependencies__remote_code=True),
            # What cannot be judged: a network of the repository's own, one without a formula, one with unstated widths.
            network("bert", 512, 30528, 32_690_689, dependencies__remote_code=True),
            network("lfm2", 1024, 64402, 353_322_753),
            network("modernbert", 768, 50368, 149_014_273),
            network("bert", 384, 30522, 1, capabilities__modalities=["text", "image"]),
            network("bert", 384, 30522, 1, type="time-series"),
        ],
    )
    def test_count_that_follows_from_the_network_or_that_nothing_refutes(self, entry: Any) -> None:
        assert messages("M248", entry) == []

    @pytest.mark.parametrize(
        ("entry", "expected"),
        [
            (
                network("bert", 768, 30527, 109_482_240, architecture__layers=12),
                "that is the count with `specs.vocab_size` 30522 (stated is 30527) or with"
                " `specs.max_position_embeddings` 507 (stated is 512)",
            ),
            (
                network("bert", 768, 30527, 109_482_240),
                "that is the count with `specs.vocab_size` 30522 (stated is 30527) or with"
                " `specs.max_position_embeddings` 507 (stated is 512)",
            ),
            (
                network("bert", 384, 30522, 33_360_512, architecture__layers=6),
                "that is the count with `architecture.layers` 12 (stated is 6)",
            ),
        ],
    )
    def test_numbers_that_would_fit_are_named(self, entry: Any, expected: str) -> None:
        assert messages("M248", entry) == [
            f"`specs.parameter_count` is {entry['specs']['parameter_count']:,}: {expected}"
        ]

    def test_count_that_no_number_alone_explains(self) -> None:
        known = network("bert", 384, 30522, 33_000_000, architecture__layers=12)
        assert messages("M248", known, network("bert", 384, 30522, 33_000_000, id="other", aliases=[])) == [
            golden(
                "`specs.parameter_count` is 33,000,000, but `bert` of width 384 with 30522 tokens and 12 layers has"
                " 33,212,160"
            ),
            golden(
                "`specs.parameter_count` is 33,000,000, but no number of layers gives `bert` of width 384 with 30522"
                " tokens so many parameters"
            ),
        ]
