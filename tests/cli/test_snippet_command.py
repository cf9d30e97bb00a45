"""`hypiler snippet` prints the snippet of a runtime, as text or as data, and lists the runtimes that can where one cannot."""

import json

import pytest
from golden import golden
from jsonschema import Draft202012Validator

from hypiler import ModelConfig, runtimes
from hypiler.cli.main import main
from hypiler.cli.output_schemas import output_schema

Capture = pytest.CaptureFixture[str]


# One for each language.
@pytest.mark.parametrize("runtime", ["onnx", "tei", "ollama"])
def test_prints_the_text_or_all_of_it_as_json(runtime: str, capsys: Capture) -> None:
    made = runtimes.snippet(ModelConfig.from_registry("all-minilm-l6-v2"), runtime)
    assert main(["snippet", "all-minilm-l6-v2", "--shipped", "--for", runtime]) == 0
    assert capsys.readouterr() == (made.text, "")
    assert main(["snippet", "all-minilm-l6-v2", "--shipped", "--for", runtime, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {"version": 1, **made.to_dict()}
    Draft202012Validator(output_schema("snippet")).validate(document)


def test_options_choose_width_output_variant_and_prompts(capsys: Capture) -> None:
    for words, expected in (
        ("nomic-embed-v1.5 --for onnx --dim 256", "vectors[:, :256]"),
        ("nomic-embed-v1.5 --for onnx --variant onnx-int8", "onnx/model_quantized.onnx"),
        ("bge-m3 --for vllm --output multi-vector", "token_embed"),
        ("stella-en-400m-v5 --for vllm --query-prompt s2s_query", "semantically similar"),
    ):
        assert main(["snippet", *words.split(), "--shipped"]) == 0
        assert expected in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "splade-v3 --for pylate",
            golden(
                "hypiler: there is no snippet for PyLate that runs sparse models such as `splade-v3`; these runtimes"
                " can: sentence-transformers, fastembed, onnx, tei\n"
            ),
        ),
        (
            "clip-vit-base-patch32 --for vllm",
            golden(
                "hypiler: `clip-vit-base-patch32` is of type `vision-language`, whose input is more than text: there"
                " is no snippet\n"
            ),
        ),
        (
            "bge-m3 --for tei --output sparse",
            golden(
                "hypiler: `bge-m3`: a snippet for Text Embeddings Inference serves the default output of the model's"
                " own weights; these runtimes can: vllm\n"
            ),
        ),
        (
            "nomic-embed-v1.5 --for tei --dim 100",
            golden(
                "hypiler: 'nomic-embed-v1.5' has no vectors of dimension 100; choose one of: 64, 128, 256, 512, 768\n"
            ),
        ),
        (
            "nomic-embed-v1.5 --for onnx --variant int9",
            golden("hypiler: 'nomic-embed-v1.5' has no variant 'int9'; it has: onnx-int8\n"),
        ),
        (
            "nomic-embed-v1.5 --for vllm --query-prompt other",
            golden("hypiler: `nomic-embed-v1.5` has no prompt 'other'; it has none\n"),
        ),
        (
            "all-minilm-l6-v2 --for vlm",
            golden(
                "hypiler: argument --for: must be one of sentence-transformers, pylate, fastembed, onnx, model2vec, tei,"
                ' infinity, vllm, ollama, litellm; got "vlm"; did you mean `vllm`?\n'
            ),
        ),
        (
            "all-minilm-l6 --for vllm",
            golden("hypiler: no model 'all-minilm-l6' in the shipped registry; did you mean 'all-minilm-l6-v2'?\n"),
        ),
    ],
    ids=range(8),
)
def test_what_cannot_be_run_is_one_line_with_what_can(words: str, message: str, capsys: Capture) -> None:
    try:
        code = main(["snippet", *words.split(), "--shipped"])
    except SystemExit as ended:
        code = int(ended.code or 0)
    printed = capsys.readouterr()
    assert (code, printed.out, printed.err) == (2, "", message)
