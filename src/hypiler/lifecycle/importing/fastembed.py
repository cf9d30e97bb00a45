"""The table of fastembed: calls of `ModelDescription(...)`, by module.

The class of a module pools token vectors in one way, and divides by the length or does not. A module that is not listed
leaves the pooling to the graph.
"""

import re
from collections.abc import Iterator
from typing import Any

from hypiler.lifecycle.importing.constants import UNKNOWN, Call, Source
from hypiler.lifecycle.importing.files import Files
from hypiler.lifecycle.importing.rows import Row

_POOLED = {
    "fastembed/text/onnx_embedding.py": ("cls", True),
    "fastembed/text/pooled_embedding.py": ("mean", None),
    "fastembed/text/pooled_normalized_embedding.py": ("mean", True),
    "fastembed/text/multitask_embedding.py": ("mean", True),
    "fastembed/text/last_token_normalized_embedding.py": ("last_token", True),
    "fastembed/late_interaction/": ("none", True),
}
# In the words of mteb, which the comparison has as well.
_TYPES = {
    "fastembed/text/": "dense",
    "fastembed/image/": "dense",
    "fastembed/late_interaction": "late-interaction",
    "fastembed/sparse/": "sparse",
    "fastembed/rerank/": "cross-encoder",
}
# The vectors of these have one dimension per entry of the vocabulary.
_LEXICAL = ("fastembed/sparse/splade_pp.py", "fastembed/sparse/if_splade.py")
_COPIES = {
    "qdrant/clip-vit-b-32-text": "openai/clip-vit-base-patch32",
    "qdrant/clip-vit-b-32-vision": "openai/clip-vit-base-patch32",
    "qdrant/colpali-v1.3-fp16": "vidore/colpali-v1.3",
    "qdrant/colmodernvbert": "modernvbert/colmodernvbert",
    "prithvida/splade_pp_en_v1": "prithivida/splade_pp_en_v1",
    "xenova/ms-marco-minilm-l-6-v2": "cross-encoder/ms-marco-minilm-l6-v2",
    "xenova/ms-marco-minilm-l-12-v2": "cross-encoder/ms-marco-minilm-l12-v2",
}
"""Names in fastembed of models that others published."""
_QUANTIZED = re.compile(r"-(?:q|int8)$", re.IGNORECASE)
_NAMED_LANGUAGES = {"English": "en", "Chinese": "zh", "Spanish": "es", "German": "de"}


def fastembed_rows(files: Files) -> Iterator[Row]:
    """What the descriptions of fastembed say, and how its classes pool."""
    for path in sorted(files.paths()):
        if path.startswith("fastembed/") and path.endswith(".py"):
            for call in Source(files, path, "ModelDescription", also=("ModelSource",)).read().calls:
                if call.name != "ModelSource" and isinstance(name := call.arguments.get("model"), str):
                    yield _row(name, call, path)


def _row(name: str, call: Call, path: str) -> Row:
    """`org/name-Q` are quantized weights of `org/name`, and no model of their own."""
    plain = _QUANTIZED.sub("", name)
    facts = tuple((field, value) for field, value in _facts(call, path) if value is not None and value is not UNKNOWN)
    key = plain.lower()
    return Row(
        "fastembed",
        plain,
        f"{path}:{call.line}",
        (*facts, *_weights(call, plain)),
        (_COPIES.get(key, key),),
        {"huggingface_id": plain},
    )


def _facts(call: Call, path: str) -> Iterator[tuple[str, Any]]:
    given, text = call.arguments, call.arguments.get("description")
    pooling, normalize = _by_start(_POOLED, path) or (None, None)
    kind = _by_start(_TYPES, path)
    yield "type", kind and [kind]
    yield "specs.embedding_dim", given.get("vocab_size" if path in _LEXICAL else "dim")
    yield "license", given.get("license")
    yield "specs.vocab_size", given.get("vocab_size")
    yield "encoding.pooling", pooling
    yield "encoding.normalize", normalize
    yield "size_in_GB", given.get("size_in_GB")
    if isinstance(text, str):
        yield from _described(text)


def _by_start(table: "dict[str, Any]", path: str) -> Any:
    return next((value for start, value in table.items() if path.startswith(start)), None)


def _weights(call: Call, repository: str) -> Iterator[tuple[str, Any]]:
    """The file that fastembed downloads, as a variant of the model."""
    source, file = call.arguments.get("sources"), call.arguments.get("model_file")
    place = source.arguments.get("hf") if isinstance(source, Call) else None
    if not isinstance(file, str) or not file.endswith(".onnx") or not isinstance(place, str):
        return
    elsewhere = {} if place.lower() == repository.lower() else {"huggingface_id": place}
    yield "variants", {"format": "onnx", **elsewhere, "file": file}


def _described(text: str) -> Iterator[tuple[str, Any]]:
    """The facts in a sentence such as `Text embeddings, Unimodal (text), English, 512 input tokens truncation`."""
    if found := re.search(r"(\d+) input tokens truncation|context length of (\d+)|(\d+) tokens max", text):
        yield "specs.context_length", int(next(filter(None, found.groups())))
    if found := re.search(r"modal \((text|image|text&image|text, image)\)", text):
        yield "capabilities.modalities", re.findall("text|image", found[1])
    yield "capabilities.languages", _languages(text)
    if found := re.search(r"(20\d\d)( year|\.$|$)", text):
        yield "release_date", found[1]
    if found := re.search(r"Prefixes for queries/documents: (not necessary|necessary|not so necessary|`)", text):
        yield "prefixes", found[1] != "not necessary"
    for template, side in re.findall(r"`([^`]+)` for (quer|document)", text):
        field = "encoding.query_prefix" if side == "quer" else "encoding.document_prefix"
        yield field, re.sub(r"\{(query|content|text)\}$", "", template.replace("\\n", "\n"))


def _languages(text: str) -> list[str] | None:
    if re.search(r"\(~\d+ languages\)|multi-?lingual(?! \(German)", text, re.IGNORECASE) and "(English, 30" not in text:
        return ["mul"]
    return [code for name, code in _NAMED_LANGUAGES.items() if name in text] or None
