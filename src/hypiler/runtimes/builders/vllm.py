"""vLLM. Read: the source and the documentation of 0.33.0 (vllm/engine/arg_utils.py, docs/models/pooling_models)."""

from hypiler.runtimes.draft import (
    Draft,
    code_warning,
    cut_by_client,
    dtype,
    prefix_by_client,
    refuse,
    require,
    served_at,
    unknown,
    unpinned,
)
from hypiler.runtimes.facts import SIDES
from hypiler.runtimes.writing import command, comment, json_flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.runtimes.facts import Facts

# vllm/config/pooler.py: SequencePoolingType.
_POOLINGS = {"cls": "CLS", "last_token": "LAST", "mean": "MEAN"}
# docs/models/pooling_models/token_embed.md, by `architecture.type`.
_LATE = {
    "bert": "HF_ColBERT",
    "modernbert": "ColBERTModernBertModel",
    "xlm-roberta": "ColBERTJinaRobertaModel",
    "lfm2": "ColBERTLfm2Model",
}
# docs/models/pooling_models/embed.md and scoring.md: the name of this family in config.json is too generic.
_NEW = {"dense": "GteNewModel", "reranker": "GteNewForSequenceClassification"}
# docs/models/pooling_models/specific_models.md, BAAI/bge-m3: the task by the file that holds the output's layer.
_M3 = {"sparse_linear.pt": "token_classify", "colbert_linear.pt": "token_embed"}


def build(facts: "Facts") -> Draft:
    """The command line of `vllm serve`."""
    if facts.variant is not None:
        raise refuse(facts, "a snippet for vLLM serves the model's own weights, not a variant")
    if facts.task("query") or facts.task("document"):
        raise refuse(facts, "a snippet for vLLM cannot tell the model a task")
    if facts.is_cut:
        require(facts, "truncated vectors", "normalize")
    overrides, pooler, route = _settings(facts)
    length = max([facts.length(side) or 0 for side in SIDES])
    words = [
        *("vllm", "serve", facts.name),
        *("--runner", "pooling"),
        *(("--revision", facts.revision, "--tokenizer-revision", facts.revision) if facts.revision else ()),
        *("--served-model-name", facts.id),
        *("--dtype", dtype(facts)),
        *(("--max-model-len", str(length)) if length else ()),
        *(("--pooler-config", json_flag(pooler)) if pooler else ()),
        *(("--hf-overrides", json_flag(overrides)) if overrides else ()),
        *(("--trust-remote-code",) if facts.remote_code else ()),
        *("--port", "8000"),
    ]
    warning = comment(code_warning(facts)) + "\n" if facts.remote_code else ""
    notes = served_at(facts, route, 8000)
    if dtype(facts) == "float32":
        notes.append("Without `--dtype`, the server would run float32 weights in float16.")
    return Draft(warning + command(*words) + "\n", {"command": words, "route": route}, _lost(facts), notes)


def _settings(facts: "Facts") -> "tuple[dict[str, Any], dict[str, Any], str]":
    """The overrides of config.json, the settings of the pooler, and the route that answers."""
    if facts.other_output:
        return _of_output(facts)
    if facts.kind == "sparse":
        raise refuse(facts, "a snippet for vLLM serves no sparse models")
    if facts.kind == "multi_vector":
        if facts.architecture not in _LATE:
            raise refuse(facts, f"vLLM has no late interaction for the architecture `{facts.architecture}`")
        return {"architectures": [_LATE[facts.architecture]]}, {"task": "token_embed"}, "/pooling"
    overrides: dict[str, Any] = {}
    if facts.architecture == "new":
        overrides["architectures"] = [_NEW[facts.kind]]
    if facts.kind == "reranker":
        return overrides, {}, "/rerank"
    if facts.pooling is not None and facts.pooling not in _POOLINGS:
        raise refuse(facts, f"vLLM has the poolings {', '.join(_POOLINGS)}, and this model has `{facts.pooling}`")
    pooler: dict[str, Any] = {}
    if facts.pooling is not None:
        pooler["pooling_type"] = _POOLINGS[facts.pooling]
    if facts.normalize is not None:
        pooler["use_activation"] = facts.normalize
    if facts.is_cut and facts.order == "truncate_normalize":
        overrides["matryoshka_dimensions"] = [facts.dimension]
    return overrides, pooler, "/v1/embeddings"


def _of_output(facts: "Facts") -> "tuple[dict[str, Any], dict[str, Any], str]":
    """The settings of an output of BGE-M3, whose layer is in a file of its own."""
    task = _M3.get(str(facts.stated("weights_file")))
    if task is None or facts.architecture != "xlm-roberta":
        raise refuse(facts, f"vLLM does not give its output `{facts.other_output}`")
    return {"architectures": ["BgeM3EmbeddingModel"]}, {"task": task}, "/pooling"


def _lost(facts: "Facts") -> list[str]:
    lost = unpinned(facts) + prefix_by_client(facts, "The server")
    if facts.is_cut and facts.order == "truncate_normalize" and not facts.other_output:
        lost.append(f'Each request must ask for the width, `"dimensions": {facts.dimension}`.')
    elif facts.is_cut:
        lost.append(
            f"The server truncates in another order: ask for the full width; the client must {cut_by_client(facts)}."
        )
    lost += _about_tokens(facts) + _about_lengths(facts)
    if facts.kind == "reranker" and facts.pooling == "last_token":
        lost.append(
            "A reranker that is a language model needs further overrides and a score template: see scoring.md of vLLM."
        )
    missing = [name for name in unknown(facts) if name != "encoding.document_length" or facts.kind != "reranker"]
    if missing:
        lost.append(f"The registry does not state {', '.join([f'`{name}`' for name in missing])}: the files decide.")
    return lost


def _about_tokens(facts: "Facts") -> list[str]:
    """Sentences about late interaction and sparse outputs, of which the server does only a part."""
    if facts.kind == "sparse":
        return ["The server returns one weight per token: the client must keep the largest weight of each token."]
    if facts.kind != "multi_vector" or facts.other_output:
        return []
    shown = [f"`{marker}`" for side in SIDES if (marker := (facts.marker(side) or "").strip())]
    lost = [f"The client must insert the markers {' and '.join(shown)}."] if shown else []
    if facts.stated("query_expansion") is not False:
        lost.append("The client must expand queries with the expansion token, if the model does.")
    if facts.stated("skip_punctuation") is not False:
        lost.append("The client must leave out the vectors of punctuation in documents, if the model does.")
    if facts.is_cut:
        lost.append(f"The client must {cut_by_client(facts)}.")
    return lost


def _about_lengths(facts: "Facts") -> list[str]:
    """Sentences about the longest input: the server has one limit, and refuses longer texts unless told to cut."""
    known = {side: length for side in SIDES if (length := facts.length(side))}
    if not known:
        return []
    if len({*known.values()}) == 1:
        return ['Longer texts are an error unless each request says `"truncate_prompt_tokens": -1`.']
    shown = " and ".join(
        [f"{length} for {'queries' if side == 'query' else 'documents'}" for side, length in known.items()]
    )
    return [f'The server has one limit: each request must say `"truncate_prompt_tokens"`, {shown}.']
