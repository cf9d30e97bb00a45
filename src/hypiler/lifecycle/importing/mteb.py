"""The table of mteb: calls of `ModelMeta(...)`."""

from collections.abc import Iterator, Mapping
from typing import Any

from hypiler.lifecycle.importing.constants import UNKNOWN, Source
from hypiler.lifecycle.importing.files import Files
from hypiler.lifecycle.importing.rows import Row
from hypiler.lifecycle.importing.shapes import is_list, is_mapping

_METAS = "mteb/models/model_implementations/"
# The field that each argument is about.
_FIELDS = {
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
    "memory_usage_mb": "memory_usage_mb",
    "superseded_by": "superseded_by",
}
# What `ModelMeta` says of a model whose call does not name its type.
_USUAL_TYPE = ["dense"]
# The names of hosted models in mteb, by those of their APIs.
_HOSTS = {
    "openai/": "openai/",
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


def mteb_rows(files: Files) -> Iterator[Row]:
    """What the metas of mteb say."""
    for path in sorted(files.paths()):
        if path.startswith(_METAS) and path.endswith(".py"):
            for call in Source(files, path, "ModelMeta").read().calls:
                if isinstance(name := call.arguments.get("name"), str):
                    yield _row(name, call.arguments, f"{path}:{call.line}")


def _row(name: str, given: Mapping[str, Any], place: str) -> Row:
    facts = [*_facts(given), *_prompts(given.get("loader_kwargs"))]
    hosted = _hosted(name.lower())
    home = {"huggingface_id": name}
    if given.get("open_weights") is False:
        api, _, model = hosted.partition("/")
        home = {"source.api": api, "source.model": model} if hosted else {}
    return Row(
        "mteb",
        name,
        place,
        tuple((field, value) for field, value in facts if value not in (None, UNKNOWN, [])),
        tuple(sorted({name.lower(), hosted or name.lower()})),
        home,
    )


def _hosted(name: str) -> str:
    """The name of a model at its API; empty if nothing is known of the API."""
    start = next((one for one in _HOSTS if name.startswith(one)), None)
    return _HOSTED.get(name, "" if start is None else _HOSTS[start] + name[len(start) :])


def _facts(meta: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for argument, field in _FIELDS.items():
        value = meta.get(argument)
        if argument == "embed_dim" and is_list(value):
            yield "architecture.matryoshka_dims", value
            value = max((one for one in value if isinstance(one, int)), default=None)
        yield field, _USUAL_TYPE if argument == "model_type" and argument not in meta else value


def _prompts(settings: Any) -> Iterator[tuple[str, Any]]:
    """Prefixes: the prompts by side, or a template for instructions. A side without a prompt has none."""
    if not is_mapping(settings):
        return
    prompts = settings.get("model_prompts")
    if is_mapping(prompts):
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
