"""onnxruntime and tokenizers by hand: everything around the network stands in the code."""

from string import punctuation

from hypiler.runtimes.builders.common import NUMPY, PLURALS, cut_lines, prefixed
from hypiler.runtimes.builders.hub_files import folder_lines, onnx_file
from hypiler.runtimes.draft import Draft, refuse, require, unpinned
from hypiler.runtimes.facts import SIDES
from hypiler.runtimes.writing import function, imports, literal, literal_set, python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hypiler.runtimes.facts import Facts

_POOLINGS = {
    "cls": ["vectors = tokens[:, 0]"],
    "mean": [
        "weights = mask[..., None].astype(np.float32)",
        "vectors = (tokens * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)",
    ],
    "mean_sqrt_len": [
        "weights = mask[..., None].astype(np.float32)",
        "vectors = (tokens * weights).sum(axis=1) / np.sqrt(np.maximum(weights.sum(axis=1), 1))",
    ],
    "weighted_mean": [
        "weights = (mask.cumsum(axis=1) * mask)[..., None].astype(np.float32)",
        "vectors = (tokens * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)",
    ],
    "max": ["vectors = np.where(mask[..., None] > 0, tokens, -np.inf).max(axis=1)"],
    "last_token": ["vectors = tokens[np.arange(len(tokens)), np.maximum(mask.sum(axis=1) - 1, 0)]"],
}
_ACTIVATIONS = {
    "log1p_relu": "np.log1p(largest)",
    "log1p_log1p_relu": "np.log1p(np.log1p(largest))",
    "relu": "largest",
}
_INPUTS = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
_PREFERRED = {"dense": ("last_hidden_state", "token_embeddings"), "sparse": ("logits",), "reranker": ("logits",)}


def build(facts: "Facts") -> Draft:
    """The code for a kind of model. Nothing is left to the files but the tokenizer and the network."""
    require(facts, "onnxruntime", "query_prefix", "document_prefix", "pooling", "normalize", "activation")
    if facts.other_output:
        raise refuse(facts, f"a snippet for onnxruntime does not give its output `{facts.other_output}`")
    if facts.task("query") or facts.task("document"):
        raise refuse(facts, "a snippet for onnxruntime cannot tell the model a task")
    if facts.has_layers and facts.kind == "dense":
        raise refuse(facts, "linear layers follow the network, and the registry does not say which files hold them")
    file, lost = onnx_file(facts)
    parts = {"multi_vector": _multi_vector, "sparse": _sparse, "reranker": _reranker}
    blocks, patterns = parts.get(facts.kind, _dense)(facts)
    needed, folder = folder_lines(facts, ["tokenizer.json", f"{file}*", *patterns])
    modules = [NUMPY, "import onnxruntime", "from tokenizers import Tokenizer", *needed]
    modules += [f"import {name}" for name in ("json", "string") if f"{name}." in "".join(blocks)]
    head = "\n".join([imports(*modules), "", *folder, *_loaded(facts, file)])
    arguments = {
        "class": "onnxruntime.InferenceSession",
        "model": facts.name,
        "revision": facts.revision,
        "file": file,
        "pooling": facts.pooling,
        "normalize": facts.normalize,
        "dimension": facts.dimension,
        "max_length": {side: _length(facts, side) for side in SIDES},
        "prompts": {side: facts.text(side) for side in SIDES},
    }
    return Draft(python(head, *blocks), arguments, unpinned(facts) + lost + _length_lost(facts))


def _length(facts: "Facts", side: str) -> int:
    """The longest input of a side. Raises RuntimeLimitError if nothing in the registry limits it."""
    found: int | None = facts.length(side) or facts.stated("context_length")
    if found is None:
        raise refuse(facts, f"the registry states neither `encoding.{side}_length` nor `specs.context_length`")
    return found


def _length_lost(facts: "Facts") -> list[str]:
    missing = [f"`encoding.{side}_length`" for side in SIDES if facts.length(side) is None]
    if facts.kind == "reranker":
        missing = missing[:1] and ["`encoding.document_length`"]
    if not missing:
        return []
    return [
        f"The registry does not state {' and '.join(dict.fromkeys(missing))}: texts are cut at the context length,"
        f" {_length(facts, 'document')} tokens, and the files may cut them earlier."
    ]


def _loaded(facts: "Facts", file: str) -> list[str]:
    """The lines that open the network and the tokenizer, and choose the output."""
    dimensions = 2 if facts.kind == "reranker" else 3
    names = _PREFERRED.get(facts.kind, _PREFERRED["dense"])
    path = literal("{folder}/" + file.replace("{", "{{").replace("}", "}}"))
    return [
        f'session = onnxruntime.InferenceSession(f{path}, providers=["CPUExecutionProvider"])',
        "inputs = {one.name for one in session.get_inputs()}",
        f"if others := inputs - {literal_set(_INPUTS)}:",
        '    raise ValueError(f"the network takes inputs that this code does not make: {sorted(others)}")',
        f"outputs = [one.name for one in session.get_outputs() if len(one.shape) == {dimensions}]",
        f"output = next((name for name in {literal([*names])} if name in outputs), outputs[0])",
        'tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")',
        "tokenizer.no_padding()",
    ]


_ARRAYS = function(
    "arrays",
    "encodings",
    "shape = (len(encodings), max(len(one) for one in encodings))",
    "ids, mask, types = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)",
    "for row, one in enumerate(encodings):",
    "    ids[row, : len(one)], mask[row, : len(one)], types[row, : len(one)] = one.ids, 1, one.type_ids",
    "return ids, mask, types",
)
_RUN = function(
    "run",
    "ids, mask, types",
    "positions = np.tile(np.arange(ids.shape[1]), (len(ids), 1))",
    'feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "position_ids": positions}',
    "return session.run([output], {name: feed[name] for name in inputs})[0].astype(np.float32)",
)
_TOKENIZED = function(
    "tokenized",
    "texts, length",
    "tokenizer.enable_truncation(length)",
    "return arrays(tokenizer.encode_batch(texts))",
)


def _batches(facts: "Facts", side: str, call: str, joined: str) -> str:
    """The function of a side, which encodes 32 texts at once."""
    lines = [f"texts = {prefixed(facts, side)}"] if facts.text(side) else []
    batch = f"{call}(texts[start : start + 32], {_length(facts, side)})"
    lines.append(f"parts = [{batch} for start in range(0, len(texts), 32)]")
    return function(f"encode_{PLURALS[side]}", "texts", *lines, f"return {joined}")


def _stacked(facts: "Facts") -> str:
    """The expression that joins the vectors of all batches; of no texts, it has no rows."""
    return f"np.concatenate(parts or [np.zeros((0, {facts.dimension}), np.float32)])"


def _dense(facts: "Facts") -> "tuple[list[str], list[str]]":
    lines = ["ids, mask, types = tokenized(texts, length)", "tokens = run(ids, mask, types)"]
    lines += _POOLINGS[str(facts.pooling)]
    lines += [
        f"if vectors.shape[1] != {facts.embedding_dim}:",
        f'    raise ValueError(f"the network must give {facts.embedding_dim} numbers, and gives {{vectors.shape[1]}}")',
        *cut_lines(facts),
    ]
    encode = function("encode", "texts, length", *lines)
    functions = [_batches(facts, side, "encode", _stacked(facts)) for side in SIDES]
    return [_ARRAYS, _TOKENIZED, _RUN, encode, *functions], []


def _sparse(facts: "Facts") -> "tuple[list[str], list[str]]":
    activation = str(facts.stated("activation"))
    encode = function(
        "encode",
        "texts, length",
        "ids, mask, types = tokenized(texts, length)",
        "logits = run(ids, mask, types)",
        f"if logits.shape != (*ids.shape, {facts.embedding_dim}):",
        f'    raise ValueError(f"the network must give {facts.embedding_dim} logits per token, got {{logits.shape}}")',
        "largest = np.max(logits, axis=1, where=mask[..., None] > 0, initial=0)",
        f"return {_ACTIVATIONS[activation]}",
    )
    functions = [_batches(facts, side, "encode", _stacked(facts)) for side in SIDES]
    if facts.stated("inference_free_queries") is not True:
        return [_ARRAYS, _TOKENIZED, _RUN, encode, *functions], []
    file = facts.stated("query_weights_file")
    if not file or not file.endswith(".json"):
        raise refuse(facts, "queries have fixed weights, and the registry names no JSON file with them")
    return [_ARRAYS, _TOKENIZED, _RUN, encode, _looked_up(facts, file), functions[1]], [file]


def _looked_up(facts: "Facts", file: str) -> str:
    """The function of queries whose tokens have fixed weights."""
    path = literal("{folder}/" + file.replace("{", "{{").replace("}", "}}"))
    prefix = facts.text("query")
    text = f"{literal(prefix)} + text" if prefix else "text"
    lines = [
        f"weights = np.zeros({facts.embedding_dim}, np.float32)",
        f'with open(f{path}, encoding="utf-8") as file:',
        "    for word, weight in json.load(file).items():",
        "        if tokenizer.token_to_id(word) is not None:",
        "            weights[tokenizer.token_to_id(word)] = weight",
    ]
    body = function(
        "encode_queries",
        "texts",
        f"tokenizer.enable_truncation({_length(facts, 'query')})",
        f"vectors = np.zeros((len(texts), {facts.embedding_dim}), np.float32)",
        "for row, text in zip(vectors, texts):",
        f"    ids = tokenizer.encode({text}, add_special_tokens=False).ids",
        "    row[ids] = weights[ids]",
        "return vectors",
    )
    return "\n".join([*lines, "", "", body])


def _reranker(facts: "Facts") -> "tuple[list[str], list[str]]":
    query, text = (
        f"{literal(facts.text(side))} + {name}" if facts.text(side) else name
        for side, name in (("query", "query"), ("document", "text"))
    )
    score = function(
        "score",
        "query, texts",
        f"tokenizer.enable_truncation({_length(facts, 'document')})",
        f"encodings = tokenizer.encode_batch([({query}, {text}) for text in texts])",
        "parts = [run(*arrays(encodings[start : start + 32])) for start in range(0, len(texts), 32)]",
        "logits = np.concatenate(parts)",
        "if logits.shape[1] != 1:",
        '    raise ValueError(f"the network must give one score per pair, and gives {logits.shape[1]}")',
        "return logits[:, 0]",
    )
    return [_ARRAYS, _RUN, score], []


def _multi_vector(facts: "Facts") -> "tuple[list[str], list[str]]":
    late: dict[str, Any] = {name: facts.stated(name) for name in ("query_expansion", "skip_punctuation")}
    missing = [f"`encoding.{name}`" for name, value in late.items() if value is None]
    if missing:
        raise refuse(facts, f"the registry does not state {' and '.join(missing)}, which code must spell out")
    words = [*(punctuation if late["skip_punctuation"] else ()), *(facts.stated("skiplist") or ())]
    shown = "[*string.punctuation]" if words == [*punctuation] else literal(words)
    skipped = [f"skipped = [tokenizer.token_to_id(word) for word in {shown}]"] if words else []
    marker = function(
        "token",
        "word",
        'ids = [tokenizer.token_to_id(one) for one in (word, word.strip(), f"{word.strip()} ")]',
        "found = next((one for one in ids if one is not None), None)",
        "if found is None:",
        '    raise ValueError(f"{word!r} must be one token of the vocabulary")',
        "return found",
    )
    vectors = function(
        "cut",
        "vectors",
        f"if vectors.shape[1] != {facts.embedding_dim}:",
        f'    raise ValueError(f"the network must give {facts.embedding_dim} numbers, and gives {{vectors.shape[1]}}")',
        *cut_lines(facts),
    )
    encoders = [_token_encoder(facts, "query", expand=late["query_expansion"], skip=False)]
    encoders += [_token_encoder(facts, "document", expand=False, skip=bool(words))]
    functions = [
        _batches(facts, side, f"encode_{side}_batch", "[one for part in parts for one in part]") for side in SIDES
    ]
    return [_ARRAYS, _TOKENIZED, _RUN, marker, "\n".join(skipped), vectors, *encoders, *functions], []


def _token_encoder(facts: "Facts", side: str, *, expand: bool, skip: bool) -> str:
    """The function that gives the token vectors of a batch of a side."""
    marker = (facts.marker(side) or "").strip()
    lines = [f"ids, mask, types = tokenized(texts, length{' - 1' if marker else ''})"]
    if marker:
        lines += [
            f"fills = (token({literal(facts.marker(side))}), 1, 0)",
            "ids, mask, types = (np.insert(one, 1, fill, axis=1) for one, fill in zip((ids, mask, types), fills))",
        ]
    lines.append("kept = mask > 0")
    if expand:
        width = facts.stated("expansion_length") or _length(facts, side)
        token = facts.stated("expansion_token")
        if not token:
            raise refuse(facts, "queries are expanded, and the registry does not state `encoding.expansion_token`")
        lines += [
            f"missing = max(0, {width} - ids.shape[1])",
            "ids, mask, types = (np.pad(one, ((0, 0), (0, missing))) for one in (ids, mask, types))",
            f"kept = (mask > 0) | (np.arange(ids.shape[1]) < {width})",
            f"ids = np.where((mask == 0) & kept, token({literal(token)}), ids)",
        ]
        if facts.stated("attend_to_expansion_tokens"):
            lines.append("mask = kept.astype(np.int64)")
    if skip:
        lines.append("kept = kept & ~np.isin(ids, [one for one in skipped if one is not None])")
    lines.append("return [cut(row[keep]) for row, keep in zip(run(ids, mask, types), kept)]")
    return function(f"encode_{side}_batch", "texts, length", *lines)
