"""Snippets are pure: what each runtime's text spells out, what is lost, what is refused, and that no value becomes code."""

import ast
import json
import pickle
import shlex
from pathlib import Path
from typing import Any

import pytest
from golden import golden
from hypothesis import given
from hypothesis import strategies as st

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
        "there is no snippet for PyLate that runs sparse models such as `splade-v3`; alternatives for runtime:"
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
        " `all-minilm-l6-v2`; alternatives for runtime: sentence-transformers, tei, infinity, vllm, ollama, litellm"
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
