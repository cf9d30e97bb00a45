"""What the tables of other packages say of models: mteb, fastembed and litellm, read out of their wheels.

Every table becomes `Statement`s: one fact of one model in the words of hypiler's fields, with its place in the wheel.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from peer_source import UNKNOWN, Call, Files, Source

WHEELS = {"mteb": "2.26.24", "fastembed": "0.9.1", "litellm": "1.110.2"}
"""The peers, with the versions that are compared."""


@dataclass(frozen=True)
class Statement:
    """What a peer says of one model.

    Attributes:
        peer: The name of its package.
        model: Repository, or `api/model` of a hosted model, in lower case.
        field: A key of the comparison's table of facts, such as `specs.embedding_dim`.
        value: The value as the peer has it; what is empty there is not stated.
        place: File and line in the wheel.
    """

    peer: str
    model: str
    field: str
    value: Any
    place: str


# mteb: `ModelMeta(...)` calls, with the field that each argument is about.
_METAS = "mteb/models/model_implementations/"
_META_FIELDS = {
    "model_type": "type",
    "embed_dim": "specs.embedding_dim",
    "max_tokens": "specs.context_length",
    "license": "license",
    "languages": "capabilities.languages",
    "n_parameters": "specs.parameters",
    "n_embedding_parameters": "token table",
    "release_date": "release_date",
    "similarity_fn_name": "encoding.similarity",
    "modalities": "capabilities.modalities",
    "revision": "revision",
    "adapted_from": "dependencies.base_model",
    "use_instructions": "prefixes",
}
# The names of hosted models in mteb, by those of their APIs.
_HOSTS = {
    "voyageai/": "voyage/",
    "cohere/cohere-": "cohere/",
    "google/text-": "vertex_ai/text-",
    "google/gemini-": "gemini/gemini-",
}
_HOSTED = {
    "bedrock/amazon-titan-embed-text-v1": "bedrock/amazon.titan-embed-text-v1",
    "bedrock/amazon-titan-embed-text-v2": "bedrock/amazon.titan-embed-text-v2:0",
    "amazon/titan-text-embeddings-v2": "bedrock/amazon.titan-embed-text-v2:0",
}


def mteb_statements(files: Files) -> Iterator[Statement]:
    """What the metas of mteb say."""
    for path in sorted(files.paths()):
        if path.startswith(_METAS) and path.endswith(".py"):
            for call in Source(files, path, "ModelMeta").read().calls:
                yield from _of_meta(call, path)


def _of_meta(call: Call, path: str) -> Iterator[Statement]:
    name = call.arguments.get("name")
    if not isinstance(name, str):
        return
    for model in sorted({name.lower(), _hosted(name.lower())}):
        for field, value in [*_meta_facts(call.arguments), *_meta_prompts(call.arguments.get("loader_kwargs"))]:
            if value not in (None, UNKNOWN, []):
                yield Statement("mteb", model, field, value, f"{path}:{call.line}")


def _hosted(name: str) -> str:
    start = next((one for one in _HOSTS if name.startswith(one)), "")
    return _HOSTED.get(name, _HOSTS.get(start, "") + name[len(start) :])


def _meta_facts(meta: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for argument, field in _META_FIELDS.items():
        value = meta.get(argument)
        if argument == "embed_dim" and isinstance(value, list):
            yield "architecture.matryoshka_dims", value
            value = max(value, default=None)
        yield field, value


def _meta_prompts(settings: Any) -> Iterator[tuple[str, Any]]:
    """Prefixes: the prompts by side, or a template for instructions. A side without a prompt has none."""
    if not isinstance(settings, dict):
        return
    prompts = settings.get("model_prompts")
    if isinstance(prompts, dict):
        query = prompts.get("query", prompts.get("Retrieval-query"))
        document = prompts.get("document", prompts.get("passage", prompts.get("Retrieval-document")))
        if query is not None or document is not None:
            yield "encoding.query_prefix", "" if query is None else query
            yield "encoding.document_prefix", "" if document is None else document
    if isinstance(template := settings.get("instruction_template"), str):
        yield "encoding.query_prefix", template
    if settings.get("apply_instruction_to_passages") is False:
        yield "encoding.document_prefix", ""
    yield "encoding.query_marker", settings.get("query_prefix")


# fastembed: descriptions by module. The class of a module pools token vectors in one way, and divides by the length or
# does not; a module that is not listed leaves the pooling to the graph.
_POOLED = {
    "fastembed/text/onnx_embedding.py": ("cls", True),
    "fastembed/text/pooled_embedding.py": ("mean", None),
    "fastembed/text/pooled_normalized_embedding.py": ("mean", True),
    "fastembed/text/multitask_embedding.py": ("mean", True),
    "fastembed/text/last_token_normalized_embedding.py": ("last_token", True),
    "fastembed/late_interaction/": ("none", True),
}
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
_NAMED_LANGUAGES = {"English": "en", "Chinese": "zh", "Spanish": "es", "German": "de"}


def fastembed_statements(files: Files) -> Iterator[Statement]:
    """What the descriptions of fastembed say, and how its classes pool."""
    for path in sorted(files.paths()):
        if path.startswith("fastembed/") and path.endswith(".py"):
            for call in Source(files, path, "ModelDescription").read().calls:
                if isinstance(name := call.arguments.get("model"), str):
                    yield from _of_description(name.lower().removesuffix("-q").removesuffix("-int8"), call, path)


def _of_description(name: str, call: Call, path: str) -> Iterator[Statement]:
    given = call.arguments
    pooling, normalize = next((how for start, how in _POOLED.items() if path.startswith(start)), (None, None))
    text = given.get("description")
    facts = [
        ("specs.embedding_dim", given.get("dim")),
        ("license", given.get("license")),
        ("specs.vocab_size", given.get("vocab_size")),
        ("encoding.pooling", pooling),
        ("encoding.normalize", normalize),
        *(_described(text) if isinstance(text, str) else ()),
    ]
    for field, value in facts:
        if value is not None and value is not UNKNOWN:
            yield Statement("fastembed", _COPIES.get(name, name), field, value, f"{path}:{call.line}")


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


# litellm: prices and limits of APIs. Only what the API of a model's own vendor says, or a name that is the repository.
_LITELLM = "litellm/model_prices_and_context_window_backup.json"
_VENDORS = {"perplexity": "perplexity-ai", "jina_ai": "jinaai"}


def litellm_statements(files: Files) -> Iterator[Statement]:
    """What litellm says of models that embed or rerank. Zero stands for an unknown limit there."""
    text = files.text(_LITELLM)
    for key, entry in json.loads(text).items():
        if entry.get("mode") in ("embedding", "rerank"):
            place = f"{_LITELLM}:{text.count(chr(10), 0, text.index(json.dumps(key) + ': {')) + 1} ({key})"
            for model in sorted(_names(key.lower(), entry.get("litellm_provider", ""))):
                for field, value in _litellm_facts(entry):
                    yield Statement("litellm", model, field, value, place)


def _names(key: str, provider: str) -> set[str]:
    provider = provider.partition("-")[0]
    parts = key.split("/")
    if len(parts) > 2:
        return {"/".join(parts[-2:])}
    if len(parts) == 2 and parts[0] != provider:
        return set()
    return {f"{owner}/{parts[-1]}" for owner in (provider, _VENDORS.get(provider, provider))}


def _litellm_facts(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if entry.get("max_input_tokens"):
        yield "specs.context_length", entry["max_input_tokens"]
    if entry.get("output_vector_size"):
        yield "specs.embedding_dim", entry["output_vector_size"]
    if entry.get("supports_embedding_image_input"):
        yield "image input", True
    yield "type", ["cross-encoder" if entry["mode"] == "rerank" else "dense"]


READERS = {"mteb": mteb_statements, "fastembed": fastembed_statements, "litellm": litellm_statements}
"""How the table of each peer is read."""
