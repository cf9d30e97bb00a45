"""The flags of servers that snippets use, with the place that documents each: file at a version or commit, and its words."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

TEI = "github.com/huggingface/text-embeddings-inference@0d124dc9773be6ac5a9a57d8439aba9bbbf33273"
INFINITY = "infinity_emb 0.0.78"
VLLM = "vllm 0.33.0"
OLLAMA = "github.com/ollama/ollama@fb30760996871fa9460115c753afd2c60d4ab0f7"
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Flag:
    """A flag of a server.

    Attributes:
        fits: Whether a value is one that the flag takes; None for a flag without a value.
        source: The file that documents it, after the version.
        quote: Words of that file.
    """

    fits: Callable[[str], bool] | None
    source: str
    quote: str


def one_of(*values: str) -> Callable[[str], bool]:
    return lambda value: value in values


def any_text(value: str) -> bool:
    return bool(value) and value.isprintable()


def is_model(value: str) -> bool:
    """A repository or a folder. Neither may be read as a flag."""
    return any_text(value) and not value.startswith("-")


def is_commit(value: str) -> bool:
    return _COMMIT.fullmatch(value) is not None


def is_number(value: str) -> bool:
    return value.isdecimal() and int(value) > 0


def is_pooler(value: str) -> bool:
    found: dict[str, Any] = json.loads(value)
    known: dict[str, Callable[[Any], bool]] = {
        "pooling_type": lambda one: one in ("CLS", "LAST", "MEAN"),
        "use_activation": lambda one: type(one) is bool,
        "task": lambda one: one in ("embed", "classify", "token_embed", "token_classify"),
    }
    return bool(found) and all(name in known and known[name](one) for name, one in found.items())


def is_override(value: str) -> bool:
    found: dict[str, Any] = json.loads(value)
    known: dict[str, Callable[[Any], bool]] = {
        "architectures": lambda one: len(one) == 1 and one[0] in ARCHITECTURES,
        "matryoshka_dimensions": lambda one: all(type(width) is int and width > 0 for width in one),
    }
    return bool(found) and all(name in known and known[name](one) for name, one in found.items())


ARCHITECTURES = {
    "HF_ColBERT": "docs/models/pooling_models/token_embed.md",
    "ColBERTModernBertModel": "docs/models/pooling_models/token_embed.md",
    "ColBERTJinaRobertaModel": "docs/models/pooling_models/token_embed.md",
    "ColBERTLfm2Model": "docs/models/pooling_models/token_embed.md",
    "GteNewModel": "docs/models/pooling_models/embed.md",
    "GteNewForSequenceClassification": "docs/models/pooling_models/scoring.md",
    "BgeM3EmbeddingModel": "docs/models/pooling_models/specific_models.md",
}
"""The architectures of vLLM that overrides name, with the file that lists each."""

FLAGS: dict[str, dict[str, Flag]] = {
    "tei": {
        "--model-id": Flag(
            is_model, f"{TEI} router/src/main.rs", "The Hugging Face model ID, can be any model listed on"
        ),
        "--revision": Flag(is_commit, f"{TEI} router/src/main.rs", "You can use a specific commit id or a branch"),
        "--served-model-name": Flag(
            any_text, f"{TEI} router/src/main.rs", "The name of the model that is being served."
        ),
        "--pooling": Flag(
            one_of("cls", "mean", "splade", "last-token"),
            f"{TEI} docs/source/en/cli_arguments.md",
            "If `pooling` is set, it will override the model pooling configuration",
        ),
        "--dtype": Flag(
            one_of("float16", "float32"),
            f"{TEI} docs/source/en/cli_arguments.md",
            "[possible values: float16, float32]",
        ),
        "--port": Flag(is_number, f"{TEI} router/src/main.rs", '#[clap(default_value = "3000", long, short, env)]'),
    },
    "infinity": {
        "--model-id": Flag(is_model, f"{INFINITY} cli.py", "Huggingface model repo id."),
        "--revision": Flag(is_commit, f"{INFINITY} cli.py", "huggingface  model repo revision."),
        "--served-model-name": Flag(any_text, f"{INFINITY} cli.py", "the nickname for the API"),
        "--engine": Flag(one_of("torch"), f"{INFINITY} primitives.py", "class InferenceEngine(EnumType)"),
        "--dtype": Flag(one_of("float32", "float16", "bfloat16"), f"{INFINITY} primitives.py", "class Dtype(EnumType)"),
        "--trust-remote-code": Flag(None, f"{INFINITY} cli.py", "if potential remote modeling code from huggingface"),
        "--no-trust-remote-code": Flag(None, f"{INFINITY} env.py", '"trust_remote_code", default=["true"]'),
        "--url-prefix": Flag(
            one_of("/v1"), f"{INFINITY} cli.py", "prefix for all routes of the FastAPI uvicorn server."
        ),
        "--port": Flag(is_number, f"{INFINITY} cli.py", "port for the FastAPI uvicorn server"),
    },
    "vllm": {
        "--runner": Flag(one_of("pooling"), f"{VLLM} vllm/engine/arg_utils.py", 'add_argument("--runner"'),
        "--revision": Flag(is_commit, f"{VLLM} vllm/engine/arg_utils.py", 'add_argument("--revision"'),
        "--tokenizer-revision": Flag(is_commit, f"{VLLM} vllm/engine/arg_utils.py", '"--tokenizer-revision"'),
        "--served-model-name": Flag(any_text, f"{VLLM} vllm/engine/arg_utils.py", '"--served-model-name"'),
        "--dtype": Flag(
            one_of("float32", "float16", "bfloat16"),
            f"{VLLM} vllm/config/model.py",
            'ModelDType = Literal["auto", "half", "float16", "bfloat16", "float", "float32"]',
        ),
        "--max-model-len": Flag(is_number, f"{VLLM} vllm/engine/arg_utils.py", 'add_argument("--max-model-len"'),
        "--pooler-config": Flag(is_pooler, f"{VLLM} vllm/config/pooler.py", "class PoolerConfig"),
        "--hf-overrides": Flag(
            is_override, f"{VLLM} docs/models/pooling_models/embed.md", "Manually enable Matryoshka"
        ),
        "--trust-remote-code": Flag(None, f"{VLLM} vllm/engine/arg_utils.py", '"--trust-remote-code"'),
        "--port": Flag(is_number, f"{VLLM} vllm/entrypoints/common/cli_args.py", "port: int = 8000"),
    },
    "ollama": {
        "FROM": Flag(is_model, f"{OLLAMA} docs/modelfile.mdx", "FROM <model directory>"),
        "num_ctx": Flag(is_number, f"{OLLAMA} docs/modelfile.mdx", "Sets the size of the context window"),
    },
}
"""The flags by runtime. Those of Ollama are instructions and parameters of a Modelfile."""

BEGINNINGS = {
    "tei": ["text-embeddings-router"],
    "infinity": ["infinity_emb", "v2"],
    "vllm": ["vllm", "serve"],
}
"""The words before the flags; the model follows those of vLLM."""
