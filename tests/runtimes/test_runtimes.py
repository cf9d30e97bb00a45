"""Snippets are pure: what each runtime's text spells out, what is lost, what is refused, and that no value becomes code."""

import ast
import json
import os
import pickle
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from hypothesis import given
from hypothesis import strategies as st
from server_flags import ARCHITECTURES, BEGINNINGS, FLAGS

from hypiler import ModelConfig, Registry
from hypiler.hosted_registry import MODEL_REGISTRY as HOSTED
from hypiler.model_registry import MODEL_REGISTRY
from hypiler.runtimes import RUNTIMES, RuntimeLimitError, Snippet, snippet
from hypiler.runtimes.specs import FACTS, SPECS
from hypiler.runtimes.writing import literal

ROOT = Path(__file__).parents[2]
MINILM = ModelConfig.from_registry("all-minilm-l6-v2")
pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")


def configs() -> list[ModelConfig]:
    """The outputs of all shipped models, also truncated to their smallest dimension."""
    found: list[ModelConfig] = []
    models: list[Any] = [*MODEL_REGISTRY, *HOSTED]
    for model in models:
        for output in [one.name for one in model.outputs] or [None]:
            config = ModelConfig.from_model(model, output=output)
            smallest = min(model.dimensions)
            found.append(config)
            if output in (None, model.outputs[0].name if model.outputs else None) and smallest < config.embedding_dim:
                found.append(ModelConfig.from_model(model, smallest, output=output))
    return found


def made(config: ModelConfig) -> dict[str, Snippet]:
    """The snippets of a model by runtime, without the runtimes that refuse it."""
    found: dict[str, Snippet] = {}
    for runtime in RUNTIMES:
        try:
            found[runtime] = snippet(config, runtime)
        except RuntimeLimitError as error:
            assert runtime not in error.alternatives
    return found


def test_every_shipped_model_has_snippets_or_learns_which_runtimes_can_run_it() -> None:
    counts = dict.fromkeys(RUNTIMES, 0)
    for config in configs():
        for runtime, one in made(config).items():
            counts[runtime] += 1
            assert json.loads(json.dumps(one.to_dict())) == one.to_dict()
            check_text(one)
    assert min(counts.values()) > 5


def check_text(one: Snippet) -> None:
    """The text is whole: code that compiles, words of a shell, or instructions of a Modelfile. It repeats what is lost."""
    if one.language == "python":
        ast.parse(one.text)
    elif one.language == "sh":
        (line,) = [line for line in one.text.splitlines() if not line.startswith("#")]
        assert shlex.split(line) == one.arguments["command"]
    else:
        words = {line.split()[0] for line in one.text.splitlines()}
        assert words <= {"#", "FROM", "PARAMETER"}
    comments = " ".join([line.removeprefix("# ") for line in one.text.splitlines() if line.startswith("# ")])
    assert all(f"Lost: {sentence}" in comments for sentence in one.lost)


def test_table_has_a_word_for_every_fact_of_every_runtime() -> None:
    assert all(tuple(spec.honours) == FACTS for spec in SPECS)


def test_error_names_the_runtimes_that_can_and_survives_a_pickle() -> None:
    with pytest.raises(RuntimeLimitError) as caught:
        snippet(ModelConfig.from_registry("splade-v3"), "pylate")
    assert str(caught.value) == golden(
        "there is no snippet for PyLate that runs sparse models such as `splade-v3`; these runtimes can:"
        " sentence-transformers, fastembed, onnx, tei"
    )
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.alternatives) == (str(caught.value), caught.value.alternatives)


def changed(place: Path, base: str = "all-minilm-l6-v2", **sections: Any) -> ModelConfig:
    """The config of a shipped model with other facts; None removes a fact."""
    tree = json.loads((ROOT / "models.json").read_text("utf-8"))
    entry = next(model for model in tree["models"] if model["id"] == base)
    for name, value in sections.items():
        entry[name] = {**entry[name], **value} if isinstance(value, dict) else value
    entry["encoding"] = {key: value for key, value in entry["encoding"].items() if value is not None}
    entry = {key: value for key, value in entry.items() if value is not None and key != "sources"}
    (place / "models.json").write_text(json.dumps({"version": "1.0", "models": [entry]}))
    registry = Registry.load(place / "models.json")
    return ModelConfig.from_model(registry[base])


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_text_is_written_as_a_literal_that_reads_back(text: str) -> None:
    written = literal(text)
    assert ast.literal_eval(written) == text
    assert written.isprintable()


HOSTILE = "\"'; import os\n`rm` $(rm) \\ {x} \x1b\u202e'''\"\"\" "


def test_hostile_prefix_stays_a_value_in_every_runtime(tmp_path: Path) -> None:
    config = changed(tmp_path, encoding={"query_prefix": HOSTILE, "document_prefix": HOSTILE})
    for runtime, one in made(config).items():
        check_text(one)
        assert all(line.isprintable() for line in one.text.splitlines()), runtime
        if one.language == "python":
            texts = {node.value for node in ast.walk(ast.parse(one.text)) if isinstance(node, ast.Constant)}
            assert HOSTILE in texts, runtime


def test_fact_that_the_registry_does_not_state_is_named_and_not_guessed(tmp_path: Path) -> None:
    config = changed(tmp_path, encoding={"pooling": None, "query_prefix": None})
    found = made(config)
    assert {*RUNTIMES} - {*found} == {"pylate", "fastembed", "onnx", "model2vec"}
    for runtime in ("sentence-transformers", "infinity", "vllm", "ollama", "tei"):
        assert "`encoding.query_prefix`" in " ".join(found[runtime].lost), runtime
    assert "pooling" not in found["sentence-transformers"].text.replace("`encoding.pooling`", "")
    with pytest.raises(RuntimeLimitError) as caught:
        snippet(config, "onnx")
    assert str(caught.value) == golden(
        "onnxruntime needs `encoding.query_prefix`, `encoding.pooling`, which the registry does not state for"
        " `all-minilm-l6-v2`; these runtimes can: sentence-transformers, tei, infinity, vllm, ollama, litellm"
    )


def test_config_that_was_created_by_hand_is_refused() -> None:
    with pytest.raises(ValueError, match="was not created from a registry entry"):
        snippet(ModelConfig("org/name", 8, 16), "onnx")


def test_unknown_runtime_gets_a_suggestion() -> None:
    with pytest.raises(ValueError, match=r"got 'vlm'; did you mean 'vllm'\?$"):
        snippet(MINILM, "vlm")


def test_missing_commit_is_said(tmp_path: Path) -> None:
    found = made(changed(tmp_path, revision=None))
    assert {runtime for runtime, one in found.items() if "pins no commit" not in " ".join(one.lost)} == {"litellm"}
    assert not any("--revision" in one.text or "revision=" in one.text for one in found.values())


def test_remote_code_is_switched_on_by_a_line_with_a_warning_alone() -> None:
    for config in configs():
        model: Any = config.model
        for runtime, one in made(config).items():
            switched = "trust_remote_code=True" in one.text or " --trust-remote-code" in one.text
            assert switched == (
                model.remote_code is True and runtime in ("sentence-transformers", "pylate", "infinity", "vllm")
            )
            assert switched == ("This runs code from the repository" in one.text)


def flags_of(one: Snippet) -> dict[str, str | None]:
    """The flags of a server's snippet with their values; those of a Modelfile as well."""
    if one.language == "modelfile":
        lines = [line.split(" ", 1) for line in one.text.splitlines() if not line.startswith("#")]
        assert {word for word, _ in lines} <= {"FROM", "PARAMETER"}
        return {rest.split(" ")[0] if word == "PARAMETER" else word: rest.split(" ")[-1] for word, rest in lines}
    beginning = BEGINNINGS[one.runtime]
    words = shlex.split(one.text, comments=True)
    assert words[: len(beginning)] == beginning
    words = words[len(beginning) + (one.runtime == "vllm") :]
    found: dict[str, str | None] = {}
    while words:
        flag = words.pop(0)
        assert flag not in found
        found[flag] = words.pop(0) if FLAGS[one.runtime][flag].fits else None
    return found


@pytest.mark.parametrize("runtime", FLAGS)
def test_every_command_has_only_documented_flags_with_valid_values(runtime: str) -> None:
    used: set[str] = set()
    for config in configs():
        try:
            found = flags_of(snippet(config, runtime))
        except RuntimeLimitError:
            continue
        used |= {*found}
        for flag, value in found.items():
            fits = FLAGS[runtime][flag].fits
            assert value is None or (fits is not None and fits(value)), (config, flag, value)
    assert used == {*FLAGS[runtime]}


def test_every_flag_has_its_source() -> None:
    flags = [flag for named in FLAGS.values() for flag in named.values()]
    assert all(flag.quote and len(flag.source.split()) >= 2 for flag in flags)
    assert all(path.endswith(".md") for path in ARCHITECTURES.values())


_PARSE = """
import json, sys
from typer.main import get_command
from infinity_emb import cli
command = get_command(cli.tp).commands["v2"]
for words in json.load(sys.stdin):
    command.make_context("v2", words[2:])
"""


@pytest.mark.skipif("HYPILER_INFINITY" not in os.environ, reason="HYPILER_INFINITY names no Python with infinity")
def test_infinity_itself_accepts_every_command() -> None:
    commands = [made(config)["infinity"].arguments["command"] for config in configs() if "infinity" in made(config)]
    python = os.environ["HYPILER_INFINITY"]
    subprocess.run([python, "-c", _PARSE], input=json.dumps(commands), text=True, check=True, env={"PATH": os.defpath})
    assert len(commands) > 100


def test_every_order_of_truncation_is_said_or_written(tmp_path: Path) -> None:
    """A server that truncates and then normalizes is asked for the width; else the client truncates by itself."""
    asked = {}
    for order in ("truncate_normalize", "normalize_truncate", "layer_norm_truncate_normalize"):
        changes: Any = {"architecture": {"matryoshka_dims": [64, 384]}, "encoding": {"matryoshka_order": order}}
        model: Any = changed(tmp_path, capabilities={"matryoshka": True}, **changes).model
        found = made(ModelConfig.from_model(model, 64))
        asked[order] = {name for name, one in found.items() if '"dimensions": 64' in " ".join(one.lost)}
        for name in ("tei", "infinity", "vllm", "ollama"):
            assert "64" in " ".join(found[name].lost), name
    assert asked == {
        "truncate_normalize": {"tei", "vllm", "ollama"},
        "normalize_truncate": set(),
        "layer_norm_truncate_normalize": set(),
    }


def test_model_that_must_not_be_normalized_is_not_served_as_if_it_were() -> None:
    """Contriever compares by dot product, and its vectors have lengths of their own."""
    found = made(ModelConfig.from_registry("contriever-msmarco"))
    assert not {"infinity", "ollama"} & {*found}
    assert '"use_activation": false' in found["vllm"].text
    assert "always normalizes" in " ".join(found["tei"].lost)
    assert "normalize_embeddings" not in found["sentence-transformers"].text


def test_named_prompts_and_variants_are_taken() -> None:
    config = ModelConfig.from_registry("stella-en-400m-v5")
    other = snippet(config.with_prompts(query="s2s_query"), "sentence-transformers").arguments["prompts"]
    assert other["query"] != snippet(config, "sentence-transformers").arguments["prompts"]["query"]
    nomic = ModelConfig.from_registry("nomic-embed-v1.5").with_variant("onnx-int8")
    assert "onnx/model_quantized.onnx" in snippet(nomic, "onnx").text
    with pytest.raises(RuntimeLimitError) as caught:
        snippet(nomic, "tei")
    assert str(caught.value) == golden(
        "`nomic-embed-v1.5`: a snippet for Text Embeddings Inference serves the default output of the model's own"
        " weights; these runtimes can: fastembed, onnx, litellm"
    )


@pytest.mark.parametrize("runtime", ["onnx", "vllm", "infinity", "tei", "sentence-transformers", "litellm"])
def test_task_of_a_model_is_told_or_the_runtime_refuses(runtime: str) -> None:
    config = ModelConfig.from_registry("jina-embeddings-v3")
    if runtime == "sentence-transformers":
        assert 'task="retrieval.query"' in snippet(config, runtime).text
        return
    with pytest.raises(RuntimeLimitError, match=r"a task; these runtimes can: sentence-transformers$"):
        snippet(config, runtime)


def own_model(place: Path, **source: str) -> ModelConfig:
    """The config of a model that is not on the hub."""
    tree = json.loads((ROOT / "models.json").read_text("utf-8"))
    entry = next(model for model in tree["models"] if model["id"] == "all-minilm-l6-v2")
    left_out = ("huggingface_id", "revision", "sources", "files", "variants")
    entry = {key: value for key, value in entry.items() if key not in left_out} | {"source": source}
    (place / "models.json").write_text(json.dumps({"version": "1.0", "models": [entry]}))
    registry = Registry.load(place / "models.json")
    assert registry.ok, registry.report()
    return ModelConfig.from_model(registry["all-minilm-l6-v2"])


@pytest.mark.parametrize(
    ("source", "runtimes"),
    [
        (
            {"path": "models/it's $mine; rm"},
            {"sentence-transformers", "fastembed", "onnx", "tei", "infinity", "vllm", "litellm"},
        ),
        ({"ollama": "all-minilm:22m"}, {"ollama", "litellm"}),
        ({"api": "openai", "model": "text-embedding-3-small"}, {"litellm"}),
        ({"url": "https://example.com/model.onnx", "sha256": "0" * 64}, set()),
    ],
    ids=["path", "ollama", "api", "url"],
)
def test_each_place_of_a_model_has_its_runtimes(source: dict[str, str], runtimes: set[str], tmp_path: Path) -> None:
    found = made(own_model(tmp_path, **source))
    assert {*found} == runtimes
    for one in found.values():
        check_text(one)
        assert "revision" not in one.text
    if not runtimes:
        with pytest.raises(
            RuntimeLimitError, match=r"^onnxruntime cannot load `all-minilm-l6-v2`, which is a file behind an address$"
        ):
            snippet(own_model(tmp_path, **source), "onnx")
