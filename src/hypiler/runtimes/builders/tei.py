"""Text Embeddings Inference. Read: the source of router 1.9.3 (router/src/main.rs, router/src/lib.rs)."""

from hypiler.runtimes.draft import (
    Draft,
    cut_by_client,
    length_by_files,
    prefix_by_client,
    refuse,
    require,
    served_at,
    unknown,
    unpinned,
)
from hypiler.runtimes.writing import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hypiler.runtimes.facts import Facts

# `--pooling` (backends/core/src/lib.rs, enum Pool).
_POOLINGS = {"cls": "cls", "mean": "mean", "last_token": "last-token"}
# The architectures that are compiled in (backends/candle/src/lib.rs, enum Config), in the words of `architecture.type`.
_ARCHITECTURES = (
    *("bert", "camembert", "deberta-v2", "distilbert", "gemma3_text", "gte", "llama", "mistral", "modernbert", "mpnet"),
    *("new", "nomic_bert", "bidirectional_pplx_qwen3", "qwen2", "qwen3", "roberta", "xlm-roberta"),
)


def build(facts: "Facts") -> Draft:
    """The command line of the router."""
    if facts.other_output or facts.variant is not None:
        raise refuse(
            facts, "a snippet for Text Embeddings Inference serves the default output of the model's own weights"
        )
    if facts.task("query") or facts.task("document"):
        raise refuse(facts, "Text Embeddings Inference cannot tell the model a task")
    if facts.is_cut:
        require(facts, "truncated vectors", "normalize")
    pooling = _pooling(facts)
    words = [
        "text-embeddings-router",
        *("--model-id", facts.name),
        *(("--revision", facts.revision) if facts.revision else ()),
        *("--served-model-name", facts.id),
        *(("--pooling", pooling) if pooling else ()),
        *("--dtype", "float32"),
        *("--port", "3000"),
    ]
    routes = {"dense": "/v1/embeddings", "sparse": "/embed_sparse", "reranker": "/rerank"}
    return Draft(
        command(*words) + "\n",
        {"command": words, "route": routes[facts.kind]},
        lost=_lost(facts, pooling),
        notes=served_at(facts, routes[facts.kind], 3000),
    )


def _pooling(facts: "Facts") -> str | None:
    """The value of `--pooling`; None for a reranker, which has none, and for an unknown one."""
    if facts.kind == "sparse":
        if facts.stated("activation") not in (None, "log1p_relu"):
            raise refuse(facts, f"Text Embeddings Inference has no activation `{facts.stated('activation')}`")
        return "splade"
    if facts.kind == "reranker" or facts.pooling is None:
        return None
    if facts.pooling not in _POOLINGS:
        listed = ", ".join(_POOLINGS)
        raise refuse(
            facts, f"Text Embeddings Inference has the poolings {listed}, and this model has `{facts.pooling}`"
        )
    return _POOLINGS[facts.pooling]


def _lost(facts: "Facts", pooling: str | None) -> list[str]:
    lost = unpinned(facts) + prefix_by_client(facts, "The server")
    if pooling is None and facts.kind == "dense":
        lost.append(
            "The registry does not state `encoding.pooling`: the server reads 1_Pooling/config.json, and cannot parse"
            " the form that sentence-transformers 6 writes."
        )
    if facts.kind == "dense" and facts.normalize is not True:
        what = "is not normalized" if facts.normalize is False else "may not be normalized"
        lost.append(
            f'This model {what}, and /v1/embeddings always normalizes: only /embed with `"normalize": false` does not.'
        )
    if facts.is_cut and facts.order == "truncate_normalize":
        lost.append(f'Each request must ask for the width, `"dimensions": {facts.dimension}`.')
    elif facts.is_cut:
        lost.append(
            f"The server truncates in another order: ask for the full width; the client must {cut_by_client(facts)}."
        )
    if facts.stated("inference_free_queries") is True:
        lost.append(
            "The client must look up the fixed weights of queries: the server would run queries through the network."
        )
    lost += length_by_files(facts, "The server")
    if facts.remote_code:
        lost.append("The server runs no code from a repository: it has its own implementation of some architectures.")
    if facts.architecture not in _ARCHITECTURES:
        lost.append(
            f"The server has no implementation of the architecture `{facts.architecture}` and may refuse to start."
        )
    if facts.has_layers and facts.kind == "dense":
        lost.append("Only the candle backend applies the linear layers after the network that modules.json names.")
    missing = [name for name in unknown(facts) if not name.endswith("pooling")]
    if missing and facts.kind != "reranker":
        lost.append(f"The registry does not state {', '.join([f'`{name}`' for name in missing])}.")
    return lost
