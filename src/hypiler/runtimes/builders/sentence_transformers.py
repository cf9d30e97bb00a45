"""sentence-transformers: one class per kind of model. Read: the source of 6.2.0."""

from string import punctuation

from hypiler.runtimes.builders.common import NUMPY, PLURALS, shortened
from hypiler.runtimes.draft import Draft, code_warning, lengths, refuse, require, unknown_by_files, unpinned
from hypiler.runtimes.facts import SIDES
from hypiler.runtimes.writing import Name, call, function, imports, literal, python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.runtimes.facts import Facts

_CLASSES = {
    "dense": "SentenceTransformer",
    "multi_vector": "MultiVectorEncoder",
    "sparse": "SparseEncoder",
    "reranker": "CrossEncoder",
}
# The library's words for poolings, where they differ (sentence_transformer/modules/pooling.py).
_POOLINGS = {"last_token": "lasttoken", "mean_sqrt_len": "mean_sqrt_len_tokens", "weighted_mean": "weightedmean"}
# The library's words for activations: it always applies log1p (sparse_encoder/modules/splade_pooling.py).
_ACTIVATIONS = {"log1p_relu": "relu", "log1p_log1p_relu": "log1p_relu"}


def build(facts: "Facts") -> Draft:
    """The class of the library that the registry's kind asks for, with all that the registry states."""
    if facts.other_output:
        raise refuse(facts, f"sentence-transformers does not give its output `{facts.other_output}`")
    if facts.variant is not None:
        raise refuse(facts, "a snippet for sentence-transformers runs the model's own weights, not a variant")
    if facts.is_cut:
        require(facts, "truncated vectors", "normalize")
    parts = {"multi_vector": _multi_vector, "sparse": _sparse, "reranker": _reranker}
    draft = parts.get(facts.kind, _dense)(facts)
    draft.lost += unpinned(facts) + unknown_by_files(facts)
    return draft


def _options(facts: "Facts") -> "dict[str, Any]":
    """The arguments that all classes of the library take."""
    prompts = {side: text for side in SIDES if (text := facts.prefix(side)) is not None}
    return {
        "revision": facts.revision,
        "prompts": prompts if prompts and facts.kind != "reranker" else None,
        "trust_remote_code": True if facts.remote_code else None,
    }


def _loaded(facts: "Facts", **options: "Any") -> str:
    comments = {"trust_remote_code": code_warning(facts)}
    return "model = " + call(_CLASSES[facts.kind], facts.name, comments=comments, **options)


def _arguments(facts: "Facts", options: "dict[str, Any]", **others: "Any") -> "dict[str, Any]":
    given = {name: value for name, value in options.items() if value is not None}
    return {
        "class": f"sentence_transformers.{_CLASSES[facts.kind]}",
        "model_name_or_path": facts.name,
        **given,
        "max_seq_length": lengths(facts),
        "dimension": facts.dimension,
        **others,
    }


def _length_lines(facts: "Facts") -> "tuple[list[str], dict[str, list[str]]]":
    """The lines that set the longest input: once after loading, or in the function of each side if they differ."""
    line = "model.max_seq_length = {}"
    found = {side: [line.format(facts.length(side))] if facts.length(side) else [] for side in SIDES}
    if found["query"] == found["document"]:
        return found["document"], {side: [] for side in SIDES}
    return [], found


def _dense(facts: "Facts") -> Draft:
    cut = facts.is_cut
    by_library = cut and facts.order == "truncate_normalize"
    options = _options(facts) | {
        "similarity_fn_name": facts.stated("similarity"),
        # Without it, a width that the files name would be used.
        "truncate_dim": (facts.dimension if by_library or not cut else facts.embedding_dim)
        if len(facts.record.dimensions) > 1
        else None,
    }
    once, by_side = _length_lines(facts)
    needed = ["from sentence_transformers import SentenceTransformer"]
    pooling = _POOLINGS.get(facts.pooling or "", facts.pooling)
    lines = [_loaded(facts, **options), *once]
    if pooling:
        needed.append("from sentence_transformers.sentence_transformer.modules import Pooling")
        lines += ["for module in model:", "    if isinstance(module, Pooling):"]
        lines += [f"        module.pooling_mode = {literal(pooling)}"]
    notes = ["The pooling is set because the library guesses it for a repository without modules.json."]
    own_order = cut and not by_library
    functions = [_encoder(facts, side, by_side[side], shorten=own_order) for side in SIDES]
    helper = shortened(facts) if own_order else ""
    needed += [NUMPY] if "np." in helper else []
    arguments = _arguments(facts, options, pooling_mode=pooling, normalize_embeddings=facts.normalize)
    return Draft(
        python("\n".join([imports(*needed), "", *lines]), helper, *functions),
        arguments,
        notes=notes if pooling not in (None, "mean") else [],
    )


def _encoder(facts: "Facts", side: str, before: list[str], *, shorten: bool) -> str:
    """The function that encodes the texts of a side."""
    task = facts.task(side)
    method = "model.encode" if task else f"model.encode_{side}"
    # A model with tasks is told one by `encode`: the methods of the sides tell it the side.
    prompt = side if task and facts.prefix(side) is not None else None
    normalize = True if facts.normalize and not shorten else None
    made = call(method, Name("texts"), task=task, prompt_name=prompt, normalize_embeddings=normalize)
    returned = f"shortened({made})" if shorten else made
    return function(f"encode_{PLURALS[side]}", "texts", *before, f"return {returned}")


def _sparse(facts: "Facts") -> Draft:
    options = _options(facts)
    once, by_side = _length_lines(facts)
    activation = facts.stated("activation")
    if activation is not None and activation not in _ACTIVATIONS:
        raise refuse(facts, f"sentence-transformers has no activation `{activation}`")
    needed = ["from sentence_transformers import SparseEncoder"]
    lines = [_loaded(facts, **options), *once]
    if activation:
        needed.append("from sentence_transformers.sparse_encoder.modules import SpladePooling")
        lines += ["for module in model.modules():", "    if isinstance(module, SpladePooling):"]
        lines += [f"        module.activation_function = {literal(_ACTIVATIONS[activation])}"]
    notes: list[str] = []
    if facts.stated("inference_free_queries") is True:
        notes.append("Queries have fixed weights, which the repository's module `Router` looks up.")
        lines += ['if not any(type(module).__name__ == "Router" for module in model):']
        lines += ['    raise ValueError("the repository has no module `Router`, so queries would be run as documents")']
    functions = [
        function(
            f"encode_{PLURALS[side]}", "texts", *by_side[side], f"return model.encode_{side}(texts, save_to_cpu=True)"
        )
        for side in SIDES
    ]
    arguments = _arguments(facts, options, activation_function=_ACTIVATIONS.get(activation or ""))
    return Draft(python("\n".join([imports(*needed), "", *lines]), *functions), arguments, notes=notes)


def _reranker(facts: "Facts") -> Draft:
    options = _options(facts)
    length = facts.length("document")
    lines = [
        imports("from sentence_transformers import CrossEncoder", "from torch.nn import Identity"),
        "",
        _loaded(facts, **options),
        *([f"model.max_seq_length = {length}"] if length else []),
        "if model.num_labels != 1:",
        '    raise ValueError(f"the model must give one score per pair, and gives {model.num_labels}")',
    ]
    pair = [f"{literal(facts.text(side))} + {name}" if facts.text(side) else name for side, name in _PAIR]
    score = function(
        "score",
        "query, texts",
        f"pairs = [({', '.join(pair)}) for text in texts]",
        'return model.predict(pairs, prompt="", activation_fn=Identity())',
    )
    notes = ["Scores are the logits of the model: without `Identity`, the library would apply a sigmoid."]
    arguments = _arguments(facts, options, prompts={side: facts.text(side) or "" for side in SIDES})
    return Draft(python("\n".join(lines), score), arguments, notes=notes)


_PAIR = (("query", "query"), ("document", "text"))


def _multi_vector(facts: "Facts") -> Draft:
    options = _options(facts)
    lines = [_loaded(facts, **options), *_token_lines(facts)]
    needed = ["from sentence_transformers import MultiVectorEncoder"]
    words = skipped(facts)
    if words is not None:
        needed.append("from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask")
        lines += ["for module in model:", "    if isinstance(module, MultiVectorMask):"]
        lines += [f"        module.skiplist_words = {skipped_code(facts)}"]
        lines += ["        module.resolve_with_tokenizer(model.tokenizer)"]
        if "string." in skipped_code(facts):
            needed.append("import string")
    if markers := [one for side in SIDES if (one := facts.marker(side))]:
        lines += [f"for marker in {literal(markers)}:", "    if len(model.tokenizer.tokenize(marker)) != 1:"]
        lines += ['        raise ValueError(f"{marker!r} must be one token of the vocabulary")']
    functions = [_token_encoder(facts, side) for side in SIDES]
    needed += [NUMPY] if "np." in shortened(facts) else []
    arguments = _arguments(
        facts,
        options,
        query_expansion=expansion(facts),
        skiplist_words=words,
        normalize_embeddings=facts.normalize,
    )
    lost = [
        f"The registry does not state `encoding.{name}`: the files or the library decide."
        for name in ("query_expansion", "skip_punctuation")
        if facts.stated(name) is None
    ]
    return Draft(python("\n".join([imports(*needed), "", *lines]), shortened(facts), *functions), arguments, lost)


def _token_lines(facts: "Facts") -> list[str]:
    """The lines that set lengths and the expansion of queries on the first module."""
    lines = [f"model[0].{side}_length = {facts.length(side)}" for side in SIDES if facts.length(side)]
    if facts.stated("query_expansion") is not None:
        lines.append(f"model[0].query_expansion = {literal(expansion(facts))}")
    return lines


def expansion(facts: "Facts") -> "dict[str, Any] | None":
    """How queries are filled up, in the words of the library; None if they are not, or if it is not stated."""
    if not facts.stated("query_expansion"):
        return None
    width = facts.stated("expansion_length") or facts.length("query")
    if width is None:
        raise refuse(facts, "queries are expanded, and the registry does not state `encoding.query_length`")
    strategy = "fixed" if width == facts.length("query") else "min"
    found = {"strategy": strategy, "length": width, "attend": bool(facts.stated("attend_to_expansion_tokens"))}
    token = facts.stated("expansion_token")
    return found | ({"token": token} if token else {})


def skipped(facts: "Facts") -> "list[str] | None":
    """The tokens of documents that have no vector; None if it is not stated."""
    if facts.stated("skip_punctuation") is None:
        return None
    return [*(punctuation if facts.stated("skip_punctuation") else ()), *(facts.stated("skiplist") or ())]


def skipped_code(facts: "Facts") -> str:
    """The same as an expression of Python."""
    own = list(facts.stated("skiplist") or ())
    if not facts.stated("skip_punctuation"):
        return literal(own)
    return "[*string.punctuation" + "".join([f", {literal(word)}" for word in own]) + "]"


def _token_encoder(facts: "Facts", side: str) -> str:
    normalize = True if facts.normalize and not facts.is_cut else None
    made = call(f"model.encode_{side}", Name("texts"), convert_to_numpy=True, normalize_embeddings=normalize)
    returned = f"[shortened(vectors) for vectors in {made}]" if facts.is_cut else made
    return function(f"encode_{PLURALS[side]}", "texts", f"return {returned}")
